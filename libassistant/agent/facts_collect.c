/*
 * facts_collect.c - of everything the calls found, what the answer is about.
 *
 * A question that names a record is about that record; one that asks for something specific is
 * about the best match; everything else gets a list.
 */
#include "agent/facts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "agent/nodes.h"
#include "agent/topic.h"
#include "base/utf8.h"
#include "llm/quote.h"
#include "tools/builtin.h"

#define SAME_NAME	       0.97f
#define MAX_FOCUS	       3
#define SPECIFIC_ENOUGH	       0.3f
#define ALSO_OF_BEST	       0.8f
#define MAX_ALSO	       2
#define SHOWN_OF_A_TOPIC       6
#define SHOWN_OF_MIXED	       4
#define TAIL_OF_BEST	       0.5f
#define TAIL_OF_BEST_OF_A_NEED 0.7f
#define MANY_WORDS	       3 /* of a topic */
#define KIND_OF_BEST	       0.6f
#define SHARE_OF_OVER	       0.8f
#define ENOUGH_FOR_BEGINNERS   3

struct pool {
	struct result *results;
	size_t n, cap;
};

static void add(struct turn *t, struct pool *p, const struct result *r)
{
	void *grown;

	for (size_t i = 0; i < p->n; i++)
		if (p->results[i].record == r->record)
			return;
	grown = arena_grow(t->arena, p->results, p->n, &p->cap, sizeof(*p->results));
	if (!grown)
		return;
	p->results = grown;
	p->results[p->n] = *r;
	/* Ranks may be told apart by more than 1; what leaves is 0..1. */
	if (p->results[p->n].score > 1)
		p->results[p->n].score = 1;
	p->n++;
}

static void add_page(struct found *out, const struct result *r, struct json_object *passages)
{
	for (size_t i = 0; i < out->n_pages; i++)
		if (out->pages[i].info == r->info)
			return;
	if (out->n_pages == ARRAY_SIZE(out->pages))
		return;
	out->passages[out->n_pages] = passages;
	out->pages[out->n_pages++] = *r;
}

/* Does another of that name say where it is, and this one not? */
static bool is_shadow(const struct pool *p, const struct record *r)
{
	for (size_t i = 0; !r->booth && i < p->n; i++) {
		const struct record *other = p->results[i].record;

		if (other != r && other->type == r->type && other->booth &&
		    strcasecmp(other->name, r->name) == 0)
			return true;
	}
	return false;
}

/* A sponsor that also has a stand is one exhibitor to a visitor. */
static void drop_shadows(struct pool *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->results[i].record->type != ENTITY_EXHIBITOR ||
		    !is_shadow(p, p->results[i].record))
			p->results[n++] = p->results[i];
	p->n = n;
}

/* Calls that listed everything know how much there is; a search by words knows what it found. */
static void count(const struct turn *t, const struct tool_call *call, struct found *out)
{
	bool listed = !t->understood.terms[0] && !tool_is_own(call->tool);

	for (size_t i = 0; i < call->n_results; i++) {
		const struct record *r = call->results[i].record;

		if (!r)
			continue;
		if (listed) {
			out->totals[r->type] = call->total;
			return;
		}
		out->totals[r->type]++;
		out->at_least[r->type] |= (int64_t)call->n_results >=
					  json_get_int(call->arguments, "limit", INT64_MAX);
	}
}

static void gather(struct turn *t, struct pool *pool, struct found *out)
{
	for (size_t i = 0; i < t->n_calls; i++) {
		struct tool_call *call = t->calls[i];
		struct json_object *passages = json_get_object(call->extra, "passages");

		if (call->flow.status < 0)
			continue;
		for (size_t k = 0; k < call->n_results; k++) {
			const struct result *r = &call->results[k];

			if (r->info)
				add_page(out, r, json_get_array(passages, r->info->key));
			else if (r->record)
				add(t, pool, r);
		}
		count(t, call, out);
	}
}

static int by_score(const void *a, const void *b)
{
	float x = ((const struct result *)a)->score, y = ((const struct result *)b)->score;

	return x < y ? 1 : x > y ? -1 : 0;
}

static int by_start(const void *a, const void *b)
{
	const struct record *x = ((const struct result *)a)->record;
	const struct record *y = ((const struct result *)b)->record;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->start != y->start) /* unknown is the smallest: last */
		return x->start == TIME_UNKNOWN	  ? 1
		       : y->start == TIME_UNKNOWN ? -1
		       : x->start < y->start	  ? -1
						  : 1;
	return strcmp(x->name, y->name);
}

