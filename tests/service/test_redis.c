/*
 * test_redis.c - aio/redis.h against a real redis-server: commands, failures, coming back, channels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "aio/redis.h"
#include "call.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "redis_server.h"

#define COMMAND_MS 300

struct fixture {
	struct redis_server server;
	struct loop *loop;
	struct arena *arena;
	struct clock *clock;
	struct log *log;
	struct metrics *metrics;
	struct redis *redis;
	char logged[4096];
};

static void keep_line(void *user, int level, const char *line)
{
	struct fixture *fx = user;
	size_t n = strlen(fx->logged);

	snprintf(fx->logged + n, sizeof(fx->logged) - n, "%s\n", line);
}

static int count_of(const char *text, const char *what)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

static int open_url_trusting(struct fixture *fx, const char *url, const char *ca_file,
			     struct redis **out, struct fail *f)
{
	const struct redis_options options = {
		.url = url,
		.ca_file = ca_file,
		.connect_timeout_ms = 1000,
		.command_timeout_ms = COMMAND_MS,
		.metrics = fx->metrics,
		.log = fx->log,
	};

	return redis_open(fx->loop, &options, out, f);
}

static int open_url(struct fixture *fx, const char *url, struct redis **out, struct fail *f)
{
	return open_url_trusting(fx, url, NULL, out, f);
}

static void wait_until(struct fixture *fx, const struct redis *r, bool up)
{
	for (int i = 0; i < 1000 && redis_is_up(r) != up; i++)
		call_pass_ms(fx->loop, 10);
	assert_int_equal(redis_is_up(r), up);
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	redis_server_init(&fx->server);
	fx->loop = loop_create();
	fx->arena = arena_create(64 << 20);
	fx->clock = clock_create(-1);
	fx->log = log_create(LOG_INFO, true, fx->clock, keep_line, fx);
	fx->metrics = metrics_create();
	assert_int_equal(open_url(fx, fx->server.url, &fx->redis, NULL), 0);
	wait_until(fx, fx->redis, true);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	redis_destroy(fx->redis);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	log_destroy(fx->log);
	metrics_destroy(fx->metrics);
	clock_destroy(fx->clock);
	redis_server_finish(&fx->server);
	free(fx);
	return 0;
}

/* A command of words without blanks. */
static int ask_of(struct fixture *fx, struct redis *r, const char *command, struct redis_value *out)
{
	char copy[512], *at = copy;
	struct redis_word words[16];
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", command);
	while (at && n < 16) {
		char *word = strsep(&at, " ");

		words[n++] = REDIS_WORD(word);
	}
	return AWAIT(fx->loop, f_, redis_ask(r, words, n, fx->arena, out, f_));
}

static int ask(struct fixture *fx, const char *command, struct redis_value *out)
{
	return ask_of(fx, fx->redis, command, out);
}

static void test_kinds_of_answers(void **state)
{
	struct fixture *fx = *state;
	struct redis_value v = { 0 };

	assert_int_equal(ask(fx, "PING", &v), 0);
	assert_int_equal(v.kind, REDIS_TEXT);
	assert_string_equal(v.text, "PONG");
	assert_int_equal(ask(fx, "GET nothing", &v), 0);
	assert_int_equal(v.kind, REDIS_NIL);
	assert_int_equal(ask(fx, "INCRBY n 41", &v), 0);
	assert_int_equal(v.kind, REDIS_NUMBER);
	assert_int_equal(v.number, 41);
	assert_int_equal(ask(fx, "RPUSH l a bc", NULL), 0);
	assert_int_equal(ask(fx, "LRANGE l 0 -1", &v), 0);
	assert_int_equal(v.kind, REDIS_LIST);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.items[1].text, "bc");
	assert_int_equal(v.items[1].len, 2);
}

static void test_refused(void **state)
{
	struct fixture *fx = *state;
	struct redis_value v = { .kind = REDIS_NUMBER, .number = 7 };

	assert_int_equal(ask(fx, "RPUSH l a", NULL), 0);
	assert_int_equal(ask(fx, "GET l", &v), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(call_fail()->text, "WRONGTYPE"));
	assert_int_equal(v.number, 7);
	assert_int_equal(ask(fx, "PING", &v), 0); /* the connection is as good as before */
}

/* A Redis that is full, or whose master went away, is weather. */
static void test_weather(void **state)
{
	struct fixture *fx = *state;

	redis_server_say(&fx->server, "CONFIG SET maxmemory 1");
	assert_int_equal(ask(fx, "SET k v", NULL), ASSISTANT_EUNAVAILABLE);
	assert_non_null(strstr(call_fail()->text, "OOM"));
	redis_server_say(&fx->server, "CONFIG SET maxmemory 0");
	redis_server_say(&fx->server, "REPLICAOF 127.0.0.1 1");
	assert_int_equal(ask(fx, "SET k v", NULL), ASSISTANT_EUNAVAILABLE);
	assert_non_null(strstr(call_fail()->text, "READONLY"));
}

