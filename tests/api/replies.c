/*
 * replies.c - replies over the fake store, for test_replies.c and test_replies_other.c.
 */
#include "replies.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int setup(void **state)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *conference = fixture_read_file(EXAMPLE_CONFERENCE);
	struct fixture *fx;

	fixture_empty(state);
	fx = *state;
	assert_int_equal(assistant_fake_store_new(&fx->rows), 0);
	fixture_ok(assistant_fake_store_conference(fx->rows, conference, &err), &err);
	fixture_set(fx, "WRITE_INTERVAL_MS", "20");
	fixture_ok(assistant_fake_store_use(fx->rows, fx->config, &err), &err);
	free(conference);
	return 0;
}

void make_id(struct fixture *fx, int kind, char out[static 37])
{
	snprintf(out, 37, "%08x-0000-4000-8000-%012x", kind, ++fx->n);
}

void put_conversation(struct fixture *fx, const char *id, const char *conference)
{
	char row[400];

	snprintf(
		row, sizeof(row),
		"{\"id\":\"%s\",\"conference_id\":\"%s\",\"status\":\"active\",\"source\":\"mini\","
		"\"user_created\":\"public-user\"}",
		id, conference);
	assert_int_equal(assistant_fake_store_put(fx->rows, "conversations", row), 0);
}

void put_message(struct fixture *fx, const char *id, const char *conversation, const char *text)
{
	char row[800];

	snprintf(row, sizeof(row),
		 "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"role\":\"user\",\"messageText\":\"%"
		 "s\","
		 "\"status\":\"completed\",\"user_created\":\"public-user\"}",
		 id, conversation, text);
	assert_int_equal(assistant_fake_store_put(fx->rows, "messages", row), 0);
}

struct asked ask_rows(struct fixture *fx, const char *text)
{
	struct asked q;

	make_id(fx, 1, q.conversation);
	make_id(fx, 2, q.message);
	put_conversation(fx, q.conversation, TIDEWATER);
	put_message(fx, q.message, q.conversation, text);
	return q;
}

int submit(assistant *a, const struct asked *q, assistant_reply **out, int *attached,
	   assistant_error *err)
{
	assistant_reply_params p = { 0 };

	p.conversation_id = q->conversation;
	p.message_id = q->message;
	p.conference_id = TIDEWATER;
	p.timeout_ms = WAIT_MS;
	return assistant_reply_start(a, &p, out, attached, err);
}

struct json_object *row_of(struct fixture *fx, const char *id)
{
	char *text = assistant_fake_store_row(fx->rows, "messages", id);
	struct json_object *o = text ? json_tokener_parse(text) : NULL;

	assistant_free(text);
	return o;
}

const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) && v ? json_object_get_string(v) : "";
}

const char *meta_of(struct json_object *row, const char *key)
{
	struct json_object *m = NULL;

	json_object_object_get_ex(row, "metadata", &m);
	return text_of(m, key);
}

char *read_all(assistant_reply *r, unsigned long after, int *last_type)
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

void wait_ms(long ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
}

void time_text(char out[static 32], long s)
{
	time_t t = time(NULL) + s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
}

void put_live_row(struct fixture *fx, const char *id, const struct asked *q, long age_s,
		  long lease_s, const char *owner)
{
	char row[1200], created[32], until[32];

	time_text(created, -age_s);
	time_text(until, lease_s);
	snprintf(row, sizeof(row),
		 "{\"id\":\"%s\",\"conversation_id\":\"%s\",\"role\":\"assistant\",\"messageText\":"
		 "\"Half an ans\",\"status\":\"streaming\",\"date_created\":\"%s\",\"metadata\":{"
		 "\"lease_until\":\"%s\",\"lease_owner\":\"%s\",\"message_id\":\"%s\","
		 "\"conference_id\":\"" TIDEWATER "\"}}",
		 id, q->conversation, created, until, owner, q->message);
	assert_int_equal(assistant_fake_store_put(fx->rows, "messages", row), 0);
}

int completes_within(struct fixture *fx, const char *id, int ms)
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
