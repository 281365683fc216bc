/*
 * minilm_kernels.h - what every instruction set computes in the same way, in vectors of LANES floats; included once by each
 * file that makes a table, after it has defined
 *	LANES		floats in a vector
 *	MAX_ROWS	rows whose sums over one panel fit the registers (1..12)
 *	block_i8	the sums of `rows` rows over one block of an int8 panel, see there
 */
#ifndef LANES
#error "LANES, MAX_ROWS and block_i8 come from the file of an instruction set"
#endif

#include <math.h>
#include <string.h>
#include "embedder/minilm_ops.h"

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef float vf_at __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));
typedef float v4 __attribute__((vector_size(16)));
typedef int32_t i4 __attribute__((vector_size(16)));
typedef uint8_t vb __attribute__((vector_size(LANES)));

#define INLINE	      static inline __attribute__((always_inline))
#define PANEL_VECTORS (PANEL / LANES)

INLINE vf load(const float *p)
{
	return *(const vf_at *)(const void *)p;
}

INLINE void store(float *p, vf v)
{
	*(vf_at *)(void *)p = v;
}

INLINE vf all(float x)
{
	return x - (vf){ 0 }; /* not 0 + x, which would change -0 and so costs an addition */
}

INLINE vf either(vi which, vf a, vf b)
{
	return (vf)(((vi)a & which) | ((vi)b & ~which));
}

INLINE vf larger(vf a, vf b)
{
	return either(a > b, a, b);
}

INLINE vf smaller(vf a, vf b)
{
	return either(a < b, a, b);
}

/* Folds v to four lanes. */
#define FOLD(v, join)                                                                              \
	__extension__({                                                                            \
		v4 parts_[LANES / 4];                                                              \
		memcpy(parts_, &(v), sizeof(parts_));                                              \
		for (int i_ = 1; i_ < LANES / 4; i_++)                                             \
			parts_[0] = join(parts_[0], parts_[i_]);                                   \
		parts_[0];                                                                         \
	})

INLINE v4 add4(v4 a, v4 b)
{
	return a + b;
}

INLINE v4 larger4(v4 a, v4 b)
{
	i4 which = a > b;

	return (v4)(((i4)a & which) | ((i4)b & ~which));
}

INLINE float sum_of(vf v)
{
	v4 s = FOLD(v, add4);

	return (s[0] + s[1]) + (s[2] + s[3]);
}

INLINE float largest_of(vf v)
{
	v4 m = FOLD(v, larger4);
	float a = m[0] > m[1] ? m[0] : m[1], b = m[2] > m[3] ? m[2] : m[3];

	return a > b ? a : b;
}

/*
 * e^x for x in [-87, 88], else that of the nearer end, within 2 units in the last place: 2^n by the exponent, the rest by a polynomial
 * over [-ln 2 / 2, ln 2 / 2].
 */
INLINE vf vf_exp(vf x)
{
	const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
	vf n, r, p;

	x = smaller(larger(x, all(-87.0f)), all(88.0f));
	n = x * 1.44269504f + shift;
	r = n - shift;
	x = x - r * 0.693359375f + r * 2.12194440e-4f;
	p = x * 1.9875691500e-4f + 1.3981999507e-3f;
	p = p * x + 8.3334519073e-3f;
	p = p * x + 4.1665795894e-2f;
	p = p * x + 1.6666665459e-1f;
	p = p * x + 5.0000001201e-1f;
	p = p * (x * x) + x + 1.0f;
	return p * (vf)(((vi)n - 0x4B400000 + 127) << 23);
}

/* --- Products -------------------------------------------------------------------- */

/* c[rows][32] = bias + a[rows][k] b[k][32] */
INLINE void tile_f32(size_t rows, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
		     const float *bias, float *c, size_t ldc)
{
	vf sums[MAX_ROWS][PANEL_VECTORS];

	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < PANEL_VECTORS; v++)
			sums[r][v] = bias ? load(bias + v * LANES) : all(0);
	}
	for (size_t i = 0; i < k; i++) {
		vf columns[PANEL_VECTORS];

		for (size_t v = 0; v < PANEL_VECTORS; v++)
			columns[v] = load(b + i * ldb + v * LANES);
		for (size_t r = 0; r < rows; r++) {
			vf x = all(a[r * lda + i]);

			for (size_t v = 0; v < PANEL_VECTORS; v++)
				sums[r][v] += x * columns[v];
		}
	}
	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < PANEL_VECTORS; v++)
			store(c + r * ldc + v * LANES, sums[r][v]);
	}
}

