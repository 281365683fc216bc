/*
 * directus.h - a conference from a Directus.
 */
#ifndef INGEST_DIRECTUS_H
#define INGEST_DIRECTUS_H

#include <assistant.h>
#include "options.h"

/* Reads it and commits it, once.  The exit status: 0; 1: nothing was written, after a message; 130 or 143: by a signal. */
int directus_ingest(const struct options *o, assistant *a);
/* Does the store hold what Directus holds?  The exit status, after a message. */
int directus_verify(const struct options *o, assistant *a);

/* Before any thread starts: signals are for directus_watch. */
void directus_watch_signals(void);
/* Goes on with it until SIGINT or SIGTERM.  The exit status: 0. */
int directus_watch(const struct options *o, assistant *a, int every_ms);

/* An ingest of what o says; NULL after a message. */
assistant_ingest *directus_begin(const struct options *o, assistant *a);

#endif
