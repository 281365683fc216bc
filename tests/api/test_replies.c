/*
 * test_replies.c - the life of answers through the public header alone, over the fake store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <assistant/testing.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONFERENCE "55697319-bc72-566a-ad7a-bf2e4c60bc4e"
#define WAIT_MS	   20000

struct fixture {
	assistant_fake_store *rows;
	assistant_config *config;
	assistant *a;
	char directory[64];
	int n; /* ids made */
};

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text;
	long size;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, f), (size_t)size);
	fclose(f);
	return text;
}

static void set(struct fixture *fx, const char *name, const char *value)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	assert_int_equal(assistant_config_set(fx->config, name, value, &err), 0);
}

static void quiet(void *user, int level, const char *line)
{
	(void)user;
	if (level == 0 && getenv("VERBOSE"))
		fprintf(stderr, "%s\n", line);
}

static void start(struct fixture *fx)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (assistant_open(&fx->a, fx->config, &err) < 0)
		fail_msg("%s", err.message);
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *conference = read_file(EXAMPLE_CONFERENCE);

	snprintf(fx->directory, sizeof(fx->directory), "/tmp/erleah-replies-XXXXXX");
	assert_non_null(mkdtemp(fx->directory));
	assert_int_equal(assistant_fake_store_new(&fx->rows), 0);
	assert_int_equal(assistant_fake_store_conference(fx->rows, conference, &err), 0);
	assert_int_equal(assistant_config_new(&fx->config), 0);
	assistant_config_set_log(fx->config, quiet, NULL);
	set(fx, "ERLEAH_DATA", fx->directory);
	set(fx, "ERLEAH_NOW", "2027-05-20T09:00:00+02:00");
	set(fx, "WRITE_INTERVAL_MS", "20");
	assert_int_equal(assistant_fake_store_use(fx->rows, fx->config, &err), 0);
	free(conference);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;
	char command[128];

	assistant_close(fx->a, 1000);
	assistant_config_free(fx->config);
	assistant_fake_store_free(fx->rows);
	snprintf(command, sizeof(command), "rm -rf '%s'", fx->directory);
	assert_int_equal(system(command), 0);
	free(fx);
	return 0;
}

/* A UUID of our own counting; kind tells the sorts of rows apart. */
static void make_id(struct fixture *fx, int kind, char out[static 37])
{
	snprintf(out, 37, "%08x-0000-4000-8000-%012x", kind, ++fx->n);
}

static void put_conversation(struct fixture *fx, const char *id, const char *conference)
{
	char row[400];

	snprintf(
		row, sizeof(row),
		"{\"id\":\"%s\",\"conference_id\":\"%s\",\"status\":\"active\",\"source\":\"mini\","
		"\"user_created\":\"public-user\"}",
		id, conference);
	assert_int_equal(assistant_fake_store_put(fx->rows, "conversations", row), 0);
}

static void put_message(struct fixture *fx, const char *id, const char *conversation,
			const char *text)
{
	char row[800];

	snprintf(row, sizeof(row),
		 "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"role\":\"user\",\"messageText\":\"%"
		 "s\","
		 "\"status\":\"completed\",\"user_created\":\"public-user\"}",
		 id, conversation, text);
	assert_int_equal(assistant_fake_store_put(fx->rows, "messages", row), 0);
}

struct asked {
	char conversation[37], message[37];
};

static struct asked ask_rows(struct fixture *fx, const char *text)
{
	struct asked q;

	make_id(fx, 1, q.conversation);
	make_id(fx, 2, q.message);
	put_conversation(fx, q.conversation, CONFERENCE);
	put_message(fx, q.message, q.conversation, text);
	return q;
}

static int submit(assistant *a, const struct asked *q, assistant_reply **out, int *attached,
		  assistant_error *err)
{
	assistant_reply_params p = { 0 };

	p.conversation_id = q->conversation;
	p.message_id = q->message;
	p.conference_id = CONFERENCE;
	p.timeout_ms = WAIT_MS;
	return assistant_reply_start(a, &p, out, attached, err);
}

static struct json_object *row_of(struct fixture *fx, const char *id)
{
	char *text = assistant_fake_store_row(fx->rows, "messages", id);
	struct json_object *o = text ? json_tokener_parse(text) : NULL;

	assistant_free(text);
	return o;
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) && v ? json_object_get_string(v) : "";
}

static const char *meta_of(struct json_object *row, const char *key)
{
	struct json_object *m = NULL;

	json_object_object_get_ex(row, "metadata", &m);
	return text_of(m, key);
}

/* The pieces of an answer from event number `after` on, joined; malloc()ed. */
static char *read_all(assistant_reply *r, unsigned long after, int *last_type)
{
	char *text = calloc(1, 1 << 17);
	const assistant_event *e;
	unsigned long number = after;

	assert_int_equal(assistant_reply_seek(r, after), 0);
	while (assistant_reply_next(r, WAIT_MS, &e) == 0) {
		/* A log that is not the original one has numbers of its own. */
		if (assistant_event_type(e) != ASSISTANT_EVENT_ACCEPTED)
			assert_int_equal(assistant_event_number(e), number + 1);
		number = assistant_event_number(e);
		if (assistant_event_type(e) == ASSISTANT_EVENT_ACCEPTED)
			*text = '\0';
		if (assistant_event_type(e) == ASSISTANT_EVENT_DELTA)
			strncat(text, assistant_event_text(e, NULL), (1 << 17) - strlen(text) - 1);
		if (last_type)
			*last_type = assistant_event_type(e);
	}
	return text;
}

