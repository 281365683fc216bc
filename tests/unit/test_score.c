/*
 * test_score.c - what must hold of scores, and of the decision that nothing is relevant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
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

/* A record of that type with those cosines; others it does not have. */
static struct dense_hit near(enum entity type, float master, enum facet facet, float cosine)
{
	struct dense_hit h = { .type = type, .id = "x", .best = fmaxf(master, cosine) };

	for (unsigned i = 0; i < FACET_COUNT; i++)
		h.cosine[i] = COSINE_NONE;
	h.cosine[FACET_MASTER] = master;
	if (facet != FACET_MASTER)
		h.cosine[facet] = cosine;
	return h;
}

static const struct score_focus sessions = { .intent = INTENT_SESSION_SEARCH };

static void meanings_are_above_the_average(void **state)
{
	struct dense_hit h = near(ENTITY_SESSION, 0.5f, FACET_MASTER, 0);
	float last = -1;

	for (float c = -0.2f; c <= 1.01f; c += 0.1f) {
		float m;

		h.cosine[FACET_MASTER] = c;
		m = score_meaning(&sessions, &h, 0.1f);
		assert_true(m >= 0 && m <= 1 && m >= last);
		if (c <= 0.1f)
			assert_true(m == 0);
		last = m;
	}
	/* the same cosine says less where everything is near */
	h.cosine[FACET_MASTER] = 0.5f;
	assert_true(score_meaning(&sessions, &h, 0.4f) < score_meaning(&sessions, &h, 0.1f));
	assert_true(score_meaning(&sessions, &h, 1) == 0);
}

static void missing_facets_take_nothing_away(void **state)
{
	for (unsigned i = FACET_MASTER + 1; i < FACET_COUNT; i++) {
		enum entity type = facet_entity((enum facet)i);
		struct dense_hit sparse = near(type, 0.4f, FACET_MASTER, 0),
				 rich = near(type, 0.4f, (enum facet)i, 0.1f),
				 best = near(type, 0.4f, (enum facet)i, 0.9f);

		for (unsigned intent = 0; intent <= INTENT_OUT_OF_SCOPE; intent++) {
			const struct score_focus focus = { .intent = (enum intent)intent };
			float m = score_meaning(&focus, &sparse, 0.1f);

			assert_true(score_meaning(&focus, &rich, 0.1f) == m);
			assert_true(score_meaning(&focus, &best, 0.1f) > m);
		}
	}
}

/* For whom a talk is decides when advice is asked for, who gives it when people are. */
static void facets_weigh_by_intent(void **state)
{
	struct dense_hit who = near(ENTITY_SESSION, 0.3f, FACET_TARGET_AUDIENCE, 0.6f),
			 people = near(ENTITY_SESSION, 0.3f, FACET_SESSION_SPEAKERS, 0.6f);
	const struct score_focus advice = { .intent = INTENT_RECOMMENDATION },
				 speakers = { .intent = INTENT_SPEAKER_SEARCH };

	assert_true(score_meaning(&advice, &who, 0.1f) > score_meaning(&sessions, &who, 0.1f));
	assert_true(score_meaning(&speakers, &people, 0.1f) >
		    score_meaning(&sessions, &people, 0.1f));
}

/* "Somebody from a chip maker" is told by where people come from; "... who speaks of X", by that and by what they speak of. */
static void where_people_come_from_is_one_facet(void **state)
{
	struct dense_hit employed = near(ENTITY_SPEAKER, 0.2f, FACET_SPEAKER_BACKGROUND, 0.6f),
			 speaks = near(ENTITY_SPEAKER, 0.2f, FACET_SPEAKING_TOPICS, 0.6f),
			 both = employed;
	const struct score_focus from = { INTENT_SPEAKER_SEARCH, ORIGIN_ALONE },
				 of_whom = { INTENT_SPEAKER_SEARCH, ORIGIN_AND_TOPIC },
				 any = { INTENT_SPEAKER_SEARCH, ORIGIN_NONE };

	both.cosine[FACET_SPEAKING_TOPICS] = 0.6f;
	assert_true(score_meaning(&any, &employed, 0.1f) == score_meaning(&any, &speaks, 0.1f));
	assert_true(score_meaning(&from, &employed, 0.1f) > score_meaning(&from, &speaks, 0.1f));
	assert_true(score_meaning(&from, &both, 0.1f) == score_meaning(&from, &employed, 0.1f));
	assert_true(score_meaning(&of_whom, &both, 0.1f) >
		    score_meaning(&of_whom, &employed, 0.1f));
	assert_true(score_meaning(&of_whom, &both, 0.1f) > score_meaning(&of_whom, &speaks, 0.1f));
}

