/*
 * when_place.c - places what was said on the conference's calendar: which day a bare time means, when lunch is, whether
 * "at 2" is in the afternoon.  The programme itself decides wherever it can.
 *
 *	clause x day x time --place_time--> windows --when_windows.c: merged, cut at now--> struct when
 */
#include "search/when_placing.h"

#include <string.h>
#include "base/tz_rule.h"

struct part_minutes day_part_minutes(enum day_part part)
{
	static const struct part_minutes parts[PART_COUNT] = {
		[PART_MORNING] = { 5 * 60, 12 * 60 },
		[PART_NOON] = { 12 * 60, 14 * 60 },
		[PART_AFTERNOON] = { 12 * 60, 18 * 60 },
		[PART_EVENING] = { 17 * 60, NIGHT_END },
		[PART_OVERNIGHT] = { 22 * 60, 30 * 60 },
		[PART_EARLY_MORNING] = { 5 * 60, 9 * 60 },
		[PART_LATE_MORNING] = { 10 * 60, 12 * 60 },
		[PART_EARLY_AFTERNOON] = { 12 * 60, 15 * 60 },
		[PART_LATE_AFTERNOON] = { 15 * 60, 18 * 60 },
		[PART_EARLY_EVENING] = { 17 * 60, 20 * 60 },
		[PART_LATE_EVENING] = { 21 * 60, NIGHT_END },
	};

	return parts[part];
}

/* Minutes of a window on its day; the window may end on a later day. */
struct minutes {
	int from, to;
	bool point, set;
};

static void date_of(int64_t day, int *minute, int *year, int *month, int *d)
{
	int64_t y;

	civil_from_days(day + *minute / DAY_MINUTES, &y, month, d);
	*minute %= DAY_MINUTES;
	*year = (int)y;
}

int64_t unix_at(const struct placing *p, int64_t day, int minute)
{
	int year, month, d;

	date_of(day, &minute, &year, &month, &d);
	return zone_unix(p->zone, year, month, d, minute / 60, minute % 60, 0);
}

int64_t unix_from(const struct placing *p, int64_t day, int minute)
{
	int year, month, d;

	date_of(day, &minute, &year, &month, &d);
	return zone_unix_from(p->zone, year, month, d, minute / 60, minute % 60);
}

int64_t unix_until(const struct placing *p, int64_t day, int minute)
{
	int year, month, d;

	date_of(day, &minute, &year, &month, &d);
	return zone_unix_until(p->zone, year, month, d, minute / 60, minute % 60);
}

int64_t placing_day(const struct placing *p, int64_t unix_s)
{
	struct civil c;

	zone_civil(p->zone, unix_s, &c);
	return days_from_civil(c.year, c.month, c.day);
}

int64_t session_end(const struct record *s)
{
	return s->end == TIME_UNKNOWN || s->end <= s->start ? s->start + 1 : s->end;
}

static bool any_session(const struct placing *p, int64_t from, int64_t to)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct record *s = &p->sessions[i];

		if (s->start != TIME_UNKNOWN && s->start < to && session_end(s) > from)
			return true;
	}
	return false;
}

bool in_conference(const struct said *s, int64_t day)
{
	return day >= s->first_day && day <= s->last_day;
}

/* --- which hour ---------------------------------------------------------- */

/* On the wall's clock, counted from that day's midnight. */
static int wall_minute(const struct placing *p, int64_t day, int64_t unix_s)
{
	struct civil c;

	zone_civil(p->zone, unix_s, &c);
	return (int)(days_from_civil(c.year, c.month, c.day) - day) * DAY_MINUTES + c.hour * 60 +
	       c.minute;
}

/* The day's first start and last end; false: no session. */
static bool day_span(const struct placing *p, int64_t day, int *from, int *to)
{
	int64_t start = unix_at(p, day, 0), end = unix_at(p, day + 1, 0);
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (size_t i = 0; i < p->n; i++) {
		const struct record *s = &p->sessions[i];

		if (s->start == TIME_UNKNOWN || s->start < start || s->start >= end)
			continue;
		first = s->start < first ? s->start : first;
		last = session_end(s) > last ? session_end(s) : last;
	}
	if (first == INT64_MAX)
		return false;
	*from = wall_minute(p, day, first);
	*to = wall_minute(p, day, last);
	return true;
}

