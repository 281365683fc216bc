/*
 * test_search_meaning.c - searches with an embedder: meanings beside words, what is told of them, and that words answer alone
 * when there are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "call.h"
#include "support/folder.h"
#include "programme.h"
#include "word_embedder.h"
#include "search/indexing.h"
#include "search/search.h"

#define DIMS 256
#define SAT  "2026-01-31T09:00"

struct lab {
	struct loop *loop;
	struct index *index, *words_only;
	struct word_embedder *embedder;
	struct catalog *catalog;
	char folder[64], other[64];
};

struct trial {
	struct search search;
	struct arena *arena;
	struct understood understood;
	bool ended;
};

static struct index *make_index(struct lab *lab, struct snapshot *s, char *folder,
				struct embedder *e)
{
	struct indexing_request rq = { .snapshot = s, .embedder = e };
	struct indexing_counts counts;
	struct fail f = FAIL_INIT;

	snprintf(folder, sizeof lab->folder, "%s", "/tmp/erleah-meaning-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(flat_index_open(lab->loop, folder, NULL, NULL, &rq.index, &f), 0);
	assert_int_equal(AWAIT(lab->loop, fl, indexing_run(&rq, lab->loop, &counts, fl)), 0);
	assert_int_equal(
		AWAIT(lab->loop, fl, rq.index->ops->use(rq.index, s->conference.id, s->epoch, fl)),
		0);
	return rq.index;
}

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	struct snapshot *s = programme_read(TESTS_DIR "/golden/conferences/brussels.json");

	if (!lab || !s)
		return -1;
	lab->loop = loop_create_virtual();
	lab->embedder = word_embedder_create(lab->loop, DIMS);
	lab->index = make_index(lab, s, lab->folder, &lab->embedder->base);
	lab->words_only = make_index(lab, s, lab->other, NULL);
	lab->catalog = programme_catalog(s);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	catalog_unref(lab->catalog);
	index_destroy(lab->index);
	index_destroy(lab->words_only);
	embedder_destroy(&lab->embedder->base);
	call_drain(lab->loop);
	loop_destroy(lab->loop);
	folder_remove(lab->folder);
	folder_remove(lab->other);
	free(lab);
	return 0;
}

static int quiet(void **state)
{
	struct lab *lab = *state;

	lab->embedder->fail_code = 0;
	lab->embedder->delay_ms = 0;
	return 0;
}

static void trial_ended(struct flow *f)
{
	container_of(container_of(f, struct search, flow), struct trial, search)->ended = true;
}

static void begin(struct lab *lab, struct trial *a, const char *question, struct search_request rq)
{
	*a = (struct trial){ .arena = arena_create(16 << 20) };
	rq.now_unix_s = programme_time(catalog_zone(lab->catalog), SAT);
	rq.catalog = lab->catalog;
	rq.understood = &a->understood;
	rq.embedder = &lab->embedder->base;
	rq.why = true;
	query_understand(lab->catalog, question, rq.now_unix_s, a->arena, &a->understood);
	search_begin(&a->search, &rq, lab->index, a->arena, lab->loop, NULL, trial_ended);
}

static void ask(struct lab *lab, struct trial *a, const char *question, struct search_request rq)
{
	begin(lab, a, question, rq);
	while (!a->ended)
		loop_turn(lab->loop, true);
	assert_int_equal(a->search.flow.status, 0);
}

static void trial_finish(struct trial *a)
{
	search_finish(&a->search);
	arena_destroy(a->arena);
}
#define _cleanup_trial_ _cleanup_(trial_finish)

static struct json_object *first_why(const struct trial *a)
{
	assert_true(a->search.n_results > 0);
	return a->search.results[0].why;
}

static void assert_same(const struct trial *a, const struct trial *b)
{
	assert_int_equal(a->search.kind, b->search.kind);
	assert_int_equal(a->search.n_results, b->search.n_results);
	for (size_t i = 0; i < a->search.n_results; i++) {
		assert_ptr_equal(a->search.results[i].record, b->search.results[i].record);
		assert_true(a->search.results[i].score == b->search.results[i].score);
	}
}

#define SCALES "How does a version control system scale to large repositories?"

static void meanings_stand_beside_words(void **state)
{
	_cleanup_trial_ struct trial a;
	struct json_object *cosines;

	ask(*state, &a, SCALES, (struct search_request){ 0 });
	assert_int_equal(a.search.kind, RESULT_ENTITIES);
	assert_string_equal(a.search.results[0].record->name, "Evolving Git for the next decade");
	assert_false(a.search.degraded);
	cosines = json_get_object(first_why(&a), "cosines");
	assert_non_null(cosines);
	assert_true(json_get_double(cosines, "master", -1) > 0.2);
	assert_true(json_get_double(first_why(&a), "meaning", -1) > 0.2);
	assert_true(json_get_int(first_why(&a), "words", 0) >= 3);
	for (size_t i = 0; i < a.search.n_results; i++) {
		assert_true(a.search.results[i].score > 0 && a.search.results[i].score <= 1);
		assert_true(!i || a.search.results[i].score <= a.search.results[i - 1].score);
	}
}

static void scorings_use_what_they_say(void **state)
{
	_cleanup_trial_ struct trial lexical, reference;

	ask(*state, &lexical, SCALES, (struct search_request){ .scoring = SCORING_LEXICAL });
	assert_null(json_get(first_why(&lexical), "cosines"));
	assert_non_null(json_get(first_why(&lexical), "bm25"));
	ask(*state, &reference, SCALES, (struct search_request){ .scoring = SCORING_REFERENCE });
	assert_non_null(json_get(first_why(&reference), "cosines"));
	assert_null(json_get(first_why(&reference), "bm25"));
}

static void scoring_names(void **state)
{
	enum scoring s = SCORING_FULL;

	assert_int_equal(scoring_from("reference", &s), 0);
	assert_int_equal(s, SCORING_REFERENCE);
	assert_int_equal(scoring_from("lexical", &s), 0);
	assert_int_equal(s, SCORING_LEXICAL);
	assert_int_equal(scoring_from("full", &s), 0);
	assert_int_equal(s, SCORING_FULL);
	assert_int_equal(scoring_from("best", &s), ASSISTANT_EINVAL);
	assert_int_equal(s, SCORING_FULL);
}

/* Words answer as they would have without it, and it is said. */
static void a_failing_embedder_is_told(void **state)
{
	static const int codes[] = { ASSISTANT_EUNAVAILABLE, ASSISTANT_ETIMEOUT,
				     ASSISTANT_EPROTOCOL, ASSISTANT_ELIMIT };
	struct lab *lab = *state;
	_cleanup_trial_ struct trial lexical;

	ask(lab, &lexical, SCALES, (struct search_request){ .scoring = SCORING_LEXICAL });
	assert_false(lexical.search.degraded);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		_cleanup_trial_ struct trial a;

		lab->embedder->fail_code = codes[i];
		ask(lab, &a, SCALES, (struct search_request){ 0 });
		assert_true(a.search.degraded);
		assert_same(&a, &lexical);
	}
}