static void answer_and_row_agree(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where can I eat?");
	assistant_reply *r;
	struct json_object *row;
	int attached = 7, last = 0;
	char *text, *json;

	start(fx);
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

	start(fx);
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

	start(fx);
	assert_int_equal(submit(fx->a, &q, &r, &attached, &err), 0);
	assert_int_equal(submit(fx->a, &q, &again, &attached, &err), 0);
	assert_int_equal(attached, 1);
	assert_string_equal(assistant_reply_id(r), assistant_reply_id(again));
	assert_int_equal(assistant_reply_wait(again, WAIT_MS), 0);
	assert_int_equal(assistant_fake_store_count(fx->rows, "message_create"), 1);
	make_id(fx, 1, moved.conversation);
	put_conversation(fx, moved.conversation, CONFERENCE);
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

	start(fx);
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

static void wait_ms(long ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
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

	set(fx, "COMPOSER_PACE_MS", "50");
	start(fx);
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

	set(fx, "RATE_LIMIT_CONVERSATION_PER_MINUTE", "0");
	start(fx);
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

	set(fx, "COMPOSER_PACE_MS", "200");
	start(fx);
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

/* An ISO time `s` seconds from now. */
static void time_text(char out[static 32], long s)
{
	time_t t = time(NULL) + s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
}

static void put_live_row(struct fixture *fx, const char *id, const struct asked *q, long age_s,
			 long lease_s, const char *owner)
{
	char row[1200], created[32], until[32];

	time_text(created, -age_s);
	time_text(until, lease_s);
	snprintf(row, sizeof(row),
		 "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"role\":\"assistant\",\"messageText\":"
		 "\"Half an ans\",\"status\":\"streaming\",\"date_created\":\"%s\",\"metadata\":{"
		 "\"lease_until\":\"%s\",\"lease_owner\":\"%s\",\"message_id\":\"%s\","
		 "\"conference_id\":\"" CONFERENCE "\"}}",
		 id, q->conversation, created, until, owner, q->message);
	assert_int_equal(assistant_fake_store_put(fx->rows, "messages", row), 0);
}

/* Waits until the row is completed; false: it stayed as it was for `ms`. */
static int completes_within(struct fixture *fx, const char *id, int ms)
{
	for (int waited = 0; waited < ms; waited += 50) {
		struct json_object *row = row_of(fx, id);
		int done = !strcmp(text_of(row, "status"), "completed");

		json_object_put(row);
		if (done)
			return 1;
		wait_ms(50);
	}
	return 0;
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
	start(fx);
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
	start(fx);
	assert_false(completes_within(fx, id, 1500));
}

static void too_many_questions_are_refused(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct asked q = ask_rows(fx, "Where can I eat?");
	assistant_reply *r;
	int code = 0, n = 0;

	set(fx, "RATE_LIMIT_CONVERSATION_PER_MINUTE", "5");
	start(fx);
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

	set(fx, "COMPOSER_PACE_MS", "10");
	start(fx);
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

/* --- Rows and logs of other lives ------------------------------------------------ */

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

	start(fx);
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), 0);
	whole = read_all(r, 0, NULL);
	assert_int_equal(assistant_reply_wait(r, WAIT_MS), 0);
	snprintf(id, sizeof(id), "%s", assistant_reply_id(r));
	assistant_reply_free(r);
	assistant_close(fx->a, 0);
	start(fx);
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
	start(fx);
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
	start(fx);
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
					  .conference_id = CONFERENCE,
					  .timeout_ms = 100 };
	assistant_reply *r;
	char id[37];

	make_id(fx, 3, id);
	start(fx);
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
		 "\"message_id\":\"%s\",\"conference_id\":\"" CONFERENCE "\"}}",
		 id, q.conversation, created, until, q.message);
	assert_int_equal(assistant_fake_store_put(fx->rows, "messages", row), 0);
	assistant_config_set_serving(fx->config, 1);
	start(fx);
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
	start(fx);
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
	start(fx);
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

	start(fx);
	assistant_fake_store_fail(fx->rows, "conversation", 1, ASSISTANT_EDENIED, "No right.");
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), ASSISTANT_EPROTOCOL);
	assistant_fake_store_fail(fx->rows, "conversation", 1, ASSISTANT_EUNAVAILABLE, "Later.");
	assert_int_equal(submit(fx->a, &q, &r, NULL, &err), ASSISTANT_EUNAVAILABLE);
}

static void a_thousand_chats(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	static const char *const questions[] = { "What is on now?", "Where can I eat?",
						 "Who speaks about water?", "hello",
						 "Und morgen?" };
	int n = getenv("CHATS") ? (int)strtol(getenv("CHATS"), NULL, 10) : 1000;

	set(fx, "WRITE_INTERVAL_MS", "1000");
	start(fx);
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
		cmocka_unit_test_setup_teardown(answer_and_row_agree, setup, teardown),
		cmocka_unit_test_setup_teardown(resuming_behind_any_event_gives_the_rest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(same_message_is_answered_once, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals_say_what_was_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(stopping_keeps_the_text_so_far, setup, teardown),
		cmocka_unit_test_setup_teardown(any_failing_call_leaves_no_row_streaming, setup,
						teardown),
		cmocka_unit_test_setup_teardown(closing_finishes_what_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(left_over_rows_are_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(only_servers_settle, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_questions_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(submits_of_two_processes_make_one_answer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_rebuilt_log_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_answered_anew_elsewhere_is_followed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_live_row_opened_at_once_has_one_log, setup,
						teardown),
		cmocka_unit_test_setup_teardown(closing_does_not_wait_for_a_store_that_hangs, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_row_claimed_often_is_finished, setup, teardown),
		cmocka_unit_test_setup_teardown(a_spooled_row_is_not_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(feedback_at_the_end_keeps_the_rest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_store_that_denies_is_our_failure, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_thousand_chats, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
