/*
 * test_redis_url.c - what is a URL of a Redis, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "aio/redis_url.h"

static const struct {
	const char *url, *host, *path, *user, *password, *name;
	int port, database;
	bool tls;
} good[] = {
	{ "redis://localhost", "localhost", NULL, NULL, NULL, "localhost:6379", 6379, 0, false },
	{ "redis://h:7000/5", "h", NULL, NULL, NULL, "h:7000", 7000, 5, false },
	{ "redis://h/", "h", NULL, NULL, NULL, "h:6379", 6379, 0, false },
	{ "redis://:p%40ss%3a@h", "h", NULL, NULL, "p@ss:", "h:6379", 6379, 0, false },
	{ "redis://u:p:q@h:1", "h", NULL, "u", "p:q", "h:1", 1, 0, false },
	{ "redis://u:a@b@h", "h", NULL, "u", "a@b", "h:6379", 6379, 0, false },
	{ "rediss://u:p@[::1]:6380/2", "::1", NULL, "u", "p", "[::1]:6380", 6380, 2, true },
	{ "redis://[fe80::1]", "fe80::1", NULL, NULL, NULL, "[fe80::1]:6379", 6379, 0, false },
	{ "unix:///run/redis.sock", NULL, "/run/redis.sock", NULL, NULL, "/run/redis.sock", 0, 0,
	  false },
	{ "unix:///r%20s?db=3&user=u&password=p%26q", NULL, "/r s", "u", "p&q", "/r s", 0, 3,
	  false },
};

static const char *const bad[] = {
	"",
	"localhost:6379",
	"http://localhost",
	"redis://",
	"redis://:6379",
	"redis://h:",
	"redis://h:0",
	"redis://h:65536",
	"redis://h:12x",
	"redis://h/x",
	"redis://h/1/2",
	"redis://h/1?x=y",
	"redis://h/99999999",
	"redis://[::1",
	"redis://[::1]6379",
	"redis://u:%4@h",
	"redis://u:%zz@h",
	"redis://u:%00@h",
	"unix://run/redis.sock",
	"unix:///s?db=x",
	"unix:///s?color=red",
	"unix:///s?db",
	"unix:///s?user=a&user=b",
	"unix:///s#x",
};

static void same(const char *a, const char *b)
{
	assert_true(!a == !b);
	if (a)
		assert_string_equal(a, b);
}

static void test_good(void **state)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct redis_url u = { 0 };

		print_message("%s\n", good[i].url);
		assert_int_equal(redis_url_parse(good[i].url, &u, NULL), 0);
		same(u.host, good[i].host);
		same(u.path, good[i].path);
		same(u.user, good[i].user);
		same(u.password, good[i].password);
		assert_string_equal(u.name, good[i].name);
		assert_int_equal(u.port, good[i].port);
		assert_int_equal(u.database, good[i].database);
		assert_int_equal(u.tls, good[i].tls);
		redis_url_finish(&u);
	}
}

static void test_bad(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct redis_url u = { .port = 7 };
		struct fail f = FAIL_INIT;

		print_message("%s\n", bad[i]);
		assert_int_equal(redis_url_parse(bad[i], &u, &f), ASSISTANT_EINVAL);
		assert_int_equal(u.port, 7);
		assert_non_null(strstr(f.text, "accepted is redis://"));
		assert_null(strstr(f.text, "%zz"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests_name("redis url", tests, NULL, NULL);
}
