/*
 * telling.h - of a text, the one sentence that tells most of what was asked.
 */
#ifndef AGENT_TELLING_H
#define AGENT_TELLING_H

#include <stddef.h>
#include "base/arena.h"

#define TELLING_MAX_CHARS 180

/*
 * Sentences of a text (plain, Markdown, HTML) that can be read alone and in full: no heading, no list, no question, nothing
 * that leans on a sentence before.  First those that say what one gets to hear, then in the order of the text.  Returns how many.
 */
size_t telling_sentences(const char *text, const char **out, size_t max, struct arena *arena);
/* Of those the one with most of the words (as words_of cuts them), the earlier of equals; NULL: none has any.  *n_matched (may be
 * NULL): how many it has. */
const char *telling_by_words(const char *text, const char *const *words, struct arena *arena,
			     size_t *n_matched);
/* The first sentence that has a word beginning like one of the list ("|euro|free of charge|"); NULL:
 * none. */
const char *telling_by_beginnings(const char *text, const char *list, struct arena *arena);

#endif
