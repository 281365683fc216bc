/*
 * embed_cache.c - vectors of the last questions, in order of use; one that is being made is waited for by all who ask for it.
 *
 *	absent --> pending ----> ready --> forgotten, when it is the one used longest ago and room is needed
 *		      +--> absent: it failed, or nobody waits for it any more
 */
#include <string.h>
#include "base/check.h"
#include "base/list.h"
#include "base/map.h"
#include "embedder/embedder.h"
#include "observe/metrics.h"

#define MAX_TEXT_BYTES 2048 /* longer questions are not kept */

struct embed_cache {
	struct embedder base;
	struct embedder_ops ops; /* with inner's name */
	struct embedder *inner;
	struct loop *loop;
	struct metrics *metrics;
	struct map *entries;
	struct list used; /* newest first */
	size_t n, max_entries;
};

struct entry {
	struct embed_cache *cache;
	struct flow flow;    /* makes the vector */
	struct list used;    /* in the cache's list */
	struct list waiting; /* asks */
	bool ready;
	char *text;
	float vector[];
};

/* One caller's wait. */
struct ask {
	struct wait wait;
	struct entry *entry; /* while it is pending */
	struct list link;
	float *out;
	size_t dims;
	float vector[];
};

/* --- Entries --------------------------------------------------------------------- */

static void entry_drop(struct entry *e)
{
	map_remove(e->cache->entries, e->text);
	list_remove(&e->used);
	e->cache->n--;
	free(e->text);
	free(e);
}

/* False: all are pending. */
static bool make_room(struct embed_cache *c)
{
	for (struct list *l = c->used.prev; c->n >= c->max_entries; l = l->prev) {
		struct entry *e;

		if (l == &c->used)
			return false;
		e = list_entry(l, struct entry, used);
		if (e->ready) {
			entry_drop(e);
			return true;
		}
	}
	return true;
}

static struct entry *entry_new(struct embed_cache *c, const char *text)
{
	struct entry *e;

	if (!make_room(c))
		return NULL;
	e = calloc(1, sizeof(*e) + c->base.dims * sizeof(float));
	if (!e)
		return NULL;
	e->cache = c;
	e->text = strdup(text);
	if (!e->text || map_put(c->entries, text, e, NULL) < 0) {
		free(e->text);
		free(e);
		return NULL;
	}
	list_init(&e->waiting);
	list_prepend(&c->used, &e->used);
	c->n++;
	return e;
}

static flow_step entry_embed, entry_embedded, entry_ended;

static void entry_embed(struct flow *f)
{
	struct entry *e = container_of(f, struct entry, flow);
	struct embedder *inner = e->cache->inner;
	const char *text = e->text;

	inner->ops->embed(inner, EMBED_QUERY, &text, 1, e->vector, THEN(f, entry_embedded));
}

static void entry_embedded(struct flow *f)
{
	flow_done(f);
}

static void ask_finish(struct ask *a, int status, const struct fail *fail)
{
	a->entry = NULL;
	list_remove(&a->link);
	wait_finish(&a->wait, status, fail);
}

static void entry_ended(struct flow *f)
{
	struct entry *e = container_of(f, struct entry, flow);

	list_for_each_safe (l, &e->waiting) {
		struct ask *a = list_entry(l, struct ask, link);

		if (f->status == 0)
			memcpy(a->vector, e->vector, a->dims * sizeof(float));
		ask_finish(a, f->status, &f->fail);
	}
	e->ready = f->status == 0;
	if (!e->ready)
		entry_drop(e);
}

/* --- Asking ---------------------------------------------------------------------- */

static void ask_deliver(struct wait *w)
{
	struct ask *a = container_of(w, struct ask, wait);

	memcpy(a->out, a->vector, a->dims * sizeof(float));
}

