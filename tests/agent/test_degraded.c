/*
 * test_degraded.c - what a visitor gets when a service is down: always text, as good as it can be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "programme.h"
#include "stage.h"
#include "word_embedder.h"

#define QUESTION "When is Sponge streets after ten years?"
#define TITLE	 "Sponge streets after ten years"

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	stage_open(s, programme_read(CONFERENCE), "2027-05-20T13:30");
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	stage_close(*state);
	free(*state);
	return 0;
}

static bool degraded(const struct answer *a, const char *part)
{
	struct json_object *list = json_get_array(a->debug, "degraded");

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), part) == 0)
			return true;
	return false;
}

static void store_down_before_the_first_turn(void **state)
{
	static const struct {
		const char *question, *text;
	} rows[] = {
		{ QUESTION, "I cannot reach the conference’s data at the moment. Please ask again "
			    "in a minute." },
		{ "Wann ist die Eröffnung?",
		  "Ich komme gerade nicht an die Daten der Konferenz. Bitte fragen Sie in einer "
		  "Minute noch einmal." },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < 2; i++) {
		for (enum fault fault = FAILS; fault <= HANGS; fault++) {
			struct answer a = { 0 };

			s->store.snapshot = s->store.history = fault;
			stage_ask(s, rows[i].question, &a);
			assert_int_equal(a.outcome, OUTCOME_FAILED);
			assert_string_equal(a.text.data, rows[i].text);
			assert_string_equal(a.error, rows[i].text);
			answer_finish(&a);
		}
	}
}

static void store_down_later(void **state)
{
	struct stage *s = *state;
	struct answer a = { 0 };

	stage_ask(s, QUESTION, &a);
	assert_int_equal(a.outcome, OUTCOME_OK);
	answer_finish(&a);
	/* The conference is known; only the history is missing. */
	for (enum fault fault = FAILS; fault <= HANGS; fault++) {
		s->store.snapshot = s->store.history = fault;
		stage_ask(s, QUESTION, &a);
		assert_int_equal(a.outcome, OUTCOME_OK);
		assert_non_null(strstr(a.text.data, TITLE));
		assert_true(degraded(&a, "history"));
		assert_false(a.basic);
		answer_finish(&a);
	}
}

static void index_down(void **state)
{
	static const struct {
		const char *question, *expected;
	} rows[] = {
		{ QUESTION, TITLE },
		{ "Where is the Carbopur stand?", "Carbopur" },
		{ "Who is Thordis Aegisdottir?", "Þórdís Ægisdóttir" },
		{ "What is on in B2.14 on Friday at 2 pm?", "Le fleuve a-t-il des droits ?" },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (enum fault fault = FAILS; fault <= HANGS; fault++) {
			struct answer a = { 0 };

			s->index.fault = fault;
			stage_forget(s);
			stage_ask(s, rows[i].question, &a);
			assert_int_equal(a.outcome, OUTCOME_OK);
			assert_non_null(strstr(a.text.data, rows[i].expected));
			assert_true(degraded(&a, "index"));
			answer_check(s, &a);
			answer_finish(&a);
		}
	}
}

static void every_tool_fails(void **state)
{
	struct stage *s = *state;
	struct answer a = { .no_time = s }; /* not even for a scan */

	s->index.fault = HANGS;
	stage_ask(s, QUESTION, &a);
	assert_int_equal(a.outcome, OUTCOME_OK);
	assert_non_null(strstr(a.text.data, "I cannot search the programme at the moment."));
	assert_int_equal(json_object_array_length(a.references), 0);
	answer_finish(&a);
}

/* Words answer, the model still writes, and both the visitor and the operator are told. */
static void embedder_down(void **state)
{
	static const int codes[] = { ASSISTANT_EUNAVAILABLE, ASSISTANT_ETIMEOUT };
	struct stage *s = *state;
	struct word_embedder *e = word_embedder_create(s->loop, 64);

	assert_non_null(e);
	s->env.embedder = &e->base;
	for (size_t i = 0; i < 2; i++) {
		struct answer a = { 0 };

		e->fail_code = codes[i];
		e->calls = 0;
		stage_ask(s, "Which talks are about smart meters?", &a);
		assert_int_equal(a.outcome, OUTCOME_OK);
		assert_int_equal(e->calls, 1); /* for the question and for the search of it */
		assert_true(a.basic);
		assert_true(degraded(&a, "embedder"));
		assert_false(degraded(&a, "index"));
		assert_non_null(strstr(a.text.data, "meter"));
		answer_finish(&a);
	}
	s->env.embedder = NULL;
	embedder_destroy(&e->base);
}

