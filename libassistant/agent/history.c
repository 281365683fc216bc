/*
 * history.c - see history.h.
 */
#include "agent/history.h"

#include <string.h>
#include "base/utf8.h"

#define MESSAGE_BYTES (8 * 1024)

/* Rows behind this index are older than the question asked now. */
static size_t first_older(const struct messages *rows, const char *message_id)
{
	for (size_t i = 0; message_id && i < rows->n; i++)
		if (strcmp(rows->rows[i].id, message_id) == 0)
			return i + 1;
	return 0;
}

static bool is_from(const struct message *m, const char *role)
{
	return m->role && strcmp(m->role, role) == 0;
}

/* A row that is still being written is no history. */
static bool is_complete(const struct message *m)
{
	return m->text && m->text[0] && !(m->status && strcmp(m->status, "streaming") == 0);
}

static const struct record *record_of(struct json_object *o, const struct snapshot *snapshot)
{
	const char *id = json_get_string(o, "id");
	enum entity type;

	if (!id || entity_from(json_text(o, "type"), &type) < 0)
		return NULL;
	return snapshot_find(snapshot, type, id);
}

static void read_references(struct previous *p, struct json_object *all,
			    const struct snapshot *snapshot)
{
	size_t n = all ? json_object_array_length(all) : 0;

	for (size_t i = 0; i < n && p->n_references < PREVIOUS_MAX_REFERENCES; i++) {
		const struct record *r = record_of(json_object_array_get_idx(all, i), snapshot);

		if (r)
			p->references[p->n_references++] = r;
	}
}

static struct previous *read_metadata(const struct message *m, const struct snapshot *snapshot,
				      struct arena *arena)
{
	struct json_object *metadata _cleanup_json_ = NULL, *understood;
	struct previous *p = arena_new(arena, struct previous);

	if (!p)
		return NULL;
	if (!m->metadata || json_parse(m->metadata, strlen(m->metadata), &metadata, NULL) < 0)
		return p;
	understood = json_get_object(metadata, "understood");
	p->question = arena_strdup(arena, json_get_string(understood, "question"));
	p->language = arena_strdup(arena, json_get_string(understood, "language"));
	p->asked_back = json_get_bool(understood, "asked_back", false);
	p->focus = record_of(json_get_object(understood, "focus"), snapshot);
	read_references(p, json_get_array(metadata, "references"), snapshot);
	return p;
}

struct previous *history_previous(const struct messages *rows, const char *message_id,
				  const struct snapshot *snapshot, struct arena *arena)
{
	struct previous *p = NULL;

	for (size_t i = first_older(rows, message_id); i < rows->n; i++) {
		const struct message *m = &rows->rows[i];

		if (!p && is_from(m, "assistant") && is_complete(m)) {
			p = read_metadata(m, snapshot, arena);
			if (!p || p->question)
				return p;
		} else if (p && is_from(m, "user") && is_complete(m)) {
			/* Without metadata: the question as it was written. */
			p->question = arena_strdup(arena, m->text);
			return p;
		}
	}
	return p && p->question ? p : NULL;
}

size_t history_messages(const struct messages *rows, const char *message_id, size_t max,
			struct arena *arena, struct llm_message **out)
{
	size_t older = first_older(rows, message_id), n = 0, kept = 0;
	struct llm_message *list = arena_array(arena, struct llm_message, max + 1);

	if (!list)
		return 0;
	/* Newest first until max is reached, then turned round. */
	for (size_t i = older; i < rows->n && kept < max; i++)
		kept += is_complete(&rows->rows[i]);
	for (size_t i = older; i < rows->n && n < kept; i++) {
		const struct message *m = &rows->rows[i];
		struct llm_message *to = &list[kept - 1 - n];

		if (!is_complete(m))
			continue;
		to->role = is_from(m, "assistant") ? "assistant" : "user";
		to->text = arena_strndup(arena, m->text,
					 utf8_prefix(m->text, strlen(m->text), MESSAGE_BYTES));
		if (!to->text)
			return 0;
		n++;
	}
	*out = list;
	return n;
}
