/*
 * minilm_vnni.c - AVX-512 with VNNI (Ice Lake, Zen 4 and later): four products of bytes and their sum in one instruction.
 */
#include <immintrin.h>
#include "embedder/minilm_tables.h"

#define LANES	 16
#define MAX_ROWS 8

#include "embedder/minilm_kernels.h"

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
	__m512i sums[MAX_ROWS][2];

	for (size_t r = 0; r < rows; r++)
		sums[r][0] = sums[r][1] = _mm512_setzero_si512();
	for (size_t i = 0; i < BLOCK; i += K_GROUP, w += PANEL * K_GROUP) {
		__m512i low = _mm512_loadu_si512(w), high = _mm512_loadu_si512(w + 64);

		for (size_t r = 0; r < rows; r++) {
			int32_t four;

			memcpy(&four, b->data + r * b->in + i, sizeof(four));
			sums[r][0] = _mm512_dpbusd_epi32(sums[r][0], _mm512_set1_epi32(four), low);
			sums[r][1] = _mm512_dpbusd_epi32(sums[r][1], _mm512_set1_epi32(four), high);
		}
	}
	for (size_t r = 0; r < rows; r++) {
		for (size_t v = 0; v < 2; v++)
			finish_i8(b, v * LANES, sums[r][v], r, y + r * ld);
	}
}

static bool usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("fma");
}

const struct minilm_ops minilm_vnni = { .name = "avx512vnni", .usable = usable, KERNELS };
