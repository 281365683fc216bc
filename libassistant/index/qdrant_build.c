/*
 * qdrant_build.c - an epoch is written: beside everything that is asked, and nobody sees it before its pointer is there.
 *
 *	plan (lane) --> collections --> "begun" --> vectors that were made before --> points, body by body --> vocabulary
 *	   --> pointer: the switch --> what waited goes, what nobody uses any more goes
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "index/qdrant_body.h"
#include "index/qdrant_clean.h"
#include "index/qdrant_lookup.h"
#include "observe/log.h"

struct build {
	struct qdrant_op op;
	struct qdrant_plan *plan;
	struct vector_space space;
	const char *id;
	size_t *n_out; /* may be NULL */
	struct qdrant_prepare prepare;
	struct qdrant_lookup lookup;
	struct qdrant_clean clean;
	struct qdrant_call call;
	char *body;
	enum qdrant_set set;
	size_t chunk;
};

static flow_step build_plan, build_prepare, build_mark, build_gather, build_close, build_next,
	build_send, build_sent, build_words, build_point, build_unstage, build_clean, build_end;

static struct build *build_of(struct flow *f)
{
	return container_of(qdrant_op_of(f), struct build, op);
}

static bool failed(struct flow *f)
{
	int r = qdrant_failed(f, &build_of(f)->call, 1);

	if (r < 0)
		flow_fail(f, r);
	return r < 0;
}

static void put(struct flow *f, char *body, const char *name)
{
	struct build *b = build_of(f);

	b->call.writes = true;
	b->call.missing = false;
	qdrant_send(&b->call, b->op.q, f, "PUT", body, "/collections/%s/points?wait=true", name);
}

/* --- Before anything is written ---------------------------------------------------------- */

static void build_plan(struct flow *f)
{
	struct build *b = build_of(f);

	qdrant_plan_make(b->plan, b->op.q->lane, THEN(f, build_prepare));
}

static void build_prepare(struct flow *f)
{
	struct build *b = build_of(f);

	qdrant_prepare_begin(&b->prepare, b->op.q, &b->space, f);
	flow_join(THEN(f, build_mark));
}

/* What is known of a build; as a pointer it also says that it is whole. */
static char *about_build(const struct build *b, const char *id, const char *kind)
{
	const struct qdrant_plan *p = b->plan;
	size_t vectors = 0;
	struct text t;

	text_init(&t, 65536);
	text_printf(&t, "{\"points\":[{\"id\":\"%s\",\"vector\":{},\"payload\":{\"kind\":\"%s\"",
		    id, kind);
	text_append(&t, ",\"conference_id\":");
	qdrant_text_string(&t, b->id);
	text_printf(&t, ",\"build\":\"%s\",\"epoch\":\"%" PRIu64 "\",\"generation\":\"%s\"",
		    p->build, p->snapshot->epoch, b->prepare.generation);
	text_append(&t, ",\"model\":");
	qdrant_text_string(&t, b->space.model);
	text_printf(&t, ",\"dimensions\":%u,\"format\":%d,\"records\":%zu,\"points_in\":[",
		    b->space.dims, QDRANT_FORMAT, p->file.n_records);
	for (unsigned i = 0; i < SET_COUNT; i++) {
		text_printf(&t, "%s%zu", i ? "," : "", p->n_in[i]);
		vectors += p->n_in[i];
	}
	text_append(&t, "],\"records_of\":[");
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		text_printf(&t, "%s[%zu,%zu]", e ? "," : "", p->snapshot->n[e], p->n_near[e]);
	text_printf(&t, "],\"vectors\":%zu,\"word_chunks\":%zu,\"at\":%lld}}]}", vectors,
		    qdrant_words_chunks(&p->file), (long long)time(NULL));
	return text_take(&t);
}

static void build_mark(struct flow *f)
{
	struct build *b = build_of(f);
	char builds[QDRANT_NAME];

	if (b->prepare.code < 0) {
		f->fail = b->prepare.fail;
		flow_fail(f, b->prepare.code);
		return;
	}
	qdrant_builds_name(b->op.q, builds);
	put(f, about_build(b, b->plan->build, "build"), builds);
	flow_join(THEN(f, build_gather));
}

/* --- Vectors made before ----------------------------------------------------------------------- */

static bool is_wanted(void *ctx, size_t i)
{
	return !((struct build *)ctx)->plan->points.vectors[i];
}

static void give(void *ctx, const uint8_t hash[static POINT_HASH_SIZE], const float *vector)
{
	flat_points_give(&((struct build *)ctx)->plan->points, hash, vector);
}

static void build_gather(struct flow *f)
{
	struct build *b = build_of(f);
	struct flat_points *points = &b->plan->points;

	if (failed(f))
		return;
	if (!b->plan->with_points || !points->n_wanted) {
		build_close(f);
		return;
	}
	b->lookup = (struct qdrant_lookup){
		.q = b->op.q,
		.conference_id = b->id,
		.dims = b->space.dims,
		.hashes = (const uint8_t(*)[POINT_HASH_SIZE])points->rows.hashes,
		.n = points->rows.n,
		.wanted = is_wanted,
		.found = give,
		.ctx = b,
	};
	memcpy(b->lookup.generation, b->prepare.generation, QDRANT_GENERATION);
	qdrant_lookup_begin(&b->lookup, f);
	flow_join(THEN(f, build_close));
}

