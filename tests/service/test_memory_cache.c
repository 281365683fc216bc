/*
 * test_memory_cache.c - the cache suite on memory.c, and its bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "cache_suite.h"
#include "call.h"

static int target_open(struct suite_target *t, struct loop *loop, struct cache **out)
{
	struct fail f = FAIL_INIT;

	return memory_cache_open(loop, 1 << 20, out, &f);
}

static void target_close(struct suite_target *t, struct loop *loop, struct cache *cache)
{
	cache_destroy(cache);
}

#define CALL(function, ...) AWAIT(loop, f_, cache->ops->function(cache, ##__VA_ARGS__, f_))

struct fixture {
	struct loop *loop;
	struct cache *cache;
	struct arena *arena;
};

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	struct fail f = FAIL_INIT;

	fx->loop = loop_create_virtual();
	fx->arena = arena_create(1 << 20);
	*state = fx;
	return memory_cache_open(fx->loop, 20000, &fx->cache, &f);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	cache_destroy(fx->cache);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	free(fx);
	return 0;
}

static bool has(struct fixture *fx, const char *key)
{
	struct loop *loop = fx->loop;
	struct cache *cache = fx->cache;
	struct cache_value value;

	assert_int_equal(CALL(get, key, fx->arena, &value), 0);
	return value.data != NULL;
}

static void put_n(struct fixture *fx, int n, const char *data, size_t len)
{
	struct loop *loop = fx->loop;
	struct cache *cache = fx->cache;
	char key[16];

	snprintf(key, sizeof(key), "k%d", n);
	assert_int_equal(CALL(put, key, data, len, 60000), 0);
}

/* What was used longest ago goes first. */
static void test_bound(void **state)
{
	struct fixture *fx = *state;
	char data[2000] = "";

	for (int i = 0; i < 8; i++)
		put_n(fx, i, data, sizeof(data));
	assert_true(has(fx, "k0"));
	put_n(fx, 8, data, sizeof(data));
	put_n(fx, 9, data, sizeof(data));
	assert_true(has(fx, "k0"));
	assert_false(has(fx, "k1"));
	assert_true(has(fx, "k9"));
}

static void test_too_large(void **state)
{
	struct fixture *fx = *state;
	static char data[20001];

	put_n(fx, 1, "x", 1);
	put_n(fx, 2, data, sizeof(data));
	assert_false(has(fx, "k2"));
	assert_true(has(fx, "k1"));
}

/* A flood of values does not make anybody's window forget. */
static void test_windows_outlast_values(void **state)
{
	struct fixture *fx = *state;
	struct loop *loop = fx->loop;
	struct cache *cache = fx->cache;
	struct cache_window w;
	char data[1000] = "";

	assert_int_equal(CALL(count, "k", 60000, 1, &w), 0);
	assert_true(w.allowed);
	for (int i = 0; i < 100; i++)
		put_n(fx, i, data, sizeof(data));
	assert_int_equal(CALL(count, "k", 60000, 1, &w), 0);
	assert_false(w.allowed);
}

static void test_many_windows(void **state)
{
	struct fixture *fx = *state;
	struct loop *loop = fx->loop;
	struct cache *cache = fx->cache;
	struct cache_window w;
	char key[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "address-%d", i);
		assert_int_equal(CALL(count, key, 60000, 5, &w), 0);
		assert_true(w.allowed);
	}
	/* The newest are remembered. */
	assert_int_equal(CALL(count, key, 60000, 5, &w), 0);
	assert_int_equal(w.count, 2);
}

static void test_destroyed_with_answers_under_way(void **state)
{
	struct fixture *fx = *state;
	struct call c;
	struct cache_value value = { 0 };

	put_n(fx, 1, "x", 1);
	fx->cache->ops->get(fx->cache, "k1", fx->arena, &value, call_begin(&c, fx->loop));
	cache_destroy(TAKE_PTR(fx->cache));
	assert_int_equal(call_wait(&c), 0);
	assert_string_equal(value.data, "x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	struct suite_target target = { .name = "cache: memory",
				       .loop = loop_create_virtual,
				       .open = target_open,
				       .close = target_close };
	const struct CMUnitTest own[] = {
		TEST(test_bound),
		TEST(test_too_large),
		TEST(test_windows_outlast_values),
		TEST(test_many_windows),
		TEST(test_destroyed_with_answers_under_way),
	};
	int failed = cache_suite_run(&target);

	return failed + cmocka_run_group_tests_name("memory cache", own, NULL, NULL);
}
