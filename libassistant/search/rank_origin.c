/*
 * rank_origin.c - speakers by where they come from, when the question names it: by company, by what their own text says, and by
 * titles of their talks.  Who describes it instead ("the national railway") is answered by meaning.
 */
#include "search/search_rank.h"

#include <math.h>
#include <string.h>
#include "base/utf8.h"
#include "search/words.h"

#define FAMILY_STEM 4 /* letters that words of one family share */
#define SOUGHT_MAX  8
#define SOUGHT_GAP  3 /* words that may stand between those of an organisation */
#define FAMILY_END  3 /* and letters that they may differ in: Ukraine, Ukrainian */
#define BY_COMPANY  0.86f
#define BY_TEXT	    0.8f
#define BY_TOPIC    0.03f
#define BY_WORDS    0.1f  /* who says what else was asked, most plainly */
#define BY_FAMILY   0.04f /* less, where another word of the family is said */

/* 1: the same word; 0.5: another one of its family; 0: neither. */
static float same_word(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t same = 0;

	while (same < a_len && same < b_len && a[same] == b[same])
		same++;
	if (same == a_len && same == b_len)
		return 1;
	return same >= FAMILY_STEM && a_len > FAMILY_STEM && b_len > FAMILY_STEM &&
			       a_len - same <= FAMILY_END && b_len - same <= FAMILY_END
		       ? 0.5f
		       : 0;
}

/* Terms, and where in a text each was seen last. */
struct sought {
	const char *term[SOUGHT_MAX];
	size_t len[SOUGHT_MAX], at[SOUGHT_MAX]; /* at: 1 for the first word; 0: not seen */
	float as[SOUGHT_MAX];
	size_t n;
};

static void read_sought(struct sought *s, const char *terms)
{
	size_t i = 0, from, to, n = strlen(terms);

	*s = (struct sought){ .n = 0 };
	while (s->n < SOUGHT_MAX && word_next(terms, n, &i, &from, &to)) {
		s->term[s->n] = terms + from;
		s->len[s->n++] = to - from;
	}
}

/* The least of all, when they stand together; else 0. */
static float together(const struct sought *s)
{
	size_t first = SIZE_MAX, last = 0;
	float least = 1;

	for (size_t i = 0; i < s->n; i++) {
		first = s->at[i] < first ? s->at[i] : first;
		last = s->at[i] > last ? s->at[i] : last;
		least = fminf(least, s->as[i]);
	}
	return first && last - first < s->n + SOUGHT_GAP ? least : 0;
}

/* Whether a text has all of the terms near to each other, by its weakest: a bio's words from all over are no organisation. */
static float has_terms(const char *text, const char *terms)
{
	_cleanup_free_ char *folded = text ? utf8_fold(text, strlen(text)) : NULL;
	size_t i = 0, from, to, n = folded ? strlen(folded) : 0, word = 0;
	struct sought s;
	float best = 0;

	read_sought(&s, terms);
	while (s.n && best < 1 && word_next(folded, n, &i, &from, &to)) {
		word++;
		for (size_t k = 0; k < s.n; k++) {
			float as = same_word(folded + from, to - from, s.term[k], s.len[k]);

			if (as <= 0)
				continue;
			s.at[k] = word;
			s.as[k] = as;
			best = fmaxf(best, together(&s));
		}
	}
	return best;
}

/* "Storage at CERN" */
static float titles_say(const struct ranking *r, const struct record *speaker, const char *terms)
{
	float best = 0;

	for (size_t i = 0; speaker->session_ids && speaker->session_ids[i]; i++) {
		const struct record *session =
			snapshot_find(catalog_snapshot(r->s->rq.catalog), ENTITY_SESSION,
				      speaker->session_ids[i]);
		const char *at = session ? strstr(session->name, " at ") : NULL;

		best = at ? fmaxf(best, has_terms(at + 4, terms)) : best;
	}
	return best;
}