/* "at 2" is 14:00 where the programme runs then; the next to come when both would do. */
static int hour_meant(const struct placing *p, int64_t day, const struct time_said *t,
		      const struct clock_time *c)
{
	int early = c->minute, late = c->minute + 720, from, to;

	if (!c->twelve_hour)
		return early;
	if (t && t->has_part) {
		struct part_minutes part = day_part_minutes(t->part);
		bool e = early >= part.from && early < part.to;
		bool l = late >= part.from && late < part.to;

		if (e != l)
			return e ? early : late;
	}
	if (day_span(p, day, &from, &to)) {
		bool e = early >= from - 60 && early <= to, l = late >= from - 60 && late <= to;

		if (e != l)
			return e ? early : late;
		if (e && day == p->said->today && early < p->said->now_minute)
			return late;
	}
	return early >= 7 * 60 ? early : late;
}

/* Both ends are clocks: which of them may lie on the next day. */
static void order_minutes(const struct time_said *t, struct minutes *m)
{
	bool from = t->from.kind == EDGE_CLOCK, to = t->to.kind == EDGE_CLOCK;

	if (from && to && m->to <= m->from) /* "from 11 to 1", "22:00 to 1:00" */
		m->to += m->to + 720 > m->from && t->to.clock.twelve_hour ? 720 : DAY_MINUTES;
	if (from && !to && !t->has_part)
		m->to = m->from >= DAY_MINUTES ? NIGHT_END : DAY_MINUTES;
	if (from && !to && m->to <= m->from)
		m->to = NIGHT_END > m->from ? NIGHT_END : m->from + 60;
	if (to && !from && m->to <= m->from)
		m->from = 0; /* "in the afternoon, before 11" */
}

/* The window within a day that clocks and parts describe. */
static struct minutes minutes_of(const struct placing *p, int64_t day, const struct time_said *t)
{
	struct minutes m = { .from = 0, .to = DAY_MINUTES };

	if (t->has_part) {
		m.from = day_part_minutes(t->part).from;
		m.to = day_part_minutes(t->part).to;
		m.set = true;
	}
	if (t->from.kind == EDGE_CLOCK || t->to.kind == EDGE_CLOCK) {
		if (t->from.kind == EDGE_CLOCK)
			m.from = hour_meant(p, day, t, &t->from.clock);
		if (t->to.kind == EDGE_CLOCK)
			m.to = hour_meant(p, day, t, &t->to.clock);
		order_minutes(t, &m);
		m.set = true;
	} else if (t->at.set) {
		m.from = hour_meant(p, day, t, &t->at);
		m.to = m.from + 1;
		m.point = !t->around;
		if (t->around) {
			m.to = m.from + 31;
			m.from = m.from > 30 ? m.from - 30 : 0;
		}
		m.set = true;
	}
	return m;
}

/* --- which day ----------------------------------------------------------- */

/*
 * A time without a day: today at the conference, or its next day when that time is over; before the conference
 * the first day with something on then; after it, today.
 */
static int64_t day_meant(const struct placing *p, const struct time_said *t)
{
	const struct said *s = p->said;
	struct minutes m;

	if (in_conference(s, s->today)) {
		m = minutes_of(p, s->today, t);
		/* a clock in the night belongs to the day before, also to the last one */
		bool follows = s->today < s->last_day || (m.point && m.to <= 4 * 60);

		if (m.set && !s->rest && !s->until_now && follows &&
		    unix_at(p, s->today, m.point ? m.to + 60 : m.to) <= p->now)
			return s->today + 1;
		return s->today;
	}
	if (s->today > s->last_day)
		return s->today;
	for (int64_t day = s->first_day; day <= s->last_day && day < s->first_day + 32; day++) {
		m = minutes_of(p, day, t);
		if (any_session(p, unix_at(p, day, m.from), unix_at(p, day, m.to)))
			return day;
	}
	return s->first_day;
}

