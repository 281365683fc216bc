/*
 * test_relay.c - what is said is heard, over a real redis-server: batches, reading on, saying anew, wake-ups, stops.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "cache/relay.h"
#include "call.h"
#include "redis_server.h"

static struct redis_server server;

struct side {
	struct redis *redis;
	struct relay *relay;
};

struct fixture {
	struct loop *loop;
	struct arena *arena;
	struct side a, b;
	char stopped[64];
};

static void side_open(struct fixture *fx, struct side *s)
{
	const struct redis_options options = { .url = server.url,
					       .connect_timeout_ms = 1000,
					       .command_timeout_ms = 300 };

	assert_int_equal(redis_open(fx->loop, &options, &s->redis, NULL), 0);
	assert_int_equal(relay_open(fx->loop, s->redis, "test:", &s->relay, NULL), 0);
	assert_false(relay_is_up(s->relay));
	for (int i = 0; i < 500 && !relay_is_up(s->relay); i++)
		call_pass_ms(fx->loop, 10);
	assert_true(relay_is_up(s->relay));
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	redis_server_say(&server, "FLUSHALL");
	fx->loop = loop_create();
	fx->arena = arena_create(64 << 20);
	side_open(fx, &fx->a);
	side_open(fx, &fx->b);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	relay_destroy(fx->a.relay);
	relay_destroy(fx->b.relay);
	redis_destroy(fx->a.redis);
	redis_destroy(fx->b.redis);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	free(fx);
	return 0;
}

static int say(struct fixture *fx, unsigned long base, unsigned long first, size_t n, bool anew,
	       bool *stop)
{
	static struct relay_event events[RELAY_BATCH_EVENTS];
	const struct relay_batch batch = { .base = base, .first = first, .events = events, .n = n };

	for (size_t i = 0; i < n; i++)
		events[i] = (struct relay_event){ "delta", "{\"text\":\"a \\\"b\\\" \\n\"}" };
	return AWAIT(fx->loop, f_, relay_say(fx->a.relay, "r1", &batch, anew, stop, f_));
}

static int read_from(struct fixture *fx, const char *after, struct relay_said *out)
{
	return AWAIT(fx->loop, f_, relay_read(fx->b.relay, "r1", after, fx->arena, out, f_));
}

static void test_said_and_read(void **state)
{
	struct fixture *fx = *state;
	struct relay_said said = { 0 };
	bool stop = true;
	char before[RELAY_POSITION_SIZE];

	assert_int_equal(read_from(fx, RELAY_BEGINNING, &said), 0);
	assert_int_equal(said.n, 0);
	assert_string_equal(said.position, RELAY_BEGINNING);
	assert_int_equal(say(fx, 7000000, 7000001, 3, true, &stop), 0);
	assert_false(stop);
	assert_int_equal(say(fx, 7000000, 7000004, RELAY_BATCH_EVENTS, false, &stop), 0);
	assert_int_equal(read_from(fx, said.position, &said), 0);
	assert_int_equal(said.n, 2);
	assert_false(said.more);
	assert_int_equal(said.batches[0].base, 7000000);
	assert_int_equal(said.batches[0].first, 7000001);
	assert_int_equal(said.batches[0].n, 3);
	assert_int_equal(said.batches[1].n, RELAY_BATCH_EVENTS);
	assert_string_equal(said.batches[1].events[199].type, "delta");
	assert_string_equal(said.batches[1].events[199].json, "{\"text\":\"a \\\"b\\\" \\n\"}");
	snprintf(before, sizeof(before), "%s", said.position);
	assert_int_equal(read_from(fx, before, &said), 0);
	assert_int_equal(said.n, 0);
	assert_string_equal(said.position, before);
	/* Saying anew comes behind what was read, in place of all of it. */
	assert_int_equal(say(fx, 9000000, 9000001, 1, true, &stop), 0);
	assert_int_equal(read_from(fx, before, &said), 0);
	assert_int_equal(said.n, 1);
	assert_int_equal(said.batches[0].base, 9000000);
	assert_int_equal(read_from(fx, RELAY_BEGINNING, &said), 0);
	assert_int_equal(said.n, 1);
}

static void test_streams_end(void **state)
{
	struct fixture *fx = *state;
	bool stop;
	const char *ttl;

	assert_int_equal(say(fx, 0, 1, 1, true, &stop), 0);
	ttl = redis_server_say(&server, "PTTL test:events:r1");
	assert_in_range(strtol(ttl + 1, NULL, 10), 1, 600000);
}

/* What is below our name and not ours is refused, not believed. */
static void test_somebody_elses(void **state)
{
	struct fixture *fx = *state;
	struct relay_said said = { .n = 7 };

	redis_server_say(&server, "XADD test:events:r1 * n 1 delta {}");
	assert_int_equal(read_from(fx, RELAY_BEGINNING, &said), ASSISTANT_EPROTOCOL);
	redis_server_say(&server, "DEL test:events:r1");
	redis_server_say(&server, "XADD test:events:r1 * b x n 1 delta {}");
	assert_int_equal(read_from(fx, RELAY_BEGINNING, &said), ASSISTANT_EPROTOCOL);
	redis_server_say(&server, "DEL test:events:r1");
	redis_server_say(&server, "SET test:events:r1 x");
	assert_int_equal(read_from(fx, RELAY_BEGINNING, &said), ASSISTANT_EPROTOCOL);
	assert_int_equal(said.n, 7);
}

struct ear {
	struct relay_ear ear;
	int grown;
};

