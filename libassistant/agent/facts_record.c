/*
 * facts_record.c - a record as JSON facts: cleaned, bounded, with its handle and, in focus, the
 * people and sessions it belongs to.
 */
#include "agent/facts.h"

#include <string.h>
#include "agent/attribute.h"
#include "agent/history.h"
#include "agent/nodes.h"
#include "agent/quoting.h"
#include "agent/references.h"
#include "agent/telling.h"
#include "base/utf8.h"
#include "llm/quote.h"
#include "tools/builtin.h"

#define NAME_CHARS  300
#define SHORT_CHARS 400
#define LONG_CHARS  2000
#define MAX_PEOPLE  8
#define MAX_TAGS    8

void facts_set_text(struct json_object *o, const char *key, const char *text, size_t max_chars)
{
	struct text clean _cleanup_text_ = { 0 };

	if (!text)
		return;
	text_init(&clean, 64 * 1024);
	quote_clean(&clean, text, max_chars, false);
	if (clean.len)
		json_set_string(o, key, clean.data);
}

/* What orders machines about describes nothing. */
static void set_description(struct turn *t, struct json_object *o, const char *text, size_t max)
{
	if (text)
		facts_set_text(o, "description", arena_strndup(t->arena, text, quote_honest(text)),
			       max);
}

static void set_list(struct json_object *o, const char *key, const char *const *list, size_t max)
{
	struct json_object *a;

	if (!list || !list[0])
		return;
	a = json_object_new_array();
	for (size_t i = 0; list[i] && i < max; i++) {
		struct text clean _cleanup_text_ = { 0 };

		text_init(&clean, 8192);
		quote_clean(&clean, list[i], NAME_CHARS, false);
		json_object_array_add(a, json_object_new_string(clean.data));
	}
	json_set(o, key, a);
}

static void set_times(struct turn *t, struct json_object *o, const struct record *r)
{
	const char *start = r->start == TIME_UNKNOWN ? NULL : facts_time(t, r->start);

	if (!start)
		return;
	json_set_string(o, "start", start);
	json_set_string(o, "day", arena_strndup(t->arena, start, 10));
	if (r->end != TIME_UNKNOWN)
		json_set_string(o, "end", facts_time(t, r->end));
}

static struct json_object *brief(struct turn *t, const struct record *r, float score)
{
	const struct result result = { .record = r, .score = score };
	const char *handle = references_add(t->references, &result);
	struct json_object *o;

	if (!handle)
		return NULL;
	o = json_object_new_object();
	json_set_string(o, "handle", handle);
	json_set_string(o, "type", entity_name(r->type));
	json_set_string(o, "id", r->id);
	facts_set_text(o, "name", r->name, NAME_CHARS);
	set_times(t, o, r);
	facts_set_text(o, "location", r->location, NAME_CHARS);
	facts_set_text(o, "title", r->title, NAME_CHARS);
	facts_set_text(o, "company", r->company, NAME_CHARS);
	return o;
}

/* Handles instead of names, when every person named is a record. */
static void set_people(struct turn *t, struct json_object *o, const struct record *r, float score)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	struct json_object *people;
	size_t n = 0, names = 0;

	while (r->speaker_ids[n]) {
		if (!snapshot_find(s, ENTITY_SPEAKER, r->speaker_ids[n]))
			return;
		n++;
	}
	while (r->speaker_names[names])
		names++;
	if (!n || n < names)
		return;
	people = json_object_new_array();
	for (size_t i = 0; i < n && i < MAX_PEOPLE; i++) {
		const struct record *p = snapshot_find(s, ENTITY_SPEAKER, r->speaker_ids[i]);
		struct json_object *person = brief(t, p, score);

		if (person)
			json_object_array_add(people, person);
	}
	json_set(o, "people", people);
}

