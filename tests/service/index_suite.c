/*
 * index_suite.c - the conformance suite of index.h.
 */
#include "index_suite_parts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static struct index_hits ask(struct suite_fixture *fx, const char *text,
			     const struct index_filter *filter)
{
	struct lexical_query q = { .text = text, .typos = true, .fields = true, .limit = 50 };
	struct index_hits hits = { 0 };

	if (filter)
		q.filter = *filter;
	if (CALL(fx, lexical, ONE, &q, fx->arena, &hits) < 0)
		fail_msg("%s", call_fail()->text);
	return hits;
}

/* The ids found, best first, with blanks between. */
static const char *ids(struct suite_fixture *fx, const struct index_hits *hits)
{
	const char *all = "";

	for (size_t i = 0; i < hits->n; i++)
		all = arena_printf(fx->arena, "%s%s%s", all, i ? " " : "", hits->hits[i].id);
	return all;
}

static const char *asked(struct suite_fixture *fx, const char *text)
{
	struct index_hits hits = ask(fx, text, NULL);

	return ids(fx, &hits);
}

static const char *first(struct suite_fixture *fx, const char *text)
{
	struct index_hits hits = ask(fx, text, NULL);

	return hits.n ? hits.hits[0].id : "";
}

static const char *listed(struct suite_fixture *fx, const struct index_filter *filter)
{
	struct index_hits hits = { 0 };

	if (CALL(fx, list, ONE, filter, 50, 0, fx->arena, &hits) < 0)
		fail_msg("%s", call_fail()->text);
	assert_int_equal(hits.total, hits.n);
	return ids(fx, &hits);
}

/* --- Words ---------------------------------------------------------------------------- */

static void test_words(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_hits hits = ask(fx, "kubernetes", NULL);

	/* The title counts more than the text; what speakers speak about is theirs too. */
	assert_int_equal(hits.n, 3);
	assert_string_equal(hits.hits[0].id, "s1");
	assert_int_equal(hits.hits[0].type, ENTITY_SESSION);
	assert_true(hits.hits[0].score > hits.hits[1].score);
	assert_true(hits.hits[0].field[FIELD_NAME] > 0);
	assert_int_equal(hits.total, 10);
	assert_null(hits.hits[0].corrected);
	assert_string_equal(asked(fx, "nothing of the kind zzz"), "");
	assert_string_equal(asked(fx, ""), "");
	assert_string_equal(asked(fx, "  ... !"), "");
}

static void test_fields(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_hits hits = ask(fx, "kubernetes", NULL);

	for (size_t i = 0; i < hits.n; i++) {
		float sum = 0;

		for (unsigned k = 0; k < FIELD_COUNT; k++)
			sum += hits.hits[i].field[k];
		assert_true(sum > hits.hits[i].score * 0.999f && sum < hits.hits[i].score * 1.001f);
	}
	assert_string_equal(first(fx, "CUPS"), "e1");
	assert_string_equal(first(fx, "allocation"), "s2");
	assert_string_equal(first(fx, "Open Infra"), "p1");
	assert_string_equal(first(fx, "Janson")[0] == 's' ? "s" : "", "s");
}

static void test_stems(void **state)
{
	struct suite_fixture *fx = *state;

	assert_string_equal(first(fx, "community leader"), "p1");
	assert_string_equal(first(fx, "cluster"), "s1");
	assert_string_equal(first(fx, "packet"), "e2");
	assert_string_equal(first(fx, "device"), "s2");
}

static void test_accents_and_case(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_hits hits = ask(fx, "ILDIKO VANCSA", NULL);

	assert_string_equal(hits.hits[0].id, "p1");
	assert_int_equal(hits.hits[0].n_words, 2);
	assert_int_equal(hits.hits[0].n_query_words, 2);
	assert_null(hits.hits[0].corrected);
	assert_string_equal(first(fx, "ildikó"), "p1");
}

static void test_special_names(void **state)
{
	struct suite_fixture *fx = *state;

	assert_string_equal(asked(fx, "c++"), "s2 p2");
	assert_string_equal(first(fx, "node.js"), "s1");
	assert_string_equal(first(fx, "NodeJS"), "s1");
	assert_string_equal(first(fx, "llama.cpp"), "s6");
	assert_string_equal(first(fx, "5g"), "s6");
	assert_string_equal(first(fx, "A12"), "e1");
	assert_string_equal(first(fx, "K.1.105"), "s2");
	assert_string_equal(first(fx, "k1105"), "s2");
	assert_string_equal(first(fx, "pypsa 1.0"), "s6");
	assert_string_equal(first(fx, "wire shark"), "e2");
	assert_string_equal(first(fx, "printing"), "e1");
}

