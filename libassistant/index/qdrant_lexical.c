/*
 * qdrant_lexical.c - nearest in words, and lists.
 *
 *	question --vocabulary of the build--> terms with rarities --> each kind of record: one batch of searches
 *		scores: all terms in all fields		the best records and their BM25F
 *		has:	the same, scored again by powers of two: which words each of them has
 *		fields: the same, scored again field by field (when somebody wants to know why)
 *
 * What a record gives a term is in its sparse vector (qdrant_words.h), with the index's own weights of fields.  Other weights are
 * counted here, from searches of one dimension each.
 */
#include <stdlib.h>
#include <string.h>
#include "index/engine.h"
#include "index/lexical.h"
#include "index/qdrant.h"
#include "index/qdrant_words.h"

#define DEFAULT_LIMIT 10
#define MAX_LIMIT     1000
#define MORE	      32 /* asked for beyond the limit: equal scores are ordered here */
#define MAX_TERMS     (2 * LEXICAL_MAX_WORDS)
#define BODY_MAX      ((size_t)8 << 20)

struct term {
	uint32_t number;
	float weight;	/* its rarity among them */
	uint64_t words; /* bits of the question's words; 0: a word beside its stem */
};

struct candidate {
	struct index_hit hit;
	int64_t by_name;
	uint64_t words;
	float parts[FIELD_COUNT]; /* of the term that is being counted */
};

struct lexical {
	struct qdrant_op op;
	struct lexical_query query;
	int offset; /* of a list */
	struct lexical_question *question;
	struct term terms[MAX_TERMS];
	size_t n_terms, n_has;
	bool own; /* weights */
	struct qdrant_call search[ENTITY_COUNT], count[ENTITY_COUNT];
	bool asked[ENTITY_COUNT];
	struct map *by_id; /* of the collection that is being read: id -> place + 1 */
	struct candidate *found;
	size_t n, cap;
	struct index_hits hits, *out;
	struct arena *arena;
};

static flow_step lexical_send, lexical_read, list_send, list_read;

static struct lexical *lexical_of(struct flow *f)
{
	return container_of(qdrant_op_of(f), struct lexical, op);
}

static size_t limit_of(const struct lexical *l)
{
	int limit = l->query.limit;

	return limit <= 0 ? DEFAULT_LIMIT : limit > MAX_LIMIT ? MAX_LIMIT : (size_t)limit;
}

/* --- Terms ------------------------------------------------------------------------------ */

static void add_term(struct lexical *l, uint32_t number, float weight, uint64_t word)
{
	size_t i = 0;

	while (i < l->n_terms && l->terms[i].number != number)
		i++;
	if (i == MAX_TERMS)
		return;
	if (i == l->n_terms)
		l->terms[l->n_terms++] = (struct term){ .number = number };
	l->terms[i].weight += weight;
	l->terms[i].words |= word;
}

/* As flat_lexical.c scores a word: by its stem, and a little more by the very word. */
static void make_terms(struct lexical *l)
{
	const struct flat_file *x = &l->op.build->words;

	for (size_t i = 0; i < l->question->n; i++) {
		const struct lexical_word *w = &l->question->words[i];
		const struct flat_word *word = w->word >= 0 ? &x->words[w->word] : NULL;
		bool alone = word && word->n_postings == 0;
		float rare;

		if (w->stem < 0 || w->weight <= 0)
			continue;
		rare = w->weight * lexical_idf(x, x->stems[w->stem].n_postings);
		add_term(l, (uint32_t)w->stem, rare * (alone ? 1 + LEXICAL_EXACT : 1),
			 (uint64_t)1 << i);
		if (word && !alone)
			add_term(l, (uint32_t)(x->n_stems + (size_t)w->word),
				 w->weight * LEXICAL_EXACT * lexical_idf(x, word->n_postings), 0);
	}
}

/* --- Requests ------------------------------------------------------------------------------ */

/* A sparse vector of the terms in one field; FIELD_COUNT: in all. */
static void add_query(struct text *t, const struct lexical *l, unsigned field)
{
	unsigned from = field == FIELD_COUNT ? 0 : field;
	unsigned to = field == FIELD_COUNT ? FIELD_COUNT : field + 1;
	float values[MAX_TERMS * FIELD_COUNT];
	unsigned n = 0;

	text_append(t, "\"query\":{\"indices\":[");
	for (size_t i = 0; i < l->n_terms; i++) {
		for (unsigned k = from; k < to; k++) {
			text_printf(t, "%s%u", n ? "," : "", qdrant_dim(l->terms[i].number, k));
			values[n++] = l->terms[i].weight;
		}
	}
	text_append(t, "],\"values\":");
	qdrant_text_vector(t, values, n);
	text_append(t, "},\"using\":\"words\"");
}

