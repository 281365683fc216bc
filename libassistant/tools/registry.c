/*
 * registry.c - the tools there are, and how a call of one begins and ends.
 */
#include "tools/tool.h"

#include <string.h>
#include "base/check.h"
#include "tools/builtin.h"
#include "tools/own_tool.h"

#define MAX_TOOLS	16
#define MAX_NAME	64
#define MAX_DESCRIPTION 1000
#define MAX_SCHEMA	(16 * 1024)

struct registry {
	struct tool tools[MAX_TOOLS];
	struct own_tool own[MAX_TOOLS];
	size_t n;
};

static const struct tool_definition *const builtin[] = {
	&tool_search_sessions,
	&tool_search_exhibitors,
	&tool_search_speakers,
	&tool_get_conference_info,
};

struct registry *registry_create(void)
{
	struct registry *r = calloc(1, sizeof(*r));

	for (size_t i = 0; r && i < ARRAY_SIZE(builtin); i++) {
		struct tool *t = &r->tools[r->n];
		const char *schema = builtin[i]->schema;

		t->name = strdup(builtin[i]->name);
		t->description = strdup(builtin[i]->description);
		if (!t->name || !t->description ||
		    json_parse(schema, strlen(schema), &t->schema, NULL) < 0)
			IMPOSSIBLE("a built-in tool does not load");
		t->run = builtin[i]->run;
		r->n++;
	}
	return r;
}

void registry_destroy(struct registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		free((char *)r->tools[i].name);
		free((char *)r->tools[i].description);
		json_object_put(r->tools[i].schema);
	}
	free(r);
}

/* Names go to models and into metrics: letters, digits, _ and -. */
static bool name_ok(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= MAX_NAME &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       n;
}

static int check_new(const struct registry *r, const char *name, const char *description,
		     const char *schema_json, struct fail *f)
{
	if (!name || !name_ok(name))
		return FAIL(f, ASSISTANT_EINVAL,
			    "A tool's name has 1 to %d letters, digits, _ or -.", MAX_NAME);
	if (registry_find(r, name))
		return FAIL(f, ASSISTANT_EINVAL, "There is a tool named %s already.", name);
	if (!description || !description[0] || strlen(description) > MAX_DESCRIPTION)
		return FAIL(f, ASSISTANT_EINVAL,
			    "The tool %s needs a description of 1 to %d bytes: it decides when the "
			    "tool is called.",
			    name, MAX_DESCRIPTION);
	if (!schema_json || strlen(schema_json) > MAX_SCHEMA)
		return FAIL(f, ASSISTANT_EINVAL,
			    "The tool %s needs a JSON Schema of at most %d bytes.", name,
			    MAX_SCHEMA);
	if (r->n == MAX_TOOLS)
		return FAIL(f, ASSISTANT_ELIMIT, "At most %d tools can be registered.", MAX_TOOLS);
	return 0;
}

int registry_add(struct registry *r, const char *name, const char *description,
		 const char *schema_json, assistant_tool_fn *fn, void *user, struct fail *f)
{
	struct json_object *schema = NULL;
	struct fail cause = FAIL_INIT;
	int code = check_new(r, name, description, schema_json, f);

	if (code < 0)
		return code;
	if (!fn)
		return FAIL(f, ASSISTANT_EINVAL, "The tool %s has no function.", name);
	code = json_parse(schema_json, strlen(schema_json), &schema, &cause);
	if (code < 0)
		code = FAIL(f, code, "The schema of the tool %s: %s", name, cause.text);
	else if (strcmp(json_text(schema, "type"), "object") != 0)
		code = FAIL(f, ASSISTANT_EINVAL,
			    "The schema of the tool %s must be of type object.", name);
	if (code < 0) {
		json_object_put(schema);
		return code;
	}
	r->own[r->n] = (struct own_tool){ .fn = fn, .user = user };
	r->tools[r->n] = (struct tool){ .name = strdup(name),
					.description = strdup(description),
					.schema = schema,
					.run = own_tool_run,
					.user = &r->own[r->n] };
	if (!r->tools[r->n].name || !r->tools[r->n].description) {
		free((char *)r->tools[r->n].name);
		free((char *)r->tools[r->n].description);
		json_object_put(schema);
		return FAIL(f, ASSISTANT_ENOMEM, "There is no memory for the tool %s.", name);
	}
	r->n++;
	return 0;
}

const struct tool *registry_find(const struct registry *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->tools[i].name, name) == 0)
			return &r->tools[i];
	return NULL;
}

const struct tool *registry_at(const struct registry *r, size_t i)
{
	return i < r->n ? &r->tools[i] : NULL;
}

struct json_object *registry_describe(const struct registry *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < r->n; i++) {
		struct json_object *o = json_object_new_object(), *schema = NULL;

		json_set_string(o, "name", r->tools[i].name);
		json_set_string(o, "description", r->tools[i].description);
		if (json_object_deep_copy(r->tools[i].schema, &schema, NULL) == 0)
			json_set(o, "input_schema", schema);
		json_object_array_add(all, o);
	}
	return all;
}

/* --- A call ------------------------------------------------------------------ */

static void call_check(struct flow *f)
{
	struct tool_call *call = container_of(f, struct tool_call, flow);
	int r = schema_check(call->tool->schema, call->arguments, &f->fail);

	if (r < 0)
		flow_fail(f, r);
	else
		call->tool->run(f);
}

static void call_ended(struct flow *f)
{
	struct tool_call *call = container_of(f, struct tool_call, flow);

	call->took_ms = loop_now_ms(f->loop) - f->began_ms;
	call->on_end(call);
}

void tool_call_begin(struct tool_call *call, const struct tool *tool,
		     const struct tool_context *context, struct json_object *arguments,
		     struct flow *parent, int deadline_ms, void (*on_end)(struct tool_call *call))
{
	*call = (struct tool_call){
		.tool = tool,
		.context = context,
		.arguments = json_object_get(arguments),
		.on_end = on_end,
	};
	flow_begin(&call->flow, context->loop, parent, tool->name, FIRST(call_check), call_ended);
	flow_set_deadline(&call->flow, deadline_ms);
}

void tool_call_finish(struct tool_call *call)
{
	if (!call)
		return;
	if (call->release)
		call->release(call);
	json_object_put(call->arguments);
	json_object_put(call->extra);
	*call = (struct tool_call){ .tool = call->tool };
}
