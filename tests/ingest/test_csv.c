/*
 * test_csv.c - rows and cells of RFC 4180 and of what spreadsheets make of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "csv.h"
#include "csv_fields.h"

/* Writes rows as "line:cell|cell;", a failure as "!line error". */
static void rows_are(const char *text, const char *expected)
{
	char out[1000] = "";
	struct csv_row row;
	struct csv c;
	size_t at = 0;
	int r;

	csv_begin(&c, text, strlen(text));
	while ((r = csv_next(&c, &row)) > 0) {
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%d:", row.line);
		for (size_t i = 0; i < row.n; i++)
			at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s", i ? "|" : "",
					       row.cells[i]);
		at += (size_t)snprintf(out + at, sizeof(out) - at, ";");
	}
	if (r < 0)
		snprintf(out + at, sizeof(out) - at, "!%d %s", c.error_line, c.error);
	csv_finish(&c);
	assert_string_equal(out, expected);
}

static void rows(void **state)
{
	rows_are("", "");
	rows_are("a", "1:a;");
	rows_are("a,b\nc,d\n", "1:a|b;2:c|d;");
	rows_are("a,b\r\nc,d\r\n", "1:a|b;2:c|d;");
	rows_are("a,b\rc,d", "1:a|b;2:c|d;");
	rows_are("a,\n,b\n", "1:a|;2:|b;");
	rows_are("a\n\n\n , ,\nb", "1:a;5:b;");
}

static void separators(void **state)
{
	rows_are("a;b;c\n1,5;2;3", "1:a|b|c;2:1,5|2|3;");
	rows_are("a\tb\n1,5\t2", "1:a|b;2:1,5|2;");
	rows_are("\"a;a;a\",b\n1;2,3", "1:a;a;a|b;2:1;2|3;");
	rows_are("alone\na;b", "1:alone;2:a;b;");
}

static void quotes(void **state)
{
	rows_are("\"a\",\"b\"\n", "1:a|b;");
	rows_are("\"say \"\"a\"\"\",b", "1:say \"a\"|b;");
	rows_are("\"two\nlines\",b\nc,d", "1:two\nlines|b;3:c|d;");
	rows_are("\"two\r\nlines\r\"\nc", "1:two\nlines\n;4:c;");
	rows_are("\"\",\"\"\na", "2:a;");
	rows_are("\"a\" ,b", "1:a|b;");
	rows_are("a \"quoted\" word,b", "1:a \"quoted\" word|b;");
}

static void malformed(void **state)
{
	rows_are("a\n\"b\nc\n", "1:a;!2 a quote is opened here and never closed");
	rows_are("\"a\"b,c", "!1 text follows a cell's closing quote; a quote inside of a quoted "
			     "cell is written twice");
}

static void field_names(void **state)
{
	static const char *const names[][2] = {
		{ "Title", "title" },	     { " Start time ", "start_time" },
		{ "Speaker(s)", "speaker" }, { "E-Mail (private)", "e_mail_private" },
		{ "Größe", "größe" },	     { "--", "" },
		{ "Booth #", "booth" },
	};
	char out[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		csv_field_name(names[i][0], out);
		assert_string_equal(out, names[i][1]);
	}
	csv_field_name("a very long name of a column, such as some questionnaires have them: yes",
		       out);
	assert_in_range(strlen(out), 50, 63);
}

static void field_is(enum kind kind, const char *column, const char *expected)
{
	const struct csv_field *f = csv_field_of(kind, column);

	if (expected)
		assert_string_equal(f->name, expected);
	else
		assert_null(f);
}

static void fields(void **state)
{
	field_is(KIND_SESSION, "title", "title");
	field_is(KIND_SESSION, "name", "title");
	field_is(KIND_SESSION, "room", "location");
	field_is(KIND_SESSION, "abstract", "description");
	field_is(KIND_SESSION, "format", "format");
	field_is(KIND_SPEAKER, "title", "title");
	field_is(KIND_SPEAKER, "affiliation", "company");
	field_is(KIND_EXHIBITOR, "stand", "booth_number");
	field_is(KIND_EXHIBITOR, "company", "name");
	field_is(KIND_SPEAKER, "e_mail", NULL);
	field_is(KIND_SESSION, "sta", NULL);
	field_is(KIND_SESSION, "", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),	       cmocka_unit_test(separators),
		cmocka_unit_test(quotes),      cmocka_unit_test(malformed),
		cmocka_unit_test(field_names), cmocka_unit_test(fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
