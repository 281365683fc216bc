/*
 * test_times.c - days, clocks and durations as programmes write them; and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "name_id.h"
#include "times.h"

static void clocks(void **state)
{
	assert_int_equal(clock_minutes("09:30"), 570);
	assert_int_equal(clock_minutes(" 9:30 "), 570);
	assert_int_equal(clock_minutes("09:30:59"), 570);
	assert_int_equal(clock_minutes("00:00"), 0);
	assert_int_equal(clock_minutes("24:00"), 1440);
	assert_int_equal(clock_minutes("12:00 am"), 0);
	assert_int_equal(clock_minutes("12:15 PM"), 735);
	assert_int_equal(clock_minutes("1 p.m."), 780);
	assert_int_equal(clock_minutes("11:30pm"), 1410);
	assert_int_equal(clock_minutes("9"), -1);
	assert_int_equal(clock_minutes("25:00"), -1);
	assert_int_equal(clock_minutes("24:01"), -1);
	assert_int_equal(clock_minutes("13:00 pm"), -1);
	assert_int_equal(clock_minutes("0 am"), -1);
	assert_int_equal(clock_minutes("9:60"), -1);
	assert_int_equal(clock_minutes("9:"), -1);
	assert_int_equal(clock_minutes("9h30"), -1);
	assert_int_equal(clock_minutes("9:30 o'clock"), -1);
	assert_int_equal(clock_minutes("-9:30"), -1);
	assert_int_equal(clock_minutes(""), -1);
}

static void durations(void **state)
{
	assert_int_equal(duration_minutes("00:50"), 50);
	assert_int_equal(duration_minutes("1:30"), 90);
	assert_int_equal(duration_minutes("00:50:00"), 50);
	assert_int_equal(duration_minutes("01:05:30"), 65);
	assert_int_equal(duration_minutes("1:00:00"), 60);
	assert_int_equal(duration_minutes("1:02:30"), 1440 + 150);
	assert_int_equal(duration_minutes("45"), 45);
	assert_int_equal(duration_minutes("45 min"), 45);
	assert_int_equal(duration_minutes("90 minutes"), 90);
	assert_int_equal(duration_minutes("PT1H30M"), 90);
	assert_int_equal(duration_minutes("PT45M"), 45);
	assert_int_equal(duration_minutes("long"), -1);
	assert_int_equal(duration_minutes(""), -1);
	assert_int_equal(duration_minutes("-5"), -1);
	assert_int_equal(duration_minutes("1:75"), -1);
	assert_int_equal(duration_minutes("1:5x"), -1);
	assert_int_equal(duration_minutes("PT5"), -1);
	assert_int_equal(duration_minutes("PTxM"), -1);
}

static void day_is(const char *text, const char *expected)
{
	char day[DAY_SIZE];
	const char *end;

	if (expected) {
		assert_true(day_read(text, day, &end));
		assert_string_equal(day, expected);
	} else {
		assert_false(day_read(text, day, &end));
	}
}

static void days(void **state)
{
	day_is("2027-05-20", "2027-05-20");
	day_is("2027-5-2", "2027-05-02");
	day_is("20.05.2027", "2027-05-20");
	day_is("2.5.2027 and more", "2027-05-02");
	day_is("2028-02-29", "2028-02-29");
	day_is("2027-02-29", NULL);
	day_is("2027-13-01", NULL);
	day_is("2027-00-10", NULL);
	day_is("20/05/2027", NULL); /* or is it May of another country? */
	day_is("May 20", NULL);
	day_is("20.05", NULL);
	day_is("", NULL);
}

static void time_is(const char *text, const char *expected)
{
	char time[TIME_SIZE];

	if (expected) {
		assert_true(time_read(text, time));
		assert_string_equal(time, expected);
	} else {
		assert_false(time_read(text, time));
	}
}

static void times(void **state)
{
	time_is("2027-05-20T09:30:00+02:00", "2027-05-20T09:30:00+02:00");
	time_is(" 2027-05-20 09:30 ", "2027-05-20T09:30:00");
	time_is("20.05.2027 9:30", "2027-05-20T09:30:00");
	time_is("2027-05-20T09:30Z", "2027-05-20T09:30:00Z");
	time_is("2027-05-20T09:30:15.250-0330", "2027-05-20T09:30:15-0330");
	time_is("2027-05-20", NULL);
	time_is("2027-05-20T", NULL);
	time_is("2027-05-20T24:30", NULL);
	time_is("2027-05-20T09:30+2", NULL);
	time_is("2027-05-20T09:30 CEST", NULL);
	time_is("2027-05-20T09:30+02:00:00 and a text longer than any time is", NULL);
	time_is("09:30", NULL);
}

static void sums(void **state)
{
	char time[TIME_SIZE];

	assert_true(time_add("2027-12-31T23:30:00+01:00", 45, time));
	assert_string_equal(time, "2028-01-01T00:15:00+01:00");
	assert_true(time_of_day("2027-05-20", 25 * 60 + 5, time));
	assert_string_equal(time, "2027-05-21T01:05:00");
	assert_false(time_add("soon", 45, time));
	assert_false(time_add("2027-12-31T23:30:00", -1, time));
	assert_true(time_has_offset("2027-12-31T23:30:00Z"));
	assert_false(time_has_offset("2027-12-31T23:30:00"));
}

static void venue_days(void **state)
{
	char day[DAY_SIZE];

	assert_true(time_venue_day("2027-05-20T23:30:00Z", "Europe/Berlin", day));
	assert_string_equal(day, "2027-05-21");
	assert_true(time_venue_day("2027-05-20T23:30:00Z", "America/New_York", day));
	assert_string_equal(day, "2027-05-20");
	assert_true(time_venue_day("2027-05-20T23:30:00", "Europe/Berlin", day));
	assert_string_equal(day, "2027-05-20");
	assert_true(time_venue_day("2027-05-20T23:30:00Z", NULL, day));
	assert_string_equal(day, "2027-05-20");
	assert_false(time_venue_day("soon", "Europe/Berlin", day));
}

/* Ids must never change: they are in bookmarks and in answers given before. */
static void ids(void **state)
{
	char a[NAME_ID_SIZE], b[NAME_ID_SIZE];

	name_id("speaker", "Joke de Wit", NULL, a);
	assert_string_equal(a, "21340d64-e467-5cc4-b08e-590b712a6708");
	name_id("speaker", "  joke DE wit ", NULL, b);
	assert_string_equal(b, a);
	name_id("speaker", "Joke de Wit", "Sluis & Co", b);
	assert_string_not_equal(b, a);
	name_id("session", "Joke de Wit", NULL, b);
	assert_string_not_equal(b, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks), cmocka_unit_test(durations), cmocka_unit_test(days),
		cmocka_unit_test(times),  cmocka_unit_test(sums),      cmocka_unit_test(venue_days),
		cmocka_unit_test(ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
