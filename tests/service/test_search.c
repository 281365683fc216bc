/*
 * test_search.c - whole searches on the flat index: kinds, order, what is given up and said, filters, JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include "call.h"
#include "support/folder.h"
#include "programme.h"
#include "base/text.h"
#include "search/search.h"

struct lab {
	struct loop *loop;
	struct index *index;
	struct catalog *catalog;
	char folder[64];
};

struct trial {
	struct search search;
	struct arena *arena;
	struct understood understood;
	bool ended;
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	struct snapshot *s = programme_read(TESTS_DIR "/golden/conferences/brussels.json");
	struct fail f = FAIL_INIT;

	if (!lab || !s)
		return -1;
	snprintf(lab->folder, sizeof lab->folder, "%s", "/tmp/erleah-search-XXXXXX");
	lab->loop = loop_create();
	if (!mkdtemp(lab->folder) ||
	    flat_index_open(lab->loop, lab->folder, NULL, NULL, &lab->index, &f) < 0)
		return -1;
	assert_int_equal(
		AWAIT(lab->loop, fl, lab->index->ops->build(lab->index, s, NULL, NULL, fl)), 0);
	assert_int_equal(AWAIT(lab->loop, fl,
			       lab->index->ops->use(lab->index, s->conference.id, s->epoch, fl)),
			 0);
	lab->catalog = programme_catalog(s);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	catalog_unref(lab->catalog);
	index_destroy(lab->index);
	call_drain(lab->loop);
	loop_destroy(lab->loop);
	folder_remove(lab->folder);
	free(lab);
	return 0;
}

static void trial_ended(struct flow *f)
{
	container_of(container_of(f, struct search, flow), struct trial, search)->ended = true;
}

static void run(struct lab *lab, struct trial *a, struct search_request rq)
{
	rq.catalog = lab->catalog;
	rq.understood = &a->understood;
	search_begin(&a->search, &rq, lab->index, a->arena, lab->loop, NULL, trial_ended);
	while (!a->ended)
		loop_turn(lab->loop, true);
}

static void ask_at(struct lab *lab, struct trial *a, const char *question, const char *now)
{
	int64_t at = programme_time(catalog_zone(lab->catalog), now);

	*a = (struct trial){ .arena = arena_create(16 << 20) };
	query_understand(lab->catalog, question, at, a->arena, &a->understood);
	run(lab, a, (struct search_request){ .now_unix_s = at, .limit = 10 });
	assert_int_equal(a->search.flow.status, 0);
}

static void trial_finish(struct trial *a)
{
	search_finish(&a->search);
	arena_destroy(a->arena);
}
#define _cleanup_trial_ _cleanup_(trial_finish)

static const char *result_id(const struct trial *a, size_t i)
{
	const struct result *r = i < a->search.n_results ? &a->search.results[i] : NULL;

	return !r ? "" : r->record ? r->record->id : r->info->key;
}

struct expected {
	const char *now, *question;
	enum result_kind kind;
	const char *first; /* ids that come first, in order, between blanks; "" none */
};

static void check(struct lab *lab, const struct expected *cases, size_t n)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++) {
		_cleanup_trial_ struct trial a;
		char want[256], *rest = want;
		bool right;

		ask_at(lab, &a, cases[i].question, cases[i].now);
		right = a.search.kind == cases[i].kind;
		snprintf(want, sizeof want, "%s", cases[i].first);
		for (size_t k = 0; right && rest && *rest; k++)
			right = strcmp(strsep(&rest, " "), result_id(&a, k)) == 0;
		if (right)
			continue;
		wrong++;
		print_error("\"%s\": expected %s %s, got %s %s %s %s\n", cases[i].question,
			    result_kind_name(cases[i].kind), cases[i].first,
			    result_kind_name(a.search.kind), result_id(&a, 0), result_id(&a, 1),
			    result_id(&a, 2));
	}
	assert_int_equal(wrong, 0);
}

#define SAT "2026-01-31T09:00"

