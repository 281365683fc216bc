/*
 * when_days.c - days: dates in every usual form, names of days, days counted from today or within the conference.
 */
#include "search/when_reader.h"

#include "search/tz_rule.h"

static int64_t clamp_day(int64_t day, int64_t low, int64_t high)
{
	return day < low ? low : day > high ? high : day;
}

static int day_of_week(int64_t day)
{
	return (int)(((day + 4) % 7 + 7) % 7);
}

/* The conference's day of that name, from today on; else the nearest to the conference. */
static int64_t day_named(const struct said *s, int weekday)
{
	int64_t from = clamp_day(s->today, s->first_day, s->last_day);

	for (int64_t d = from; d <= s->last_day; d++) {
		if (day_of_week(d) == weekday)
			return d;
	}
	for (int64_t d = from - 1; d >= s->first_day; d--) {
		if (day_of_week(d) == weekday)
			return d;
	}
	for (int away = 1; away < 7; away++) { /* no such day: the nearest to come */
		if (day_of_week(s->first_day - away) == weekday && s->first_day - away >= s->today)
			return s->first_day - away;
		if (day_of_week(s->last_day + away) == weekday && s->last_day + away >= s->today)
			return s->last_day + away;
	}
	return s->today + (weekday - day_of_week(s->today) + 7) % 7;
}

/* Whether the date exists; the year nearest to the conference's when none was said. */
static bool date_day(const struct said *s, int year, int month, int day, int64_t *out)
{
	int64_t best = INT64_MAX, y;
	int m, d;
	bool found = false;

	civil_from_days(s->first_day, &y, &m, &d);
	for (int64_t try = year ? year : y - 1; try <= (year ? year : y + 1); try++) {
		int64_t at = days_from_civil(try, month, day), away = at - s->first_day;
		int64_t back;

		civil_from_days(at, &back, &m, &d);
		if (month < 1 || month > 12 || m != month || d != day)
			continue;
		away = away < 0 ? -away : away;
		if (away < best) {
			best = away;
			*out = at;
			found = true;
		}
	}
	return found;
}

static size_t read_year(const struct reader *r, size_t i, int *year)
{
	size_t at = i + (word(r, i, ",") || word(r, i, "de"));

	if (number(r, at) && peek(r, at)->digits == 4 && peek(r, at)->value >= 1990 &&
	    peek(r, at)->value < 2100) {
		*year = peek(r, at)->value;
		return at + 1 - i;
	}
	return 0;
}

static size_t ordinal_end(const struct reader *r, size_t i)
{
	static const char *const ends[] = { "st", "nd", "rd", "th", "er", "." };

	for (size_t k = 0; k < ARRAY_SIZE(ends); k++) {
		if (word(r, i, ends[k]) && peek(r, i)->glued)
			return 1;
	}
	return 0;
}

static bool day_number(const struct reader *r, size_t i)
{
	return free_number(r, i) && peek(r, i)->digits <= 2;
}

/* "2 may" and "march 3" may be no dates: they are when near the conference, or announced. */
static bool believe_date(struct reader *r, size_t i, bool exists, int year, int64_t day)
{
	const struct said *s = r->said;
	bool announced = year || prev_is(r, i,
					 W_ON | W_UNTIL | W_FROM | W_ARTICLE | W_BEFORE | W_AFTER |
						 W_DAY_NAME);

	if (!exists) {
		r->said->unclear |= announced; /* "on 31 February" */
		return announced;
	}
	return announced || (day > s->first_day - 60 && day < s->last_day + 60);
}

/* 2026-01-31 */
static size_t read_iso(struct reader *r, size_t i, int64_t *day)
{
	if (!free_number(r, i) || peek(r, i)->digits != 4 || !word(r, i + 1, "-") ||
	    !number(r, i + 2) || !word(r, i + 3, "-") || !number(r, i + 4) ||
	    !peek(r, i + 1)->glued || !peek(r, i + 3)->glued)
		return 0;
	if (!date_day(r->said, peek(r, i)->value, peek(r, i + 2)->value, peek(r, i + 4)->value,
		      day))
		r->said->unclear = true;
	return 5;
}

