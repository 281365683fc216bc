/*
 * test_request.c - the readers of a request: identifiers, query strings, header values, origins,
 * addresses behind proxies, routes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "address.h"
#include "cors.h"
#include "parse.h"
#include "routes.h"
#include "window.h"

static void test_uuid(void **state)
{
	char a[37], b[37];

	uuid_make(a);
	uuid_make(b);
	assert_true(is_uuid(a));
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
	assert_string_not_equal(a, b);
	assert_true(is_uuid("0B7C0D1E-5f57-4c57-9d0c-3c1f6b1f9a01"));
	assert_false(is_uuid(""));
	assert_false(is_uuid("0b7c0d1e-5f57-4c57-9d0c-3c1f6b1f9a0"));
	assert_false(is_uuid("0b7c0d1e-5f57-4c57-9d0c-3c1f6b1f9a011"));
	assert_false(is_uuid("0b7c0d1e55f57-4c57-9d0c-3c1f6b1f9a01"));
	assert_false(is_uuid("0b7c0d1g-5f57-4c57-9d0c-3c1f6b1f9a01"));
}

static void test_request_id(void **state)
{
	char longest[130];

	memset(longest, 'a', 129);
	longest[128] = '\0';
	assert_true(is_request_id("req-1_A.b"));
	assert_true(is_request_id(longest));
	longest[128] = 'a';
	longest[129] = '\0';
	assert_false(is_request_id(longest));
	assert_false(is_request_id(""));
	assert_false(is_request_id("a b"));
	assert_false(is_request_id("a\r\nSet-Cookie: x"));
}

static void test_query_string(void **state)
{
	static const char query[] = "q=a+b%20c&&empty=&flag&enc%6Fded=%E2%82%AC&bad=%zz&nul=%00"
				    "&utf=%ff&q=second";
	char out[16];

	assert_int_equal(query_get(query, "q", out, sizeof(out)), 5);
	assert_string_equal(out, "a b c");
	assert_int_equal(query_get(query, "empty", out, sizeof(out)), 0);
	assert_int_equal(query_get(query, "flag", out, sizeof(out)), 0);
	assert_int_equal(query_get(query, "enc%6Fded", out, sizeof(out)), 3);
	assert_string_equal(out, "\xe2\x82\xac");
	assert_int_equal(query_get(query, "missing", out, sizeof(out)), -1);
	assert_int_equal(query_get(query, "bad", out, sizeof(out)), -2);
	assert_int_equal(query_get(query, "nul", out, sizeof(out)), -2);
	assert_int_equal(query_get(query, "utf", out, sizeof(out)), -2);
	assert_int_equal(query_get(query, "q", out, 5), -2);
	assert_int_equal(query_get(NULL, "q", out, sizeof(out)), -1);
	assert_int_equal(query_get("x=%", "x", out, sizeof(out)), -2);
	assert_int_equal(query_get("x=%4", "x", out, sizeof(out)), -2);
	assert_int_equal(query_get("x=%41", "x", out, sizeof(out)), 1);
}

static void test_prefer(void **state)
{
	assert_int_equal(prefer_wait(NULL), -1);
	assert_int_equal(prefer_wait("wait=10"), 10);
	assert_int_equal(prefer_wait("respond-async, wait=7"), 7);
	assert_int_equal(prefer_wait("Wait=3; foo=bar"), 3);
	assert_int_equal(prefer_wait("wait=x"), -1);
	assert_int_equal(prefer_wait("wait=-1"), -1);
	assert_int_equal(prefer_wait("wait"), -1);
	assert_int_equal(prefer_wait("await=10"), -1);
	assert_true(prefer_wait("wait=99999999999999999999") >= 100000);
}

static void test_accept(void **state)
{
	assert_true(accepts("text/event-stream", "text/event-stream"));
	assert_true(accepts("application/json, Text/Event-Stream;q=0.5", "text/event-stream"));
	assert_false(accepts("*/*", "text/event-stream"));
	assert_false(accepts("text/event-stream;q=0", "text/event-stream"));
	assert_false(accepts("text/event-stream; q=0.0", "text/event-stream"));
	assert_false(accepts("text/event-streams", "text/event-stream"));
	assert_false(accepts(NULL, "text/event-stream"));
	assert_true(is_media_type("application/json; charset=utf-8", "application/json"));
	assert_true(is_media_type("Application/JSON", "application/json"));
	assert_false(is_media_type("application/jsonp", "application/json"));
	assert_false(is_media_type(NULL, "application/json"));
	assert_true(has_word("keep-alive, Upgrade", "upgrade"));
	assert_false(has_word("upgraded", "upgrade"));
}

static void test_numbers(void **state)
{
	assert_int_equal(parse_number("0", 9), 0);
	assert_int_equal(parse_number("9", 9), 9);
	assert_int_equal(parse_number("10", 9), -1);
	assert_int_equal(parse_number("", 9), -1);
	assert_int_equal(parse_number("-1", 9), -1);
	assert_int_equal(parse_number("1 ", 9), -1);
	assert_int_equal(parse_number("99999999999999999999", INT32_MAX), -1);
}

