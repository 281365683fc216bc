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
		words = arena_printf(arena, "ending within 30 minutes of %s",
				     say_moment(arena, &now));
		break;
	case WHEN_NEXT:
		words = arena_printf(arena, "next after %s", say_moment(arena, &now));
		break;
	case WHEN_FIRST:
	case WHEN_LAST:
		words = arena_printf(arena, "the %s of %s",
				     out->kind == WHEN_FIRST ? "first" : "last",
				     say_window(z, arena, out));
		break;
	default:
		words = say_window(z, arena, out);
		if (said->event_record)
			words = arena_printf(arena, "%s \"%s\": %s",
					     said->relation == EVENT_BEFORE  ? "before"
					     : said->relation == EVENT_AFTER ? "after"
									     : "during",
					     said->event_record->name, words);
	}
	out->meant = arena_printf(arena, "%s (%s)", words ? words : "", zone_name(z));
}
