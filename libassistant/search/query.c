/*
 * query.c - from a question to what is understood of it; the reading's steps in order, and its description.
 */
#include "search/query.h"

#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "search/language.h"
#include "search/query_read.h"

const char *intent_name(enum intent i)
{
	static const char *const names[] = {
		[INTENT_SESSION_SEARCH] = "session_search",
		[INTENT_EXHIBITOR_SEARCH] = "exhibitor_search",
		[INTENT_SPEAKER_SEARCH] = "speaker_search",
		[INTENT_GENERAL_INFO] = "general_info",
		[INTENT_RECOMMENDATION] = "recommendation",
		[INTENT_CLARIFICATION] = "clarification",
		[INTENT_SMALLTALK] = "smalltalk",
		[INTENT_OUT_OF_SCOPE] = "out_of_scope",
	};

	return names[i];
}

static const char *spaced_words(const struct reading *r)
{
	_cleanup_text_ struct text out = { 0 };
	const char *copy;

	text_init(&out, strlen(r->folded) * 2 + 16);
	text_append_char(&out, ' ');
	for (size_t i = 0; i < r->n; i++)
		text_printf(&out, "%s ", r->words[i].text);
	copy = out.failed ? NULL : arena_strdup(r->arena, out.data);
	return copy ? copy : " ";
}

/* "After Maps in your pocket" is a time: it does not ask about that talk. */
static void drop_bounds(struct reading *r)
{
	struct understood *u = r->out;
	size_t n = 0;

	for (size_t i = 0; i < u->n_names; i++) {
		bool bound = false;

		for (size_t k = 0; k < u->when.n_names; k++)
			bound |= u->names[i].from < u->when.names[k].to &&
				 u->names[i].to > u->when.names[k].from;
		if (!bound)
			u->names[n++] = u->names[i];
	}
	u->n_names = n;
}

#define HOURS (3 * 3600) /* more of a programme than these is no list that one reads */

/* "What is on between 11:10 and 11:30?" is of what runs then, not only of what begins; "what starts" is of that alone. */
static void take_what_runs(struct reading *r)
{
	static const char *const starts =
		"start|starts|starting|started|begin|begins|beginning|begun|began|kicks off|"
		"beginnt|beginnen|fangt an|fangen an|startet|starten|commence|commencent|"
		"demarre|demarrent|debute|empieza|empiezan|comienza|comienzan";
	struct when *w = &r->out->when;

	if (w->kind == WHEN_WINDOW && !w->n_windows && !w->part && w->from != TIME_UNKNOWN &&
	    w->to != TIME_UNKNOWN && w->to - w->from <= HOURS && !reading_has(r, starts))
		w->overlap = true;
}

#define LEAST_OF_A_TITLE 12 /* bytes: shorter ones are words that one uses anyway ("After dark") */

/* Where the whole title stands in the question; false: it does not. */
static bool find_title(const struct reading *r, const struct record *session, size_t *from,
		       size_t *to)
{
	_cleanup_free_ char *title = utf8_fold(session->name, strlen(session->name));
	size_t n = title ? strlen(title) : 0;
	const char *at;

	while (n && strchr(" ?!.", title[n - 1]))
		title[--n] = '\0';
	at = n >= LEAST_OF_A_TITLE ? strstr(r->folded, title) : NULL;
	if (!at)
		return false;
	*from = (size_t)(at - r->folded);
	*to = *from + n;
	return true;
}

/* "When is From Vibrant to Silent?": the name is all of it, "from" begins no time. */
static bool is_within_a_title(const struct reading *r)
{
	const struct when *w = &r->out->when;
	size_t from, to;

	for (size_t k = 0; w->n_spans && k < r->n_matches; k++) {
		const struct name_match *m = &r->matches[k];
		bool within = m->kind == NAME_RECORD && m->record->type == ENTITY_SESSION &&
			      find_title(r, m->record, &from, &to);

		for (size_t i = 0; within && i < w->n_spans; i++)
			within = w->spans[i].from >= from && w->spans[i].to <= to;
		if (within)
			return true;
	}
	return false;
}

