/*
 * progress.h - one line that moves, on a terminal; nothing elsewhere.
 */
#ifndef INGEST_PROGRESS_H
#define INGEST_PROGRESS_H

#include <stddef.h>

struct progress {
	int on, shown, percent;
	char phase[16];
};

void progress_begin(struct progress *p, int quiet);
void progress_show(struct progress *p, const char *phase, size_t done, size_t total);
void progress_end(struct progress *p); /* clears the line */

#endif