/* The last one to leave stops the work. */
static void ask_cancel(struct wait *w)
{
	struct ask *a = container_of(w, struct ask, wait);
	struct entry *e = a->entry;

	ask_finish(a, ASSISTANT_ECANCELED, NULL);
	if (e && list_empty(&e->waiting))
		flow_cancel(&e->flow);
}

static void ask_release(struct wait *w)
{
	free(container_of(w, struct ask, wait));
}

static void answer(struct embed_cache *c, struct entry *e, float *out, struct flow *f)
{
	struct ask *a = calloc(1, sizeof(*a) + c->base.dims * sizeof(float));

	if (!a) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	wait_begin(&a->wait, f);
	a->wait.deliver = ask_deliver;
	a->wait.cancel = ask_cancel;
	a->wait.release = ask_release;
	a->out = out;
	a->dims = c->base.dims;
	list_init(&a->link);
	if (e->ready) {
		memcpy(a->vector, e->vector, a->dims * sizeof(float));
		wait_finish(&a->wait, 0, NULL);
		return;
	}
	a->entry = e;
	list_append(&e->waiting, &a->link);
}

static void count(struct embed_cache *c, const char *result)
{
	metrics_add(c->metrics, METRIC_EMBED_CACHE, result, 1);
}

static void embed(struct embedder *base, enum embed_kind kind, const char *const *texts, size_t n,
		  float *out, struct flow *f)
{
	struct embed_cache *c = container_of(base, struct embed_cache, base);
	struct entry *e;

	PRE(n >= 1 && n <= base->max_batch);
	if (kind != EMBED_QUERY || n > 1 ||
	    strnlen(texts[0], MAX_TEXT_BYTES + 1) > MAX_TEXT_BYTES) {
		c->inner->ops->embed(c->inner, kind, texts, n, out, f);
		return;
	}
	e = map_get(c->entries, texts[0]);
	if (e) {
		count(c, e->ready ? "hit" : "shared");
		list_remove(&e->used);
		list_prepend(&c->used, &e->used);
		answer(c, e, out, f);
		return;
	}
	count(c, "miss");
	e = entry_new(c, texts[0]);
	if (!e) {
		c->inner->ops->embed(c->inner, kind, texts, n, out, f);
		return;
	}
	flow_begin(&e->flow, c->loop, NULL, "embed", FIRST(entry_embed), entry_ended);
	answer(c, e, out, f);
}

static void ping(struct embedder *base, struct flow *f)
{
	struct embed_cache *c = container_of(base, struct embed_cache, base);

	c->inner->ops->ping(c->inner, f);
}

static bool loading(const struct embedder *base)
{
	const struct embed_cache *c = container_of(base, struct embed_cache, base);

	return c->inner->ops->loading && c->inner->ops->loading(c->inner);
}

static void destroy(struct embedder *base)
{
	struct embed_cache *c = container_of(base, struct embed_cache, base);

	while (!list_empty(&c->used)) {
		struct entry *e = list_entry(c->used.next, struct entry, used);

		if (e->ready)
			entry_drop(e);
		else
			flow_cancel(&e->flow); /* tells those who wait, and drops it */
	}
	map_destroy(c->entries, NULL);
	embedder_destroy(c->inner);
	free(c);
}

int embed_cache_open(struct loop *loop, struct embedder *inner, size_t max_entries,
		     struct metrics *metrics, struct embedder **out, struct fail *f)
{
	struct embed_cache *c = calloc(1, sizeof(*c));

	PRE(max_entries > 0);
	if (!c || !(c->entries = map_create(max_entries))) {
		free(c);
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a cache");
	}
	c->base = *inner;
	c->ops = (struct embedder_ops){ .name = inner->ops->name,
					.destroy = destroy,
					.ping = ping,
					.embed = embed,
					.loading = loading };
	c->base.ops = &c->ops;
	c->inner = inner;
	c->loop = loop;
	c->metrics = metrics;
	c->max_entries = max_entries;
	list_init(&c->used);
	*out = &c->base;
	return 0;
}
