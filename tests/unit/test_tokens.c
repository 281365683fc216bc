/*
 * test_tokens.c - what becomes a word, and which word a misspelt one is near to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "index/flat_typos.h"
#include "index/tokens.h"

/* Words bare, wholes as [x], parts as (x), hints as ~x. */
static void note(void *ctx, const char *word, enum token_kind kind)
{
	static const char *const forms[] = { [TOKEN_WORD] = "%s%s",
					     [TOKEN_WHOLE] = "%s[%s]",
					     [TOKEN_PART] = "%s(%s)",
					     [TOKEN_HINT] = "%s~%s" };
	struct text *out = ctx;

	text_printf(out, forms[kind], out->len ? " " : "", word);
}

static void test_tokens(void **state)
{
	static const char *const cases[][2] = {
		{ "Hello, wörld!", "hello world" },
		{ "C++ and C# or F#; .NET, ASP.NET", "c++ and c# or f# .net [aspnet] (asp) (net)" },
		{ "node.js llama.cpp", "[nodejs] (node) (js) [llamacpp] (llama) (cpp)" },
		{ "open\xe2\x80\x91source", "[opensource] (open) (source)" },
		{ "5G A12 python3 x86", "5g a12 python3 ~python x86" },
		{ "v1.0 1.0 v2", "[v10] ~1.0 (v1) (0) [1.0] (1) (0) v2 ~2" },
		{ "K.1.105 (La Fontaine)", "[k1105] (k) (1) (105) la fontaine" },
		{ "Let\xe2\x80\x99s don't O'Reilly AT&T",
		  "let dont [oreilly] (o) (reilly) [att] (at) (t)" },
		{ "TCP/IP end. Begin", "tcp ip end begin" },
		{ "a.b.c.d.e.f.g.h", "a b c d e f g h" },
		{ "\xe6\xa9\x9f\xe6\xa2\xb0\xe5\xad\xa6",
		  "~\xe6\xa9\x9f ~\xe6\xa2\xb0 \xe6\xa9\x9f\xe6\xa2\xb0 ~\xe5\xad\xa6 "
		  "\xe6\xa2\xb0\xe5\xad\xa6" },
		{ "AI\xe5\xad\xa6", "ai ~\xe5\xad\xa6 \xe5\xad\xa6" },
		{ "**** -- ...", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *folded = utf8_fold(cases[i][0], strlen(cases[i][0]));
		_cleanup_text_ struct text out;

		text_init(&out, 4096);
		tokens_of(folded, note, &out);
		assert_string_equal(out.data, cases[i][1]);
	}
}

static void test_long_word(void **state)
{
	_cleanup_text_ struct text out;
	char word[1000];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	text_init(&out, 4096);
	tokens_of(word, note, &out);
	assert_int_equal(out.len, TOKEN_MAX_BYTES);
}

static void test_camel_case(void **state)
{
	static const char *const cases[][2] = {
		{ "OpenPrinting", "~open ~printing" },
		{ "KiCad and MySQL", "~cad ~sql" },
		{ "openHAB, LibreOffice", "~open ~hab ~libre ~office" },
		{ "plain Words HERE", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_text_ struct text out;

		text_init(&out, 4096);
		tokens_of_camel_case(cases[i][0], note, &out);
		assert_string_equal(out.data, cases[i][1]);
	}
}

static void test_stop_words(void **state)
{
	static const char *const stop[] = { "a",   "the",   "where", "wo",
					    "der", "quand", "donde", "yourself" };
	static const char *const words[] = { "", "rust", "git", "c++", "zzz", "talk" };

	for (size_t i = 0; i < ARRAY_SIZE(stop); i++)
		assert_true(token_is_stop_word(stop[i]));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_false(token_is_stop_word(words[i]));
	assert_true(token_is_weak("booth") && token_is_weak("workshop") && token_is_weak("talk"));
	assert_false(token_is_weak("rust"));
}

static unsigned edits(const char *a, const char *b, unsigned max)
{
	int32_t la[TYPO_MAX_LETTERS], lb[TYPO_MAX_LETTERS];
	size_t na = strlen(a), nb = strlen(b);

	for (size_t i = 0; i < na; i++)
		la[i] = a[i];
	for (size_t i = 0; i < nb; i++)
		lb[i] = b[i];
	return typo_edits(la, na, lb, nb, max);
}

static void test_edits(void **state)
{
	assert_int_equal(edits("language", "language", 2), 0);
	assert_int_equal(edits("langauge", "language", 2), 1);
	assert_int_equal(edits("languge", "language", 2), 1);
	assert_int_equal(edits("lanquage", "language", 2), 1);
	assert_int_equal(edits("llanguage", "language", 2), 1);
	assert_int_equal(edits("kubernets", "kubernetes", 2), 1);
	assert_int_equal(edits("kitten", "sitting", 3), 3);
	assert_int_equal(edits("kitten", "sitting", 2), 3);
	assert_int_equal(edits("ab", "abcdef", 2), 3);
	assert_int_equal(edits("", "ab", 2), 2);
}

static void test_trigrams(void **state)
{
	uint64_t a[TYPO_MAX_TRIGRAMS], b[TYPO_MAX_TRIGRAMS];

	assert_int_equal(typo_trigrams("wifi", a), 5);
	assert_int_equal(typo_trigrams("wif", a), 0);
	assert_int_equal(typo_trigrams("2026", a), 0);
	assert_int_equal(typo_trigrams("aaaaaa", a), 4); /* each once: the ends, and aaa */
	assert_int_equal(typo_trigrams("abcdefghijklmnopqrstuvwxyzabcdefg", a), 0);
	assert_int_equal(typo_trigrams("\xd0\xbc\xd0\xb8\xd1\x80\xd1\x8b", b), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),	   cmocka_unit_test(test_long_word),
		cmocka_unit_test(test_camel_case), cmocka_unit_test(test_stop_words),
		cmocka_unit_test(test_edits),	   cmocka_unit_test(test_trigrams),
	};

	return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
