/*
 * times.c - days, clock times and durations.
 */
#include "times.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAY_MINUTES 1440

/* Up to max digits at *s as a number; -1: none. */
static int number(const char **s, int max)
{
	int n = 0, digits = 0;

	for (; digits < max && isdigit((unsigned char)**s); digits++)
		n = 10 * n + *(*s)++ - '0';
	return digits ? n : -1;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/* "am", "p.m." and the end; 0 before noon, 1 after, 2 nothing is said, -1 something else is. */
static int half_of_day(const char *s)
{
	char c;

	s = skip_blanks(s);
	if (!*s)
		return 2;
	c = (char)tolower((unsigned char)*s++);
	s += *s == '.';
	if ((c != 'a' && c != 'p') || tolower((unsigned char)*s++) != 'm')
		return -1;
	s += *s == '.';
	return *skip_blanks(s) ? -1 : c == 'p';
}

int clock_minutes(const char *s)
{
	int hour, minute = 0, second = 0, half;
	bool minutes_said;

	s = skip_blanks(s);
	hour = number(&s, 2);
	minutes_said = *s == ':';
	if (minutes_said) {
		s++;
		minute = number(&s, 2);
	}
	if (minutes_said && *s == ':') {
		s++;
		second = number(&s, 2);
	}
	half = half_of_day(s);
	if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return -1;
	if (half < 0 || (half == 2 && !minutes_said) || (half < 2 && (hour < 1 || hour > 12)))
		return -1;
	if (half < 2)
		hour = hour % 12 + 12 * half;
	return hour == 24 && minute ? -1 : 60 * hour + minute;
}

/* "PT1H30M" */
static long iso_duration(const char *s)
{
	long minutes = 0;
	int n;

	while (*s) {
		n = number(&s, 4);
		if (n < 0 || !strchr("HMS", toupper((unsigned char)*s)) || !*s)
			return -1;
		minutes += toupper((unsigned char)*s) == 'H'   ? 60L * n
			   : toupper((unsigned char)*s) == 'M' ? n
							       : 0;
		s++;
	}
	return minutes;
}

long duration_minutes(const char *s)
{
	const char *begin = s = skip_blanks(s);
	long a, b = -1, c = -1;

	if (!strncasecmp(s, "PT", 2))
		return iso_duration(s + 2);
	a = number(&s, 4);
	if (a < 0)
		return -1;
	if (*s == ':') {
		s++;
		b = number(&s, 2);
		if (b < 0)
			return -1;
	}
	if (*s == ':') {
		s++;
		c = number(&s, 2);
		if (c < 0)
			return -1;
	}
	s = skip_blanks(s);
	if (b < 0 && (!strncasecmp(s, "min", 3) || !strcmp(s, "m")))
		return a;
	if (*s || b > 59 || c > 59)
		return -1;
	if (c > 0 && begin[1] == ':') /* days:hours:minutes */
		return b > 23 ? -1 : a * DAY_MINUTES + 60 * b + c;
	return b < 0 ? a : 60 * a + b;
}

static bool valid_day(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };

	return year >= 1970 && year <= 9999 && timegm(&tm) >= 0 && tm.tm_mon == month - 1 &&
	       tm.tm_mday == day;
}

bool day_read(const char *s, char day[static DAY_SIZE], const char **end)
{
	int a, b, c;

	s = skip_blanks(s);
	a = number(&s, 4);
	if (a < 0 || (*s != '-' && *s != '.'))
		return false;
	if (*s++ == '-') {
		b = number(&s, 2);
		if (b < 0 || *s++ != '-')
			return false;
		c = number(&s, 2);
	} else {
		c = a;
		b = number(&s, 2);
		if (b < 0 || *s++ != '.')
			return false;
		a = number(&s, 4);
	}
	if (!valid_day(a, b, c))
		return false;
	snprintf(day, DAY_SIZE, "%04u-%02u-%02u", (unsigned)a % 10000, (unsigned)b % 100,
		 (unsigned)c % 100);
	*end = s;
	return true;
}