static void by_name(void **state)
{
	static const struct expected cases[] = {
		{ SAT, "When and where is \"Evolving Git for the next decade\"?", RESULT_ENTITIES,
		  "s2" },
		{ SAT, "Where is the Wireshark stand?", RESULT_ENTITIES, "x1" },
		{ SAT, "Which room is the iceoryx2 presentation in?", RESULT_ENTITIES, "s3" },
		{ SAT, "Who is Ildikó Váncsa and what does she do?", RESULT_ENTITIES, "p5" },
		{ SAT, "what is bradley kuhn presenting", RESULT_ENTITIES, "s7 s8 p6" },
		{ SAT, "Who is Bradley Kuhn?", RESULT_ENTITIES, "p6" },
		{ SAT, "Where do I find Let's Encrypt?", RESULT_ENTITIES, "x2" },
		{ SAT, "where's the wiershark booth", RESULT_ENTITIES, "x1" },
		{ SAT, "Which Brandt is a librarian?", RESULT_ENTITIES, "p10" },
		{ SAT, "Who comes from the City Library?", RESULT_ENTITIES, "p10" },
	};

	check(*state, cases, ARRAY_SIZE(cases));
}

static void by_time_and_place(void **state)
{
	static const struct expected cases[] = {
		{ SAT, "What's on in Janson on Saturday at 10?", RESULT_ENTITIES, "s2" },
		{ "2026-01-31T15:45", "What is on now?", RESULT_ENTITIES, "s4" },
		{ "2026-01-31T10:15", "what's on now", RESULT_ENTITIES, "s2 s13" },
		{ "2026-01-31T15:45", "what's next", RESULT_ENTITIES, "s5" },
		{ SAT, "What is next in UA2.114?", RESULT_ENTITIES, "s13" },
		{ SAT, "What is the very last thing in the main auditorium?", RESULT_ENTITIES,
		  "s10" },
		{ SAT, "first talk on Sunday", RESULT_ENTITIES, "s6" },
		{ "2026-01-31T15:20", "I write Rust. What can I still catch today?",
		  RESULT_ENTITIES, "s4" },
		{ "2026-02-01T13:00", "Which lightning talks are left?", RESULT_ENTITIES, "s9" },
		{ SAT, "Maps and positioning on Saturday after 17:00, please", RESULT_ENTITIES,
		  "s11" },
		{ SAT, "Which workshops are there today?", RESULT_ENTITIES, "s12" },
		{ "2026-02-01T09:35", "which talks end soon?", RESULT_ENTITIES, "s6" },
		{ SAT, "Is there a talk in French?", RESULT_ENTITIES, "s15" },
		{ SAT, "Which talks are not in English?", RESULT_ENTITIES, "s15" },
		{ SAT, "Which workshops are there on Sunday?", RESULT_ENTITIES, "s12" },
		{ SAT, "Beginner talks on Sunday", RESULT_ENTITIES, "s6" },
		{ SAT, "talks in the Rust devroom", RESULT_ENTITIES, "s6 s7" },
		{ SAT, "Was läuft am Sonntag um 14 Uhr?", RESULT_ENTITIES, "s8" },
		{ SAT, "Qu'est-ce qu'il y a dimanche à 14h ?", RESULT_ENTITIES, "s8" },
		{ SAT, "Who is at booth C-07?", RESULT_ENTITIES, "x8" },
		{ SAT, "Who speaks in Janson on Saturday?", RESULT_ENTITIES, "p9 p1" },
		{ SAT, "Who is the last speaker on Sunday in UA2.114?", RESULT_ENTITIES, "p6" },
		{ "2026-01-31T10:15", "who is speaking right now in Janson", RESULT_ENTITIES,
		  "p1" },
		{ SAT, "Which sponsors are here?", RESULT_ENTITIES, "x6" },
		{ SAT, "Which stands are only there on Sunday?", RESULT_ENTITIES, "x5" },
	};

	check(*state, cases, ARRAY_SIZE(cases));
}

static void by_topic(void **state)
{
	static const struct expected cases[] = {
		{ SAT, "talks about sandboxing", RESULT_ENTITIES, "s5" },
		{ SAT, "How much power do machines burn, and can I measure it?", RESULT_ENTITIES,
		  "s13" },
		{ SAT, "copyleft in court", RESULT_ENTITIES, "s8" },
		{ SAT, "Which stand can help with automating the lights and heating at home?",
		  RESULT_ENTITIES, "x7" },
		{ SAT,
		  "We want to host our own chat and calls instead of WhatsApp. Who should I visit?",
		  RESULT_ENTITIES, "x6" },
		{ SAT, "Who speaks about the GPL?", RESULT_ENTITIES, "p6" },
		{ SAT, "Does anybody from the Wikimedia Foundation give a talk?", RESULT_ENTITIES,
		  "p7" },
		{ SAT, "semantic retreival", RESULT_ENTITIES, "s14" },
		{ SAT, "Which stand could trace the communication between processes?",
		  RESULT_ENTITIES, "x1" },
	};

	check(*state, cases, ARRAY_SIZE(cases));
}