/* Calls tile(rows, ...) with a constant for rows, so that its sums stay in registers. */
#define ROWS_CASE(n, tile, ...)                                                                    \
	case n:                                                                                    \
		tile((n) <= MAX_ROWS ? (n) : 1, __VA_ARGS__);                                      \
		break;
#define BY_ROWS(rows, tile, ...)                                                                   \
	switch (rows) {                                                                            \
		ROWS_CASE(1, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(2, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(3, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(4, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(5, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(6, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(7, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(8, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(9, tile, __VA_ARGS__)                                                    \
		ROWS_CASE(10, tile, __VA_ARGS__)                                                   \
		ROWS_CASE(11, tile, __VA_ARGS__)                                                   \
		ROWS_CASE(12, tile, __VA_ARGS__)                                                   \
	}

/* The next rows of `left`, as even as can be: 8 + 8 is better than 12 + 4. */
INLINE size_t next_rows(size_t left)
{
	size_t tiles = (left + MAX_ROWS - 1) / MAX_ROWS;

	return (left + tiles - 1) / tiles;
}

static void panel_f32(size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
		      const float *bias, float *c, size_t ldc)
{
	for (size_t r = 0, rows; r < n; r += rows) {
		rows = next_rows(n - r);
		BY_ROWS(rows, tile_f32, k, a + r * lda, lda, b, ldb, bias, c + r * ldc, ldc)
	}
}

static void dense_f32(const struct dense *d, const float *x, size_t n, float *y, size_t ld)
{
	for (size_t at = 0; at < d->out; at += PANEL)
		panel_f32(n, d->in, x, d->in, d->f32 + at * d->in, PANEL, d->bias + at, y + at, ld);
}

/*
 * Adds one block to y[rows][32].  block: of the panel, at i8, scale and sums; of each row, at data, scale and zero, whose rows
 * lie `in` and `blocks` apart.
 */
struct block {
	const int8_t *i8;
	const float *scale, *sums;
	const uint8_t *data;
	const float *row_scale, *row_zero;
	size_t in, blocks;
};
static inline __attribute__((always_inline)) void block_i8(size_t rows, const struct block *b,
							   float *y, size_t ld);

INLINE void tile_i8(size_t rows, const struct dense *d, size_t at, const struct rows_u8 *x,
		    size_t row, float *y, size_t ld)
{
	const size_t blocks = d->in / BLOCK;
	struct block b = { d->i8 + at * d->in,
			   d->scale + at * blocks,
			   d->sums + at * blocks,
			   x->data + row * d->in,
			   x->scale + row * blocks,
			   x->zero + row * blocks,
			   d->in,
			   blocks };

	for (size_t r = 0; r < rows; r++)
		memcpy(y + r * ld, d->bias + at, PANEL * sizeof(*y));
	for (size_t i = 0; i < blocks; i++) {
		block_i8(rows, &b, y, ld);
		b.i8 += BLOCK * PANEL;
		b.scale += PANEL;
		b.sums += PANEL;
		b.data += BLOCK;
		b.row_scale++;
		b.row_zero++;
	}
}

static void panel_i8(const struct dense *d, size_t at, const struct rows_u8 *x, size_t n, float *y,
		     size_t ld)
{
	for (size_t r = 0, rows; r < n; r += rows) {
		rows = next_rows(n - r);
		BY_ROWS(rows, tile_i8, d, at, x, r, y + r * ld, ld)
	}
}

static void dense_i8(const struct dense *d, const struct rows_u8 *x, size_t n, float *y, size_t ld)
{
	for (size_t at = 0; at < d->out; at += PANEL)
		panel_i8(d, at, x, n, y + at, ld);
}

/* --- Rows ------------------------------------------------------------------------ */

static void quantise_block(const float *x, uint8_t *q, float *scale, float *zero)
{
	const float shift = 12582912.0f;
	vf low = all(0), high = low;
	float lowest, highest, per;

	for (size_t i = 0; i < BLOCK; i += LANES) {
		low = larger(low, -load(x + i));
		high = larger(high, load(x + i));
	}
	lowest = -largest_of(low);
	highest = largest_of(high);
	*scale = (highest - lowest) / 255.0f;
	per = *scale > 0 ? 1.0f / *scale : 0;
	*zero = rintf(-lowest * per);
	for (size_t i = 0; i < BLOCK; i += LANES) {
		vf v = load(x + i) * per + *zero;
		vb bytes;

		v = smaller(larger(v, all(0)), all(255)) + shift;
		bytes = __builtin_convertvector((vi)v - 0x4B400000, vb);
		memcpy(q + i, &bytes, sizeof(bytes));
	}
}

static void quantise(const float *x, size_t n, size_t width, struct rows_u8 *out)
{
	for (size_t i = 0; i < n * width / BLOCK; i++)
		quantise_block(x + i * BLOCK, out->data + i * BLOCK, &out->scale[i], &out->zero[i]);
}

/*
 * x * (1 + erf(x / sqrt 2)) / 2, as max(x, 0) - |x| * tail, where tail is the normal distribution's beyond |x|
 * (Abramowitz and Stegun 7.1.26: within 1e-7).
 */
static void gelu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i += LANES) {
		vf v = load(x + i), size = larger(v, -v), z = size * 0.70710678f;
		vf t = 1.0f / (1.0f + 0.3275911f * z);
		vf p = t * 1.061405429f - 1.453152027f;

		p = p * t + 1.421413741f;
		p = p * t - 0.284496736f;
		p = (p * t + 0.254829592f) * t;
		store(x + i, larger(v, all(0)) - size * (0.5f * p * vf_exp(-z * z)));
	}
}

static void layer_norm(float *x, const float *add, size_t n, size_t width, const float *gain,
		       const float *shift)
{
	for (size_t r = 0; r < n; r++, x += width) {
		const float *plus = add ? add + r * width : NULL;
		vf sum = all(0), squares = all(0);
		float mean, per;

		for (size_t i = 0; i < width; i += LANES) {
			vf v = load(x + i) + (plus ? load(plus + i) : all(0));

			store(x + i, v);
			sum += v;
		}
		mean = sum_of(sum) / (float)width;
		for (size_t i = 0; i < width; i += LANES) {
			vf v = load(x + i) - mean;

			squares += v * v;
		}
		per = 1.0f / sqrtf(sum_of(squares) / (float)width + 1e-12f);
		for (size_t i = 0; i < width; i += LANES)
			store(x + i, (load(x + i) - mean) * per * load(gain + i) + load(shift + i));
	}
}

/* --- Attention ------------------------------------------------------------------- */

/* keys[panel][32 dimensions][32 keys], with zeros behind the last key. */
static void transpose_keys(const float *k, size_t ld, size_t n, float *keys)
{
	size_t padded = (n + PANEL - 1) / PANEL * PANEL;

	for (size_t j = 0; j < padded; j++) {
		float *column = keys + j / PANEL * PANEL * PANEL + j % PANEL;

		for (size_t i = 0; i < PANEL; i++)
			column[i * PANEL] = j < n ? k[j * ld + i] : 0;
	}
}

/* e^((score - the largest) / sqrt 32), 0 behind the last; what they sum up to. */
static float soften(float *scores, size_t n)
{
	const float per = 0.17677669529663687f;
	size_t padded = (n + PANEL - 1) / PANEL * PANEL;
	vf most, sum = all(0);
	float largest;

	for (size_t j = n; j < padded; j++)
		scores[j] = -1e30f;
	most = load(scores);
	for (size_t j = LANES; j < padded; j += LANES)
		most = larger(most, load(scores + j));
	largest = largest_of(most);
	for (size_t j = 0; j < padded; j += LANES) {
		vf v = vf_exp((load(scores + j) - largest) * per);

		store(scores + j, v);
		sum += v;
	}
	/* The tail is not exactly 0: e^-87 of each is far below what a float can notice. */
	return sum_of(sum);
}

static void attention(const float *q, const float *k, const float *v, size_t ld, size_t n,
		      float *out, size_t out_ld, float *scratch)
{
	float *keys = scratch, *scores = scratch + MAX_KEYS * PANEL;
	size_t padded = (n + PANEL - 1) / PANEL * PANEL;

	transpose_keys(k, ld, n, keys);
	for (size_t i = 0; i < n; i += ATTENTION_ROWS) {
		size_t rows = n - i < ATTENTION_ROWS ? n - i : ATTENTION_ROWS;
		float sums[ATTENTION_ROWS];

		for (size_t j = 0; j < padded; j += PANEL)
			panel_f32(rows, PANEL, q + i * ld, ld, keys + j * PANEL, PANEL, NULL,
				  scores + j, MAX_KEYS);
		for (size_t r = 0; r < rows; r++)
			sums[r] = soften(scores + r * MAX_KEYS, n);
		panel_f32(rows, n, scores, MAX_KEYS, v, ld, NULL, out + i * out_ld, out_ld);
		for (size_t r = 0; r < rows; r++) {
			float *row = out + (i + r) * out_ld;

			for (size_t c = 0; c < PANEL; c += LANES)
				store(row + c, load(row + c) * (1.0f / sums[r]));
		}
	}
}

/* The table's functions. */
#define KERNELS                                                                                    \
	.dense_f32 = dense_f32, .dense_i8 = dense_i8, .quantise = quantise,                        \
	.attention = attention, .gelu = gelu, .layer_norm = layer_norm
