/*
 * tokens.c - the tokenizer, one pass over folded text.
 */
#include "index/tokens.h"
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"

#define MAX_PARTS 6 /* of a compound; longer ones (paths, hosts) yield parts only */

struct span {
	size_t from, to;
	char connector; /* behind it; 0: none */
};

struct scan {
	const char *s;
	size_t len;
	token_fn *fn;
	void *ctx;
};

static bool is_cjk(int32_t ch)
{
	return (ch >= 0x2e80 && ch <= 0x9fff) || (ch >= 0xac00 && ch <= 0xd7af) ||
	       (ch >= 0xf900 && ch <= 0xfaff) || (ch >= 0x20000 && ch <= 0x3ffff);
}

static void emit(const struct scan *sc, const char *s, size_t n, enum token_kind kind)
{
	char word[TOKEN_MAX_BYTES + 1];

	if (n > TOKEN_MAX_BYTES)
		n = utf8_prefix(s, n, TOKEN_MAX_BYTES);
	if (!n)
		return;
	memcpy(word, s, n);
	word[n] = 0;
	sc->fn(sc->ctx, word, kind);
}

/* The end of the run of word characters at `from`, CJK or not as its first one. */
static size_t run_end(const struct scan *sc, size_t from, bool *cjk)
{
	size_t i = from;
	bool first = true;

	while (i < sc->len) {
		size_t next = i;
		int32_t ch = utf8_next(sc->s, sc->len, &next);

		if (ch < 0 || !utf8_is_word(ch))
			break;
		if (first)
			*cjk = is_cjk(ch);
		else if (is_cjk(ch) != *cjk)
			break;
		first = false;
		i = next;
	}
	return i;
}

static void emit_cjk(const struct scan *sc, size_t from, size_t to)
{
	size_t before = to; /* none yet */

	for (size_t i = from; i < to;) {
		size_t at = i;

		utf8_next(sc->s, to, &i);
		emit(sc, sc->s + at, i - at, TOKEN_HINT);
		if (before < to)
			emit(sc, sc->s + before, i - before, TOKEN_WORD);
		else if (i == to)
			emit(sc, sc->s + at, i - at, TOKEN_WORD);
		before = at;
	}
}

static bool all_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
	}
	return n > 0;
}

/* "python3" says "python", "v1" says "1". */
static void emit_hints(const struct scan *sc, const char *s, size_t n)
{
	size_t letters = 0;

	while (letters < n && !isdigit((unsigned char)s[letters]))
		letters++;
	if (letters == n || !all_digits(s + letters, n - letters))
		return;
	if (letters >= 3)
		emit(sc, s, letters, TOKEN_HINT);
	else if (letters == 1 && s[0] == 'v')
		emit(sc, s + 1, n - 1, TOKEN_HINT);
}

static bool is_clitic(const char *s, size_t n)
{
	static const char *const clitics[] = { "s", "t", "d", "m", "re", "ve", "ll" };

	for (size_t i = 0; i < ARRAY_SIZE(clitics); i++) {
		if (strlen(clitics[i]) == n && !memcmp(clitics[i], s, n))
			return true;
	}
	return false;
}

/* "let's" -> "let", "don't" -> "dont": true when it was one of these. */
static bool emit_clitic(const struct scan *sc, const struct span *spans, size_t n)
{
	const char *tail;
	char word[TOKEN_MAX_BYTES] = "";
	size_t head;

	if (n != 2 || spans[0].connector != '\'')
		return false;
	tail = sc->s + spans[1].from;
	head = spans[0].to - spans[0].from;
	if (!is_clitic(tail, spans[1].to - spans[1].from) || head + 1 >= sizeof(word))
		return false;
	memcpy(word, sc->s + spans[0].from, head);
	if (*tail == 't')
		word[head++] = 't';
	emit(sc, word, head, TOKEN_WORD);
	return true;
}

