/*
 * facts.c - everything an llm may say in this turn, as one JSON object (tool.h, "The facts").
 */
#include "agent/facts.h"

#include <string.h>
#include "agent/attribute.h"
#include "agent/nodes.h"
#include "agent/references.h"
#include "agent/topic.h"
#include "agent/whereabouts.h"
#include "base/utf8.h"
#include "llm/quote.h"
#include "search/info.h"
#include "search/query_read.h"
#include "search/search_rank.h"
#include "tools/builtin.h"

#define NAME_CHARS    300
#define PASSAGE_CHARS 800
#define TEXT_CHARS    4000
#define INFO_COVERS   0.75f /* of a question, so that a page answers what no record does */
#define INFO_BEATS    0.4f  /* a page answers rather than records that score less */

const char *facts_time(const struct turn *t, int64_t unix_s)
{
	struct civil c;
	int offset;

	zone_civil(catalog_zone(t->catalog), unix_s, &c);
	offset = c.offset_s / 60;
	return arena_printf(t->arena, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month,
			    c.day, c.hour, c.minute, c.second, offset < 0 ? '-' : '+',
			    abs(offset) / 60, abs(offset) % 60);
}

static const char *when_name(const struct when *w)
{
	switch (w->kind) {
	case WHEN_NOW:
	case WHEN_ENDING:
		return "now";
	case WHEN_NEXT:
		return "next";
	case WHEN_WINDOW:
		return "window";
	case WHEN_FIRST:
		return "first";
	case WHEN_LAST:
		return "last";
	default:
		return NULL;
	}
}

static void set_time(struct turn *t, struct json_object *o, const char *key, int64_t unix_s)
{
	if (unix_s != TIME_UNKNOWN)
		json_set_string(o, key, facts_time(t, unix_s));
}

static void set_when(struct turn *t, const struct when *w)
{
	const char *kind = when_name(w);
	struct json_object *o;

	if (!kind)
		return;
	o = json_object_new_object();
	json_set_string(o, "kind", kind);
	set_time(t, o, "from", w->from);
	set_time(t, o, "to", w->to);
	if (w->to != TIME_UNKNOWN)
		set_time(t, o, "last_day", w->to - 1);
	json_set_string(o, "said", w->said);
	json_set_string(o, "part", w->part);
	if (w->outside)
		json_set_bool(o, "outside", true);
	if (w->overlap && w->kind == WHEN_WINDOW && w->to - w->from > 60)
		json_set_bool(o, "runs_within", true);
	if (w->from == t->now_unix_s)
		json_set_bool(o, "from_now", true);
	if (t->was_now)
		json_set_bool(o, "was_now", true);
	if (t->beside != NOT_BESIDE)
		json_set_string(o, "beside", t->beside == AFTER_IT ? "after" : "before");
	json_set(t->facts, "when", o);
}

static void set_values(struct json_object *filters, const char *key, const char *const *list)
{
	struct json_object *a;

	if (!list || !list[0])
		return;
	a = json_object_new_array();
	for (size_t i = 0; list[i] && i < 5; i++)
		json_object_array_add(a, json_object_new_string(list[i]));
	json_set(filters, key, a);
}

static void set_speakers(struct turn *t, struct json_object *filters, const char *const *ids)
{
	const char *names[6] = { NULL };
	size_t n = 0;

	for (size_t i = 0; ids && ids[i] && n < 5; i++) {
		const struct record *r =
			snapshot_find(catalog_snapshot(t->catalog), ENTITY_SPEAKER, ids[i]);

		if (r)
			names[n++] = r->name;
	}
	set_values(filters, "speakers", names);
}

static void set_filters(struct turn *t, const struct index_filter *f)
{
	const char *const area[] = { t->area, NULL };
	struct json_object *o = json_object_new_object();

	set_values(o, "places", t->area ? area : f->places);
	set_values(o, "tracks", f->tracks);
	set_values(o, "types", f->types);
	set_values(o, "levels", f->levels);
	set_values(o, "languages", f->languages);
	set_speakers(t, o, f->speaker_ids);
	json_set(t->facts, "filters", o);
}

