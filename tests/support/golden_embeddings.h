/*
 * golden_embeddings.h - tests/golden/embeddings.jsonl (make_embeddings.py says how it was made).
 */
#ifndef SUPPORT_GOLDEN_EMBEDDINGS_H
#define SUPPORT_GOLDEN_EMBEDDINGS_H

#include <stddef.h>
#include <stdint.h>

#define GOLDEN_DIMS 384

struct golden {
	char *text;
	uint16_t ids[256];
	size_t n_ids;
	float vector[GOLDEN_DIMS];
};

/* All of them; prints what is wrong and exits otherwise. */
struct golden *golden_read(size_t *n);
void golden_free(struct golden *g, size_t n);

#endif
