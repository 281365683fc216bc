/*
 * minilm_model.c - the transformer.
 *
 *	words + positions --> norm --> 6 x [ attention --> add, norm --> two dense with gelu --> add, norm ] --> mean --> length 1
 *
 * Texts of different lengths lie one behind the other without padding: all steps but attention are row by row.
 */
#include "embedder/minilm_model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/check.h"
#include "base/clean.h"
#include "embedder/weights.h"
#include "embedder/wordpiece.h"

#define WIDTH	  MINILM_DIMS
#define INNER	  1536
#define LAYERS	  6
#define HEADS	  12
#define POSITIONS 512
#define WORDS	  30522
#define ROWS	  64 /* that go through the inner layers together: what they need fits the L2 cache */

struct norm {
	float gain[WIDTH], shift[WIDTH];
};

struct layer {
	struct dense qkv, joined, up, down;
	struct norm after_attention, after_inner;
};

struct minilm_model {
	const struct minilm_ops *ops;
	bool quantised;
	struct weights *weights; /* stays open: rows of words are read when a text has them */
	const struct tensor *words;
	struct wordpieces *vocabulary;
	float *positions; /* [MINILM_TOKENS][WIDTH], with the embedding of the first segment added */
	struct norm embedded;
	struct layer layers[LAYERS];
};

struct minilm_scratch {
	float x[MINILM_TOKENS * WIDTH];
	float y[MINILM_TOKENS * WIDTH];
	float qkv[MINILM_TOKENS * 3 * WIDTH];
	float inner[ROWS * INNER];
	float attention[ATTENTION_SCRATCH];
	uint8_t bytes[MINILM_TOKENS * WIDTH]; /* as large as ROWS * INNER */
	float scale[MINILM_TOKENS * WIDTH / BLOCK];
	float zero[MINILM_TOKENS * WIDTH / BLOCK];
};
_Static_assert(ROWS *INNER <= MINILM_TOKENS * WIDTH, "inner rows fit bytes");
_Static_assert(MINILM_TOKENS <= MAX_KEYS && WIDTH == HEADS * PANEL, "attention fits the kernels");

struct minilm_scratch *minilm_scratch_create(void)
{
	return aligned_alloc(64, (sizeof(struct minilm_scratch) + 63) / 64 * 64);
}

void minilm_scratch_destroy(struct minilm_scratch *s)
{
	free(s);
}

/* --- Loading --------------------------------------------------------------------- */

struct loader {
	const struct weights *w;
	float *matrix; /* the largest one */
	float bias[INNER];
	struct fail *f;
};

static int read_tensor(struct loader *l, const char *name, size_t rows, size_t cols, float *out)
{
	const struct tensor *t;
	int r = weights_find(l->w, name, rows, cols, &t, l->f);

	return r < 0 ? r : weights_read(l->w, t, 0, rows * (cols ? cols : 1), out, l->f);
}

static int read_norm(struct loader *l, const char *prefix, struct norm *out)
{
	char name[96];
	int r;

	snprintf(name, sizeof(name), "%s.LayerNorm.weight", prefix);
	r = read_tensor(l, name, WIDTH, 0, out->gain);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s.LayerNorm.bias", prefix);
	return read_tensor(l, name, WIDTH, 0, out->shift);
}

/* Outputs first..first + n of d. */
static int read_dense(struct loader *l, const char *prefix, struct dense *d, size_t first, size_t n)
{
	char name[96];
	int r;

	snprintf(name, sizeof(name), "%s.weight", prefix);
	r = read_tensor(l, name, n, d->in, l->matrix);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s.bias", prefix);
	r = read_tensor(l, name, n, 0, l->bias);
	if (r < 0)
		return r;
	dense_set(d, first, n, l->matrix, l->bias);
	return 0;
}

static int load_layer(struct loader *l, unsigned number, struct layer *layer)
{
	const struct {
		const char *name;
		struct dense *dense;
		size_t first, n;
	} parts[] = {
		{ "attention.self.query", &layer->qkv, 0, WIDTH },
		{ "attention.self.key", &layer->qkv, WIDTH, WIDTH },
		{ "attention.self.value", &layer->qkv, 2 * WIDTH, WIDTH },
		{ "attention.output.dense", &layer->joined, 0, WIDTH },
		{ "intermediate.dense", &layer->up, 0, INNER },
		{ "output.dense", &layer->down, 0, WIDTH },
	};
	char prefix[80];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(prefix, sizeof(prefix), "encoder.layer.%u.%s", number, parts[i].name);
		r = read_dense(l, prefix, parts[i].dense, parts[i].first, parts[i].n);
		if (r < 0)
			return r;
	}
	snprintf(prefix, sizeof(prefix), "encoder.layer.%u.attention.output", number);
	r = read_norm(l, prefix, &layer->after_attention);
	if (r < 0)
		return r;
	snprintf(prefix, sizeof(prefix), "encoder.layer.%u.output", number);
	return read_norm(l, prefix, &layer->after_inner);
}

