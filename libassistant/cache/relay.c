/*
 * relay.c - streams, and two kinds of channels beside them.
 *
 *	<prefix>events:<id>	stream, one entry per batch: b <base> n <first> <type> <json> <type> <json> ...
 *	<prefix>events:<id>	channel: the stream has grown
 *	<prefix>stop:<id>	key: it was asked to stop
 *	<prefix>stop		channel: the id of a reply that is to stop
 *	<prefix>changed		channel: what is served has changed at its source
 */
#include "cache/relay.h"
#include "aio/flow_op.h"

#include <errno.h>
#include <string.h>
#include "base/check.h"

#define KEEP_MS	     "600000" /* a stream, after its last word */
#define KEEP_STOP_MS "60000"
#define READ_ENTRIES 2000
#define SAY_WORDS    (9 + 2 * (RELAY_BATCH_EVENTS + 2))
#define READ_BYTES   (8 << 20) /* of one answer */

struct relay {
	struct loop *loop;
	struct redis *redis;
	char *prefix, *stop_name, *changed_name;
	struct redis_channel stops, changes;
	void (*changed)(void *ctx);
	void *changed_ctx;
	void (*stop)(void *ctx, const char *id);
	void *ctx;
	struct list ops; /* under way */
};

/* Emptied, not deleted: a stream that begins anew would give its positions again within one millisecond. */
static const char say_script[] =
	"if ARGV[1] == '1' then redis.call('XTRIM', KEYS[1], 'MAXLEN', 0) end\n"
	"redis.call('XADD', KEYS[1], '*', unpack(ARGV, 3))\n"
	"redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
	"redis.call('PUBLISH', KEYS[1], '')\n"
	"return redis.call('EXISTS', KEYS[2])\n";

static const char stop_script[] = "redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])\n"
				  "redis.call('PUBLISH', ARGV[2], ARGV[3])\n"
				  "return 1\n";

/* One command and what is made of its answer. */
struct op {
	struct flow_op base;
	struct relay *relay;
	struct redis_word *words;
	size_t n_words;
	struct redis_value answer;
	bool *stop_out;
	const char *after;
	struct arena *arena;
	struct relay_said *said_out;
};

static flow_step op_ask, op_answered;

static struct op *op_of(struct flow *f)
{
	return container_of(flow_op_of(f), struct op, base);
}

/* NULL: no memory, and f was told. */
static struct op *op_begin(struct relay *r, size_t max_words, void (*deliver)(struct flow_op *base),
			   struct flow *f)
{
	struct op *op = flow_op_new(sizeof(*op), READ_BYTES, f);

	if (!op)
		return NULL;
	op->relay = r;
	op->words = arena_array(op->base.own, struct redis_word, max_words);
	if (!op->words) {
		flow_op_refuse(&op->base, ASSISTANT_ENOMEM, NULL, f);
		return NULL;
	}
	op->base.deliver = deliver;
	flow_op_begin(&op->base, &r->ops, r->loop, "relay", FIRST(op_ask), f);
	return op;
}

static void word(struct op *op, const char *s)
{
	op->words[op->n_words++] = REDIS_WORD(arena_strdup(op->base.own, s));
}

static void word_name(struct op *op, const char *kind, const char *id)
{
	op->words[op->n_words++] =
		REDIS_WORD(arena_printf(op->base.own, "%s%s:%s", op->relay->prefix, kind, id));
}

static void word_number(struct op *op, unsigned long n)
{
	op->words[op->n_words++] = REDIS_WORD(arena_printf(op->base.own, "%lu", n));
}

static void op_ask(struct flow *f)
{
	struct op *op = op_of(f);

	redis_ask(op->relay->redis, op->words, op->n_words, op->base.own, &op->answer,
		  THEN(f, op_answered));
}

static void op_answered(struct flow *f)
{
	flow_done(f);
}

/* --- Saying ---------------------------------------------------------------------- */

static void say_deliver(struct flow_op *base)
{
	struct op *op = container_of(base, struct op, base);

	*op->stop_out = op->answer.number == 1;
}

