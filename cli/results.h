/*
 * results.h - a search's result as a table.
 *
 *	   score  type     name                          when                    where
 *	1  0.93   session  Keeping the taps on           Thu 20 May 09:30-10:15  Große Halle (Hall A)
 *
 * Columns that nothing fills are left out.  On a terminal, names and places are cut to its width; on a
 * narrow one each result has two lines instead:
 *
 *	 1  Keeping the taps on
 *	    session  0.93  Thu 20 May 09:30-10:15  Große Halle (Hall A)
 */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include "terminal.h"

/* why: what each rank comes from, and how the question was understood.  Returns the number of rows. */
size_t results_show(const struct terminal *t, struct json_object *result, bool why);

#endif
