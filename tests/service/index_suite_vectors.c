/*
 * index_suite_vectors.c - the conformance suite of index.h: nearest in meaning.
 */
#include "index_suite_parts.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

/* --- Exactness -------------------------------------------------------------------------- */

static void test_exact(void **state)
{
	static const unsigned dims[] = { 1, 3, 16, 48, 100, 384, 1536 };
	struct suite_fixture *fx = *state;

	for (size_t i = 0; i < ARRAY_SIZE(dims); i++) {
		struct vector_space space = { "suite-model", dims[i] };
		struct snapshot *s = suite_conference(ONE, 10 + i);
		struct index_points points = suite_points(fx->arena, s, space, NULL);

		suite_put_points(fx, s, &points);
		for (uint64_t seed = 0; seed < 5; seed++) {
			struct dense_query q = {
				suite_vector(fx->arena, seed, dims[i]), space, 0, { 0 }, 50
			};

			assert_int_equal(suite_assert_exact(fx, &points, &q), 10);
			q.average = true;
			assert_int_equal(suite_assert_exact(fx, &points, &q), 10);
		}
		snapshot_unref(s);
	}
}

static void test_facet_masks(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_big_conference(2);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL);
	struct dense_query q = {
		suite_vector(fx->arena, 7, suite_space.dims), suite_space, 0, { 0 }, 1000
	};

	suite_put_points(fx, s, &points);
	assert_int_equal(suite_assert_exact(fx, &points, &q),
			 N_SESSIONS + N_EXHIBITORS + N_SPEAKERS);
	q.facets = FACET_BIT(FACET_MASTER);
	assert_int_equal(suite_assert_exact(fx, &points, &q),
			 N_SESSIONS + N_EXHIBITORS + N_SPEAKERS);
	for (unsigned f = FACET_MASTER + 1; f < FACET_COUNT; f++) {
		size_t n;

		q.facets = FACET_BIT(f);
		n = suite_assert_exact(fx, &points, &q);
		assert_true(n > 0 && n < s->n[facet_entity((enum facet)f)]);
	}
	q.facets = FACET_BIT(FACET_SESSION_TOPIC) | FACET_BIT(FACET_WHY_VISIT_US) |
		   FACET_BIT(FACET_CONNECT_WITH_ME);
	assert_true(suite_assert_exact(fx, &points, &q) > 0);
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
	struct snapshot *s = suite_big_conference(2);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL);
	struct dense_query q = {
		suite_vector(fx->arena, 9, suite_space.dims), suite_space, 0, { 0 }, 1000
	};

	suite_put_points(fx, s, &points);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		size_t n;

		q.filter = filters[i];
		q.facets = 0;
		q.average = i % 2;
		n = suite_assert_exact(fx, &points, &q);
		assert_true(n > 0 && n < N_SESSIONS + N_EXHIBITORS + N_SPEAKERS);
		q.facets = FACET_BIT(FACET_SESSION_TOPIC) | FACET_BIT(FACET_WHO_WE_HELP) |
			   FACET_BIT(FACET_SPEAKING_TOPICS);
		assert_true(suite_assert_exact(fx, &points, &q) <= n);
	}
	q.average = true;
	q.filter = (struct index_filter){ .ids = (const char *const[]){ "nobody", NULL } };
	assert_int_equal(suite_assert_exact(fx, &points, &q), 0);
	snapshot_unref(s);
}

/* One hit per record, however many of its facets are near; the best of all records, not of all points. */
static void test_grouping_and_limit(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_big_conference(2);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL);
	const float *near = suite_vector(fx->arena, 11, suite_space.dims);
	struct index_point *copy = arena_array(fx->arena, struct index_point, points.n);
	struct dense_query q = { near, suite_space, 0, { 0 }, 3 };
	struct dense_hits hits;

	memcpy(copy, points.points, points.n * sizeof(*copy));
	for (size_t i = 0; i < points.n; i++) {
		if (strcmp(copy[i].id, "s42") == 0 || strcmp(copy[i].id, "e7") == 0) {
			memset(copy[i].hash, 9, POINT_HASH_SIZE);
			copy[i].vector = near;
		}
	}
	points.points = copy;
	suite_put_points(fx, s, &points);
	hits = suite_nearest(fx, &q);
	assert_int_equal(hits.n, 3);
	assert_int_equal(hits.total, N_SESSIONS + N_EXHIBITORS + N_SPEAKERS);
	assert_non_null(suite_find_hit(&hits, ENTITY_SESSION, "s42"));
	assert_non_null(suite_find_hit(&hits, ENTITY_EXHIBITOR, "e7"));
	assert_true(fabs((double)hits.hits[1].best - 1) < NEAR && hits.hits[1].best <= 1);
	assert_true(hits.hits[2].best < 0.9f);
	for (q.limit = 1; q.limit < 600; q.limit += 37) {
		q.average = q.limit % 2; /* of all that passed, however few are wanted */
		suite_assert_exact(fx, &points, &q);
	}
	snapshot_unref(s);
}

