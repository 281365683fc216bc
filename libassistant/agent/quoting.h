/*
 * quoting.h - why a record is listed, in its own words: of its sentences the one that is nearest in meaning to the question.
 */
#ifndef AGENT_QUOTING_H
#define AGENT_QUOTING_H

#include "agent/turn.h"

struct quoting;

/* Is there a vector of this very question?  Else words choose alone. */
bool quoting_is_possible(const struct turn *t);

/*
 * Adds "telling" to listed results of t->facts that have none and whose words do not tell it; a child of parent, which joins
 * it.  False: nothing to do, nothing begun.  Never fails a turn: without an embedder, or when it is late, nothing is added.
 */
bool quoting_begin(struct turn *t, struct flow *parent);

#endif
