/*
 * test_redis_cache.c - the cache suite on redis.c with a real redis-server, what processes share, and life without Redis.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "aio/redis.h"
#include "cache_suite.h"
#include "call.h"
#include "observe/metrics.h"
#include "redis_server.h"

/* One process' share: its connection and its cache. */
struct side {
	struct metrics *metrics;
	struct redis *redis;
	struct cache *cache;
};

static struct redis_server server;

static int side_open(struct side *s, struct loop *loop)
{
	const struct redis_options options = {
		.url = server.url,
		.connect_timeout_ms = 1000,
		.command_timeout_ms = 300,
		.metrics = s->metrics = metrics_create(),
	};
	struct cache *local;
	int r = redis_open(loop, &options, &s->redis, NULL);

	if (!r)
		r = memory_cache_open(loop, 1 << 20, &local, NULL);
	if (!r)
		r = redis_cache_open(loop, s->redis, "test:", local, s->metrics, &s->cache, NULL);
	for (int i = 0; !r && i < 1000 && !redis_is_up(s->redis); i++)
		call_pass_ms(loop, 10);
	return r;
}

static void side_close(struct side *s)
{
	cache_destroy(s->cache);
	redis_destroy(s->redis);
	metrics_destroy(s->metrics);
	*s = (struct side){ 0 };
}

/* --- The suite ------------------------------------------------------------------- */

static int target_open(struct suite_target *t, struct loop *loop, struct cache **out)
{
	struct side *s = t->ctx;
	int r;

	redis_server_say(&server, "FLUSHALL");
	r = side_open(s, loop);
	*out = s->cache;
	return r;
}

static void target_close(struct suite_target *t, struct loop *loop, struct cache *cache)
{
	struct side *s = t->ctx;

	/* it was Redis that answered, not the local one */
	assert_true(metrics_get(s->metrics, METRIC_REDIS_COMMANDS, "ok") > 0 ||
		    redis_is_up(s->redis));
	assert_int_equal(metrics_get(s->metrics, METRIC_REDIS_COMMANDS, "unavailable"), 0);
	assert_int_equal(metrics_get(s->metrics, METRIC_REDIS_COMMANDS, "refused"), 0);
	side_close(s);
}

/* --- Two processes ------------------------------------------------------------------ */

struct fixture {
	struct loop *loop;
	struct arena *arena;
	struct side a, b;
};

#define CALL(side, function, ...)                                                                  \
	AWAIT(fx->loop, f_, (side).cache->ops->function((side).cache, ##__VA_ARGS__, f_))

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	redis_server_say(&server, "FLUSHALL");
	fx->loop = loop_create();
	fx->arena = arena_create(4 << 20);
	*state = fx;
	return side_open(&fx->a, fx->loop) || side_open(&fx->b, fx->loop);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	side_close(&fx->a);
	side_close(&fx->b);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	free(fx);
	return 0;
}

static void test_shared(void **state)
{
	struct fixture *fx = *state;
	struct cache_value value = { 0 };
	struct cache_window w;
	bool held = false;

	assert_int_equal(CALL(fx->a, put, "k", "value", 5, 60000), 0);
	assert_int_equal(CALL(fx->b, get, "k", fx->arena, &value), 0);
	assert_string_equal(value.data, "value");
	assert_int_equal(CALL(fx->a, lock, "k", "a", 60000, &held), 0);
	assert_true(held);
	assert_int_equal(CALL(fx->b, lock, "k", "b", 60000, &held), 0);
	assert_false(held);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(CALL(fx->a, count, "k", 60000, 5, &w), 0);
		assert_true(w.allowed);
	}
	assert_int_equal(CALL(fx->b, count, "k", 60000, 5, &w), 0);
	assert_int_equal(w.count, 4);
}

/* Whoever asks at once: exactly the limit is let in. */
static void test_counted_at_once(void **state)
{
	struct fixture *fx = *state;
	enum { N = 60, LIMIT = 25 };
	static struct call calls[N];
	static struct cache_window windows[N];
	int allowed = 0;

	for (int i = 0; i < N; i++) {
		struct cache *c = i % 2 ? fx->a.cache : fx->b.cache;

		c->ops->count(c, "k", 60000, LIMIT, &windows[i], call_begin(&calls[i], fx->loop));
	}
	for (int i = 0; i < N; i++) {
		assert_int_equal(call_wait(&calls[i]), 0);
		allowed += windows[i].allowed;
		assert_true(windows[i].allowed || windows[i].retry_after_ms > 59000);
	}
	assert_int_equal(allowed, LIMIT);
}

static void test_nothing_stays_for_ever(void **state)
{
	struct fixture *fx = *state;
	struct cache_window w;
	bool held;

	assert_int_equal(CALL(fx->a, put, "k", "v", 1, 60000), 0);
	assert_int_equal(CALL(fx->a, count, "k", 60000, 5, &w), 0);
	assert_int_equal(CALL(fx->a, lock, "k", "me", 60000, &held), 0);
	for (const char *kind = "vwl"; *kind; kind++) {
		char command[32];
		const char *ttl;

		snprintf(command, sizeof(command), "PTTL test:%c:k", *kind);
		ttl = redis_server_say(&server, command);
		assert_in_range(strtol(ttl + 1, NULL, 10), 1, 60000);
	}
}

