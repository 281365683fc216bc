/*
 * test_replies.c - the life of answers through the public header alone, over the fake store.
 */
#include "replies.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void answer_and_row_agree(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where can I eat?");
	assistant_reply *r;
	struct json_object *row;
	int attached = 7, last = 0;
	char *text, *json;

	fixture_open(fx);
	if (submit(fx->a, &q, &r, &attached, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(attached, 0);
	text = read_all(r, 0, &last);
	assert_int_equal(last, ASSISTANT_EVENT_DONE);
	assert_int_equal(assistant_reply_wait(r, WAIT_MS), 0);
	row = row_of(fx, assistant_reply_id(r));
	assert_true(strlen(text) > 20);
	assert_string_equal(text_of(row, "messageText"), text);
	assert_string_equal(text_of(row, "status"), "completed");
	assert_string_equal(text_of(row, "role"), "assistant");
	assert_string_equal(meta_of(row, "outcome"), "ok");
	assert_string_equal(meta_of(row, "mode"), "full");
	assert_int_equal(assistant_reply_json(r, &json), 0);
	assert_non_null(strstr(json, "\"state\":\"completed\""));
	assistant_free(json);
	json_object_put(row);
	free(text);
	assistant_reply_free(r);
}

static void resuming_behind_any_event_gives_the_rest(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "What is on this afternoon?");
	assistant_reply *r, *late;
	const assistant_event *e;
	char *whole, *seen = calloc(1, 1 << 17), *rest;

	fixture_open(fx);
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), 0);
	whole = read_all(r, 0, NULL);
	assert_int_equal(assistant_reply_open(fx->a, assistant_reply_id(r), WAIT_MS, &late, &err),
			 0);
	assistant_reply_seek(r, 0);
	while (assistant_reply_next(r, WAIT_MS, &e) == 0) {
		char both[1 << 17];

		if (assistant_event_type(e) == ASSISTANT_EVENT_DELTA)
			strncat(seen, assistant_event_text(e, NULL), (1 << 17) - strlen(seen) - 1);
		rest = read_all(late, assistant_event_number(e), NULL);
		snprintf(both, sizeof(both), "%s%s", seen, rest);
		assert_string_equal(both, whole);
		free(rest);
	}
	free(whole);
	free(seen);
	assistant_reply_free(late);
	assistant_reply_free(r);
}

static void same_message_is_answered_once(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where is registration?"), other = q, moved = q;
	assistant_reply *r, *again;
	int attached;

	fixture_open(fx);
	assert_int_equal(submit(fx->a, &q, &r, &attached, &err), 0);
	assert_int_equal(submit(fx->a, &q, &again, &attached, &err), 0);
	assert_int_equal(attached, 1);
	assert_string_equal(assistant_reply_id(r), assistant_reply_id(again));
	assert_int_equal(assistant_reply_wait(again, WAIT_MS), 0);
	assert_int_equal(assistant_fake_store_count(fx->rows, "message_create"), 1);
	make_id(fx, 1, moved.conversation);
	put_conversation(fx, moved.conversation, TIDEWATER);
	assert_int_equal(submit(fx->a, &moved, &again, NULL, &err), ASSISTANT_ECONFLICT);
	make_id(fx, 2, other.message);
	assert_int_equal(submit(fx->a, &other, &r, NULL, &err), ASSISTANT_ENOTFOUND);
	assert_string_equal(err.message, "Message not found");
	assistant_reply_free(again);
	assistant_reply_free(r);
}

static void refusals_say_what_was_wrong(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "   "), foreign = ask_rows(fx, "hello"), unknown = foreign;
	assistant_reply *r;
	char *long_text = calloc(1, 2100), *row = calloc(1, 4000);

	fixture_open(fx);
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), ASSISTANT_EUNPROCESSABLE);
	assert_string_equal(err.message, "The message is empty.");
	memset(long_text, 'x', 2001);
	snprintf(row, 4000,
		 "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"role\":\"user\",\"messageText\":\"%"
		 "s\"}",
		 q.message, q.conversation, long_text);
	assistant_fake_store_put(fx->rows, "messages", row);
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), ASSISTANT_EUNPROCESSABLE);
	assert_non_null(strstr(err.message, "2001 characters"));
	put_conversation(fx, foreign.conversation, "11111111-0000-4000-8000-000000000000");
	assert_int_equal(submit(fx->a, &foreign, &r, NULL, &err), ASSISTANT_ENOTFOUND);
	assert_string_equal(err.message, "Conversation not found");
	make_id(fx, 1, unknown.conversation);
	assert_int_equal(submit(fx->a, &unknown, &r, NULL, &err), ASSISTANT_ENOTFOUND);
	snprintf(unknown.message, 37, "not-a-uuid");
	assert_int_equal(submit(fx->a, &unknown, &r, NULL, &err), ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "message_id"));
	free(long_text);
	free(row);
}

