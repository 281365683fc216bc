/*
 * program_node.c - see program_node.h.
 */
#include "agent/program_node.h"

#include <string.h>
#include "agent/nodes.h"
#include "agent/understand.h"
#include "aio/work.h"
#include "base/utf8.h"

#define MAX_PATCH_BYTES (64 * 1024)

struct job {
	struct work work;
	assistant_node_fn *fn;
	void *user;
	const char *name;
	char *state, *patch;
	struct turn *turn; /* touched at delivery only */
};

static flow_step program_node_apply;

static int job_run(struct work *w, struct fail *fail)
{
	struct job *j = container_of(w, struct job, work);
	int r = j->fn(j->user, j->state, &j->patch);

	if (r < 0)
		return FAIL(fail, r, "The program's own node %s failed: %s.", j->name,
			    assistant_strerror(r));
	return 0;
}

static void job_deliver(struct wait *w)
{
	struct job *j = container_of(w, struct job, work.wait);

	j->turn->patch = TAKE_PTR(j->patch);
}

static void job_release(struct wait *w)
{
	struct job *j = container_of(w, struct job, work.wait);

	free(j->state);
	free(j->patch);
	free(j);
}

static struct json_object *results_of(const struct turn *t)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < t->n_run; i++)
		for (size_t k = 0; k < t->calls[i]->n_results; k++)
			json_object_array_add(all, result_json(&t->calls[i]->results[k],
							       catalog_zone(t->catalog)));
	return all;
}

static char *state_of(const struct turn *t)
{
	struct json_object *state _cleanup_json_ = query_describe(t->catalog, &t->understood);

	json_set_string(state, "node", t->node->name);
	json_set_string(state, "question", t->understood.question);
	json_set_string(state, "language", t->understood.language);
	json_set_string(state, "notes", t->notes);
	json_set(state, "results", results_of(t));
	return json_dump(state);
}

void program_node_run(struct flow *f)
{
	struct turn *t = node_turn(f);
	struct job *j = calloc(1, sizeof(*j));

	if (j)
		j->state = state_of(t);
	if (!j || !j->state) {
		free(j);
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "There is no memory for a node."));
		return;
	}
	free(t->patch);
	t->patch = NULL;
	j->fn = t->node->fn;
	j->user = t->node->user;
	j->name = t->node->name;
	j->turn = t;
	lane_run(t->env->tool_lane, &j->work, job_run, job_deliver, job_release,
		 THEN(f, program_node_apply));
}

static int apply(struct turn *t, struct json_object *patch, struct fail *fail)
{
	const char *question = json_get_string(patch, "question");
	const char *language = json_get_string(patch, "language");
	const char *notes = json_get_string(patch, "notes");

	if (!json_object_is_type(patch, json_type_object))
		return FAIL(fail, ASSISTANT_EPROTOCOL,
			    "The program's own node %s must return a JSON object.", t->node->name);
	if (notes)
		t->notes = arena_strdup(t->arena, notes);
	if (question && strcmp(question, t->understood.question) != 0) {
		if (utf8_count(question) > (size_t)t->env->limits.question_max)
			return FAIL(fail, ASSISTANT_EPROTOCOL,
				    "The program's own node %s returned a question longer than %d "
				    "characters.",
				    t->node->name, t->env->limits.question_max);
		understand_anew(t, arena_strdup(t->arena, question));
	}
	if (language && language[0] && strlen(language) < sizeof(t->understood.language)) {
		snprintf(t->understood.language, sizeof(t->understood.language), "%s", language);
		t->language = language_from(language, NULL);
	}
	return 0;
}

static void program_node_apply(struct flow *f)
{
	struct turn *t = node_turn(f);
	struct json_object *patch _cleanup_json_ = NULL;
	int r = 0;

	if (t->patch && strlen(t->patch) > MAX_PATCH_BYTES)
		r = FAIL(&f->fail, ASSISTANT_ETOOLARGE,
			 "The program's own node %s returned more than %d bytes.", t->node->name,
			 MAX_PATCH_BYTES);
	else if (t->patch)
		r = json_parse(t->patch, strlen(t->patch), &patch, &f->fail);
	if (r == 0 && patch)
		r = apply(t, patch, &f->fail);
	free(t->patch);
	t->patch = NULL;
	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}
