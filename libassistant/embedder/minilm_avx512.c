/*
 * minilm_avx512.c - AVX-512 without VNNI (Skylake): products of bytes in 16 bits, as with AVX2.
 */
#include <immintrin.h>
#include "embedder/minilm_tables.h"

#define LANES	 16
#define MAX_ROWS 12

static inline __attribute__((always_inline)) void tile_i8(size_t rows, const struct dense *d,
							  size_t at, const struct rows_u8 *x,
							  size_t row, float *y, size_t ld);

#include "embedder/minilm_kernels.h"

INLINE __m512i inputs(const uint8_t *a)
{
	int32_t four;

	memcpy(&four, a, sizeof(four));
	return _mm512_cvtepu8_epi16(_mm256_set1_epi32(four));
}

/* Sums of pairs of columns' halves (8 columns, then 8) to sixteen columns. */
INLINE __m512i join_pairs(__m512i low, __m512i high)
{
	const __m512i even =
		_mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
	const __m512i odd =
		_mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);

	return _mm512_add_epi32(_mm512_permutex2var_epi32(low, even, high),
				_mm512_permutex2var_epi32(low, odd, high));
}

INLINE void finish_i8(const struct dense *d, size_t column, __m512i sums, float scale, int32_t zero,
		      float *y)
{
	__m512i of_column = _mm512_loadu_si512(d->sums + column);
	__m512 per = _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_loadu_ps(d->scale + column));

	sums = _mm512_sub_epi32(sums, _mm512_mullo_epi32(_mm512_set1_epi32(zero), of_column));
	_mm512_storeu_ps(y, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), per,
					    _mm512_loadu_ps(d->bias + column)));
}

/* Up to six rows: 24 registers of sums. */
INLINE void rows_i8(size_t rows, const struct dense *d, size_t at, const struct rows_u8 *x,
		    size_t row, float *y, size_t ld)
{
	const int8_t *w = d->i8 + at * d->in;
	__m512i sums[6][4];

	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 4; v++)
			sums[r][v] = _mm512_setzero_si512();
	}
	for (size_t i = 0; i < d->in; i += K_GROUP, w += PANEL * K_GROUP) {
		__m512i columns[4];

		for (size_t v = 0; v < 4; v++)
			columns[v] = _mm512_cvtepi8_epi16(
				_mm256_loadu_si256((const __m256i *)(const void *)(w + v * 32)));
		for (size_t r = 0; r < rows; r++) {
			__m512i a = inputs(x->data + (row + r) * d->in + i);

			for (size_t v = 0; v < 4; v++)
				sums[r][v] = _mm512_add_epi32(sums[r][v],
							      _mm512_madd_epi16(a, columns[v]));
		}
	}
	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 4; v += 2)
			finish_i8(d, at + v * 8, join_pairs(sums[r][v], sums[r][v + 1]),
				  x->scale[row + r], x->zero[row + r], y + r * ld + v * 8);
	}
}

INLINE void tile_i8(size_t rows, const struct dense *d, size_t at, const struct rows_u8 *x,
		    size_t row, float *y, size_t ld)
{
	size_t first = rows < 6 ? rows : 6;

	rows_i8(first, d, at, x, row, y, ld);
	if (rows > first)
		rows_i8(rows - first, d, at, x, row + first, y + first * ld, ld);
}

static bool usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("fma");
}

const struct minilm_ops minilm_avx512 = { .name = "avx512", .usable = usable, KERNELS };