static void stopping_keeps_the_text_so_far(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "What is on on Friday?");
	const assistant_event *e;
	struct json_object *row;
	assistant_reply *r;
	char *text;
	int last = 0;

	fixture_set(fx, "COMPOSER_PACE_MS", "50");
	fixture_open(fx);
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), 0);
	do
		assert_int_equal(assistant_reply_next(r, WAIT_MS, &e), 0);
	while (assistant_event_type(e) != ASSISTANT_EVENT_DELTA);
	assert_int_equal(assistant_reply_stop(r), 0);
	assert_int_equal(assistant_reply_wait(r, 2000), 0);
	assert_int_equal(assistant_reply_stop(r), ASSISTANT_ENOTFOUND);
	text = read_all(r, 0, &last);
	row = row_of(fx, assistant_reply_id(r));
	assert_string_equal(text_of(row, "messageText"), text);
	assert_string_equal(text_of(row, "status"), "completed");
	assert_string_equal(meta_of(row, "outcome"), "stopped");
	json_object_put(row);
	free(text);
	assistant_reply_free(r);
}

/* Whatever call fails, the caller is told or the row is completed: never left streaming. */
static void any_failing_call_leaves_no_row_streaming(void **state)
{
	struct fixture *fx = *state;
	int refused = 0, answered = 0;

	fixture_set(fx, "RATE_LIMIT_CONVERSATION_PER_MINUTE", "0");
	fixture_open(fx);
	for (int n = 1; n <= 14; n++) {
		assistant_error err = ASSISTANT_ERROR_INIT;
		struct asked q = ask_rows(fx, "Where can I park my bike?");
		assistant_reply *r;
		struct json_object *row;

		assistant_fake_store_fail_nth(fx->rows, n, ASSISTANT_EUNAVAILABLE);
		if (submit(fx->a, &q, &r, NULL, &err) < 0) {
			assert_true(*err.message);
			refused++;
			continue;
		}
		assert_int_equal(assistant_reply_wait(r, WAIT_MS), 0);
		row = row_of(fx, assistant_reply_id(r));
		assert_string_equal(text_of(row, "status"), "completed");
		assert_true(strlen(text_of(row, "messageText")) > 10);
		json_object_put(row);
		assistant_reply_free(r);
		answered++;
	}
	assert_true(refused > 0);
	assert_true(answered > 0);
}

static void closing_finishes_what_runs(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "What is on on Friday?");
	struct json_object *row;
	assistant_reply *r;
	char id[64];

	fixture_set(fx, "COMPOSER_PACE_MS", "200");
	fixture_open(fx);
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), 0);
	snprintf(id, sizeof(id), "%s", assistant_reply_id(r));
	assistant_drain(fx->a);
	wait_ms(50);
	q = ask_rows(fx, "And later?");
	{
		assistant_reply *none;

		assert_int_equal(submit(fx->a, &q, &none, NULL, &err), ASSISTANT_EUNAVAILABLE);
		assert_true(err.retry_after_ms > 0);
	}
	assistant_reply_free(r);
	assistant_close(fx->a, 100);
	fx->a = NULL;
	row = row_of(fx, id);
	assert_string_equal(text_of(row, "status"), "completed");
	assert_string_equal(meta_of(row, "outcome"), "stopped");
	json_object_put(row);
}

static void left_over_rows_are_settled(void **state)
{
	struct fixture *fx = *state;
	struct asked young = ask_rows(fx, "Where can I eat?"), old = ask_rows(fx, "Who are you?");
	char young_id[37], old_id[37], live_id[37];
	struct json_object *row;

	make_id(fx, 3, young_id);
	make_id(fx, 3, old_id);
	make_id(fx, 3, live_id);
	put_live_row(fx, young_id, &young, 20, -5, "elsewhere/1/77/aa");
	put_live_row(fx, old_id, &old, 9000, -5, "elsewhere/1/77/aa");
	put_live_row(fx, live_id, &old, 20, 600, "elsewhere/1/77/aa");
	assistant_config_set_serving(fx->config, 1);
	fixture_open(fx);
	assert_true(completes_within(fx, young_id, WAIT_MS));
	assert_true(completes_within(fx, old_id, WAIT_MS));
	row = row_of(fx, young_id);
	assert_null(strstr(text_of(row, "messageText"), "Half an ans"));
	assert_string_equal(meta_of(row, "outcome"), "ok");
	json_object_put(row);
	row = row_of(fx, old_id);
	assert_non_null(strstr(text_of(row, "messageText"), "Half an ans"));
	assert_non_null(strstr(text_of(row, "messageText"), "cut short"));
	assert_string_equal(meta_of(row, "outcome"), "partial");
	json_object_put(row);
	assert_false(completes_within(fx, live_id, 1500)); /* somebody else's, alive */
}

