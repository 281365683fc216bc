/*
 * test_when_oracle.c - random time expressions of a grammar with known meaning, over random programmes, zones (clock changes
 * in most of them) and clocks, against when_oracle.c.  Zero disagreements are demanded, of windows and of sessions.
 *
 * WHEN_CASES (30000) and WHEN_SEED (1) from the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "search/when.h"
#include "when_world.h"

static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
					"Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January",   "February", "March",	   "April",
				      "May",	   "June",     "July",	   "August",
				      "September", "October",  "November", "December" };

/* One expression and what it means. */
struct asked {
	struct text words;
	enum when_kind kind;
	unsigned count;
	struct oracle_set set;
};

/* --- days --------------------------------------------------------------------------- */

struct days {
	int list[ORACLE_DAYS];
	int n;
};

static void one(struct days *d, int day)
{
	d->list[0] = day;
	d->n = 1;
}

static int any_day(struct world *w)
{
	return w->o.first + (int)below(w, (uint32_t)(w->o.last - w->o.first + 1));
}

static const char *suffix(int n)
{
	return n % 10 == 1 && n != 11	? "st"
	       : n % 10 == 2 && n != 12 ? "nd"
	       : n % 10 == 3 && n != 13 ? "rd"
					: "th";
}

/* A day of the conference by its date. */
static void say_date(struct world *w, struct text *out, int day)
{
	const int *d = w->o.date[day];

	switch (below(w, 9)) {
	case 0:
		text_printf(out, "on %d %s", d[2], months[d[1] - 1]);
		break;
	case 1:
		text_printf(out, "on %s %d%s", months[d[1] - 1], d[2], suffix(d[2]));
		break;
	case 2:
		text_printf(out, "on %.3s %d", months[d[1] - 1], d[2]);
		break;
	case 3:
		text_printf(out, "on %04d-%02d-%02d", d[0], d[1], d[2]);
		break;
	case 4:
		text_printf(out, "on %02d/%02d/%04d", d[2], d[1], d[0]);
		break;
	case 5:
		text_printf(out, "on the %d%s", d[2], suffix(d[2]));
		break;
	case 6:
		text_printf(out, "on %d.%d.", d[2], d[1]);
		break;
	case 7:
		text_printf(out, "on %s %d %s", weekdays[w->o.weekday[day]], d[2],
			    months[d[1] - 1]);
		break;
	default:
		text_printf(out, "the %d%s of %s %d", d[2], suffix(d[2]), months[d[1] - 1], d[0]);
	}
}

static void say_one_day(struct world *w, struct text *out, struct days *days)
{
	static const char *const nth[] = { "first", "second", "third", "fourth", "fifth" };
	const struct oracle *o = &w->o;
	int day = any_day(w);

	one(days, day);
	switch (below(w, 10)) {
	case 0:
	case 1:
	case 2:
		one(days, oracle_named(o, o->weekday[day]));
		text_printf(out, chance(w, 30) ? "%s" : "on %s", weekdays[o->weekday[day]]);
		break;
	case 3:
		text_append(out, "today");
		one(days, o->today);
		break;
	case 4:
		text_append(out, "tomorrow");
		one(days, o->today + 1);
		break;
	case 5:
		text_append(out, "yesterday");
		one(days, o->today - 1);
		break;
	case 6:
		text_printf(out, chance(w, 50) ? "on day %d" : "day %d", day - o->first + 1);
		break;
	case 7:
		if (day - o->first < 5 && chance(w, 60)) {
			text_printf(out, "on the %s day", nth[day - o->first]);
		} else {
			text_append(out, "on the last day");
			one(days, o->last);
		}
		break;
	default:
		say_date(w, out, day);
	}
}

static void say_days(struct world *w, struct text *out, struct days *days)
{
	const struct oracle *o = &w->o;
	int a = any_day(w), b = any_day(w);
	bool week = o->last - o->first < 7;

	if (o->last > o->first && chance(w, 25)) {
		days->n = 0;
		if (chance(w, 40)) {
			text_append(out, o->last == o->first + 1 && chance(w, 50) ? "on both days"
										  : "every day");
			a = o->first;
			b = o->last;
		} else if (a < b && week) {
			a = oracle_named(o, o->weekday[a]);
			b = oracle_named(o, o->weekday[b]);
			if (a < b && chance(w, 60)) {
				text_printf(out, chance(w, 50) ? "from %s to %s" : "%s-%s",
					    weekdays[o->weekday[a]], weekdays[o->weekday[b]]);
			} else {
				text_printf(out, chance(w, 50) ? "on %s and %s" : "on %s or on %s",
					    weekdays[o->weekday[a]], weekdays[o->weekday[b]]);
				days->list[days->n++] = a;
				days->list[days->n++] = b;
				return;
			}
		} else {
			say_one_day(w, out, days);
			return;
		}
		for (int d = a; d <= b; d++)
			days->list[days->n++] = d;
		return;
	}
	say_one_day(w, out, days);
}

