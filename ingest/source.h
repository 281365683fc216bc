/*
 * source.h - a conference file on its way into the library.
 */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include <assistant.h>
#include "options.h"

struct source;

/* Reads the file and finds its parts.  Messages go to standard error; NULL after one.  Before any thread starts, since
 * --start-on puts the process into the venue's time zone. */
struct source *source_open(const struct options *o);
/* Checks every record, then commits them all; what the command does not name stays as it is stored.  The exit status: 0; 1:
 * nothing was written; 130 or 143: stopped by a signal, with what was embedded kept. */
int source_ingest(struct source *s, assistant *a);
void source_close(struct source *s);

#endif