/* "Z", "+02:00", "+0200", "+02" and then the end. */
static bool offset_read(const char *s, int *minutes)
{
	int sign = *s == '-' ? -1 : 1, h, m = 0;

	*minutes = 0;
	if (*s == 'Z' || *s == 'z')
		return !s[1];
	if (*s != '+' && *s != '-')
		return false;
	if (!isdigit((unsigned char)*++s) || !isdigit((unsigned char)s[1]))
		return false;
	h = number(&s, 2);
	s += *s == ':';
	if (*s)
		m = number(&s, 2);
	*minutes = sign * (60 * h + m);
	return h < 24 && m >= 0 && m < 60 && !*s;
}

struct moment {
	struct tm tm;
	const char *offset; /* in the text */
	int offset_minutes;
};

static bool moment_read(const char *s, struct moment *m)
{
	char day[DAY_SIZE];
	const char *at = s;
	int year = number(&at, 4), month, mday, hour, minute, second = 0;

	if (!day_read(s, day, &s) || (*s != 'T' && *s != 't' && *s != ' '))
		return false;
	at = day;
	year = number(&at, 4);
	at++;
	month = number(&at, 2);
	at++;
	mday = number(&at, 2);
	s = skip_blanks(s + 1);
	hour = number(&s, 2);
	if (hour < 0 || hour > 23 || *s++ != ':')
		return false;
	minute = number(&s, 2);
	if (*s == ':') {
		s++;
		second = number(&s, 2);
	}
	if (*s == '.') {
		s++;
		s += strspn(s, "0123456789");
	}
	if (minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	*m = (struct moment){ .tm = { .tm_year = year - 1900,
				      .tm_mon = month - 1,
				      .tm_mday = mday,
				      .tm_hour = hour,
				      .tm_min = minute,
				      .tm_sec = second },
			      .offset = s };
	return !*s || offset_read(s, &m->offset_minutes);
}

/* The text without blanks around it. */
static bool trim(const char *s, char out[static TIME_SIZE])
{
	size_t n;

	s = skip_blanks(s);
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	if (n >= TIME_SIZE)
		return false;
	memcpy(out, s, n);
	out[n] = '\0';
	return true;
}

static bool moment_write(const struct moment *m, char out[static TIME_SIZE])
{
	char offset[16];

	if (m->tm.tm_year < 70 || m->tm.tm_year > 8099 || strlen(m->offset) >= sizeof(offset))
		return false;
	snprintf(offset, sizeof(offset), "%s", m->offset);
	strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &m->tm);
	snprintf(out + strlen(out), TIME_SIZE - strlen(out), "%s", offset);
	return true;
}

bool time_read(const char *s, char time[static TIME_SIZE])
{
	struct moment m;
	char text[TIME_SIZE];

	return trim(s, text) && moment_read(text, &m) && moment_write(&m, time);
}

bool time_add(const char *time, long minutes, char out[static TIME_SIZE])
{
	struct moment m;
	time_t t;

	if (minutes < 0 || minutes > 366L * DAY_MINUTES || !moment_read(time, &m))
		return false;
	t = timegm(&m.tm) + 60 * minutes;
	gmtime_r(&t, &m.tm);
	return moment_write(&m, out);
}

bool time_of_day(const char *day, long minutes, char out[static TIME_SIZE])
{
	char midnight[TIME_SIZE];

	snprintf(midnight, sizeof(midnight), "%.10sT00:00:00", day);
	return time_add(midnight, minutes, out);
}

bool time_has_offset(const char *time)
{
	struct moment m;

	return moment_read(time, &m) && *m.offset;
}

bool time_venue_day(const char *time, const char *zone, char day[static DAY_SIZE])
{
	struct moment m;
	time_t t;

	if (!moment_read(time, &m))
		return false;
	if (*m.offset && zone) {
		t = timegm(&m.tm) - 60 * m.offset_minutes;
		setenv("TZ", zone, 1);
		tzset();
		localtime_r(&t, &m.tm);
	}
	strftime(day, DAY_SIZE, "%Y-%m-%d", &m.tm);
	return true;
}
