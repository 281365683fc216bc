/*
 * test_shift.c - a conference moved in time keeps the hours on the venue's clocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "shift.h"
#include "shift_text.h"

#define MAY_20 1810771200 /* 2027-05-20, a Thursday */

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
	struct shift by;

	assert_int_equal(shift_find(o, start_on, &by, &error), 0);
	json_object_put(o);
	return by.days;
}

static void how_many_days(void **state)
{
	struct json_object *o = conference("Europe/Berlin", "soon");
	const char *error = NULL;
	struct shift by;

	assert_int_equal(days_of("Europe/Berlin", "2027-05-20", "2027-05-20"), 0);
	assert_int_equal(days_of("Europe/Berlin", "2027-05-20", "2027-06-01"), 12);
	assert_int_equal(days_of("Europe/Berlin", "2027-05-20", "2026-05-20"), -365);
	assert_int_equal(shift_find(o, "2027-05-20", &by, &error), -1);
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
	json_object_object_add(o, "id", json_object_new_string("2027-05-20"));
	shift_record(o, &(struct shift){ .days = days, .start = MAY_20 });
	v = json_object_object_get(o, "start_time");
	assert_string_equal(json_object_get_string(v), expected);
	v = json_object_object_get(o, "id");
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

	shift_conference(o, &(struct shift){ .days = 1, .start = MAY_20 });
	v = json_object_object_get(o, "start_date");
	assert_string_equal(json_object_get_string(v), "2028-01-01");
	v = json_object_object_get(o, "end_date");
	assert_string_equal(json_object_get_string(v), "2028-01-01");
	json_object_put(o);
}

/* --- texts ---------------------------------------------------------------------------- */

static void text_is(const char *text, long days, const char *expected)
{
	int failed = 0;
	char *moved = shift_text(text, days, MAY_20, &failed);

	assert_int_equal(failed, 0);
	assert_string_equal(moved ? moved : text, expected);
	free(moved);
}

static void texts_move(void **state)
{
	text_is("Thursday 12:25-13:45, Friday 12:25-13:45", 2,
		"Saturday 12:25-13:45, Sunday 12:25-13:45");
	text_is("from Thursday 20 to Saturday 22 May with 2,300 participants", 11,
		"from Monday 31 May to Wednesday 2 June with 2,300 participants");
	text_is("from Thursday 20 to Saturday 22 May", -1, "from Wednesday 19 to Friday 21 May");
	text_is("until Wednesday 19 May, 12:00; write to us", 7,
		"until Wednesday 26 May, 12:00; write to us");
	text_is("until 20 April 2027, nothing after", -365, "until 20 April 2026, nothing after");
	text_is("see Saturday's tour; SUNDAY; friday evening", 1,
		"see Sunday's tour; MONDAY; saturday evening");
	text_is("May 20th, 2027 and 3rd of June", 1, "May 21st, 2027 and 4th of June");
	text_is("20-22 May", 1, "21-23 May");
	text_is("on 2027-05-22, at 10", 10, "on 2027-06-01, at 10");
	text_is("am Freitagabend, dem 21. Mai", 1, "am Samstagabend, dem 22. Mai");
	text_is("samedi 22 mai", 1, "dimanche 23 mai");
	text_is("el s\xc3\xa1"
		"bado 22 de mayo",
		4, "el mi\xc3\xa9rcoles 26 de mayo");
	text_is("Dec 31", 1, "Jan 1");
}

