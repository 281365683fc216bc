/*
 * search_sessions.c - the programme: by words, time, room, track, speaker, format, level, language.
 */
#include "tools/builtin.h"

static void search_sessions(struct flow *f)
{
	search_tool_run(f, ENTITY_SESSION);
}

const struct tool_definition tool_search_sessions = {
	.name = "search_sessions",
	.description = "Finds sessions of the programme. What the question says of time, place and "
		       "names is known already; filters replace it.",
	.schema = SEARCH_SCHEMA(TEXT_FILTER("day") "," TEXT_FILTER("from") "," TEXT_FILTER("to") "," TEXT_FILTER(
		"p"
		"l"
		"a"
		"c"
		"e") "," TEXT_FILTER("track") "," TEXT_FILTER("speaker") "," TEXT_FILTER("type") "," TEXT_FILTER("level") "," TEXT_FILTER("language")),
	.run = search_sessions,
};
