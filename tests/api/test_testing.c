/*
 * test_testing.c - the fakes that ship with the library: rows in memory with faults, a clock that stands.
 */
#include "fixture.h"

#include <assistant/testing.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONVERSATION "11111111-1111-4111-8111-111111111111"

struct fakes {
	struct fixture *fx;
	assistant_fake_store *rows;
	assistant_fake_clock *clock;
};

static int setup(void **state)
{
	struct fakes *k = calloc(1, sizeof(*k));
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = fixture_read_file(EXAMPLE_CONFERENCE);
	void *fx;

	fixture_empty(&fx);
	k->fx = fx;
	fixture_set(k->fx, "ERLEAH_NOW", "");
	assert_int_equal(assistant_fake_store_new(&k->rows), ASSISTANT_OK);
	fixture_ok(assistant_fake_store_conference(k->rows, text, &err), &err);
	/* 2027-05-20T09:45:00+02:00 */
	assert_int_equal(assistant_fake_clock_new(1810799100000LL, &k->clock), ASSISTANT_OK);
	assert_int_equal(assistant_fake_clock_use(k->clock, k->fx->config), ASSISTANT_OK);
	fixture_ok(assistant_fake_store_use(k->rows, k->fx->config, &err), &err);
	free(text);
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	struct fakes *k = *state;
	void *fx = k->fx;

	fixture_teardown(&fx);
	assistant_fake_store_free(k->rows);
	assistant_fake_clock_free(k->clock);
	free(k);
	return 0;
}

static char *ask(struct fakes *k, const char *question)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	fixture_ok(assistant_ask(k->fx->a, NULL, question, NULL, WAIT_MS, &text, &err), &err);
	return text;
}

static void a_clock_that_stands(void **state)
{
	struct fakes *k = *state;
	char *text;

	fixture_open(k->fx);
	text = ask(k, "What is on now?");
	assert_non_null(strstr(text, "Keeping the taps on"));
	assistant_free(text);
	assistant_fake_clock_advance(k->clock, 45 * 60000);
	text = ask(k, "What is on now?");
	assert_null(strstr(text, "Keeping the taps on"));
	assert_non_null(strstr(text, "Coffee break"));
	assistant_free(text);
}

static void rows_in_memory(void **state)
{
	struct fakes *k = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_chat *chat = NULL;
	struct json_object *o;
	const char *id;
	char *text;

	fixture_open(k->fx);
	assert_int_equal(assistant_chat_new(k->fx->a, &chat), ASSISTANT_OK);
	fixture_ok(assistant_chat_send(chat, "Where is Carbopur?", WAIT_MS, &err), &err);
	assert_int_equal(assistant_reply_wait(assistant_chat_reply(chat), WAIT_MS), ASSISTANT_OK);
	id = assistant_reply_id(assistant_chat_reply(chat));
	o = fixture_take(assistant_fake_store_row(k->rows, "messages", id));
	assert_string_equal(fixture_text(o, "status"), "completed");
	assert_non_null(strstr(fixture_text(o, "messageText"), "A24"));
	text = assistant_fake_store_writes(k->rows, id);
	assert_non_null(strstr(text, "A24"));
	assistant_free(text);
	json_object_put(o);
	assert_int_equal(assistant_fake_store_count(k->rows, "conversation_create"), 1);
	assert_int_equal(assistant_fake_store_count(k->rows, "message_create"), 2);
	assert_true(assistant_fake_store_count(k->rows, NULL) > 3);
	assert_null(assistant_fake_store_row(k->rows, "messages", CONVERSATION));
	assert_int_equal(
		assistant_fake_store_put(k->rows, "conversations", "{\"id\":\"" CONVERSATION "\"}"),
		ASSISTANT_OK);
	text = assistant_fake_store_row(k->rows, "conversations", CONVERSATION);
	assert_non_null(text);
	assistant_free(text);
	/* A store that is not the embedded one has a face of its own. */
	text = NULL;
	assert_int_equal(assistant_row_read(k->fx->a, "messages", id, WAIT_MS, &text, &err),
			 ASSISTANT_EDENIED);
	assistant_chat_free(chat);
}

