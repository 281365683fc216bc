/*
 * index_suite_meaning.c - pseudo-random vectors (no model is needed to hold an exact search against), and a loop that looks at
 * everything.
 */
#include "index_suite_parts.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>
#include "base/hash.h"

const struct vector_space suite_space = { "suite-model", 48 };

/* --- Vectors ---------------------------------------------------------------------- */

/* The same for the same seed; of length 1. */
float *suite_vector(struct arena *arena, uint64_t seed, unsigned dims)
{
	float *v = arena_array(arena, float, dims);
	double square = 0;

	for (unsigned i = 0; i < dims; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v[i] = (float)((double)(seed >> 40) / (1 << 23) - 1);
		square += (double)v[i] * (double)v[i];
	}
	for (unsigned i = 0; i < dims; i++)
		v[i] = (float)((double)v[i] / sqrt(square));
	return v;
}

/* As search/indexing.h does it: the hash is of the model and the text, and equal texts have equal vectors. */
static void point_make(struct arena *arena, const struct vector_space *space, const char *text,
		       struct index_point *out)
{
	char *key = arena_printf(arena, "%s %s", space->model, text);
	uint64_t hash[2] = { hash_stable(key, strlen(key)), hash_stable(key + 1, strlen(key) - 1) };

	memcpy(out->hash, hash, sizeof(hash));
	out->vector = suite_vector(arena, hash[0], space->dims);
}

/* Every record has a master, and most of the facets of its entity; what a text says changes with `changed`, a record's id. */
struct index_points suite_points(struct arena *arena, const struct snapshot *s,
				 struct vector_space space, const char *changed)
{
	size_t max = (s->n[0] + s->n[1] + s->n[2]) * FACETS_PER_ENTITY, n = 0;
	struct index_point *points = arena_array(arena, struct index_point, max + 1);

	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		for (size_t i = 0; i < s->n[e] * FACET_COUNT; i++) {
			const struct record *r = &s->records[e][i / FACET_COUNT];
			enum facet facet = (enum facet)(i % FACET_COUNT);
			bool again = changed && strcmp(changed, r->id) == 0;
			char *text =
				arena_printf(arena, "%s %s %d", r->id, facet_key(facet), again);

			if (!(facets_of(r->type) & FACET_BIT(facet)) ||
			    (facet && hash_stable(text, strlen(text)) % 4 == 0))
				continue;
			points[n] =
				(struct index_point){ (enum entity)e, facet, r->id, { 0 }, NULL };
			point_make(arena, &space, text, &points[n++]);
		}
	}
	return (struct index_points){ space, points, n };
}

struct index_points suite_without_vectors(struct arena *arena, const struct index_points *from)
{
	struct index_point *points = arena_array(arena, struct index_point, from->n + 1);

	for (size_t i = 0; i < from->n; i++) {
		points[i] = from->points[i];
		points[i].vector = NULL;
	}
	return (struct index_points){ from->space, points, from->n };
}

void suite_put_points(struct suite_fixture *fx, struct snapshot *s,
		      const struct index_points *points)
{
	size_t n_missing = 7;

	if (CALL(fx, build, s, points, &n_missing) < 0 ||
	    CALL(fx, use, s->conference.id, s->epoch) < 0)
		fail_msg("%s", call_fail()->text);
	assert_int_equal(n_missing, 0);
}

struct dense_hits suite_nearest(struct suite_fixture *fx, const struct dense_query *q)
{
	struct dense_hits hits = { 0 };

	if (CALL(fx, dense, ONE, q, fx->arena, &hits) < 0)
		fail_msg("%s", call_fail()->text);
	return hits;
}

size_t suite_n_points(struct suite_fixture *fx)
{
	struct vector_space space = { 0 };
	size_t n = 0;

	assert_int_equal(CALL(fx, space, ONE, fx->arena, &space, &n), 0);
	return n;
}

/* --- A loop that looks at everything ------------------------------------------------- */

const struct dense_hit *suite_find_hit(const struct dense_hits *hits, enum entity type,
				       const char *id)
{
	for (size_t i = 0; i < hits->n; i++) {
		if (hits->hits[i].type == type && strcmp(hits->hits[i].id, id) == 0)
			return &hits->hits[i];
	}
	return NULL;
}

static void slow_record(const struct index_points *points, const struct dense_query *q,
			struct dense_hit *hit)
{
	hit->best = COSINE_NONE;
	for (unsigned f = 0; f < FACET_COUNT; f++)
		hit->cosine[f] = COSINE_NONE;
	for (size_t i = 0; i < points->n; i++) {
		const struct index_point *p = &points->points[i];
		double dot = 0;

		if (p->type != hit->type || strcmp(p->id, hit->id) != 0 ||
		    (q->facets && !(q->facets & FACET_BIT(p->facet))))
			continue;
		for (unsigned d = 0; d < q->space.dims; d++)
			dot += (double)p->vector[d] * (double)q->vector[d];
		hit->cosine[p->facet] = (float)dot;
		if (hit->cosine[p->facet] > hit->best)
			hit->best = hit->cosine[p->facet];
	}
}

