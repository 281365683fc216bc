/*
 * guard_index.c - see guard_services.h.
 */
#include <string.h>
#include "guard/guard_services.h"
#include "observe/metrics.h"

struct guarded {
	struct index base;
	struct index_ops ops;
	struct index *inner;
	struct guard *guard;
};

/* A question; what it points at lives as long as the caller waits, but for the query itself. */
struct asking {
	struct guard_call call;
	struct index *inner;
	const char *conference_id;
	struct lexical_query lexical;
	struct index_filter filter;
	struct dense_query dense;
	int limit, offset;
	struct arena *arena;
	struct index_hits *hits;
	struct dense_hits *dense_hits;
	struct vector_space *space;
	size_t *n_points;
};

static struct guarded *guarded_of(struct index *x)
{
	return container_of(x, struct guarded, base);
}

static struct asking *asking_of(struct guard_call *call)
{
	return container_of(call, struct asking, call);
}

static void ask(struct index *x, const struct asking *asked, const char *what,
		void (*attempt)(struct guard_call *c, struct flow *f), struct flow *f)
{
	struct guarded *g = guarded_of(x);
	struct asking *a = calloc(1, sizeof(*a));

	if (!a) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	*a = *asked;
	a->inner = g->inner;
	a->call.what = what;
	a->call.attempt = attempt;
	guard_call(g->guard, &a->call, f);
}

/* --- Questions ------------------------------------------------------------------------- */

static void try_lexical(struct guard_call *call, struct flow *f)
{
	struct asking *a = asking_of(call);

	a->inner->ops->lexical(a->inner, a->conference_id, &a->lexical, a->arena, a->hits, f);
}

static void lexical(struct index *x, const char *conference_id, const struct lexical_query *q,
		    struct arena *arena, struct index_hits *out, struct flow *f)
{
	ask(x,
	    &(struct asking){
		    .conference_id = conference_id, .lexical = *q, .arena = arena, .hits = out },
	    "lexical", try_lexical, f);
}

static void try_list(struct guard_call *call, struct flow *f)
{
	struct asking *a = asking_of(call);

	a->inner->ops->list(a->inner, a->conference_id, &a->filter, a->limit, a->offset, a->arena,
			    a->hits, f);
}

static void list(struct index *x, const char *conference_id, const struct index_filter *filter,
		 int limit, int offset, struct arena *arena, struct index_hits *out, struct flow *f)
{
	ask(x,
	    &(struct asking){ .conference_id = conference_id,
			      .filter = *filter,
			      .limit = limit,
			      .offset = offset,
			      .arena = arena,
			      .hits = out },
	    "list", try_list, f);
}

static void try_dense(struct guard_call *call, struct flow *f)
{
	struct asking *a = asking_of(call);

	a->inner->ops->dense(a->inner, a->conference_id, &a->dense, a->arena, a->dense_hits, f);
}

static void dense(struct index *x, const char *conference_id, const struct dense_query *q,
		  struct arena *arena, struct dense_hits *out, struct flow *f)
{
	ask(x,
	    &(struct asking){ .conference_id = conference_id,
			      .dense = *q,
			      .arena = arena,
			      .dense_hits = out },
	    "dense", try_dense, f);
}

static void try_space(struct guard_call *call, struct flow *f)
{
	struct asking *a = asking_of(call);

	a->inner->ops->space(a->inner, a->conference_id, a->arena, a->space, a->n_points, f);
}

static void space(struct index *x, const char *conference_id, struct arena *arena,
		  struct vector_space *out, size_t *n_points, struct flow *f)
{
	ask(x,
	    &(struct asking){ .conference_id = conference_id,
			      .arena = arena,
			      .space = out,
			      .n_points = n_points },
	    "space", try_space, f);
}

/* --- What goes by ------------------------------------------------------------------------- */

static void ping(struct index *x, struct flow *f)
{
	struct guarded *g = guarded_of(x);
	struct fail fail = FAIL_INIT;

	if (guard_check(g->guard, &fail) < 0)
		flow_refuse(f, fail.code, &fail);
	else
		g->inner->ops->ping(g->inner, f);
}

static void known(struct index *x, const char *conference_id, struct vector_space of,
		  const uint8_t (*hashes)[POINT_HASH_SIZE], size_t n, bool *out, struct flow *f)
{
	struct index *inner = guarded_of(x)->inner;

	inner->ops->known(inner, conference_id, of, hashes, n, out, f);
}

static void stage(struct index *x, const char *conference_id, const struct index_points *points,
		  struct flow *f)
{
	struct index *inner = guarded_of(x)->inner;

	inner->ops->stage(inner, conference_id, points, f);
}

static void build(struct index *x, struct snapshot *snapshot, const struct index_points *points,
		  size_t *n_missing, struct flow *f)
{
	struct index *inner = guarded_of(x)->inner;

	inner->ops->build(inner, snapshot, points, n_missing, f);
}

static void use(struct index *x, const char *conference_id, uint64_t epoch, struct flow *f)
{
	struct index *inner = guarded_of(x)->inner;

	inner->ops->use(inner, conference_id, epoch, f);
}

static void verify(struct index *x, struct snapshot *snapshot, const struct index_points *expected,
		   char **json, struct flow *f)
{
	struct index *inner = guarded_of(x)->inner;

	inner->ops->verify(inner, snapshot, expected, json, f);
}

static void destroy(struct index *x)
{
	struct guarded *g = guarded_of(x);

	index_destroy(g->inner);
	guard_destroy(g->guard);
	free(g);
}

int guard_index_open(struct loop *loop, struct index *inner, const char *name,
		     const struct guard_policy *policy, struct metrics *metrics, struct log *log,
		     struct index **out, struct fail *f)
{
	struct guarded *g = calloc(1, sizeof(*g));
	struct guard *guard = guard_create(loop, name, policy, METRIC_INDEX_FAILURES, metrics, log);

	if (!g || !guard) {
		index_destroy(inner);
		guard_destroy(guard);
		free(g);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	*g = (struct guarded){ .inner = inner,
			       .guard = guard,
			       .ops = { .name = inner->ops->name,
					.destroy = destroy,
					.ping = ping,
					.lexical = lexical,
					.list = list,
					.dense = dense,
					.known = known,
					.stage = stage,
					.space = space,
					.build = build,
					.use = use,
					.verify = verify } };
	g->base.ops = &g->ops;
	*out = &g->base;
	return 0;
}
