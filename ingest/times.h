/*
 * times.h - days, clock times and durations as programmes write them.
 *
 * Times are ISO 8601 texts; one without an offset is the venue's, and the library adds the offset.
 */
#ifndef INGEST_TIMES_H
#define INGEST_TIMES_H

#include <stdbool.h>

#define TIME_SIZE 40
#define DAY_SIZE  11

/* A time of day in minutes: "9:30", "09:30", "09:30:00", "9:30 pm", "9 am".  -1: it is none. */
int clock_minutes(const char *s);
/* A length in minutes: "00:50", "1:30", "00:50:00", "1:02:30" (a day and more), "45", "45 min", "PT45M".  -1: it is none. */
long duration_minutes(const char *s);
/* "2027-05-20" or "20.05.2027" at the beginning of s, as the first; *end is behind it. */
bool day_read(const char *s, char day[static DAY_SIZE], const char **end);
/* "2027-05-20T09:30...", also with a blank, seconds and an offset, copied with its blanks cut off. */
bool time_read(const char *s, char time[static TIME_SIZE]);
/* The same with minutes added; the offset stays. */
bool time_add(const char *time, long minutes, char out[static TIME_SIZE]);
/* Midnight of the day and so many minutes, without an offset. */
bool time_of_day(const char *day, long minutes, char out[static TIME_SIZE]);
bool time_has_offset(const char *time);
/* Which day the venue has at that time; zone NULL: the day that is written.  The process is in that time zone (TZ) from then on when the time has an
 * offset: call it before any thread starts. */
bool time_venue_day(const char *time, const char *zone, char day[static DAY_SIZE]);

#endif
