/*
 * prose_markup.c - see prose_markup.h.
 */
#include "search/prose_markup.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/utf8.h"

#define TAG_MAX	  400 /* bytes of a tag, an image's link */
#define LABEL_MAX 300 /* bytes between [ and ] */

static bool starts(const char *s, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !strncasecmp(s, with, n);
}

/* --- HTML ------------------------------------------------------------------- */

/* What a tag stands for in plain text; those not listed here are words in angle brackets. */
static const struct {
	const char *name, *open, *close;
} tags[] = {
	{ "p", "\n\n", "\n\n" },
	{ "br", "\n", "" },
	{ "div", "\n\n", "\n\n" },
	{ "li", "\n- ", "\n" },
	{ "ul", "\n\n", "\n\n" },
	{ "ol", "\n\n", "\n\n" },
	{ "h1", "\n\n# ", "\n\n" },
	{ "h2", "\n\n# ", "\n\n" },
	{ "h3", "\n\n# ", "\n\n" },
	{ "h4", "\n\n# ", "\n\n" },
	{ "h5", "\n\n# ", "\n\n" },
	{ "h6", "\n\n# ", "\n\n" },
	{ "pre", "\n```\n", "\n```\n" },
	{ "hr", "\n\n", "" },
	{ "blockquote", "\n\n", "\n\n" },
	{ "table", "\n\n", "\n\n" },
	{ "tr", "\n\n", "\n\n" },
	{ "td", " ", " " },
	{ "th", " ", " " },
	{ "tbody", "", "" },
	{ "thead", "", "" },
	{ "section", "\n\n", "\n\n" },
	{ "article", "\n\n", "\n\n" },
	{ "a", "", "" },
	{ "b", "", "" },
	{ "i", "", "" },
	{ "u", "", "" },
	{ "s", "", "" },
	{ "em", "", "" },
	{ "strong", "", "" },
	{ "span", "", "" },
	{ "code", "", "" },
	{ "sup", "", "" },
	{ "sub", "", "" },
	{ "small", "", "" },
	{ "img", "", "" },
	{ "font", "", "" },
	{ "center", "", "" },
	{ "del", "", "" },
	{ "ins", "", "" },
	{ "kbd", "", "" },
};

/* Bytes of the tag at s ("<p class=x>"), or 0. */
static size_t read_tag(const char *s, size_t len, struct text *out)
{
	const char *end = memchr(s, '>', len < TAG_MAX ? len : TAG_MAX);
	bool closing = len > 1 && s[1] == '/';
	const char *name = s + 1 + closing;
	size_t n = 0;

	if (starts(s, len, "<!--")) {
		end = memmem(s, len, "-->", 3);
		return end ? (size_t)(end - s) + 3 : 0;
	}
	if (!end)
		return 0;
	while (name + n < end && isalnum((unsigned char)name[n]))
		n++;
	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(tags); i++) {
		if (strlen(tags[i].name) != n || strncasecmp(tags[i].name, name, n) != 0)
			continue;
		if (!strchr(" \t\n/>", name[n]))
			return 0;
		text_append(out, closing ? tags[i].close : tags[i].open);
		return (size_t)(end - s) + 1;
	}
	/* <https://example.org>, <mail@example.org> */
	if (memchr(s, ' ', (size_t)(end - s)) != NULL ||
	    (!memmem(s, (size_t)(end - s), "://", 3) && !memchr(s, '@', (size_t)(end - s))))
		return 0;
	text_append_char(out, PROSE_ADDRESS);
	return (size_t)(end - s) + 1;
}