static void test_cjk(void **state)
{
	struct suite_fixture *fx = *state;

	assert_string_equal(asked(fx, "機械学習"), "s5");
	assert_string_equal(asked(fx, "学習"), "s5");
	assert_string_equal(asked(fx, "日本語"), "s5");
}

static void test_stop_words(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_hits hits = ask(fx, "where is the wireshark stand", NULL);

	assert_string_equal(hits.hits[0].id, "e2");
	assert_int_equal(hits.hits[0].n_query_words, 2);
	/* Nothing else is left: then they are words. */
	assert_string_equal(first(fx, "to be or not to be"), "s6");
}

static void test_typos(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_hits hits = ask(fx, "kuberentes", NULL);
	struct lexical_query exact = { .text = "kuberentes", .limit = 5 };

	assert_string_equal(hits.hits[0].id, "s1");
	assert_string_equal(hits.hits[0].corrected, "kuberentes->kubernetes");
	assert_string_equal(first(fx, "wireshrak"), "e2");
	assert_string_equal(first(fx, "Vanksa"), "p1");
	/* Short words and far ones are not guessed. */
	assert_string_equal(asked(fx, "lix"), "");
	assert_string_equal(asked(fx, "cybernetics"), "");
	assert_string_equal(asked(fx, "bbubernetes"), "");
	/* What the conference contains is not corrected. */
	assert_null(ask(fx, "talks", NULL).hits[0].corrected);
	assert_int_equal(CALL(fx, lexical, ONE, &exact, fx->arena, &hits), 0);
	assert_int_equal(hits.n, 0);
}

static void test_order_and_limit(void **state)
{
	struct suite_fixture *fx = *state;
	struct lexical_query q = { .text = "lightning", .limit = 1 };
	struct index_hits hits = { 0 };

	/* Equal scores, equal names: by id, every time. */
	for (int i = 0; i < 3; i++)
		assert_string_equal(asked(fx, "lightning"), "s3 s4");
	assert_int_equal(CALL(fx, lexical, ONE, &q, fx->arena, &hits), 0);
	assert_int_equal(hits.n, 1);
	assert_string_equal(hits.hits[0].id, "s3");
}

static void test_weights(void **state)
{
	struct suite_fixture *fx = *state;
	struct lexical_query q = { .text = "kubernetes",
				   .limit = 5,
				   .weights = { [FIELD_TEXT] = 1 } };
	struct index_hits hits = { 0 };

	assert_int_equal(CALL(fx, lexical, ONE, &q, fx->arena, &hits), 0);
	assert_int_equal(hits.n, 1);
	assert_string_equal(hits.hits[0].id, "s2");
}

/* --- Filters ---------------------------------------------------------------------------- */

static const char *const *one(const char *value)
{
	static const char *lists[4][2]; /* four may be in use at a time */
	static unsigned next;
	const char **list = lists[next++ % 4];

	list[0] = value;
	return list;
}

static void test_list_order(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_filter all = { 0 }, sessions_only = { .entities = ENTITY_BIT(ENTITY_SESSION) };
	struct index_hits hits = { 0 };

	assert_string_equal(listed(fx, &all), "s1 s2 s3 s6 s4 s5 e1 e2 p2 p1");
	assert_string_equal(listed(fx, &sessions_only), "s1 s2 s3 s6 s4 s5");
	assert_int_equal(CALL(fx, list, ONE, &all, 3, 2, fx->arena, &hits), 0);
	assert_string_equal(ids(fx, &hits), "s3 s6 s4");
	assert_int_equal(hits.total, 10);
	assert_int_equal(CALL(fx, list, ONE, &all, 3, 100, fx->arena, &hits), 0);
	assert_int_equal(hits.n, 0);
}

static void test_columns(void **state)
{
	struct suite_fixture *fx = *state;
	const char *two[] = { "ai", "CLOUD", NULL }, *none[] = { NULL };

	assert_string_equal(listed(fx, &(struct index_filter){ .places = one("janson") }),
			    "s1 s3 s4");
	assert_string_equal(listed(fx, &(struct index_filter){ .places = one("a12") }), "e1");
	assert_string_equal(listed(fx, &(struct index_filter){ .places = one("jan") }), "");
	assert_string_equal(listed(fx, &(struct index_filter){ .tracks = two }), "s1 s6 s5");
	assert_string_equal(listed(fx, &(struct index_filter){ .tracks = one("network") }), "e2");
	assert_string_equal(listed(fx, &(struct index_filter){ .types = one("Lightning") }),
			    "s3 s4");
	assert_string_equal(listed(fx, &(struct index_filter){ .levels = one("beginner") }), "s1");
	assert_string_equal(listed(fx, &(struct index_filter){ .languages = one("EN") }), "s1 s2");
	assert_string_equal(listed(fx, &(struct index_filter){ .speaker_ids = one("p1") }),
			    "s1 s6");
	assert_string_equal(listed(fx, &(struct index_filter){ .ids = one("e2") }), "e2");
	assert_string_equal(listed(fx, &(struct index_filter){ .ids = none }), "");
	assert_string_equal(
		listed(fx, &(struct index_filter){ .places = one("Janson"), .types = one("Talk") }),
		"s1");
}