/* Which of up to QDRANT_HAS_BITS stems a record has, in one number. */
static void add_has(struct text *t, const struct lexical *l, size_t block)
{
	float values[QDRANT_HAS_BITS];
	unsigned n = 0;
	size_t stem = 0;

	text_append(t, "\"query\":{\"indices\":[");
	for (size_t i = 0; i < l->n_terms; i++) {
		if (!l->terms[i].words)
			continue;
		if (stem++ / QDRANT_HAS_BITS != block)
			continue;
		text_printf(t, "%s%u", n ? "," : "",
			    qdrant_dim(l->terms[i].number, QDRANT_TERM_HAS));
		values[n] = (float)(1u << n);
		n++;
	}
	text_append(t, "],\"values\":");
	qdrant_text_vector(t, values, n);
	text_append(t, "},\"using\":\"words\"");
}

static void add_first(struct text *t, const struct lexical *l, const char *filter)
{
	add_query(t, l, FIELD_COUNT);
	text_printf(t, ",\"filter\":%s,\"limit\":%zu", filter, limit_of(l) + MORE);
}

/* The first search's records, scored again. */
static void begin_again(struct text *t, const struct lexical *l, const char *filter)
{
	text_append(t, ",{\"prefetch\":{");
	add_first(t, l, filter);
	text_append(t, "},");
}

static void end_again(struct text *t, const struct lexical *l)
{
	text_printf(t, ",\"limit\":%zu,\"with_payload\":false}", limit_of(l) + MORE);
}

static char *own_body(const struct lexical *l, const char *filter)
{
	struct text t;

	text_init(&t, BODY_MAX);
	text_append(&t, "{\"searches\":[{");
	add_first(&t, l, filter);
	text_append(&t, ",\"with_payload\":[\"entity_id\",\"by_name\"]}");
	for (size_t i = 0; i < l->n_has; i++) {
		begin_again(&t, l, filter);
		add_has(&t, l, i);
		end_again(&t, l);
	}
	for (unsigned field = 0; l->query.fields && field < FIELD_COUNT; field++) {
		begin_again(&t, l, filter);
		add_query(&t, l, field);
		end_again(&t, l);
	}
	text_append(&t, "]}");
	return text_take(&t);
}

/* One search per term and field. */
static char *other_body(const struct lexical *l, const char *filter)
{
	struct text t;

	text_init(&t, BODY_MAX);
	text_append(&t, "{\"searches\":[");
	for (size_t i = 0; i < l->n_terms * FIELD_COUNT; i++)
		text_printf(
			&t,
			"%s{\"query\":{\"indices\":[%u],\"values\":[1]},\"using\":\"words\","
			"\"filter\":%s,\"limit\":%d,\"with_payload\":[\"entity_id\",\"by_name\"]}",
			i ? "," : "", qdrant_dim(l->terms[i / FIELD_COUNT].number, i % FIELD_COUNT),
			filter, 10 * MAX_LIMIT);
	text_append(&t, "]}");
	return text_take(&t);
}

static char *filter_of(const struct lexical *l, enum entity type)
{
	struct text t;

	text_init(&t, BODY_MAX);
	text_append(&t, "{\"must\":[");
	if (!qdrant_text_filter(&t, l->op.build, type, &l->query.filter))
		text_clear(&t);
	else
		text_append(&t, "]}");
	return text_take(&t);
}

static char *count_body(const char *filter)
{
	char *body = NULL;

	return asprintf(&body, "{\"filter\":%s,\"exact\":true}", filter) < 0 ? NULL : body;
}

static void send_one(struct lexical *l, enum entity type, const char *filter, struct flow *f)
{
	char name[QDRANT_NAME];

	qdrant_set_name(l->op.q, (enum qdrant_set)(SET_MASTERS + type), l->op.build->generation,
			name);
	if (qdrant_filters_nothing(type, &l->query.filter))
		l->hits.total += l->op.build->n_of[type];
	else
		qdrant_send(&l->count[type], l->op.q, f, "POST", count_body(filter),
			    "/collections/%s/points/count", name);
	if (l->n_terms)
		qdrant_send(&l->search[type], l->op.q, f, "POST",
			    l->own ? own_body(l, filter) : other_body(l, filter),
			    "/collections/%s/points/query/batch", name);
	l->asked[type] = true;
}

