/*
 * graph.h - the agent as a table: nodes, edges, conditions.
 *
 *	understand --> plan --> execute --> reflect --> respond --> (end)
 *	                 ^                     |
 *	                 +----- not enough ----+
 *
 * A node is a flow over the turn; after it ends the first edge whose condition holds is taken.  Programs
 * can insert nodes of their own.  Immutable once turns run.
 */
#ifndef AGENT_GRAPH_H
#define AGENT_GRAPH_H

#include <assistant.h>
#include "aio/flow.h"
#include "base/text.h"

struct turn;
struct graph;

struct node {
	const char *name; /* "understand" */
	flow_step *run; /* first step; the flow is turn->node_flow; ends with flow_done/flow_fail */
	bool essential; /* its failure ends the turn; else the turn goes on, degraded */
};

struct edge {
	const char *from, *to;		    /* to NULL: the end */
	bool (*when)(const struct turn *t); /* NULL: always */
	const char *when_words;		    /* "not enough": for the print */
};

struct graph *graph_create(void); /* the five nodes */
void graph_destroy(struct graph *g);
int graph_insert(struct graph *g, const char *name, const char *after, assistant_node_fn *fn,
		 void *user, struct fail *f);
void graph_print(const struct graph *g, struct text *out);
const struct node *graph_first(const struct graph *g);
const struct node *graph_next(const struct graph *g, const struct node *after,
			      const struct turn *t);

#endif
