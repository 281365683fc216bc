/*
 * redis.c - the cache that all processes on one Redis share.
 *
 *	call --> command --answered--> result
 *	            +---not answered--> the same call of the local cache
 *
 * Counting and locking are small scripts, which Redis runs as one: two processes that count at once are counted one after
 * the other, by one clock.  They go as EVAL, not EVALSHA: 300 bytes more, and nothing to load again after Redis
 * was restarted.
 */
#include <inttypes.h>
#include <string.h>
#include "aio/flow_op.h"
#include "aio/redis.h"
#include "cache/cache_answer.h"
#include "cache/redis_check.h"
#include "observe/metrics.h"

struct redis_cache {
	struct cache base;
	struct loop *loop;
	struct redis *redis;
	struct cache *local;
	struct metrics *metrics;
	char *prefix;
	struct list ops; /* under way */
};

/* The times of the allowed ones, oldest first.  {allowed, count, retry after} */
static const char window_script[] =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"local window, limit = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
	"local first = redis.call('LINDEX', KEYS[1], 0)\n"
	"while first and tonumber(first) <= now - window do\n"
	"  redis.call('LPOP', KEYS[1])\n"
	"  first = redis.call('LINDEX', KEYS[1], 0)\n"
	"end\n"
	"local n = redis.call('LLEN', KEYS[1])\n"
	"if n >= limit then\n"
	"  return {0, n, redis.call('LINDEX', KEYS[1], -limit) + window - now}\n"
	"end\n"
	"redis.call('RPUSH', KEYS[1], string.format('%.0f', now))\n"
	"redis.call('PEXPIRE', KEYS[1], ARGV[1])\n"
	"return {1, n + 1, 0}\n";

static const char lock_script[] = "local owner = redis.call('GET', KEYS[1])\n"
				  "if owner and owner ~= ARGV[1] then return 0 end\n"
				  "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
				  "return 1\n";

static const char unlock_script[] =
	"if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end\n"
	"return 1\n";

enum verb { PING, GET, PUT, REMOVE, COUNT, LOCK, UNLOCK };

struct op {
	struct flow_op base;
	struct redis_cache *cache;
	enum verb verb;
	const char *key, *data; /* the caller's key; PUT: the value; LOCK, UNLOCK: the owner */
	size_t len;
	int64_t ms, limit;
	struct redis_value answer;
	struct cache_answer to;
};

static flow_step op_remote, op_answered, op_local, op_done;

static struct op *op_of(struct flow *f)
{
	return container_of(flow_op_of(f), struct op, base);
}

static void op_deliver(struct flow_op *base)
{
	struct op *op = container_of(base, struct op, base);

	cache_answer_give(&op->to);
}

/* Begins its flow, which looks at it in a later task: the caller may still fill it.  NULL: no memory, and f was told. */
static struct op *op_begin(struct cache *cache, enum verb verb, const char *key, size_t room,
			   struct flow *f)
{
	struct redis_cache *c = container_of(cache, struct redis_cache, base);
	struct op *op = flow_op_new(sizeof(*op), room + (1 << 20), f);

	if (!op)
		return NULL;
	op->base.deliver = op_deliver;
	op->cache = c;
	op->verb = verb;
	op->key = arena_strdup(op->base.own, key ? key : "");
	flow_op_begin(&op->base, &c->ops, c->loop, "cache", FIRST(op_remote), f);
	return op;
}

/* --- What is said to Redis ------------------------------------------------------ */

struct command {
	struct op *op;
	struct redis_word words[8];
	size_t n;
};

static void word(struct command *c, const char *s)
{
	c->words[c->n++] = REDIS_WORD(s);
}

static void word_number(struct command *c, int64_t n)
{
	word(c, arena_printf(c->op->base.own, "%" PRId64, n));
}

static void word_key(struct command *c, char kind)
{
	word(c, arena_printf(c->op->base.own, "%s%c:%s", c->op->cache->prefix, kind, c->op->key));
}

static void word_script(struct command *c, const char *script, char kind)
{
	word(c, "EVAL");
	word(c, script);
	word(c, "1");
	word_key(c, kind);
}

static void build(struct command *c)
{
	struct op *op = c->op;

	switch (op->verb) {
	case PING:
		word(c, "PING");
		break;
	case GET:
		word(c, "GET");
		word_key(c, 'v');
		break;
	case PUT:
		word(c, "SET");
		word_key(c, 'v');
		c->words[c->n++] = (struct redis_word){ op->data, op->len };
		word(c, "PX");
		word_number(c, op->ms);
		break;
	case REMOVE:
		word(c, "DEL");
		word_key(c, 'v');
		break;
	case COUNT:
		word_script(c, window_script, 'w');
		word_number(c, op->ms);
		word_number(c, op->limit);
		break;
	case LOCK:
		word_script(c, lock_script, 'l');
		word(c, op->data);
		word_number(c, op->ms);
		break;
	case UNLOCK:
		word_script(c, unlock_script, 'l');
		word(c, op->data);
		break;
	}
}

static void op_remote(struct flow *f)
{
	struct op *op = op_of(f);
	struct command c = { .op = op };

	build(&c);
	redis_ask(op->cache->redis, c.words, c.n, op->base.own, &op->answer,
		  THEN_ANYWAY(f, op_answered));
}

/* --- What Redis says ---------------------------------------------------------------- */

static bool read_window(struct op *op)
{
	const struct redis_value *v = &op->answer;

	if (v->kind != REDIS_LIST || v->n != 3)
		return false;
	op->to.window.allowed = v->items[0].number == 1;
	op->to.window.count = v->items[1].number;
	op->to.window.retry_after_ms = v->items[2].number;
	return true;
}

