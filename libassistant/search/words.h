/*
 * words.h - a folded text as words; which of them carry no meaning; how far apart two are.
 */
#ifndef SEARCH_WORDS_H
#define SEARCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

#define WORDS_MAX 512 /* of a question */

struct word {
	const char *text;
	size_t from, to; /* bytes of the folded text */
	bool stop;	 /* word_is_stop */
	bool capital;	 /* words_capitals: begins with a capital in the original */
};

/* At most max words; NULL with *n = 0: no memory. */
struct word *words_split(const char *folded, struct arena *arena, size_t max, size_t *n);
/*
 * Marks capitals from the original text that was folded; false when the two do not correspond word by word, or when
 * the original has none beyond its first word or nothing but capitals, so that they say nothing.
 */
bool words_capitals(struct word *words, size_t n, const char *original);

/* Next word of any UTF-8 text from *i on; false at the end. */
bool word_next(const char *s, size_t len, size_t *i, size_t *from, size_t *to);

/*
 * Function words, question words and politeness in English, German, French and Spanish: what nobody searches for.  Not
 * those that are something else in English ("hat", "mit", "dos"): they are function words only in their own languages.
 */
bool word_is_stop(const char *folded_word);
/* language: "en", "de", ... as language_of has it. */
bool word_is_stop_in(const char *folded_word, const char *language);
/* words[].stop in that language; words_split knows none. */
void words_mark_stops(struct word *words, size_t n, const char *language);
/* Whether word is one of those in list (separated by blanks). */
bool word_in(const char *word, const char *list);

/* Damerau-Levenshtein (adjacent swaps count one) over bytes; more than max: max + 1. */
unsigned word_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned max);
/* How many errors a word of that length is forgiven: 0 below 4 letters, 1 below 8, else 2. */
unsigned word_tolerance(size_t len);

#endif