/* --- times of a day ----------------------------------------------------------------- */

struct span {
	int from, to;	    /* on the wall; to may be on the next day */
	bool point, twelve; /* twelve: from is an hour that may be in the afternoon */
};

static void say_clock(struct world *w, struct text *out, int minute)
{
	int h = minute / 60, m = minute % 60, twelve = h % 12 ? h % 12 : 12;

	if (minute == 720 && chance(w, 40)) {
		text_append(out, chance(w, 50) ? "noon" : "midday");
		return;
	}
	switch (below(w, 5)) {
	case 0:
		if (m)
			text_printf(out, "%d:%02d %s", twelve, m, h < 12 ? "am" : "pm");
		else
			text_printf(out, "%d%s", twelve, h < 12 ? "am" : " pm");
		break;
	case 1:
		if (h < 7) /* "2h" may be in the afternoon */
			text_printf(out, "%02d:%02d", h, m);
		else if (m)
			text_printf(out, "%dh%02d", h, m);
		else
			text_printf(out, "%dh", h);
		break;
	case 2:
		if (m == 30 && h > 0 && h < 23) {
			text_printf(out, "half past %d %s", twelve, h < 12 ? "am" : "pm");
			break;
		}
		/* fall through */
	default:
		text_printf(out, "%02d:%02d", h, m);
	}
}

static struct span say_part(struct world *w, struct text *out)
{
	static const struct {
		const char *words;
		int from, to;
	} parts[] = {
		{ "in the morning", 300, 720 },		{ "in the afternoon", 720, 1080 },
		{ "in the evening", 1020, 1680 },	{ "at lunchtime", 720, 840 },
		{ "in the late morning", 600, 720 },	{ "in the early afternoon", 720, 900 },
		{ "in the late afternoon", 900, 1080 }, { "in the early evening", 1020, 1200 },
	};
	unsigned i = below(w, ARRAY_SIZE(parts));

	text_append(out, parts[i].words);
	return (struct span){ .from = parts[i].from, .to = parts[i].to };
}

static struct span say_bounds(struct world *w, struct text *out)
{
	int a = 480 + (int)below(w, 120) * 5, b = a + 15 + (int)below(w, 36) * 5;
	static const char *const between[][3] = {
		{ "between ", " and ", "" },	  { "from ", " to ", "" },
		{ "from ", " until ", "" },	  { "after ", " and before ", "" },
		{ "after ", " but before ", "" },
	};
	unsigned i = below(w, ARRAY_SIZE(between));

	switch (below(w, 4)) {
	case 0:
		text_append(out, chance(w, 50) ? "after " : "from ");
		say_clock(w, out, a);
		text_append(out, chance(w, 20) ? " onwards" : "");
		return (struct span){ .from = a, .to = 1440 };
	case 1:
		text_append(out, chance(w, 50) ? "before " : "until ");
		say_clock(w, out, a);
		return (struct span){ .from = 0, .to = a };
	default:
		b = chance(w, 15) ? 1200 + (int)below(w, 40) * 5 : b;
		b = b > 1435 ? 1435 : b;
		b = b <= a ? a + 30 : b;
		text_append(out, between[i][0]);
		say_clock(w, out, a);
		text_append(out, between[i][1]);
		say_clock(w, out, b);
		return (struct span){ .from = a, .to = b };
	}
}

static struct span say_time(struct world *w, struct text *out)
{
	int a = 420 + (int)below(w, 190) * 5;

