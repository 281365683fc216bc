/*
 * subscribe.c - the messages of Directus' WebSocket.
 *
 *	auth -> ok          subscribe -> init ... create, update        unsubscribe    ping <-> pong
 *
 * init must not be older than what was missed while it was read: the subscription is there first, and init is
 * read again when something changed meanwhile.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "items.h"
#include "parse.h"
#include "realtime_impl.h"

#define ROW_LIMIT_MS 5000
#define MAX_INIT     (8u << 20)
#define MAX_REREADS  5

struct message {
	const struct json *j;
	const struct json_node *root;
	char uid[72]; /* as JSON; "" none */
};

static void send_text(struct client *c, const struct buf *b, const struct subscription *about,
		      const char *row)
{
	if (!b->failed)
		client_send(c, WS_TEXT, b->data, b->len, about, row);
	else
		client_drop(c);
}

static void add_uid(struct buf *b, const char *uid)
{
	if (*uid)
		buf_addf(b, ",\"uid\":%s", uid);
	buf_add(b, "}");
}

/* Takes the lock, as all senders here that are not told otherwise. */
static void send_locked(struct client *c, const struct buf *b)
{
	pthread_mutex_lock(&c->realtime->lock);
	send_text(c, b, NULL, NULL);
	pthread_mutex_unlock(&c->realtime->lock);
}

static void send_error(struct client *c, const char *type, const char *code, const char *sentence,
		       const char *uid)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_init(&b, 1024);
	buf_addf(&b,
		 "{\"type\":\"%s\",\"status\":\"error\",\"error\":{\"code\":\"%s\",\"message\":",
		 type, code);
	buf_add_json(&b, sentence);
	buf_add(&b, "}");
	add_uid(&b, uid);
	send_locked(c, &b);
}

static void send_plain(struct client *c, const char *head, const char *uid)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_init(&b, 256);
	buf_add(&b, head);
	add_uid(&b, uid);
	send_locked(c, &b);
}

/* --- Subscriptions; with the lock ---------------------------------------------- */

static bool is_watched_otherwise(struct realtime *rt, const struct subscription *sub)
{
	for (struct client *c = rt->clients; c; c = c->next)
		for (struct subscription *s = c->subscriptions; s; s = s->next)
			if (s != sub && s->collection == sub->collection &&
			    s->field == sub->field && !strcmp(s->value, sub->value))
				return true;
	return false;
}

static void unsubscribe(struct client *c, struct subscription **link)
{
	struct subscription *sub = *link;
	struct realtime *rt = c->realtime;

	*link = sub->next;
	c->n_subscriptions--;
	if (!is_watched_otherwise(rt, sub))
		assistant_watch_remove(rt->watch, sub->collection, sub->field, sub->value);
	outbox_forget(&c->out, sub);
	free(sub);
}

void client_unsubscribe_all(struct client *c)
{
	while (c->subscriptions)
		unsubscribe(c, &c->subscriptions);
}

/* 0, or a negative code: nothing was added. */
static int add_subscription(struct client *c, struct subscription *sub)
{
	struct realtime *rt = c->realtime;

	if (!is_watched_otherwise(rt, sub)) {
		int code = assistant_watch_add(rt->watch, sub->collection, sub->field, sub->value);

		if (code < 0)
			return code;
	}
	sub->next = c->subscriptions;
	c->subscriptions = sub;
	c->n_subscriptions++;
	return 0;
}

static struct subscription **find_uid(struct client *c, const char *uid)
{
	for (struct subscription **link = &c->subscriptions; *link; link = &(*link)->next)
		if (!strcmp((*link)->uid, uid))
			return link;
	return NULL;
}

static void send_rows(struct client *c, struct subscription *sub, const char *event,
		      const struct json *j, const struct json_node *data, bool wrap,
		      const char *row)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_init(&b, MAX_INIT);
	buf_addf(&b, "{\"type\":\"subscription\",\"event\":\"%s\"", event);
	if (data) {
		buf_add(&b, wrap ? ",\"data\":[" : ",\"data\":");
		fields_project(&sub->fields, j, data, &b);
		buf_add(&b, wrap ? "]" : "");
	}
	add_uid(&b, sub->uid);
	send_text(c, &b, row ? sub : NULL, row);
}

static void deliver(struct client *c, struct subscription *sub, const char *change,
		    const struct json *j)
{
	const struct json_node *row = json_root(j);
	char id[65] = "";

	sub->streaming = json_is(j, json_member(j, row, "status"), "streaming");
	if (!sub->ready) {
		sub->missed = true;
		return;
	}
	if (*sub->event && strcmp(sub->event, change) != 0)
		return;
	json_copy(j, json_member(j, row, "id"), id, sizeof(id));
	/* A creation that is still waiting must not be replaced: its reader would never hear of it. */
	send_rows(c, sub, change, j, row, !sub->by_item,
		  *id && strcmp(change, "update") == 0 ? id : NULL);
}

