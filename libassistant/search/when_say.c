/*
 * when_say.c - a resolved time in words for the answer: "Saturday 31 January, 14:00-18:00 (Europe/Brussels)".
 */
#include "search/when_parse.h"

#include <string.h>

static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
					"Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January",   "February", "March",	   "April",
				      "May",	   "June",     "July",	   "August",
				      "September", "October",  "November", "December" };

static const char *say_date(struct arena *arena, const struct civil *c)
{
	return arena_printf(arena, "%s %d %s", weekdays[c->weekday], c->day, months[c->month - 1]);
}

static const char *say_moment(struct arena *arena, const struct civil *c)
{
	return arena_printf(arena, "%s, %02d:%02d", say_date(arena, c), c->hour, c->minute);
}

static bool same_day(const struct civil *a, const struct civil *b)
{
	return a->year == b->year && a->month == b->month && a->day == b->day;
}

static bool midnight(const struct civil *c)
{
	return !c->hour && !c->minute;
}

/* [from, to): whole days as days, a night by its evening's date, else with both ends. */
static const char *say_window(const struct zone *z, struct arena *arena, const struct when *w)
{
	struct civil from, to, last;

	if (w->from == TIME_UNKNOWN && w->to == TIME_UNKNOWN)
		return "the conference";
	if (w->from == TIME_UNKNOWN) {
		zone_civil(z, w->to, &to);
		return arena_printf(arena, "until %s", say_moment(arena, &to));
	}
	zone_civil(z, w->from, &from);
	if (w->to == TIME_UNKNOWN)
		return arena_printf(arena, "from %s", say_moment(arena, &from));
	if (w->to - w->from <= 60)
		return say_moment(arena, &from);
	zone_civil(z, w->to, &to);
	zone_civil(z, w->to - 1, &last);
	if (midnight(&from) && midnight(&to))
		return same_day(&from, &last)
			       ? say_date(arena, &from)
			       : arena_printf(arena, "%s to %s", say_date(arena, &from),
					      say_date(arena, &last));
	if (same_day(&from, &last) || (w->to - w->from < 24 * 3600 && to.hour <= 4))
		return arena_printf(arena, "%s-%02d:%02d", say_moment(arena, &from),
				    midnight(&to) ? 24 : to.hour, to.minute);
	return arena_printf(arena, "%s to %s", say_moment(arena, &from), say_moment(arena, &to));
}

/* "Saturday 31 January, 05:00-12:00 and Sunday 1 February, 12:00-18:00" */
static const char *say_windows(const struct zone *z, struct arena *arena, const struct when *w)
{
	const char *words = NULL;

	if (w->n_windows < 2)
		return say_window(z, arena, w);
	for (size_t i = 0; i < w->n_windows; i++) {
		const struct when one = { .from = w->windows[i].from, .to = w->windows[i].to };
		const char *next = say_window(z, arena, &one);

		words = words ? arena_printf(arena, "%s%s%s", words,
					     i + 1 < w->n_windows ? ", " : " and ",
					     next ? next : "")
			      : next;
		if (!words)
			return NULL;
	}
	return words;
}

/* "after "Lunch" and before "Heat from the river": ..." */
static const char *say_edges(const struct said *s, struct arena *arena, const char *words)
{
	const char *after = s->after ? s->after->name : NULL;
	const char *before = s->before ? s->before->name : NULL;

	if (s->during)
		return arena_printf(arena, "during \"%s\": %s", s->during->name, words);
	if (after && before)
		return arena_printf(arena, "after \"%s\" and before \"%s\": %s", after, before,
				    words);
	if (after || before)
		return arena_printf(arena, "%s \"%s\": %s", after ? "after" : "before",
				    after ? after : before, words);
	return words;
}

static const char *ordinal_words(const struct when *w, struct arena *arena)
{
	const char *which = w->kind == WHEN_FIRST  ? "first"
			    : w->kind == WHEN_LAST ? "last"
						   : "next";

	return w->count > 1 ? arena_printf(arena, "%s %u", which, w->count) : which;
}

void when_say(const struct catalog *c, const struct said *said, int64_t now_unix_s,
	      struct arena *arena, struct when *out)
{
	const struct zone *z = catalog_zone(c);
	struct civil now;
	const char *words;

	zone_civil(z, now_unix_s, &now);
	switch (out->kind) {
	case WHEN_NONE:
		return;
	case WHEN_NOW:
		words = arena_printf(arena, "now, %s", say_moment(arena, &now));
		break;
	case WHEN_ENDING:
		words = arena_printf(arena, "ending within %d minutes of %s",
				     (int)((out->to - now_unix_s) / 60), say_moment(arena, &now));
		break;
	case WHEN_NEXT:
		words = arena_printf(arena, "%s after %s", ordinal_words(out, arena),
				     say_moment(arena, &now));
		break;
	case WHEN_FIRST:
	case WHEN_LAST:
		words = arena_printf(arena, "the %s of %s", ordinal_words(out, arena),
				     say_windows(z, arena, out));
		break;
	default:
		words = say_windows(z, arena, out);
		if (words && out->n_windows < 2)
			words = say_edges(said, arena, words);
	}
	out->meant = arena_printf(arena, "%s (%s)", words ? words : "", zone_name(z));
}
