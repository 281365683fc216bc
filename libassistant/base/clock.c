/*
 * clock.c - the injectable time of day, and ISO 8601.
 */
#include "base/clock.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/check.h"

struct clock {
	bool is_virtual;
	_Atomic int64_t ms; /* virtual: now; real: what is added to the system's time */
	long long (*fn)(void *user);
	void *user;
};

static int64_t system_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct clock *clock_create(int64_t pinned_ms)
{
	struct clock *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	atomic_init(&c->ms, pinned_ms < 0 ? 0 : pinned_ms - system_ms());
	return c;
}

struct clock *clock_create_virtual(int64_t now_ms)
{
	struct clock *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->is_virtual = true;
	atomic_init(&c->ms, now_ms);
	return c;
}

struct clock *clock_create_calling(long long (*fn)(void *user), void *user)
{
	struct clock *c = clock_create(-1);

	if (!c)
		return NULL;
	c->fn = fn;
	c->user = user;
	return c;
}

void clock_destroy(struct clock *c)
{
	free(c);
}

int64_t clock_now_ms(const struct clock *c)
{
	int64_t ms = atomic_load(&c->ms);

	if (c->fn)
		return c->fn(c->user);
	return c->is_virtual ? ms : system_ms() + ms;
}

void clock_advance_ms(struct clock *c, int64_t ms)
{
	PRE(c->is_virtual);
	atomic_fetch_add(&c->ms, ms);
}

void clock_deadline(int timeout_ms, struct timespec *out)
{
	clock_gettime(CLOCK_MONOTONIC, out);
	out->tv_sec += timeout_ms / 1000;
	out->tv_nsec += (timeout_ms % 1000) * 1000000L;
	if (out->tv_nsec >= 1000000000L) {
		out->tv_sec++;
		out->tv_nsec -= 1000000000L;
	}
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, and back. */
static int64_t days_from_date(int64_t y, int m, int d)
{
	int64_t era, year_of_era, day_of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static void date_from_days(int64_t days, int *y, int *m, int *d)
{
	int64_t era, day_of_era, year_of_era, day_of_year, month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	*d = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = (int)(year_of_era + era * 400 + (*m <= 2));
}

#define DAY_MS		 INT64_C(86400000)
#define YEAR_0_MS	 INT64_C(-62167219200000) /* 0000-01-01 */
#define YEAR_9999_END_MS INT64_C(253402300799999)

void time_format_utc(int64_t unix_ms, char out[static TIME_TEXT_SIZE])
{
	int64_t days;
	unsigned ms;
	int y, m, d;

	if (unix_ms < YEAR_0_MS)
		unix_ms = YEAR_0_MS;
	if (unix_ms > YEAR_9999_END_MS)
		unix_ms = YEAR_9999_END_MS;
	days = unix_ms / DAY_MS - (unix_ms % DAY_MS < 0);
	ms = (unsigned)(unix_ms - days * DAY_MS);
	date_from_days(days, &y, &m, &d);
	snprintf(out, TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)y % 10000,
		 (unsigned)m % 100, (unsigned)d % 100, ms / 3600000 % 24, ms / 60000 % 60,
		 ms / 1000 % 60, ms % 1000);
}

/* n digits at *s within [low, high]; moves *s. */
static bool take_number(const char **s, int n, int low, int high, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (*(*s)++ - '0');
	}
	*out = v;
	return v >= low && v <= high;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool take_date(const char **s, int64_t *days)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int y, m, d, last;

	if (!take_number(s, 4, 1, 9999, &y) || !take_char(s, '-') ||
	    !take_number(s, 2, 1, 12, &m) || !take_char(s, '-') || !take_number(s, 2, 1, 31, &d))
		return false;
	last = lengths[m - 1];
	if (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))
		last = 29;
	*days = days_from_date(y, m, d);
	return d <= last;
}

/* hh:mm[:ss[.fraction]], as ms of the day. */
static bool take_time(const char **s, int64_t *ms)
{
	int h, m, sec = 0, unit = 100;

	if (!take_number(s, 2, 0, 23, &h) || !take_char(s, ':') || !take_number(s, 2, 0, 59, &m))
		return false;
	*ms = ((int64_t)h * 3600 + m * 60) * 1000;
	if (!take_char(s, ':'))
		return true;
	if (!take_number(s, 2, 0, m == 59 ? 60 : 59, &sec))
		return false;
	*ms += (int64_t)sec * 1000;
	if (!take_char(s, '.'))
		return true;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		*ms += (int64_t)unit * (**s - '0');
	return true;
}

static bool take_offset(const char **s, int64_t *ms, bool *there)
{
	int sign = **s == '-' ? -1 : 1;
	int h, m;

	*ms = 0;
	*there = **s != '\0';
	if (take_char(s, 'Z') || take_char(s, 'z') || !*there)
		return true;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_number(s, 2, 0, 23, &h) || !take_char(s, ':') || !take_number(s, 2, 0, 59, &m))
		return false;
	*ms = sign * ((int64_t)h * 60 + m) * 60000;
	return true;
}

int time_parse(const char *s, int64_t *unix_ms, bool *has_offset)
{
	int64_t days, ms = 0, offset = 0;
	bool there = false;

	if (!s || !take_date(&s, &days))
		return ASSISTANT_EINVAL;
	if (*s) {
		if (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' '))
			return ASSISTANT_EINVAL;
		if (!take_time(&s, &ms) || !take_offset(&s, &offset, &there) || *s)
			return ASSISTANT_EINVAL;
	}
	*unix_ms = days * DAY_MS + ms - offset;
	if (has_offset)
		*has_offset = there;
	return 0;
}
