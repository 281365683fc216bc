/*
 * history.c - see history.h.
 */
#include "agent/history.h"

#include <string.h>
#include "base/utf8.h"
#include "llm/phrases.h"

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

/* --- What was understood --------------------------------------------------------------- */

static const char *const *read_strings(struct json_object *o, const char *key, struct arena *arena)
{
	struct json_object *a = json_get_array(o, key);
	size_t n = a ? json_object_array_length(a) : 0;
	const char **list = n ? arena_array(arena, const char *, n + 1) : NULL;

	for (size_t i = 0; list && i < n; i++)
		list[i] = arena_strdup(arena,
				       json_object_get_string(json_object_array_get_idx(a, i)));
	return list;
}

static int64_t read_time(struct json_object *o, const char *key)
{
	struct civil_time t;

	return civil_time_parse(json_get_string(o, key), &t) ? t.unix_s : TIME_UNKNOWN;
}

static void read_when(struct understood *u, struct json_object *o, struct arena *arena)
{
	static const char *const kinds[] = {
		[WHEN_NONE] = "none",	  [WHEN_NOW] = "now",	  [WHEN_NEXT] = "next",
		[WHEN_WINDOW] = "window", [WHEN_FIRST] = "first", [WHEN_LAST] = "last",
		[WHEN_ENDING] = "ending",
	};

	u->when = (struct when){ .from = read_time(o, "from"),
				 .to = read_time(o, "to"),
				 .explicit_day = json_get_bool(o, "explicit_day", false),
				 .overlap = json_get_bool(o, "overlap", false),
				 .outside = json_get_bool(o, "outside", false),
				 .said = arena_strdup(arena, json_get_string(o, "said")) };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(json_text(o, "kind"), kinds[i]) == 0)
			u->when.kind = (enum when_kind)i;
	u->filter.has_window = u->when.kind != WHEN_NONE &&
			       (u->when.from != TIME_UNKNOWN || u->when.to != TIME_UNKNOWN);
	u->filter.from = u->when.from;
	u->filter.to = u->when.to;
	u->filter.overlap = u->when.overlap;
}

static void read_names(struct understood *u, struct json_object *all,
		       const struct snapshot *snapshot, struct arena *arena)
{
	size_t n = all ? json_object_array_length(all) : 0;

	u->names = n ? arena_array(arena, struct name_match, n) : NULL;
	for (size_t i = 0; u->names && i < n; i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const struct record *r = record_of(o, snapshot);

		if (r)
			u->names[u->n_names++] = (struct name_match){
				.kind = NAME_RECORD,
				.record = r,
				.similarity = (float)json_get_double(o, "similarity", 0),
				.n_words = (unsigned)json_get_int(o, "words", 1),
			};
	}
}

static void read_filters(struct understood *u, struct json_object *o, struct arena *arena)
{
	u->filter.places = read_strings(o, "places", arena);
	u->filter.tracks = read_strings(o, "tracks", arena);
	u->filter.types = read_strings(o, "types", arena);
	u->filter.levels = read_strings(o, "levels", arena);
	u->filter.languages = read_strings(o, "languages", arena);
	u->filter.speaker_ids = read_strings(o, "speakers", arena);
}

static int index_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return 0;
}

static unsigned read_entities(struct json_object *a)
{
	unsigned entities = 0;
	enum entity e;

	for (size_t i = 0; a && i < json_object_array_length(a); i++)
		if (entity_from(json_object_get_string(json_object_array_get_idx(a, i)), &e) == 0)
			entities |= ENTITY_BIT(e);
	return entities ? entities : ENTITY_ALL;
}

/* The reverse of understand_describe; NULL: it was not written by one. */
static const struct understood *read_understood(const struct previous *p, struct json_object *o,
						const struct snapshot *snapshot,
						struct arena *arena)
{
	static const char *const specificities[] = { "specific", "vague", "both" };
	static const char *const asked[] = { "any", "when", "where", "who", "what", "count" };
	struct understood *u = arena_new(arena, struct understood);

	if (!u || !p->question || !json_get_string(o, "terms"))
		return NULL;
	u->question = p->question;
	u->terms = arena_strdup(arena, json_get_string(o, "terms"));
	u->specificity = (enum specificity)index_of(json_text(o, "specificity"), specificities,
						    ARRAY_SIZE(specificities));
	u->asked = (enum asked)index_of(json_text(o, "asked"), asked, ARRAY_SIZE(asked));
	for (int i = INTENT_SESSION_SEARCH; i <= INTENT_OUT_OF_SCOPE; i++)
		if (strcmp(intent_name((enum intent)i), json_text(o, "intent")) == 0)
			u->intent = (enum intent)i;
	u->entities = read_entities(json_get_array(o, "entities"));
	read_when(u, json_get_object(o, "when"), arena);
	read_filters(u, json_get_object(o, "filters"), arena);
	u->filter.entities = u->entities;
	read_names(u, json_get_array(o, "names"), snapshot, arena);
	u->info_keys = read_strings(o, "info_keys", arena);
	return u->terms ? u : NULL;
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
	p->attribute = arena_strdup(arena, json_get_string(understood, "attribute"));
	p->asked_back = json_get_bool(understood, "asked_back", false);
	p->leans = json_get_bool(understood, "leans", false);
	p->among = json_get_bool(understood, "among", false);
	p->focus = record_of(json_get_object(understood, "focus"), snapshot);
	p->understood = read_understood(p, understood, snapshot, arena);
	read_references(p, json_get_array(metadata, "references"), snapshot);
	return p;
}

/* --- Turns -------------------------------------------------------------------------------- */

/* The newest turn from row *i on, which moves behind it. */
static struct previous *read_turn(const struct messages *rows, size_t *i,
				  const struct snapshot *snapshot, struct arena *arena)
{
	struct previous *p = NULL;

	for (; *i < rows->n; ++*i) {
		const struct message *m = &rows->rows[*i];

		if (!p && is_from(m, "assistant") && is_complete(m)) {
			p = read_metadata(m, snapshot, arena);
			if (!p)
				return NULL;
		} else if (p && is_from(m, "user") && is_complete(m)) {
			/* Without metadata: the question as it was written. */
			if (!p->question)
				p->question = arena_strdup(arena, m->text);
			++*i;
			break;
		}
	}
	return p && p->question ? p : NULL;
}

struct previous *history_previous(const struct messages *rows, const char *message_id,
				  const struct snapshot *snapshot, struct arena *arena)
{
	size_t i = first_older(rows, message_id);
	struct previous *first = NULL, *last = NULL;

	for (size_t n = 0; n < PREVIOUS_MAX_TURNS; n++) {
		struct previous *p = read_turn(rows, &i, snapshot, arena);

		if (!p)
			break;
		if (last)
			last->before = p;
		else
			first = p;
		last = p;
	}
	return first;
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
