/*
 * test_config.c - settings by name, from the environment and from files; what cannot be opened.
 */
#include "fixture.h"

#include <assistant/backend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *value_of(const assistant_config *c, const char *name)
{
	const char *value = NULL;

	assert_int_equal(assistant_config_get(c, name, &value), ASSISTANT_OK);
	return value;
}

static void words_for_codes(void **state)
{
	char version[32];

	for (int code = 0; code >= ASSISTANT_EUNPROCESSABLE; code--) {
		assert_string_not_equal(assistant_strerror(code), "Unknown error");
		for (int other = 0; other > code; other--)
			assert_string_not_equal(assistant_strerror(code),
						assistant_strerror(other));
	}
	assert_string_equal(assistant_strerror(1), "Unknown error");
	assert_string_equal(assistant_strerror(-1000), "Unknown error");
	snprintf(version, sizeof(version), "%d.%d.%d", ASSISTANT_VERSION_MAJOR,
		 ASSISTANT_VERSION_MINOR, ASSISTANT_VERSION_PATCH);
	assert_string_equal(assistant_version(), version);
}

static void nothing_is_freed(void **state)
{
	assistant_free(NULL);
	assistant_config_free(NULL);
	assistant_close(NULL, 0);
	assistant_reply_free(NULL);
	assistant_chat_free(NULL);
	assistant_watch_free(NULL);
	assistant_ingest_free(NULL);
}

/* Every row has all its strings, its name once, and a default that its own type takes. */
static void the_table(void **state)
{
	struct fixture *fx = *state;
	assistant_setting s, other;
	assistant_error err = ASSISTANT_ERROR_INIT;
	int n = 0;

	for (; assistant_config_iterate(n, &s) == ASSISTANT_OK; n++) {
		assert_true(*s.name && *s.type && *s.sentence && *s.section && s.fallback);
		for (int i = 0; i < n; i++) {
			assert_int_equal(assistant_config_iterate(i, &other), ASSISTANT_OK);
			assert_string_not_equal(other.name, s.name);
		}
		if (strcmp(s.name, "ERLEAH_DATA") != 0 && strcmp(s.name, "ERLEAH_NOW") != 0 &&
		    strcmp(s.name, "ERLEAH_EMBEDDER") != 0)
			assert_string_equal(value_of(fx->config, s.name), s.fallback);
		if (*s.fallback)
			fixture_ok(assistant_config_set(fx->config, s.name, s.fallback, &err),
				   &err);
	}
	assert_true(n > 20);
	assert_int_equal(assistant_config_iterate(n, &s), ASSISTANT_ENOTFOUND);
	assert_int_equal(assistant_config_iterate(-1, &s), ASSISTANT_ENOTFOUND);
}

static void refused(struct fixture *fx, const char *name, const char *value)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	const char *before = "";

	assistant_config_get(fx->config, name, &before);
	assert_int_equal(assistant_config_set(fx->config, name, value, &err), ASSISTANT_ECONFIG);
	assert_int_equal(err.code, ASSISTANT_ECONFIG);
	if (!strstr(err.message, name) || !strstr(err.message, value))
		fail_msg("%s: %s: %s", name, value, err.message);
	if (*before)
		assert_string_equal(value_of(fx->config, name), before);
}

static void values(void **state)
{
	struct fixture *fx = *state;
	const char *value;

	fixture_set(fx, "MAX_TURNS", "7");
	assert_string_equal(value_of(fx->config, "MAX_TURNS"), "7");
	refused(fx, "MAX_TURNS", "many");
	refused(fx, "MAX_TURNS", "-1");
	refused(fx, "TURN_TIMEOUT_MS", "1 minute");
	refused(fx, "API_DEBUG", "maybe");
	refused(fx, "MAX_BODY_BYTES", "64 potatoes");
	refused(fx, "ERLEAH_STORE", "floppy");
	refused(fx, "DIRECTUS_URL", "directus");
	refused(fx, "ERLEAH_NOW", "noon");
	refused(fx, "TRUSTED_PROXIES", "10.0.0.0/99");
	refused(fx, "NO_SUCH_SETTING", "");
	assert_int_equal(assistant_config_get(fx->config, "NO_SUCH_SETTING", &value),
			 ASSISTANT_ENOTFOUND);
}

static void from_the_environment(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;

	setenv("MAX_TURNS", "9", 1);
	fixture_ok(assistant_config_load_env(fx->config, &err), &err);
	assert_string_equal(value_of(fx->config, "MAX_TURNS"), "9");
	setenv("MAX_TURNS", "nine", 1);
	assert_int_equal(assistant_config_load_env(fx->config, &err), ASSISTANT_ECONFIG);
	assert_non_null(strstr(err.message, "MAX_TURNS"));
	unsetenv("MAX_TURNS");
	setenv("ERLEAH_DTAA", "/tmp", 1);
	assert_int_equal(assistant_config_load_env(fx->config, &err), ASSISTANT_ECONFIG);
	assert_non_null(strstr(err.message, "ERLEAH_DTAA"));
	unsetenv("ERLEAH_DTAA");
}

