/*
 * when_clock.c - times of day: "14:30", "2 in the afternoon", "halb drei", "a las dos y media", and what relates to them.
 */
#include "search/when_reader.h"

/* "am", "pm", "a.m.", "p.m." after an hour; tokens, 0 none.  *pm: 0 or 1. */
static size_t read_meridiem(const struct reader *r, size_t i, int *pm)
{
	if (word(r, i, "am") || word(r, i, "pm")) {
		*pm = word(r, i, "pm");
		/* German: "um 9 am Samstag" */
		return !*pm && is(r, i + 1, W_DAY_NAME) && !peek(r, i)->glued ? 0 : 1;
	}
	if ((word(r, i, "a") || word(r, i, "p")) && word(r, i + 1, ".") && word(r, i + 2, "m")) {
		*pm = word(r, i, "p");
		return word(r, i + 3, ".") && peek(r, i + 3)->glued ? 4 : 3;
	}
	return 0;
}

/* "in the afternoon", "du soir", "de la tarde", "nachmittags", "at night" after a time; 0 none. */
static size_t read_part_behind(const struct reader *r, size_t i, int *part)
{
	size_t at = i;

	if (word(r, at, "in") || word(r, at, "at") || word(r, at, "de") || word(r, at, "du") ||
	    word(r, at, "por") || word(r, at, "am"))
		at++;
	if (at > i)
		at = skip(r, at, W_ARTICLE);
	if (word(r, at, "apres") && word(r, at + 1, "-") && word(r, at + 2, "midi")) {
		*part = PART_AFTERNOON;
		return at + 3 - i;
	}
	if (!is(r, at, W_PART) || is(r, at, W_CLOCK))
		return 0;
	if (is(r, at, W_RELATIVE) && at == i) /* "at 9 tonight", "um 9 morgen": a day */
		return 0;
	*part = peek(r, at)->part;
	return at + 1 - i;
}

/* Hour of a twelve-hour clock as that part of the day has it; -1: it has not. */
static int minute_in_part(int minute, int part)
{
	int hour = minute / 60;

	switch (part) {
	case PART_MORNING:
		return hour < 12 ? minute : -1;
	case PART_NOON:
	case PART_AFTERNOON:
		return hour == 12 ? minute : hour < 8 ? minute + 720 : -1;
	default:
		return hour == 12 ? 24 * 60 + minute % 60
		       : hour < 4 ? minute + 24 * 60
				  : minute + 720;
	}
}

/* What follows an hour and fixes it: am, pm, a part of the day, o'clock. */
static size_t read_clock_end(const struct reader *r, size_t i, struct clock_time *out)
{
	size_t start = i, n;
	int pm, part;

	if (word(r, i, "o") && word(r, i + 1, "'") && word(r, i + 2, "clock"))
		i += 3;
	else if (word(r, i, "oclock"))
		i++;
	if (!out->twelve_hour)
		return i - start;
	n = read_meridiem(r, i, &pm);
	if (n) {
		out->minute = out->minute % 720 + pm * 720;
		out->twelve_hour = false;
		return i + n - start;
	}
	n = read_part_behind(r, i, &part);
	if (n && minute_in_part(out->minute, part) >= 0) {
		out->minute = minute_in_part(out->minute, part);
		out->twelve_hour = false;
		return i + n - start;
	}
	return i - start;
}

/* May a bare hour end here ("at 5 in Janson"), or does it count something ("at 5 stands")? */
static bool bare_hour_ends(const struct reader *r, size_t i)
{
	const struct token *t = peek(r, i);

	if (t->kind == TOKEN_PUNCTUATION)
		return !t->glued || i >= r->n || !number(r, i + 1) || strchr("?!,;)'-", t->text[0]);
	return t->is & (W_FOLLOWS | W_DAY_NAME | W_RELATIVE | W_AND | W_UNTIL | W_ON | W_THIS |
			W_PART) &&
	       !t->glued;
}

