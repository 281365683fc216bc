/*
 * search.c - one search.
 *
 *	start --> list ---------------------------------+
 *	  |   \-> words --> (meaning there) --> near ----+--> rank --> done
 *	  |          ^                                         |
 *	  |          +---- give one thing up ------------------+	time, level, language, type, track, place, day
 *	  |                                                    \--> list: of the room or the hours, at last
 *	  +--> meaning.c: embed, average	side by side with the words; not when the request brings it along
 */
#include "search/search.h"

#include <string.h>
#include "search/gazetteer.h"
#include "search/search_rank.h"

#define DEFAULT_LIMIT 10
#define MAX_LIMIT     200
#define LEXICAL_LIMIT 120
/* Beyond the results wanted.  More changes no ranking (docs/retrieval.md) and costs an index that is asked over HTTP much. */
#define NEAR_LIMIT 140
#define NEAR_ALL   1000
#define LIST_LIMIT RANK_MAX
#define LAST_LIMIT 5000 /* the last of a list: all of it is looked at */

static flow_step search_start, search_ask, search_meet, search_near, search_rank;

const char *result_kind_name(enum result_kind k)
{
	static const char *const names[] = { [RESULT_ENTITIES] = "entities",
					     [RESULT_INFO] = "info",
					     [RESULT_NONE] = "none",
					     [RESULT_CLARIFY] = "clarify" };

	return names[k];
}

int scoring_from(const char *name, enum scoring *out)
{
	static const char *const names[] = { [SCORING_FULL] = "full",
					     [SCORING_LEXICAL] = "lexical",
					     [SCORING_REFERENCE] = "reference" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*out = (enum scoring)i;
		return 0;
	}
	return ASSISTANT_EINVAL;
}

static struct search *of(struct flow *f)
{
	return container_of(f, struct search, flow);
}

void search_begin(struct search *s, const struct search_request *rq, struct index *index,
		  struct arena *arena, struct loop *loop, struct flow *parent, flow_step *on_end)
{
	static const char *const none[] = { NULL };

	*s = (struct search){ .rq = *rq, .index = index, .arena = arena, .kind = RESULT_NONE };
	s->relaxed = none;
	if (s->rq.limit <= 0)
		s->rq.limit = DEFAULT_LIMIT;
	if (s->rq.limit > MAX_LIMIT)
		s->rq.limit = MAX_LIMIT;
	flow_begin(&s->flow, loop, parent, "search", FIRST(search_start), on_end);
}

void search_finish(struct search *s)
{
	for (size_t i = 0; i < s->n_results; i++)
		json_object_put(s->results[i].why);
	s->n_results = 0;
	json_object_put(TAKE_PTR(s->described));
}

/* --- start ------------------------------------------------------------------ */

static void give_pages(struct search *s)
{
	const struct conference *c = &catalog_snapshot(s->rq.catalog)->conference;
	const char *const *keys = s->rq.understood->info_keys;
	size_t n = 0;

	while (keys && keys[n])
		n++;
	s->results = arena_array(s->arena, struct result, n + 1);
	s->n_results = 0;
	for (size_t i = 0; s->results && i < n && s->n_results < (size_t)s->rq.limit; i++) {
		const struct info_page *page = conference_page(c, keys[i]);

		if (page)
			s->results[s->n_results++] =
				(struct result){ .info = page, .score = 0.9f / (float)(i + 1) };
	}
	s->total = s->n_results;
	s->kind = s->n_results ? RESULT_INFO : RESULT_NONE;
}

bool filter_is_set(const struct index_filter *f)
{
	return f->has_window || f->places || f->tracks || f->types || f->levels || f->languages ||
	       f->speaker_ids;
}

/* Speakers have neither time nor place: their sessions have.  What exhibitors do, talks tell. */
static unsigned entities_to_ask(const struct search *s)
{
	const unsigned session = ENTITY_BIT(ENTITY_SESSION);

	if (s->wanted == ENTITY_BIT(ENTITY_EXHIBITOR))
		return s->wanted |
		       (s->listing || s->filter.places || s->filter.tracks ? 0 : session);
	if (s->wanted != ENTITY_BIT(ENTITY_SPEAKER))
		return s->wanted;
	return filter_is_set(&s->filter) || s->rq.understood->when.kind != WHEN_NONE
		       ? session
		       : s->wanted | (s->listing ? 0 : session);
}

/* The sentence, where there is one: a search for words alone has only these. */
static void begin_meaning(struct search *s, struct flow *f)
{
	const struct understood *u = s->rq.understood;
	const char *text = s->rq.raw || s->rq.scoring == SCORING_REFERENCE ? u->question
			   : u->meaning && u->meaning[0]		   ? u->meaning
									   : u->terms;
	const struct snapshot *records = catalog_snapshot(s->rq.catalog);

	if (!s->rq.embedder || s->listing || s->rq.scoring == SCORING_LEXICAL)
		return;
	if (meaning_is_of(s->rq.meaning, text, records->epoch)) {
		s->meaning = s->rq.meaning;
		return;
	}
	s->meaning = &s->own;
	meaning_begin(&s->own, s->rq.embedder, s->index, records->conference.id, records->epoch,
		      text, false, s->arena, f);
}

