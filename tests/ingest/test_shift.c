/*
 * test_shift.c - a conference moved in time keeps the hours on the venue's clocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>
#include "shift.h"

static struct json_object *conference(const char *zone, const char *start)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "timezone", json_object_new_string(zone));
	json_object_object_add(o, "start_date", json_object_new_string(start));
	json_object_object_add(o, "end_date", json_object_new_string(start));
	return o;
}

static long days_of(const char *zone, const char *start, const char *start_on)
{
	struct json_object *o = conference(zone, start);
	const char *error = NULL;
	long days = 0;

	assert_int_equal(shift_days(o, start_on, &days, &error), 0);
	json_object_put(o);
	return days;
}

static void how_many_days(void **state)
{
	struct json_object *o = conference("Europe/Berlin", "soon");
	const char *error = NULL;
	long days;

	assert_int_equal(days_of("Europe/Berlin", "2027-05-20", "2027-05-20"), 0);
	assert_int_equal(days_of("Europe/Berlin", "2027-05-20", "2027-06-01"), 12);
	assert_int_equal(days_of("Europe/Berlin", "2027-05-20", "2026-05-20"), -365);
	assert_int_equal(shift_days(o, "2027-05-20", &days, &error), -1);
	assert_string_equal(error, "a conference without a start_date cannot be moved");
	json_object_put(o);
}

/* Two zones 25 hours apart never have the same date. */
static void today_is_the_venues(void **state)
{
	long east = days_of("Pacific/Kiritimati", "2026-01-01", "today");
	long west = days_of("Pacific/Pago_Pago", "2026-01-01", "today");

	assert_in_range(east - west, 1, 2);
	assert_true(shift_accepts("today"));
	assert_true(shift_accepts("2027-05-20"));
	assert_false(shift_accepts("tomorrow"));
	assert_false(shift_accepts("2027-05-20T10:00"));
	assert_false(shift_accepts("20-5-2027"));
	assert_false(shift_accepts("2027-13-01"));
	assert_false(shift_accepts(""));
}

static void session_is(const char *start, long days, const char *expected)
{
	struct json_object *o = json_object_new_object(), *v;

	json_object_object_add(o, "start_time", json_object_new_string(start));
	json_object_object_add(o, "title", json_object_new_string("2027-05-20"));
	shift_session(o, days);
	v = json_object_object_get(o, "start_time");
	assert_string_equal(json_object_get_string(v), expected);
	v = json_object_object_get(o, "title");
	assert_string_equal(json_object_get_string(v), "2027-05-20");
	assert_null(json_object_object_get(o, "end_time"));
	json_object_put(o);
}

static void times(void **state)
{
	days_of("Europe/Berlin", "2027-05-20", "2027-05-20"); /* enters the zone */
	session_is("2027-05-20T09:30:00+02:00", 1, "2027-05-21T09:30:00");
	session_is("2027-05-20T09:30+02:00", 1, "2027-05-21T09:30:00");
	session_is("2027-05-20 09:30", 12, "2027-06-01T09:30:00");
	session_is("2027-05-20T09:30:00.250+0200", -20, "2027-04-30T09:30:00");
	session_is("2027-05-20T09:30:00+02", 0, "2027-05-20T09:30:00");
	/* Given in another zone: the clock on the venue's wall counts, before and behind midnight. */
	session_is("2027-05-20T07:30:00Z", 1, "2027-05-21T09:30:00");
	session_is("2027-05-20T23:30:00Z", 0, "2027-05-21T01:30:00");
	session_is("2027-05-20T03:30:00-04:00", 0, "2027-05-20T09:30:00");
	/* In winter the same hour has another offset. */
	session_is("2027-01-20T09:30:00+01:00", 120, "2027-05-20T09:30:00");
}

static void what_is_no_time_stays(void **state)
{
	static const char *const texts[] = {
		"",
		"13:30",
		"soon",
		"2027-05-20T",
		"2027-05-20T25:00:00",
		"2027-05-20T09:30:00 o'clock",
		"20.05.2027",
		"2027-05-20T09:30:00+x",
		"2027-05-20T09:30:00+02:00x",
	};

	days_of("Europe/Berlin", "2027-05-20", "2027-05-20");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		session_is(texts[i], 1, texts[i]);
}

static void dates(void **state)
{
	struct json_object *o = conference("Europe/Berlin", "2027-12-31"), *v;

	shift_conference(o, 1);
	v = json_object_object_get(o, "start_date");
	assert_string_equal(json_object_get_string(v), "2028-01-01");
	v = json_object_object_get(o, "end_date");
	assert_string_equal(json_object_get_string(v), "2028-01-01");
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_many_days), cmocka_unit_test(today_is_the_venues),
		cmocka_unit_test(times),	 cmocka_unit_test(what_is_no_time_stays),
		cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