static void emit_whole(const struct scan *sc, const struct span *spans, size_t n)
{
	char word[TOKEN_MAX_BYTES * 2] = "";
	size_t len = 0;
	bool digits = true;

	for (size_t i = 0; i < n; i++)
		digits = digits && all_digits(sc->s + spans[i].from, spans[i].to - spans[i].from);
	for (size_t i = 0; i < n; i++) {
		size_t size = spans[i].to - spans[i].from;

		if (len + size + 1 > sizeof(word))
			return;
		memcpy(word + len, sc->s + spans[i].from, size);
		len += size;
		/* "1.0" is not "10" */
		if (digits && i + 1 < n)
			word[len++] = spans[i].connector;
	}
	emit(sc, word, len, TOKEN_WHOLE);
	/* "v1.0" says "1.0" */
	if (n == 2 && sc->s[spans[0].from] == 'v' && spans[0].connector == '.' &&
	    all_digits(sc->s + spans[0].from + 1, spans[0].to - spans[0].from - 1))
		emit(sc, sc->s + spans[0].from + 1, spans[1].to - spans[0].from - 1, TOKEN_HINT);
}

static void emit_compound(const struct scan *sc, const struct span *spans, size_t n)
{
	if (n == 1) {
		emit(sc, sc->s + spans[0].from, spans[0].to - spans[0].from, TOKEN_WORD);
		emit_hints(sc, sc->s + spans[0].from, spans[0].to - spans[0].from);
		return;
	}
	if (emit_clitic(sc, spans, n))
		return;
	if (n <= MAX_PARTS)
		emit_whole(sc, spans, n);
	for (size_t i = 0; i < n; i++)
		emit(sc, sc->s + spans[i].from, spans[i].to - spans[i].from,
		     n <= MAX_PARTS ? TOKEN_PART : TOKEN_WORD);
}

/* "c++", "notepad++", "c#": signs that belong to the word before them. */
static size_t with_signs(const struct scan *sc, size_t from, size_t to)
{
	if (!strncmp(sc->s + to, "++", 2))
		return to + 2;
	if (sc->s[to] == '#' && to - from <= 2)
		return to + 1;
	return to;
}

static bool connects(const struct scan *sc, size_t at)
{
	size_t next = at + 1;

	return sc->s[at] && strchr(".-_'&", sc->s[at]) && next < sc->len &&
	       utf8_is_word(utf8_next(sc->s, sc->len, &next));
}

/* A word or compound that begins at `from`; returns where the text goes on. */
static size_t scan_compound(const struct scan *sc, size_t from)
{
	struct span spans[MAX_PARTS + 1];
	size_t n = 0, at = from;

	for (;;) {
		bool cjk = false;
		size_t to = run_end(sc, at, &cjk);

		if (to == at)
			break;
		if (cjk) {
			if (n)
				emit_compound(sc, spans, n);
			emit_cjk(sc, at, to);
			return to;
		}
		spans[n++] = (struct span){ at, with_signs(sc, at, to), 0 };
		at = spans[n - 1].to;
		if (at > to || !connects(sc, at) || n > MAX_PARTS)
			break;
		spans[n - 1].connector = sc->s[at++];
	}
	if (n)
		emit_compound(sc, spans, n);
	return at;
}

void tokens_of(const char *folded, token_fn *fn, void *ctx)
{
	struct scan sc = { folded, strlen(folded), fn, ctx };
	size_t i = 0;

	while (i < sc.len) {
		size_t next = i;
		int32_t ch = utf8_next(sc.s, sc.len, &next);

		if (ch < 0)
			return;
		if (utf8_is_word(ch)) {
			i = scan_compound(&sc, i);
			continue;
		}
		if (ch == '.' && !strncmp(sc.s + i, ".net", 4) &&
		    !isalnum((unsigned char)sc.s[i + 4])) {
			emit(&sc, ".net", 4, TOKEN_WORD);
			next = i + 4;
		}
		i = next;
	}
}

void tokens_of_camel_case(const char *text, token_fn *fn, void *ctx)
{
	const char *p = text;

	while (*p) {
		const char *from = p, *parts[MAX_PARTS + 1];
		size_t n = 0;

		parts[n++] = p;
		while (isalnum((unsigned char)*p) && (unsigned char)*p < 0x80) {
			if (p > from && islower((unsigned char)p[-1]) &&
			    isupper((unsigned char)*p) && n < MAX_PARTS)
				parts[n++] = p;
			p++;
		}
		parts[n] = p;
		for (size_t i = 0; n > 1 && i < n; i++) {
			char word[TOKEN_MAX_BYTES + 1];
			size_t size = (size_t)(parts[i + 1] - parts[i]);

			if (size < 3 || size >= sizeof(word))
				continue;
			for (size_t k = 0; k < size; k++)
				word[k] = (char)tolower((unsigned char)parts[i][k]);
			word[size] = 0;
			fn(ctx, word, TOKEN_HINT);
		}
		if (p == from)
			p++;
	}
}
