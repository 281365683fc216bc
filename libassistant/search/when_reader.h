/*
 * when_reader.h - how the grammar's files look at tokens and write down what they read:
 *
 *	when_read.c    the loop, clauses, now, next, first and last
 *	when_spans.c   "in the next half hour", "an hour ago"
 *	when_clock.c   times of day and their ranges
 *	when_events.c  parts of the day, lunch, the keynote, a talk's name
 *	when_days.c    single days
 *	when_ranges.c  relations to days, ranges of days, stretches from one day to another
 */
#ifndef SEARCH_WHEN_READER_H
#define SEARCH_WHEN_READER_H

#include <string.h>
#include "search/when_parse.h"

struct reader {
	struct token *t;
	size_t n;
	struct said *said;
	size_t last_end; /* behind the last expression that was taken */
};

/* Beyond the end: punctuation without text. */
static inline const struct token *peek(const struct reader *r, size_t i)
{
	static const struct token nothing = { .kind = TOKEN_PUNCTUATION, .text = "" };

	return i < r->n ? &r->t[i] : &nothing;
}

static inline bool is(const struct reader *r, size_t i, uint32_t kinds)
{
	return peek(r, i)->is & kinds;
}

static inline bool word(const struct reader *r, size_t i, const char *text)
{
	return strcmp(peek(r, i)->text, text) == 0;
}

/* list: "|a|b|" */
bool word_of(const struct reader *r, size_t i, const char *list);

static inline bool number(const struct reader *r, size_t i)
{
	return peek(r, i)->kind == TOKEN_NUMBER;
}

/* A number that does not belong to a name like "iceoryx2" or "K.3.201". */
static inline bool free_number(const struct reader *r, size_t i)
{
	if (!number(r, i))
		return false;
	if (!peek(r, i)->glued || !i)
		return true;
	return r->t[i - 1].kind == TOKEN_PUNCTUATION &&
	       (!r->t[i - 1].glued || strchr("-,;('@", r->t[i - 1].text[0]));
}

static inline bool prev_is(const struct reader *r, size_t i, uint32_t kinds)
{
	return i > 0 && is(r, i - 1, kinds);
}

static inline size_t skip(const struct reader *r, size_t i, uint32_t kinds)
{
	while (is(r, i, kinds))
		i++;
	return i;
}

/* --- writing down ---------------------------------------------------------- */

enum slot { SLOT_PART, SLOT_AT, SLOT_FROM, SLOT_TO, SLOT_RANGE, SLOT_DURING };

static inline struct clause *clause_now(const struct reader *r)
{
	return &r->said->clauses[r->said->n_clauses - 1];
}

/* The clause has a day already. */
static inline bool has_day(const struct reader *r)
{
	return clause_now(r)->n_days > 0;
}

/* The last time said in the clause, or NULL. */
static inline struct time_said *time_now(const struct reader *r)
{
	struct clause *c = clause_now(r);

	return c->n_times ? &c->times[c->n_times - 1] : NULL;
}

/* Where a time of that sort, read at token i, is written: beside what was said so far, or as another time. */
struct time_said *time_for(struct reader *r, size_t i, enum slot slot);
/* Days read at token i. */
void say_days(struct reader *r, size_t i, struct days_said days);
/* An expression that is another alternative than the one before: "or", "and" stand between. */
bool joined(const struct reader *r, size_t i);

static inline struct edge clock_edge(struct clock_time clock)
{
	return (struct edge){ .kind = EDGE_CLOCK, .clock = clock };
}

/* --- the forms: tokens taken; 0: not this one -------------------------------- */

/* A time of day at i.  bare: a plain hour will do, since a word before it asked for a time. */
size_t read_clock(struct reader *r, size_t i, bool bare, struct clock_time *out);
size_t read_duration(const struct reader *r, size_t i, int *minutes);
size_t read_day(struct reader *r, size_t i, struct days_said *out);
/* "morning", "late afternoon", "apres-midi", with articles and prepositions before it. */
size_t read_part(const struct reader *r, size_t i, enum day_part *part, bool *this_one);
/* "lunch", "the opening keynote", "the talk Maps in your pocket". */
size_t read_event(const struct reader *r, size_t i, struct edge *out);
/* The conference's day of that name, from today on; else the nearest to the conference. */
int64_t day_named(const struct said *s, int weekday);
/* What stands for a day of the month without its month: "the 20th", "20."; 0 none. */
size_t read_month_day_number(const struct reader *r, size_t i, int *day);
bool month_day(const struct said *s, int day_of_month, int64_t *day);

size_t match_span(struct reader *r, size_t i);
size_t match_soon(struct reader *r, size_t i);
size_t match_range(struct reader *r, size_t i);
size_t match_clock_relation(struct reader *r, size_t i);
size_t match_clock(struct reader *r, size_t i);
size_t match_event(struct reader *r, size_t i);
size_t match_part(struct reader *r, size_t i);
size_t match_day(struct reader *r, size_t i);
size_t match_day_relation(struct reader *r, size_t i);
size_t match_day_range(struct reader *r, size_t i);
size_t match_crossing(struct reader *r, size_t i);

/* Word classes that several files ask for. */
bool is_during(const struct reader *r, size_t i);

#endif