static void faults(void **state)
{
	struct fakes *k = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_chat *chat = NULL;
	char *text;

	fixture_open(k->fx);
	text = ask(k, "Where is Carbopur?"); /* the conference is loaded */
	assistant_free(text);
	assert_int_equal(assistant_chat_new(k->fx->a, &chat), ASSISTANT_OK);
	assistant_fake_store_fail(k->rows, "message_create", 1, ASSISTANT_EUNAVAILABLE,
				  "The rows are away.");
	assert_int_equal(assistant_chat_send(chat, "x", WAIT_MS, &err), ASSISTANT_EUNAVAILABLE);
	assert_non_null(strstr(err.message, "The rows are away."));
	assistant_fake_store_fail(k->rows, NULL, 1000, ASSISTANT_EUNAVAILABLE, NULL);
	assert_int_equal(assistant_chat_send(chat, "x", WAIT_MS, &err), ASSISTANT_EUNAVAILABLE);
	assistant_fake_store_heal(k->rows);
	assistant_fake_store_delay(k->rows, "message_create", 20);
	fixture_ok(assistant_chat_send(chat, "Where is Carbopur?", WAIT_MS, &err), &err);
	assert_int_equal(assistant_reply_wait(assistant_chat_reply(chat), WAIT_MS), ASSISTANT_OK);
	assistant_chat_free(chat);
}

/* Whichever call of the store fails, the sender gets a sentence or a completed answer. */
static void each_call_fails_once(void **state)
{
	struct fakes *k = *state;
	int refused = 0, answered = 0;
	char *text;

	fixture_open(k->fx);
	text = ask(k, "Where is Carbopur?");
	assistant_free(text);
	for (int n = 1; n <= 12; n++) {
		assistant_error err = ASSISTANT_ERROR_INIT;
		assistant_chat *chat = NULL;

		assert_int_equal(assistant_chat_new(k->fx->a, &chat), ASSISTANT_OK);
		assistant_fake_store_fail_nth(k->rows, n, ASSISTANT_EUNAVAILABLE);
		if (assistant_chat_send(chat, "Where is Carbopur?", WAIT_MS, &err) < 0) {
			assert_true(*err.message);
			refused++;
		} else {
			assert_int_equal(assistant_reply_wait(assistant_chat_reply(chat), WAIT_MS),
					 ASSISTANT_OK);
			answered++;
		}
		assistant_fake_store_heal(k->rows);
		assistant_chat_free(chat);
	}
	assert_true(refused >= 2 && answered >= 2);
}

/* --- A store of one's own, answering from a thread of its own ------------------------------ */

struct own_store {
	assistant_backend rows;
	void *rows_ctx;
	int destroyed, garbage;
	assistant_fake_store *
		losing; /* makes the next answer's row here, and its own answer never comes through */
};

struct job {
	struct own_store *s;
	char *operation, *request;
	assistant_pending *pending;
};

static void lose(struct job *j)
{
	assistant_fake_store_put(j->s->losing, "messages", j->request);
	j->s->losing = NULL;
	assistant_pending_done(j->pending, ASSISTANT_EUNAVAILABLE, NULL, "The line was cut.");
}

static void *answer_later(void *arg)
{
	struct job *j = arg;

	usleep(2000);
	if (j->s->garbage && !strcmp(j->operation, "conversation"))
		assistant_pending_done(j->pending, ASSISTANT_OK, "no JSON", NULL);
	else if (j->s->losing && !strcmp(j->operation, "message_create"))
		lose(j);
	else
		j->s->rows.call(j->s->rows_ctx, j->operation, j->request, j->pending);
	free(j->operation);
	free(j->request);
	free(j);
	return NULL;
}

static void own_call(void *ctx, const char *operation, const char *request_json,
		     assistant_pending *p)
{
	struct job *j = calloc(1, sizeof(*j));
	pthread_t thread;

	*j = (struct job){ ctx, strdup(operation), strdup(request_json), p };
	assert_int_equal(pthread_create(&thread, NULL, answer_later, j), 0);
	pthread_detach(thread);
}

static void own_destroy(void *ctx)
{
	((struct own_store *)ctx)->destroyed++;
}

