/*
 * test_when.c - time expressions of tests/golden/when.tsv at injected clocks, and what must hold of every result.
 *
 * A line:  conference  now  question  expected
 * expected: none, unclear, or KIND FROM TO [overlap] [+ FROM TO [overlap]]... [xCOUNT] [day] [outside] with FROM and TO as
 * local times or "-"; KIND: window now next first last "ending MINUTES".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "search/when.h"
#include "support/programme.h"

static const char *const kinds[] = {
	[WHEN_NONE] = "none",	  [WHEN_NOW] = "now",	  [WHEN_NEXT] = "next",
	[WHEN_WINDOW] = "window", [WHEN_FIRST] = "first", [WHEN_LAST] = "last",
	[WHEN_ENDING] = "ending"
};

static void write_time(struct text *out, const struct zone *z, int64_t at)
{
	struct civil c;

	if (at == TIME_UNKNOWN) {
		text_append(out, " -");
		return;
	}
	zone_civil(z, at, &c);
	text_printf(out, " %04d-%02d-%02dT%02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
	if (c.second)
		text_printf(out, ":%02d", c.second);
}

static void write_window(struct text *out, const struct zone *z, int64_t from, int64_t to,
			 bool overlap)
{
	write_time(out, z, from);
	write_time(out, z, to);
	if (overlap)
		text_append(out, " overlap");
}

/* In the golden file's words; NOW's and ENDING's own moments are implied. */
static void write_when(struct text *out, const struct zone *z, const struct when *w)
{
	text_append(out, w->kind == WHEN_NONE && w->unclear ? "unclear" : kinds[w->kind]);
	if (w->kind == WHEN_ENDING)
		text_printf(out, " %d", (int)((w->to - w->from) / 60));
	for (size_t i = 0; i < w->n_windows; i++) {
		text_append(out, i ? " +" : "");
		write_window(out, z, w->windows[i].from, w->windows[i].to, w->windows[i].overlap);
	}
	if (!w->n_windows && w->kind != WHEN_NONE && w->kind != WHEN_NOW && w->kind != WHEN_ENDING)
		write_window(out, z, w->from, w->to, w->overlap);
	if (w->count)
		text_printf(out, " x%u", w->count);
	if (w->explicit_day)
		text_append(out, " day");
	if (w->outside)
		text_append(out, " outside");
	if (w->unclear && w->kind != WHEN_NONE)
		text_append(out, " unclear");
}

static struct catalog *conference(const char *name)
{
	char path[512];
	struct snapshot *s;

	snprintf(path, sizeof path, "%s/golden/conferences/%s.json", TESTS_DIR, name);
	s = programme_read(path);
	if (!s)
		fail_msg("no %s", path);
	return programme_catalog(s);
}

static void check_bytes(const struct when *w, const char *folded)
{
	size_t len = strlen(folded);

	for (size_t i = 0; i < w->n_spans; i++) {
		assert_true(w->spans[i].from < w->spans[i].to && w->spans[i].to <= len);
		assert_true(!i || w->spans[i].from >= w->spans[i - 1].to);
	}
	if (w->kind == WHEN_NONE)
		return;
	assert_true(w->n_spans > 0);
	assert_int_equal(w->from_byte, w->spans[0].from);
	assert_int_equal(w->to_byte, w->spans[w->n_spans - 1].to);
	assert_non_null(w->said);
	assert_non_null(w->meant);
	assert_true(w->from == TIME_UNKNOWN || w->to == TIME_UNKNOWN || w->from <= w->to);
}

static bool agrees(const struct catalog *c, const char *now, const char *question,
		   const char *expected, unsigned line)
{
	_cleanup_arena_ struct arena *arena = arena_create(4 << 20);
	_cleanup_free_ char *folded = utf8_fold(question, strlen(question));
	_cleanup_text_ struct text got = { 0 };
	struct when w;

	text_init(&got, 4096);
	when_parse(c, folded, programme_time(catalog_zone(c), now), arena, &w);
	check_bytes(&w, folded);
	write_when(&got, catalog_zone(c), &w);
	if (strcmp(got.data, expected) == 0)
		return true;
	print_error("when.tsv:%u: \"%s\" at %s\n  expected %s\n  got      %s\n", line, question,
		    now, expected, got.data);
	return false;
}