static void set_relaxed(struct turn *t)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < t->n_relaxed; i++) {
		struct json_object *o = json_object_new_object();

		json_set_string(o, "what", t->relaxed[i].what);
		facts_set_text(o, "value", t->relaxed[i].value, NAME_CHARS);
		json_object_array_add(a, o);
	}
	json_set(t->facts, "relaxed", a);
}

static const char *asked_name(enum asked a)
{
	static const char *const names[] = { "any", "when", "where", "who", "what", "count" };

	return names[a];
}

bool facts_is_loose(const struct understood *u, struct arena *arena)
{
	const char *topic = topic_words(u->question, u->terms, arena);
	char *question _cleanup_free_ = utf8_fold(u->question, strlen(u->question));
	char *words _cleanup_free_ = utf8_fold(topic, strlen(topic));

	return question && words && !strstr(question, words);
}

static void set_topic_words(struct turn *t, const struct understood *u)
{
	const char *topic = topic_words(u->question, u->terms, t->arena);

	facts_set_text(t->facts, "topic", topic, NAME_CHARS);
	if (facts_is_loose(u, t->arena))
		json_set_bool(t->facts, "loose", true);
}

/* The person who is meant by the words, however they were spelt; NULL: something else is. */
static const struct record *person_meant(const struct turn *t, const struct understood *u)
{
	const struct record *r = u->n_names ? u->names[0].record : NULL;
	char *name _cleanup_free_ =
		r && r->type == ENTITY_SPEAKER ? utf8_fold(r->name, strlen(r->name)) : NULL;
	const char *const *words = words_of(u->terms, t->arena);
	size_t n = 0;

	for (; name && words && words[n]; n++)
		if (!word_in(words[n], name))
			return NULL;
	return n ? r : NULL;
}

static void set_topic(struct turn *t, const struct understood *u)
{
	if (facts_is_loose(u, t->arena) && person_meant(t, u)) {
		facts_set_text(t->facts, "topic", person_meant(t, u)->name, NAME_CHARS);
		return;
	}
	set_topic_words(t, u);
}

static void set_understood(struct turn *t, const struct understood *u)
{
	struct json_object *entities = json_object_new_array();

	json_set_string(t->facts, "intent", intent_name(u->intent));
	json_set_string(t->facts, "asked", asked_name(u->asked));
	if (t->talks_of)
		facts_set_text(t->facts, "topic", t->talks_of, NAME_CHARS);
	else if (u->terms && u->terms[0] && !t->focus)
		set_topic(t, u);
	if (t->talks_of)
		json_set_bool(t->facts, "talks_of", true);
	for (enum entity e = 0; e < ENTITY_COUNT; e++)
		if (u->entities & ENTITY_BIT(e))
			json_object_array_add(entities, json_object_new_string(entity_name(e)));
	json_set(t->facts, "entities", entities);
	set_when(t, &u->when);
	set_filters(t, &u->filter);
	if (t->more)
		json_set_bool(t->facts, "more", true);
	if (t->besides)
		json_set_bool(t->facts, "besides", true);
}

/* --- The conference ------------------------------------------------------------------- */

static const char *phase(const struct turn *t, const struct conference *c)
{
	const char *today = facts_time(t, t->now_unix_s);

	if (c->start_date && strncmp(today, c->start_date, 10) < 0)
		return "before";
	if (c->end_date && strncmp(today, c->end_date, 10) > 0)
		return "after";
	return "during";
}

bool turn_is_during(const struct turn *t)
{
	return strcmp(phase(t, &catalog_snapshot(t->catalog)->conference), "during") == 0;
}

static void set_conference(struct turn *t)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const struct conference *c = &s->conference;
	struct json_object *o = json_object_new_object();

	facts_set_text(o, "name", c->name, NAME_CHARS);
	facts_set_text(o, "venue", c->venue, NAME_CHARS);
	facts_set_text(o, "city", c->city, NAME_CHARS);
	facts_set_text(o, "description", c->description, TEXT_CHARS);
	json_set_string(o, "timezone", zone_name(catalog_zone(t->catalog)));
	json_set_string(o, "start_date", c->start_date);
	json_set_string(o, "end_date", c->end_date);
	json_set_string(o, "website", c->website);
	json_set_int(o, "sessions", (int64_t)s->n[ENTITY_SESSION]);
	json_set_int(o, "exhibitors", (int64_t)s->n[ENTITY_EXHIBITOR]);
	json_set_int(o, "speakers", (int64_t)s->n[ENTITY_SPEAKER]);
	json_set_int(o, "info", (int64_t)c->n_info);
	json_set(t->facts, "conference", o);
	json_set_string(t->facts, "now", facts_time(t, t->now_unix_s));
	json_set_string(t->facts, "phase", phase(t, c));
}

