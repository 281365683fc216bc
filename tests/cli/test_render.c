/*
 * test_render.c - Markdown on a terminal: the same whatever pieces it comes in, never wider than the
 * terminal, never anything but text and the styles that are ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "render.h"
#include "text.h"

/* malloc()ed; pieces of `piece` bytes, 0: all at once. */
static char *rendered(const char *text, size_t len, int columns, bool styled, size_t piece)
{
	struct render r;
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);

	render_begin(&r, file, columns, styled);
	for (size_t i = 0; i < len;) {
		size_t n = piece && piece < len - i ? piece : len - i;

		render_text(&r, text + i, n);
		i += n;
	}
	render_end(&r);
	fclose(file);
	return out;
}

static void shows(const char *text, int columns, bool styled, const char *expected)
{
	for (size_t piece = 0; piece < 5; piece++) {
		char *out = rendered(text, strlen(text), columns, styled, piece);

		assert_string_equal(out, expected);
		free(out);
	}
}

static void plain(const char *text, const char *expected)
{
	shows(text, 0, false, expected);
}

#define B "\033[0;1m"
#define I "\033[0;3m"
#define C "\033[0;2m"
#define O "\033[0m"

static void styled(const char *text, const char *expected)
{
	shows(text, 0, true, expected);
}

static void paragraphs(void **state)
{
	plain("", "");
	plain("\n\n", "");
	plain("one", "one\n");
	plain("one\n", "one\n");
	plain("one two\nthree", "one two\nthree\n");
	plain("one\n\n\n\ntwo\n\n", "one\n\ntwo\n");
	plain("\n\none   two\tthree ", "one two three\n");
}

static void emphasis(void **state)
{
	plain("**Heat** is a *public* `good`.", "Heat is a public good.\n");
	styled("**Heat** is", B "Heat" O " is\n");
	styled("a *b* c", "a " I "b" O " c\n");
	styled("`a*b`", C "a*b" O "\n");
	styled("***x***", "\033[0;1;3mx" O "\n");
	/* What begins and does not end, ends with its line. */
	styled("**a b\nc", B "a b" O "\nc\n");
}

static void stars_that_are_none(void **state)
{
	plain("5 * 3 ** 2", "5 * 3 ** 2\n");
	plain("a*b*c", "a*b*c\n");
	plain("****", "****\n");
	plain("x *", "x *\n");
	plain("rated **", "rated **\n");
}

static void lists_and_headings(void **state)
{
	plain("Found:\n\n- one\n- **two**\n\nAnd", "Found:\n\n- one\n- two\n\nAnd\n");
	plain("* one\n• two", "- one\n- two\n");
	plain("1. one\n12) two", "1. one\n12) two\n");
	plain("## Now\ntext", "Now\ntext\n");
	styled("## Now\ntext", B "Now" O "\ntext\n");
	styled("- a", "• a\n");
	plain("  - inner", "  - inner\n");
	plain("-x", "-x\n");
	plain("#tag", "#tag\n");
	plain("2027 was", "2027 was\n");
	plain("10:45 talk", "10:45 talk\n");
	plain("3.5 metres", "3.5 metres\n");
	plain("-", "-\n");
	plain("12.", "12.\n");
	plain("**Bold** start", "Bold start\n");
}

static void wrapping(void **state)
{
	shows("aaa bbb ccc ddd", 7, false, "aaa bbb\nccc ddd\n");
	shows("aaa bbb ccc", 10, false, "aaa bbb\nccc\n");
	shows("a verylongwordindeed b", 8, false, "a\nverylongwordindeed\nb\n");
	/* The lines of an item stand under its text. */
	shows("- aaa bbb ccc", 9, false, "- aaa bbb\n  ccc\n");
	shows("10. aaa bbb", 8, false, "10. aaa\n    bbb\n");
	/* A style goes on in the next line and takes no room. */
	shows("**aaa bbb** c", 7, true, B "aaa bbb" O "\nc\n");
	/* Two columns each, and no blanks to break at. */
	shows("你好世界你好", 8, false, "你好世界\n你好\n");
	/* A mark over a letter takes none. */
	shows("cafe\xcc\x81 ab", 7, false, "cafe\xcc\x81 ab\n");
}