/* --- Spaces ------------------------------------------------------------------------------------ */

static void test_no_vectors(void **state)
{
	struct suite_fixture *fx = *state;
	struct dense_query q = {
		suite_vector(fx->arena, 1, suite_space.dims), suite_space, 0, { 0 }, 10
	};
	struct vector_space space = { 0 };
	struct index_points none = { suite_space, NULL, 0 };
	struct snapshot *next = suite_conference(ONE, 2);
	size_t n = 7;

	assert_int_equal(suite_nearest(fx, &q).n, 0);
	assert_int_equal(CALL(fx, space, ONE, fx->arena, &space, &n), 0);
	assert_string_equal(space.model, "");
	assert_int_equal(n, 0);
	suite_put_points(fx, next, &none);
	assert_int_equal(suite_nearest(fx, &q).n, 0);
	assert_int_equal(suite_n_points(fx), 0);
	snapshot_unref(next);
}

static void test_other_model(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL);
	struct vector_space other = { "other-model", suite_space.dims },
			    longer = { "suite-model", 64 };
	struct dense_query q = {
		suite_vector(fx->arena, 1, suite_space.dims), other, 0, { 0 }, 10
	};
	struct dense_hits hits = { .n = 7 };
	struct vector_space space = { 0 };
	size_t n = 0;

	suite_put_points(fx, s, &points);
	assert_int_equal(CALL(fx, dense, ONE, &q, fx->arena, &hits), ASSISTANT_ECONFLICT);
	assert_non_null(strstr(call_fail()->text, "suite-model"));
	assert_non_null(strstr(call_fail()->text, "other-model"));
	assert_non_null(strstr(call_fail()->text, "erleah-ingest all FILE"));
	q.space = longer;
	q.vector = suite_vector(fx->arena, 1, longer.dims);
	assert_int_equal(CALL(fx, dense, ONE, &q, fx->arena, &hits), ASSISTANT_ECONFLICT);
	assert_non_null(strstr(call_fail()->text, "64"));
	assert_int_equal(hits.n, 7);
	assert_int_equal(CALL(fx, space, ONE, fx->arena, &space, &n), 0);
	assert_string_equal(space.model, "suite-model");
	assert_int_equal(space.dims, suite_space.dims);
	assert_int_equal(n, points.n);
	snapshot_unref(s);
}

