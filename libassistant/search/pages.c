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
/* Words found a page before: its place among theirs is worth so much, and all of them in one passage so much. */
#define WORDS_SHARE 0.1f
#define SAID_SHARE  0.3f
#define FAR_OFF	    0.08f /* less, for each step away from saying it */
/* A passage that has so much more of the words is quoted rather than the nearest. */
#define MORE_SAID   0.08f
#define MOSTLY_SAID 0.5f
/* How far behind the nearest page another one still answers. */
#define ALSO_WITHIN 0.05f

struct choice {
	const char *key;
	int part;
	float score, said;
	enum info_fit fit;
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
	if (u->kind_said && !u->how_to && !u->personal)
		return false; /* "which stand sells books?" */
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

static const struct info_share *share_of(const struct understood *u, const char *key)
{
	for (const struct info_share *s = u->info_shares; s && s->key; s++)
		if (strcmp(s->key, key) == 0)
			return s->n ? s : NULL;
	return NULL;
}

/* The nearest passage, or one that has clearly more of the words. */
static size_t choose_part(const struct dense_hit *hit, const struct info_share *share)
{
	float near = share->of[hit->part], most = share->of[share->best];
	bool far = hit->cosine[FACET_MASTER] < how_to_says.cosine;

	return most - near >= MORE_SAID || (far && most > near) ? share->best : hit->part;
}

/*
 * A page says what is asked when a passage is about it without doubt, or stands under that matter and has most of the words or is
 * not far, or has most of the words and is not far.  What has less of both is the closest that there is; under the matter it is
 * worth quoting all the same.  A model of one language knows nothing of others: there the matter alone decides.
 */
static enum info_fit fit_of(const struct understood *u, const struct dense_hit *hit, float said,
			    bool headed)
{
	float says = hit->cosine[FACET_MASTER];
	bool english = strcmp(u->language, "en") == 0, not_far = says >= 0.3f || hit->best >= 0.5f;
	bool strange = u->info_strange && said < 0.5f;

	if (headed && (!english || (!strange && (not_far || said >= 0.5f))))
		return INFO_SAYS_IT;
	if (!strange && (says >= 0.5f || (said >= 0.5f && (says >= 0.3f || hit->best >= 0.6f)) ||
			 (said >= 0.35f && hit->best >= 0.8f)))
		return INFO_SAYS_IT;
	return headed || says >= 0.45f || (said >= 0.4f && says >= 0.25f) ? INFO_NEAR_IT
									  : INFO_FAR_FROM_IT;
}

static struct choice choice_of(const struct understood *u, const struct dense_hit *hit)
{
	const struct info_share *share = share_of(u, hit->id);
	struct choice c = { hit->id, (int)hit->part, hit->best, 0, INFO_SAYS_IT };

	if (!share || hit->part >= share->n)
		return c;
	c.part = (int)choose_part(hit, share);
	c.said = share->of[c.part];
	c.score += SAID_SHARE * c.said;
	c.fit = fit_of(u, hit, c.said, share->headed[c.part]);
	c.score -= FAR_OFF * (float)c.fit;
	return c;
}

/* What words have found, and what is about as near as the nearest. */
static size_t choose(const struct meaning *m, const struct understood *u, struct choice *best)
{
	size_t n = 0;

	for (size_t i = 0; i < m->pages.n; i++) {
		const struct dense_hit *hit = &m->pages.hits[i];
		struct choice c = choice_of(u, hit);
		bool known = false;

		for (size_t k = 0; u->info_keys && u->info_keys[k] && !known; k++) {
			known = strcmp(u->info_keys[k], hit->id) == 0;
			c.score += known ? WORDS_SHARE / (float)(k + 1) : 0;
		}
		if (known || c.said >= MOSTLY_SAID ||
		    (hit->best >= how_to_says.cosine &&
		     hit->best >= m->pages.hits[0].best - ALSO_WITHIN))
			insert(best, &n, &c);
	}
	return n;
}

/* Pages that words found, where meaning has nothing to add: the passage that has most of them, and whether that is what is asked. */
static void grade_known(const struct meaning *m, struct arena *arena, struct understood *u)
{
	int *parts;
	size_t n = 0;

	while (u->info_keys[n])
		n++;
	parts = arena_array(arena, int, n + 1);
	for (size_t i = 0; parts && i < n; i++) {
		const struct info_share *share = share_of(u, u->info_keys[i]);
		struct dense_hit hit = { .id = u->info_keys[i] };

		for (size_t k = 0; k < m->pages.n; k++)
			if (strcmp(m->pages.hits[k].id, u->info_keys[i]) == 0)
				hit = m->pages.hits[k];
		hit.part = share ? (unsigned)share->best : 0;
		parts[i] = share ? (int)share->best : -1;
		u->info_fit = i == 0 ? choice_of(u, &hit).fit : u->info_fit;
	}
	u->info_parts = parts;
}

static void take(const struct choice *best, size_t n, struct arena *arena, struct understood *u)
{
	const char **keys = arena_array(arena, const char *, n + 1);
	int *parts = arena_array(arena, int, n + 1);
	size_t kept = 0;

	if (!keys || !parts)
		return;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && best[i].fit > best[0].fit && best[i].fit == INFO_FAR_FROM_IT)
			continue;
		keys[kept] = best[i].key;
		parts[kept++] = best[i].part;
	}
	keys[kept] = NULL;
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
	if (by_words && near.asks < near.record) {
		if (!filter_is_set(&u->filter))
			grade_known(m, arena, u);
		return;
	}
	if (!by_words && !(informed ? page_is_clear(&near) : pages_are_meant(u, &near)))
		return;
	n = choose(m, u, best);
	if (n == 0)
		return;
	take(best, n, arena, u);
	u->info_fit = best[0].fit;
	u->intent = INTENT_GENERAL_INFO;
}
