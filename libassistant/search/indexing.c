/*
 * indexing.c - see indexing.h.
 *
 *	texts (a lane) --> known? --> some batches side by side, each: embed, stage, next --> build
 *
 * What is staged outlives us: whatever ends a run, the next one begins where this one stopped.
 */
#include "search/indexing.h"
#include <string.h>
#include "aio/work.h"
#include "base/check.h"
#include "search/indexing_texts.h"

#define BATCHES_MAX 8

/* One of the batches under way. */
struct batch {
	struct flow flow;
	struct indexing *indexing;
	const struct indexing_text **texts; /* of indexing->todo */
	size_t n;
	float *vectors;		    /* [max_batch][dims] */
	struct index_point *points; /* [max_batch] */
};

struct indexing {
	struct wait wait;
	struct flow flow;
	struct indexing_request rq;
	enum { RUN, PLAN, VERIFY } what;
	struct indexing_counts counts, *out; /* of a run, a plan */
	char *json, **json_out;		     /* of verifying */
	struct lane *lane;
	struct indexing_texts texts;
	uint8_t (*hashes)[POINT_HASH_SIZE];
	bool *known;
	const struct indexing_text *
		*todo;			/* by length: what is embedded together is of one length */
	size_t n_todo, n_taken, staged; /* texts; batches; texts */
	struct batch batches[BATCHES_MAX];
	unsigned n_batches;
	struct fail failed; /* of the first batch that failed */
};

static flow_step run_begin, run_texts, run_known, run_embed, run_embedded, run_build, run_verify,
	run_end;
static flow_step batch_take, batch_stage, batch_staged;

static struct indexing *indexing_of(struct flow *f)
{
	return container_of(f, struct indexing, flow);
}

static const char *conference_of(const struct indexing *x)
{
	return x->rq.snapshot->conference.id;
}

static struct vector_space space_of(const struct indexing *x)
{
	return (struct vector_space){ x->rq.embedder->model, x->rq.embedder->dims };
}

static void out_of_memory(struct flow *f)
{
	flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "no memory for indexing"));
}

/* --- What is there, and what is not ------------------------------------------------- */

static void run_begin(struct flow *f)
{
	struct indexing *x = indexing_of(f);

	if (!x->rq.embedder) {
		run_texts(f);
		return;
	}
	x->lane = lane_create(f->loop, "indexing", 1);
	if (!x->lane) {
		out_of_memory(f);
		return;
	}
	indexing_texts_make(x->lane, x->rq.snapshot, x->rq.embedder->model, &x->texts,
			    THEN(f, run_texts));
}

static void run_texts(struct flow *f)
{
	struct indexing *x = indexing_of(f);

	lane_destroy(TAKE_PTR(x->lane));
	if (x->what == VERIFY)
		run_verify(f);
	else if (x->rq.embedder)
		run_known(f);
	else if (x->what == RUN)
		run_build(f);
	else
		flow_done(f);
}

static void run_known(struct flow *f)
{
	struct indexing *x = indexing_of(f);
	size_t n = x->texts.n;

	x->counts.points = x->texts.n_points;
	x->counts.texts = n;
	x->hashes = calloc(n + 1, sizeof(*x->hashes));
	x->known = calloc(n + 1, sizeof(*x->known));
	x->todo = calloc(n + 1, sizeof(struct indexing_text *));
	if (!x->hashes || !x->known || !x->todo) {
		out_of_memory(f);
		return;
	}
	for (size_t i = 0; i < n; i++)
		memcpy(x->hashes[i], x->texts.texts[i].hash, POINT_HASH_SIZE);
	x->rq.index->ops->known(x->rq.index, conference_of(x), space_of(x),
				(const uint8_t(*)[POINT_HASH_SIZE])x->hashes, n, x->known,
				THEN(f, run_embed));
}

static int by_length(const void *a, const void *b)
{
	const struct indexing_text *ta = *(const struct indexing_text *const *)a;
	const struct indexing_text *tb = *(const struct indexing_text *const *)b;

	return ta->len != tb->len ? (ta->len < tb->len ? 1 : -1)
				  : memcmp(ta->hash, tb->hash, POINT_HASH_SIZE);
}

