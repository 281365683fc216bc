/*
 * memory.c - the cache in this process: values, windows and locks in one map, each kind with a list
 * in order of use, all of them within one maximum of bytes.
 *
 * When room is needed, values go first (they can be made again), then windows, then locks; of each kind what was used
 * longest ago.
 */
#include <string.h>
#include "base/check.h"
#include "base/list.h"
#include "base/map.h"
#include "cache/cache_answer.h"

#define MAX_ENTRIES    1000000
#define ENTRY_OVERHEAD 64 /* the map's share and malloc's */

enum kind { VALUE, WINDOW, LOCK, KIND_COUNT };

struct entry {
	struct list used; /* in the list of its kind, newest first */
	enum kind kind;
	size_t bytes;
	int64_t expires_ms;
	/* VALUE: the value; LOCK: the owner */
	char *data;
	size_t len;
	/* WINDOW: when the allowed ones came, oldest first, in a ring */
	int64_t *times;
	size_t first, n, cap;
	char key[]; /* "v<key>" */
};

struct memory_cache {
	struct cache base;
	struct loop *loop;
	struct map *entries;
	struct list used[KIND_COUNT];
	size_t bytes, max_bytes;
	int refs; /* the owner and every operation */
};

static void cache_unref(struct memory_cache *c)
{
	if (--c->refs == 0)
		free(c);
}

/* --- Entries ------------------------------------------------------------------ */

static void entry_drop(struct memory_cache *c, struct entry *e)
{
	map_remove(c->entries, e->key);
	list_remove(&e->used);
	c->bytes -= e->bytes;
	free(e->data);
	free(e->times);
	free(e);
}

static bool expired(const struct memory_cache *c, const struct entry *e)
{
	return e->expires_ms <= loop_now_ms(c->loop);
}

/* With every call goes a little of what has expired and was not asked for since. */
static void sweep(struct memory_cache *c)
{
	for (unsigned k = 0; k < KIND_COUNT; k++) {
		for (int i = 0; i < 2 && !list_empty(&c->used[k]); i++) {
			struct entry *e = list_entry(c->used[k].prev, struct entry, used);

			if (!expired(c, e))
				break;
			entry_drop(c, e);
		}
	}
}

/* Drops others until `bytes` more fit; false: they never will. */
static bool make_room(struct memory_cache *c, size_t bytes, const struct entry *keep)
{
	if (bytes > c->max_bytes)
		return false;
	for (unsigned k = 0; k < KIND_COUNT; k++) {
		struct list *l = c->used[k].prev;

		while (c->bytes > c->max_bytes - bytes && l != &c->used[k]) {
			struct entry *e = list_entry(l, struct entry, used);

			l = l->prev;
			if (e != keep)
				entry_drop(c, e);
		}
	}
	return c->bytes <= c->max_bytes - bytes;
}

/* Live and now the newest of its kind; NULL: absent or expired. */
static struct entry *entry_get(struct memory_cache *c, enum kind kind, const char *key)
{
	char name[512];
	struct entry *e;

	if (snprintf(name, sizeof(name), "%c%s", "vwl"[kind], key) >= (int)sizeof(name))
		return NULL; /* none is kept */
	e = map_get(c->entries, name);
	if (e && expired(c, e)) {
		entry_drop(c, e);
		return NULL;
	}
	if (e) {
		list_remove(&e->used);
		list_prepend(&c->used[kind], &e->used);
	}
	return e;
}

/* Absent before.  NULL: no room, no memory, or a key over 500 bytes. */
static struct entry *entry_new(struct memory_cache *c, enum kind kind, const char *key,
			       const char *data, size_t len)
{
	size_t key_len = strlen(key);
	size_t bytes = sizeof(struct entry) + key_len + 2 + len + ENTRY_OVERHEAD;
	struct entry *e;

	if (key_len > 500 || len > c->max_bytes || !make_room(c, bytes, NULL))
		return NULL;
	e = calloc(1, sizeof(*e) + key_len + 2);
	if (!e)
		return NULL;
	snprintf(e->key, key_len + 2, "%c%s", "vwl"[kind], key);
	e->kind = kind;
	e->bytes = bytes;
	e->len = len;
	e->data = data ? malloc(len + 1) : NULL;
	if ((data && !e->data) || map_put(c->entries, e->key, e, NULL) < 0) {
		free(e->data);
		free(e);
		return NULL;
	}
	if (data) {
		memcpy(e->data, data, len);
		e->data[len] = 0;
	}
	c->bytes += bytes;
	list_prepend(&c->used[kind], &e->used);
	return e;
}

