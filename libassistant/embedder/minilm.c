/*
 * minilm.c - the embedder in this process: lanes around a model that is loaded when it is first wanted.
 *
 *	embed --> copy texts --> lane --> model (the first one loads it) --> tokens --> layers, 256 tokens at a time
 *	   <-- copy vectors out, at delivery
 */
#include <pthread.h>
#include <string.h>
#include <time.h>
#include "aio/work.h"
#include "base/check.h"
#include "embedder/embedder.h"
#include "embedder/minilm_model.h"
#include "embedder/weights.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define MAX_BATCH      64
#define MAX_THREADS    16
#define MAX_QUEUED     256
#define MAX_TEXT_BYTES ((size_t)128 << 10) /* 254 words of 100 characters take less */
#define TEXTS_AT_ONCE  (MINILM_TOKENS / 2) /* a text has two tokens at least */

/* A lane and what its thread needs; [0] is for questions. */
struct worker {
	struct lane *lane;
	struct minilm_scratch *scratch; /* made by its thread */
};

struct minilm {
	struct embedder base;
	struct metrics *metrics;
	struct log *log;
	char *path;
	struct worker workers[1 + MAX_THREADS];
	unsigned n_workers;
	struct loop *loop;
	struct flow warm_up;
	bool ending; /* atomic */
	int refs;    /* the owner and every operation; loop thread */
	/* What lanes share. */
	pthread_mutex_t lock;
	struct minilm_model *model;
	struct fail failed; /* code 0: not tried, or loaded */
	bool tried;	    /* atomic: loaded, or failed for good */
};

static void minilm_unref(struct minilm *e)
{
	if (--e->refs > 0)
		return;
	minilm_model_destroy(e->model);
	for (unsigned i = 0; i < e->n_workers; i++)
		minilm_scratch_destroy(e->workers[i].scratch);
	pthread_mutex_destroy(&e->lock);
	free(e->path);
	free(e);
}

/* --- On a lane --------------------------------------------------------------------- */

struct embed_op {
	struct work work;
	struct minilm *embedder;
	struct worker *worker;
	enum embed_kind kind;
	float *out;	/* the caller's */
	float *vectors; /* [n][dims] */
	char *texts;	/* one behind the other */
	size_t *sizes;
	size_t n;
};

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int load(struct minilm *e, struct fail *fail)
{
	int64_t begin = monotonic_ns();
	int r = minilm_model_load(e->path, true, NULL, &e->model, fail);

	if (r < 0) {
		log_fail(e->log, LOG_ERROR, "embedder.unusable", fail);
		return r;
	}
	log_write(e->log, LOG_INFO, "embedder.loaded", "s", "model", e->base.model, "s", "kernels",
		  minilm_model_kernels(e->model), "i", "ms", (monotonic_ns() - begin) / 1000000,
		  NULL);
	return 0;
}

/* Files that are wrong stay wrong: only lack of memory is tried again. */
static int get_model(struct minilm *e, struct minilm_model **out, struct fail *fail)
{
	int r = 0;

	pthread_mutex_lock(&e->lock);
	if (!e->model) {
		*fail = e->failed;
		r = e->failed.code;
		if (r == 0)
			r = load(e, fail);
		if (r < 0 && r != ASSISTANT_ENOMEM)
			e->failed = *fail;
		__atomic_store_n(&e->tried, e->model || e->failed.code, __ATOMIC_RELEASE);
	}
	*out = e->model;
	pthread_mutex_unlock(&e->lock);
	return r;
}

static bool stopped(const struct embed_op *op)
{
	return work_cancelled(&op->work) ||
	       __atomic_load_n(&op->embedder->ending, __ATOMIC_ACQUIRE);
}

/* Texts that go through the layers together. */
struct gathered {
	uint16_t ids[MINILM_TOKENS];
	size_t lengths[TEXTS_AT_ONCE];
	size_t n, tokens;
	float *out;
};

static int flush(const struct embed_op *op, const struct minilm_model *model, struct gathered *g,
		 struct fail *fail)
{
	int r;

