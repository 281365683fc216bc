/*
 * test_json.c - the one way in: what is taken, what is refused, and with which sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

static int parse(const char *text, size_t len, struct fail *f)
{
	struct json_object *o = (struct json_object *)(void *)&text; /* must stay on failure */
	struct json_object *before = o;
	/* A copy of exactly that size: reading past its end is seen by sanitizers. */
	char *copy = malloc(len ? len : 1);
	int checked, r;

	memcpy(copy, text, len);
	checked = json_check(copy, len, NULL);
	r = json_parse(copy, len, &o, f);
	if (r == 0)
		assert_int_equal(checked, 0);
	else
		assert_ptr_equal(o, before);
	if (r == 0)
		json_object_put(o);
	free(copy);
	return r;
}

static void test_taken(void **state)
{
	static const char *const good[] = {
		"{}",
		"[]",
		" \t\r\n[ ] \n",
		"null",
		"true",
		"false",
		"0",
		"-0",
		"-1.5e+3",
		"1E5",
		"123",
		"9223372036854775807",
		"-9223372036854775808",
		"18446744073709551615",
		"1.7976931348623157e308",
		"5e-324",
		"1e-999",
		"\"\"",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"",
		"\"\x7f\"",
		"{\"a\":{\"b\":[1,2,{\"c\":null}]},\"\":0}",
		"[1,[2,[3]],\"]\"]",
		"\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct fail f = FAIL_INIT;

		if (parse(good[i], strlen(good[i]), &f))
			fail_msg("refused: %s: %s", good[i], f.text);
	}
}

struct refusal {
	const char *text;
	size_t len;
	const char *says;
};
#define REFUSED(text, says)                                                                        \
	{                                                                                          \
		text, sizeof(text) - 1, says                                                       \
	}

static const struct refusal refusals[] = {
	REFUSED("", "too early"),
	REFUSED("  \n ", "too early (line 2, column 2)"),
	REFUSED("{", "too early"),
	REFUSED("[1,", "too early"),
	REFUSED("{\"a\"", "too early"),
	REFUSED("{\"a\":", "too early"),
	REFUSED("{\"a\":1", "too early"),
	REFUSED("[1 2]", "comma"),
	REFUSED("[1,]", "a value is expected (line 1, column 4)"),
	REFUSED("{\"a\":1,}", "a key in double quotes"),
	REFUSED("{a:1}", "a key in double quotes"),
	REFUSED("{\"a\" 1}", "a colon"),
	REFUSED("[1}", "comma or the closing bracket"),
	REFUSED("{\"a\":1]", "comma or the closing bracket"),
	REFUSED("]", "a value is expected"),
	REFUSED("{'a':1}", "a key in double quotes"),
	REFUSED("'a'", "a value is expected"),
	REFUSED("nul", "a value is expected"),
	REFUSED("NULL", "a value is expected"),
	REFUSED("True", "a value is expected"),
	REFUSED("NaN", "a value is expected"),
	REFUSED("[NaN]", "a value is expected"),
	REFUSED("Infinity", "a value is expected"),
	REFUSED("-Infinity", "a digit is missing"),
	REFUSED("undefined", "a value is expected"),
	REFUSED("/* c */ 1", "a value is expected"),
	REFUSED("1 // c", "follows the end"),
	REFUSED("{} {}", "follows the end"),
	REFUSED("{}x", "follows the end (line 1, column 3)"),
	REFUSED("nullx", "follows the end"),
	REFUSED("1\0", "follows the end"),
	REFUSED("[1]\0", "follows the end"),
	REFUSED("\0", "NUL"),
	REFUSED("[\0]", "NUL"),
	REFUSED("\"a\0b\"", "NUL"),
	REFUSED("\"a\\u0000b\"", "NUL"),
	REFUSED("01", "leading zero"),
	REFUSED("-01", "leading zero"),
	REFUSED("1.", "a digit is missing"),
	REFUSED(".5", "a value is expected"),
	REFUSED("+1", "a value is expected"),
	REFUSED("-", "a digit is missing"),
	REFUSED("1e", "a digit is missing"),
	REFUSED("1e+", "a digit is missing"),
	REFUSED("0x10", "follows the end"),
	REFUSED("1e999", "too large"),
	REFUSED("[-1e999]", "too large"),
	REFUSED("{\"a\":{\"b\":[1e400]}}", "too large"),
	REFUSED("18446744073709551616", "too large"),
	REFUSED("-9223372036854775809", "too large"),
	REFUSED("99999999999999999999999999999999", "too large"),
	REFUSED("\"abc", "not closed"),
	REFUSED("\"abc\\", "unknown escape"),
	REFUSED("\"\\x41\"", "unknown escape"),
	REFUSED("\"\\'\"", "unknown escape"),
	REFUSED("\"\\u12\"", "four hexadecimal"),
	REFUSED("\"\\u12g4\"", "four hexadecimal"),
	REFUSED("\"\\uD83D\"", "half a surrogate"),
	REFUSED("\"\\uDE00\"", "half a surrogate"),
	REFUSED("\"\\uD83Dx\\uDE00\"", "half a surrogate"),
	REFUSED("\"\\uD83D\\u0041\"", "half a surrogate"),
	REFUSED("\"a\nb\"", "control character (line 1, column 3)"),
	REFUSED("\"a\tb\"", "control character"),
	REFUSED("\"\x1f\"", "control character"),
	REFUSED("\"\xff\"", "UTF-8"),
	REFUSED("\"\xC3\"", "UTF-8"),
	REFUSED("\"\xC0\x80\"", "UTF-8"),	  /* overlong NUL */
	REFUSED("\"\xE0\x80\xAF\"", "UTF-8"),	  /* overlong slash */
	REFUSED("\"\xED\xA0\x80\"", "UTF-8"),	  /* a surrogate */
	REFUSED("\"\xF4\x90\x80\x80\"", "UTF-8"), /* above U+10FFFF */
	REFUSED("{\n \"\xC3\xBC\": 1,\n \"b\": x}", "a value is expected (line 3, column 7)"),
	REFUSED("\"\xC3\xBC\" x", "(line 1, column 5)"),
	REFUSED("\xEF\xBB\xBF{}", "a value is expected (line 1, column 1)"),
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct fail f = FAIL_INIT;
		int r = parse(refusals[i].text, refusals[i].len, &f);

		if (r != ASSISTANT_EINVAL)
			fail_msg("%d, not EINVAL: %s", r, refusals[i].text);
		if (!strstr(f.text, refusals[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", refusals[i].text, f.text,
				 refusals[i].says);
		assert_true(f.text[strlen(f.text) - 1] == '.');
		assert_true(utf8_valid(f.text, strlen(f.text)));
	}
}

static int parse_nested(size_t depth, const char *open, const char *close)
{
	struct text t;
	int r;

	text_init(&t, 1 << 20);
	for (size_t i = 0; i < depth; i++)
		text_append(&t, open);
	text_append(&t, "1");
	for (size_t i = 0; i < depth; i++)
		text_append(&t, close);
	r = parse(t.data, t.len, NULL);
	text_finish(&t);
	return r;
}

static void test_depth(void **state)
{
	(void)state;
	assert_int_equal(parse_nested(JSON_MAX_DEPTH, "[", "]"), 0);
	assert_int_equal(parse_nested(JSON_MAX_DEPTH, "{\"a\":", "}"), 0);
	assert_int_equal(parse_nested(JSON_MAX_DEPTH + 1, "[", "]"), ASSISTANT_ETOOLARGE);
	assert_int_equal(parse_nested(JSON_MAX_DEPTH + 1, "{\"a\":", "}"), ASSISTANT_ETOOLARGE);
	assert_int_equal(parse_nested(10000, "[", "]"), ASSISTANT_ETOOLARGE);
	assert_int_equal(parse_nested(10000, "{\"a\":", "}"), ASSISTANT_ETOOLARGE);
	assert_int_equal(parse_nested(10000, "[", ""), ASSISTANT_ETOOLARGE);
}

static struct json_object *parsed(const char *text)
{
	struct json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), &o, NULL), 0);
	return o;
}