static int create_layers(struct minilm_model *m, struct fail *f)
{
	m->positions = calloc(MINILM_TOKENS * WIDTH, sizeof(*m->positions));
	if (!m->positions)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the model");
	for (unsigned i = 0; i < LAYERS; i++) {
		struct layer *l = &m->layers[i];

		if (dense_create(&l->qkv, WIDTH, 3 * WIDTH, m->quantised) < 0 ||
		    dense_create(&l->joined, WIDTH, WIDTH, m->quantised) < 0 ||
		    dense_create(&l->up, WIDTH, INNER, m->quantised) < 0 ||
		    dense_create(&l->down, INNER, WIDTH, m->quantised) < 0)
			return FAIL(f, ASSISTANT_ENOMEM, "no memory for the model");
	}
	return 0;
}

static int load_embeddings(struct minilm_model *m, struct loader *l)
{
	const struct tensor *t;
	float segment[2 * WIDTH];
	int r = weights_find(l->w, "embeddings.word_embeddings.weight", WORDS, WIDTH, &m->words,
			     l->f);

	if (r < 0)
		return r;
	r = weights_find(l->w, "embeddings.position_embeddings.weight", POSITIONS, WIDTH, &t, l->f);
	if (r < 0)
		return r;
	r = weights_read(l->w, t, 0, (size_t)MINILM_TOKENS * WIDTH, m->positions, l->f);
	if (r < 0)
		return r;
	r = read_tensor(l, "embeddings.token_type_embeddings.weight", 2, WIDTH, segment);
	if (r < 0)
		return r;
	for (size_t i = 0; i < MINILM_TOKENS * WIDTH; i++)
		m->positions[i] += segment[i % WIDTH];
	return read_norm(l, "embeddings", &m->embedded);
}

static int load_tensors(struct minilm_model *m, struct fail *f)
{
	struct loader l = { .w = m->weights, .f = f };
	int r = create_layers(m, f);

	if (r < 0)
		return r;
	l.matrix = malloc(sizeof(*l.matrix) * WIDTH * INNER);
	if (!l.matrix)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the model");
	r = load_embeddings(m, &l);
	for (unsigned i = 0; r == 0 && i < LAYERS; i++)
		r = load_layer(&l, i, &m->layers[i]);
	free(l.matrix);
	return r;
}

static int load_vocabulary(struct minilm_model *m, const char *path, struct fail *f)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = weights_vocabulary(path, &text, &len, f);

	if (r == 0)
		r = wordpieces_read(text, len, &m->vocabulary, f);
	if (r == 0 && wordpieces_count(m->vocabulary) != WORDS)
		r = FAIL(f, ASSISTANT_EPROTOCOL, "vocab.txt has %zu lines and should have %d",
			 wordpieces_count(m->vocabulary), WORDS);
	return r;
}

int minilm_model_load(const char *path, bool quantised, const struct minilm_ops *ops,
		      struct minilm_model **out, struct fail *f)
{
	struct minilm_model *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the model");
	m->ops = ops ? ops : minilm_ops_choose();
	m->quantised = quantised;
	r = load_vocabulary(m, path, f);
	if (r == 0)
		r = weights_open(path, &m->weights, f);
	if (r == 0)
		r = weights_verify(m->weights, f);
	if (r == 0)
		r = load_tensors(m, f);
	if (r < 0) {
		minilm_model_destroy(m);
		return r;
	}
	*out = m;
	return 0;
}

void minilm_model_destroy(struct minilm_model *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < LAYERS; i++) {
		dense_destroy(&m->layers[i].qkv);
		dense_destroy(&m->layers[i].joined);
		dense_destroy(&m->layers[i].up);
		dense_destroy(&m->layers[i].down);
	}
	free(m->positions);
	wordpieces_destroy(m->vocabulary);
	weights_close(m->weights);
	free(m);
}

const char *minilm_model_kernels(const struct minilm_model *m)
{
	return m->ops->name;
}

/* --- Running --------------------------------------------------------------------- */

