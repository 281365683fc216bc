/*
 * when_place.c - places what was said on the conference's calendar: which day a bare time means, when
 * lunch is, whether "at 2" is in the afternoon.  The programme itself decides wherever it can.
 */
#include "search/when_parse.h"

#include <string.h>
#include "base/utf8.h"
#include "search/tz_rule.h"

#define DAY_MINUTES (24 * 60)
#define NIGHT_END   (28 * 60) /* an evening lasts until 4 o'clock */

struct placing {
	const struct catalog *c;
	const struct zone *zone;
	const struct record *sessions;
	size_t n;
	struct said *said;
	int64_t now;
};

/* Minutes of a window on its day; the window may end on a later day. */
struct minutes {
	int from, to;
	bool point, set;
};

static const struct minutes parts[PART_COUNT] = {
	[PART_MORNING] = { .from = 5 * 60, .to = 12 * 60, .set = true },
	[PART_NOON] = { .from = 12 * 60, .to = 14 * 60, .set = true },
	[PART_AFTERNOON] = { .from = 12 * 60, .to = 18 * 60, .set = true },
	[PART_EVENING] = { .from = 17 * 60, .to = NIGHT_END, .set = true },
};

static int64_t unix_at(const struct placing *p, int64_t day, int minute)
{
	int64_t year;
	int month, d;

	civil_from_days(day + minute / DAY_MINUTES, &year, &month, &d);
	minute %= DAY_MINUTES;
	return zone_unix(p->zone, (int)year, month, d, minute / 60, minute % 60, 0);
}

static int64_t day_of(const struct placing *p, int64_t unix_s)
{
	struct civil c;

	zone_civil(p->zone, unix_s, &c);
	return days_from_civil(c.year, c.month, c.day);
}

static int64_t session_end(const struct record *s)
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

static bool in_conference(const struct said *s, int64_t day)
{
	return day >= s->first_day && day <= s->last_day;
}

/* --- which hour ---------------------------------------------------------- */

/* The day's first start and last end, in minutes from its midnight; false: no session. */
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
	*from = (int)((first - start) / 60);
	*to = (int)((last - start) / 60);
	return first != INT64_MAX;
}

