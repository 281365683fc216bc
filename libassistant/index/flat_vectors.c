/*
 * flat_vectors.c - the operations on vectors.
 *
 *	loop                    lane "index"                     lane "index.build"
 *	dense, space ---------> scan, copy out
 *	stage ------------------------------------------------->  journal
 *	known ------------------------------------------------->  journal, file in use, other files
 */
#include "index/flat_vectors.h"
#include <dirent.h>
#include <string.h>
#include "base/map.h"
#include "index/flat_dense.h"
#include "index/engine.h"
#include "index/flat_journal.h"
#include "index/flat_points.h"

/* --- Nearest in meaning ----------------------------------------------------------- */

struct dense_op {
	struct flat_op op;
	struct dense_query query;
	struct dense_hits hits, *out;
	struct arena *arena;
};

static int dense_body(struct flat_op *op, struct fail *f)
{
	struct dense_op *o = container_of(op, struct dense_op, op);

	return flat_dense(op->file, op->index->kernels, &o->query, op->arena, &o->hits, f);
}

static void dense_deliver(struct wait *w)
{
	struct dense_op *o = container_of(w, struct dense_op, op.work.wait);

	w->status = dense_hits_copy(&o->hits, o->arena, o->out, &w->fail);
}

static int dense_copy(struct dense_op *o, const struct dense_query *q, struct fail *f)
{
	size_t bytes = q->space.dims * sizeof(float);
	float *vector;
	int r = flat_space_check(&q->space, f);

	if (r == 0)
		r = flat_vector_check(q->vector, q->space.dims, "the question", f);
	if (r < 0)
		return r;
	o->query = *q;
	o->query.space.model = arena_strdup(o->op.arena, q->space.model);
	vector = arena_alloc(o->op.arena, bytes);
	o->query.vector = vector;
	if (!vector || !o->query.space.model ||
	    !index_filter_copy(&q->filter, o->op.arena, &o->query.filter))
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	memcpy(vector, q->vector, bytes);
	return 0;
}

void flat_dense_start(struct index *index, const char *conference_id, const struct dense_query *q,
		      struct arena *arena, struct dense_hits *out, struct flow *f)
{
	struct dense_op *o = flat_op_new(index, sizeof(*o), "dense", dense_body, f);
	struct fail fail = FAIL_INIT;
	int r;

	if (!o || !flat_op_file(&o->op, conference_id, q->filter.epoch, f))
		return;
	o->arena = arena;
	o->out = out;
	r = dense_copy(o, q, &fail);
	if (r < 0)
		flat_give_up(&o->op, r, &fail, f);
	else
		flat_submit(&o->op, o->op.index->queries, dense_deliver, f);
}

/* --- Which vectors are in use -------------------------------------------------------- */

struct space_op {
	struct flat_op op;
	struct arena *arena;
	struct vector_space *out;
	size_t *n_out;
};

static int space_body(struct flat_op *op, struct fail *f)
{
	(void)op;
	(void)f;
	return 0;
}

static void space_deliver(struct wait *w)
{
	struct space_op *o = container_of(w, struct space_op, op.work.wait);
	const struct flat_header *h = o->op.file->header;
	const char *model = arena_strdup(o->arena, h->model);

	if (!model) {
		w->status = FAIL(&w->fail, ASSISTANT_ENOMEM, "no memory for a model's name");
		return;
	}
	*o->out = (struct vector_space){ .model = model, .dims = h->dims };
	*o->n_out = o->op.file->n_points;
}

void flat_space(struct index *index, const char *conference_id, struct arena *arena,
		struct vector_space *space, size_t *n_points, struct flow *f)
{
	struct space_op *o = flat_op_new(index, sizeof(*o), "space", space_body, f);

	if (!o || !flat_op_file(&o->op, conference_id, 0, f))
		return;
	o->arena = arena;
	o->out = space;
	o->n_out = n_points;
	flat_submit(&o->op, o->op.index->queries, space_deliver, f);
}

/* --- Where vectors are ------------------------------------------------------------------ */

static int staged_path(const struct flat_index *x, const char *id, char path[static FLAT_PATH])
{
	int n = snprintf(path, FLAT_PATH, "%s/staged.%s", x->directory, id);

	return n > 0 && n < FLAT_PATH ? 0 : ASSISTANT_EINVAL;
}

