/*
 * redis.c - commands and channels over two connections that are kept by redis_link.c.
 */
#include "aio/redis.h"

#include <string.h>
#include "aio/redis_link.h"
#include "aio/work.h"
#include "base/check.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define MAX_IN_FLIGHT 10000
#define MAX_WORDS     4096

struct redis {
	struct loop *loop;
	struct redis_url url;
	struct lane *lane; /* for the look-ups of both links; NULL: there are none */
	struct ssl_ctx_st *tls;
	struct redis_link commands, channels_link;
	int command_timeout_ms;
	struct metrics *metrics;
	struct log *log;
	bool up; /* atomic */
	bool told, told_up;
	struct list in_flight; /* of struct redis_op, oldest first */
	size_t n_in_flight;
	struct loop_timer overdue;
	struct list channels, observers;
	struct loop_task tell;
	struct fail why; /* it is down */
};

struct redis_op {
	struct wait wait; /* first */
	struct redis *redis;
	struct list link;
	int64_t began_ms;
	struct arena *arena;
	struct redis_value value, *out;
};

/* --- What Redis answers --------------------------------------------------------- */

static bool is_list(const struct redisReply *reply)
{
#ifdef REDIS_REPLY_SET
	return reply->type == REDIS_REPLY_ARRAY || reply->type == REDIS_REPLY_SET ||
	       reply->type == REDIS_REPLY_MAP || reply->type == REDIS_REPLY_PUSH;
#else
	return reply->type == REDIS_REPLY_ARRAY;
#endif
}

/* 0 or ENOMEM.  hiredis bounds the depth. */
static int copy(const struct redisReply *reply, struct arena *arena, struct redis_value *out)
{
	*out = (struct redis_value){ .kind = REDIS_NIL };
	if (reply->type == REDIS_REPLY_INTEGER) {
		out->kind = REDIS_NUMBER;
		out->number = reply->integer;
	} else if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
		   reply->type == REDIS_REPLY_ERROR) {
		out->kind = REDIS_TEXT;
		out->text = arena_strndup(arena, reply->str, reply->len);
		out->len = reply->len;
		return out->text ? 0 : ASSISTANT_ENOMEM;
	} else if (is_list(reply)) {
		out->kind = REDIS_LIST;
		out->n = reply->elements;
		out->items = arena_array(arena, struct redis_value, out->n + 1);
		if (!out->items)
			return ASSISTANT_ENOMEM;
		for (size_t i = 0; i < out->n; i++)
			if (copy(reply->element[i], arena, &out->items[i]) < 0)
				return ASSISTANT_ENOMEM;
	}
	return 0;
}

/* Redis cannot just now, and will again; everything else is about the command. */
static bool is_weather(const char *error)
{
	static const char *const words[] = { "LOADING",	    "BUSY",	"MASTERDOWN",
					     "READONLY",    "OOM",	"NOREPLICAS",
					     "CLUSTERDOWN", "TRYAGAIN", "MISCONF" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);

		if (!strncmp(error, words[i], n) && (!error[n] || error[n] == ' '))
			return true;
	}
	return false;
}

/* --- Commands ----------------------------------------------------------------------- */

static void op_deliver(struct wait *w)
{
	struct redis_op *op = container_of(w, struct redis_op, wait);

	if (op->out)
		*op->out = op->value;
}

static void op_release(struct wait *w)
{
	free(container_of(w, struct redis_op, wait));
}

static void op_finish(struct redis_op *op, int status, const struct fail *fail)
{
	struct redis *r = op->redis;
	const char *result = status == 0		     ? "ok"
			     : status == ASSISTANT_ETIMEOUT  ? "timeout"
			     : status == ASSISTANT_EPROTOCOL ? "refused"
							     : "unavailable";

	if (list_linked(&op->link)) {
		list_remove(&op->link);
		r->n_in_flight--;
		metrics_observe(r->metrics, METRIC_REDIS_SECONDS, NULL,
				(double)(loop_now_ms(r->loop) - op->began_ms) / 1000.0);
	}
	metrics_add(r->metrics, METRIC_REDIS_COMMANDS, result, 1);
	wait_finish(&op->wait, status, fail);
}

static void overdue(struct loop_timer *t)
{
	struct redis *r = container_of(t, struct redis, overdue);
	struct redis_op *oldest;
	struct fail why = FAIL_INIT;
	int64_t left;

	if (list_empty(&r->in_flight))
		return;
	oldest = list_entry(r->in_flight.next, struct redis_op, link);
	left = oldest->began_ms + r->command_timeout_ms - loop_now_ms(r->loop);
	if (left > 0) {
		loop_timer_start(r->loop, &r->overdue, left, overdue);
		return;
	}
	FAIL(&why, ASSISTANT_ETIMEOUT, "Redis at %s did not answer within %d ms.", r->url.name,
	     r->command_timeout_ms);
	r->why = why;
	redis_link_break(&r->commands, &why);
}

