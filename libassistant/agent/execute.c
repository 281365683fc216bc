/*
 * execute.c - the node: runs the planned calls side by side, each with its own deadline.
 *
 * A call that fails leaves nothing; what the others found is the result.
 */
#include <string.h>
#include "agent/history.h"
#include "agent/nodes.h"
#include "observe/log.h"
#include "observe/metrics.h"

static flow_step execute_joined;

static void call_ended(struct tool_call *call)
{
	struct turn *t = node_turn(call->flow.parent);

	metrics_observe(t->env->metrics, METRIC_TOOL_SECONDS, call->tool->name,
			(double)call->took_ms / 1000);
	if (call->flow.status < 0 && call->flow.status != ASSISTANT_ECANCELED)
		log_fail(t->env->log, LOG_WARN, "turn.tool_failed", &call->flow.fail);
}

static void remember_used(struct turn *t, const char *name)
{
	for (size_t i = 0; i < t->n_tools_used; i++)
		if (strcmp(t->tools_used[i], name) == 0)
			return;
	if (t->n_tools_used < TURN_MAX_CALLS)
		t->tools_used[t->n_tools_used++] = name;
}

void node_execute(struct flow *f)
{
	struct turn *t = node_turn(f);

	for (; t->n_run < t->n_calls; t->n_run++) {
		struct tool_call *call = t->calls[t->n_run];
		struct json_object *arguments = call->arguments;

		remember_used(t, call->tool->name);
		tool_call_begin(call, call->tool, &t->tools, arguments, f, t->env->limits.tool_ms,
				call_ended);
		json_object_put(arguments);
	}
	flow_join(THEN(f, execute_joined));
}

/* "show more", "anything later?": what the last answer named is left out. */
static void leave_out_named(struct turn *t, struct tool_call *call)
{
	const struct previous *p = t->previous;
	size_t kept = 0;

	for (size_t i = 0; i < call->n_results; i++) {
		bool named = false;

		for (size_t k = 0; k < p->n_references; k++)
			named |= call->results[i].record == p->references[k];
		if (!named)
			call->results[kept++] = call->results[i];
	}
	call->total -= call->total < call->n_results - kept ? call->total : call->n_results - kept;
	call->n_results = kept;
}

static void execute_joined(struct flow *f)
{
	struct turn *t = node_turn(f);
	size_t failed = 0, pages = 0;

	t->n_found = 0;
	for (size_t i = 0; i < t->n_calls; i++) {
		struct tool_call *call = t->calls[i];

		failed += call->flow.status < 0;
		pages += call->flow.status >= 0 &&
			 strcmp(call->tool->name, "get_conference_info") == 0;
		if (call->degraded)
			turn_note(t, "index");
		if (call->words_only && !t->words_only) {
			t->words_only = true;
			turn_note(t, "embedder");
		}
		if (t->leave_out && t->previous && call->flow.status >= 0)
			leave_out_named(t, call);
		t->n_found += call->n_results;
	}
	if (failed)
		turn_note(t, "tools");
	t->all_failed = failed > 0 && failed + pages == t->n_calls;
	flow_done(f);
}
