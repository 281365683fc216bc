/*
 * doctor.c - looks at a set-up as an operator would: asks every service, then every conference.
 *
 *	index --> llm --> cache (what is shared, too) --> store (its layout, too) --> embedder
 *	      --> each conference: its records, its zone, its index --> doctor_findings.c
 */
#include "api/doctor.h"

#include "base/json.h"
#include "base/zone.h"
#include "cache/cache.h"
#include "embedder/embedder.h"

#define CACHE_LOOKS   10
#define CACHE_LOOK_MS 100

static flow_step doctor_begin, doctor_index, doctor_llm, doctor_look, doctor_cache, doctor_shared,
	doctor_store, doctor_conferences, doctor_layout, doctor_embedder, doctor_each,
	doctor_loaded, doctor_used, doctor_space;

static struct doctor *doctor_of(struct flow *f)
{
	return container_of(f, struct doctor, call.flow);
}

static struct env *env_of(struct flow *f)
{
	return &doctor_of(f)->call.a->env;
}

static void keep(struct doctor_outcome *out, const struct flow *f)
{
	out->status = f->status;
	out->fail = f->fail;
}

/* --- Services ----------------------------------------------------------------------- */

static void doctor_begin(struct flow *f)
{
	struct index *x = env_of(f)->index;

	x->ops->ping(x, THEN_ANYWAY(f, doctor_index));
}

static void doctor_index(struct flow *f)
{
	struct llm *l = env_of(f)->llm;

	keep(&doctor_of(f)->index, f);
	l->ops->ping(l, THEN_ANYWAY(f, doctor_llm));
}

static void doctor_llm(struct flow *f)
{
	keep(&doctor_of(f)->llm, f);
	doctor_look(f);
}

static void doctor_look(struct flow *f)
{
	struct cache *c = env_of(f)->cache;

	c->ops->ping(c, THEN_ANYWAY(f, doctor_cache));
}

/* A Redis that was chosen a moment ago may still be connecting. */
static void doctor_cache(struct flow *f)
{
	struct doctor *d = doctor_of(f);
	struct cache *c = env_of(f)->cache;

	keep(&d->cache, f);
	if (f->status < 0 && d->cache_looks++ < CACHE_LOOKS)
		flow_sleep(THEN(f, doctor_look), CACHE_LOOK_MS);
	else if (f->status >= 0 && c->ops->check)
		c->ops->check(c, d->call.arena, &d->shared_found, THEN_ANYWAY(f, doctor_shared));
	else
		doctor_store(f);
}

static void doctor_shared(struct flow *f)
{
	keep(&doctor_of(f)->shared, f);
	doctor_store(f);
}

static void doctor_store(struct flow *f)
{
	struct doctor *d = doctor_of(f);
	struct store *s = env_of(f)->store;

	s->ops->conferences(s, d->call.arena, &d->conferences, THEN_ANYWAY(f, doctor_conferences));
}

/* The layout also when it refuses: that says why. */
static void doctor_conferences(struct flow *f)
{
	struct doctor *d = doctor_of(f);
	struct store *s = env_of(f)->store;

	keep(&d->store, f);
	if (s->ops->check)
		s->ops->check(s, d->call.arena, &d->layout_found, THEN_ANYWAY(f, doctor_layout));
	else
		doctor_layout(f);
}

static void doctor_layout(struct flow *f)
{
	struct doctor *d = doctor_of(f);
	struct embedder *e = env_of(f)->embedder;

	keep(&d->layout, f);
	complete_progress(d->call.a, &d->completing);
	if (e)
		e->ops->ping(e, THEN_ANYWAY(f, doctor_embedder));
	else
		doctor_each(f);
}

static void doctor_embedder(struct flow *f)
{
	keep(&doctor_of(f)->embedder, f);
	doctor_each(f);
}

/* --- Conferences -------------------------------------------------------------------------- */

static struct doctor_conference *conference_of(struct flow *f)
{
	return &doctor_of(f)->each[doctor_of(f)->at];
}

static void doctor_each(struct flow *f)
{
	struct doctor *d = doctor_of(f);
	struct store *s = env_of(f)->store;
	const struct conference_brief *row = &d->conferences.rows[d->at];

	if (d->store.status < 0 || d->at == d->conferences.n || d->at == DOCTOR_CONFERENCES) {
		flow_done(f);
		return;
	}
	d->n = d->at + 1;
	conference_of(f)->id = row->id;
	conference_of(f)->name = row->name;
	s->ops->snapshot(s, row->id, &d->snapshot, THEN_ANYWAY(f, doctor_loaded));
}

static void look_at_records(struct doctor *d, struct doctor_conference *c)
{
	const struct snapshot *s = d->snapshot;
	struct zone *zone = NULL;

	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		c->n_records += s->n[e];
	c->n_left_out = s->n_left_out;
	c->left_out = s->n_left_out ? arena_strdup(d->call.arena, s->left_out[0]) : NULL;
	if (s->conference.timezone)
		c->timezone = arena_strdup(d->call.arena, s->conference.timezone);
	c->zone.status = zone_open(c->timezone ? c->timezone : "UTC", &zone, &c->zone.fail);
	zone_close(zone);
}

/* A remote store's epoch is known for sure once all was read. */
static void doctor_loaded(struct flow *f)
{
	struct doctor *d = doctor_of(f);
	struct doctor_conference *c = conference_of(f);
	struct index *x = env_of(f)->index;
	uint64_t epoch = d->conferences.rows[d->at].epoch;

	keep(&c->loaded, f);
	if (f->status >= 0) {
		epoch = d->snapshot->epoch;
		look_at_records(d, c);
		snapshot_unref(TAKE_PTR(d->snapshot));
	}
	x->ops->use(x, c->id, epoch, THEN_ANYWAY(f, doctor_used));
}

static void doctor_used(struct flow *f)
{
	struct doctor *d = doctor_of(f);
	struct doctor_conference *c = conference_of(f);
	struct index *x = env_of(f)->index;

	keep(&c->used, f);
	x->ops->space(x, c->id, d->call.arena, &c->space, &c->n_points,
		      THEN_ANYWAY(f, doctor_space));
}

static void doctor_space(struct flow *f)
{
	doctor_of(f)->at++;
	doctor_each(f);
}

/* --- The report --------------------------------------------------------------------------- */

static void not_yet(struct doctor_outcome *o)
{
	o->status = FAIL(&o->fail, ASSISTANT_ETIMEOUT, "There was no time to ask.");
}

int services_doctor(assistant *a, int timeout_ms, char **out, assistant_error *err)
{
	struct doctor *d = calloc(1, sizeof(*d));
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *findings = json_object_new_array();

	if (!d)
		return ASSISTANT_ENOMEM;
	json_set(o, "findings", findings);
	for (struct doctor_outcome *each[] = { &d->store, &d->layout, &d->embedder, &d->llm,
					       &d->cache, &d->index },
				   **at = each;
	     at < each + ARRAY_SIZE(each); at++)
		not_yet(*at);
	API_CALL(a, &d->call, timeout_ms, doctor_begin, err);
	doctor_judge(d, findings);
	snapshot_unref(d->snapshot);
	api_call_finish(&d->call);
	free(d);
	*out = json_dump(o);
	return *out ? 0 : ASSISTANT_ENOMEM;
}