/* Vectors of another model: the index refuses, the words answer. */
static void another_model_is_told(void **state)
{
	struct lab *lab = *state;
	const char *model = lab->embedder->base.model;
	_cleanup_trial_ struct trial a, lexical;

	lab->embedder->base.model = "another";
	ask(lab, &a, SCALES, (struct search_request){ 0 });
	lab->embedder->base.model = model;
	ask(lab, &lexical, SCALES, (struct search_request){ .scoring = SCORING_LEXICAL });
	assert_true(a.search.degraded);
	assert_same(&a, &lexical);
}

static void a_slow_embedder_is_not_waited_for(void **state)
{
	struct lab *lab = *state;
	_cleanup_trial_ struct trial a;
	int64_t from = loop_now_ms(lab->loop);

	lab->embedder->delay_ms = 60000;
	ask(lab, &a, SCALES, (struct search_request){ 0 });
	assert_true(a.search.degraded);
	assert_int_equal(a.search.kind, RESULT_ENTITIES);
	assert_true(loop_now_ms(lab->loop) - from < 5000);
}

/* Nothing has failed when there is nothing to compare with. */
static void an_index_of_words_is_no_failure(void **state)
{
	struct lab *lab = *state;
	struct index *with = lab->index;
	_cleanup_trial_ struct trial a, lexical;

	lab->index = lab->words_only;
	ask(lab, &a, SCALES, (struct search_request){ 0 });
	ask(lab, &lexical, SCALES, (struct search_request){ .scoring = SCORING_LEXICAL });
	lab->index = with;
	assert_false(a.search.degraded);
	assert_same(&a, &lexical);
}

