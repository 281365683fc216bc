/*
 * test_ingest.c - loading a conference again: what is kept, what changed, and what is not written at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <assistant/backend.h>
#include "fixture.h"

static const char canal[] =
	"{\"id\":\"0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10\",\"name\":\"Canal Day 2027\","
	"\"timezone\":\"Europe/Amsterdam\",\"start_date\":\"2027-09-04\","
	"\"end_date\":\"2027-09-04\",\"info\":{\"wifi\":\"Network Canal.\"}}";
static const char renamed[] =
	"{\"id\":\"0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10\",\"name\":\"Lock Day 2027\","
	"\"timezone\":\"Europe/London\",\"start_date\":\"2027-09-04\","
	"\"end_date\":\"2027-09-05\"}";
static const char locks[] = "{\"id\":\"s1\",\"title\":\"Locks\",\"speaker_ids\":[\"p1\"],"
			    "\"start_time\":\"2027-09-04T10:00\"}";
static const char pumps[] =
	"{\"id\":\"s2\",\"title\":\"Pumps\",\"start_time\":\"2027-09-04T11:00\"}";
static const char joke[] = "{\"id\":\"p1\",\"name\":\"Joke de Wit\"}";
static const char oars[] = "{\"id\":\"x1\",\"name\":\"Oar and Rope\"}";

static assistant_ingest *begin(struct fixture *fx, const char *conference)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = NULL;

	fixture_ok(assistant_ingest_begin(fx->a, conference, &i, &err), &err);
	return i;
}

static void add(assistant_ingest *i, const char *kind, const char *record)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	fixture_ok(assistant_ingest_add(i, kind, record, &err), &err);
}

static void keep(assistant_ingest *i, const char *kind)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	fixture_ok(assistant_ingest_keep(i, kind, &err), &err);
}

/* Takes i; the report. */
static struct json_object *commit(assistant_ingest *i)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	fixture_ok(assistant_ingest_commit(i, NULL, NULL, &text, &err), &err);
	assistant_ingest_free(i);
	return fixture_take(text);
}

static struct json_object *check(assistant_ingest *i)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	fixture_ok(assistant_ingest_check(i, &text, &err), &err);
	assistant_ingest_free(i);
	return fixture_take(text);
}

static void says(struct json_object *takes, const char *const expected[][2])
{
	for (; (*expected)[0]; expected++)
		assert_string_equal(fixture_text(takes, (*expected)[0]), (*expected)[1]);
	json_object_put(takes);
}
#define SAYS(o, ...) says((o), (const char *const[][2]){ __VA_ARGS__, { NULL, NULL } })

static void load_all(struct fixture *fx)
{
	assistant_ingest *i = begin(fx, canal);

	add(i, "session", locks);
	add(i, "speaker", joke);
	add(i, "exhibitor", oars);
	SAYS(commit(i), { "new", "true" }, { "unchanged", "false" },
	     { "changes.conference", "true" }, { "changes.sessions.added", "1" },
	     { "changes.speakers.added", "1" }, { "changes.exhibitors.added", "1" },
	     { "changes.sessions.removed", "0" }, { "embedded", "0" }, { "texts", "0" });
}

static void says_exact(struct fixture *fx)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = NULL;

	fixture_ok(assistant_ingest_verify(fx->a, "0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10", WAIT_MS,
					   &text, &err),
		   &err);
	SAYS(fixture_take(text), { "ok", "true" });
}

static void what_is_as_it_was_is_not_written(void **state)
{
	struct fixture *fx = *state;
	assistant_ingest *i;
	struct json_object *first, *second;
	char epoch[40];

	load_all(fx);
	i = begin(fx, canal);
	add(i, "exhibitor", oars); /* in another order, in another form */
	add(i, "speaker", "{ \"id\" : \"p1\", \"name\" : \"Joke de Wit\" }");
	add(i, "session", locks);
	first = commit(i);
	snprintf(epoch, sizeof(epoch), "%s", fixture_text(first, "epoch"));
	SAYS(first, { "new", "false" }, { "unchanged", "true" }, { "changes.conference", "false" },
	     { "changes.sessions.added", "0" }, { "changes.sessions.changed", "0" });

	i = begin(fx, canal);
	add(i, "session", locks);
	add(i, "speaker", joke);
	add(i, "exhibitor", "{\"id\":\"x1\",\"name\":\"Oar and Rope\",\"booth_number\":\"A1\"}");
	second = commit(i);
	assert_string_not_equal(fixture_text(second, "epoch"), epoch);
	SAYS(second, { "unchanged", "false" }, { "changes.exhibitors.changed", "1" },
	     { "changes.sessions.changed", "0" });
	says_exact(fx);
}

