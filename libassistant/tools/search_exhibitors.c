/*
 * search_exhibitors.c - stands, sponsors, companies: by words, place, category.
 */
#include "tools/builtin.h"

static void search_exhibitors(struct flow *f)
{
	search_tool_run(f, ENTITY_EXHIBITOR);
}

const struct tool_definition tool_search_exhibitors = {
	.name = "search_exhibitors",
	.description = "Finds exhibitors by what they offer, by name, by category or by where they "
		       "stand.",
	.schema = SEARCH_SCHEMA(TEXT_FILTER("place") "," TEXT_FILTER("track")),
	.run = search_exhibitors,
};
