/*
 * when.c - see when.h.
 */
#include "when.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The digits are taken as they are: no zone of this machine has a say. */
static bool read_time(const char *text, struct tm *tm)
{
	char separator;

	*tm = (struct tm){ 0 };
	if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d", &tm->tm_year, &tm->tm_mon, &tm->tm_mday,
		   &separator, &tm->tm_hour, &tm->tm_min) != 6)
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return timegm(tm) != (time_t)-1; /* fills in the weekday */
}

void when_format(const char *start, const char *end, char *out, size_t size)
{
	struct tm from, to;
	char first[24], last[16] = "";

	*out = '\0';
	if (!read_time(start, &from))
		return;
	strftime(first, sizeof(first), "%a %e %b %H:%M", &from);
	if (read_time(end, &to)) {
		bool same = to.tm_yday == from.tm_yday && to.tm_year == from.tm_year;

		strftime(last, sizeof(last), same ? "%H:%M" : "%a %H:%M", &to);
	}
	snprintf(out, size, "%s%s%s", first, *last ? "-" : "", last);
}

void when_offset(const char *time, char out[static 7])
{
	const char *clock = strchr(time, 'T');
	const char *offset = clock ? strpbrk(clock, "+-Z") : NULL;

	out[0] = '\0';
	if (offset)
		snprintf(out, 7, "%s", *offset == 'Z' ? "+00:00" : offset);
}
