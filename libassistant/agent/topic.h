/*
 * topic.h - what is searched for, as the visitor wrote it.
 */
#ifndef AGENT_TOPIC_H
#define AGENT_TOPIC_H

#include <stdbool.h>
#include "base/arena.h"

/* The words of folded `terms` with the accents and capitals they have in question; terms itself
 * when not all of them occur in it.  In arena, never NULL. */
const char *topic_words(const char *question, const char *terms, struct arena *arena);

/* Does the question speak of several of a kind ("talks", "stands"), in any of our languages? */
bool topic_is_of_many(const char *question);

#endif
