/*
 * test_prose.c - what is left of pasted text: its sentences, and what they stand under.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/fail.h"
#include "base/text.h"
#include "base/utf8.h"
#include "search/prose.h"

/* Sentences joined by " | "; "# " before headings, "- " before items, "<n" behind what stands under n. */
static char *shape(struct arena *arena, const char *text)
{
	_cleanup_text_ struct text out;
	struct prose p;

	text_init(&out, 1 << 20);
	assert_int_equal(prose_read(text, arena, &p), 0);
	for (size_t i = 0; i < p.n; i++) {
		const struct sentence *s = &p.sentences[i];

		assert_int_equal(strlen(s->text), s->len);
		assert_true(s->len > 0 && s->lead < (int)i);
		text_printf(&out, "%s%s%s", i ? " | " : "",
			    s->heading ? "# "
			    : s->item  ? "- "
				       : "",
			    s->text);
		if (s->lead >= 0)
			text_printf(&out, " <%d", s->lead);
	}
	return text_take(&out);
}

static void sentences(void **state)
{
	static const char *const cases[][2] = {
		{ "One. Two! Three? Four", "One. | Two! | Three? | Four" },
		{ "Hard-wrapped\nlines are one.\n\nA paragraph.",
		  "Hard-wrapped lines are one. | A paragraph." },
		{ "Dr. Who, e.g. J. Doe vs. Smith et al. wrote it. Done.",
		  "Dr. Who, e.g. J. Doe vs. Smith et al. wrote it. | Done." },
		{ "The entrance is on Av. Roosevelt 50. Turn left.",
		  "The entrance is on Av. Roosevelt 50. | Turn left." },
		{ "Version 2.0 is out. node.js too.", "Version 2.0 is out. node.js too." },
		{ "He said \"Stop!\" Then he left.", "He said \"Stop!\" | Then he left." },
		{ "Wait... What?! Yes.", "Wait... | What?! | Yes." },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe3\x80\x82\xe8\xaa\x9e\xe3\x80\x82",
		  "\xe6\x97\xa5\xe6\x9c\xac\xe3\x80\x82 | \xe8\xaa\x9e\xe3\x80\x82" },
		{ "  ", "" },
		{ "", "" },
		{ NULL, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
		_cleanup_free_ char *got = shape(arena, cases[i][0]);

		assert_string_equal(got, cases[i][1]);
	}
}

static void markup(void **state)
{
	static const char *const cases[][2] = {
		/* Markdown */
		{ "**Bold** and *soft* `code` snake_case _so_ 2 * 3 ~~old~~",
		  "Bold and soft code snake_case so 2 * 3 old" },
		{ "See [the docs](https://example.org/a_b) now [1].", "See the docs now." },
		{ "Look at all that Streamplace (https://stream.place) does: https://x.org/a?b=c.",
		  "Look at all that Streamplace does:." },
		{ "![logo](a.png) Text [^2] more[3].\n\n[3]: https://example.org", "Text more." },
		{ "A\n---\nB is here.", "# A | B is here. <0" },
		{ "Before.\n```\nint main(void) { }\n```\nAfter.", "Before. | After." },
		{ "It \\*is\\* so", "It *is* so" },
		{ "Slides: https://example.org/slides.pdf\nThe talk.", "The talk." },
		{ "> quoted\n> text", "quoted text" },
		{ "|a|b|\n|---|---|\n|c|d|", "a|b | c|d" },
		/* HTML */
		{ "<p>One &amp; two</p><ul><li>x</li><li>y</li></ul>",
		  "# One & two | - x <0 | - y <0" },
		{ "a<br/>b <b>c</b> &#8217;d&#x27; &lt;int&gt; std::vector<int> &nope;",
		  "a b c \xe2\x80\x99"
		  "d' <int> std::vector<int> &nope;" },
		{ "<h2>Who</h2><p>You.</p>", "# Who | You. <0" },
		{ "Mail <me@example.org> or <https://example.org> us today please",
		  "Mail or us today please" },
		{ "a <!-- hidden --> b", "a b" },
		/* white space */
		{ "a\xc2\xa0"
		  "b\xe2\x80\x8b"
		  "c\r\nd\te",
		  "a bc d e" },
		/* broken */
		{ "[open <p unclosed &amp", "[open <p unclosed &amp" },
		{ "((((", "((((" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
		_cleanup_free_ char *got = shape(arena, cases[i][0]);

		assert_string_equal(got, cases[i][1]);
	}
}

static void what_things_stand_under(void **state)
{
	static const char *const cases[][2] = {
		{ "## Takeaways\n- one\n- two\n\n## More\nText here.",
		  "# Takeaways | - one <0 | - two <0 | # More | Text here. <3" },
		{ "You will learn:\n\n* one\n* two\n\nThe end of it.",
		  "# You will learn: | - one <0 | - two <0 | The end of it." },
		{ "At the end of this workshop everybody who came will have seen a few things:\n1. "
		  "one\n2) two",
		  "At the end of this workshop everybody who came will have seen a few things: | - "
		  "one <0 | - two <0" },
		{ "**Who should attend**\nEngineers of all kinds.",
		  "# Who should attend | Engineers of all kinds. <0" },
		{ "Just a line", "Just a line" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
		_cleanup_free_ char *got = shape(arena, cases[i][0]);

		assert_string_equal(got, cases[i][1]);
	}
}

/* Whatever comes in, sentences are valid UTF-8 of one line, without addresses, and not longer than the text. */
static void random_text(void **state)
{
	static const char *const bits[] = {
		"<p>", "</", "<a href=", "[",	 "](", ")",   "http://a.b", "&amp;",
		"&#",  ";",  "\n",	 "\n\n", "- ", "# ",  "```",	    "*",
		"_",   "a",  "B",	 " ",	 ". ", ":",   "\xc3\xa9",   "\xe3\x80\x82",
		"(",   "!",  "![",	 "\\",	 "|",  "---", "1. ",	    "\xf0\x9f\x98\x80"
	};
	uint64_t x = 88172645463325252u;

	for (int round = 0; round < 3000; round++) {
		_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
		_cleanup_text_ struct text t;
		struct prose p;
		size_t total = 0;

		text_init(&t, 4096);
		for (int i = 0; i < 40; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			text_append(&t, bits[x % ARRAY_SIZE(bits)]);
		}
		assert_int_equal(prose_read(t.data, arena, &p), 0);
		for (size_t i = 0; i < p.n; i++) {
			const struct sentence *s = &p.sentences[i];

			assert_true(utf8_valid(s->text, s->len));
			assert_null(strchr(s->text, '\n'));
			assert_null(strchr(s->text, '\001'));
			total += s->len;
		}
		assert_true(total <= t.len);
	}
}

static void bounds(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(8 << 20), *tiny = arena_create(64);
	_cleanup_text_ struct text t;
	struct prose p;

	text_init(&t, 1 << 20);
	for (int i = 0; i < 2 * PROSE_MAX_SENTENCES; i++)
		text_append(&t, "Aa bb. ");
	assert_int_equal(prose_read(t.data, arena, &p), 0);
	assert_int_equal(p.n, PROSE_MAX_SENTENCES);
	assert_int_equal(prose_read(t.data, tiny, &p), ASSISTANT_ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences),
		cmocka_unit_test(markup),
		cmocka_unit_test(what_things_stand_under),
		cmocka_unit_test(random_text),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("prose", tests, NULL, NULL);
}
