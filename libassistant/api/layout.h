/*
 * layout.h - is the store laid out as its mapping says?
 */
#ifndef API_LAYOUT_H
#define API_LAYOUT_H

#include <assistant.h>
#include "base/fail.h"

/*
 * At the start of a server: every finding is logged; the first that answers would fail on is ECONFIG.  A store that
 * does not answer yet is no reason not to start: it is looked at again, in the background, until it has answered.
 */
int layout_check(assistant *a, struct fail *f);
/* Loop thread.  ECONFIG when it answered later and answers would fail; it is looked at again until that was mended. */
int layout_status(const assistant *a);
/* Loop thread, before the store goes. */
void layout_stop(assistant *a);

#endif