static void test_windows(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_filter f = { .entities = ENTITY_BIT(ENTITY_SESSION), .has_window = true };

	f.from = T(2); /* 10:00 */
	f.to = T(3);
	assert_string_equal(listed(fx, &f), "s1");
	f.from = T(2) + 1800;
	assert_string_equal(listed(fx, &f), "");
	f.overlap = true;
	assert_string_equal(listed(fx, &f), "s1");
	f.to = T(3) + 1;
	assert_string_equal(listed(fx, &f), "s1 s2");
	/* What has ended at the start of the window is over; what has no end is a moment. */
	f.from = T(3);
	f.to = T(5);
	assert_string_equal(listed(fx, &f), "s2 s3");
	f.from = TIME_UNKNOWN;
	f.to = T(4);
	assert_string_equal(listed(fx, &f), "s1 s2");
	f.from = T(12);
	f.to = TIME_UNKNOWN;
	assert_string_equal(listed(fx, &f), "s6 s4");
	/* Times constrain sessions: others have none. */
	f.entities = ENTITY_ALL;
	assert_string_equal(listed(fx, &f), "s6 s4 e1 e2 p2 p1");
}

static void test_filtered_words(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_filter f = { .entities = ENTITY_BIT(ENTITY_SPEAKER) };
	struct index_hits hits = ask(fx, "kubernetes", &f);

	assert_string_equal(ids(fx, &hits), "p1");
	assert_int_equal(hits.total, 2);
	f = (struct index_filter){ .tracks = one("Embedded") };
	hits = ask(fx, "kubernetes", &f);
	assert_string_equal(ids(fx, &hits), "s2");
}

/* --- Conferences and epochs ------------------------------------------------------------------ */

static void test_isolation(void **state)
{
	struct suite_fixture *fx = *state;
	struct lexical_query q = { .text = "kubernetes", .limit = 50 };
	struct index_hits hits = { 0 };

	suite_put(fx, suite_other_conference(9));
	assert_null(strstr(asked(fx, "kubernetes"), "x1"));
	assert_int_equal(CALL(fx, lexical, OTHER, &q, fx->arena, &hits), 0);
	assert_string_equal(ids(fx, &hits), "x1");
	assert_int_equal(hits.total, 1);
}

static void test_unknown_conference(void **state)
{
	struct suite_fixture *fx = *state;
	struct lexical_query q = { .text = "kubernetes" };
	struct index_filter all = { 0 };
	struct index_hits hits = { .total = 7 };

	assert_int_equal(CALL(fx, lexical, OTHER, &q, fx->arena, &hits), ASSISTANT_ENOTFOUND);
	assert_non_null(strstr(call_fail()->text, OTHER));
	assert_int_equal(CALL(fx, list, "../x", &all, 1, 0, fx->arena, &hits), ASSISTANT_ENOTFOUND);
	assert_int_equal(CALL(fx, use, OTHER, 1), ASSISTANT_ENOTFOUND);
	assert_int_equal(CALL(fx, use, ONE, 77), ASSISTANT_ENOTFOUND);
	assert_true(CALL(fx, use, "../../etc/passwd", 1) < 0);
	assert_int_equal(hits.total, 7);
	/* What was in use still is. */
	assert_string_equal(first(fx, "kubernetes"), "s1");
}

