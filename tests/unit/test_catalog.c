/*
 * test_catalog.c - names as visitors write them, and words that only look like names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "base/utf8.h"
#include "search/catalog.h"
#include "search/gazetteer.h"
#include "search/words.h"
#include "support/programme.h"

static int setup(void **state)
{
	*state = programme_catalog(programme_read(TESTS_DIR "/golden/conferences/brussels.json"));
	return 0;
}

static int teardown(void **state)
{
	catalog_unref(*state);
	return 0;
}

static const struct name_match *best_of(const struct name_match *m, size_t n, enum name_kind kind)
{
	const struct name_match *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (m[i].kind == kind && (!best || m[i].similarity > best->similarity))
			best = &m[i];
	}
	return best;
}

static const char *target(const struct name_match *m)
{
	return !m ? "" : m->record ? m->record->id : m->value;
}

struct expected {
	const char *question;
	enum name_kind kind;
	const char *target;
	float least; /* similarity; negative: at most */
};

static void check(void **state, const struct expected *cases, size_t n_cases)
{
	for (size_t i = 0; i < n_cases; i++) {
		_cleanup_arena_ struct arena *arena = arena_create(4 << 20);
		_cleanup_free_ char *folded =
			utf8_fold(cases[i].question, strlen(cases[i].question));
		struct name_match *matches;
		size_t n = catalog_match(*state, folded, arena, &matches);
		const struct name_match *best = best_of(matches, n, cases[i].kind);
		float similarity = best ? best->similarity : 0;

		if (cases[i].least < 0) {
			if (similarity > -cases[i].least)
				fail_msg("\"%s\" matches %s with %.2f", cases[i].question,
					 target(best), (double)similarity);
			continue;
		}
		if (strcmp(target(best), cases[i].target) != 0 || similarity < cases[i].least)
			fail_msg("\"%s\": expected %s, got %s with %.2f", cases[i].question,
				 cases[i].target, target(best), (double)similarity);
		assert_true(best->from < best->to && best->to <= strlen(folded));
	}
}

static void records_by_name(void **state)
{
	static const struct expected cases[] = {
		{ "When is \"Evolving Git for the next decade\"?", NAME_RECORD, "s2", 1 },
		{ "evolving git next decade", NAME_RECORD, "s2", 0.8f },
		{ "Where is the Wireshark stand?", NAME_RECORD, "x1", 1 },
		{ "wiershark", NAME_RECORD, "x1", 0.8f },
		{ "the Let's Encrypt people", NAME_RECORD, "x2", 0.9f },
		{ "is divvi up here", NAME_RECORD, "x2", 0.9f },
		{ "Fedora stand", NAME_RECORD, "x3", 0.9f },
		{ "Kicad", NAME_RECORD, "x4", 0.9f },
		{ "software heritage", NAME_RECORD, "x5", 1 },
		{ "open printing", NAME_RECORD, "x8", 1 },
		{ "what is bradley kuhn presenting", NAME_RECORD, "p6", 1 },
		{ "Bradley M. Kuhn", NAME_RECORD, "p6", 1 },
		{ "bradly kuhn", NAME_RECORD, "p6", 0.7f },
		{ "Kühn, Bradley", NAME_RECORD, "p6", 0.7f },
		{ "Who is Ildikó Váncsa?", NAME_RECORD, "p5", 1 },
		{ "Mouzeli", NAME_RECORD, "p7", 0.8f },
		{ "Steinmark's talk", NAME_RECORD, "p1", 0.8f },
		{ "elodie marchand", NAME_RECORD, "p11", 1 },
		{ "the sandboxing services talk on landlock", NAME_RECORD, "s5", 0.8f },
	};

	check(state, cases, ARRAY_SIZE(cases));
}

static void places_by_code_name_and_building(void **state)
{
	static const struct expected cases[] = {
		{ "in UB2.252A", NAME_PLACE, "UB2.252A (Lameere)", 1 },
		{ "ub2 252a", NAME_PLACE, "UB2.252A (Lameere)", 1 },
		{ "the Lameere room", NAME_PLACE, "UB2.252A (Lameere)", 1 },
		{ "K3.201", NAME_PLACE, "K.3.201", 1 },
		{ "room K.3.201 now", NAME_PLACE, "K.3.201", 1 },
		{ "la fontaine", NAME_PLACE, "K.1.105 (La Fontaine)", 1 },
		{ "the main auditorium", NAME_PLACE, "Janson", 0.9f },
		{ "main hall", NAME_PLACE, "Janson", 0.9f },
		{ "building UA", NAME_PLACE, "building ua", 1 },
		{ "the K building", NAME_PLACE, "building k", 1 },
		{ "booth C-07", NAME_PLACE, "C-07", 1 },
		{ "a building on fire", NAME_PLACE, "", -0.1f },
	};

	check(state, cases, ARRAY_SIZE(cases));
}

