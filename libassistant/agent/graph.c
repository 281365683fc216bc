/*
 * graph.c - see graph.h.
 */
#include "agent/graph.h"

#include <string.h>
#include "agent/nodes.h"
#include "agent/program_node.h"
#include "base/check.h"

#define MAX_EDGES (3 * GRAPH_MAX_NODES)
#define MAX_NAME  40

static const struct node nodes[] = {
	{ .name = "understand", .run = node_understand, .essential = true },
	{ .name = "plan", .run = node_plan },
	{ .name = "execute", .run = node_execute },
	{ .name = "reflect", .run = node_reflect },
	{ .name = "respond", .run = node_respond, .essential = true },
};

/* The first whose condition holds is taken. */
static const struct edge edges[] = {
	{ "understand", "respond", turn_nothing_to_look_up, "nothing to look up" },
	{ "understand", "plan", NULL, NULL },
	{ "plan", "execute", NULL, NULL },
	{ "execute", "reflect", NULL, NULL },
	{ "reflect", "plan", turn_not_enough, "not enough" },
	{ "reflect", "respond", NULL, NULL },
	{ "respond", "plan", turn_has_rest, "another question" },
	{ "respond", NULL, NULL, NULL },
};

struct graph {
	struct node nodes[GRAPH_MAX_NODES];
	size_t n_nodes;
	struct edge edges[MAX_EDGES];
	size_t n_edges;
	/* what programs' nodes are called and where they were put; owned */
	char *names[GRAPH_MAX_NODES];
	const char *anchors[GRAPH_MAX_NODES];
};

struct graph *graph_create(void)
{
	struct graph *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		g->nodes[i] = nodes[i];
		g->nodes[i].at = (unsigned)i;
	}
	g->n_nodes = ARRAY_SIZE(nodes);
	memcpy(g->edges, edges, sizeof(edges));
	g->n_edges = ARRAY_SIZE(edges);
	return g;
}

void graph_destroy(struct graph *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < GRAPH_MAX_NODES; i++)
		free(g->names[i]);
	free(g);
}

static struct node *find(const struct graph *g, const char *name)
{
	for (size_t i = 0; i < g->n_nodes; i++)
		if (strcmp(g->nodes[i].name, name) == 0)
			return (struct node *)&g->nodes[i];
	return NULL;
}

static int check_insert(const struct graph *g, const char *name, const char *after,
			assistant_node_fn *fn, struct fail *f)
{
	const struct node *anchor = after ? find(g, after) : NULL;

	if (!name || !name[0] || strlen(name) > MAX_NAME ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(name))
		return FAIL(f, ASSISTANT_EINVAL,
			    "A node's name has 1 to %d lower-case letters, digits, _ or -.",
			    MAX_NAME);
	if (find(g, name))
		return FAIL(f, ASSISTANT_EINVAL, "There is a node named %s already.", name);
	if (!fn)
		return FAIL(f, ASSISTANT_EINVAL, "The node %s has no function.", name);
	if (!anchor || strcmp(after, "respond") == 0)
		return FAIL(f, ASSISTANT_EINVAL,
			    "The node %s cannot run after \"%s\"; it can after understand, plan, "
			    "execute or reflect.",
			    name, after ? after : "");
	if (g->n_nodes == GRAPH_MAX_NODES)
		return FAIL(f, ASSISTANT_ELIMIT, "A graph has at most %d nodes.", GRAPH_MAX_NODES);
	return 0;
}

/* The node behind which a new one for that anchor goes: the last one put there before, or the
 * anchor itself. */
static const char *last_after(const struct graph *g, const char *anchor)
{
	const char *last = find(g, anchor)->name;

	for (size_t i = 0; i < g->n_nodes; i++)
		if (g->anchors[i] && strcmp(g->anchors[i], anchor) == 0)
			last = g->nodes[i].name;
	return last;
}

int graph_insert(struct graph *g, const char *name, const char *after, assistant_node_fn *fn,
		 void *user, struct fail *f)
{
	int r = check_insert(g, name, after, fn, f);
	const char *behind;
	char *own;

	if (r < 0)
		return r;
	own = strdup(name);
	if (!own)
		return FAIL(f, ASSISTANT_ENOMEM, "There is no memory for the node %s.", name);
	behind = last_after(g, after);
	g->names[g->n_nodes] = own;
	g->anchors[g->n_nodes] = find(g, after)->name;
	g->nodes[g->n_nodes] = (struct node){ .name = own,
					      .run = program_node_run,
					      .at = (unsigned)g->n_nodes,
					      .fn = fn,
					      .user = user };
	g->n_nodes++;
	/* What led away from `behind` now leads away from the new node. */
	for (size_t i = 0; i < g->n_edges; i++)
		if (strcmp(g->edges[i].from, behind) == 0)
			g->edges[i].from = own;
	PRE(g->n_edges < MAX_EDGES);
	g->edges[g->n_edges++] = (struct edge){ .from = behind, .to = own };
	return 0;
}

const struct node *graph_first(const struct graph *g)
{
	return &g->nodes[0];
}

const struct node *graph_at(const struct graph *g, unsigned at)
{
	return at < g->n_nodes ? &g->nodes[at] : NULL;
}

const struct node *graph_next(const struct graph *g, const struct node *after, const struct turn *t)
{
	for (size_t i = 0; i < g->n_edges; i++) {
		const struct edge *e = &g->edges[i];

		if (strcmp(e->from, after->name) == 0 && (!e->when || e->when(t)))
			return e->to ? find(g, e->to) : NULL;
	}
	IMPOSSIBLE("a node without an edge that leads on");
}

static void print_from(const struct graph *g, const char *from, bool *done, struct text *out)
{
	const struct node *n = find(g, from);

	if (done[n->at])
		return;
	done[n->at] = true;
	for (size_t i = 0; i < g->n_edges; i++) {
		const struct edge *e = &g->edges[i];

		if (strcmp(e->from, from) != 0)
			continue;
		text_printf(out, "%-12s -> %-12s", from, e->to ? e->to : "(end)");
		if (e->when_words)
			text_printf(out, " when %s", e->when_words);
		while (out->len && out->data[out->len - 1] == ' ')
			out->data[--out->len] = '\0';
		text_append(out, n->fn ? "   [program's]\n" : "\n");
	}
	/* In the order a turn goes: the unconditional way on comes last in the table. */
	for (size_t i = g->n_edges; i-- > 0;)
		if (strcmp(g->edges[i].from, from) == 0 && g->edges[i].to)
			print_from(g, g->edges[i].to, done, out);
}

void graph_print(const struct graph *g, struct text *out)
{
	bool done[GRAPH_MAX_NODES] = { false };

	print_from(g, graph_first(g)->name, done, out);
}
