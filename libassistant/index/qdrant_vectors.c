/*
 * qdrant_vectors.c - which vectors are there, and those that wait for a build.
 */
#include <string.h>
#include "index/flat_points.h"
#include "index/qdrant_clean.h"
#include "index/qdrant_lookup.h"

/* --- Known? ------------------------------------------------------------------------------ */

struct known {
	struct qdrant_op op;
	const char *id;
	struct flat_rows rows;
	uint32_t *asked; /* their rows */
	bool *have;	 /* by row */
	size_t n;
	bool *out;
	struct qdrant_lookup lookup;
};

static flow_step known_look, known_end;

static struct known *known_of(struct flow *f)
{
	return container_of(qdrant_op_of(f), struct known, op);
}

static bool known_wanted(void *ctx, size_t i)
{
	return !((struct known *)ctx)->have[i];
}

static void known_found(void *ctx, const uint8_t hash[static POINT_HASH_SIZE], const float *vector)
{
	struct known *k = ctx;
	int64_t row = flat_rows_find(&k->rows, hash);

	(void)vector;
	if (row >= 0)
		k->have[row] = true;
}

static void known_look(struct flow *f)
{
	struct known *k = known_of(f);

	qdrant_lookup_begin(&k->lookup, f);
	flow_join(THEN(f, known_end));
}

static void known_end(struct flow *f)
{
	struct known *k = known_of(f);

	f->fail = k->lookup.fail;
	if (k->lookup.code < 0)
		flow_fail(f, k->lookup.code);
	else
		flow_done(f);
}

static void known_deliver(struct qdrant_op *op, struct wait *w)
{
	struct known *k = container_of(op, struct known, op);

	(void)w;
	for (size_t i = 0; i < k->n; i++)
		k->out[i] = k->have[k->asked[i]];
}

static int known_copy(struct known *k, const struct vector_space *space,
		      const uint8_t (*hashes)[POINT_HASH_SIZE], size_t n, struct fail *f)
{
	int r = flat_space_check(space, f);

	if (r < 0)
		return r;
	k->asked = arena_array(k->op.own, uint32_t, n + 1);
	k->have = arena_array(k->op.own, bool, n + 1);
	if (!k->asked || !k->have || !flat_rows_init(&k->rows, k->op.own, n))
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to look for %zu vectors", n);
	for (size_t i = 0; i < n; i++)
		k->asked[i] = flat_rows_add(&k->rows, hashes[i]);
	k->n = n;
	return 0;
}

void qdrant_known(struct index *index, const char *conference_id, struct vector_space space,
		  const uint8_t (*hashes)[POINT_HASH_SIZE], size_t n, bool *known, struct flow *f)
{
	struct known *k = qdrant_op_new(index, sizeof(*k), "known", f);
	struct fail fail = FAIL_INIT;
	int r;

	if (!k || !qdrant_op_id(&k->op, conference_id, &k->id, f))
		return;
	r = known_copy(k, &space, hashes, n, &fail);
	if (r < 0) {
		qdrant_op_refuse(&k->op, r, &fail, f);
		return;
	}
	k->out = known;
	k->op.deliver = known_deliver;
	k->lookup = (struct qdrant_lookup){
		.q = k->op.q,
		.conference_id = k->id,
		.hashes = (const uint8_t(*)[POINT_HASH_SIZE])k->rows.hashes,
		.n = k->rows.n,
		.wanted = known_wanted,
		.found = known_found,
		.ctx = k,
	};
	qdrant_generation(&space, k->lookup.generation);
	qdrant_op_start(&k->op, FIRST(known_look), f);
}

/* --- Staging --------------------------------------------------------------------------------- */

/* What another model's vectors of this conference wait in is found by its name, and emptied of them. */
struct stage {
	struct qdrant_op op;
	const char *id;
	struct vector_space space;
	char generation[QDRANT_GENERATION], *body;
	size_t n;
	struct qdrant_prepare prepare;
	struct qdrant_call call;
	struct json_object *collections; /* a reference */
	size_t at;
};

static flow_step stage_prepare, stage_prepared, stage_listed, stage_clear, stage_cleared,
	stage_write, stage_end;

static struct stage *stage_of(struct flow *f)
{
	return container_of(qdrant_op_of(f), struct stage, op);
}

static void stage_prepare(struct flow *f)
{
	struct stage *s = stage_of(f);

	if (!s->n) {
		flow_done(f);
		return;
	}
	qdrant_prepare_begin(&s->prepare, s->op.q, &s->space, f);
	flow_join(THEN(f, stage_prepared));
}

/* Once for a conference and a model, the others' leavings are looked for. */
static void stage_prepared(struct flow *f)
{
	struct stage *s = stage_of(f);
	const char *was = map_get(s->op.q->staging, s->id);

	if (s->prepare.code < 0) {
		f->fail = s->prepare.fail;
		flow_fail(f, s->prepare.code);
		return;
	}
	if (was && !strcmp(was, s->generation)) {
		stage_write(f);
		return;
	}
	qdrant_send(&s->call, s->op.q, f, "GET", NULL, "/collections");
	flow_join(THEN(f, stage_listed));
}

