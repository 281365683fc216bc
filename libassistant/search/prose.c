/*
 * prose.c - see prose.h.
 *
 *	text --prose_flatten--> lines --> paragraphs, items, headings --> sentences
 */
#include "search/prose.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/fail.h"
#include "base/utf8.h"
#include "search/prose_markup.h"

#define TEXT_MAX	 (256u << 10) /* more than a record's text and its list marks */
#define HEADING_MAX	 70
#define POINTER_WORDS	 4
#define HEADING_WORDS	 7
#define ABBREVIATION_MAX 8

struct reader {
	struct arena *arena;
	struct sentence *sentences;
	size_t n, cap;
	struct text block; /* the paragraph or item being read, one line */
	unsigned lines;	   /* of it */
	bool item, heading;
	int under;  /* the last heading */
	bool brief; /* it was told by its looks: it reaches over one paragraph or one list */
	bool items; /* of which some were read */
	int before; /* the last "...:", for items */
};

/* --- sentences of one block -------------------------------------------------- */

static bool is_abbreviation(const char *s, size_t end)
{
	static const char *const known[] = {
		"e.g", "i.e",  "eg",   "ie",	 "vs",	"dr",  "mr",   "mrs",  "ms",  "prof", "st",
		"no",  "cf",   "etc",  "approx", "inc", "ltd", "jr",   "z.b",  "d.h", "bzw",  "ca",
		"nr",  "u.a",  "p.ex", "m",	 "mme", "sr",  "sra",  "ex",   "aka", "incl", "fig",
		"al",  "resp", "av",   "ave",	 "str", "bd",  "blvd", "bldg", "rd",  "tel"
	};
	size_t from = end;

	while (from > 0 && end - from <= ABBREVIATION_MAX && !isspace((unsigned char)s[from - 1]) &&
	       !strchr("(\"'", s[from - 1]))
		from--;
	if (end - from == 1 && isupper((unsigned char)s[from]))
		return true; /* "J. Doe" */
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i]) == end - from && !strncasecmp(s + from, known[i], end - from))
			return true;
	}
	return false;
}

/* Bytes of what ends a sentence at s[i] (its quotes and brackets included), or 0. */
static size_t sentence_end(const char *s, size_t len, size_t i)
{
	static const char *const wide[] = { "\xe3\x80\x82", "\xef\xbc\x81", "\xef\xbc\x9f" };
	size_t n = 0, at;

	for (size_t k = 0; k < ARRAY_SIZE(wide); k++) {
		if (len - i >= 3 && !memcmp(s + i, wide[k], 3))
			return 3;
	}
	if (!strchr(".!?", s[i]) || (s[i] == '.' && is_abbreviation(s, i)))
		return 0;
	while (i + n < len && strchr(".!?", s[i + n]))
		n++;
	for (;;) {
		if (i + n < len && strchr("\"')]", s[i + n]))
			n++;
		else if (len - i - n >= 3 && (!memcmp(s + i + n, "\xe2\x80\x9d", 3) ||
					      !memcmp(s + i + n, "\xe2\x80\x99", 3)))
			n += 3;
		else
			break;
	}
	at = i + n;
	if (at == len)
		return n;
	if (s[at] != ' ' || at + 1 == len || islower((unsigned char)s[at + 1]))
		return 0;
	return n;
}

static int add(struct reader *r, const char *s, size_t len)
{
	struct sentence *out;
	const char *copy;

	while (len > 0 && strchr(" -|", s[len - 1]))
		len--;
	while (len > 0 && strchr(" |", *s)) {
		s++;
		len--;
	}
	if (len == 0 || r->n == PROSE_MAX_SENTENCES)
		return 0;
	copy = arena_strndup(r->arena, s, len);
	out = arena_grow(r->arena, r->sentences, r->n, &r->cap, sizeof(*out));
	if (!copy || !out)
		return ASSISTANT_ENOMEM;
	r->sentences = out;
	out += r->n;
	*out = (struct sentence){ copy, len, r->under, r->heading, r->item };
	if (r->heading) {
		out->lead = -1;
		r->under = (int)r->n;
		r->before = -1;
	} else if (r->item) {
		if (r->before >= 0)
			out->lead = r->before;
	} else {
		r->before = copy[len - 1] == ':' ? (int)r->n : -1;
	}
	r->n++;
	return 0;
}

/* A line of its own that says no sentence: "Key takeaways", "What you will learn:". */
static bool looks_like_heading(const struct reader *r)
{
	const struct text *t = &r->block;
	unsigned words = 1;

	if (r->item || r->lines != 1 || t->len > HEADING_MAX)
		return false;
	for (size_t i = 0; i < t->len; i++)
		words += t->data[i] == ' ';
	return words <= HEADING_WORDS && !strchr(".!,;", t->data[t->len - 1]);
}

