/*
 * rows.c - rows of the embedded store, for a Directus-compatible face.
 */
#include "api/assistant_private.h"

#include <string.h>
#include "base/json.h"

struct row_call {
	struct api_call call;
	const char *collection, *id;
	struct json_object *value;
	struct row_query query;
	char *result;
};

static struct row_call *row_of(struct flow *f)
{
	return container_of(f, struct row_call, call.flow);
}

static void row_read_begin(struct flow *f)
{
	struct row_call *r = row_of(f);
	struct store *s = r->call.a->env.store;

	s->ops->row_read(s, r->collection, r->id, &r->result, THEN(f, api_call_done));
}

static void row_list_begin(struct flow *f)
{
	struct row_call *r = row_of(f);
	struct store *s = r->call.a->env.store;

	s->ops->row_list(s, &r->query, &r->result, THEN(f, api_call_done));
}

static void row_create_begin(struct flow *f)
{
	struct row_call *r = row_of(f);
	struct store *s = r->call.a->env.store;

	s->ops->row_create(s, r->collection, r->value, &r->result, THEN(f, api_call_done));
}

static void row_patch_begin(struct flow *f)
{
	struct row_call *r = row_of(f);
	struct store *s = r->call.a->env.store;

	s->ops->row_patch(s, r->collection, r->id, r->value, &r->result, THEN(f, api_call_done));
}

static int enter(assistant *a, assistant **inside, assistant_error *err)
{
	struct fail f = FAIL_INIT;
	int code = api_enter(a, inside, err);

	if (code < 0 || a->env.store->ops->row_read)
		return code;
	FAIL(&f, ASSISTANT_EDENIED, "Rows are served by %s itself.", a->env.store->ops->name);
	return fail_export(&f, err);
}

static int parse_object(const char *text, struct json_object **out, assistant_error *err)
{
	struct fail f = FAIL_INIT;

	if (!text || json_parse(text, strlen(text), out, &f) < 0) {
		if (!f.code)
			FAIL(&f, ASSISTANT_EINVAL, "A JSON object is needed.");
		return fail_export(&f, err);
	}
	if (json_object_is_type(*out, json_type_object))
		return 0;
	json_object_put(TAKE_PTR(*out));
	FAIL(&f, ASSISTANT_EINVAL, "A JSON object is needed.");
	return fail_export(&f, err);
}

static int finish(struct row_call *r, int code, char **out)
{
	if (!code)
		*out = TAKE_PTR(r->result);
	free(r->result);
	json_object_put(r->value);
	api_call_finish(&r->call);
	return code;
}

int assistant_row_read(assistant *a, const char *collection, const char *id, int timeout_ms,
		       char **row_json, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct row_call r = { .collection = collection, .id = id };
	int code = enter(a, &inside, err);

	if (code < 0)
		return code;
	return finish(&r, API_CALL(a, &r.call, timeout_ms, row_read_begin, err), row_json);
}

int assistant_row_list(assistant *a, const char *collection, const char *query_json, int timeout_ms,
		       char **rows_json, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct row_call r = { .query = { .collection = collection, .limit = 100 } };
	struct json_object *sort;
	int code = enter(a, &inside, err);

	if (!code && query_json)
		code = parse_object(query_json, &r.value, err);
	if (code < 0)
		return code;
	sort = json_get_array(r.value, "sort");
	r.query.filter = json_get_object(r.value, "filter");
	r.query.limit = (int)json_get_int(r.value, "limit", 100);
	r.query.offset = (int)json_get_int(r.value, "offset", 0);
	if (sort && json_object_array_length(sort))
		r.query.sort = json_object_get_string(json_object_array_get_idx(sort, 0));
	return finish(&r, API_CALL(a, &r.call, timeout_ms, row_list_begin, err), rows_json);
}

int assistant_row_create(assistant *a, const char *collection, const char *row_json, int timeout_ms,
			 char **created_json, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct row_call r = { .collection = collection };
	int code = enter(a, &inside, err);

	if (!code)
		code = parse_object(row_json, &r.value, err);
	if (code < 0)
		return code;
	return finish(&r, API_CALL(a, &r.call, timeout_ms, row_create_begin, err), created_json);
}

int assistant_row_patch(assistant *a, const char *collection, const char *id,
			const char *patch_json, int timeout_ms, char **row_json,
			assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct row_call r = { .collection = collection, .id = id };
	int code = enter(a, &inside, err);

	if (!code)
		code = parse_object(patch_json, &r.value, err);
	if (code < 0)
		return code;
	return finish(&r, API_CALL(a, &r.call, timeout_ms, row_patch_begin, err), row_json);
}
