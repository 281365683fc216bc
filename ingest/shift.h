/*
 * shift.h - moves a conference in time by whole days: the same hours on the venue's clocks.
 *
 * Times lose their offset, which the library then finds anew for the new day (the clocks may have changed).
 */
#ifndef INGEST_SHIFT_H
#define INGEST_SHIFT_H

#include <json-c/json.h>

/* Days from the conference's start_date to `start_on` ("today" in the conference's zone, or a date).  0 or -1: *error says why. */
int shift_days(struct json_object *conference, const char *start_on, long *days,
	       const char **error);
/* Moves every date of a conference, every start_time and end_time of a session. */
void shift_conference(struct json_object *conference, long days);
void shift_session(struct json_object *session, long days);

#endif