void realtime_deliver(struct realtime *rt, const char *collection, const char *change,
		      const char *row_json)
{
	_cleanup_json_ struct json j = { 0 };

	if (json_read(&j, row_json, strlen(row_json), NULL) < 0)
		return;
	for (struct client *c = rt->clients; c; c = c->next) {
		for (struct subscription *s = c->subscriptions; s && c->fd >= 0; s = s->next) {
			if (!strcmp(s->collection, collection) &&
			    filter_matches(&s->filter, &j, json_root(&j)))
				deliver(c, s, change, &j);
		}
	}
}

/* --- The messages -------------------------------------------------------------- */

/* What init says: the row, or the rows.  Waits for the store, so without the lock. */
static int read_rows(struct client *c, const struct subscription *sub, char **out,
		     assistant_error *err)
{
	assistant *a = c->realtime->server->assistant;
	struct row_query q = { .filter = sub->filter, .limit = 100 };
	_cleanup_buf_ struct buf b = { 0 };

	if (sub->by_item)
		return assistant_row_read(a, sub->collection, sub->value, ROW_LIMIT_MS, out, err);
	buf_init(&b, 16384);
	query_write(&q, &b);
	return assistant_row_list(a, sub->collection, b.data, ROW_LIMIT_MS, out, err);
}

static bool any_is_streaming(const struct json *j, const struct json_node *data)
{
	const struct json_node *row = data->type == JSON_ARRAY ? json_first(j, data) : data;

	for (; row; row = data->type == JSON_ARRAY ? json_after(j, row) : NULL)
		if (json_is(j, json_member(j, row, "status"), "streaming"))
			return true;
	return false;
}

/* Sends init unless something changed since rows were read.  false: read again. */
static bool send_init(struct client *c, struct subscription *sub, const char *rows, bool last_try)
{
	_cleanup_json_ struct json j = { 0 };
	struct realtime *rt = c->realtime;
	bool good = json_read(&j, rows, strlen(rows), NULL) == 0, done;

	pthread_mutex_lock(&rt->lock);
	done = !sub->missed || last_try;
	sub->missed = false;
	if (done && good) {
		sub->ready = true;
		sub->streaming = any_is_streaming(&j, json_root(&j));
		send_rows(c, sub, "init", &j, *sub->event ? NULL : json_root(&j), false, NULL);
	}
	pthread_mutex_unlock(&rt->lock);
	return done;
}

static void drop_subscription(struct client *c, struct subscription *sub)
{
	pthread_mutex_lock(&c->realtime->lock);
	for (struct subscription **link = &c->subscriptions; *link; link = &(*link)->next) {
		if (*link == sub) {
			unsubscribe(c, link);
			break;
		}
	}
	pthread_mutex_unlock(&c->realtime->lock);
}

static void begin_subscription(struct client *c, struct subscription *sub)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char uid[sizeof(sub->uid)];
	int code = 0;

	memcpy(uid, sub->uid, sizeof(uid));
	for (int i = 0; i < MAX_REREADS; i++) {
		_cleanup_answer_ char *rows = NULL;

		code = read_rows(c, sub, &rows, &err);
		if (code < 0 || send_init(c, sub, rows, i + 1 == MAX_REREADS))
			break;
	}
	if (code == 0)
		return;
	drop_subscription(c, sub);
	if (code == ASSISTANT_ENOTFOUND || code == ASSISTANT_EDENIED)
		send_error(c, "subscribe", "FORBIDDEN", "You don't have permission to access this.",
			   uid);
	else
		send_error(c, "subscribe", "SERVICE_UNAVAILABLE", "The rows cannot be read now.",
			   uid);
}

/* What is watched, in the words of the library: static strings.  Rows have their ids in lower case. */
static void choose_key(struct subscription *sub)
{
	for (int i = 0; i < sub->filter.n; i++) {
		char *value = sub->filter.list[i].value;

		for (; is_uuid(sub->filter.list[i].value) && *value; value++)
			*value = (char)tolower((unsigned char)*value);
	}
	sub->field = filter_value(&sub->filter, "id") ? "id" : "conversation_id";
	sub->value = filter_value(&sub->filter, sub->field);
}

static bool read_query(const struct message *m, struct subscription *sub,
		       struct query_problem *problem)
{
	const struct json *j = m->j;
	const struct json_node *query = json_member(j, m->root, "query");
	const struct json_node *filter = json_member(j, query, "filter");
	const struct json_node *fields = json_member(j, query, "fields");

	if (!sub->by_item && filter && filter_read(j, filter, &sub->filter, problem) < 0)
		return false;
	return !fields || fields_read_json(j, fields, &sub->fields, problem) == 0;
}

/* Reads the wish into *sub.  NULL, or the code of what is wrong with it and the sentence. */
static const char *read_subscription(const struct message *m, struct subscription *sub,
				     struct query_problem *problem)
{
	static const char *const names[] = { "conversations", "messages" };
	static const char *const events[] = { "create", "update", "delete" };
	const struct json_node *event = json_member(m->j, m->root, "event");
	const struct json_node *item = json_member(m->j, m->root, "item");
	const struct json_node *collection = json_member(m->j, m->root, "collection");