static void lexical_send(struct flow *f)
{
	struct lexical *l = lexical_of(f);

	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		_cleanup_free_ char *filter = filter_of(l, (enum entity)e);

		if (filter && *filter)
			send_one(l, (enum entity)e, filter, f);
	}
	flow_join(THEN(f, lexical_read));
}

/* --- Answers ------------------------------------------------------------------------------- */

static struct json_object *points_at(struct json_object *result, size_t i)
{
	if (!json_object_is_type(result, json_type_array) || i >= json_object_array_length(result))
		return NULL;
	return json_get_array(json_object_array_get_idx(result, i), "points");
}

static struct candidate *candidate_of(struct lexical *l, enum entity type,
				      struct json_object *point)
{
	const char *uuid = json_text(point, "id");
	struct json_object *payload = json_get_object(point, "payload");
	uintptr_t place = (uintptr_t)map_get(l->by_id, uuid);
	struct candidate *c;

	if (place)
		return &l->found[place - 1];
	if (!json_get_string(payload, "entity_id"))
		return NULL;
	l->found = arena_grow(l->op.own, l->found, l->n, &l->cap, sizeof(*l->found));
	if (!l->found || map_put(l->by_id, uuid, (void *)(uintptr_t)(l->n + 1), NULL) < 0)
		return NULL;
	c = &l->found[l->n++];
	*c = (struct candidate){
		.hit = { .type = type,
			 .id = arena_strdup(l->op.own, json_text(payload, "entity_id")) },
		.by_name = json_get_int(payload, "by_name", 0),
	};
	return c;
}

static uint64_t words_of(const struct lexical *l, size_t block, unsigned has)
{
	uint64_t words = 0;
	size_t stem = 0;

	for (size_t i = 0; i < l->n_terms; i++) {
		if (!l->terms[i].words)
			continue;
		if (stem / QDRANT_HAS_BITS == block && has & 1u << stem % QDRANT_HAS_BITS)
			words |= l->terms[i].words;
		stem++;
	}
	return words;
}

static void read_search(struct lexical *l, enum entity type, size_t number,
			struct json_object *points)
{
	for (size_t i = 0; points && i < json_object_array_length(points); i++) {
		struct json_object *point = json_object_array_get_idx(points, i);
		struct candidate *c = candidate_of(l, type, point);
		float score = (float)json_get_double(point, "score", 0);

		if (!c)
			continue;
		if (number == 0)
			c->hit.score = score;
		else if (number <= l->n_has)
			c->words |= words_of(l, number - 1, (unsigned)(score + 0.5f));
		else
			c->hit.field[number - 1 - l->n_has] = score;
	}
}

/* A term's share of a record with the weights asked for, from what it is with the index's own. */
static void count_term(struct lexical *l, const struct term *term)
{
	const float *own = lexical_weights((const float[FIELD_COUNT]){ 0 });

	for (size_t i = 0; i < l->n; i++) {
		struct candidate *c = &l->found[i];
		float all = 0, factor, sum = 0, parts[FIELD_COUNT];

		for (unsigned k = 0; k < FIELD_COUNT; k++)
			all += c->parts[k];
		factor = lexical_saturated(lexical_sum_of(all));
		for (unsigned k = 0; k < FIELD_COUNT; k++) {
			parts[k] = c->parts[k] / factor / own[k] * l->query.weights[k];
			sum += parts[k];
			c->parts[k] = 0;
		}
		if (sum <= 0)
			continue;
		factor = lexical_saturated(sum) * term->weight;
		for (unsigned k = 0; k < FIELD_COUNT; k++)
			c->hit.field[k] += parts[k] * factor;
		c->hit.score += sum * factor;
		c->words |= term->words;
	}
}

