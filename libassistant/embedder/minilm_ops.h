/*
 * minilm_ops.h - the arithmetic of the transformer, one table per instruction set.
 *
 * A table is chosen when a model is opened, by what the CPU says it can do; all tables compute the same sums of integers,
 * and floats that differ in their last bits.
 */
#ifndef EMBEDDER_MINILM_OPS_H
#define EMBEDDER_MINILM_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PANEL                                                                                      \
	32 /* columns that lie together in a packed matrix; also the width of an attention head */
#define K_GROUP	 4   /* of an int8 panel: consecutive inputs of one column */
#define BLOCK	 128 /* inputs that share a scale */
#define MAX_KEYS 256

/*
 * y = x W + b, packed by columns.  One of the two forms:
 *	f32	[out / 32][in][32]
 *	i8	[out / 32][in / 4][32][4], W = scale * i8, with one scale for a block of a column
 */
struct dense {
	size_t in, out; /* multiples of BLOCK and of PANEL */
	float *bias;	/* [out] */
	float *f32;
	int8_t *i8;
	float *scale; /* [out / 32][in / BLOCK][32] */
	float *sums;  /* the same: of a block's i8 */
};

/* Rows of activations in 8 bits, block by block: x = scale * (u8 - zero). */
struct rows_u8 {
	uint8_t *data; /* [n][in] */
	float *scale;  /* [n][in / BLOCK] */
	float *zero;   /* the same; whole numbers */
};

struct minilm_ops {
	const char *name;
	bool (*usable)(void); /* on this CPU */
	/* y[n][ld] */
	void (*dense_f32)(const struct dense *d, const float *x, size_t n, float *y, size_t ld);
	void (*dense_i8)(const struct dense *d, const struct rows_u8 *x, size_t n, float *y,
			 size_t ld);
	void (*quantise)(const float *x, size_t n, size_t width, struct rows_u8 *out);
	/*
	 * One head of one sequence: q, k, v are its first columns in rows ld apart, n of each; out has rows out_ld apart.
	 * scratch: attention_scratch floats.
	 */
	void (*attention)(const float *q, const float *k, const float *v, size_t ld, size_t n,
			  float *out, size_t out_ld, float *scratch);
	void (*gelu)(float *x, size_t n);
	/* x = normalised (x + add) * gain + shift, row by row; add may be NULL. */
	void (*layer_norm)(float *x, const float *add, size_t n, size_t width, const float *gain,
			   const float *shift);
};

#define ATTENTION_ROWS	  16
#define ATTENTION_SCRATCH (MAX_KEYS * PANEL + ATTENTION_ROWS * MAX_KEYS)

/* The best for this CPU; never NULL. */
const struct minilm_ops *minilm_ops_choose(void);
/* The i-th table this build has, best first; NULL behind the last.  It may not be usable here. */
const struct minilm_ops *minilm_ops_get(size_t i);

/* Allocates and fills one form from weights [out][in], rows first..first + n of the matrix; called for all rows in order. */
int dense_create(struct dense *d, size_t in, size_t out, bool quantised);
void dense_set(struct dense *d, size_t first, size_t n, const float *weights, const float *bias);
void dense_destroy(struct dense *d);

#endif
