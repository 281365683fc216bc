/*
 * test_talking.c - conversations of a program of one's own; rows and watches; own tools and nodes.
 */
#include "fixture.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static assistant_chat *chat_of(struct fixture *fx)
{
	assistant_chat *chat = NULL;

	assert_int_equal(assistant_chat_new(fx->a, &chat), ASSISTANT_OK);
	return chat;
}

static void send(assistant_chat *chat, const char *question)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	fixture_ok(assistant_chat_send(chat, question, WAIT_MS, &err), &err);
}

/* The text of all deltas, malloc()ed; every event is looked at. */
static char *hear(assistant_chat *chat, char outcome[static 16])
{
	char *text = calloc(1, 65536);
	const assistant_event *e;
	unsigned long number = 0;
	bool ended = false;
	int r;

	while ((r = assistant_chat_next(chat, WAIT_MS, &e)) == ASSISTANT_OK) {
		int type = assistant_event_type(e);
		struct json_object *o = json_tokener_parse(assistant_event_json(e));
		size_t len;
		const char *words = assistant_event_text(e, &len);

		assert_non_null(o);
		assert_null(strchr(assistant_event_json(e), '\n'));
		assert_int_equal(assistant_event_number(e), ++number);
		assert_int_equal(strlen(words), len);
		assert_true(*assistant_event_name(e));
		assert_false(ended);
		assert_int_equal(type == ASSISTANT_EVENT_ACCEPTED, number == 1);
		if (type == ASSISTANT_EVENT_DELTA) {
			assert_string_equal(assistant_event_name(e), "delta");
			strncat(text, words, 65535 - strlen(text));
		}
		if (type == ASSISTANT_EVENT_DONE || type == ASSISTANT_EVENT_ERROR) {
			ended = true;
			snprintf(outcome, 16, "%s", fixture_text(o, "outcome"));
		}
		json_object_put(o);
	}
	assert_int_equal(r, ASSISTANT_ENOTFOUND);
	assert_true(ended);
	return text;
}

static void says(assistant_chat *chat, const char *question, const char *part)
{
	char outcome[16] = "", *text;

	send(chat, question);
	text = hear(chat, outcome);
	assert_string_equal(outcome, "ok");
	if (!strstr(text, part))
		fail_msg("%s is not in: %s", part, text);
	free(text);
	assert_int_equal(assistant_reply_wait(assistant_chat_reply(chat), WAIT_MS), ASSISTANT_OK);
}

static void a_conversation(void **state)
{
	struct fixture *fx = *state;
	assistant_chat *chat = chat_of(fx), *later = chat_of(fx);
	assistant_error err = ASSISTANT_ERROR_INIT;

	assert_string_equal(assistant_chat_conversation(chat), "");
	assert_null(assistant_chat_reply(chat));
	says(chat, "Who is Thordis Aegisdottir?", "Hitaveita");
	says(chat, "When does she speak?", "Heat is a public good");
	assert_int_equal(strlen(assistant_chat_conversation(chat)), 36);
	/* Another program goes on where this one was. */
	fixture_ok(
		assistant_chat_set(later, "conversation", assistant_chat_conversation(chat), &err),
		&err);
	says(later, "And where?", "Halle");
	assistant_chat_free(chat);
	assistant_chat_free(later);
}

static void chat_settings(void **state)
{
	struct fixture *fx = *state;
	assistant_chat *chat = chat_of(fx);
	assistant_error err = ASSISTANT_ERROR_INIT;

	fixture_ok(assistant_chat_set(chat, "now", "2027-05-20T09:45:00+02:00", &err), &err);
	fixture_ok(assistant_chat_set(chat, "user", "somebody", &err), &err);
	fixture_ok(assistant_chat_set(chat, "conference", "Tidewater 2027", &err), &err);
	says(chat, "What is on now?", "Keeping the taps on");
	assert_int_equal(assistant_chat_set(chat, "colour", "red", &err), ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "colour"));
	assert_int_equal(assistant_chat_set(chat, "now", "noon", &err), ASSISTANT_EINVAL);
	assert_int_equal(assistant_chat_set(chat, "conversation", "x", &err), ASSISTANT_EINVAL);
	assert_int_equal(assistant_chat_send(chat, "", WAIT_MS, &err), ASSISTANT_EUNPROCESSABLE);
	fixture_ok(assistant_chat_set(chat, "conference", "Nowhere", &err), &err);
	assert_int_equal(assistant_chat_send(chat, "x", WAIT_MS, &err), ASSISTANT_ENOTFOUND);
	assistant_chat_free(chat);
}

