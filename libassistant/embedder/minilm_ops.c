/*
 * minilm_ops.c - the portable table, the choice among all of them, packing.
 */
#include "embedder/minilm_ops.h"
#include <stdlib.h>
#include "base/check.h"
#include "base/clean.h"
#include "embedder/minilm_tables.h"

#define LANES	 4
#define MAX_ROWS 1

#include "embedder/minilm_kernels.h"

/* One row against 32 columns, in plain C. */
INLINE void block_i8(size_t rows, const struct block *b, float *y, size_t ld)
{
	const uint8_t *a = b->data;
	const int8_t *w = b->i8;
	int32_t sums[PANEL] = { 0 };

	(void)rows;
	(void)ld;
	for (size_t i = 0; i < BLOCK; i += K_GROUP, w += PANEL * K_GROUP) {
		for (size_t c = 0; c < PANEL; c++)
			sums[c] += a[i] * w[c * K_GROUP] + a[i + 1] * w[c * K_GROUP + 1] +
				   a[i + 2] * w[c * K_GROUP + 2] + a[i + 3] * w[c * K_GROUP + 3];
	}
	for (size_t c = 0; c < PANEL; c++)
		y[c] += ((float)sums[c] - *b->row_zero * b->sums[c]) *
			(*b->row_scale * b->scale[c]);
}

static bool always(void)
{
	return true;
}

static const struct minilm_ops portable = { .name = "portable", .usable = always, KERNELS };

/* --- The choice ------------------------------------------------------------------ */

static const struct minilm_ops *const tables[] = {
#ifdef __x86_64__
	&minilm_vnni,
	&minilm_avx512,
	&minilm_avx2,
#endif
	&portable,
};

const struct minilm_ops *minilm_ops_get(size_t i)
{
	return i < ARRAY_SIZE(tables) ? tables[i] : NULL;
}

const struct minilm_ops *minilm_ops_choose(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (tables[i]->usable())
			return tables[i];
	}
	return &portable;
}

/* --- Packing --------------------------------------------------------------------- */

/* Zeroed, in whole cache lines. */
static void *lines(size_t bytes)
{
	size_t rounded = (bytes + 63) / 64 * 64;
	void *p = aligned_alloc(64, rounded);

	if (p)
		memset(p, 0, rounded);
	return p;
}

int dense_create(struct dense *d, size_t in, size_t out, bool quantised)
{
	PRE(in % BLOCK == 0 && out % PANEL == 0);
	*d = (struct dense){ .in = in, .out = out };
	d->bias = lines(out * sizeof(*d->bias));
	if (quantised) {
		d->i8 = lines(in * out);
		d->scale = lines(in / BLOCK * out * sizeof(*d->scale));
		d->sums = lines(in / BLOCK * out * sizeof(*d->sums));
	} else {
		d->f32 = lines(in * out * sizeof(*d->f32));
	}
	if (d->bias && (quantised ? d->i8 && d->scale && d->sums : d->f32 != NULL))
		return 0;
	dense_destroy(d);
	return -1;
}

void dense_destroy(struct dense *d)
{
	free(d->bias);
	free(d->f32);
	free(d->i8);
	free(d->scale);
	free(d->sums);
	*d = (struct dense){ 0 };
}

/* One block of a column: w[BLOCK] into its place among 32 columns. */
static void pack_block(const float *w, int8_t *panel, float *scale, float *sum)
{
	float largest = 0;
	int32_t all = 0;

	for (size_t i = 0; i < BLOCK; i++)
		largest = fabsf(w[i]) > largest ? fabsf(w[i]) : largest;
	*scale = largest > 0 ? largest / 127.0f : 1;
	for (size_t i = 0; i < BLOCK; i++) {
		int8_t q = (int8_t)lrintf(w[i] / *scale);

		panel[i / K_GROUP * PANEL * K_GROUP + i % K_GROUP] = q;
		all += q;
	}
	*sum = (float)all;
}

static void pack_i8(struct dense *d, size_t column, const float *w)
{
	size_t blocks = d->in / BLOCK, panel = column / PANEL, at = column % PANEL;

	for (size_t i = 0; i < blocks; i++) {
		size_t place = (panel * blocks + i) * PANEL;

		pack_block(w + i * BLOCK, d->i8 + place * BLOCK + at * K_GROUP,
			   &d->scale[place + at], &d->sums[place + at]);
	}
}

static void pack_f32(struct dense *d, size_t column, const float *w)
{
	float *panel = d->f32 + column / PANEL * PANEL * d->in + column % PANEL;

	for (size_t i = 0; i < d->in; i++)
		panel[i * PANEL] = w[i];
}

void dense_set(struct dense *d, size_t first, size_t n, const float *weights, const float *bias)
{
	PRE(first + n <= d->out);
	for (size_t i = 0; i < n; i++) {
		d->bias[first + i] = bias[i];
		if (d->i8)
			pack_i8(d, first + i, weights + i * d->in);
		else
			pack_f32(d, first + i, weights + i * d->in);
	}
}