static void test_switch(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *next = suite_begin(ONE, 2);
	struct lexical_query q = { .text = "kubernetes", .limit = 5 };
	struct index_hits before = { 0 };
	struct call asking, using;
	static const char *const line[] = { "{\"id\":\"n1\",\"title\":\"Kubernetes is gone\"}" };

	suite_fill(next, ENTITY_SESSION, line, 1);
	suite_seal(next);
	assert_int_equal(CALL(fx, build, next, NULL, NULL), 0);
	/* Built is not yet used. */
	assert_string_equal(first(fx, "kubernetes"), "s1");
	/* A question on its way is answered from what was in use when it was asked. */
	fx->index->ops->lexical(fx->index, ONE, &q, fx->arena, &before,
				call_begin(&asking, fx->loop));
	fx->index->ops->use(fx->index, ONE, 2, call_begin(&using, fx->loop));
	assert_int_equal(call_wait(&using), 0);
	assert_int_equal(call_wait(&asking), 0);
	assert_string_equal(before.hits[0].id, "s1");
	assert_string_equal(asked(fx, "kubernetes"), "n1");
	/* Who still holds the records of before is answered with them; others with what is in use. */
	for (uint64_t epoch = 0; epoch < 4; epoch++) {
		struct index_hits hits = { 0 };

		q.filter.epoch = epoch;
		assert_int_equal(CALL(fx, lexical, ONE, &q, fx->arena, &hits), 0);
		assert_string_equal(hits.hits[0].id, epoch == 1 ? "s1" : "n1");
	}
	q.filter.epoch = 1;
	assert_int_equal(CALL(fx, use, ONE, 2), 0);
	assert_int_equal(CALL(fx, lexical, ONE, &q, fx->arena, &before), 0);
	assert_string_equal(before.hits[0].id, "s1");
	snapshot_unref(next);
}

static void test_cancelled(void **state)
{
	struct suite_fixture *fx = *state;
	struct lexical_query q = { .text = "kubernetes" };
	struct index_hits hits = { .total = 7 };
	struct call c;

	fx->index->ops->lexical(fx->index, ONE, &q, fx->arena, &hits, call_begin(&c, fx->loop));
	flow_cancel(&c.flow);
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	assert_int_equal(hits.total, 7);
	assert_int_equal(CALL(fx, ping), 0);
}

static void test_verify(void **state)
{
	struct suite_fixture *fx = *state;
	struct snapshot *same = suite_conference(ONE, 1), *changed = suite_begin(ONE, 1);
	static const char *const lines[] = {
		"{\"id\":\"e1\",\"name\":\"OpenPrinting\",\"booth_number\":\"A13\"}",
		"{\"id\":\"e9\",\"name\":\"New\"}",
	};
	_cleanup_free_ char *good = NULL, *bad = NULL;

	assert_int_equal(CALL(fx, verify, same, NULL, &good), 0);
	assert_string_equal(good, "{\"ok\":true,\"findings\":[]}");
	suite_fill(changed, ENTITY_EXHIBITOR, lines, 2);
	suite_seal(changed);
	assert_int_equal(CALL(fx, verify, changed, NULL, &bad), 0);
	assert_non_null(strstr(bad, "\"ok\":false"));
	assert_non_null(strstr(bad, "exhibitor e1 differs"));
	assert_non_null(strstr(bad, "session s1 is in the index and not in the store"));
	assert_non_null(strstr(bad, "the index holds 1 of the store's 2 exhibitors"));
	snapshot_unref(same);
	snapshot_unref(changed);
}

static void test_empty_conference(void **state)
{
	struct suite_fixture *fx = *state;
	struct index_filter all = { 0 };

	suite_put(fx, suite_seal(suite_begin(ONE, 1)));
	assert_string_equal(asked(fx, "anything at all"), "");
	assert_string_equal(listed(fx, &all), "");
}

/* An arena that is too small for what was found: a failure, and nothing half written. */
static void test_no_room(void **state)
{
	struct suite_fixture *fx = *state;
	struct lexical_query q = { .text = "kubernetes", .limit = 5 };
	struct index_hits hits = { 0 };
	struct arena *small = arena_create(8);

	assert_int_equal(CALL(fx, lexical, ONE, &q, small, &hits), ASSISTANT_ETOOLARGE);
	assert_null(hits.hits);
	assert_int_equal(hits.n, 0);
	arena_destroy(small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, suite_setup, suite_teardown)

int index_suite_run(struct suite_target *t)
{
	const struct CMUnitTest tests[] = {
		TEST(test_words),
		TEST(test_fields),
		TEST(test_stems),
		TEST(test_accents_and_case),
		TEST(test_special_names),
		TEST(test_cjk),
		TEST(test_stop_words),
		TEST(test_typos),
		TEST(test_order_and_limit),
		TEST(test_weights),
		TEST(test_list_order),
		TEST(test_columns),
		TEST(test_windows),
		TEST(test_filtered_words),
		TEST(test_isolation),
		TEST(test_unknown_conference),
		TEST(test_switch),
		TEST(test_cancelled),
		TEST(test_no_room),
		TEST(test_verify),
		cmocka_unit_test_setup_teardown(test_empty_conference, suite_setup_empty,
						suite_teardown),
	};

	suite_target_set(t);
	return cmocka_run_group_tests_name(t->name, tests, NULL, NULL) +
	       index_suite_run_vectors(t->name) + index_suite_run_staging(t->name);
}
