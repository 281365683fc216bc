/*
 * test_asking.c - asking and searching without a conversation, reports, numbers, ingest.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ask(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *o;
	char *text = NULL;

	fixture_ok(assistant_ask(fx->a, NULL, "Where is the Carbopur stand?", NULL, WAIT_MS, &text,
				 &err),
		   &err);
	o = fixture_take(text);
	assert_string_equal(fixture_text(o, "state"), "completed");
	assert_string_equal(fixture_text(o, "outcome"), "ok");
	assert_string_equal(fixture_text(o, "mode"), "full");
	assert_non_null(strstr(fixture_text(o, "text"), "A24"));
	assert_string_equal(fixture_text(o, "references.0.type"), "exhibitor");
	assert_string_equal(fixture_text(o, "references.0.name"), "Carbopur");
	json_object_put(o);
}

static void ask_as_of_a_time(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	fixture_ok(assistant_ask(fx->a, "tidewater 2027", "What is on now?",
				 "2027-05-20T09:45:00+02:00", WAIT_MS, &text, &err),
		   &err);
	assert_non_null(strstr(text, "Keeping the taps on"));
	assistant_free(text);
}

static void cannot_ask(struct fixture *fx, const char *conference, const char *question,
		       const char *now, int code)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	assert_int_equal(assistant_ask(fx->a, conference, question, now, WAIT_MS, &text, &err),
			 code);
	assert_int_equal(err.code, code);
	assert_true(*err.message);
	assert_null(text);
}

static void questions_that_are_none(void **state)
{
	struct fixture *fx = *state;
	char large[2002];

	memset(large, 'a', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	cannot_ask(fx, NULL, "", NULL, ASSISTANT_EUNPROCESSABLE);
	cannot_ask(fx, NULL, " \n\t", NULL, ASSISTANT_EUNPROCESSABLE);
	cannot_ask(fx, NULL, large, NULL, ASSISTANT_EUNPROCESSABLE);
	cannot_ask(fx, NULL, "a\xff", NULL, ASSISTANT_EINVAL);
	cannot_ask(fx, NULL, "x", "noon", ASSISTANT_EINVAL);
	cannot_ask(fx, "Nowhere", "x", NULL, ASSISTANT_ENOTFOUND);
}

static struct json_object *search(struct fixture *fx, const char *query)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	fixture_ok(assistant_search(fx->a, query, WAIT_MS, &text, &err), &err);
	return fixture_take(text);
}

static void searching(void **state)
{
	struct fixture *fx = *state;
	struct json_object *o = search(fx, "{\"q\":\"heat pumps\"}"), *list;

	assert_string_equal(fixture_text(o, "kind"), "entities");
	list = fixture_at(o, "results");
	assert_in_range(json_object_array_length(list), 1, 10);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *r = json_object_array_get_idx(list, i);
		double score = json_object_get_double(fixture_at(r, "score"));

		assert_true(*fixture_text(r, "id") && *fixture_text(r, "name"));
		assert_true(score > 0 && score <= 1);
		assert_null(fixture_at(r, "why"));
		if (i)
			assert_true(score <=
				    json_object_get_double(fixture_at(
					    json_object_array_get_idx(list, i - 1), "score")));
	}
	json_object_put(o);
	o = search(fx, "{\"q\":\"workshop\",\"entity\":\"sessions\",\"limit\":2,\"why\":true,"
		       "\"filters\":{\"day\":\"2027-05-22\"},\"conference_id\":\"" TIDEWATER "\"}");
	list = fixture_at(o, "results");
	assert_in_range(json_object_array_length(list), 1, 2);
	assert_non_null(fixture_at(o, "results.0.why"));
	assert_memory_equal(fixture_text(o, "results.0.start"), "2027-05-22", 10);
	json_object_put(o);
}

static void cannot_search(struct fixture *fx, const char *query, int code, const char *part)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	assert_int_equal(assistant_search(fx->a, query, WAIT_MS, &text, &err), code);
	if (!strstr(err.message, part))
		fail_msg("%s is not in: %s", part, err.message);
	assert_null(text);
}

static void queries_that_are_none(void **state)
{
	struct fixture *fx = *state;

	cannot_search(fx, NULL, ASSISTANT_EINVAL, "query");
	cannot_search(fx, "{", ASSISTANT_EINVAL, "");
	cannot_search(fx, "{}", ASSISTANT_EUNPROCESSABLE, "");
	cannot_search(fx, "{\"q\":\"x\",\"entity\":\"rooms\"}", ASSISTANT_EINVAL, "rooms");
	cannot_search(fx, "{\"q\":\"x\",\"limit\":0}", ASSISTANT_EINVAL, "limit");
	cannot_search(fx, "{\"q\":\"x\",\"limit\":101}", ASSISTANT_EINVAL, "limit");
	cannot_search(fx, "{\"q\":\"x\",\"filters\":7}", ASSISTANT_EINVAL, "filters");
	cannot_search(fx, "{\"q\":\"x\",\"filters\":{\"colour\":\"red\"}}", ASSISTANT_EINVAL,
		      "colour");
	cannot_search(fx, "{\"q\":\"x\",\"filters\":{\"day\":\"someday\"}}", ASSISTANT_EINVAL,
		      "someday");
	cannot_search(fx, "{\"q\":\"x\",\"now\":\"noon\"}", ASSISTANT_EINVAL, "noon");
	cannot_search(fx, "{\"q\":\"x\",\"conference_id\":\"Nowhere\"}", ASSISTANT_ENOTFOUND,
		      "Nowhere");
}

static char *report(struct fixture *fx, int what)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	fixture_ok(assistant_report(fx->a, what, WAIT_MS, &text, &err), &err);
	return text;
}

static void reports(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *o = fixture_take(report(fx, ASSISTANT_REPORT_READY));
	char *text = NULL;

	assert_string_equal(fixture_text(o, "status"), "ready");
	assert_string_equal(fixture_text(o, "checks.sqlite"), "ok");
	json_object_put(o);
	text = report(fx, ASSISTANT_REPORT_GRAPH);
	assert_non_null(strstr(text, "understand"));
	assert_non_null(strstr(text, "respond"));
	assistant_free(text);
	o = fixture_take(report(fx, ASSISTANT_REPORT_DOCTOR));
	assert_true(json_object_array_length(fixture_at(o, "findings")) > 0);
	json_object_put(o);
	o = fixture_take(report(fx, ASSISTANT_REPORT_SETTINGS));
	assert_string_equal(fixture_text(o, "ERLEAH_DATA.value"), fx->directory);
	json_object_put(o);
	o = fixture_take(report(fx, ASSISTANT_REPORT_TOOLS));
	assert_true(json_object_array_length(o) >= 4);
	assert_true(*fixture_text(o, "0.name") && *fixture_text(o, "0.description"));
	json_object_put(o);
	assert_int_equal(assistant_report(fx->a, 99, WAIT_MS, &text, &err), ASSISTANT_EINVAL);
}

static void secrets_are_not_reported(void **state)
{
	struct fixture *fx = *state;
	char *text;

	fixture_set(fx, "DIRECTUS_API_KEY", "correct-horse");
	fixture_open(fx);
	text = report(fx, ASSISTANT_REPORT_SETTINGS);
	assert_null(strstr(text, "correct-horse"));
	assert_non_null(strstr(text, "(set)"));
	assistant_free(text);
}

static void numbers_of_ones_own(void **state)
{
	static const double buckets[] = { 0.1, 1 };
	struct fixture *fx = *state;
	int doors = assistant_metric_new(fx->a, ASSISTANT_COUNTER, "hall_doors_total",
					 "Doors opened.", "door", NULL, 0);
	int people = assistant_metric_new(fx->a, ASSISTANT_GAUGE, "hall_people", "People inside.",
					  NULL, NULL, 0);
	int waits = assistant_metric_new(fx->a, ASSISTANT_HISTOGRAM, "hall_wait_seconds",
					 "Waiting at the door.", NULL, buckets, 2);
	char *text;

	assert_true(doors >= 0 && people >= 0 && waits >= 0);
	assistant_metric_record(fx->a, doors, "east", 2);
	assistant_metric_record(fx->a, doors, "east", 1);
	assistant_metric_record(fx->a, people, NULL, 40);
	assistant_metric_record(fx->a, people, NULL, 41);
	assistant_metric_record(fx->a, waits, NULL, 0.5);
	assistant_metric_record(fx->a, -1, NULL, 1); /* what _new refused is dropped */
	text = report(fx, ASSISTANT_REPORT_METRICS);
	assert_non_null(strstr(text, "hall_doors_total{door=\"east\"} 3\n"));
	assert_non_null(strstr(text, "hall_people 41\n"));
	assert_non_null(strstr(text, "hall_wait_seconds_bucket{le=\"0.1\"} 0\n"));
	assert_non_null(strstr(text, "hall_wait_seconds_bucket{le=\"1\"} 1\n"));
	assert_non_null(strstr(text, "# HELP hall_people People inside.\n"));
	assistant_free(text);
	text = report(fx, ASSISTANT_REPORT_OPENMETRICS);
	assert_non_null(strstr(text, "\n# EOF\n"));
	assistant_free(text);
}

