/*
 * qdrant_sample.h - the vectors of some of a build's records, held here.
 *
 * How near a conference is to a question on average is asked with every question.  Of a sample it is computed from vectors at hand:
 * asking Qdrant for it took six requests and most of what a search cost.
 */
#ifndef INDEX_QDRANT_SAMPLE_H
#define INDEX_QDRANT_SAMPLE_H

#include "index/qdrant.h"

/* A record is in the sample when its "draw" is less; QDRANT_DRAWS: all are. */
unsigned qdrant_sample_draws(const struct qdrant_build *b);

/* Reads b's sample, page by page, as a child of parent, and gives it to b.  What cannot be read leaves b without, which is asked
 * then: code tells. */
struct qdrant_sampling {
	struct flow flow;
	struct qdrant *q;
	struct qdrant_build *build;
	struct qdrant_call call;
	struct qdrant_sample *sample; /* until it is b's */
	struct map *groups;	      /* "0 s1" -> number + 1 */
	unsigned set;
	char *next_page;
	int code;
};

void qdrant_sampling_begin(struct qdrant_sampling *s, struct qdrant *q, struct qdrant_build *b,
			   struct flow *parent);

/* The mean of the records' best cosines with a vector of the build's dimensions; loop thread. */
float qdrant_sample_mean(const struct qdrant_sample *s, const float *vector);
void qdrant_sample_free(struct qdrant_sample *s);

#endif