static void filters_hold_for_meanings(void **state)
{
	_cleanup_trial_ struct trial a;

	ask(*state, &a, "Rust talks on Sunday", (struct search_request){ .no_relax = true });
	assert_true(a.search.n_results >= 2);
	for (size_t i = 0; i < a.search.n_results; i++) {
		const struct record *r = a.search.results[i].record;

		assert_int_equal(r->type, ENTITY_SESSION);
		assert_true(r->start >= a.understood.filter.from &&
			    r->start < a.understood.filter.to);
	}
}

static void names_stand_above_meanings(void **state)
{
	_cleanup_trial_ struct trial a;

	ask(*state, &a, "Where is the Wireshark stand?", (struct search_request){ 0 });
	assert_string_equal(a.search.results[0].record->name, "Wireshark");
	assert_true(a.search.results[0].score >= 0.8f);
	assert_non_null(json_get(first_why(&a), "name"));
}

static void lists_ask_no_embedder(void **state)
{
	struct lab *lab = *state;
	size_t before = lab->embedder->queries;
	_cleanup_trial_ struct trial list, words;

	ask(lab, &list, "talks on Saturday", (struct search_request){ 0 });
	assert_int_equal(list.search.kind, RESULT_ENTITIES);
	ask(lab, &words, SCALES, (struct search_request){ .scoring = SCORING_LEXICAL });
	assert_int_equal(lab->embedder->queries, before);
	trial_finish(&words);
	ask(lab, &words, SCALES, (struct search_request){ 0 });
	assert_int_equal(lab->embedder->queries, before + 1);
}

/* However the constraints are given up, the question is embedded once. */
static void embedded_once_however_often_asked(void **state)
{
	struct lab *lab = *state;
	size_t before = lab->embedder->queries;
	_cleanup_trial_ struct trial a;

	ask(lab, &a, "version control for large repositories on Sunday evening",
	    (struct search_request){ 0 });
	assert_int_equal(lab->embedder->queries, before + 1);
	assert_int_equal(a.search.kind, RESULT_ENTITIES);
	assert_non_null(a.search.relaxed[0]);
}

struct whole {
	struct flow flow;
	struct lab *lab;
	struct arena *arena;
	const char *text;
	struct meaning meaning;
	bool ended;
};

static void whole_done(struct flow *f)
{
	flow_done(f);
}

static void whole_ended(struct flow *f)
{
	container_of(f, struct whole, flow)->ended = true;
}

static void whole_start(struct flow *f)
{
	struct whole *w = container_of(f, struct whole, flow);
	const struct snapshot *s = catalog_snapshot(w->lab->catalog);

	assert_false(meaning_is_of(&w->meaning, w->text, s->epoch));
	meaning_begin(&w->meaning, &w->lab->embedder->base, w->lab->index, s->conference.id,
		      s->epoch, w->text, true, w->arena, f);
	assert_false(meaning_is_of(&w->meaning, w->text, s->epoch)); /* it has not ended */
	flow_join(THEN(f, whole_done));
}

/* The meaning of a question as a whole, as those who decide what it is about ask for it. */
static void know(struct lab *lab, struct whole *w, const char *text)
{
	*w = (struct whole){ .lab = lab, .arena = arena_create(16 << 20), .text = text };
	flow_begin(&w->flow, lab->loop, NULL, "whole", FIRST(whole_start), whole_ended);
	while (!w->ended)
		loop_turn(lab->loop, true);
}