	memcpy(sub->uid, m->uid, sizeof(sub->uid));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (json_is(m->j, collection, names[i]))
			sub->collection = names[i];
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (json_is(m->j, event, events[i]))
			memcpy(sub->event, events[i], strlen(events[i]) + 1);
	snprintf(problem->text, sizeof(problem->text),
		 "event must be \"create\", \"update\" or \"delete\".");
	if (event && !*sub->event)
		return "INVALID_PAYLOAD";
	snprintf(problem->text, sizeof(problem->text),
		 "The provided collection does not exist or is not accessible.");
	if (!sub->collection)
		return "INVALID_COLLECTION";
	snprintf(problem->text, sizeof(problem->text), "item must be the id of a row.");
	if (item) {
		struct condition *c = &sub->filter.list[sub->filter.n++];

		sub->by_item = true;
		memcpy(c->field, "id", sizeof("id"));
		if (json_copy(m->j, item, c->value, sizeof(c->value)) <= 0)
			return "INVALID_PAYLOAD";
	}
	if (!read_query(m, sub, problem))
		return "INVALID_PAYLOAD";
	snprintf(problem->text, sizeof(problem->text),
		 "Subscribe by item, or with a filter on id or conversation_id.");
	return filter_is_allowed(sub->collection, &sub->filter) ? NULL : "FORBIDDEN";
}

static void on_subscribe(struct client *c, const struct message *m)
{
	struct subscription *sub = calloc(1, sizeof(*sub));
	struct query_problem problem = { "" };
	const char *wrong = sub ? read_subscription(m, sub, &problem) : "SERVICE_UNAVAILABLE";
	bool known;
	int code = 0;

	if (wrong) {
		send_error(c, "subscribe", wrong, problem.text, m->uid);
		free(sub);
		return;
	}
	choose_key(sub);
	pthread_mutex_lock(&c->realtime->lock);
	/* As in Directus: a uid that is in use stays what it is. */
	known = *sub->uid && find_uid(c, sub->uid);
	if (!known && c->n_subscriptions == MAX_SUBSCRIPTIONS)
		code = ASSISTANT_ELIMIT;
	else if (!known)
		code = add_subscription(c, sub);
	pthread_mutex_unlock(&c->realtime->lock);
	if (known || code < 0)
		free(sub);
	if (code == ASSISTANT_ELIMIT)
		send_error(c, "subscribe", "REQUESTS_EXCEEDED",
			   "A connection has at most 32 subscriptions.", m->uid);
	else if (code < 0)
		send_error(c, "subscribe", "SERVICE_UNAVAILABLE", "This cannot be watched now.",
			   m->uid);
	else if (!known)
		begin_subscription(c, sub);
}

static void on_unsubscribe(struct client *c, const struct message *m)
{
	struct subscription **link;

	pthread_mutex_lock(&c->realtime->lock);
	if (!*m->uid)
		client_unsubscribe_all(c);
	else
		while ((link = find_uid(c, m->uid)) != NULL)
			unsubscribe(c, link);
	pthread_mutex_unlock(&c->realtime->lock);
	send_plain(c, "{\"type\":\"subscription\",\"event\":\"unsubscribe\"", m->uid);
}

/* Whoever may connect may see what it knows an id of: a token makes no difference. */
static void on_auth(struct client *c, const struct message *m)
{
	send_plain(c, "{\"type\":\"auth\",\"status\":\"ok\"", m->uid);
}

static void on_ping(struct client *c, const struct message *m)
{
	send_plain(c, "{\"type\":\"pong\"", m->uid);
}

static void on_pong(struct client *c, const struct message *m)
{
}

static bool read_uid(struct message *m)
{
	const struct json_node *node = json_member(m->j, m->root, "uid");
	size_t len = 0;
	const char *raw;

	m->uid[0] = '\0';
	if (!node || node->type == JSON_NULL)
		return true;
	raw = json_raw(m->j, node, &len);
	if ((node->type != JSON_STRING && node->type != JSON_NUMBER) || len >= sizeof(m->uid))
		return false;
	memcpy(m->uid, raw, len);
	m->uid[len] = '\0';
	return true;
}

void client_message(struct client *c, const char *text, size_t len)
{
	static const struct {
		const char *type;
		void (*handle)(struct client *c, const struct message *m);
	} types[] = {
		{ "auth", on_auth },
		{ "subscribe", on_subscribe },
		{ "unsubscribe", on_unsubscribe },
		{ "ping", on_ping },
		{ "pong", on_pong },
	};
	_cleanup_json_ struct json j = { 0 };
	struct message m = { .j = &j };

	if (json_read(&j, text, len, NULL) < 0) {
		send_error(c, "server", "INVALID_PAYLOAD", "Unable to parse the incoming message.",
			   "");
		return;
	}
	m.root = json_root(&j);
	if (!read_uid(&m)) {
		send_error(c, "server", "INVALID_PAYLOAD",
			   "uid must be a text of at most 69 bytes or a number.", "");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (json_is(&j, json_member(&j, m.root, "type"), types[i].type)) {
			types[i].handle(c, &m);
			return;
		}
	}
	send_error(c, "server", "INVALID_PAYLOAD",
		   "type must be auth, subscribe, unsubscribe, ping or pong.", m.uid);
}