/* hiredis' callback: an answer, or NULL when the connection has ended. */
static void answered(struct redisAsyncContext *ac, void *answer, void *ctx)
{
	struct redis_op *op = ctx;
	struct redis *r = op->redis;
	const struct redisReply *reply = answer;
	struct fail why = FAIL_INIT;
	int status = 0;

	if (!reply) {
		if (r->why.code != ASSISTANT_ETIMEOUT)
			FAIL(&r->why, ASSISTANT_EUNAVAILABLE,
			     "The connection to Redis at %s ended.", r->url.name);
		op_finish(op, r->why.code, &r->why);
		return;
	}
	if (reply->type == REDIS_REPLY_ERROR) {
		status = is_weather(reply->str) ? ASSISTANT_EUNAVAILABLE : ASSISTANT_EPROTOCOL;
		FAIL(&why, status, "Redis at %s answered: %.140s", r->url.name, reply->str);
	} else if (op->out && !wait_detached(&op->wait)) {
		status = copy(reply, op->arena, &op->value);
	}
	op_finish(op, status, status < 0 && why.code ? &why : NULL);
}

/* One that goes nowhere. */
static void op_refuse(struct redis_op *op)
{
	struct redis *r = op->redis;
	struct fail why = FAIL_INIT;

	if (r->n_in_flight >= MAX_IN_FLIGHT)
		FAIL(&why, ASSISTANT_EUNAVAILABLE, "Too many commands wait for Redis at %s.",
		     r->url.name);
	else if (r->why.code)
		FAIL(&why, ASSISTANT_EUNAVAILABLE, "%s", r->why.text);
	else
		FAIL(&why, ASSISTANT_EUNAVAILABLE, "Redis at %s is not connected yet.",
		     r->url.name);
	why.cause = r->why.cause;
	op_finish(op, ASSISTANT_EUNAVAILABLE, &why);
}

static int send_words(struct redis_op *op, const struct redis_word *words, size_t n)
{
	const char **data = calloc(n, sizeof(*data));
	size_t *len = calloc(n, sizeof(*len));
	int r = REDIS_ERR;

	for (size_t i = 0; data && len && i < n; i++) {
		data[i] = words[i].data;
		len[i] = words[i].len;
	}
	if (data && len)
		r = redisAsyncCommandArgv(op->redis->commands.context, answered, op, (int)n, data,
					  len);
	free(data);
	free(len);
	return r;
}

void redis_ask(struct redis *r, const struct redis_word *words, size_t n, struct arena *arena,
	       struct redis_value *out, struct flow *f)
{
	struct redis_op *op = calloc(1, sizeof(*op));

	PRE(n >= 1 && n <= MAX_WORDS && (arena || !out));
	if (!op) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.release = op_release;
	op->redis = r;
	op->arena = arena;
	op->out = out;
	op->began_ms = loop_now_ms(r->loop);
	if (!r->commands.up || r->n_in_flight >= MAX_IN_FLIGHT ||
	    send_words(op, words, n) != REDIS_OK) {
		op_refuse(op);
		return;
	}
	if (list_empty(&r->in_flight))
		loop_timer_start(r->loop, &r->overdue, r->command_timeout_ms, overdue);
	list_append(&r->in_flight, &op->link);
	r->n_in_flight++;
}

/* --- Up and down ------------------------------------------------------------------------- */

static void tell_observers(struct loop_task *t)
{
	struct redis *r = container_of(t, struct redis, tell);

	list_for_each_safe (l, &r->observers) {
		struct redis_observer *o = list_entry(l, struct redis_observer, link);

		o->changed(o, r->commands.up);
	}
}

static void commands_changed(struct redis_link *l, bool up, const struct fail *why)
{
	struct redis *r = container_of(l, struct redis, commands);
	bool was = r->up;

	__atomic_store_n(&r->up, up, __ATOMIC_RELEASE);
	r->why = why ? *why : (struct fail)FAIL_INIT;
	metrics_set(r->metrics, METRIC_REDIS_UP, NULL, up);
	if (up)
		log_write(r->log, LOG_INFO, "redis.up", "s", "redis", r->url.name, NULL);
	else if (was || !r->told)
		log_write(r->log, LOG_WARN, "redis.down", "s", "redis", r->url.name, "s", "cause",
			  why->text, NULL);
	r->told = true;
	if (up != was)
		loop_defer(r->loop, &r->tell, tell_observers);
}

const char *redis_name(const struct redis *r)
{
	return r->url.name;
}

bool redis_is_up(const struct redis *r)
{
	return __atomic_load_n(&r->up, __ATOMIC_ACQUIRE);
}

