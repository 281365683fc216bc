/*
 * when_windows.c - the windows of a question: merged and in order, cut at now, and the kind of question they make.
 */
#include "search/when_placing.h"

#include <stdlib.h>
#include <string.h>

void placing_add(struct placing *p, struct index_window w)
{
	if (p->n_windows < WHEN_MAX_WINDOWS)
		p->windows[p->n_windows++] = w;
}

static int by_time(const void *pa, const void *pb)
{
	const struct index_window *a = pa, *b = pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

/* "Saturday and Sunday", "afternoon or evening": one; moments stay apart. */
static void merge_windows(struct placing *p)
{
	size_t n = 0;

	qsort(p->windows, p->n_windows, sizeof *p->windows, by_time);
	for (size_t i = 0; i < p->n_windows; i++) {
		struct index_window *last = n ? &p->windows[n - 1] : NULL, w = p->windows[i];

		if (last && last->overlap == w.overlap && w.from <= last->to &&
		    (!w.overlap || w.from == last->from))
			last->to = w.to > last->to ? w.to : last->to;
		else
			p->windows[n++] = w;
	}
	p->n_windows = n;
}

static bool drop_windows(struct placing *p, bool (*keep)(const struct placing *, int64_t, int64_t))
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_windows; i++) {
		if (keep(p, p->windows[i].from, p->windows[i].to))
			p->windows[n++] = p->windows[i];
	}
	if (n)
		p->n_windows = n;
	return n > 0;
}

static bool not_over(const struct placing *p, int64_t from, int64_t to)
{
	return to > p->now || from > p->now;
}

static bool has_begun(const struct placing *p, int64_t from, int64_t to)
{
	return from < p->now && to > from;
}

/* What is left of the windows: from now on.  When all is over they stay what they were. */
static void cut_before_now(struct placing *p)
{
	if (!drop_windows(p, not_over))
		return;
	for (size_t i = 0; i < p->n_windows; i++) {
		p->windows[i].overlap = false;
		if (p->windows[i].from < p->now)
			p->windows[i].from = p->now;
	}
}

static void cut_after_now(struct placing *p)
{
	if (!drop_windows(p, has_begun))
		return;
	for (size_t i = 0; i < p->n_windows; i++) {
		if (p->windows[i].to > p->now)
			p->windows[i].to = p->now;
	}
}

/* --- without a window of its own ---------------------------------------------------- */

static void place_now(const struct placing *p, struct when *out)
{
	const struct said *s = p->said;

	out->overlap = true;
	out->from = p->now;
	out->to = p->now + 1;
	out->kind = WHEN_NOW;
	if (s->ending) {
		out->kind = WHEN_ENDING;
		out->to = p->now + (s->has_span && s->span_to > 0 ? s->span_to : 1800);
	} else if (s->next) { /* "now and next" */
		out->kind = WHEN_WINDOW;
		out->to = p->now + 3600;
	}
}

static void place_span(const struct placing *p, struct when *out)
{
	out->kind = WHEN_WINDOW;
	out->from = p->now + p->said->span_from;
	out->to = p->now + p->said->span_to;
	out->overlap = p->said->span_point;
}

/* "what is left", "later", "the rest of the day" */
static void place_rest(const struct placing *p, struct when *out)
{
	const struct said *s = p->said;

	out->kind = WHEN_WINDOW;
	out->from = p->now;
	out->to = TIME_UNKNOWN;
	if (s->rest_of_day && in_conference(s, s->today))
		out->to = unix_at(p, s->today, s->now_minute < 4 * 60 ? 4 * 60 : NIGHT_END);
}

/* "what did I miss?": of today at the conference, else of all that was. */
static void place_until_now(const struct placing *p, struct when *out)
{
	const struct said *s = p->said;

	out->kind = WHEN_WINDOW;
	out->from = unix_at(p, in_conference(s, s->today) ? s->today : s->first_day, 0);
	out->to = p->now > out->from ? p->now : out->from;
}

/* --- kinds --------------------------------------------------------------------------- */

static void place_windows(struct placing *p, struct arena *arena, struct when *out)
{
	const struct said *s = p->said;
	struct index_window *copy;
	size_t n;

	merge_windows(p);
	if (s->rest || s->next)
		cut_before_now(p);
	if (s->until_now)
		cut_after_now(p);
	n = p->n_windows;
	out->kind = WHEN_WINDOW;
	out->from = p->windows[0].from;
	out->to = p->windows[n - 1].to;
	for (size_t i = 0; i < n; i++) /* an evening may last beyond a later window */
		out->to = p->windows[i].to > out->to ? p->windows[i].to : out->to;
	out->overlap = n == 1 && p->windows[0].overlap;
	copy = n > 1 ? arena_array(arena, struct index_window, n) : NULL;
	if (!copy)
		return;
	memcpy(copy, p->windows, n * sizeof *copy);
	out->windows = copy;
	out->n_windows = n;
}

