/*
 * embed_shared.c - vectors that one process has asked a remote embedder for are at hand for all that share a cache.
 *
 *	look up each text --> embed those that are missing, in one call --> keep them --> done
 *
 * A vector is found by the hash of model, kind and text, so a restart, another replica or a second ingest pays nothing for a text
 * that was embedded before.  A cache that is away costs no more than the look.
 */
#include <string.h>
#include "base/arena.h"
#include "base/check.h"
#include "base/hash.h"
#include "cache/cache.h"
#include "embedder/embedder.h"

#define KEEP_MS	  (7LL * 24 * 3600 * 1000)
#define OWN_BYTES (64UL << 20)

struct shared {
	struct embedder base;
	struct embedder_ops ops; /* with inner's name */
	struct embedder *inner;
	struct cache *cache;
	struct loop *loop;
	struct list all; /* struct op under way */
};

struct op {
	struct wait wait; /* the caller's */
	struct flow flow; /* ours */
	struct list link;
	struct shared *shared;
	struct arena *own;
	enum embed_kind kind;
	const char **texts, **keys;
	size_t n, at;
	struct cache_value value; /* of text `at` */
	float *vectors, *out;
	const char **missing; /* texts */
	size_t *places;	      /* of the missing ones */
	size_t n_missing;
	float *made; /* their vectors */
};

static flow_step op_look, op_looked, op_embed, op_keep, op_ended;

static struct op *op_of(struct flow *f)
{
	return container_of(f, struct op, flow);
}

static void op_look(struct flow *f)
{
	struct op *op = op_of(f);
	struct cache *cache = op->shared->cache;

	if (op->at == op->n)
		op_embed(f);
	else
		cache->ops->get(cache, op->keys[op->at], op->own, &op->value,
				THEN_ANYWAY(f, op_looked));
}

static void op_looked(struct flow *f)
{
	struct op *op = op_of(f);
	unsigned dims = op->shared->base.dims;

	if (f->status >= 0 && op->value.data && op->value.len == dims * sizeof(float)) {
		memcpy(op->vectors + op->at * dims, op->value.data, op->value.len);
	} else {
		op->missing[op->n_missing] = op->texts[op->at];
		op->places[op->n_missing++] = op->at;
	}
	op->at++;
	op_look(f);
}

static void op_embed(struct flow *f)
{
	struct op *op = op_of(f);
	struct embedder *inner = op->shared->inner;

	op->at = 0;
	if (op->n_missing)
		inner->ops->embed(inner, op->kind, op->missing, op->n_missing, op->made,
				  THEN(f, op_keep));
	else
		flow_done(f);
}

/* One after the other; whether the last ones were kept makes no difference. */
static void op_keep(struct flow *f)
{
	struct op *op = op_of(f);
	struct cache *cache = op->shared->cache;
	unsigned dims = op->shared->base.dims;
	const float *made = op->made + op->at * dims;
	size_t place;

	if (op->at == op->n_missing) {
		flow_done(f);
		return;
	}
	place = op->places[op->at++];
	memcpy(op->vectors + place * dims, made, dims * sizeof(float));
	cache->ops->put(cache, op->keys[place], (const char *)made, dims * sizeof(float), KEEP_MS,
			THEN_ANYWAY(f, op_keep));
}

static void op_ended(struct flow *f)
{
	struct op *op = op_of(f);

	list_remove(&op->link);
	wait_finish(&op->wait, f->status, &f->fail);
}

static void op_deliver(struct wait *w)
{
	struct op *op = container_of(w, struct op, wait);

	memcpy(op->out, op->vectors, op->n * op->shared->base.dims * sizeof(float));
}

static void op_cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct op, wait)->flow);
}

static void op_release(struct wait *w)
{
	arena_destroy(container_of(w, struct op, wait)->own);
}

/* --- The face ------------------------------------------------------------------------- */

static const char *key_of(struct op *op, const char *text)
{
	const struct embedder *e = &op->shared->base;
	const char *what = arena_printf(op->own, "%s %u %d %s", e->model, e->dims, op->kind, text);
	char digest[SHA256_HEX_SIZE];

	if (!what)
		return NULL;
	sha256_hex(what, strlen(what), digest);
	return arena_printf(op->own, "vector:%s", digest);
}

static bool fill(struct op *op, const char *const *texts, size_t n)
{
	unsigned dims = op->shared->base.dims;

	op->n = n;
	op->texts = arena_array(op->own, const char *, n);
	op->keys = arena_array(op->own, const char *, n);
	op->missing = arena_array(op->own, const char *, n);
	op->places = arena_array(op->own, size_t, n);
	op->vectors = arena_array(op->own, float, n *dims);
	op->made = arena_array(op->own, float, n *dims);
	if (!op->texts || !op->keys || !op->missing || !op->places || !op->vectors || !op->made)
		return false;
	for (size_t i = 0; i < n; i++) {
		op->texts[i] = arena_strdup(op->own, texts[i]);
		op->keys[i] = op->texts[i] ? key_of(op, op->texts[i]) : NULL;
		if (!op->keys[i])
			return false;
	}
	return true;
}

static void embed(struct embedder *base, enum embed_kind kind, const char *const *texts, size_t n,
		  float *out, struct flow *f)
{
	struct shared *s = container_of(base, struct shared, base);
	struct arena *own = arena_create(OWN_BYTES);
	struct op *op = own ? arena_new(own, struct op) : NULL;

	PRE(n >= 1 && n <= base->max_batch);
	if (op) {
		op->own = own;
		op->shared = s;
		op->kind = kind;
		op->out = out;
	}
	if (!op || !fill(op, texts, n)) {
		arena_destroy(own);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.cancel = op_cancel;
	op->wait.release = op_release;
	list_append(&s->all, &op->link);
	flow_begin(&op->flow, s->loop, NULL, "embed", FIRST(op_look), op_ended);
}

static void ping(struct embedder *base, struct flow *f)
{
	struct embedder *inner = container_of(base, struct shared, base)->inner;

	inner->ops->ping(inner, f);
}

static bool loading(const struct embedder *base)
{
	const struct embedder *inner = container_of(base, const struct shared, base)->inner;

	return inner->ops->loading && inner->ops->loading(inner);
}

static void destroy(struct embedder *base)
{
	struct shared *s = container_of(base, struct shared, base);

	while (!list_empty(&s->all))
		flow_cancel(&list_entry(s->all.next, struct op, link)->flow);
	embedder_destroy(s->inner);
	free(s);
}

int embed_shared_open(struct loop *loop, struct embedder *inner, struct cache *cache,
		      struct embedder **out, struct fail *f)
{
	struct shared *s = calloc(1, sizeof(*s));

	if (!s)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	s->base = *inner;
	s->ops = (struct embedder_ops){ .name = inner->ops->name,
					.destroy = destroy,
					.ping = ping,
					.embed = embed,
					.loading = loading };
	s->base.ops = &s->ops;
	s->inner = inner;
	s->cache = cache;
	s->loop = loop;
	list_init(&s->all);
	*out = &s->base;
	return 0;
}