static void test_bad_vectors(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	float *bad = suite_vector(fx->arena, 1, suite_space.dims);
	struct index_point point = { ENTITY_SESSION, FACET_MASTER, "s1", { 1 }, bad };
	struct index_points points = { suite_space, &point, 1 };
	struct dense_query q = { bad, suite_space, 0, { 0 }, 10 };
	struct dense_hits hits = { 0 };

	for (int i = 0; i < 3; i++) {
		if (i == 0)
			bad[5] = NAN;
		else
			memset(bad, 0, suite_space.dims * sizeof(float));
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
	const float *v = suite_vector(fx->arena, 1, suite_space.dims);
	struct index_point point[2] = { { ENTITY_SESSION, FACET_WHY_VISIT_US, "s1", { 1 }, v } };
	struct index_points points = { suite_space, point, 1 };

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
	struct index_points points = suite_points(fx->arena, mine, suite_space, NULL);
	struct index_points secret = suite_points(fx->arena, theirs, suite_space, NULL);
	struct dense_query q = { secret.points[0].vector, suite_space, 0, { 0 }, 1000 };
	struct dense_hits hits = { 0 };
	bool known[1] = { true };

	suite_put_points(fx, theirs, &secret);
	suite_put_points(fx, mine, &points);
	hits = suite_nearest(fx, &q);
	assert_int_equal(hits.n, 10);
	assert_null(suite_find_hit(&hits, ENTITY_SESSION, "x1"));
	assert_true(hits.hits[0].best < 0.99f);
	assert_int_equal(CALL(fx, dense, OTHER, &q, fx->arena, &hits), 0);
	assert_int_equal(hits.n, 1);
	assert_string_equal(hits.hits[0].id, "x1");
	/* Not even that the text occurs elsewhere can be learnt. */
	assert_int_equal(CALL(fx, known, ONE, suite_space, &secret.points[0].hash, 1, known), 0);
	assert_false(known[0]);
	snapshot_unref(mine);
	snapshot_unref(theirs);
}

/* --- Information pages ------------------------------------------------------------------ */

static void test_pages(void **state)
{
	static const struct info_page info[] = { { "wifi", "Wi-Fi", "Open." },
						 { "transport", "Transport", "Trams." } };
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 5);
	struct index_points records = suite_points(fx->arena, s, suite_space, NULL),
			    points = records;
	struct index_point *all = arena_array(fx->arena, struct index_point, records.n + 4);
	struct dense_query q = { .space = suite_space, .pages = true, .limit = 10 };
	struct dense_hits hits;

	s->conference.info = info;
	s->conference.n_info = 2;
	memcpy(all, records.points, records.n * sizeof(*all));
	for (unsigned i = 0; i < 3; i++) { /* two passages of transport, one of wifi */
		all[records.n + i] = (struct index_point){
			.type = POINT_PAGE,
			.id = i == 1 ? "wifi" : "transport",
			.part = i == 2,
			.hash = { 0xf0, (uint8_t)i },
			.vector = suite_vector(fx->arena, 900 + i, suite_space.dims),
		};
	}
	points.points = all;
	points.n = records.n + 4;
	all[records.n + 3] = (struct index_point){
		.type = POINT_PAGE,
		.id = "wifi",
		.part = POINT_PART_ASKED,
		.hash = { 0xf0, 3 },
		.vector = suite_vector(fx->arena, 903, suite_space.dims),
	};
	suite_put_points(fx, s, &points);
	q.vector = all[records.n + 2].vector;
	hits = suite_nearest(fx, &q);
	assert_int_equal(hits.n, 2);
	assert_int_equal(hits.total, 2);
	assert_int_equal(hits.hits[0].type, POINT_PAGE);
	assert_string_equal(hits.hits[0].id, "transport");
	assert_int_equal(hits.hits[0].part, 1);
	assert_float_equal(hits.hits[0].best, 1, NEAR);
	assert_string_equal(hits.hits[1].id, "wifi");
	/* A question that it answers brings it near; the passage is one of its own. */
	q.vector = all[records.n + 3].vector;
	hits = suite_nearest(fx, &q);
	assert_string_equal(hits.hits[0].id, "wifi");
	assert_float_equal(hits.hits[0].best, 1, NEAR);
	assert_int_equal(hits.hits[0].part, 0);
	assert_true(hits.hits[0].cosine[FACET_MASTER] < 0.99f);
	q.limit = 1;
	assert_int_equal(suite_nearest(fx, &q).n, 1);
	/* Searches for records do not see them. */
	q.pages = false;
	q.limit = 100;
	hits = suite_nearest(fx, &q);
	assert_int_equal(hits.n, 10);
	assert_true(hits.hits[0].best < 0.99f);
	/* A page that the conference does not have. */
	all[records.n].id = "sauna";
	assert_int_equal(CALL(fx, build, s, &points, NULL), ASSISTANT_EINVAL);
	snapshot_unref(s);
}

static void test_unknown_conference(void **state)
{
	struct suite_fixture *fx = *state;
	struct dense_query q = {
		suite_vector(fx->arena, 1, suite_space.dims), suite_space, 0, { 0 }, 10
	};
	struct dense_hits hits = { .n = 7 };
	struct vector_space space = { 0 };
	uint8_t hash[1][POINT_HASH_SIZE] = { { 1 } };
	bool known[1] = { true };
	size_t n = 7;

	assert_int_equal(CALL(fx, dense, OTHER, &q, fx->arena, &hits), ASSISTANT_ENOTFOUND);
	assert_int_equal(CALL(fx, space, OTHER, fx->arena, &space, &n), ASSISTANT_ENOTFOUND);
	assert_int_equal(hits.n + n, 14);
	assert_int_equal(CALL(fx, known, OTHER, suite_space, hash, 1, known), 0);
	assert_false(known[0]);
	assert_true(CALL(fx, known, "../x", suite_space, hash, 1, known) < 0);
	assert_true(CALL(fx, stage, "../x", &(struct index_points){ suite_space, NULL, 0 }) < 0);
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
		TEST(test_pages),
		TEST(test_unknown_conference),
	};

	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