/* The descriptor is readable when there is something, and not when there is nothing. */
static void with_a_loop_of_ones_own(void **state)
{
	struct fixture *fx = *state;
	assistant_chat *chat = chat_of(fx);
	struct pollfd p = { .events = POLLIN };
	const assistant_event *e;
	int n = 0, r;

	send(chat, "Which workshops are there on Saturday?");
	p.fd = assistant_chat_fd(chat);
	assert_true(p.fd >= 0);
	do {
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		while ((r = assistant_chat_next(chat, 0, &e)) == ASSISTANT_OK)
			n++;
		if (r == ASSISTANT_ETIMEOUT)
			assert_int_equal(assistant_reply_wait(assistant_chat_reply(chat), 0) ==
							 ASSISTANT_OK &&
						 poll(&p, 1, 0) == 0,
					 0);
	} while (r == ASSISTANT_ETIMEOUT);
	assert_int_equal(r, ASSISTANT_ENOTFOUND);
	assert_true(n > 3);
	assistant_chat_free(chat);
}

static void *cancel_soon(void *chat)
{
	usleep(300000);
	assistant_chat_cancel(chat);
	return NULL;
}

static void cancel_from_another_thread(void **state)
{
	struct fixture *fx = *state;
	char outcome[16] = "", *text;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_chat *chat;
	pthread_t thread;

	assistant_close(fx->a, 0);
	fixture_set(fx, "COMPOSER_PACE_MS", "200");
	fixture_open(fx);
	chat = chat_of(fx);
	send(chat, "Which workshops are there on Saturday?");
	assert_int_equal(assistant_chat_send(chat, "x", WAIT_MS, &err), ASSISTANT_EBUSY);
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, chat), 0);
	text = hear(chat, outcome);
	pthread_join(thread, NULL);
	assert_string_equal(outcome, "stopped");
	assert_null(strstr(text, "One square metre")); /* its last line */
	free(text);
	assert_int_equal(assistant_reply_wait(assistant_chat_reply(chat), WAIT_MS), ASSISTANT_OK);
	assert_int_equal(assistant_reply_stop(assistant_chat_reply(chat)), ASSISTANT_ENOTFOUND);
	says(chat, "Where is the Carbopur stand?", "A24");
	assistant_chat_free(chat);
}

static void what_else_a_reply_tells(void **state)
{
	struct fixture *fx = *state;
	assistant_chat *chat = chat_of(fx);
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_reply *again = NULL, *reply;
	const assistant_event *e;
	struct json_object *o;
	char *text = NULL;

	says(chat, "Where is the Carbopur stand?", "A24");
	reply = assistant_chat_reply(chat);
	fixture_ok(assistant_reply_debug(reply, &text), &err);
	o = fixture_take(text);
	assert_string_equal(fixture_text(o, "intent"), "exhibitor_search");
	assert_true(json_object_array_length(fixture_at(o, "tools_used")) > 0);
	assert_non_null(fixture_at(o, "search_results_count"));
	json_object_put(o);
	fixture_ok(assistant_reply_open(fx->a, assistant_reply_id(reply), WAIT_MS, &again, &err),
		   &err);
	assert_true(assistant_reply_fd(again) >= 0);
	fixture_ok(assistant_reply_seek(again, 1), &err);
	fixture_ok(assistant_reply_next(again, WAIT_MS, &e), &err);
	assert_int_equal(assistant_event_number(e), 2);
	assistant_reply_free(again);
	fixture_ok(assistant_reply_feedback(reply, "up", "thank you", WAIT_MS, &err), &err);
	assert_int_equal(assistant_reply_feedback(reply, "sideways", NULL, WAIT_MS, &err),
			 ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "sideways"));
	fixture_ok(assistant_row_read(fx->a, "messages", assistant_reply_id(reply), WAIT_MS, &text,
				      &err),
		   &err);
	o = fixture_take(text);
	assert_string_equal(fixture_text(o, "metadata.feedback.rating"), "up");
	assert_string_equal(fixture_text(o, "status"), "completed");
	json_object_put(o);
	assistant_chat_free(chat);
}

