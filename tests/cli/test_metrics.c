/*
 * test_metrics.c - the arithmetic of eval, against values worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "metrics.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct metrics of(const int *ranking, size_t n, const int *judged, size_t n_judged)
{
	struct metrics m;

	metrics_compute(ranking, n, judged, n_judged, &m);
	return m;
}

static void near(double value, double expected)
{
	assert_true(value > expected - 5e-5);
	assert_true(value < expected + 5e-5);
}

static void the_best_order_is_one(void **state)
{
	const int ranking[] = { 3, 2, 1 }, judged[] = { 1, 3, 2 };
	struct metrics m = of(ranking, 3, judged, 3);

	near(m.ndcg, 1);
	near(m.recall, 1);
	near(m.rr, 1);
}

static void another_order_is_less(void **state)
{
	/* DCG 7/log2(3) + 3/log2(4) = 4.416508 + 1.5; ideal 7 + 3/log2(3) = 8.892789. */
	const int ranking[] = { 0, 3, 2 }, judged[] = { 3, 2 };
	struct metrics m = of(ranking, 3, judged, 2);

	near(m.ndcg, 5.916508 / 8.892789);
	near(m.recall, 1);
	near(m.rr, 0.5);
}

static void what_is_missing_counts(void **state)
{
	/* DCG 1/log2(4) = 0.5; ideal 7 + 1/log2(3) + 1/log2(4) = 8.130930. */
	const int ranking[] = { 0, 0, 1, 0 }, judged[] = { 1, 1, 3 };
	struct metrics m = of(ranking, 4, judged, 3);

	near(m.ndcg, 0.5 / 8.130930);
	near(m.recall, 1. / 3);
	near(m.rr, 1. / 3);
}

static void only_the_first_ten_count(void **state)
{
	const int late[11] = { [10] = 3 }, one[] = { 3 };
	int many[12], all[12];
	struct metrics m = of(late, COUNT(late), one, 1);

	near(m.ndcg, 0);
	near(m.recall, 0);
	near(m.rr, 0);
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = all[i] = 2;
	m = of(many, COUNT(many), all, COUNT(all));
	near(m.ndcg, 1);
	near(m.recall, 1);
}

static void nothing_is_zero(void **state)
{
	const int ranking[] = { 0, 0 }, judged[] = { 0 };
	struct metrics m = of(ranking, 2, judged, 1);

	near(m.ndcg + m.recall + m.rr, 0);
	m = of(NULL, 0, NULL, 0);
	near(m.ndcg + m.recall + m.rr, 0);
}

static void grades_out_of_range_stay_numbers(void **state)
{
	const int ranking[] = { 1000000, -4 }, judged[] = { 1000000, -4 };
	struct metrics m = of(ranking, 2, judged, 2);

	near(m.ndcg, 1);
	near(m.recall, 1);
}

static void percentiles(void **state)
{
	double values[] = { 5, 1, 4, 2, 3 };

	near(metrics_percentile(values, 5, 0.5), 3);
	near(metrics_percentile(values, 5, 0.99), 5);
	near(metrics_percentile(values, 5, 0), 1);
	near(metrics_percentile(values, 4, 0.5), 2);
	near(metrics_percentile(values, 0, 0.5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_order_is_one),
		cmocka_unit_test(another_order_is_less),
		cmocka_unit_test(what_is_missing_counts),
		cmocka_unit_test(only_the_first_ten_count),
		cmocka_unit_test(nothing_is_zero),
		cmocka_unit_test(grades_out_of_range_stay_numbers),
		cmocka_unit_test(percentiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
