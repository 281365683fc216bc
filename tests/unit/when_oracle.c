/*
 * when_oracle.c - meanings by looking at every minute.
 */
#include "when_oracle.h"

#include <string.h>
#include <time.h>

static int64_t date_number(const struct tm *local)
{
	struct tm date = { .tm_year = local->tm_year,
			   .tm_mon = local->tm_mon,
			   .tm_mday = local->tm_mday };

	return timegm(&date) / 86400;
}

void oracle_fill(struct oracle *o, int64_t noon_of_first_day)
{
	time_t t = (time_t)noon_of_first_day, before;
	struct tm tm;
	int64_t base;

	localtime_r(&t, &tm);
	base = date_number(&tm);
	for (before = t - 60; localtime_r(&before, &tm) && date_number(&tm) >= base; before -= 60)
		t = before;
	o->begin = t;
	for (int i = 0; i < ORACLE_MINUTES; i++) {
		time_t at = t + (time_t)i * 60;
		int day;

		localtime_r(&at, &tm);
		day = (int)(date_number(&tm) - base);
		o->day[i] = day;
		o->wall[i] = tm.tm_hour * 60 + tm.tm_min;
		if (day < 0 || day >= ORACLE_DAYS + 2)
			continue;
		o->weekday[day] = tm.tm_wday;
		o->date[day][0] = tm.tm_year + 1900;
		o->date[day][1] = tm.tm_mon + 1;
		o->date[day][2] = tm.tm_mday;
	}
}

static bool before(const struct oracle *o, int i, int day, int wall)
{
	return o->day[i] < day || (o->day[i] == day && o->wall[i] < wall);
}

static void carry(int *day, int *wall)
{
	*day += *wall / 1440;
	*wall %= 1440;
}

int oracle_from(const struct oracle *o, int day, int wall)
{
	carry(&day, &wall);
	for (int i = 0; i < ORACLE_MINUTES; i++) {
		if (!before(o, i, day, wall))
			return i;
	}
	return ORACLE_MINUTES;
}

int oracle_until(const struct oracle *o, int day, int wall)
{
	carry(&day, &wall);
	for (int i = ORACLE_MINUTES - 1; i >= 0; i--) {
		if (before(o, i, day, wall))
			return i + 1;
	}
	return 0;
}

int oracle_at(const struct oracle *o, int day, int wall)
{
	int skipped;

	carry(&day, &wall);
	for (int i = 0; i < ORACLE_MINUTES; i++) {
		if (o->day[i] == day && o->wall[i] == wall)
			return i;
	}
	/* The clock jumps over it: so long after the last minute before it. */
	skipped = oracle_until(o, day, wall) - 1;
	return skipped + wall - o->wall[skipped] + (day - o->day[skipped]) * 1440;
}

void oracle_mark(bool *minutes, int from, int to)
{
	for (int i = from < 0 ? 0 : from; i < to && i < ORACLE_MINUTES; i++)
		minutes[i] = true;
}

bool oracle_has(const struct oracle_set *set, const struct oracle_session *s)
{
	if (!s->timed)
		return false;
	if (set->starts[s->from])
		return true;
	for (int i = s->from; i < s->to; i++) {
		if (set->runs[i])
			return true;
	}
	return false;
}

int oracle_named(const struct oracle *o, int weekday)
{
	for (int d = o->today > o->first ? o->today : o->first; d <= o->last; d++) {
		if (o->weekday[d] == weekday)
			return d;
	}
	for (int d = o->last; d >= o->first; d--) {
		if (o->weekday[d] == weekday)
			return d;
	}
	return -1;
}

int oracle_hour(const struct oracle *o, int day, int minute)
{
	int first = ORACLE_MINUTES, last = -1, begin, end;
	bool early, late;

	for (int i = 0; i < o->n; i++) {
		const struct oracle_session *s = &o->sessions[i];

		if (!s->timed || o->day[s->from] != day)
			continue;
		first = s->from < first ? s->from : first;
		last = s->to > last ? s->to : last;
	}
	if (last >= 0) {
		begin = o->wall[first] - 60;
		end = o->wall[last] + (o->day[last] - day) * 1440;
		early = minute >= begin && minute <= end;
		late = minute + 720 >= begin && minute + 720 <= end;
		if (early != late)
			return early ? minute : minute + 720;
		if (early && day == o->today && minute < o->wall[o->now])
			return minute + 720;
	}
	return minute >= 7 * 60 ? minute : minute + 720;
}

int oracle_day(const struct oracle *o, int from, int to, bool point)
{
	if (o->today > o->last)
		return o->today;
	if (o->today >= o->first) {
		int over = oracle_at(o, o->today, point ? to + 60 : to);

		if (over <= o->now && (o->today < o->last || (point && to <= 4 * 60)))
			return o->today + 1;
		return o->today;
	}
	for (int d = o->first; d <= o->last; d++) {
		for (int i = 0; i < o->n; i++) {
			const struct oracle_session *s = &o->sessions[i];

			if (s->timed && s->from < oracle_at(o, d, to) &&
			    s->to > oracle_at(o, d, from))
				return d;
		}
	}
	return o->first;
}

int oracle_find(const struct oracle *o, int day, const char *title)
{
	for (int i = 0; i < o->n; i++) {
		if (o->sessions[i].timed && strcmp(o->sessions[i].title, title) == 0 &&
		    (day < 0 || o->day[o->sessions[i].from] == day))
			return i;
	}
	return -1;
}
