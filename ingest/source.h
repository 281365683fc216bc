/*
 * source.h - a conference file on its way into the library.
 */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include <assistant.h>
#include "options.h"

/* Reads, checks, commits; messages go to stderr.  The exit status: 0, or 1 when nothing was written. */
int source_ingest(assistant *a, const struct options *o);

#endif
