/*
 * telling.c - see telling.h.
 */
#include "agent/telling.h"

#include <ctype.h>
#include <string.h>
#include "base/utf8.h"
#include "tools/builtin.h"

#define LEAST_CHARS 12
#define MAX_TEXT    (16 << 10)

/* Where the sentence that begins at s ends: behind its mark, or at a blank line. */
static size_t sentence_end(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n' && i + 1 < len && (s[i + 1] == '\n' || strchr("-*", s[i + 1])))
			return i + 1;
		if (strchr(".!?", s[i]) && i >= LEAST_CHARS &&
		    (i + 1 == len || strchr(" \n", s[i + 1])) &&
		    (i + 2 >= len || !islower((unsigned char)s[i + 2])))
			return i + 1;
	}
	return len;
}

typedef size_t telling_fn(const char *folded, const void *ctx);

/* The first of the sentences with the highest score; NULL: all have none. */
static const char *best_sentence(const char *text, telling_fn *score, const void *ctx, bool first,
				 struct arena *arena, size_t *out_score)
{
	size_t len = strnlen(text, MAX_TEXT), best = 0, best_len = 0;
	const char *found = NULL;

	for (size_t at = 0; at < len;) {
		size_t n = sentence_end(text + at, len - at), here;
		char *folded _cleanup_free_ = utf8_fold(text + at, n);

		here = folded ? score(folded, ctx) : 0;
		if (here > best) {
			best = here;
			found = text + at;
			best_len = n;
			if (first)
				break;
		}
		for (at += n; at < len && strchr(" \n-*", text[at]);)
			at++;
	}
	if (out_score)
		*out_score = best;
	return found ? arena_strndup(arena, found, best_len) : NULL;
}

static size_t count_words(const char *folded, const void *ctx)
{
	return words_in(ctx, folded);
}

const char *telling_by_words(const char *text, const char *const *words, struct arena *arena,
			     size_t *n_matched)
{
	return best_sentence(text, count_words, words, false, arena, n_matched);
}

static size_t has_beginning(const char *folded, const void *ctx)
{
	const char *list = ctx;

	for (const char *p = list + 1; *p; p += strcspn(p, "|") + 1) {
		size_t n = strcspn(p, "|");

		for (const char *at = folded; n && (at = memmem(at, strlen(at), p, n)); at++)
			if (at == folded || !isalnum((unsigned char)at[-1]))
				return 1;
	}
	return 0;
}

const char *telling_by_beginnings(const char *text, const char *list, struct arena *arena)
{
	return best_sentence(text, has_beginning, list, true, arena, NULL);
}