/* "half past two", "quarter to three", "ten past two", "halb drei", "viertel nach zwei". */
static size_t read_spoken_clock(const struct reader *r, size_t i, struct clock_time *out)
{
	size_t at = skip(r, i, W_ARTICLE);
	int minutes, hour;
	bool to;

	if (word(r, at, "halb") && (is(r, at + 1, W_NUMBER) || free_number(r, at + 1))) {
		hour = peek(r, at + 1)->value;
		if (hour < 1 || hour > 12)
			return 0;
		*out = (struct clock_time){ true, true, (hour * 60 + 690) % 720 };
		return at + 2 - i;
	}
	if (is(r, at, W_HALF))
		minutes = 30;
	else if (is(r, at, W_QUARTER))
		minutes = 15;
	else if (is(r, at, W_NUMBER) || free_number(r, at))
		minutes = peek(r, at)->value;
	else
		return 0;
	at++;
	at += is(r, at, W_MINUTES);
	to = (word(r, at, "to") && !number(r, at - 1)) || word(r, at, "vor");
	if (!to && !word(r, at, "past") && !word(r, at, "nach"))
		return 0;
	at++;
	if (!is(r, at, W_NUMBER) && !free_number(r, at))
		return 0;
	hour = peek(r, at)->value;
	if (hour < 1 || hour > 12 || minutes > 59)
		return 0;
	*out = (struct clock_time){ true, true,
				    (hour * 60 + (to ? 720 - minutes : minutes)) % 720 };
	return at + 1 - i;
}

/* "y media", "et quart", "thirty" behind an hour. */
static size_t read_minutes_behind(const struct reader *r, size_t i, int *minutes)
{
	if ((word(r, i, "et") || word(r, i, "y")) && is(r, i + 1, W_HALF | W_QUARTER)) {
		*minutes = is(r, i + 1, W_HALF) ? 30 : 15;
		return 2;
	}
	if (is(r, i, W_NUMBER) &&
	    (peek(r, i)->value == 15 || peek(r, i)->value == 30 || peek(r, i)->value == 20)) {
		*minutes = peek(r, i)->value;
		return 1;
	}
	return 0;
}

/* "14:30", "14h30", "14.30 Uhr", "2.30pm": tokens, with *hour and *minute; explicit: no doubt that it is a time. */
static size_t read_digits(const struct reader *r, size_t i, int *hour, int *minute, bool *explicit)
{
	size_t at = i + 1;
	int pm;

	*hour = peek(r, i)->value;
	*minute = 0;
	*explicit = false;
	if (word(r, at, "h") || word(r, at, "uhr") || word(r, at, "heures") ||
	    word(r, at, "heure") || word(r, at, "hs") || word(r, at, "horas")) {
		*explicit = true;
		at++;
		if (number(r, at) && peek(r, at)->digits == 2 && peek(r, at)->value < 60)
			*minute = peek(r, at++)->value;
		return at - i;
	}
	if ((word(r, at, ":") || word(r, at, ".")) && peek(r, at)->glued && number(r, at + 1) &&
	    peek(r, at + 1)->glued && peek(r, at + 1)->digits == 2) {
		bool colon = word(r, at, ":");
		struct clock_time ignored = { true, true, 0 };

		*minute = peek(r, at + 1)->value;
		at += 2;
		if (word(r, at, "h") || word(r, at, "uhr")) {
			*explicit = true;
			at++;
		}
		*explicit |= colon || read_meridiem(r, at, &pm) || read_clock_end(r, at, &ignored);
		return at - i;
	}
	if (peek(r, i)->digits == 4) { /* "at 1400" */
		*hour = peek(r, i)->value / 100;
		*minute = peek(r, i)->value % 100;
		*explicit = word(r, at, "hrs") || word(r, at, "hours");
		return at - i + *explicit;
	}
	return 1;
}

size_t read_clock(struct reader *r, size_t i, bool bare, struct clock_time *out)
{
	struct clock_time c = { .set = true };
	int hour, minute = 0, pm;
	bool explicit = false, year;
	size_t at = i, n;

	if (is(r, i, W_CLOCK)) {
		*out = (struct clock_time){ true, false, peek(r, i)->value * 60 };
		return 1;
	}
	n = read_spoken_clock(r, i, out);
	if (n)
		return n + read_clock_end(r, i + n, out);
	if (free_number(r, i) && peek(r, i)->digits <= 4) {
		at += read_digits(r, i, &hour, &minute, &explicit);
	} else if (is(r, i, W_NUMBER) && (bare || word(r, i + 1, "o") || word(r, i + 1, "uhr") ||
					  read_meridiem(r, i + 1, &pm))) {
		hour = peek(r, i)->value;
		explicit = word(r, ++at, "uhr") || is(r, at, W_MINUTES);
		at += explicit;
	} else {
		return 0;
	}
	if (at == i + 1 || explicit)
		at += read_minutes_behind(r, at, &minute);
	c.minute = hour * 60 + minute;
	c.twelve_hour = hour >= 1 && hour <= 11 && peek(r, i)->text[0] != '0';
	n = read_clock_end(r, at, &c);
	explicit |= n > 0;
	year = peek(r, i)->digits == 4 && (hour == 19 || hour == 20);
	if (!explicit && (!bare || year || !bare_hour_ends(r, at)))
		return 0;
	if (hour > 24 || minute > 59 || c.minute > 24 * 60) {
		*out = (struct clock_time){ .set = false };
		r->said->unclear |= explicit; /* "at 25:00" */
		return explicit ? at + n - i : 0;
	}
	*out = c;
	return at + n - i;
}

