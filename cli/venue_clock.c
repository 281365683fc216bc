/*
 * venue_clock.c - see venue_clock.h.
 */
#include "venue_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void venue_clock_use(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

bool venue_clock_at(const char *day, int hour, char *out, size_t size)
{
	struct tm tm = { .tm_hour = hour, .tm_isdst = -1 };
	char offset[8];

	if (sscanf(day, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (mktime(&tm) == (time_t)-1 || strftime(offset, sizeof(offset), "%z", &tm) != 5)
		return false;
	strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + strlen(out), size - strlen(out), "%.3s:%s", offset, offset + 3);
	return true;
}

bool venue_clock_read(const char *text, struct tm *tm)
{
	struct tm t = { 0 };
	int hours = 0, minutes = 0, n = 0;
	const char *zone;
	time_t at;

	if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday,
		   &t.tm_hour, &t.tm_min, &n) != 5)
		return false;
	zone = text + n + strcspn(text + n, "Z+-");
	if (*zone != 'Z' && sscanf(zone + (*zone != '\0'), "%2d:%2d", &hours, &minutes) != 2)
		return false;
	t.tm_year -= 1900;
	t.tm_mon--;
	at = timegm(&t) - (*zone == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
	return localtime_r(&at, tm) != NULL;
}