/* Stable: qsort is not. */
static void sort(struct result *results, size_t n, int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < n; i++) {
		struct result moving = results[i];
		size_t at = i;

		for (; at > 0 && compare(&results[at - 1], &moving) > 0; at--)
			results[at] = results[at - 1];
		results[at] = moving;
	}
}

static bool is_named(const struct turn *t, const struct record *r)
{
	const struct understood *u = &t->understood;

	for (size_t i = 0; i < u->n_names; i++) {
		const struct name_match *m = &u->names[i];

		if (m->kind == NAME_RECORD && m->record == r && m->similarity >= SAME_NAME &&
		    m->similarity >= u->names[0].similarity - 0.01f &&
		    (m->n_words >= u->names[0].n_words || m->from >= u->names[0].to ||
		     m->to <= u->names[0].from))
			return true; /* as fully, or beside it: "A and B" */
	}
	return false;
}

static void take(struct found *out, const struct result *r, bool focus)
{
	if (out->n == FACTS_MAX_RESULTS)
		return;
	out->focus[out->n] = focus;
	out->results[out->n++] = *r;
}

/* Records that the question names, wherever they rank. */
static void take_named(const struct turn *t, const struct pool *pool, struct found *out)
{
	size_t n = 0;

	for (size_t i = 0; i < pool->n && n < MAX_FOCUS; i++) {
		if (!is_named(t, pool->results[i].record))
			continue;
		take(out, &pool->results[i], true);
		n++;
	}
}

/* The name is what is asked for, not what it is about ("who speaks about PostgreSQL?"). */
static bool name_is_asked_for(const struct understood *u)
{
	return u->n_names && u->names[0].record &&
	       (u->entities & ENTITY_BIT(u->names[0].record->type));
}

/* "How do I ...?", "I want to ...": whatever helps, not the one session that is spoken of. */
static bool tells_a_wish(const struct turn *t)
{
	static const char *const openings[] = { "how do i ",	"how do we ",	 "how can i ",
						"how can we ",	"how to ",	 "i want ",
						"we want ",	"i would like ", "i need ",
						"we need ",	"wie kann ich ", "ich mochte ",
						"ich will ",	"comment puis",	 "je veux ",
						"je voudrais ", "como puedo ",	 "quiero " };
	char *folded _cleanup_free_ =
		utf8_fold(t->understood.question, strlen(t->understood.question));

	for (size_t i = 0; folded && i < ARRAY_SIZE(openings); i++)
		if (strncmp(folded, openings[i], strlen(openings[i])) == 0)
			return true;
	return false;
}

static bool wants_one(const struct turn *t)
{
	const struct understood *u = &t->understood;
	bool named = name_is_asked_for(u) && u->names[0].similarity >= SAME_NAME &&
		     u->names[0].n_words > 1;

	if ((u->n_names && !name_is_asked_for(u)) || (!u->n_names && (u->need || tells_a_wish(t))))
		return false;
	return (u->specificity == SPECIFIC || (u->specificity == BOTH && named)) &&
	       u->asked != ASKED_COUNT_OF &&
	       (u->when.kind == WHEN_NONE || u->when.kind == WHEN_WINDOW) && u->terms[0];
}

static void take_best(const struct pool *pool, struct found *out)
{
	float best = pool->results[0].score;

	take(out, &pool->results[0], true);
	for (size_t i = 1; i < pool->n && i <= MAX_ALSO; i++)
		if (pool->results[i].score >= ALSO_OF_BEST * best)
			take(out, &pool->results[i], false);
}

/* The first or last of them all, and what begins with it. */
static void keep_edge(struct pool *pool, bool first)
{
	size_t n = 0;

	sort(pool->results, pool->n, by_start);
	for (size_t i = 0; i < pool->n; i++) {
		size_t at = first ? 0 : pool->n - 1;

		if (pool->results[i].record->start == pool->results[at].record->start)
			n++;
	}
	if (!first)
		memmove(pool->results, pool->results + pool->n - n, n * sizeof(*pool->results));
	pool->n = n;
}

/* A name of a thing is found or not; what a sentence tells of is near or far, and what is far helps nobody. */
static float tail_of_best(const struct turn *t)
{
	const struct understood *u = &t->understood;
	const char *const *words = words_of(u->terms, t->arena);
	size_t n = 0;

	while (words && words[n])
		n++;
	return !u->n_names && (n >= MANY_WORDS || u->need || tells_a_wish(t) ||
			       facts_is_loose(u, t->arena))
		       ? TAIL_OF_BEST_OF_A_NEED
		       : TAIL_OF_BEST;
}