static void build_close(struct flow *f)
{
	struct build *b = build_of(f);

	if (b->lookup.code < 0) {
		f->fail = b->lookup.fail;
		flow_fail(f, b->lookup.code);
		return;
	}
	qdrant_plan_close(b->plan);
	build_next(f);
}

/* --- Points ---------------------------------------------------------------------------------------- */

static void build_next(struct flow *f)
{
	struct build *b = build_of(f);

	qdrant_plan_next(b->plan, b->op.q->lane, &b->body, &b->set, THEN(f, build_send));
}

static void build_send(struct flow *f)
{
	struct build *b = build_of(f);
	char name[QDRANT_NAME];

	if (!b->body) {
		build_words(f);
		return;
	}
	qdrant_set_name(b->op.q, b->set, b->prepare.generation, name);
	put(f, TAKE_PTR(b->body), name);
	flow_join(THEN(f, build_sent));
}

static void build_sent(struct flow *f)
{
	if (!failed(f))
		build_next(f);
}

static char *chunk_body(const struct build *b, size_t chunk)
{
	char id[UUID_SIZE];
	struct text t;

	qdrant_words_id(b->plan->build, chunk, id);
	text_init(&t, QDRANT_BODY);
	text_printf(&t,
		    "{\"points\":[{\"id\":\"%s\",\"vector\":{},\"payload\":{\"kind\":\"words\","
		    "\"conference_id\":",
		    id);
	qdrant_text_string(&t, b->id);
	text_printf(&t, ",\"build\":\"%s\",\"chunk\":%zu,", b->plan->build, chunk);
	qdrant_words_chunk(&b->plan->file, chunk, &t);
	text_append(&t, "}}]}");
	return text_take(&t);
}

static void build_words(struct flow *f)
{
	struct build *b = build_of(f);
	char builds[QDRANT_NAME];

	if (failed(f))
		return;
	if (b->chunk == qdrant_words_chunks(&b->plan->file)) {
		build_point(f);
		return;
	}
	qdrant_builds_name(b->op.q, builds);
	put(f, chunk_body(b, b->chunk++), builds);
	flow_join(THEN(f, build_words));
}

/* --- The switch, and what is left behind ---------------------------------------------------------- */

static void build_point(struct flow *f)
{
	struct build *b = build_of(f);
	char id[UUID_SIZE], builds[QDRANT_NAME];

	qdrant_pointer_id(b->id, b->plan->snapshot->epoch, id);
	qdrant_builds_name(b->op.q, builds);
	put(f, about_build(b, id, "epoch"), builds);
	flow_join(THEN(f, build_unstage));
}

static void build_unstage(struct flow *f)
{
	struct build *b = build_of(f);
	char name[QDRANT_NAME];
	char *uuid;

	if (failed(f))
		return;
	uuid = strdup(b->plan->build);
	if (uuid && map_put(b->op.q->built, uuid, uuid, NULL) < 0)
		free(uuid);
	if (!b->plan->with_points || b->plan->n_missing) {
		build_clean(f);
		return;
	}
	qdrant_set_name(b->op.q, SET_STAGED, b->prepare.generation, name);
	b->call.missing = true;
	qdrant_send(&b->call, b->op.q, f, "POST", qdrant_of_conference(b->id),
		    "/collections/%s/points/delete?wait=true", name);
	flow_join(THEN(f, build_clean));
}

/* What cannot be cleared away now is by the next build. */
static void build_clean(struct flow *f)
{
	struct build *b = build_of(f);

	if (b->call.code < 0)
		log_fail(b->op.q->log, LOG_DEBUG, "index.not_cleared", &b->call.fail);
	qdrant_clean_begin(&b->clean, b->op.q, b->id, f);
	flow_join(THEN(f, build_end));
}

static void build_end(struct flow *f)
{
	flow_done(f);
}

static void build_deliver(struct qdrant_op *op, struct wait *w)
{
	struct build *b = container_of(op, struct build, op);

	(void)w;
	if (b->n_out)
		*b->n_out = b->plan->n_missing;
}

static void build_finish(struct qdrant_op *op)
{
	struct build *b = container_of(op, struct build, op);

	qdrant_call_finish(&b->call);
	free(b->body);
	qdrant_plan_unref(b->plan);
}

void qdrant_build_epoch(struct index *index, struct snapshot *snapshot,
			const struct index_points *points, size_t *n_missing, struct flow *f)
{
	struct build *b = qdrant_op_new(index, sizeof(*b), "build", f);
	struct fail fail = FAIL_INIT;

	if (!b)
		return;
	b->op.finish = build_finish;
	b->op.deliver = build_deliver;
	b->n_out = n_missing;
	if (!qdrant_op_id(&b->op, snapshot->conference.id, &b->id, f))
		return;
	b->plan = qdrant_plan_create(snapshot, points, &fail);
	if (!b->plan) {
		qdrant_op_refuse(&b->op, fail.code, &fail, f);
		return;
	}
	b->space = points ? b->plan->points.given.space : (struct vector_space){ "", 0 };
	qdrant_op_start(&b->op, FIRST(build_plan), f);
}
