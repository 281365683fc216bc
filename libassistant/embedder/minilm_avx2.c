/*
 * minilm_avx2.c - AVX2 and FMA.  Products of bytes are made in 16 bits (vpmaddwd), which are exact: vpmaddubsw would be
 * faster and saturates.
 */
#include <immintrin.h>
#include "embedder/minilm_tables.h"

#define LANES	 8
#define MAX_ROWS 3

static inline __attribute__((always_inline)) void tile_i8(size_t rows, const struct dense *d,
							  size_t at, const struct rows_u8 *x,
							  size_t row, float *y, size_t ld);

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

INLINE void finish_i8(const struct dense *d, size_t column, __m256i sums, float scale, int32_t zero,
		      float *y)
{
	__m256i of_column = _mm256_loadu_si256((const __m256i *)(const void *)(d->sums + column));
	__m256 per = _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_loadu_ps(d->scale + column));

	sums = _mm256_sub_epi32(sums, _mm256_mullo_epi32(_mm256_set1_epi32(zero), of_column));
	_mm256_storeu_ps(y, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), per,
					    _mm256_loadu_ps(d->bias + column)));
}

/* Half a panel: 16 columns in 4 registers a row. */
INLINE void half_i8(size_t rows, const struct dense *d, size_t at, const struct rows_u8 *x,
		    size_t row, float *y, size_t ld)
{
	const int8_t *w = d->i8 + at / PANEL * PANEL * d->in + at % PANEL * K_GROUP;
	__m256i sums[MAX_ROWS][4];

	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 4; v++)
			sums[r][v] = _mm256_setzero_si256();
	}
	for (size_t i = 0; i < d->in; i += K_GROUP, w += PANEL * K_GROUP) {
		__m256i a[MAX_ROWS];

		for (size_t r = 0; r < rows; r++)
			a[r] = inputs(x->data + (row + r) * d->in + i);
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
			finish_i8(d, at + v * 4, join_pairs(sums[r][v], sums[r][v + 1]),
				  x->scale[row + r], x->zero[row + r], y + r * ld + v * 4);
	}
}

INLINE void tile_i8(size_t rows, const struct dense *d, size_t at, const struct rows_u8 *x,
		    size_t row, float *y, size_t ld)
{
	half_i8(rows, d, at, x, row, y, ld);
	half_i8(rows, d, at + PANEL / 2, x, row, y + PANEL / 2, ld);
}

static bool usable(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct minilm_ops minilm_avx2 = { .name = "avx2", .usable = usable, KERNELS };
