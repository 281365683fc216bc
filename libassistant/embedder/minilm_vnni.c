/*
 * minilm_vnni.c - AVX-512 with VNNI (Ice Lake, Zen 4 and later): four products of bytes and their sum in one instruction.
 */
#include <immintrin.h>
#include "embedder/minilm_tables.h"

#define LANES	 16
#define MAX_ROWS 12

static inline __attribute__((always_inline)) void tile_i8(size_t rows, const struct dense *d,
							  size_t at, const struct rows_u8 *x,
							  size_t row, float *y, size_t ld);

#include "embedder/minilm_kernels.h"

INLINE void finish_i8(const struct dense *d, size_t column, __m512i sums, float scale, int32_t zero,
		      float *y)
{
	__m512i of_column = _mm512_loadu_si512(d->sums + column);
	__m512 per = _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_loadu_ps(d->scale + column));

	sums = _mm512_sub_epi32(sums, _mm512_mullo_epi32(_mm512_set1_epi32(zero), of_column));
	_mm512_storeu_ps(y, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), per,
					    _mm512_loadu_ps(d->bias + column)));
}

INLINE void tile_i8(size_t rows, const struct dense *d, size_t at, const struct rows_u8 *x,
		    size_t row, float *y, size_t ld)
{
	const int8_t *w = d->i8 + at * d->in;
	const uint8_t *a = x->data + row * d->in;
	__m512i sums[MAX_ROWS][2];

	for (size_t r = 0; r < rows; r++)
		sums[r][0] = sums[r][1] = _mm512_setzero_si512();
	for (size_t i = 0; i < d->in; i += K_GROUP, w += PANEL * K_GROUP) {
		__m512i low = _mm512_loadu_si512(w), high = _mm512_loadu_si512(w + 64);

		for (size_t r = 0; r < rows; r++) {
			int32_t four;

			memcpy(&four, a + r * d->in + i, sizeof(four));
			sums[r][0] = _mm512_dpbusd_epi32(sums[r][0], _mm512_set1_epi32(four), low);
			sums[r][1] = _mm512_dpbusd_epi32(sums[r][1], _mm512_set1_epi32(four), high);
		}
	}
	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 2; v++)
			finish_i8(d, at + v * LANES, sums[r][v], x->scale[row + r],
				  x->zero[row + r], y + r * ld + v * LANES);
	}
}

static bool usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("fma");
}

const struct minilm_ops minilm_vnni = { .name = "avx512vnni", .usable = usable, KERNELS };