static bool read_answer(struct op *op)
{
	switch (op->verb) {
	case GET:
		metrics_add(op->cache->metrics, METRIC_CACHE_REQUESTS,
			    op->answer.kind == REDIS_TEXT ? "hit" : "miss", 1);
		op->to.value.data = op->answer.text;
		op->to.value.len = op->answer.len;
		return true;
	case COUNT:
		return read_window(op);
	case LOCK:
		op->to.held = op->answer.number == 1;
		return op->answer.kind == REDIS_NUMBER;
	case PING:
	case PUT:
	case REMOVE:
	case UNLOCK:
		break;
	}
	return true;
}

static void op_answered(struct flow *f)
{
	struct op *op = op_of(f);

	if (f->status >= 0 && read_answer(op))
		flow_done(f);
	else if (op->verb == PING)
		flow_fail(f, f->status < 0 ? f->status : ASSISTANT_EPROTOCOL);
	else
		op_local(f);
}

static void op_local(struct flow *f)
{
	struct op *op = op_of(f);
	struct cache *local = op->cache->local;

	switch (op->verb) {
	case GET:
		metrics_add(op->cache->metrics, METRIC_CACHE_REQUESTS, "local", 1);
		local->ops->get(local, op->key, op->base.own, &op->to.value, THEN(f, op_done));
		break;
	case PUT:
		local->ops->put(local, op->key, op->data, op->len, op->ms, THEN(f, op_done));
		break;
	case REMOVE:
		local->ops->remove(local, op->key, THEN(f, op_done));
		break;
	case COUNT:
		local->ops->count(local, op->key, op->ms, op->limit, &op->to.window,
				  THEN(f, op_done));
		break;
	case LOCK:
		local->ops->lock(local, op->key, op->data, op->ms, &op->to.held, THEN(f, op_done));
		break;
	case UNLOCK:
		local->ops->unlock(local, op->key, op->data, THEN(f, op_done));
		break;
	case PING:
		local->ops->ping(local, THEN(f, op_done));
		break;
	}
}

static void op_done(struct flow *f)
{
	flow_done(f);
}

/* --- The face ---------------------------------------------------------------------------- */

static void ping(struct cache *cache, struct flow *f)
{
	op_begin(cache, PING, NULL, 0, f);
}

static void get(struct cache *cache, const char *key, struct arena *arena, struct cache_value *out,
		struct flow *f)
{
	struct op *op = op_begin(cache, GET, key, 64 << 20, f);

	if (!op)
		return;
	op->to.arena = arena;
	op->to.value_out = out;
}

static void put(struct cache *cache, const char *key, const char *data, size_t len, int64_t ttl_ms,
		struct flow *f)
{
	struct op *op = op_begin(cache, ttl_ms > 0 ? PUT : REMOVE, key, len, f);

	if (!op)
		return;
	op->data = arena_strndup(op->base.own, data, len);
	op->len = len;
	op->ms = ttl_ms;
}

static void cache_remove(struct cache *cache, const char *key, struct flow *f)
{
	op_begin(cache, REMOVE, key, 0, f);
}

static void count(struct cache *cache, const char *key, int64_t window_ms, int64_t limit,
		  struct cache_window *out, struct flow *f)
{
	struct redis_cache *c = container_of(cache, struct redis_cache, base);
	struct op *op;

	if (limit <= 0) { /* nothing to count */
		c->local->ops->count(c->local, key, window_ms, limit, out, f);
		return;
	}
	op = op_begin(cache, COUNT, key, 0, f);
	if (!op)
		return;
	op->ms = window_ms;
	op->limit = limit;
	op->to.window_out = out;
}

static void lock(struct cache *cache, const char *key, const char *owner, int64_t ttl_ms,
		 bool *held, struct flow *f)
{
	struct op *op = op_begin(cache, LOCK, key, 0, f);

	if (!op)
		return;
	op->data = arena_strdup(op->base.own, owner);
	op->ms = ttl_ms;
	op->to.held_out = held;
}

static void unlock(struct cache *cache, const char *key, const char *owner, struct flow *f)
{
	struct op *op = op_begin(cache, UNLOCK, key, 0, f);

	if (op)
		op->data = arena_strdup(op->base.own, owner);
}

static void check(struct cache *cache, struct arena *arena, struct findings *out, struct flow *f)
{
	struct redis_cache *c = container_of(cache, struct redis_cache, base);

	redis_check(c->redis, c->loop, &c->ops, c->prefix, arena, out, f);
}

static void destroy(struct cache *cache)
{
	struct redis_cache *c = container_of(cache, struct redis_cache, base);

	flow_ops_cancel(&c->ops);
	cache_destroy(c->local);
	free(c->prefix);
	free(c);
}

static const struct cache_ops ops = {
	.name = "redis",
	.destroy = destroy,
	.ping = ping,
	.get = get,
	.put = put,
	.remove = cache_remove,
	.count = count,
	.lock = lock,
	.unlock = unlock,
	.check = check,
};

int redis_cache_open(struct loop *loop, struct redis *redis, const char *prefix,
		     struct cache *local, struct metrics *metrics, struct cache **out,
		     struct fail *f)
{
	struct redis_cache *c = calloc(1, sizeof(*c));

	if (!c || !(c->prefix = strdup(prefix))) {
		free(c);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	c->base.ops = &ops;
	c->loop = loop;
	c->redis = redis;
	c->local = local;
	c->metrics = metrics;
	list_init(&c->ops);
	*out = &c->base;
	return 0;
}
