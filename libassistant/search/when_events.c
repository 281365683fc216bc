/*
 * when_events.c - what a day is divided by: its parts ("late afternoon"), and the programme's own events, by kind
 * ("after lunch") or by name ("before Maps in your pocket").
 */
#include "search/when_reader.h"

/* "at night" is when it is dark, "in the evenings" a habit; "Saturday night" and "Sunday evenings" are times. */
static bool is_habit(const struct reader *r, size_t i)
{
	return word_of(r, i, "|night|nacht|nachts|nuit|mornings|afternoons|evenings|");
}

/* "... of Saturday", "del sabado" */
static bool names_day(const struct reader *r, size_t i)
{
	if (is(r, i, W_FROM) || word(r, i, "of") || is(r, i, W_ON))
		i = skip(r, i + 1, W_ARTICLE);
	return is(r, i, W_DAY_NAME | W_RELATIVE);
}

bool is_during(const struct reader *r, size_t i)
{
	return word_of(r, i, "|during|over|wahrend|pendant|durante|");
}

/* --- parts of the day ------------------------------------------------------- */

static enum day_part nearer(enum day_part part, bool early, bool late)
{
	static const enum day_part early_parts[] = {
		[PART_MORNING] = PART_EARLY_MORNING,	 [PART_NOON] = PART_NOON,
		[PART_AFTERNOON] = PART_EARLY_AFTERNOON, [PART_EVENING] = PART_EARLY_EVENING,
		[PART_OVERNIGHT] = PART_OVERNIGHT,
	};
	static const enum day_part late_parts[] = {
		[PART_MORNING] = PART_LATE_MORNING,	[PART_NOON] = PART_NOON,
		[PART_AFTERNOON] = PART_LATE_AFTERNOON, [PART_EVENING] = PART_LATE_EVENING,
		[PART_OVERNIGHT] = PART_OVERNIGHT,
	};

	return early ? early_parts[part] : late ? late_parts[part] : part;
}

size_t read_part(const struct reader *r, size_t i, enum day_part *part, bool *this_one)
{
	size_t at = skip(r, i, W_ON);
	bool early, late;

	if (word_of(r, at, "|in|por|im|dans|at|over|during|"))
		at++;
	*this_one = is(r, at, W_THIS);
	at = skip(r, at, W_ARTICLE | W_THIS);
	early = word(r, at, "early") || word(r, at, "fruhen");
	late = word(r, at, "late") || word(r, at, "spaten");
	at += early || late;
	if (word(r, at, "lunch") && word(r, at + 1, "time")) {
		*part = PART_NOON;
		return at + 2 - i;
	}
	if (word(r, at, "apres") && word(r, at + 1, "-") && word(r, at + 2, "midi")) {
		*part = nearer(PART_AFTERNOON, early, late);
		return at + 3 - i;
	}
	if (!is(r, at, W_PART) || is(r, at, W_CLOCK))
		return 0;
	if (is_habit(r, at) && !late && !*this_one && !has_day(r) && !names_day(r, at + 1))
		return 0;
	*part = nearer((enum day_part)peek(r, at)->part, early, late);
	return at + 1 - i;
}

/* "this morning" is today's, and the night that began yesterday is still tonight. */
static void say_this(struct reader *r, size_t i, enum day_part part)
{
	struct said *s = r->said;
	int64_t day = s->today - (part == PART_EVENING && s->now_minute < 4 * 60);

	if (!has_day(r))
		say_days(r, i, (struct days_said){ .from = day, .to = day, .implied = true });
}

size_t match_part(struct reader *r, size_t i)
{
	enum day_part part;
	bool this_one;
	size_t n = read_part(r, i, &part, &this_one);
	struct time_said *last = time_now(r), *t;

	if (!n)
		return 0;
	if (last && last->has_part && last->part == part && !joined(r, i))
		return n;
	if (this_one)
		say_this(r, i, part);
	t = time_for(r, i, SLOT_PART);
	t->has_part = true;
	t->part = part;
	return n;
}

/* --- events ------------------------------------------------------------------ */

static size_t skip_quotes(const struct reader *r, size_t i)
{
	while (peek(r, i)->kind == TOKEN_PUNCTUATION && i < r->n &&
	       !strchr(".,;:?!-()/", r->t[i].text[0]))
		i++;
	return i;
}

/* "Maps in your pocket", "the talk "Cranes"", "Jane Doe's talk", "the talk by Jane Doe". */
static size_t read_named(const struct reader *r, size_t i, struct edge *out)
{
	size_t at = skip(r, i, W_ARTICLE | W_THIS);

	at = skip(r, at, W_SESSION);
	if (at > i && word_of(r, at, "|by|of|with|from|called|von|mit|de|"))
		at = skip(r, at + 1, W_ARTICLE);
	at = skip_quotes(r, at);
	if (peek(r, at)->kind != TOKEN_NAME || !peek(r, at)->record)
		return 0;
	out->kind = EDGE_NAMED;
	out->named = peek(r, at)->record;
	at = skip_quotes(r, at + 1);
	at += word(r, at, "s");
	return skip(r, at, W_SESSION) - i;
}