static void ear_grown(struct relay_ear *e)
{
	container_of(e, struct ear, ear)->grown++;
}

static void wait_grown(struct fixture *fx, struct ear *ear, int n)
{
	for (int i = 0; i < 500 && ear->grown < n; i++)
		call_pass_ms(fx->loop, 10);
	assert_true(ear->grown >= n);
}

static void test_woken(void **state)
{
	struct fixture *fx = *state;
	struct ear ear = { .ear.grown = ear_grown };
	bool stop;
	int had;

	relay_listen(fx->b.relay, "r1", &ear.ear);
	wait_grown(fx, &ear, 1); /* it listens from here on; before, something may have been said */
	assert_int_equal(say(fx, 0, 1, 1, true, &stop), 0);
	wait_grown(fx, &ear, 2);
	redis_server_kill(&server);
	redis_server_start(&server);
	wait_grown(fx, &ear, 3); /* it listens again */
	relay_listen_stop(fx->b.relay, &ear.ear);
	relay_listen_stop(fx->b.relay, &ear.ear);
	for (int i = 0; i < 500 && !relay_is_up(fx->a.relay); i++)
		call_pass_ms(fx->loop, 10);
	had = ear.grown;
	assert_int_equal(say(fx, 0, 2, 1, false, &stop), 0);
	call_pass_ms(fx->loop, 100);
	assert_int_equal(ear.grown, had);
}

static void on_stop(void *ctx, const char *id)
{
	struct fixture *fx = ctx;

	snprintf(fx->stopped, sizeof(fx->stopped), "%s", id);
}

/* It is told at once, and once more with what is said next, should the first have been missed. */
static void test_stop(void **state)
{
	struct fixture *fx = *state;
	bool stop = true;

	relay_on_stop(fx->a.relay, on_stop, fx);
	call_pass_ms(fx->loop, 300);
	assert_int_equal(say(fx, 0, 1, 1, true, &stop), 0);
	assert_false(stop);
	assert_int_equal(AWAIT(fx->loop, f_, relay_ask_stop(fx->b.relay, "r1", f_)), 0);
	for (int i = 0; i < 100 && !fx->stopped[0]; i++)
		call_pass_ms(fx->loop, 10);
	assert_string_equal(fx->stopped, "r1");
	assert_int_equal(say(fx, 0, 2, 1, false, &stop), 0);
	assert_true(stop);
	fx->stopped[0] = '\0';
	relay_on_stop(fx->a.relay, NULL, NULL);
	assert_int_equal(AWAIT(fx->loop, f_, relay_ask_stop(fx->b.relay, "r1", f_)), 0);
	call_pass_ms(fx->loop, 100);
	assert_string_equal(fx->stopped, "");
}

static void on_changed(void *ctx)
{
	(*(int *)ctx)++;
}

static void test_changed(void **state)
{
	struct fixture *fx = *state;
	int a = 0, b = 0;

	relay_on_changed(fx->a.relay, on_changed, &a);
	relay_on_changed(fx->b.relay, on_changed, &b);
	call_pass_ms(fx->loop, 300);
	assert_int_equal(AWAIT(fx->loop, f_, relay_tell_changed(fx->b.relay, f_)), 0);
	for (int i = 0; i < 100 && (!a || !b); i++)
		call_pass_ms(fx->loop, 10);
	assert_int_equal(a, 1);
	assert_int_equal(b, 1);
	relay_on_changed(fx->a.relay, NULL, NULL);
	assert_int_equal(AWAIT(fx->loop, f_, relay_tell_changed(fx->b.relay, f_)), 0);
	for (int i = 0; i < 100 && b < 2; i++)
		call_pass_ms(fx->loop, 10);
	assert_int_equal(a, 1);
	assert_int_equal(b, 2);
}

static void test_without_redis(void **state)
{
	struct fixture *fx = *state;
	struct relay_said said = { .n = 7 };
	bool stop;

	redis_server_kill(&server);
	for (int i = 0; i < 500 && (relay_is_up(fx->a.relay) || relay_is_up(fx->b.relay)); i++)
		call_pass_ms(fx->loop, 10);
	assert_int_equal(say(fx, 0, 1, 1, true, &stop), ASSISTANT_EUNAVAILABLE);
	assert_int_equal(read_from(fx, RELAY_BEGINNING, &said), ASSISTANT_EUNAVAILABLE);
	assert_int_equal(AWAIT(fx->loop, f_, relay_ask_stop(fx->b.relay, "r1", f_)),
			 ASSISTANT_EUNAVAILABLE);
	assert_int_equal(said.n, 7);
	redis_server_start(&server);
}

static void test_destroyed_while_reading(void **state)
{
	struct fixture *fx = *state;
	struct relay_said said = { .n = 7 };
	struct call c;

	relay_read(fx->a.relay, "r1", RELAY_BEGINNING, fx->arena, &said, call_begin(&c, fx->loop));
	call_pass_ms(fx->loop, 0);
	relay_destroy(TAKE_PTR(fx->a.relay));
	if (call_wait(&c) < 0)
		assert_int_equal(said.n, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_said_and_read), TEST(test_changed),
		TEST(test_streams_end),	  TEST(test_somebody_elses),
		TEST(test_woken),	  TEST(test_stop),
		TEST(test_without_redis), TEST(test_destroyed_while_reading),
	};
	int failed;

	redis_server_init(&server);
	failed = cmocka_run_group_tests_name("relay", tests, NULL, NULL);
	redis_server_finish(&server);
	return failed;
}