/* Habits, seasons, other years, addresses, times, names that only look so. */
static void other_texts_stay(void **state)
{
	static const char *const texts[] = {
		"",
		"forms together on Thursdays",
		"wet in March and deserts in August",
		"since 26 April 1986",
		"founded on 2014-05-20",
		"tidewater.example.org/2027-05-20/",
		"from 11 to 12",
		"24 euros a day",
		"Montague, Mondays, Sundayish",
		"room 20, May's office",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		text_is(texts[i], 3, texts[i]);
}

static const char *const names[] = { "Sunday",	 "Monday", "Tuesday", "Wednesday",
				     "Thursday", "Friday", "Saturday" };

static void moved_names(const char *text, long days, char *out, size_t size)
{
	size_t n = 0;

	for (; *text && n + 16 < size;) {
		bool found = false;

		for (int d = 0; d < 7 && !found; d++) {
			size_t len = strlen(names[d]);

			if (strncmp(text, names[d], len) == 0 && text[len] != 's') {
				n += (size_t)snprintf(out + n, size - n, "%s",
						      names[(d + days) % 7]);
				text += len;
				found = true;
			}
		}
		if (!found)
			out[n++] = *text++;
	}
	out[n] = '\0';
}

/* Without digits, commas and months: what is left of a text whose dates moved. */
static void strip_dates(char *text)
{
	static const char *const drop[] = { "January", "February", "March",   "April",
					    "May ",    "May,",	   "May.",    "May;",
					    "June",    "July",	   "August",  "September",
					    "October", "November", "December" };
	char *to = text;

	for (const char *s = text; *s;) {
		size_t skip = 0;

		for (size_t i = 0; i < sizeof(drop) / sizeof(*drop); i++)
			if (!strncmp(s, drop[i], strlen(drop[i])))
				skip = strlen(drop[i]);
		if (strchr("0123456789 .,;", *s))
			skip = 1;
		if (!skip)
			*to++ = *s++;
		s += skip;
	}
	*to = '\0';
}

static size_t compare_texts(struct json_object *before, struct json_object *after, long days)
{
	static char expected[16384], got[16384];
	size_t n = 0;

	if (json_object_is_type(before, json_type_object)) {
		json_object_object_foreach(before, key, value)
		{
			if (strcmp(key, "start_time") && strcmp(key, "end_time"))
				n += compare_texts(value, json_object_object_get(after, key), days);
		}
	} else if (json_object_is_type(before, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(before); i++)
			n += compare_texts(json_object_array_get_idx(before, i),
					   json_object_array_get_idx(after, i), days);
	} else if (json_object_is_type(before, json_type_string)) {
		moved_names(json_object_get_string(before), days, expected, sizeof(expected));
		n = strcmp(expected, json_object_get_string(before)) != 0;
		snprintf(got, sizeof(got), "%s", json_object_get_string(after));
		strip_dates(expected);
		strip_dates(got);
		assert_string_equal(got, expected);
	}
	return n;
}

/* "20 May" behind a weekday's name is on that weekday. */
static size_t dates_agree(const char *text, int year)
{
	size_t n = 0;

	for (int d = 0; d < 7; d++) {
		for (const char *s = text; (s = strstr(s, names[d])) != NULL; s++) {
			int day, len = 0;
			char month[16];
			struct tm tm = { 0 };

			if (sscanf(s + strlen(names[d]), " %d %15[A-Z a-z]%n", &day, month, &len) <
				    2 ||
			    !strptime(month, "%b", &tm))
				continue;
			tm.tm_mday = day;
			tm.tm_year = year - 1900;
			timegm(&tm);
			assert_int_equal(tm.tm_wday, d);
			n++;
		}
	}
	return n;
}

static void lunch_is_when_the_page_says(struct json_object *file, int year)
{
	struct json_object *list = json_object_object_get(file, "sessions");
	struct json_object *info =
		json_object_object_get(json_object_object_get(file, "conference"), "info");
	const char *food = json_object_get_string(json_object_object_get(info, "food"));
	size_t n = 0;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *s = json_object_array_get_idx(list, i);
		const char *start = json_object_get_string(json_object_object_get(s, "start_time"));
		const char *end = json_object_get_string(json_object_object_get(s, "end_time"));
		char said[64];
		struct tm tm = { 0 };

		if (strcmp(json_object_get_string(json_object_object_get(s, "title")), "Lunch"))
			continue;
		strptime(start, "%Y-%m-%d", &tm);
		timegm(&tm);
		snprintf(said, sizeof(said), "%s %.5s-%.5s", names[tm.tm_wday], start + 11,
			 end + 11);
		assert_non_null(strstr(food, said));
		n++;
	}
	assert_int_equal(n, 3);
	assert_true(dates_agree(json_object_to_json_string(info), year) >= 2);
}

static void shift_file(struct json_object *file, const struct shift *by)
{
	static const char *const lists[] = { "sessions", "speakers", "exhibitors" };

	shift_conference(json_object_object_get(file, "conference"), by);
	for (size_t k = 0; k < 3; k++) {
		struct json_object *list = json_object_object_get(file, lists[k]);

		for (size_t i = 0; i < json_object_array_length(list); i++)
			shift_record(json_object_array_get_idx(list, i), by);
	}
}

/* For every day of the week to begin on, and some in other months and years. */
static void the_example_agrees_with_itself(void **state)
{
	static const long shifts[] = { 0, 1, 2, 3, 4, 5, 6, 9, 30, 200, 366 };
	struct json_object *before = json_object_from_file(EXAMPLE);

	assert_non_null(before);
	days_of("Europe/Berlin", "2027-05-20", "2027-05-20");
	for (size_t i = 0; i < sizeof(shifts) / sizeof(*shifts); i++) {
		struct json_object *after = json_object_from_file(EXAMPLE);
		time_t start = MAY_20 + shifts[i] * 86400;
		struct tm tm;
		size_t n;

		shift_file(after, &(struct shift){ .days = shifts[i], .start = MAY_20 });
		n = compare_texts(before, after, shifts[i]);
		assert_true(shifts[i] % 7 == 0 ? n == 0 : n > 25);
		gmtime_r(&start, &tm);
		lunch_is_when_the_page_says(after, tm.tm_year + 1900);
		json_object_put(after);
	}
	json_object_put(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_many_days),
		cmocka_unit_test(today_is_the_venues),
		cmocka_unit_test(times),
		cmocka_unit_test(what_is_no_time_stays),
		cmocka_unit_test(dates),
		cmocka_unit_test(texts_move),
		cmocka_unit_test(other_texts_stay),
		cmocka_unit_test(the_example_agrees_with_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
