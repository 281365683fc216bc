/*
 * test_wordpiece.c - the tokenizer on a small vocabulary.  The real one is in tests/model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "embedder/wordpiece.h"

/* Ids are line numbers from 0. */
static const char lines[] =
	"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"			       /* 0 to 4 */
	"hello\nworld\n##s\nwor\n##ld\n"			       /* 5 to 9 */
	"cafe\n!\n,\n##a\na\n"					       /* 10 to 14 */
	"\xe6\x9d\xb1\n\xe4\xba\xac\nstrasse\n\xc3\x9f\n##\xc3\x9f\n"; /* 15 to 19 */
enum {
	UNK = 1,
	CLS,
	SEP,
	MASK,
	HELLO,
	WORLD,
	S,
	WOR,
	LD,
	CAFE,
	BANG,
	COMMA,
	INNER_A,
	A,
	EAST,
	CAPITAL
};

static struct wordpieces *v;

static int setup(void **state)
{
	return wordpieces_read(lines, strlen(lines), &v, NULL);
}

static int teardown(void **state)
{
	wordpieces_destroy(v);
	return 0;
}

#define EXPECT(text, ...)                                                                          \
	do {                                                                                       \
		const uint16_t expected_[] = { CLS, ##__VA_ARGS__, SEP };                          \
		uint16_t ids_[64];                                                                 \
		size_t n_ = wordpiece(v, (text), sizeof(text) - 1, ids_, 64);                      \
		assert_int_equal(n_, sizeof(expected_) / sizeof(expected_[0]));                    \
		assert_memory_equal(ids_, expected_, sizeof(expected_));                           \
	} while (0)

static void test_words(void **state)
{
	assert_int_equal(wordpieces_count(v), 20);
	EXPECT("");
	EXPECT("  \t\n ");
	EXPECT("hello world", HELLO, WORLD);
	EXPECT("HELLO,World!", HELLO, COMMA, WORLD, BANG);
	EXPECT("worlds", WORLD, S); /* the longest piece first */
	EXPECT("worlda", WORLD, INNER_A);
	EXPECT("worlx", UNK); /* one for a word, whatever of it was known */
	EXPECT("hello xyz a", HELLO, UNK, A);
	EXPECT("##s", UNK, UNK, UNK); /* no way to name an inner piece */
}

static void test_unicode(void **state)
{
	EXPECT("Caf\xc3\xa9", CAFE);
	EXPECT("cafe\xcc\x81", CAFE);
	EXPECT("\xe6\x9d\xb1\xe4\xba\xac", EAST, CAPITAL);
	EXPECT("a\xe6\x9d\xb1"
	       "a",
	       A, EAST, A);
	EXPECT("\xc3\x9f", 18);
	EXPECT("hel\xe2\x80\x8blo", HELLO); /* zero-width space: a format character */
	EXPECT("hello\xe3\x80\x80world\xc2\xa0"
	       "a",
	       HELLO, WORLD, A);
}

static void test_malformed(void **state)
{
	EXPECT("hel\xff\xfelo", HELLO);
	EXPECT("hello\xc3", HELLO);
	EXPECT("hello \xe2\x82 world", HELLO, WORLD);
	EXPECT("he\0llo\x01", HELLO);
	EXPECT("\xed\xa0\x80"); /* a surrogate */
}

static void test_special_tokens(void **state)
{
	EXPECT("hello[SEP]world", HELLO, SEP, WORLD);
	EXPECT("[MASK]", MASK);
	EXPECT("[mask]", UNK, UNK, UNK);
	EXPECT("[SEP", UNK, UNK);
}

static void test_bounds(void **state)
{
	char text[2048];
	uint16_t ids[8] = { 0, 0, 0, 0, 0, 0, 0, 99 };

	memset(text, 'a', sizeof(text));
	assert_int_equal(wordpiece(v, text, 100, ids, 7), 7); /* a, ##a and so on, cut off */
	assert_int_equal(ids[1], A);
	assert_int_equal(ids[5], INNER_A);
	assert_int_equal(ids[6], SEP);
	assert_int_equal(wordpiece(v, text, 101, ids, 7), 3); /* too long a word */
	assert_int_equal(ids[1], UNK);
	assert_int_equal(wordpiece(v, text, sizeof(text), ids, 7), 3);
	assert_int_equal(wordpiece(v, "hello world", 11, ids, 2), 2);
	assert_int_equal(ids[0], CLS);
	assert_int_equal(ids[1], SEP);
	assert_int_equal(ids[7], 99);
}

static int read_text(const char *text, size_t len, struct fail *f)
{
	struct wordpieces *w = NULL;
	int r = wordpieces_read(text, len, &w, f);

	wordpieces_destroy(w);
	return r;
}

static void test_bad_vocabularies(void **state)
{
	static char many[200000], big[(16 << 20) + 1];
	struct fail f = FAIL_INIT;
	char line[400] = "[UNK]\n[CLS]\n[SEP]\n";

	assert_int_equal(read_text("", 0, &f), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(f.text, "[UNK]"));
	assert_int_equal(read_text("[UNK]\n[CLS]\n", 12, &f), ASSISTANT_EPROTOCOL);
	assert_int_equal(read_text("[UNK]\r\n[CLS]\r\n[SEP]", 19, &f), 0);
	memset(line + 18, 'x', 300);
	assert_int_equal(read_text(line, 318, &f), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(f.text, "line 4"));
	memset(many, '\n', sizeof(many));
	assert_int_equal(read_text(many, sizeof(many), &f), ASSISTANT_EPROTOCOL);
	assert_int_equal(read_text(big, sizeof(big), &f), ASSISTANT_EPROTOCOL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_words),	   TEST(test_unicode), TEST(test_malformed),
		TEST(test_special_tokens), TEST(test_bounds),  TEST(test_bad_vocabularies),
	};

	return cmocka_run_group_tests_name("wordpiece", tests, NULL, NULL);
}