	if (g->n == 0)
		return 0;
	if (stopped(op))
		return ASSISTANT_ECANCELED;
	r = minilm_run(model, op->worker->scratch, g->ids, g->lengths, g->n, g->out, fail);
	g->out += g->n * MINILM_DIMS;
	g->n = g->tokens = 0;
	return r;
}

static int embed_texts(const struct embed_op *op, const struct minilm_model *model,
		       struct fail *fail)
{
	struct gathered g = { .out = op->vectors };
	const char *text = op->texts;

	for (size_t i = 0; i < op->n; text += op->sizes[i++]) {
		uint16_t ids[MINILM_TOKENS];
		size_t n = minilm_tokens(model, text, op->sizes[i], ids);

		if (g.tokens + n > MINILM_TOKENS || g.n == TEXTS_AT_ONCE) {
			int r = flush(op, model, &g, fail);

			if (r < 0)
				return r;
		}
		memcpy(g.ids + g.tokens, ids, n * sizeof(*ids));
		g.tokens += n;
		g.lengths[g.n++] = n;
	}
	return flush(op, model, &g, fail);
}

static const char *kind_name(enum embed_kind kind)
{
	return kind == EMBED_QUERY ? "query" : "passage";
}

static int embed_run(struct work *w, struct fail *fail)
{
	struct embed_op *op = container_of(w, struct embed_op, work);
	struct minilm *e = op->embedder;
	struct minilm_model *model;
	int64_t begin;
	int r;

	if (stopped(op))
		return ASSISTANT_ECANCELED;
	r = get_model(e, &model, fail);
	if (r < 0 || op->n == 0)
		return r;
	if (!op->worker->scratch)
		op->worker->scratch = minilm_scratch_create();
	if (!op->worker->scratch)
		return FAIL(fail, ASSISTANT_ENOMEM, "no memory for embedding");
	begin = monotonic_ns();
	r = embed_texts(op, model, fail);
	if (r < 0)
		return r;
	metrics_observe(e->metrics, METRIC_EMBED_SECONDS, kind_name(op->kind),
			(double)(monotonic_ns() - begin) / 1e9);
	metrics_add(e->metrics, METRIC_EMBEDDED, kind_name(op->kind), (double)op->n);
	return 0;
}

/* --- On the loop -------------------------------------------------------------------- */

static void embed_deliver(struct wait *w)
{
	struct embed_op *op = container_of(w, struct embed_op, work.wait);

	if (op->n)
		memcpy(op->out, op->vectors, op->n * MINILM_DIMS * sizeof(*op->out));
}

static void embed_release(struct wait *w)
{
	struct embed_op *op = container_of(w, struct embed_op, work.wait);

	minilm_unref(op->embedder);
	free(op->texts);
	free(op->sizes);
	free(op->vectors);
	free(op);
}

static bool copy_texts(struct embed_op *op, const char *const *texts, size_t n)
{
	size_t all = 0;

	op->sizes = calloc(n, sizeof(*op->sizes));
	op->vectors = calloc(n * MINILM_DIMS, sizeof(*op->vectors));
	if (!op->sizes || !op->vectors)
		return false;
	for (size_t i = 0; i < n; i++)
		all += op->sizes[i] = strnlen(texts[i], MAX_TEXT_BYTES);
	op->texts = malloc(all + 1);
	if (!op->texts)
		return false;
	for (size_t i = 0, at = 0; i < n; at += op->sizes[i++])
		memcpy(op->texts + at, texts[i], op->sizes[i]);
	op->n = n;
	return true;
}

/* Questions have a lane of their own; passages go where the least waits. */
static struct worker *worker_for(struct minilm *e, enum embed_kind kind)
{
	struct worker *best = &e->workers[1];

	if (kind == EMBED_QUERY)
		return &e->workers[0];
	for (unsigned i = 2; i < e->n_workers; i++) {
		if (lane_depth(e->workers[i].lane) < lane_depth(best->lane))
			best = &e->workers[i];
	}
	return best;
}

