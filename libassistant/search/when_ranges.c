/*
 * when_ranges.c - several days in one expression: "Thursday to Saturday", "20-22 May", "the last two days", "from Friday
 * 14:00 to Saturday noon", "until Sunday", "after Friday 14:00".
 */
#include "search/when_reader.h"

/* --- ranges of days ------------------------------------------------------------ */

static bool read_to(const struct reader *r, size_t i, bool between)
{
	if (between)
		return is(r, i, W_AND);
	return is(r, i, W_UNTIL) || word(r, i, "-") || word_of(r, i, "|au|al|thru|");
}

static bool has_month(const struct reader *r, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (is(r, i, W_MONTH))
			return true;
	}
	return false;
}

/* "20-22 May", "5 to 8 August", "20.-22. Mai": the month stands behind both. */
static size_t read_month_behind(struct reader *r, size_t i, bool between, struct days_said *out)
{
	struct days_said last;
	size_t at = i + 1, n;
	int days;

	if (!free_number(r, i) || peek(r, i)->digits > 2)
		return 0;
	at += word_of(r, at, "|.|st|nd|rd|th|") && peek(r, at)->glued;
	if (!read_to(r, at, between) && !is(r, at, W_AND))
		return 0;
	bool listed = is(r, at, W_AND) && !between;

	at = skip(r, at + 1, W_ARTICLE);
	n = number(r, at) ? read_day(r, at, &last) : 0;
	if (!n || !has_month(r, at, at + n))
		return 0;
	days = peek(r, at)->value - peek(r, i)->value;
	if (days < 1 || (listed && days > 1))
		return 0;
	*out = (struct days_said){ .from = last.to - days, .to = last.to };
	return at + n - i;
}

/* "May 20-22", "the 20th to 22nd": the second is only a number. */
static size_t read_number_behind(const struct reader *r, size_t i, const struct days_said *first,
				 size_t first_at, struct days_said *out)
{
	int days, day = 0;
	size_t n = read_month_day_number(r, i, &day);

	if (!n && number(r, i) && peek(r, i)->digits <= 2 && has_month(r, first_at, i) &&
	    !word_of(r, i + 1, "|:|h|uhr|am|pm|.|")) {
		day = peek(r, i)->value;
		n = 1;
	}
	if (!n)
		return 0;
	for (days = 1; days < 31; days++) { /* the number says which day of the same month */
		const struct token *t = peek(r, first_at);

		while (t->kind != TOKEN_NUMBER && t < r->t + i)
			t++;
		if (t->value + days == day)
			break;
	}
	if (days == 31)
		return 0;
	*out = (struct days_said){ .from = first->from, .to = first->from + days };
	return n;
}

/* "Thursday to Saturday", "31 January - 1 February" */
static size_t read_from_to(struct reader *r, size_t i, bool between, struct days_said *out)
{
	struct days_said first, last;
	size_t at = i, n = read_day(r, at, &first);

	if (!n)
		return 0;
	at += n;
	if (!read_to(r, at, between))
		return 0;
	at = skip(r, at + 1, W_ARTICLE | W_ON);
	n = read_day(r, at, &last);
	if (!n) {
		n = read_number_behind(r, at, &first, i, out);
		return n ? at + n - i : 0;
	}
	if (last.to < first.from && last.name)
		last.to += 7;
	if (last.to < first.from)
		return 0;
	*out = (struct days_said){ .from = first.from, .to = last.to };
	return at + n - i;
}

/* "the first two days", "last 2 days" */
static size_t read_end_days(const struct reader *r, size_t i, struct days_said *out)
{
	const struct said *s = r->said;
	int which = peek(r, i)->value, n = peek(r, i + 1)->value;

	if (!is(r, i, W_ORDINAL) || (which != 1 && which != -1) ||
	    (!is(r, i + 1, W_NUMBER) && !number(r, i + 1)) || n < 1 || n > 31 ||
	    !word_of(r, i + 2, "|days|tage|tagen|jours|dias|"))
		return 0;
	*out = which == 1 ? (struct days_said){ .from = s->first_day, .to = s->first_day + n - 1 }
			  : (struct days_said){ .from = s->last_day - n + 1, .to = s->last_day };
	return 3;
}

