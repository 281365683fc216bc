/*
 * facet_cues.c - see facet_cues.h.
 */
#include "search/facet_cues.h"
#include <ctype.h>
#include <string.h>
#include "base/utf8.h"

static const struct {
	enum facet facet;
	const char *words;
} cues[] = {
#define CUE(facet, words) { FACET_##facet, words },
#include "search/facet_cues.def"
#undef CUE
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Whole words; "*" at the end of words: or the beginning of longer ones. */
static bool contains(const char *text, const char *words)
{
	size_t n = strlen(words);
	bool open = words[n - 1] == '*';

	n -= open;
	for (const char *p = text; (p = memmem(p, strlen(p), words, n)) != NULL; p++) {
		if ((p == text || !is_word(p[-1])) && (open || !is_word(p[n])))
			return true;
	}
	return false;
}

unsigned facet_cues(const char *folded)
{
	unsigned bits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cues); i++) {
		if (!(bits & FACET_BIT(cues[i].facet)) && contains(folded, cues[i].words))
			bits |= FACET_BIT(cues[i].facet);
	}
	if (bits & FACET_BIT(FACET_INDUSTRY_FOCUS))
		bits |= FACET_BIT(FACET_INDUSTRIES_WE_SERVE);
	return bits;
}

const unsigned *facet_cues_of(const struct prose *p, struct arena *arena)
{
	unsigned *bits = arena_array(arena, unsigned, p->n + 1);

	for (size_t i = 0; bits && i < p->n; i++) {
		const struct sentence *s = &p->sentences[i];
		_cleanup_free_ char *folded = utf8_fold(s->text, s->len);

		if (!folded)
			return NULL;
		bits[i] = facet_cues(folded);
		if (s->lead >= 0)
			bits[i] |= bits[s->lead];
	}
	return bits;
}
