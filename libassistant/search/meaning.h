/*
 * meaning.h - the dense leg of a search: the question becomes a vector while the words are looked up.
 *
 * Nothing here fails a search: without an embedder, without vectors or when either is late, words answer alone.
 */
#ifndef SEARCH_MEANING_H
#define SEARCH_MEANING_H

#include "embedder/embedder.h"
#include "index/index.h"

struct meaning {
	struct flow flow;
	struct embedder *embedder;
	struct index *index;
	const char *conference_id, *text;
	uint64_t epoch;
	struct arena *arena;
	float *vector;
	struct dense_hits all;	 /* of the whole conference, for its average */
	struct dense_hits pages; /* information pages, nearest first */
	/* results, once the flow has ended */
	bool ready;  /* there is a vector, and something to compare it with */
	bool failed; /* there should have been one */
	float mean;  /* of all records' best cosines */
	struct vector_space space;
};

/* A child of parent, which joins it; text is borrowed.  m: in memory that outlives it. */
void meaning_begin(struct meaning *m, struct embedder *e, struct index *index,
		   const char *conference_id, uint64_t epoch, const char *text, struct arena *arena,
		   struct flow *parent);

#endif
