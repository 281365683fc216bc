/*
 * shift.h - moves a conference in time by whole days: the same hours on the venue's clocks.
 *
 * Times lose their offset, which the library then finds anew for the new day (the clocks may have changed).
 */
#ifndef INGEST_SHIFT_H
#define INGEST_SHIFT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <time.h>

/* "today" or a date such as 2027-05-20. */
bool shift_accepts(const char *start_on);
struct shift {
	long days;
	time_t start; /* of the conference as written */
};

/* From the conference's start_date to start_on, today being the venue's.  0 or -1: *error says why.
 * The process is in the venue's time zone (TZ) from then on: call it before any thread starts. */
int shift_find(struct json_object *conference, const char *start_on, struct shift *out,
	       const char **error);
/* Moves every date of a conference or record, its start_time and end_time, and the weekdays and dates that its texts speak
 * of (shift_text.h).  What is no date or time stays: the library has the sentence for it. */
void shift_conference(struct json_object *conference, const struct shift *by);
void shift_record(struct json_object *record, const struct shift *by);

#endif
