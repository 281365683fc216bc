/*
 * search_sessions.c - the programme: by words, time, room, track, speaker, format, level, language.
 */
#include "tools/builtin.h"

static void search_sessions(struct flow *f)
{
	search_tool_run(f, ENTITY_SESSION);
}

#define SESSION_FILTERS                                                                                                 \
	TEXT_FILTER("day")                                                                                              \
	"," TEXT_FILTER("from") "," TEXT_FILTER("to") "," TEXT_FILTER("place") "," TEXT_FILTER(                         \
		"t"                                                                                                     \
		"r"                                                                                                     \
		"a"                                                                                                     \
		"c"                                                                                                     \
		"k") "," TEXT_FILTER("speaker") "," TEXT_FILTER("type") "," TEXT_FILTER("level") "," TEXT_FILTER("lang" \
														 "uag"  \
														 "e")

const struct tool_definition tool_search_sessions = {
	.name = "search_sessions",
	.description = "Finds sessions of the programme. What the question says of time, place and "
		       "names is known already; filters replace it.",
	.schema = SEARCH_SCHEMA(SESSION_FILTERS),
	.run = search_sessions,
};