/* --- Operations ------------------------------------------------------------------ */

/* What was done at the call is told at delivery. */
struct cache_op {
	struct wait wait;
	struct memory_cache *cache;
	struct cache_answer answer;
	char data[];
};

static void deliver(struct wait *w)
{
	cache_answer_give(&container_of(w, struct cache_op, wait)->answer);
}

static void release(struct wait *w)
{
	struct cache_op *op = container_of(w, struct cache_op, wait);

	cache_unref(op->cache);
	free(op);
}

/* NULL: no memory, and f was told. */
static struct cache_op *op_begin(struct cache *cache, const struct entry *value, struct flow *f)
{
	struct memory_cache *c = container_of(cache, struct memory_cache, base);
	size_t len = value ? value->len : 0;
	struct cache_op *op = calloc(1, sizeof(*op) + len + 1);

	if (!op) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return NULL;
	}
	wait_begin(&op->wait, f);
	op->wait.deliver = deliver;
	op->wait.release = release;
	op->cache = c;
	c->refs++;
	if (len)
		memcpy(op->data, value->data, len);
	if (value)
		op->answer.value = (struct cache_value){ op->data, len };
	return op;
}

static void op_finish(struct cache_op *op)
{
	sweep(op->cache);
	wait_finish(&op->wait, 0, NULL);
}

static void ping(struct cache *cache, struct flow *f)
{
	struct cache_op *op = op_begin(cache, NULL, f);

	if (op)
		op_finish(op);
}

static void get(struct cache *cache, const char *key, struct arena *arena, struct cache_value *out,
		struct flow *f)
{
	struct memory_cache *c = container_of(cache, struct memory_cache, base);
	struct cache_op *op = op_begin(cache, entry_get(c, VALUE, key), f);

	if (!op)
		return;
	op->answer.arena = arena;
	op->answer.value_out = out;
	op_finish(op);
}

static void value_drop(struct memory_cache *c, const char *key)
{
	struct entry *e = entry_get(c, VALUE, key);

	if (e)
		entry_drop(c, e);
}

static void put(struct cache *cache, const char *key, const char *data, size_t len, int64_t ttl_ms,
		struct flow *f)
{
	struct memory_cache *c = container_of(cache, struct memory_cache, base);
	struct cache_op *op = op_begin(cache, NULL, f);
	struct entry *e;

	if (!op)
		return;
	value_drop(c, key);
	e = ttl_ms > 0 ? entry_new(c, VALUE, key, data, len) : NULL;
	if (e)
		e->expires_ms = loop_now_ms(c->loop) + ttl_ms;
	op_finish(op);
}

static void cache_remove(struct cache *cache, const char *key, struct flow *f)
{
	struct memory_cache *c = container_of(cache, struct memory_cache, base);
	struct cache_op *op = op_begin(cache, NULL, f);

	if (!op)
		return;
	value_drop(c, key);
	op_finish(op);
}

/* --- Windows ----------------------------------------------------------------------- */

static bool ring_grow(struct memory_cache *c, struct entry *e)
{
	size_t cap = e->cap ? 2 * e->cap : 4, more = (cap - e->cap) * sizeof(*e->times);
	int64_t *times = make_room(c, more, e) ? calloc(cap, sizeof(*times)) : NULL;

	if (!times)
		return false;
	for (size_t i = 0; i < e->n; i++)
		times[i] = e->times[(e->first + i) % e->cap];
	free(e->times);
	e->times = times;
	e->first = 0;
	e->cap = cap;
	e->bytes += more;
	c->bytes += more;
	return true;
}

