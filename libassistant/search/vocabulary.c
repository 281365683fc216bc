/*
 * vocabulary.c - a map of words, and for corrections the words of names in an array with a signature each: the set of
 * their letters.  Two words with d errors between them differ in at most 2d letters, which skips nearly all comparisons.
 */
#include "search/vocabulary.h"

#include <stdlib.h>
#include <string.h>
#include <assistant.h>
#include "base/map.h"
#include "base/utf8.h"
#include "search/words.h"

#define MAX_WORDS    400000
#define MAX_WORD_LEN 40

struct candidate {
	uint32_t letters;
	uint8_t len;
	const struct vocabulary_word *word;
};

struct vocabulary {
	struct arena *arena;
	struct map *words;
	unsigned n_texts;
	struct candidate *names;
	size_t n_names;
};

struct vocabulary *vocabulary_create(struct arena *arena)
{
	struct vocabulary *v = arena_new(arena, struct vocabulary);

	if (!v)
		return NULL;
	v->arena = arena;
	v->words = map_create(MAX_WORDS);
	return v->words ? v : NULL;
}

void vocabulary_destroy(struct vocabulary *v)
{
	if (v)
		map_destroy(v->words, NULL);
}

unsigned vocabulary_texts(const struct vocabulary *v)
{
	return v->n_texts;
}

struct vocabulary_word *vocabulary_add(struct vocabulary *v, const char *folded_word)
{
	struct vocabulary_word *w = map_get(v->words, folded_word);

	if (w)
		return w;
	w = arena_new(v->arena, struct vocabulary_word);
	if (!w)
		return NULL;
	w->text = arena_strdup(v->arena, folded_word);
	if (!w->text || map_put(v->words, folded_word, w, NULL) < 0)
		return NULL;
	return w;
}

const struct vocabulary_word *vocabulary_find(const struct vocabulary *v, const char *folded_word)
{
	return map_get(v->words, folded_word);
}

bool vocabulary_is_plain(const struct vocabulary_word *w)
{
	return word_is_stop(w->text) || (w->small && w->small * 2 > w->capital + w->small);
}

/* One word of running text, as written. */
static int count_word(struct vocabulary *v, const char *word, size_t len)
{
	char text[MAX_WORD_LEN + 1];
	_cleanup_free_ char *folded = NULL;
	struct vocabulary_word *w;
	bool ascii = true, capital;

	if (len > MAX_WORD_LEN) /* no word of a name; a URL, base64 */
		return 0;
	for (size_t i = 0; i < len; i++) {
		text[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] + 'a' - 'A') : word[i];
		ascii &= (unsigned char)word[i] < 0x80;
	}
	text[len] = '\0';
	capital = text[0] != word[0];
	if (!ascii) {
		folded = utf8_fold(word, len);
		if (!folded)
			return ASSISTANT_ENOMEM;
		capital |= (unsigned char)word[0] >= 0x80 && strncmp(word, folded, 2) != 0;
	}
	w = vocabulary_add(v, folded ? folded : text);
	if (!w)
		return ASSISTANT_ENOMEM;
	w->n_texts += w->last_text != v->n_texts;
	w->last_text = v->n_texts;
	w->capital += capital;
	w->small += !capital;
	return 0;
}

int vocabulary_read(struct vocabulary *v, const char *text)
{
	size_t len = strlen(text), i = 0, from, to;

	v->n_texts++;
	while (word_next(text, len, &i, &from, &to)) {
		int r = count_word(v, text + from, to - from);

		if (r < 0)
			return r;
	}
	return 0;
}

static uint32_t letters_of(const char *s)
{
	uint32_t set = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		set |= 1u << (c >= 'a' && c <= 'z' ? c - 'a' : 26 + c % 6);
	}
	return set;
}

int vocabulary_seal(struct vocabulary *v)
{
	size_t cursor = 0, n = map_count(v->words);
	const char *key;
	void *value;

	v->names = arena_array(v->arena, struct candidate, n + 1);
	if (!v->names)
		return ASSISTANT_ENOMEM;
	while (map_next(v->words, &cursor, &key, &value)) {
		const struct vocabulary_word *w = value;
		size_t len = strlen(w->text);

		if (!w->n_names || len < 4 || len > MAX_WORD_LEN)
			continue;
		v->names[v->n_names++] = (struct candidate){ letters_of(w->text), (uint8_t)len, w };
	}
	return 0;
}

static void keep(struct correction *out, size_t *n, struct correction c)
{
	size_t at = *n;

	while (at && (out[at - 1].distance > c.distance ||
		      (out[at - 1].distance == c.distance &&
		       strcmp(out[at - 1].word->text, c.word->text) > 0)))
		at--;
	if (at == VOCABULARY_MAX_CORRECTIONS)
		return;
	if (*n < VOCABULARY_MAX_CORRECTIONS)
		(*n)++;
	memmove(out + at + 1, out + at, (*n - at - 1) * sizeof *out);
	out[at] = c;
}

size_t vocabulary_correct(const struct vocabulary *v, const char *folded_word,
			  struct correction out[static VOCABULARY_MAX_CORRECTIONS])
{
	size_t len = strlen(folded_word), n = 0;
	unsigned max = word_tolerance(len);
	uint32_t letters = letters_of(folded_word);

	if (!max || len > MAX_WORD_LEN)
		return 0;
	for (size_t i = 0; i < v->n_names; i++) {
		const struct candidate *c = &v->names[i];
		unsigned d;

		if (c->len + max < len || c->len > len + max ||
		    (unsigned)__builtin_popcount(c->letters ^ letters) > 2 * max)
			continue;
		/* The first letter is seldom wrong: such an error counts double. */
		d = word_distance(folded_word, len, c->word->text, c->len, max);
		d += d && d <= max && c->word->text[0] != folded_word[0];
		if (d && d <= max && d <= word_tolerance(c->len))
			keep(out, &n, (struct correction){ c->word, d });
	}
	return n;
}
