/*
 * flat_lexical.c - a question's words, found or corrected, scored over the records that pass.
 *
 *	text --tokens--> words --(vocabulary | stem | nearest spelling)--> postings --BM25F--> best
 *
 * BM25F (Robertson, Zaragoza): a word's occurrences are first weighed and normalised per field, summed, and
 * only then saturated, so that a word in title and text does not count like two words.
 */
#include "index/flat_lexical.h"
#include <libstemmer.h>
#include <math.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "index/flat_filter.h"
#include "index/flat_typos.h"
#include "index/tokens.h"

#define MAX_WORDS     64 /* of a question; more are passed over */
#define MAX_CORRECTED 8
#define DEFAULT_LIMIT 10
#define MAX_LIMIT     1000

#define K1	  1.2f
#define EXACT	  0.15f /* the very word, beside its stem */
#define PART	  0.5f	/* a part of a compound that is known as a whole */
#define WEAK	  0.3f	/* names a kind of record */
#define ONE_EDIT  0.8f
#define TWO_EDITS 0.6f

static const float own_weights[FIELD_COUNT] = {
	[FIELD_NAME] = 3.0f,  [FIELD_PEOPLE] = 2.5f, [FIELD_PLACE] = 1.0f,
	[FIELD_TOPIC] = 1.5f, [FIELD_TEXT] = 1.0f,
};
/* How much a field's length counts against it. */
static const float length_share[FIELD_COUNT] = {
	[FIELD_NAME] = 0.4f,  [FIELD_PEOPLE] = 0.3f, [FIELD_PLACE] = 0.0f,
	[FIELD_TOPIC] = 0.4f, [FIELD_TEXT] = 0.75f,
};

struct query_word {
	char text[TOKEN_MAX_BYTES + 1];
	enum token_kind kind;
	bool stop, counts; /* counts: one of n_query_words */
	int64_t word, stem;
	float weight;
};

struct question {
	struct query_word words[MAX_WORDS];
	size_t n;
	struct text corrected;
	unsigned n_corrected;
};

struct scores {
	float score;
	float field[FIELD_COUNT];
	uint64_t words; /* bit set of query words that matched */
};

struct scoring {
	const struct flat_file *x;
	const float *weights;
	const bool *pass;
	struct scores *scores; /* one per record */
};

/* --- The question's words --------------------------------------------------------- */

static void take_word(void *ctx, const char *text, enum token_kind kind)
{
	struct question *q = ctx;
	struct query_word *w;

	if (kind == TOKEN_HINT || q->n == MAX_WORDS)
		return;
	for (size_t i = 0; i < q->n; i++) {
		if (!strcmp(q->words[i].text, text))
			return;
	}
	w = &q->words[q->n++];
	*w = (struct query_word){ .kind = kind, .word = -1, .stem = -1 };
	memcpy(w->text, text, strlen(text) + 1);
	w->stop = token_is_stop_word(text);
}

static void look_up(const struct flat_file *x, struct sb_stemmer *stemmer, struct query_word *w)
{
	const sb_symbol *stem;

	w->word = flat_find_word(x, w->text);
	if (w->word >= 0) {
		w->stem = x->words[w->word].stem;
		return;
	}
	stem = sb_stemmer_stem(stemmer, (const sb_symbol *)w->text, (int)strlen(w->text));
	if (stem)
		w->stem = flat_find_stem(x, (const char *)stem);
}

static void correct(const struct flat_file *x, struct query_word *w, struct text *corrected)
{
	unsigned edits;
	int64_t word = typo_find(x, w->text, &edits);
	const char *text;

	if (word < 0)
		return;
	text = flat_string(x, x->words[word].text);
	if (token_is_stop_word(text))
		return;
	w->word = word;
	w->stem = x->words[word].stem;
	w->weight *= edits == 1 ? ONE_EDIT : TWO_EDITS;
	text_printf(corrected, "%s%s->%s", corrected->len ? ", " : "", w->text, text);
}

/* "wire shark" may be meant to be one word. */
static void join_neighbours(const struct flat_file *x, struct question *q)
{
	size_t n = q->n;

	for (size_t i = 0; i + 1 < n && q->n < MAX_WORDS; i++) {
		const struct query_word *a = &q->words[i], *b = &q->words[i + 1];
		struct query_word *w = &q->words[q->n];
		int64_t word;

		if (a->stop || b->stop || a->kind != TOKEN_WORD || b->kind != TOKEN_WORD ||
		    strlen(a->text) + strlen(b->text) > TOKEN_MAX_BYTES)
			continue;
		*w = (struct query_word){ .kind = TOKEN_WORD, .weight = 1 };
		snprintf(w->text, sizeof(w->text), "%s%s", a->text, b->text);
		word = flat_find_word(x, w->text);
		if (word < 0)
			continue;
		w->word = word;
		w->stem = x->words[word].stem;
		q->n++;
	}
}

