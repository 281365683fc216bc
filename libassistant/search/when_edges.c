/*
 * when_edges.c - stretches that begin or end with something of the programme: lunch, the keynote, a talk by its name.
 */
#include "search/when_placing.h"

#include <string.h>
#include "base/utf8.h"

/* --- which session is meant ---------------------------------------------------- */

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

/* Of several on that day the first that begins at or after `after`; today the first that is not over. */
static const struct record *event_on(const struct placing *p, int64_t day, const struct edge *e,
				     int64_t after)
{
	struct part_minutes part = day_part_minutes(e->part);
	int64_t start = unix_at(p, day, e->has_part ? part.from : 0);
	int64_t end = unix_at(p, day, e->has_part ? part.to : NIGHT_END);
	const struct record *first = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct record *s = &p->sessions[i];

		if (s->start == TIME_UNKNOWN || s->start < start || s->start >= end ||
		    !is_event(s, e->event))
			continue;
		first = first ? first : s;
		if (after != TIME_UNKNOWN ? s->start >= after
					  : day != p->said->today || session_end(s) > p->now)
			return s;
	}
	return first;
}

static bool speaks(const struct record *session, const struct record *speaker)
{
	for (size_t i = 0; speaker->session_ids && speaker->session_ids[i]; i++) {
		if (strcmp(speaker->session_ids[i], session->id) == 0)
			return true;
	}
	return false;
}

/* The session of that name or of that speaker: on the day, if any; else the next one to come, else the first. */
static const struct record *named_session(const struct placing *p, const struct record *named,
					  bool fixed, int64_t day)
{
	const struct record *first = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct record *s = &p->sessions[i];

		if (s->start == TIME_UNKNOWN ||
		    !(named->type == ENTITY_SPEAKER ? speaks(s, named)
						    : strcmp(s->name, named->name) == 0) ||
		    (fixed && placing_day(p, s->start) != day))
			continue;
		first = first ? first : s;
		if (session_end(s) > p->now)
			return s;
	}
	return first;
}

/* --- when it is -------------------------------------------------------------------- */

struct event_time {
	int64_t from, to;
	const struct record *record; /* NULL: the usual time */
};

/* Where programmes do not say. */
static bool usual_time(const struct placing *p, int64_t day, enum day_event event,
		       struct event_time *out)
{
	static const struct part_minutes usual[EVENT_COUNT] = {
		[EVENT_LUNCH] = { 12 * 60, 13 * 60 },
		[EVENT_DINNER] = { 19 * 60, 21 * 60 },
		[EVENT_BREAKFAST] = { 8 * 60, 9 * 60 },
	};

	if (!usual[event].to)
		return false;
	*out = (struct event_time){ .from = unix_from(p, day, usual[event].from),
				    .to = unix_until(p, day, usual[event].to) };
	return true;
}

/* An event or a named session as seen from a day. */
static bool event_time(const struct placing *p, int64_t day, const struct edge *e, bool usual,
		       int64_t after, struct event_time *out)
{
	const struct record *s = e->kind == EDGE_NAMED ? named_session(p, e->named, true, day)
						       : event_on(p, day, e, after);

	if (!s)
		return e->kind == EDGE_EVENT && usual && usual_time(p, day, e->event, out);
	*out = (struct event_time){ .from = s->start, .to = session_end(s), .record = s };
	return true;
}

/* --- the stretch ----------------------------------------------------------------------- */

static bool place_during(struct placing *p, int64_t day, const struct time_said *t, bool usual)
{
	struct event_time e;

	if (!event_time(p, day, &t->during, usual, TIME_UNKNOWN, &e))
		return false;
	p->said->during = e.record;
	placing_add(p, (struct index_window){ .from = e.from, .to = e.to, .overlap = true });
	return true;
}

static bool begin_of(struct placing *p, int64_t day, const struct edge *e, bool usual, int64_t *out)
{
	struct event_time found;

	if (e->kind == EDGE_NONE) {
		*out = unix_at(p, day, 0);
	} else if (e->kind == EDGE_CLOCK) {
		*out = edge_clock(p, day, e, false);
	} else {
		if (!event_time(p, day, e, usual, TIME_UNKNOWN, &found))
			return false;
		p->said->after = found.record;
		*out = e->at_end ? found.to : found.from;
	}
	return true;
}

static bool end_of(struct placing *p, int64_t day, const struct time_said *t, bool usual,
		   int64_t from, int64_t *out)
{
	const struct edge *e = &t->to;
	bool lunch = t->from.kind == EDGE_EVENT && t->from.event == EVENT_LUNCH;
	struct event_time found;

	if (e->kind == EDGE_NONE) {
		*out = unix_at(p, day, lunch ? 18 * 60 : DAY_MINUTES);
		if (*out <= from)
			*out = unix_at(p, day, NIGHT_END);
	} else if (e->kind == EDGE_CLOCK) {
		*out = edge_clock(p, day, e, true);
	} else {
		if (!event_time(p, day, e, usual, t->from.kind ? from : TIME_UNKNOWN, &found))
			return false;
		p->said->before = found.record;
		*out = e->at_end ? found.to : found.from;
	}
	return true;
}

static void cut_to_part(const struct placing *p, int64_t day, const struct time_said *t,
			struct index_window *w)
{
	struct part_minutes part;
	int64_t from, to;

	if (!t->has_part)
		return;
	part = day_part_minutes(t->part);
	from = unix_from(p, day, part.from);
	to = unix_until(p, day, part.to);
	if (from < w->to && to > w->from) {
		w->from = w->from < from ? from : w->from;
		w->to = w->to > to ? to : w->to;
	}
}

static bool place_on(struct placing *p, int64_t day, const struct time_said *t, bool usual)
{
	struct index_window w = { .overlap = false };

	if (t->during.kind)
		return place_during(p, day, t, usual);
	if (!begin_of(p, day, &t->from, usual, &w.from) ||
	    !end_of(p, day, t, usual, w.from, &w.to) || w.to < w.from)
		return false;
	cut_to_part(p, day, t, &w);
	placing_add(p, w);
	return true;
}

/* The day of a named session, which knows it better than any search. */
static bool named_day(const struct placing *p, const struct time_said *t, int64_t *day)
{
	const struct edge *edges[] = { &t->during, &t->from, &t->to };

	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		const struct record *s = edges[i]->kind == EDGE_NAMED
						 ? named_session(p, edges[i]->named, false, 0)
						 : NULL;

		if (s) {
			*day = placing_day(p, s->start);
			return true;
		}
	}
	return false;
}

bool place_edges(struct placing *p, int64_t *day, bool fixed, const struct time_said *t)
{
	const struct said *s = p->said;
	int64_t start = in_conference(s, s->today) ? s->today : s->first_day;

	if (fixed)
		return place_on(p, *day, t, true);
	if (named_day(p, t, day))
		return place_on(p, *day, t, true);
	if (place_on(p, start, t, false))
		return true;
	for (int64_t d = s->first_day; d <= s->last_day && d < s->first_day + 32; d++) {
		if ((d >= s->today || s->today > s->last_day) && place_on(p, d, t, false))
			return true;
	}
	return place_on(p, start, t, true);
}
