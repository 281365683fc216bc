/*
 * venue_clock.h - times as the clock on the venue's wall shows them.
 *
 * The zone becomes the process's own (TZ), once, before its times are asked for: for commands that check one
 * conference and end.
 */
#ifndef CLI_VENUE_CLOCK_H
#define CLI_VENUE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

void venue_clock_use(const char *zone);
/* "2027-05-20" at that hour as "2027-05-20T09:00:00+02:00"; false for what is no day. */
bool venue_clock_at(const char *day, int hour, char *out, size_t size);
/* ISO 8601 with an offset, as venue time.  False: it is none. */
bool venue_clock_read(const char *text, struct tm *tm);

#endif