static void one_kind_alone(void **state)
{
	struct fixture *fx = *state;
	assistant_ingest *i;

	load_all(fx);
	i = begin(fx, renamed);
	keep(i, "conference");
	keep(i, "speaker");
	keep(i, "exhibitors");
	keep(i, "exhibitors"); /* is kept */
	add(i, "session", pumps);
	SAYS(commit(i), { "name", "Canal Day 2027" }, { "info", "1" }, { "sessions", "1" },
	     { "speakers", "1" }, { "exhibitors", "1" }, { "changes.conference", "false" },
	     { "changes.sessions.added", "1" }, { "changes.sessions.removed", "1" },
	     { "changes.speakers.changed", "0" }, { "changes.exhibitors.removed", "0" });
	says_exact(fx);

	/* the conference's own data alone */
	i = begin(fx, renamed);
	keep(i, "session");
	keep(i, "speaker");
	keep(i, "exhibitor");
	SAYS(commit(i), { "name", "Lock Day 2027" }, { "info", "0" }, { "sessions", "1" },
	     { "changes.conference", "true" }, { "changes.sessions.changed", "0" });
	says_exact(fx);
}

/* Times without an offset are of the zone of the conference that is kept. */
static void the_zone_is_that_of_what_is_kept(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i;
	char *text = NULL;

	load_all(fx);
	i = begin(fx, renamed);
	keep(i, "conference");
	add(i, "session", pumps);
	json_object_put(commit(i));
	fixture_ok(assistant_row_read(fx->a, "sessions", "s2", WAIT_MS, &text, &err), &err);
	assert_non_null(strstr(text, "2027-09-04T11:00:00+02:00"));
	assistant_free(text);
}

static void what_cannot_be_kept(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = begin(fx, canal);

	assert_int_equal(assistant_ingest_keep(i, "session", &err), ASSISTANT_ENOTFOUND);
	assert_non_null(strstr(err.message, "load all of it first"));
	assistant_ingest_free(i);
	load_all(fx);
	i = begin(fx, canal);
	assert_int_equal(assistant_ingest_keep(i, "room", &err), ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "room"));
	assert_int_equal(assistant_ingest_keep(NULL, "session", &err), ASSISTANT_EINVAL);
	add(i, "session", pumps);
	assert_int_equal(assistant_ingest_keep(i, "conference", &err), ASSISTANT_EINVAL);
	assert_int_equal(assistant_ingest_keep(i, "session", &err), ASSISTANT_EINVAL);
	keep(i, "speaker");
	assert_int_equal(assistant_ingest_add(i, "speaker", joke, &err), ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "kept"));
	SAYS(check(i), { "sessions", "1" }, { "speakers", "1" }, { "exhibitors", "0" });
}

static void a_check_says_what_would_change(void **state)
{
	struct fixture *fx = *state;
	assistant_ingest *i;

	load_all(fx);
	i = begin(fx, canal);
	add(i, "session", pumps);
	add(i, "speaker", "{\"id\":\"p1\",\"name\":\"Joke de Witte\"}");
	SAYS(check(i), { "unchanged", "false" }, { "changes.sessions.added", "1" },
	     { "changes.sessions.removed", "1" }, { "changes.speakers.changed", "1" },
	     { "changes.exhibitors.removed", "1" });
	says_exact(fx);
	i = begin(fx, canal);
	add(i, "session", locks);
	add(i, "speaker", joke);
	add(i, "exhibitor", oars);
	SAYS(check(i), { "unchanged", "true" });
}

