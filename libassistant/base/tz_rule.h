/*
 * tz_rule.h - the rule for times after a zone's last recorded change: a POSIX TZ string, as the
 * footer of a TZif file holds it ("CET-1CEST,M3.5.0,M10.5.0/3", "<-03>3").
 */
#ifndef BASE_TZ_RULE_H
#define BASE_TZ_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A day of every year and a time on it: "M3.5.0/2", "J60", "59". */
struct tz_change {
	enum { TZ_MONTH_WEEK, TZ_JULIAN, TZ_DAY } form;
	int month, week, day;
	int time_s; /* local time by the clock that is in force before; -167 h to 167 h */
};

struct tz_kind {
	int offset_s; /* east of UTC */
	char abbreviation[8];
};

struct tz_rule {
	struct tz_kind standard, summer;
	bool has_summer;
	struct tz_change to_summer, to_standard;
};

/* 0, or ASSISTANT_EINVAL when the text is no POSIX TZ string as a footer may hold. */
int tz_rule_parse(const char *text, size_t len, struct tz_rule *out);
const struct tz_kind *tz_rule_at(const struct tz_rule *rule, int64_t unix_s);

/* Days since 1970-01-01 of a proleptic Gregorian date; month and day may be out of range. */
int64_t days_from_civil(int64_t year, int64_t month, int64_t day);
void civil_from_days(int64_t days, int64_t *year, int *month, int *day);

#endif
