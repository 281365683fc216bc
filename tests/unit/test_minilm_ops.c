/*
 * test_minilm_ops.c - every kernel table that this CPU can run against slow and obvious arithmetic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "embedder/minilm_ops.h"

static const struct minilm_ops *ops; /* the one under test */

/* In [-1, 1], the same in every run. */
static float next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return (float)(*state >> 8) / 8388608.0f - 1;
}

static float *fill(size_t n, uint32_t seed, float times)
{
	float *x = aligned_alloc(64, (n * sizeof(*x) + 63) / 64 * 64);

	assert_non_null(x);
	for (size_t i = 0; i < n; i++)
		x[i] = times * next(&seed);
	return x;
}

static struct dense make_dense(size_t in, size_t out, bool quantised, const float *w,
			       const float *bias)
{
	struct dense d;

	assert_int_equal(dense_create(&d, in, out, quantised), 0);
	dense_set(&d, 0, out / 2, w, bias);
	dense_set(&d, out / 2, out - out / 2, w + out / 2 * in, bias + out / 2);
	return d;
}

static double exact(const float *x, const float *w, size_t in, float bias)
{
	double sum = bias;

	for (size_t i = 0; i < in; i++)
		sum += (double)x[i] * w[i];
	return sum;
}

/* Row counts on both sides of every tile. */
static const size_t counts[] = { 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 25, 40 };
enum { IN = 384, OUT = 96 };

static void test_dense_f32(void **state)
{
	float *w = fill(IN * OUT, 1, 1), *bias = fill(OUT, 2, 1), *x = fill(40 * IN, 3, 2);
	struct dense d = make_dense(IN, OUT, false, w, bias);

	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		float *y = fill(40 * OUT, 4, 1);

		ops->dense_f32(&d, x, counts[c], y, OUT);
		for (size_t r = 0; r < counts[c]; r++) {
			for (size_t o = 0; o < OUT; o++)
				assert_true(fabs(y[r * OUT + o] - exact(x + r * IN, w + o * IN, IN,
									bias[o])) < 1e-3);
		}
		free(y);
	}
	dense_destroy(&d);
	free(w);
	free(bias);
	free(x);
}

/* The integer sums are exact: what comes out is what quantised inputs and weights say, to a float's precision. */
static void test_dense_i8(void **state)
{
	float *w = fill(IN * OUT, 5, 1), *bias = fill(OUT, 6, 1), *x = fill(40 * IN, 7, 2);
	struct dense d = make_dense(IN, OUT, true, w, bias);
	const size_t blocks = IN / BLOCK;
	struct rows_u8 rows = { malloc(40 * IN), malloc(40 * blocks * sizeof(float)),
				malloc(40 * blocks * sizeof(float)) };

	x[5] = 100; /* an outlier spoils its block alone */
	ops->quantise(x, 40, IN, &rows);
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		float *y = fill(40 * OUT, 8, 1);

		ops->dense_i8(&d, &rows, counts[c], y, OUT);
		for (size_t r = 0; r < counts[c]; r++) {
			for (size_t o = 0; o < OUT; o++) {
				double sum = bias[o];

				for (size_t i = 0; i < IN; i++) {
					size_t place = (o / PANEL * blocks + i / BLOCK) * PANEL;
					int8_t q = d.i8[o / PANEL * PANEL * IN +
							i / K_GROUP * PANEL * K_GROUP +
							o % PANEL * K_GROUP + i % K_GROUP];
					size_t b = r * blocks + i / BLOCK;

					sum += (rows.data[r * IN + i] - (double)rows.zero[b]) *
					       rows.scale[b] * q * d.scale[place + o % PANEL];
				}
				assert_true(fabs(y[r * OUT + o] - sum) < 1e-3);
				if (r > 0)
					assert_true(
						fabs(y[r * OUT + o] - exact(x + r * IN, w + o * IN,
									    IN, bias[o])) < 1);
			}
		}
		free(y);
	}
	dense_destroy(&d);
	free(rows.data);
	free(rows.scale);
	free(rows.zero);
	free(w);
	free(bias);
	free(x);
}

/* The extremes that would overflow 16 bits: all inputs 255, all weights -127 or 127. */
static void test_dense_i8_extremes(void **state)
{
	float *w = fill(IN * PANEL, 9, 0), bias[PANEL] = { 0 }, *x = fill(IN, 10, 0), y[PANEL];
	uint8_t data[IN];
	float scale[IN / BLOCK], zero[IN / BLOCK];
	struct rows_u8 rows = { data, scale, zero };
	struct dense d;

	for (size_t i = 0; i < IN * PANEL; i++)
		w[i] = i / IN % 2 ? -1 : 1;
	for (size_t i = 0; i < IN; i++)
		x[i] = 3;
	d = make_dense(IN, PANEL, true, w, bias);
	ops->quantise(x, 1, IN, &rows);
	for (size_t i = 0; i < IN; i++)
		assert_int_equal(data[i], 255);
	ops->dense_i8(&d, &rows, 1, y, PANEL);
	for (size_t o = 0; o < PANEL; o++)
		assert_true(fabsf(y[o] - (o % 2 ? -3.0f : 3.0f) * IN) < 0.1f);
	dense_destroy(&d);
	free(w);
	free(x);
}

static void check_quantised(const float *x)
{
	uint8_t data[BLOCK];
	float scale, zero;
	struct rows_u8 rows = { data, &scale, &zero };

	ops->quantise(x, 1, BLOCK, &rows);
	assert_true(zero >= 0 && zero <= 255 && zero == rintf(zero));
	for (size_t i = 0; i < BLOCK; i++)
		assert_true(fabsf(scale * ((float)data[i] - zero) - x[i]) <= scale * 1.01f);
}