static void two_at_once(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *slow, *quick;

	load_all(fx);
	slow = begin(fx, canal);
	keep(slow, "session");
	quick = begin(fx, canal);
	add(quick, "session", pumps);
	json_object_put(commit(quick));
	assert_int_equal(assistant_ingest_commit(slow, NULL, NULL, NULL, &err),
			 ASSISTANT_ECONFLICT);
	assert_non_null(strstr(err.message, "ingest again"));
	assistant_ingest_free(slow);
}

static void give_up(void *user, const char *phase, size_t done, size_t total)
{
	if (!strcmp(phase, "check"))
		assistant_ingest_cancel(user);
}

static void cancelled(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i;

	load_all(fx);
	i = begin(fx, canal);
	add(i, "session", pumps);
	assert_int_equal(assistant_ingest_commit(i, give_up, i, NULL, &err), ASSISTANT_ECANCELED);
	assistant_ingest_free(i);
	assistant_ingest_cancel(NULL);
	i = begin(fx, canal);
	keep(i, "session");
	assistant_ingest_cancel(i); /* before it began */
	assert_int_equal(assistant_ingest_commit(i, NULL, NULL, NULL, &err), ASSISTANT_ECANCELED);
	assistant_ingest_free(i);
	says_exact(fx);
}

/* Weights that are asked for by name and are not there stop the start; loading changes nothing about that. */
static void weights_that_are_not_there(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant *a = NULL;

	fixture_set(fx, "ERLEAH_EMBEDDER", "auto");
	fixture_set(fx, "ERLEAH_WEIGHTS", "/nowhere/model.safetensors");
	for (int loading = 0; loading < 2; loading++) {
		assert_int_equal(assistant_config_set_loading(fx->config, loading), ASSISTANT_OK);
		assert_int_equal(assistant_open(&a, fx->config, &err), ASSISTANT_ECONFIG);
		assert_non_null(strstr(err.message, "/nowhere/model.safetensors"));
		assert_null(a);
	}
}

#define TEST(name)	 cmocka_unit_test_setup_teardown(name, opened, fixture_teardown)
#define TEST_EMPTY(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_teardown)

static int opened(void **state)
{
	int r = fixture_empty(state);

	if (r == 0)
		fixture_open(*state);
	return r;
}

/* --- From a Directus -------------------------------------------------------------------- */

static void a_directus_is_needed_to_ingest_from_one(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = NULL;
	char mark[ASSISTANT_MARK_SIZE];

	assert_int_equal(assistant_ingest_begin_directus(fx->a, NULL, NULL, 0, &i, &err),
			 ASSISTANT_ECONFIG);
	assert_non_null(strstr(err.message, "DIRECTUS_URL"));
	assert_null(i);
	assert_int_equal(assistant_ingest_moved(fx->a, NULL, WAIT_MS, mark, &err),
			 ASSISTANT_ECONFIG);
	assert_int_equal(assistant_ingest_begin_directus(fx->a, NULL, "room", 0, &i, &err),
			 ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "session, exhibitor and speaker"));
}

/* Nobody listens on port 1. */
static void a_directus_that_is_not_there_changes_nothing(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = NULL;
	char mark[ASSISTANT_MARK_SIZE], *report = NULL;

	fixture_set(fx, "DIRECTUS_URL", "http://127.0.0.1:1");
	fixture_set(fx, "ERLEAH_STORE", "sqlite");
	assistant_config_set_loading(fx->config, 1);
	fixture_open(fx);
	load_all(fx);
	fixture_ok(assistant_ingest_begin_directus(fx->a, NULL, NULL, 0, &i, &err), &err);
	assert_int_equal(assistant_ingest_add(i, "session", locks, &err), ASSISTANT_EINVAL);
	assert_true(assistant_ingest_check(i, &report, &err) < 0);
	assert_true(assistant_ingest_commit(i, NULL, NULL, &report, &err) < 0);
	assert_null(report);
	assert_true(*err.message != 0);
	assistant_ingest_free(i);
	assert_true(assistant_ingest_moved(fx->a, NULL, WAIT_MS, mark, &err) < 0);
	says_exact(fx);
}

