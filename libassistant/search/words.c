/*
 * words.c - words, stop words, distances.
 */
#include "search/words.h"

#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

/* Sorted; bsearch()ed. */
static const char *const stop_words[] = {
#include "search/stop_words.def"
};

static bool is_ascii_word(int32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool word_next(const char *s, size_t len, size_t *i, size_t *from, size_t *to)
{
	bool inside = false;

	while (*i < len) {
		size_t at = *i;
		int32_t c = (unsigned char)s[at] < 0x80 ? s[(*i)++] : utf8_next(s, len, i);

		if (c < 0) {
			*i = at + 1;
			c = ' ';
		}
		if (c < 0x80 ? is_ascii_word(c) : utf8_is_word(c)) {
			if (!inside)
				*from = at;
			inside = true;
			*to = *i;
		} else if (inside) {
			return true;
		}
	}
	return inside;
}

struct word *words_split(const char *folded, struct arena *arena, size_t max, size_t *n)
{
	size_t len = strlen(folded), i = 0, from, to;
	struct word *words;

	if (max > len / 2 + 1) /* what stands between two words is a byte at least */
		max = len / 2 + 1;
	words = arena_array(arena, struct word, max + 1);
	*n = 0;
	if (!words)
		return NULL;
	while (*n < max && word_next(folded, len, &i, &from, &to)) {
		struct word *w = &words[*n];

		w->text = arena_strndup(arena, folded + from, to - from);
		if (!w->text)
			return NULL;
		w->from = from;
		w->to = to;
		w->stop = word_is_stop(w->text);
		(*n)++;
	}
	return words;
}

static bool is_capital(const char *original, const char *folded)
{
	if ((unsigned char)original[0] < 0x80)
		return original[0] >= 'A' && original[0] <= 'Z';
	return strncmp(original, folded, 2) != 0 && (unsigned char)original[0] < 0xE0;
}

bool words_capitals(struct word *words, size_t n, const char *original)
{
	size_t len = strlen(original), i = 0, from, to, k = 0, capitals = 0;

	while (word_next(original, len, &i, &from, &to)) {
		if (k < n) {
			words[k].capital = is_capital(original + from, words[k].text);
			capitals += k && words[k].capital;
		}
		k++;
	}
	if (k == n && capitals && capitals + 1 < n)
		return true;
	if (k == n && n <= 3 && capitals) /* "Bradley Kuhn" */
		return true;
	for (k = 0; k < n; k++)
		words[k].capital = false;
	return false;
}

static int compare_words(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

bool word_is_stop(const char *folded_word)
{
	return bsearch(folded_word, stop_words, ARRAY_SIZE(stop_words), sizeof *stop_words,
		       compare_words) != NULL;
}

bool word_is_stop_in(const char *folded_word, const char *language)
{
	/* Function words of one language that are words or names in English: Red Hat, MIT, DOS. */
	static const struct {
		const char *word, *languages;
	} some[] = {
		{ "bin", "de" }, { "con", "es" }, { "den", "de" },  { "die", "de" },
		{ "dir", "de" }, { "dos", "es" }, { "era", "es" },  { "gab", "de" },
		{ "hat", "de" }, { "mit", "de" }, { "plus", "fr" }, { "pour", "fr" },
		{ "sea", "es" }, { "sin", "es" }, { "solo", "es" }, { "son", "es fr" },
		{ "tan", "es" }, { "ton", "fr" }, { "war", "de" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		if (strcmp(some[i].word, folded_word) == 0)
			return word_in(language, some[i].languages);
	}
	return word_is_stop(folded_word);
}

void words_mark_stops(struct word *words, size_t n, const char *language)
{
	for (size_t i = 0; i < n; i++)
		words[i].stop = word_is_stop_in(words[i].text, language);
}

bool word_in(const char *word, const char *list)
{
	size_t len = strlen(word);

	if (!len)
		return false;
	for (const char *at = list; (at = strstr(at, word)) != NULL; at += len) {
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	}
	return false;
}

unsigned word_tolerance(size_t len)
{
	return len < 4 ? 0 : len < 8 ? 1 : 2;
}

#define DISTANCE_MAX_LEN 48

unsigned word_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned max)
{
	unsigned char rows[3][DISTANCE_MAX_LEN + 1];
	unsigned char *before = rows[0], *above = rows[1], *row = rows[2], *spare;

	if (a_len > DISTANCE_MAX_LEN || b_len > DISTANCE_MAX_LEN ||
	    (a_len > b_len ? a_len - b_len : b_len - a_len) > max)
		return max + 1;
	for (size_t j = 0; j <= b_len; j++)
		above[j] = (unsigned char)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned least = row[0] = (unsigned char)i;

		for (size_t j = 1; j <= b_len; j++) {
			unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);

			best = above[j] + 1u < best ? above[j] + 1u : best;
			best = row[j - 1] + 1u < best ? row[j - 1] + 1u : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1u < best)
				best = before[j - 2] + 1u;
			row[j] = (unsigned char)best;
			least = best < least ? best : least;
		}
		if (least > max)
			return max + 1;
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[b_len] > max ? max + 1 : above[b_len];
}
