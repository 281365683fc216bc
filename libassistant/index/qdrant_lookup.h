/*
 * qdrant_lookup.h - vectors by what they were made from: among those that wait, then in the conference's builds.
 */
#ifndef INDEX_QDRANT_LOOKUP_H
#define INDEX_QDRANT_LOOKUP_H

#include "index/flat_rows.h"
#include "index/qdrant.h"

/* In memory that outlives its flow, a child of parent.  code and fail tell how it ended. */
struct qdrant_lookup {
	struct flow flow;
	struct qdrant *q;
	const char *conference_id; /* borrowed */
	char generation[QDRANT_GENERATION];
	unsigned dims; /* with vectors; 0: only whether there is one */
	/* Is it still looked for?  hashes[i] for i < n. */
	const uint8_t (*hashes)[POINT_HASH_SIZE];
	size_t n;
	bool (*wanted)(void *ctx, size_t i);
	/* Met; vector NULL without dims. */
	void (*found)(void *ctx, const uint8_t hash[static POINT_HASH_SIZE], const float *vector);
	void *ctx;
	/* where we are */
	unsigned set; /* SET_STAGED first, then the others from 0 */
	size_t at;
	char *next_page;  /* JSON of the id to go on with, or NULL */
	struct text list; /* of what the chunk asks for */
	float *vector;
	struct qdrant_call call;
	int code;
	struct fail fail;
};

void qdrant_lookup_begin(struct qdrant_lookup *l, struct flow *parent);

#endif
