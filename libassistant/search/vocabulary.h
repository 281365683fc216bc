/*
 * vocabulary.h - every word of a conference's texts: how common it is, whether it is written as a name, and
 * what a misspelt one may have meant.
 */
#ifndef SEARCH_VOCABULARY_H
#define SEARCH_VOCABULARY_H

#include <stdbool.h>
#include "base/arena.h"

struct vocabulary;

struct vocabulary_word {
	const char *text;	 /* folded */
	unsigned n_texts;	 /* records whose text has it */
	unsigned capital, small; /* occurrences in running text */
	unsigned n_names;	 /* phrases of the gazetteer that have it */
	unsigned last_text;	 /* vocabulary.c's: the text it was last counted in */
	unsigned *phrases;	 /* gazetteer.c's */
	size_t n_phrases, cap_phrases;
};

struct vocabulary *vocabulary_create(struct arena *arena); /* NULL: no memory */
void vocabulary_destroy(struct vocabulary *v);

/* Counts the words of a record's running text. */
int vocabulary_read(struct vocabulary *v, const char *text);
unsigned vocabulary_texts(const struct vocabulary *v); /* read so far */
/* The entry of a folded word, made when new; NULL: no memory. */
struct vocabulary_word *vocabulary_add(struct vocabulary *v, const char *folded_word);
const struct vocabulary_word *vocabulary_find(const struct vocabulary *v, const char *folded_word);
/* A plain word rather than a name: a stop word, or mostly written small. */
bool vocabulary_is_plain(const struct vocabulary_word *w);

#define VOCABULARY_MAX_CORRECTIONS 4
struct correction {
	const struct vocabulary_word *word;
	unsigned distance;
};
/* After vocabulary_seal: words of names within the tolerance for its length, nearest first. */
int vocabulary_seal(struct vocabulary *v);
size_t vocabulary_correct(const struct vocabulary *v, const char *folded_word,
			  struct correction out[static VOCABULARY_MAX_CORRECTIONS]);

#endif