/* "days 1 and 2", "days 1-3", "day 1 to 2" */
static size_t read_counted_days(const struct reader *r, size_t i, struct days_said *out)
{
	const struct said *s = r->said;
	int a = peek(r, i + 1)->value, b = peek(r, i + 3)->value;

	if (!word_of(r, i, "|days|day|tage|tag|") ||
	    !(number(r, i + 1) || is(r, i + 1, W_NUMBER)) ||
	    !(is(r, i + 2, W_AND | W_UNTIL) || word(r, i + 2, "-")) ||
	    word_of(r, i + 2, "|until|till|til|by|") || word_of(r, i + 4, "|am|pm|:|h|uhr|o|.|") ||
	    !(number(r, i + 3) || is(r, i + 3, W_NUMBER)) || a < 1 || b <= a || b > 31 ||
	    (is(r, i + 2, W_AND) && b != a + 1))
		return 0;
	*out = (struct days_said){ .from = s->first_day + a - 1, .to = s->first_day + b - 1 };
	return 4;
}

size_t match_day_range(struct reader *r, size_t i)
{
	bool between = is(r, i, W_BETWEEN);
	size_t at = i, n;
	struct days_said days;

	if (between || (is(r, i, W_FROM) && !is(r, i, W_ARTICLE)) || word(r, i, "du") ||
	    word(r, i, "del"))
		at++;
	at = skip(r, at, W_ON | W_ARTICLE);
	n = read_end_days(r, at, &days);
	n = n ? n : read_counted_days(r, at, &days);
	n = n ? n : read_month_behind(r, at, between, &days);
	n = n ? n : read_from_to(r, at, between, &days);
	if (!n || is(r, at + n, W_CLOCK) || word(r, at + n, ":") || word(r, at + n, "h"))
		return 0;
	/* "from Saturday to Sunday morning" ends there */
	if (is(r, at + n, W_PART) && word_of(r, i, "|from|between|"))
		return 0;
	say_days(r, i, days);
	return at + n - i;
}

/* --- from a time of one day to a time of another ------------------------------------- */

struct moment {
	bool has_day, has_time, part;
	struct days_said day;
	struct clock_time time;
};

static size_t read_time_of(struct reader *r, size_t i, bool at_end, struct moment *m)
{
	size_t at = i, n;
	enum day_part part;
	bool ignored;

	while (word(r, at, ",") || is(r, at, W_AT) || word(r, at, "ab"))
		at++;
	n = read_clock(r, at, true, &m->time);
	if (!n && is(r, skip(r, at, W_ON | W_ARTICLE), W_PART)) {
		n = read_part(r, at, &part, &ignored);
		if (n)
			m->time =
				(struct clock_time){ .set = true,
						     .minute =
							     at_end ? day_part_minutes(part).to
								    : day_part_minutes(part).from };
	}
	if (!n)
		return 0;
	m->has_time = true;
	return at + n - i;
}

/* "Friday 14:00", "Friday at noon", "tomorrow evening", "2 pm on Friday", "Friday" */
static size_t read_moment(struct reader *r, size_t i, bool at_end, struct moment *m)
{
	size_t at = skip(r, i, W_ARTICLE | W_ON), n;
	bool unclear = r->said->unclear;

	*m = (struct moment){ .has_day = false };
	n = read_day(r, at, &m->day);
	if (n) {
		m->has_day = true;
		at += n;
		return at + read_time_of(r, at, at_end, m) - i;
	}
	n = read_time_of(r, at, at_end, m);
	if (!n)
		return 0;
	at += n;
	n = read_day(r, skip(r, at, W_ON | W_ARTICLE), &m->day);
	if (!n) {
		r->said->unclear = unclear;
		return at - i;
	}
	m->has_day = true;
	return skip(r, at, W_ON | W_ARTICLE) + n - i;
}

