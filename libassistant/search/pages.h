/*
 * pages.h - practical questions in words that no page uses: information pages by meaning.
 */
#ifndef SEARCH_PAGES_H
#define SEARCH_PAGES_H

#include "search/meaning.h"
#include "search/query.h"

/*
 * Amends what was understood of a question whose meaning is m (that of the whole question): puts the pages that may answer in
 * order, and makes a search for records a practical question when the pages are clearly nearer than any record.  Does nothing when m is
 * not ready.  Pure otherwise.
 */
void pages_by_meaning(const struct meaning *m, struct arena *arena, struct understood *u);

#endif