static void read_others(struct lexical *l, enum entity type, struct json_object *result)
{
	for (size_t n = 0; n < l->n_terms * FIELD_COUNT; n++) {
		struct json_object *points = points_at(result, n);

		for (size_t i = 0; points && i < json_object_array_length(points); i++) {
			struct json_object *point = json_object_array_get_idx(points, i);
			struct candidate *c = candidate_of(l, type, point);

			if (c)
				c->parts[n % FIELD_COUNT] =
					(float)json_get_double(point, "score", 0);
		}
		if (n % FIELD_COUNT == FIELD_COUNT - 1)
			count_term(l, &l->terms[n / FIELD_COUNT]);
	}
}

static int read_type(struct lexical *l, enum entity type, struct fail *f)
{
	struct json_object *result = l->search[type].result;

	l->hits.total += (size_t)json_get_int(l->count[type].result, "count", 0);
	if (!l->n_terms)
		return 0;
	l->by_id = map_create(100 * MAX_LIMIT);
	if (!l->by_id)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	if (!l->own)
		read_others(l, type, result);
	for (size_t i = 0; l->own && json_object_is_type(result, json_type_array) &&
			   i < json_object_array_length(result);
	     i++)
		read_search(l, type, i, points_at(result, i));
	map_destroy(TAKE_PTR(l->by_id), NULL);
	return 0;
}

static int by_score(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;

	if (a->hit.score != b->hit.score)
		return a->hit.score > b->hit.score ? -1 : 1;
	return a->by_name < b->by_name ? -1 : a->by_name > b->by_name;
}

static int take_best(struct lexical *l, struct fail *f)
{
	size_t max = limit_of(l);
	uint64_t counted = 0;

	for (size_t i = 0; i < l->question->n; i++)
		counted |= (uint64_t)l->question->words[i].counts << i;
	if (l->n)
		qsort(l->found, l->n, sizeof(*l->found), by_score);
	l->hits.hits = arena_array(l->op.own, struct index_hit, max + 1);
	if (!l->hits.hits)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	for (size_t i = 0; i < l->n && l->hits.n < max && l->found[i].hit.score > 0; i++) {
		struct index_hit *hit = &l->hits.hits[l->hits.n++];

		*hit = l->found[i].hit;
		hit->n_words = (unsigned)__builtin_popcountll(l->found[i].words & counted);
		hit->n_query_words = (unsigned)__builtin_popcountll(counted);
		hit->corrected = l->question->corrected.len ? l->question->corrected.data : NULL;
	}
	return 0;
}

static int failed(struct lexical *l, struct flow *f)
{
	int r = qdrant_failed(f, l->search, ENTITY_COUNT);

	return r < 0 ? r : qdrant_failed(f, l->count, ENTITY_COUNT);
}

static void lexical_read(struct flow *f)
{
	struct lexical *l = lexical_of(f);
	int r = failed(l, f);

	for (unsigned e = 0; r == 0 && e < ENTITY_COUNT; e++) {
		if (l->asked[e])
			r = read_type(l, (enum entity)e, &f->fail);
	}
	if (r == 0)
		r = take_best(l, &f->fail);
	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

/* --- Lists ------------------------------------------------------------------------------------ */

static size_t list_max(const struct lexical *l)
{
	size_t limit = l->query.limit <= 0 ? DEFAULT_LIMIT : (size_t)l->query.limit;

	return limit + (size_t)(l->offset > 0 ? l->offset : 0);
}

static void list_send(struct flow *f)
{
	struct lexical *l = lexical_of(f);
	char name[QDRANT_NAME];

	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		_cleanup_free_ char *filter = filter_of(l, (enum entity)e);
		char *body = NULL;

		if (!filter || !*filter)
			continue;
		send_one(l, (enum entity)e, filter, f);
		if (asprintf(&body,
			     "{\"filter\":%s,\"limit\":%zu,\"order_by\":{\"key\":\"rank\"},"
			     "\"with_payload\":[\"entity_id\"]}",
			     filter, list_max(l)) < 0)
			body = NULL;
		qdrant_set_name(l->op.q, (enum qdrant_set)(SET_MASTERS + e),
				l->op.build->generation, name);
		qdrant_send(&l->search[e], l->op.q, f, "POST", body,
			    "/collections/%s/points/scroll", name);
	}
	flow_join(THEN(f, list_read));
}

