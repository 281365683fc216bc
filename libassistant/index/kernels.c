/*
 * kernels.c - row by row, four sums at a time.
 *
 * One row after the other is one stream for the hardware to see coming; taking four rows at once, or asking for the next ones
 * early, was measured and is slower where rows are neighbours and no faster where a filter leaves gaps
 * (tests/bench/scan_bench.c).
 */
#include "index/kernels.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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
	for (size_t i = 0; i < n; i++) {
		const float *row = vectors + stride * rows[i];
		LANES4 a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

		for (size_t k = 0; k < stride; k += 16) {
			a += load4(query + k) * load4(row + k);
			b += load4(query + k + 4) * load4(row + k + 4);
			c += load4(query + k + 8) * load4(row + k + 8);
			d += load4(query + k + 12) * load4(row + k + 12);
		}
		a += b + (c + d);
		out[i] = a[0] + a[1] + (a[2] + a[3]);
	}
}

static const struct vector_kernels portable = { "portable", dots_portable };

/* --- x86-64 -------------------------------------------------------------------------- */

#if defined(__x86_64__)

#define AVX2   __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))

AVX2 static inline __m256 step8(__m256 sum, const float *query, const float *row)
{
	return _mm256_fmadd_ps(_mm256_loadu_ps(query), _mm256_loadu_ps(row), sum);
}

AVX2 static inline float sum8(__m256 v)
{
	__m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

	half = _mm_add_ps(half, _mm_movehl_ps(half, half));
	return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

AVX2 static void dots_avx2(const float *query, const float *vectors, size_t stride,
			   const uint32_t *rows, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++) {
		const float *row = vectors + stride * rows[i];
		__m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
		size_t k = 0;

		for (; k + 32 <= stride; k += 32) {
			a = step8(a, query + k, row + k);
			b = step8(b, query + k + 8, row + k + 8);
			c = step8(c, query + k + 16, row + k + 16);
			d = step8(d, query + k + 24, row + k + 24);
		}
		for (; k < stride; k += 8)
			a = step8(a, query + k, row + k);
		out[i] = sum8(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)));
	}
}

AVX512 static inline __m512 step16(__m512 sum, const float *query, const float *row)
{
	return _mm512_fmadd_ps(_mm512_loadu_ps(query), _mm512_loadu_ps(row), sum);
}

AVX512 static void dots_avx512(const float *query, const float *vectors, size_t stride,
			       const uint32_t *rows, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++) {
		const float *row = vectors + stride * rows[i];
		__m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
		size_t k = 0;

		for (; k + 64 <= stride; k += 64) {
			a = step16(a, query + k, row + k);
			b = step16(b, query + k + 16, row + k + 16);
			c = step16(c, query + k + 32, row + k + 32);
			d = step16(d, query + k + 48, row + k + 48);
		}
		for (; k < stride; k += 16)
			a = step16(a, query + k, row + k);
		out[i] = _mm512_reduce_add_ps(
			_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
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
