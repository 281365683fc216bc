/*
 * sqlite_list.c - lists of rows for the Directus-compatible face: equality filters, one sort field,
 * limit and offset, put together as SQL from names that were checked.
 */
#include "store/sqlite.h"
#include <string.h>
#include "base/clock.h"
#include "base/hash.h"

#define MAX_SQL	      4096
#define MAX_FILTERS   16
#define MAX_LIST_JSON (64 << 20)
#define DEFAULT_LIMIT 100
#define MAX_LIMIT     10000

struct listing {
	const char *collection;
	const char *select; /* up to and with FROM */
	const char *const *columns;
	bool json; /* other fields are members of the column json */
	const char *order;
	void (*render)(sqlite3_stmt *q, struct text *out);
};

static const char *const conversation_columns[] = { "id",     "conference_id", "status",
						    "source", "user_created",  "date_created",
						    NULL };
static const char *const message_columns[] = { "id",	       "conversation_id",
					       "role",	       "messageText",
					       "status",       "user_created",
					       "date_created", NULL };
static const char *const conference_columns[] = { "id", "name", NULL };
static const char *const page_columns[] = { "key", "title", "conference_id", NULL };
static const char *const record_columns[] = { "id", "conference_id", NULL };

static const struct listing lists[] = {
	{ "conversations",
	  "SELECT id, conference_id, status, source, user_created, date_created FROM conversations",
	  conversation_columns, false, "seq", sqlite_conversation_json },
	{ "messages",
	  "SELECT id, conversation_id, role, messageText, status, user_created, date_created, "
	  "metadata FROM messages",
	  message_columns, false, "seq", sqlite_message_json },
	{ "conferences", "SELECT json FROM conferences", conference_columns, true, "id",
	  sqlite_conference_json },
	{ "info_pages", "SELECT key, title, text, conference_id FROM info_pages", page_columns,
	  false, "conference_id, pos", sqlite_page_json },
	{ "sessions", "SELECT json, conference_id FROM records", record_columns, true, "seq",
	  sqlite_record_json },
	{ "exhibitors", "SELECT json, conference_id FROM records", record_columns, true, "seq",
	  sqlite_record_json },
	{ "speakers", "SELECT json, conference_id FROM records", record_columns, true, "seq",
	  sqlite_record_json },
};

struct list_op {
	struct sqlite_op op;
	const char *collection, *sort;
	struct json_object *filter; /* a copy */
	int limit, offset;
	char *json, **out;
};

static bool name_good(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 64 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == n;
}

static bool is_column(const struct listing *list, const char *name)
{
	for (size_t i = 0; list->columns[i]; i++) {
		if (!strcmp(list->columns[i], name))
			return true;
	}
	return false;
}

/* Appends the SQL for a field of the rows. */
static int field_sql(const struct listing *list, const char *name, struct text *sql, struct fail *f)
{
	_cleanup_text_ struct text accepted = { 0 };

	if (is_column(list, name)) {
		text_append(sql, name);
		return 0;
	}
	if (list->json && name_good(name)) {
		text_printf(sql, "json_extract(json, '$.%s')", name);
		return 0;
	}
	text_init(&accepted, 200);
	for (size_t i = 0; list->columns[i]; i++)
		text_printf(&accepted, "%s%s", i ? ", " : "", list->columns[i]);
	return FAIL(f, ASSISTANT_EINVAL, "%s have no field \"%.40s\" to look by; accepted are %s",
		    list->collection, name, accepted.data);
}

static int where_sql(const struct listing *list, struct json_object *filter, struct text *sql,
		     struct fail *f)
{
	const char *word = "WHERE";
	enum entity type;
	int n = 0;

	if (entity_from(list->collection, &type) == 0) {
		text_printf(sql, " WHERE type = '%s'", entity_name(type));
		word = "AND";
	}
	if (!filter)
		return 0;
	json_object_object_foreach(filter, key, value)
	{
		int r;

		(void)value;
		if (++n > MAX_FILTERS)
			return FAIL(f, ASSISTANT_EINVAL, "a filter has up to %d fields",
				    MAX_FILTERS);
		text_printf(sql, " %s ", word);
		r = field_sql(list, key, sql, f);
		if (r < 0)
			return r;
		text_append(sql, " IS ?");
		word = "AND";
	}
	return 0;
}

static int make_sql(const struct listing *list, const struct list_op *o, struct text *sql,
		    struct fail *f)
{
	int r;

	text_append(sql, list->select);
	r = where_sql(list, o->filter, sql, f);
	if (r < 0)
		return r;
	text_append(sql, " ORDER BY ");
	if (o->sort) {
		bool down = o->sort[0] == '-';

		r = field_sql(list, o->sort + down, sql, f);
		if (r < 0)
			return r;
		text_printf(sql, "%s, %s%s", down ? " DESC" : "", list->order, down ? " DESC" : "");
	} else {
		text_append(sql, list->order);
	}
	text_printf(sql, " LIMIT %d OFFSET %d", o->limit, o->offset);
	return sql->failed ? FAIL(f, ASSISTANT_EINVAL, "the filter is too long") : 0;
}

