/*
 * graph.h - the agent as a table: nodes, edges, conditions.
 *
 *	understand --> plan --> execute --> reflect --> respond --> (end)
 *	    |            ^                     |           ^
 *	    |            +----- not enough ----+           |
 *	    +--------------- nothing to look up -----------+
 *
 * A node is a flow over the turn; after it ends the first edge whose condition holds is taken.
 * Programs can insert nodes of their own.  Immutable once turns run.
 */
#ifndef AGENT_GRAPH_H
#define AGENT_GRAPH_H

#include <assistant.h>
#include "aio/flow.h"
#include "base/text.h"

struct turn;
struct graph;

#define GRAPH_MAX_NODES 16

struct node {
	const char *name; /* "understand" */
	flow_step *run; /* first step; the flow is turn->node_flow; ends with flow_done/flow_fail */
	bool essential; /* its failure ends the turn; else the turn goes on, degraded */
	unsigned at;	/* position in the table: 0 .. GRAPH_MAX_NODES - 1 */
	/* a program's own node; NULL: built in */
	assistant_node_fn *fn;
	void *user;
};

struct edge {
	const char *from, *to;		    /* to NULL: the end */
	bool (*when)(const struct turn *t); /* NULL: always */
	const char *when_words;		    /* "not enough": for the print */
};

struct graph *graph_create(void); /* the five nodes; NULL: no memory */
void graph_destroy(struct graph *g);
/* Several nodes after the same one run in the order they were inserted.  EINVAL names what is
 * wrong. */
int graph_insert(struct graph *g, const char *name, const char *after, assistant_node_fn *fn,
		 void *user, struct fail *f);
void graph_print(const struct graph *g, struct text *out);
const struct node *graph_first(const struct graph *g);
/* NULL: the end. */
const struct node *graph_next(const struct graph *g, const struct node *after,
			      const struct turn *t);
const struct node *graph_at(const struct graph *g, unsigned at); /* NULL: behind the last */

#endif