static void write_file(struct fixture *fx, const char *text, char path[static 128])
{
	FILE *f;

	snprintf(path, 128, "%s/settings", fx->directory);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void from_a_file(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char path[128];

	write_file(fx, "# a comment\n\nMAX_TURNS=11\n LOG_LEVEL = \"error\" \n", path);
	fixture_ok(assistant_config_load_file(fx->config, path, &err), &err);
	assert_string_equal(value_of(fx->config, "MAX_TURNS"), "11");
	assert_string_equal(value_of(fx->config, "LOG_LEVEL"), "error");
	write_file(fx, "MAX_TURNS=12\nMAX_TURNS\n", path);
	assert_int_equal(assistant_config_load_file(fx->config, path, &err), ASSISTANT_ECONFIG);
	assert_non_null(strstr(err.message, "line 2"));
	assert_int_equal(assistant_config_load_file(fx->config, "/nonexistent", &err),
			 ASSISTANT_ECONFIG);
	assert_non_null(strstr(err.message, "/nonexistent"));
}

static void a_secret_in_a_file(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char path[128];

	write_file(fx, "correct-horse\n", path);
	setenv("DIRECTUS_API_KEY_FILE", path, 1);
	fixture_ok(assistant_config_load_env(fx->config, &err), &err);
	unsetenv("DIRECTUS_API_KEY_FILE");
	assert_string_equal(value_of(fx->config, "DIRECTUS_API_KEY"), "correct-horse");
}

static int tool(void *user, const char *args_json, char **result_json)
{
	return ASSISTANT_EUNAVAILABLE;
}

static int node(void *user, const char *state_json, char **patch_json)
{
	return 0;
}

/* What is wrong with a tool or a node is said when it is added, or when the assistant opens. */
static void cannot_open(struct fixture *fx, int r, const char *part)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant *a = NULL;

	if (r == ASSISTANT_OK)
		r = assistant_open(&a, fx->config, &err);
	assert_int_not_equal(r, ASSISTANT_OK);
	assert_null(a);
	if (*err.message && !strstr(err.message, part))
		fail_msg("%s is not in: %s", part, err.message);
}

static void tools_that_cannot_be(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;

	assert_int_equal(assistant_config_add_tool(fx->config, NULL, "d", "{}", tool, NULL, &err),
			 ASSISTANT_EINVAL);
	assert_true(*err.message);
	cannot_open(
		fx,
		assistant_config_add_tool(fx->config, "broken", "d", "not json", tool, NULL, NULL),
		"broken");
}

static void nodes_that_cannot_be(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;

	assert_int_equal(assistant_config_add_node(fx->config, "n", NULL, node, NULL, &err),
			 ASSISTANT_EINVAL);
	assert_true(*err.message);
	cannot_open(fx, assistant_config_add_node(fx->config, "n", "nowhere", node, NULL, NULL),
		    "nowhere");
}

static void call(void *ctx, const char *operation, const char *request_json, assistant_pending *p)
{
	assistant_pending_done(p, ASSISTANT_EUNAVAILABLE, NULL, "It is away.");
}

static void backends_that_cannot_be(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_backend b = { ASSISTANT_BACKEND_VERSION, "mine", call, NULL };

	assert_int_equal(assistant_config_use(fx->config, "toaster", &b, NULL, &err),
			 ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "toaster"));
	b.version = 1000;
	assert_int_equal(assistant_config_use(fx->config, "store", &b, NULL, &err),
			 ASSISTANT_EINVAL);
	assert_non_null(strstr(err.message, "1000"));
	b = (assistant_backend){ ASSISTANT_BACKEND_VERSION, "mine", NULL, NULL };
	assert_int_equal(assistant_config_use(fx->config, "store", &b, NULL, &err),
			 ASSISTANT_EINVAL);
}

static void places_that_cannot_be(void **state)
{
	struct fixture *fx = *state;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant *a = NULL;

	fixture_set(fx, "ERLEAH_DATA", "/proc/erleah");
	assert_int_equal(assistant_open(&a, fx->config, &err), ASSISTANT_ECONFIG);
	assert_non_null(strstr(err.message, "/proc/erleah"));
	assert_null(a);
	assert_int_equal(assistant_open(&a, NULL, &err), ASSISTANT_EINVAL);
	fixture_set(fx, "ERLEAH_DATA", fx->directory);
	fixture_set(fx, "ERLEAH_STORE", "directus");
	assert_int_equal(assistant_open(&a, fx->config, &err), ASSISTANT_ECONFIG);
	assert_non_null(strstr(err.message, "DIRECTUS_URL"));
}

