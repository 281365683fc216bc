/*
 * minilm_model.h - all-MiniLM-L6-v2: six layers of a transformer over a text's word pieces, their mean, at unit length.
 *
 * A loaded model is immutable: any thread may use it, each with a scratch of its own.
 */
#ifndef EMBEDDER_MINILM_MODEL_H
#define EMBEDDER_MINILM_MODEL_H

#include <stdbool.h>
#include "base/fail.h"
#include "embedder/minilm_ops.h"

#define MINILM_DIMS 384
#define MINILM_TOKENS                                                                              \
	256 /* of one text at most; also of all texts that go through the layers together */

struct minilm_model;
struct minilm_scratch;

/*
 * Reads, checks (SHA-256) and packs the weights: about 0.2 s, on a lane.  quantised: matrices in 8 bits, which takes a
 * quarter of the memory and of the time.  ops NULL: what suits the CPU.  ENOTFOUND, EPROTOCOL, ENOMEM.
 */
int minilm_model_load(const char *path, bool quantised, const struct minilm_ops *ops,
		      struct minilm_model **out, struct fail *f);
void minilm_model_destroy(struct minilm_model *m);
const char *minilm_model_kernels(const struct minilm_model *m);

struct minilm_scratch *minilm_scratch_create(void); /* NULL: no memory */
void minilm_scratch_destroy(struct minilm_scratch *s);

/* A text's word pieces; how many (at most MINILM_TOKENS). */
size_t minilm_tokens(const struct minilm_model *m, const char *text, size_t len,
		     uint16_t ids[static MINILM_TOKENS]);
/*
 * n texts of lengths[i] tokens each, one behind the other in ids, at most MINILM_TOKENS in all, into out[n][MINILM_DIMS].
 * EPROTOCOL: the file of the weights was cut short meanwhile.
 */
int minilm_run(const struct minilm_model *m, struct minilm_scratch *s, const uint16_t *ids,
	       const size_t *lengths, size_t n, float *out, struct fail *f);

#endif