static int notify(struct fixture *fx, const char *authorization)
{
	const assistant_notice n = { .authorization = authorization, .body = "{}", .body_len = 2 };
	assistant_error err = ASSISTANT_ERROR_INIT;

	return assistant_ingest_notify(fx->a, &n, &err);
}

static void nobody_is_told_without_a_secret_and_a_directus(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant *a = NULL;

	assert_int_equal(notify(fx, "Bearer x"), ASSISTANT_ENOTFOUND);
	assert_int_equal(notify(fx, NULL), ASSISTANT_ENOTFOUND);
	fixture_set(fx, "INGEST_WEBHOOK_SECRET", "too short");
	assert_int_equal(assistant_open(&a, fx->config, &err), ASSISTANT_ECONFIG);
	assert_non_null(strstr(err.message, "INGEST_WEBHOOK_SECRET has 9 characters"));
	assert_null(strstr(err.message, "too short"));
}

static long long at_1810000100(void *user)
{
	(void)user;
	return 1810000100000;
}

/* Nobody listens on port 1: who may tell is known all the same. */
static void who_may_tell(void **state)
{
	/* HMAC-SHA-256 of "1810000000.{}" with the secret below */
	static const char signature[] =
		"sha256=e8cd53e648622eb415b36820eea5b7ffe7f7674f27c66e2f0ca9e8592e6e1084";
	static const char secret[] = "sixteen characters and more";
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_notice n = {
		.signature = signature, .timestamp = "1810000000", .body = "{}", .body_len = 2
	};

	fixture_set(fx, "DIRECTUS_URL", "http://127.0.0.1:1");
	fixture_set(fx, "INGEST_WEBHOOK_SECRET", secret);
	assistant_config_use_clock(fx->config, at_1810000100, NULL);
	assistant_config_set_serving(fx->config, 1);
	fixture_open(fx);
	assert_int_equal(notify(fx, NULL), ASSISTANT_EDENIED);
	assert_int_equal(notify(fx, ""), ASSISTANT_EDENIED);
	assert_int_equal(notify(fx, "Bearer"), ASSISTANT_EDENIED);
	assert_int_equal(notify(fx, "Bearer sixteen characters and mor"), ASSISTANT_EDENIED);
	assert_int_equal(notify(fx, "Basic sixteen characters and more"), ASSISTANT_EDENIED);
	assert_int_equal(notify(fx, "Bearer sixteen characters and more"), ASSISTANT_OK);
	assert_int_equal(notify(fx, "bearer sixteen characters and more"), ASSISTANT_OK);
	assert_int_equal(assistant_ingest_notify(fx->a, &n, &err), ASSISTANT_OK);
	n.body_len = 1;
	assert_int_equal(assistant_ingest_notify(fx->a, &n, &err), ASSISTANT_EDENIED);
	n.body_len = 2;
	n.timestamp = "1810000001";
	assert_int_equal(assistant_ingest_notify(fx->a, &n, &err), ASSISTANT_EDENIED);
	n.timestamp = "1810000000 ";
	assert_int_equal(assistant_ingest_notify(fx->a, &n, &err), ASSISTANT_EDENIED);
	n.timestamp = "1810000000";
	n.signature = NULL;
	assert_int_equal(assistant_ingest_notify(fx->a, &n, &err), ASSISTANT_EDENIED);
	n.signature = "sha256=";
	assert_int_equal(assistant_ingest_notify(fx->a, &n, &err), ASSISTANT_EDENIED);
	assert_non_null(strstr(err.message, "missing or wrong"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_as_it_was_is_not_written),
		TEST(one_kind_alone),
		TEST(the_zone_is_that_of_what_is_kept),
		TEST(what_cannot_be_kept),
		TEST(a_check_says_what_would_change),
		TEST(two_at_once),
		TEST(cancelled),
		TEST(a_directus_is_needed_to_ingest_from_one),
		TEST_EMPTY(a_directus_that_is_not_there_changes_nothing),
		TEST(nobody_is_told_without_a_secret_and_a_directus),
		TEST_EMPTY(who_may_tell),
		TEST_EMPTY(weights_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
