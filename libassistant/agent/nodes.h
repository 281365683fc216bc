/*
 * nodes.h - the first steps of the five nodes, and what their files share.
 *
 * In every node the flow is turn->node_flow.
 */
#ifndef AGENT_NODES_H
#define AGENT_NODES_H

#include "agent/turn.h"
#include "llm/phrases.h"

flow_step node_understand, node_plan, node_execute, node_reflect, node_respond;

static inline struct turn *node_turn(struct flow *f)
{
	return container_of(f, struct turn, node_flow);
}

/* Conditions of edges. */
bool turn_nothing_to_look_up(const struct turn *t);
bool turn_not_enough(const struct turn *t);
bool turn_has_rest(const struct turn *t);

bool turn_is_during(const struct turn *t); /* the conference's days */

/* To the reader, through the references' check and the limit of an answer's length.  false: no more
 * text is wanted (stopped, or too long). */
bool turn_say(struct turn *t, const char *text, size_t len);
/* What the references' check held back: at the end of an answer. */
void turn_flush(struct turn *t);
enum language turn_language(const struct turn *t);
void turn_note(struct turn *t,
	       const char *what); /* a degraded part, for debug and logs; static string */

/* facts.c: turn->facts from the understanding and what the calls found. */
int facts_build(struct turn *t, struct fail *f);
/* Times as the venue's clock shows them, ISO 8601 with offset, in the arena. */
const char *facts_time(const struct turn *t, int64_t unix_s);

/* suggest.c: up to three questions that the data can answer, through the sink. */
void suggest(struct turn *t);

#endif