/* Ends the block; followed: something comes after it, which it may be the heading of. */
static int end_block(struct reader *r, bool followed)
{
	const char *s = r->block.data;
	size_t len = r->block.len, from = 0;
	bool brief = false;
	int code = 0;

	if (len == 0)
		return 0;
	if (!r->heading && followed && looks_like_heading(r))
		brief = r->heading = true;
	else if (!r->item && r->brief && r->items)
		r->under = -1;
	for (size_t i = 0; code == 0 && !r->heading && i < len;) {
		size_t n = sentence_end(s, len, i);

		if (n > 0) {
			code = add(r, s + from, i + n - from);
			from = i + n;
		}
		i += n > 0 ? n : 1;
	}
	if (code == 0 && from < len)
		code = add(r, s + from, len - from);
	if (r->heading)
		r->brief = brief;
	else if (!r->item && r->brief)
		r->under = -1;
	r->items = r->item;
	text_clear(&r->block);
	r->lines = 0;
	r->item = r->heading = false;
	return code;
}

/* --- blocks -------------------------------------------------------------------- */

/* Bytes of the mark of a list's item, or 0. */
static size_t item_mark(const char *s, size_t len)
{
	static const char *const signs[] = {
		"- ",		"* ",		"+ ",	    "\xe2\x80\xa2", "\xe2\x80\x93 ",
		"\xe2\x97\x8f", "\xe2\x96\xaa", "\xc2\xb7 "
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (len > strlen(signs[i]) && !memcmp(s, signs[i], strlen(signs[i])))
			return strlen(signs[i]);
	}
	while (n < len && n < 3 && isdigit((unsigned char)s[n]))
		n++;
	return n > 0 && n + 1 < len && (s[n] == '.' || s[n] == ')') && s[n + 1] == ' ' ? n + 2 : 0;
}

/* "---", "=====", "* * *": nothing but a rule. */
static bool is_rule(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (!strchr("-=*_~#. |:+", s[i]))
			return false;
		n += s[i] != ' ';
	}
	return n >= 2;
}

static int read_rule(struct reader *r, char sign)
{
	/* underlined: a heading */
	if (r->lines == 1 && !r->item && (sign == '=' || sign == '-') &&
	    r->block.len <= HEADING_MAX)
		r->heading = r->block.len > 0;
	return end_block(r, false);
}

static int read_heading(struct reader *r, const char *s, size_t len)
{
	int code = end_block(r, true);

	if (code < 0)
		return code;
	r->heading = true;
	prose_line(s, len, &r->block);
	return end_block(r, false);
}

/* "**Who should attend**" */
static bool is_bold(const char *s, size_t len)
{
	if (len > 0 && s[len - 1] == ':')
		len--;
	return len > 4 && len <= HEADING_MAX && !memcmp(s, "**", 2) &&
	       !memcmp(s + len - 2, "**", 2) && !memmem(s + 2, len - 4, "**", 2);
}

/* "Slides: " and an address, or little else. */
static bool is_pointer(const char *s, size_t len)
{
	unsigned words = 0;
	bool inside = false;

	if (!memchr(s, PROSE_ADDRESS, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		bool word = isalnum((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80;

		words += word && !inside;
		inside = word;
	}
	return words <= POINTER_WORDS;
}

static int read_line(struct reader *r, const char *s, size_t len)
{
	size_t mark, n = 0;
	int code = 0;

	while (len > 0 && (isspace((unsigned char)*s) || *s == '>')) {
		s++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)s[len - 1]))
		len--;
	if (len == 0 || is_pointer(s, len))
		return end_block(r, len == 0);
	if (is_rule(s, len))
		return read_rule(r, *s);
	while (n < len && s[n] == '#')
		n++;
	if (n > 0 && n < len && s[n] == ' ')
		return read_heading(r, s + n, len - n);
	if (is_bold(s, len))
		return read_heading(r, s, len);
	mark = item_mark(s, len);
	if (mark > 0) {
		code = end_block(r, true);
		r->item = true;
	}
	r->lines++;
	prose_line(s + mark, len - mark, &r->block);
	return code;
}

static int read_lines(struct reader *r, const struct text *plain)
{
	const char *s = plain->data, *end = s + plain->len;
	bool code_block = false;
	int code = 0;

	while (code == 0 && s < end) {
		const char *stop = memchr(s, '\n', (size_t)(end - s));
		size_t len = (size_t)((stop ? stop : end) - s), blank = strspn(s, " \t");

		if (blank + 3 <= len && !strncmp(s + blank, "```", 3)) {
			code_block = !code_block;
			code = end_block(r, false);
		} else if (!code_block) {
			code = read_line(r, s, len);
		}
		s += len + (stop != NULL);
	}
	return code < 0 ? code : end_block(r, false);
}

int prose_read(const char *text, struct arena *arena, struct prose *out)
{
	_cleanup_text_ struct text plain = { 0 };
	struct reader r = { .arena = arena, .under = -1, .before = -1 };
	int code;

	if (!text || !*text) {
		*out = (struct prose){ NULL, 0 };
		return 0;
	}
	text_init(&plain, TEXT_MAX);
	text_init(&r.block, TEXT_MAX);
	prose_flatten(text, strlen(text), &plain);
	code = read_lines(&r, &plain);
	if (plain.failed || r.block.failed)
		code = ASSISTANT_ENOMEM;
	text_finish(&r.block);
	if (code < 0)
		return code;
	*out = (struct prose){ r.sentences, r.n };
	return 0;
}
