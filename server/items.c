/*
 * items.c - the part of Directus' REST that the widget uses, over the embedded store.
 *
 * There is no login: who knows a row's id, which nobody can guess, may read it.  What a visitor
 * writes is built here field by field, so a row never holds what its maker chose to add.
 */
#include "items.h"

#include <stdio.h>
#include <string.h>
#include "reply.h"
#include "window.h"

#define ROW_LIMIT_MS   5000
#define MAX_ROWS_BYTES (32u << 20)

static const char forbidden[] = "You don't have permission to access this.";

static const struct collection {
	const char *name;
	bool is_private;
} collections[] = {
	{ "conversations", true }, { "messages", true },  { "conferences", false },
	{ "info_pages", false },   { "sessions", false }, { "exhibitors", false },
	{ "speakers", false },
};

static const struct collection *find_collection(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(collections); i++)
		if (!strcmp(collections[i].name, name))
			return &collections[i];
	return NULL;
}

bool collection_is_known(const char *collection)
{
	return find_collection(collection) != NULL;
}

bool collection_is_private(const char *collection)
{
	const struct collection *c = find_collection(collection);

	return c && c->is_private;
}

bool filter_is_allowed(const char *collection, const struct row_filter *filter)
{
	if (!collection_is_private(collection) || filter_value(filter, "id"))
		return true;
	return !strcmp(collection, "messages") && filter_value(filter, "conversation_id");
}

/* As Directus does, missing and forbidden look the same. */
static void reply_forbidden(struct request *r)
{
	reply_error(r, 403, 0, "%s", forbidden);
}

static bool refuse_collection(struct request *r)
{
	if (collection_is_known(r->params[0]))
		return false;
	reply_forbidden(r);
	return true;
}

static void fail(struct request *r, int code, const assistant_error *err)
{
	if (code == ASSISTANT_ENOTFOUND || code == ASSISTANT_EDENIED)
		reply_forbidden(r);
	else if (code == ASSISTANT_ECONFLICT)
		reply_error_code(r, 400, "RECORD_NOT_UNIQUE",
				 "Value for field \"id\" in "
				 "collection \"%s\" has to be unique.",
				 r->params[0]);
	else
		reply_failure(r, code, err);
}

/* {"data": what the library made, cut to the wanted fields} */
static void reply_data(struct request *r, const char *json, const struct row_fields *fields)
{
	_cleanup_json_ struct json j = { 0 };
	_cleanup_buf_ struct buf b = { 0 };

	buf_init(&b, MAX_ROWS_BYTES);
	buf_add(&b, "{\"data\":");
	if (!fields->n)
		buf_add(&b, json);
	else if (json_read(&j, json, strlen(json), NULL) == 0)
		fields_project(fields, &j, json_root(&j), &b);
	else
		b.failed = true;
	buf_add(&b, "}");
	if (b.failed)
		reply_error(r, 500, 0, "the rows do not fit into an answer");
	else
		reply_bytes(r, 200, "application/json", "", b.data, b.len);
}

static bool read_query(struct request *r, struct row_query *q)
{
	struct query_problem problem;

	if (query_read(r->info->query_string, q, &problem) == 0)
		return true;
	reply_error_code(r, 400, "INVALID_QUERY", "%s", problem.text);
	return false;
}

void items_ping(struct request *r)
{
	reply_text(r, 200, "text/html; charset=utf-8", "pong", 4);
}

void items_read(struct request *r)
{
	_cleanup_answer_ char *row = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct row_query q;
	int code;

	if (refuse_collection(r) || !read_query(r, &q))
		return;
	code = assistant_row_read(r->server->assistant, r->params[0], r->params[1], ROW_LIMIT_MS,
				  &row, &err);
	if (code < 0)
		fail(r, code, &err);
	else
		reply_data(r, row, &q.fields);
}

void items_list(struct request *r)
{
	_cleanup_answer_ char *rows = NULL;
	_cleanup_buf_ struct buf b = { 0 };
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct row_query q;
	int code;

	buf_init(&b, 16384);
	if (refuse_collection(r) || !read_query(r, &q))
		return;
	if (!filter_is_allowed(r->params[0], &q.filter)) {
		reply_error(r, 403, 0, "%s A list of %s needs a filter on %s with _eq.", forbidden,
			    r->params[0],
			    strcmp(r->params[0], "messages") ? "id" : "id or conversation_id");
		return;
	}
	query_write(&q, &b);
	code = assistant_row_list(r->server->assistant, r->params[0], b.data, ROW_LIMIT_MS, &rows,
				  &err);
	if (code == ASSISTANT_EINVAL)
		reply_error_code(r, 400, "INVALID_QUERY", "%s", err.message);
	else if (code < 0)
		fail(r, code, &err);
	else
		reply_data(r, rows, &q.fields);
}

/* --- Writing ------------------------------------------------------------------ */

/* Rows are free of charge for a visitor's questions, not for filling the disk. */
static bool refuse_often(struct request *r)
{
	int wait_ms;

	if (networks_contain(&r->server->settings.exempt, &r->client))
		return false;
	wait_ms = window_take(r->server->creations, &r->client, monotonic_ms());
	if (!wait_ms)
		return false;
	reply_error(r, 429, wait_ms, "Too many rows were made from this address.");
	return true;
}

