/*
 * test_results.c - the table of results, times as people read them, text cut to columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "results.h"
#include "text.h"
#include "when.h"

static void when_is(const char *start, const char *end, const char *expected)
{
	char out[48];

	when_format(start, end, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void times(void **state)
{
	when_is("2027-05-20T09:30:00+02:00", "2027-05-20T10:15:00+02:00", "Thu 20 May 09:30-10:15");
	when_is("2027-05-21T20:30:00+02:00", "2027-05-22T00:45:00+02:00",
		"Fri 21 May 20:30-Sat 00:45");
	when_is("2027-05-01T09:30:00Z", "", "Sat  1 May 09:30");
	/* Another year, the same day of it. */
	when_is("2026-12-31T23:00:00Z", "2027-12-31T23:00:00Z", "Thu 31 Dec 23:00-Fri 23:00");
	when_is("", "2027-05-20T10:15:00+02:00", "");
	when_is("tomorrow", "", "");
	when_is("2027-05-20", "", "");
}

static void offset_is(const char *time, const char *expected)
{
	char out[7];

	when_offset(time, out);
	assert_string_equal(out, expected);
}

static void offsets(void **state)
{
	offset_is("2027-05-20T09:30:00+02:00", "+02:00");
	offset_is("2027-05-20T09:30:00-05:30", "-05:30");
	offset_is("2027-05-20T09:30:00Z", "+00:00");
	offset_is("2027-05-20T09:30:00", "");
	offset_is("2027-05-20", "");
}

static void put_is(const char *text, int columns, const char *expected, int used)
{
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);
	int n = text_put(file, text, columns);

	fclose(file);
	assert_string_equal(out, expected);
	assert_int_equal(n, used);
	free(out);
}

static void cutting(void **state)
{
	put_is("Große Halle", -1, "Große Halle", 11);
	put_is("Große Halle", 11, "Große Halle", 11);
	put_is("Große Halle", 6, "Große…", 6);
	put_is("abc", 1, "…", 1);
	put_is("abc", 0, "", 0);
	put_is("李晓明", 6, "李晓明", 6);
	put_is("李晓明", 5, "李晓…", 5);
	put_is("李晓明", 4, "李…", 3);
	put_is("a\nb\tc\033[1m", -1, "a b c[1m", 8);
	put_is("a\xff", -1, "a\xef\xbf\xbd", 2);
	assert_int_equal(text_width("cafe\xcc\x81"), 4);
	assert_int_equal(text_width(""), 0);
}

static void wrap_is(const char *text, int columns, int indent, const char *expected)
{
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);

	text_wrap(file, text, columns, indent);
	fclose(file);
	assert_string_equal(out, expected);
	free(out);
}

static void wrapping(void **state)
{
	wrap_is("aaa bbb ccc", 0, 2, "  aaa bbb ccc\n");
	wrap_is("aaa bbb ccc", 9, 2, "  aaa bbb\n  ccc\n");
	wrap_is("aaa bbb ccc", 8, 2, "  aaa\n  bbb\n  ccc\n");
	wrap_is("verylongword b", 6, 0, "verylongword\nb\n");
	wrap_is("", 6, 1, " \n");
}

static char *shown(const char *json, int columns, bool why, size_t expected)
{
	struct json_object *result = json_tokener_parse(json);
	char *out = NULL;
	size_t size = 0;
	struct terminal t = { .out = open_memstream(&out, &size), .columns = columns };

	assert_non_null(result);
	assert_int_equal(results_show(&t, result, why), expected);
	fclose(t.out);
	json_object_put(result);
	return out;
}

static const char two[] =
	"{\"kind\":\"entities\",\"results\":["
	"{\"type\":\"session\",\"id\":\"1\",\"name\":\"Heat is a public good\",\"score\":0.934,"
	"\"start\":\"2027-05-21T17:45:00+02:00\",\"end\":\"2027-05-21T18:30:00+02:00\","
	"\"location\":\"Große Halle (Hall "
	"A)\",\"why\":{\"lexical\":0.5,\"facets\":{\"topic\":0.25}}},"
	"{\"type\":\"exhibitor\",\"id\":\"2\",\"name\":\"Wärmewerk\",\"score\":0.5,\"booth\":"
	"\"A24\"}],"
	"\"understood\":{\"intent\":\"session_search\",\"terms\":\"heat\"},\"relaxed\":[]}";

static void table(void **state)
{
	char *out = shown(two, 0, false, 2);

	assert_string_equal(
		out, "   score  type       name                   when                    where\n"
		     "1  0.93   session    Heat is a public good  Fri 21 May 17:45-18:30  "
		     "Große Halle (Hall A)\n"
		     "2  0.50   exhibitor  Wärmewerk                                      A24\n"
		     "Times are the venue's (UTC+02:00).\n");
	free(out);
}

static void no_wider_than_the_terminal(void **state)
{
	for (int columns = 20; columns <= 120; columns++) {
		char *out = shown(two, columns, false, 2);

		for (char *line = out, *end; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			/* The remark below is a sentence: the terminal breaks it. */
			if (strncmp(line, "Times", 5) != 0)
				assert_true(text_width(line) <= columns);
		}
		free(out);
	}
}

static void cards(void **state)
{
	char *out = shown(two, 56, false, 2);

	assert_string_equal(out, " 1  Heat is a public good\n"
				 "    session  0.93  Fri 21 May 17:45-18:30  Große Halle …\n"
				 " 2  Wärmewerk\n"
				 "    exhibitor  0.50  A24\n"
				 "Times are the venue's (UTC+02:00).\n");
	free(out);
}

static void reasons(void **state)
{
	char *out = shown(two, 0, true, 2);

	assert_non_null(strstr(out, "understood:\n    intent session_search, terms heat\n"));
	assert_non_null(strstr(out, "    lexical 0.5, facets.topic 0.25\n"));
	free(out);
}

static void columns_that_are_empty_are_left_out(void **state)
{
	char *out = shown("{\"results\":[{\"type\":\"info\",\"id\":\"wifi\",\"name\":\"Wifi\","
			  "\"score\":1}],\"relaxed\":[]}",
			  80, false, 1);

	assert_string_equal(out, "   score  type  name\n1  1.00   info  Wifi\n");
	free(out);
}

static void nothing(void **state)
{
	char *out =
		shown("{\"kind\":\"none\",\"results\":[],\"relaxed\":[\"the day\"]}", 80, false, 0);

	assert_string_equal(out, "Nothing fitted exactly; given up: the day.\nNothing found.\n");
	free(out);
	/* What an older or newer library might leave out. */
	out = shown("{}", 80, true, 0);
	assert_string_equal(out, "Nothing found.\n");
	free(out);
}

static int begin(void **state)
{
	text_begin();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(offsets),
		cmocka_unit_test(cutting),
		cmocka_unit_test(wrapping),
		cmocka_unit_test(table),
		cmocka_unit_test(no_wider_than_the_terminal),
		cmocka_unit_test(cards),
		cmocka_unit_test(reasons),
		cmocka_unit_test(columns_that_are_empty_are_left_out),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