/* Do most words of the topic stand in what is said of somebody? */
static bool says_most(struct turn *t, const struct record *r)
{
	const char *const *words = words_of(t->understood.terms, t->arena);
	const char *all = arena_printf(t->arena, "%s %s %s %s", r->name, r->title ? r->title : "",
				       r->company ? r->company : "",
				       r->description ? arena_strndup(t->arena, r->description,
								      quote_honest(r->description))
						      : "");
	char *folded _cleanup_free_ = utf8_fold(all, strlen(all));
	size_t n = 0;

	while (words && words[n])
		n++;
	return folded && n && 2 * words_in(words, folded) >= n;
}

/*
 * What is far behind the best match only looks like an answer.  When no kind of record was asked
 * for, people are left out: they are named with their sessions, or are told of by a stray word.
 */
static void trim(struct turn *t, struct pool *pool, struct found *out)
{
	bool any_kind = t->understood.entities == ENTITY_ALL && !t->understood.n_names;
	float best[ENTITY_COUNT] = { 0 }, most = 0, tail = tail_of_best(t);
	size_t n = 0;

	for (size_t i = 0; i < pool->n; i++) {
		const struct result *r = &pool->results[i];

		if (r->score > best[r->record->type])
			best[r->record->type] = r->score;
		if (r->score > most)
			most = r->score;
	}
	memset(out->totals, 0, sizeof(out->totals));
	for (size_t i = 0; i < pool->n; i++) {
		const struct result *r = &pool->results[i];
		enum entity e = r->record->type;
		bool others = best[ENTITY_SESSION] > 0 || best[ENTITY_EXHIBITOR] > 0;

		if (r->score < tail * best[e] || (any_kind && best[e] < KIND_OF_BEST * most) ||
		    (any_kind && e == ENTITY_SPEAKER && (others || !says_most(t, r->record))) ||
		    (any_kind && best[ENTITY_SESSION] > 0 && e != ENTITY_SESSION &&
		     t->understood.asked == ASKED_WHEN))
			continue;
		out->totals[e]++;
		pool->results[n++] = *r;
	}
	/* Less than was asked for was found: that is all there is. */
	if (n < pool->n)
		memset(out->at_least, 0, sizeof(out->at_least));
	pool->n = n;
}

/* The only one found: it, rather than a list of one. */
static bool wants_it_in_full(const struct turn *t)
{
	const struct understood *u = &t->understood;

	if (t->for_beginners || (!u->n_names && (u->need || tells_a_wish(t))))
		return false;
	return u->asked != ASKED_COUNT_OF &&
	       (u->when.kind == WHEN_NONE ||
		(name_is_asked_for(u) && u->names[0].similarity >= SAME_NAME));
}

/* Several kinds share the room of a list.  Of results that are sorted. */
static size_t shown_of_a_topic(const struct pool *pool)
{
	for (size_t i = 1; i < pool->n && i < FACTS_MAX_RESULTS; i++)
		if (pool->results[i].record->type != pool->results[0].record->type)
			return SHOWN_OF_MIXED;
	return SHOWN_OF_A_TOPIC;
}

/* The best of each kind first, sessions among them in the order of time. */
static void order_shown(struct pool *pool)
{
	size_t max, n = 0;

	sort(pool->results, pool->n, by_score);
	max = shown_of_a_topic(pool);
	for (size_t i = 0; i < pool->n && n < max; i++) {
		struct result moving = pool->results[i];

		if (moving.record->type != ENTITY_SESSION)
			continue;
		memmove(pool->results + n + 1, pool->results + n, (i - n) * sizeof(*pool->results));
		pool->results[n++] = moving;
	}
	sort(pool->results, n, by_start);
}

/* During the conference, what is over can no longer be visited: it gives way to what is as good. */
static void prefer_coming(const struct turn *t, struct pool *pool)
{
	if (!turn_is_during(t) || t->understood.when.kind != WHEN_NONE)
		return;
	for (size_t i = 0; i < pool->n; i++) {
		const struct record *r = pool->results[i].record;

		if (r->type == ENTITY_SESSION && r->end != TIME_UNKNOWN && r->end <= t->now_unix_s)
			pool->results[i].score *= SHARE_OF_OVER;
	}
}