/* --- Embedding ------------------------------------------------------------------------ */

static void batch_ended(struct flow *f)
{
	struct batch *b = container_of(f, struct batch, flow);
	struct indexing *x = b->indexing;

	if (f->status < 0 && !x->failed.code) {
		x->failed = f->fail;
		x->failed.code = f->status;
	}
	free(TAKE_PTR(b->vectors));
	free(TAKE_PTR(b->points));
}

static bool start_batch(struct indexing *x, struct batch *b)
{
	const struct embedder *e = x->rq.embedder;

	b->indexing = x;
	b->vectors = calloc(e->max_batch * e->dims, sizeof(*b->vectors));
	b->points = calloc(e->max_batch, sizeof(*b->points));
	if (!b->vectors || !b->points) {
		free(TAKE_PTR(b->vectors));
		free(TAKE_PTR(b->points));
		return false;
	}
	flow_begin(&b->flow, x->flow.loop, &x->flow, "embedding", FIRST(batch_take), batch_ended);
	return true;
}

static void run_embed(struct flow *f)
{
	struct indexing *x = indexing_of(f);
	unsigned batches;

	for (size_t i = 0; i < x->texts.n; i++) {
		if (x->known[i])
			x->counts.reused++;
		else if (!x->rq.embed || x->rq.embed & ENTITY_BIT(x->texts.texts[i].point->type))
			x->todo[x->n_todo++] = &x->texts.texts[i];
	}
	if (x->what == PLAN) {
		x->counts.embedded = x->n_todo;
		flow_done(f);
		return;
	}
	if (x->rq.known_only || !x->n_todo) {
		run_build(f);
		return;
	}
	qsort(x->todo, x->n_todo, sizeof(struct indexing_text *), by_length);
	batches = x->rq.embedder->batches < BATCHES_MAX ? x->rq.embedder->batches : BATCHES_MAX;
	if (x->rq.progress)
		x->rq.progress(x->rq.ctx, 0, x->n_todo);
	while (x->n_batches < (batches ? batches : 1) && start_batch(x, &x->batches[x->n_batches]))
		x->n_batches++;
	if (x->n_batches)
		flow_join(THEN(f, run_embedded));
	else
		out_of_memory(f);
}

/* The longest, the shortest, the second longest ...: so that a time told from how far it is holds. */
static size_t next_batch(struct indexing *x, const struct indexing_text ***texts)
{
	size_t size = x->rq.embedder->max_batch, n = (x->n_todo + size - 1) / size, k = x->n_taken;
	size_t from;

	if (k == n)
		return 0;
	x->n_taken++;
	from = (k % 2 == 0 ? k / 2 : n - 1 - k / 2) * size;
	*texts = x->todo + from;
	return x->n_todo - from < size ? x->n_todo - from : size;
}

static void batch_take(struct flow *f)
{
	struct batch *b = container_of(f, struct batch, flow);
	struct indexing *x = b->indexing;
	struct embedder *e = x->rq.embedder;
	_cleanup_free_ const char **texts = NULL;
	size_t n;

	/* one failure is enough: what the others have under way is still staged */
	n = x->failed.code ? 0 : next_batch(x, &b->texts);
	if (n == 0) {
		flow_done(f);
		return;
	}
	texts = calloc(n, sizeof(*texts));
	if (!texts) {
		out_of_memory(f);
		return;
	}
	b->n = n;
	for (size_t i = 0; i < n; i++)
		texts[i] = b->texts[i]->text;
	e->ops->embed(e, EMBED_PASSAGE, texts, n, b->vectors, THEN(f, batch_stage));
}

static void batch_stage(struct flow *f)
{
	struct batch *b = container_of(f, struct batch, flow);
	struct indexing *x = b->indexing;
	const struct index_points points = { space_of(x), b->points, b->n };

	for (size_t i = 0; i < b->n; i++) {
		b->points[i] = *b->texts[i]->point;
		b->points[i].vector = b->vectors + i * x->rq.embedder->dims;
	}
	x->rq.index->ops->stage(x->rq.index, conference_of(x), &points, THEN(f, batch_staged));
}

