/*
 * client_remote.c - a running server, over its HTTP contract; see client.h.
 *
 *	send: conversation and message rows --> POST /api/chat, as a stream --> next: events
 *	                                             cut? --> GET .../events behind the last one
 *
 * The message's id is the question's key, so asking again after a cut joins the answer there is.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include "client.h"
#include "http.h"
#include "json.h"

#define CALL_TIMEOUT_MS	  15000
#define STOP_TIMEOUT_MS	  3000
#define REJOIN_TRIES	  8
#define REJOIN_FIRST_MS	  200
#define REJOIN_LONGEST_MS 4000
#define ID_SIZE		  37

struct remote {
	struct client client;
	struct http *http;
};

struct remote_talk {
	struct talk talk;
	struct http *http;
	char *conference; /* as it was named; NULL: the only one */
	char conference_id[ID_SIZE], conversation[ID_SIZE], message[ID_SIZE], reply[ID_SIZE];
	char *now;
	struct http_stream *stream;
	unsigned long last; /* event read */
	bool ended, stop_wanted;
	int tries;		  /* to join again, since the last event */
	long long rejoin_at_ms;	  /* monotonic; when the stream is NULL */
	struct json_object *data; /* of the event handed out last */
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int new_id(char out[static ID_SIZE], assistant_error *err)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return client_fail(err, ASSISTANT_EINTERNAL, "no random numbers");
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, ID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	return 0;
}

/* The body as JSON; the body is freed. */
static int parsed(char *body, struct json_object **out, assistant_error *err)
{
	struct json_object *o = json_tokener_parse(body);

	free(body);
	if (!o)
		return client_fail(err, ASSISTANT_EPROTOCOL, "The server's answer is not JSON.");
	*out = o;
	return 0;
}

static int get(struct http *h, const char *path, struct json_object **out, assistant_error *err)
{
	char *body = NULL;
	int r = http_get(h, path, CALL_TIMEOUT_MS, &body, err);

	return r < 0 ? r : parsed(body, out, err);
}

/* --- Search ------------------------------------------------------------------------------- */

static void add_parameters(FILE *out, struct json_object *query)
{
	json_object_object_foreach(query, key, value)
	{
		char *escaped;

		if (json_object_is_type(value, json_type_object)) { /* filters */
			add_parameters(out, value);
			continue;
		}
		escaped = http_escape(json_object_get_string(value));
		fprintf(out, "&%s=%s", key, escaped ? escaped : "");
		free(escaped);
	}
}

static int remote_search(struct client *c, const char *query_json, struct json_object **result,
			 assistant_error *err)
{
	struct json_object *query = json_tokener_parse(query_json);
	char *path = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&path, &size);
	int r;

	if (!out || !query) {
		json_object_put(query);
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	}
	fputs("/api/search?", out);
	add_parameters(out, query);
	fclose(out);
	/* "?&q=": the first one needs no mark. */
	memmove(path + 12, path + 13, strlen(path + 13) + 1);
	r = get(((struct remote *)c)->http, path, result, err);
	free(path);
	json_object_put(query);
	return r;
}

/* --- Rows --------------------------------------------------------------------------------- */

static int list_rows(struct http *h, const char *path, struct json_object **rows,
		     assistant_error *err)
{
	struct json_object *o = NULL;
	int r = get(h, path, &o, err);

	if (r == ASSISTANT_ENOTFOUND)
		return client_fail(
			err, ASSISTANT_EDENIED,
			"%.120s gives no rows: it keeps them in a Directus, which answers "
			"for itself; search works here",
			http_base(h));
	if (r == 0)
		*rows = json_object_get(json_member(o, "data"));
	json_object_put(o);
	return r;
}

static int remote_rows(struct client *c, const char *collection, const char *conference_id,
		       int offset, struct json_object **rows, assistant_error *err)
{
	char path[400], filter[100] = "";

	if (conference_id)
		snprintf(filter, sizeof(filter), "&filter%%5Bconference_id%%5D%%5B_eq%%5D=%.40s",
			 conference_id);
	snprintf(path, sizeof(path), "/items/%s?limit=%d&offset=%d&sort=%s%s", collection,
		 CLIENT_PAGE, offset,
		 !conference_id			     ? "name"
		 : !strcmp(collection, "info_pages") ? "key"
						     : "id",
		 filter);
	return list_rows(((struct remote *)c)->http, path, rows, err);
}

