/*
 * meaning.h - a text becomes a vector and is compared with the conference as a whole: once for each text, however many decide by
 * it.  What a question is about, and the search for it, share one.
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
	bool with_pages;
	struct arena *arena;
	float *vector;
	struct dense_hits all; /* of the whole conference, the nearest alone */
	/* results, once the flow has ended */
	bool ready;  /* there is a vector, and something to compare it with */
	bool failed; /* there should have been one */
	bool ended;
	float mean, nearest;	 /* of all records' best cosines */
	struct dense_hits pages; /* information pages, nearest first; if they were wanted */
	struct vector_space space;
};

/* A child of parent, which joins it; text is borrowed as long as m is used.  m: in memory that outlives it. */
void meaning_begin(struct meaning *m, struct embedder *e, struct index *index,
		   const char *conference_id, uint64_t epoch, const char *text, bool with_pages,
		   struct arena *arena, struct flow *parent);
/* It has ended, well or not, and need not be made again for that text.  m may be NULL, or zeroed: never begun. */
bool meaning_is_of(const struct meaning *m, const char *text, uint64_t epoch);

#endif
