/*
 * refresh.h - a serving assistant follows a Directus also while nobody asks, and at once when it is told to.
 *
 *	webhook --> here, and by Redis the others --> quiet for a moment? --> look, everything counts as moved
 *	every DIRECTUS_CHECK_MS ---------------------------------------------> look
 *
 * A look and what comes of it (catalogs.c, follow.c, complete.c) are under way once at a time; a wish that comes meanwhile is
 * kept for the next.
 */
#ifndef API_REFRESH_H
#define API_REFRESH_H

#include "api/assistant_private.h"

/* A caller's thread, once the loop runs; nothing where the store is not followed by looking. */
void refresh_start(assistant *a);
void refresh_stop(assistant *a); /* loop thread */

#endif
