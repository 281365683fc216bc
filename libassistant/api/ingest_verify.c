/*
 * ingest_verify.c - does the index hold what the store holds, and vectors of what it says?
 */
#include "api/assistant_private.h"
#include "search/indexing.h"

struct verify {
	struct api_call call;
	const char *conference_id;
	struct snapshot *snapshot;
	char *report;
};

static flow_step verify_begin, verify_use, verify_index;

static void verify_begin(struct flow *f)
{
	struct verify *v = container_of(f, struct verify, call.flow);
	struct store *s = v->call.a->env.store;

	s->ops->snapshot(s, v->conference_id, &v->snapshot, THEN(f, verify_use));
}

/* The epoch may have moved since the catalog was loaded. */
static void verify_use(struct flow *f)
{
	struct verify *v = container_of(f, struct verify, call.flow);
	struct index *x = v->call.a->env.index;

	x->ops->use(x, v->conference_id, v->snapshot->epoch, THEN_ANYWAY(f, verify_index));
}

static void verify_index(struct flow *f)
{
	struct verify *v = container_of(f, struct verify, call.flow);
	const struct indexing_request rq = { .snapshot = v->snapshot,
					     .index = v->call.a->env.index,
					     .embedder = v->call.a->env.embedder };

	indexing_verify(&rq, f->loop, &v->report, THEN(f, api_call_done));
}

int assistant_ingest_verify(assistant *a, const char *conference, int timeout_ms,
			    char **report_json, assistant_error *err)
{
	struct verify v = { 0 };
	char id[128];
	int r = api_resolve(a, conference, timeout_ms, id, err);

	if (r < 0)
		return r;
	v.conference_id = id;
	r = API_CALL(a, &v.call, timeout_ms, verify_begin, err);
	if (!r)
		*report_json = TAKE_PTR(v.report);
	free(v.report);
	snapshot_unref(v.snapshot);
	api_call_finish(&v.call);
	return r;
}