static void forget_before(struct entry *e, int64_t time_ms)
{
	while (e->n && e->times[e->first] <= time_ms) {
		e->first = (e->first + 1) % e->cap;
		e->n--;
	}
}

/* Without room to remember it, one is let in uncounted: a cache may lose anything. */
static struct cache_window count_one(struct memory_cache *c, const char *key, int64_t window_ms,
				     int64_t limit)
{
	int64_t now = loop_now_ms(c->loop);
	struct entry *e = entry_get(c, WINDOW, key);

	if (limit <= 0)
		return (struct cache_window){ .retry_after_ms = window_ms };
	if (!e)
		e = entry_new(c, WINDOW, key, NULL, 0);
	if (!e)
		return (struct cache_window){ .count = 1, .allowed = true };
	forget_before(e, now - window_ms);
	if ((int64_t)e->n >= limit) {
		/* The first that must leave is the one that makes place among the newest `limit`. */
		int64_t leaves = e->times[(e->first + e->n - (size_t)limit) % e->cap];

		return (struct cache_window){ .count = (int64_t)e->n,
					      .retry_after_ms = leaves + window_ms - now };
	}
	e->expires_ms = now + window_ms;
	if (e->n < e->cap || ring_grow(c, e)) {
		e->times[(e->first + e->n) % e->cap] = now;
		e->n++;
	}
	return (struct cache_window){ .count = (int64_t)e->n, .allowed = true };
}

static void count(struct cache *cache, const char *key, int64_t window_ms, int64_t limit,
		  struct cache_window *out, struct flow *f)
{
	struct cache_op *op = op_begin(cache, NULL, f);

	if (!op)
		return;
	op->answer.window = count_one(op->cache, key, window_ms, limit);
	op->answer.window_out = out;
	op_finish(op);
}

/* --- Locks --------------------------------------------------------------------------- */

static void lock(struct cache *cache, const char *key, const char *owner, int64_t ttl_ms,
		 bool *held, struct flow *f)
{
	struct memory_cache *c = container_of(cache, struct memory_cache, base);
	struct cache_op *op = op_begin(cache, NULL, f);
	struct entry *e;

	if (!op)
		return;
	e = entry_get(c, LOCK, key);
	op->answer.held_out = held;
	if (!e)
		e = entry_new(c, LOCK, key, owner, strlen(owner));
	op->answer.held = e && !strcmp(e->data, owner);
	if (op->answer.held)
		e->expires_ms = loop_now_ms(c->loop) + ttl_ms;
	op_finish(op);
}

static void unlock(struct cache *cache, const char *key, const char *owner, struct flow *f)
{
	struct memory_cache *c = container_of(cache, struct memory_cache, base);
	struct cache_op *op = op_begin(cache, NULL, f);
	struct entry *e;

	if (!op)
		return;
	e = entry_get(c, LOCK, key);
	if (e && !strcmp(e->data, owner))
		entry_drop(c, e);
	op_finish(op);
}

static void destroy(struct cache *cache)
{
	struct memory_cache *c = container_of(cache, struct memory_cache, base);

	for (unsigned k = 0; k < KIND_COUNT; k++) {
		while (!list_empty(&c->used[k]))
			entry_drop(c, list_entry(c->used[k].next, struct entry, used));
	}
	map_destroy(c->entries, NULL);
	c->entries = NULL;
	cache_unref(c);
}

static const struct cache_ops ops = {
	.name = "memory",
	.destroy = destroy,
	.ping = ping,
	.get = get,
	.put = put,
	.remove = cache_remove,
	.count = count,
	.lock = lock,
	.unlock = unlock,
};

int memory_cache_open(struct loop *loop, size_t max_bytes, struct cache **out, struct fail *f)
{
	struct memory_cache *c = calloc(1, sizeof(*c));

	if (!c || !(c->entries = map_create(MAX_ENTRIES))) {
		free(c);
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a cache");
	}
	c->base.ops = &ops;
	c->loop = loop;
	c->max_bytes = max_bytes;
	c->refs = 1;
	for (unsigned k = 0; k < KIND_COUNT; k++)
		list_init(&c->used[k]);
	*out = &c->base;
	return 0;
}
