/*
 * test_programs.c - a program's own tools and nodes in the middle of a turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "programme.h"
#include "stage.h"

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

struct tool_state {
	char arguments[1000];
	const char *result;
	int code, calls;
};

static int tool_fn(void *user, const char *args_json, char **result_json)
{
	struct tool_state *t = user;

	t->calls++;
	snprintf(t->arguments, sizeof(t->arguments), "%s", args_json);
	if (t->code < 0)
		return t->code;
	*result_json = t->result ? strdup(t->result) : NULL;
	return 0;
}

static const char schema[] =
	"{\"type\":\"object\",\"required\":[\"question\"],\"properties\":{"
	"\"question\":{\"type\":\"string\"},\"language\":{\"type\":\"string\"},"
	"\"now\":{\"type\":\"string\"},\"other\":{\"type\":\"string\"}}}";

static void tool_speaks(void **state)
{
	struct stage *s = *state;
	struct tool_state t = { .result = "{\"text\":\"The next bus leaves at **13:40**.\\n- line "
					  "7\\n[[s1]]\"}" };
	struct answer a = { 0 };

	assert_int_equal(registry_add(s->env.registry, "bus_departures",
				      "Departures of buses at the stop outside", schema, tool_fn,
				      &t, NULL),
			 0);
	stage_ask(s, "When does the next bus leave?", &a);
	assert_int_equal(t.calls, 1);
	assert_non_null(strstr(t.arguments, "When does the next bus leave?"));
	assert_non_null(strstr(t.arguments, "2027-05-20T13:30:00+02:00"));
	assert_null(strstr(t.arguments, "other"));
	assert_non_null(strstr(a.text.data, "The next bus leaves at"));
	assert_non_null(strstr(a.text.data, "\n- line 7\n"));
	assert_null(strstr(a.text.data, "[["));
	assert_int_equal(a.outcome, OUTCOME_OK);
	answer_finish(&a);
	/* Not its matter. */
	stage_ask(s, "Where is the Carbopur stand?", &a);
	assert_int_equal(t.calls, 1);
	answer_finish(&a);
}

/* Records of the conference become references; what is none does not. */
static void tool_finds_records(void **state)
{
	struct stage *s = *state;
	const struct record *r = &s->snapshot->records[ENTITY_EXHIBITOR][0];
	char result[500];
	struct tool_state t = { .result = result };
	struct answer a = { 0 };

	snprintf(result, sizeof(result),
		 "{\"results\":[{\"type\":\"exhibitor\",\"id\":\"%s\"},{\"type\":\"exhibitor\","
		 "\"id\":\"invented\"},{\"type\":\"planet\",\"id\":\"x\"},7]}",
		 r->id);
	assert_int_equal(registry_add(s->env.registry, "favourites",
				      "Zyzzyva favourites of a visitor", schema, tool_fn, &t, NULL),
			 0);
	stage_ask(s, "zyzzyva", &a);
	assert_int_equal(t.calls, 1);
	assert_int_equal(json_object_array_length(a.references), 1);
	assert_string_equal(answer_reference(&a, 0), r->name);
	answer_check(s, &a);
	answer_finish(&a);
}

static void tool_fails(void **state)
{
	static const char *const results[] = { "not json", "[1]", "{\"text\":7}", NULL, "" };
	struct stage *s = *state;
	struct tool_state t = { 0 };
	struct answer a = { 0 };

	assert_int_equal(registry_add(s->env.registry, "bus_departures",
				      "Departures of buses at the stop outside", schema, tool_fn,
				      &t, NULL),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		t.result = results[i];
		t.code = results[i] ? 0 : ASSISTANT_EUNAVAILABLE;
		stage_forget(s);
		stage_ask(s, "Which session is about the bus depot?", &a);
		assert_int_equal(a.outcome, OUTCOME_OK);
		assert_non_null(strstr(a.text.data, "The bus depot as a power station"));
		answer_finish(&a);
	}
}

static void tool_needs_what_we_do_not_have(void **state)
{
	struct stage *s = *state;
	struct tool_state t = { .result = "{}" };
	struct answer a = { 0 };

	assert_int_equal(
		registry_add(s->env.registry, "bus_tickets", "Sells bus tickets",
			     "{\"type\":\"object\",\"required\":[\"seats\"],\"properties\":"
			     "{\"seats\":{\"type\":\"integer\"}}}",
			     tool_fn, &t, NULL),
		0);
	stage_ask(s, "Which session is about the bus depot?", &a);
	assert_int_equal(t.calls, 0);
	assert_int_equal(a.outcome, OUTCOME_OK);
	answer_finish(&a);
}

