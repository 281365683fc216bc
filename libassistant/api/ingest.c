/*
 * ingest.c - one conference, checked record by record, then switched in at once.
 *
 *	begin --> add... --> commit: seal --> index.<epoch> built --> store's one transaction (the switch)
 */
#include "api/assistant_private.h"

#include <string.h>
#include "api/ingest_warnings.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "search/zone.h"

#define INGEST_MAX_BYTES   (1UL << 30)
#define INGEST_MAX_RECORDS 20000
#define INGEST_TIMEOUT_MS  600000

struct assistant_ingest {
	assistant *a;
	struct snapshot *snapshot;
	struct zone *zone;
	struct record *records[ENTITY_COUNT];
	size_t cap[ENTITY_COUNT];
	struct text hashed; /* digests of the parts */
	struct json_object *warnings;
	bool sealed, committed;
};

/* Digest of digests: the order of the records counts, their size does not. */
static void hash_part(struct assistant_ingest *i, const char *text, size_t len)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex(text, len, hex);
	text_append(&i->hashed, hex);
}

static int local_time(void *ctx, int64_t local_s, int64_t *unix_s)
{
	struct assistant_ingest *i = ctx;
	int64_t days = local_s / 86400, rest = local_s % 86400;

	/* zone_unix takes fields out of range: seconds since 1970 are as good as any. */
	*unix_s = zone_unix(i->zone, 1970, 1, 1 + (int)days, 0, 0, (int)rest);
	ingest_warn_clock(i->zone, local_s, *unix_s, i->warnings);
	return 0;
}

static int begin(struct assistant_ingest *i, const char *conference_json, struct fail *f)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct conference *c = &i->snapshot->conference;
	int r = json_parse(conference_json, strlen(conference_json), &o, f);

	if (!r)
		r = conference_parse(o, i->snapshot->arena, c, f);
	if (!r && !c->timezone)
		r = FAIL(f, ASSISTANT_EINVAL,
			 "timezone is missing; an IANA name such as Europe/Brussels is accepted.");
	if (!r && (!c->start_date || !c->end_date))
		r = FAIL(f, ASSISTANT_EINVAL,
			 "%s is missing; a date such as 2026-01-31 is accepted.",
			 c->start_date ? "end_date" : "start_date");
	if (!r && zone_open(c->timezone, &i->zone, NULL) < 0)
		r = FAIL(f, ASSISTANT_EINVAL,
			 "timezone is \"%.60s\"; an IANA name such as Europe/Brussels is accepted.",
			 c->timezone);
	if (!r)
		hash_part(i, conference_json, strlen(conference_json));
	return r;
}

int assistant_ingest_begin(assistant *a, const char *conference_json, assistant_ingest **out,
			   assistant_error *err)
{
	struct fail f = FAIL_INIT;
	struct assistant_ingest *i = calloc(1, sizeof(*i));

	if (!i || !a || !conference_json) {
		free(i);
		FAIL(&f, ASSISTANT_EINVAL, "An assistant and a conference are needed.");
		return fail_export(&f, err);
	}
	i->a = a;
	text_init(&i->hashed, INGEST_MAX_BYTES);
	i->warnings = json_object_new_array();
	i->snapshot = snapshot_create(INGEST_MAX_BYTES);
	if (!i->snapshot)
		FAIL(&f, ASSISTANT_ENOMEM, "Out of memory.");
	else if (!a->env.store->ops->ingest)
		FAIL(&f, ASSISTANT_EDENIED,
		     "Conferences are loaded from files into the embedded store only; this one is "
		     "%s.",
		     a->env.store->ops->name);
	else
		begin(i, conference_json, &f);
	if (f.code) {
		assistant_ingest_free(i);
		return fail_export(&f, err);
	}
	*out = i;
	return 0;
}

static int add(struct assistant_ingest *i, enum entity type, const char *record_json,
	       struct fail *f)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct arena *arena = i->snapshot->arena;
	size_t *n = &i->snapshot->n[type];
	int r = json_parse(record_json, strlen(record_json), &o, f);

	if (r < 0)
		return r;
	if (*n == INGEST_MAX_RECORDS)
		return FAIL(f, ASSISTANT_ETOOLARGE, "At most %d %s are accepted.",
			    INGEST_MAX_RECORDS, entity_plural(type));
	i->records[type] =
		arena_grow(arena, i->records[type], *n, &i->cap[type], sizeof(struct record));
	if (!i->records[type])
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	r = record_parse(type, o, arena, local_time, i, &i->records[type][*n], f);
	if (r < 0)
		return r;
	(*n)++;
	hash_part(i, record_json, strlen(record_json));
	return 0;
}

int assistant_ingest_add(assistant_ingest *i, const char *kind, const char *record_json,
			 assistant_error *err)
{
	struct fail f = FAIL_INIT;
	enum entity type;

	if (!i || !kind || !record_json || i->sealed)
		FAIL(&f, ASSISTANT_EINVAL, "An open ingest, a kind and a record are needed.");
	else if (entity_from(kind, &type) < 0)
		FAIL(&f, ASSISTANT_EINVAL,
		     "kind is \"%.40s\"; session, exhibitor and speaker are accepted.", kind);
	else
		add(i, type, record_json, &f);
	return fail_export(&f, err);
}

