/*
 * test_closing.c - assistant_close while other threads are in the middle of something, and readiness while a service hangs.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "replies.h"

#define HANGS_MS 2000 /* in the fake, which is one thread: closing waits for what it is in */

struct caller {
	pthread_t thread;
	struct fixture *fx;
	assistant_chat *chat; /* holds the handle's memory */
	int rounds, code;
	assistant_error err;
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void caller_begin(struct caller *c, struct fixture *fx, void *(*body)(void *c))
{
	memset(c, 0, sizeof(*c));
	c->fx = fx;
	assert_int_equal(assistant_chat_new(fx->a, &c->chat), 0);
	assert_int_equal(pthread_create(&c->thread, NULL, body, c), 0);
}

static void caller_end(struct caller *c)
{
	assert_int_equal(pthread_join(c->thread, NULL), 0);
	assistant_chat_free(c->chat);
}

/* The fixture's teardown closes what is there. */
static long long close_ms(struct fixture *fx, int grace_ms)
{
	long long began = now_ms();

	assistant_close(fx->a, grace_ms);
	fx->a = NULL;
	return now_ms() - began;
}

/* --- Calls of a service that hangs ----------------------------------------------- */

static void *search_once(void *arg)
{
	struct caller *c = arg;
	char *result = NULL;

	c->code = assistant_search(c->fx->a, "{\"q\":\"rust\"}", -1, &result, &c->err);
	assistant_free(result);
	return NULL;
}

static void *start_once(void *arg)
{
	struct caller *c = arg;

	c->code = assistant_chat_send(c->chat, "Where can I eat?", -1, &c->err);
	return NULL;
}

static void calls_end_when_their_service_hangs(void **state)
{
	struct fixture *fx = *state;
	struct caller searching, asking;

	fixture_open(fx);
	assistant_fake_store_delay(fx->rows, NULL, HANGS_MS);
	caller_begin(&searching, fx, search_once);
	caller_begin(&asking, fx, start_once);
	wait_ms(100);
	assistant_fake_store_heal(fx->rows);
	assert_in_range(close_ms(fx, 0), 0, 10000);
	caller_end(&searching);
	assert_int_equal(searching.code, ASSISTANT_ECANCELED);
	assert_string_equal(searching.err.message, "The assistant is being closed.");
	/* The handle that is left says so, too. */
	assert_int_equal(pthread_join(asking.thread, NULL), 0);
	assert_int_equal(asking.code, ASSISTANT_ECANCELED);
	assert_int_equal(assistant_chat_send(asking.chat, "And then?", -1, &asking.err),
			 ASSISTANT_EUNAVAILABLE);
	assert_string_equal(asking.err.message, "The assistant is being closed.");
	assistant_chat_free(asking.chat);
}

static void calls_may_finish_within_the_grace(void **state)
{
	struct fixture *fx = *state;
	struct caller searching;

	fixture_open(fx);
	assistant_fake_store_delay(fx->rows, NULL, 100);
	caller_begin(&searching, fx, search_once);
	wait_ms(50);
	assert_in_range(close_ms(fx, 20000), 0, 15000);
	caller_end(&searching);
	if (searching.code)
		fail_msg("%s", searching.err.message);
}

/* --- Threads that wait on handles ---------------------------------------------------- */

static void *watch_changes(void *arg)
{
	const char *collection, *change, *row;
	assistant_watch *w = NULL;
	struct caller *c = arg;

	assert_int_equal(assistant_watch_new(c->fx->a, &w), 0);
	while ((c->code = assistant_watch_next(w, -1, &collection, &change, &row)) == 0)
		c->rounds++;
	assert_int_not_equal(assistant_watch_add(w, "messages", "id", "x"), 0);
	assistant_watch_free(w);
	return NULL;
}

static void *read_answer(void *arg)
{
	struct caller *c = arg;
	const assistant_event *e;

	c->code = assistant_chat_send(c->chat, "Where can I eat?", WAIT_MS, &c->err);
	if (c->code)
		return NULL;
	while (assistant_chat_next(c->chat, -1, &e) == 0)
		c->rounds = assistant_event_type(e);
	assistant_chat_cancel(c->chat);
	return NULL;
}

static void readers_hear_the_end(void **state)
{
	struct fixture *fx = *state;
	struct caller watching, reading;

	fixture_set(fx, "COMPOSER_PACE_MS", "200");
	fixture_open(fx);
	caller_begin(&watching, fx, watch_changes);
	caller_begin(&reading, fx, read_answer);
	/* The visitor's row and the answer's: it has begun. */
	for (int i = 0; i < 500 && assistant_fake_store_count(fx->rows, "message_create") < 2; i++)
		wait_ms(20);
	wait_ms(50);
	close_ms(fx, 0);
	caller_end(&reading);
	caller_end(&watching);
	assert_int_equal(watching.code, ASSISTANT_EUNAVAILABLE);
	assert_int_equal(reading.code, 0);
	assert_int_equal(reading.rounds, ASSISTANT_EVENT_DONE);
}

/* --- Many at once ----------------------------------------------------------------------- */

static int call_something(struct caller *c)
{
	assistant *a = c->fx->a;
	char *text = NULL;
	int code;

	switch (c->rounds++ % 4) {
	case 0:
		code = assistant_search(a, "{\"q\":\"talks about rust\"}", -1, &text, &c->err);
		break;
	case 1:
		code = assistant_report(a, ASSISTANT_REPORT_METRICS, -1, &text, &c->err);
		break;
	case 2:
		code = assistant_ask(a, NULL, "Where can I eat?", NULL, -1, &text, &c->err);
		break;
	default:
		assistant_log(a, 3, "test.round", NULL);
		code = assistant_chat_send(c->chat, "When is lunch?", -1, &c->err);
		code = code == ASSISTANT_EBUSY ? 0 : code;
	}
	assistant_free(text);
	return code;
}

static void *call_on(void *arg)
{
	struct caller *c = arg;

	while (c->code == 0)
		c->code = call_something(c);
	return NULL;
}

static void many_threads_are_let_go(void **state)
{
	struct fixture *fx = *state;
	struct caller callers[8];
	assistant *a;

	fixture_set(fx, "RATE_LIMIT_CONVERSATION_PER_MINUTE", "0");
	fixture_open(fx);
	a = fx->a;
	for (size_t i = 0; i < 8; i++)
		caller_begin(&callers[i], fx, call_on);
	wait_ms(300);
	assistant_close(a, 50); /* fx->a stays as it is: the callers read it */
	for (size_t i = 0; i < 8; i++) {
		caller_end(&callers[i]);
		assert_true(callers[i].rounds > 0);
		if (callers[i].code != ASSISTANT_ECANCELED &&
		    callers[i].code != ASSISTANT_EUNAVAILABLE)
			fail_msg("%d: %s", callers[i].code, callers[i].err.message);
	}
	fx->a = NULL;
}

/* --- Readiness --------------------------------------------------------------------------- */

static void ready_tells_which_one_hangs(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *o;
	char *report;
	long long began;

	fixture_open(fx);
	assistant_fake_store_delay(fx->rows, "ping", HANGS_MS);
	began = now_ms();
	fixture_ok(assistant_report(fx->a, ASSISTANT_REPORT_READY, 300, &report, &err), &err);
	assert_in_range(now_ms() - began, 0, 5000);
	o = fixture_take(report);
	assert_string_equal(fixture_text(o, "status"), "unavailable");
	assert_string_equal(fixture_text(o, "checks.composer"), "ok");
	assert_string_equal(fixture_text(o, "checks.memory"), "ok");
	json_object_put(o);
	assistant_fake_store_heal(fx->rows);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_end_when_their_service_hangs),
		TEST(calls_may_finish_within_the_grace),
		TEST(readers_hear_the_end),
		TEST(many_threads_are_let_go),
		TEST(ready_tells_which_one_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
