/*
 * score.h - from what engines and names say to one score of 0..1 per record, and whether anything is relevant at all.
 *
 * Engines' numbers are comparable within one answer only; what makes scores comparable between questions is how much of the
 * question a record covers, its rarer words counting more.
 */
#ifndef SEARCH_SCORE_H
#define SEARCH_SCORE_H

#include "index/index.h"
#include "search/vocabulary.h"

/* The words that are searched for. */
struct score_terms {
	unsigned n;
	unsigned n_unknown; /* that the conference never uses, in any form close to it */
	float known;	    /* 0..1: share of their weight that is not unknown */
};

struct scored {
	const struct record *record;
	const struct index_hit *hit; /* NULL: found by name or by its sessions */
	float lexical, name;	     /* parts of score */
	float score;
};

void score_terms_read(struct score_terms *out, const struct vocabulary *v, const char *terms);
/* A lexical hit's share, best being the answer's highest score: 0..0.8; names go above. */
float score_lexical(const struct score_terms *t, const struct index_hit *hit, float best);
/* A record named with that similarity: 0.8..1. */
float score_name(float similarity);
/*
 * Whether an answer's best hit is about what was asked, or shares a stray word with it.  strict: the question may well be
 * one that no record answers ("where is the sauna?").
 */
bool score_relevant(const struct score_terms *t, const struct index_hit *best, bool strict);

#endif