static bool only_stop_words(const struct question *q)
{
	for (size_t i = 0; i < q->n; i++) {
		if (!q->words[i].stop)
			return false;
	}
	return true;
}

static void weigh(const struct flat_file *x, struct sb_stemmer *stemmer, bool typos,
		  struct question *q)
{
	bool stop_words_too = only_stop_words(q), whole_known = false;

	for (size_t i = 0; i < q->n; i++) {
		struct query_word *w = &q->words[i];

		if (w->stop && !stop_words_too)
			continue;
		look_up(x, stemmer, w);
		if (w->kind == TOKEN_WHOLE)
			whole_known = w->stem >= 0;
		w->weight = w->kind == TOKEN_PART && whole_known ? PART : 1;
		w->weight *= token_is_weak(w->text) ? WEAK : 1;
		w->counts = w->kind == TOKEN_WORD || (w->kind == TOKEN_WHOLE) == whole_known;
		if (typos && w->stem < 0 && w->kind != TOKEN_WHOLE &&
		    q->n_corrected++ < MAX_CORRECTED)
			correct(x, w, &q->corrected);
	}
}

static int read_question(const struct flat_file *x, struct sb_stemmer *stemmer,
			 const struct lexical_query *lq, struct question *q)
{
	_cleanup_free_ char *folded = utf8_fold(lq->text, strlen(lq->text));

	if (!folded)
		return ASSISTANT_ENOMEM;
	tokens_of(folded, take_word, q);
	weigh(x, stemmer, lq->typos, q);
	join_neighbours(x, q);
	return 0;
}

/* --- Scoring --------------------------------------------------------------------------- */

static float idf_of(const struct flat_file *x, size_t n_records)
{
	float n = (float)x->n_records, with = (float)n_records;

	return logf(1 + (n - with + 0.5f) / (with + 0.5f));
}

static void score_posting(const struct scoring *s, const struct flat_posting *p, float idf,
			  uint64_t bit)
{
	const struct flat_record *r = &s->x->records[p->record];
	struct scores *out = &s->scores[p->record];
	float parts[FIELD_COUNT], sum = 0, factor;

	if (!s->pass[p->record])
		return;
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		float average = s->x->header->average[r->type][i];
		float share = length_share[i];
		float length = average > 0 ? (float)r->lengths[i] / average : 1;

		parts[i] = s->weights[i] * (float)p->tf[i] / FLAT_TF_UNIT /
			   (1 - share + share * length);
		sum += parts[i];
	}
	if (sum <= 0)
		return;
	factor = idf * (K1 + 1) / (K1 + sum);
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		out->field[i] += parts[i] * factor;
	out->score += sum * factor;
	out->words |= bit;
}

static void score_word(const struct scoring *s, const struct query_word *w, uint64_t bit)
{
	const struct flat_stem *stem = &s->x->stems[w->stem];
	const struct flat_word *word = w->word >= 0 ? &s->x->words[w->word] : NULL;
	bool alone = word && word->n_postings == 0; /* the only word of its stem */
	float idf = w->weight * idf_of(s->x, stem->n_postings) * (alone ? 1 + EXACT : 1);

	for (uint32_t i = 0; i < stem->n_postings; i++)
		score_posting(s, &s->x->postings[stem->postings + i], idf, bit);
	if (!word || alone)
		return;
	idf = w->weight * EXACT * idf_of(s->x, word->n_postings);
	for (uint32_t i = 0; i < word->n_postings; i++)
		score_posting(s, &s->x->postings[word->postings + i], idf, bit);
}

/* --- The best --------------------------------------------------------------------------- */

static int order_of(const struct flat_file *x, const struct scores *scores, uint32_t a, uint32_t b)
{
	const struct flat_record *ra = &x->records[a], *rb = &x->records[b];
	int order;

	if (scores[a].score != scores[b].score)
		return scores[a].score > scores[b].score ? -1 : 1;
	order = strcmp(flat_string(x, ra->name), flat_string(x, rb->name));
	if (order == 0)
		order = strcmp(flat_string(x, ra->id), flat_string(x, rb->id));
	return order ? order : (a < b ? -1 : 1);
}

struct heap {
	const struct flat_file *x;
	const struct scores *scores;
	uint32_t *items; /* the worst one first */
	size_t n, max;
};

static bool worse(const struct heap *h, uint32_t a, uint32_t b)
{
	return order_of(h->x, h->scores, a, b) > 0;
}

static void sink(struct heap *h, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1, worst = at;
		uint32_t item;

		for (size_t c = child; c < child + 2 && c < h->n; c++) {
			if (worse(h, h->items[c], h->items[worst]))
				worst = c;
		}
		if (worst == at)
			return;
		item = h->items[at];
		h->items[at] = h->items[worst];
		h->items[worst] = item;
		at = worst;
	}
}

