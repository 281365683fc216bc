/*
 * progress.h - how far it is: one line that moves on a terminal, elsewhere a line now and then.
 */
#ifndef INGEST_PROGRESS_H
#define INGEST_PROGRESS_H

#include <stddef.h>
#include <time.h>

struct progress {
	int quiet, terminal, shown;
	char phase[16];
	size_t from;		     /* done when the phase began */
	struct timespec since, last; /* of the phase; of what was shown last */
};

void progress_begin(struct progress *p, int quiet);
/* For "embed", also how many a second and how long still. */
void progress_show(struct progress *p, const char *phase, size_t done, size_t total);
void progress_end(struct progress *p); /* clears the line */

#endif