/* n 0: only makes sure that the model is there. */
static void begin(struct minilm *e, enum embed_kind kind, const char *const *texts, size_t n,
		  float *out, struct flow *f)
{
	struct embed_op *op = calloc(1, sizeof(*op));

	if (!op || (n && !copy_texts(op, texts, n))) {
		if (op) {
			free(op->sizes);
			free(op->vectors);
		}
		free(op);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	op->embedder = e;
	e->refs++;
	op->kind = kind;
	op->out = out;
	op->worker = worker_for(e, kind);
	lane_run(op->worker->lane, &op->work, embed_run, embed_deliver, embed_release, f);
}

static void embed(struct embedder *base, enum embed_kind kind, const char *const *texts, size_t n,
		  float *out, struct flow *f)
{
	PRE(n >= 1 && n <= MAX_BATCH);
	begin(container_of(base, struct minilm, base), kind, texts, n, out, f);
}

static void ping(struct embedder *base, struct flow *f)
{
	begin(container_of(base, struct minilm, base), EMBED_QUERY, NULL, 0, NULL, f);
}

static bool loading(const struct embedder *base)
{
	return !__atomic_load_n(&container_of(base, struct minilm, base)->tried, __ATOMIC_ACQUIRE);
}

/* --- Its life ------------------------------------------------------------------------ */

static flow_step warm_up_load, warm_up_loaded, warm_up_ended;

static void warm_up_load(struct flow *f)
{
	struct minilm *e = container_of(f, struct minilm, warm_up);

	ping(&e->base, THEN_ANYWAY(f, warm_up_loaded));
}

static void warm_up_loaded(struct flow *f)
{
	flow_done(f); /* a failure was logged where it began, and is told to whoever asks next */
}

static void warm_up_ended(struct flow *f)
{
	struct minilm *e = container_of(f, struct minilm, warm_up);

	f->loop = NULL;
	minilm_unref(e);
}

void minilm_warm_up(struct embedder *base)
{
	struct minilm *e = container_of(base, struct minilm, base);

	if (e->warm_up.loop)
		return;
	e->refs++;
	flow_begin(&e->warm_up, e->loop, NULL, "warm-up", FIRST(warm_up_load), warm_up_ended);
}

static void destroy(struct embedder *base)
{
	struct minilm *e = container_of(base, struct minilm, base);

	__atomic_store_n(&e->ending, true, __ATOMIC_RELEASE);
	if (e->warm_up.loop)
		flow_cancel(&e->warm_up);
	for (unsigned i = 0; i < e->n_workers; i++)
		lane_destroy(e->workers[i].lane);
	minilm_unref(e);
}

static const struct embedder_ops ops = {
	.name = "minilm",
	.destroy = destroy,
	.ping = ping,
	.embed = embed,
	.loading = loading,
};

static bool start_workers(struct minilm *e, struct loop *loop, unsigned threads)
{
	for (unsigned i = 0; i <= threads; i++) {
		char name[16];

		snprintf(name, sizeof(name), i ? "embed-%u" : "embed", i);
		e->workers[i].lane = lane_create(loop, name, MAX_QUEUED);
		if (!e->workers[i].lane)
			return false;
		e->n_workers++;
	}
	return true;
}

int minilm_open(struct loop *loop, const char *weights, unsigned threads, struct metrics *metrics,
		struct log *log, struct embedder **out, struct fail *f)
{
	char path[4096];
	struct minilm *e;
	int r = minilm_find_weights(weights, path, sizeof(path), f);

	if (r < 0)
		return r;
	threads = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
	e = calloc(1, sizeof(*e));
	if (!e)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for an embedder");
	e->base = (struct embedder){ .ops = &ops,
				     .model = "all-MiniLM-L6-v2",
				     .dims = MINILM_DIMS,
				     .max_batch = MAX_BATCH,
				     .batches = 2 * threads };
	e->metrics = metrics;
	e->log = log;
	e->loop = loop;
	e->refs = 1;
	pthread_mutex_init(&e->lock, NULL);
	e->path = strdup(path);
	if (!e->path || !start_workers(e, loop, threads)) {
		destroy(&e->base);
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for an embedder");
	}
	*out = &e->base;
	return 0;
}
