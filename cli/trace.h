/*
 * trace.h - how an answer was made, and which sides of a record a question met.
 */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include "cli.h"

/* The last answer's steps, what each took and found.  A status. */
int trace_show(struct cli *cli, struct talk *talk, bool json);
/*
 * Searches and shows each result's facets with their cosines.  words: a question; behind a " | " part of a record's
 * name, for that record alone.  conference and now may be NULL.  A status.
 */
int facets_show(struct cli *cli, const char *words, const char *conference, const char *now,
		bool json);

#endif
