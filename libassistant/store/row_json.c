/*
 * row_json.c - rows from JSON and back.
 */
#include "store/row_json.h"

#include <string.h>
#include "base/clock.h"

static const char *id_in(struct arena *a, struct json_object *row, const char *key)
{
	struct json_object *v = json_get(row, key);

	if (json_object_is_type(v, json_type_object))
		v = json_get(v, "id");
	return v ? arena_strdup(a, json_object_get_string(v)) : NULL;
}

static const char *string_in(struct arena *a, struct json_object *row, const char *key)
{
	return arena_strdup(a, json_get_string(row, key));
}

static int64_t time_in(struct json_object *row, const char *key)
{
	int64_t ms;
	bool has_offset;

	return time_parse(json_text(row, key), &ms, &has_offset) < 0 ? 0 : ms;
}

void row_conversation(struct arena *a, struct json_object *row, struct conversation *out)
{
	*out = (struct conversation){
		.id = id_in(a, row, "id"),
		.conference_id = id_in(a, row, "conference_id"),
		.status = string_in(a, row, "status"),
		.source = string_in(a, row, "source"),
		.user_created = id_in(a, row, "user_created"),
		.date_created_ms = time_in(row, "date_created"),
	};
}

void row_message(struct arena *a, struct json_object *row, struct message *out)
{
	struct json_object *metadata = json_get_object(row, "metadata");

	*out = (struct message){
		.id = id_in(a, row, "id"),
		.conversation_id = id_in(a, row, "conversation_id"),
		.role = string_in(a, row, "role"),
		.text = string_in(a, row, "messageText"),
		.status = string_in(a, row, "status"),
		.user_created = id_in(a, row, "user_created"),
		.date_created_ms = time_in(row, "date_created"),
	};
	if (metadata) {
		_cleanup_free_ char *line = json_dump(metadata);

		out->metadata = arena_strdup(a, line);
	}
}

void row_messages(struct arena *a, struct json_object *rows, struct messages *out)
{
	out->n = rows ? json_object_array_length(rows) : 0;
	out->rows = arena_array(a, struct message, out->n + 1);
	for (size_t i = 0; i < out->n; i++)
		row_message(a, json_object_array_get_idx(rows, i), &out->rows[i]);
}

static void set_time(struct json_object *o, const char *key, int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	if (ms <= 0)
		return;
	time_format_utc(ms, text);
	json_set_string(o, key, text);
}

void row_set_metadata(struct json_object *o, const char *metadata)
{
	struct json_object *value = NULL;

	if (metadata && json_parse(metadata, strlen(metadata), &value, NULL) == 0)
		json_set(o, "metadata", value);
}

struct json_object *row_of_conversation(const struct conversation *row)
{
	struct json_object *o = json_object_new_object();

	json_set_string(o, "id", row->id);
	json_set_string(o, "conference_id", row->conference_id);
	json_set_string(o, "status", row->status);
	json_set_string(o, "source", row->source);
	json_set_string(o, "user_created", row->user_created);
	set_time(o, "date_created", row->date_created_ms);
	return o;
}

struct json_object *row_of_message(const struct message *row)
{
	struct json_object *o = json_object_new_object();

	json_set_string(o, "id", row->id);
	json_set_string(o, "conversation_id", row->conversation_id);
	json_set_string(o, "role", row->role);
	json_set_string(o, "messageText", row->text);
	json_set_string(o, "status", row->status);
	json_set_string(o, "user_created", row->user_created);
	set_time(o, "date_created", row->date_created_ms);
	row_set_metadata(o, row->metadata);
	return o;
}