size_t minilm_tokens(const struct minilm_model *m, const char *text, size_t len,
		     uint16_t ids[static MINILM_TOKENS])
{
	return wordpiece(m->vocabulary, text, len, ids, MINILM_TOKENS);
}

struct run {
	const struct minilm_model *m;
	struct minilm_scratch *s;
	const size_t *lengths;
	size_t n, tokens;
};

static void dense_rows(const struct run *run, const struct dense *d, const float *x, size_t n,
		       float *y)
{
	struct rows_u8 rows = { run->s->bytes, run->s->scale, run->s->zero };

	if (!d->i8) {
		run->m->ops->dense_f32(d, x, n, y, d->out);
		return;
	}
	run->m->ops->quantise(x, n, d->in, &rows);
	run->m->ops->dense_i8(d, &rows, n, y, d->out);
}

static void attend(const struct run *run, const struct layer *l)
{
	struct minilm_scratch *s = run->s;
	const size_t ld = 3 * WIDTH;
	size_t at = 0;

	dense_rows(run, &l->qkv, s->x, run->tokens, s->qkv);
	for (size_t i = 0; i < run->n; at += run->lengths[i++]) {
		const float *q = s->qkv + at * ld;

		for (size_t h = 0; h < HEADS; h++)
			run->m->ops->attention(q + h * PANEL, q + WIDTH + h * PANEL,
					       q + 2 * WIDTH + h * PANEL, ld, run->lengths[i],
					       s->y + at * WIDTH + h * PANEL, WIDTH, s->attention);
	}
	dense_rows(run, &l->joined, s->y, run->tokens, s->qkv);
	run->m->ops->layer_norm(s->x, s->qkv, run->tokens, WIDTH, l->after_attention.gain,
				l->after_attention.shift);
}

static void think(const struct run *run, const struct layer *l)
{
	struct minilm_scratch *s = run->s;

	for (size_t at = 0; at < run->tokens; at += ROWS) {
		size_t rows = run->tokens - at < ROWS ? run->tokens - at : ROWS;
		float *x = s->x + at * WIDTH;

		dense_rows(run, &l->up, x, rows, s->inner);
		run->m->ops->gelu(s->inner, rows * INNER);
		dense_rows(run, &l->down, s->inner, rows, s->y);
		run->m->ops->layer_norm(x, s->y, rows, WIDTH, l->after_inner.gain,
					l->after_inner.shift);
	}
}

static int embed_words(const struct run *run, const uint16_t *ids, struct fail *f)
{
	const struct minilm_model *m = run->m;
	float *x = run->s->x;

	for (size_t i = 0; i < run->n; i++) {
		PRE(run->lengths[i] >= 1);
		for (size_t p = 0; p < run->lengths[i]; p++, ids++, x += WIDTH) {
			int r = weights_read(m->weights, m->words, (size_t)*ids * WIDTH, WIDTH, x,
					     f);

			if (r < 0)
				return r;
			for (size_t c = 0; c < WIDTH; c++)
				x[c] += m->positions[p * WIDTH + c];
		}
	}
	m->ops->layer_norm(run->s->x, NULL, run->tokens, WIDTH, m->embedded.gain,
			   m->embedded.shift);
	return 0;
}

static void pool(const struct run *run, float *out)
{
	const float *x = run->s->x;

	for (size_t i = 0; i < run->n; i++, out += WIDTH) {
		double squares = 0;

		memset(out, 0, WIDTH * sizeof(*out));
		for (size_t p = 0; p < run->lengths[i]; p++, x += WIDTH) {
			for (size_t c = 0; c < WIDTH; c++)
				out[c] += x[c];
		}
		for (size_t c = 0; c < WIDTH; c++)
			squares += (double)out[c] * out[c];
		for (size_t c = 0; c < WIDTH; c++)
			out[c] = (float)(out[c] / sqrt(squares));
	}
}

int minilm_run(const struct minilm_model *m, struct minilm_scratch *s, const uint16_t *ids,
	       const size_t *lengths, size_t n, float *out, struct fail *f)
{
	struct run run = { .m = m, .s = s, .lengths = lengths, .n = n };
	int r;

	for (size_t i = 0; i < n; i++)
		run.tokens += lengths[i];
	PRE(run.tokens <= MINILM_TOKENS);
	r = embed_words(&run, ids, f);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < LAYERS; i++) {
		attend(&run, &m->layers[i]);
		think(&run, &m->layers[i]);
	}
	pool(&run, out);
	return 0;
}