static void batch_staged(struct flow *f)
{
	struct batch *b = container_of(f, struct batch, flow);
	struct indexing *x = b->indexing;

	x->staged += b->n;
	if (x->rq.progress)
		x->rq.progress(x->rq.ctx, x->staged, x->n_todo);
	batch_take(f);
}

static void run_embedded(struct flow *f)
{
	struct indexing *x = indexing_of(f);

	x->counts.embedded = x->staged;
	if (x->failed.code) {
		flow_fail(f,
			  FAIL(&f->fail, ASSISTANT_EUNAVAILABLE,
			       "%zu of %zu texts are embedded and kept, then: %.150s", x->staged,
			       x->n_todo,
			       x->failed.text[0] ? x->failed.text : fail_sentence(x->failed.code)));
		return;
	}
	PRE(x->staged == x->n_todo);
	run_build(f);
}

/* --- The index -------------------------------------------------------------------------- */

static const struct index_points *points_of(const struct indexing *x, struct index_points *out)
{
	if (!x->rq.embedder)
		return NULL;
	*out = (struct index_points){ space_of(x), x->texts.points, x->texts.n_points };
	return out;
}

static void run_build(struct flow *f)
{
	struct indexing *x = indexing_of(f);
	struct index *index = x->rq.index;
	struct index_points points;

	index->ops->build(index, x->rq.snapshot, points_of(x, &points), NULL, THEN(f, run_end));
}

static void run_verify(struct flow *f)
{
	struct indexing *x = indexing_of(f);
	struct index *index = x->rq.index;
	struct index_points points;

	index->ops->verify(index, x->rq.snapshot, points_of(x, &points), &x->json,
			   THEN(f, run_end));
}

static void run_end(struct flow *f)
{
	flow_done(f);
}

/* --- The operation ------------------------------------------------------------------------ */

static void run_ended(struct flow *f)
{
	struct indexing *x = indexing_of(f);

	lane_destroy(TAKE_PTR(x->lane)); /* of a cancelled run: it stops at the next record */
	wait_finish(&x->wait, f->status, &f->fail);
}

static void deliver(struct wait *w)
{
	struct indexing *x = container_of(w, struct indexing, wait);

	if (x->what == VERIFY)
		*x->json_out = TAKE_PTR(x->json);
	else
		*x->out = x->counts;
}

static void cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct indexing, wait)->flow);
}

static void release(struct wait *w)
{
	struct indexing *x = container_of(w, struct indexing, wait);

	indexing_texts_finish(&x->texts);
	snapshot_unref(x->rq.snapshot);
	free(x->json);
	free(x->hashes);
	free(x->known);
	free(x->todo);
	free(x);
}

static struct indexing *indexing_create(const struct indexing_request *rq, struct flow *f)
{
	struct indexing *x = calloc(1, sizeof(*x));

	if (!x) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return NULL;
	}
	x->rq = *rq;
	snapshot_ref(rq->snapshot);
	wait_begin(&x->wait, f);
	x->wait.deliver = deliver;
	x->wait.cancel = cancel;
	x->wait.release = release;
	return x;
}

static void start(struct indexing *x, struct loop *loop)
{
	flow_begin(&x->flow, loop, NULL, "indexing", FIRST(run_begin), run_ended);
}

void indexing_run(const struct indexing_request *rq, struct loop *loop, struct indexing_counts *out,
		  struct flow *f)
{
	struct indexing *x = indexing_create(rq, f);

	if (!x)
		return;
	x->what = RUN;
	x->out = out;
	start(x, loop);
}

void indexing_plan(const struct indexing_request *rq, struct loop *loop,
		   struct indexing_counts *out, struct flow *f)
{
	struct indexing *x = indexing_create(rq, f);

	if (!x)
		return;
	x->what = PLAN;
	x->out = out;
	start(x, loop);
}

void indexing_verify(const struct indexing_request *rq, struct loop *loop, char **json,
		     struct flow *f)
{
	struct indexing *x = indexing_create(rq, f);

	if (!x)
		return;
	x->what = VERIFY;
	x->json_out = json;
	start(x, loop);
}
