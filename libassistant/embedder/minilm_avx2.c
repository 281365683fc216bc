/*
 * minilm_avx2.c - AVX2 and FMA.  Products of bytes are made in 16 bits (vpmaddwd), which are exact: vpmaddubsw would be
 * faster and saturates.
 */
#include <immintrin.h>
#include "embedder/minilm_tables.h"

#define LANES	 8
#define MAX_ROWS 3

#include "embedder/minilm_kernels.h"

/* Four inputs of a row in 16 bits, again and again. */
INLINE __m256i inputs(const uint8_t *a)
{
	int32_t four;

	memcpy(&four, a, sizeof(four));
	return _mm256_cvtepu8_epi16(_mm_set1_epi32(four));
}

/* Sums of pairs of columns' halves (0 0 1 1 2 2 3 3, 4 4 5 5 6 6 7 7) to eight columns. */
INLINE __m256i join_pairs(__m256i low, __m256i high)
{
	return _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0xD8);
}

INLINE void finish_i8(const struct block *b, size_t column, __m256i sums, size_t row, float *y)
{
	__m256 zero = _mm256_set1_ps(b->row_zero[row * b->blocks]);
	__m256 scale = _mm256_set1_ps(b->row_scale[row * b->blocks]);
	__m256 v =
		_mm256_fnmadd_ps(zero, _mm256_loadu_ps(b->sums + column), _mm256_cvtepi32_ps(sums));

	scale = _mm256_mul_ps(scale, _mm256_loadu_ps(b->scale + column));
	_mm256_storeu_ps(y + column, _mm256_fmadd_ps(v, scale, _mm256_loadu_ps(y + column)));
}

/* Half a panel: 16 columns from `at` on, in 4 registers a row. */
INLINE void half_i8(size_t rows, const struct block *b, size_t at, float *y, size_t ld)
{
	const int8_t *w = b->i8 + at * K_GROUP;
	__m256i sums[MAX_ROWS][4];

	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 4; v++)
			sums[r][v] = _mm256_setzero_si256();
	}
	for (size_t i = 0; i < BLOCK; i += K_GROUP, w += PANEL * K_GROUP) {
		__m256i a[MAX_ROWS];

		for (size_t r = 0; r < rows; r++)
			a[r] = inputs(b->data + r * b->in + i);
		for (size_t v = 0; v < 4; v++) {
			__m256i columns = _mm256_cvtepi8_epi16(
				_mm_loadu_si128((const __m128i *)(const void *)(w + v * 16)));

			for (size_t r = 0; r < rows; r++)
				sums[r][v] = _mm256_add_epi32(sums[r][v],
							      _mm256_madd_epi16(a[r], columns));
		}
	}
	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 4; v += 2)
			finish_i8(b, at + v * 4, join_pairs(sums[r][v], sums[r][v + 1]), r,
				  y + r * ld);
	}
}

INLINE void block_i8(size_t rows, const struct block *b, float *y, size_t ld)
{
	half_i8(rows, b, 0, y, ld);
	half_i8(rows, b, PANEL / 2, y, ld);
}

static bool usable(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct minilm_ops minilm_avx2 = { .name = "avx2", .usable = usable, KERNELS };