static void test_origins(void **state)
{
	static const char list[] = "https://www.example.org, http://localhost:3000/";

	assert_true(origin_is_listed(list, "https://www.example.org"));
	assert_true(origin_is_listed(list, "https://WWW.example.org"));
	assert_true(origin_is_listed(list, "http://localhost:3000"));
	assert_true(origin_is_listed("*", "https://anything"));
	assert_false(origin_is_listed(list, "http://www.example.org"));
	assert_false(origin_is_listed(list, "https://www.example.org.evil.example"));
	assert_false(origin_is_listed(list, "https://www.example.or"));
	assert_false(origin_is_listed(list, "null"));
	assert_false(origin_is_listed("", "https://www.example.org"));
	assert_true(origin_is_own("http://localhost:8000", "localhost:8000"));
	assert_true(origin_is_own("https://a.example", "a.example"));
	assert_true(origin_is_own("https://a.example", "a.example:443"));
	assert_false(origin_is_own("https://a.example:8443", "a.example"));
	assert_false(origin_is_own("https://b.example", "a.example"));
	assert_false(origin_is_own("null", "null"));
	assert_false(origin_is_own("http://", ""));
	assert_false(origin_is_own("http://a.example", NULL));
}

static struct address address(const char *text)
{
	struct address a;

	assert_true(address_parse(text, strlen(text), &a));
	return a;
}

static void test_networks(void **state)
{
	struct networks n;
	struct address a;

	assert_true(networks_parse("10.0.0.0/8, 192.0.2.7,2001:db8::/33  ::1", &n));
	assert_int_equal(n.n, 4);
	a = address("10.255.0.1");
	assert_true(networks_contain(&n, &a));
	a = address("::ffff:10.1.1.1");
	assert_true(networks_contain(&n, &a));
	a = address("11.0.0.1");
	assert_false(networks_contain(&n, &a));
	a = address("192.0.2.7");
	assert_true(networks_contain(&n, &a));
	a = address("192.0.2.8");
	assert_false(networks_contain(&n, &a));
	a = address("2001:db8:7fff::1");
	assert_true(networks_contain(&n, &a));
	a = address("2001:db8:8000::1");
	assert_false(networks_contain(&n, &a));
	assert_true(networks_parse("0.0.0.0/0", &n));
	a = address("203.0.113.9");
	assert_true(networks_contain(&n, &a));
	a = address("2001:db8::1");
	assert_false(networks_contain(&n, &a));
	assert_true(networks_parse("", &n));
	assert_int_equal(n.n, 0);
	assert_false(networks_parse("10.0.0.0/33", &n));
	assert_false(networks_parse("10.0.0/8", &n));
	assert_false(networks_parse("10.0.0.0/", &n));
	assert_false(networks_parse("example.org", &n));
}

static void assert_client(const char *peer, const char *forwarded, const char *trusted,
			  const char *expected)
{
	struct networks n;
	struct address from = address(peer), client;
	char text[ADDRESS_TEXT];

	assert_true(networks_parse(trusted, &n));
	address_of_client(&from, forwarded, &n, &client);
	address_print(&client, text);
	assert_string_equal(text, expected);
}

static void test_clients_behind_proxies(void **state)
{
	assert_client("198.51.100.1", "203.0.113.9", "", "198.51.100.1");
	assert_client("10.0.0.1", NULL, "10.0.0.0/8", "10.0.0.1");
	assert_client("10.0.0.1", "203.0.113.9", "10.0.0.0/8", "203.0.113.9");
	/* What the visitor wrote itself stands to the left and is not believed. */
	assert_client("10.0.0.1", "1.1.1.1, 203.0.113.9", "10.0.0.0/8", "203.0.113.9");
	assert_client("10.0.0.1", "1.1.1.1, 203.0.113.9 , 10.0.0.2", "10.0.0.0/8", "203.0.113.9");
	assert_client("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.0/8", "10.0.0.3");
	assert_client("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.0/8", "10.0.0.1");
	assert_client("10.0.0.1", "", "10.0.0.0/8", "10.0.0.1");
	assert_client("10.0.0.1", "203.0.113.9:4711", "10.0.0.0/8", "203.0.113.9");
	assert_client("::1", "[2001:db8::7]:80", "::1", "2001:db8::7");
	assert_client("::ffff:10.0.0.1", "203.0.113.9", "10.0.0.0/8", "203.0.113.9");
}

static void test_addresses_in_logs(void **state)
{
	struct address a = address("203.0.113.9");
	char text[ADDRESS_TEXT];

	address_print_short(&a, text);
	assert_string_equal(text, "203.0.113.0");
	a = address("2001:db8:1:2:3::4");
	address_print_short(&a, text);
	assert_string_equal(text, "2001:db8:1::");
}