void redis_observe(struct redis *r, struct redis_observer *o)
{
	list_append(&r->observers, &o->link);
}

void redis_observe_stop(struct redis_observer *o)
{
	if (list_linked(&o->link))
		list_remove(&o->link);
}

/* --- Channels ----------------------------------------------------------------------------- */

static struct redis_channel *channel_named(struct redis *r, const struct redisReply *name)
{
	list_for_each (l, &r->channels) {
		struct redis_channel *c = list_entry(l, struct redis_channel, link);

		if (strlen(c->name) == name->len && !memcmp(c->name, name->str, name->len))
			return c;
	}
	return NULL;
}

/* ["subscribe", channel, count] or ["message", channel, text]; NULL when the connection has ended. */
static void channel_said(struct redisAsyncContext *ac, void *answer, void *ctx)
{
	struct redis *r = ctx;
	const struct redisReply *reply = answer;
	struct redis_channel *c;

	if (!ac->data || !reply || !is_list(reply) || reply->elements < 3 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING)
		return;
	c = channel_named(r, reply->element[1]);
	if (!c)
		return;
	if (!strcmp(reply->element[0]->str, "subscribe") && c->joined)
		c->joined(c);
	else if (!strcmp(reply->element[0]->str, "message") &&
		 reply->element[2]->type == REDIS_REPLY_STRING)
		c->heard(c, reply->element[2]->str, reply->element[2]->len);
}

static void join(struct redis *r, struct redis_channel *c)
{
	redisAsyncCommand(r->channels_link.context, channel_said, r, "SUBSCRIBE %s", c->name);
}

/* Whether the other connection is up is told by the first one: commands fail or they do not. */
static void channels_changed(struct redis_link *l, bool up, const struct fail *why)
{
	struct redis *r = container_of(l, struct redis, channels_link);

	if (!up)
		return;
	list_for_each (at, &r->channels)
		join(r, list_entry(at, struct redis_channel, link));
}

void redis_listen(struct redis *r, struct redis_channel *c)
{
	bool first = list_empty(&r->channels) && !r->channels_link.loop;

	list_append(&r->channels, &c->link);
	if (first) {
		r->channels_link.loop = r->loop;
		redis_link_start(&r->channels_link);
	} else if (r->channels_link.up) {
		join(r, c);
	}
}

void redis_listen_stop(struct redis *r, struct redis_channel *c)
{
	if (!list_linked(&c->link))
		return;
	list_remove(&c->link);
	if (r->channels_link.up)
		redisAsyncCommand(r->channels_link.context, NULL, NULL, "UNSUBSCRIBE %s", c->name);
}

/* --- Made and taken down -------------------------------------------------------------------- */

static void link_init(struct redis *r, struct redis_link *l, const struct redis_options *options,
		      void (*changed)(struct redis_link *, bool, const struct fail *))
{
	l->url = &r->url;
	l->lane = r->lane;
	l->tls = r->tls;
	l->connect_timeout_ms = options->connect_timeout_ms;
	l->changed = changed;
}

static int open_parts(struct redis *r, const struct redis_options *options, struct fail *f)
{
	int code = redis_url_parse(options->url, &r->url, f);

	if (code < 0)
		return code;
	if (r->url.tls && !(r->tls = redis_tls_create(options->ca_file, f)))
		return ASSISTANT_ECONFIG;
	if (r->url.host && !(r->lane = lane_create(r->loop, "redis", 4)))
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	return 0;
}

int redis_open(struct loop *loop, const struct redis_options *options, struct redis **out,
	       struct fail *f)
{
	struct redis *r = calloc(1, sizeof(*r));
	int code;

	if (!r)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	r->loop = loop;
	r->command_timeout_ms = options->command_timeout_ms;
	r->metrics = options->metrics;
	r->log = options->log;
	list_init(&r->in_flight);
	list_init(&r->channels);
	list_init(&r->observers);
	code = open_parts(r, options, f);
	if (code < 0) {
		redis_destroy(r);
		return code;
	}
	log_hide(r->log, r->url.password);
	metrics_set(r->metrics, METRIC_REDIS_UP, NULL, 0);
	link_init(r, &r->commands, options, commands_changed);
	link_init(r, &r->channels_link, options, channels_changed);
	r->commands.loop = loop;
	redis_link_start(&r->commands);
	*out = r;
	return 0;
}

void redis_destroy(struct redis *r)
{
	if (!r)
		return;
	loop_timer_stop(&r->overdue);
	loop_task_cancel(&r->tell);
	redis_link_stop(&r->commands);
	redis_link_stop(&r->channels_link);
	PRE(list_empty(&r->in_flight));
	lane_destroy(r->lane);
	redis_tls_destroy(r->tls);
	redis_url_finish(&r->url);
	free(r);
}