static void what_never_arrives(void **state)
{
	plain("a\033[31mb\a\x7f", "a[31mb\n");
	plain("\xc2\x9b"
	      "31m",
	      "31m\n"); /* the one-byte form of ESC [ */
	plain("a\xe2\x80\xae"
	      "b\xe2\x81\xa6"
	      "c\xef\xbb\xbf",
	      "abc\n");
	plain("a\rb", "ab\n");
	plain("<b>x</b> [label](https://example.org)", "<b>x</b> [label](https://example.org)\n");
}

static void broken_characters(void **state)
{
	shows("a\xff"
	      "b",
	      0, false,
	      "a\xef\xbf\xbd"
	      "b\n");
	shows("a\xe2\x82", 0, false, "a\xef\xbf\xbd\n");
	shows("a\xe2\x82"
	      "b",
	      0, false,
	      "a\xef\xbf\xbd"
	      "b\n");
	shows("\xc3\xa9t\xc3\xa9", 0, false, "\xc3\xa9t\xc3\xa9\n");
}

static void a_nul_byte_is_dropped(void **state)
{
	char *out = rendered("a\0b", 3, 0, false, 0);

	assert_string_equal(out, "ab\n");
	free(out);
}

/* A word is not printed before its end, everything else is. */
static void words_as_they_arrive(void **state)
{
	struct render r;
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);

	render_begin(&r, file, 20, false);
	render_text(&r, "one tw", 6);
	fflush(file);
	assert_string_equal(out, "one");
	render_text(&r, "o ", 2);
	fflush(file);
	assert_string_equal(out, "one two");
	render_end(&r);
	fclose(file);
	assert_string_equal(out, "one two\n");
	free(out);
}

/* What follows the blanks and the list marker in front. */
static const char *behind_marker(const char *line)
{
	line += strspn(line, " ");
	line += strspn(line, "0123456789.-");
	return *line == ' ' ? line + 1 : line;
}

/* Random pieces of what matters: no line too wide, no byte that acts. */
static void anything_at_all(void **state)
{
	static const char *const bits[] = { "*",  "**",	  "`",	"#",	"- ",	   "1. ",  " ",
					    "\n", "word", "é",	"\xe2", "\x82",	   "\033", "你",
					    "a",  "-",	  "\t", "\r",	"\xcc\x81" };
	unsigned seed = 1;

	for (int round = 0; round < 3000; round++) {
		char text[400] = "";
		size_t len = 0, piece;
		char *whole, *split;

		for (int i = 0; i < 40; i++) {
			const char *bit;

			seed = seed * 1103515245 + 12345;
			bit = bits[(seed >> 16) % (sizeof(bits) / sizeof(bits[0]))];
			memcpy(text + len, bit, strlen(bit));
			len += strlen(bit);
		}
		piece = 1 + (seed >> 8) % 7;
		whole = rendered(text, len, 20, false, 0);
		split = rendered(text, len, 20, false, piece);
		assert_string_equal(whole, split);
		for (char *line = whole, *end; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			assert_null(strpbrk(line, "\033\r\t"));
			if (text_width(line) > 20) /* only a word alone may be longer */
				assert_null(strchr(behind_marker(line), ' '));
		}
		free(whole);
		free(split);
	}
}

static int begin(void **state)
{
	text_begin();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paragraphs),
		cmocka_unit_test(emphasis),
		cmocka_unit_test(stars_that_are_none),
		cmocka_unit_test(lists_and_headings),
		cmocka_unit_test(wrapping),
		cmocka_unit_test(what_never_arrives),
		cmocka_unit_test(broken_characters),
		cmocka_unit_test(a_nul_byte_is_dropped),
		cmocka_unit_test(words_as_they_arrive),
		cmocka_unit_test(anything_at_all),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