static void search_start(struct flow *f)
{
	struct search *s = of(f);
	const struct understood *u = s->rq.understood;

	s->wanted = s->rq.entities ? s->rq.entities : s->rq.raw ? ENTITY_ALL : u->entities;
	s->described = query_describe(s->rq.catalog, u);
	if (s->rq.raw) {
		s->filter = (struct index_filter){ .entities = s->wanted };
	} else if (u->intent == INTENT_GENERAL_INFO && !s->rq.entities) {
		give_pages(s);
		flow_done(f);
		return;
	} else if (u->intent == INTENT_CLARIFICATION && !s->rq.entities) {
		s->kind = RESULT_CLARIFY;
		flow_done(f);
		return;
	} else if (u->intent == INTENT_SMALLTALK || u->intent == INTENT_OUT_OF_SCOPE) {
		flow_done(f);
		return;
	} else {
		s->filter = u->filter;
		/* what begins at this moment runs: it is not what comes next */
		s->filter.from += u->when.kind == WHEN_NEXT && s->filter.from == s->rq.now_unix_s;
	}
	s->lexical.text = s->rq.raw ? u->question : u->terms;
	s->listing = !s->lexical.text || !s->lexical.text[0];
	score_terms_read(&s->terms, gazetteer_vocabulary(catalog_gazetteer(s->rq.catalog)),
			 s->listing ? "" : s->lexical.text);
	begin_meaning(s, f);
	search_ask(f);
}

/* --- ask ---------------------------------------------------------------------- */

static void search_ask(struct flow *f)
{
	struct search *s = of(f);
	const struct when *w = &s->rq.understood->when;
	const char *conference = catalog_snapshot(s->rq.catalog)->conference.id;

	s->filter.entities = entities_to_ask(s);
	s->filter.epoch = catalog_snapshot(s->rq.catalog)->epoch;
	s->hits = (struct index_hits){ .n = 0 };
	s->near = (struct dense_hits){ .n = 0 };
	if (s->listing) {
		s->index->ops->list(s->index, conference, &s->filter,
				    w->kind == WHEN_LAST ? LAST_LIMIT : LIST_LIMIT, 0, s->arena,
				    &s->hits, THEN(f, search_rank));
		return;
	}
	s->lexical.typos = true;
	s->lexical.fields = s->rq.why;
	s->lexical.filter = s->filter;
	s->lexical.limit = LEXICAL_LIMIT;
	s->index->ops->lexical(s->index, conference, &s->lexical, s->arena, &s->hits,
			       THEN(f, search_meet));
}

static void search_meet(struct flow *f)
{
	if (of(f)->meaning)
		flow_join(THEN(f, search_near)); /* in rounds to come it has ended */
	else
		search_rank(f);
}

static int near_limit(const struct search *s)
{
	return s->rq.scoring == SCORING_REFERENCE ? NEAR_ALL : s->rq.limit + NEAR_LIMIT;
}

static void search_near(struct flow *f)
{
	struct search *s = of(f);
	struct dense_query q = { .vector = s->meaning->vector,
				 .space = s->meaning->space,
				 .facets = s->rq.scoring != SCORING_REFERENCE &&
							   s->rq.understood->specificity == SPECIFIC
						   ? FACET_BIT(FACET_MASTER)
						   : 0,
				 .filter = s->filter,
				 .limit = near_limit(s) };

	s->degraded = s->meaning->failed;
	if (!s->meaning->ready) {
		search_rank(f);
		return;
	}
	s->index->ops->dense(s->index, catalog_snapshot(s->rq.catalog)->conference.id, &q, s->arena,
			     &s->near, THEN_ANYWAY(f, search_rank));
}

/* --- giving up ------------------------------------------------------------------ */

/* Part of a day becomes the whole day. */
static bool widen_to_day(const struct search *s, struct index_filter *f)
{
	const struct zone *z = catalog_zone(s->rq.catalog);
	int64_t from, to;

	if (!f->has_window || f->from == TIME_UNKNOWN || f->to == TIME_UNKNOWN || f->to <= f->from)
		return false;
	from = zone_day_start(z, f->from, 0);
	to = zone_day_start(z, f->from, 1);
	if (f->from <= from && f->to >= to)
		return false;
	f->from = from;
	f->to = f->to > to ? zone_day_start(z, f->to - 1, 1) : to;
	f->overlap = false;
	f->n_windows = 0;
	return true;
}

static bool drop_list(const char *const **list)
{
	bool had = *list && (*list)[0];

	*list = NULL;
	return had;
}

