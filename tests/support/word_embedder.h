/*
 * word_embedder.h - an embedder for tests: a text's vector is the normalised sum of one pseudo-random unit vector per word
 * (folded), so texts that share words are near each other, and others are nearly orthogonal in enough dimensions.
 *
 * The same on every machine.  Passes tests/service/embedder_suite.c.  Answers on the loop, virtual or not.
 */
#ifndef SUPPORT_WORD_EMBEDDER_H
#define SUPPORT_WORD_EMBEDDER_H

#include "embedder/embedder.h"

struct word_embedder {
	struct embedder base; /* model "words", max_batch 64, batches 2: change them before use */
	/* What tests turn, any time on the loop thread. */
	int fail_code;	  /* negative: every call ends with it */
	int64_t delay_ms; /* answers come that much later */
	bool loading;	  /* says so */
	/* What tests read. */
	size_t calls;	  /* of embed */
	size_t texts;	  /* embedded in all, whatever became of them */
	size_t queries;	  /* of these, with EMBED_QUERY */
	size_t cancelled; /* calls detached before their answer */
	/* Its own. */
	struct loop *loop;
	int refs;
};

/* NULL: no memory.  embedder_destroy(&w->base), which may come before answers that are under way. */
struct word_embedder *word_embedder_create(struct loop *loop, unsigned dims);
/* The vector by itself, for comparing. */
void word_vector(const char *text, unsigned dims, float *out);

#endif