static void test_pipelined(void **state)
{
	struct fixture *fx = *state;
	enum { N = 1000 };
	static struct call calls[N];
	static struct redis_value values[N];
	static char texts[N][16];

	for (int i = 0; i < N; i++) {
		struct redis_word words[2] = { REDIS_WORD("ECHO") };

		snprintf(texts[i], sizeof(texts[i]), "%d", i);
		words[1] = REDIS_WORD(texts[i]);
		redis_ask(fx->redis, words, 2, fx->arena, &values[i],
			  call_begin(&calls[i], fx->loop));
	}
	for (int i = 0; i < N; i++) {
		assert_int_equal(call_wait(&calls[i]), 0);
		assert_string_equal(values[i].text, texts[i]);
	}
}

static void test_cancelled(void **state)
{
	struct fixture *fx = *state;
	const struct redis_word words[] = { REDIS_WORD("ECHO"), REDIS_WORD("late") };
	struct redis_value v = { .kind = REDIS_NUMBER, .number = 7 };
	struct call c;

	redis_ask(fx->redis, words, 2, fx->arena, &v, call_begin(&c, fx->loop));
	flow_cancel(&c.flow);
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	assert_int_equal(ask(fx, "PING", NULL), 0); /* behind the other one's answer */
	assert_int_equal(v.number, 7);
}

static void test_killed_and_back(void **state)
{
	struct fixture *fx = *state;

	redis_server_kill(&fx->server);
	wait_until(fx, fx->redis, false);
	assert_int_equal(ask(fx, "PING", NULL), ASSISTANT_EUNAVAILABLE);
	assert_true(strlen(call_fail()->text) > 20);
	call_pass_ms(fx->loop, 1000); /* many attempts */
	redis_server_start(&fx->server);
	wait_until(fx, fx->redis, true);
	assert_int_equal(ask(fx, "PING", NULL), 0);
	assert_int_equal(count_of(fx->logged, "redis.up"), 2);
	assert_int_equal(count_of(fx->logged, "redis.down"), 1);
}

/* One that hangs costs each caller its time once; then it is as if it were gone, until it answers again. */
static void test_frozen_and_back(void **state)
{
	struct fixture *fx = *state;
	int64_t began = loop_now_ms(fx->loop);

	redis_server_freeze(&fx->server);
	assert_int_equal(ask(fx, "PING", NULL), ASSISTANT_ETIMEOUT);
	assert_in_range(loop_now_ms(fx->loop) - began, COMMAND_MS, COMMAND_MS + 400);
	assert_non_null(strstr(call_fail()->text, "did not answer within 300 ms"));
	began = loop_now_ms(fx->loop);
	assert_int_equal(ask(fx, "PING", NULL), ASSISTANT_EUNAVAILABLE);
	assert_in_range(loop_now_ms(fx->loop) - began, 0, 100);
	redis_server_thaw(&fx->server);
	wait_until(fx, fx->redis, true);
	assert_int_equal(ask(fx, "PING", NULL), 0);
	assert_int_equal(metrics_get(fx->metrics, METRIC_REDIS_COMMANDS, "timeout"), 1);
}

static void test_login(void **state)
{
	struct fixture *fx = *state;
	struct redis *r = NULL;
	struct redis_value v;
	char url[256];

	redis_server_say(&fx->server, "ACL SETUSER erleah on >se%cret ~* &* +@all");
	redis_server_say(&fx->server, "CONFIG SET requirepass other");
	snprintf(url, sizeof(url), "%s?user=erleah&password=wrong-one", fx->server.url);
	assert_int_equal(open_url(fx, url, &r, NULL), 0);
	call_pass_ms(fx->loop, 300);
	assert_false(redis_is_up(r));
	assert_non_null(strstr(fx->logged, "WRONGPASS"));
	assert_null(strstr(fx->logged, "wrong-one"));
	redis_destroy(r);
	snprintf(url, sizeof(url), "%s?user=erleah&password=se%%25cret&db=3", fx->server.url);
	assert_int_equal(open_url(fx, url, &r, NULL), 0);
	wait_until(fx, r, true);
	assert_int_equal(ask_of(fx, r, "ACL WHOAMI", &v), 0);
	assert_string_equal(v.text, "erleah");
	assert_int_equal(ask_of(fx, r, "SET here 1", NULL), 0);
	assert_int_equal(ask_of(fx, r, "SELECT 0", NULL), 0);
	assert_int_equal(ask_of(fx, r, "EXISTS here", &v), 0);
	assert_int_equal(v.number, 0);
	redis_destroy(r);
}

