/*
 * zone.h - IANA time zones from the system's TZif files (RFC 9636), without touching TZ or any
 * other global.  A zone is immutable and may be shared between threads.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/fail.h"

struct zone;

/* A civil time in some zone.  month 1..12, weekday 0 = Sunday. */
struct civil {
	int year, month, day, hour, minute, second, weekday;
	int offset_s;
	char abbreviation[8]; /* "CET" */
};

/* "Europe/Brussels"; "UTC" always works.  ECONFIG names the zone and where it was looked for. */
int zone_open(const char *name, struct zone **out, struct fail *f);
void zone_close(struct zone *z);
const char *zone_name(const struct zone *z);
void zone_civil(const struct zone *z, int64_t unix_s, struct civil *out);
/* Fields may be out of range (day 32).  A time that a clock change skips moves forward by the gap; one
 * that occurs twice is the first. */
int64_t zone_unix(const struct zone *z, int year, int month, int day, int hour, int minute,
		  int second);
/* The same of seconds by the clock on the wall since 1970. */
int64_t zone_unix_of(const struct zone *z, int64_t local_s);
/* The start and the end of a stretch by the clock on the wall: where a clock change skips the time, the change; the end, when
 * it occurs twice, is the second, except midnight. */
int64_t zone_unix_from(const struct zone *z, int year, int month, int day, int hour, int minute);
int64_t zone_unix_until(const struct zone *z, int year, int month, int day, int hour, int minute);
/* The same day's start, and n days later: days are civil days, 23 to 25 hours long. */
int64_t zone_day_start(const struct zone *z, int64_t unix_s, int days_later);

#endif
