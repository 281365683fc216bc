/*
 * test_word_embedder.c - the embedder suite on the tests' own embedder, and its switches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "call.h"
#include "embedder_suite.h"
#include "word_embedder.h"

static int target_open(struct suite_target *t, struct loop *loop, struct embedder **out)
{
	struct word_embedder *w = word_embedder_create(loop, 384);

	*out = w ? &w->base : NULL;
	return w ? 0 : ASSISTANT_ENOMEM;
}

static double dot(const float *a, const float *b)
{
	double sum = 0;

	for (int i = 0; i < 384; i++)
		sum += (double)a[i] * b[i];
	return sum;
}

static void test_vectors(void **state)
{
	float a[384], b[384], c[384];

	word_vector("Ildikó's talk", 384, a);
	word_vector("TALK -- ildiko s", 384, b);
	word_vector("wholly different things", 384, c);
	assert_true(dot(a, b) > 0.9999);
	assert_true(dot(a, c) < 0.2 && dot(a, c) > -0.2);
}

static void test_switches(void **state)
{
	struct loop *loop = loop_create_virtual();
	struct word_embedder *w = word_embedder_create(loop, 16);
	const char *texts[] = { "a", "b" };
	float v[2 * 16];
	int64_t begin = loop_now_ms(loop);
	struct call c;

	w->delay_ms = 50;
	assert_int_equal(AWAIT(loop, f, w->base.ops->embed(&w->base, EMBED_QUERY, texts, 2, v, f)),
			 0);
	assert_true(loop_now_ms(loop) - begin >= 50);
	w->fail_code = ASSISTANT_EUNAVAILABLE;
	assert_int_equal(
		AWAIT(loop, f, w->base.ops->embed(&w->base, EMBED_PASSAGE, texts, 1, v, f)),
		ASSISTANT_EUNAVAILABLE);
	assert_int_equal(AWAIT(loop, f, w->base.ops->ping(&w->base, f)), ASSISTANT_EUNAVAILABLE);
	w->base.ops->embed(&w->base, EMBED_QUERY, texts, 1, v, call_begin(&c, loop));
	flow_cancel(&c.flow);
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	assert_int_equal(w->calls, 3);
	assert_int_equal(w->texts, 4);
	assert_int_equal(w->queries, 3);
	assert_int_equal(w->cancelled, 1);
	embedder_destroy(&w->base);
	call_drain(loop);
	loop_destroy(loop);
}

int main(void)
{
	struct suite_target target = { .name = "embedder: words",
				       .loop = loop_create_virtual,
				       .open = target_open };
	const struct CMUnitTest own[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_switches),
	};
	int failed = embedder_suite_run(&target);

	return failed + cmocka_run_group_tests_name("word embedder", own, NULL, NULL);
}
