/*
 * test_parts.c - parts of the server that need the library's header and nothing running: settings, the
 * query of a search, the page, the form of events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "options.h"
#include "search.h"
#include "static.h"
#include "stream.h"

static int config_setup(void **state)
{
	assistant_config *c;

	assert_int_equal(assistant_config_new(&c), 0);
	*state = c;
	return 0;
}

static int config_teardown(void **state)
{
	assistant_config_free(*state);
	return 0;
}

static void set(assistant_config *c, const char *name, const char *value)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (assistant_config_set(c, name, value, &err) < 0)
		fail_msg("%s", err.message);
}

static void test_default_settings(void **state)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct settings s;

	assert_int_equal(settings_read(*state, &s, &err), 0);
	assert_string_equal(s.host, "127.0.0.1");
	assert_int_equal(s.port, 8000);
	assert_int_equal(s.threads, 256);
	assert_false(s.debug);
	assert_false(s.development);
	assert_int_equal(s.max_body_bytes, 64 * 1024);
	assert_int_equal(s.heartbeat_ms, 15000);
	assert_int_equal(s.drain_grace_ms, 20000);
	assert_int_equal(s.creations_per_hour, 600);
	assert_string_equal(s.directus_url, "");
	assert_int_equal(s.trusted.n, 0);
}

static void test_chosen_settings(void **state)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct settings s;

	set(*state, "API_PORT", "8001");
	set(*state, "MAX_BODY_BYTES", "1M");
	set(*state, "API_DEBUG", "yes");
	set(*state, "TRUSTED_PROXIES", "10.0.0.0/8,::1");
	set(*state, "RATE_LIMIT_ADDRESS_PER_HOUR", "0");
	set(*state, "DIRECTUS_URL", "http://directus:8055");
	assert_int_equal(settings_read(*state, &s, &err), 0);
	assert_int_equal(s.port, 8001);
	assert_int_equal(s.max_body_bytes, 1024 * 1024);
	assert_true(s.debug);
	assert_int_equal(s.trusted.n, 2);
	assert_int_equal(s.creations_per_hour, 0);
	assert_string_equal(s.directus_url, "http://directus:8055");
	set(*state, "PORT", "9000");
	set(*state, "DIRECTUS_PUBLIC_URL", "https://directus.example.org");
	assert_int_equal(settings_read(*state, &s, &err), 0);
	assert_int_equal(s.port, 9000);
	assert_string_equal(s.directus_url, "https://directus.example.org");
	set(*state, "ERLEAH_STORE", "sqlite");
	assert_int_equal(settings_read(*state, &s, &err), 0);
	assert_string_equal(s.directus_url, "");
}

static void test_refused_settings(void **state)
{
	static const char *const bad[][2] = {
		{ "PORT", "0" },
		{ "PORT", "65536" },
		{ "API_THREADS", "23" },
		{ "API_THREADS", "4097" },
		{ "MAX_BODY_BYTES", "9M" },
		{ "SSE_HEARTBEAT_MS", "10" },
		{ "CORS_ORIGINS", "*" },
		{ "CORS_ORIGINS", "https://a.example, b.example" },
		{ "CORS_ORIGINS", "https://a.example/page" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assistant_error err = ASSISTANT_ERROR_INIT;
		struct settings s;

		set(*state, bad[i][0], bad[i][1]);
		assert_int_equal(settings_read(*state, &s, &err), -1);
		assert_int_equal(err.code, ASSISTANT_ECONFIG);
		assert_non_null(strstr(err.message, bad[i][0]));
		assert_non_null(strstr(err.message, "accepted is"));
		set(*state, bad[i][0], "");
	}
}

static void assert_query(const char *query, bool debug, const char *expected)
{
	char problem[160];
	struct buf b;

	buf_init(&b, 4096);
	if (!search_build_query(query, debug, &b, problem))
		fail_msg("%s: %s", query, problem);
	assert_string_equal(b.data, expected);
	buf_finish(&b);
}

static void test_search_queries(void **state)
{
	assert_query(NULL, false, "{\"filters\":{}}");
	assert_query(
		"q=a+%22b%22&limit=3&raw&why=true", false,
		"{\"q\":\"a \\\"b\\\"\",\"limit\":3,\"raw\":true,\"why\":true,\"filters\":{}}");
	assert_query("day=saturday&q=x&track=Rust&why=no", false,
		     "{\"q\":\"x\",\"why\":false,\"filters\":{\"day\":\"saturday\",\"track\":"
		     "\"Rust\"}}");
	assert_query("now=2027-05-20T10:00:00Z", true,
		     "{\"now\":\"2027-05-20T10:00:00Z\",\"filters\":{}}");
}

static void test_refused_search_queries(void **state)
{
	static const char *const bad[] = { "limit=0",  "limit=51", "limit=",
					   "limit=1x", "Q=x",	   "filters={}",
					   "q=%ff",    "q=%00",	   "now=2027-05-20T10:00:00Z" };
	char problem[160];
	struct buf b;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		buf_init(&b, 4096);
		problem[0] = '\0';
		if (search_build_query(bad[i], false, &b, problem))
			fail_msg("taken: %s", bad[i]);
		assert_true(problem[0]);
		buf_finish(&b);
	}
}

static void test_page(void **state)
{
	static const char page[] =
		"<script data-directus=\"\" data-conference=\"\" data-token=\"\">";
	struct settings s = { .directus_url = "", .conference = "" };
	struct buf b;

	buf_init(&b, 4096);
	static_fill_page(page, &s, &b);
	assert_string_equal(b.data, page);
	buf_clear(&b);
	s.directus_url = "https://d.example/a\"b&c<d";
	s.conference = "c1";
	static_fill_page(page, &s, &b);
	assert_string_equal(b.data,
			    "<script data-directus=\"https://d.example/a&quot;b&amp;c&lt;d\" "
			    "data-conference=\"c1\" data-token=\"\">");
	buf_finish(&b);
}

static void test_page_policy(void **state)
{
	struct settings s = { .directus_url = "" };
	struct buf b;

	buf_init(&b, 4096);
	static_page_policy(&s, &b);
	assert_non_null(strstr(b.data, "connect-src 'self'; base-uri 'none'"));
	buf_clear(&b);
	s.directus_url = "https://d.example:8055/cms";
	static_page_policy(&s, &b);
	assert_non_null(strstr(b.data, "connect-src 'self' https://d.example:8055 "
				       "wss://d.example:8055; base-uri"));
	buf_clear(&b);
	s.directus_url = "http://d.example; script-src *";
	static_page_policy(&s, &b);
	assert_non_null(strstr(b.data, "connect-src 'self' http://d.example ws://d.example; base"));
	assert_null(strstr(b.data, "script-src *"));
	buf_finish(&b);
}

static void test_events(void **state)
{
	struct buf b;

	buf_init(&b, 4096);
	stream_add_event(&b, 7, "delta", "{\"text\":\"a\\nb\"}");
	assert_string_equal(b.data, "id: 7\nevent: delta\ndata: {\"text\":\"a\\nb\"}\n\n");
	buf_finish(&b);
}

#define CONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, config_setup, config_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(test_default_settings),
		CONFIG_TEST(test_chosen_settings),
		CONFIG_TEST(test_refused_settings),
		cmocka_unit_test(test_search_queries),
		cmocka_unit_test(test_refused_search_queries),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_page_policy),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