static void test_of_equal_keys_the_last_counts(void **state)
{
	_cleanup_json_ struct json_object *o = parsed("{\"a\":1,\"b\":2,\"a\":3}");

	(void)state;
	assert_int_equal(json_get_int(o, "a", 0), 3);
	assert_int_equal(json_object_object_length(o), 2);
}

static void test_accessors(void **state)
{
	_cleanup_json_ struct json_object *o =
		parsed("{\"s\":\"x\",\"i\":5,\"d\":2.5,\"w\":3.0,\"h\":1e300,\"b\":true,\"n\":null,"
		       "\"a\":[1],\"o\":{\"k\":\"v\"},\"u\":\"\\u00e9\"}");

	(void)state;
	assert_string_equal(json_get_string(o, "s"), "x");
	assert_string_equal(json_get_string(o, "u"), "\xC3\xA9");
	assert_null(json_get_string(o, "i"));
	assert_null(json_get_string(o, "missing"));
	assert_string_equal(json_text(o, "i"), "");
	assert_int_equal(json_get_int(o, "i", -1), 5);
	assert_int_equal(json_get_int(o, "w", -1), 3);
	assert_int_equal(json_get_int(o, "d", -1), -1);
	assert_int_equal(json_get_int(o, "h", -1), -1);
	assert_int_equal(json_get_int(o, "s", -1), -1);
	assert_true(json_get_double(o, "d", 0) == 2.5);
	assert_true(json_get_double(o, "i", 0) == 5);
	assert_true(json_get_double(o, "b", 7) == 7);
	assert_true(json_get_bool(o, "b", false));
	assert_true(json_get_bool(o, "s", true));
	assert_false(json_get_bool(o, "i", false));
	assert_non_null(json_get_array(o, "a"));
	assert_null(json_get_array(o, "o"));
	assert_string_equal(json_text(json_get_object(o, "o"), "k"), "v");
	assert_null(json_get_object(o, "a"));
	assert_null(json_get(o, "n"));
	assert_null(json_get(json_get(o, "a"), "k"));
	assert_null(json_get(NULL, "k"));
	assert_string_equal(json_text(NULL, "k"), "");
	assert_int_equal(json_get_int(NULL, "k", 9), 9);
}

static void test_builders(void **state)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_free_ char *s = NULL;

	(void)state;
	json_set_string(o, "s", "a/\"\n\xC3\xA9");
	json_set_string(o, "absent", NULL);
	json_set_int(o, "i", INT64_MIN);
	json_set_double(o, "tenth", 0.1);
	json_set_double(o, "third", 1.0 / 3);
	json_set_double(o, "big", 1e300);
	json_set_double(o, "whole", 4);
	json_set_double(o, "nan", NAN);
	json_set_double(o, "inf", INFINITY);
	json_set_bool(o, "b", false);
	json_set(o, "o", json_object_new_array());
	s = json_dump(o);
	assert_string_equal(s,
			    "{\"s\":\"a/\\\"\\n\xC3\xA9\",\"i\":-9223372036854775808,\"tenth\":0.1,"
			    "\"third\":0.3333333333333333,\"big\":1e+300,\"whole\":4,"
			    "\"b\":false,\"o\":[]}");
	assert_int_equal(json_check(s, strlen(s), NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_of_equal_keys_the_last_counts),
		cmocka_unit_test(test_accessors),
		cmocka_unit_test(test_builders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
