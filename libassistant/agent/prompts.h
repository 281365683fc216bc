/*
 * prompts.h - the instructions for language models: files in prompts/, versioned by their first line and built in.
 *
 * What stands in {braces} is filled in from the conference, so that a prompt is the same for all questions about it: what
 * changes from one question to the next comes behind the question, in the reminder.
 */
#ifndef AGENT_PROMPTS_H
#define AGENT_PROMPTS_H

#include "base/arena.h"
#include "store/record.h"

enum prompt { PROMPT_RESPOND, PROMPT_UNDERSTAND };

int prompt_version(enum prompt p);
/* zone: its name.  In the arena; NULL: no memory. */
const char *prompt_write(enum prompt p, const struct conference *c, const char *zone,
			 struct arena *arena);

#endif
