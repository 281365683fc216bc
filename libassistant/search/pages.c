/*
 * pages.c - see pages.h.
 *
 * Pages and records are compared as they are: both are a few sentences of the same model, so how much nearer the best page is
 * than the best record says which of them the question is about.  docs/retrieval.md has the numbers.
 */
#include "search/pages.h"

#include <string.h>
#include "search/info.h"
#include "search/search_rank.h"

/* "Can I ...?" asks the organisers more often than the programme. */
#define HOW_TO_COSINE 0.36f
#define HOW_TO_MARGIN 0.03f
/* Other sentences are about a topic unless a page leaves no doubt ... */
#define CLEAR_COSINE 0.45f
#define CLEAR_MARGIN 0.15f
/* A kind of record seems to be named: more has to speak for a page. */
#define KIND_MARGIN 0.07f
/* Words found a page before: its place among theirs is worth so much. */
#define WORDS_SHARE 0.25f
/* How far behind the nearest page another one still answers. */
#define ALSO_WITHIN 0.05f

struct choice {
	const char *key;
	int part;
	float score;
};

static bool pages_are_meant(const struct understood *u, float page, float margin)
{
	bool searches = u->intent == INTENT_SESSION_SEARCH ||
			u->intent == INTENT_EXHIBITOR_SEARCH ||
			u->intent == INTENT_SPEAKER_SEARCH || u->intent == INTENT_RECOMMENDATION;

	if (!searches || u->follow_up || u->named || u->n_names || filter_is_set(&u->filter) ||
	    u->when.kind != WHEN_NONE)
		return false;
	if (u->kind_said)
		margin -= KIND_MARGIN;
	return u->how_to ? page >= HOW_TO_COSINE && margin >= HOW_TO_MARGIN
			 : page >= CLEAR_COSINE && margin >= CLEAR_MARGIN;
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
			if (known && k == 0)
				c.part = -1; /* the question's words say which passage it is */
		}
		if (known || (hit->best >= HOW_TO_COSINE &&
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

void pages_by_meaning(const struct meaning *m, struct arena *arena, struct understood *u)
{
	struct choice best[INFO_MAX_PAGES];
	float page, margin;
	bool informed = u->intent == INTENT_GENERAL_INFO;
	size_t n;

	if (!m->ready || !m->pages.n)
		return;
	page = m->pages.hits[0].best;
	margin = page - m->nearest;
	if (!informed && !pages_are_meant(u, page, margin))
		return;
	/* A practical matter that no page's words know: the nearest page has to be clear. */
	if (informed && (!u->info_keys || !u->info_keys[0]) &&
	    (page < CLEAR_COSINE || margin < CLEAR_MARGIN))
		return;
	n = choose(m, u, best);
	if (n == 0)
		return;
	take(best, n, arena, u);
	u->intent = INTENT_GENERAL_INFO;
}
