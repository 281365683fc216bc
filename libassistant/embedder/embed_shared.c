/*
 * embed_shared.c - vectors that one process has asked a remote embedder for are at hand for all that share a cache.
 *
 *	look up each text --> embed those that are missing, in one call --> keep them --> done
 *
 * A vector is found by the hash of model, kind and text, so a restart, another replica or a second ingest pays nothing for a text
 * that was embedded before.  A cache that is away costs no more than the look.
 */
#include <string.h>
#include "aio/flow_op.h"
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
	struct flow_op base;
	struct shared *shared;
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

static flow_step op_look, op_looked, op_embed, op_keep;

static struct op *op_of(struct flow *f)
{
	return container_of(flow_op_of(f), struct op, base);
}

static void op_look(struct flow *f)
{
	struct op *op = op_of(f);
	struct cache *cache = op->shared->cache;

	if (op->at == op->n)
		op_embed(f);
	else
		cache->ops->get(cache, op->keys[op->at], op->base.own, &op->value,
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

static void op_deliver(struct flow_op *base)
{
	struct op *op = container_of(base, struct op, base);

	memcpy(op->out, op->vectors, op->n * op->shared->base.dims * sizeof(float));
}

/* --- The face ------------------------------------------------------------------------- */

static const char *key_of(struct op *op, const char *text)
{
	const struct embedder *e = &op->shared->base;
	const char *what =
		arena_printf(op->base.own, "%s %u %d %s", e->model, e->dims, op->kind, text);
	char digest[SHA256_HEX_SIZE];

	if (!what)
		return NULL;
	sha256_hex(what, strlen(what), digest);
	return arena_printf(op->base.own, "vector:%s", digest);
}

static bool fill(struct op *op, const char *const *texts, size_t n)
{
	unsigned dims = op->shared->base.dims;

	op->n = n;
	op->texts = arena_array(op->base.own, const char *, n);
	op->keys = arena_array(op->base.own, const char *, n);
	op->missing = arena_array(op->base.own, const char *, n);
	op->places = arena_array(op->base.own, size_t, n);
	op->vectors = arena_array(op->base.own, float, n *dims);
	op->made = arena_array(op->base.own, float, n *dims);
	if (!op->texts || !op->keys || !op->missing || !op->places || !op->vectors || !op->made)
		return false;
	for (size_t i = 0; i < n; i++) {
		op->texts[i] = arena_strdup(op->base.own, texts[i]);
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
	struct op *op = flow_op_new(sizeof(*op), OWN_BYTES, f);

	PRE(n >= 1 && n <= base->max_batch);
	if (!op)
		return;
	op->base.deliver = op_deliver;
	op->shared = s;
	op->kind = kind;
	op->out = out;
	if (fill(op, texts, n))
		flow_op_begin(&op->base, &s->all, s->loop, "embed", FIRST(op_look), f);
	else
		flow_op_refuse(&op->base, ASSISTANT_ENOMEM, NULL, f);
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

	flow_ops_cancel(&s->all);
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