/* --- Parts of one's own ---------------------------------------------------------------- */

static int queue_tool(void *user, const char *args_json, char **result_json)
{
	struct json_object *o = json_tokener_parse(args_json);

	assert_non_null(o);
	json_object_put(o);
	++*(int *)user;
	*result_json = strdup("{\"text\":\"The queue at registration takes 7 minutes now.\"}");
	return 0;
}

static void a_tool_of_ones_own(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;
	int called = 0;

	fixture_ok(assistant_config_add_tool(
			   fx->config, "queue_time",
			   "How many minutes people wait in the queue at a desk now.",
			   "{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"string\"}}}",
			   queue_tool, &called, &err),
		   &err);
	assistant_close(fx->a, 0);
	fixture_open(fx);
	fixture_ok(assistant_ask(fx->a, NULL, "How long is the queue at registration?", NULL,
				 WAIT_MS, &text, &err),
		   &err);
	assert_non_null(strstr(text, "takes 7 minutes"));
	assert_int_equal(called, 1);
	assistant_free(text);
	fixture_ok(assistant_report(fx->a, ASSISTANT_REPORT_TOOLS, WAIT_MS, &text, &err), &err);
	assert_non_null(strstr(text, "queue_time"));
	assistant_free(text);
}

static int note_node(void *user, const char *state_json, char **patch_json)
{
	struct json_object *o = json_tokener_parse(state_json);

	snprintf(user, 100, "%s", fixture_text(o, "question"));
	json_object_put(o);
	*patch_json = NULL;
	return 0;
}

static void a_node_of_ones_own(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char question[100] = "", *text = NULL;

	fixture_ok(assistant_config_add_node(fx->config, "note", "understand", note_node, question,
					     &err),
		   &err);
	assistant_close(fx->a, 0);
	fixture_open(fx);
	fixture_ok(assistant_ask(fx->a, NULL, "Where is Carbopur?", NULL, WAIT_MS, &text, &err),
		   &err);
	assert_string_equal(question, "Where is Carbopur?");
	assert_non_null(strstr(text, "A24"));
	assistant_free(text);
	fixture_ok(assistant_report(fx->a, ASSISTANT_REPORT_GRAPH, WAIT_MS, &text, &err), &err);
	assert_non_null(strstr(text, "note"));
	assistant_free(text);
}

/* --- Rows ---------------------------------------------------------------------------------- */

#define CONVERSATION "11111111-1111-4111-8111-111111111111"
#define QUESTION     "22222222-2222-4222-8222-222222222222"

static void create(struct fixture *fx, const char *collection, const char *row, int expected)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;
	int r = assistant_row_create(fx->a, collection, row, WAIT_MS, &text, &err);

	if (r != expected)
		fail_msg("%d: %s", r, err.message);
	assistant_free(text);
}