static void nothing_information_and_asking_back(void **state)
{
	static const struct expected cases[] = {
		{ SAT, "Do I have to buy a ticket or sign up beforehand?", RESULT_INFO,
		  "registration" },
		{ SAT, "Can I bring my dog?", RESULT_INFO, "accessibility" },
		{ SAT, "How do I get to the campus from the North station by tram?", RESULT_INFO,
		  "transport" },
		{ SAT, "How much does the swimming pool at the venue cost?", RESULT_NONE, "" },
		{ SAT, "Where is the sauna?", RESULT_NONE, "" },
		{ SAT, "Which doctor does the dental check-ups?", RESULT_NONE, "" },
		{ SAT, "what is pi", RESULT_NONE, "" },
		{ SAT, "Write me a poem about cats", RESULT_NONE, "" },
		{ SAT, "How tall is the Eiffel Tower?", RESULT_NONE, "" },
		{ SAT, "hello", RESULT_NONE, "" },
		{ SAT, "where is it?", RESULT_CLARIFY, "" },
		{ SAT, "quantum blockchain yoghurt", RESULT_NONE, "" },
	};

	check(*state, cases, ARRAY_SIZE(cases));
}

static bool says(const struct trial *a, const char *what)
{
	for (size_t i = 0; a->search.relaxed[i]; i++) {
		if (strcmp(a->search.relaxed[i], what) == 0)
			return true;
	}
	return false;
}

