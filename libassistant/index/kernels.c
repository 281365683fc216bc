/*
 * kernels.c - four rows at a time, so that four sums grow independently and four streams come from memory.
 *
 * Rows need not be neighbours (a filter leaves gaps that no hardware sees coming): the rows after the next four are
 * asked for while these are summed.
 */
#include "index/kernels.h"
#include <stdbool.h>
#include <string.h>
#include "base/clean.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define ROWS 4

/* The four rows at i; near the end the last one stands in for what is not there. */
static inline void rows_at(const float *vectors, size_t stride, const uint32_t *rows, size_t n,
			   size_t i, const float *out[static ROWS])
{
	for (size_t k = 0; k < ROWS; k++)
		out[k] = vectors + stride * rows[i + k < n ? i + k : n - 1];
}

static inline void store_sums(const float sums[static ROWS], size_t n, size_t i, float *out)
{
	for (size_t k = 0; k < ROWS && i + k < n; k++)
		out[i + k] = sums[k];
}

/* --- Any processor ----------------------------------------------------------------- */

#define LANES4 __attribute__((vector_size(16))) float

static inline LANES4 load4(const float *at)
{
	LANES4 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static void dots_portable(const float *query, const float *vectors, size_t stride,
			  const uint32_t *rows, size_t n, float *out)
{
	for (size_t i = 0; i < n; i += ROWS) {
		const float *at[ROWS];
		float totals[ROWS];
		LANES4 sums[ROWS] = { { 0 } };

		rows_at(vectors, stride, rows, n, i, at);
		for (size_t d = 0; d < stride; d += 4) {
			LANES4 q = load4(query + d);

			for (size_t k = 0; k < ROWS; k++)
				sums[k] += q * load4(at[k] + d);
		}
		for (size_t k = 0; k < ROWS; k++)
			totals[k] = sums[k][0] + sums[k][1] + sums[k][2] + sums[k][3];
		store_sums(totals, n, i, out);
	}
}

static const struct vector_kernels portable = { "portable", dots_portable };

/* --- x86-64 -------------------------------------------------------------------------- */

#if defined(__x86_64__)

#define AHEAD(next, k, d) _mm_prefetch((const char *)((next)[k] + (d)), _MM_HINT_T0)

__attribute__((target("avx2,fma"))) static float sum8(__m256 v)
{
	__m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

	half = _mm_add_ps(half, _mm_movehl_ps(half, half));
	return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

__attribute__((target("avx2,fma"))) static void dots_avx2(const float *query, const float *vectors,
							  size_t stride, const uint32_t *rows,
							  size_t n, float *out)
{
	for (size_t i = 0; i < n; i += ROWS) {
		const float *at[ROWS], *next[ROWS];
		float totals[ROWS];
		__m256 a[ROWS], b[ROWS];

		rows_at(vectors, stride, rows, n, i, at);
		rows_at(vectors, stride, rows, n, i + ROWS, next);
		for (size_t k = 0; k < ROWS; k++)
			a[k] = b[k] = _mm256_setzero_ps();
		for (size_t d = 0; d < stride; d += 16) {
			__m256 low = _mm256_loadu_ps(query + d);
			__m256 high = _mm256_loadu_ps(query + d + 8);

			for (size_t k = 0; k < ROWS; k++) {
				AHEAD(next, k, d);
				a[k] = _mm256_fmadd_ps(low, _mm256_loadu_ps(at[k] + d), a[k]);
				b[k] = _mm256_fmadd_ps(high, _mm256_loadu_ps(at[k] + d + 8), b[k]);
			}
		}
		for (size_t k = 0; k < ROWS; k++)
			totals[k] = sum8(_mm256_add_ps(a[k], b[k]));
		store_sums(totals, n, i, out);
	}
}

__attribute__((target("avx512f"))) static void dots_avx512(const float *query, const float *vectors,
							   size_t stride, const uint32_t *rows,
							   size_t n, float *out)
{
	for (size_t i = 0; i < n; i += ROWS) {
		const float *at[ROWS], *next[ROWS];
		float totals[ROWS];
		__m512 sums[ROWS];

		rows_at(vectors, stride, rows, n, i, at);
		rows_at(vectors, stride, rows, n, i + ROWS, next);
		for (size_t k = 0; k < ROWS; k++)
			sums[k] = _mm512_setzero_ps();
		for (size_t d = 0; d < stride; d += 16) {
			__m512 q = _mm512_loadu_ps(query + d);

			for (size_t k = 0; k < ROWS; k++) {
				AHEAD(next, k, d);
				sums[k] = _mm512_fmadd_ps(q, _mm512_loadu_ps(at[k] + d), sums[k]);
			}
		}
		for (size_t k = 0; k < ROWS; k++)
			totals[k] = _mm512_reduce_add_ps(sums[k]);
		store_sums(totals, n, i, out);
	}
}

static const struct vector_kernels avx2 = { "avx2", dots_avx2 };
static const struct vector_kernels avx512 = { "avx512", dots_avx512 };

static const struct vector_kernels *x86_at(unsigned i)
{
	const struct vector_kernels *found[2];
	unsigned n = 0;

	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		found[n++] = &avx2;
	if (__builtin_cpu_supports("avx512f"))
		found[n++] = &avx512;
	return i < n ? found[i] : NULL;
}

#else

static const struct vector_kernels *x86_at(unsigned i)
{
	(void)i;
	return NULL;
}

#endif

const struct vector_kernels *vector_kernels_at(unsigned i)
{
	return i == 0 ? &portable : x86_at(i - 1);
}

const struct vector_kernels *vector_kernels_best(void)
{
	const struct vector_kernels *best = &portable, *next;

	for (unsigned i = 1; (next = vector_kernels_at(i)); i++)
		best = next;
	return best;
}