void relay_say(struct relay *r, const char *id, const struct relay_batch *batch, bool anew,
	       bool *stop, struct flow *f)
{
	struct op *op = op_begin(r, SAY_WORDS, say_deliver, f);

	PRE(batch->n >= 1 && batch->n <= RELAY_BATCH_EVENTS);
	if (!op)
		return;
	op->stop_out = stop;
	word(op, "EVAL");
	word(op, say_script);
	word(op, "2");
	word_name(op, "events", id);
	word_name(op, "stop", id);
	word(op, anew ? "1" : "0");
	word(op, KEEP_MS);
	word(op, "b");
	word_number(op, batch->base);
	word(op, "n");
	word_number(op, batch->first);
	for (size_t i = 0; i < batch->n; i++) {
		word(op, batch->events[i].type);
		word(op, batch->events[i].json);
	}
}

/* --- Reading --------------------------------------------------------------------------- */

static bool is_text(const struct redis_value *v, const char *text)
{
	return v->kind == REDIS_TEXT && !strcmp(v->text, text);
}

static bool read_number(const struct redis_value *v, unsigned long *out)
{
	char *end;

	if (v->kind != REDIS_TEXT || !*v->text)
		return false;
	errno = 0;
	*out = strtoul(v->text, &end, 10);
	return !errno && !*end;
}

/* [position, [b, base, n, first, type, json, ...]] */
static bool read_entry(const struct redis_value *entry, struct arena *arena,
		       struct relay_batch *out)
{
	const struct redis_value *v =
		entry->kind == REDIS_LIST && entry->n == 2 ? &entry->items[1] : NULL;

	if (!v || entry->items[0].kind != REDIS_TEXT || v->kind != REDIS_LIST || v->n < 4 ||
	    v->n % 2 || !is_text(&v->items[0], "b") || !read_number(&v->items[1], &out->base) ||
	    !is_text(&v->items[2], "n") || !read_number(&v->items[3], &out->first))
		return false;
	out->n = v->n / 2 - 2;
	out->events = arena_array(arena, struct relay_event, out->n + 1);
	if (!out->events)
		return false;
	for (size_t i = 0; i < out->n; i++) {
		if (v->items[4 + 2 * i].kind != REDIS_TEXT ||
		    v->items[5 + 2 * i].kind != REDIS_TEXT)
			return false;
		out->events[i].type = arena_strdup(arena, v->items[4 + 2 * i].text);
		out->events[i].json = arena_strdup(arena, v->items[5 + 2 * i].text);
		if (!out->events[i].type || !out->events[i].json)
			return false;
	}
	return true;
}

/* NIL, or [[stream, [entry, ...]]] */
static bool read_said(struct op *op, struct relay_said *out)
{
	const struct redis_value *v = &op->answer, *entries;

	snprintf(out->position, sizeof(out->position), "%s", op->after);
	if (v->kind == REDIS_NIL)
		return true;
	if (v->kind != REDIS_LIST || v->n != 1 || v->items[0].kind != REDIS_LIST ||
	    v->items[0].n != 2 || v->items[0].items[1].kind != REDIS_LIST)
		return false;
	entries = &v->items[0].items[1];
	out->batches = arena_array(op->arena, struct relay_batch, entries->n + 1);
	for (size_t i = 0; out->batches && i < entries->n; i++) {
		if (!read_entry(&entries->items[i], op->arena, &out->batches[i]))
			return false;
		snprintf(out->position, sizeof(out->position), "%s",
			 entries->items[i].items[0].text);
	}
	out->n = entries->n;
	out->more = entries->n == READ_ENTRIES;
	return out->batches != NULL;
}

static void read_deliver(struct flow_op *base)
{
	struct op *op = container_of(base, struct op, base);
	struct relay_said said = { 0 };

	if (read_said(op, &said))
		*op->said_out = said;
	else
		base->wait.status =
			FAIL(&base->wait.fail, ASSISTANT_EPROTOCOL,
			     "The stream of a reply in Redis is not as it was written.");
}

void relay_read(struct relay *r, const char *id, const char *after, struct arena *arena,
		struct relay_said *out, struct flow *f)
{
	struct op *op = op_begin(r, 6, read_deliver, f);

	if (!op)
		return;
	op->arena = arena;
	op->said_out = out;
	op->after = arena_strdup(op->base.own, after);
	word(op, "XREAD");
	word(op, "COUNT");
	word_number(op, READ_ENTRIES);
	word(op, "STREAMS");
	word_name(op, "events", id);
	word(op, after);
}

