/*
 * minilm_avx512.c - AVX-512 without VNNI (Skylake): products of bytes in 16 bits, as with AVX2.
 */
#include <immintrin.h>
#include "embedder/minilm_tables.h"

#define LANES	 16
#define MAX_ROWS 6

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

INLINE void finish_i8(const struct block *b, size_t column, __m512i sums, size_t row, float *y)
{
	__m512 zero = _mm512_set1_ps(b->row_zero[row * b->blocks]);
	__m512 scale = _mm512_set1_ps(b->row_scale[row * b->blocks]);
	__m512 v =
		_mm512_fnmadd_ps(zero, _mm512_loadu_ps(b->sums + column), _mm512_cvtepi32_ps(sums));

	scale = _mm512_mul_ps(scale, _mm512_loadu_ps(b->scale + column));
	_mm512_storeu_ps(y + column, _mm512_fmadd_ps(v, scale, _mm512_loadu_ps(y + column)));
}

INLINE void block_i8(size_t rows, const struct block *b, float *y, size_t ld)
{
	const int8_t *w = b->i8;
	__m512i sums[MAX_ROWS][4];

	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 4; v++)
			sums[r][v] = _mm512_setzero_si512();
	}
	for (size_t i = 0; i < BLOCK; i += K_GROUP, w += PANEL * K_GROUP) {
		__m512i columns[4];

		for (size_t v = 0; v < 4; v++)
			columns[v] = _mm512_cvtepi8_epi16(
				_mm256_loadu_si256((const __m256i *)(const void *)(w + v * 32)));
		for (size_t r = 0; r < rows; r++) {
			__m512i a = inputs(b->data + r * b->in + i);

			for (size_t v = 0; v < 4; v++)
				sums[r][v] = _mm512_add_epi32(sums[r][v],
							      _mm512_madd_epi16(a, columns[v]));
		}
	}
	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 4; v += 2)
			finish_i8(b, v * 8, join_pairs(sums[r][v], sums[r][v + 1]), r, y + r * ld);
	}
}

static bool usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("fma");
}

const struct minilm_ops minilm_avx512 = { .name = "avx512", .usable = usable, KERNELS };
