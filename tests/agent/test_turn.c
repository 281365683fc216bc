/*
 * test_turn.c - a turn from its beginning to its end: paths, words, stops at any time, deadlines,
 * memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "observe/metrics.h"
#include "programme.h"
#include "stage.h"

static struct stage stage;

static int setup(void **state)
{
	stage_open(&stage, programme_read(CONFERENCE), "2027-05-20T13:30");
	*state = &stage;
	return 0;
}

static int teardown(void **state)
{
	stage_close(&stage);
	return 0;
}

static void path_is(const char *question, const char *path)
{
	struct answer a = { 0 };

	stage_forget(&stage);
	stage_ask(&stage, question, &a);
	assert_string_equal(a.statuses.data, path);
	assert_int_equal(a.outcome, OUTCOME_OK);
	assert_null(a.error);
	answer_check(&stage, &a);
	answer_finish(&a);
}

static void paths(void **state)
{
	path_is("When is Sponge streets after ten years?",
		"understand plan execute reflect respond");
	path_is("Hello!", "understand respond");
	path_is("Write me a poem about cats", "understand respond");
	/* No such talk on that day: the day is given up. */
	path_is("hydrophones on Saturday",
		"understand plan execute reflect plan execute reflect respond");
}

/* Nothing in that room, nor elsewhere, is about the words: what the room has, and that it is about something else. */
static void the_list_of_a_room_instead_of_nothing(void **state)
{
	struct answer a = { 0 };

	stage_forget(&stage);
	stage_ask(&stage, "giraffe zookeeping in Werkstatt 1", &a);
	assert_int_equal(a.outcome, OUTCOME_OK);
	assert_non_null(strstr(a.text.data, "Nothing there is about"));
	assert_non_null(strstr(a.text.data, "giraffe"));
	assert_true(json_object_array_length(a.references) >= 3);
	answer_check(&stage, &a);
	answer_finish(&a);
	/* of something one may find on site, a room's programme is no answer */
	stage_forget(&stage);
	a = (struct answer){ 0 };
	stage_ask(&stage, "is there a sauna in Werkstatt 1?", &a);
	assert_null(strstr(a.text.data, "This is what there is"));
	assert_true(!a.references || json_object_array_length(a.references) == 0);
	answer_finish(&a);
}