/* "at 2" is 14:00 where the programme runs then; the next to come when both would do. */
static int hour_meant(const struct placing *p, int64_t day, const struct clock_time *c)
{
	int early = c->minute, late = c->minute + 720, from, to;

	if (!c->twelve_hour)
		return early;
	if (p->said->has_part) {
		const struct minutes *part = &parts[p->said->part];
		bool e = early >= part->from && early < part->to;
		bool l = late >= part->from && late < part->to;

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

/* The window within a day that clocks and parts describe. */
static struct minutes minutes_of(const struct placing *p, int64_t day)
{
	const struct said *s = p->said;
	struct minutes m = { .from = 0, .to = DAY_MINUTES };

	if (s->has_part)
		m = parts[s->part];
	if (s->from.set || s->to.set) {
		if (s->from.set)
			m.from = hour_meant(p, day, &s->from);
		if (s->to.set)
			m.to = hour_meant(p, day, &s->to);
		if (s->from.set && s->to.set &&
		    m.to <= m.from) /* "from 11 to 1", "22:00 to 1:00" */
			m.to += m.to + 720 > m.from && s->to.twelve_hour ? 720 : DAY_MINUTES;
		if (s->from.set && !s->to.set && !s->has_part)
			m.to = m.from >= DAY_MINUTES ? NIGHT_END : DAY_MINUTES;
		if (s->from.set && !s->to.set && m.to <= m.from)
			m.to = NIGHT_END > m.from ? NIGHT_END : m.from + 60;
		m.set = true;
	} else if (s->at.set) {
		m.from = hour_meant(p, day, &s->at);
		m.to = m.from + 1;
		m.point = !s->around;
		if (s->around) {
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
static int64_t day_meant(const struct placing *p)
{
	const struct said *s = p->said;
	struct minutes m;

	if (s->has_day)
		return s->day;
	if (in_conference(s, s->today)) {
		m = minutes_of(p, s->today);
		if (m.set && !s->this_part && !s->rest && s->today < s->last_day &&
		    unix_at(p, s->today, m.point ? m.to + 60 : m.to) <= p->now)
			return s->today + 1;
		return s->today;
	}
	if (s->today > s->last_day || s->this_part)
		return s->today;
	for (int64_t day = s->first_day; day <= s->last_day && day < s->first_day + 32; day++) {
		m = minutes_of(p, day);
		if (any_session(p, unix_at(p, day, m.from), unix_at(p, day, m.to)))
			return day;
	}
	return s->first_day;
}

/* --- events of the programme --------------------------------------------- */

/* Whether a folded text has a word of the list; a title only when it is short: "Lunch", not "No free lunch for ...". */
static bool has_event_word(const char *text, enum day_event event, size_t max_words)
{
	const char *const *words = day_event_words(event);
	_cleanup_free_ char *folded = text ? utf8_fold(text, strlen(text)) : NULL;
	bool found = false;
	size_t n = 0;

	for (char *rest = folded, *w; rest && (w = strsep(&rest, " ,:-/()&")) != NULL;) {
		if (!*w)
			continue;
		n++;
		for (size_t i = 0; words[i]; i++)
			found |= strcmp(w, words[i]) == 0;
	}
	return found && n <= max_words;
}

static bool is_event(const struct record *s, enum day_event event)
{
	size_t title_words =
		event == EVENT_OPENING || event == EVENT_CLOSING || event == EVENT_DINNER ? 7 : 4;
	bool is_break = has_event_word(s->session_type, EVENT_BREAK, 3);

	if (event == EVENT_BREAK ? has_event_word(s->name, EVENT_LUNCH, 4)
				 : is_break && event != EVENT_LUNCH)
		return false;
	return has_event_word(s->name, event, title_words) ||
	       (event != EVENT_LUNCH && event != EVENT_DINNER &&
		has_event_word(s->session_type, event, 3));
}

/* The event of that day: of several the first that is not over at now. */
static const struct record *event_on(const struct placing *p, int64_t day)
{
	int64_t start = unix_at(p, day, 0), end = unix_at(p, day, NIGHT_END);
	const struct record *first = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct record *s = &p->sessions[i];

		if (s->start == TIME_UNKNOWN || s->start < start || s->start >= end ||
		    !is_event(s, p->said->event))
			continue;
		if (day != p->said->today || session_end(s) > p->now)
			return s;
		first = first ? first : s;
	}
	return first;
}

/* Where programmes do not say; -1: cannot be known. */
static void usual_event(enum day_event event, int *from, int *to)
{
	*from = event == EVENT_LUNCH ? 12 * 60 : event == EVENT_DINNER ? 19 * 60 : -1;
	*to = event == EVENT_LUNCH ? 13 * 60 : event == EVENT_DINNER ? 21 * 60 : -1;
}

static bool place_event(struct placing *p, struct when *out)
{
	struct said *s = p->said;
	int64_t day = s->has_day ? s->day : in_conference(s, s->today) ? s->today : s->first_day;
	const struct record *found = event_on(p, day);
	int64_t from, to;
	int usual_from, usual_to;

	for (int64_t d = s->first_day;
	     !found && !s->has_day && d <= s->last_day && d < s->first_day + 32; d++) {
		found = d >= s->today || s->today > s->last_day ? event_on(p, d) : NULL;
		day = found ? d : day;
	}
	usual_event(s->event, &usual_from, &usual_to);
	if (!found && usual_from < 0)
		return false;
	from = found ? found->start : unix_at(p, day, usual_from);
	to = found ? session_end(found) : unix_at(p, day, usual_to);
	s->event_record = found;
	out->kind = WHEN_WINDOW;
	if (s->relation == EVENT_DURING) {
		out->from = from;
		out->to = to;
		out->overlap = true;
	} else if (s->relation == EVENT_BEFORE) {
		out->from = unix_at(p, day, 0);
		out->to = from;
	} else {
		out->from = to;
		out->to = unix_at(p, day, s->event == EVENT_LUNCH ? 18 * 60 : DAY_MINUTES);
		out->to = out->to <= to ? unix_at(p, day, NIGHT_END) : out->to;
	}
	return true;
}

/* --- the window ---------------------------------------------------------- */

static void place_window(const struct placing *p, struct when *out)
{
	const struct said *s = p->said;
	int64_t day = day_meant(p);
	struct minutes m = minutes_of(p, day);

	out->kind = WHEN_WINDOW;
	out->from = unix_at(p, day, m.from);
	out->to = unix_at(p, s->has_day ? s->day_to : day, m.to);
	out->overlap = m.point;
	if (s->has_day &&
	    s->day_to < s->day) /* "before Saturday" on a conference that begins then */
		out->to = out->from;
}

/* What is left of the window: from now on. */
static void place_rest(const struct placing *p, bool windowed, struct when *out)
{
	const struct said *s = p->said;

	if (!windowed) {
		out->from = p->now;
		out->to = TIME_UNKNOWN;
		if (s->rest_of_day && in_conference(s, s->today))
			out->to = unix_at(p, s->today,
					  p->said->now_minute < 4 * 60 ? 4 * 60 : NIGHT_END);
	}
	out->kind = WHEN_WINDOW;
	out->overlap = false;
	if (out->from < p->now && (out->to == TIME_UNKNOWN || out->to > p->now))
		out->from = p->now;
}

static void place_order(const struct placing *p, bool windowed, struct when *out)
{
	const struct said *s = p->said;

	if (!windowed) {
		out->from = s->next ? p->now : TIME_UNKNOWN;
		out->to = TIME_UNKNOWN;
	}
	out->overlap = false;
	if (!s->next) {
		out->kind = s->first ? WHEN_FIRST : WHEN_LAST;
		return;
	}
	out->kind = out->from > p->now ? WHEN_FIRST : WHEN_NEXT;
	if (out->from < p->now)
		out->from = p->now;
}

static void place_now(const struct placing *p, struct when *out)
{
	const struct said *s = p->said;

	out->overlap = true;
	out->from = p->now;
	out->to = p->now + 1;
	out->kind = WHEN_NOW;
	if (s->ending) {
		out->kind = WHEN_ENDING;
		out->to = p->now + 1800;
	} else if (s->next) { /* "now and next" */
		out->kind = WHEN_WINDOW;
		out->to = p->now + 3600;
	}
}

static bool lies_outside(const struct placing *p, const struct when *w)
{
	const struct said *s = p->said;
	int64_t begin = unix_at(p, s->first_day, 0), end = unix_at(p, s->last_day + 1, 0);

	for (size_t i = 0; i < p->n; i++) {
		if (p->sessions[i].start != TIME_UNKNOWN && session_end(&p->sessions[i]) > end)
			end = session_end(&p->sessions[i]);
	}
	return (w->from != TIME_UNKNOWN && w->from >= end) ||
	       (w->to != TIME_UNKNOWN && w->to <= begin);
}

void when_place(const struct catalog *c, struct said *said, int64_t now_unix_s, struct when *out)
{
	const struct snapshot *snapshot = catalog_snapshot(c);
	struct placing p = { .c = c,
			     .zone = catalog_zone(c),
			     .sessions = snapshot->records[ENTITY_SESSION],
			     .n = snapshot->n[ENTITY_SESSION],
			     .said = said,
			     .now = now_unix_s };
	bool clocked = said->at.set || said->from.set || said->to.set || said->has_part;
	bool windowed = clocked || said->has_day;
	bool elsewhen = clocked || (said->has_day && day_of(&p, now_unix_s) != said->day);

	out->from = out->to = TIME_UNKNOWN;
	if (said->unclear) { /* whatever else was said */
		out->unclear = true;
		return;
	}
	if (said->has_span) {
		out->kind = WHEN_WINDOW;
		out->from = now_unix_s + said->span_from;
		out->to = now_unix_s + said->span_to;
		out->overlap = said->span_point;
	} else if ((said->now || said->ending) && !elsewhen) {
		place_now(&p, out);
	} else if (said->relation != EVENT_NONE) {
		windowed = place_event(&p, out);
		out->unclear = !windowed;
	} else if (windowed) {
		place_window(&p, out);
	}
	if (said->rest)
		place_rest(&p, windowed, out);
	if ((said->next && !said->now) || said->first || said->last)
		place_order(&p, windowed, out);
	out->explicit_day = said->has_day && out->kind != WHEN_NONE;
	out->outside = out->kind != WHEN_NONE && lies_outside(&p, out);
}