static void offer(struct heap *h, uint32_t item)
{
	if (h->n < h->max) {
		size_t at = h->n++;

		h->items[at] = item;
		while (at && worse(h, item, h->items[(at - 1) / 2])) {
			h->items[at] = h->items[(at - 1) / 2];
			at = (at - 1) / 2;
			h->items[at] = item;
		}
	} else if (worse(h, h->items[0], item)) {
		h->items[0] = item;
		sink(h, 0);
	}
}

/* The worst goes behind the rest until all are in order. */
static void heap_sort(struct heap *h)
{
	size_t n = h->n;

	while (h->n > 1) {
		uint32_t worst = h->items[0];

		h->items[0] = h->items[--h->n];
		sink(h, 0);
		h->items[h->n] = worst;
	}
	h->n = n;
}

static int take_best(const struct scoring *s, int limit, struct arena *arena, struct heap *h,
		     struct fail *f)
{
	*h = (struct heap){ .x = s->x, .scores = s->scores };
	h->max = limit <= 0 ? DEFAULT_LIMIT : limit > MAX_LIMIT ? MAX_LIMIT : (size_t)limit;
	h->items = arena_array(arena, uint32_t, h->max);
	if (!h->items)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	for (uint32_t i = 0; i < s->x->n_records; i++) {
		if (s->scores[i].score > 0)
			offer(h, i);
	}
	heap_sort(h);
	return 0;
}

static int answer(const struct scoring *s, const struct heap *h, const struct question *q,
		  struct arena *arena, struct index_hits *out, struct fail *f)
{
	uint64_t counted = 0;
	const char *corrected = NULL;

	for (size_t i = 0; i < q->n; i++)
		counted |= (uint64_t)q->words[i].counts << i;
	if (q->corrected.len)
		corrected = arena_strdup(arena, q->corrected.data);
	out->hits = arena_array(arena, struct index_hit, h->n + 1);
	if (!out->hits || (q->corrected.len && !corrected))
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	out->n = h->n;
	for (size_t i = 0; i < h->n; i++) {
		const struct scores *scores = &s->scores[h->items[i]];
		const struct flat_record *r = &s->x->records[h->items[i]];

		out->hits[i] = (struct index_hit){
			.type = (enum entity)r->type,
			.id = flat_string(s->x, r->id),
			.score = scores->score,
			.n_words = (unsigned)__builtin_popcountll(scores->words & counted),
			.n_query_words = (unsigned)__builtin_popcountll(counted),
			.corrected = corrected,
		};
		memcpy(out->hits[i].field, scores->field, sizeof(scores->field));
	}
	return 0;
}

static bool all_zero(const float *weights)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (weights[i] > 0)
			return false;
	}
	return true;
}

int flat_lexical(const struct flat_file *x, struct sb_stemmer *stemmer,
		 const struct lexical_query *lq, struct arena *arena, struct index_hits *out,
		 struct fail *f)
{
	struct question *q = arena_new(arena, struct question);
	struct scoring s = { .x = x,
			     .weights = all_zero(lq->weights) ? own_weights : lq->weights,
			     .pass = flat_filter(x, &lq->filter, arena, &out->total),
			     .scores = arena_array(arena, struct scores, x->n_records + 1) };
	struct heap best;
	int r;

	if (!q || !s.pass || !s.scores)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	text_init(&q->corrected, 1024);
	r = read_question(x, stemmer, lq, q);
	if (r < 0)
		FAIL(f, r, "no memory for a search");
	for (size_t i = 0; r == 0 && i < q->n; i++) {
		if (q->words[i].stem >= 0 && q->words[i].weight > 0)
			score_word(&s, &q->words[i], (uint64_t)1 << i);
	}
	if (r == 0)
		r = take_best(&s, lq->limit, arena, &best, f);
	if (r == 0)
		r = answer(&s, &best, q, arena, out, f);
	text_finish(&q->corrected);
	return r;
}

/* --- Lists ---------------------------------------------------------------------------------- */

int flat_list(const struct flat_file *x, const struct index_filter *filter, int limit, int offset,
	      struct arena *arena, struct index_hits *out, struct fail *f)
{
	const bool *pass = flat_filter(x, filter, arena, &out->total);
	size_t max = limit <= 0 ? DEFAULT_LIMIT : (size_t)limit,
	       skip = offset > 0 ? (size_t)offset : 0;

	if (max > out->total)
		max = out->total;
	out->hits = pass ? arena_array(arena, struct index_hit, max + 1) : NULL;
	if (!out->hits)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a list");
	out->n = 0;
	for (size_t i = 0; i < x->n_records && out->n < max; i++) {
		if (!pass[i] || (skip && skip--))
			continue;
		out->hits[out->n++] = (struct index_hit){
			.type = (enum entity)x->records[i].type,
			.id = flat_string(x, x->records[i].id),
		};
	}
	return 0;
}
