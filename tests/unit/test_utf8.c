/*
 * test_utf8.c - validity, counting, cutting, and the golden list of folded words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "base/utf8.h"

struct sample {
	const char *s;
	size_t len;
	bool valid;
};
#define YES(s)                                                                                     \
	{                                                                                          \
		s, sizeof(s) - 1, true                                                             \
	}
#define NO(s)                                                                                      \
	{                                                                                          \
		s, sizeof(s) - 1, false                                                            \
	}

static void test_valid(void **state)
{
	static const struct sample samples[] = {
		YES(""),
		YES("abc"),
		YES("\x7f\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"),
		YES("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"),
		NO("a\0b"),
		NO("\x80"),
		NO("\xBF"),
		NO("\xC0\x80"),
		NO("\xC1\xBF"),
		NO("\xC2"),
		NO("\xC2\x41"),
		NO("\xE0\x9F\xBF"),
		NO("\xE1\x80"),
		NO("\xE1\x80\xC0"),
		NO("\xED\xA0\x80"),
		NO("\xED\xBF\xBF"),
		NO("\xF0\x8F\xBF\xBF"),
		NO("\xF0\x90\x80"),
		NO("\xF4\x90\x80\x80"),
		NO("\xF5\x80\x80\x80"),
		NO("\xFF"),
		NO("ok\xFE"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		/* A copy of exactly that size, for sanitizers. */
		char *copy = malloc(samples[i].len + !samples[i].len);

		memcpy(copy, samples[i].s, samples[i].len);
		assert_int_equal(utf8_valid(copy, samples[i].len), samples[i].valid);
		free(copy);
	}
}

static size_t encode(int32_t c, char s[static 4])
{
	size_t n = 0;

	if (c < 0x80) {
		s[n++] = (char)c;
	} else if (c < 0x800) {
		s[n++] = (char)(0xC0 | c >> 6);
		s[n++] = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		s[n++] = (char)(0xE0 | c >> 12);
		s[n++] = (char)(0x80 | (c >> 6 & 63));
		s[n++] = (char)(0x80 | (c & 63));
	} else {
		s[n++] = (char)(0xF0 | c >> 18);
		s[n++] = (char)(0x80 | (c >> 12 & 63));
		s[n++] = (char)(0x80 | (c >> 6 & 63));
		s[n++] = (char)(0x80 | (c & 63));
	}
	return n;
}

/* Every code point, encoded and decoded. */
static void test_every_code_point(void **state)
{
	(void)state;
	for (int32_t c = 0; c <= 0x10FFFF; c++) {
		char s[4];
		size_t n = encode(c, s), i = 0;

		if (c >= 0xD800 && c <= 0xDFFF) {
			assert_int_equal(utf8_next(s, n, &i), -1);
			assert_int_equal(i, 0);
			continue;
		}
		if (utf8_next(s, n, &i) != c || i != n)
			fail_msg("U+%04X", (unsigned)c);
		if (n > 1) {
			i = 0;
			assert_int_equal(utf8_next(s, n - 1, &i), -1);
		}
	}
}