static void golden_expressions(void **state)
{
	_cleanup_fclose_ FILE *in = fopen(TESTS_DIR "/golden/when.tsv", "re");
	struct catalog *c = NULL;
	char line[1024], name[64] = "";
	unsigned n = 0, number = 0, wrong = 0;

	assert_non_null(in);
	while (fgets(line, sizeof line, in)) {
		char *rest = line, *which, *now, *question, *expected;

		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0])
			continue;
		which = strsep(&rest, "\t");
		now = strsep(&rest, "\t");
		question = strsep(&rest, "\t");
		expected = strsep(&rest, "\t");
		if (!expected)
			fail_msg("when.tsv:%u: four fields are expected", number);
		if (strcmp(which, name) != 0) {
			catalog_unref(c);
			c = conference(which);
			snprintf(name, sizeof name, "%s", which);
		}
		wrong += !agrees(c, now, question, expected, number);
		n++;
	}
	catalog_unref(c);
	assert_true(n >= 250);
	assert_int_equal(wrong, 0);
}

static void says_what_it_means(void **state)
{
	static const char *const cases[][3] = {
		{ "2026-01-31T10:00", "Saturday afternoon",
		  "Saturday 31 January, 12:00-18:00 (Europe/Brussels)" },
		{ "2026-01-31T10:00", "on sunday", "Sunday 1 February (Europe/Brussels)" },
		{ "2026-01-31T10:00", "this weekend",
		  "Saturday 31 January to Sunday 1 February (Europe/Brussels)" },
		{ "2026-01-31T10:00", "what is on now",
		  "now, Saturday 31 January, 10:00 (Europe/Brussels)" },
		{ "2026-01-31T10:00", "at 2", "Saturday 31 January, 14:00 (Europe/Brussels)" },
		{ "2026-01-31T10:00", "tonight",
		  "Saturday 31 January, 17:00-04:00 (Europe/Brussels)" },
		{ "2026-01-31T10:00", "the last talk on sunday",
		  "the last of Sunday 1 February (Europe/Brussels)" },
		{ "2026-01-31T09:40", "after the welcome",
		  "after \"Welcome to the Winter Weekend\": Saturday 31 January, 09:50-24:00 "
		  "(Europe/Brussels)" },
	};
	struct catalog *c = conference("weekend");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
		struct when w;

		when_parse(c, cases[i][1], programme_time(catalog_zone(c), cases[i][0]), arena, &w);
		assert_non_null(w.meant);
		assert_string_equal(w.meant, cases[i][2]);
	}
	catalog_unref(c);
}

/* The part of the day, where it is all that was said of the hours. */
static void names_the_part_of_day(void **state)
{
	static const char *const cases[][3] = {
		{ "2026-01-31T10:00", "tomorrow morning", "morning" },
		{ "2026-01-31T10:00", "sonntag nachmittag", "afternoon" },
		{ "2026-01-31T10:00", "saturday late afternoon", "late_afternoon" },
		{ "2026-01-31T10:00", "demain soir", "evening" },
		{ "2026-01-31T10:00", "the first talk on sunday morning", "morning" },
		{ "2026-01-31T10:00", "sunday morning before 10", NULL },
		{ "2026-01-31T10:00", "saturday morning and sunday afternoon", NULL },
		{ "2026-01-31T10:00", "sunday", NULL },
		{ "2026-01-31T10:00", "at 2", NULL },
	};
	struct catalog *c = conference("weekend");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
		struct when w;

		when_parse(c, cases[i][1], programme_time(catalog_zone(c), cases[i][0]), arena, &w);
		if (!cases[i][2] != !w.part || (w.part && strcmp(w.part, cases[i][2]) != 0))
			fail_msg("\"%s\" is %s", cases[i][1], w.part ? w.part : "no part");
	}
	catalog_unref(c);
}

static void remembers_where_it_was_said(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct catalog *c = conference("weekend");
	const char *q = "what's on in janson on sunday at 2 in the afternoon?";
	struct when w;

	when_parse(c, q, programme_time(catalog_zone(c), "2026-01-31T09:00"), arena, &w);
	assert_string_equal(w.said, "on sunday at 2 in the afternoon");
	assert_int_equal(w.n_spans, 1);
	assert_int_equal(w.from_byte, strstr(q, "on sunday") - q);
	catalog_unref(c);
}

/* Any text of the longest length allowed, also made of nothing but time words. */
static void long_questions_are_bounded(void **state)
{
	static const char *const fillers[] = { "14:30 ", "sunday ", "2",	  "between ",
					       "-:.-",	 "next ",   "half past ", "day 2 from " };
	struct catalog *c = conference("weekend");

	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(4 << 20);
		_cleanup_text_ struct text q = { 0 };
		struct when w;

		text_init(&q, 8192);
		while (q.len < 8000)
			text_append(&q, fillers[i]);
		when_parse(c, q.data, 1769850000, arena, &w);
		check_bytes(&w, q.data);
	}
	catalog_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_expressions),
		cmocka_unit_test(says_what_it_means),
		cmocka_unit_test(names_the_part_of_day),
		cmocka_unit_test(remembers_where_it_was_said),
		cmocka_unit_test(long_questions_are_bounded),
	};

	return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
