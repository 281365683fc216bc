/*
 * prose.h - running text as people paste it into forms (plain, Markdown, HTML) as a list of clean sentences.
 *
 * Markup, code blocks, addresses of pages and reference marks go; words stay as written.  Hard-wrapped lines are joined;
 * items of lists and headings are told apart, and each sentence knows what it stands under.
 */
#ifndef SEARCH_PROSE_H
#define SEARCH_PROSE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

#define PROSE_MAX_SENTENCES 500 /* what comes after them is left out */

struct sentence {
	const char *text; /* one line, not empty */
	size_t len;
	int lead; /* index of the heading, or of the "...:" before an item, it stands under; -1: none */
	bool heading; /* "Who should attend" */
	bool item;    /* of a list */
};
struct prose {
	const struct sentence *sentences;
	size_t n;
};

/* text may be NULL.  0 or ASSISTANT_ENOMEM; memory from arena. */
int prose_read(const char *text, struct arena *arena, struct prose *out);

#endif