/* A password alone, without a user; none where one is needed. */
static void test_password(void **state)
{
	struct fixture *fx = *state;
	struct redis *r = NULL;
	char url[256];

	redis_server_say(&fx->server, "CONFIG SET requirepass open-sesame");
	assert_int_equal(open_url(fx, fx->server.url, &r, NULL), 0);
	call_pass_ms(fx->loop, 300);
	assert_false(redis_is_up(r));
	assert_non_null(strstr(fx->logged, "NOAUTH"));
	redis_destroy(r);
	snprintf(url, sizeof(url), "%s?password=open-sesame", fx->server.url);
	assert_int_equal(open_url(fx, url, &r, NULL), 0);
	wait_until(fx, r, true);
	redis_destroy(r);
}

/* Neither a name that does not exist nor a port where nobody listens is worth more than one line. */
static void test_nobody_there(void **state)
{
	struct fixture *fx = *state;
	struct redis *r = NULL;

	fx->logged[0] = '\0';
	assert_int_equal(open_url(fx, "redis://127.0.0.1:1/0", &r, NULL), 0);
	assert_int_equal(ask_of(fx, r, "PING", NULL), ASSISTANT_EUNAVAILABLE);
	call_pass_ms(fx->loop, 500);
	assert_int_equal(count_of(fx->logged, "redis.down"), 1);
	assert_non_null(strstr(fx->logged, "Connection refused"));
	redis_destroy(r);
	fx->logged[0] = '\0';
	assert_int_equal(open_url(fx, "redis://no-such-host.invalid", &r, NULL), 0);
	for (int i = 0; i < 500 && !fx->logged[0]; i++)
		call_pass_ms(fx->loop, 10);
	assert_non_null(strstr(fx->logged, "no-such-host.invalid"));
	redis_destroy(r);
}

static void test_destroyed_with_commands_under_way(void **state)
{
	struct fixture *fx = *state;
	const struct redis_word words[] = { REDIS_WORD("PING") };
	struct call c;

	redis_server_freeze(&fx->server);
	redis_ask(fx->redis, words, 1, NULL, NULL, call_begin(&c, fx->loop));
	call_pass_ms(fx->loop, 20);
	redis_destroy(TAKE_PTR(fx->redis));
	assert_int_equal(call_wait(&c), ASSISTANT_EUNAVAILABLE);
	redis_server_thaw(&fx->server);
}

static void test_opening(void **state)
{
	struct fixture *fx = *state;
	struct redis *r = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(open_url(fx, "http://secret@example.org", &r, &f), ASSISTANT_EINVAL);
	assert_null(strstr(f.text, "secret"));
	assert_non_null(strstr(f.text, "rediss://"));
#ifndef HAVE_HIREDIS_SSL
	assert_int_equal(open_url(fx, "rediss://example.org", &r, &f), ASSISTANT_ECONFIG);
	assert_non_null(strstr(f.text, "hiredis 1.0"));
#endif
	assert_null(r);
}

#ifdef HAVE_HIREDIS_SSL
/* Encrypted, and only with a certificate that is trusted and made out to that name. */
static void test_tls(void **state)
{
	struct fixture *fx = *state;
	int port = redis_server_tls(&fx->server);
	struct redis *r = NULL;
	struct redis_value v;
	struct fail f = FAIL_INIT;
	char url[64], ca[128];

	snprintf(ca, sizeof(ca), "%s/cert.pem", fx->server.dir);
	snprintf(url, sizeof(url), "rediss://localhost:%d/2", port);
	assert_int_equal(open_url_trusting(fx, url, ca, &r, NULL), 0);
	wait_until(fx, r, true);
	assert_int_equal(ask_of(fx, r, "SET k encrypted", NULL), 0);
	assert_int_equal(ask_of(fx, r, "GET k", &v), 0);
	assert_string_equal(v.text, "encrypted");
	redis_destroy(r);
	/* not trusted */
	assert_int_equal(open_url_trusting(fx, url, "", &r, NULL), 0);
	call_pass_ms(fx->loop, 300);
	assert_false(redis_is_up(r));
	redis_destroy(r);
	/* trusted, but another name's */
	snprintf(url, sizeof(url), "rediss://127.0.0.1:%d", port);
	fx->logged[0] = '\0';
	assert_int_equal(open_url_trusting(fx, url, ca, &r, NULL), 0);
	call_pass_ms(fx->loop, 300);
	assert_false(redis_is_up(r));
	assert_non_null(strstr(fx->logged, "redis.down"));
	redis_destroy(r);
	assert_int_equal(open_url_trusting(fx, url, "/nonexistent.pem", &r, &f), ASSISTANT_ECONFIG);
	assert_non_null(strstr(f.text, "REDIS_CA_FILE"));
}
#endif

