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
		return !*pm && !peek(r, i)->glued &&
				       word_of(r, i + 1,
					       "|montag|dienstag|mittwoch|donnerstag|freitag|"
					       "samstag|sonnabend|sonntag|")
			       ? 0
			       : 1;
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
	bool twelve = out->minute / 60 == 12; /* no hour is more in doubt: "12 am" is midnight */

	if (!out->twelve_hour && !twelve)
		return i - start;
	n = read_meridiem(r, i, &pm);
	if (n) {
		out->minute = out->minute % 720 + pm * 720;
		out->twelve_hour = false;
		return i + n - start;
	}
	n = read_part_behind(r, i, &part);
	if (n && twelve && part != PART_EVENING)
		return i - start;
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
	if (is(r, i, W_ARTICLE) && number(r, i + 1)) /* "at 3 the 28th" */
		return true;
	if (word_of(r, i, "|every|each|both|all|next|last|yesterday|first|second|third|day|"))
		return true;
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

	/* "halb drei" is before three, "half two" after two */
	if (word(r, at, "halb") ||
	    (word(r, at, "half") && prev_is(r, i, W_AT | W_AROUND | W_BEFORE | W_AFTER))) {
		hour = peek(r, at + 1)->value;
		if ((is(r, at + 1, W_NUMBER) || free_number(r, at + 1)) && hour >= 1 &&
		    hour <= 12 && !is(r, at + 2, W_MINUTES)) {
			*out = (struct clock_time){
				true, true, (hour * 60 + (word(r, at, "halb") ? 690 : 30)) % 720
			};
			return at + 2 - i;
		}
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
	if (is(r, at, W_CLOCK)) { /* "half past midnight", "ten to noon": no doubt of which */
		hour = peek(r, at)->value;
		*out = (struct clock_time){ true, false, hour * 60 + (to ? -minutes : minutes) };
		return at + 1 - i;
	}
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

/* "09:15", "10:15" and "9h" are of a clock with 24 hours; "9:15" and "10" may be in the evening. */
static bool is_24_hour(const struct reader *r, size_t i, int hour)
{
	const struct token *t = peek(r, i);

	if (t->kind != TOKEN_NUMBER)
		return false;
	return t->text[0] == '0' || (t->digits == 2 && word(r, i + 1, ":")) ||
	       (hour >= 7 && word(r, i + 1, "h"));
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
	if (free_number(r, i) && peek(r, i)->value == 12 && is(r, i + 1, W_CLOCK)) {
		*out = (struct clock_time){ true, false, peek(r, i + 1)->value * 60 };
		return 2; /* "12 noon" */
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
	c.twelve_hour &= !is_24_hour(r, i, hour);
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

/* One end knows its half of the day, the other may not: the nearest before it ("2-4pm", "11 to 2 pm"). */
static void settle_start(struct clock_time *a, const struct clock_time *b)
{
	int late = a->minute + 720;

	if (!a->twelve_hour || b->twelve_hour)
		return;
	if (late < b->minute)
		a->minute = late;
	else if (a->minute >= b->minute)
		return;
	a->twelve_hour = false;
}

/* The next to come: "9:45 am to 10", "from 14:00 to 4". */
static void settle_end(const struct clock_time *a, struct clock_time *b)
{
	if (a->twelve_hour || !b->twelve_hour)
		return;
	if (b->minute <= a->minute)
		b->minute += 720;
	b->twelve_hour = b->minute <= a->minute;
}

static void say_range(struct reader *r, size_t i, struct clock_time a, struct clock_time b)
{
	struct time_said *t = time_for(r, i, SLOT_RANGE);

	settle_start(&a, &b);
	settle_end(&a, &b);
	t->from = clock_edge(a);
	t->to = clock_edge(b);
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
	say_range(r, i, a, b);
	return at + n - i;
}

/* --- relations ------------------------------------------------------------- */

/* A time of day, or where a part of the day begins (`to`: the stretch ends there). */
static size_t read_edge(struct reader *r, size_t i, bool bare, bool at_end, struct clock_time *out)
{
	size_t n = read_clock(r, i, bare, out);
	enum day_part part;
	bool ignored;

	if (n)
		return n;
	n = is(r, i, W_PART) ? read_part(r, i, &part, &ignored) : 0;
	if (n)
		*out = (struct clock_time){ .set = true,
					    .minute = at_end ? day_part_minutes(part).to
							     : day_part_minutes(part).from };
	return n;
}

/* What a word before a time makes of it: a W_ bit, 0 none; *n tokens of it. */
static uint32_t read_relation(const struct reader *r, size_t i, size_t *n)
{
	*n = 1;
	if (word_of(r, i, "|no|not|nicht|pas|") && is(r, i + 1, W_BEFORE))
		return *n = 2, W_FROM;
	if (word_of(r, i, "|no|not|nicht|") && word_of(r, i + 1, "|later|after|spater|") &&
	    word_of(r, i + 2, "|than|als|"))
		return *n = 3, W_UNTIL;
	if (word_of(r, i, "|no|not|") && word(r, i + 1, "earlier") && word(r, i + 2, "than"))
		return *n = 3, W_FROM;
	if (word(r, i, "up") && is(r, i + 1, W_UNTIL))
		return *n = 2, W_UNTIL;
	if (word(r, i, "as") && word(r, i + 1, "of"))
		return *n = 2, W_FROM;
	if (word_of(r, i, "|later|earlier|") && word(r, i + 1, "than"))
		return *n = 2, word(r, i, "later") ? W_AFTER : W_BEFORE;
	if (word_of(r, i, "|starting|beginning|start|begin|starts|begins|") &&
	    (word(r, i + 1, "from") || (word(r, i, "starting") && is(r, i + 1, W_AT))))
		return *n = 2, W_FROM;
	if (word(r, i, "@"))
		return W_AT;
	return peek(r, i)->is & (W_BEFORE | W_AFTER | W_FROM | W_UNTIL | W_AROUND | W_AT);
}

static bool is_time_next(const struct reader *r, size_t i)
{
	return is(r, i, W_NUMBER | W_CLOCK | W_EVENT | W_ARTICLE) || number(r, i);
}

/* "on", "onwards", "or later" behind a time that something starts at. */
static size_t skip_onwards(const struct reader *r, size_t i)
{
	if (word_of(r, i, "|onwards|onward|"))
		return 1;
	if (word(r, i, "or") && word_of(r, i + 1, "|later|after|") && !is_time_next(r, i + 2))
		return 2;
	return word(r, i, "on") &&
	       !is(r, i + 1, W_DAY_NAME | W_RELATIVE | W_ARTICLE | W_MONTH | W_DAY | W_ORDINAL) &&
	       !number(r, i + 1);
}

static void say_relation(struct reader *r, size_t i, uint32_t relation, struct clock_time c)
{
	struct time_said *t;

	if (relation & (W_BEFORE | W_UNTIL)) {
		time_for(r, i, SLOT_TO)->to = clock_edge(c);
	} else if (relation & (W_AFTER | W_FROM)) {
		time_for(r, i, SLOT_FROM)->from = clock_edge(c);
	} else {
		t = time_for(r, i, SLOT_AT);
		t->at = c;
		t->around |= relation == W_AROUND;
	}
}

/* "after 17:00", "before noon", "until 4", "from 5 pm on", "around two", "at 14h". */
size_t match_clock_relation(struct reader *r, size_t i)
{
	struct clock_time c;
	size_t n, at;
	uint32_t relation = read_relation(r, i, &n);
	bool bare;

	if (!relation)
		return 0;
	at = i + n;
	while (is(r, at, W_ARTICLE | W_AT | W_AROUND) || word(r, at, "partir") ||
	       is(r, at, W_FROM) || word(r, at, "'")) {
		if (word(r, at, "partir"))
			relation = W_FROM;
		if (is(r, at, W_AROUND))
			relation = W_AROUND;
		at++;
	}
	bare = !(word(r, i, "a") && at == i + 1) && !word(r, i, "about");
	n = relation == W_AROUND || relation == W_AT
		    ? read_clock(r, at, bare, &c)
		    : read_edge(r, at, bare, relation & W_AFTER, &c);
	if (!n || (word(r, i, "to") && !(time_now(r) && time_now(r)->from.kind)))
		return 0;
	at += n;
	if (relation == W_AT && word_of(r, at + word(r, at, "-"), "|ish|")) {
		relation = W_AROUND;
		at += 1 + word(r, at, "-");
	}
	if (relation == W_AT && skip_onwards(r, at) && !word(r, at, "on"))
		relation = W_FROM;
	say_relation(r, i, relation, c);
	r->said->until_now |= word_of(r, i, "|since|seit|depuis|");
	return at + skip_onwards(r, at) - i;
}

size_t match_clock(struct reader *r, size_t i)
{
	struct clock_time c;
	uint32_t relation = W_AT;
	size_t n, ish;

	if (is(r, i, W_CLOCK) && is(r, i, W_PART) && !is(r, i, W_THIS)) { /* "Samstag Mittag" */
		struct time_said *t = time_for(r, i, SLOT_PART);

		t->has_part = true;
		t->part = PART_NOON;
		return 1;
	}
	/* "2-ish" is a time by its end alone */
	ish = word(r, i + 1, "ish") ? 2 : word(r, i + 1, "-") && word(r, i + 2, "ish") ? 3 : 0;
	n = read_clock(r, i, ish > 0, &c);
	if (!n)
		return 0;
	if (ish) {
		relation = W_AROUND;
		n = ish;
	}
	if (skip_onwards(r, i + n) && !word(r, i + n, "on"))
		relation = W_FROM;
	else if (word(r, i + n, "or") && word_of(r, i + n + 1, "|earlier|before|") &&
		 !is_time_next(r, i + n + 2))
		relation = W_UNTIL;
	say_relation(r, i, relation, c);
	return n + (relation == W_FROM ? skip_onwards(r, i + n) : relation == W_UNTIL ? 2 : 0);
}