static void test_windows(void **state)
{
	struct window *w = window_create(60);
	struct address a = address("203.0.113.9"), b = address("203.0.113.10");
	struct address c = address("2001:db8::1"), d = address("2001:db8::2");
	struct address e = address("2001:db8:0:1::1");
	int i;

	for (i = 0; i < 60; i++)
		assert_int_equal(window_take(w, &a, 1000), 0);
	assert_int_equal(window_take(w, &a, 1000), 60000);
	assert_int_equal(window_take(w, &a, 31000), 30000);
	assert_int_equal(window_take(w, &b, 1000), 0);
	assert_int_equal(window_take(w, &a, 61000), 0);
	assert_int_equal(window_take(w, &a, 61000), 60000);
	for (i = 0; i < 30; i++) {
		assert_int_equal(window_take(w, &c, 1000), 0);
		assert_int_equal(window_take(w, &d, 1000), 0);
	}
	assert_int_not_equal(window_take(w, &c, 1000), 0);
	assert_int_equal(window_take(w, &e, 1000), 0);
	window_destroy(w);
	w = window_create(0);
	for (i = 0; i < 1000; i++)
		assert_int_equal(window_take(w, &a, 1), 0);
	window_destroy(w);
}

/* However many addresses come, memory stays what it is and nobody is refused for others' sake. */
static void test_windows_of_many(void **state)
{
	struct window *w = window_create(2);

	for (uint32_t i = 1; i < 50000; i++) {
		struct address a = address("198.51.100.1");

		a.bytes[12] = (uint8_t)(i >> 16);
		a.bytes[13] = (uint8_t)(i >> 8);
		a.bytes[14] = (uint8_t)i;
		assert_int_equal(window_take(w, &a, i), 0);
	}
	window_destroy(w);
}

static void handler(struct request *r)
{
}

static void test_routes(void **state)
{
	static const struct route table[] = {
		{ "GET", "/", handler, 0 },
		{ "POST", "/api/chat", handler, 0 },
		{ "GET", "/api/chat/{reply}", handler, 0 },
		{ "GET", "/api/chat/{reply}/events", handler, 0 },
		{ "GET", "/items/{collection}", handler, 0 },
		{ "POST", "/items/{collection}", handler, 0 },
		{ "PATCH", "/items/{collection}/{id}", handler, 0 },
	};
	static const char *const nothing[] = {
		"",
		"//",
		"/api",
		"/api/chat/",
		"/api/chat/a/",
		"/api/chat/a/b",
		"/api/chat/..",
		"/api/chat/%2e%2e",
		"/api/chat/a%00b",
		"/items/a/b/c",
		"/items//b",
		"/api/chat/a;b",
		"/./api/chat",
		"/API/chat",
		"/api/chat/\xff",
		"/api\\chat",
	};
	static const char *const no_ids[] = { "..",    "%2e%2e", "%2E.",  "a%2fb", "a%5cb",
					      "a%00b", "%ff",	 "a%20b", "a+b",   "%",
					      "%22",   "%0a",	 ".",	  "a%zz" };
	char params[2][ROUTE_PARAM], allow[64], deep[200];
	size_t n = sizeof(table) / sizeof(table[0]);

	assert_ptr_equal(route_find(table, n, "GET", "/", params, allow), &table[0]);
	assert_ptr_equal(route_find(table, n, "HEAD", "/", params, allow), &table[0]);
	assert_ptr_equal(route_find(table, n, "GET", "/api/chat/a-1_B/events", params, allow),
			 &table[3]);
	assert_string_equal(params[0], "a-1_B");
	assert_ptr_equal(route_find(table, n, "PATCH", "/items/x/y", params, allow), &table[6]);
	assert_string_equal(params[0], "x");
	assert_string_equal(params[1], "y");
	assert_non_null(route_find(table, n, "PATCH", "/items/x/%C3%B6%2e-C%23", params, allow));
	assert_string_equal(params[1], "\xc3\xb6.-C#");
	assert_null(route_find(table, n, "DELETE", "/items/x", params, allow));
	assert_string_equal(allow, "GET, HEAD, POST, OPTIONS");
	assert_null(route_find(table, n, "GET", "/api/chat", params, allow));
	assert_string_equal(allow, "POST, OPTIONS");
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		assert_null(route_find(table, n, "GET", nothing[i], params, allow));
		assert_string_equal(allow, "");
	}
	for (size_t i = 0; i < sizeof(no_ids) / sizeof(no_ids[0]); i++) {
		snprintf(deep, sizeof(deep), "/items/x/%s", no_ids[i]);
		assert_null(route_find(table, n, "PATCH", deep, params, allow));
	}
	memset(deep, 'a', sizeof(deep));
	memcpy(deep, "/items/", 7);
	deep[7 + 64] = '\0';
	assert_non_null(route_find(table, n, "GET", deep, params, allow));
	deep[7 + 64] = 'a';
	deep[7 + 65] = '\0';
	assert_null(route_find(table, n, "GET", deep, params, allow));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_request_id),
		cmocka_unit_test(test_query_string),
		cmocka_unit_test(test_prefer),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_clients_behind_proxies),
		cmocka_unit_test(test_addresses_in_logs),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_windows_of_many),
		cmocka_unit_test(test_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
