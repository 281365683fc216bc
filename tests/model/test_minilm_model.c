/*
 * test_minilm_model.c - the transformer against an independent implementation's vectors, with every kernel table that this CPU
 * can run, in float32 and in 8 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "embedder/minilm_model.h"
#include "golden_embeddings.h"
#include "weights_here.h"

static struct golden *golden;
static size_t n_golden;

static double cosine(const float *a, const float *b)
{
	double ab = 0, aa = 0, bb = 0;

	for (size_t i = 0; i < MINILM_DIMS; i++) {
		ab += (double)a[i] * b[i];
		aa += (double)a[i] * a[i];
		bb += (double)b[i] * b[i];
	}
	return ab / __builtin_sqrt(aa * bb);
}

static struct minilm_model *load(bool quantised, const struct minilm_ops *ops)
{
	struct fail f = FAIL_INIT;
	struct minilm_model *m = NULL;

	if (minilm_model_load(weights_here(), quantised, ops, &m, &f) < 0)
		fail_msg("%s", f.text);
	return m;
}

static void test_token_ids(void **state)
{
	struct minilm_model *m = load(true, NULL);
	uint16_t ids[MINILM_TOKENS];

	for (size_t i = 0; i < n_golden; i++) {
		const struct golden *g = &golden[i];
		size_t n = minilm_tokens(m, g->text, strlen(g->text), ids);

		if (n != g->n_ids || memcmp(ids, g->ids, n * sizeof(*ids)))
			fail_msg("other ids than the reference's for text %zu: %.60s", i, g->text);
	}
	minilm_model_destroy(m);
}

/* A sanitizer looks at memory, and what of it is touched depends on a text's length and place alone: it gets a part of the texts,
 * the longest among them.  The step without one compares them all. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static bool left_out(size_t i, bool slow)
{
	if (!SANITIZED || (golden[i].n_ids == MINILM_TOKENS && i % 2))
		return false;
	return i % (slow ? 24 : 6) != 0;
}

/* Every text with one table; the least cosine. */
static double least_cosine(const struct minilm_ops *ops, bool quantised)
{
	struct minilm_model *m = load(quantised, ops);
	struct minilm_scratch *s = minilm_scratch_create();
	double least = 1;
	bool slow = strcmp(ops->name, "portable") == 0;
	size_t worst = 0;

	for (size_t i = 0; i < n_golden; i++) {
		float v[MINILM_DIMS];
		double c;

		if (left_out(i, slow))
			continue;
		assert_int_equal(minilm_run(m, s, golden[i].ids, &golden[i].n_ids, 1, v, NULL), 0);
		c = cosine(v, golden[i].vector);
		if (c < least) {
			least = c;
			worst = i;
		}
	}
	print_message("%s, %s: least cosine %.6f (%.40s)\n", ops->name,
		      quantised ? "8 bits" : "float32", least, golden[worst].text);
	minilm_scratch_destroy(s);
	minilm_model_destroy(m);
	return least;
}

static void test_float32(void **state)
{
	const struct minilm_ops *ops;

	for (size_t i = 0; (ops = minilm_ops_get(i)); i++) {
		if (ops->usable())
			assert_true(least_cosine(ops, false) >= 0.999);
	}
}

static void test_quantised(void **state)
{
	const struct minilm_ops *ops;

	for (size_t i = 0; (ops = minilm_ops_get(i)); i++) {
		if (ops->usable())
			assert_true(least_cosine(ops, true) >= 0.99);
	}
}

/* Texts that go through the layers together do not see each other. */
static void test_packed_together(void **state)
{
	struct minilm_model *m = load(true, NULL);
	struct minilm_scratch *s = minilm_scratch_create();
	uint16_t ids[MINILM_TOKENS];
	size_t lengths[MINILM_TOKENS], n = 0, tokens = 0;
	float *together = calloc(MINILM_TOKENS * MINILM_DIMS, sizeof(float));

	for (size_t i = 0; i < n_golden && tokens + golden[i].n_ids <= MINILM_TOKENS; i++) {
		memcpy(ids + tokens, golden[i].ids, golden[i].n_ids * sizeof(*ids));
		lengths[n++] = golden[i].n_ids;
		tokens += golden[i].n_ids;
	}
	assert_true(n > 5);
	assert_int_equal(minilm_run(m, s, ids, lengths, n, together, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		float alone[MINILM_DIMS];

		assert_int_equal(minilm_run(m, s, golden[i].ids, &lengths[i], 1, alone, NULL), 0);
		assert_true(cosine(alone, together + i * MINILM_DIMS) > 0.999999);
	}
	free(together);
	minilm_scratch_destroy(s);
	minilm_model_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token_ids),
		cmocka_unit_test(test_float32),
		cmocka_unit_test(test_quantised),
		cmocka_unit_test(test_packed_together),
	};
	int failed;

	golden = golden_read(&n_golden);
	failed = cmocka_run_group_tests_name("model", tests, NULL, NULL);
	golden_free(golden, n_golden);
	return failed;
}
