/*
 * test_embed_cache.c - the embedder suite on embed_cache.c around the tests' own embedder, and what it saves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "call.h"
#include "embedder_suite.h"
#include "observe/metrics.h"
#include "word_embedder.h"

enum { DIMS = 32 };

static int target_open(struct suite_target *t, struct loop *loop, struct embedder **out)
{
	struct word_embedder *w = word_embedder_create(loop, 384);

	return embed_cache_open(loop, &w->base, 4, NULL, out, NULL);
}

struct fixture {
	struct loop *loop;
	struct word_embedder *inner;
	struct embedder *cache;
	struct metrics *metrics;
};

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = loop_create_virtual();
	fx->metrics = metrics_create();
	fx->inner = word_embedder_create(fx->loop, DIMS);
	*state = fx;
	return embed_cache_open(fx->loop, &fx->inner->base, 3, fx->metrics, &fx->cache, NULL);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	embedder_destroy(fx->cache);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	metrics_destroy(fx->metrics);
	free(fx);
	return 0;
}

static void begin(struct fixture *fx, struct call *c, const char *text, float *out)
{
	fx->cache->ops->embed(fx->cache, EMBED_QUERY, &text, 1, out, call_begin(c, fx->loop));
}

static int ask(struct fixture *fx, const char *text)
{
	float v[DIMS], expected[DIMS];
	struct call c;
	int r;

	begin(fx, &c, text, v);
	r = call_wait(&c);
	word_vector(text, DIMS, expected);
	if (r == 0)
		assert_memory_equal(v, expected, sizeof(v));
	return r;
}

static double counted(struct fixture *fx, const char *result)
{
	return metrics_get(fx->metrics, METRIC_EMBED_CACHE, result);
}

static void test_second_time_is_free(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(ask(fx, "one"), 0);
	assert_int_equal(ask(fx, "one"), 0);
	assert_int_equal(ask(fx, "One"), 0); /* another text, whatever the model makes of it */
	assert_int_equal(fx->inner->calls, 2);
	assert_true(counted(fx, "hit") == 1 && counted(fx, "miss") == 2);
	assert_string_equal(fx->cache->model, "words");
	assert_string_equal(fx->cache->ops->name, "words");
}

static void test_longest_unused_goes(void **state)
{
	struct fixture *fx = *state;

	ask(fx, "1");
	ask(fx, "2");
	ask(fx, "3");
	ask(fx, "1");
	ask(fx, "4"); /* in place of 2 */
	assert_int_equal(fx->inner->calls, 4);
	ask(fx, "1");
	ask(fx, "3");
	ask(fx, "4");
	assert_int_equal(fx->inner->calls, 4);
	ask(fx, "2");
	assert_int_equal(fx->inner->calls, 5);
}

static void test_made_once_for_all_who_ask(void **state)
{
	struct fixture *fx = *state;
	struct call calls[5];
	float v[5][DIMS], expected[DIMS];

	fx->inner->delay_ms = 50;
	for (int i = 0; i < 5; i++)
		begin(fx, &calls[i], "the same", v[i]);
	flow_cancel(&calls[2].flow);
	word_vector("the same", DIMS, expected);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(call_wait(&calls[i]), i == 2 ? ASSISTANT_ECANCELED : 0);
		if (i != 2)
			assert_memory_equal(v[i], expected, sizeof(expected));
	}
	assert_int_equal(fx->inner->calls, 1);
	assert_true(counted(fx, "shared") == 4);
}

static void test_nobody_waits_any_more(void **state)
{
	struct fixture *fx = *state;
	struct call a, b;
	float v[DIMS];

	fx->inner->delay_ms = 50;
	begin(fx, &a, "text", v);
	begin(fx, &b, "text", v);
	call_pass_ms(fx->loop, 10);
	flow_cancel(&a.flow);
	assert_int_equal(fx->inner->cancelled, 0);
	flow_cancel(&b.flow);
	assert_int_equal(fx->inner->cancelled, 1);
	assert_int_equal(ask(fx, "text"), 0); /* made anew */
	assert_int_equal(fx->inner->calls, 2);
}