static void place_order(const struct placing *p, bool windowed, struct when *out)
{
	const struct said *s = p->said;

	if (!windowed) {
		out->from = s->next ? p->now : TIME_UNKNOWN;
		out->to = TIME_UNKNOWN;
	}
	out->overlap = false;
	out->count = s->count;
	if (!s->next) {
		out->kind = s->first ? WHEN_FIRST : WHEN_LAST;
		return;
	}
	/* "the next talk at 16:00", asked at 18:00: of that window, which is over, the first */
	if (out->to != TIME_UNKNOWN && out->to <= p->now) {
		out->kind = WHEN_FIRST;
		return;
	}
	out->kind = out->from > p->now ? WHEN_FIRST : WHEN_NEXT;
	if (out->from < p->now)
		out->from = p->now;
}

static int64_t conference_end(const struct placing *p)
{
	int64_t end = unix_at(p, p->said->last_day + 1, 0);

	for (size_t i = 0; i < p->n; i++) {
		if (p->sessions[i].start != TIME_UNKNOWN && session_end(&p->sessions[i]) > end)
			end = session_end(&p->sessions[i]);
	}
	return end;
}

static bool lies_outside(const struct placing *p, const struct when *w)
{
	int64_t begin = unix_at(p, p->said->first_day, 0), end = conference_end(p);

	for (size_t i = 0; i < w->n_windows; i++) {
		if (w->windows[i].from < end && w->windows[i].to > begin)
			return false;
	}
	return w->n_windows || (w->from != TIME_UNKNOWN && w->from >= end) ||
	       (w->to != TIME_UNKNOWN && w->to <= begin);
}

/* Whether the words name a time other than now's. */
static bool elsewhen(const struct placing *p)
{
	const struct said *s = p->said;
	const struct clause *c = &s->clauses[0];

	return s->n_clauses > 1 || c->n_times || c->n_days > 1 ||
	       (c->n_days && placing_day(p, p->now) != c->days[0].from);
}

static bool names_day(const struct said *s)
{
	for (size_t i = 0; i < s->n_clauses; i++) {
		for (size_t k = 0; k < s->clauses[i].n_days; k++) {
			if (!s->clauses[i].days[k].implied)
				return true;
		}
	}
	return false;
}

/* What was said is one part of one day, and the window is all of it. */
static const char *part_said(const struct placing *p, const struct when *w)
{
	static const char *const names[PART_COUNT] = {
		[PART_MORNING] = "morning",
		[PART_NOON] = "noon",
		[PART_AFTERNOON] = "afternoon",
		[PART_EVENING] = "evening",
		[PART_OVERNIGHT] = "night",
		[PART_EARLY_MORNING] = "early_morning",
		[PART_LATE_MORNING] = "late_morning",
		[PART_EARLY_AFTERNOON] = "early_afternoon",
		[PART_LATE_AFTERNOON] = "late_afternoon",
		[PART_EARLY_EVENING] = "early_evening",
		[PART_LATE_EVENING] = "late_evening",
	};
	const struct clause *c = &p->said->clauses[0];
	const struct time_said *t = &c->times[0];
	struct part_minutes part;
	int64_t day;

	if (p->said->n_clauses != 1 || c->n_times != 1 || !t->has_part || t->at.set ||
	    t->from.kind || t->to.kind || t->during.kind || w->from == TIME_UNKNOWN ||
	    w->to == TIME_UNKNOWN || w->n_windows)
		return NULL;
	part = day_part_minutes(t->part);
	day = placing_day(p, w->from);
	return w->from == unix_from(p, day, part.from) && w->to == unix_until(p, day, part.to)
		       ? names[t->part]
		       : NULL;
}

/* "the first talk of the day", when no day was said */
static void add_today(struct said *s)
{
	struct clause *c = &s->clauses[0];

	if (s->of_the_day && s->n_clauses == 1 && !c->n_days && in_conference(s, s->today))
		c->days[c->n_days++] = (struct days_said){ .from = s->today, .to = s->today };
}

void when_place(const struct catalog *c, struct said *said, int64_t now_unix_s, struct arena *arena,
		struct when *out)
{
	const struct snapshot *snapshot = catalog_snapshot(c);
	struct placing p = { .c = c,
			     .zone = catalog_zone(c),
			     .sessions = snapshot->records[ENTITY_SESSION],
			     .n = snapshot->n[ENTITY_SESSION],
			     .said = said,
			     .now = now_unix_s };

	out->from = out->to = TIME_UNKNOWN;
	if (said->unclear) { /* whatever else was said */
		out->unclear = true;
		return;
	}
	add_today(said);
	if (said->ending || (said->now && !elsewhen(&p))) {
		place_now(&p, out);
	} else if (said->has_span) {
		place_span(&p, out);
	} else {
		place_clauses(&p);
		out->unclear = p.unplaced && !p.n_windows;
		if (p.n_windows)
			place_windows(&p, arena, out);
		else if (said->rest && !out->unclear)
			place_rest(&p, out);
		else if (said->until_now && !out->unclear)
			place_until_now(&p, out);
	}
	if ((said->next && !said->now) || said->first || said->last)
		place_order(&p, out->kind != WHEN_NONE, out);
	out->explicit_day = out->kind != WHEN_NONE && names_day(said);
	out->part = part_said(&p, out);
	out->outside = out->kind != WHEN_NONE && lies_outside(&p, out);
}
