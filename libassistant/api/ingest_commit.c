/*
 * ingest_commit.c - what an ingest changes, and the change itself.
 *
 *	stored? --> its index in use --> plan: what is to be embedded?
 *	   --> all as it was: done, nothing written
 *	   --> else: embed, index.<epoch> built --> store's one transaction (the switch) --> index in use
 */
#include "api/ingest_private.h"

#include <string.h>
#include "api/ingest_warnings.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "embedder/embedder.h"
#include "observe/metrics.h"
#include "search/indexing.h"
#include "base/zone.h"

struct commit {
	struct api_call call;
	struct assistant_ingest *ingest;
	bool dry, unchanged, indexed;
	char content_hash[SHA256_HEX_SIZE];
	struct conference_list list;
	struct snapshot *stored; /* NULL: a new conference */
	uint64_t stored_epoch;
	const char *stored_hash;
	struct indexing_counts counts;
	struct vector_space space; /* of the index in use */
	size_t n_points;
	int64_t embedding_since_ms, embedded_ms;
	assistant_progress_fn *fn;
	void *user;
	/* under a->mutex: for the caller's thread */
	const char *phase;
	size_t done, total;
};

static flow_step commit_begin, commit_found, commit_used, commit_plan, commit_planned,
	commit_compared, commit_index, commit_store, commit_use, commit_end;

static struct commit *commit_of(struct flow *f)
{
	return container_of(f, struct commit, call.flow);
}

static struct snapshot *snapshot_of(const struct commit *c)
{
	return c->ingest->snapshot;
}

/* --- Telling ----------------------------------------------------------------------- */

/* Loop thread.  Whoever makes progress may go on. */
static void tell(struct commit *c, const char *phase, size_t done, size_t total)
{
	pthread_mutex_lock(&c->call.a->mutex);
	c->phase = phase;
	c->done = done;
	c->total = total;
	pthread_mutex_unlock(&c->call.a->mutex);
	flow_set_deadline(&c->call.flow, INGEST_STALL_MS);
	api_call_tell(&c->call);
}

static void told(struct api_call *call)
{
	struct commit *c = container_of(call, struct commit, call);
	const char *phase;
	size_t done, total;

	pthread_mutex_lock(&call->a->mutex);
	phase = c->phase;
	done = c->done;
	total = c->total;
	pthread_mutex_unlock(&call->a->mutex);
	if (c->fn)
		c->fn(c->user, phase, done, total);
}

static void embedded(void *ctx, size_t done, size_t total)
{
	tell(ctx, "embed", done, total);
}

/* --- What is there ------------------------------------------------------------------- */

bool ingest_under_way(struct assistant_ingest *i, struct flow *f)
{
	bool cancelled;

	pthread_mutex_lock(&i->a->mutex);
	i->under_way = f;
	cancelled = i->cancelled;
	pthread_mutex_unlock(&i->a->mutex);
	return !cancelled;
}

/* The index of what was read may be there: another process made it, or a run before. */
static void commit_use_read(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct index *x = c->call.a->env.index;

	x->ops->use(x, snapshot_of(c)->conference.id, snapshot_of(c)->epoch,
		    THEN_ANYWAY(f, commit_plan));
}

static void commit_begin(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct store *s = c->call.a->env.store;

	if (!ingest_under_way(c->ingest, f)) {
		flow_fail(f, ASSISTANT_ECANCELED);
		return;
	}
	if (c->ingest->index_only)
		commit_use_read(f);
	else
		s->ops->conferences(s, c->call.arena, &c->list, THEN(f, commit_found));
}

static void commit_found(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct store *s = c->call.a->env.store;
	const char *id = snapshot_of(c)->conference.id;

	for (size_t i = 0; i < c->list.n; i++) {
		if (strcmp(c->list.rows[i].id, id) != 0)
			continue;
		c->stored_epoch = c->list.rows[i].epoch;
		c->stored_hash = c->list.rows[i].content_hash;
		s->ops->snapshot(s, id, &c->stored, THEN(f, commit_used));
		return;
	}
	commit_plan(f);
}

/* Vectors that were made before are looked for in the index in use: it may be another process that uses it so far. */
static void commit_used(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct index *x = c->call.a->env.index;
	const struct snapshot *kept = c->ingest->stored;
	struct fail emptied = FAIL_INIT;

	if (f->status >= 0 && c->ingest->from &&
	    ingest_check_emptied(c->ingest, c->stored->n, &emptied) < 0) {
		f->fail = emptied;
		flow_fail(f, emptied.code);
		return;
	}
	if (kept && kept->epoch != c->stored->epoch) {
		flow_fail(f,
			  FAIL(&f->fail, ASSISTANT_ECONFLICT,
			       "Another ingest of this conference was committed meanwhile; ingest "
			       "again."));
		return;
	}
	x->ops->use(x, c->stored->conference.id, c->stored->epoch, THEN_ANYWAY(f, commit_plan));
}

