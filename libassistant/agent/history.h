/*
 * history.h - what was said before: for a model, and for follow-ups that mean the last answer.
 *
 * The assistant's messages carry in their metadata what they understood and which records they
 * named.
 */
#ifndef AGENT_HISTORY_H
#define AGENT_HISTORY_H

#include "llm/llm.h"
#include "search/query.h"
#include "store/store.h"

#define PREVIOUS_MAX_REFERENCES 32
#define PREVIOUS_MAX_TURNS	4

/* A turn before. */
struct previous {
	const char *question; /* as it was understood, follow-ups resolved */
	const char *language;
	const struct understood *understood; /* NULL: only the question is known */
	const char *attribute;		     /* agent/attribute.h; NULL */
	bool leans;			     /* it was about a record that was named before */
	bool among;			     /* it picked from what was listed before */
	bool asked_back;		     /* it ended in a question to the visitor */
	const struct record *references[PREVIOUS_MAX_REFERENCES]; /* in the order they were named */
	size_t n_references;
	const struct record *focus;    /* the one record it was about; NULL */
	const struct previous *before; /* the turn before that; NULL: none that is known */
};

/*
 * The turn before, and through it those before that.  rows: newest first, as the store gives them.
 * message_id (may be NULL): the question asked now, left out with all that came after it.  NULL: no
 * turn before.  Records that the conference does not have (any more) are left out.
 */
struct previous *history_previous(const struct messages *rows, const char *message_id,
				  const struct snapshot *snapshot, struct arena *arena);
/* For a model: oldest first, completed messages with text only; at most max. */
size_t history_messages(const struct messages *rows, const char *message_id, size_t max,
			struct arena *arena, struct llm_message **out);

#endif