static void what_is_given_up_is_said(void **state)
{
	static const struct {
		const char *now, *question, *first, *given_up; /* NULL: nothing is */
	} cases[] = {
		{ SAT, "sandboxing talks in K.3.201", "s5", NULL },
		{ SAT, "sandboxing talks in Janson", "s5", "the place" },
		{ SAT, "sandboxing talks on Sunday", "s5", "the day" },
		{ SAT, "sandboxing talks on Saturday morning", "s5", "the time" },
		{ SAT, "advanced talks about sandboxing", "s5", "the level" },
		{ "2026-01-31T09:05", "what is on now", "s1", "now" },
		{ SAT, "talks in German about copyleft", "s8", "the language" },
		{ SAT, "Which stand is about sandboxing services?", "s5", "the kind" },
		/* nothing anywhere is about the words: what the room, the hours have */
		{ SAT, "talks about zookeeping giraffes in Janson", "s1", "the words" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_trial_ struct trial a;

		ask_at(*state, &a, cases[i].question, cases[i].now);
		if (strcmp(result_id(&a, 0), cases[i].first) != 0)
			fail_msg("\"%s\": got %s", cases[i].question, result_id(&a, 0));
		if (cases[i].given_up ? !says(&a, cases[i].given_up) || a.search.relaxed[1]
				      : a.search.relaxed[0] != NULL)
			fail_msg("\"%s\": gave up %s", cases[i].question,
				 a.search.relaxed[0] ? a.search.relaxed[0] : "nothing");
	}
}

/* A day without anything stays empty: its programme is not another day's. */
static void an_empty_day_is_not_another(void **state)
{
	_cleanup_trial_ struct trial monday, evening;

	ask_at(*state, &monday, "What is on on Monday?", SAT);
	assert_int_equal(monday.search.kind, RESULT_NONE);
	assert_true(monday.understood.when.outside);
	ask_at(*state, &evening, "Is there anything on Sunday night?", SAT);
	for (size_t i = 0; i < evening.search.n_results; i++)
		assert_true(evening.search.results[i].record->start >=
			    programme_time(catalog_zone(((struct lab *)*state)->catalog),
					   "2026-02-01T00:00"));
}

static void no_relax_and_entities_are_obeyed(void **state)
{
	struct lab *lab = *state;
	_cleanup_trial_ struct trial a = { .arena = arena_create(16 << 20) };
	_cleanup_trial_ struct trial b = { .arena = arena_create(16 << 20) };
	int64_t now = programme_time(catalog_zone(lab->catalog), SAT);

	query_understand(lab->catalog, "sandboxing talks in Janson", now, a.arena, &a.understood);
	run(lab, &a, (struct search_request){ .now_unix_s = now, .no_relax = true });
	assert_int_equal(a.search.n_results, 0);
	assert_int_equal(a.search.kind, RESULT_NONE);
	query_understand(lab->catalog, "Bradley Kuhn", now, b.arena, &b.understood);
	run(lab, &b,
	    (struct search_request){ .now_unix_s = now, .entities = ENTITY_BIT(ENTITY_SESSION) });
	assert_int_equal(b.search.n_results, 2);
	for (size_t i = 0; i < b.search.n_results; i++)
		assert_int_equal(b.search.results[i].record->type, ENTITY_SESSION);
}

static void raw_is_literal(void **state)
{
	struct lab *lab = *state;
	_cleanup_trial_ struct trial a = { .arena = arena_create(16 << 20) };
	int64_t now = programme_time(catalog_zone(lab->catalog), SAT);

	query_understand(lab->catalog, "rust sunday", now, a.arena, &a.understood);
	run(lab, &a, (struct search_request){ .now_unix_s = now, .raw = true, .why = true });
	assert_int_equal(a.search.kind, RESULT_ENTITIES);
	assert_true(a.search.n_results >= 3); /* Saturday's Rust talk, too */
	assert_non_null(json_get_object(a.search.results[0].why, "fields"));
}

static void limits_and_totals(void **state)
{
	struct lab *lab = *state;
	_cleanup_trial_ struct trial a = { .arena = arena_create(16 << 20) };
	int64_t now = programme_time(catalog_zone(lab->catalog), SAT);

	query_understand(lab->catalog, "talks on Saturday", now, a.arena, &a.understood);
	run(lab, &a, (struct search_request){ .now_unix_s = now, .limit = 3 });
	assert_int_equal(a.search.n_results, 3);
	assert_int_equal(a.search.total, 10);
	for (size_t i = 1; i < 3; i++)
		assert_true(a.search.results[i - 1].record->start <=
			    a.search.results[i].record->start);
}

static void json_shows_results_and_understanding(void **state)
{
	_cleanup_trial_ struct trial a;
	_cleanup_json_ struct json_object *json = NULL;
	struct json_object *first;

	ask_at(*state, &a, "sandboxing talks in Janson", SAT);
	json = search_json(&a.search);
	assert_string_equal(json_text(json, "kind"), "entities");
	first = json_object_array_get_idx(json_get_array(json, "results"), 0);
	assert_string_equal(json_text(first, "type"), "session");
	assert_string_equal(json_text(first, "start"), "2026-01-31T16:00:00+01:00");
	assert_string_equal(json_text(first, "location"), "K.3.201");
	assert_true(json_get_double(first, "score", -1) > 0 &&
		    json_get_double(first, "score", 2) <= 1);
	assert_string_equal(json_object_get_string(
				    json_object_array_get_idx(json_get_array(json, "relaxed"), 0)),
			    "the place");
	assert_string_equal(json_text(json_get_object(json, "understood"), "terms"), "sandboxing");
}

/* --- explicit filters --------------------------------------------------------------- */

static int apply(struct lab *lab, const char *filters, struct arena *arena, struct understood *u,
		 struct fail *f)
{
	_cleanup_json_ struct json_object *json = NULL;

	assert_int_equal(json_parse(filters, strlen(filters), &json, f), 0);
	query_understand(lab->catalog, "talks", 0, arena, u);
	return search_apply_filters(lab->catalog, json,
				    programme_time(catalog_zone(lab->catalog), SAT), arena, u, f);
}

static void filters_are_applied(void **state)
{
	struct lab *lab = *state;
	const struct zone *z = catalog_zone(lab->catalog);
	_cleanup_arena_ struct arena *arena = arena_create(16 << 20);
	struct understood u;
	struct fail f = FAIL_INIT;

	assert_int_equal(apply(lab, "{\"day\":\"Sunday\",\"from\":\"14:00\"}", arena, &u, &f), 0);
	assert_int_equal(u.filter.from, programme_time(z, "2026-02-01T14:00"));
	assert_int_equal(u.filter.to, programme_time(z, "2026-02-02T00:00"));
	assert_int_equal(apply(lab, "{\"day\":\"tomorrow\"}", arena, &u, &f), 0);
	assert_int_equal(u.filter.from,
			 programme_time(catalog_zone(lab->catalog), "2026-02-01T00:00"));
	assert_int_equal(apply(lab, "{\"day\":\"2026-01-31\"}", arena, &u, &f), 0);
	assert_int_equal(u.filter.from, programme_time(z, "2026-01-31T00:00"));
	assert_int_equal(apply(lab,
			       "{\"from\":\"2026-01-31T14:00\",\"to\":\"2026-01-31T15:00:00Z\"}",
			       arena, &u, &f),
			 0);
	assert_int_equal(u.filter.from, programme_time(z, "2026-01-31T14:00"));
	assert_int_equal(u.filter.to, programme_time(z, "2026-01-31T16:00"));
	assert_int_equal(apply(lab, "{\"place\":\"lameere\"}", arena, &u, &f), 0);
	assert_string_equal(u.filter.places[0], "UB2.252A (Lameere)");
	assert_int_equal(
		apply(lab, "{\"place\":\"building K\",\"track\":\"security\"}", arena, &u, &f), 0);
	assert_non_null(u.filter.places[1]);
	assert_string_equal(u.filter.tracks[0], "Security");
	assert_int_equal(apply(lab, "{\"speaker\":\"Bradley Kuhn\"}", arena, &u, &f), 0);
	assert_string_equal(u.filter.speaker_ids[0], "p6");
	assert_int_equal(apply(lab,
			       "{\"type\":\"WORKSHOP\",\"level\":\"beginner\",\"language\":\"fr\"}",
			       arena, &u, &f),
			 0);
	assert_string_equal(u.filter.types[0], "workshop");
}

static void wrong_filters_are_named(void **state)
{
	static const struct {
		const char *filters, *words;
	} cases[] = {
		{ "{\"colour\":\"red\"}", "colour" },
		{ "{\"day\":\"someday\"}", "someday" },
		{ "{\"day\":\"Sunday morning\"}", "no day" },
		{ "{\"day\":\"2026-02-02\"}", "is on 2026-01-31 and 2026-02-01" },
		{ "{\"day\":\"2025-01-31\"}", "is on 2026-01-31 and 2026-02-01" },
		{ "{\"day\":\"Friday\"}", "\"Friday\" lies outside" },
		{ "{\"from\":\"2026-02-03T10:00\"}", "is on 2026-01-31 and 2026-02-01" },
		{ "{\"to\":\"2026-01-30T10:00\"}", "is on 2026-01-31 and 2026-02-01" },
		{ "{\"from\":\"25:00\"}", "25:00" },
		{ "{\"from\":\"14:00\"}", "day" },
		{ "{\"from\":\"2026-01-31T14:00\",\"to\":\"2026-01-31T13:00\"}", "after" },
		{ "{\"place\":\"Jansonn\"}", "Janson" },
		{ "{\"track\":\"Securty\"}", "Security" },
		{ "{\"track\":\"Gardening\"}", "Gardening" },
		{ "{\"speaker\":\"Nobody Atall\"}", "Nobody Atall" },
		{ "{\"level\":\"\"}", "level" },
		{ "{\"level\":7}", "level" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(16 << 20);
		struct fail f = FAIL_INIT;
		struct understood u;

		if (apply(*state, cases[i].filters, arena, &u, &f) != ASSISTANT_EINVAL)
			fail_msg("%s was accepted", cases[i].filters);
		if (!strstr(f.text, cases[i].words))
			fail_msg("%s: %s", cases[i].filters, f.text);
	}
}

/* A search that is cancelled, in any of its steps, leaves nothing behind. */
static void cancelled_at_any_time(void **state)
{
	struct lab *lab = *state;
	int64_t now = programme_time(catalog_zone(lab->catalog), SAT);

	for (int turns = 0; turns < 6; turns++) {
		_cleanup_trial_ struct trial a = { .arena = arena_create(16 << 20) };
		struct search_request rq = { .catalog = lab->catalog,
					     .understood = &a.understood,
					     .now_unix_s = now };

		query_understand(lab->catalog, "sandboxing talks in Janson", now, a.arena,
				 &a.understood);
		search_begin(&a.search, &rq, lab->index, a.arena, lab->loop, NULL, trial_ended);
		for (int i = 0; i < turns && !a.ended; i++)
			loop_turn(lab->loop, false);
		flow_cancel(&a.search.flow);
		while (!a.ended)
			loop_turn(lab->loop, true);
		call_drain(lab->loop);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name),
		cmocka_unit_test(by_time_and_place),
		cmocka_unit_test(by_topic),
		cmocka_unit_test(nothing_information_and_asking_back),
		cmocka_unit_test(what_is_given_up_is_said),
		cmocka_unit_test(an_empty_day_is_not_another),
		cmocka_unit_test(no_relax_and_entities_are_obeyed),
		cmocka_unit_test(raw_is_literal),
		cmocka_unit_test(limits_and_totals),
		cmocka_unit_test(json_shows_results_and_understanding),
		cmocka_unit_test(filters_are_applied),
		cmocka_unit_test(wrong_filters_are_named),
		cmocka_unit_test(cancelled_at_any_time),
	};

	return cmocka_run_group_tests_name("search", tests, setup, teardown);
}