	switch (below(w, 6)) {
	case 0:
	case 1:
		return say_part(w, out);
	case 2:
	case 3:
		return say_bounds(w, out);
	case 4:
		text_append(out, "around ");
		say_clock(w, out, a);
		return (struct span){ .from = a - 30, .to = a + 31 };
	default:
		if (chance(w, 30)) {
			int hour = 1 + (int)below(w, 11);

			text_printf(out, "at %d", hour);
			return (struct span){ .from = hour * 60,
					      .to = hour * 60 + 1,
					      .point = true,
					      .twelve = true };
		}
		if (chance(w, 15))
			a = below(w, 48) * 5; /* in the night */
		text_append(out, "at ");
		say_clock(w, out, a);
		return (struct span){ .from = a, .to = a + 1, .point = true };
	}
}

static struct span hour_of(const struct oracle *o, int day, struct span s)
{
	if (s.twelve) {
		s.from = oracle_hour(o, day, s.from);
		s.to = s.from + 1;
	}
	return s;
}

static void mark_span(struct asked *q, const struct oracle *o, int day, struct span s)
{
	s = hour_of(o, day, s);
	if (s.point) {
		int at = oracle_at(o, day, s.from);

		oracle_mark(q->set.runs, at, at + 1);
	} else {
		oracle_mark(q->set.starts, oracle_from(o, day, s.from), oracle_until(o, day, s.to));
	}
}

static void mark_days(struct asked *q, const struct oracle *o, const struct days *days)
{
	for (int i = 0; i < days->n; i++)
		oracle_mark(q->set.starts, oracle_from(o, days->list[i], 0),
			    oracle_from(o, days->list[i] + 1, 0));
}

static void mark_days_span(struct asked *q, const struct oracle *o, const struct days *days,
			   struct span s)
{
	for (int i = 0; i < days->n; i++)
		mark_span(q, o, days->list[i], s);
}

/* --- questions ----------------------------------------------------------------------- */

static void ask_days(struct world *w, struct asked *q)
{
	struct days days;

	say_days(w, &q->words, &days);
	mark_days(q, &w->o, &days);
}

static void ask_day_time(struct world *w, struct asked *q)
{
	struct days days;
	struct span s;

	if (chance(w, 50)) {
		say_days(w, &q->words, &days);
		text_append_char(&q->words, ' ');
		s = say_time(w, &q->words);
	} else {
		s = say_time(w, &q->words);
		text_append_char(&q->words, ' ');
		say_days(w, &q->words, &days);
	}
	mark_days_span(q, &w->o, &days, s);
}

/* "on Saturday in the morning or on Sunday at 14:00", "on Sunday at 10:00 or at 14:00" */
static void ask_alternatives(struct world *w, struct asked *q)
{
	const char * or = chance(w, 60) ? " or " : " and ";
	bool day_first = chance(w, 60);
	struct days days;
	struct span s, other;

	for (int i = 0; i < 2; i++) {
		text_append(&q->words, i ? or : "");
		if (day_first)
			say_one_day(w, &q->words, &days);
		text_append(&q->words, day_first ? " " : "");
		s = say_time(w, &q->words);
		text_append(&q->words, day_first ? "" : " ");
		if (!day_first)
			say_one_day(w, &q->words, &days);
		mark_days_span(q, &w->o, &days, s);
		if (day_first && chance(w, 20)) {
			text_append(&q->words, " or ");
			other = say_part(w, &q->words);
			mark_days_span(q, &w->o, &days, other);
		}
	}
}

static void ask_time(struct world *w, struct asked *q)
{
	struct span s = say_time(w, &q->words);
	const struct oracle *o = &w->o;
	struct span on_today = hour_of(o, o->today, s);
	int day = oracle_day(o, on_today.from, on_today.to, s.point);

	if (s.twelve && o->today < o->first) { /* each day has its own hour */
		for (day = o->first; day <= o->last; day++) {
			struct span on_day = hour_of(o, day, s);
			int at = oracle_at(o, day, on_day.from);
			bool runs = false;

			for (int i = 0; i < o->n; i++)
				runs |= o->sessions[i].timed && o->sessions[i].from <= at &&
					o->sessions[i].to > at;
			if (runs)
				break;
		}
		day = day > o->last ? o->first : day;
	}
	mark_span(q, o, day, s);
}