static size_t read_kind(const struct reader *r, size_t i, struct edge *out)
{
	size_t at = skip(r, i, W_ARTICLE | W_THIS);

	at += word_of(r, at, "|my|your|our|");
	if (is(r, at, W_PART) && is(r, at + 1, W_EVENT)) { /* "the afternoon coffee" */
		out->has_part = true;
		out->part = (enum day_part)peek(r, at++)->part;
	}
	if (!is(r, at, W_EVENT))
		return 0;
	out->kind = EDGE_EVENT;
	out->event = (enum day_event)peek(r, at)->value;
	for (at++; is(r, at, W_EVENT) || word_of(r, at, "|ceremony|session|time|hour|"); at++) {
		if (is(r, at, W_EVENT) && peek(r, at)->value == EVENT_KEYNOTE)
			out->event = EVENT_KEYNOTE;
	}
	return at - i;
}

size_t read_event(const struct reader *r, size_t i, struct edge *out)
{
	size_t at = skip(r, i, W_ARTICLE), n;
	bool end = word_of(r, at, "|end|ende|fin|"), start = word_of(r, at, "|start|beginning|");

	*out = (struct edge){ .kind = EDGE_NONE };
	if ((end || start) && word_of(r, at + 1, "|of|de|del|der|des|du|"))
		at += 2;
	else
		at = i;
	n = read_named(r, at, out);
	n = n ? n : read_kind(r, at, out);
	if (!n)
		return 0;
	out->at_end = end && at > i;
	return at + n - i;
}

/* Which ends of what follows a word speaks of. */
enum event_relation { EVENT_NO, EVENT_BEFORE, EVENT_AFTER, EVENT_SINCE, EVENT_DURING };

static enum event_relation event_relation(const struct reader *r, size_t i)
{
	if (word_of(r, i, "|to|by|past|"))
		return EVENT_NO;
	if (is(r, i, W_BEFORE | W_UNTIL))
		return EVENT_BEFORE;
	if (is(r, i, W_AFTER) || word(r, i, "following"))
		return EVENT_AFTER;
	if (is_during(r, i))
		return EVENT_DURING;
	return word_of(r, i, "|from|since|ab|seit|depuis|desde|") ? EVENT_SINCE : EVENT_NO;
}

/* "between lunch and the keynote", "from the opening until 11", "from lunch to the closing". */
static size_t match_event_range(struct reader *r, size_t i)
{
	bool between = is(r, i, W_BETWEEN);
	struct edge from, to;
	struct clock_time clock;
	struct time_said *t;
	size_t at, n;

	if (!between && !word_of(r, i, "|from|von|de|desde|"))
		return 0;
	at = skip(r, i + 1, W_ARTICLE);
	n = read_event(r, at, &from);
	if (!n) {
		n = between ? read_clock(r, at, true, &clock) : 0;
		if (!n)
			return 0;
		from = clock_edge(clock);
	}
	from.at_end |= between;
	at += n;
	if (between ? !is(r, at, W_AND) : !is(r, at, W_UNTIL))
		return 0;
	at++;
	n = read_event(r, at, &to);
	if (!n) {
		n = from.kind == EDGE_CLOCK ? 0
					    : read_clock(r, skip(r, at, W_ARTICLE), true, &clock);
		if (!n)
			return 0;
		n += skip(r, at, W_ARTICLE) - at;
		to = clock_edge(clock);
	}
	t = time_for(r, i, SLOT_RANGE);
	t->from = from;
	t->to = to;
	return at + n - i;
}

/* "after lunch", "before the opening keynote", "during the coffee break", "at lunch". */
size_t match_event(struct reader *r, size_t i)
{
	enum event_relation relation = event_relation(r, i);
	size_t n = match_event_range(r, i), at;
	struct edge e;

	if (n)
		return n;
	if (word_of(r, i, "|at|beim|in|") && (word_of(r, i + 1, "|lunch|dinner|mittagessen|"))) {
		relation = EVENT_DURING;
	} else if (word(r, i, "in") && is(r, i + 1, W_ARTICLE)) {
		at = skip(r, i + 1, W_ARTICLE);
		while (is(r, at, W_EVENT) && !word_of(r, at, "|break|pause|"))
			at++;
		if (word_of(r, at, "|break|pause|"))
			relation = EVENT_DURING;
	}
	if (relation == EVENT_NO)
		return 0;
	at = i + 1;
	at += is(r, at, W_FROM) && !is(r, at, W_ARTICLE); /* "despues de" */
	n = read_event(r, at, &e);
	if (!n)
		return 0;
	if (relation == EVENT_DURING) {
		time_for(r, i, SLOT_DURING)->during = e;
	} else if (relation == EVENT_BEFORE) {
		time_for(r, i, SLOT_TO)->to = e;
	} else {
		e.at_end |= relation == EVENT_AFTER;
		time_for(r, i, SLOT_FROM)->from = e;
		r->said->until_now |= word_of(r, i, "|since|seit|depuis|");
	}
	return at + n - i;
}