/* A string of the row that must be a UUID; when it is optional and absent, one is made. */
static bool read_uuid(struct request *r, const struct json *j, const char *field, bool optional,
		      char out[37])
{
	const struct json_node *node = json_member(j, json_root(j), field);

	if (optional && (!node || node->type == JSON_NULL)) {
		uuid_make(out);
		return true;
	}
	if (!node) {
		reply_error_code(r, 400, "FAILED_VALIDATION",
				 "Validation failed for field \"%s\". "
				 "Value is required.",
				 field);
		return false;
	}
	if (json_copy(j, node, out, 37) == 36 && is_uuid(out))
		return true;
	reply_error(r, 400, 0, "Invalid payload. \"%s\" must be a UUID.", field);
	return false;
}

static bool build_conversation(struct request *r, const struct json *j, struct buf *row)
{
	_cleanup_answer_ char *conference = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char id[37], conference_id[37];
	int code;

	if (!read_uuid(r, j, "id", true, id) ||
	    !read_uuid(r, j, "conference_id", false, conference_id))
		return false;
	code = assistant_row_read(r->server->assistant, "conferences", conference_id, ROW_LIMIT_MS,
				  &conference, &err);
	if (code == ASSISTANT_ENOTFOUND) {
		reply_error_code(r, 400, "INVALID_FOREIGN_KEY",
				 "Invalid foreign key for field "
				 "\"conference_id\" in collection "
				 "\"conversations\".");
		return false;
	}
	if (code < 0) {
		fail(r, code, &err);
		return false;
	}
	buf_addf(row,
		 "{\"id\":\"%s\",\"conference_id\":\"%s\",\"source\":\"mini\","
		 "\"status\":\"active\",\"user_created\":\"public-user\"}",
		 id, conference_id);
	return true;
}

static bool build_message(struct request *r, const struct json *j, struct buf *row)
{
	const struct json_node *text = json_member(j, json_root(j), "messageText");
	_cleanup_answer_ char *conversation = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char id[37], conversation_id[37];
	size_t len;
	int code;

	if (!read_uuid(r, j, "id", true, id) ||
	    !read_uuid(r, j, "conversation_id", false, conversation_id))
		return false;
	if (!text || text->type != JSON_STRING) {
		reply_error(r, 400, 0, "Invalid payload. \"messageText\" must be text.");
		return false;
	}
	code = assistant_row_read(r->server->assistant, "conversations", conversation_id,
				  ROW_LIMIT_MS, &conversation, &err);
	if (code == ASSISTANT_ENOTFOUND) {
		reply_error_code(r, 400, "INVALID_FOREIGN_KEY",
				 "Invalid foreign key for field "
				 "\"conversation_id\" in collection "
				 "\"messages\".");
		return false;
	}
	if (code < 0) {
		fail(r, code, &err);
		return false;
	}
	buf_addf(row,
		 "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"role\":\"user\","
		 "\"status\":\"completed\",\"user_created\":\"public-user\",\"messageText\":",
		 id, conversation_id);
	buf_add_n(row, json_raw(j, text, &len), text->end - text->start);
	buf_add(row, "}");
	return true;
}

static bool read_object(struct request *r, struct json *j)
{
	if (!request_read_json(r, j))
		return false;
	if (json_root(j)->type == JSON_OBJECT)
		return true;
	reply_error(r, 400, 0, "Invalid payload. It must be one row, as a JSON object.");
	return false;
}

void items_create(struct request *r)
{
	bool conversation = !strcmp(r->params[0], "conversations");
	_cleanup_json_ struct json j = { 0 };
	_cleanup_buf_ struct buf row = { 0 };
	_cleanup_answer_ char *created = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct row_query q;
	int code;

	buf_init(&row, r->body.max + 1024);
	if (!collection_is_private(r->params[0])) {
		reply_forbidden(r);
		return;
	}
	if (!read_query(r, &q) || !read_object(r, &j) || refuse_often(r))
		return;
	if (conversation ? !build_conversation(r, &j, &row) : !build_message(r, &j, &row))
		return;
	code = assistant_row_create(r->server->assistant, r->params[0], row.data, ROW_LIMIT_MS,
				    &created, &err);
	if (code < 0)
		fail(r, code, &err);
	else
		reply_data(r, created, &q.fields);
}

/* The one change a visitor may make: to close the own conversation. */
void items_patch(struct request *r)
{
	_cleanup_json_ struct json j = { 0 };
	_cleanup_answer_ char *row = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	const struct json_node *key;
	struct row_query q;
	int code;

	if (strcmp(r->params[0], "conversations") != 0) {
		reply_forbidden(r);
		return;
	}
	if (!read_query(r, &q) || !read_object(r, &j) || refuse_often(r))
		return;
	key = json_first(&j, json_root(&j));
	if (!key || !json_is(&j, key, "status") || !json_is(&j, json_value(&j, key), "closed") ||
	    json_after(&j, json_value(&j, key))) {
		reply_error(r, 403, 0,
			    "%s A conversation can only be closed, with "
			    "{\"status\":\"closed\"}.",
			    forbidden);
		return;
	}
	code = assistant_row_patch(r->server->assistant, r->params[0], r->params[1],
				   "{\"status\":\"closed\"}", ROW_LIMIT_MS, &row, &err);
	if (code < 0)
		fail(r, code, &err);
	else
		reply_data(r, row, &q.fields);
}