/* --- What was found --------------------------------------------------------------------- */

static void set_results(struct turn *t, const struct found *found)
{
	struct json_object *results = json_object_new_array();
	struct json_object *totals = json_object_new_object();
	struct json_object *at_least = json_object_new_object();
	int64_t total = 0;

	/* First all results, so that handles count in their order. */
	for (size_t i = 0; i < found->n; i++)
		references_add(t->references, &found->results[i]);
	for (size_t i = 0; i < found->n; i++) {
		struct json_object *o = facts_record(t, &found->results[i], found->focus[i]);

		if (o)
			json_object_array_add(results, o);
	}
	for (enum entity e = 0; e < ENTITY_COUNT; e++) {
		json_set_int(totals, entity_name(e), (int64_t)found->totals[e]);
		if (found->at_least[e])
			json_set_bool(at_least, entity_name(e), true);
		total += (int64_t)found->totals[e];
	}
	json_set(t->facts, "results", results);
	json_set(t->facts, "totals", totals);
	json_set(t->facts, "at_least", at_least);
	json_set_int(t->facts, "total", total);
}

static void set_page_texts(struct json_object *page, struct json_object *passages)
{
	struct json_object *texts = json_object_new_array();

	for (size_t i = 0; passages && i < json_object_array_length(passages); i++) {
		struct text clean _cleanup_text_ = { 0 };

		text_init(&clean, 64 * 1024);
		quote_clean(&clean, json_object_get_string(json_object_array_get_idx(passages, i)),
			    PASSAGE_CHARS, true);
		json_object_array_add(texts, json_object_new_string(clean.data));
	}
	json_set(page, "passages", texts);
}

static bool has_digit(struct json_object *passages)
{
	for (size_t i = 0; passages && i < json_object_array_length(passages); i++)
		if (strpbrk(json_object_get_string(json_object_array_get_idx(passages, i)),
			    "0123456789"))
			return true;
	return false;
}

static struct json_object *page_facts(struct turn *t, const struct result *page)
{
	const char *handle = references_add(t->references, page);
	struct json_object *o = handle ? json_object_new_object() : NULL;

	if (!o)
		return NULL;
	json_set_string(o, "handle", handle);
	json_set_string(o, "type", "info");
	json_set_string(o, "key", page->info->key);
	facts_set_text(o, "title", page->info->title, NAME_CHARS);
	return o;
}

/* "When does the cloakroom close?", and the page has no number. */
static bool is_timeless(const struct turn *t, const struct found *found)
{
	return t->understood.asked == ASKED_WHEN && found->n_pages && !t->attribute &&
	       !has_digit(found->passages[0]);
}

/* The nearest page does not say what is asked. */
static bool is_far(const struct turn *t, const struct found *found)
{
	const struct understood *u = &t->understood;

	return u->intent == INTENT_GENERAL_INFO && found->n_pages && !found->n && !t->way &&
	       (u->info_fit == INFO_FAR_FROM_IT ||
		(u->info_fit == INFO_NEAR_IT && is_timeless(t, found)));
}

/* When something is asked that no page tells: a page that merely speaks of it is named, not quoted. */
static void set_info(struct turn *t, const struct found *found)
{
	struct json_object *info = json_object_new_array();
	bool timeless = is_timeless(t, found);
	bool says_it = t->understood.info_titled ||
		       (t->understood.info_parts && t->understood.info_fit == INFO_SAYS_IT);

	for (size_t i = 0; i < found->n_pages; i++) {
		struct json_object *page = page_facts(t, &found->pages[i]);

		if (!page)
			continue;
		set_page_texts(page, timeless && !says_it ? NULL : found->passages[i]);
		json_object_array_add(info, page);
	}
	json_set(t->facts, "info", info);
	if (timeless)
		json_set_bool(t->facts, "time_unknown", true);
	else if (t->understood.info_fit == INFO_NEAR_IT)
		json_set_bool(t->facts, "nearly", true);
}

