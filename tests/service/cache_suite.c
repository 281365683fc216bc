/*
 * cache_suite.c - the conformance suite of cache.h.
 */
#include "cache_suite.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "call.h"

static struct suite_target *target;

struct fixture {
	struct loop *loop;
	struct cache *cache;
	struct arena *arena;
};

#define CALL(fx, function, ...)                                                                    \
	AWAIT((fx)->loop, f_, (fx)->cache->ops->function((fx)->cache, ##__VA_ARGS__, f_))

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = target->loop();
	fx->arena = arena_create(4 << 20);
	*state = fx;
	return target->open(target, fx->loop, &fx->cache);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	target->close(target, fx->loop, fx->cache);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	free(fx);
	return 0;
}

static void put(struct fixture *fx, const char *key, const char *value, int64_t ttl_ms)
{
	assert_int_equal(CALL(fx, put, key, value, strlen(value), ttl_ms), 0);
}

static const char *get(struct fixture *fx, const char *key)
{
	struct cache_value value = { .data = "untouched" };

	assert_int_equal(CALL(fx, get, key, fx->arena, &value), 0);
	assert_int_equal(value.len, value.data ? strlen(value.data) : 0);
	return value.data;
}

static struct cache_window count(struct fixture *fx, const char *key, int64_t window_ms,
				 int64_t limit)
{
	struct cache_window w = { 0 };

	assert_int_equal(CALL(fx, count, key, window_ms, limit, &w), 0);
	return w;
}

static bool lock(struct fixture *fx, const char *key, const char *owner, int64_t ttl_ms)
{
	bool held = false;

	assert_int_equal(CALL(fx, lock, key, owner, ttl_ms, &held), 0);
	return held;
}

static void test_values(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(CALL(fx, ping), 0);
	assert_null(get(fx, "a"));
	put(fx, "a", "one", 60000);
	put(fx, "b", "", 60000);
	assert_string_equal(get(fx, "a"), "one");
	assert_string_equal(get(fx, "b"), "");
	put(fx, "a", "two", 60000);
	assert_string_equal(get(fx, "a"), "two");
	assert_int_equal(CALL(fx, remove, "a"), 0);
	assert_null(get(fx, "a"));
	assert_int_equal(CALL(fx, remove, "a"), 0);
	assert_string_equal(get(fx, "b"), "");
}

static void test_binary(void **state)
{
	struct fixture *fx = *state;
	struct cache_value value = { 0 };

	assert_int_equal(CALL(fx, put, "k", "a\0b", 3, 60000), 0);
	assert_int_equal(CALL(fx, get, "k", fx->arena, &value), 0);
	assert_int_equal(value.len, 3);
	assert_memory_equal(value.data, "a\0b", 4);
}

static void test_ttl(void **state)
{
	struct fixture *fx = *state;

	put(fx, "a", "short", 100);
	put(fx, "b", "long", 5000);
	call_pass_ms(fx->loop, 50);
	assert_string_equal(get(fx, "a"), "short");
	call_pass_ms(fx->loop, 100);
	assert_null(get(fx, "a"));
	assert_string_equal(get(fx, "b"), "long");
}

static void test_window(void **state)
{
	struct fixture *fx = *state;
	struct cache_window w;

	for (int i = 1; i <= 3; i++) {
		w = count(fx, "k", 400, 3);
		assert_true(w.allowed);
		assert_int_equal(w.count, i);
		assert_int_equal(w.retry_after_ms, 0);
		call_pass_ms(fx->loop, 50);
	}
	w = count(fx, "k", 400, 3);
	assert_false(w.allowed);
	assert_int_equal(w.count, 3);
	assert_in_range(w.retry_after_ms, 1, 260);
	assert_true(count(fx, "other", 400, 3).allowed);
	/* It slides: the first one leaves, and one more is let in, not three. */
	call_pass_ms(fx->loop, w.retry_after_ms + 1);
	assert_true(count(fx, "k", 400, 3).allowed);
	assert_false(count(fx, "k", 400, 3).allowed);
	/* Refused ones did not count. */
	call_pass_ms(fx->loop, 500);
	assert_int_equal(count(fx, "k", 400, 3).count, 1);
}

static void test_window_limits(void **state)
{
	struct fixture *fx = *state;

	assert_false(count(fx, "none", 1000, 0).allowed);
	for (int i = 0; i < 200; i++)
		assert_true(count(fx, "many", 3600000, 200).allowed);
	assert_false(count(fx, "many", 3600000, 200).allowed);
}

static void test_lock(void **state)
{
	struct fixture *fx = *state;

	assert_true(lock(fx, "k", "me", 200));
	assert_false(lock(fx, "k", "you", 200));
	call_pass_ms(fx->loop, 120);
	assert_true(lock(fx, "k", "me", 200)); /* renewed */
	call_pass_ms(fx->loop, 120);
	assert_false(lock(fx, "k", "you", 200));
	assert_int_equal(CALL(fx, unlock, "k", "you"), 0);
	assert_false(lock(fx, "k", "you", 200));
	assert_int_equal(CALL(fx, unlock, "k", "me"), 0);
	assert_true(lock(fx, "k", "you", 100));
	call_pass_ms(fx->loop, 150);
	assert_true(lock(fx, "k", "me", 100)); /* it ran out */
}

static void test_kinds_apart(void **state)
{
	struct fixture *fx = *state;

	put(fx, "k", "value", 60000);
	assert_true(lock(fx, "k", "me", 60000));
	assert_true(count(fx, "k", 60000, 1).allowed);
	assert_string_equal(get(fx, "k"), "value");
	assert_int_equal(CALL(fx, remove, "k"), 0);
	assert_false(lock(fx, "k", "you", 60000));
	assert_false(count(fx, "k", 60000, 1).allowed);
}

static void test_cancelled(void **state)
{
	struct fixture *fx = *state;
	struct cache_value value = { .data = "untouched" };
	struct call c;
	struct flow *f = call_begin(&c, fx->loop);

	fx->cache->ops->get(fx->cache, "k", fx->arena, &value, f);
	flow_cancel(&c.flow);
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	assert_string_equal(value.data, "untouched");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int cache_suite_run(struct suite_target *t)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values),	TEST(test_binary),	  TEST(test_ttl),
		TEST(test_window),	TEST(test_window_limits), TEST(test_lock),
		TEST(test_kinds_apart), TEST(test_cancelled),
	};

	target = t;
	return cmocka_run_group_tests_name(t->name, tests, NULL, NULL);
}
