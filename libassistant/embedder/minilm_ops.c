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

struct dense;
struct rows_u8;
static void tile_i8(size_t rows, const struct dense *d, size_t at, const struct rows_u8 *x,
		    size_t row, float *y, size_t ld);

#include "embedder/minilm_kernels.h"

/* One row against 32 columns, in plain C. */
static void tile_i8(size_t rows, const struct dense *d, size_t at, const struct rows_u8 *x,
		    size_t row, float *y, size_t ld)
{
	const uint8_t *a = x->data + row * d->in;
	const int8_t *w = d->i8 + at * d->in;
	int32_t sums[PANEL] = { 0 };

	(void)rows;
	(void)ld;
	for (size_t i = 0; i < d->in; i += K_GROUP, w += PANEL * K_GROUP) {
		for (size_t c = 0; c < PANEL; c++)
			sums[c] += a[i] * w[c * K_GROUP] + a[i + 1] * w[c * K_GROUP + 1] +
				   a[i + 2] * w[c * K_GROUP + 2] + a[i + 3] * w[c * K_GROUP + 3];
	}
	for (size_t c = 0; c < PANEL; c++)
		y[c] = (float)(sums[c] - x->zero[row] * d->sums[at + c]) *
			       (x->scale[row] * d->scale[at + c]) +
		       d->bias[at + c];
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
	PRE(in % PANEL == 0 && out % PANEL == 0);
	*d = (struct dense){ .in = in, .out = out };
	d->bias = lines(out * sizeof(*d->bias));
	if (quantised) {
		d->i8 = lines(in * out);
		d->scale = lines(out * sizeof(*d->scale));
		d->sums = lines(out * sizeof(*d->sums));
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

static void pack_i8(struct dense *d, size_t column, const float *w)
{
	int8_t *panel = d->i8 + column / PANEL * PANEL * d->in + column % PANEL * K_GROUP;
	float largest = 0;

	for (size_t i = 0; i < d->in; i++)
		largest = fabsf(w[i]) > largest ? fabsf(w[i]) : largest;
	d->scale[column] = largest > 0 ? largest / 127.0f : 1;
	d->sums[column] = 0;
	for (size_t i = 0; i < d->in; i++) {
		int8_t q = (int8_t)lrintf(w[i] / d->scale[column]);

		panel[i / K_GROUP * PANEL * K_GROUP + i % K_GROUP] = q;
		d->sums[column] += q;
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
