/*
 * flat_dense.c - filters first, then the points of what passes, facet by facet.
 *
 *	filter --> a place for each record that passes
 *	each asked facet: its points --those with a place--> rows --kernel--> cosines by place and facet
 *	best of each place --> the top --> hits
 */
#include "index/flat_dense.h"
#include <string.h>
#include "index/flat_filter.h"
#include "index/flat_points.h"

#define DEFAULT_LIMIT 10
#define MAX_LIMIT     10000
#define CHUNK	      512 /* rows a kernel is given at once */
#define NO_PLACE      UINT32_MAX

struct scan {
	const struct flat_file *x;
	const struct vector_kernels *kernels;
	const float *query; /* stride floats */
	uint32_t *places;   /* by record; NO_PLACE: did not pass */
	uint32_t *records;  /* by place */
	float (*cosines)[FACETS_PER_ENTITY];
	float *best; /* by place; COSINE_NONE: no vector */
	size_t n_places;
	uint8_t columns[FACET_COUNT];  /* where a facet stands among its entity's */
	unsigned facets[ENTITY_COUNT]; /* that an entity has */
	uint32_t first[ENTITY_COUNT];  /* record of that entity */
};

/* Rows that wait for the kernel, and where their cosines go. */
struct chunk {
	uint32_t rows[CHUNK], places[CHUNK];
	float cosines[CHUNK];
	size_t n;
};

static void number_columns(struct scan *s)
{
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		uint8_t n = 1; /* 0 is the master's */

		s->facets[e] = facets_of((enum entity)e);
		for (unsigned facet = FACET_MASTER + 1; facet < FACET_COUNT; facet++) {
			if (facet_entity((enum facet)facet) == e)
				s->columns[facet] = n++;
		}
	}
	s->columns[FACET_MASTER] = 0;
}

/* As long as rows are: zeros behind. */
static bool copy_query(struct scan *s, const struct dense_query *q, struct arena *arena)
{
	float *query = arena_array(arena, float, s->x->header->stride);

	if (query)
		memcpy(query, q->vector, q->space.dims * sizeof(float));
	s->query = query;
	return query;
}

static bool scan_begin(struct scan *s, const struct dense_query *q, const bool *pass, size_t n_pass,
		       struct arena *arena)
{
	s->places = arena_array(arena, uint32_t, s->x->n_records + 1);
	s->records = arena_array(arena, uint32_t, n_pass + 1);
	s->cosines = arena_alloc(arena, (n_pass + 1) * sizeof(*s->cosines));
	s->best = arena_array(arena, float, n_pass + 1);
	if (!copy_query(s, q, arena) || !s->places || !s->records || !s->cosines || !s->best)
		return false;
	for (size_t i = s->x->n_records; i-- > 0;)
		s->first[s->x->records[i].type] = (uint32_t)i;
	for (size_t i = 0; i < s->x->n_records; i++) {
		s->places[i] = pass[i] ? (uint32_t)s->n_places : NO_PLACE;
		if (pass[i])
			s->records[s->n_places++] = (uint32_t)i;
	}
	for (size_t i = 0; i < s->n_places; i++) {
		s->best[i] = COSINE_NONE;
		for (unsigned c = 0; c < FACETS_PER_ENTITY; c++)
			s->cosines[i][c] = COSINE_NONE;
	}
	number_columns(s);
	return true;
}

static void flush(struct scan *s, struct chunk *c, unsigned column)
{
	s->kernels->dots(s->query, s->x->vectors, s->x->header->stride, c->rows, c->n, c->cosines);
	for (size_t i = 0; i < c->n; i++) {
		float cosine = c->cosines[i] < 1 ? c->cosines[i] : 1;

		if (!(cosine >= -1)) /* rounding; or no number, from a file made by hand */
			cosine = -1;
		s->cosines[c->places[i]][column] = cosine;
		if (cosine > s->best[c->places[i]])
			s->best[c->places[i]] = cosine;
	}
	c->n = 0;
}

static void scan_facet(struct scan *s, unsigned facet)
{
	const struct flat_file *x = s->x;
	struct chunk c;

	c.n = 0;
	for (uint32_t i = x->facets[facet]; i < x->facets[facet + 1]; i++) {
		uint32_t place = s->places[x->points[i].record];

		if (place == NO_PLACE)
			continue;
		c.rows[c.n] = x->points[i].vector;
		c.places[c.n++] = place;
		if (c.n == CHUNK)
			flush(s, &c, s->columns[facet]);
	}
	if (c.n)
		flush(s, &c, s->columns[facet]);
}

/* --- The top: a heap whose root is the worst kept ------------------------------------- */

/* Equal cosines: in the order of lists. */
static bool better(const struct scan *s, uint32_t a, uint32_t b)
{
	return s->best[a] != s->best[b] ? s->best[a] > s->best[b] : a < b;
}

static void sink(const struct scan *s, uint32_t *heap, size_t n, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		uint32_t moved;

		if (child + 1 < n && better(s, heap[child], heap[child + 1]))
			child++;
		if (!better(s, heap[at], heap[child]))
			return;
		moved = heap[at];
		heap[at] = heap[child];
		heap[child] = moved;
	}
}

static void swap_last(const struct scan *s, uint32_t *heap, size_t last)
{
	uint32_t worst = heap[0];

	heap[0] = heap[last];
	heap[last] = worst;
	sink(s, heap, last, 0);
}

