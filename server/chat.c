/*
 * chat.c - questions and their replies.
 *
 *	POST: content type 415 -> size 413 -> JSON 400 -> fields 400 -> a thread to wait with 503
 *	      -> the library: 404, 409, 422, 429, 503 -> the answer, in one of three forms
 *
 * The turn belongs to the library and goes on whoever listens; here is only who waits for what of it.
 */
#include "chat.h"

#include <stdio.h>
#include <string.h>
#include "reply.h"
#include "stream.h"

#define START_LIMIT_MS	   10000
#define OPEN_LIMIT_MS	   5000
#define MAX_WAIT_S	   300
#define MAX_ANSWER	   (1u << 20)
#define STATUS_READER_GONE 499

struct chat {
	char conversation_id[37], message_id[37], conference_id[37], now[64];
	bool stream, debug;
	int wait_s; /* -1: does not wait */
};

static bool read_id(struct request *r, const struct json *j, const char *name, char out[37])
{
	const struct json_node *node = json_member(j, json_root(j), name);

	if (json_copy(j, node, out, 37) == 36 && is_uuid(out))
		return true;
	reply_error(r, 400, 0, node ? "%s must be a UUID." : "%s is missing.", name);
	return false;
}

static bool read_body(struct request *r, struct chat *c)
{
	_cleanup_json_ struct json j = { 0 };

	if (!request_read_json(r, &j))
		return false;
	if (json_root(&j)->type != JSON_OBJECT) {
		reply_error(r, 400, 0, "The body must be a JSON object.");
		return false;
	}
	return read_id(r, &j, "conversation_id", c->conversation_id) &&
	       read_id(r, &j, "message_id", c->message_id) &&
	       read_id(r, &j, "conference_id", c->conference_id);
}

/* How the caller wants the answer.  debug and now are for operators who try things out. */
static bool read_wishes(struct request *r, struct chat *c)
{
	c->stream = accepts(request_header(r, "Accept"), "text/event-stream");
	c->wait_s = prefer_wait(request_header(r, "Prefer"));
	if (c->wait_s > MAX_WAIT_S)
		c->wait_s = MAX_WAIT_S;
	if (!r->server->settings.debug)
		return true;
	c->debug = request_query_flag(r, "debug");
	if (request_query(r, "now", c->now, sizeof(c->now)) != -2)
		return true;
	reply_error(r, 400, 0,
		    "now must be an ISO 8601 time with its offset, at most 63 characters.");
	return false;
}

static int start(struct request *r, const struct chat *c, assistant_reply **out,
		 assistant_error *err)
{
	char client[ADDRESS_TEXT];
	assistant_reply_params params = {
		.conversation_id = c->conversation_id,
		.message_id = c->message_id,
		.conference_id = c->conference_id,
		.client_address = client,
		.request_id = r->id,
		.traceparent = request_header(r, "traceparent"),
		.now = *c->now ? c->now : NULL,
		.timeout_ms = START_LIMIT_MS,
	};

	address_print(&r->client, client);
	return assistant_reply_start(r->server->assistant, &params, out, NULL, err);
}

/* Adds `,"name":` and the JSON that get() makes; nothing when it cannot. */
static void add_report(struct buf *b, const char *name, assistant_reply *reply,
		       int (*get)(assistant_reply *, char **))
{
	_cleanup_answer_ char *json = NULL;

	if (get(reply, &json) < 0)
		return;
	buf_addf(b, ",\"%s\":", name);
	buf_add(b, json);
}

static void answer(struct request *r, const struct chat *c, assistant_reply *reply)
{
	_cleanup_buf_ struct buf b = { 0 };
	enum request_wait what = REQUEST_TIMEOUT;
	char applied[48] = "";

	if (c->debug || c->wait_s >= 0)
		what = stream_wait_for_end(r, reply,
					   c->debug ? r->server->settings.turn_timeout_ms + 5000
						    : c->wait_s * 1000);
	if (what == REQUEST_GONE) {
		r->status = STATUS_READER_GONE;
		r->close = true;
		mg_disable_connection_keep_alive(r->conn);
		return;
	}
	buf_init(&b, MAX_ANSWER);
	buf_add(&b, "{\"success\":true,\"assistant_message_id\":");
	buf_add_json(&b, assistant_reply_id(reply));
	if (c->wait_s >= 0 && what == REQUEST_READY)
		add_report(&b, "message", reply, assistant_reply_json);
	if (c->debug)
		add_report(&b, "debug", reply, assistant_reply_debug);
	buf_add(&b, "}");
	if (b.failed) {
		reply_error(r, 500, 0, "the answer does not fit");
		return;
	}
	if (c->wait_s >= 0)
		snprintf(applied, sizeof(applied), "Preference-Applied: wait=%d\r\n", c->wait_s);
	reply_bytes(r, 200, "application/json", applied, b.data, b.len);
}