/* A topic that is the name of a track: its sessions before those that only speak of it. */
static void prefer_track(struct turn *t, struct pool *pool)
{
	char *topic _cleanup_free_ = utf8_fold(t->understood.terms, strlen(t->understood.terms));

	for (size_t i = 0; topic && i < pool->n; i++) {
		const char *track = pool->results[i].record->track;
		char *folded _cleanup_free_ = track ? utf8_fold(track, strlen(track)) : NULL;

		if (folded && strcmp(folded, topic) == 0)
			pool->results[i].score = 1;
	}
}

/* As a word's beginning. */
static bool says_any(const char *text, const char *const *says)
{
	char *folded _cleanup_free_ = text ? utf8_fold(text, strlen(text)) : NULL;

	for (size_t i = 0; folded && says[i]; i++) {
		const char *at = strstr(folded, says[i]);

		if (at && (at == folded || !isalnum((unsigned char)at[-1])))
			return true;
	}
	return false;
}

/* Does it say that it is for those who begin?  In a title fewer words say it than in a text. */
bool facts_is_for_beginners(const struct record *r)
{
	static const char *const says[] = { "beginner",	    "newcomer",	    "no prior ",
					    "no previous ", "first steps",  "getting started",
					    "anfanger",	    "einsteiger",   "vorkenntnisse",
					    "debutant",	    "principiante", NULL };
	static const char *const titles[] = { "introduct",  "introducc",  "intro ",
					      "einfuhrung", "initiation", "from scratch",
					      "grundlagen", "basics",	  "101",
					      "your first", NULL };

	return says_any(r->name, titles) || says_any(r->name, says) || says_any(r->level, says) ||
	       says_any(r->level, titles) || says_any(r->description, says);
}

static bool is_of_one_kind(const struct pool *pool)
{
	for (size_t i = 1; i < pool->n; i++)
		if (pool->results[i].record->type != pool->results[0].record->type)
			return false;
	return true;
}

/* A few of them say it: these first, whatever their rank, and the others behind them. */
static void put_beginners_first(struct pool *pool)
{
	size_t n = 0;

	for (size_t i = 0; i < pool->n; i++) {
		struct result moving = pool->results[i];

		if (!facts_is_for_beginners(moving.record))
			continue;
		memmove(pool->results + n + 1, pool->results + n, (i - n) * sizeof(*pool->results));
		moving.score = 1;
		pool->results[n++] = moving;
	}
}

/* For beginners was asked: those that are, or all of them when few or none say it. */
static void keep_beginners(struct turn *t, struct pool *pool, struct found *out)
{
	size_t n = 0;

	if (!t->for_beginners)
		return;
	for (size_t i = 0; i < pool->n; i++)
		n += facts_is_for_beginners(pool->results[i].record);
	out->for_beginners = n ? BEGINNERS_FOUND : BEGINNERS_UNKNOWN;
	if (!n)
		return;
	if (n < ENOUGH_FOR_BEGINNERS && n < pool->n && is_of_one_kind(pool)) {
		out->for_beginners = BEGINNERS_SOME;
		return;
	}
	n = 0;
	memset(out->totals, 0, sizeof(out->totals));
	memset(out->at_least, 0, sizeof(out->at_least));
	for (size_t i = 0; i < pool->n; i++) {
		if (!facts_is_for_beginners(pool->results[i].record))
			continue;
		out->totals[pool->results[i].record->type]++;
		pool->results[n++] = pool->results[i];
	}
	pool->n = n;
}

/* "Between 11:10 and 11:30": what begins then, and behind it what runs since earlier. */
static void put_running_last(const struct turn *t, struct pool *pool)
{
	const struct when *w = &t->understood.when;
	size_t n = 0;

	if (t->understood.terms[0] || !w->overlap || w->kind != WHEN_WINDOW ||
	    w->to - w->from <= 60)
		return;
	for (size_t i = 0; i < pool->n; i++) {
		struct result moving = pool->results[i];

		if (moving.record->type != ENTITY_SESSION || moving.record->start < w->from)
			continue;
		memmove(pool->results + n + 1, pool->results + n, (i - n) * sizeof(*pool->results));
		pool->results[n++] = moving;
	}
}

/* "eBPF and Python": the topic is both; false: it is one, or one of several. */
static bool wants_both(const struct turn *t, const char *const *words)
{
	static const char *const joints[] = { "and", "und", "et", "y", "&", "+", "with", "mit" };
	const struct understood *u = &t->understood;
	char *question _cleanup_free_ = utf8_fold(u->question, strlen(u->question));

	if (!question || !words || !words[0] || !words[1] || words[2])
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(joints); i++) {
		const char *both =
			arena_printf(t->arena, "%s %s %s", words[0], joints[i], words[1]);

		if (both && strstr(question, both))
			return true;
	}
	return false;
}