/* --- Observers and channels ---------------------------------------------------------- */

struct seen {
	struct redis_observer observer;
	int ups, downs;
};

static void seen_changed(struct redis_observer *o, bool up)
{
	struct seen *s = container_of(o, struct seen, observer);

	*(up ? &s->ups : &s->downs) += 1;
}

static void test_observers(void **state)
{
	struct fixture *fx = *state;
	struct seen seen = { .observer.changed = seen_changed };

	redis_observe(fx->redis, &seen.observer);
	redis_server_kill(&fx->server);
	wait_until(fx, fx->redis, false);
	redis_server_start(&fx->server);
	wait_until(fx, fx->redis, true);
	call_pass_ms(fx->loop, 10);
	assert_int_equal(seen.downs, 1);
	assert_int_equal(seen.ups, 1);
	redis_observe_stop(&seen.observer);
	redis_observe_stop(&seen.observer);
	redis_server_kill(&fx->server);
	wait_until(fx, fx->redis, false);
	assert_int_equal(seen.downs, 1);
}

struct ear {
	struct redis_channel channel;
	int joined, heard;
	char last[64];
};

static void ear_joined(struct redis_channel *c)
{
	container_of(c, struct ear, channel)->joined++;
}

static void ear_heard(struct redis_channel *c, const char *text, size_t len)
{
	struct ear *ear = container_of(c, struct ear, channel);

	ear->heard++;
	snprintf(ear->last, sizeof(ear->last), "%.*s", (int)len, text);
}

static void wait_joined(struct fixture *fx, struct ear *ear, int n)
{
	for (int i = 0; i < 1000 && ear->joined < n; i++)
		call_pass_ms(fx->loop, 10);
	assert_int_equal(ear->joined, n);
}

static void wait_heard(struct fixture *fx, struct ear *ear, const char *text)
{
	for (int i = 0; i < 500 && strcmp(ear->last, text) != 0; i++)
		call_pass_ms(fx->loop, 10);
	assert_string_equal(ear->last, text);
}

static void test_channels(void **state)
{
	struct fixture *fx = *state;
	struct ear a = { .channel = { .name = "a", .joined = ear_joined, .heard = ear_heard } };
	struct ear b = { .channel = { .name = "b", .joined = ear_joined, .heard = ear_heard } };

	redis_listen(fx->redis, &a.channel);
	wait_joined(fx, &a, 1);
	redis_listen(fx->redis, &b.channel);
	wait_joined(fx, &b, 1);
	assert_int_equal(ask(fx, "PUBLISH a one", NULL), 0);
	assert_int_equal(ask(fx, "PUBLISH b two", NULL), 0);
	wait_heard(fx, &a, "one");
	wait_heard(fx, &b, "two");
	redis_listen_stop(fx->redis, &b.channel);
	assert_int_equal(ask(fx, "PUBLISH b three", NULL), 0);
	assert_int_equal(ask(fx, "PUBLISH a four", NULL), 0);
	wait_heard(fx, &a, "four");
	assert_int_equal(b.heard, 1);
	/* After a break it listens again, and says so: something may have been missed. */
	redis_server_kill(&fx->server);
	wait_until(fx, fx->redis, false);
	redis_server_start(&fx->server);
	wait_joined(fx, &a, 2);
	wait_until(fx, fx->redis, true);
	assert_int_equal(ask(fx, "PUBLISH a five", NULL), 0);
	wait_heard(fx, &a, "five");
	redis_listen_stop(fx->redis, &a.channel);
	redis_listen_stop(fx->redis, &a.channel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kinds_of_answers),
		TEST(test_refused),
		TEST(test_weather),
		TEST(test_pipelined),
		TEST(test_cancelled),
		TEST(test_killed_and_back),
		TEST(test_frozen_and_back),
		TEST(test_login),
		TEST(test_password),
		TEST(test_nobody_there),
		TEST(test_destroyed_with_commands_under_way),
		TEST(test_opening),
#ifdef HAVE_HIREDIS_SSL
		TEST(test_tls),
#endif
		TEST(test_observers),
		TEST(test_channels),
	};

	return cmocka_run_group_tests_name("redis", tests, NULL, NULL);
}
