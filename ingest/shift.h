/*
 * shift.h - moves a conference in time by whole days: the same hours on the venue's clocks.
 *
 * Times lose their offset, which the library then finds anew for the new day (the clocks may have changed).
 */
#ifndef INGEST_SHIFT_H
#define INGEST_SHIFT_H

#include <json-c/json.h>
#include <stdbool.h>

/* "today" or a date such as 2027-05-20. */
bool shift_accepts(const char *start_on);
/* Days from the conference's start_date to start_on, today being the venue's.  0 or -1: *error says why.
 * The process is in the venue's time zone (TZ) from then on: call it before any thread starts. */
int shift_days(struct json_object *conference, const char *start_on, long *days,
	       const char **error);
/* Moves every date of a conference, every start_time and end_time of a session.  What is no date or time
 * stays: the library has the sentence for it. */
void shift_conference(struct json_object *conference, long days);
void shift_session(struct json_object *session, long days);

#endif