void read_time(struct reading *r, int64_t now_unix_s)
{
	struct understood *u = r->out;
	size_t first, last;

	when_parse_named(r->c, r->folded, r->matches, r->n_matches, now_unix_s, r->arena, &u->when);
	if (is_within_a_title(r))
		u->when = (struct when){ .from = TIME_UNKNOWN, .to = TIME_UNKNOWN };
	for (size_t i = 0; i < u->when.n_spans; i++) {
		if (!reading_words_at(r, u->when.spans[i].from, u->when.spans[i].to, &first, &last))
			continue;
		for (size_t k = first; k <= last; k++)
			r->used[k] = true;
	}
	drop_bounds(r);
	take_what_runs(r);
	if (u->when.kind == WHEN_NONE || u->when.unclear)
		return;
	u->filter.has_window = u->when.from != TIME_UNKNOWN || u->when.to != TIME_UNKNOWN;
	u->filter.from = u->when.from;
	u->filter.to = u->when.to;
	u->filter.overlap = u->when.overlap;
	u->filter.windows = u->when.windows;
	u->filter.n_windows = u->when.n_windows;
}

/* "FOSDEM" in a question to FOSDEM says nothing. */
static void skip_conference(struct reading *r)
{
	const struct conference *c = &catalog_snapshot(r->c)->conference;
	_cleanup_free_ char *folded = c->name ? utf8_fold(c->name, strlen(c->name)) : NULL;
	size_t n = 0;
	struct word *words = folded ? words_split(folded, r->arena, 16, &n) : NULL;

	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = 0; words && k < n; k++) {
			bool number = words[k].text[0] >= '0' && words[k].text[0] <= '9';

			if (!number && strlen(words[k].text) > 3 &&
			    strcmp(words[k].text, r->words[i].text) == 0)
				r->used[i] = true;
		}
	}
}

static bool read_words(struct reading *r)
{
	r->words = words_split(r->folded, r->arena, WORDS_MAX, &r->n);
	r->used = arena_array(r->arena, bool, WORDS_MAX + 1);
	r->negated = arena_array(r->arena, bool, WORDS_MAX + 1);
	r->filtered = arena_array(r->arena, bool, WORDS_MAX + 1);
	if (!r->words || !r->used || !r->negated || !r->filtered)
		return false;
	words_mark_stops(r->words, r->n, r->out->language);
	r->capitals = words_capitals(r->words, r->n, r->question);
	r->spaced = spaced_words(r);
	return true;
}

void query_understand(const struct catalog *c, const char *question, int64_t now_unix_s,
		      struct arena *arena, struct understood *out)
{
	static const char *const no_keys[] = { NULL };
	_cleanup_free_ char *folded = utf8_fold(question, strlen(question));
	struct reading r = { .c = c, .arena = arena, .out = out };

	*out = (struct understood){
		.intent = INTENT_CLARIFICATION,
		.entities = ENTITY_ALL,
		.language = "en",
		.terms = "",
		.meaning = "",
		.info_keys = no_keys,
		.clarify = "What would you like to know about the conference: a session, a "
			   "speaker, an exhibitor?",
		.when = { .from = TIME_UNKNOWN, .to = TIME_UNKNOWN },
	};
	out->question = r.question = arena_strdup(arena, question);
	r.folded = folded ? arena_strdup(arena, folded) : NULL;
	if (!r.question || !r.folded)
		return;
	snprintf(out->language, sizeof out->language, "%s", language_of(r.folded));
	if (!read_words(&r))
		return;
	out->clarify = NULL;
	read_names(&r);
	read_time(&r, now_unix_s);
	skip_conference(&r);
	read_filters(&r);
	read_cues(&r);
	read_intent(&r);
	out->filter.entities = out->entities;
}

/* --- description ------------------------------------------------------------ */

static struct json_object *list_json(const char *const *list)
{
	struct json_object *out = json_object_new_array();

	for (size_t i = 0; list && list[i]; i++)
		json_object_array_add(out, json_object_new_string(list[i]));
	return out;
}

static struct json_object *entities_json(unsigned entities)
{
	struct json_object *out = json_object_new_array();

	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		if (entities & ENTITY_BIT(e))
			json_object_array_add(
				out, json_object_new_string(entity_plural((enum entity)e)));
	}
	return out;
}

