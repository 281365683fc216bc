/*
 * rows.c - a Directus: conferences and their records as they were loaded, conversations and messages of the chats.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "upstreams.h"

#define MAX_BYTES (256UL << 20)

static struct json_object *collections;

static void die(const char *file)
{
	fprintf(stderr, "%s is no JSON object of lists\n", file);
	exit(1);
}

void rows_load(const char *file)
{
	collections = json_object_from_file(file);
	if (!json_object_is_type(collections, json_type_object) ||
	    !json_get_array(collections, "conferences"))
		die(file);
}

void rows_conference(char out[static UUID_SIZE])
{
	struct json_object *first =
		json_object_array_get_idx(json_get_array(collections, "conferences"), 0);

	snprintf(out, UUID_SIZE, "%s", json_text(first, "id"));
}

static void forbid(struct peer *p)
{
	static const char body[] =
		"{\"errors\":[{\"message\":\"You don't have permission to access this.\","
		"\"extensions\":{\"code\":\"FORBIDDEN\"}}]}";

	peer_answer(p, "403 Forbidden", body, sizeof(body) - 1);
}

static size_t number_of(const char *path, const char *name, size_t otherwise)
{
	const char *at = strstr(path, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : otherwise;
}

/* A page of what was loaded, or how many there are. */
static void answer_loaded(struct peer *p, const char *path, struct json_object *list)
{
	size_t from = number_of(path, "offset=", 0), limit = number_of(path, "&limit=", 100);
	size_t n = json_object_array_length(list), to = limit < n - from ? from + limit : n;
	_cleanup_text_ struct text t = { 0 };

	text_init(&t, MAX_BYTES);
	text_append(&t, "{\"data\":[");
	if (strstr(path, "aggregate[count]"))
		text_printf(&t, "{\"count\":%zu}", n);
	for (size_t i = from; i < to && !strstr(path, "aggregate[count]"); i++) {
		_cleanup_free_ char *row = json_dump(json_object_array_get_idx(list, i));

		text_printf(&t, "%s%s", i > from ? "," : "", row);
	}
	text_append(&t, "]}");
	peer_answer(p, "200 OK", t.data, t.len);
}

/* --- Reading the rows of chats ---------------------------------------------------------------- */

static void add_message(struct text *t, const struct chat *c, bool reply)
{
	_cleanup_text_ struct text question = { 0 };
	char conversation[UUID_SIZE], message[UUID_SIZE];

	text_init(&question, MAX_BYTES);
	chat_ids(c->n, conversation, message);
	if (!reply)
		chat_question(c, &question);
	text_printf(t,
		    "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"user_created\":\"public-user\","
		    "\"date_created\":\"2026-01-31T09:00:00.%03dZ\",\"role\":\"%s\",\"metadata\":"
		    "null,\"status\":\"%s\",\"messageText\":\"",
		    reply ? c->reply_id : message, conversation, reply ? 2 : 1,
		    reply ? "assistant" : "user",
		    reply && !c->is_complete ? "streaming" : "completed");
	text_append_json(t, reply ? c->answer.data : question.data,
			 reply ? c->landed : question.len);
	text_append(t, "\"}");
}

/* Ids of chats' rows end in their number. */
static struct chat *chat_of_id(const char *id)
{
	struct chat *c = chat_at((unsigned)strtoul(id + 24, NULL, 16));
	char conversation[UUID_SIZE], message[UUID_SIZE];

	if (!c)
		return NULL;
	chat_ids(c->n, conversation, message);
	return !strncmp(id, conversation, UUID_SIZE - 1) || !strncmp(id, message, UUID_SIZE - 1)
		       ? c
		       : NULL;
}

static const char *filtered(const char *path, const char *field)
{
	char name[64];
	const char *at;

	snprintf(name, sizeof(name), "filter[%s][_eq]=", field);
	at = strstr(path, name);
	at = at ? at + strlen(name) : NULL;
	return at && strlen(at) >= UUID_SIZE - 1 ? at : NULL;
}

