/*
 * search_speakers.c - the people who speak: by name, field, company, what they speak about.
 */
#include "tools/builtin.h"

static void search_speakers(struct flow *f)
{
	search_tool_run(f, ENTITY_SPEAKER);
}

const struct tool_definition tool_search_speakers = {
	.name = "search_speakers",
	.description = "Finds speakers by name, expertise, company or what they speak about.",
	.schema = SEARCH_SCHEMA(TEXT_FILTER("speaker")),
	.run = search_speakers,
};
