/*
 * test_scan.c - where the parts of a file begin and end, on which lines; and what no JSON can be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "scan.h"

/* Writes what the scanner finds as "key@line=value;" or, after a failure, "!line:column expected". */
static void describe(const char *text, size_t len, char bracket, char *out, size_t size)
{
	struct scan s;
	struct part value;
	char key[64] = "";
	size_t at = 0;
	int r;

	scan_begin(&s, text, len);
	r = scan_enter(&s, bracket);
	while (r >= 0 &&
	       (r = bracket == '{' ? scan_member(&s, key, &value) : scan_element(&s, &value)) > 0)
		at += (size_t)snprintf(out + at, size - at, "%s@%d=%.*s;", key, value.line,
				       (int)value.len, value.text);
	if (r == 0)
		r = scan_finish(&s);
	if (r < 0)
		snprintf(out + at, size - at, "!%d:%d %s", s.error_line, s.error_column, s.error);
	else
		out[at] = '\0';
}

static void finds(const char *text, const char *expected)
{
	char out[2000];

	describe(text, strlen(text), *text == '[' ? '[' : '{', out, sizeof(out));
	assert_string_equal(out, expected);
}

static void members(void **state)
{
	finds("{}", "");
	finds(" {\n} \n", "");
	finds("{\"a\": 1}", "a@1=1;");
	finds("{\n\"a\" : {\"b\": [1, 2]} ,\r\n\t\"c\":\"x\"\n}\n",
	      "a@2={\"b\": [1, 2]};c@3=\"x\";");
	finds("{\"a\":\n\n true}", "a@3=true;");
	finds("{\"a\\\"b\": -1.5e3}", "a\\\"b@1=-1.5e3;");
}

static void elements(void **state)
{
	finds("[]", "");
	finds("[ 1 ,\n{\"a\":\"]\"},\"[,]\" ]", "@1=1;@2={\"a\":\"]\"};@2=\"[,]\";");
	finds("[[[]],[]]", "@1=[[]];@1=[];");
}

static void a_mark_in_front(void **state)
{
	char out[200];

	describe("\xef\xbb\xbf{\"a\":1}", 10, '{', out, sizeof(out));
	assert_string_equal(out, "a@1=1;");
}

static void a_long_key_is_cut(void **state)
{
	char text[200], out[400], key[101];

	memset(key, 'k', 100);
	key[100] = '\0';
	snprintf(text, sizeof(text), "{\"%s\":1}", key);
	describe(text, strlen(text), '{', out, sizeof(out));
	key[63] = '\0';
	assert_memory_equal(out, key, 63);
	assert_string_equal(out + 63, "@1=1;");
}

static void malformed(void **state)
{
	finds("", "!1:1 {");
	finds("x", "!1:1 {");
	finds("{", "!1:2 a member's name in quotes");
	finds("{\n\n  a: 1}", "!3:3 a member's name in quotes");
	finds("{\"a\"}", "!1:5 :");
	finds("{\"a\":}", "!1:6 a value");
	finds("{\"a\":", "!1:6 a value");
	finds("{\"a\":,", "!1:6 a value");
	finds("{\"a\":1", "a@1=1;!1:7 , or }");
	finds("{\"a\":1 \"b\":2}", "a@1=1;!1:8 , or }");
	finds("{\"a\":1,}", "a@1=1;!1:8 a member's name in quotes");
	finds("{,\"a\":1}", "!1:2 a member's name in quotes");
	finds("{\"a\":\"b\n\"}", "!1:8 the end of a text");
	finds("{\"a\":\"b", "!1:8 the end of a text");
	finds("{\"a\":\"b\\", "!1:9 the end of a text");
	finds("{\"a\":[1}", "!1:8 a value");
	finds("{\"a\":[1,{]}", "!1:10 a value");
	finds("{\"a\":[1,{\"b\":2}", "!1:16 a value");
	finds("{} x", "!1:4 the end of the file");
	finds("{}\n{}", "!2:1 the end of the file");
}

/* A list whose comma is missing must not end early: its records would be lost without a word. */
static void lists_that_break_off(void **state)
{
	finds("[1 2]", "@1=1;!1:4 , or ]");
	finds("[{\"id\":1}\n {\"id\":2}]", "@1={\"id\":1};!2:2 , or ]");
	finds("[1,]", "@1=1;!1:4 a value");
	finds("[,1]", "!1:2 a value");
	finds("[1,,2]", "@1=1;!1:4 a value");
	finds("[1", "@1=1;!1:3 , or ]");
	finds("[1}", "@1=1;!1:3 , or ]");
	finds("[[ 1]", "@1=[ 1];!1:6 , or ]");
}

static void deep(void **state)
{
	char text[400] = "", out[400];

	for (int i = 0; i < 65; i++) /* the first one is entered */
		text[i] = '[';
	for (int i = 65; i < 130; i++)
		text[i] = ']';
	describe(text, 130, '[', out, sizeof(out));
	assert_memory_equal(out, "@1=[[[", 6);
	text[65] = '[';
	describe(text, 130, '[', out, sizeof(out));
	assert_string_equal(out, "!1:66 fewer than 64 nested brackets");
}

/* Bytes that no JSON has end in a sentence or in a value, never in silence or a loop. */
static void any_bytes(void **state)
{
	char text[] = "{\"a\":[1,?]}", out[400];
	size_t len = sizeof(text) - 1;

	for (int byte = 0; byte < 256; byte++) {
		text[8] = (char)byte;
		describe(text, len, '{', out, sizeof(out));
		assert_true(strlen(out) > 0);
	}
	text[8] = '\0';
	describe(text, len, '{', out, sizeof(out));
	assert_memory_equal(out, "a@1=", 4);
}

/* Cut anywhere, the same file is an error at its end, and never read beyond. */
static void cut_short(void **state)
{
	static const char whole[] =
		"{\"conference\":{\"id\":\"x\",\"n\":[1,2,{}]},\"sessions\":[]}";
	char out[400];

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		describe(whole, len, '{', out, sizeof(out));
		assert_non_null(strchr(out, '!'));
	}
	describe(whole, sizeof(whole) - 1, '{', out, sizeof(out));
	assert_null(strchr(out, '!'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(elements),
		cmocka_unit_test(a_mark_in_front),
		cmocka_unit_test(a_long_key_is_cut),
		cmocka_unit_test(malformed),
		cmocka_unit_test(lists_that_break_off),
		cmocka_unit_test(deep),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