static void answer_messages(struct peer *p, const char *path)
{
	const char *id = filtered(path, "id"), *of = filtered(path, "conversation_id");
	struct chat *c = id ? chat_of_id(id) : of ? chat_of_id(of) : NULL;
	_cleanup_text_ struct text t = { 0 };
	char reply[UUID_SIZE];

	text_init(&t, MAX_BYTES);
	text_append(&t, "{\"data\":[");
	if (id && !c) {
		snprintf(reply, sizeof(reply), "%.36s", id);
		c = chat_of_reply(reply);
		if (c)
			add_message(&t, c, true);
	} else if (c) {
		if (of && *c->reply_id) {
			add_message(&t, c, true);
			text_append_char(&t, ',');
		}
		add_message(&t, c, false);
	}
	text_append(&t, "]}");
	peer_answer(p, "200 OK", t.data, t.len);
}

static void answer_conversation(struct peer *p, const char *path)
{
	const char *id = filtered(path, "id");
	struct chat *c = id ? chat_of_id(id) : NULL;
	char conversation[UUID_SIZE], message[UUID_SIZE], conference[UUID_SIZE], body[400] = "";
	int n;

	if (c)
		chat_ids(c->n, conversation, message);
	rows_conference(conference);
	if (c)
		n = snprintf(body, sizeof(body),
			     "{\"data\":[{\"id\":\"%s\",\"conference_id\":\"%s\",\"user_created\":"
			     "\"public-user\",\"source\":\"mini\",\"status\":\"active\","
			     "\"date_created\":\"2026-01-31T09:00:00.000Z\"}]}",
			     conversation, conference);
	else
		n = snprintf(body, sizeof(body), "{\"data\":[]}");
	peer_answer(p, "200 OK", body, (size_t)n);
}

/* --- Writing ----------------------------------------------------------------------------------- */

static void create_message(struct peer *p, struct json_object *row)
{
	struct chat *c = chat_of_id(json_text(row, "conversation_id"));
	const char *id = json_text(row, "id");
	char body[100];

	if (!c || strlen(id) != UUID_SIZE - 1) {
		forbid(p);
		return;
	}
	chat_reply_created(c, id);
	peer_answer(p, "200 OK", body,
		    (size_t)snprintf(body, sizeof(body), "{\"data\":{\"id\":\"%s\"}}", id));
}

static void change(const char *id, struct json_object *data)
{
	struct json_object *text = json_get(data, "messageText");
	struct chat *c = chat_of_reply(id);

	if (c && text)
		chat_text_written(c, json_object_get_string(text),
				  (size_t)json_object_get_string_len(text));
	if (c && !strcmp(json_text(data, "status"), "completed"))
		chat_completed(c);
}

/* A list of rows, or {"keys": [...], "data": {...}}. */
static void patch_messages(struct peer *p, struct json_object *body)
{
	struct json_object *keys = json_get_array(body, "keys");
	struct json_object *list = keys ? keys : body;
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	_cleanup_text_ struct text t = { 0 };

	text_init(&t, MAX_BYTES);
	text_append(&t, "{\"data\":[");
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *id = keys ? json_object_get_string(one) : json_text(one, "id");

		change(id, keys ? json_get(body, "data") : one);
		text_printf(&t, "%s{\"id\":\"%s\"}", i ? "," : "", id);
	}
	text_append(&t, "]}");
	peer_answer(p, "200 OK", t.data, t.len);
}

void rows_serve(struct peer *p, const struct request *rq)
{
	_cleanup_json_ struct json_object *body = NULL;
	const char *name = rq->path + strlen("/items/");
	struct json_object *list;
	char collection[64];

	snprintf(collection, sizeof(collection), "%.*s", (int)strcspn(name, "?/"), name);
	list = json_get_array(collections, collection);
	if (rq->body_len && json_parse(rq->body, rq->body_len, &body, NULL) < 0)
		forbid(p);
	else if (strncmp(rq->path, "/items/", 7) != 0)
		forbid(p); /* fields and the like: a token that may not read them */
	else if (list)
		answer_loaded(p, rq->path, list);
	else if (!strcmp(rq->method, "PATCH"))
		patch_messages(p, body);
	else if (!strcmp(rq->method, "POST"))
		create_message(p, body);
	else if (!strcmp(collection, "messages"))
		answer_messages(p, rq->path);
	else
		answer_conversation(p, rq->path);
}