static void ask_span(struct world *w, struct asked *q)
{
	int n = 5 + (int)below(w, 170), now = w->o.now;

	switch (below(w, 7)) {
	case 0:
		text_printf(&q->words, "in the next %d minutes", n);
		oracle_mark(q->set.starts, now, now + n);
		break;
	case 1:
		text_append(&q->words, "within the next half hour");
		oracle_mark(q->set.starts, now, now + 30);
		break;
	case 2:
		n = 1 + n % 4;
		text_printf(&q->words, "in the next %d hours", n);
		oracle_mark(q->set.starts, now, now + 60 * n);
		break;
	case 3:
		text_printf(&q->words, "in %d minutes", n);
		oracle_mark(q->set.runs, now + n, now + n + 1);
		break;
	case 4:
		text_printf(&q->words, "%d minutes ago", n);
		oracle_mark(q->set.runs, now - n, now - n + 1);
		break;
	case 5:
		text_append(&q->words, "in the last hour");
		oracle_mark(q->set.starts, now - 60, now);
		break;
	default:
		text_append(&q->words, "in an hour and a half");
		oracle_mark(q->set.runs, now + 90, now + 91);
	}
}

static void ask_now(struct world *w, struct asked *q)
{
	static const char *const words[] = { "What is on right now?", "currently", "at the moment",
					     "what is still running" };

	text_append(&q->words, words[below(w, ARRAY_SIZE(words))]);
	q->kind = WHEN_NOW;
	oracle_mark(q->set.runs, w->o.now, w->o.now + 1);
}

static void ask_order(struct world *w, struct asked *q)
{
	bool last = chance(w, 50);
	struct days days;

	if (chance(w, 30)) {
		q->count = 2 + below(w, 4);
		text_printf(&q->words, "the %s %u talks ", last ? "last" : "first", q->count);
	} else {
		text_printf(&q->words, "the %s talk ", last ? "last" : "first");
	}
	q->kind = last ? WHEN_LAST : WHEN_FIRST;
	say_one_day(w, &q->words, &days);
	if (chance(w, 40)) {
		text_append_char(&q->words, ' ');
		mark_days_span(q, &w->o, &days, say_part(w, &q->words));
		return;
	}
	mark_days(q, &w->o, &days);
}

static void ask_next(struct world *w, struct asked *q)
{
	text_append(&q->words, chance(w, 50) ? "What's next?" : "the next talk");
	q->kind = WHEN_NEXT;
	oracle_mark(q->set.starts, w->o.now, ORACLE_MINUTES);
}

/* What is left of today, and what was. */
static void ask_rest(struct world *w, struct asked *q)
{
	const struct oracle *o = &w->o;
	int from = oracle_from(o, o->today, 0), to = oracle_from(o, o->today + 1, 0);

	if (chance(w, 50)) {
		text_append(&q->words,
			    chance(w, 50) ? "later today" : "what can I still see today");
		oracle_mark(q->set.starts, o->now, to);
	} else {
		text_append(&q->words, chance(w, 50) ? "so far today" : "earlier today");
		/* at midnight nothing was yet: the day itself */
		oracle_mark(q->set.starts, from, o->now > from ? o->now : to);
	}
}

/* Lunch of a day: the programme's, or from 12 to 1. */
static void lunch_on(const struct oracle *o, int day, int *from, int *to)
{
	int i = oracle_find(o, day, "Lunch");

	*from = i < 0 ? oracle_from(o, day, 720) : o->sessions[i].from;
	*to = i < 0 ? oracle_until(o, day, 780) : o->sessions[i].to;
}

static void mark_event(struct asked *q, const struct oracle *o, int day, int relation, int from,
		       int to, bool lunch)
{
	int end;

	if (relation == 0) {
		oracle_mark(q->set.starts, oracle_from(o, day, 0), from);
	} else if (relation == 1) {
		end = oracle_at(o, day, lunch ? 1080 : 1440);
		if (end <= to)
			end = oracle_at(o, day, 1680);
		oracle_mark(q->set.starts, to, end);
	} else {
		oracle_mark(q->set.runs, from, to);
	}
}

static const char *const relations[] = { "before ", "after ", "during " };

static void ask_lunch(struct world *w, struct asked *q)
{
	int relation = (int)below(w, 3), from, to;
	struct days days;

	text_printf(&q->words, "%slunch ", relations[relation]);
	say_one_day(w, &q->words, &days);
	lunch_on(&w->o, days.list[0], &from, &to);
	mark_event(q, &w->o, days.list[0], relation, from, to, true);
}

