/*
 * test_telling.c - which sentences of a text are fit to be quoted, and in which order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include "agent/telling.h"

static void stand_alone(void **state)
{
	static const struct {
		const char *text;
		bool fit;
	} rows[] = {
		{ "Pumps keep the polder dry in winter.", true },
		{ "This talk is about pumps and polders.", true },
		{ "Keep it dry.", false },				  /* too short to tell */
		{ "About one month after I was born it rained.", false }, /* a memory */
		{ "It keeps the whole polder dry in winter.", false },	  /* what does? */
		{ "However, pumps keep the polder dry.", false },
		{ "Why do pumps keep the polder dry?", false },
		{ "Pumps that keep the polder dry in winter are:", false },
		{ "pumps keep the polder dry in winter.", false }, /* half a sentence */
		{ "Pumps (of all kinds keep the polder dry.", false },
		{ "The pumps keep on pumping and pumping...", false },
		{ "Pumps and more at https://example.org/pumps today.", false },
		{ "Pumps [keep](https://example.org) the polder dry in winter.", false },
		{ "Pumps(example.org/pumps) keep the polder dry in winter.", false },
		{ "Pumps (example: wind) Then the polder stays dry in winter.", false },
		{ "Pumps keep **the polder dry in winter.", false },
		{ "## Pumps keep the polder dry in winter.", false }, /* a heading */
	};
	struct arena *arena = arena_create(1 << 20);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *out[2];
		size_t n = telling_sentences(rows[i].text, out, ARRAY_SIZE(out), arena);

		if (n != (rows[i].fit ? 1 : 0))
			fail_msg("%s: %zu", rows[i].text, n);
	}
	arena_destroy(arena);
}

static void order_and_limit(void **state)
{
	static const char text[] =
		"Polders have been kept dry for centuries. Windmills did the work at first. "
		"In this talk we look at pumps. Electric pumps replaced the windmills later.";
	struct arena *arena = arena_create(1 << 20);
	const char *out[3];

	assert_int_equal(telling_sentences(text, out, 3, arena), 3);
	assert_string_equal(out[0], "In this talk we look at pumps.");
	assert_string_equal(out[1], "Polders have been kept dry for centuries.");
	assert_string_equal(out[2], "Windmills did the work at first.");
	assert_int_equal(telling_sentences("", out, 3, arena), 0);
	assert_int_equal(telling_sentences(NULL, out, 3, arena), 0);
	arena_destroy(arena);
}

static void most_of_the_words(void **state)
{
	static const char text[] =
		"Pumps are loud machines, most of them. Pumps in a polder are rather quiet. "
		"It is a polder with pumps and windmills.";
	static const char *const words[] = { "pumps", "polder", "windmills", NULL };
	static const char *const others[] = { "bicycle", NULL };
	struct arena *arena = arena_create(1 << 20);
	size_t n;

	assert_string_equal(telling_by_words(text, words, arena, &n),
			    "Pumps in a polder are rather quiet.");
	assert_int_equal(n, 2);
	assert_null(telling_by_words(text, others, arena, &n));
	assert_int_equal(n, 0);
	assert_string_equal(telling_by_beginnings(text, "|quiet|", arena),
			    "Pumps in a polder are rather quiet.");
	assert_null(telling_by_beginnings(text, "|bicycle|", arena));
	/* an item of a list ends with its line; what a link left is no quotation */
	assert_string_equal(telling_by_beginnings("Known:\n- Entry is free\nThen we reflect on it.",
						  "|free|", arena),
			    "Entry is free");
	assert_null(telling_by_beginnings("Known:\n- by Nix(https://nixos.org/) for free.",
					  "|free|", arena));
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stand_alone),
		cmocka_unit_test(order_and_limit),
		cmocka_unit_test(most_of_the_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