static int remote_ready(struct client *c, struct json_object **report, assistant_error *err)
{
	struct http_answer a;
	int r = http_call(((struct remote *)c)->http, NULL, "/health/ready", NULL, CALL_TIMEOUT_MS,
			  &a, err);

	if (r < 0)
		return r;
	/* 503 has a report, too. */
	if (a.status != 200 && a.status != 503) {
		r = http_refused(((struct remote *)c)->http, &a, err);
		free(a.body);
		return r;
	}
	return parsed(a.body, report, err);
}

/* --- A question ------------------------------------------------------------------------------ */

static struct remote_talk *of(struct talk *t)
{
	return (struct remote_talk *)t;
}

/* Only servers that allow it answer as of another time; they say so of searches. */
static int check_now(struct remote_talk *t, const char *now, assistant_error *err)
{
	char *escaped = http_escape(now), *path = NULL, *body = NULL;
	assistant_error refused = ASSISTANT_ERROR_INIT;
	int r = ASSISTANT_ENOMEM;

	if (escaped && asprintf(&path, "/api/search?q=x&limit=1&now=%s", escaped) >= 0)
		r = http_get(t->http, path, CALL_TIMEOUT_MS, &body, &refused);
	free(escaped);
	free(path);
	free(body);
	if (r == ASSISTANT_EINVAL && strstr(refused.message, "no parameter"))
		return client_fail(err, ASSISTANT_EDENIED,
				   "%.120s answers as of its own clock only (its setting API_DEBUG "
				   "allows other times)",
				   http_base(t->http));
	/* Which conference is meant does not matter here. */
	if (r == ASSISTANT_ENOTFOUND || r == 0 || !strstr(refused.message, "now"))
		return 0;
	if (err)
		*err = refused;
	return r;
}

static int talk_set(struct talk *talk, const char *name, const char *value, assistant_error *err)
{
	struct remote_talk *t = of(talk);
	bool now = !strcmp(name, "now");
	char **to = now ? &t->now : &t->conference, *copy;
	int r = now && *value ? check_now(t, value, err) : 0;

	if (r < 0)
		return r;
	copy = *value ? strdup(value) : NULL;
	if (*value && !copy)
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	free(*to);
	*to = copy;
	return 0;
}

static int choose_conference(struct remote_talk *t, assistant_error *err)
{
	struct json_object *rows = NULL, *found = NULL;
	int r = list_rows(t->http, "/items/conferences?limit=100&sort=name", &rows, err);
	size_t n = r == 0 ? json_object_array_length(rows) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(rows, i);

		if (t->conference ? !strcasecmp(json_text(o, "id"), t->conference) ||
					    !strcasecmp(json_text(o, "name"), t->conference)
				  : n == 1)
			found = o;
	}
	if (found)
		snprintf(t->conference_id, sizeof(t->conference_id), "%s", json_text(found, "id"));
	else if (t->conference || !n)
		r = client_fail(err, ASSISTANT_ENOTFOUND, "Conference not found");
	else
		r = client_fail(err, ASSISTANT_EINVAL,
				"there are %zu conferences: name one with --conference", n);
	json_object_put(rows);
	return r;
}

static int create_row(struct remote_talk *t, const char *collection, const char *const members[][2],
		      assistant_error *err)
{
	struct json_object *row = json_object_new_object();
	char path[60];
	int r;

	for (size_t i = 0; members[i][0]; i++)
		json_object_object_add(row, members[i][0], json_object_new_string(members[i][1]));
	snprintf(path, sizeof(path), "/items/%s", collection);
	r = http_post(t->http, path, json_line(row), CALL_TIMEOUT_MS, NULL, err);
	json_object_put(row);
	return r;
}

static int create_conversation(struct remote_talk *t, assistant_error *err)
{
	char id[ID_SIZE];
	int r = choose_conference(t, err);

	if (r == 0)
		r = new_id(id, err);
	if (r == 0)
		r = create_row(t, "conversations",
			       (const char *const[][2]){ { "id", id },
							 { "conference_id", t->conference_id },
							 { NULL, NULL } },
			       err);
	if (r == 0)
		memcpy(t->conversation, id, sizeof(id));
	return r;
}