/* Nothing was found of anything: the page that says whom to ask.  Not for "and the swimming pool?": that leans on an answer. */
static void set_help(struct turn *t, const struct found *found)
{
	const struct understood *u = &t->original;
	const struct result help = { .info = info_help_page(catalog_info(t->catalog)),
				     .score = 0.5f };

	if (help.info && u->entities == ENTITY_ALL && u->when.kind == WHEN_NONE &&
	    !filter_is_set(&u->filter) && !t->absent && !t->followed)
		json_set(t->facts, "help", page_facts(t, &help));
	if (is_far(t, found) && found->pages[0].info != help.info)
		json_set(t->facts, "closest", page_facts(t, &found->pages[0]));
}

/* And the page that tells most of ways. */
static void set_building(struct turn *t)
{
	const char *const *keys = t->understood.info_keys;
	const struct result page = {
		.info = keys && keys[0] ? conference_page(&catalog_snapshot(t->catalog)->conference,
							  keys[0])
					: NULL,
		.score = 0.5f,
	};

	json_set(t->facts, "building", whereabouts_building(t));
	if (page.info)
		json_set(t->facts, "closest", page_facts(t, &page));
}

static void add_text(struct json_object *facts, const char *key, const char *text)
{
	struct json_object *list = json_get_array(facts, key);
	struct text clean _cleanup_text_ = { 0 };

	text_init(&clean, 64 * 1024);
	quote_clean(&clean, text, TEXT_CHARS, true);
	if (!clean.len)
		return;
	if (!list) {
		list = json_object_new_array();
		json_set(facts, key, list);
	}
	json_object_array_add(list, json_object_new_string(clean.data));
}

static void set_tools(struct turn *t)
{
	for (size_t i = 0; i < t->n_calls; i++)
		if (t->calls[i]->text)
			add_text(t->facts, "tool_text", t->calls[i]->text);
	if (t->notes)
		add_text(t->facts, "notes", t->notes);
}

static void set_clarify(struct turn *t)
{
	struct json_object *o = json_object_new_object(), *choices = json_object_new_array();

	json_set_string(o, "about", t->clarify.about);
	for (size_t i = 0; i < ARRAY_SIZE(t->clarify.choices) && t->clarify.choices[i]; i++) {
		const struct result result = { .record = t->clarify.choices[i], .score = 0.5f };
		const char *handle = references_add(t->references, &result);

		if (handle)
			json_object_array_add(choices, json_object_new_string(handle));
	}
	json_set(o, "choices", choices);
	json_set(t->facts, "clarify", o);
}

/* A page that only shares a word with the question is no answer; how many is answered by a number. */
static bool page_answers(const struct turn *t, const struct found *found)
{
	const struct understood *u = &t->understood;

	if (u->asked == ASKED_COUNT_OF)
		return u->info_cover >= INFO_COVERS && has_digit(found->passages[0]);
	return (u->intent == INTENT_GENERAL_INFO && !t->doubtful) || u->info_cover >= INFO_COVERS;
}

/* "Is there a swimming pool?": sessions that speak of it are no yes. */
static bool is_facility(struct turn *t, const struct found *found, bool *named)
{
	const struct understood *u = &t->original;
	const char *const *words = words_of(u->terms, t->arena);
	bool price = t->attribute && strcmp(attribute_name(t->attribute), "price") == 0;
	char *name _cleanup_free_ = NULL;
	size_t n = 0, n_named = 0;
	bool all = true;

	*named = false;
	if ((!u->practical && !price) || u->entities != ENTITY_ALL || t->focus || !words ||
	    !words[0] || !found->n || u->when.kind != WHEN_NONE ||
	    (u->asked != ASKED_ANY && u->asked != ASKED_WHERE))
		return false;
	name = utf8_fold(found->results[0].record->name, strlen(found->results[0].record->name));
	for (size_t i = 0; name && words[i]; i++) {
		bool has = words_has(words[i], name);

		all &= has;
		n_named += has;
		n++;
	}
	*named = 2 * n_named >= n && n_named;
	return !all;
}

