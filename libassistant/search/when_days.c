/*
 * when_days.c - single days: dates in every usual form, names of days, days counted from today or within the conference;
 * weekends and weeks.
 */
#include "search/when_reader.h"

#include "base/tz_rule.h"

static int64_t clamp_day(int64_t day, int64_t low, int64_t high)
{
	return day < low ? low : day > high ? high : day;
}

static int day_of_week(int64_t day)
{
	return (int)(((day + 4) % 7 + 7) % 7);
}

int64_t day_named(const struct said *s, int weekday)
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
	if (word(r, i + 5, "t") && number(r, i + 6)) { /* 2026-01-31T14:00 */
		r->t[i + 6].glued = false;
		return 6;
	}
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

bool month_day(const struct said *s, int day_of_month, int64_t *day)
{
	for (int64_t d = s->first_day; d <= s->last_day; d++) {
		int64_t y;
		int m, dd;

		civil_from_days(d, &y, &m, &dd);
		if (dd == day_of_month) {
			*day = d;
			return true;
		}
	}
	return false;
}

size_t read_month_day_number(const struct reader *r, size_t i, int *day)
{
	size_t end = day_number(r, i) ? ordinal_end(r, i + 1) : 0;

	if (!end)
		return 0;
	*day = peek(r, i)->value;
	return 1 + end;
}