/* Of those found for "A and B", what speaks of both, when that is more than one. */
static void keep_both(struct turn *t, struct pool *pool, struct found *out)
{
	const char *const *words = words_of(t->understood.terms, t->arena);
	size_t n = 0;

	if (!wants_both(t, words))
		return;
	for (size_t i = 0; i < pool->n; i++) {
		const struct record *r = pool->results[i].record;
		char *said _cleanup_free_ = r->json ? utf8_fold(r->json, r->json_len) : NULL;
		struct result kept = pool->results[i];

		if (!said || words_in(words, said) < 2)
			continue;
		pool->results[i] = pool->results[n];
		pool->results[n++] = kept;
	}
	if (n < 2)
		return;
	pool->n = n;
	memset(out->totals, 0, sizeof(out->totals));
	memset(out->at_least, 0, sizeof(out->at_least));
	for (size_t i = 0; i < n; i++)
		out->totals[pool->results[i].record->type]++;
}

static void take_list(struct turn *t, struct pool *pool, struct found *out)
{
	enum when_kind when = t->understood.when.kind;

	if ((when == WHEN_FIRST || when == WHEN_LAST) && pool->n) {
		keep_edge(pool, when == WHEN_FIRST);
		out->totals[pool->results[0].record->type] = pool->n;
	} else if (t->understood.terms[0]) {
		prefer_track(t, pool);
		keep_both(t, pool, out);
		trim(t, pool, out);
		keep_beginners(t, pool, out);
		prefer_coming(t, pool);
		if (out->for_beginners == BEGINNERS_SOME)
			put_beginners_first(pool);
		order_shown(pool);
	}
	put_running_last(t, pool);
	for (size_t i = 0; i < pool->n; i++)
		take(out, &pool->results[i], pool->n == 1 && wants_it_in_full(t));
}

static void take_record(const struct pool *pool, const struct record *record, struct found *out)
{
	for (size_t i = 0; i < pool->n; i++)
		if (pool->results[i].record == record)
			take(out, &pool->results[i], true);
}

/* "the KDE talk": the only title that has those words, when one is spoken of. */
static const struct result *the_titled(struct turn *t, const struct pool *pool)
{
	const struct understood *u = &t->understood;
	const char *const *words = words_of(u->terms, t->arena);
	const struct result *titled = NULL;
	size_t n = 0;

	if (!words || !words[0] || u->when.kind != WHEN_NONE ||
	    (u->asked != ASKED_WHEN && u->asked != ASKED_WHERE && u->asked != ASKED_WHO &&
	     !t->attribute) ||
	    topic_is_of_many(u->question))
		return NULL;
	for (size_t i = 0; i < pool->n; i++) {
		const struct record *r = pool->results[i].record;
		char *name _cleanup_free_ = utf8_fold(r->name, strlen(r->name));
		bool all = name && r->type != ENTITY_SPEAKER;

		for (size_t k = 0; all && words[k]; k++)
			all = words_has(words[k], name);
		if (!all)
			continue;
		titled = &pool->results[i];
		n++;
	}
	return n == 1 ? titled : NULL;
}

static void take_unnamed(struct turn *t, struct pool *pool, struct found *out)
{
	const struct result *titled = the_titled(t, pool);

	if (titled)
		take(out, titled, true);
	else if (wants_one(t) && pool->results[0].score >= SPECIFIC_ENOUGH)
		take_best(pool, out);
	else
		take_list(t, pool, out);
}

/* The one record the answer is about; NULL: several. */
static const struct record *the_one(const struct found *found)
{
	const struct record *one = NULL;
	size_t n = 0;

	for (size_t i = 0; i < found->n; i++) {
		if (!found->focus[i] && found->n > 1)
			continue;
		one = found->results[i].record;
		n++;
	}
	return n == 1 ? one : NULL;
}

void facts_collect(struct turn *t, struct found *out)
{
	struct pool pool = { .n = 0 };

	*out = (struct found){ .n = 0 };
	gather(t, &pool, out);
	drop_shadows(&pool);
	if (!pool.n)
		return;
	sort(pool.results, pool.n, t->understood.terms[0] ? by_score : by_start);
	if (t->focus)
		take_record(&pool, t->focus, out);
	else if (t->understood.n_names && wants_one(t))
		take_named(t, &pool, out);
	if (!out->n)
		take_unnamed(t, &pool, out);
	t->answered = the_one(out);
}