/* 31 January, 31st of January 2026, January 31st, 31. Januar, 31 de enero */
static size_t read_month_date(struct reader *r, size_t i, int64_t *day)
{
	size_t at = i;
	int d, month, year = 0;
	bool exists;

	if (is(r, i, W_MONTH) && day_number(r, i + 1 + word(r, i + 1, "the"))) {
		at += 1 + word(r, i + 1, "the");
		month = peek(r, i)->value;
		d = peek(r, at)->value;
		if (word(r, at + 1, ":") || word(r, at + 1, "h") || word(r, at + 1, "pm"))
			return 0;
		at++;
		at += ordinal_end(r, at);
	} else if (day_number(r, i)) {
		d = peek(r, i)->value;
		at++;
		at += ordinal_end(r, at);
		at += word(r, at, "of") || word(r, at, "de");
		if (!is(r, at, W_MONTH))
			return 0;
		month = peek(r, at++)->value;
	} else {
		return 0;
	}
	at += read_year(r, at, &year);
	exists = date_day(r->said, year, month, d, day);
	return believe_date(r, i, exists, year, *day) ? at - i : 0;
}

static bool in_conference(const struct said *s, int64_t day)
{
	return day >= s->first_day && day <= s->last_day;
}

/* 31.1. and 31/1, also 1/31: a date of the conference, or one that a word before it announces. */
static size_t read_short_date(struct reader *r, size_t i, int64_t *day)
{
	bool dots = word(r, i + 1, "."),
	     announced = prev_is(r, i, W_ON | W_UNTIL | W_FROM | W_ARTICLE);
	int a, b, year = 0;
	size_t at = i + 3;
	int64_t other;

	if (!day_number(r, i) || (!dots && !word(r, i + 1, "/")) || !peek(r, i + 1)->glued ||
	    !number(r, i + 2) || peek(r, i + 2)->digits > 2 || !peek(r, i + 2)->glued)
		return 0;
	a = peek(r, i)->value;
	b = peek(r, i + 2)->value;
	if (word(r, at, peek(r, i + 1)->text) && peek(r, at)->glued) {
		at++;
		if (number(r, at) && peek(r, at)->glued && peek(r, at)->digits != 3)
			year = peek(r, at++)->value;
		year += year && year < 100 ? 2000 : 0;
	}
	if (word(r, at, "uhr") || word(r, at, "pm") || word(r, at, "am"))
		return 0;
	if (date_day(r->said, year, b, a, day) && (in_conference(r->said, *day) || year))
		return at - i;
	if (!dots && date_day(r->said, year, a, b, &other) &&
	    (in_conference(r->said, other) || year)) {
		*day = other;
		return at - i;
	}
	return announced && date_day(r->said, year, b, a, day) && (!dots || at > i + 3) ? at - i
											: 0;
}

/* "on the 31st", "am 31.", "le 31": a day of the month, when the conference has it. */
static size_t read_month_day(struct reader *r, size_t i, int64_t *day)
{
	size_t end = day_number(r, i) ? ordinal_end(r, i + 1) : 0;
	bool spoken = end && !word(r, i + 1, ".");

	if (is(r, i + 1 + end, W_DAY | W_SESSION))
		return 0;
	if (!day_number(r, i) || !prev_is(r, i, W_ARTICLE | W_ON) || number(r, i + 2))
		return 0;
	if (!spoken && !end && !word(r, i - 1, "le") && !word(r, i - 1, "el"))
		return 0;
	for (int64_t d = r->said->first_day; d <= r->said->last_day; d++) {
		int64_t y;
		int m, dd;

		civil_from_days(d, &y, &m, &dd);
		if (dd == peek(r, i)->value) {
			*day = d;
			return 1 + end;
		}
	}
	return 0;
}

