/*
 * prose_markup.h - the two layers of prose.c below sentences: what spans lines, and what a line holds.
 */
#ifndef SEARCH_PROSE_MARKUP_H
#define SEARCH_PROSE_MARKUP_H

#include "base/text.h"

/* Stands where an address was: a line of "Slides:" and an address says nothing without it. */
#define PROSE_ADDRESS '\001'

/* HTML to line ends and list marks, character references to characters, links to their words, addresses to PROSE_ADDRESS. */
void prose_flatten(const char *s, size_t len, struct text *out);
/* One line: emphasis, escapes and empty brackets go, white space becomes single blanks.  Appended to out, after a blank
 * when out is not empty. */
void prose_line(const char *line, size_t len, struct text *out);

#endif
