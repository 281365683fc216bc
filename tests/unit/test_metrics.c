/*
 * test_metrics.c - recording from threads, and both exposition formats to the letter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <assistant.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "base/utf8.h"
#include "observe/metrics.h"

static int setup(void **state)
{
	*state = metrics_create();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	metrics_destroy(*state);
	return 0;
}

static char *render(struct metrics *m, bool openmetrics)
{
	struct text t;

	text_init(&t, 4 << 20);
	metrics_render(m, openmetrics, &t);
	assert_false(t.failed);
	return text_take(&t);
}

/* The lines of text that begin with prefix. */
static char *lines_of(const char *text, const char *prefix)
{
	struct text t;

	text_init(&t, 1 << 20);
	while (*text) {
		size_t n = strcspn(text, "\n") + 1;

		if (!strncmp(text, prefix, strlen(prefix)))
			text_append_n(&t, text, n);
		text += n;
	}
	return text_take(&t);
}

static void assert_lines(struct metrics *m, bool openmetrics, const char *prefix,
			 const char *expected)
{
	_cleanup_free_ char *all = render(m, openmetrics);
	_cleanup_free_ char *got = lines_of(all, prefix);

	assert_string_equal(got, expected);
}

static void test_series_without_label_exist_from_the_start(void **state)
{
	struct metrics *m = *state;
	_cleanup_free_ char *all = render(m, false);

	assert_non_null(strstr(all, "\nerleah_live_replies 0\n"));
	assert_non_null(strstr(all, "\nerleah_replies_attached_total 0\n"));
	assert_non_null(strstr(all, "\nerleah_turn_duration_seconds_count 0\n"));
	assert_non_null(strstr(all, "\nerleah_turn_duration_seconds_bucket{le=\"+Inf\"} 0\n"));
	assert_null(strstr(all, "\nerleah_turns_total"));
	/* Every family has its two lines, also without series. */
	assert_non_null(strstr(all, "\n# TYPE erleah_turns_total counter\n"));
	assert_null(strstr(all, "# EOF"));
}

static void test_counters_and_gauges(void **state)
{
	struct metrics *m = *state;

	metrics_add(m, METRIC_TURNS, "ok", 1);
	metrics_add(m, METRIC_TURNS, "ok", 2);
	metrics_add(m, METRIC_TURNS, "stopped", 0.5);
	metrics_add(m, METRIC_TURNS, "ok", -5); /* counters do not fall */
	metrics_add(m, METRIC_TURNS, "ok", NAN);
	metrics_set(m, METRIC_LIVE_REPLIES, NULL, 7);
	metrics_change(m, METRIC_LIVE_REPLIES, NULL, -3);
	metrics_change(m, METRIC_LIVE_REPLIES, "ignored: it has no label", 0.25);
	metrics_set(m, METRIC_TURNS, "ok", 99); /* of another kind: nothing */
	metrics_observe(m, METRIC_TURNS, "ok", 99);
	metrics_add(m, METRIC_COUNT + 5, NULL, 1);
	metrics_add(m, -1, NULL, 1);
	metrics_add(NULL, METRIC_TURNS, "ok", 1);
	assert_true(metrics_get(m, METRIC_TURNS, "ok") == 3);
	assert_true(metrics_get(m, METRIC_TURNS, "never") == 0);
	assert_true(metrics_get(m, METRIC_LIVE_REPLIES, NULL) == 4.25);
	assert_true(metrics_get(NULL, METRIC_TURNS, "ok") == 0);
	assert_lines(m, false, "erleah_turns",
		     "erleah_turns_total{outcome=\"ok\"} 3\n"
		     "erleah_turns_total{outcome=\"stopped\"} 0.5\n");
	assert_lines(m, true, "erleah_turns",
		     "erleah_turns_total{outcome=\"ok\"} 3\n"
		     "erleah_turns_total{outcome=\"stopped\"} 0.5\n");
	assert_lines(m, false, "# TYPE erleah_turns", "# TYPE erleah_turns_total counter\n");
	assert_lines(m, true, "# TYPE erleah_turns", "# TYPE erleah_turns counter\n");
	assert_lines(m, true, "# HELP erleah_turns",
		     "# HELP erleah_turns Turns ended, by outcome.\n");
	metrics_set(m, METRIC_LIVE_REPLIES, NULL, INFINITY);
	assert_lines(m, false, "erleah_live", "erleah_live_replies +Inf\n");
	metrics_set(m, METRIC_LIVE_REPLIES, NULL, -INFINITY);
	assert_lines(m, false, "erleah_live", "erleah_live_replies -Inf\n");
}

