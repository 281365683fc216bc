/*
 * qdrant_clean.h - what no process uses any more goes from Qdrant.
 */
#ifndef INDEX_QDRANT_CLEAN_H
#define INDEX_QDRANT_CLEAN_H

#include "index/qdrant.h"

struct qdrant_removal {
	char build[UUID_SIZE], generation[QDRANT_GENERATION];
};

#define QDRANT_MAX_REMOVALS 32 /* at a time; the rest by the next build */

/* A child of parent, in memory that outlives it; its failure is logged and is nobody's. */
struct qdrant_clean {
	struct flow flow;
	struct qdrant *q;
	const char *conference_id; /* borrowed */
	struct qdrant_call call;
	struct text superseded; /* ids that are found to be so now */
	struct qdrant_removal removals[QDRANT_MAX_REMOVALS];
	size_t n, at;
	unsigned set;
};

void qdrant_clean_begin(struct qdrant_clean *c, struct qdrant *q, const char *conference_id,
			struct flow *parent);
/* The body that selects all points of a conference. */
char *qdrant_of_conference(const char *conference_id);

#endif
