/*
 * guard_embedder.c - see guard_services.h.
 */
#include <string.h>
#include "base/arena.h"
#include "base/check.h"
#include "guard/guard_services.h"
#include "observe/metrics.h"

#define TEXTS_BYTES (64UL << 20)

struct guarded {
	struct embedder base;
	struct embedder_ops ops;
	struct embedder *inner;
	struct guard *guard;
};

struct embedding {
	struct guard_call call;
	struct guarded *g;
	struct arena *arena; /* the texts: the caller's live only until its call returns */
	enum embed_kind kind;
	const char **texts;
	size_t n;
	float *out;
};

static void attempt(struct guard_call *call, struct flow *f)
{
	struct embedding *e = container_of(call, struct embedding, call);
	struct embedder *inner = e->g->inner;

	inner->ops->embed(inner, e->kind, e->texts, e->n, e->out, f);
}

static void release(struct guard_call *call)
{
	struct embedding *e = container_of(call, struct embedding, call);

	arena_destroy(e->arena);
	free(e);
}

static bool copy_texts(struct embedding *e, const char *const *texts, size_t n)
{
	e->arena = arena_create(TEXTS_BYTES);
	e->texts = e->arena ? arena_array(e->arena, const char *, n) : NULL;
	for (size_t i = 0; e->texts && i < n; i++) {
		e->texts[i] = arena_strdup(e->arena, texts[i]);
		if (!e->texts[i])
			return false;
	}
	e->n = n;
	return e->texts != NULL;
}

static void embed(struct embedder *base, enum embed_kind kind, const char *const *texts, size_t n,
		  float *out, struct flow *f)
{
	struct guarded *g = container_of(base, struct guarded, base);
	struct embedding *e = calloc(1, sizeof(*e));

	if (!e || !copy_texts(e, texts, n)) {
		if (e)
			release(&e->call);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	e->g = g;
	e->kind = kind;
	e->out = out;
	e->call.what = "embed";
	e->call.attempt = attempt;
	e->call.release = release;
	guard_call(g->guard, &e->call, f);
}

static void ping(struct embedder *base, struct flow *f)
{
	struct guarded *g = container_of(base, struct guarded, base);
	struct fail fail = FAIL_INIT;

	if (guard_check(g->guard, &fail) < 0)
		flow_refuse(f, fail.code, &fail);
	else
		g->inner->ops->ping(g->inner, f);
}

static bool loading(const struct embedder *base)
{
	const struct embedder *inner = container_of(base, const struct guarded, base)->inner;

	return inner->ops->loading && inner->ops->loading(inner);
}

static void destroy(struct embedder *base)
{
	struct guarded *g = container_of(base, struct guarded, base);

	embedder_destroy(g->inner);
	guard_destroy(g->guard);
	free(g);
}

int guard_embedder_open(struct loop *loop, struct embedder *inner, const char *name,
			const struct guard_policy *policy, struct metrics *metrics, struct log *log,
			struct embedder **out, struct fail *f)
{
	struct guarded *g = calloc(1, sizeof(*g));
	struct guard *guard = guard_create(loop, name, policy, METRIC_EMBED_FAILURES, metrics, log);

	if (!g || !guard) {
		embedder_destroy(inner);
		guard_destroy(guard);
		free(g);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	*g = (struct guarded){ .base = *inner,
			       .inner = inner,
			       .guard = guard,
			       .ops = { .name = inner->ops->name,
					.destroy = destroy,
					.ping = ping,
					.embed = embed,
					.loading = loading } };
	g->base.ops = &g->ops;
	*out = &g->base;
	return 0;
}
