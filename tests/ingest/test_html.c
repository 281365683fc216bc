/*
 * test_html.c - markup becomes plain text, and plain text stays what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "html.h"

static void text_is(const char *source, const char *expected)
{
	char *text = html_text(source);

	assert_string_equal(text, expected);
	free(text);
}

static void line_is(const char *source, const char *expected)
{
	char *line = html_line(source);

	assert_string_equal(line, expected);
	free(line);
}

static void plain_text_stays(void **state)
{
	static const char *const texts[] = {
		"",
		"One line.",
		"Two\nlines.",
		"A paragraph.\n\nAnother.",
		"a < b, b > c, a<b and a<3",
		"List<String> and <T> and <notatag attr=1>",
		"AT&T, R&D, &unknown; and &#xZZ; and &",
		"x <",
		"<",
		"&",
		"- an item\n- another",
		"*Markdown*, `code <b` and # signs",
		"Größe, 東京, 🚀",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		text_is(texts[i], texts[i]);
}

static void blanks(void **state)
{
	text_is("  both ends  \n", "both ends");
	text_is("a  b\t c", "a b c");
	text_is("a\r\nb\r\n\r\n\r\n\r\nc", "a\nb\n\nc");
	text_is("a \n b", "a\nb");
	line_is(" a\n\n b\tc ", "a b c");
	line_is("\n", "");
}

static void paragraphs_and_lists(void **state)
{
	text_is("<p>One</p><p>Two</p>", "One\n\nTwo");
	text_is("<p>One\nstill one</p>\n\n<P class=\"x\">Two</P>", "One still one\n\nTwo");
	text_is("One<br>two<br/>three<BR />four", "One\ntwo\nthree\nfour");
	text_is("<h2>Title</h2>Text", "Title\n\nText");
	text_is("<p>List:</p><ul><li>a</li><li>b</li></ul><p>End</p>", "List:\n\n- a\n- b\n\nEnd");
	text_is("<ol><li><p>a</p></li>\n<li><p>b</p></li></ol>", "- a\n\n- b");
	text_is("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc");
	text_is("<pre>a\n  b</pre>c", "a\n  b\n\nc");
}

static void inline_markup(void **state)
{
	text_is("a <b>bold</b> word, <a href=\"https://x.example/?a>b\" title='c>d'>a link</a>.",
		"a bold word, a link.");
	text_is("Markdown with <em>some</em>\nHTML keeps its\n\nlines",
		"Markdown with some\nHTML keeps its\n\nlines");
	text_is("it's <a title='cut off>here", "it's here");
	text_is("<b", "<b");
	text_is("<b unclosed", "<b unclosed");
	line_is("<p>Night of the <i>pumps</i></p>", "Night of the pumps");
}

static void hidden_parts(void **state)
{
	text_is("a<script>var b = '<p>';</script>c", "ac");
	text_is("a<style>p { }</style >c", "ac");
	text_is("a<script>never closed", "a");
	text_is("a<!-- a comment with <p> -->b", "ab");
	text_is("a<!-- never closed", "a");
	text_is("<!DOCTYPE html><html><head><title>x</title></head><body>a</body></html>", "a");
}

static void references(void **state)
{
	text_is("&lt;p&gt; is &amp;lt;p&amp;gt;", "<p> is &lt;p&gt;");
	text_is("&quot;&apos;&auml;&Ouml;&szlig;&eacute;&hellip;&rsquo;", "\"'äÖßé…’");
	text_is("&#65;&#x42;&#228;&#x20AC;&#128640;", "ABä€🚀");
	text_is("a&nbsp;b&#160;c&#10;d", "a b c\nd");
	text_is("soft&shy;hyphen", "softhyphen");
	text_is("&#0;&#1;&#127;&#x85;a", "a");
	text_is("&#xD800;&#x110000;&#99999999999999999999;",
		"&#xD800;&#x110000;&#99999999999999999999;");
}

/* What the library would refuse a record for. */
static void control_characters(void **state)
{
	text_is("a\x01"
		"b\x7f"
		"c\xc2\x85"
		"d",
		"abcd");
	text_is("a\xc2\xa0z", "a\xc2\xa0z");
	text_is("a\xc2", "a");
}

/* The buffer is as large as it says in the source: everything that may grow, many times. */
static void nothing_overflows(void **state)
{
	static const char *const pieces[] = { "<li>",  "<li>x", "<p>",	  "\n",	  "x\n",
					      "<br>x", "<dd>y", "<pre> ", "&lt;", "<td>z" };
	char source[8192];

	for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
		size_t n = strlen(pieces[p]), at = 0;
		char *text;

		for (; at + n < sizeof(source); at += n)
			memcpy(source + at, pieces[p], n);
		source[at] = '\0';
		text = html_text(source);
		assert_in_range(strlen(text), 0, 2 * at + 8);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),	cmocka_unit_test(blanks),
		cmocka_unit_test(paragraphs_and_lists), cmocka_unit_test(inline_markup),
		cmocka_unit_test(hidden_parts),		cmocka_unit_test(references),
		cmocka_unit_test(control_characters),	cmocka_unit_test(nothing_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