static void registry_refuses(void **state)
{
	static const struct {
		const char *name, *description, *schema, *says;
	} bad[] = {
		{ "", "d", "{\"type\":\"object\"}", "name has 1 to" },
		{ "a b", "d", "{\"type\":\"object\"}", "name has 1 to" },
		{ "search_sessions", "d", "{\"type\":\"object\"}", "already" },
		{ "x", "", "{\"type\":\"object\"}", "description" },
		{ "x", "d", NULL, "JSON Schema" },
		{ "x", "d", "{", "line 1" },
		{ "x", "d", "{\"type\":\"array\"}", "type object" },
	};
	struct registry *r = registry_create();
	struct json_object *described;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fail f = FAIL_INIT;

		assert_int_equal(registry_add(r, bad[i].name, bad[i].description, bad[i].schema,
					      tool_fn, NULL, &f),
				 ASSISTANT_EINVAL);
		if (!strstr(f.text, bad[i].says))
			fail_msg("%zu: %s", i, f.text);
	}
	assert_int_equal(registry_add(r, "x", "d", "{\"type\":\"object\"}", NULL, NULL, NULL),
			 ASSISTANT_EINVAL);
	described = registry_describe(r);
	assert_int_equal(json_object_array_length(described), 4);
	assert_string_equal(json_text(json_object_array_get_idx(described, 3), "name"),
			    "get_conference_info");
	assert_non_null(json_get_object(json_object_array_get_idx(described, 0), "input_schema"));
	json_object_put(described);
	registry_destroy(r);
}

/* --- Nodes ------------------------------------------------------------------------------ */

struct node_state {
	char seen[20000];
	const char *patch;
	int code;
};

static int node_fn(void *user, const char *state_json, char **patch_json)
{
	struct node_state *n = user;

	snprintf(n->seen, sizeof(n->seen), "%s", state_json);
	*patch_json = n->patch ? strdup(n->patch) : NULL;
	return n->code;
}

static void insert(struct stage *s, const char *name, const char *after, struct node_state *n)
{
	assert_int_equal(graph_insert(s->env.graph, name, after, node_fn, n, NULL), 0);
}

static void node_changes_the_question(void **state)
{
	struct stage *s = *state;
	struct node_state n = { .patch = "{\"question\":\"Where is the Carbopur stand?\"}" };
	struct answer a = { 0 };

	insert(s, "rewrite", "understand", &n);
	stage_ask(s, "Hello!", &a);
	assert_non_null(strstr(n.seen, "\"question\":\"Hello!\""));
	assert_non_null(strstr(n.seen, "\"node\":\"rewrite\""));
	assert_string_equal(a.statuses.data, "understand rewrite plan execute reflect respond");
	assert_string_equal(answer_reference(&a, 0), "Carbopur");
	answer_finish(&a);
}

static void node_changes_language_and_notes(void **state)
{
	struct stage *s = *state;
	struct node_state n = { .patch = "{\"language\":\"de\",\"notes\":\"Bringen Sie Regenjacken "
					 "mit.\"}" };
	struct answer a = { 0 };

	insert(s, "notes", "reflect", &n);
	stage_ask(s, "Where is the Carbopur stand?", &a);
	assert_non_null(strstr(n.seen, "\"name\":\"Carbopur\"")); /* it sees what was found */
	assert_non_null(strstr(a.text.data, "ist an Stand"));
	assert_non_null(strstr(a.text.data, "\n\nBringen Sie Regenjacken mit."));
	answer_finish(&a);
}

static void node_fails(void **state)
{
	static const struct {
		const char *patch;
		int code;
	} rows[] = {
		{ NULL, ASSISTANT_EUNAVAILABLE }, { "nonsense", 0 }, { "[]", 0 }, { NULL, 0 }
	};
	struct stage *s = *state;
	struct node_state n = { 0 };
	struct answer a = { 0 };

	insert(s, "broken", "plan", &n);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		n.patch = rows[i].patch;
		n.code = rows[i].code;
		stage_forget(s);
		stage_ask(s, "Where is the Carbopur stand?", &a);
		assert_int_equal(a.outcome, OUTCOME_OK);
		assert_string_equal(answer_reference(&a, 0), "Carbopur");
		answer_finish(&a);
	}
}

static void stop_while_a_node_runs(void **state)
{
	struct stage *s = *state;
	struct node_state n = { .patch = "{\"notes\":\"x\"}" };

	insert(s, "slow", "plan", &n);
	for (int k = 0; k < 40; k++) {
		struct answer a = { 0 };

		stage_forget(s);
		stage_begin(s, "Where is the Carbopur stand?", &a);
		for (int i = 0; i < k && !a.ended; i++)
			loop_turn(s->loop, true);
		if (a.turn)
			turn_stop(a.turn);
		stage_play(s, &a);
		answer_finish(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tool_speaks, setup, teardown),
		cmocka_unit_test_setup_teardown(tool_finds_records, setup, teardown),
		cmocka_unit_test_setup_teardown(tool_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(tool_needs_what_we_do_not_have, setup, teardown),
		cmocka_unit_test(registry_refuses),
		cmocka_unit_test_setup_teardown(node_changes_the_question, setup, teardown),
		cmocka_unit_test_setup_teardown(node_changes_language_and_notes, setup, teardown),
		cmocka_unit_test_setup_teardown(node_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(stop_while_a_node_runs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
