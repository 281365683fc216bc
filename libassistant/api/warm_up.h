/*
 * warm_up.h - what the first question would wait for, read before it comes.
 */
#ifndef API_WARM_UP_H
#define API_WARM_UP_H

#include "api/assistant_private.h"

/* A caller's thread, once the loop runs: the model, the default conference and a few others are loaded in the background; a
 * moment later, since being up comes first. */
void warm_up(assistant *a);
void warm_up_stop(assistant *a); /* loop thread */

#endif