/* --- windows of clauses ------------------------------------------------------ */

static bool has_edges(const struct time_said *t)
{
	return t->during.kind || t->from.kind == EDGE_EVENT || t->from.kind == EDGE_NAMED ||
	       t->to.kind == EDGE_EVENT || t->to.kind == EDGE_NAMED;
}

/* Around a moment everything within is meant by the clock on the wall; a moment is one instant. */
static struct index_window window_of(const struct placing *p, int64_t day, int64_t day_to,
				     const struct minutes *m)
{
	if (m->point) {
		int64_t at = unix_at(p, day, m->from);

		return (struct index_window){ .from = at, .to = at + 60, .overlap = true };
	}
	return (struct index_window){ .from = unix_from(p, day, m->from),
				      .to = unix_until(p, day_to, m->to) };
}

static void place_day_time(struct placing *p, const struct days_said *d, const struct time_said *t)
{
	int64_t last = d->to < d->from + 31 ? d->to : d->from + 31;

	if (d->crossing) {
		struct minutes a = minutes_of(p, d->from, t), b = minutes_of(p, d->to, t);
		struct minutes m = { .from = a.from, .to = d->open ? DAY_MINUTES : b.to };

		if (t->from.kind == EDGE_CLOCK)
			m.from = hour_meant(p, d->from, t, &t->from.clock);
		if (t->to.kind == EDGE_CLOCK)
			m.to = hour_meant(p, d->to, t, &t->to.clock);
		placing_add(p, window_of(p, d->from, d->to, &m));
		return;
	}
	for (int64_t day = d->from; day <= last; day++) {
		struct minutes m = minutes_of(p, day, t);

		/* "on Sunday between midnight and 2 am": at the beginning of that day */
		if (!d->implied && t->from.kind == EDGE_CLOCK && t->to.kind == EDGE_CLOCK &&
		    m.from == DAY_MINUTES) {
			m.from -= DAY_MINUTES;
			m.to -= DAY_MINUTES;
		}
		if (has_edges(t)) {
			if (!place_edges(p, &day, true, t))
				p->unplaced = d->from == d->to;
			continue;
		}
		placing_add(p, window_of(p, day, day, &m));
	}
}

static void place_time(struct placing *p, const struct clause *c, const struct time_said *t)
{
	int64_t day = p->said->today;

	for (size_t i = 0; i < c->n_days; i++)
		place_day_time(p, &c->days[i], t);
	if (c->n_days)
		return;
	if (has_edges(t)) {
		if (!place_edges(p, &day, false, t))
			p->unplaced = true;
		return;
	}
	day = day_meant(p, t);
	placing_add(p, window_of(p, day, day, &(struct minutes[]){ minutes_of(p, day, t) }[0]));
}

static void place_clause(struct placing *p, const struct clause *c)
{
	for (size_t i = 0; i < c->n_times; i++)
		place_time(p, c, &c->times[i]);
	if (c->n_times)
		return;
	for (size_t i = 0; i < c->n_days; i++) {
		const struct days_said *d = &c->days[i];
		/* "before Saturday" of a conference that begins then: nothing */
		int64_t to = d->to < d->from ? d->from : d->to + 1;

		placing_add(p, (struct index_window){ .from = unix_at(p, d->from, 0),
						      .to = unix_at(p, to, 0) });
	}
}

void place_clauses(struct placing *p)
{
	for (size_t i = 0; i < p->said->n_clauses; i++)
		place_clause(p, &p->said->clauses[i]);
}

int64_t edge_clock(const struct placing *p, int64_t day, const struct edge *e, bool until)
{
	int minute = hour_meant(p, day, NULL, &e->clock);

	return until ? unix_until(p, day, minute) : unix_from(p, day, minute);
}
