/*
 * test_event_log.c - numbers, readers that seek, a log that is behind another one, and one that is numbered anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "agent/reply_private.h"
#include "aio/loop.h"

struct fixture {
	struct env env;
	struct replies replies;
	struct reply *reply;
	struct reply_reader reader;
	int grown;
};

static struct fixture *current;

static void log_grown(struct event_log *l)
{
	current->grown++;
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->env.loop = loop_create_virtual();
	fx->env.limits.answer_max_bytes = 1000;
	fx->replies.env = &fx->env;
	fx->reply = reply_create(&fx->replies, "r1", 100);
	fx->reply->log.grown = log_grown;
	reply_reader_init(&fx->reader, fx->reply);
	current = fx;
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	reply_reader_finish(&fx->reader);
	reply_unref(fx->reply);
	loop_destroy(fx->env.loop);
	free(fx);
	return 0;
}

static void add(struct fixture *fx, int n)
{
	for (int i = 0; i < n; i++)
		event_log_append(&fx->reply->log, ASSISTANT_EVENT_DELTA, json_object_new_object(),
				 "x", 1);
}

/* The next event's number; 0: none yet, -1: none any more. */
static long next(struct fixture *fx)
{
	const assistant_event *e = NULL;
	int r = reply_reader_next(&fx->reader, 0, &e);

	return r == 0 ? (long)assistant_event_number(e) : r == ASSISTANT_ETIMEOUT ? 0 : -1;
}

static void test_numbers(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(next(fx), 0);
	add(fx, 3);
	assert_int_equal(fx->grown, 3);
	for (long n = 101; n <= 103; n++)
		assert_int_equal(next(fx), n);
	assert_int_equal(next(fx), 0);
	reply_reader_seek(&fx->reader, 102);
	assert_int_equal(next(fx), 103);
	event_log_close(&fx->reply->log);
	assert_int_equal(next(fx), -1);
	add(fx, 1); /* dropped */
	assert_int_equal(fx->grown, 3);
}

/* A number that this log never gave: from its beginning. */
static void test_strange_numbers(void **state)
{
	struct fixture *fx = *state;
	static const unsigned long strange[] = { 0, 1, 100, 104, 5000000, (unsigned long)-1 };

	add(fx, 3);
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		reply_reader_seek(&fx->reader, strange[i]);
		assert_int_equal(next(fx), 101);
	}
}

/* Whoever was further ahead on another server waits for what it has not seen. */
static void test_behind(void **state)
{
	struct fixture *fx = *state;

	fx->reply->log.behind = true;
	add(fx, 2);
	reply_reader_seek(&fx->reader, 105);
	assert_int_equal(next(fx), 0);
	add(fx, 3);
	assert_int_equal(next(fx), 0);
	add(fx, 1);
	assert_int_equal(next(fx), 106);
	reply_reader_seek(&fx->reader, 5000000); /* no log is so far ahead */
	assert_int_equal(next(fx), 101);
}

/* It waited for something that does not come: then it has everything, rather than nothing. */
static void test_behind_and_closed(void **state)
{
	struct fixture *fx = *state;

	fx->reply->log.behind = true;
	add(fx, 2);
	reply_reader_seek(&fx->reader, 105);
	event_log_close(&fx->reply->log);
	assert_int_equal(next(fx), 101);
}

static void test_numbered_anew(void **state)
{
	struct fixture *fx = *state;

	add(fx, 3);
	assert_int_equal(next(fx), 101);
	event_log_rebase(&fx->reply->log, 7000000);
	add(fx, 2);
	/* who is inside goes on, old numbers first */
	assert_int_equal(next(fx), 102);
	assert_int_equal(next(fx), 103);
	assert_int_equal(next(fx), 7000001);
	reply_reader_seek(&fx->reader, 7000001);
	assert_int_equal(next(fx), 7000002);
	/* who comes with an old number begins anew */
	reply_reader_seek(&fx->reader, 102);
	assert_int_equal(next(fx), 101);
	/* below what there is: the numbers wrap inside, and are right outside */
	event_log_rebase(&fx->reply->log, 2);
	add(fx, 1);
	for (int i = 0; i < 4; i++)
		next(fx);
	assert_int_equal(next(fx), 3);
}

/* A reader that waits ahead of a log hears of its new numbers from their beginning. */
static void test_behind_and_numbered_anew(void **state)
{
	struct fixture *fx = *state;

	fx->reply->log.behind = true;
	add(fx, 2);
	reply_reader_seek(&fx->reader, 105);
	event_log_rebase(&fx->reply->log, 7000000);
	add(fx, 1);
	assert_int_equal(next(fx), 7000001);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_numbers),	  TEST(test_strange_numbers),
		TEST(test_behind),	  TEST(test_behind_and_closed),
		TEST(test_numbered_anew), TEST(test_behind_and_numbered_anew),
	};

	return cmocka_run_group_tests_name("event log", tests, NULL, NULL);
}