/* Before the work has begun, too. */
static void test_cancelled_at_once(void **state)
{
	struct fixture *fx = *state;
	struct call a;
	float v[DIMS];

	begin(fx, &a, "text", v);
	flow_cancel(&a.flow);
	call_pass_ms(fx->loop, 1);
	assert_int_equal(fx->inner->calls, 0);
	assert_int_equal(ask(fx, "text"), 0);
}

static void test_failures_are_not_kept(void **state)
{
	struct fixture *fx = *state;
	struct call a, b;
	float v[DIMS];

	fx->inner->fail_code = ASSISTANT_EUNAVAILABLE;
	begin(fx, &a, "text", v);
	begin(fx, &b, "text", v);
	assert_int_equal(call_wait(&a), ASSISTANT_EUNAVAILABLE);
	assert_string_equal(call_fail()->text, "The embedder was told to fail.");
	assert_int_equal(call_wait(&b), ASSISTANT_EUNAVAILABLE);
	fx->inner->fail_code = 0;
	assert_int_equal(ask(fx, "text"), 0);
}

/* More questions at once than there is room for. */
static void test_all_places_taken(void **state)
{
	struct fixture *fx = *state;
	struct call calls[6];
	float v[6][DIMS], expected[DIMS];
	char text[2] = "a";

	fx->inner->delay_ms = 50;
	for (int i = 0; i < 6; i++, text[0]++)
		begin(fx, &calls[i], text, v[i]);
	text[0] = 'a';
	for (int i = 0; i < 6; i++, text[0]++) {
		assert_int_equal(call_wait(&calls[i]), 0);
		word_vector(text, DIMS, expected);
		assert_memory_equal(v[i], expected, sizeof(expected));
	}
}

static void test_what_is_not_kept(void **state)
{
	struct fixture *fx = *state;
	struct embedder *e = fx->cache;
	const char *two[] = { "one", "two" };
	char *long_text = malloc(5001);
	float v[2 * DIMS];

	memset(long_text, 'x', 5000);
	long_text[5000] = '\0';
	for (int i = 0; i < 2; i++) {
		ask(fx, long_text);
		assert_int_equal(AWAIT(fx->loop, f, e->ops->embed(e, EMBED_PASSAGE, two, 1, v, f)),
				 0);
		assert_int_equal(AWAIT(fx->loop, f, e->ops->embed(e, EMBED_QUERY, two, 2, v, f)),
				 0);
	}
	assert_int_equal(fx->inner->calls, 6);
	free(long_text);
}

static void test_destroyed_while_asked(void **state)
{
	struct fixture *fx = *state;
	struct call a, b;
	float v[DIMS];

	ask(fx, "kept");
	fx->inner->delay_ms = 50;
	begin(fx, &a, "kept", v);
	begin(fx, &b, "never made", v);
	call_pass_ms(fx->loop, 10);
	embedder_destroy(TAKE_PTR(fx->cache));
	assert_int_equal(call_wait(&a), 0);
	assert_int_equal(call_wait(&b), ASSISTANT_ECANCELED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	struct suite_target target = { .name = "embedder: cached words",
				       .loop = loop_create_virtual,
				       .open = target_open };
	const struct CMUnitTest own[] = {
		TEST(test_second_time_is_free),	      TEST(test_longest_unused_goes),
		TEST(test_made_once_for_all_who_ask), TEST(test_nobody_waits_any_more),
		TEST(test_cancelled_at_once),	      TEST(test_failures_are_not_kept),
		TEST(test_all_places_taken),	      TEST(test_what_is_not_kept),
		TEST(test_destroyed_while_asked),
	};
	int failed = embedder_suite_run(&target);

	return failed + cmocka_run_group_tests_name("embed cache", own, NULL, NULL);
}