/* Words answer, and nothing failed: the model is still being read, or nobody asked for one. */
static void embedder_not_yet_or_not_wanted(void **state)
{
	static const struct {
		bool loading, by_default;
		int code;
		bool basic;
	} cases[] = { { true, false, ASSISTANT_ETIMEOUT, false },
		      { true, false, ASSISTANT_EUNAVAILABLE, true },
		      { false, true, ASSISTANT_EPROTOCOL, false },
		      { false, false, ASSISTANT_EPROTOCOL, true } };
	struct stage *s = *state;
	struct word_embedder *e = word_embedder_create(s->loop, 64);

	assert_non_null(e);
	s->env.embedder = &e->base;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct answer a = { 0 };

		e->loading = cases[i].loading;
		e->base.by_default = cases[i].by_default;
		e->fail_code = cases[i].code;
		e->calls = 0;
		stage_ask(s, "Which talks are about smart meters?", &a);
		assert_true(e->calls > 0);
		assert_int_equal(a.basic, cases[i].basic);
		assert_int_equal(degraded(&a, "embedder"), cases[i].basic);
		assert_non_null(strstr(a.text.data, "meter"));
		answer_finish(&a);
	}
	s->env.embedder = NULL;
	embedder_destroy(&e->base);
}

static void llm_down(void **state)
{
	static const enum fault faults[] = { FAILS, HANGS, SAYS_NOTHING, REFUSES };
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct answer a = { 0 };

		stage_use_llm(s, faults[i], NULL);
		s->llm.streams = 0;
		stage_forget(s);
		stage_ask(s, QUESTION, &a);
		assert_int_equal(s->llm.streams, 1);
		assert_int_equal(a.outcome, OUTCOME_OK);
		assert_true(a.basic);
		assert_non_null(strstr(a.text.data, TITLE));
		assert_non_null(strstr(a.text.data, "basic answer"));
		answer_check(s, &a);
		answer_finish(&a);
	}
}

static void llm_fails_midway(void **state)
{
	static const enum fault faults[] = { FAILS_MIDWAY, HANGS_MIDWAY };
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct answer a = { 0 };

		stage_use_llm(s, faults[i], NULL);
		stage_forget(s);
		stage_ask(s, QUESTION, &a);
		assert_int_equal(a.outcome, OUTCOME_OK);
		assert_true(a.basic);
		assert_true(strncmp(a.text.data, "Some words that \n\n**" TITLE, 20) == 0);
		assert_non_null(strstr(a.text.data, "basic answer"));
		answer_finish(&a);
	}
}

/* A model sees the facts as data, with handles, and the history. */
static void llm_is_told(void **state)
{
	struct stage *s = *state;
	struct answer a = { 0 };
	struct json_object *first;

	stage_use_llm(s, WORKS, "**[[s1]]** it is.");
	stage_ask(s, QUESTION, &a);
	assert_false(s->llm.saw_history);
	assert_false(a.basic);
	assert_non_null(strstr(a.text.data, "** it is."));
	first = json_object_array_get_idx(json_get_array(s->llm.facts, "results"), 0);
	assert_string_equal(json_text(first, "handle"), "s1");
	assert_string_equal(json_text(first, "type"), "session");
	assert_true(json_get_bool(first, "focus", false));
	assert_non_null(json_get_string(first, "start"));
	assert_non_null(json_get_array(first, "people"));
	assert_string_equal(json_text(s->llm.facts, "asked"), "when");
	assert_string_equal(json_text(s->llm.facts, "phase"), "during");
	answer_finish(&a);
	stage_ask(s, "who speaks there?", &a);
	assert_true(s->llm.saw_history);
	answer_finish(&a);
}

static void unknown_conference(void **state)
{
	struct stage *s = *state;
	struct answer a = { 0 };
	const char *id = s->snapshot->conference.id;

	s->snapshot->conference.id = "5f0c1f0e-0000-4000-8000-00000000dead";
	stage_begin(s, QUESTION, &a);
	s->snapshot->conference.id = id;
	stage_play(s, &a);
	assert_int_equal(a.outcome, OUTCOME_FAILED);
	assert_string_equal(a.text.data, "I do not know this conference.");
	answer_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(store_down_before_the_first_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(store_down_later, setup, teardown),
		cmocka_unit_test_setup_teardown(index_down, setup, teardown),
		cmocka_unit_test_setup_teardown(every_tool_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(embedder_down, setup, teardown),
		cmocka_unit_test_setup_teardown(embedder_not_yet_or_not_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(llm_down, setup, teardown),
		cmocka_unit_test_setup_teardown(llm_fails_midway, setup, teardown),
		cmocka_unit_test_setup_teardown(llm_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_conference, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