/* POST /api/chat, or behind the events that were read. */
static int open_stream(struct remote_talk *t, assistant_error *err)
{
	char path[200], body[300], *now;

	if (*t->reply) {
		snprintf(path, sizeof(path), "/api/chat/%s/events", t->reply);
		return http_stream_open(t->http, path, NULL, t->last, &t->stream, err);
	}
	now = t->now ? http_escape(t->now) : NULL;
	snprintf(path, sizeof(path), "/api/chat%s%.120s", now ? "?now=" : "", now ? now : "");
	free(now);
	snprintf(body, sizeof(body),
		 "{\"conversation_id\":\"%s\",\"message_id\":\"%s\",\"conference_id\":\"%s\"}",
		 t->conversation, t->message, t->conference_id);
	return http_stream_open(t->http, path, body, 0, &t->stream, err);
}

/* Until the server has said whether it answers. */
static int await_answer(struct remote_talk *t, assistant_error *err)
{
	long long deadline = now_ms() + CALL_TIMEOUT_MS;
	int r;

	while ((r = http_stream_check(t->stream, err)) == ASSISTANT_ETIMEOUT) {
		if (now_ms() > deadline)
			return client_fail(err, r, "%.120s does not answer in time.",
					   http_base(t->http));
		http_stream_wait(t->stream, -1, 200);
	}
	return r;
}

static void close_stream(struct remote_talk *t)
{
	http_stream_close(t->stream);
	t->stream = NULL;
}

static int talk_send(struct talk *talk, const char *question, assistant_error *err)
{
	struct remote_talk *t = of(talk);
	int r = *t->conversation ? 0 : create_conversation(t, err);

	close_stream(t);
	t->reply[0] = '\0';
	t->last = 0;
	t->tries = 0;
	t->ended = t->stop_wanted = false;
	if (r == 0)
		r = new_id(t->message, err);
	if (r == 0)
		r = create_row(t, "messages",
			       (const char *const[][2]){ { "id", t->message },
							 { "conversation_id", t->conversation },
							 { "messageText", question },
							 { NULL, NULL } },
			       err);
	if (r == 0)
		r = open_stream(t, err);
	if (r == 0)
		r = await_answer(t, err);
	if (r < 0)
		close_stream(t);
	return r;
}

/* --- Its answer ------------------------------------------------------------------------------ */

static void post_stop(struct remote_talk *t)
{
	struct http_answer a;
	char path[100];

	snprintf(path, sizeof(path), "/api/chat/%s/stop", t->reply);
	if (http_call(t->http, "POST", path, "{}", STOP_TIMEOUT_MS, &a, NULL) == 0)
		free(a.body);
}

static void talk_stop(struct talk *talk)
{
	struct remote_talk *t = of(talk);

	t->stop_wanted = true;
	if (*t->reply)
		post_stop(t);
}

static const struct {
	const char *name, *member;
	int type;
} events[] = {
	{ "accepted", NULL, ASSISTANT_EVENT_ACCEPTED },
	{ "status", "text", ASSISTANT_EVENT_STATUS },
	{ "delta", "text", ASSISTANT_EVENT_DELTA },
	{ "reference", "name", ASSISTANT_EVENT_REFERENCE },
	{ "suggestion", "text", ASSISTANT_EVENT_SUGGESTION },
	{ "done", NULL, ASSISTANT_EVENT_DONE },
	{ "error", "error", ASSISTANT_EVENT_ERROR },
};

/* False: an event of a kind that is not known here. */
static bool take_event(struct remote_talk *t, const struct sse_event *e, struct talk_event *out)
{
	size_t i = 0;

	t->last = e->id ? e->id : t->last;
	t->tries = 0;
	while (i < sizeof(events) / sizeof(events[0]) && strcmp(events[i].name, e->name) != 0)
		i++;
	if (i == sizeof(events) / sizeof(events[0]))
		return false;
	json_object_put(t->data);
	t->data = json_tokener_parse(e->data);
	out->type = events[i].type;
	out->text = events[i].member ? json_text(t->data, events[i].member) : "";
	out->len = strlen(out->text);
	out->json = e->data;
	if (out->type == ASSISTANT_EVENT_ACCEPTED) {
		snprintf(t->reply, sizeof(t->reply), "%s",
			 json_text(t->data, "assistant_message_id"));
		if (t->stop_wanted)
			post_stop(t);
	}
	t->ended = out->type == ASSISTANT_EVENT_DONE || out->type == ASSISTANT_EVENT_ERROR;
	return true;
}

/* Whether the answer may still be had: the connection was cut, or the server starts anew. */
static bool may_rejoin(const struct remote_talk *t, int code, const assistant_error *err)
{
	bool cut = code == ASSISTANT_EUNAVAILABLE || code == ASSISTANT_ETIMEOUT ||
		   code == ASSISTANT_EPROTOCOL;

	return cut && t->tries < REJOIN_TRIES;
}

