/*
 * follow.h - the index follows the epochs that the catalogs see, and gains the vectors it lacks.
 */
#ifndef API_FOLLOW_H
#define API_FOLLOW_H

#include "api/assistant_private.h"
#include "search/catalog.h"

/* For catalogs_on_epoch: ctx is the assistant. */
void follow_epoch(void *ctx, struct catalog *fresh, struct flow *f);
void follow_stop(assistant *a); /* loop thread, when services go down */

/*
 * Embeds what the index in use of that conference lacks, in the background, and goes over to the fuller one: for stores that bring
 * conferences that were never ingested here, and for what an interrupted ingest left.  In one process at a time; only in
 * serving ones, which live long enough.  Loop thread; takes the place of an earlier one of the same conference.
 */
void complete_start(assistant *a, struct catalog *catalog);
void complete_stop(assistant *a);

struct completing {
	size_t conferences; /* that are being embedded, here */
	size_t done, total; /* texts of these */
};
void complete_progress(const assistant *a, struct completing *out); /* loop thread */

#endif
