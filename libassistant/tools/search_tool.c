/*
 * search_tool.c - what the three search tools do: the question's understanding, narrowed or
 * replaced by the call's arguments, becomes one search; when the index is down, a scan of the
 * records.
 *
 *	search --> collect --> (done)
 *	              |
 *	              +-- index down --> scan --> collect_scan
 */
#include "tools/builtin.h"

#include <string.h>

#define DEFAULT_LIMIT 10

struct search_state {
	struct search search;
	struct scan scan;
	struct understood understood;
	enum entity entity;
	int limit;
	bool searched;
};

static flow_step search_tool_collect, search_tool_collect_scan;

static void child_ended(struct flow *f)
{
}

static void search_tool_release(struct tool_call *call)
{
	struct search_state *st = call->state;

	if (st->searched)
		search_finish(&st->search);
}

/* NULL-terminated, in arena; NULL: absent. */
static const char *const *string_list(struct json_object *array, struct arena *arena)
{
	size_t n = array ? json_object_array_length(array) : 0;
	const char **list;

	if (!n)
		return NULL;
	list = arena_array(arena, const char *, n + 1);
	for (size_t i = 0; list && i < n; i++)
		list[i] = arena_strdup(arena,
				       json_object_get_string(json_object_array_get_idx(array, i)));
	return list;
}

/* The turn's understanding as this call wants it. */
static int apply_arguments(struct tool_call *call, struct search_state *st, struct fail *fail)
{
	const struct tool_context *ctx = call->context;
	struct json_object *filters = json_get_object(call->arguments, "filters");
	struct json_object *ids = json_get_array(call->arguments, "ids");
	const char *query = json_get_string(call->arguments, "query");

	st->understood = *ctx->understood;
	st->understood.entities = ENTITY_BIT(st->entity);
	st->understood.filter.entities = ENTITY_BIT(st->entity);
	/* The words that were understood have a sentence around them; others stand for themselves. */
	if (query && strcmp(query, ctx->understood->terms) != 0) {
		st->understood.meaning = st->understood.terms = arena_strdup(ctx->arena, query);
		st->understood.origin = NULL;
	}
	if (ids)
		st->understood.filter.ids = string_list(ids, ctx->arena);
	if (!st->understood.terms)
		return FAIL(fail, ASSISTANT_ENOMEM, "This turn has no memory left.");
	return filters ? search_apply_filters(ctx->catalog, filters, ctx->now_unix_s, ctx->arena,
					      &st->understood, fail)
		       : 0;
}

void search_tool_run(struct flow *f, enum entity entity)
{
	struct tool_call *call = container_of(f, struct tool_call, flow);
	const struct tool_context *ctx = call->context;
	struct search_state *st = arena_new(ctx->arena, struct search_state);
	int r;

	if (!st) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "This turn has no memory left."));
		return;
	}
	st->entity = entity;
	st->limit = (int)json_get_int(call->arguments, "limit", DEFAULT_LIMIT);
	r = apply_arguments(call, st, &f->fail);
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	call->state = st;
	call->release = search_tool_release;
	st->searched = true;
	search_begin(&st->search,
		     &(struct search_request){ .catalog = ctx->catalog,
					       .understood = &st->understood,
					       .embedder = ctx->embedder,
					       .meaning = ctx->meaning,
					       .entities = ENTITY_BIT(entity),
					       .any_kind = ctx->understood->entities == ENTITY_ALL,
					       .now_unix_s = ctx->now_unix_s,
					       .limit = st->limit,
					       .no_relax = true },
		     ctx->index, ctx->arena, ctx->loop, f, child_ended);
	/* Time for a scan is left when the index hangs. */
	if (flow_remaining_ms(f) >= 0)
		flow_set_deadline(&st->search.flow, flow_remaining_ms(f) * 2 / 3);
	flow_join(THEN(f, search_tool_collect));
}

/* Only sessions, exhibitors or speakers leave a search tool; information has a tool of its own. */
static void search_tool_collect(struct flow *f)
{
	struct tool_call *call = container_of(f, struct tool_call, flow);
	struct search_state *st = call->state;
	const struct search *s = &st->search;

	if (s->flow.status < 0) {
		scan_begin(&st->scan, catalog_snapshot(call->context->catalog),
			   &st->understood.filter, st->understood.terms, st->limit,
			   call->context->arena, call->context->loop, f, child_ended);
		call->degraded = true;
		flow_join(THEN(f, search_tool_collect_scan));
		return;
	}
	if (s->kind == RESULT_ENTITIES) {
		call->results = s->results;
		call->n_results = s->n_results;
	}
	call->total = s->total;
	call->words_only = s->degraded;
	flow_done(f);
}

static void search_tool_collect_scan(struct flow *f)
{
	struct tool_call *call = container_of(f, struct tool_call, flow);
	struct search_state *st = call->state;

	call->results = st->scan.results;
	call->n_results = st->scan.n_results;
	call->total = st->scan.total;
	flow_done(f);
}