static void test_next_count_prefix(void **state)
{
	static const char s[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
	static const size_t prefixes[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };
	size_t i = 0;

	(void)state;
	assert_int_equal(utf8_next(s, 11, &i), 'a');
	assert_int_equal(utf8_next(s, 11, &i), 0xE9);
	assert_int_equal(utf8_next(s, 11, &i), 0x20AC);
	assert_int_equal(utf8_next(s, 11, &i), 0x1F600);
	assert_int_equal(utf8_next(s, 11, &i), 'z');
	assert_int_equal(utf8_next(s, 11, &i), -1);
	assert_int_equal(i, 11);
	assert_int_equal(utf8_count(s), 5);
	assert_int_equal(utf8_count(""), 0);
	for (size_t max = 0; max < ARRAY_SIZE(prefixes); max++)
		assert_int_equal(utf8_prefix(s, 11, max), prefixes[max]);
}

static void test_fold(void **state)
{
	static const char *const golden[][2] = {
		{ "", "" },
		{ "Hello", "hello" },
		{ "Ildik\u00f3", "ildiko" },
		{ "Ildiko\u0301", "ildiko" },
		{ "STRASSE", "strasse" },
		{ "Stra\u00dfe", "strasse" },
		{ "\u00de\u00f3rd\u00eds \u00c6gisd\u00f3ttir", "thordis aegisdottir" },
		{ "STRA\u1e9eE", "strasse" },
		{ "\u00d8rsted", "orsted" },
		{ "\u01fe", "o" },
		{ "\u0141\u00f3d\u017a", "lodz" },
		{ "\u0110\u1eb7ng", "dang" },
		{ "\u00c6gir \u01fd", "aegir ae" },
		{ "C\u0153ur \u0152uvre", "coeur oeuvre" },
		{ "\u00c5ngstr\u00f6m", "angstrom" },
		{ "\u212bngstr\u00f6m", "angstrom" },
		{ "na\u00efve caf\u00e9", "naive cafe" },
		{ "Dvo\u0159\u00e1k \u010capek", "dvorak capek" },
		{ "\u0130stanbul", "istanbul" },
		{ "T\u00fcrk\u00e7e \u015fi\u015f", "turkce sis" },
		{ "\u00bfQu\u00e9 ma\u00f1ana?", "\u00bfque manana?" },
		{ "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
		  "\u03c3\u03b9\u03c3\u03c5\u03c6\u03bf\u03c3" },
		{ "\u041c\u043e\u0441\u043a\u0432\u0430 \u0401\u043b\u043a\u0430",
		  "\u043c\u043e\u0441\u043a\u0432\u0430 \u0435\u043b\u043a\u0430" },
		{ "\uff21\uff22\uff23\uff11\uff12\uff13", "abc123" },
		{ "\ufb01ne \ufb04", "fine ffl" },
		{ "x\u00b2 \u2460 \u2122", "x2 1 tm" },
		{ "\u6771\u4eac", "\u6771\u4eac" },
		{ "\ud55c\uad6d\uc5b4", "\ud55c\uad6d\uc5b4" },
		{ "\uff76\uff9e", "\u30ab" },
		{ "a\u00a0b\u2003c\u3000d", "a b c d" },
		{ "a \t\r\n  b", "a b" },
		{ " a ", " a " },
		{ "10\u201311 \u2014 x\u2011y \u2212z", "10-11 - x-y -z" },
		{ "O\u2019Brien d`Arc O\u00b4Neil \u02bcokina", "o'brien d'arc o'neil 'okina" },
		{ "\u201equoted\u201c \u00abtext\u00bb \"x\"", "'quoted' 'text' 'x'" },
		{ "soft\u00adhyphen zero\u200bwidth \ufeffbom", "softhyphen zerowidth bom" },
		{ "a\u200d\u0301b", "ab" },
		{ "\u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627",
		  "\u0645\u0631\u062d\u0628\u0627" },
		{ "C++ & C#: .NET 4.8", "c++ & c#: .net 4.8" },
		{ "\U0001f600 \U0001d400", "\U0001f600 a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		_cleanup_free_ char *folded = utf8_fold(golden[i][0], strlen(golden[i][0]));
		_cleanup_free_ char *again = NULL;

		assert_non_null(folded);
		assert_string_equal(folded, golden[i][1]);
		again = utf8_fold(folded, strlen(folded));
		assert_string_equal(again, folded);
	}
	assert_null(utf8_fold("\xff", 1));
	assert_null(utf8_fold("a\0b", 3));
}

/* Wherever ASCII ends and begins, near or far apart, every code point becomes what it becomes alone. */
static void test_fold_in_context(void **state)
{
	static const char *const around[] = { "|", "|Sixteen and more letters of ASCII|" };

	for (int32_t c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 37) {
		char letter[5] = "", alone[64];
		_cleanup_free_ char *folded = NULL;

		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		encode(c, letter);
		folded = utf8_fold(letter, strlen(letter));
		assert_non_null(folded);
		snprintf(alone, sizeof(alone), "%s", folded);
		for (size_t i = 0; i < 4; i++) {
			const char *left = around[i & 1], *right = around[i >> 1];
			_cleanup_free_ char *l = utf8_fold(left, strlen(left));
			_cleanup_free_ char *r = utf8_fold(right, strlen(right));
			_cleanup_free_ char *whole = NULL;
			char text[128], expected[192];

			snprintf(text, sizeof(text), "%s%s%s", left, letter, right);
			snprintf(expected, sizeof(expected), "%s%s%s", l, alone, r);
			whole = utf8_fold(text, strlen(text));
			assert_string_equal(whole, expected);
		}
	}
}

static void test_words(void **state)
{
	static const int32_t yes[] = { 'a',    'Z',  '0',    0xE9,   0x301,  0x6771,
				       0x3042, 0xB2, 0x2160, 0x05D0, 0x1D400 };
	static const int32_t no[] = { ' ',     '-', '\'', '.',	  0x2019,   0x20AC,
				      0x1F600, 0,   -1,	  0xD800, 0x110000, '_' };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(utf8_is_word(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(utf8_is_word(no[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_next_count_prefix),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_in_context),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
