/*
 * score.h - from what engines and names say to one score of 0..1 per record, and whether anything is relevant at all.
 *
 *	words ----> score_lexical --+
 *	                            +--> score_fused --> 0..0.8
 *	cosines --> score_meaning --+
 *	names ----> score_name ----------------------> 0.8..1
 *
 * Engines' numbers are comparable within one answer only.  What makes them comparable between questions: of words, how much of
 * the question a record covers; of cosines, how far above this conference's average for this question they are.
 */
#ifndef SEARCH_SCORE_H
#define SEARCH_SCORE_H

#include "index/index.h"
#include "search/query.h"
#include "search/vocabulary.h"

/* The words that are searched for. */
struct score_terms {
	unsigned n;
	unsigned n_unknown; /* that the conference never uses, in any form close to it */
	float known;	    /* 0..1: share of their weight that is not unknown */
};

struct scored {
	const struct record *record;
	const struct index_hit *hit;  /* NULL: found by name, by meaning or by its sessions */
	const struct dense_hit *near; /* NULL: no vectors, or not near */
	float lexical, name;	      /* parts of score */
	float meaning;		      /* score_meaning() of near; 0: none */
	float tied;		      /* score by a named record or a tier it belongs to */
	float evidence;		      /* score_evidence; 0: words only */
	float score;
};

void score_terms_read(struct score_terms *out, const struct vocabulary *v, const char *terms);
/* A lexical hit's share, best being the answer's highest score: 0..0.8; names go above. */
float score_lexical(const struct score_terms *t, const struct index_hit *hit, float best);
/*
 * How much nearer than the conference's average (mean) a record is, 0..1, by its best facet; facets weigh by what they are of and
 * by what is asked.  A facet that a record does not have takes nothing away.
 */
enum origin {
	ORIGIN_NONE,
	ORIGIN_ALONE,
	ORIGIN_AND_TOPIC
}; /* people, asked for by where they come from */
struct score_focus {
	enum intent intent;
	enum origin origin;
};
float score_meaning(const struct score_focus *focus, const struct dense_hit *hit, float mean);
/* Words and meaning together: meaning relative to the answer's best; lexical is score_lexical()'s.  0..0.8.  The more words a
 * question has, the less each of them is what it is about. */
float score_fused(const struct score_terms *t, float lexical, float meaning, float best_meaning);
/* score_fused()'s share of words alone: of what is told by another record's words. */
float score_lexical_share(const struct score_terms *t, float lexical);
/* The baseline of docs/retrieval.md: 0.6 * mean of the n facets that matched + 0.4 * min(n / 4, 1). */
float score_reference(const float *cosines, size_t n);
/* A record named with that similarity: 0.8..1. */
float score_name(float similarity);
/*
 * Whether an answer's best hit is about what was asked, or shares a stray word with it.  strict: the question may well be
 * one that no record answers ("where is the sauna?").
 */
bool score_relevant(const struct score_terms *t, const struct index_hit *best, bool strict);
/* How surely a record is about the question: its nearness, and more when it also has the question's words. */
float score_evidence(const struct score_terms *t, const struct index_hit *hit, float meaning);
/* How far a question may ask for what no record is about. */
enum doubt {
	DOUBT_LEAST, /* it tells of a need, or looks for somebody who helps */
	DOUBT_LITTLE, /* it names a kind of record, a time or a place: "which stands ...?", "... on Sunday" */
	DOUBT_SOME,
	DOUBT_MUCH, /* "where is the ...?"; or its own kind of record did not answer */
};
/* The same decision when meanings are compared: evidence is the highest of n_compared records'. */
bool score_evident(const struct score_terms *t, float evidence, size_t n_compared,
		   enum doubt doubt);

#endif