/* --- Listening ---------------------------------------------------------------------------- */

static void ear_joined(struct redis_channel *c)
{
	struct relay_ear *e = container_of(c, struct relay_ear, channel);

	e->grown(e); /* meanwhile, perhaps */
}

static void ear_heard(struct redis_channel *c, const char *text, size_t len)
{
	struct relay_ear *e = container_of(c, struct relay_ear, channel);

	e->grown(e);
}

void relay_listen(struct relay *r, const char *id, struct relay_ear *e)
{
	snprintf(e->name, sizeof(e->name), "%sevents:%s", r->prefix, id);
	e->channel =
		(struct redis_channel){ .name = e->name, .joined = ear_joined, .heard = ear_heard };
	redis_listen(r->redis, &e->channel);
}

void relay_listen_stop(struct relay *r, struct relay_ear *e)
{
	redis_listen_stop(r->redis, &e->channel);
}

/* --- Stopping ------------------------------------------------------------------------------- */

void relay_ask_stop(struct relay *r, const char *id, struct flow *f)
{
	struct op *op = op_begin(r, 7, NULL, f);

	if (!op)
		return;
	word(op, "EVAL");
	word(op, stop_script);
	word(op, "1");
	word_name(op, "stop", id);
	word(op, KEEP_STOP_MS);
	word(op, r->stop_name);
	word(op, id);
}

static void stop_heard(struct redis_channel *c, const char *text, size_t len)
{
	struct relay *r = container_of(c, struct relay, stops);

	if (r->stop)
		r->stop(r->ctx, text);
}

void relay_on_stop(struct relay *r, void (*fn)(void *ctx, const char *id), void *ctx)
{
	r->stop = fn;
	r->ctx = ctx;
	if (fn && !list_linked(&r->stops.link))
		redis_listen(r->redis, &r->stops);
	else if (!fn)
		redis_listen_stop(r->redis, &r->stops);
}

/* --- Changes --------------------------------------------------------------------------- */

void relay_tell_changed(struct relay *r, struct flow *f)
{
	struct op *op = op_begin(r, 3, NULL, f);

	if (!op)
		return;
	word(op, "PUBLISH");
	word(op, r->changed_name);
	word(op, "");
}

static void changed_heard(struct redis_channel *c, const char *text, size_t len)
{
	struct relay *r = container_of(c, struct relay, changes);

	(void)text;
	(void)len;
	if (r->changed)
		r->changed(r->changed_ctx);
}

void relay_on_changed(struct relay *r, void (*fn)(void *ctx), void *ctx)
{
	r->changed = fn;
	r->changed_ctx = ctx;
	if (fn && !list_linked(&r->changes.link))
		redis_listen(r->redis, &r->changes);
	else if (!fn)
		redis_listen_stop(r->redis, &r->changes);
}

/* --- Made and taken down ------------------------------------------------------------------------ */

bool relay_is_up(const struct relay *r)
{
	return redis_is_up(r->redis);
}

void relay_observe(struct relay *r, struct redis_observer *o)
{
	redis_observe(r->redis, o);
}

int relay_open(struct loop *loop, struct redis *redis, const char *prefix, struct relay **out,
	       struct fail *f)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (r) {
		list_init(&r->ops);
		r->prefix = strdup(prefix);
		if (asprintf(&r->stop_name, "%sstop", prefix) < 0)
			r->stop_name = NULL;
		if (asprintf(&r->changed_name, "%schanged", prefix) < 0)
			r->changed_name = NULL;
	}
	if (!r || !r->prefix || !r->stop_name || !r->changed_name) {
		relay_destroy(r);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	r->loop = loop;
	r->redis = redis;
	r->stops = (struct redis_channel){ .name = r->stop_name, .heard = stop_heard };
	r->changes = (struct redis_channel){ .name = r->changed_name, .heard = changed_heard };
	*out = r;
	return 0;
}

void relay_destroy(struct relay *r)
{
	if (!r)
		return;
	flow_ops_cancel(&r->ops);
	if (r->redis)
		redis_listen_stop(r->redis, &r->stops);
	if (r->redis)
		redis_listen_stop(r->redis, &r->changes);
	free(r->changed_name);
	free(r->stop_name);
	free(r->prefix);
	free(r);
}
