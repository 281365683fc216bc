/*
 * word_embedder.c - vectors are made at the call and told at delivery, after delay_ms.
 */
#include "word_embedder.h"
#include <math.h>
#include <string.h>
#include "base/check.h"
#include "base/hash.h"
#include "base/utf8.h"

struct embed_op {
	struct wait wait;
	struct word_embedder *embedder;
	struct loop_timer timer;
	float *out;
	size_t n; /* floats */
	int code;
	float vectors[];
};

/* --- Vectors --------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

static void normalise(float *v, unsigned dims)
{
	double sum = 0;

	for (unsigned i = 0; i < dims; i++)
		sum += (double)v[i] * v[i];
	if (sum == 0) {
		v[0] = 1;
		return;
	}
	for (unsigned i = 0; i < dims; i++)
		v[i] = (float)(v[i] / sqrt(sum));
}

static void add_word(const char *word, size_t len, unsigned dims, float *sum, float *scratch)
{
	uint64_t state = hash_stable(word, len);

	for (unsigned i = 0; i < dims; i++)
		scratch[i] =
			(float)((double)(next_random(&state) >> 11) / (double)(1ULL << 52) - 1);
	normalise(scratch, dims);
	for (unsigned i = 0; i < dims; i++)
		sum[i] += scratch[i];
}

void word_vector(const char *text, unsigned dims, float *out)
{
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));
	_cleanup_free_ float *scratch = calloc(dims, sizeof(*scratch));
	const char *s = folded ? folded : text; /* malformed: bytes are words, too */
	size_t len = strlen(s), i = 0, begin = 0, words = 0;

	PRE(scratch);
	memset(out, 0, dims * sizeof(*out));
	while (i <= len) {
		size_t at = i;
		int32_t c = utf8_next(s, len, &i);

		if (c >= 0 && utf8_is_word(c))
			continue;
		if (at > begin) {
			add_word(s + begin, at - begin, dims, out, scratch);
			words++;
		}
		if (i == at)
			i++; /* the end, or a malformed byte */
		begin = i;
	}
	if (words == 0)
		add_word(s, len, dims, out, scratch);
	normalise(out, dims);
}

/* --- Operations ------------------------------------------------------------------ */

static void embedder_unref(struct word_embedder *w)
{
	if (--w->refs == 0)
		free(w);
}

static void embed_finish(struct embed_op *op)
{
	struct fail fail = FAIL_INIT;

	if (op->code < 0)
		FAIL(&fail, op->code, "The embedder was told to fail.");
	wait_finish(&op->wait, op->code, &fail);
}

static void embed_due(struct loop_timer *t)
{
	embed_finish(container_of(t, struct embed_op, timer));
}

static void embed_deliver(struct wait *wait)
{
	struct embed_op *op = container_of(wait, struct embed_op, wait);

	memcpy(op->out, op->vectors, op->n * sizeof(*op->out));
}

static void embed_cancel(struct wait *wait)
{
	struct embed_op *op = container_of(wait, struct embed_op, wait);

	loop_timer_stop(&op->timer);
	op->embedder->cancelled++;
	wait_finish(wait, ASSISTANT_ECANCELED, NULL);
}

static void embed_release(struct wait *wait)
{
	struct embed_op *op = container_of(wait, struct embed_op, wait);

	embedder_unref(op->embedder);
	free(op);
}

static void begin(struct word_embedder *w, size_t n_floats, struct flow *f, struct embed_op **out)
{
	struct embed_op *op = calloc(1, sizeof(*op) + n_floats * sizeof(float));

	PRE(op);
	wait_begin(&op->wait, f);
	op->wait.deliver = embed_deliver;
	op->wait.cancel = embed_cancel;
	op->wait.release = embed_release;
	op->embedder = w;
	w->refs++;
	op->code = w->fail_code;
	op->n = n_floats;
	*out = op;
}

static void settle(struct embed_op *op)
{
	struct word_embedder *w = op->embedder;

	if (w->delay_ms == 0 || loop_timer_start(w->loop, &op->timer, w->delay_ms, embed_due) < 0)
		embed_finish(op);
}

static void embed(struct embedder *e, enum embed_kind kind, const char *const *texts, size_t n,
		  float *out, struct flow *f)
{
	struct word_embedder *w = container_of(e, struct word_embedder, base);
	struct embed_op *op;

	PRE(n >= 1 && n <= e->max_batch);
	begin(w, n * e->dims, f, &op);
	w->calls++;
	w->texts += n;
	w->queries += kind == EMBED_QUERY ? n : 0;
	op->out = out;
	for (size_t i = 0; i < n; i++)
		word_vector(texts[i], e->dims, op->vectors + i * e->dims);
	settle(op);
}

static void ping(struct embedder *e, struct flow *f)
{
	struct embed_op *op;
	static float nothing[1];

	begin(container_of(e, struct word_embedder, base), 0, f, &op);
	op->out = nothing;
	settle(op);
}

static bool loading(const struct embedder *e)
{
	return container_of(e, struct word_embedder, base)->loading;
}

static void destroy(struct embedder *e)
{
	embedder_unref(container_of(e, struct word_embedder, base));
}

static const struct embedder_ops ops = {
	.name = "words",
	.destroy = destroy,
	.ping = ping,
	.embed = embed,
	.loading = loading,
};

struct word_embedder *word_embedder_create(struct loop *loop, unsigned dims)
{
	struct word_embedder *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->base = (struct embedder){
		.ops = &ops, .model = "words", .dims = dims, .max_batch = 64, .batches = 2
	};
	w->loop = loop;
	w->refs = 1;
	return w;
}