static const struct {
	const char *name, *is;
} entities[] = {
	{ "amp;", "&" },
	{ "lt;", "<" },
	{ "gt;", ">" },
	{ "quot;", "\"" },
	{ "apos;", "'" },
	{ "nbsp;", " " },
	{ "ndash;", "\xe2\x80\x93" },
	{ "mdash;", "\xe2\x80\x94" },
	{ "hellip;", "\xe2\x80\xa6" },
	{ "rsquo;", "\xe2\x80\x99" },
	{ "lsquo;", "\xe2\x80\x98" },
	{ "ldquo;", "\xe2\x80\x9c" },
	{ "rdquo;", "\xe2\x80\x9d" },
	{ "auml;", "\xc3\xa4" },
	{ "ouml;", "\xc3\xb6" },
	{ "uuml;", "\xc3\xbc" },
	{ "szlig;", "\xc3\x9f" },
	{ "eacute;", "\xc3\xa9" },
	{ "egrave;", "\xc3\xa8" },
};

static void append_codepoint(struct text *out, unsigned long c)
{
	if (c < 0x20 || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		text_append_char(out, ' ');
	else if (c < 0x80)
		text_append_char(out, (char)c);
	else if (c < 0x800)
		text_printf(out, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
	else if (c < 0x10000)
		text_printf(out, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
			    (int)(0x80 | (c & 0x3f)));
	else
		text_printf(out, "%c%c%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3f)),
			    (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
}

/* Bytes of the character reference at s ("&amp;", "&#8217;"), or 0. */
static size_t read_entity(const char *s, size_t len, struct text *out)
{
	char digits[8] = { 0 };
	const char *end = memchr(s, ';', len < 10 ? len : 10);
	char *rest;
	unsigned long c;
	bool hex;

	for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
		if (len > strlen(entities[i].name) &&
		    !strncmp(s + 1, entities[i].name, strlen(entities[i].name))) {
			text_append(out, entities[i].is);
			return strlen(entities[i].name) + 1;
		}
	}
	if (!end || len < 4 || s[1] != '#')
		return 0;
	hex = s[2] == 'x' || s[2] == 'X';
	s += 2 + hex;
	if (end <= s || (size_t)(end - s) >= sizeof(digits) || !isxdigit((unsigned char)*s))
		return 0;
	memcpy(digits, s, (size_t)(end - s));
	c = strtoul(digits, &rest, hex ? 16 : 10);
	if (*rest)
		return 0;
	append_codepoint(out, c);
	return (size_t)(end - s) + 3 + hex;
}

/* --- links ------------------------------------------------------------------ */

/* Bytes of the address at s, without the punctuation that ends a sentence; or 0. */
static size_t read_address(const char *s, size_t len)
{
	static const char *const schemes[] = { "https://", "http://", "ftp://", "mailto:", "www." };
	size_t n = 0, scheme = 0;

	for (size_t i = 0; !scheme && i < ARRAY_SIZE(schemes); i++) {
		if (starts(s, len, schemes[i]))
			scheme = strlen(schemes[i]);
	}
	if (!scheme)
		return 0;
	while (n < len && !isspace((unsigned char)s[n]) && !strchr("<>\")]}|`", s[n]))
		n++;
	while (n > scheme && strchr(".,;:!?'*_", s[n - 1]))
		n--;
	return n;
}

/* "0", "^1", "12, 13": a mark that points to a list of links. */
static bool is_mark(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]) && !strchr("^,- ", s[i]))
			return false;
	}
	return len > 0;
}

/* Bytes of "[words](address)", "[words][ref]" or "[1]" at s, its words flattened into out; or 0. */
static size_t read_link(const char *s, size_t len, struct text *out)
{
	bool image = s[0] == '!';
	const char *label = s + 1 + image, *close, *end;
	size_t left;

	left = len - (size_t)(label - s);
	close = memchr(label, ']', left < LABEL_MAX ? left : LABEL_MAX);
	if (!close)
		return 0;
	left = len - (size_t)(close - s);
	if (left > 1 && (close[1] == '(' || close[1] == '[')) {
		end = memchr(close + 1, close[1] == '(' ? ')' : ']', left - 1);
		if (end && !memchr(close, '\n', (size_t)(end - close))) {
			if (!image)
				prose_flatten(label, (size_t)(close - label), out);
			return (size_t)(end - s) + 1;
		}
	}
	if (image || !is_mark(label, (size_t)(close - label)))
		return 0;
	return (size_t)(close - s) + 1 + (left > 1 && close[1] == ':');
}