/* "day 2", "second day", "last day", "both days". */
static size_t read_counted_day(struct reader *r, size_t i, int64_t *day)
{
	const struct said *s = r->said;
	int n;

	if (is(r, i, W_DAY) &&
	    (is(r, i + 1, W_NUMBER) || (day_number(r, i + 1) && !peek(r, i + 1)->glued))) {
		n = peek(r, i + 1)->value;
		if (n > 31 || is(r, i + 2, W_MONTH))
			return 0;
		*day = s->first_day + n - 1;
		return 2;
	}
	if (is(r, i, W_ORDINAL) && is(r, i + 1, W_DAY))
		n = peek(r, i)->value;
	else if (day_number(r, i) && ordinal_end(r, i + 1) && is(r, i + 2, W_DAY))
		n = peek(r, i)->value;
	else if (is(r, i, W_EVENT) && is(r, i + 1, W_DAY) &&
		 (peek(r, i)->value == EVENT_OPENING || peek(r, i)->value == EVENT_CLOSING))
		n = peek(r, i)->value == EVENT_OPENING ? 1 : -1;
	else
		return 0;
	*day = n < 0 ? s->last_day : s->first_day + n - 1;
	return number(r, i) ? 3 : 2;
}

/* "the day after tomorrow", "apres-demain", "pasado manana", "tomorrow", "heute", "aujourd'hui". */
static size_t read_relative_day(struct reader *r, size_t i, int64_t *day)
{
	const struct said *s = r->said;

	if (is(r, i, W_DAY) && is(r, i + 1, W_AFTER | W_BEFORE) && is(r, i + 2, W_RELATIVE)) {
		*day = s->today + peek(r, i + 2)->value + (is(r, i + 1, W_AFTER) ? 1 : -1);
		return 3;
	}
	if (word(r, i, "apres") && word(r, i + 1, "-") && word(r, i + 2, "demain")) {
		*day = s->today + 2;
		return 3;
	}
	if (word(r, i, "pasado") && word(r, i + 1, "manana")) {
		*day = s->today + 2;
		return 2;
	}
	if (is(r, i, W_NEXT) && is(r, i + 1, W_DAY)) {
		*day = s->today + 1;
		return 2;
	}
	if (!is(r, i, W_RELATIVE) || (word(r, i, "hier") && !s->french))
		return 0;
	if (is(r, i, W_PART) && peek(r, i)->value && i &&
	    (s->has_day || word(r, i - 1, "la") || word(r, i - 1, "am") || is(r, i - 1, W_THIS)))
		return 0; /* "heute morgen", "por la manana": a part of the day, see read_part */
	*day = s->today + peek(r, i)->value;
	if (is(r, i, W_PART) && !peek(r, i)->value && !s->has_part) { /* tonight */
		r->said->has_part = r->said->this_part = true;
		r->said->part = (enum day_part)peek(r, i)->part;
		*day -= s->now_minute < 4 * 60; /* the night that began yesterday */
	}
	if (word(r, i, "aujourd"))
		return word(r, i + 1, "'") ? 3 : 2;
	return 1;
}

static size_t read_weekday(struct reader *r, size_t i, int64_t *day)
{
	bool after_on;

	if (!is(r, i, W_DAY_NAME))
		return 0;
	if (is(r, i, W_SHORT)) { /* "sat" and "sun" are words of their own */
		after_on = prev_is(r, i,
				   W_ON | W_THIS | W_AND | W_UNTIL | W_FROM | W_BEFORE | W_AFTER);
		if (!after_on && !is(r, i + 1, W_PART | W_CLOCK | W_AND) &&
		    !free_number(r, i + 1) && peek(r, i + 1)->kind != TOKEN_PUNCTUATION)
			return 0;
		if (prev_is(r, i, W_ARTICLE) && !prev_is(r, i, W_ON))
			return 0;
	}
	*day = day_named(r->said, peek(r, i)->value);
	return 1 +
	       (is(r, i, W_SHORT) && word(r, i + 1, ".") && peek(r, i + 1)->glued && i + 2 < r->n);
}

