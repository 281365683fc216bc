/*
 * indexing_texts.h - what is to be embedded of a snapshot: its points, and their texts, each once.
 */
#ifndef SEARCH_INDEXING_TEXTS_H
#define SEARCH_INDEXING_TEXTS_H

#include "aio/work.h"
#include "index/index.h"

struct indexing_text {
	uint8_t hash[POINT_HASH_SIZE];
	const char *text;
	size_t len;
	const struct index_point *point; /* one of those that say it */
};
struct indexing_texts {
	struct arena *arena; /* holds what follows */
	struct index_point *points;
	size_t n_points;
	struct indexing_text *texts; /* by hash */
	size_t n;
};

/* Made on lane, which is given to nothing else; *out at delivery, for indexing_texts_finish.  */
void indexing_texts_make(struct lane *lane, struct snapshot *snapshot, const char *model,
			 struct indexing_texts *out, struct flow *f);
void indexing_texts_finish(struct indexing_texts *t);

#endif
