/*
 * layout.h - is the store laid out as its mapping says?
 */
#ifndef API_LAYOUT_H
#define API_LAYOUT_H

#include <assistant.h>
#include "base/fail.h"

/*
 * At the start of a server: every finding is logged; the first that answers would fail on is ECONFIG.  A store that
 * does not answer yet is no reason not to start: it is logged, and looked at by erleah-cli doctor.
 */
int layout_check(assistant *a, struct fail *f);

#endif
