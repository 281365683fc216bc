/*
 * test_replies_other.c - replies whose rows or logs other processes and earlier lives have touched.
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

static void put_row_text(struct fixture *fx, const char *id, const struct asked *q,
			 const char *status, const char *text)
{
	char row[900], until[32];

	time_text(until, 600);
	snprintf(row, sizeof(row),
		 "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"role\":\"assistant\",\"messageText\":"
		 "\"%s\",\"status\":\"%s\",\"metadata\":{\"lease_until\":\"%s\",\"lease_owner\":"
		 "\"elsewhere/1/77/aa\",\"outcome\":\"ok\"}}",
		 id, q->conversation, text, status, until);
	assert_int_equal(assistant_fake_store_put(fx->rows, "messages", row), 0);
}

/* What a reader has at the end: every ACCEPTED makes void what came before. */
static char *read_to_the_end(assistant_reply *r)
{
	char *text = calloc(1, 1 << 17);
	const assistant_event *e;

	while (assistant_reply_next(r, WAIT_MS, &e) == 0) {
		if (assistant_event_type(e) == ASSISTANT_EVENT_ACCEPTED)
			*text = '\0';
		if (assistant_event_type(e) == ASSISTANT_EVENT_DELTA)
			strncat(text, assistant_event_text(e, NULL), (1 << 17) - strlen(text) - 1);
	}
	return text;
}

/* The numbers of the first life mean nothing in a log that was rebuilt from the row. */
static void a_rebuilt_log_begins_anew(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "What is on this afternoon?");
	const assistant_event *e;
	assistant_reply *r;
	unsigned long last = 0;
	char id[64], *whole, *text;

	fixture_open(fx);
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), 0);
	whole = read_all(r, 0, NULL);
	assert_int_equal(assistant_reply_wait(r, WAIT_MS), 0);
	snprintf(id, sizeof(id), "%s", assistant_reply_id(r));
	assistant_reply_free(r);
	assistant_close(fx->a, 0);
	fixture_open(fx);
	assert_int_equal(assistant_reply_open(fx->a, id, WAIT_MS, &r, &err), 0);
	assert_int_equal(assistant_reply_seek(r, 3), 0);
	assert_int_equal(assistant_reply_next(r, WAIT_MS, &e), 0);
	assert_int_equal(assistant_event_type(e), ASSISTANT_EVENT_ACCEPTED);
	last = assistant_event_number(e);
	text = read_to_the_end(r);
	assert_string_equal(text, whole);
	free(text);
	assert_int_equal(assistant_reply_seek(r, last), 0);
	assert_int_equal(assistant_reply_next(r, WAIT_MS, &e), 0);
	assert_int_equal(assistant_event_number(e), last + 1);
	free(whole);
	assistant_reply_free(r);
}

static void a_row_answered_anew_elsewhere_is_followed(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where can I eat?");
	const assistant_event *e;
	assistant_reply *r, *other;
	char id[37], *text;

	make_id(fx, 3, id);
	put_row_text(fx, id, &q, "streaming", "The first life said");
	fixture_open(fx);
	assert_int_equal(assistant_reply_open(fx->a, id, WAIT_MS, &r, &err), 0);
	assert_int_equal(assistant_reply_open(fx->a, id, WAIT_MS, &other, &err), 0);
	do
		assert_int_equal(assistant_reply_next(r, WAIT_MS, &e), 0);
	while (assistant_event_type(e) != ASSISTANT_EVENT_DELTA);
	assert_int_equal(assistant_reply_stop(r), ASSISTANT_EUNAVAILABLE); /* not ours to stop */
	put_row_text(fx, id, &q, "completed", "The second life said more.");
	text = read_to_the_end(r);
	assert_string_equal(text, "The second life said more.");
	free(text);
	text = read_to_the_end(other);
	assert_string_equal(text, "The second life said more.");
	free(text);
	assistant_reply_free(other);
	assistant_reply_free(r);
}

struct opener {
	struct fixture *fx;
	const char *id;
	assistant_reply *r;
	pthread_t thread;
};

static void *open_it(void *arg)
{
	struct opener *o = arg;
	assistant_error err = ASSISTANT_ERROR_INIT;

	return assistant_reply_open(o->fx->a, o->id, WAIT_MS, &o->r, &err) == 0 ? o : NULL;
}