static bool speaks_then(const struct ranking *r, const struct record *speaker)
{
	if (!filter_is_set(&r->s->filter))
		return true;
	for (size_t i = 0; speaker->session_ids && speaker->session_ids[i]; i++) {
		const struct record *session =
			snapshot_find(catalog_snapshot(r->s->rq.catalog), ENTITY_SESSION,
				      speaker->session_ids[i]);

		if (session && index_filter_in_window(&r->s->filter, session->start, session->end))
			return true;
	}
	return false;
}

/* 0: nothing says so. */
static float comes_from(const struct ranking *r, const struct record *p, const char *terms)
{
	float company = has_terms(p->company, terms),
	      text = fmaxf(has_terms(p->description, terms), titles_say(r, p, terms));
	float score = company > 0 ? BY_COMPANY : BY_TEXT;

	if (company + text <= 0)
		return 0;
	return score - (fmaxf(company, text) < 1 ? BY_FAMILY : 0);
}

/* What is asked besides: the terms that are no part of where they come from; "": nothing. */
static const char *topic_of(const struct ranking *r)
{
	const struct understood *u = r->s->rq.understood;
	const char *terms = r->s->lexical.text, *topic = "";
	size_t i = 0, from, to, n = u->origin && terms ? strlen(terms) : 0;

	while (topic && word_next(terms, n, &i, &from, &to)) {
		const char *word = arena_strndup(r->s->arena, terms + from, to - from);

		if (word && !word_in(word, u->origin))
			topic = arena_printf(r->s->arena, "%s%s%s", topic, topic[0] ? " " : "",
					     word);
	}
	return topic ? topic : "";
}

/* How plainly they are about it: a talk's title or track, what it says, what they say of themselves. */
static float says_topic(const struct ranking *r, const struct record *p, const char *topic)
{
	float best = 0.4f * has_terms(p->description, topic);

	for (size_t i = 0; p->session_ids && p->session_ids[i]; i++) {
		const struct record *s = snapshot_find(catalog_snapshot(r->s->rq.catalog),
						       ENTITY_SESSION, p->session_ids[i]);

		if (s)
			best = fmaxf(best, fmaxf(fmaxf(has_terms(s->name, topic),
						       has_terms(s->track, topic)),
						 0.7f * has_terms(s->description, topic)));
	}
	return best;
}

/* Does any of them speak of the topic in so many words? */
static bool any_says(const float *says, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (says[i] > 0)
			return true;
	return false;
}

/* Who is with X, or from there: as their company or their own text says. */
void rank_add_affiliates(struct ranking *r)
{
	const struct snapshot *s = catalog_snapshot(r->s->rq.catalog);
	const struct understood *u = r->s->rq.understood;
	const char *terms = u->origin ? u->origin : r->s->lexical.text, *topic;
	size_t n = s->n[ENTITY_SPEAKER];
	float *from, *says;
	bool plain;

	if (!u->affiliation || !terms || !(r->s->wanted & ENTITY_BIT(ENTITY_SPEAKER)))
		return;
	from = arena_array(r->s->arena, float, n + 1);
	says = arena_array(r->s->arena, float, n + 1);
	topic = topic_of(r);
	for (size_t i = 0; from && says && i < n; i++) {
		const struct record *p = &s->records[ENTITY_SPEAKER][i];

		from[i] = speaks_then(r, p) ? comes_from(r, p, terms) : 0;
		says[i] = from[i] > 0 && topic[0] ? says_topic(r, p, topic) : 0;
	}
	plain = says && any_says(says, n);
	for (size_t i = 0; from && says && i < n; i++) {
		const struct record *p = &s->records[ENTITY_SPEAKER][i];

		/* of those, who speaks of what else was said; where some do in so many words, these alone */
		if (from[i] <= 0 || (plain && says[i] <= 0))
			continue;
		rank_tie(r, p, from[i] + BY_WORDS * says[i] + BY_TOPIC * rank_score(r, p));
		r->relevant = true;
	}
}