static void ask_named(struct world *w, struct asked *q)
{
	int relation = (int)below(w, 3), i = (int)below(w, (uint32_t)w->o.n);
	const struct oracle_session *s;
	const char *quote = chance(w, 50) ? "\"" : "";

	while (!w->o.sessions[i].timed || !strchr(w->o.sessions[i].title, ' ') ||
	       strcmp(w->o.sessions[i].title, "Coffee break") == 0)
		i = (i + 1) % w->o.n;
	s = &w->o.sessions[i];
	text_printf(&q->words, "What is on %s%s%s%s?", relations[relation], quote, s->title, quote);
	mark_event(q, &w->o, w->o.day[s->from], relation, s->from, s->to, false);
}

static void ask_between_lunch(struct world *w, struct asked *q)
{
	int clock = 1000 + (int)below(w, 20) * 5, from, to;
	struct days days;

	say_one_day(w, &q->words, &days);
	text_append(&q->words, " after lunch until ");
	say_clock(w, &q->words, clock);
	lunch_on(&w->o, days.list[0], &from, &to);
	oracle_mark(q->set.starts, to, oracle_until(&w->o, days.list[0], clock));
}

static void ask_crossing(struct world *w, struct asked *q)
{
	const struct oracle *o = &w->o;
	int a = any_day(w), b = any_day(w), x = 480 + (int)below(w, 150) * 5,
	    y = 480 + (int)below(w, 150) * 5;

	if (a >= b || o->last - o->first >= 7) {
		ask_days(w, q);
		return;
	}
	a = oracle_named(o, o->weekday[a]);
	b = oracle_named(o, o->weekday[b]);
	text_printf(&q->words, "from %s ", weekdays[o->weekday[a]]);
	say_clock(w, &q->words, x);
	text_printf(&q->words, " to %s ", weekdays[o->weekday[b]]);
	say_clock(w, &q->words, y);
	oracle_mark(q->set.starts, oracle_from(o, a, x), oracle_until(o, b, y));
}

static void ask_until_moment(struct world *w, struct asked *q)
{
	const struct oracle *o = &w->o;
	int day = oracle_named(o, o->weekday[any_day(w)]), x = 480 + (int)below(w, 150) * 5;

	text_printf(&q->words, "until %s ", weekdays[o->weekday[day]]);
	say_clock(w, &q->words, x);
	oracle_mark(q->set.starts, oracle_from(o, o->first, 0), oracle_until(o, day, x));
}

static void ask_tonight(struct world *w, struct asked *q)
{
	const struct oracle *o = &w->o;
	int day = o->today - (o->wall[o->now] < 240);

	text_append(&q->words, "tonight");
	oracle_mark(q->set.starts, oracle_from(o, day, 1020), oracle_until(o, day, 1680));
}

static void (*const forms[])(struct world *, struct asked *) = {
	ask_days,	   ask_day_time, ask_day_time,	   ask_day_time, ask_alternatives,
	ask_alternatives,  ask_time,	 ask_time,	   ask_span,	 ask_now,
	ask_order,	   ask_next,	 ask_rest,	   ask_lunch,	 ask_named,
	ask_between_lunch, ask_crossing, ask_until_moment, ask_tonight,
};

/* --- comparison ------------------------------------------------------------------------ */

static void mark_window(struct oracle_set *set, const struct oracle *o, struct index_window w)
{
	int from = w.from == TIME_UNKNOWN ? 0 : (int)((w.from - o->begin) / 60);
	int to = w.to == TIME_UNKNOWN ? ORACLE_MINUTES : (int)((w.to - o->begin + 59) / 60);

	oracle_mark(w.overlap ? set->runs : set->starts, from, to);
}

static void take(struct oracle_set *set, const struct oracle *o, const struct when *w)
{
	memset(set, 0, sizeof *set);
	for (size_t i = 0; i < w->n_windows; i++)
		mark_window(set, o, w->windows[i]);
	if (!w->n_windows)
		mark_window(set, o, (struct index_window){ w->from, w->to, w->overlap });
}

static void print_minutes(const struct oracle *o, const char *name, const bool *minutes)
{
	for (int i = 0; i < ORACLE_MINUTES; i++) {
		int from = i;

		if (!minutes[i])
			continue;
		while (i < ORACLE_MINUTES && minutes[i])
			i++;
		print_error("    %s %d-%02d-%02d %02d:%02d", name, o->date[o->day[from]][0],
			    o->date[o->day[from]][1], o->date[o->day[from]][2], o->wall[from] / 60,
			    o->wall[from] % 60);
		if (i < ORACLE_MINUTES)
			print_error(" to %d-%02d-%02d %02d:%02d (%d minutes)\n",
				    o->date[o->day[i]][0], o->date[o->day[i]][1],
				    o->date[o->day[i]][2], o->wall[i] / 60, o->wall[i] % 60,
				    i - from);
		else
			print_error(" to the end\n");
	}
}