/* --- Commit ---------------------------------------------------------------------- */

struct commit {
	struct api_call call;
	struct assistant_ingest *ingest;
	char content_hash[SHA256_HEX_SIZE];
};

static flow_step commit_build, commit_store, commit_end, commit_use;

static struct commit *commit_of(struct flow *f)
{
	return container_of(f, struct commit, call.flow);
}

static void commit_build(struct flow *f)
{
	struct index *x = commit_of(f)->call.a->env.index;

	x->ops->build(x, commit_of(f)->ingest->snapshot, NULL, NULL, THEN(f, commit_store));
}

static void commit_store(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct store *s = c->call.a->env.store;

	s->ops->ingest(s, c->ingest->snapshot, c->content_hash, THEN(f, commit_use));
}

/* This process goes over at once; others see the new epoch when they look. */
static void commit_use(struct flow *f)
{
	struct commit *c = commit_of(f);
	struct index *x = c->call.a->env.index;
	const struct snapshot *s = c->ingest->snapshot;

	x->ops->use(x, s->conference.id, s->epoch, THEN(f, commit_end));
}

static void commit_end(struct flow *f)
{
	struct commit *c = commit_of(f);
	const struct snapshot *s = c->ingest->snapshot;

	for (int t = 0; t < ENTITY_COUNT; t++)
		metrics_add(c->call.a->env.metrics, METRIC_INGESTED, entity_name((enum entity)t),
			    (double)s->n[t]);
	flow_done(f);
}

static char *report_of(const struct assistant_ingest *i)
{
	const struct snapshot *s = i->snapshot;
	_cleanup_json_ struct json_object *o = json_object_new_object();

	json_set_string(o, "conference_id", s->conference.id);
	json_set_string(o, "name", s->conference.name);
	for (int t = 0; t < ENTITY_COUNT; t++)
		json_set_int(o, entity_plural((enum entity)t), (int64_t)s->n[t]);
	json_set_int(o, "info", (int64_t)s->conference.n_info);
	json_set_int(o, "epoch", (int64_t)s->epoch);
	json_set(o, "warnings", json_object_get(i->warnings));
	return json_dump(o);
}

static void progress(assistant_progress_fn *fn, void *user, const char *phase, size_t done,
		     size_t total)
{
	if (fn)
		fn(user, phase, done, total);
}

/* Whole and consistent?  Afterwards nothing can be added. */
static int seal(struct assistant_ingest *i, struct fail *f)
{
	int r;

	if (i->sealed)
		return 0;
	for (int t = 0; t < ENTITY_COUNT; t++)
		i->snapshot->records[t] = i->records[t];
	i->sealed = true;
	r = snapshot_seal(i->snapshot, f);
	if (!r)
		ingest_warnings(i->snapshot, i->zone, i->warnings);
	return r;
}

int assistant_ingest_check(assistant_ingest *i, char **report_json, assistant_error *err)
{
	struct fail f = FAIL_INIT;

	if (seal(i, &f) < 0)
		return fail_export(&f, err);
	if (report_json)
		*report_json = report_of(i);
	return 0;
}

int assistant_ingest_commit(assistant_ingest *i, assistant_progress_fn *fn, void *user,
			    char **report_json, assistant_error *err)
{
	struct commit c = { .ingest = i };
	struct snapshot *s = i->snapshot;
	struct fail f = FAIL_INIT;
	size_t total = s->n[ENTITY_SESSION] + s->n[ENTITY_EXHIBITOR] + s->n[ENTITY_SPEAKER];
	int r;

	progress(fn, user, "check", 0, total);
	if (i->committed)
		FAIL(&f, ASSISTANT_EINVAL, "This ingest was committed before.");
	else
		seal(i, &f);
	if (f.code)
		return fail_export(&f, err);
	progress(fn, user, "check", total, total);
	s->epoch = (uint64_t)clock_now_ms(i->a->wall);
	sha256_hex(i->hashed.data, i->hashed.len, c.content_hash);
	progress(fn, user, "index", 0, total);
	r = API_CALL(i->a, &c.call, INGEST_TIMEOUT_MS, commit_build, err);
	api_call_finish(&c.call);
	if (r < 0)
		return r;
	progress(fn, user, "write", total, total);
	i->committed = true;
	if (report_json)
		*report_json = report_of(i);
	return 0;
}

void assistant_ingest_free(assistant_ingest *i)
{
	if (!i)
		return;
	snapshot_unref(i->snapshot);
	zone_close(i->zone);
	text_finish(&i->hashed);
	json_object_put(i->warnings);
	free(i);
}

/* --- Verify ---------------------------------------------------------------------- */

struct verify {
	struct api_call call;
	const char *conference_id;
	struct snapshot *snapshot;
	char *report;
};

static flow_step verify_begin, verify_index;

static void verify_begin(struct flow *f)
{
	struct verify *v = container_of(f, struct verify, call.flow);
	struct store *s = v->call.a->env.store;

	s->ops->snapshot(s, v->conference_id, &v->snapshot, THEN(f, verify_index));
}

static void verify_index(struct flow *f)
{
	struct verify *v = container_of(f, struct verify, call.flow);
	struct index *x = v->call.a->env.index;

	x->ops->verify(x, v->snapshot, NULL, &v->report, THEN(f, api_call_done));
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