static int by_best(const void *pa, const void *pb)
{
	const struct dense_hit *a = pa, *b = pb;

	return a->best > b->best ? -1 : a->best < b->best;
}

/* What passes is what `list` says: the filters of both are the same. */
static struct dense_hits slow_search(struct suite_fixture *fx, const struct index_points *points,
				     const struct dense_query *q)
{
	struct index_hits passing = { 0 };
	struct dense_hits all = { 0 };

	assert_int_equal(CALL(fx, list, ONE, &q->filter, 100000, 0, fx->arena, &passing), 0);
	all.hits = arena_array(fx->arena, struct dense_hit, passing.n + 1);
	for (size_t i = 0; i < passing.n; i++) {
		struct dense_hit *hit = &all.hits[all.n];

		hit->type = passing.hits[i].type;
		hit->id = passing.hits[i].id;
		slow_record(points, q, hit);
		all.n += hit->best > COSINE_NONE;
	}
	qsort(all.hits, all.n, sizeof(*all.hits), by_best);
	all.total = all.n;
	return all;
}

static void assert_mean(const struct dense_hits *fast, const struct dense_hits *slow, bool wanted)
{
	double sum = 0;

	for (size_t i = 0; wanted && i < slow->n; i++)
		sum += (double)slow->hits[i].best;
	assert_true(fabs((double)fast->mean - (slow->n ? sum / (double)slow->n : 0)) < NEAR);
}

/* Equal but for rounding; the number of records that were compared. */
size_t suite_assert_exact(struct suite_fixture *fx, const struct index_points *points,
			  const struct dense_query *q)
{
	struct dense_hits fast = suite_nearest(fx, q), slow = slow_search(fx, points, q);

	assert_int_equal(fast.total, slow.total);
	assert_mean(&fast, &slow, q->average);
	assert_int_equal(fast.n, slow.n < (size_t)q->limit ? slow.n : (size_t)q->limit);
	for (size_t i = 0; i < fast.n; i++) {
		const struct dense_hit *hit = &fast.hits[i],
				       *same = suite_find_hit(&slow, hit->type, hit->id);

		assert_non_null(same);
		assert_true(fabs((double)hit->best - (double)slow.hits[i].best) < NEAR);
		assert_true(i == 0 || hit->best <= fast.hits[i - 1].best);
		for (unsigned f = 0; f < FACET_COUNT; f++)
			assert_true(fabs((double)hit->cosine[f] - (double)same->cosine[f]) < NEAR);
	}
	return slow.n;
}

static void fill_many(struct snapshot *s, enum entity type, size_t n)
{
	const char **lines = arena_array(s->arena, const char *, n);

	for (size_t i = 0; i < n; i++) {
		if (type == ENTITY_SESSION)
			lines[i] = arena_printf(
				s->arena,
				"{\"id\":\"s%zu\",\"title\":\"Talk %zu\",\"track\":\"Track "
				"%zu\",\"session_type\":\"Type %zu\",\"level\":\"Level "
				"%zu\",\"language\":\"l%zu\",\"location\":\"Room "
				"%zu\",\"start_time\":\"2026-01-31T%02zu:00:00+01:00\",\"end_"
				"time\":\"2026-01-31T%02zu:50:00+01:00\",\"speaker_ids\":[\"p%zu\"]"
				"}",
				i, i, i % 13, i % 4, i % 3, i % 5, i % 11, 8 + i % 10, 8 + i % 10,
				i % N_SPEAKERS);
		else if (type == ENTITY_EXHIBITOR)
			lines[i] = arena_printf(s->arena,
						"{\"id\":\"e%zu\",\"name\":\"Stand %zu\",\"booth_"
						"number\":\"B%zu\",\"category\":\"Track %zu\"}",
						i, i, i, i % 7);
		else
			lines[i] = arena_printf(s->arena,
						"{\"id\":\"p%zu\",\"name\":\"Person %zu\"}", i, i);
	}
	suite_fill(s, type, lines, n);
}

struct snapshot *suite_big_conference(uint64_t epoch)
{
	struct snapshot *s = suite_begin(ONE, epoch);

	fill_many(s, ENTITY_SESSION, N_SESSIONS);
	fill_many(s, ENTITY_EXHIBITOR, N_EXHIBITORS);
	fill_many(s, ENTITY_SPEAKER, N_SPEAKERS);
	return suite_seal(s);
}