static void buildings_hold_rooms_and_stands(void **state)
{
	const char *const *members = gazetteer_places(catalog_gazetteer(*state), "building k");
	unsigned rooms = 0, stands = 0;

	for (; *members; members++) {
		rooms += strncmp(*members, "K.", 2) == 0;
		stands += strncmp(*members, "K building", 10) == 0;
	}
	assert_int_equal(rooms, 2);
	assert_int_equal(stands, 3);
	assert_null(gazetteer_places(catalog_gazetteer(*state), "building z")[0]);
}

static void talks_tell_what_exhibitors_do(void **state)
{
	const struct snapshot *s = catalog_snapshot(*state);
	const struct gazetteer *g = catalog_gazetteer(*state);
	const struct record *const *named =
		gazetteer_mentions(g, snapshot_find(s, ENTITY_SESSION, "s3"));

	assert_non_null(named[0]);
	assert_string_equal(named[0]->id, "x1");
	assert_null(named[1]);
	/* "each element of a vector" names nobody */
	assert_null(gazetteer_mentions(g, snapshot_find(s, ENTITY_SESSION, "s14"))[0]);
	assert_null(gazetteer_mentions(g, snapshot_find(s, ENTITY_SPEAKER, "p1"))[0]);
}

static void values_by_name(void **state)
{
	static const struct expected cases[] = {
		{ "the legal & policy devroom", NAME_TRACK, "Legal & Policy", 1 },
		{ "legal and policy", NAME_TRACK, "Legal & Policy", 0.8f },
		{ "any workshops?", NAME_TYPE, "workshop", 0.9f },
		{ "main track", NAME_TYPE, "maintrack", 0.9f },
		{ "anybody from the wikimedia foundation", NAME_COMPANY, "Wikimedia Foundation",
		  1 },
		{ "from Volt Cooperative", NAME_COMPANY, "Volt Cooperative", 1 },
	};

	check(state, cases, ARRAY_SIZE(cases));
}

/* Names that are plain words stay doubtful: only their writing in the question can tell. */
static void plain_words_are_doubtful(void **state)
{
	static const struct expected cases[] = {
		{ "how many talks are there", NAME_RECORD, "", -0.5f },
		{ "ray tracing", NAME_RECORD, "", -0.6f },
		{ "an element of surprise", NAME_RECORD, "", -0.5f },
		{ "completely unrelated question", NAME_RECORD, "", -0.5f },
	};

	check(state, cases, ARRAY_SIZE(cases));
}

static void both_brandts_are_found(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct name_match *m;
	size_t n = catalog_match(*state, "which brandt is the librarian", arena, &m), found = 0;

	for (size_t i = 0; i < n; i++) {
		if (m[i].kind != NAME_RECORD)
			continue;
		assert_true(m[i].similarity < 0.75f); /* shared by two */
		found += strcmp(m[i].record->id, "p8") == 0 || strcmp(m[i].record->id, "p10") == 0;
	}
	assert_int_equal(found, 2);
}

static void long_questions_are_bounded(void **state)
{
	static const char *const fillers[] = { "rust ",
					       "kuhn bradley ",
					       "k",
					       "K.3.201 ",
					       "xqzvwy ",
					       "a ",
					       "evolving git for the next decade " };
	_cleanup_arena_ struct arena *arena = arena_create(64 << 20);

	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
		_cleanup_text_ struct text q = { 0 };
		struct timespec a, b;
		struct name_match *m;
		size_t n;

		text_init(&q, 8192);
		while (q.len < 2000)
			text_append(&q, fillers[i]);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		n = catalog_match(*state, q.data, arena, &m);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		assert_true(n <= GAZETTEER_MAX_MATCHES);
		assert_true((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < 200);
	}
}