static bool has_id(const char *const *ids, const char *id)
{
	for (size_t i = 0; ids[i]; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

/* What else there is of a person was asked, and that session was spoken of. */
static bool is_known(const struct turn *t, const struct record *session)
{
	for (const struct previous *p = t->besides ? t->previous : NULL; p; p = p->before)
		if (p->focus == session)
			return true;
	return false;
}

static bool is_within(const struct when *w, const struct record *session)
{
	if (w->overlap && session->start != TIME_UNKNOWN && session->end != TIME_UNKNOWN)
		return session->start < w->to && session->end > w->from;
	return session->start != TIME_UNKNOWN &&
	       (w->from == TIME_UNKNOWN || session->start >= w->from) &&
	       (w->to == TIME_UNKNOWN || session->start < w->to);
}

bool facts_speaks_then(const struct turn *t, const struct record *r)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);

	for (size_t i = 0; t->only.kind != WHEN_NONE && i < s->n[ENTITY_SESSION]; i++)
		if (has_id(s->records[ENTITY_SESSION][i].speaker_ids, r->id) &&
		    is_within(&t->only, &s->records[ENTITY_SESSION][i]))
			return true;
	return false;
}

/* In the order of time; the snapshot's sessions are sorted. */
static void set_sessions(struct turn *t, struct json_object *o, const struct record *r, size_t max,
			 float score)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	struct json_object *sessions = json_object_new_array();
	bool only = facts_speaks_then(t, r);

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *session = &s->records[ENTITY_SESSION][i];
		struct json_object *one;

		if (json_object_array_length(sessions) == max)
			break;
		if (!has_id(session->speaker_ids, r->id) && !has_id(r->session_ids, session->id))
			continue;
		if (is_known(t, session) || (only && !is_within(&t->only, session)))
			continue;
		one = brief(t, session, score);
		if (one)
			json_object_array_add(sessions, one);
	}
	if (json_object_array_length(sessions))
		json_set(o, "sessions", sessions);
	else
		json_object_put(sessions);
}

/* Why a record is listed is told, unless its name has all words of the question. */
bool facts_may_tell(struct turn *t, const struct record *r)
{
	const char *const *words = words_of(t->understood.terms, t->arena);
	char *name _cleanup_free_ = utf8_fold(r->name, strlen(r->name));
	size_t n = 0;

	while (words && words[n])
		n++;
	return n && name && r->description && r->type != ENTITY_EXHIBITOR &&
	       words_in(words, name) < n;
}

/* The sentence that has most of the question's words, if it is more than a chance; by meaning: agent/quoting.h. */
static void set_telling(struct turn *t, struct json_object *o, const struct record *r)
{
	const char *const *words = words_of(t->understood.terms, t->arena);
	const char *sentence;
	size_t n = 0, matched = 0;

	if (!facts_may_tell(t, r))
		return;
	while (words[n])
		n++;
	sentence = telling_by_words(r->description, words, t->arena, &matched);
	if (sentence && (2 * matched >= n || !quoting_is_possible(t)))
		facts_set_text(o, "telling", sentence, TELLING_MAX_CHARS);
}

struct json_object *facts_record(struct turn *t, const struct result *result, bool focus)
{
	const struct record *r = result->record;
	struct json_object *o = brief(t, r, result->score);

	if (!o)
		return NULL;
	if (focus)
		json_set_bool(o, "focus", true);
	json_set_score(o, "score", result->score);
	facts_set_text(o, "subtitle", r->subtitle, NAME_CHARS);
	facts_set_text(o, "track", r->track, NAME_CHARS);
	facts_set_text(o, "session_type", r->session_type, NAME_CHARS);
	facts_set_text(o, "level", r->level, NAME_CHARS);
	facts_set_text(o, "language", r->language, NAME_CHARS);
	facts_set_text(o, "booth", r->booth, NAME_CHARS);
	facts_set_text(o, "category", r->category, NAME_CHARS);
	facts_set_text(o, "tier", r->tier, NAME_CHARS);
	facts_set_text(o, "availability", r->availability, NAME_CHARS);
	facts_set_text(o, "products", r->products, SHORT_CHARS);
	set_description(t, o, r->description, focus ? LONG_CHARS : SHORT_CHARS);
	if (!focus)
		set_telling(t, o, r);
	if (t->for_beginners && facts_is_for_beginners(r))
		json_set_bool(o, "for_beginners", true);
	set_list(o, "speakers", r->speaker_names, MAX_PEOPLE);
	set_list(o, "tags", r->tags, MAX_TAGS);
	if (focus && t->attribute && attribute_fits(t->attribute, r->type))
		json_set(o, "attribute", attribute_of_record(t->attribute, r, t->arena));
	if (r->type == ENTITY_SESSION && focus)
		set_people(t, o, r, result->score / 2);
	if (r->type == ENTITY_SPEAKER)
		set_sessions(t, o, r, focus ? 8 : 2, result->score / 2);
	return o;
}