static void only_servers_settle(void **state)
{
	struct fixture *fx = *state;
	struct asked q = ask_rows(fx, "Where can I eat?");
	char id[37];

	make_id(fx, 3, id);
	put_live_row(fx, id, &q, 9000, -500, "elsewhere/1/77/aa");
	fixture_open(fx);
	assert_false(completes_within(fx, id, 1500));
}

static void too_many_questions_are_refused(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where can I eat?");
	assistant_reply *r;
	int code = 0, n = 0;

	fixture_set(fx, "RATE_LIMIT_CONVERSATION_PER_MINUTE", "5");
	fixture_open(fx);
	for (; n < 6 && !code; n++) {
		make_id(fx, 2, q.message);
		put_message(fx, q.message, q.conversation, "Where can I eat?");
		code = submit(fx->a, &q, &r, NULL, &err);
		if (!code) {
			assert_int_equal(assistant_reply_wait(r, WAIT_MS), 0);
			assistant_reply_free(r);
		}
	}
	assert_int_equal(n, 6);
	assert_int_equal(code, ASSISTANT_ELIMIT);
	assert_true(err.retry_after_ms > 0 && err.retry_after_ms <= 60000);
}

struct racer {
	pthread_t thread;
	assistant *a;
	struct asked q;
	int code;
	char id[64];
	char *text;
};

static void *race(void *arg)
{
	struct racer *me = arg;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_reply *r;

	me->code = submit(me->a, &me->q, &r, NULL, &err);
	if (me->code < 0)
		return NULL;
	snprintf(me->id, sizeof(me->id), "%s", assistant_reply_id(r));
	me->text = read_all(r, 0, NULL);
	assistant_reply_free(r);
	return NULL;
}

static void submits_of_two_processes_make_one_answer(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct racer racers[8];
	struct asked q = ask_rows(fx, "What is on on Friday?");
	assistant *second;

	fixture_set(fx, "COMPOSER_PACE_MS", "10");
	fixture_open(fx);
	assert_int_equal(assistant_open(&second, fx->config, &err), 0);
	for (int i = 0; i < 8; i++) {
		racers[i] = (struct racer){ .a = i % 2 ? second : fx->a, .q = q };
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(racers[i].thread, NULL);
		assert_int_equal(racers[i].code, 0);
		assert_string_equal(racers[i].id, racers[0].id);
	}
	for (int i = 0; i < 8; i++) {
		struct json_object *row = row_of(fx, racers[0].id);

		/* A reader in the other process starts numbers of its own, so its text is whole too. */
		assert_string_equal(text_of(row, "messageText"), racers[i].text);
		json_object_put(row);
		free(racers[i].text);
	}
	assistant_close(second, 1000);
}

static void a_thousand_chats(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	static const char *const questions[] = { "What is on now?", "Where can I eat?",
						 "Who speaks about water?", "hello",
						 "Und morgen?" };
	int n = getenv("CHATS") ? (int)strtol(getenv("CHATS"), NULL, 10) : 1000;

	fixture_set(fx, "WRITE_INTERVAL_MS", "1000");
	fixture_open(fx);
	for (int i = 0; i < n; i++) {
		assistant_chat *chat;
		const assistant_event *e;

		assert_int_equal(assistant_chat_new(fx->a, &chat), 0);
		if (assistant_chat_send(chat, questions[i % 5], WAIT_MS, &err) < 0)
			fail_msg("%s", err.message);
		while (assistant_chat_next(chat, WAIT_MS, &e) == 0)
			continue;
		assistant_chat_free(chat);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answer_and_row_agree, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(resuming_behind_any_event_gives_the_rest, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(same_message_is_answered_once, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(refusals_say_what_was_wrong, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(stopping_keeps_the_text_so_far, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(any_failing_call_leaves_no_row_streaming, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(closing_finishes_what_runs, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(left_over_rows_are_settled, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(only_servers_settle, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(too_many_questions_are_refused, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(submits_of_two_processes_make_one_answer, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_thousand_chats, setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