static void stage_listed(struct flow *f)
{
	struct stage *s = stage_of(f);
	int r = qdrant_failed(f, &s->call, 1);

	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	s->collections = json_object_get(json_get_array(s->call.result, "collections"));
	stage_clear(f);
}

static void stage_clear(struct flow *f)
{
	struct stage *s = stage_of(f);
	char own[QDRANT_NAME], plain[QDRANT_NAME];

	qdrant_set_name(s->op.q, SET_STAGED, s->generation, own);
	qdrant_set_name(s->op.q, SET_STAGED, NULL, plain);
	while (s->collections && s->at < json_object_array_length(s->collections)) {
		const char *name =
			json_text(json_object_array_get_idx(s->collections, s->at++), "name");

		if (strncmp(name, plain, strlen(plain)) != 0 || name[strlen(plain)] != '_' ||
		    !strcmp(name, own) || strpbrk(name, "/?#%"))
			continue;
		s->call.writes = s->call.missing = true;
		qdrant_send(&s->call, s->op.q, f, "POST", qdrant_of_conference(s->id),
			    "/collections/%s/points/delete?wait=true", name);
		flow_join(THEN(f, stage_cleared));
		return;
	}
	stage_write(f);
}

static void stage_cleared(struct flow *f)
{
	int r = qdrant_failed(f, &stage_of(f)->call, 1);

	if (r < 0)
		flow_fail(f, r);
	else
		stage_clear(f);
}

static void remember(struct stage *s)
{
	char *copy = strdup(s->generation);
	void *old = NULL;

	if (copy && map_put(s->op.q->staging, s->id, copy, &old) < 0)
		free(copy); /* it will be looked for again */
	free(old);
}

static void stage_write(struct flow *f)
{
	struct stage *s = stage_of(f);
	char name[QDRANT_NAME];

	remember(s);
	qdrant_set_name(s->op.q, SET_STAGED, s->generation, name);
	s->call.writes = true;
	s->call.missing = false;
	qdrant_send(&s->call, s->op.q, f, "PUT", TAKE_PTR(s->body),
		    "/collections/%s/points?wait=true", name);
	flow_join(THEN(f, stage_end));
}

static void stage_end(struct flow *f)
{
	int r = qdrant_failed(f, &stage_of(f)->call, 1);

	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

static void stage_finish(struct qdrant_op *op)
{
	struct stage *s = container_of(op, struct stage, op);

	qdrant_call_finish(&s->call);
	json_object_put(s->collections);
	free(s->body);
}

static void add_point(struct text *t, const struct stage *s, const struct index_point *p)
{
	char id[UUID_SIZE], hash[2 * POINT_HASH_SIZE + 1];

	qdrant_staged_id(s->id, s->generation, p->hash, id);
	qdrant_hash_text(p->hash, hash);
	text_printf(t, "{\"id\":\"%s\",\"vector\":{\"text\":", id);
	qdrant_text_vector(t, p->vector, s->space.dims);
	text_append(t, "},\"payload\":{\"conference_id\":");
	qdrant_text_string(t, s->id);
	text_printf(t, ",\"hash\":\"%s\",\"model\":", hash);
	qdrant_text_string(t, s->space.model);
	text_append(t, "}}");
}

static int stage_copy(struct stage *s, const struct index_points *points, struct fail *f)
{
	int r = flat_space_check(&points->space, f);
	struct text t;

	if (r < 0)
		return r;
	s->space = (struct vector_space){ arena_strdup(s->op.own, points->space.model),
					  points->space.dims };
	if (!s->space.model)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to stage vectors");
	qdrant_generation(&s->space, s->generation);
	text_init(&t, QDRANT_BODY);
	text_append(&t, "{\"points\":[");
	for (size_t i = 0; r == 0 && i < points->n; i++) {
		const struct index_point *p = &points->points[i];

		if (!p->vector)
			r = FAIL(f, ASSISTANT_EINVAL, "%.80s is to be staged and has no vector",
				 p->id);
		else
			r = flat_vector_check(p->vector, s->space.dims, p->id, f);
		text_append(&t, i ? "," : "");
		if (r == 0)
			add_point(&t, s, p);
	}
	text_append(&t, "]}");
	s->n = points->n;
	if (r == 0 && t.failed)
		r = FAIL(f, ASSISTANT_ETOOLARGE, "%zu vectors are too many to be staged at once",
			 points->n);
	s->body = text_take(&t);
	return r;
}

void qdrant_stage(struct index *index, const char *conference_id, const struct index_points *points,
		  struct flow *f)
{
	struct stage *s = qdrant_op_new(index, sizeof(*s), "stage", f);
	struct fail fail = FAIL_INIT;
	int r;

	if (!s)
		return;
	s->op.finish = stage_finish;
	if (!qdrant_op_id(&s->op, conference_id, &s->id, f))
		return;
	r = stage_copy(s, points, &fail);
	if (r < 0)
		qdrant_op_refuse(&s->op, r, &fail, f);
	else
		qdrant_op_start(&s->op, FIRST(stage_prepare), f);
}