/* "on the 31st", "am 31.", "le 31": a day of the month, when the conference has it. */
static size_t read_month_day(struct reader *r, size_t i, int64_t *day)
{
	size_t end = day_number(r, i) ? ordinal_end(r, i + 1) : 0;
	bool spoken = end && !word(r, i + 1, ".");

	/* "the 4th dimension" is none */
	if (peek(r, i + 1 + end)->kind == TOKEN_WORD &&
	    (is(r, i + 1 + end, W_DAY | W_SESSION) || !peek(r, i + 1 + end)->is))
		return 0;
	if (!day_number(r, i) || !prev_is(r, i, W_ARTICLE | W_ON) || number(r, i + 2))
		return 0;
	if (!spoken && !end && !word(r, i - 1, "le") && !word(r, i - 1, "el"))
		return 0;
	return month_day(r->said, peek(r, i)->value, day) ? 1 + end : 0;
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

/* A word that is a day and a part of it, like "tonight". */
static bool is_tonight(const struct reader *r, size_t i)
{
	return is(r, i, W_RELATIVE) && is(r, i, W_PART) && !peek(r, i)->value;
}

/* "in two days", "3 days ago", "two days from now" */
static size_t read_days_away(const struct reader *r, size_t i, int64_t *day)
{
	bool in = word_of(r, i, "|in|dans|en|");
	size_t at = i + in;
	int n = peek(r, at)->value;

	if (word(r, i, "vor"))
		at = i + 1;
	n = peek(r, at)->value;
	if ((!is(r, at, W_NUMBER) && !free_number(r, at)) || n > 60 ||
	    !word_of(r, at + 1, "|day|days|tag|tagen|jours|jour|dias|dia|"))
		return 0;
	at += 2;
	if (in) {
		*day = r->said->today + n;
		return at - i;
	}
	if (word(r, at, "ago") || word(r, i, "vor")) {
		*day = r->said->today - n;
		return at - i + word(r, at, "ago");
	}
	if (word(r, at, "from") && word(r, at + 1, "now")) {
		*day = r->said->today + n;
		return at + 2 - i;
	}
	return 0;
}

/* "the day before the conference" */
static size_t read_day_beside(const struct reader *r, size_t i, int64_t *day)
{
	size_t at = skip(r, i + 2, W_ARTICLE);

	if (!is(r, i, W_DAY) || !is(r, i + 1, W_BEFORE | W_AFTER) ||
	    !word_of(r, at, "|conference|event|konferenz|conferencia|"))
		return 0;
	*day = is(r, i + 1, W_BEFORE) ? r->said->first_day - 1 : r->said->last_day + 1;
	return at + 1 - i;
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
	    ((has_day(r) && !joined(r, i)) || word(r, i - 1, "la") || word(r, i - 1, "am") ||
	     is(r, i - 1, W_THIS)))
		return 0; /* "heute morgen", "por la manana": a part of the day, see read_part */
	*day = s->today + peek(r, i)->value;
	if (is_tonight(r, i))
		*day -= s->now_minute < 4 * 60; /* the night that began yesterday */
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

/* "next Tuesday" said on a Tuesday */
static size_t read_next_weekday(struct reader *r, size_t i, int64_t *day)
{
	if (!(is(r, i, W_NEXT) || word_of(r, i, "|last|coming|")) || !is(r, i + 1, W_DAY_NAME) ||
	    is(r, i + 1, W_SHORT))
		return 0;
	*day = day_named(r->said, peek(r, i + 1)->value);
	if (is(r, i, W_NEXT) && *day == r->said->today && *day + 7 <= r->said->last_day)
		*day += 7;
	return 2;
}

size_t read_day(struct reader *r, size_t i, struct days_said *out)
{
	static size_t (*const forms[])(struct reader *, size_t, int64_t *) = {
		read_iso,	  read_month_date,   read_short_date, read_month_day,
		read_counted_day, read_relative_day, read_weekday,    read_next_weekday,
	};
	static size_t (*const away[])(const struct reader *, size_t, int64_t *) = {
		read_days_away,
		read_day_beside,
	};
	bool unclear = r->said->unclear;
	int64_t day = 0;
	size_t n = 0, k;

	for (k = 0; k < ARRAY_SIZE(away) && !n; k++)
		n = away[k](r, i, &day);
	for (k = 0; k < ARRAY_SIZE(forms) && !n; k++)
		n = forms[k](r, i, &day);
	if (!n)
		return 0;
	if (r->said->unclear && !unclear)
		day = r->said->today; /* no such date: asked back, but a value it needs */
	*out = (struct days_said){ .from = day, .to = day, .name = is(r, i, W_DAY_NAME) };
	return n;
}

static void say_part(struct reader *r, size_t i, enum day_part part)
{
	struct time_said *t = time_for(r, i, SLOT_PART);

	t->has_part = true;
	t->part = part;
}

static size_t match_week(struct reader *r, size_t i)
{
	struct said *s = r->said;
	int64_t monday = s->today - (day_of_week(s->today) + 6) % 7;
	bool next = is(r, i, W_NEXT);

	if ((!next && !is(r, i, W_THIS)) || !word_of(r, i + 1, "|week|woche|semaine|semana|"))
		return 0;
	monday += next ? 7 : 0;
	say_days(r, i, (struct days_said){ .from = monday, .to = monday + 6 });
	return 2;
}

/* "every day", "both days", "all three days", "the whole conference" */
static size_t match_every_day(struct reader *r, size_t i)
{
	struct said *s = r->said;
	size_t n = 0;

	if (word_of(r, i, "|every|each|jeden|jeder|chaque|cada|") && is(r, i + 1, W_DAY))
		n = 2;
	else if (word_of(r, i, "|both|all|beide|beiden|alle|allen|") &&
		 word_of(r, i + 1, "|days|tage|tagen|"))
		n = 2;
	else if (word_of(r, i, "|all|alle|") && (is(r, i + 1, W_NUMBER) || number(r, i + 1)) &&
		 word_of(r, i + 2, "|days|tage|"))
		n = 3;
	else if (word_of(r, i, "|whole|entire|") && word_of(r, i + 1, "|conference|event|weekend|"))
		n = 2;
	if (n)
		say_days(r, i, (struct days_said){ .from = s->first_day, .to = s->last_day });
	return n;
}

/* One day with its prepositions, a weekend, a week, every day. */
size_t match_day(struct reader *r, size_t i)
{
	struct said *s = r->said;
	size_t on = skip(r, i, W_ON), at = skip(r, on, W_THIS), n;
	struct days_said days;
	bool tonight;

	n = match_week(r, on);
	if (n)
		return on + n - i;
	at = skip(r, at, W_ARTICLE);
	n = match_every_day(r, at);
	if (n)
		return at + n - i;
	if (word_of(r, at, "|weekend|wochenende|") ||
	    (word(r, at, "week") && word(r, at + 1, "-") && word(r, at + 2, "end"))) {
		int64_t sunday = day_named(s, 0), saturday = day_named(s, 6);

		if (sunday < saturday)
			saturday = sunday - 1;
		say_days(r, i, (struct days_said){ .from = saturday, .to = sunday });
		return at - i + (word(r, at, "week") ? 3 : 1);
	}
	if (word(r, at, "last") && word(r, at + 1, "night")) {
		int64_t day = s->today - 1;

		say_days(r, i, (struct days_said){ .from = day, .to = day });
		say_part(r, at, PART_EVENING);
		return at + 2 - i;
	}
	at += word(r, at, "all") && is(r, at + 1, W_DAY) ? 2 : 0; /* "all day Saturday" */
	n = read_day(r, at, &days);
	if (!n)
		return 0;
	tonight = is_tonight(r, at);
	say_days(r, i, days);
	if (tonight)
		say_part(r, at, (enum day_part)peek(r, at)->part);
	return at + n - i;
}
