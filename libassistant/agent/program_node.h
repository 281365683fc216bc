/*
 * program_node.h - nodes that a program adds (assistant_config_add_node).
 *
 * The function runs on env->tool_lane; it sees
 * {"node","question","language","intent","terms","when",
 * "filters","results":[{"type","id","name","score"}],"notes"} and may return an object whose
 *	question   replaces the question; what was understood and found is forgotten and understood anew
 *	language   replaces the language of the answer
 *	notes      a sentence that the answer carries
 * Other keys have no effect.
 */
#ifndef AGENT_PROGRAM_NODE_H
#define AGENT_PROGRAM_NODE_H

#include "aio/flow.h"

flow_step program_node_run;

#endif
