/*
 * pages.c - see pages.h.
 *
 * Pages and records are compared as they are: both are a few sentences of the same model, so how much nearer the best page is
 * than the best record says which of them the question is about.  A page is as near as its nearest passage, or as a question that
 * it answers; the latter is nearer by nature ("Is there a ...?" is near to "Is there a ...?"), so more is asked of it.
 * docs/retrieval.md has the numbers.
 */
#include "search/pages.h"

#include <string.h>
#include "search/info.h"
#include "search/search_rank.h"

struct least {
	float cosine, margin;
};

/* "Can I ...?" asks the organisers more often than the programme: of passages, and of questions. */
static const struct least how_to_says = { 0.36f, 0.03f }, how_to_asks = { 0.60f, 0.10f };
/* "My ear is bleeding": who tells it wants help. */
static const struct least tells = { 0.34f, 0.08f };
/* Other sentences are about a topic unless a page leaves little doubt ... */
static const struct least clear = { 0.40f, 0.14f };
/* ... and a practical matter that no page's words know is of no page, unless it leaves none. */
static const struct least surely_says = { 0.45f, 0.15f }, surely_asks = { 0.60f, 0.15f };
/* A kind of record seems to be named: more has to speak for a page. */
#define KIND_MARGIN 0.07f
/* Records are so much nearer: a topic in words that a page has, too. */
#define TOPIC_MARGIN (-0.10f)
/* Words found a page before: its place among theirs is worth so much. */
#define WORDS_SHARE 0.25f
/* How far behind the nearest page another one still answers. */
#define ALSO_WITHIN 0.05f

struct choice {
	const char *key;
	int part;
	float score;
};

/* Of the nearest page: what it says, and what it is asked; and of records. */
struct nearness {
	float says, asks, record;
};

static bool reaches(float cosine, float record, struct least least)
{
	return cosine >= least.cosine && cosine - record >= least.margin;
}

static bool pages_are_meant(const struct understood *u, const struct nearness *near)
{
	bool searches = u->intent == INTENT_SESSION_SEARCH ||
			u->intent == INTENT_EXHIBITOR_SEARCH ||
			u->intent == INTENT_SPEAKER_SEARCH || u->intent == INTENT_RECOMMENDATION;
	float record = near->record + (u->kind_said ? KIND_MARGIN : 0);

	if (!searches || u->follow_up || u->named || u->n_names || filter_is_set(&u->filter) ||
	    u->when.kind != WHEN_NONE)
		return false;
	if (u->how_to)
		return reaches(near->says, record, how_to_says) ||
		       reaches(near->asks, record, how_to_asks);
	return reaches(near->asks, record, u->personal ? tells : clear);
}

/* What no page's words know: the nearest page has to be clear. */
static bool page_is_clear(const struct nearness *near)
{
	return reaches(near->says, near->record, surely_says) ||
	       reaches(near->asks, near->record, surely_asks);
}

static void insert(struct choice *best, size_t *n, const struct choice *c)
{
	size_t at = *n;

	for (; at > 0 && best[at - 1].score < c->score; at--) {
		if (at < INFO_MAX_PAGES)
			best[at] = best[at - 1];
	}
	if (at == INFO_MAX_PAGES)
		return;
	best[at] = *c;
	*n += *n < INFO_MAX_PAGES;
}

/* What words have found, and what is about as near as the nearest. */
static size_t choose(const struct meaning *m, const struct understood *u, struct choice *best)
{
	size_t n = 0;

	for (size_t i = 0; i < m->pages.n; i++) {
		const struct dense_hit *hit = &m->pages.hits[i];
		struct choice c = { hit->id, (int)hit->part, hit->best };
		bool known = false;

		for (size_t k = 0; u->info_keys && u->info_keys[k] && !known; k++) {
			known = strcmp(u->info_keys[k], hit->id) == 0;
			c.score += known ? WORDS_SHARE / (float)(k + 1) : 0;
			if (known && k == 0 && hit->cosine[FACET_MASTER] < surely_says.cosine)
				c.part = -1; /* the question's words say which passage it is */
			if (known && hit->cosine[FACET_MASTER] < how_to_says.cosine)
				c.part = -1; /* none is near */
		}
		if (known || (hit->best >= how_to_says.cosine &&
			      hit->best >= m->pages.hits[0].best - ALSO_WITHIN))
			insert(best, &n, &c);
	}
	return n;
}

static void take(const struct choice *best, size_t n, struct arena *arena, struct understood *u)
{
	const char **keys = arena_array(arena, const char *, n + 1);
	int *parts = arena_array(arena, int, n + 1);

	if (!keys || !parts)
		return;
	for (size_t i = 0; i < n; i++) {
		keys[i] = best[i].key;
		parts[i] = best[i].part;
	}
	keys[n] = NULL;
	u->info_keys = keys;
	u->info_parts = parts;
}

/* Nearest of all pages in either way, which need not be the same page. */
static struct nearness nearness_of(const struct meaning *m)
{
	struct nearness near = { .asks = m->pages.hits[0].best, .record = m->nearest };

	for (size_t i = 0; i < m->pages.n; i++) {
		float says = m->pages.hits[i].cosine[FACET_MASTER];

		near.says = i == 0 || says > near.says ? says : near.says;
	}
	return near;
}

void pages_by_meaning(const struct meaning *m, struct arena *arena, struct understood *u)
{
	struct choice best[INFO_MAX_PAGES];
	bool informed = u->intent == INTENT_GENERAL_INFO, by_words;
	struct nearness near;
	size_t n;

	if (!m->ready || !m->pages.n)
		return;
	near = nearness_of(m);
	by_words = informed && u->info_keys && u->info_keys[0];
	if (by_words && near.asks - near.record < TOPIC_MARGIN && !u->how_to && !u->personal &&
	    u->otherwise != INTENT_GENERAL_INFO && strcmp(u->language, "en") == 0) {
		u->intent = u->otherwise;
		return;
	}
	if (by_words   ? near.asks < near.record
	    : informed ? !page_is_clear(&near)
		       : !pages_are_meant(u, &near))
		return;
	n = choose(m, u, best);
	if (n == 0)
		return;
	take(best, n, arena, u);
	u->intent = INTENT_GENERAL_INFO;
}
