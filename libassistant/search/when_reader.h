/*
 * when_reader.h - how when_read.c and its two halves look at tokens: clocks (when_clock.c), days (when_days.c).
 */
#ifndef SEARCH_WHEN_READER_H
#define SEARCH_WHEN_READER_H

#include <string.h>
#include "search/when_parse.h"

struct reader {
	struct token *t;
	size_t n;
	struct said *said;
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

/* A time of day at i.  bare: a plain hour will do, since a word before it asked for a time.  Tokens; 0: none. */
size_t read_clock(struct reader *r, size_t i, bool bare, struct clock_time *out);
/* "after 17:00", "between 2 and 4": tokens taken; 0: none. */
size_t match_range(struct reader *r, size_t i);
size_t match_clock_relation(struct reader *r, size_t i);
size_t match_clock(struct reader *r, size_t i);
/* "on Saturday", "until Sunday". */
size_t match_day(struct reader *r, size_t i);
size_t match_day_relation(struct reader *r, size_t i);

#endif