static void plan_rejoin(struct remote_talk *t)
{
	int pause_ms = REJOIN_FIRST_MS << (t->tries < 5 ? t->tries : 5);

	close_stream(t);
	t->tries++;
	t->rejoin_at_ms = now_ms() + (pause_ms < REJOIN_LONGEST_MS ? pause_ms : REJOIN_LONGEST_MS);
}

static int talk_next(struct talk *talk, struct talk_event *out, assistant_error *err)
{
	struct remote_talk *t = of(talk);
	const struct sse_event *e;
	int r;

	if (t->ended)
		return ASSISTANT_ENOTFOUND;
	if (!t->stream) {
		if (!t->tries)
			return ASSISTANT_ENOTFOUND; /* nothing was asked */
		if (now_ms() < t->rejoin_at_ms)
			return ASSISTANT_ETIMEOUT;
		r = open_stream(t, err);
		if (r < 0)
			return r;
	}
	do
		r = http_stream_next(t->stream, &e, err);
	while (r == 0 && !take_event(t, e, out));
	if (r == ASSISTANT_ENOTFOUND && t->last)
		t->ended = true; /* with what was read */
	else if (r != ASSISTANT_ETIMEOUT && r != 0 && may_rejoin(t, r, err)) {
		plan_rejoin(t);
		return ASSISTANT_ETIMEOUT;
	}
	return r;
}

static void talk_wait(struct talk *talk, int fd, int timeout_ms)
{
	struct remote_talk *t = of(talk);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long long left = t->rejoin_at_ms - now_ms();

	if (t->stream) {
		http_stream_wait(t->stream, fd, timeout_ms);
		return;
	}
	left = left > 0 ? left : 0;
	poll(&p, 1, timeout_ms >= 0 && timeout_ms < left ? timeout_ms : (int)left);
}

/* The server sends `done` when the row is written, or gives up after a moment: nothing more to wait for. */
static void talk_settle(struct talk *talk, int timeout_ms)
{
}

static int talk_reply(struct talk *talk, struct json_object **reply, assistant_error *err)
{
	struct remote_talk *t = of(talk);
	char path[100];

	if (!*t->reply)
		return client_fail(err, ASSISTANT_ENOTFOUND, "nothing was answered yet");
	snprintf(path, sizeof(path), "/api/chat/%s", t->reply);
	return get(t->http, path, reply, err);
}

/* What the answer's row keeps of it. */
static int talk_debug(struct talk *talk, struct json_object **debug, assistant_error *err)
{
	struct remote_talk *t = of(talk);
	struct json_object *row = NULL, *metadata;
	char path[100];
	int r;

	if (!*t->reply)
		return client_fail(err, ASSISTANT_ENOTFOUND, "nothing was answered yet");
	snprintf(path, sizeof(path), "/items/messages/%s", t->reply);
	r = get(t->http, path, &row, err);
	if (r < 0)
		return r;
	metadata = json_member(json_member(row, "data"), "metadata");
	*debug = metadata ? json_object_get(metadata) : json_object_new_object();
	json_object_put(row);
	return 0;
}

static void talk_end(struct talk *talk)
{
	struct remote_talk *t = of(talk);

	close_stream(t);
	json_object_put(t->data);
	free(t->conference);
	free(t->now);
	free(t);
}

static const struct talk_ops remote_talk_ops = {
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

static int remote_talk(struct client *c, struct talk **out, assistant_error *err)
{
	struct remote_talk *t = calloc(1, sizeof(*t));

	if (!t)
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	t->talk.ops = &remote_talk_ops;
	t->http = ((struct remote *)c)->http;
	*out = &t->talk;
	return 0;
}

/* --- Life ----------------------------------------------------------------------------------- */

static void remote_destroy(struct client *c)
{
	struct remote *r = (struct remote *)c;

	http_destroy(r->http);
	free(r);
}

static const struct client_ops remote_ops = {
	.search = remote_search,
	.rows = remote_rows,
	.ready = remote_ready,
	.talk = remote_talk,
	.destroy = remote_destroy,
};

int client_remote_create(const char *url, struct client **out, assistant_error *err)
{
	struct remote *r = calloc(1, sizeof(*r));
	int code = r ? http_create(url, &r->http, err)
		     : client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");

	if (code < 0) {
		free(r);
		return code;
	}
	r->client.ops = &remote_ops;
	*out = &r->client;
	return 0;
}
