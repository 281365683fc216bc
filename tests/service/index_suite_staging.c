/*
 * index_suite_staging.c - the conformance suite of index.h: vectors that were made before, and those still to come.
 */
#include "index_suite_parts.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

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
	struct snapshot *s = suite_big_conference(2);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL), batch;
	struct index_points hashes = suite_without_vectors(fx->arena, &points);
	struct dense_query q = {
		suite_vector(fx->arena, 3, suite_space.dims), suite_space, 0, { 0 }, 1000
	};

	assert_int_equal(n_known(fx, &hashes), 0);
	for (size_t i = 0; i < points.n; i += 64) {
		batch = slice(&points, i, points.n - i < 64 ? points.n - i : 64);
		assert_int_equal(CALL(fx, stage, ONE, &batch), 0);
		assert_int_equal(n_known(fx, &hashes), i + batch.n);
	}
	suite_put_points(fx, s, &hashes);
	suite_assert_exact(fx, &points, &q);
	assert_int_equal(n_known(fx, &hashes), points.n);
	snapshot_unref(s);
}

/* What no one has is counted and left out; what was staged stays until a build has everything. */
static void test_missing(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL);
	struct index_points hashes = suite_without_vectors(fx->arena, &points);
	struct index_points most = slice(&points, 0, points.n - 5),
			    rest = slice(&points, points.n - 5, 5);
	struct dense_query q = {
		suite_vector(fx->arena, 3, suite_space.dims), suite_space, 0, { 0 }, 1000
	};
	size_t n_missing = 0;

	assert_int_equal(CALL(fx, stage, ONE, &most), 0);
	assert_int_equal(CALL(fx, build, s, &hashes, &n_missing), 0);
	assert_int_equal(n_missing, 5);
	assert_int_equal(CALL(fx, use, ONE, 2), 0);
	assert_int_equal(suite_n_points(fx), points.n - 5);
	suite_assert_exact(fx, &most, &q);
	assert_int_equal(CALL(fx, stage, ONE, &rest), 0);
	suite_put_points(fx, s, &hashes);
	suite_assert_exact(fx, &points, &q);
	snapshot_unref(s);
}

static void test_another_models_staging_goes(void **state)
{
	struct suite_fixture *fx = *state;
	struct vector_space other = { "other-model", 32 };
	struct snapshot *s = suite_conference(ONE, 2);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL);
	struct index_points others = suite_points(fx->arena, s, other, NULL);

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
	struct index_points old = suite_points(fx->arena, before, suite_space, NULL), new, hashes;
	static const char *const line[] = { "{\"id\":\"s1\",\"title\":\"Running\"}",
					    "{\"id\":\"s2\",\"title\":\"Modern\"}" };
	struct dense_query q = {
		suite_vector(fx->arena, 3, suite_space.dims), suite_space, 0, { 0 }, 1000
	};
	size_t n_missing = 0, n_changed = 0;

	suite_put_points(fx, before, &old);
	suite_fill(after, ENTITY_SESSION, line, 2);
	suite_seal(after);
	new = suite_points(fx->arena, after, suite_space, "s2");
	hashes = suite_without_vectors(fx->arena, &new);
	for (size_t i = 0; i < new.n; i++)
		n_changed += strcmp(new.points[i].id, "s2") == 0;
	assert_int_equal(n_known(fx, &hashes), new.n - n_changed);
	assert_int_equal(CALL(fx, build, after, &hashes, &n_missing), 0);
	assert_int_equal(n_missing, n_changed);
	suite_put_points(fx, after, &new);
	assert_int_equal(suite_assert_exact(fx, &new, &q), 2);
	/* Who still holds the records of before is answered with them. */
	q.filter.epoch = 2;
	assert_int_equal(suite_nearest(fx, &q).n, 10);
	snapshot_unref(before);
	snapshot_unref(after);
}

