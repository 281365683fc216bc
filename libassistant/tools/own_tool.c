/*
 * own_tool.c - a program's own tool: its function runs on a lane, arguments and result travel as
 * JSON text.
 *
 * Result: {"results":[{"type","id",...}],"text":"..."}.  What names a record of the conference
 * becomes a result that an answer may refer to; the rest stays in `extra`.
 */
#include "tools/own_tool.h"

#include <string.h>
#include "aio/work.h"
#include "base/check.h"

#define MAX_RESULT_BYTES (256 * 1024)

struct job {
	struct work work;
	assistant_tool_fn *fn;
	void *user;
	char *arguments, *result;
	char **out;
};

static flow_step own_tool_read;

static int job_run(struct work *w, struct fail *fail)
{
	struct job *j = container_of(w, struct job, work);
	int r = j->fn(j->user, j->arguments, &j->result);

	if (r < 0)
		return FAIL(fail, r, "The program's own tool failed: %s.", assistant_strerror(r));
	if (j->result && strlen(j->result) > MAX_RESULT_BYTES)
		return FAIL(fail, ASSISTANT_ETOOLARGE,
			    "The program's own tool returned more than %d bytes.",
			    MAX_RESULT_BYTES);
	return 0;
}

static void job_deliver(struct wait *w)
{
	struct job *j = container_of(w, struct job, work.wait);

	*j->out = TAKE_PTR(j->result);
}

static void job_release(struct wait *w)
{
	struct job *j = container_of(w, struct job, work.wait);

	free(j->arguments);
	free(j->result);
	free(j);
}

struct own_state {
	char *result;
};

static void own_tool_release(struct tool_call *call)
{
	struct own_state *st = call->state;

	free(st->result);
}

void own_tool_run(struct flow *f)
{
	struct tool_call *call = container_of(f, struct tool_call, flow);
	const struct own_tool *own = call->tool->user;
	struct own_state *st = arena_new(call->context->arena, struct own_state);
	struct job *j = calloc(1, sizeof(*j));

	if (!st || !j) {
		free(j);
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "This turn has no memory left."));
		return;
	}
	call->state = st;
	call->release = own_tool_release;
	j->fn = own->fn;
	j->user = own->user;
	j->out = &st->result;
	j->arguments = json_dump(call->arguments);
	if (!j->arguments) {
		free(j);
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "This turn has no memory left."));
		return;
	}
	lane_run(call->context->lane, &j->work, job_run, job_deliver, job_release,
		 THEN(f, own_tool_read));
}

/* Records of ours among the results. */
static void read_results(struct tool_call *call, struct json_object *results)
{
	const struct snapshot *snapshot = catalog_snapshot(call->context->catalog);
	size_t n = json_object_array_length(results);

	call->results = arena_array(call->context->arena, struct result, n + 1);
	for (size_t i = 0; call->results && i < n; i++) {
		struct json_object *o = json_object_array_get_idx(results, i);
		const char *id = json_get_string(o, "id");
		const struct record *r = NULL;
		enum entity type;

		if (id && entity_from(json_text(o, "type"), &type) == 0)
			r = snapshot_find(snapshot, type, id);
		if (r)
			call->results[call->n_results++] = (struct result){
				.record = r,
				.score = (float)json_get_double(o, "score", 0.5),
			};
	}
	call->total = call->n_results;
}

static void own_tool_read(struct flow *f)
{
	struct tool_call *call = container_of(f, struct tool_call, flow);
	struct own_state *st = call->state;
	struct json_object *results, *whole = NULL;
	int r;

	if (!st->result) {
		flow_done(f);
		return;
	}
	r = json_parse(st->result, strlen(st->result), &whole, &f->fail);
	if (r == 0 && !json_object_is_type(whole, json_type_object))
		r = FAIL(&f->fail, ASSISTANT_EPROTOCOL,
			 "The program's own tool %s must return a JSON object.", call->tool->name);
	if (r < 0) {
		json_object_put(whole);
		flow_fail(f, r);
		return;
	}
	call->extra = whole;
	call->text = json_get_string(whole, "text");
	results = json_get_array(whole, "results");
	if (results)
		read_results(call, results);
	flow_done(f);
}