static bool offer_file(const struct flat_file *x, const struct vector_space *space,
		       flat_offer_fn *fn, void *ctx)
{
	bool enough = false;

	if (!x || !flat_space_is(x, space))
		return false;
	for (size_t i = 0; !enough && i < x->n_hashes; i++)
		enough = fn(ctx, x->hashes[i], x->vectors + i * x->header->stride);
	return enough;
}

/* Whatever cannot be read is none to take vectors from. */
static bool offer_path(const struct flat_index *x, const char *name,
		       const struct vector_space *space, flat_offer_fn *fn, void *ctx)
{
	struct flat_file file = { 0 };
	char path[FLAT_PATH];
	bool enough;

	if (snprintf(path, sizeof(path), "%s/%s", x->directory, name) >= FLAT_PATH ||
	    flat_file_map(&file, path, NULL) < 0)
		return false;
	enough = offer_file(&file, space, fn, ctx);
	flat_file_finish(&file);
	return enough;
}

static void offer_directory(const struct flat_index *x, const char *id,
			    const struct vector_space *space, flat_offer_fn *fn, void *ctx)
{
	DIR *directory = opendir(x->directory);
	char prefix[FLAT_CONFERENCE + 16];
	struct dirent *entry;
	size_t n = (size_t)snprintf(prefix, sizeof(prefix), "index.%s.", id);
	bool enough = false;

	while (!enough && directory && (entry = readdir(directory))) {
		if (strncmp(entry->d_name, prefix, n) == 0 && entry->d_name[n] &&
		    entry->d_name[n + strspn(entry->d_name + n, "0123456789")] == '\0')
			enough = offer_path(x, entry->d_name, space, fn, ctx);
	}
	if (directory)
		closedir(directory);
}

struct offering {
	flat_offer_fn *fn;
	void *ctx;
	bool enough;
};

static bool offer_staged(void *ctx, const uint8_t hash[static POINT_HASH_SIZE], const float *vector)
{
	struct offering *o = ctx;

	o->enough = o->fn(o->ctx, hash, vector);
	return o->enough;
}

int flat_each_vector(struct flat_op *op, const char *conference_id,
		     const struct vector_space *space, flat_offer_fn *fn, void *ctx, struct fail *f)
{
	struct offering staged = { fn, ctx, false };
	char path[FLAT_PATH];
	int r = staged_path(op->index, conference_id, path);

	if (r < 0)
		return FAIL(f, r, "the index's path is too long");
	r = flat_journal_read(path, space, offer_staged, &staged, f);
	if (r == 0 && !staged.enough && !offer_file(op->file, space, fn, ctx))
		offer_directory(op->index, conference_id, space, fn, ctx);
	return r;
}

/* --- Known? -------------------------------------------------------------------------------- */

struct known_op {
	struct flat_op op;
	const char *id;
	struct vector_space space;
	struct flat_rows rows;
	uint32_t *asked; /* their rows */
	bool *have;	 /* by row */
	size_t n, n_unknown;
	bool *out;
};

static bool found(void *ctx, const uint8_t hash[static POINT_HASH_SIZE], const float *vector)
{
	struct known_op *o = ctx;
	int64_t row = flat_rows_find(&o->rows, hash);

	(void)vector;
	if (row >= 0 && !o->have[row]) {
		o->have[row] = true;
		o->n_unknown--;
	}
	return o->n_unknown == 0;
}

static int known_body(struct flat_op *op, struct fail *f)
{
	struct known_op *o = container_of(op, struct known_op, op);

	o->n_unknown = o->rows.n;
	return o->rows.n ? flat_each_vector(op, o->id, &o->space, found, o, f) : 0;
}

static void known_deliver(struct wait *w)
{
	struct known_op *o = container_of(w, struct known_op, op.work.wait);

	for (size_t i = 0; i < o->n; i++)
		o->out[i] = o->have[o->asked[i]];
}

static int known_copy(struct known_op *o, const struct vector_space *space,
		      const uint8_t (*hashes)[POINT_HASH_SIZE], size_t n, struct fail *f)
{
	int r = flat_space_check(space, f);

	if (r < 0)
		return r;
	o->space = (struct vector_space){ arena_strdup(o->op.arena, space->model), space->dims };
	o->asked = arena_array(o->op.arena, uint32_t, n + 1);
	o->have = arena_array(o->op.arena, bool, n + 1);
	if (!o->space.model || !o->asked || !o->have || !flat_rows_init(&o->rows, o->op.arena, n))
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to look for %zu vectors", n);
	for (size_t i = 0; i < n; i++)
		o->asked[i] = flat_rows_add(&o->rows, hashes[i]);
	o->n = n;
	return 0;
}

