/*
 * test_score.c - what must hold of scores, and of the decision that nothing is relevant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "search/score.h"

static struct vocabulary *words_of(struct arena *arena, const char *text)
{
	struct vocabulary *v = vocabulary_create(arena);

	assert_non_null(v);
	assert_int_equal(vocabulary_read(v, text), 0);
	vocabulary_seal(v);
	return v;
}

static void terms_known_and_unknown(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct vocabulary *v =
		words_of(arena, "Measure the power that machines burn; planting trees in streets.");
	struct score_terms t;

	score_terms_read(&t, v, "power machines");
	assert_int_equal(t.n, 2);
	assert_int_equal(t.n_unknown, 0);
	assert_true(t.known == 1);
	/* other forms are known, too */
	score_terms_read(&t, v, "plant tree street measuring burns");
	assert_int_equal(t.n_unknown, 0);
	score_terms_read(&t, v, "power sauna");
	assert_int_equal(t.n_unknown, 1);
	assert_true(t.known > 0.35f && t.known < 0.5f);
	score_terms_read(&t, v, "eiffel tower");
	assert_true(t.known == 0);
	score_terms_read(&t, v, "");
	assert_int_equal(t.n, 0);
	vocabulary_destroy(v);
}

static struct index_hit hit(float score, unsigned words, unsigned of)
{
	return (struct index_hit){
		.id = "x", .score = score, .n_words = words, .n_query_words = of
	};
}

static void scores_stay_in_their_range(void **state)
{
	struct score_terms known = { .n = 3, .known = 1 },
			   strange = { .n = 3, .n_unknown = 2, .known = 0.25f };

	for (unsigned words = 0; words <= 3; words++) {
		for (float s = 0; s <= 12; s += 1.5f) {
			struct index_hit h = hit(s, words, 3);
			float score = score_lexical(&known, &h, 12);

			assert_true(score >= 0 && score <= 0.8f);
			assert_true(score_lexical(&strange, &h, 12) <= score);
		}
	}
	/* a name is above everything that words say */
	struct index_hit best = hit(12, 3, 3);

	assert_true(score_name(0.6f) > score_lexical(&known, &best, 12));
	assert_true(score_name(1) <= 1 && score_name(0) >= 0.8f && score_name(2) <= 1);
	assert_true(score_lexical(&known, &best, 0) < 0.8f); /* no best: nothing to compare with */
}

static void better_and_fuller_hits_score_higher(void **state)
{
	struct score_terms t = { .n = 4, .known = 1 };
	struct index_hit full = hit(5, 4, 4), half = hit(5, 2, 4), weak = hit(2, 4, 4);

	assert_true(score_lexical(&t, &full, 10) > score_lexical(&t, &half, 10));
	assert_true(score_lexical(&t, &full, 10) > score_lexical(&t, &weak, 10));
}

static void relevance(void **state)
{
	static const struct {
		float known;
		unsigned n, words;
		bool strict, relevant;
	} cases[] = {
		{ 1, 1, 1, false, true },      /* "wireguard" */
		{ 1, 8, 2, false, true },      /* a need in everyday words */
		{ 1, 10, 1, false, false },    /* one word of ten is an accident */
		{ 0.5f, 2, 1, false, true },   /* "langauge support", half a hit */
		{ 0.25f, 3, 1, false, false }, /* "eiffel tower height" and a talk on height */
		{ 0.25f, 8, 3, false, true },  /* three words are no accident */
		{ 0.4f, 2, 1, true, false },   /* "where is the swimming pool": swimming alone */
		{ 1, 2, 2, true, true },       { 1, 3, 1, true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct score_terms t = { .n = cases[i].n, .known = cases[i].known };
		struct index_hit h = hit(4, cases[i].words, cases[i].n);

		if (score_relevant(&t, &h, cases[i].strict) != cases[i].relevant)
			fail_msg("case %zu", i);
	}
	struct score_terms t = { .n = 1, .known = 1 };
	struct index_hit none = hit(0, 0, 1);

	assert_false(score_relevant(&t, NULL, false));
	assert_false(score_relevant(&t, &none, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_known_and_unknown),
		cmocka_unit_test(scores_stay_in_their_range),
		cmocka_unit_test(better_and_fuller_hits_score_higher),
		cmocka_unit_test(relevance),
	};

	return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