static void test_equal_texts(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	const float *v = suite_vector(fx->arena, 4, suite_space.dims);
	const struct index_point point[] = {
		{ ENTITY_EXHIBITOR, FACET_MASTER, "e1", { 1 }, v },
		{ ENTITY_EXHIBITOR, FACET_WHAT_WE_SELL, "e1", { 1 }, NULL },
		{ ENTITY_SESSION, FACET_SESSION_TOPIC, "s3", { 1 }, NULL },
	};
	struct index_points points = { suite_space, point, 3 };
	struct dense_query q = { v, suite_space, 0, { 0 }, 10 };
	struct dense_hits hits;

	suite_put_points(fx, s, &points);
	hits = suite_nearest(fx, &q);
	assert_int_equal(hits.n, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(fabs((double)hits.hits[i].best - 1) < NEAR);
	assert_int_equal(suite_n_points(fx), 3);
	q.facets = FACET_BIT(FACET_WHAT_WE_SELL);
	assert_int_equal(suite_nearest(fx, &q).n, 1);
	snapshot_unref(s);
}

/* The epoch in use gains vectors while it is asked; no answer is of half an index. */
static void test_epoch_in_use_gains_vectors(void **state)
{
	enum { N = 12 };
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 1);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL);
	struct dense_query q = {
		suite_vector(fx->arena, 3, suite_space.dims), suite_space, 0, { 0 }, 1000
	};
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
	assert_int_equal(suite_assert_exact(fx, &points, &q), 10);
	/* And loses them when it is built from words alone. */
	assert_int_equal(CALL(fx, build, s, NULL, NULL), 0);
	assert_int_equal(CALL(fx, use, ONE, 1), 0);
	assert_int_equal(suite_nearest(fx, &q).n, 0);
	snapshot_unref(s);
}

/* Whoever gives up may free at once what was given. */
static void test_cancelled(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 1);
	struct arena *arena = arena_create(1 << 20);
	struct index_points points = suite_points(arena, s, suite_space, NULL);
	struct dense_query q = { points.points[0].vector, suite_space, 0, { 0 }, 10 };
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

/* --- Verified ------------------------------------------------------------------------------ */

static const char *verified(struct suite_fixture *fx, struct snapshot *s,
			    const struct index_points *expected)
{
	_cleanup_free_ char *json = NULL;

	assert_int_equal(CALL(fx, verify, s, expected, &json), 0);
	return arena_strdup(fx->arena, json);
}

static void test_verify_vectors(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *s = suite_conference(ONE, 2);
	struct index_points points = suite_points(fx->arena, s, suite_space, NULL);
	struct index_points changed = suite_points(fx->arena, s, suite_space, "e2");
	struct index_points others =
		suite_points(fx->arena, s, (struct vector_space){ "other", 9 }, NULL);
	struct index_point few[] = { points.points[0] };
	struct index_points only = { suite_space, few, 1 };
	const char *found;

	suite_put_points(fx, s, &points);
	assert_string_equal(verified(fx, s, &points), "{\"ok\":true,\"findings\":[]}");
	assert_string_equal(verified(fx, s, NULL), "{\"ok\":true,\"findings\":[]}");
	assert_non_null(strstr(verified(fx, s, &changed), "of texts that changed"));
	found = verified(fx, s, &others);
	assert_non_null(strstr(found, "vectors of suite-model (48 dimensions)"));
	assert_non_null(strstr(found, "is other (9)"));
	assert_non_null(strstr(verified(fx, s, &only), "the records do not have any more"));
	suite_put_points(fx, s, &only);
	found = verified(fx, s, &points);
	assert_non_null(strstr(found, "9 records have no vector"));
	assert_non_null(strstr(found, arena_printf(fx->arena, "%zu of %zu texts have no vector",
						   points.n - 1, points.n)));
	snapshot_unref(s);
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, suite_setup, suite_teardown)
#define EMPTY(name) cmocka_unit_test_setup_teardown(name, suite_setup_empty, suite_teardown)

int index_suite_run_staging(const char *name)
{
	const struct CMUnitTest tests[] = {
		EMPTY(test_staged_then_built),
		EMPTY(test_missing),
		TEST(test_another_models_staging_goes),
		EMPTY(test_next_epoch_reuses),
		EMPTY(test_equal_texts),
		TEST(test_epoch_in_use_gains_vectors),
		TEST(test_cancelled),
		EMPTY(test_verify_vectors),
	};

	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
