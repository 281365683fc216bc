/*
 * facet_cues.c - see facet_cues.h.
 */
#include "search/facet_cues.h"
#include <ctype.h>
#include <string.h>
#include "base/utf8.h"

#define WORDS_MAX_CUED 300 /* of one sentence; longer ones are judged by their beginning */

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

/* Cues are looked for where words begin. */
struct starts {
	const char *at[WORDS_MAX_CUED];
	size_t n;
};

static void find_starts(const char *text, struct starts *out)
{
	out->n = 0;
	for (const char *p = text; *p && out->n < WORDS_MAX_CUED; p++) {
		if (is_word(*p) && (p == text || !is_word(p[-1])))
			out->at[out->n++] = p;
	}
}

/* Whole words; "*" at the end of words: or the beginning of longer ones. */
static bool contains(const struct starts *starts, const char *words)
{
	size_t n = strlen(words);
	bool open = words[n - 1] == '*';

	n -= open;
	for (size_t i = 0; i < starts->n; i++) {
		const char *p = starts->at[i];

		if (*p == *words && !strncmp(p, words, n) && (open || !is_word(p[n])))
			return true;
	}
	return false;
}

unsigned facet_cues(const char *folded)
{
	struct starts starts;
	unsigned bits = 0;

	find_starts(folded, &starts);
	for (size_t i = 0; i < ARRAY_SIZE(cues); i++) {
		if (!(bits & FACET_BIT(cues[i].facet)) && contains(&starts, cues[i].words))
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