/* "from Friday 14:00 to Saturday 12:00", "between Thursday evening and Saturday noon", "Friday 22:00 - 2:00" */
size_t match_crossing(struct reader *r, size_t i)
{
	bool between = is(r, i, W_BETWEEN),
	     announced = between || word_of(r, i, "|from|von|vom|de|");
	bool unclear = r->said->unclear;
	struct moment a, b;
	struct time_said *t;
	size_t at = i + announced, n;
	struct days_said ignored;

	n = read_moment(r, at, false, &a);
	if (!n || !a.has_day || (!a.has_time && !announced))
		goto none;
	at += n;
	if (!read_to(r, at, between))
		goto none;
	at++;
	/* "from Saturday to Monday at 10" is each day's 10 */
	n = a.has_time ? 0 : read_day(r, skip(r, at, W_ARTICLE | W_ON), &ignored);
	if (n && (is(r, skip(r, at, W_ARTICLE | W_ON) + n, W_AT) ||
		  word(r, skip(r, at, W_ARTICLE | W_ON) + n, "in")))
		goto none;
	n = read_moment(r, at, true, &b);
	if (!n || (!a.has_time && !b.has_time) || !b.has_time)
		goto none;
	if (b.has_day && b.day.to < a.day.from)
		goto none;
	if (!b.has_day && !a.has_time)
		goto none;
	say_days(r, i,
		 (struct days_said){ .from = a.day.from,
				     .to = b.has_day ? b.day.to : a.day.from,
				     .crossing = b.has_day && b.day.to > a.day.from });
	t = time_for(r, i, SLOT_RANGE);
	if (a.has_time)
		t->from = clock_edge(a.time);
	t->to = clock_edge(b.time);
	return at + n - i;
none:
	r->said->unclear = unclear;
	return 0;
}

/* --- relations to a day -------------------------------------------------------------- */

static bool is_since(const struct reader *r, size_t i)
{
	return word_of(r, i, "|since|seit|depuis|");
}

static size_t skip_on(const struct reader *r, size_t i)
{
	return word_of(r, i, "|on|onwards|onward|an|");
}

/* "until Friday noon": from the beginning; "after Friday 14:00": that day; "from Friday 14:00 on": to the end. */
static void say_moment(struct reader *r, size_t i, const struct moment *m, size_t behind)
{
	struct said *s = r->said;
	int64_t day = m->day.from, end = s->last_day > day ? s->last_day : day;
	bool on = skip_on(r, behind) || is_since(r, i);

	if (is(r, i, W_BEFORE | W_UNTIL)) {
		say_days(r, i,
			 (struct days_said){ .from = s->first_day < day ? s->first_day : day,
					     .to = day,
					     .crossing = s->first_day < day });
		time_for(r, i, SLOT_TO)->to = clock_edge(m->time);
		return;
	}
	say_days(r, i,
		 (struct days_said){
			 .from = day, .to = on ? end : day, .crossing = on, .open = on });
	time_for(r, i, SLOT_FROM)->from = clock_edge(m->time);
}

static struct days_said related_days(const struct reader *r, size_t i, int64_t day, size_t behind)
{
	const struct said *s = r->said;
	struct days_said d = { .from = day, .to = day };

	if (is(r, i, W_BEFORE | W_UNTIL)) {
		d.from = s->first_day < day ? s->first_day : day;
		d.to = is(r, i, W_BEFORE) ? day - 1 : day;
		return d;
	}
	d.from = is(r, i, W_AFTER) ? day + 1 : day;
	d.to = s->last_day > d.from ? s->last_day : d.from;
	if (word(r, i, "from") && !skip_on(r, behind))
		d.to = day; /* "talks from Saturday" */
	return d;
}

/* "until Sunday", "from Sunday on", "before Sunday", "after Friday 14:00", "since yesterday". */
size_t match_day_relation(struct reader *r, size_t i)
{
	size_t at = skip(r, i + 1, W_ARTICLE | W_ON), n;
	struct moment m;
	bool unclear = r->said->unclear;

	if (!is(r, i, W_BEFORE | W_AFTER | W_FROM | W_UNTIL) || has_day(r) || is(r, i, W_ARTICLE) ||
	    word_of(r, i, "|de|des|von|vom|to|past|"))
		return 0;
	n = read_moment(r, at, false, &m);
	if (!n || !m.has_day || time_now(r)) {
		r->said->unclear = unclear;
		return 0;
	}
	at += n;
	if (m.has_time && read_day(r, skip(r, i + 1, W_ARTICLE | W_ON), &m.day)) {
		say_moment(r, i, &m, at);
	} else if (m.has_time) { /* "after 5 on Sunday": a time of that day */
		return 0;
	} else {
		say_days(r, i, related_days(r, i, m.day.from, at));
	}
	r->said->until_now |= is_since(r, i);
	return at + skip_on(r, at) - i;
}
