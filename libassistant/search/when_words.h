/*
 * when_words.h - the vocabulary of time expressions in English, German, French and Spanish, and the
 * tokens a folded question is cut into before when.c reads it.
 */
#ifndef SEARCH_WHEN_WORDS_H
#define SEARCH_WHEN_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

/* What a word can be; many are several things, and its neighbours decide. */
enum {
	W_DAY_NAME = 1 << 0, /* value: 0 Sunday .. 6 */
	W_SHORT = 1 << 1,    /* an abbreviated day name that is a word, too: "sat", "sun" */
	W_MONTH = 1 << 2,    /* value: 1..12 */
	W_RELATIVE = 1 << 3, /* value: days from today */
	W_PART = 1 << 4,     /* part: enum day_part */
	W_CLOCK = 1 << 5,    /* noon, midnight; value: hour */
	W_NUMBER = 1 << 6,   /* value */
	W_ORDINAL = 1 << 7,  /* value; -1: last */
	W_MINUTES = 1 << 8,  /* a unit; value: minutes */
	W_DAY = 1 << 9,	     /* "day", "Tag" */
	W_EVENT = 1 << 10,   /* value: enum day_event */
	W_SESSION = 1 << 11, /* "talk", "Vortrag": what can be next, first or last */
	W_NOW = 1 << 12,
	W_NEXT = 1 << 13,
	W_BEFORE = 1 << 14,
	W_AFTER = 1 << 15,
	W_FROM = 1 << 16,
	W_UNTIL = 1 << 17,
	W_AROUND = 1 << 18,
	W_AT = 1 << 19,
	W_BETWEEN = 1 << 20,
	W_AND = 1 << 21,
	W_ON = 1 << 22, /* prepositions of days, "on" */
	W_ARTICLE = 1 << 23,
	W_THIS = 1 << 24,
	W_STILL = 1 << 25,
	W_CATCH = 1 << 26, /* what one can "still" do in the future: see, attend */
	W_BE = 1 << 27,
	W_HALF = 1 << 28,
	W_QUARTER = 1 << 29,
	W_FOLLOWS = 1 << 30, /* may come after a bare hour: "at 5 in", "after 2 please" */
};

enum day_part {
	PART_MORNING,
	PART_NOON,
	PART_AFTERNOON,
	PART_EVENING,
	PART_OVERNIGHT,
	PART_EARLY_MORNING,
	PART_LATE_MORNING,
	PART_EARLY_AFTERNOON,
	PART_LATE_AFTERNOON,
	PART_EARLY_EVENING,
	PART_LATE_EVENING,
	PART_COUNT
};
enum day_event {
	EVENT_LUNCH,
	EVENT_BREAK,
	EVENT_KEYNOTE,
	EVENT_OPENING,
	EVENT_CLOSING,
	EVENT_DINNER,
	EVENT_BREAKFAST,
	EVENT_COUNT
};

struct when_word {
	const char *word; /* folded */
	uint32_t is;
	int value;
	int part;
};

struct record;

/* TOKEN_NAME: a name of the conference, which is no time whatever its words say. */
enum token_kind { TOKEN_WORD, TOKEN_NUMBER, TOKEN_PUNCTUATION, TOKEN_NAME };
struct token {
	enum token_kind kind;
	size_t from, to; /* bytes of the folded text */
	const char *text;
	uint32_t is;
	int value, part;
	int digits; /* of a number */
	bool glued; /* nothing between it and the token before */
	bool used;
	const struct record *record; /* of a name: a session, a speaker; or NULL */
};

#define WHEN_MAX_TOKENS 640

/* Words, runs of digits ("2pm" is two tokens) and single marks; blanks separate.  At most WHEN_MAX_TOKENS; NULL: no memory. */
struct token *when_tokens(const char *folded, struct arena *arena, size_t *n);

/* Folded words a programme uses for an event: a session whose title or type holds one is that event. */
const char *const *day_event_words(enum day_event e);

#endif