/* All look for the row before anyone has found it: one log for all, and nothing of a second one. */
static void a_live_row_opened_at_once_has_one_log(void **state)
{
	struct fixture *fx = *state;
	struct asked q = ask_rows(fx, "Where can I eat?");
	struct opener openers[8];
	const assistant_event *e;
	unsigned long number = 0;
	char id[37];

	make_id(fx, 3, id);
	put_row_text(fx, id, &q, "streaming", "Half");
	assistant_fake_store_delay(fx->rows, "message", 100);
	fixture_open(fx);
	for (int i = 0; i < 8; i++) {
		openers[i] = (struct opener){ .fx = fx, .id = id };
		assert_int_equal(pthread_create(&openers[i].thread, NULL, open_it, &openers[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		void *ok;

		pthread_join(openers[i].thread, &ok);
		assert_non_null(ok);
		assert_int_equal(assistant_reply_next(openers[i].r, WAIT_MS, &e), 0);
		assert_true(!number || assistant_event_number(e) == number);
		number = assistant_event_number(e);
	}
	put_row_text(fx, id, &q, "completed", "Half and half.");
	for (int i = 0; i < 8; i++) {
		char *text = read_to_the_end(openers[i].r);

		assert_string_equal(text, "Half and half.");
		free(text);
		assistant_reply_free(openers[i].r);
	}
}

static void closing_does_not_wait_for_a_store_that_hangs(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where can I eat?");
	assistant_reply_params params = { .conversation_id = q.conversation,
					  .message_id = q.message,
					  .conference_id = TIDEWATER,
					  .timeout_ms = 100 };
	assistant_reply *r;
	char id[37];

	make_id(fx, 3, id);
	fixture_open(fx);
	assistant_fake_store_delay(fx->rows, NULL, 5000);
	assert_int_equal(assistant_reply_open(fx->a, id, 100, &r, &err), ASSISTANT_ETIMEOUT);
	assert_int_equal(assistant_reply_start(fx->a, &params, &r, NULL, &err), ASSISTANT_ETIMEOUT);
	assistant_close(fx->a, 0);
	fx->a = NULL;
}

/* A question that takes its server down is not answered anew for ever. */
static void a_row_claimed_often_is_finished(void **state)
{
	struct fixture *fx = *state;
	struct asked q = ask_rows(fx, "Where can I eat?");
	char id[37], row[900], created[32], until[32];
	struct json_object *done;

	make_id(fx, 3, id);
	time_text(created, -20);
	time_text(until, -5);
	snprintf(row, sizeof(row),
		 "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"role\":\"assistant\",\"messageText\":"
		 "\"\",\"status\":\"streaming\",\"date_created\":\"%s\",\"metadata\":{"
		 "\"lease_until\":\"%s\",\"lease_owner\":\"elsewhere/1/77/aa\",\"claims\":2,"
		 "\"message_id\":\"%s\",\"conference_id\":\"" TIDEWATER "\"}}",
		 id, q.conversation, created, until, q.message);
	assert_int_equal(assistant_fake_store_put(fx->rows, "messages", row), 0);
	assistant_config_set_serving(fx->config, 1);
	fixture_open(fx);
	assert_true(completes_within(fx, id, WAIT_MS));
	done = row_of(fx, id);
	assert_non_null(strstr(text_of(done, "messageText"), "ask again"));
	assert_string_equal(meta_of(done, "outcome"), "failed");
	json_object_put(done);
}

/* The final text waits in the spool: nobody takes the row for left over. */
static void a_spooled_row_is_not_settled(void **state)
{
	struct fixture *fx = *state;
	struct asked q = ask_rows(fx, "Where can I eat?");
	char id[37], path[160];
	struct json_object *row;
	FILE *f;

	make_id(fx, 3, id);
	put_live_row(fx, id, &q, 20, -5, "elsewhere/1/77/aa");
	snprintf(path, sizeof(path), "%s/spool", fx->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/spool/%s.json", fx->directory, id);
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f,
		"{\"id\":\"%s\",\"text\":\"The spooled text.\",\"metadata\":\"{\\\"outcome\\\":"
		"\\\"ok\\\"}\"}",
		id);
	fclose(f);
	assistant_fake_store_fail(fx->rows, "messages_complete", 2, ASSISTANT_EUNAVAILABLE,
				  "Not now.");
	assistant_config_set_serving(fx->config, 1);
	fixture_open(fx);
	assert_true(completes_within(fx, id, WAIT_MS));
	row = row_of(fx, id);
	assert_string_equal(text_of(row, "messageText"), "The spooled text.");
	assert_string_equal(meta_of(row, "outcome"), "ok");
	json_object_put(row);
}

/* Given between the last word and the final row, feedback neither is lost nor loses the rest. */
static void feedback_at_the_end_keeps_the_rest(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where can I eat?");
	struct json_object *row, *metadata, *feedback;
	assistant_reply *r;
	char *json;
	int ending = 0;

	assistant_fake_store_delay(fx->rows, "messages_write", 300);
	fixture_open(fx);
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), 0);
	for (int i = 0; i < 4000 && !ending; i++) {
		assert_int_equal(assistant_reply_json(r, &json), 0);
		ending = strstr(json, "\"state\":\"ending\"") != NULL;
		assistant_free(json);
		wait_ms(1);
	}
	assert_true(ending);
	assert_int_equal(assistant_reply_feedback(r, "up", "Fine", WAIT_MS, &err), 0);
	assert_int_equal(assistant_reply_wait(r, WAIT_MS), 0);
	row = row_of(fx, assistant_reply_id(r));
	assert_string_equal(text_of(row, "status"), "completed");
	assert_string_equal(meta_of(row, "outcome"), "ok");
	assert_true(json_object_object_get_ex(row, "metadata", &metadata));
	assert_true(json_object_object_get_ex(metadata, "feedback", &feedback));
	assert_string_equal(text_of(feedback, "rating"), "up");
	json_object_put(row);
	assistant_reply_free(r);
}

/* What the store refuses us is our failure, never the visitor's "forbidden". */
static void a_store_that_denies_is_our_failure(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where can I eat?");
	assistant_reply *r;

	fixture_open(fx);
	assistant_fake_store_fail(fx->rows, "conversation", 1, ASSISTANT_EDENIED, "No right.");
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), ASSISTANT_EPROTOCOL);
	assistant_fake_store_fail(fx->rows, "conversation", 1, ASSISTANT_EUNAVAILABLE, "Later.");
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), ASSISTANT_EUNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_rebuilt_log_begins_anew, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_row_answered_anew_elsewhere_is_followed, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_live_row_opened_at_once_has_one_log, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(closing_does_not_wait_for_a_store_that_hangs, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_row_claimed_often_is_finished, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_spooled_row_is_not_settled, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(feedback_at_the_end_keeps_the_rest, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_store_that_denies_is_our_failure, setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
