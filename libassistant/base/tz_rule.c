/*
 * tz_rule.c - POSIX TZ strings and the calendar arithmetic below them.
 */
#include "base/tz_rule.h"

#include <string.h>
#include "base/fail.h"

#define DAY_S 86400

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return q * b > a ? q - 1 : q;
}

/* Counts in years that begin on 1 March, so that the leap day is the last of its year. */
int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
	int64_t m = month - 1, y = year + floor_div(m, 12);

	m -= floor_div(m, 12) * 12;
	y -= m < 2;
	int64_t era = floor_div(y, 400), year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((m + 10) % 12) + 2) / 5;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468 + day - 1;
}

void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468, era = floor_div(z, 146097), of_era = z - era * 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t mp = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

struct scan {
	const char *at, *end;
};

static bool scan_char(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool scan_number(struct scan *s, int max, int *out)
{
	int n = 0;
	const char *start = s->at;

	while (s->at < s->end && is_digit(*s->at) && n <= max)
		n = n * 10 + (*s->at++ - '0');
	if (s->at == start || n > max)
		return false;
	*out = n;
	return true;
}

/* "CET" or "<+0330>". */
static bool scan_abbreviation(struct scan *s, char out[static 8])
{
	bool quoted = scan_char(s, '<');
	size_t n = 0;

	while (s->at < s->end &&
	       (is_alpha(*s->at) ||
		(quoted && (is_digit(*s->at) || *s->at == '+' || *s->at == '-')))) {
		if (n == 7)
			return false;
		out[n++] = *s->at++;
	}
	out[n] = '\0';
	return n >= 3 && (!quoted || scan_char(s, '>'));
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool scan_time(struct scan *s, int max_hours, int *out)
{
	int sign = 1, h, m = 0, sec = 0;

	if (scan_char(s, '-'))
		sign = -1;
	else
		scan_char(s, '+');
	if (!scan_number(s, max_hours, &h))
		return false;
	if (scan_char(s, ':')) {
		if (!scan_number(s, 59, &m))
			return false;
		if (scan_char(s, ':') && !scan_number(s, 59, &sec))
			return false;
	}
	*out = sign * (h * 3600 + m * 60 + sec);
	return true;
}

static bool scan_change(struct scan *s, struct tz_change *out)
{
	*out = (struct tz_change){ .time_s = 2 * 3600 };
	if (scan_char(s, 'M')) {
		out->form = TZ_MONTH_WEEK;
		if (!scan_number(s, 12, &out->month) || out->month < 1 || !scan_char(s, '.') ||
		    !scan_number(s, 5, &out->week) || out->week < 1 || !scan_char(s, '.') ||
		    !scan_number(s, 6, &out->day))
			return false;
	} else if (scan_char(s, 'J')) {
		out->form = TZ_JULIAN;
		if (!scan_number(s, 365, &out->day) || out->day < 1)
			return false;
	} else {
		out->form = TZ_DAY;
		if (!scan_number(s, 365, &out->day))
			return false;
	}
	return !scan_char(s, '/') || scan_time(s, 167, &out->time_s);
}

static bool scan_rule(struct scan *s, struct tz_rule *r)
{
	int west;

	if (!scan_abbreviation(s, r->standard.abbreviation) || !scan_time(s, 24, &west))
		return false;
	r->standard.offset_s = -west;
	if (s->at == s->end)
		return true;
	if (!scan_abbreviation(s, r->summer.abbreviation))
		return false;
	r->has_summer = true;
	r->summer.offset_s = r->standard.offset_s + 3600;
	if (s->at < s->end && *s->at != ',') {
		if (!scan_time(s, 24, &west))
			return false;
		r->summer.offset_s = -west;
	}
	return scan_char(s, ',') && scan_change(s, &r->to_summer) && scan_char(s, ',') &&
	       scan_change(s, &r->to_standard) && s->at == s->end;
}

int tz_rule_parse(const char *text, size_t len, struct tz_rule *out)
{
	struct scan s = { text, text + len };
	struct tz_rule r = { .has_summer = false };

	if (!scan_rule(&s, &r))
		return ASSISTANT_EINVAL;
	*out = r;
	return 0;
}

/* Days since 1970 of the change in that year. */
static int64_t change_day(const struct tz_change *c, int64_t year)
{
	int64_t first = days_from_civil(year, 1, 1);

	if (c->form == TZ_DAY)
		return first + c->day;
	if (c->form == TZ_JULIAN) { /* 29 February is never counted */
		bool leap = days_from_civil(year, 3, 1) - days_from_civil(year, 2, 28) == 2;

		return first + c->day - 1 + (leap && c->day >= 60);
	}
	int64_t month = days_from_civil(year, c->month, 1);
	int64_t next_month = days_from_civil(year, c->month + 1, 1);
	int64_t weekday = ((month + 4) % 7 + 7) % 7;
	int64_t day = month + (c->day - weekday + 7) % 7 + (c->week - 1) * 7;

	return day >= next_month ? day - 7 : day;
}

const struct tz_kind *tz_rule_at(const struct tz_rule *r, int64_t unix_s)
{
	int64_t year, start, end;
	int month, day;
	bool summer;

	if (!r->has_summer)
		return &r->standard;
	civil_from_days(floor_div(unix_s + r->standard.offset_s, DAY_S), &year, &month, &day);
	start = change_day(&r->to_summer, year) * DAY_S + r->to_summer.time_s -
		r->standard.offset_s;
	end = change_day(&r->to_standard, year) * DAY_S + r->to_standard.time_s -
	      r->summer.offset_s;
	summer = start < end ? unix_s >= start && unix_s < end : !(unix_s >= end && unix_s < start);
	return summer ? &r->summer : &r->standard;
}
