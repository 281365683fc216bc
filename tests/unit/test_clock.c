/*
 * test_clock.c - clocks, and ISO 8601 both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>
#include "base/clean.h"
#include "base/clock.h"

static void test_clocks(void **state)
{
	struct clock *real = clock_create(-1);
	struct clock *pinned = clock_create(1000000);
	struct clock *still = clock_create_virtual(5000);
	struct timespec nap = { 0, 20000000 };

	(void)state;
	assert_in_range(clock_now_ms(real) / 1000, (uint64_t)time(NULL) - 2,
			(uint64_t)time(NULL) + 2);
	assert_in_range(clock_now_ms(pinned), 1000000, 1005000);
	nanosleep(&nap, NULL);
	assert_in_range(clock_now_ms(pinned), 1000019, 1010000); /* it runs on */
	assert_int_equal(clock_now_ms(still), 5000);
	clock_advance_ms(still, 250);
	clock_advance_ms(still, -50);
	assert_int_equal(clock_now_ms(still), 5200);
	clock_destroy(real);
	clock_destroy(pinned);
	clock_destroy(still);
	clock_destroy(NULL);
	pinned = clock_create(0); /* 1970 is a time, too */
	assert_in_range(clock_now_ms(pinned), 0, 5000);
	clock_destroy(pinned);
}

static void test_format(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} golden[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ INT64_C(951782400000), "2000-02-29T00:00:00.000Z" },
		{ INT64_C(951868799999), "2000-02-29T23:59:59.999Z" },
		{ INT64_C(1795444330123), "2026-11-23T14:32:10.123Z" },
		{ INT64_C(2147483648000), "2038-01-19T03:14:08.000Z" },
		{ INT64_C(4107542399000), "2100-02-28T23:59:59.000Z" },
		{ INT64_C(4107542400000), "2100-03-01T00:00:00.000Z" },
		{ INT64_C(-62135596800000), "0001-01-01T00:00:00.000Z" },
		{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000Z" },
	};
	char text[TIME_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		time_format_utc(golden[i].ms, text);
		assert_string_equal(text, golden[i].text);
	}
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		bool offset;
	} golden[] = {
		{ "1970-01-01", 0, false },
		{ "1970-01-01T00:00", 0, false },
		{ "1970-01-01T00:00:00Z", 0, true },
		{ "1970-01-01 00:00:00", 0, false },
		{ "2026-11-23T14:32:10.123Z", INT64_C(1795444330123), true },
		{ "2026-11-23T14:32:10.123456789Z", INT64_C(1795444330123), true },
		{ "2026-11-23T14:32:10.1Z", INT64_C(1795444330100), true },
		{ "2026-11-23T15:32:10.123+01:00", INT64_C(1795444330123), true },
		{ "2026-11-23T09:02:10.123-05:30", INT64_C(1795444330123), true },
		{ "2026-11-23t14:32:10.123z", INT64_C(1795444330123), true },
		{ "2026-11-23T14:32:10.123-00:00", INT64_C(1795444330123), true },
		{ "2026-11-23T14:32Z", INT64_C(1795444320000), true },
		{ "2026-11-23T14:32+00:00", INT64_C(1795444320000), true },
		{ "2000-02-29T00:00:00", INT64_C(951782400000), false },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000), true },
		{ "0001-01-01", INT64_C(-62135596800000), false },
		{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999), true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		bool offset = !golden[i].offset;
		int64_t ms = -7;

		assert_int_equal(time_parse(golden[i].text, &ms, &offset), 0);
		assert_true(ms == golden[i].ms);
		assert_int_equal(offset, golden[i].offset);
		assert_int_equal(time_parse(golden[i].text, &ms, NULL), 0);
	}
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		" ",
		"now",
		"2026",
		"2026-11",
		"2026-11-2",
		"2026-1-23",
		"26-11-23",
		"0000-01-01",
		"2026-00-01",
		"2026-13-01",
		"2026-01-00",
		"2026-01-32",
		"2026-02-29",
		"2100-02-29",
		"2026-04-31",
		"2026-11-23T",
		"2026-11-23 ",
		"2026-11-23x",
		"2026-11-23Z",
		"2026-11-23T14",
		"2026-11-23T14:3",
		"2026-11-23T24:00",
		"2026-11-23T14:60",
		"2026-11-23T14:32:61",
		"2026-11-23T14:32:60", /* a leap second ends an hour */
		"2026-11-23T14:32:10.",
		"2026-11-23T14:32.5",
		"2026-11-23T14:32:10,5",
		"2026-11-23T14:32:10Zx",
		"2026-11-23T14:32:10 Z",
		"2026-11-23T14:32:10+",
		"2026-11-23T14:32:10+1",
		"2026-11-23T14:32:10+01",
		"2026-11-23T14:32:10+0100",
		"2026-11-23T14:32:10+24:00",
		"2026-11-23T14:32:10+01:60",
		"2026-11-23T14:32:10+01:00 ",
		"-2026-11-23",
		"+2026-11-23",
		"20261123T143210Z",
		"2026-W48-1",
		"2026/11/23",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		int64_t ms = -7;
		bool offset = true;

		if (time_parse(wrong[i], &ms, &offset) != ASSISTANT_EINVAL)
			fail_msg("taken: %s", wrong[i]);
		assert_true(ms == -7 && offset);
	}
	assert_int_equal(time_parse(NULL, NULL, NULL), ASSISTANT_EINVAL);
}

/* Every day of 400 years, there and back. */
static void test_round_trip(void **state)
{
	int64_t ms;

	(void)state;
	for (int64_t day = -70000; day < 80000; day++) {
		char text[TIME_TEXT_SIZE];

		time_format_utc(day * 86400000 + 43200001, text);
		assert_int_equal(time_parse(text, &ms, NULL), 0);
		assert_true(ms == day * 86400000 + 43200001);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clocks),	   cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse),	   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
