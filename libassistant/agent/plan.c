/*
 * plan.c - the node: from what was understood to tool calls with checked arguments.  Pure.
 *
 * The built-in tools follow the intent (FACETS: which search); a program's own tool is called when
 * the question uses a word of its name or description and its arguments can be filled without a
 * model.
 */
#include <string.h>
#include "agent/attribute.h"
#include "agent/history.h"
#include "agent/nodes.h"
#include "agent/whereabouts.h"
#include "base/utf8.h"
#include "tools/builtin.h"

#define LIMIT_LIST     24
#define LIMIT_SPECIFIC 6
#define LIMIT_COUNT    50

static void drop_calls(struct turn *t)
{
	for (size_t i = 0; i < t->n_calls; i++)
		tool_call_finish(t->calls[i]);
	t->n_calls = t->n_run = 0;
}

/* Takes arguments. */
static void add_call(struct turn *t, const struct tool *tool, struct json_object *arguments)
{
	struct tool_call *call =
		t->n_calls < TURN_MAX_CALLS ? arena_new(t->arena, struct tool_call) : NULL;

	if (!call) {
		json_object_put(arguments);
		return;
	}
	call->tool = tool;
	call->arguments = arguments;
	t->calls[t->n_calls++] = call;
}

static int limit_of(const struct turn *t)
{
	int limit = t->understood.asked == ASKED_COUNT_OF   ? LIMIT_COUNT
		    : t->understood.specificity == SPECIFIC ? LIMIT_SPECIFIC
							    : LIMIT_LIST;

	/* More of a list: what was named before will be left out. */
	if (t->leave_out && t->previous)
		limit += (int)t->previous->n_references;
	return limit < LIMIT_COUNT ? limit : LIMIT_COUNT;
}

static void add_search(struct turn *t, enum entity entity)
{
	static const char *const names[] = { "search_sessions", "search_exhibitors",
					     "search_speakers" };
	struct json_object *arguments = json_object_new_object();

	json_set_string(arguments, "query", t->understood.terms);
	json_set_int(arguments, "limit", limit_of(t));
	if (t->focus) {
		struct json_object *ids = json_object_new_array();

		json_object_array_add(ids, json_object_new_string(t->focus->id));
		json_set(arguments, "ids", ids);
	}
	add_call(t, registry_find(t->env->registry, names[entity]), arguments);
}

/* The question; of a record: what is asked, and what kind of record it is and where; a day by its
 * name. */
static const char *info_query(struct turn *t)
{
	static const char *const days[] = { "sunday",	"monday", "tuesday", "wednesday",
					    "thursday", "friday", "saturday" };
	const struct understood *u = &t->understood;
	const struct record *r = t->focus;
	struct civil day;

	if (r && t->attribute)
		return arena_printf(t->arena, "%s %s %s", attribute_page(t->attribute),
				    r->location ? r->location : "",
				    r->session_type ? r->session_type : "");
	if (t->attribute)
		return attribute_page(t->attribute);
	if (u->when.kind != WHEN_WINDOW || u->when.from == TIME_UNKNOWN)
		return u->question;
	zone_civil(catalog_zone(t->catalog), u->when.from, &day);
	return arena_printf(t->arena, "%s %s", u->question, days[day.weekday]);
}

static void add_info(struct turn *t)
{
	const struct understood *u = &t->understood;
	struct json_object *arguments = json_object_new_object();
	struct json_object *keys = json_object_new_array(), *parts = json_object_new_array();
	const struct info_page *map = t->way || (u->asked == ASKED_WHERE && u->filter.places)
					      ? whereabouts_page(t)
					      : NULL;

	if (map)
		json_object_array_add(keys, json_object_new_string(map->key));

	json_set_string(arguments, "query", info_query(t));
	for (size_t i = 0; !map && u->info_keys && u->info_keys[i]; i++) {
		int part = u->info_parts ? u->info_parts[i] : -1;

		if (u->filter.places && !u->info_matter &&
		    !whereabouts_page_has(t, u->info_keys[i]))
			continue;
		json_object_array_add(keys, json_object_new_string(u->info_keys[i]));
		json_object_array_add(parts, json_object_new_int(part));
	}
	if (json_object_array_length(keys)) {
		json_set(arguments, "keys", json_object_get(keys));
		json_set(arguments, "passages", json_object_get(parts));
	}
	json_object_put(keys);
	json_object_put(parts);
	add_call(t, registry_find(t->env->registry, "get_conference_info"), arguments);
}

/* The kinds of the records that were named; 0: none was. */
static unsigned named_entities(const struct understood *u, float least)
{
	unsigned entities = 0;

	for (size_t i = 0; i < u->n_names; i++)
		if (u->names[i].kind == NAME_RECORD && u->names[i].record &&
		    u->names[i].similarity >= least)
			entities |= ENTITY_BIT(u->names[i].record->type);
	return entities;
}