static void unknown_zone_is_refused(void **state)
{
	struct snapshot *s = snapshot_create(1 << 20);
	struct fail f = FAIL_INIT;
	struct catalog *c = NULL;

	s->conference = (struct conference){ .id = "x", .name = "X", .timezone = "Mars/Olympus" };
	assert_int_equal(snapshot_seal(s, NULL), 0);
	assert_int_equal(catalog_create(s, &c, &f), ASSISTANT_ECONFIG);
	assert_null(c);
	assert_non_null(strstr(f.text, "Mars/Olympus"));
	snapshot_unref(s);
}

static void empty_conference_matches_nothing(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct catalog *c = programme_catalog(programme_parse(
		"{\"conference\":{\"id\":\"e\",\"name\":\"Empty\",\"timezone\":\"UTC\"}}"));
	struct name_match *m;

	assert_int_equal(catalog_match(c, "where is the keynote", arena, &m), 0);
	assert_int_equal(catalog_match(c, "", arena, &m), 0);
	catalog_unref(c);
}

static void distances(void **state)
{
	assert_int_equal(word_distance("langauge", 8, "language", 8, 2), 1); /* a swap is one */
	assert_int_equal(word_distance("kuhn", 4, "kuhn", 4, 2), 0);
	assert_int_equal(word_distance("kuhn", 4, "kohen", 5, 2), 2);
	assert_int_equal(word_distance("abc", 3, "xyz", 3, 2), 3);
	assert_int_equal(word_distance("a", 1, "abcdef", 6, 2), 3);
	assert_int_equal(word_distance("", 0, "ab", 2, 2), 2);
	assert_int_equal(word_tolerance(3), 0);
	assert_int_equal(word_tolerance(7), 1);
	assert_int_equal(word_tolerance(8), 2);
}

static void stop_words_are_sorted_and_found(void **state)
{
	static const char *const stop[] = { "a",	"the",	 "yourself", "uber",
					    "pourquoi", "donde", "zwischen" };
	static const char *const kept[] = { "rust", "janson", "", "zebra", "keynote" };

	for (size_t i = 0; i < ARRAY_SIZE(stop); i++)
		assert_true(word_is_stop(stop[i]));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		assert_false(word_is_stop(kept[i]));
	assert_false(word_is_stop("hat") || word_is_stop_in("hat", "en"));
	assert_true(word_is_stop_in("hat", "de") && word_is_stop_in("son", "fr"));
	assert_true(word_is_stop_in("the", "de")); /* said by whoever mixes them */
}

static void stop_words_are_marked_by_language(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	size_t n;
	struct word *w = words_split("the red hat", arena, 8, &n);

	words_mark_stops(w, n, "en");
	assert_true(w[0].stop && !w[1].stop && !w[2].stop);
	words_mark_stops(w, n, "de");
	assert_true(w[0].stop && !w[1].stop && w[2].stop);
}

static void capitals_mean_something_or_nothing(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	size_t n;
	struct word *w = words_split("is ray here", arena, 8, &n);

	assert_int_equal(n, 3);
	assert_true(words_capitals(w, n, "Is Ray here"));
	assert_true(w[1].capital && !w[2].capital);
	w = words_split("where is the talk about ray", arena, 8, &n);
	assert_false(words_capitals(w, n, "Where is the talk about ray"));
	assert_false(words_capitals(w, n, "WHERE IS THE TALK ABOUT RAY"));
	assert_false(w[5].capital);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_by_name),
		cmocka_unit_test(places_by_code_name_and_building),
		cmocka_unit_test(buildings_hold_rooms_and_stands),
		cmocka_unit_test(talks_tell_what_exhibitors_do),
		cmocka_unit_test(values_by_name),
		cmocka_unit_test(plain_words_are_doubtful),
		cmocka_unit_test(both_brandts_are_found),
		cmocka_unit_test(long_questions_are_bounded),
		cmocka_unit_test(unknown_zone_is_refused),
		cmocka_unit_test(empty_conference_matches_nothing),
		cmocka_unit_test(distances),
		cmocka_unit_test(stop_words_are_sorted_and_found),
		cmocka_unit_test(stop_words_are_marked_by_language),
		cmocka_unit_test(capitals_mean_something_or_nothing),
	};

	return cmocka_run_group_tests_name("catalog", tests, setup, teardown);
}