static void status_words(void **state)
{
	static const struct {
		const char *question, *words;
	} rows[] = {
		{ "When is the opening keynote?", "Looking at the programme" },
		{ "Wann ist die Eröffnung?", "Sehe im Programm nach" },
		{ "Quand a lieu la session d'ouverture ?", "Je consulte le programme" },
		{ "¿Cuándo es la sesión de apertura?", "Consultando el programa" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answer a = { 0 };

		stage_forget(&stage);
		stage_ask(&stage, rows[i].question, &a);
		assert_non_null(strstr(a.status_words.data, rows[i].words));
		answer_finish(&a);
	}
}

static void timings_and_debug(void **state)
{
	struct answer a = { 0 };

	stage_forget(&stage);
	stage_ask(&stage, "Where is the Carbopur stand?", &a);
	assert_true(json_get_int(a.timings, "understand_ms", -1) >= 0);
	assert_true(json_get_int(a.timings, "respond_ms", -1) >= 0);
	assert_true(json_get_int(a.timings, "first_text_ms", -1) >= 0);
	assert_true(json_get_int(a.timings, "total_ms", -1) >=
		    json_get_int(a.timings, "first_text_ms", -1));
	assert_string_equal(json_text(a.debug, "intent"), "exhibitor_search");
	assert_string_equal(json_text(a.debug, "model"), "composer");
	assert_true(json_get_int(a.debug, "search_results_count", 0) >= 1);
	assert_string_equal(json_object_get_string(json_object_array_get_idx(
				    json_get_array(a.debug, "tools_used"), 0)),
			    "search_exhibitors");
	assert_non_null(json_get_string(json_get_object(a.debug, "understood"), "question"));
	answer_finish(&a);
}

/* --- Stopping ---------------------------------------------------------------------- */

static void stopped_or_done(struct answer *a)
{
	assert_true(a->outcome == OUTCOME_STOPPED || a->outcome == OUTCOME_OK);
	assert_true(a->text.len > 0);
	assert_null(strstr(a->text.data, "[["));
}

static void stop_after_every_turn_of_the_loop(void **state)
{
	static const char *const question = "Which sessions are about floods on Friday?";
	size_t stopped = 0, done = 0;
	struct llm *slow;

	assert_int_equal(composer_open(stage.loop, 5, &slow, NULL), 0);
	stage.env.llm = stage.env.composer = slow;
	for (int k = 0; k < 400 && done < 3; k++) {
		struct answer a = { 0 };

		stage_forget(&stage);
		stage_begin(&stage, question, &a);
		for (int i = 0; i < k && !a.ended; i++)
			loop_turn(stage.loop, true);
		if (a.turn) {
			turn_stop(a.turn);
			assert_false(a.ended); /* never inside the call */
			turn_stop(a.turn);     /* again: no effect */
		}
		stage_play(&stage, &a);
		stopped_or_done(&a);
		stopped += a.outcome == OUTCOME_STOPPED;
		done += a.outcome == OUTCOME_OK;
		answer_finish(&a);
	}
	assert_true(stopped > 10);
	assert_true(done >= 3);
	stage.env.llm = stage.env.composer = stage.composer;
	llm_destroy(slow);
}

static void stop_from_inside_the_sink(void **state)
{
	size_t done = 0, n;

	for (n = 1; n < 400 && !done; n++) {
		struct answer a = { .stop_at_call = n };

		stage_forget(&stage);
		stage_ask(&stage, "Which sessions are about floods on Friday?", &a);
		stopped_or_done(&a);
		/* Behind the stop at most the sentence that there is no answer. */
		if (a.outcome == OUTCOME_STOPPED)
			assert_true(a.n_calls <= n + 1);
		done += a.outcome == OUTCOME_OK && a.n_calls < n;
		answer_finish(&a);
	}
	assert_true(n > 20);
}

static void stop_before_text_says_so(void **state)
{
	struct answer a = { 0 };

	stage_forget(&stage);
	stage_begin(&stage, "Wann ist die Eröffnung?", &a);
	turn_stop(a.turn);
	stage_play(&stage, &a);
	assert_int_equal(a.outcome, OUTCOME_STOPPED);
	assert_string_equal(a.text.data, "Diese Antwort wurde angehalten, bevor sie begann.");
	answer_finish(&a);
}

static void stop_ends_the_model_at_once(void **state)
{
	struct answer a = { 0 };
	size_t before;

	stage_forget(&stage);
	stage_use_llm(&stage, ENDLESS, NULL);
	stage_begin(&stage, "Which sessions are about floods?", &a);
	while (a.text.len < 200)
		loop_turn(stage.loop, true);
	before = a.text.len;
	turn_stop(a.turn);
	stage_play(&stage, &a);
	assert_int_equal(a.outcome, OUTCOME_STOPPED);
	assert_int_equal(a.text.len, before);
	answer_finish(&a);
	stage.env.llm = stage.composer;
}

/* --- Limits ----------------------------------------------------------------------------- */

static void deadline_with_text_is_partial(void **state)
{
	struct answer a = { 0 };
	int64_t began = loop_now_ms(stage.loop);

	stage_forget(&stage);
	stage_use_llm(&stage, HANGS_MIDWAY, NULL);
	stage.env.composer = &stage.llm.base; /* nobody else is there */
	stage_ask(&stage, "Which sessions are about floods?", &a);
	assert_int_equal(a.outcome, OUTCOME_PARTIAL);
	assert_string_equal(a.text.data, "Some words that \n\n(The answer ends here: there was no "
					 "more time.)");
	assert_true(loop_now_ms(stage.loop) - began <= stage.env.limits.turn_ms + 10);
	answer_finish(&a);
	stage.env.llm = stage.env.composer = stage.composer;
}

static void deadline_without_text_fails_in_words(void **state)
{
	struct answer a = { 0 };

	stage_forget(&stage);
	stage_use_llm(&stage, HANGS, NULL);
	stage.env.composer = &stage.llm.base;
	stage_ask(&stage, "Welche Vorträge gibt es über Hochwasser?", &a);
	assert_int_equal(a.outcome, OUTCOME_FAILED);
	assert_string_equal(a.text.data, "Ich bin mit dieser Antwort nicht rechtzeitig fertig "
					 "geworden. Bitte fragen Sie noch einmal.");
	assert_string_equal(a.error, a.text.data);
	answer_finish(&a);
	stage.env.llm = stage.env.composer = stage.composer;
}

static void too_long_an_answer_is_cut(void **state)
{
	struct answer a = { 0 };

	stage_forget(&stage);
	stage_use_llm(&stage, ENDLESS, NULL);
	stage.env.limits.answer_max_bytes = 1000;
	stage_ask(&stage, "Which sessions are about floods?", &a);
	assert_int_equal(a.outcome, OUTCOME_PARTIAL);
	assert_true(a.text.len > 1000 && a.text.len < 1100);
	assert_non_null(strstr(a.text.data, "(The answer ends here: it was getting too long.)"));
	answer_finish(&a);
	stage.env.limits.answer_max_bytes = 65536;
	stage.env.llm = stage.composer;
}

static void unknown_handles_are_dropped_and_counted(void **state)
{
	double before = metrics_get(stage.metrics, METRIC_REFERENCES_DROPPED, NULL);
	struct answer a = { 0 };

	stage_forget(&stage);
	stage_use_llm(&stage, CITES_WRONGLY, NULL);
	stage_ask(&stage, "When is Sponge streets after ten years?", &a);
	assert_string_equal(a.text.data,
			    "See **** and  or Sponge streets after ten years: what the "
			    "meters say; [[x]] stays.");
	assert_int_equal(json_object_array_length(a.references), 1);
	assert_int_equal(
		(int)(metrics_get(stage.metrics, METRIC_REFERENCES_DROPPED, NULL) - before), 2);
	answer_finish(&a);
	stage.env.llm = stage.composer;
}

static void a_thousand_turns(void **state)
{
	static const char *const questions[] = {
		"Which sessions are about floods?",
		"and on Saturday?",
		"the second one",
		"who speaks there?",
		"Where is Carbopur?",
		"What is the wifi password?",
		"¿Qué hay ahora?",
		"danke!",
	};

	for (int i = 0; i < 1000; i++) {
		struct answer a = { .stop_at_call = i % 7 == 3 ? (size_t)(i % 23) : 0 };

		if (i % 8 == 0)
			stage_forget(&stage);
		stage_ask(&stage, questions[i % 8], &a);
		assert_true(a.text.len > 0);
		answer_finish(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(the_list_of_a_room_instead_of_nothing),
		cmocka_unit_test(status_words),
		cmocka_unit_test(timings_and_debug),
		cmocka_unit_test(stop_after_every_turn_of_the_loop),
		cmocka_unit_test(stop_from_inside_the_sink),
		cmocka_unit_test(stop_before_text_says_so),
		cmocka_unit_test(stop_ends_the_model_at_once),
		cmocka_unit_test(deadline_with_text_is_partial),
		cmocka_unit_test(deadline_without_text_fails_in_words),
		cmocka_unit_test(too_long_an_answer_is_cut),
		cmocka_unit_test(unknown_handles_are_dropped_and_counted),
		cmocka_unit_test(a_thousand_turns),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