static void commit_plan(struct flow *f)
{
	struct commit *c = commit_of(f);
	const struct indexing_request rq = { .snapshot = snapshot_of(c),
					     .index = c->call.a->env.index,
					     .embedder = c->call.a->env.embedder,
					     .embed = c->ingest->embed };

	c->indexed = (c->stored || c->ingest->index_only) && f->status >= 0;
	indexing_plan(&rq, f->loop, &c->counts, THEN(f, commit_planned));
}

static void commit_planned(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct index *x = c->call.a->env.index;

	if (c->ingest->index_only && c->indexed) {
		x->ops->space(x, snapshot_of(c)->conference.id, c->call.arena, &c->space,
			      &c->n_points, THEN(f, commit_compared));
		return;
	}
	c->unchanged = c->indexed && c->counts.embedded == 0 && c->stored_hash &&
		       !strcmp(c->stored_hash, c->content_hash);
	if (c->dry || c->unchanged)
		flow_done(f);
	else
		commit_index(f);
}

/* Vectors may be known that the index in use lacks: it was built before they were made. */
static void commit_compared(struct flow *f)
{
	struct commit *c = commit_of(f);
	bool whole =
		!c->call.a->env.embedder || c->ingest->embed || c->n_points == c->counts.points;

	c->unchanged = c->counts.embedded == 0 && whole;
	if (c->dry || c->unchanged)
		flow_done(f);
	else
		commit_index(f);
}

/* --- The change ------------------------------------------------------------------------- */

static void commit_index(struct flow *f)
{
	struct commit *c = commit_of(f);
	const struct indexing_request rq = { .snapshot = snapshot_of(c),
					     .index = c->call.a->env.index,
					     .embedder = c->call.a->env.embedder,
					     .embed = c->ingest->embed,
					     .progress = embedded,
					     .ctx = c };

	c->embedding_since_ms = loop_now_ms(f->loop);
	tell(c, "index", 0, c->counts.points);
	indexing_run(&rq, f->loop, &c->counts, THEN(f, commit_store));
}

static void commit_store(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct store *s = c->call.a->env.store;

	c->embedded_ms = loop_now_ms(f->loop) - c->embedding_since_ms;
	/* the switch is not interrupted: nobody would know which way it went */
	if (!ingest_under_way(c->ingest, NULL)) {
		flow_fail(f, ASSISTANT_ECANCELED);
		return;
	}
	tell(c, "write", 0, 1);
	if (c->ingest->index_only)
		commit_use(f);
	else
		s->ops->ingest(s, snapshot_of(c), c->content_hash, THEN(f, commit_use));
}

/* This process goes over at once; others see the new epoch when they look. */
static void commit_use(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct index *x = c->call.a->env.index;
	const struct snapshot *s = snapshot_of(c);

	x->ops->use(x, s->conference.id, s->epoch, THEN(f, commit_end));
}

static void commit_end(struct flow *f)
{
	struct commit *c = commit_of(f);
	const struct snapshot *s = snapshot_of(c);

	for (int t = 0; t < ENTITY_COUNT; t++)
		metrics_add(c->call.a->env.metrics, METRIC_INGESTED, entity_name((enum entity)t),
			    (double)s->n[t]);
	tell(c, "write", 1, 1);
	flow_done(f);
}

/* --- From outside -------------------------------------------------------------------------- */

int ingest_seal(struct assistant_ingest *i, struct fail *f)
{
	int r;

	if (i->sealed)
		return 0;
	if (i->index_only) { /* the store has sealed it */
		i->sealed = true;
		ingest_warnings(i->snapshot, i->zone, i->warnings);
		return 0;
	}
	for (int t = 0; t < ENTITY_COUNT; t++)
		i->snapshot->records[t] = i->records[t];
	i->sealed = true;
	r = snapshot_seal(i->snapshot, f);
	if (!r)
		ingest_warnings(i->snapshot, i->zone, i->warnings);
	return r;
}

static void report_texts(struct json_object *o, const struct commit *c)
{
	const struct embedder *e = c->call.a->env.embedder;

	json_set_int(o, "texts", (int64_t)c->counts.texts);
	json_set_int(o, "embedded", (int64_t)c->counts.embedded);
	json_set_int(o, "reused", (int64_t)c->counts.reused);
	json_set_double(o, "embedding_seconds", (double)c->embedded_ms / 1000);
	if (e)
		json_set_string(o, "model", e->model);
	else
		json_set(o, "model", NULL);
}

