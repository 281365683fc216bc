/*
 * test_graph.c - the table: what it prints, where programs' nodes go, what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "agent/graph.h"
#include "agent/turn.h"

static int node_fn(void *user, const char *state_json, char **patch_json)
{
	return 0;
}

static void prints(void **state)
{
	struct graph *g = graph_create();
	struct text out _cleanup_text_ = { 0 };

	text_init(&out, 1 << 16);
	graph_print(g, &out);
	assert_string_equal(out.data, "understand   -> respond      when nothing to look up\n"
				      "understand   -> plan\n"
				      "plan         -> execute\n"
				      "execute      -> reflect\n"
				      "reflect      -> plan         when not enough\n"
				      "reflect      -> respond\n"
				      "respond      -> plan         when another question\n"
				      "respond      -> (end)\n");
	graph_destroy(g);
}

static void own_nodes_go_between(void **state)
{
	struct graph *g = graph_create();
	struct text out _cleanup_text_ = { 0 };

	assert_int_equal(graph_insert(g, "first", "understand", node_fn, NULL, NULL), 0);
	assert_int_equal(graph_insert(g, "second", "understand", node_fn, NULL, NULL), 0);
	assert_int_equal(graph_insert(g, "check", "reflect", node_fn, NULL, NULL), 0);
	text_init(&out, 1 << 16);
	graph_print(g, &out);
	assert_string_equal(out.data,
			    "understand   -> first\n"
			    "first        -> second   [program's]\n"
			    "second       -> respond      when nothing to look up   [program's]\n"
			    "second       -> plan   [program's]\n"
			    "plan         -> execute\n"
			    "execute      -> reflect\n"
			    "reflect      -> check\n"
			    "check        -> plan         when not enough   [program's]\n"
			    "check        -> respond   [program's]\n"
			    "respond      -> plan         when another question\n"
			    "respond      -> (end)\n");
	graph_destroy(g);
}

/* A turn goes where the first edge whose condition holds leads. */
static void takes_the_first_edge(void **state)
{
	struct graph *g = graph_create();
	struct turn t = { .understood.intent = INTENT_SESSION_SEARCH, .enough = true };
	static const char *const way[] = { "understand", "plan",    "execute",
					   "reflect",	 "respond", NULL };
	const struct node *n = graph_first(g);

	for (size_t i = 0; way[i]; i++) {
		assert_non_null(n);
		assert_string_equal(n->name, way[i]);
		n = graph_next(g, n, &t);
	}
	assert_null(n);
	t.understood.intent = INTENT_SMALLTALK;
	assert_string_equal(graph_next(g, graph_first(g), &t)->name, "respond");
	t.enough = false;
	assert_string_equal(graph_next(g, graph_at(g, 3), &t)->name, "plan");
	graph_destroy(g);
}

static void refuses(void **state)
{
	static const struct {
		const char *name, *after, *says;
		assistant_node_fn *fn;
	} bad[] = {
		{ "", "plan", "name has 1 to 40", node_fn },
		{ "Has Blank", "plan", "name has 1 to 40", node_fn },
		{ "plan", "understand", "already", node_fn },
		{ "own", "nowhere", "cannot run after \"nowhere\"", node_fn },
		{ "own", "respond", "cannot run after \"respond\"", node_fn },
		{ "own", NULL, "cannot run after", node_fn },
		{ "own", "plan", "no function", NULL },
	};
	struct graph *g = graph_create();
	char name[8];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fail f = FAIL_INIT;

		assert_int_equal(graph_insert(g, bad[i].name, bad[i].after, bad[i].fn, NULL, &f),
				 ASSISTANT_EINVAL);
		assert_non_null(strstr(f.text, bad[i].says));
	}
	for (int i = 0; i < GRAPH_MAX_NODES - 5; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(graph_insert(g, name, "plan", node_fn, NULL, NULL), 0);
	}
	assert_int_equal(graph_insert(g, "more", "plan", node_fn, NULL, NULL), ASSISTANT_ELIMIT);
	graph_destroy(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints),
		cmocka_unit_test(own_nodes_go_between),
		cmocka_unit_test(takes_the_first_edge),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