/* "Where can I charge my laptop?": a matter of the site; a talk on charging is no answer, whatever it is called. */
static bool is_of_the_site(const struct understood *u)
{
	return u->info_matter && u->practical && u->how_to;
}

static const char *kind_of(struct turn *t, const struct found *found)
{
	bool named;

	if (t->clarify.about)
		return "clarify";
	if (t->about_conference)
		return "conference";
	if (t->building)
		return "building";
	if (t->counted)
		return "counted";
	if (t->absent)
		return "none";
	if (t->understood.intent == INTENT_SMALLTALK)
		return "smalltalk";
	if (t->understood.intent == INTENT_OUT_OF_SCOPE)
		return "out_of_scope";
	if (is_far(t, found))
		return "none";
	if (found->n_pages && !found->n && !page_answers(t, found))
		return t->all_failed ? "unavailable" : "none";
	if (found->n_pages && !(found->n && t->attribute) &&
	    (!found->n || (found->results[0].score < INFO_BEATS &&
			   t->understood.entities == ENTITY_ALL && page_answers(t, found))))
		return "info";
	if (is_facility(t, found, &named) && (!named || is_of_the_site(&t->original)))
		return "none";
	if (found->n)
		return "entities";
	if (t->all_failed)
		return "unavailable";
	return "none";
}

/* The person who was asked for does not speak at that time: the sessions that follow are of other times. */
static void set_not_then(struct turn *t)
{
	if (!t->focus || t->focus->type != ENTITY_SPEAKER || t->only.kind == WHEN_NONE ||
	    facts_speaks_then(t, t->focus))
		return;
	set_when(t, &t->only);
	json_set_bool(t->facts, "not_then", true);
}

int facts_build(struct turn *t, struct fail *f)
{
	static const char *const beginners[] = { [BEGINNERS_FOUND] = "found",
						 [BEGINNERS_SOME] = "some",
						 [BEGINNERS_UNKNOWN] = "unknown" };
	struct found found;
	const char *kind;
	bool named;

	json_object_put(t->facts);
	t->facts = json_object_new_object();
	if (!t->facts)
		return FAIL(f, ASSISTANT_ENOMEM, "This turn has no memory left.");
	facts_collect(t, &found);
	kind = kind_of(t, &found);
	json_set_string(t->facts, "kind", kind);
	set_conference(t);
	if (strcmp(kind, "entities") == 0) {
		set_understood(t, &t->understood);
		set_relaxed(t);
		set_results(t, &found);
		set_not_then(t);
		json_set_string(t->facts, "beginners", beginners[found.for_beginners]);
		if (t->attribute && attribute_page(t->attribute)[0] && found.n_pages)
			set_info(t, &found);
	} else {
		/* Nothing was found even so: the answer speaks of what was asked at first. */
		set_understood(t, &t->original);
		t->answered = NULL;
	}
	if (strcmp(kind, "info") == 0)
		set_info(t, &found);
	if (strcmp(kind, "clarify") == 0)
		set_clarify(t);
	if (strcmp(kind, "entities") == 0 && is_facility(t, &found, &named))
		json_set_bool(t->facts, "facility", true);
	if (t->building)
		set_building(t);
	if (t->counted)
		json_set(t->facts, "counted", whereabouts_counted(t));
	if (t->no_place)
		json_set(t->facts, "no_place", whereabouts_near(t));
	if (t->lacking)
		json_set_string(t->facts, "lacking", t->lacking);
	if (t->place_unknown) {
		json_set_bool(t->facts, "place_unknown", true);
		json_set(t->facts, "room", whereabouts_room(t));
	}
	if (t->no_stand)
		json_set_bool(t->facts, "no_stand", true);
	if (t->angry)
		json_set_bool(t->facts, "angry", true);
	if (t->words_only && !t->n_parts)
		json_set_bool(t->facts, "words_only", true);
	if (strcmp(kind, "none") == 0)
		set_help(t, &found);
	set_tools(t);
	return 0;
}