static char *report_of(const struct commit *c)
{
	const struct assistant_ingest *i = c->ingest;
	const struct snapshot *s = i->snapshot;
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *changes;
	bool is_new = !c->stored;

	bool unchanged = c->unchanged;

	changes = i->index_only ? ingest_source_changes(i, &is_new, &unchanged)
				: ingest_changes(c->stored, s);

	json_set_string(o, "conference_id", s->conference.id);
	json_set_string(o, "name", s->conference.name);
	for (int t = 0; t < ENTITY_COUNT; t++)
		json_set_int(o, entity_plural((enum entity)t), (int64_t)s->n[t]);
	json_set_int(o, "info", (int64_t)s->conference.n_info);
	json_set_int(o, "epoch",
		     (int64_t)(c->unchanged && !i->index_only ? c->stored_epoch : s->epoch));
	json_set_bool(o, "new", is_new);
	json_set_bool(o, "unchanged", unchanged);
	json_set(o, "changes", changes);
	report_texts(o, c);
	json_set(o, "warnings", json_object_get(i->warnings));
	return json_dump(o);
}

/* What was posted to the loop has run when a later call is back. */
void ingest_flow_over(struct assistant_ingest *i)
{
	struct api_call barrier = { 0 };

	if (ingest_under_way(i, NULL))
		return;
	API_CALL(i->a, &barrier, -1, api_call_done, NULL);
	api_call_finish(&barrier);
}

static int run(struct commit *c, char **report_json, assistant_error *err)
{
	struct assistant_ingest *i = c->ingest;
	int r;

	c->call.tell = told;
	if (!i->index_only)
		i->snapshot->epoch = (uint64_t)clock_now_ms(i->a->wall);
	snapshot_content_hash(i->snapshot, c->content_hash);
	r = API_CALL(i->a, &c->call, INGEST_STALL_MS, commit_begin, err);
	ingest_flow_over(i);
	if (r >= 0 && report_json)
		*report_json = report_of(c);
	snapshot_unref(c->stored);
	api_call_finish(&c->call);
	return r;
}

int assistant_ingest_check(assistant_ingest *i, char **report_json, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct commit c = { .ingest = i, .dry = true };
	struct fail f = FAIL_INIT;
	int r = api_enter(i->a, &inside, err);

	if (r == 0)
		r = ingest_read(i, NULL, NULL, err);
	if (r < 0)
		return r;
	if (ingest_seal(i, &f) < 0)
		return fail_export(&f, err);
	return run(&c, report_json, err);
}

int assistant_ingest_commit(assistant_ingest *i, assistant_progress_fn *fn, void *user,
			    char **report_json, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct commit c = { .ingest = i, .fn = fn, .user = user };
	const struct snapshot *s;
	struct fail f = FAIL_INIT;
	size_t total;
	int r = api_enter(i->a, &inside, err);

	if (r == 0)
		r = ingest_read(i, fn, user, err);
	if (r < 0)
		return r;
	s = i->snapshot;
	total = s->n[ENTITY_SESSION] + s->n[ENTITY_EXHIBITOR] + s->n[ENTITY_SPEAKER];
	if (fn)
		fn(user, "check", 0, total);
	if (i->committed)
		FAIL(&f, ASSISTANT_EINVAL, "This ingest was committed before.");
	else
		ingest_seal(i, &f);
	if (f.code)
		return fail_export(&f, err);
	if (fn)
		fn(user, "check", total, total);
	r = run(&c, report_json, err);
	i->committed = r >= 0;
	if (i->committed)
		ingest_remember(i);
	return r;
}

/* --- Giving up ------------------------------------------------------------------------------ */

static void cancel_posted(struct loop_post *p)
{
	struct assistant_ingest *i = container_of(p, struct assistant_ingest, cancel);

	if (i->under_way)
		flow_cancel(i->under_way);
}

void assistant_ingest_cancel(assistant_ingest *i)
{
	_inside_ assistant *inside = NULL;
	bool first;

	if (!i || api_enter(i->a, &inside, NULL) < 0)
		return;
	pthread_mutex_lock(&i->a->mutex);
	first = !i->cancelled && i->under_way;
	i->cancelled = true;
	pthread_mutex_unlock(&i->a->mutex);
	if (first)
		loop_post(i->a->env.loop, &i->cancel, cancel_posted);
}