void flat_known(struct index *index, const char *conference_id, struct vector_space space,
		const uint8_t (*hashes)[POINT_HASH_SIZE], size_t n, bool *known, struct flow *f)
{
	struct known_op *o = flat_op_new(index, sizeof(*o), "known", known_body, f);
	struct fail fail = FAIL_INIT;
	int r;

	if (!o || !flat_op_id(&o->op, conference_id, &o->id, f))
		return;
	o->out = known;
	r = known_copy(o, &space, hashes, n, &fail);
	if (r < 0) {
		flat_give_up(&o->op, r, &fail, f);
		return;
	}
	flat_op_file_if_any(&o->op, conference_id);
	flat_submit(&o->op, o->op.index->builds, known_deliver, f);
}

/* --- Staging ---------------------------------------------------------------------------------- */

struct stage_op {
	struct flat_op op;
	const char *id;
	struct vector_space space;
	uint8_t (*hashes)[POINT_HASH_SIZE];
	float *vectors;
	size_t n;
};

/* Open from the first stage to the build that needs it no more. */
static int journal_of(struct flat_index *x, const char *id, struct flat_journal **out,
		      struct fail *f)
{
	char path[FLAT_PATH];
	int r = staged_path(x, id, path);

	*out = map_get(x->journals, id);
	if (*out)
		return 0;
	if (r < 0)
		return FAIL(f, r, "the index's path is too long");
	r = flat_journal_open(path, out, f);
	if (r < 0)
		return r;
	r = map_put(x->journals, id, *out, NULL);
	if (r == 0)
		return 0;
	flat_journal_close(*out);
	return FAIL(f, r, "vectors of too many conferences are staged at once");
}

static int stage_body(struct flat_op *op, struct fail *f)
{
	struct stage_op *o = container_of(op, struct stage_op, op);
	struct flat_journal *j;
	int r = journal_of(op->index, o->id, &j, f);

	if (r < 0)
		return r;
	return flat_journal_append(j, &o->space, (const uint8_t(*)[POINT_HASH_SIZE])o->hashes,
				   o->vectors, o->n, f);
}

void flat_staged_done(struct flat_index *x, const char *conference_id)
{
	char path[FLAT_PATH];

	if (staged_path(x, conference_id, path) == 0)
		flat_journal_discard(map_remove(x->journals, conference_id), path);
}

static int stage_copy(struct stage_op *o, const struct index_points *points, struct fail *f)
{
	unsigned dims = points->space.dims;
	int r = flat_space_check(&points->space, f);

	if (r < 0)
		return r;
	o->space = (struct vector_space){ arena_strdup(o->op.arena, points->space.model), dims };
	o->hashes = arena_alloc(o->op.arena, (points->n + 1) * sizeof(*o->hashes));
	o->vectors = arena_array(o->op.arena, float, points->n *dims + 1);
	if (!o->space.model || !o->hashes || !o->vectors)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to stage %zu vectors", points->n);
	for (size_t i = 0; r == 0 && i < points->n; i++) {
		const struct index_point *p = &points->points[i];

		if (!p->vector)
			return FAIL(f, ASSISTANT_EINVAL, "%.80s is to be staged and has no vector",
				    p->id);
		memcpy(o->hashes[i], p->hash, POINT_HASH_SIZE);
		memcpy(o->vectors + i * dims, p->vector, dims * sizeof(float));
		r = flat_vector_check(p->vector, dims, p->id, f);
	}
	o->n = points->n;
	return r;
}

void flat_stage(struct index *index, const char *conference_id, const struct index_points *points,
		struct flow *f)
{
	struct stage_op *o = flat_op_new(index, sizeof(*o), "stage", stage_body, f);
	struct fail fail = FAIL_INIT;
	int r;

	if (!o || !flat_op_id(&o->op, conference_id, &o->id, f))
		return;
	r = stage_copy(o, points, &fail);
	if (r < 0)
		flat_give_up(&o->op, r, &fail, f);
	else
		flat_submit(&o->op, o->op.index->builds, NULL, f);
}