static void test_quantise(void **state)
{
	float *x = fill(BLOCK, 11, 1);

	check_quantised(x);
	for (size_t i = 0; i < BLOCK; i++)
		x[i] = fabsf(x[i]) + 1; /* all above 0 */
	check_quantised(x);
	for (size_t i = 0; i < BLOCK; i++)
		x[i] = -x[i];
	check_quantised(x);
	memset(x, 0, BLOCK * sizeof(*x));
	check_quantised(x);
	x[77] = 1e-30f;
	check_quantised(x);
	x[77] = 1e30f;
	check_quantised(x);
	free(x);
}

static void test_gelu(void **state)
{
	float x[64], y[64];

	for (int from = -12; from <= 12; from += 2) {
		for (int i = 0; i < 64; i++)
			x[i] = y[i] = (float)from + (float)i / 32;
		ops->gelu(y, 64);
		for (int i = 0; i < 64; i++)
			assert_true(fabs(y[i] - x[i] * 0.5 * (1 + erf(x[i] / sqrt(2)))) < 2e-6);
	}
	x[0] = 1000;
	x[1] = -1000;
	memset(x + 2, 0, sizeof(x) - 2 * sizeof(*x));
	ops->gelu(x, 64);
	assert_true(x[0] == 1000 && fabsf(x[1]) < 1e-30f && x[2] == 0);
}

static void test_layer_norm(void **state)
{
	float *x = fill(2 * 384, 12, 3), *add = fill(2 * 384, 13, 3), *gain = fill(384, 14, 1),
	      *shift = fill(384, 15, 1), *y = fill(2 * 384, 12, 3);

	ops->layer_norm(y, add, 2, 384, gain, shift);
	for (int r = 0; r < 2; r++) {
		double mean = 0, squares = 0;

		for (int i = 0; i < 384; i++)
			mean += ((double)x[r * 384 + i] + add[r * 384 + i]) / 384;
		for (int i = 0; i < 384; i++)
			squares += pow((double)x[r * 384 + i] + add[r * 384 + i] - mean, 2) / 384;
		for (int i = 0; i < 384; i++) {
			double v =
				((double)x[r * 384 + i] + add[r * 384 + i] - mean) / sqrt(squares);

			assert_true(fabs(y[r * 384 + i] - (v * gain[i] + shift[i])) < 1e-4);
		}
	}
	memset(x, 0, 384 * sizeof(*x));
	ops->layer_norm(x, NULL, 1, 384, gain, shift); /* nothing to divide by */
	for (int i = 0; i < 384; i++)
		assert_true(fabsf(x[i] - shift[i]) < 1e-6f);
	free(x);
	free(y);
	free(add);
	free(gain);
	free(shift);
}

static void exact_attention(const float *q, const float *k, const float *v, size_t ld, size_t n,
			    size_t row, double out[PANEL])
{
	double weights[MAX_KEYS], sum = 0, most = -1e300;

	for (size_t j = 0; j < n; j++) {
		weights[j] = 0;
		for (size_t i = 0; i < PANEL; i++)
			weights[j] += (double)q[row * ld + i] * k[j * ld + i] / sqrt(PANEL);
		most = weights[j] > most ? weights[j] : most;
	}
	for (size_t j = 0; j < n; j++)
		sum += weights[j] = exp(weights[j] - most);
	for (size_t i = 0; i < PANEL; i++) {
		out[i] = 0;
		for (size_t j = 0; j < n; j++)
			out[i] += weights[j] / sum * v[j * ld + i];
	}
}

static void test_attention(void **state)
{
	static const size_t lengths[] = { 1, 2, 15, 16, 17, 31, 32, 33, 100, 256 };
	float *scratch = fill(ATTENTION_SCRATCH, 16, 1e30f); /* what an earlier text left */

	for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
		size_t n = lengths[l], ld = 3 * PANEL;
		float *x = fill(n * ld, 17 + (uint32_t)l, 4), *y = fill(n * PANEL, 18, 1);

		ops->attention(x, x + PANEL, x + 2 * PANEL, ld, n, y, PANEL, scratch);
		for (size_t r = 0; r < n; r++) {
			double out[PANEL];

			exact_attention(x, x + PANEL, x + 2 * PANEL, ld, n, r, out);
			for (size_t i = 0; i < PANEL; i++)
				assert_true(fabs(y[r * PANEL + i] - out[i]) < 1e-4);
		}
		free(x);
		free(y);
	}
	free(scratch);
}

static void test_choice(void **state)
{
	size_t n = 0;

	while (minilm_ops_get(n))
		n++;
	assert_true(n >= 1);
	assert_string_equal(minilm_ops_get(n - 1)->name, "portable");
	assert_true(minilm_ops_choose()->usable());
	for (size_t i = 0; minilm_ops_get(i) != minilm_ops_choose(); i++)
		assert_false(minilm_ops_get(i)->usable()); /* none better was passed over */
}

int main(void)
{
	const struct CMUnitTest each[] = {
		cmocka_unit_test(test_dense_f32),
		cmocka_unit_test(test_dense_i8),
		cmocka_unit_test(test_dense_i8_extremes),
		cmocka_unit_test(test_quantise),
		cmocka_unit_test(test_gelu),
		cmocka_unit_test(test_layer_norm),
		cmocka_unit_test(test_attention),
	};
	const struct CMUnitTest once[] = { cmocka_unit_test(test_choice) };
	int failed = cmocka_run_group_tests_name("kernels", once, NULL, NULL);

	for (size_t i = 0; (ops = minilm_ops_get(i)); i++) {
		if (ops->usable())
			failed += cmocka_run_group_tests_name(ops->name, each, NULL, NULL);
	}
	return failed;
}