/* Both ends of a range; the afternoon of one is the other's ("2-4pm", "11 to 2 pm"). */
static void say_range(struct said *s, struct clock_time a, struct clock_time b)
{
	if (a.twelve_hour && !b.twelve_hour && b.minute >= 720) {
		a.minute = a.minute % 720 + (a.minute % 720 + 720 < b.minute ? 720 : 0);
		a.twelve_hour = false;
	}
	s->from = a;
	s->to = b;
}

/* "between 2 and 4", "from 14:00 to 16:00", "14-16 Uhr", "de 14h a 16h". */
size_t match_range(struct reader *r, size_t i)
{
	struct clock_time a, b;
	bool between = is(r, i, W_BETWEEN), announced = between || is(r, i, W_FROM);
	size_t at = i + announced, n;

	if (announced)
		at = skip(r, at, W_ARTICLE);
	n = read_clock(r, at, announced, &a);
	if (!n && free_number(r, at) && peek(r, at)->value <= 24 && word(r, at + 1, "-")) {
		a = (struct clock_time){ true, peek(r, at)->value < 12, peek(r, at)->value * 60 };
		n = 1; /* "2-4pm": the end decides whether it is a time */
	}
	if (!n)
		return 0;
	at += n;
	if (between ? !is(r, at, W_AND)
		    : !is(r, at, W_UNTIL) && !word(r, at, "-") && !(announced && is(r, at, W_AT)))
		return 0;
	bool dash = word(r, at, "-");

	at = skip(r, at + 1, W_ARTICLE);
	n = read_clock(r, at, announced || (!dash && a.minute), &b);
	if (!n)
		return 0;
	say_range(r->said, a, b);
	return at + n - i;
}

/* "after 17:00", "before noon", "until 4", "from 5 pm on", "around two", "at 14h". */
size_t match_clock_relation(struct reader *r, size_t i)
{
	struct said *s = r->said;
	struct clock_time c;
	size_t at = i + 1, n;
	uint32_t relation =
		peek(r, i)->is & (W_BEFORE | W_AFTER | W_FROM | W_UNTIL | W_AROUND | W_AT);

	if (word(r, i, "@"))
		relation = W_AT;
	if (word(r, i, "later") || word(r, i, "earlier")) {
		if (!word(r, i + 1, "than"))
			return 0;
		relation = word(r, i, "later") ? W_AFTER : W_BEFORE;
		at++;
	}
	if (word(r, i, "starting") && is(r, i + 1, W_AT | W_FROM)) {
		relation = W_FROM;
		at++;
	}
	if (!relation)
		return 0;
	while (is(r, at, W_ARTICLE | W_AT | W_AROUND) || word(r, at, "partir") ||
	       is(r, at, W_FROM) || word(r, at, "'")) {
		if (word(r, at, "partir"))
			relation = W_FROM;
		if (is(r, at, W_AROUND))
			relation = W_AROUND;
		at++;
	}
	n = read_clock(r, at, !(word(r, i, "a") && at == i + 1) && !word(r, i, "about"), &c);
	if (!n || (word(r, i, "to") && !s->from.set))
		return 0;
	at += n;
	if (relation & W_BEFORE || relation & W_UNTIL)
		s->to = c;
	else if (relation & W_AFTER || relation & W_FROM)
		s->from = c;
	else
		s->at = c;
	s->around |= relation == W_AROUND;
	at += word(r, at, "on") && !is(r, at + 1, W_DAY_NAME | W_RELATIVE | W_ARTICLE | W_MONTH) &&
	      !number(r, at + 1);
	at += word(r, at, "onwards") || word(r, at, "onward");
	return at - i;
}

size_t match_clock(struct reader *r, size_t i)
{
	struct clock_time c;
	size_t n = is(r, i, W_CLOCK) && is(r, i, W_PART) && !is(r, i, W_THIS)
			   ? 1
			   : read_clock(r, i, false, &c);

	if (!n)
		return 0;
	if (is(r, i, W_CLOCK) && is(r, i, W_PART)) { /* "Samstag Mittag" */
		r->said->has_part = true;
		r->said->part = PART_NOON;
		return 1;
	}
	r->said->at = c;
	return n;
}