/* Any single day. */
static size_t read_day(struct reader *r, size_t i, int64_t *day)
{
	static size_t (*const forms[])(struct reader *, size_t, int64_t *) = {
		read_iso,	  read_month_date,   read_short_date, read_month_day,
		read_counted_day, read_relative_day, read_weekday,
	};

	for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
		bool unclear = r->said->unclear;
		size_t n = forms[k](r, i, day);

		if (n && r->said->unclear && !unclear)
			*day = r->said->today; /* no such date: asked back, but a value it needs */
		if (n)
			return n;
	}
	return 0;
}

static void say_day(struct said *s, int64_t day)
{
	if (!s->has_day) {
		s->day = s->day_to = day;
	} else { /* "Saturday and Sunday" */
		s->day = day < s->day ? day : s->day;
		s->day_to = day > s->day_to ? day : s->day_to;
	}
	s->has_day = true;
}

/* Days: one, a relation to one, a weekend. */
size_t match_day(struct reader *r, size_t i)
{
	struct said *s = r->said;
	size_t at = skip(r, i, W_ON | W_THIS), n;
	int64_t day;

	at = skip(r, at, W_ARTICLE);
	if (word(r, at, "weekend") || word(r, at, "wochenende") ||
	    (word(r, at, "week") && word(r, at + 1, "-") && word(r, at + 2, "end"))) {
		say_day(s, day_named(s, 6));
		say_day(s, day_named(s, 0));
		return at - i + (word(r, at, "week") ? 3 : 1);
	}
	if (word(r, at, "both") && word(r, at + 1, "days")) {
		say_day(s, s->first_day);
		say_day(s, s->last_day);
		return at + 2 - i;
	}
	if (word(r, at, "last") && word(r, at + 1, "night")) {
		say_day(s, s->today - 1);
		s->has_part = true;
		s->part = PART_EVENING;
		return at + 2 - i;
	}
	n = read_day(r, at, &day);
	if (!n)
		return 0;
	say_day(s, day);
	return at + n - i;
}

/* "until Sunday", "from Sunday on", "before Sunday", "after Saturday"; not when a time follows the day. */
size_t match_day_relation(struct reader *r, size_t i)
{
	struct said *s = r->said;
	size_t at = i + 1, n;
	int64_t day;

	if (!is(r, i, W_BEFORE | W_AFTER | W_FROM | W_UNTIL) || s->has_day || is(r, i, W_ARTICLE) ||
	    word(r, i, "de") || word(r, i, "des") || word(r, i, "von") || word(r, i, "vom"))
		return 0;
	at = skip(r, at, W_ARTICLE | W_ON);
	n = read_day(r, at, &day);
	if (!n || is(r, at + n, W_PART | W_CLOCK | W_AT) || free_number(r, at + n) || s->has_part)
		return 0;
	if (is(r, i, W_BEFORE | W_UNTIL)) {
		if (is(r, i, W_UNTIL) && word(r, i, "to"))
			return 0;
		s->day = s->first_day < day ? s->first_day : day;
		s->day_to = is(r, i, W_BEFORE) ? day - 1 : day;
		s->day_open_start = true;
	} else {
		s->day = is(r, i, W_AFTER) ? day + 1 : day;
		s->day_to = s->last_day > s->day ? s->last_day : s->day;
		s->day_open_end = !word(r, i, "from");
		if (word(r, i, "from") && !word(r, at + n, "on") && !word(r, at + n, "onwards"))
			s->day_to = day; /* "talks from Saturday", "from Saturday to Sunday" */
	}
	s->has_day = true;
	n += word(r, at + n, "on") || word(r, at + n, "onwards");
	return at + n - i;
}
