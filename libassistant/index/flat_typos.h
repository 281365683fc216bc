/*
 * flat_typos.h - which word of the conference may be meant by one it does not contain.
 */
#ifndef INDEX_FLAT_TYPOS_H
#define INDEX_FLAT_TYPOS_H

#include <stddef.h>
#include <stdint.h>
#include "index/flat_file.h"

#define TYPO_MIN_LETTERS  4
#define TYPO_MAX_LETTERS  32
#define TYPO_MAX_TRIGRAMS (TYPO_MAX_LETTERS + 1)

/* The word's distinct trigrams, its ends marked; 0: too short, too long, or only digits. */
size_t typo_trigrams(const char *word, uint64_t keys[static TYPO_MAX_TRIGRAMS]);
/*
 * The word of x nearest to `word`: shares trigrams and is at most one edit away (two when longer than six letters
 * and the first one is right); swapping neighbours is one edit.  Nearest, then same first letter, then in most records, then by alphabet.
 * Its number, or -1; *edits on success.
 */
int64_t typo_find(const struct flat_file *x, const char *word, unsigned *edits);
/* Which words have which trigrams, by key, then word; malloc()ed, NULL: no memory.  word: of words 0 to n - 1. */
struct typo_occurrence {
	uint64_t key;
	uint32_t word;
};
struct typo_occurrence *typo_occurrences(const char *(*word)(const void *ctx, size_t i),
					 const void *ctx, size_t n, size_t *n_out);
/* Edits between two words of at most TYPO_MAX_LETTERS letters; max + 1: more than max. */
unsigned typo_edits(const int32_t *a, size_t n_a, const int32_t *b, size_t n_b, unsigned max);

#endif