static int read_list(struct lexical *l, enum entity type, size_t *skip, struct fail *f)
{
	struct json_object *points = json_get_array(l->search[type].result, "points");

	l->hits.total += (size_t)json_get_int(l->count[type].result, "count", 0);
	for (size_t i = 0; points && i < json_object_array_length(points); i++) {
		struct json_object *payload =
			json_get_object(json_object_array_get_idx(points, i), "payload");

		if (*skip) {
			--*skip;
			continue;
		}
		if (l->hits.n == list_max(l))
			return 0;
		l->hits.hits = arena_grow(l->op.own, l->hits.hits, l->hits.n, &l->cap,
					  sizeof(struct index_hit));
		if (!l->hits.hits)
			return FAIL(f, ASSISTANT_ENOMEM, "no memory for a list");
		l->hits.hits[l->hits.n++] = (struct index_hit){
			.type = type,
			.id = arena_strdup(l->op.own, json_text(payload, "entity_id")),
		};
	}
	return 0;
}

static void list_read(struct flow *f)
{
	struct lexical *l = lexical_of(f);
	size_t skip = l->offset > 0 ? (size_t)l->offset : 0, max = list_max(l) - skip;
	int r = failed(l, f);

	for (unsigned e = 0; r == 0 && e < ENTITY_COUNT; e++)
		r = read_list(l, (enum entity)e, &skip, &f->fail);
	if (l->hits.n > max)
		l->hits.n = max;
	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

/* --- The operations ------------------------------------------------------------------------------- */

static void deliver(struct qdrant_op *op, struct wait *w)
{
	struct lexical *l = container_of(op, struct lexical, op);

	w->status = index_hits_copy(&l->hits, l->arena, l->out, &w->fail);
}

static void finish(struct qdrant_op *op)
{
	struct lexical *l = container_of(op, struct lexical, op);

	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		qdrant_call_finish(&l->search[e]);
		qdrant_call_finish(&l->count[e]);
	}
	if (l->question)
		lexical_question_finish(l->question);
	map_destroy(l->by_id, NULL);
}

static struct lexical *begin(struct index *index, const char *name, const char *conference_id,
			     const struct index_filter *filter, struct arena *arena,
			     struct index_hits *out, struct flow *f)
{
	struct lexical *l = qdrant_op_new(index, sizeof(*l), name, f);

	if (!l || !qdrant_op_build(&l->op, conference_id, filter->epoch, f))
		return NULL;
	l->op.finish = finish;
	l->op.deliver = deliver;
	l->arena = arena;
	l->out = out;
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		l->search[e].once = l->count[e].once = true;
	if (index_filter_copy(filter, l->op.own, &l->query.filter))
		return l;
	qdrant_op_refuse(&l->op, ASSISTANT_ENOMEM, NULL, f);
	return NULL;
}

static int read_question(struct lexical *l, const struct lexical_query *q, struct fail *f)
{
	size_t stems = 0;
	int r;

	l->question = arena_new(l->op.own, struct lexical_question);
	if (!l->question)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	r = lexical_question_read(l->question, &l->op.build->words, l->op.q->stemmer,
				  q->text ? q->text : "", q->typos, f);
	if (r < 0)
		return r;
	make_terms(l);
	for (size_t i = 0; i < l->n_terms; i++)
		stems += l->terms[i].words != 0;
	l->n_has = (stems + QDRANT_HAS_BITS - 1) / QDRANT_HAS_BITS;
	return 0;
}

void qdrant_lexical(struct index *index, const char *conference_id, const struct lexical_query *q,
		    struct arena *arena, struct index_hits *out, struct flow *f)
{
	struct lexical *l = begin(index, "lexical", conference_id, &q->filter, arena, out, f);
	struct fail fail = FAIL_INIT;
	int r;

	if (!l)
		return;
	memcpy(l->query.weights, q->weights, sizeof(q->weights));
	l->query.limit = q->limit;
	l->query.fields = q->fields;
	l->own = lexical_weights(l->query.weights) != l->query.weights;
	r = read_question(l, q, &fail);
	if (r < 0)
		qdrant_op_refuse(&l->op, r, &fail, f);
	else
		qdrant_op_start(&l->op, FIRST(lexical_send), f);
}

void qdrant_list(struct index *index, const char *conference_id, const struct index_filter *filter,
		 int limit, int offset, struct arena *arena, struct index_hits *out, struct flow *f)
{
	struct lexical *l = begin(index, "list", conference_id, filter, arena, out, f);

	if (!l)
		return;
	l->query.limit = limit;
	l->offset = offset;
	qdrant_op_start(&l->op, FIRST(list_send), f);
}