static void test_histograms(void **state)
{
	static const double bounds[] = { 0.5, 1, 2.5 };
	struct metrics *m = *state;
	int id = metrics_register(m, ASSISTANT_HISTOGRAM, "wait_seconds", "Waiting.", "who", bounds,
				  3);

	assert_true(id >= METRIC_COUNT);
	metrics_observe(m, id, "a", 0.5); /* a bound belongs to its bucket */
	metrics_observe(m, id, "a", 0.75);
	metrics_observe(m, id, "a", 100);
	metrics_record(m, id, "a", -1);
	assert_true(metrics_get(m, id, "a") == 4);
	assert_lines(m, false, "wait_",
		     "wait_seconds_bucket{who=\"a\",le=\"0.5\"} 2\n"
		     "wait_seconds_bucket{who=\"a\",le=\"1\"} 3\n"
		     "wait_seconds_bucket{who=\"a\",le=\"2.5\"} 3\n"
		     "wait_seconds_bucket{who=\"a\",le=\"+Inf\"} 4\n"
		     "wait_seconds_sum{who=\"a\"} 100.25\n"
		     "wait_seconds_count{who=\"a\"} 4\n");
	assert_lines(m, true, "wait_",
		     "wait_seconds_bucket{who=\"a\",le=\"0.5\"} 2\n"
		     "wait_seconds_bucket{who=\"a\",le=\"1.0\"} 3\n"
		     "wait_seconds_bucket{who=\"a\",le=\"2.5\"} 3\n"
		     "wait_seconds_bucket{who=\"a\",le=\"+Inf\"} 4\n"
		     "wait_seconds_sum{who=\"a\"} 100.25\n"
		     "wait_seconds_count{who=\"a\"} 4\n");
	metrics_observe(m, METRIC_TURN_SECONDS, NULL, 0.03);
	assert_lines(m, false, "erleah_turn_duration_seconds_bucket{le=\"0.0",
		     "erleah_turn_duration_seconds_bucket{le=\"0.005\"} 0\n"
		     "erleah_turn_duration_seconds_bucket{le=\"0.01\"} 0\n"
		     "erleah_turn_duration_seconds_bucket{le=\"0.025\"} 0\n"
		     "erleah_turn_duration_seconds_bucket{le=\"0.05\"} 1\n");
	assert_lines(m, false, "erleah_turn_duration_seconds_bucket{le=\"30",
		     "erleah_turn_duration_seconds_bucket{le=\"30\"} 1\n");
}

static void test_escaping(void **state)
{
	struct metrics *m = *state;
	int id = metrics_register(m, ASSISTANT_COUNTER, "odd_total",
				  "One \"help\" \\ with\nbreaks.", "l", NULL, 0);

	metrics_add(m, id, "a\"b\\c\nd", 1);
	metrics_add(m, id, "gr\xC3\xBC\xC3\x9F", 2);
	metrics_add(m, id, "bad \xff", 3);
	metrics_add(m, id, NULL, 4);
	assert_lines(m, false, "odd_",
		     "odd_total{l=\"a\\\"b\\\\c\\nd\"} 1\nodd_total{l=\"gr\xC3\xBC\xC3\x9F\"} 2\n"
		     "odd_total{l=\"bad \xEF\xBF\xBD\"} 3\nodd_total{l=\"\"} 4\n");
	assert_lines(m, false, "# HELP odd", "# HELP odd_total One \"help\" \\\\ with\\nbreaks.\n");
	assert_lines(m, true, "# HELP odd", "# HELP odd One \\\"help\\\" \\\\ with\\nbreaks.\n");
}