static void a_store_of_ones_own(void **state)
{
	const assistant_backend backend = { ASSISTANT_BACKEND_VERSION, "own", own_call,
					    own_destroy };
	struct fakes *k = *state;
	struct own_store s = { 0 };
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_chat *chat = NULL;

	assert_int_equal(assistant_fake_store_backend(k->rows, &s.rows, &s.rows_ctx), ASSISTANT_OK);
	fixture_ok(assistant_config_use(k->fx->config, "store", &backend, &s, &err), &err);
	fixture_open(k->fx);
	assert_int_equal(assistant_chat_new(k->fx->a, &chat), ASSISTANT_OK);
	fixture_ok(assistant_chat_send(chat, "Where is Carbopur?", WAIT_MS, &err), &err);
	assert_int_equal(assistant_reply_wait(assistant_chat_reply(chat), WAIT_MS), ASSISTANT_OK);
	s.garbage = 1;
	assert_int_equal(assistant_chat_send(chat, "And when?", WAIT_MS, &err),
			 ASSISTANT_EPROTOCOL);
	assert_true(*err.message);
	assistant_chat_free(chat);
	assistant_close(k->fx->a, 1000);
	k->fx->a = NULL;
	assert_int_equal(s.destroyed, 1);
}

#define MESSAGE "22222222-2222-4222-8222-222222222222"

/* The row was made, and nobody was told: who asks again gets its answer, once, and at once. */
static void a_row_whose_making_was_not_heard_of(void **state)
{
	const assistant_backend backend = { ASSISTANT_BACKEND_VERSION, "own", own_call,
					    own_destroy };
	assistant_reply_params params = { 0 };
	struct fakes *k = *state;
	struct own_store s = { .losing = k->rows };
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_reply *reply = NULL;
	int attached = -1;
	char *row;

	params.conversation_id = CONVERSATION;
	params.message_id = MESSAGE;
	params.conference_id = "55697319-bc72-566a-ad7a-bf2e4c60bc4e";
	params.timeout_ms = WAIT_MS;
	assistant_fake_store_put(k->rows, "conversations",
				 "{\"id\":\"" CONVERSATION
				 "\",\"conference_id\":\"55697319-bc72-566a-ad7a-bf2e4c60bc4e\"}");
	assistant_fake_store_put(k->rows, "messages",
				 "{\"id\":\"" MESSAGE "\",\"conversation_id\":\"" CONVERSATION
				 "\",\"role\":\"user\",\"messageText\":\"Where is Carbopur?\"}");
	assert_int_equal(assistant_fake_store_backend(k->rows, &s.rows, &s.rows_ctx), ASSISTANT_OK);
	fixture_ok(assistant_config_use(k->fx->config, "store", &backend, &s, &err), &err);
	fixture_open(k->fx);
	assert_int_equal(assistant_reply_start(k->fx->a, &params, &reply, &attached, &err),
			 ASSISTANT_EUNAVAILABLE);
	fixture_ok(assistant_reply_start(k->fx->a, &params, &reply, &attached, &err), &err);
	assert_int_equal(attached, 0);
	assert_int_equal(assistant_reply_wait(reply, WAIT_MS), ASSISTANT_OK);
	row = assistant_fake_store_row(k->rows, "messages", assistant_reply_id(reply));
	assert_non_null(strstr(row, "\"completed\""));
	assert_non_null(strstr(row, "A24"));
	assistant_free(row);
	assistant_reply_free(reply);
	assistant_close(k->fx->a, 1000);
	k->fx->a = NULL;
}

static long long half_past(void *user)
{
	return *(long long *)user;
}

static void a_clock_of_ones_own(void **state)
{
	struct fakes *k = *state;
	long long now_ms = 1810799100000LL;
	char *text;

	assert_int_equal(assistant_config_use_clock(k->fx->config, half_past, &now_ms),
			 ASSISTANT_OK);
	fixture_open(k->fx);
	text = ask(k, "What is on now?");
	assert_non_null(strstr(text, "Keeping the taps on"));
	assistant_free(text);
	assistant_close(k->fx->a, 0);
	k->fx->a = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clock_that_stands),
		TEST(rows_in_memory),
		TEST(faults),
		TEST(each_call_fails_once),
		TEST(a_store_of_ones_own),
		TEST(a_clock_of_ones_own),
		TEST(a_row_whose_making_was_not_heard_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
