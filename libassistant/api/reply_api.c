/*
 * reply_api.c - replies to stored messages, from any thread.
 */
#include "api/assistant_private.h"

#include <string.h>
#include "api/checks.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"

struct start {
	struct api_call call;
	struct reply_submit rq;
	struct reply *reply;
	bool attached;
};

static void start_begin(struct flow *f)
{
	struct start *s = container_of(f, struct start, call.flow);

	replies_submit(s->call.a->replies, &s->rq, &s->reply, &s->attached, THEN(f, api_call_done));
}

int reply_handle(assistant *a, struct reply *r, assistant_reply **out)
{
	assistant_reply *h = calloc(1, sizeof(*h));

	if (!h) {
		reply_unref(r);
		return ASSISTANT_ENOMEM;
	}
	h->a = assistant_ref(a);
	reply_reader_init(&h->reader, r);
	reply_unref(r);
	*out = h;
	return 0;
}

static int check_id(const char *name, const char *value, char lower[static UUID_SIZE],
		    struct fail *f)
{
	if (!value || !*value)
		return FAIL(f, ASSISTANT_EINVAL, "%s is missing; a UUID is accepted.", name);
	if (!uuid_valid(value))
		return FAIL(f, ASSISTANT_EINVAL, "%s is \"%.60s\"; a UUID is accepted.", name,
			    value);
	uuid_normalise(value, lower);
	return 0;
}

int assistant_reply_start(assistant *a, const assistant_reply_params *p, assistant_reply **out,
			  int *attached, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct start s = { 0 };
	struct fail f = FAIL_INIT;
	char conversation[UUID_SIZE], message[UUID_SIZE], conference[UUID_SIZE];
	int code;

	if (!a || !p || !out)
		FAIL(&f, ASSISTANT_EINVAL,
		     "An assistant, parameters and a place for the reply are "
		     "needed.");
	else if (check_id("conversation_id", p->conversation_id, conversation, &f) == 0 &&
		 check_id("message_id", p->message_id, message, &f) == 0 &&
		 check_id("conference_id", p->conference_id, conference, &f) == 0)
		check_now(p->now, &s.rq.now_unix_ms, &f);
	if (f.code)
		return fail_export(&f, err);
	code = api_enter(a, &inside, err);
	if (code < 0)
		return code;
	s.rq.conversation_id = conversation;
	s.rq.message_id = message;
	s.rq.conference_id = conference;
	s.rq.client_address = p->client_address;
	s.rq.request_id = p->request_id;
	s.rq.traceparent = p->traceparent;
	code = API_CALL(a, &s.call, p->timeout_ms ? p->timeout_ms : 10000, start_begin, err);
	if (!code) {
		if (attached)
			*attached = s.attached;
		code = reply_handle(a, s.reply, out);
	}
	api_call_finish(&s.call);
	return code;
}

struct open_reply {
	struct api_call call;
	const char *id;
	struct reply *reply;
};

static void open_begin(struct flow *f)
{
	struct open_reply *o = container_of(f, struct open_reply, call.flow);

	replies_find(o->call.a->replies, o->id, &o->reply, THEN(f, api_call_done));
}

int assistant_reply_open(assistant *a, const char *assistant_message_id, int timeout_ms,
			 assistant_reply **out, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct open_reply o = { 0 };
	struct fail f = FAIL_INIT;
	char id[UUID_SIZE];
	int code;

	if (check_id("assistant_message_id", assistant_message_id, id, &f) < 0)
		return fail_export(&f, err);
	code = api_enter(a, &inside, err);
	if (code < 0)
		return code;
	o.id = id;
	code = API_CALL(a, &o.call, timeout_ms, open_begin, err);
	if (!code)
		code = reply_handle(a, o.reply, out);
	api_call_finish(&o.call);
	return code;
}

const char *assistant_reply_id(const assistant_reply *r)
{
	return reply_id(r->reader.reply);
}

int assistant_reply_next(assistant_reply *r, int timeout_ms, const assistant_event **event)
{
	return reply_reader_next(&r->reader, timeout_ms, event);
}

int assistant_reply_seek(assistant_reply *r, unsigned long after)
{
	reply_reader_seek(&r->reader, after);
	return 0;
}

int assistant_reply_fd(assistant_reply *r)
{
	return reply_reader_fd(&r->reader);
}

int assistant_reply_wait(assistant_reply *r, int timeout_ms)
{
	return reply_wait(r->reader.reply, timeout_ms);
}