/* Our own ids are stored in lower case; those of records as they were ingested. */
static bool own_id(const struct listing *list, const char *key)
{
	return list->columns != record_columns || !strcmp(key, "conference_id");
}

static void bind_text(sqlite3_stmt *q, int at, const struct listing *list, const char *key,
		      const char *value)
{
	char normal[UUID_SIZE];
	int64_t ms;
	bool has_offset;

	if (!strcmp(key, "date_created") && time_parse(value, &ms, &has_offset) == 0) {
		sqlite3_bind_int64(q, at, ms);
		return;
	}
	if (uuid_valid(value) && own_id(list, key)) {
		uuid_normalise(value, normal);
		value = normal;
	}
	sqlite_bind(q, at, value);
}

static int bind_filter(sqlite3_stmt *q, const struct listing *list, struct json_object *filter,
		       struct fail *f)
{
	int at = 0;

	if (!filter)
		return 0;
	json_object_object_foreach(filter, key, value)
	{
		at++;
		switch (json_object_get_type(value)) {
		case json_type_null:
			break; /* unbound: NULL */
		case json_type_string:
			bind_text(q, at, list, key, json_object_get_string(value));
			break;
		case json_type_boolean:
		case json_type_int:
			sqlite3_bind_int64(q, at, json_object_get_int64(value));
			break;
		case json_type_double:
			sqlite3_bind_double(q, at, json_object_get_double(value));
			break;
		default:
			return FAIL(f, ASSISTANT_EINVAL,
				    "the filter's %.40s is %.60s; accepted is a text, a number, "
				    "true, false or null",
				    key, json_object_to_json_string(value));
		}
	}
	return 0;
}

static int collect(struct list_op *o, const struct listing *list, sqlite3_stmt *q, struct fail *f)
{
	_cleanup_text_ struct text rows;
	int rc;

	text_init(&rows, MAX_LIST_JSON);
	text_append_char(&rows, '[');
	while ((rc = sqlite3_step(q)) == SQLITE_ROW && !rows.failed) {
		if (rows.len > 1)
			text_append_char(&rows, ',');
		list->render(q, &rows);
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return sqlite_fail(o->op.store->db, rc, "listing rows", f);
	text_append_char(&rows, ']');
	if (rows.failed)
		return FAIL(f, ASSISTANT_ETOOLARGE,
			    "these rows are too many for one answer; ask with a smaller limit");
	o->json = text_take(&rows);
	return o->json ? 0 : FAIL(f, ASSISTANT_ENOMEM, "no memory for a list");
}

static int list_body(struct sqlite_op *op, struct fail *f)
{
	struct list_op *o = container_of(op, struct list_op, op);
	_cleanup_text_ struct text sql;
	const struct listing *list = NULL;
	sqlite3_stmt *q = NULL;
	int r, rc;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (!strcmp(lists[i].collection, o->collection))
			list = &lists[i];
	}
	text_init(&sql, MAX_SQL);
	if (!list)
		return FAIL(f, ASSISTANT_EINVAL,
			    "the collection is \"%.40s\"; accepted is conversations, messages, "
			    "conferences, info_pages, sessions, exhibitors or speakers",
			    o->collection);
	if (o->filter && !json_object_is_type(o->filter, json_type_object))
		return FAIL(f, ASSISTANT_EINVAL,
			    "the filter is not an object of fields and values");
	r = make_sql(list, o, &sql, f);
	if (r < 0)
		return r;
	rc = sqlite3_prepare_v2(op->store->db, sql.data, -1, &q, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(op->store->db, rc, "listing rows", f);
	r = bind_filter(q, list, o->filter, f);
	if (r == 0)
		r = collect(o, list, q, f);
	sqlite3_finalize(q);
	return r;
}

static void list_deliver(struct wait *w)
{
	struct list_op *o = container_of(w, struct list_op, op.work.wait);

	*o->out = TAKE_PTR(o->json);
}

static void list_finish(struct sqlite_op *op)
{
	struct list_op *o = container_of(op, struct list_op, op);

	json_object_put(o->filter);
	free(o->json);
}

void sqlite_row_list(struct store *s, const struct row_query *rq, char **json, struct flow *f)
{
	struct list_op *o = sqlite_op_new(s, sizeof(*o), "row_list", list_body, f);

	if (!o)
		return;
	o->collection = sqlite_keep(&o->op, rq->collection);
	o->sort = sqlite_keep(&o->op, rq->sort);
	o->limit = rq->limit ? rq->limit : DEFAULT_LIMIT;
	if (o->limit < 0 || o->limit > MAX_LIMIT)
		o->limit = MAX_LIMIT;
	o->offset = rq->offset > 0 ? rq->offset : 0;
	o->out = json;
	o->op.finish = list_finish;
	if (rq->filter && json_object_deep_copy(rq->filter, &o->filter, NULL) < 0)
		o->op.starved = true;
	sqlite_submit(&o->op, list_deliver, f);
}
