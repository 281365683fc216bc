/*
 * index_suite_vectors.c - the conformance suite of index.h: vectors.  They are pseudo-random: no model is needed to hold an
 * exact search against a loop that looks at everything.
 */
#include "index_suite_parts.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>
#include "base/hash.h"

#define NEAR 1e-5

static const struct vector_space small = { "suite-model", 48 };

/* --- Vectors ---------------------------------------------------------------------- */

/* The same for the same seed; of length 1. */
static float *vector_of(struct arena *arena, uint64_t seed, unsigned dims)
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
	out->vector = vector_of(arena, hash[0], space->dims);
}

/* Every record has a master, and most of the facets of its entity; what a text says changes with `changed`, a record's id. */
static struct index_points points_of(struct arena *arena, const struct snapshot *s,
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

static struct index_points without_vectors(struct arena *arena, const struct index_points *from)
{
	struct index_point *points = arena_array(arena, struct index_point, from->n + 1);

	for (size_t i = 0; i < from->n; i++) {
		points[i] = from->points[i];
		points[i].vector = NULL;
	}
	return (struct index_points){ from->space, points, from->n };
}

static void put_points(struct suite_fixture *fx, struct snapshot *s,
		       const struct index_points *points)
{
	size_t n_missing = 7;

	if (CALL(fx, build, s, points, &n_missing) < 0 ||
	    CALL(fx, use, s->conference.id, s->epoch) < 0)
		fail_msg("%s", call_fail()->text);
	assert_int_equal(n_missing, 0);
}

static struct dense_hits nearest(struct suite_fixture *fx, const struct dense_query *q)
{
	struct dense_hits hits = { 0 };

	if (CALL(fx, dense, ONE, q, fx->arena, &hits) < 0)
		fail_msg("%s", call_fail()->text);
	return hits;
}

static size_t n_points_in_use(struct suite_fixture *fx)
{
	struct vector_space space = { 0 };
	size_t n = 0;

	assert_int_equal(CALL(fx, space, ONE, fx->arena, &space, &n), 0);
	return n;
}

/* --- A loop that looks at everything ------------------------------------------------- */

static const struct dense_hit *find_hit(const struct dense_hits *hits, enum entity type,
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

/* Equal but for rounding; the number of records that were compared. */
static size_t assert_exact(struct suite_fixture *fx, const struct index_points *points,
			   const struct dense_query *q)
{
	struct dense_hits fast = nearest(fx, q), slow = slow_search(fx, points, q);

	assert_int_equal(fast.total, slow.total);
	assert_int_equal(fast.n, slow.n < (size_t)q->limit ? slow.n : (size_t)q->limit);
	for (size_t i = 0; i < fast.n; i++) {
		const struct dense_hit *hit = &fast.hits[i],
				       *same = find_hit(&slow, hit->type, hit->id);

		assert_non_null(same);
		assert_true(fabs((double)hit->best - (double)slow.hits[i].best) < NEAR);
		assert_true(i == 0 || hit->best <= fast.hits[i - 1].best);
		for (unsigned f = 0; f < FACET_COUNT; f++)
			assert_true(fabs((double)hit->cosine[f] - (double)same->cosine[f]) < NEAR);
	}
	return slow.n;
}

/* --- Exactness -------------------------------------------------------------------------- */

#define N_SESSIONS   300
#define N_EXHIBITORS 40
#define N_SPEAKERS   90

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

static struct snapshot *big_conference(uint64_t epoch)
{
	struct snapshot *s = suite_begin(ONE, epoch);

	fill_many(s, ENTITY_SESSION, N_SESSIONS);
	fill_many(s, ENTITY_EXHIBITOR, N_EXHIBITORS);
	fill_many(s, ENTITY_SPEAKER, N_SPEAKERS);
	return suite_seal(s);
}

static void test_exact(void **state)
{
	static const unsigned dims[] = { 1, 3, 16, 48, 100, 384, 1536 };
	struct suite_fixture *fx = *state;

	for (size_t i = 0; i < ARRAY_SIZE(dims); i++) {
		struct vector_space space = { "suite-model", dims[i] };
		struct snapshot *s = suite_conference(ONE, 10 + i);
		struct index_points points = points_of(fx->arena, s, space, NULL);

		put_points(fx, s, &points);
		for (uint64_t seed = 0; seed < 5; seed++) {
			struct dense_query q = {
				vector_of(fx->arena, seed, dims[i]), space, 0, { 0 }, 50
			};

			assert_int_equal(assert_exact(fx, &points, &q), 10);
		}
		snapshot_unref(s);
	}
}

static void test_facet_masks(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = big_conference(2);
	struct index_points points = points_of(fx->arena, s, small, NULL);
	struct dense_query q = { vector_of(fx->arena, 7, small.dims), small, 0, { 0 }, 1000 };

	put_points(fx, s, &points);
	assert_int_equal(assert_exact(fx, &points, &q), N_SESSIONS + N_EXHIBITORS + N_SPEAKERS);
	q.facets = FACET_BIT(FACET_MASTER);
	assert_int_equal(assert_exact(fx, &points, &q), N_SESSIONS + N_EXHIBITORS + N_SPEAKERS);
	for (unsigned f = FACET_MASTER + 1; f < FACET_COUNT; f++) {
		size_t n;

		q.facets = FACET_BIT(f);
		n = assert_exact(fx, &points, &q);
		assert_true(n > 0 && n < s->n[facet_entity((enum facet)f)]);
	}
	q.facets = FACET_BIT(FACET_SESSION_TOPIC) | FACET_BIT(FACET_WHY_VISIT_US) |
		   FACET_BIT(FACET_CONNECT_WITH_ME);
	assert_true(assert_exact(fx, &points, &q) > 0);
	snapshot_unref(s);
}

static void test_filters(void **state)
{
	static const char *const rooms[] = { "Room 3", "ROOM 4", "b7", NULL };
	static const char *const tracks[] = { "Track 2", NULL }, *const types[] = { "type 1",
										    NULL };
	static const char *const levels[] = { "Level 2", NULL }, *const languages[] = { "L3",
											NULL };
	static const char *const people[] = { "p5", "p6", NULL };
	static const char *const some[] = { "s17", "e3", "p8", "nobody", NULL };
	const struct index_filter filters[] = {
		{ .entities = ENTITY_BIT(ENTITY_SESSION) },
		{ .entities = ENTITY_BIT(ENTITY_EXHIBITOR) | ENTITY_BIT(ENTITY_SPEAKER) },
		{ .has_window = true, .from = T(2), .to = T(4) },
		{ .has_window = true, .overlap = true, .from = T(2) + 600, .to = T(2) + 1200 },
		{ .has_window = true, .from = T(5), .to = TIME_UNKNOWN },
		{ .places = rooms },
		{ .tracks = tracks },
		{ .types = types },
		{ .levels = levels },
		{ .languages = languages },
		{ .speaker_ids = people },
		{ .ids = some },
		{ .tracks = tracks,
		  .levels = levels,
		  .has_window = true,
		  .from = T(0),
		  .to = T(7) },
	};
	struct suite_fixture *fx = *state;
	struct snapshot *s = big_conference(2);
	struct index_points points = points_of(fx->arena, s, small, NULL);
	struct dense_query q = { vector_of(fx->arena, 9, small.dims), small, 0, { 0 }, 1000 };

	put_points(fx, s, &points);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		size_t n;

		q.filter = filters[i];
		q.facets = 0;
		n = assert_exact(fx, &points, &q);
		assert_true(n > 0 && n < N_SESSIONS + N_EXHIBITORS + N_SPEAKERS);
		q.facets = FACET_BIT(FACET_SESSION_TOPIC) | FACET_BIT(FACET_WHO_WE_HELP) |
			   FACET_BIT(FACET_SPEAKING_TOPICS);
		assert_true(assert_exact(fx, &points, &q) <= n);
	}
	q.filter = (struct index_filter){ .ids = (const char *const[]){ "nobody", NULL } };
	assert_int_equal(assert_exact(fx, &points, &q), 0);
	snapshot_unref(s);
}

/* One hit per record, however many of its facets are near; the best of all records, not of all points. */
static void test_grouping_and_limit(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = big_conference(2);
	struct index_points points = points_of(fx->arena, s, small, NULL);
	const float *near = vector_of(fx->arena, 11, small.dims);
	struct index_point *copy = arena_array(fx->arena, struct index_point, points.n);
	struct dense_query q = { near, small, 0, { 0 }, 3 };
	struct dense_hits hits;

	memcpy(copy, points.points, points.n * sizeof(*copy));
	for (size_t i = 0; i < points.n; i++) {
		if (strcmp(copy[i].id, "s42") == 0 || strcmp(copy[i].id, "e7") == 0) {
			memset(copy[i].hash, 9, POINT_HASH_SIZE);
			copy[i].vector = near;
		}
	}
	points.points = copy;
	put_points(fx, s, &points);
	hits = nearest(fx, &q);
	assert_int_equal(hits.n, 3);
	assert_int_equal(hits.total, N_SESSIONS + N_EXHIBITORS + N_SPEAKERS);
	assert_non_null(find_hit(&hits, ENTITY_SESSION, "s42"));
	assert_non_null(find_hit(&hits, ENTITY_EXHIBITOR, "e7"));
	assert_true(fabs((double)hits.hits[1].best - 1) < NEAR && hits.hits[1].best <= 1);
	assert_true(hits.hits[2].best < 0.9f);
	for (q.limit = 1; q.limit < 600; q.limit += 37)
		assert_exact(fx, &points, &q);
	snapshot_unref(s);
}

/* --- Spaces ------------------------------------------------------------------------------------ */

static void test_no_vectors(void **state)
{
	struct suite_fixture *fx = *state;
	struct dense_query q = { vector_of(fx->arena, 1, small.dims), small, 0, { 0 }, 10 };
	struct vector_space space = { 0 };
	struct index_points none = { small, NULL, 0 };
	struct snapshot *next = suite_conference(ONE, 2);
	size_t n = 7;

	assert_int_equal(nearest(fx, &q).n, 0);
	assert_int_equal(CALL(fx, space, ONE, fx->arena, &space, &n), 0);
	assert_string_equal(space.model, "");
	assert_int_equal(n, 0);
	put_points(fx, next, &none);
	assert_int_equal(nearest(fx, &q).n, 0);
	assert_int_equal(n_points_in_use(fx), 0);
	snapshot_unref(next);
}

static void test_other_model(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	struct index_points points = points_of(fx->arena, s, small, NULL);
	struct vector_space other = { "other-model", small.dims }, longer = { "suite-model", 64 };
	struct dense_query q = { vector_of(fx->arena, 1, small.dims), other, 0, { 0 }, 10 };
	struct dense_hits hits = { .n = 7 };
	struct vector_space space = { 0 };
	size_t n = 0;

	put_points(fx, s, &points);
	assert_int_equal(CALL(fx, dense, ONE, &q, fx->arena, &hits), ASSISTANT_ECONFLICT);
	assert_non_null(strstr(call_fail()->text, "suite-model"));
	assert_non_null(strstr(call_fail()->text, "other-model"));
	assert_non_null(strstr(call_fail()->text, "erleah-ingest all FILE"));
	q.space = longer;
	q.vector = vector_of(fx->arena, 1, longer.dims);
	assert_int_equal(CALL(fx, dense, ONE, &q, fx->arena, &hits), ASSISTANT_ECONFLICT);
	assert_non_null(strstr(call_fail()->text, "64"));
	assert_int_equal(hits.n, 7);
	assert_int_equal(CALL(fx, space, ONE, fx->arena, &space, &n), 0);
	assert_string_equal(space.model, "suite-model");
	assert_int_equal(space.dims, small.dims);
	assert_int_equal(n, points.n);
	snapshot_unref(s);
}

static void test_bad_vectors(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	float *bad = vector_of(fx->arena, 1, small.dims);
	struct index_point point = { ENTITY_SESSION, FACET_MASTER, "s1", { 1 }, bad };
	struct index_points points = { small, &point, 1 };
	struct dense_query q = { bad, small, 0, { 0 }, 10 };
	struct dense_hits hits = { 0 };

	for (int i = 0; i < 3; i++) {
		if (i == 0)
			bad[5] = NAN;
		else
			memset(bad, 0, small.dims * sizeof(float));
		if (i == 2)
			bad[0] = 3;
		assert_int_equal(CALL(fx, dense, ONE, &q, fx->arena, &hits), ASSISTANT_EINVAL);
		assert_non_null(strstr(call_fail()->text, "length 1 are accepted"));
		assert_int_equal(CALL(fx, stage, ONE, &points), ASSISTANT_EINVAL);
		assert_non_null(strstr(call_fail()->text, "s1"));
		assert_int_equal(CALL(fx, build, s, &points, NULL), ASSISTANT_EINVAL);
		assert_non_null(strstr(call_fail()->text, "session s1 (master)"));
	}
	points.space.dims = 0;
	assert_int_equal(CALL(fx, build, s, &points, NULL), ASSISTANT_EINVAL);
	assert_int_equal(CALL(fx, use, ONE, 2), ASSISTANT_ENOTFOUND);
	snapshot_unref(s);
}

static void test_bad_points(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	const float *v = vector_of(fx->arena, 1, small.dims);
	struct index_point point[2] = { { ENTITY_SESSION, FACET_WHY_VISIT_US, "s1", { 1 }, v } };
	struct index_points points = { small, point, 1 };

	assert_int_equal(CALL(fx, build, s, &points, NULL), ASSISTANT_EINVAL);
	assert_non_null(strstr(call_fail()->text, "session s1 (why_visit_us)"));
	point[0] = (struct index_point){ ENTITY_SESSION, FACET_MASTER, "e1", { 1 }, v };
	assert_int_equal(CALL(fx, build, s, &points, NULL), ASSISTANT_EINVAL);
	assert_non_null(strstr(call_fail()->text, "session e1"));
	point[1] = point[0] = (struct index_point){ ENTITY_SESSION, FACET_MASTER, "s1", { 1 }, v };
	points.n = 2;
	assert_int_equal(CALL(fx, build, s, &points, NULL), ASSISTANT_EINVAL);
	snapshot_unref(s);
}

static void test_vectors_isolation(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *mine = suite_conference(ONE, 2), *theirs = suite_other_conference(9);
	struct index_points points = points_of(fx->arena, mine, small, NULL);
	struct index_points secret = points_of(fx->arena, theirs, small, NULL);
	struct dense_query q = { secret.points[0].vector, small, 0, { 0 }, 1000 };
	struct dense_hits hits = { 0 };
	bool known[1] = { true };

	put_points(fx, theirs, &secret);
	put_points(fx, mine, &points);
	hits = nearest(fx, &q);
	assert_int_equal(hits.n, 10);
	assert_null(find_hit(&hits, ENTITY_SESSION, "x1"));
	assert_true(hits.hits[0].best < 0.99f);
	assert_int_equal(CALL(fx, dense, OTHER, &q, fx->arena, &hits), 0);
	assert_int_equal(hits.n, 1);
	assert_string_equal(hits.hits[0].id, "x1");
	/* Not even that the text occurs elsewhere can be learnt. */
	assert_int_equal(CALL(fx, known, ONE, small, &secret.points[0].hash, 1, known), 0);
	assert_false(known[0]);
	snapshot_unref(mine);
	snapshot_unref(theirs);
}

static void test_unknown_conference(void **state)
{
	struct suite_fixture *fx = *state;
	struct dense_query q = { vector_of(fx->arena, 1, small.dims), small, 0, { 0 }, 10 };
	struct dense_hits hits = { .n = 7 };
	struct vector_space space = { 0 };
	uint8_t hash[1][POINT_HASH_SIZE] = { { 1 } };
	bool known[1] = { true };
	size_t n = 7;

	assert_int_equal(CALL(fx, dense, OTHER, &q, fx->arena, &hits), ASSISTANT_ENOTFOUND);
	assert_int_equal(CALL(fx, space, OTHER, fx->arena, &space, &n), ASSISTANT_ENOTFOUND);
	assert_int_equal(hits.n + n, 14);
	assert_int_equal(CALL(fx, known, OTHER, small, hash, 1, known), 0);
	assert_false(known[0]);
	assert_true(CALL(fx, known, "../x", small, hash, 1, known) < 0);
	assert_true(CALL(fx, stage, "../x", &(struct index_points){ small, NULL, 0 }) < 0);
}

/* --- Vectors made before -------------------------------------------------------------------- */

/* How many of these texts have a vector already. */
static size_t n_known(struct suite_fixture *fx, const struct index_points *points)
{
	uint8_t(*hashes)[POINT_HASH_SIZE] =
		arena_alloc(fx->arena, (points->n + 1) * POINT_HASH_SIZE);
	bool *known = arena_array(fx->arena, bool, points->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < points->n; i++)
		memcpy(hashes[i], points->points[i].hash, POINT_HASH_SIZE);
	if (CALL(fx, known, ONE, points->space, (const uint8_t(*)[POINT_HASH_SIZE])hashes,
		 points->n, known) < 0)
		fail_msg("%s", call_fail()->text);
	for (size_t i = 0; i < points->n; i++)
		n += known[i];
	return n;
}

static struct index_points slice(const struct index_points *points, size_t from, size_t n)
{
	return (struct index_points){ points->space, points->points + from, n };
}

static void test_staged_then_built(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = big_conference(2);
	struct index_points points = points_of(fx->arena, s, small, NULL), batch;
	struct index_points hashes = without_vectors(fx->arena, &points);
	struct dense_query q = { vector_of(fx->arena, 3, small.dims), small, 0, { 0 }, 1000 };

	assert_int_equal(n_known(fx, &hashes), 0);
	for (size_t i = 0; i < points.n; i += 64) {
		batch = slice(&points, i, points.n - i < 64 ? points.n - i : 64);
		assert_int_equal(CALL(fx, stage, ONE, &batch), 0);
		assert_int_equal(n_known(fx, &hashes), i + batch.n);
	}
	put_points(fx, s, &hashes);
	assert_exact(fx, &points, &q);
	assert_int_equal(n_known(fx, &hashes), points.n);
	snapshot_unref(s);
}

/* What no one has is counted and left out; what was staged stays until a build has everything. */
static void test_missing(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	struct index_points points = points_of(fx->arena, s, small, NULL);
	struct index_points hashes = without_vectors(fx->arena, &points);
	struct index_points most = slice(&points, 0, points.n - 5),
			    rest = slice(&points, points.n - 5, 5);
	struct dense_query q = { vector_of(fx->arena, 3, small.dims), small, 0, { 0 }, 1000 };
	size_t n_missing = 0;

	assert_int_equal(CALL(fx, stage, ONE, &most), 0);
	assert_int_equal(CALL(fx, build, s, &hashes, &n_missing), 0);
	assert_int_equal(n_missing, 5);
	assert_int_equal(CALL(fx, use, ONE, 2), 0);
	assert_int_equal(n_points_in_use(fx), points.n - 5);
	assert_exact(fx, &most, &q);
	assert_int_equal(CALL(fx, stage, ONE, &rest), 0);
	put_points(fx, s, &hashes);
	assert_exact(fx, &points, &q);
	snapshot_unref(s);
}

static void test_another_models_staging_goes(void **state)
{
	struct suite_fixture *fx = *state;
	struct vector_space other = { "other-model", 32 };
	struct snapshot *s = suite_conference(ONE, 2);
	struct index_points points = points_of(fx->arena, s, small, NULL);
	struct index_points others = points_of(fx->arena, s, other, NULL);

	assert_int_equal(CALL(fx, stage, ONE, &points), 0);
	assert_int_equal(n_known(fx, &others), 0);
	assert_int_equal(CALL(fx, stage, ONE, &others), 0);
	assert_int_equal(n_known(fx, &others), others.n);
	assert_int_equal(n_known(fx, &points), 0);
	snapshot_unref(s);
}

/* A second run needs nothing; a changed record only its own; a removed one is not found any more. */
static void test_next_epoch_reuses(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *before = suite_conference(ONE, 2), *after = suite_begin(ONE, 3);
	struct index_points old = points_of(fx->arena, before, small, NULL), new, hashes;
	static const char *const line[] = { "{\"id\":\"s1\",\"title\":\"Running\"}",
					    "{\"id\":\"s2\",\"title\":\"Modern\"}" };
	struct dense_query q = { vector_of(fx->arena, 3, small.dims), small, 0, { 0 }, 1000 };
	size_t n_missing = 0, n_changed = 0;

	put_points(fx, before, &old);
	suite_fill(after, ENTITY_SESSION, line, 2);
	suite_seal(after);
	new = points_of(fx->arena, after, small, "s2");
	hashes = without_vectors(fx->arena, &new);
	for (size_t i = 0; i < new.n; i++)
		n_changed += strcmp(new.points[i].id, "s2") == 0;
	assert_int_equal(n_known(fx, &hashes), new.n - n_changed);
	assert_int_equal(CALL(fx, build, after, &hashes, &n_missing), 0);
	assert_int_equal(n_missing, n_changed);
	put_points(fx, after, &new);
	assert_int_equal(assert_exact(fx, &new, &q), 2);
	/* Who still holds the records of before is answered with them. */
	q.filter.epoch = 2;
	assert_int_equal(nearest(fx, &q).n, 10);
	snapshot_unref(before);
	snapshot_unref(after);
}

static void test_equal_texts(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	const float *v = vector_of(fx->arena, 4, small.dims);
	const struct index_point point[] = {
		{ ENTITY_EXHIBITOR, FACET_MASTER, "e1", { 1 }, v },
		{ ENTITY_EXHIBITOR, FACET_WHAT_WE_SELL, "e1", { 1 }, NULL },
		{ ENTITY_SESSION, FACET_SESSION_TOPIC, "s3", { 1 }, NULL },
	};
	struct index_points points = { small, point, 3 };
	struct dense_query q = { v, small, 0, { 0 }, 10 };
	struct dense_hits hits;

	put_points(fx, s, &points);
	hits = nearest(fx, &q);
	assert_int_equal(hits.n, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(fabs((double)hits.hits[i].best - 1) < NEAR);
	assert_int_equal(n_points_in_use(fx), 3);
	q.facets = FACET_BIT(FACET_WHAT_WE_SELL);
	assert_int_equal(nearest(fx, &q).n, 1);
	snapshot_unref(s);
}

/* The epoch in use gains vectors while it is asked; no answer is of half an index. */
static void test_epoch_in_use_gains_vectors(void **state)
{
	enum { N = 12 };
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 1);
	struct index_points points = points_of(fx->arena, s, small, NULL);
	struct dense_query q = { vector_of(fx->arena, 3, small.dims), small, 0, { 0 }, 1000 };
	struct lexical_query words = { .text = "kubernetes", .limit = 5 };
	struct dense_hits hits[N] = { { 0 } };
	struct index_hits found[N] = { { 0 } };
	struct call asking[N], reading[N], building, using;

	fx->index->ops->build(fx->index, s, &points, NULL, call_begin(&building, fx->loop));
	for (int i = 0; i < N; i++) {
		fx->index->ops->dense(fx->index, ONE, &q, fx->arena, &hits[i],
				      call_begin(&asking[i], fx->loop));
		fx->index->ops->lexical(fx->index, ONE, &words, fx->arena, &found[i],
					call_begin(&reading[i], fx->loop));
		if (i == N / 2) {
			assert_int_equal(call_wait(&building), 0);
			fx->index->ops->use(fx->index, ONE, 1, call_begin(&using, fx->loop));
		}
	}
	for (int i = 0; i < N; i++) {
		assert_int_equal(call_wait(&asking[i]), 0);
		assert_int_equal(call_wait(&reading[i]), 0);
		assert_true(hits[i].n == 0 || hits[i].n == 10);
		assert_string_equal(found[i].hits[0].id, "s1");
	}
	assert_int_equal(call_wait(&using), 0);
	assert_int_equal(assert_exact(fx, &points, &q), 10);
	/* And loses them when it is built from words alone. */
	assert_int_equal(CALL(fx, build, s, NULL, NULL), 0);
	assert_int_equal(CALL(fx, use, ONE, 1), 0);
	assert_int_equal(nearest(fx, &q).n, 0);
	snapshot_unref(s);
}

/* Whoever gives up may free at once what was given. */
static void test_cancelled(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 1);
	struct arena *arena = arena_create(1 << 20);
	struct index_points points = points_of(arena, s, small, NULL);
	struct dense_query q = { points.points[0].vector, small, 0, { 0 }, 10 };
	struct dense_hits hits = { .n = 7 };
	size_t n_missing = 7;
	struct call asking, building, staging;

	fx->index->ops->build(fx->index, s, &points, &n_missing, call_begin(&building, fx->loop));
	fx->index->ops->stage(fx->index, ONE, &points, call_begin(&staging, fx->loop));
	fx->index->ops->dense(fx->index, ONE, &q, fx->arena, &hits, call_begin(&asking, fx->loop));
	flow_cancel(&building.flow);
	flow_cancel(&staging.flow);
	flow_cancel(&asking.flow);
	arena_destroy(arena);
	assert_int_equal(call_wait(&building), ASSISTANT_ECANCELED);
	assert_int_equal(call_wait(&staging), ASSISTANT_ECANCELED);
	assert_int_equal(call_wait(&asking), ASSISTANT_ECANCELED);
	assert_int_equal(CALL(fx, ping), 0);
	assert_int_equal(hits.n + n_missing, 14);
	snapshot_unref(s);
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, suite_setup, suite_teardown)
#define EMPTY(name) cmocka_unit_test_setup_teardown(name, suite_setup_empty, suite_teardown)

int index_suite_run_vectors(const char *name)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exact),
		EMPTY(test_facet_masks),
		EMPTY(test_filters),
		EMPTY(test_grouping_and_limit),
		TEST(test_no_vectors),
		TEST(test_other_model),
		TEST(test_bad_vectors),
		TEST(test_bad_points),
		TEST(test_vectors_isolation),
		TEST(test_unknown_conference),
		EMPTY(test_staged_then_built),
		EMPTY(test_missing),
		TEST(test_another_models_staging_goes),
		EMPTY(test_next_epoch_reuses),
		EMPTY(test_equal_texts),
		TEST(test_epoch_in_use_gains_vectors),
		TEST(test_cancelled),
	};

	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