/* Redis gone: limits and locks go on in this process, and nothing fails but ping. */
static void without(struct fixture *fx)
{
	struct cache_value value = { .data = "untouched" };
	struct cache_window w;
	bool held = false;

	assert_true(CALL(fx->a, ping) < 0);
	assert_int_equal(CALL(fx->a, get, "before", fx->arena, &value), 0);
	assert_null(value.data);
	assert_int_equal(CALL(fx->a, put, "during", "local", 5, 60000), 0);
	assert_int_equal(CALL(fx->a, get, "during", fx->arena, &value), 0);
	assert_string_equal(value.data, "local");
	assert_int_equal(CALL(fx->a, count, "k", 60000, 1, &w), 0);
	assert_true(w.allowed);
	assert_int_equal(CALL(fx->a, count, "k", 60000, 1, &w), 0);
	assert_false(w.allowed);
	assert_int_equal(CALL(fx->a, lock, "k", "me", 60000, &held), 0);
	assert_true(held);
	assert_int_equal(CALL(fx->a, lock, "k", "you", 60000, &held), 0);
	assert_false(held);
	assert_int_equal(CALL(fx->a, unlock, "k", "me"), 0);
	assert_int_equal(CALL(fx->a, remove, "during"), 0);
	assert_int_equal(CALL(fx->a, get, "during", fx->arena, &value), 0);
	assert_null(value.data);
}

static void back(struct fixture *fx)
{
	struct cache_value value = { 0 };

	for (int i = 0; i < 1000 && CALL(fx->a, ping) < 0; i++)
		call_pass_ms(fx->loop, 10);
	assert_int_equal(CALL(fx->a, put, "after", "shared", 6, 60000), 0);
	for (int i = 0; i < 1000 && CALL(fx->b, ping) < 0; i++)
		call_pass_ms(fx->loop, 10);
	assert_int_equal(CALL(fx->b, get, "after", fx->arena, &value), 0);
	assert_string_equal(value.data, "shared");
}

static void test_killed(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(CALL(fx->a, put, "before", "v", 1, 60000), 0);
	redis_server_kill(&server);
	without(fx);
	redis_server_start(&server);
	back(fx);
}

static void test_frozen(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(CALL(fx->a, put, "before", "v", 1, 60000), 0);
	redis_server_freeze(&server);
	without(fx);
	redis_server_thaw(&server);
	back(fx);
}

/* A Redis that refuses what we ask (an ACL without scripts, say) is as good as none. */
static void test_refused(void **state)
{
	struct fixture *fx = *state;
	struct cache_window w = { 0 };

	redis_server_say(&server, "ACL SETUSER default -eval");
	assert_int_equal(CALL(fx->a, count, "k", 60000, 1, &w), 0);
	assert_true(w.allowed);
	assert_int_equal(CALL(fx->a, count, "k", 60000, 1, &w), 0);
	assert_false(w.allowed);
	assert_true(metrics_get(fx->a.metrics, METRIC_REDIS_COMMANDS, "refused") >= 2);
	redis_server_say(&server, "ACL SETUSER default +@all");
}

static void test_destroyed_with_answers_under_way(void **state)
{
	struct fixture *fx = *state;
	struct call c;
	struct cache_value value = { .data = "untouched" };

	fx->a.cache->ops->get(fx->a.cache, "k", fx->arena, &value, call_begin(&c, fx->loop));
	cache_destroy(TAKE_PTR(fx->a.cache));
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	assert_string_equal(value.data, "untouched");
}

/* What a set-up lacks is told in a sentence with what to do, and nothing of the check stays. */
static void test_check(void **state)
{
	struct fixture *fx = *state;
	struct findings found = { .n = 9 };

	assert_int_equal(CALL(fx->a, check, fx->arena, &found), 0);
	assert_int_equal(found.n, 0);
	assert_string_equal(redis_server_say(&server, "DBSIZE"), ":0");
	redis_server_say(&server, "CONFIG SET maxmemory-policy noeviction");
	redis_server_say(&server, "CONFIG SET maxmemory 1");
	assert_int_equal(CALL(fx->a, check, fx->arena, &found), 0);
	redis_server_say(&server, "CONFIG SET maxmemory 0");
	assert_int_equal(found.n, 2);
	assert_non_null(strstr(found.rows[0].what, "evicts nothing"));
	assert_non_null(strstr(found.rows[1].what, "OOM"));
	assert_non_null(strstr(found.rows[1].todo, "more memory"));
	redis_server_kill(&server);
	assert_int_equal(CALL(fx->a, check, fx->arena, &found), ASSISTANT_EUNAVAILABLE);
	redis_server_start(&server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static struct side side;
	struct suite_target target = { .name = "cache: redis",
				       .loop = loop_create,
				       .open = target_open,
				       .close = target_close,
				       .ctx = &side };
	const struct CMUnitTest own[] = {
		TEST(test_shared),
		TEST(test_counted_at_once),
		TEST(test_nothing_stays_for_ever),
		TEST(test_killed),
		TEST(test_frozen),
		TEST(test_refused),
		TEST(test_check),
		TEST(test_destroyed_with_answers_under_way),
	};
	int failed;

	redis_server_init(&server);
	failed = cache_suite_run(&target);
	failed += cmocka_run_group_tests_name("redis cache", own, NULL, NULL);
	redis_server_finish(&server);
	return failed;
}
