/*
 * client_local.c - the library in this process; see client.h.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client.h"

#define SEARCH_TIMEOUT_MS 15000
#define ROWS_TIMEOUT_MS	  15000
#define READY_TIMEOUT_MS  15000
#define SEND_TIMEOUT_MS	  15000

struct local {
	struct client client;
	assistant *a;
};

struct local_talk {
	struct talk talk;
	assistant_chat *chat;
};

/* The library's text as JSON; the text is freed. */
static int parsed(char *text, struct json_object **out, assistant_error *err)
{
	struct json_object *o = json_tokener_parse(text);

	assistant_free(text);
	if (!o)
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	*out = o;
	return 0;
}

static assistant *of(struct client *c)
{
	return ((struct local *)c)->a;
}

static int local_search(struct client *c, const char *query_json, struct json_object **result,
			assistant_error *err)
{
	char *text = NULL;
	int r = assistant_search(of(c), query_json, SEARCH_TIMEOUT_MS, &text, err);

	return r < 0 ? r : parsed(text, result, err);
}

static int local_rows(struct client *c, const char *collection, const char *conference_id,
		      int offset, struct json_object **rows, assistant_error *err)
{
	char query[300], *text = NULL;
	int r;

	if (conference_id)
		snprintf(query, sizeof(query),
			 "{\"filter\":{\"conference_id\":\"%.100s\"},\"sort\":[\"%s\"],"
			 "\"limit\":%d,\"offset\":%d}",
			 conference_id, strcmp(collection, "info_pages") ? "id" : "key",
			 CLIENT_PAGE, offset);
	else
		snprintf(query, sizeof(query), "{\"sort\":[\"name\"],\"limit\":%d,\"offset\":%d}",
			 CLIENT_PAGE, offset);
	r = assistant_row_list(of(c), collection, query, ROWS_TIMEOUT_MS, &text, err);
	return r < 0 ? r : parsed(text, rows, err);
}

static int local_ready(struct client *c, struct json_object **report, assistant_error *err)
{
	char *text = NULL;
	int r = assistant_report(of(c), ASSISTANT_REPORT_READY, READY_TIMEOUT_MS, &text, err);

	return r < 0 ? r : parsed(text, report, err);
}

/* --- Conversations -------------------------------------------------------------- */

static assistant_chat *chat_of(struct talk *t)
{
	return ((struct local_talk *)t)->chat;
}

static int talk_set(struct talk *t, const char *name, const char *value, assistant_error *err)
{
	return assistant_chat_set(chat_of(t), name, value, err);
}

static int talk_send(struct talk *t, const char *question, assistant_error *err)
{
	return assistant_chat_send(chat_of(t), question, SEND_TIMEOUT_MS, err);
}

static int talk_next(struct talk *t, struct talk_event *event, assistant_error *err)
{
	const assistant_event *e;
	int r = assistant_chat_next(chat_of(t), 0, &e);

	if (r == 0) {
		event->type = assistant_event_type(e);
		event->text = assistant_event_text(e, &event->len);
		event->json = assistant_event_json(e);
	}
	return r;
}

static void talk_wait(struct talk *t, int fd, int timeout_ms)
{
	struct pollfd fds[2] = {
		{ .fd = assistant_chat_fd(chat_of(t)), .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	poll(fds, 2, timeout_ms);
}

static void talk_stop(struct talk *t)
{
	assistant_chat_cancel(chat_of(t));
}

static void talk_settle(struct talk *t, int timeout_ms)
{
	assistant_reply *reply = assistant_chat_reply(chat_of(t));

	if (reply)
		assistant_reply_wait(reply, timeout_ms);
}

static int talk_report(struct talk *t, int (*report)(assistant_reply *, char **),
		       struct json_object **out, assistant_error *err)
{
	assistant_reply *reply = assistant_chat_reply(chat_of(t));
	char *text = NULL;
	int r = reply ? report(reply, &text) : ASSISTANT_ENOTFOUND;

	if (r < 0)
		return client_fail(err, r, "%s", assistant_strerror(r));
	return parsed(text, out, err);
}

static int talk_reply(struct talk *t, struct json_object **reply, assistant_error *err)
{
	return talk_report(t, assistant_reply_json, reply, err);
}

static int talk_debug(struct talk *t, struct json_object **debug, assistant_error *err)
{
	return talk_report(t, assistant_reply_debug, debug, err);
}

static void talk_end(struct talk *t)
{
	assistant_chat_free(chat_of(t));
	free(t);
}

static const struct talk_ops local_talk_ops = {
	.set = talk_set,
	.send = talk_send,
	.next = talk_next,
	.wait = talk_wait,
	.stop = talk_stop,
	.settle = talk_settle,
	.reply = talk_reply,
	.debug = talk_debug,
	.destroy = talk_end,
};

static int local_talk(struct client *c, struct talk **out, assistant_error *err)
{
	struct local_talk *t = calloc(1, sizeof(*t));
	int r = t ? assistant_chat_new(of(c), &t->chat) : ASSISTANT_ENOMEM;

	if (r < 0) {
		free(t);
		return client_fail(err, r, "%s", assistant_strerror(r));
	}
	t->talk.ops = &local_talk_ops;
	*out = &t->talk;
	return 0;
}

/* --- Life ----------------------------------------------------------------------- */

static void local_destroy(struct client *c)
{
	free(c);
}

static const struct client_ops local_ops = {
	.search = local_search,
	.rows = local_rows,
	.ready = local_ready,
	.talk = local_talk,
	.destroy = local_destroy,
};

int client_local_create(assistant *a, struct client **out, assistant_error *err)
{
	struct local *l = calloc(1, sizeof(*l));

	if (!l)
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	l->client.ops = &local_ops;
	l->a = a;
	*out = &l->client;
	return 0;
}