static void print_disagreement(const struct world *w, const struct asked *q, const struct when *got,
			       const struct oracle_set *set)
{
	const struct oracle *o = &w->o;

	print_error(
		"\"%s\" (TZ %s, now %d-%02d-%02d %02d:%02d, conference day %d of %d, seed %llu)\n",
		q->words.data, getenv("TZ"), o->date[o->today][0], o->date[o->today][1],
		o->date[o->today][2], o->wall[o->now] / 60, o->wall[o->now] % 60,
		o->today - o->first + 1, o->last - o->first + 1, (unsigned long long)w->seed);
	print_error("  oracle: kind %d, count %u\n", q->kind, q->count);
	print_minutes(o, "starts", q->set.starts);
	print_minutes(o, "runs", q->set.runs);
	print_error("  when_parse: kind %d, count %u, %s\n", got->kind, got->count,
		    got->meant ? got->meant : "");
	print_minutes(o, "starts", set->starts);
	print_minutes(o, "runs", set->runs);
}

static bool same_sessions(const struct world *w, const struct asked *q, const struct when *got)
{
	const struct snapshot *s = catalog_snapshot(w->catalog);
	const struct index_filter f = { .has_window = got->from != TIME_UNKNOWN ||
						      got->to != TIME_UNKNOWN,
					.from = got->from,
					.to = got->to,
					.overlap = got->overlap,
					.windows = got->windows,
					.n_windows = got->n_windows };

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &s->records[ENTITY_SESSION][i];
		const struct oracle_session *mine = &w->o.sessions[strtoul(r->id + 1, NULL, 10)];

		if (index_filter_in_window(&f, r->start, r->end) != oracle_has(&q->set, mine))
			return false;
	}
	return true;
}

static bool agree(struct world *w, struct asked *q)
{
	_cleanup_arena_ struct arena *arena = arena_create(4 << 20);
	_cleanup_free_ char *folded = utf8_fold(q->words.data, q->words.len);
	static struct oracle_set set;
	struct when got;
	bool same;

	when_parse(w->catalog, folded, w->o.begin + (int64_t)w->o.now * 60, arena, &got);
	take(&set, &w->o, &got);
	same = got.kind == q->kind && got.count == q->count && !got.unclear &&
	       memcmp(&set, &q->set, sizeof set) == 0 && same_sessions(w, q, &got);
	if (!same)
		print_disagreement(w, q, &got, &set);
	return same;
}

static void carry_words(struct world *w, struct text *out)
{
	static const char *const before[] = { "",
					      "",
					      "What is on ",
					      "talks ",
					      "Which workshops are there ",
					      "Is there something about glaciers " };

	text_append(out, before[below(w, ARRAY_SIZE(before))]);
}

static void expressions_mean_what_they_say(void **state)
{
	const char *cases = getenv("WHEN_CASES"), *seed = getenv("WHEN_SEED");
	unsigned long n = cases ? strtoul(cases, NULL, 10) : 30000, wrong = 0;
	uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
	struct world *w = calloc(1, sizeof *w);
	static struct asked q;
	unsigned worlds = 0;

	assert_non_null(w);
	for (unsigned long i = 0; i < n && wrong < 20; i++) {
		if (i % 100 == 0) {
			w->seed = first + i / 100;
			w->random = w->seed * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u;
			make_world(w);
			worlds++;
		}
		if (i % 5 == 0)
			turn_clock(w);
		memset(&q, 0, sizeof q);
		q.kind = WHEN_WINDOW;
		text_init(&q.words, 1024);
		carry_words(w, &q.words);
		forms[below(w, ARRAY_SIZE(forms))](w, &q);
		wrong += !agree(w, &q);
		text_finish(&q.words);
	}
	print_message("%lu expressions over %u programmes, %lu disagreements\n", n, worlds, wrong);
	catalog_unref(w->catalog);
	free(w);
	unsetenv("TZ");
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_mean_what_they_say),
	};

	return cmocka_run_group_tests_name("when_oracle", tests, NULL, NULL);
}
