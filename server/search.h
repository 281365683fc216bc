/*
 * search.h - the search itself: GET /api/search.
 */
#ifndef SERVER_SEARCH_H
#define SERVER_SEARCH_H

#include "request.h"

void search_get(struct request *r);

/* The library's query in JSON from a query string.  false: problem holds a sentence. */
bool search_build_query(const char *query, bool debug, struct buf *out, char problem[160]);

#endif