int assistant_reply_stop(assistant_reply *r)
{
	_inside_ assistant *inside = NULL;
	int code = api_enter(r->a, &inside, NULL);

	return code < 0 ? code : reply_stop(r->reader.reply);
}

int assistant_reply_json(assistant_reply *r, char **out)
{
	*out = reply_json(r->reader.reply);
	return *out ? 0 : ASSISTANT_ENOMEM;
}

int assistant_reply_debug(assistant_reply *r, char **out)
{
	*out = reply_debug(r->reader.reply);
	return *out ? 0 : ASSISTANT_ENOMEM;
}

void assistant_reply_free(assistant_reply *r)
{
	if (!r)
		return;
	reply_reader_finish(&r->reader);
	assistant_unref(r->a);
	free(r);
}

/* --- Feedback: into the row's metadata -------------------------------------------- */

#define FEEDBACK_LOOKS_MS 100

struct feedback {
	struct api_call call;
	struct reply *reply;
	struct json_object *value;
	struct message row;
	struct message_patch patch;
	bool missing;
};

static flow_step feedback_begin, feedback_merge, feedback_written;

static void feedback_begin(struct flow *f)
{
	struct feedback *b = container_of(f, struct feedback, call.flow);
	struct store *s = b->call.a->env.store;

	if (s->no_metadata) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_EUNPROCESSABLE,
				  "Feedback is not kept: the store has no metadata of messages."));
		return;
	}
	if (reply_keep_feedback(b->reply, b->value)) {
		flow_done(f); /* still running: it goes out with the final row */
		return;
	}
	if (reply_is_ending(b->reply)) {
		flow_sleep(THEN(f, feedback_begin), FEEDBACK_LOOKS_MS);
		return;
	}
	s->ops->message(s, reply_id(b->reply), b->call.arena, &b->row, THEN(f, feedback_merge));
}

static void feedback_merge(struct flow *f)
{
	struct feedback *b = container_of(f, struct feedback, call.flow);
	struct store *s = b->call.a->env.store;
	_cleanup_json_ struct json_object *metadata = NULL;
	_cleanup_free_ char *line = NULL;

	/* Somebody else's live row: what its end writes would be lost, or lose this. */
	if (b->row.status && !strcmp(b->row.status, "streaming")) {
		flow_sleep(THEN(f, feedback_begin), FEEDBACK_LOOKS_MS);
		return;
	}
	if (b->row.metadata)
		json_parse(b->row.metadata, strlen(b->row.metadata), &metadata, NULL);
	if (!metadata)
		metadata = json_object_new_object();
	json_set(metadata, "feedback", json_object_get(b->value));
	line = json_dump(metadata);
	b->patch.id = b->row.id;
	b->patch.metadata = arena_strdup(b->call.arena, line);
	s->ops->messages_write(s, &b->patch, 1, &b->missing, THEN(f, feedback_written));
}

static void feedback_written(struct flow *f)
{
	struct feedback *b = container_of(f, struct feedback, call.flow);

	if (!b->missing) {
		flow_done(f);
		return;
	}
	FAIL(&f->fail, ASSISTANT_ENOTFOUND, "Answer not found");
	flow_fail(f, ASSISTANT_ENOTFOUND);
}

int assistant_reply_feedback(assistant_reply *r, const char *rating, const char *comment,
			     int timeout_ms, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct feedback b = { .reply = r->reader.reply };
	struct fail f = FAIL_INIT;
	int code;

	if (!rating || (strcmp(rating, "up") != 0 && strcmp(rating, "down") != 0))
		FAIL(&f, ASSISTANT_EINVAL, "rating is \"%.40s\"; up and down are accepted.",
		     rating ? rating : "");
	else if (comment && !utf8_valid(comment, strlen(comment)))
		FAIL(&f, ASSISTANT_EINVAL, "comment is not valid UTF-8.");
	else if (comment && utf8_count(comment) > 1000)
		FAIL(&f, ASSISTANT_EINVAL,
		     "comment has %zu characters; at most 1,000 are accepted.",
		     utf8_count(comment));
	if (f.code)
		return fail_export(&f, err);
	code = api_enter(r->a, &inside, err);
	if (code < 0)
		return code;
	b.value = json_object_new_object();
	json_set_string(b.value, "rating", rating);
	json_set_string(b.value, "comment", comment);
	code = API_CALL(r->a, &b.call, timeout_ms, feedback_begin, err);
	json_object_put(b.value);
	api_call_finish(&b.call);
	return code;
}