/* Those asked for; when nothing was said, those of the records that were named. */
static unsigned entities_of(const struct understood *u)
{
	unsigned entities = u->entities, named = named_entities(u, u->named ? 0.8f : 0.97f);

	if (entities == ENTITY_ALL && named)
		return named;
	if (entities)
		return entities;
	switch (u->intent) {
	case INTENT_EXHIBITOR_SEARCH:
		return ENTITY_BIT(ENTITY_EXHIBITOR);
	case INTENT_SPEAKER_SEARCH:
		return ENTITY_BIT(ENTITY_SPEAKER);
	case INTENT_RECOMMENDATION:
		return ENTITY_BIT(ENTITY_SESSION) | ENTITY_BIT(ENTITY_EXHIBITOR);
	default:
		return ENTITY_BIT(ENTITY_SESSION);
	}
}

/* The first or last of a list: of all that pass, those that start then. */
static void narrow_to_edge(struct turn *t)
{
	struct understood *u = &t->understood;
	const struct snapshot *s = catalog_snapshot(t->catalog);
	bool first = u->when.kind == WHEN_FIRST;
	int64_t edge = TIME_UNKNOWN;

	if ((!first && u->when.kind != WHEN_LAST) || u->terms[0] || u->n_names)
		return;
	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &s->records[ENTITY_SESSION][i];

		if (r->start == TIME_UNKNOWN || !scan_passes(&u->filter, r))
			continue;
		if (edge == TIME_UNKNOWN || (first ? r->start < edge : r->start > edge))
			edge = r->start;
	}
	if (edge == TIME_UNKNOWN)
		return;
	u->filter.has_window = true;
	u->filter.overlap = false;
	u->filter.from = edge;
	u->filter.to = edge + 1;
}

static void plan_built_in(struct turn *t)
{
	const struct understood *u = &t->understood;
	unsigned entities = entities_of(u);

	narrow_to_edge(t);
	if (t->focus)
		entities = ENTITY_BIT(t->focus->type);
	if (u->intent == INTENT_GENERAL_INFO) {
		add_info(t);
		return;
	}
	for (enum entity e = 0; e < ENTITY_COUNT; e++)
		if (entities & ENTITY_BIT(e))
			add_search(t, e);
	if (t->attribute && attribute_page(t->attribute)[0]) {
		add_info(t);
		return;
	}
	/* Unsure what is meant: a page may say it. */
	if (u->info_keys && u->info_keys[0] && !t->focus)
		add_info(t);
}

/* --- Programs' own tools ----------------------------------------------------------- */

static bool is_wanted(struct turn *t, const struct tool *tool)
{
	const char *text = arena_printf(t->arena, "%s %s", tool->name, tool->description);
	const char *const *wanted = words_of(t->understood.question, t->arena);
	const char *const *offered;
	char *spaced = arena_strdup(t->arena, text);

	for (char *p = spaced; p && *p; p++)
		if (*p == '_' || *p == '-')
			*p = ' ';
	offered = words_of(spaced, t->arena);
	for (size_t i = 0; wanted && offered && wanted[i]; i++) {
		if (strlen(wanted[i]) < 3)
			continue;
		for (size_t k = 0; offered[k]; k++)
			if (words_has(wanted[i], offered[k]))
				return true;
	}
	return false;
}

/* What a property can be filled with without a model; NULL: nothing. */
static const char *value_for(const struct turn *t, const char *property)
{
	static const char *const questions[] = { "question", "query", "q", "text" };

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if (strcmp(property, questions[i]) == 0)
			return t->understood.question;
	if (strcmp(property, "language") == 0)
		return t->understood.language;
	if (strcmp(property, "conference_id") == 0)
		return t->rq.conference_id;
	if (strcmp(property, "now") == 0)
		return facts_time(t, t->now_unix_s);
	return NULL;
}

static void plan_own(struct turn *t, const struct tool *tool)
{
	struct json_object *properties = json_get_object(tool->schema, "properties");
	struct json_object *arguments = json_object_new_object();
	struct fail fail = FAIL_INIT;

	if (properties) {
		json_object_object_foreach(properties, key, property)
		{
			(void)property;
			json_set_string(arguments, key, value_for(t, key));
		}
	}
	if (schema_check(tool->schema, arguments, &fail) < 0)
		json_object_put(arguments);
	else
		add_call(t, tool, arguments);
}

void node_plan(struct flow *f)
{
	struct turn *t = node_turn(f);
	const struct tool *tool;

	drop_calls(t);
	plan_built_in(t);
	for (size_t i = 0; (tool = registry_at(t->env->registry, i)); i++)
		if (tool_is_own(tool) && is_wanted(t, tool))
			plan_own(t, tool);
	flow_done(f);
}
