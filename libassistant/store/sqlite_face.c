/*
 * sqlite_face.c - rows of conversations and messages as the JSON that readers and watchers get.
 */
#include "store/sqlite.h"
#include "base/clock.h"

static void member(struct text *out, const char *name, sqlite3_stmt *q, int column)
{
	const char *s = (const char *)sqlite3_column_text(q, column);

	text_printf(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", name);
	if (!s) {
		text_append(out, "null");
		return;
	}
	text_append_char(out, '"');
	text_append_json(out, s, (size_t)sqlite3_column_bytes(q, column));
	text_append_char(out, '"');
}

static void date(struct text *out, sqlite3_stmt *q, int column)
{
	char when[TIME_TEXT_SIZE];

	time_format_utc(sqlite3_column_int64(q, column), when);
	text_printf(out, ",\"date_created\":\"%s\"", when);
}

void sqlite_conversation_json(sqlite3_stmt *q, struct text *out)
{
	text_append_char(out, '{');
	member(out, "id", q, 0);
	member(out, "conference_id", q, 1);
	member(out, "status", q, 2);
	member(out, "source", q, 3);
	member(out, "user_created", q, 4);
	date(out, q, 5);
	text_append_char(out, '}');
}

void sqlite_message_json(sqlite3_stmt *q, struct text *out)
{
	const char *metadata = (const char *)sqlite3_column_text(q, 7);

	text_append_char(out, '{');
	member(out, "id", q, 0);
	member(out, "conversation_id", q, 1);
	member(out, "role", q, 2);
	member(out, "messageText", q, 3);
	member(out, "status", q, 4);
	member(out, "user_created", q, 5);
	date(out, q, 6);
	text_printf(out, ",\"metadata\":%s}", metadata ? metadata : "null");
}

/* q: json */
void sqlite_conference_json(sqlite3_stmt *q, struct text *out)
{
	text_append_n(out, (const char *)sqlite3_column_text(q, 0),
		      (size_t)sqlite3_column_bytes(q, 0));
}

/* q: json, conference_id */
void sqlite_page_json(sqlite3_stmt *q, struct text *out)
{
	_cleanup_json_ struct json_object *row = json_object_new_object();
	_cleanup_free_ char *line = NULL;
	const char *const names[] = { "id", "title", "text", "conference_id" };

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++)
		json_set_string(row, names[i], (const char *)sqlite3_column_text(q, i));
	line = json_dump(row);
	text_append(out, line ? line : "null");
}

void sqlite_record_json(sqlite3_stmt *q, struct text *out)
{
	_cleanup_json_ struct json_object *row = NULL;
	_cleanup_free_ char *line = NULL;
	const char *json = (const char *)sqlite3_column_text(q, 0);
	size_t len = (size_t)sqlite3_column_bytes(q, 0);

	if (json_parse(json, len, &row, NULL) == 0) {
		json_set_string(row, "conference_id", (const char *)sqlite3_column_text(q, 1));
		line = json_dump(row);
	}
	text_append(out, line ? line : "null");
}
