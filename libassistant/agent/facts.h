/*
 * facts.h - the parts of building turn->facts (tool.h, "The facts"); facts_build is in nodes.h.
 */
#ifndef AGENT_FACTS_H
#define AGENT_FACTS_H

#include "agent/turn.h"

#define FACTS_MAX_RESULTS 12

/* What the calls found, merged: each record once, best first, what is in focus marked. */
struct found {
	struct result results[FACTS_MAX_RESULTS];
	bool focus[FACTS_MAX_RESULTS];
	size_t n;
	size_t totals[ENTITY_COUNT]; /* what there is, shown or not */
	bool at_least[ENTITY_COUNT]; /* and perhaps more than that */
	struct result pages[3];
	struct json_object *passages[3]; /* borrowed from the calls */
	size_t n_pages;
	/* for beginners was asked: what is told says that it is for them; a few do, the others do not; none says it */
	enum {
		BEGINNERS_NOT_ASKED,
		BEGINNERS_FOUND,
		BEGINNERS_SOME,
		BEGINNERS_UNKNOWN
	} for_beginners;
};
void facts_collect(struct turn *t, struct found *out);

/* A record with its handle; in full (people, sessions, long text) when it is in focus.  Owned. */
struct json_object *facts_record(struct turn *t, const struct result *result, bool focus);

/* The words that are searched for were picked out of a longer sentence: they are no name of what is asked. */
bool facts_is_loose(const struct understood *u, struct arena *arena);

/* Does it say that it is for those who begin? */
bool facts_is_for_beginners(const struct record *r);

/* Was a time asked for, and is any of the person's sessions then?  Otherwise all are told. */
bool facts_speaks_then(const struct turn *t, const struct record *person);

/* Listed, may it be quoted to say why? */
bool facts_may_tell(struct turn *t, const struct record *r);

/* Cleaned text as a JSON member; absent when there is none. */
void facts_set_text(struct json_object *o, const char *key, const char *text, size_t max_chars);

#endif
