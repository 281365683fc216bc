/*
 * telling.c - see telling.h.
 */
#include "agent/telling.h"

#include <ctype.h>
#include <string.h>
#include "base/utf8.h"
#include "llm/quote.h"
#include "search/prose.h"
#include "tools/builtin.h"

#define LEAST_CHARS   12
#define MAX_TEXT      (16 << 10)
#define LEAST_QUOTED  30 /* characters */
#define MAX_SENTENCES 100

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

/* --- Sentences that stand alone ----------------------------------------------------------- */

static bool begins_with_any(const char *folded, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (strncmp(folded, list[i], strlen(list[i])) == 0)
			return true;
	return false;
}

static bool has_any(const char *folded, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (strstr(folded, list[i]))
			return true;
	return false;
}

/* "It does that too.": of what, the sentence before says. */
static bool leans_on_another(const char *folded)
{
	static const char *const leaning[] = {
		"however", "but ",    "and ",	  "or ",	 "so ",		 "this ",
		"that ",   "these ",  "those ",	  "it ",	 "it's ",	 "its ",
		"they ",   "he ",     "she ",	  "then ",	 "also",	 "therefore",
		"thus",	   "instead", "yet ",	  "because ",	 "which ",	 "such ",
		"here ",   "there ",  "moreover", "furthermore", "additionally", "their ",
		"both ",   "finally", "abstract", "first,",	 "second",	 "next,",
		"dies",	   "es ",     "sie ",	  "aber ",	 "und ",	 "cela ",
		"ce ",	   "elle ",   "mais ",	  "et ",	 "esto ",	 "pero ",
		"y ",	   NULL
	};
	static const char *const own[] = { "this talk",		"this session", "this workshop",
					   "this presentation", "this project", "this tutorial",
					   "this lecture",	"this is a ",	NULL };

	return begins_with_any(folded, leaning) && !begins_with_any(folded, own);
}

static size_t count_char(const char *s, char c)
{
	size_t n = 0;

	for (; (s = strchr(s, c)); s++)
		n++;
	return n;
}

/* "by Nix(nixos.org/)", "[text](", "**": what a link or a mark left between words. */
static bool has_leftovers(const char *text)
{
	for (const char *p = text; *p; p++) {
		bool inside = p > text && isalnum((unsigned char)p[-1]);

		if ((*p == '(' && inside && p[1] != 's' && p[1] != ')') ||
		    (*p == ']' && strchr("([:", p[1]) && p[1]) || (*p == '*' && p[1] == '*') ||
		    strchr("`|<>\\{}", *p) || (*p == '_' && p[1] == '_') ||
		    (*p == ')' && p[1] == ' ' && isupper((unsigned char)p[2])))
			return true;
	}
	return false;
}

/* Addresses, memories and the half of a quotation tell nobody why to come. */
static bool is_odd(const char *text, const char *folded)
{
	static const char *const odd[] = {
		"http", "www.", "github.com", "@",	 "...",	    "…",
		":)",	";)",	"i was ",     "when i ", "my name", NULL
	};

	return has_leftovers(text) || has_any(folded, odd) ||
	       count_char(text, '(') != count_char(text, ')') || count_char(text, '"') % 2;
}

static bool stands_alone(const struct sentence *s, const char *text, const char *folded)
{
	size_t n = utf8_count(text);

	return !s->heading && !s->item && n >= LEAST_QUOTED && n <= TELLING_MAX_CHARS &&
	       strchr(".!", text[s->len - 1]) && !islower((unsigned char)text[0]) &&
	       (isalnum((unsigned char)text[0]) || (text[0] & 0x80)) && !leans_on_another(folded) &&
	       !is_odd(text, folded);
}

/* "In this talk we show how to ..." */
static bool says_what_comes(const char *folded)
{
	static const char *const says[] = { "this talk",
					    "this session",
					    "this workshop",
					    "this presentation",
					    "we will ",
					    "we'll ",
					    "i will ",
					    "i'll ",
					    "you will ",
					    "you'll ",
					    "learn ",
					    "how to ",
					    "we show",
					    "we present",
					    "der vortrag",
					    "dieser vortrag",
					    "cette ",
					    "esta ",
					    NULL };

	return has_any(folded, says);
}

size_t telling_sentences(const char *text, const char **out, size_t max, struct arena *arena)
{
	struct text clean _cleanup_text_ = { 0 };
	struct prose prose;
	size_t n = 0;

	text = text ? arena_strndup(arena, text, quote_honest(text)) : NULL;
	if (!text || prose_read(text, arena, &prose) < 0)
		return 0;
	/* A sentence that had markup inside is no quotation without it. */
	text_init(&clean, 2 * MAX_TEXT);
	quote_clean(&clean, text, MAX_TEXT, false);
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < prose.n && n < max; i++) {
			const struct sentence *s = &prose.sentences[i];
			const char *own = arena_strndup(arena, s->text, s->len);
			char *folded _cleanup_free_ = utf8_fold(s->text, s->len);

			if (own && folded && says_what_comes(folded) == !pass &&
			    strstr(clean.data, own) && stands_alone(s, own, folded))
				out[n++] = own;
		}
	return n;
}

const char *telling_by_words(const char *text, const char *const *words, struct arena *arena,
			     size_t *n_matched)
{
	const char *all[MAX_SENTENCES], *found = NULL;
	size_t n = telling_sentences(text, all, ARRAY_SIZE(all), arena), best = 0;

	for (size_t i = 0; i < n; i++) {
		char *folded _cleanup_free_ = utf8_fold(all[i], strlen(all[i]));
		size_t here = folded ? words_in(words, folded) : 0;

		if (here <= best)
			continue;
		best = here;
		found = all[i];
	}
	if (n_matched)
		*n_matched = best;
	return found;
}

/* --- Sentences by their words ------------------------------------------------------------- */

static bool has_beginning(const char *folded, const char *list)
{
	for (const char *p = list + 1; *p; p += strcspn(p, "|") + 1) {
		size_t n = strcspn(p, "|");

		for (const char *at = folded; n && (at = memmem(at, strlen(at), p, n)); at++)
			if (at == folded || !isalnum((unsigned char)at[-1]))
				return true;
	}
	return false;
}

const char *telling_by_beginnings(const char *text, const char *list, struct arena *arena)
{
	size_t honest = quote_honest(text), len = honest < MAX_TEXT ? honest : MAX_TEXT;

	for (size_t at = 0; at < len;) {
		bool item = at > 1 && text[at - 1] == ' ' && strchr("-*", text[at - 2]);
		size_t n = sentence_end(text + at, len - at), line = strcspn(text + at, "\n");
		char *folded _cleanup_free_ = NULL;
		const char *own;

		if (item && line < n) /* an item of a list ends with its line */
			n = line;
		folded = utf8_fold(text + at, n);
		own = arena_strndup(arena, text + at, n);
		if (folded && own && has_beginning(folded, list) && !has_leftovers(own))
			return own;
		for (at += n; at < len && strchr(" \n-*", text[at]);)
			at++;
	}
	return NULL;
}
