/*
 * ingest_verify.c - does the index hold what the store holds, and vectors of what it says?
 *
 *	a Directus: which conference --> its records --> is their index there? --> compared
 *	else:       its records -----------------------------------^
 *
 * Nothing is made: what lacks is a finding.
 */
#include "api/ingest_private.h"
#include <string.h>
#include "base/json.h"
#include "search/indexing.h"

struct verify {
	struct api_call call;
	const char *conference; /* as given, or its id */
	struct conference_list list;
	struct snapshot *snapshot;
	char *report;
};

static flow_step verify_list, verify_listed, verify_begin, verify_use, verify_index;

static struct verify *verify_of(struct flow *f)
{
	return container_of(f, struct verify, call.flow);
}

static void verify_list(struct flow *f)
{
	struct verify *v = verify_of(f);
	struct store *s = v->call.a->env.store;

	s->ops->look_again(s, false);
	s->ops->conferences(s, v->call.arena, &v->list, THEN(f, verify_listed));
}

static void verify_listed(struct flow *f)
{
	struct verify *v = verify_of(f);
	const struct conference_brief *found =
		ingest_choose(v->call.a, &v->list, v->conference, &f->fail);

	if (!found) {
		flow_fail(f, f->fail.code);
		return;
	}
	v->conference = found->id;
	verify_begin(f);
}

static void verify_begin(struct flow *f)
{
	struct verify *v = verify_of(f);
	struct store *s = v->call.a->env.store;

	s->ops->snapshot(s, v->conference, &v->snapshot, THEN(f, verify_use));
}

/* The epoch may have moved since the catalog was loaded. */
static void verify_use(struct flow *f)
{
	struct verify *v = verify_of(f);
	struct index *x = v->call.a->env.index;

	x->ops->use(x, v->conference, v->snapshot->epoch, THEN_ANYWAY(f, verify_index));
}

/* An index is made of one state of its records: without one of this state, they changed since, or none was made. */
static char *no_index(void)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *findings = json_object_new_array();

	json_object_array_add(
		findings, json_object_new_string("there is no index of what Directus holds now: "
						 "ingest it, or wait for a server that "
						 "follows it"));
	json_set_bool(o, "ok", false);
	json_set(o, "findings", findings);
	return json_dump(o);
}

static void verify_index(struct flow *f)
{
	struct verify *v = verify_of(f);
	struct env *env = &v->call.a->env;
	const struct indexing_request rq = { .snapshot = v->snapshot,
					     .index = env->index,
					     .embedder = env->embedder };

	if (f->status == ASSISTANT_ENOTFOUND && env->store->ops->look_again) {
		v->report = no_index();
		flow_done(f);
		return;
	}
	indexing_verify(&rq, f->loop, &v->report, THEN(f, api_call_done));
}

int assistant_ingest_verify(assistant *a, const char *conference, int timeout_ms,
			    char **report_json, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct verify v = { .conference = conference };
	char id[128];
	int r = api_enter(a, &inside, err);

	if (r < 0)
		return r;
	if (a->env.store->ops->look_again) {
		r = API_CALL(a, &v.call, timeout_ms, verify_list, err);
	} else {
		r = api_resolve(a, conference, timeout_ms, id, err);
		if (r < 0)
			return r;
		v.conference = id;
		r = API_CALL(a, &v.call, timeout_ms, verify_begin, err);
	}
	if (!r)
		*report_json = TAKE_PTR(v.report);
	free(v.report);
	snapshot_unref(v.snapshot);
	api_call_finish(&v.call);
	return r;
}