void prose_flatten(const char *s, size_t len, struct text *out)
{
	size_t i = 0;

	while (i < len) {
		const char *p = s + i;
		size_t left = len - i, used = 0;
		bool begins = i == 0 || !isalnum((unsigned char)p[-1]);

		if (*p == '<' && left > 2)
			used = read_tag(p, left, out);
		else if (*p == '&' && left > 3)
			used = read_entity(p, left, out);
		else if ((*p == '[' && left > 2) || (*p == '!' && left > 3 && p[1] == '['))
			used = read_link(p, left, out);
		else if (begins && strchr("hfmwHFMW", *p) && (used = read_address(p, left)) > 0)
			text_append_char(out, PROSE_ADDRESS);
		if (!used) {
			if (*p != '\r')
				text_append_char(out, *p);
			used = 1;
		}
		i += used;
	}
}

/* --- one line --------------------------------------------------------------- */

/* Bytes of white space or of an invisible character at s; *blank: it separates words. */
static size_t read_blank(const char *s, size_t len, bool *blank)
{
	size_t i = 0;
	int32_t c;

	*blank = true;
	if ((unsigned char)s[0] <= ' ')
		return 1;
	if ((unsigned char)s[0] < 0x80)
		return 0;
	c = utf8_next(s, len, &i);
	if (c == 0xa0 || c == 0x2007 || c == 0x202f || c == 0x3000 ||
	    (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029)
		return i;
	*blank = false;
	return c == 0xad || c == 0xfeff || (c >= 0x200b && c <= 0x200f) || c == 0x2060 ? i : 0;
}

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Whether the character at s[i] marks emphasis or code: it leans on a word on one side only. */
static bool is_emphasis(const char *s, size_t len, size_t i)
{
	bool before = i > 0 && is_word_byte(s[i - 1]);
	bool after = i + 1 < len && is_word_byte(s[i + 1]);

	switch (s[i]) {
	case '`':
		return true;
	case '*':
		return (i > 0 && s[i - 1] == '*') || (i + 1 < len && s[i + 1] == '*') ||
		       before != after;
	case '_':
		return before != after || (i > 0 && s[i - 1] == '_') ||
		       (i + 1 < len && s[i + 1] == '_');
	case '~':
		return (i > 0 && s[i - 1] == '~') || (i + 1 < len && s[i + 1] == '~');
	default:
		return false;
	}
}

/* "( )" of which a link was all: what stands before it is the end again.  True: done. */
static bool close_bracket(struct text *out, size_t from, char c)
{
	if (out->len == from || out->data[out->len - 1] != (c == ')' ? '(' : '['))
		return false;
	text_cut(out, out->len - 1);
	while (out->len > from && out->data[out->len - 1] == ' ')
		text_cut(out, out->len - 1);
	return true;
}

void prose_line(const char *s, size_t len, struct text *out)
{
	size_t from = out->len, i = 0;
	bool pending = from > 0;

	while (i < len) {
		bool blank;
		size_t n = read_blank(s + i, len - i, &blank);

		if (n > 0) {
			pending = pending || (blank && out->len > from);
			i += n;
		} else if (is_emphasis(s, len, i)) {
			i++;
		} else if ((s[i] == ')' || s[i] == ']') && close_bracket(out, from, s[i])) {
			pending = true;
			i++;
		} else {
			/* what a link stood before: "see ." */
			bool leans = strchr(".,;:!?)]", s[i]) && (i + 1 == len || s[i + 1] == ' ');

			if (pending && out->len > 0 && !(leans && out->len > from))
				text_append_char(out, ' ');
			pending = false;
			/* "\*": a sign as it is */
			i += s[i] == '\\' && i + 1 < len && ispunct((unsigned char)s[i + 1]);
			text_append_char(out, s[i++]);
		}
	}
}