static void rows(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *o;
	char *text = NULL;

	create(fx, "conversations",
	       "{\"id\":\"" CONVERSATION "\",\"conference_id\":\"" TIDEWATER "\"}", 0);
	create(fx, "conversations",
	       "{\"id\":\"" CONVERSATION "\",\"conference_id\":\"" TIDEWATER "\"}",
	       ASSISTANT_ECONFLICT);
	create(fx, "messages",
	       "{\"id\":\"" QUESTION "\",\"conversation_id\":\"" CONVERSATION
	       "\",\"role\":\"user\",\"messageText\":\"Where is Carbopur?\"}",
	       0);
	create(fx, "messages", "{\"id\":", ASSISTANT_EINVAL);
	fixture_ok(assistant_row_list(fx->a, "messages",
				      "{\"filter\":{\"conversation_id\":\"" CONVERSATION
				      "\"},\"sort\":[\"-date_created\"],\"limit\":5}",
				      WAIT_MS, &text, &err),
		   &err);
	o = fixture_take(text);
	assert_int_equal(json_object_array_length(o), 1);
	assert_string_equal(fixture_text(o, "0.messageText"), "Where is Carbopur?");
	json_object_put(o);
	fixture_ok(assistant_row_patch(fx->a, "conversations", CONVERSATION,
				       "{\"status\":\"closed\"}", WAIT_MS, &text, &err),
		   &err);
	o = fixture_take(text);
	assert_string_equal(fixture_text(o, "status"), "closed");
	json_object_put(o);
	fixture_ok(assistant_row_read(fx->a, "conferences", TIDEWATER, WAIT_MS, &text, &err), &err);
	o = fixture_take(text);
	assert_string_equal(fixture_text(o, "name"), "Tidewater 2027");
	json_object_put(o);
	text = NULL;
	assert_int_equal(assistant_row_read(fx->a, "messages", CONVERSATION, WAIT_MS, &text, &err),
			 ASSISTANT_ENOTFOUND);
	assert_int_not_equal(
		assistant_row_read(fx->a, "secrets", CONVERSATION, WAIT_MS, &text, &err),
		ASSISTANT_OK);
	assert_null(text);
}

/* What another program would see of an answer: its rows, as they change. */
static void watching(void **state)
{
	struct fixture *fx = *state;
	const assistant_reply_params params = { .conversation_id = CONVERSATION,
						.message_id = QUESTION,
						.conference_id = TIDEWATER };
	assistant_error err = ASSISTANT_ERROR_INIT;
	const char *collection, *change, *row;
	assistant_watch *w = NULL;
	assistant_reply *reply = NULL;
	bool created = false, completed = false;
	int attached = -1, r;

	create(fx, "conversations",
	       "{\"id\":\"" CONVERSATION "\",\"conference_id\":\"" TIDEWATER "\"}", 0);
	create(fx, "messages",
	       "{\"id\":\"" QUESTION "\",\"conversation_id\":\"" CONVERSATION
	       "\",\"role\":\"user\",\"messageText\":\"Where is Carbopur?\"}",
	       0);
	assert_int_equal(assistant_watch_new(fx->a, &w), ASSISTANT_OK);
	assert_true(assistant_watch_fd(w) >= 0);
	assert_int_equal(assistant_watch_add(w, "messages", "conversation_id", CONVERSATION),
			 ASSISTANT_OK);
	assert_int_equal(assistant_watch_add(w, "messages", "colour", "red"), ASSISTANT_EINVAL);
	assert_int_equal(assistant_watch_next(w, 0, &collection, &change, &row),
			 ASSISTANT_ETIMEOUT);
	fixture_ok(assistant_reply_start(fx->a, &params, &reply, &attached, &err), &err);
	assert_int_equal(attached, 0);
	while (!completed) {
		struct json_object *o;

		r = assistant_watch_next(w, WAIT_MS, &collection, &change, &row);
		assert_int_equal(r, ASSISTANT_OK);
		assert_string_equal(collection, "messages");
		o = json_tokener_parse(row);
		assert_string_equal(fixture_text(o, "id"), assistant_reply_id(reply));
		created |= !strcmp(change, "create");
		completed = !strcmp(fixture_text(o, "status"), "completed");
		if (completed)
			assert_non_null(strstr(fixture_text(o, "messageText"), "A24"));
		json_object_put(o);
	}
	assert_true(created);
	assistant_reply_free(reply);
	fixture_ok(assistant_reply_start(fx->a, &params, &reply, &attached, &err), &err);
	assert_int_equal(attached, 1); /* the same question, the same answer */
	assistant_reply_free(reply);
	assistant_watch_remove(w, "messages", "conversation_id", CONVERSATION);
	assistant_watch_free(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_loaded, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_conversation),
		TEST(chat_settings),
		TEST(with_a_loop_of_ones_own),
		TEST(cancel_from_another_thread),
		TEST(what_else_a_reply_tells),
		TEST(a_tool_of_ones_own),
		TEST(a_node_of_ones_own),
		TEST(rows),
		TEST(watching),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