/* The best places first; how many. */
static size_t take_top(const struct scan *s, uint32_t *heap, size_t max, size_t *total)
{
	size_t n = 0;

	*total = 0;
	for (uint32_t place = 0; place < s->n_places; place++) {
		if (s->best[place] <= COSINE_NONE)
			continue;
		++*total;
		if (n < max) {
			heap[n++] = place;
			for (size_t i = n / 2; n == max && i-- > 0;)
				sink(s, heap, n, i);
		} else if (better(s, place, heap[0])) {
			heap[0] = place;
			sink(s, heap, n, 0);
		}
	}
	for (size_t i = n / 2; n < max && i-- > 0;)
		sink(s, heap, n, i);
	for (size_t last = n; last-- > 1;)
		swap_last(s, heap, last);
	return n;
}

static void fill_hit(const struct scan *s, uint32_t place, struct dense_hit *hit)
{
	const struct flat_record *r = &s->x->records[s->records[place]];

	hit->type = (enum entity)r->type;
	hit->id = flat_string(s->x, r->id);
	hit->row = s->records[place] - s->first[hit->type];
	hit->best = s->best[place];
	for (unsigned facet = 0; facet < FACET_COUNT; facet++)
		hit->cosine[facet] = s->facets[hit->type] & FACET_BIT(facet)
					     ? s->cosines[place][s->columns[facet]]
					     : COSINE_NONE;
}

static float mean_of(const struct scan *s, size_t total)
{
	double sum = 0;

	for (size_t place = 0; place < s->n_places; place++)
		sum += s->best[place] > COSINE_NONE ? (double)s->best[place] : 0;
	return total ? (float)(sum / (double)total) : 0;
}

static int answer(const struct scan *s, int limit, bool average, struct arena *arena,
		  struct dense_hits *out, struct fail *f)
{
	size_t max = limit <= 0 ? DEFAULT_LIMIT : limit > MAX_LIMIT ? MAX_LIMIT : (size_t)limit;
	uint32_t *heap;

	if (max > s->n_places)
		max = s->n_places;
	heap = arena_array(arena, uint32_t, max + 1);
	out->hits = arena_array(arena, struct dense_hit, max + 1);
	if (!heap || !out->hits)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	out->n = max ? take_top(s, heap, max, &out->total) : 0;
	for (size_t i = 0; i < out->n; i++)
		fill_hit(s, heap[i], &out->hits[i]);
	if (average)
		out->mean = mean_of(s, out->total);
	return 0;
}

/* --- Information pages ------------------------------------------------------------------ */

/* cosine[FACET_MASTER] is its nearest passage's, best also what a question that it answers is. */
static void page_met(const struct scan *s, const struct flat_point *p, struct dense_hit *hits)
{
	struct dense_hit *hit = &hits[p->record];
	float cosine, *passage = &hit->cosine[FACET_MASTER];

	s->kernels->dots(s->query, s->x->vectors, s->x->header->stride, &p->vector, 1, &cosine);
	cosine = cosine < 1 ? cosine : 1;
	if (cosine > hit->best)
		hit->best = cosine;
	if (p->part >= POINT_PART_ASKED || !(cosine > *passage))
		return;
	*passage = cosine;
	hit->part = p->part;
}

static int by_best(const void *pa, const void *pb)
{
	const struct dense_hit *a = pa, *b = pb;

	if (a->best != b->best)
		return a->best > b->best ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* They are few: each passage by itself, no heap. */
static int answer_pages(struct scan *s, const struct dense_query *q, struct arena *arena,
			struct dense_hits *out, struct fail *f)
{
	const struct flat_file *x = s->x;
	struct dense_hit *hits = arena_array(arena, struct dense_hit, x->n_pages + 1);
	size_t max = q->limit <= 0 ? DEFAULT_LIMIT : (size_t)q->limit;

	if (!hits || !copy_query(s, q, arena))
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	for (size_t i = 0; i < x->n_pages; i++) {
		hits[i] = (struct dense_hit){ .type = POINT_PAGE, .best = COSINE_NONE };
		hits[i].id = flat_string(x, x->pages[i]);
		for (unsigned facet = 0; facet < FACET_COUNT; facet++)
			hits[i].cosine[facet] = COSINE_NONE;
	}
	for (uint32_t i = x->facets[FLAT_PAGES]; i < x->facets[FLAT_PAGES + 1]; i++)
		page_met(s, &x->points[i], hits);
	qsort(hits, x->n_pages, sizeof(*hits), by_best);
	while (out->total < x->n_pages && hits[out->total].best > COSINE_NONE)
		out->total++;
	out->hits = hits;
	out->n = out->total < max ? out->total : max;
	return 0;
}

int flat_dense(const struct flat_file *x, const struct vector_kernels *kernels,
	       const struct dense_query *q, struct arena *arena, struct dense_hits *out,
	       struct fail *f)
{
	struct scan s = { .x = x, .kernels = kernels };
	unsigned facets = q->facets ? q->facets : FACET_ALL;
	const bool *pass;
	size_t n_pass;

	*out = (struct dense_hits){ 0 };
	if (!x->n_points)
		return 0;
	if (!flat_space_is(x, &q->space))
		return flat_space_conflict(
			&(struct vector_space){ x->header->model, x->header->dims }, &q->space, f);
	if (q->pages)
		return answer_pages(&s, q, arena, out, f);
	pass = flat_filter(x, &q->filter, arena, &n_pass);
	if (!pass || !scan_begin(&s, q, pass, n_pass, arena))
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	for (unsigned facet = 0; facet < FACET_COUNT; facet++) {
		if (facets & FACET_BIT(facet))
			scan_facet(&s, facet);
	}
	return answer(&s, q->limit, q->average, arena, out, f);
}