static void fused_scores_grow_with_both(void **state)
{
	for (unsigned n = 1; n <= 12; n++) {
		struct score_terms t = { .n = n, .known = 1 };
		float lexical, meaning;

		for (lexical = 0; lexical <= 0.8f; lexical += 0.2f) {
			for (meaning = 0; meaning <= 0.6f; meaning += 0.2f) {
				float s = score_fused(&t, lexical, meaning, 0.6f);

				assert_true(s >= 0 && s <= 0.8001f && s < score_name(0.6f));
				assert_true(score_fused(&t, lexical + 0.1f, meaning, 0.6f) > s);
				assert_true(score_fused(&t, lexical, meaning + 0.1f, 0.8f) >
					    score_fused(&t, lexical, meaning, 0.8f));
			}
		}
		/* without any meaning, words decide; their share is never all nor nothing */
		assert_true(score_fused(&t, 0.5f, 0, 0) == score_lexical_share(&t, 0.5f));
		assert_true(score_lexical_share(&t, 0.8f) > 0.1f);
		assert_true(score_lexical_share(&t, 0.8f) < 0.5f);
	}
	struct score_terms few = { .n = 1, .known = 1 }, many = { .n = 9, .known = 1 };

	assert_true(score_lexical_share(&few, 0.8f) > score_lexical_share(&many, 0.8f));
}

static void the_reference_formula(void **state)
{
	float two[] = { 0.5f, 0.3f }, five[] = { 0.5f, 0.5f, 0.5f, 0.5f, 0.5f };

	assert_float_equal(score_reference(two, 2), 0.6f * 0.4f + 0.4f * 0.5f, 1e-6);
	assert_float_equal(score_reference(five, 5), 0.6f * 0.5f + 0.4f, 1e-6);
	assert_true(score_reference(two, 0) == 0);
}

static void what_is_evident(void **state)
{
	struct score_terms few = { .n = 2, .known = 1 }, many = { .n = 8, .known = 1 },
			   strange = { .n = 2, .n_unknown = 1, .known = 0.4f };
	struct index_hit full = hit(5, 2, 2), half = hit(5, 1, 2);

	/* words bear witness, strange ones less */
	assert_true(score_evidence(&few, NULL, 0.3f) == 0.3f);
	assert_true(score_evidence(&few, &half, 0.3f) > 0.3f);
	assert_true(score_evidence(&few, &full, 0.3f) > score_evidence(&few, &half, 0.3f));
	assert_true(score_evidence(&strange, &half, 0.3f) < score_evidence(&few, &half, 0.3f));

	assert_true(score_evident(&few, 0.5f, 2000, DOUBT_MUCH));
	assert_false(score_evident(&few, 0.1f, 2000, DOUBT_LITTLE));
	/* the same nearness: of a long question, among few records, where a kind is asked for */
	assert_false(score_evident(&few, 0.28f, 2000, DOUBT_SOME));
	assert_true(score_evident(&many, 0.28f, 2000, DOUBT_SOME));
	assert_true(score_evident(&few, 0.28f, 200, DOUBT_SOME));
	assert_true(score_evident(&few, 0.28f, 2000, DOUBT_LITTLE));
	assert_false(score_evident(&many, 0.25f, 2000, DOUBT_MUCH));
	/* a short question with a word that nobody here ever said; where little is said, that may be an accident */
	strange.n = 2;
	assert_true(score_evident(&few, 0.34f, 2000, DOUBT_SOME));
	assert_false(score_evident(&strange, 0.34f, 2000, DOUBT_SOME));
	assert_true(score_evident(&strange, 0.34f, 32, DOUBT_SOME));
	strange.n = 8;
	assert_true(score_evident(&strange, 0.34f, 2000, DOUBT_SOME));
	/* a single word that is no word: a model finds something near to any row of letters */
	strange = (struct score_terms){ .n = 1, .n_unknown = 1, .known = 0 };
	assert_false(score_evident(&strange, 0.45f, 2000, DOUBT_SOME));
	assert_true(score_evident(&strange, 0.50f, 2000, DOUBT_SOME));
	strange.n = 2;
	assert_true(score_evident(&strange, 0.45f, 2000, DOUBT_SOME));
	/* neither nothing nor everything compared is beyond bounds */
	assert_true(score_evident(&few, 0.26f, 0, DOUBT_SOME) ==
		    score_evident(&few, 0.26f, 1, DOUBT_SOME));
	assert_false(score_evident(&few, 0.3f, 1000000, DOUBT_SOME));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_known_and_unknown),
		cmocka_unit_test(scores_stay_in_their_range),
		cmocka_unit_test(better_and_fuller_hits_score_higher),
		cmocka_unit_test(relevance),
		cmocka_unit_test(meanings_are_above_the_average),
		cmocka_unit_test(missing_facets_take_nothing_away),
		cmocka_unit_test(facets_weigh_by_intent),
		cmocka_unit_test(where_people_come_from_is_one_facet),
		cmocka_unit_test(fused_scores_grow_with_both),
		cmocka_unit_test(the_reference_formula),
		cmocka_unit_test(what_is_evident),
	};

	return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
