/*
 * words.c - the words of a question that are worth looking for, and what else practical matters are
 * called.
 */
#include "tools/builtin.h"

#include <ctype.h>
#include <string.h>
#include "base/utf8.h"
#include "search/language.h"
#include "search/words.h"

#define MAX_WORDS 32

const char *const *words_of(const char *text, struct arena *arena)
{
	char *folded _cleanup_free_ = text ? utf8_fold(text, strlen(text)) : NULL;
	const char **words = arena_array(arena, const char *, MAX_WORDS + 1);
	const char *language = folded ? language_of(folded) : "";
	size_t len = folded ? strlen(folded) : 0, n = 0, i = 0, from = 0;

	while (words && i <= len && n < MAX_WORDS) {
		size_t at = i;
		int32_t c = i < len ? utf8_next(folded, len, &i) : -1;
		char *word;

		if (c < 0)
			i = len + 1;
		if (c >= 0 && utf8_is_word(c))
			continue;
		word = at > from ? arena_strndup(arena, folded + from, at - from) : NULL;
		from = i;
		if (word && !word_is_stop_in(word, language))
			words[n++] = word;
	}
	return words;
}

/* Long words match by what is left without their ending. */
static size_t stem_len(const char *word)
{
	size_t n = strlen(word);

	return n >= 8 ? n - 3 : n >= 6 ? n - 2 : n == 5 ? 4 : n;
}

/* Bytes of letters beyond ASCII all have the high bit; what folding leaves of them is nearly always
 * a letter. */
static bool is_word_byte(char c)
{
	return (c & 0x80) || isalnum((unsigned char)c);
}

bool words_has(const char *word, const char *folded)
{
	size_t n = stem_len(word);
	bool whole = n == strlen(word);

	for (const char *p = strstr(folded, word); p || !whole; p = strstr(p + 1, word)) {
		if (!p)
			break;
		if ((p == folded || !is_word_byte(p[-1])) && (n > 3 || !is_word_byte(p[n])))
			return true;
	}
	if (whole)
		return false;
	for (const char *p = folded; (p = strchr(p, word[0])); p++)
		if ((p == folded || !is_word_byte(p[-1])) && strncmp(p, word, n) == 0)
			return true;
	return false;
}

unsigned words_in(const char *const *words, const char *folded)
{
	unsigned n = 0;

	for (size_t i = 0; words[i]; i++)
		n += words_has(words[i], folded);
	return n;
}

/* What people say of practical matters, and what pages write of them. */
static const struct {
	const char *asked, *written;
} concepts[] = {
#define CONCEPT(asked, written, questions) { asked, written },
#include "search/info_concepts.def"
#undef CONCEPT
};

/* Is any word of the list ('_' stands for a blank) in folded? */
static bool any_has(const char *list, const char *folded)
{
	char word[64];

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, " ");

		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		for (char *c = word; *c; c++)
			if (*c == '_')
				*c = ' ';
		if (words_has(word, folded))
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

float words_weight(const char *word, const char *folded)
{
	if (words_has(word, folded))
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(concepts); i++)
		if (word_in(word, concepts[i].asked) && any_has(concepts[i].written, folded))
			return 0.6f;
	return 0;
}