/* --- Ingest ------------------------------------------------------------------------- */

static const char canal[] =
	"{\"id\":\"0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10\",\"name\":\"Canal Day 2027\","
	"\"timezone\":\"Europe/Amsterdam\",\"start_date\":\"2027-09-04\","
	"\"end_date\":\"2027-09-04\"}";
static const char locks[] = "{\"id\":\"s1\",\"title\":\"Locks and how to love them\","
			    "\"start_time\":\"2027-09-04T10:00:00+02:00\"}";

static assistant_ingest *begin(struct fixture *fx)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = NULL;

	fixture_ok(assistant_ingest_begin(fx->a, canal, &i, &err), &err);
	return i;
}

static void count_progress(void *user, const char *phase, size_t done, size_t total)
{
	assert_true(done <= total);
	assert_true(!strcmp(phase, "check") || !strcmp(phase, "index") || !strcmp(phase, "write"));
	++*(int *)user;
}

static void ingest(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = begin(fx);
	struct json_object *o;
	char *text = NULL;
	int steps = 0;

	fixture_ok(assistant_ingest_add(i, "session", locks, &err), &err);
	fixture_ok(assistant_ingest_check(i, &text, &err), &err);
	o = fixture_take(text);
	assert_string_equal(fixture_text(o, "sessions"), "1");
	json_object_put(o);
	cannot_ask(fx, "Canal Day 2027", "When is the talk about locks?", NULL,
		   ASSISTANT_ENOTFOUND); /* checked is not written */
	fixture_ok(assistant_ingest_commit(i, count_progress, &steps, &text, &err), &err);
	assistant_ingest_free(i);
	assert_true(steps > 0);
	o = fixture_take(text);
	assert_string_equal(fixture_text(o, "sessions"), "1");
	assert_string_equal(fixture_text(o, "speakers"), "0");
	json_object_put(o);
	fixture_ok(assistant_ask(fx->a, "Canal Day 2027", "When is the talk about locks?", NULL,
				 WAIT_MS, &text, &err),
		   &err);
	assert_non_null(strstr(text, "Locks and how to love them"));
	assistant_free(text);
	fixture_ok(assistant_ingest_verify(fx->a, "Canal Day 2027", WAIT_MS, &text, &err), &err);
	o = fixture_take(text);
	assert_string_equal(fixture_text(o, "ok"), "true");
	json_object_put(o);
}

