/*
 * flat_lexical.c - a question's words, found or corrected, scored over the records that pass.
 *
 *	question (lexical.c) --> postings --BM25F--> best
 */
#include "index/flat_lexical.h"
#include <string.h>
#include "index/flat_filter.h"
#include "index/lexical.h"

#define DEFAULT_LIMIT 10
#define MAX_LIMIT     1000

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

/* --- Scoring --------------------------------------------------------------------------- */

static void score_posting(const struct scoring *s, const struct flat_posting *p, float idf,
			  uint64_t bit)
{
	const struct flat_record *r = &s->x->records[p->record];
	struct scores *out = &s->scores[p->record];
	float parts[FIELD_COUNT], sum;

	if (!s->pass[p->record])
		return;
	sum = lexical_parts(s->x->header->average[r->type], r->lengths, p->tf, s->weights, parts);
	if (sum <= 0)
		return;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		out->field[i] += parts[i] * idf;
	out->score += sum * idf;
	out->words |= bit;
}

static void score_word(const struct scoring *s, const struct lexical_word *w, uint64_t bit)
{
	const struct flat_stem *stem = &s->x->stems[w->stem];
	const struct flat_word *word = w->word >= 0 ? &s->x->words[w->word] : NULL;
	bool alone = word && word->n_postings == 0; /* the only word of its stem */
	float idf =
		w->weight * lexical_idf(s->x, stem->n_postings) * (alone ? 1 + LEXICAL_EXACT : 1);

	for (uint32_t i = 0; i < stem->n_postings; i++)
		score_posting(s, &s->x->postings[stem->postings + i], idf, bit);
	if (!word || alone)
		return;
	idf = w->weight * LEXICAL_EXACT * lexical_idf(s->x, word->n_postings);
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

static int answer(const struct scoring *s, const struct heap *h, const struct lexical_question *q,
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

int flat_lexical(const struct flat_file *x, struct sb_stemmer *stemmer,
		 const struct lexical_query *lq, struct arena *arena, struct index_hits *out,
		 struct fail *f)
{
	struct lexical_question *q = arena_new(arena, struct lexical_question);
	struct scoring s = { .x = x,
			     .weights = lexical_weights(lq->weights),
			     .pass = flat_filter(x, &lq->filter, arena, &out->total),
			     .scores = arena_array(arena, struct scores, x->n_records + 1) };
	struct heap best;
	int r;

	if (!q || !s.pass || !s.scores)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	r = lexical_question_read(q, x, stemmer, lq->text, lq->typos, f);
	for (size_t i = 0; r == 0 && i < q->n; i++) {
		if (q->words[i].stem >= 0 && q->words[i].weight > 0)
			score_word(&s, &q->words[i], (uint64_t)1 << i);
	}
	if (r == 0)
		r = take_best(&s, lq->limit, arena, &best, f);
	if (r == 0)
		r = answer(&s, &best, q, arena, out, f);
	lexical_question_finish(q);
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