/* Takes one constraint out of f; false: it has none of that kind. */
static bool give_up(const struct search *s, unsigned what, struct index_filter *f)
{
	const struct when *w = &s->rq.understood->when;
	bool window = f->has_window;

	switch (what) {
	case GIVE_NOW:
		if (w->kind != WHEN_NOW && w->kind != WHEN_ENDING)
			return false;
		f->from = s->rq.now_unix_s;
		f->to = TIME_UNKNOWN;
		f->overlap = false;
		f->n_windows = 0;
		return true;
	case GIVE_TIME:
		return w->kind != WHEN_NOW && w->kind != WHEN_ENDING && widen_to_day(s, f);
	case GIVE_LEVEL:
		return drop_list(&f->levels);
	case GIVE_LANGUAGE:
		return drop_list(&f->languages);
	case GIVE_TYPE:
		return drop_list(&f->types);
	case GIVE_TRACK:
		return drop_list(&f->tracks);
	case GIVE_PLACE:
		return drop_list(&f->places);
	default: /* the day: only for something searched for; a day's programme is that day's */
		f->has_window = false;
		f->n_windows = 0;
		return window && (!s->listing || f->places || f->tracks || f->types || f->levels ||
				  f->languages);
	}
}

/* Constraints one by one, then the day together with the rest; false: nothing is left to give up. */
static bool relax(struct search *s)
{
	/* What is missed least goes first.  A list of tours is one of tours, on whatever day. */
	static const unsigned by_words[] = { GIVE_NOW,	GIVE_TIME,  GIVE_LEVEL, GIVE_LANGUAGE,
					     GIVE_TYPE, GIVE_TRACK, GIVE_PLACE, GIVE_DAY };
	static const unsigned in_lists[] = { GIVE_NOW,	 GIVE_TIME,	GIVE_DAY,   GIVE_PLACE,
					     GIVE_LEVEL, GIVE_LANGUAGE, GIVE_TRACK, GIVE_TYPE };
	const struct understood *u = s->rq.understood;
	struct index_filter f;

	if (s->rq.no_relax || s->rq.raw || u->when.outside || s->given_up & GIVE_WORDS)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(by_words); i++) {
		unsigned what = (s->listing ? in_lists : by_words)[i];

		if (s->tried & what)
			continue;
		s->tried |= what;
		f = u->filter;
		if (!give_up(s, what, &f))
			continue;
		s->filter = f;
		s->given_up = what;
		return true;
	}
	if (s->listing || s->tried & GIVE_KIND)
		return false;
	s->tried |= GIVE_KIND; /* all at once, last */
	f = u->filter;
	s->given_up = 0;
	for (unsigned what = GIVE_LEVEL; what <= GIVE_DAY; what <<= 1)
		s->given_up |= give_up(s, what, &f) ? what : 0;
	if (s->given_up & (s->given_up - 1)) { /* one alone was tried */
		s->filter = f;
		return true;
	}
	if (s->rq.entities || s->wanted == ENTITY_ALL)
		return false;
	s->given_up = GIVE_KIND;
	s->filter = u->filter;
	s->wanted = ENTITY_ALL;
	return true;
}

/* At last, all that was said of time and place holds again, and the words go. */
static bool list_instead(struct search *s)
{
	if (s->listing || s->rq.no_relax || s->rq.raw || !query_may_list(s->rq.understood))
		return false;
	s->filter = s->rq.understood->filter;
	s->wanted = s->rq.entities ? s->rq.entities : s->rq.understood->entities;
	s->given_up = GIVE_WORDS;
	s->listing = true;
	s->lexical.text = "";
	return true;
}

static void say_given_up(struct search *s)
{
	static const char *const words[] = { "now",	 "the time",  "the level", "the language",
					     "the type", "the track", "the place", "the day",
					     "the kind", "the words" };
	const char **said;
	size_t n = 0;

	if (!s->given_up)
		return;
	said = arena_array(s->arena, const char *, ARRAY_SIZE(words) + 1);
	for (unsigned i = 0; said && i < ARRAY_SIZE(words); i++) {
		if (s->given_up & 1u << i)
			said[n++] = words[i];
	}
	s->relaxed = said;
}

/* --- rank --------------------------------------------------------------------------- */

static void search_rank(struct flow *f)
{
	struct search *s = of(f);
	_cleanup_(rank_drop) struct ranking r = { 0 };

	s->degraded |= f->status < 0; /* of the nearest; the words are here */
	if (!rank_begin(&r, s)) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "This search has no memory left."));
		return;
	}
	if (s->rq.scoring == SCORING_REFERENCE && !s->listing) {
		rank_add_reference(&r);
	} else {
		rank_add_hits(&r);
		rank_add_near(&r);
		if (!s->rq.raw)
			rank_add_names(&r);
		rank_narrow(&r);
		rank_add_speakers(&r);
		rank_add_exhibitors(&r);
		rank_add_tiers(&r);
		rank_add_affiliates(&r);
	}
	rank_order(&r);
	if ((!r.n || !r.relevant) && (relax(s) || list_instead(s))) {
		search_ask(f);
		return;
	}
	if (r.n && (r.relevant || s->rq.raw)) {
		rank_finish(&r, s);
		s->kind = RESULT_ENTITIES;
		say_given_up(s);
	} else if (s->wanted == ENTITY_ALL && !s->rq.entities &&
		   s->rq.understood->info_cover >= 0.6f) {
		give_pages(s);
	}
	flow_done(f);
}