static void ingest_of_nonsense(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = NULL;
	char *text = NULL;

	assert_int_equal(assistant_ingest_begin(fx->a, "{\"name\":\"x\"}", &i, &err),
			 ASSISTANT_EINVAL);
	assert_null(i);
	assert_non_null(strstr(err.message, "id"));
	i = begin(fx);
	assert_int_equal(assistant_ingest_add(i, "session", "{\"id\":\"s1\"}", &err),
			 ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "title"));
	assert_int_equal(assistant_ingest_add(i, "room", "{\"id\":\"r1\"}", &err),
			 ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "room"));
	fixture_ok(assistant_ingest_add(i, "session", locks, &err), &err); /* still usable */
	assistant_ingest_free(i); /* not committed: as if it had never been */
	cannot_ask(fx, "Canal Day 2027", "x", NULL, ASSISTANT_ENOTFOUND);
	assert_int_equal(assistant_ingest_verify(fx->a, "Canal Day 2027", WAIT_MS, &text, &err),
			 ASSISTANT_ENOTFOUND);
}

static void nothing_after_drain(void **state)
{
	struct fixture *fx = *state;
	struct json_object *o;

	assistant_drain(fx->a);
	o = fixture_take(report(fx, ASSISTANT_REPORT_READY));
	assert_string_equal(fixture_text(o, "status"), "draining");
	json_object_put(o);
	cannot_ask(fx, NULL, "Where is Carbopur?", NULL, ASSISTANT_EUNAVAILABLE);
}

#define TEST(name)	 cmocka_unit_test_setup_teardown(name, fixture_loaded, fixture_teardown)
#define TEST_EMPTY(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ask),
		TEST(ask_as_of_a_time),
		TEST(questions_that_are_none),
		TEST(searching),
		TEST(queries_that_are_none),
		TEST(reports),
		TEST_EMPTY(secrets_are_not_reported),
		TEST(numbers_of_ones_own),
		TEST(ingest),
		TEST(ingest_of_nonsense),
		TEST(nothing_after_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