static void set_moment(struct json_object *out, const char *key, const struct zone *z, int64_t at)
{
	struct civil c;
	char text[40];

	if (at == TIME_UNKNOWN)
		return;
	zone_civil(z, at, &c);
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month,
		 c.day, c.hour, c.minute, c.second, c.offset_s < 0 ? '-' : '+',
		 (c.offset_s < 0 ? -c.offset_s : c.offset_s) / 3600,
		 (c.offset_s < 0 ? -c.offset_s : c.offset_s) / 60 % 60);
	json_set_string(out, key, text);
}

static struct json_object *windows_json(const struct catalog *c, const struct when *w)
{
	struct json_object *out = json_object_new_array();

	for (size_t i = 0; i < w->n_windows; i++) {
		struct json_object *window = json_object_new_object();

		set_moment(window, "from", catalog_zone(c), w->windows[i].from);
		set_moment(window, "to", catalog_zone(c), w->windows[i].to);
		json_object_array_add(out, window);
	}
	return out;
}

static struct json_object *when_json(const struct catalog *c, const struct when *w)
{
	static const char *const kinds[] = { "none",  "now",  "next",  "window",
					     "first", "last", "ending" };
	struct json_object *out;

	if (w->kind == WHEN_NONE && !w->unclear)
		return NULL;
	out = json_object_new_object();
	json_set_string(out, "kind", kinds[w->kind]);
	json_set_string(out, "said", w->said);
	json_set_string(out, "meant", w->meant);
	set_moment(out, "from", catalog_zone(c), w->from);
	set_moment(out, "to", catalog_zone(c), w->to);
	if (w->count)
		json_set_int(out, "count", w->count);
	if (w->n_windows)
		json_set(out, "windows", windows_json(c, w));
	if (w->outside)
		json_set_bool(out, "outside", true);
	if (w->unclear)
		json_set_bool(out, "unclear", true);
	return out;
}

static struct json_object *filters_json(const struct index_filter *f)
{
	struct json_object *out = json_object_new_object();
	const struct {
		const char *name;
		const char *const *list;
	} lists[] = {
		{ "places", f->places },       { "tracks", f->tracks },
		{ "types", f->types },	       { "levels", f->levels },
		{ "languages", f->languages }, { "speakers", f->speaker_ids },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (lists[i].list && lists[i].list[0])
			json_set(out, lists[i].name, list_json(lists[i].list));
	}
	return out;
}

static struct json_object *names_json(const struct understood *u)
{
	struct json_object *out = json_object_new_array();

	for (size_t i = 0; i < u->n_names && i < 8; i++) {
		const struct record *r = u->names[i].record;
		struct json_object *name = json_object_new_object();

		json_set_string(name, "type", entity_name(r->type));
		json_set_string(name, "id", r->id);
		json_set_string(name, "name", r->name);
		json_set_score(name, "similarity", u->names[i].similarity);
		json_object_array_add(out, name);
	}
	return out;
}

bool query_may_list(const struct understood *u)
{
	const struct index_filter *f = &u->filter;
	bool hours = f->has_window && f->from != TIME_UNKNOWN && f->to != TIME_UNKNOWN &&
		     f->to - f->from <= HOURS;
	bool records = u->intent <= INTENT_SPEAKER_SEARCH || u->intent == INTENT_RECOMMENDATION;

	return records && !u->when.outside && !u->n_names && (u->kind_said || !u->practical) &&
	       ((f->places && f->places[0]) || (f->tracks && f->tracks[0]) ||
		(f->types && f->types[0]) || hours);
}

struct json_object *query_describe(const struct catalog *c, const struct understood *u)
{
	struct json_object *out = json_object_new_object(), *when = when_json(c, &u->when);
	static const char *const specificities[] = { "specific", "vague", "both" };
	static const char *const asked[] = { "any", "when", "where", "who", "what", "count" };

	json_set_string(out, "intent", intent_name(u->intent));
	json_set_string(out, "specificity", specificities[u->specificity]);
	json_set_string(out, "asked", asked[u->asked]);
	json_set_string(out, "language", u->language);
	json_set(out, "entities", entities_json(u->entities));
	json_set_string(out, "terms", u->terms);
	if (when)
		json_set(out, "when", when);
	json_set(out, "filters", filters_json(&u->filter));
	json_set(out, "names", names_json(u));
	if (u->intent == INTENT_GENERAL_INFO)
		json_set(out, "info_keys", list_json(u->info_keys));
	if (u->follow_up)
		json_set_bool(out, "follow_up", true);
	json_set_string(out, "clarify", u->clarify);
	return out;
}