static void what_is_known_is_not_embedded_again(void **state)
{
	struct lab *lab = *state;
	const uint64_t epoch = catalog_snapshot(lab->catalog)->epoch;
	size_t before = lab->embedder->queries;
	_cleanup_trial_ struct trial a, b, other;
	struct whole w;

	know(lab, &w, SCALES);
	assert_true(w.meaning.ready && w.meaning.nearest > w.meaning.mean);
	assert_true(meaning_is_of(&w.meaning, SCALES, epoch));
	assert_false(meaning_is_of(&w.meaning, SCALES, epoch + 1));
	assert_false(meaning_is_of(NULL, SCALES, epoch));
	assert_int_equal(lab->embedder->queries, before + 1);
	ask(lab, &a, SCALES, (struct search_request){ .meaning = &w.meaning });
	assert_int_equal(lab->embedder->queries, before + 1);
	ask(lab, &b, SCALES, (struct search_request){ 0 });
	assert_int_equal(lab->embedder->queries, before + 2);
	assert_same(&a, &b);
	assert_non_null(json_get(first_why(&a), "cosines"));
	/* What is left of another sentence is another text. */
	ask(lab, &other, "Rust talks on Sunday", (struct search_request){ .meaning = &w.meaning });
	assert_int_equal(lab->embedder->queries, before + 3);
	arena_destroy(w.arena);
}

/* Nobody waits for the same failure twice, and it is told. */
static void what_failed_is_not_tried_again(void **state)
{
	struct lab *lab = *state;
	size_t before = lab->embedder->calls;
	_cleanup_trial_ struct trial a;
	struct whole w;

	lab->embedder->fail_code = ASSISTANT_EUNAVAILABLE;
	know(lab, &w, SCALES);
	assert_true(w.meaning.failed && !w.meaning.ready);
	ask(lab, &a, SCALES, (struct search_request){ .meaning = &w.meaning });
	assert_int_equal(lab->embedder->calls, before + 1);
	assert_true(a.search.degraded);
	assert_int_equal(a.search.kind, RESULT_ENTITIES);
	arena_destroy(w.arena);
}

static void what_nothing_is_near_to_has_no_answer(void **state)
{
	_cleanup_trial_ struct trial a;

	ask(*state, &a, "sourdough starters and their hydration", (struct search_request){ 0 });
	assert_int_equal(a.search.kind, RESULT_NONE);
	assert_int_equal(a.search.n_results, 0);
}

static void cancelled_at_any_time(void **state)
{
	struct lab *lab = *state;

	for (int turns = 0; turns < 10; turns++) {
		_cleanup_trial_ struct trial a;

		lab->embedder->delay_ms = turns % 2 ? 20 : 0;
		begin(lab, &a, SCALES, (struct search_request){ 0 });
		for (int i = 0; i < turns && !a.ended; i++)
			loop_turn(lab->loop, false);
		flow_cancel(&a.search.flow);
		while (!a.ended)
			loop_turn(lab->loop, true);
		assert_false(a.search.degraded);
		call_drain(lab->loop);
	}
}

#define TEST(f) cmocka_unit_test_setup(f, quiet)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(meanings_stand_beside_words),
		TEST(scorings_use_what_they_say),
		TEST(scoring_names),
		TEST(a_failing_embedder_is_told),
		TEST(another_model_is_told),
		TEST(a_slow_embedder_is_not_waited_for),
		TEST(an_index_of_words_is_no_failure),
		TEST(filters_hold_for_meanings),
		TEST(names_stand_above_meanings),
		TEST(lists_ask_no_embedder),
		TEST(embedded_once_however_often_asked),
		TEST(what_is_known_is_not_embedded_again),
		TEST(what_failed_is_not_tried_again),
		TEST(what_nothing_is_near_to_has_no_answer),
		TEST(cancelled_at_any_time),
	};

	return cmocka_run_group_tests_name("search by meaning", tests, setup, teardown);
}