/* What cannot be meant stops the start with a sentence that names the setting and repeats no secret. */
static void remote_services_that_cannot_be(void **state)
{
	static const struct {
		const char *name, *value, *other, *other_value, *says;
	} cases[] = {
		{ "ERLEAH_CACHE", "redis", "REDIS_URL", "", "REDIS_URL is not set" },
		{ "REDIS_URL", "http://hush@example.org", "ERLEAH_CACHE", "auto", "rediss://" },
		{ "REDIS_URL", "redis://hush@h:99999", "ERLEAH_CACHE", "auto", "REDIS_URL" },
		{ "REDIS_URL", "redis://h", "REDIS_TIMEOUT_MS", "0", "REDIS_TIMEOUT_MS" },
		{ "ERLEAH_EMBEDDER", "openai", "OPENAI_API_KEY", "", "OPENAI_BASE_URL" },
		{ "OPENAI_API_KEY", "hush", "EMBEDDING_MODEL", "my-own", "EMBEDDING_DIMENSIONS" },
		{ "OPENAI_API_KEY", "hush", "EMBEDDING_DIMENSIONS", "1537", "1536 or fewer" },
	};
	static const char *const resets[][2] = {
		{ "ERLEAH_CACHE", "auto" },
		{ "REDIS_URL", "" },
		{ "REDIS_TIMEOUT_MS", "500" },
		{ "ERLEAH_EMBEDDER", "none" },
		{ "OPENAI_API_KEY", "" },
		{ "EMBEDDING_DIMENSIONS", "0" },
		{ "EMBEDDING_MODEL", "text-embedding-3-small" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *fx = *state;
		assistant *a = NULL;
		assistant_error err = ASSISTANT_ERROR_INIT;

		if (!strncmp(cases[i].name, "OPENAI", 6))
			fixture_set(fx, "ERLEAH_EMBEDDER", "auto");
		fixture_set(fx, cases[i].name, cases[i].value);
		fixture_set(fx, cases[i].other, cases[i].other_value);
		assert_int_equal(assistant_open(&a, fx->config, &err), ASSISTANT_ECONFIG);
		assert_null(a);
		assert_non_null(strstr(err.message, cases[i].says));
		assert_null(strstr(err.message, "hush"));
		for (size_t k = 0; k < sizeof(resets) / sizeof(resets[0]); k++)
			fixture_set(fx, resets[k][0], resets[k][1]);
	}
}

/* A Redis that is not there is no reason not to start. */
static void a_redis_that_is_away(void **state)
{
	struct fixture *fx = *state;
	struct json_object *report;
	char *text = NULL;

	fixture_set(fx, "REDIS_URL", "redis://127.0.0.1:1");
	fixture_open(fx);
	assert_int_equal(assistant_report(fx->a, ASSISTANT_REPORT_READY, WAIT_MS, &text, NULL), 0);
	report = fixture_take(text);
	assert_string_equal(fixture_text(report, "status"), "ready");
	assert_string_equal(fixture_text(report, "checks.redis"), "degraded");
	json_object_put(report);
}

struct lines {
	int n, worst;
	char last[400];
};

static void take_line(void *user, int level, const char *line)
{
	struct lines *l = user;

	l->n++;
	l->worst = level < l->worst ? level : l->worst;
	snprintf(l->last, sizeof(l->last), "%s", line);
}

static void log_lines(void **state)
{
	struct fixture *fx = *state;
	struct lines l = { .worst = 3 };
	struct json_object *o;

	assistant_config_set_log(fx->config, take_line, &l);
	fixture_set(fx, "LOG_LEVEL", "info");
	fixture_set(fx, "LOG_FORMAT", "json");
	fixture_open(fx);
	assert_true(l.n >= 1); /* which services were chosen */
	assistant_log(fx->a, 3, "too.fine", NULL);
	assert_null(strstr(l.last, "too.fine"));
	assistant_log(fx->a, 1, "mine.happened", "{\"door\":\"east\",\"n\":3}");
	o = json_tokener_parse(l.last);
	assert_non_null(o);
	assert_non_null(strstr(l.last, "mine.happened"));
	assert_string_equal(fixture_text(o, "door"), "east");
	assert_null(strchr(l.last, '\n'));
	json_object_put(o);
}

#define TEST(name)	 cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_teardown)
#define TEST_ALONE(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ALONE(words_for_codes),
		TEST_ALONE(nothing_is_freed),
		TEST(the_table),
		TEST(values),
		TEST(from_the_environment),
		TEST(from_a_file),
		TEST(a_secret_in_a_file),
		TEST(tools_that_cannot_be),
		TEST(nodes_that_cannot_be),
		TEST(backends_that_cannot_be),
		TEST(places_that_cannot_be),
		TEST(remote_services_that_cannot_be),
		TEST(a_redis_that_is_away),
		TEST(log_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