static void ask(struct request *r, const struct chat *c)
{
	_cleanup_reply_ assistant_reply *reply = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	int code = start(r, c, &reply, &err);

	if (code < 0)
		reply_failure(r, code, &err);
	else if (c->stream)
		stream_reply(r, reply, 0);
	else
		answer(r, c, reply);
}

void chat_post(struct request *r)
{
	struct chat c = { .wait_s = -1 };
	enum stream_kind kind;

	if (!read_body(r, &c) || !read_wishes(r, &c))
		return;
	if (!c.stream && !c.debug && c.wait_s <= 0) {
		ask(r, &c);
		return;
	}
	kind = c.stream ? STREAM_SSE : STREAM_WAIT;
	if (!server_stream_begin(r->server, kind)) {
		reply_error(r, 503, 2000, "all threads for long-lived connections are taken");
		return;
	}
	ask(r, &c);
	server_stream_end(r->server, kind);
}

/* The reply that the path names.  false: the answer is sent. */
static bool open_reply(struct request *r, assistant_reply **out)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	int code =
		assistant_reply_open(r->server->assistant, r->params[0], OPEN_LIMIT_MS, out, &err);

	if (code == ASSISTANT_ENOTFOUND)
		reply_error(r, 404, 0, "Reply not found");
	else if (code < 0)
		reply_failure(r, code, &err);
	return code == 0;
}

void chat_get(struct request *r)
{
	_cleanup_reply_ assistant_reply *reply = NULL;
	_cleanup_answer_ char *json = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	int code;

	if (!open_reply(r, &reply))
		return;
	code = assistant_reply_json(reply, &json);
	if (code < 0)
		reply_failure(r, code, &err);
	else
		reply_json(r, 200, json);
}

void chat_events(struct request *r)
{
	_cleanup_reply_ assistant_reply *reply = NULL;
	const char *header = request_header(r, "Last-Event-ID");
	char text[24] = "0";
	long after;

	/* A page that was reloaded has no header to send, but may remember the number. */
	if (request_query(r, "after", text, sizeof(text)) == -2)
		text[0] = '\0';
	after = parse_number(header && *header ? header : text, INT32_MAX);
	if (after < 0) {
		reply_error(r, 400, 0, "Last-Event-ID must be the number of an event.");
		return;
	}
	if (!open_reply(r, &reply))
		return;
	if (!server_stream_begin(r->server, STREAM_SSE)) {
		reply_error(r, 503, 2000, "all threads for long-lived connections are taken");
		return;
	}
	stream_reply(r, reply, (unsigned long)after);
	server_stream_end(r->server, STREAM_SSE);
}

/* Stopping what has ended is no mistake: it is stopped. */
void chat_stop(struct request *r)
{
	_cleanup_reply_ assistant_reply *reply = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	int code;

	if (!open_reply(r, &reply))
		return;
	code = assistant_reply_stop(reply);
	if (code < 0 && code != ASSISTANT_ENOTFOUND)
		reply_failure(r, code, &err);
	else
		reply_json(r, 200,
			   code == 0 ? "{\"success\":true,\"stopped\":true}"
				     : "{\"success\":true,\"stopped\":false}");
}

static bool read_feedback(struct request *r, char rating[8], struct buf *comment, bool *commented)
{
	_cleanup_json_ struct json j = { 0 };
	const struct json_node *node;
	char *at;
	int n;

	if (!request_read_json(r, &j))
		return false;
	if (json_copy(&j, json_member(&j, json_root(&j), "rating"), rating, 8) < 0) {
		reply_error(r, 400, 0, "rating must be \"up\" or \"down\".");
		return false;
	}
	node = json_member(&j, json_root(&j), "comment");
	if (!node || node->type == JSON_NULL)
		return true;
	at = buf_room(comment, node->end - node->start);
	n = at ? json_copy(&j, node, at, node->end - node->start) : -1;
	if (n < 0) {
		reply_error(r, 400, 0, "comment must be text of at most 1,000 characters.");
		return false;
	}
	buf_used(comment, (size_t)n);
	*commented = true;
	return true;
}

void chat_feedback(struct request *r)
{
	_cleanup_reply_ assistant_reply *reply = NULL;
	_cleanup_buf_ struct buf comment = { 0 };
	assistant_error err = ASSISTANT_ERROR_INIT;
	bool commented = false;
	char rating[8];
	int code;

	buf_init(&comment, r->body.max);
	if (!read_feedback(r, rating, &comment, &commented) || !open_reply(r, &reply))
		return;
	code = assistant_reply_feedback(reply, rating, commented ? comment.data : NULL,
					OPEN_LIMIT_MS, &err);
	if (code < 0)
		reply_failure(r, code, &err);
	else
		reply_json(r, 200, "{\"success\":true}");
}