static void test_label_values_are_bounded(void **state)
{
	struct metrics *m = *state;
	char label[300];
	double sum = 0;

	for (int i = 0; i < 200; i++) {
		snprintf(label, sizeof(label), "value-%d", i);
		metrics_add(m, METRIC_LIMITED, label, 1);
	}
	for (int i = 0; i < 64; i++) {
		snprintf(label, sizeof(label), "value-%d", i);
		sum += metrics_get(m, METRIC_LIMITED, label);
	}
	assert_true(sum == 64);
	assert_true(metrics_get(m, METRIC_LIMITED, "other") == 136);
	metrics_add(m, METRIC_LIMITED, "value-3", 1);
	assert_true(metrics_get(m, METRIC_LIMITED, "value-3") == 2);
	/* A label of one's own named "other" is that same series. */
	metrics_add(m, METRIC_LIMITED, "other", 1);
	assert_true(metrics_get(m, METRIC_LIMITED, "other") == 137);
	memset(label, 'x', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	metrics_add(m, METRIC_TURNS, label, 1);
	label[128] = '\0'; /* as long as one is kept */
	assert_true(metrics_get(m, METRIC_TURNS, label) == 1);
}

static void test_registering(void **state)
{
	static const double up[] = { 1, 2 }, down[] = { 2, 1 }, infinite[] = { 1, INFINITY };
	struct metrics *m = *state;
	char name[32];
	int n = 0;

	assert_int_equal(metrics_register(m, 9, "a", "", NULL, NULL, 0), ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, 0, "a", "", NULL, NULL, 0), ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_GAUGE, NULL, "", NULL, NULL, 0),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_GAUGE, "", "", NULL, NULL, 0),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_GAUGE, "1a", "", NULL, NULL, 0),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_GAUGE, "a b", "", NULL, NULL, 0),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_GAUGE, "a\n", "", NULL, NULL, 0),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_GAUGE, "a", "", "b:c", NULL, 0),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_GAUGE, "a", "", "__b", NULL, 0),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_HISTOGRAM, "a", "", "le", up, 2),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_HISTOGRAM, "a", "", NULL, NULL, 0),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_HISTOGRAM, "a", "", NULL, down, 2),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_HISTOGRAM, "a", "", NULL, infinite, 2),
			 ASSISTANT_EINVAL);
	assert_int_equal(metrics_register(m, ASSISTANT_COUNTER, "a", "", NULL, up, 2),
			 ASSISTANT_EINVAL);
	assert_int_equal(
		metrics_register(m, ASSISTANT_COUNTER, "erleah_turns_total", "", NULL, NULL, 0),
		ASSISTANT_ECONFLICT);
	for (int i = 0; i < 70; i++) {
		int id;

		snprintf(name, sizeof(name), "own:metric_%d", i);
		id = metrics_register(m, ASSISTANT_GAUGE, name, NULL, NULL, NULL, 0);
		if (id >= 0) {
			metrics_record(m, id, NULL, i);
			assert_true(metrics_get(m, id, NULL) == i);
			n++;
		} else {
			assert_int_equal(id, ASSISTANT_ELIMIT);
		}
	}
	assert_int_equal(n, 64);
	assert_int_equal(metrics_register(m, ASSISTANT_GAUGE, "own:metric_3", "", NULL, NULL, 0),
			 ASSISTANT_ECONFLICT);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *hammer(void *arg)
{
	struct metrics *m = arg;
	char label[16];

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(label, sizeof(label), "l%d", i % 100);
		metrics_add(m, METRIC_LIMITED, label, 1);
		metrics_change(m, METRIC_LIVE_REPLIES, NULL, i % 2 ? -1 : 1);
		metrics_observe(m, METRIC_NODE_SECONDS, "plan", i % 40);
		if (i % 2000 == 0)
			free(render(m, i % 4000 == 0));
	}
	return NULL;
}

static void test_recording_from_threads(void **state)
{
	struct metrics *m = *state;
	pthread_t threads[THREADS];
	double sum = 0;
	char label[16];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, hammer, m);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 100; i++) {
		snprintf(label, sizeof(label), "l%d", i);
		sum += metrics_get(m, METRIC_LIMITED, label);
	}
	sum += metrics_get(m, METRIC_LIMITED, "other");
	assert_true(sum == THREADS * ROUNDS);
	assert_true(metrics_get(m, METRIC_LIVE_REPLIES, NULL) == 0);
	assert_true(metrics_get(m, METRIC_NODE_SECONDS, "plan") == THREADS * ROUNDS);
	assert_lines(m, false, "erleah_node_duration_seconds_sum",
		     "erleah_node_duration_seconds_sum{node=\"plan\"} 1560000\n");
}

/* Each line of the whole page: a comment, or a name, optional labels and a number. */
static void assert_well_formed(const char *page, bool openmetrics)
{
	const char *last = "";

	assert_true(utf8_valid(page, strlen(page)));
	while (*page) {
		size_t n = strcspn(page, "\n");
		char line[512];
		char *end;

		assert_true(n < sizeof(line) && page[n] == '\n');
		memcpy(line, page, n);
		line[n] = '\0';
		last = page;
		page += n + 1;
		if (line[0] == '#') {
			assert_true(!strncmp(line, "# HELP ", 7) || !strncmp(line, "# TYPE ", 7) ||
				    (openmetrics && !strcmp(line, "# EOF")));
			continue;
		}
		end = strrchr(line, ' ');
		assert_non_null(end);
		strtod(end + 1, &end);
		assert_int_equal(*end, '\0');
	}
	if (openmetrics)
		assert_string_equal(last, "# EOF\n");
}

static void test_the_whole_page(void **state)
{
	struct metrics *m = *state;
	char *page;

	for (int i = 0; i < METRIC_COUNT; i++) {
		metrics_record(m, i, "a\"b", 1);
		metrics_record(m, i, NULL, 1e-9);
	}
	page = render(m, false);
	assert_well_formed(page, false);
	free(page);
	page = render(m, true);
	assert_well_formed(page, true);
	free(page);
	metrics_destroy(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_series_without_label_exist_from_the_start),
		T(test_counters_and_gauges),
		T(test_histograms),
		T(test_escaping),
		T(test_label_values_are_bounded),
		T(test_registering),
		T(test_recording_from_threads),
		T(test_the_whole_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
