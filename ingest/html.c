/*
 * html.c - from markup to plain text: one pass over tags, references and characters.
 */
#include "html.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What an element does to the text around it. */
enum effect { NONE, BREAK, PARAGRAPH, ITEM, CELL, VERBATIM, HIDDEN };

static const struct element {
	const char *name;
	enum effect effect;
} elements[] = {
	{ "a", NONE },
	{ "abbr", NONE },
	{ "address", PARAGRAPH },
	{ "article", PARAGRAPH },
	{ "b", NONE },
	{ "blockquote", PARAGRAPH },
	{ "body", NONE },
	{ "br", BREAK },
	{ "caption", PARAGRAPH },
	{ "cite", NONE },
	{ "code", NONE },
	{ "dd", ITEM },
	{ "del", NONE },
	{ "div", PARAGRAPH },
	{ "dl", PARAGRAPH },
	{ "dt", BREAK },
	{ "em", NONE },
	{ "figcaption", PARAGRAPH },
	{ "figure", PARAGRAPH },
	{ "font", NONE },
	{ "footer", PARAGRAPH },
	{ "h1", PARAGRAPH },
	{ "h2", PARAGRAPH },
	{ "h3", PARAGRAPH },
	{ "h4", PARAGRAPH },
	{ "h5", PARAGRAPH },
	{ "h6", PARAGRAPH },
	{ "head", HIDDEN },
	{ "header", PARAGRAPH },
	{ "hr", PARAGRAPH },
	{ "html", NONE },
	{ "i", NONE },
	{ "iframe", HIDDEN },
	{ "img", NONE },
	{ "ins", NONE },
	{ "kbd", NONE },
	{ "li", ITEM },
	{ "mark", NONE },
	{ "nav", PARAGRAPH },
	{ "noscript", NONE },
	{ "object", NONE },
	{ "ol", PARAGRAPH },
	{ "p", PARAGRAPH },
	{ "pre", VERBATIM },
	{ "q", NONE },
	{ "s", NONE },
	{ "samp", NONE },
	{ "script", HIDDEN },
	{ "section", PARAGRAPH },
	{ "small", NONE },
	{ "span", NONE },
	{ "strike", NONE },
	{ "strong", NONE },
	{ "style", HIDDEN },
	{ "sub", NONE },
	{ "sup", NONE },
	{ "table", PARAGRAPH },
	{ "tbody", NONE },
	{ "td", CELL },
	{ "th", CELL },
	{ "thead", NONE },
	{ "tr", BREAK },
	{ "tt", NONE },
	{ "u", NONE },
	{ "ul", PARAGRAPH },
	{ "var", NONE },
	{ "video", HIDDEN },
};

/* Besides &#...; these are what editors write. */
static const struct {
	const char *name, *text;
} references[] = {
	{ "amp", "&" },	   { "lt", "<" },     { "gt", ">" },	 { "quot", "\"" },
	{ "apos", "'" },   { "nbsp", " " },   { "ndash", "–" },	 { "mdash", "—" },
	{ "lsquo", "‘" },  { "rsquo", "’" },  { "ldquo", "“" },	 { "rdquo", "”" },
	{ "sbquo", "‚" },  { "bdquo", "„" },  { "laquo", "«" },	 { "raquo", "»" },
	{ "hellip", "…" }, { "bull", "•" },   { "middot", "·" }, { "euro", "€" },
	{ "pound", "£" },  { "copy", "©" },   { "reg", "®" },	 { "trade", "™" },
	{ "deg", "°" },	   { "times", "×" },  { "rarr", "→" },	 { "larr", "←" },
	{ "auml", "ä" },   { "ouml", "ö" },   { "uuml", "ü" },	 { "Auml", "Ä" },
	{ "Ouml", "Ö" },   { "Uuml", "Ü" },   { "szlig", "ß" },	 { "eacute", "é" },
	{ "egrave", "è" }, { "ecirc", "ê" },  { "euml", "ë" },	 { "Eacute", "É" },
	{ "agrave", "à" }, { "aacute", "á" }, { "acirc", "â" },	 { "aring", "å" },
	{ "atilde", "ã" }, { "ccedil", "ç" }, { "iacute", "í" }, { "icirc", "î" },
	{ "iuml", "ï" },   { "ntilde", "ñ" }, { "oacute", "ó" }, { "ocirc", "ô" },
	{ "oslash", "ø" }, { "uacute", "ú" }, { "ugrave", "ù" }, { "aelig", "æ" },
	{ "shy", "" },	   { "zwnj", "" },    { "ensp", " " },	 { "emsp", " " },
	{ "thinsp", " " },
};

struct writer {
	char *out;
	size_t n;
	bool blocks;   /* line ends of the source are blanks */
	int verbatim;  /* inside of <pre> */
	int line_ends; /* owed before the next character */
	bool blank;    /* owed as well */
	bool item;     /* and a list item's mark */
};

static const struct element *element_of(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (strlen(elements[i].name) == n && !strncasecmp(elements[i].name, name, n))
			return &elements[i];
	return NULL;
}

struct tag {
	const struct element *element;
	bool closes;
	const char *end; /* behind it */
};

/* The tag that begins at s, a '<'; false: it is text. */
static bool tag_at(const char *s, struct tag *tag)
{
	const char *name = s + 1, *end;
	char quote = 0;

	tag->closes = *name == '/';
	name += tag->closes;
	for (end = name; isalnum((unsigned char)*end); end++)
		;
	tag->element = element_of(name, (size_t)(end - name));
	if (!tag->element || !*end || !strchr(" \t\r\n/>", *end))
		return false;
	for (; *end && (quote || *end != '>'); end++) {
		if (quote)
			quote = *end == quote ? 0 : quote;
		else if (*end == '"' || *end == '\'')
			quote = *end;
	}
	if (!*end) { /* an apostrophe too many, or cut off */
		end = strchr(name, '>');
		if (!end)
			return false;
	}
	tag->end = end + 1;
	return true;
}

static bool has_blocks(const char *s)
{
	struct tag tag;

	for (s = strchr(s, '<'); s; s = strchr(s + 1, '<'))
		if (tag_at(s, &tag) && tag.element->effect != NONE && tag.element->effect != BREAK)
			return true;
	return false;
}

static void put(struct writer *w, const char *bytes, size_t n)
{
	if (w->n && w->line_ends)
		for (int i = 0; i < w->line_ends; i++)
			w->out[w->n++] = '\n';
	else if (w->n && w->blank)
		w->out[w->n++] = ' ';
	if (w->item) {
		w->out[w->n++] = '-';
		w->out[w->n++] = ' ';
	}
	w->line_ends = 0;
	w->blank = w->item = false;
	memcpy(w->out + w->n, bytes, n);
	w->n += n;
}

static void end_line(struct writer *w, int at_least)
{
	if (w->line_ends < at_least)
		w->line_ends = at_least;
	w->blank = false;
}

static void write_blank(struct writer *w, char c)
{
	if (c == '\n' && (!w->blocks || w->verbatim))
		end_line(w, w->line_ends < 2 ? w->line_ends + 1 : 2);
	else if (w->verbatim && (w->line_ends || !w->n))
		put(w, " ", 1); /* indentation */
	else
		w->blank = true;
}

static size_t utf8_encode(unsigned long c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* &#8211; or &#x2013; at s: behind it, or NULL when it is text. */
static const char *write_number(struct writer *w, const char *s)
{
	bool hex = s[2] == 'x' || s[2] == 'X';
	const char *digits = s + 2 + hex;
	char *end, bytes[4];
	unsigned long c;

	if (!isxdigit((unsigned char)*digits))
		return NULL;
	c = strtoul(digits, &end, hex ? 16 : 10);
	if (*end != ';' || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
		return NULL;
	if (c == 0xA0 || c == ' ' || c == '\t' || c == '\n')
		write_blank(w, c == '\n' ? '\n' : ' ');
	else if (c >= 0x20 && (c < 0x7F || c > 0x9F))
		put(w, bytes, utf8_encode(c, bytes));
	return end + 1;
}

/* A reference at s, an '&': behind it, or NULL when it is text. */
static const char *write_reference(struct writer *w, const char *s)
{
	if (s[1] == '#')
		return write_number(w, s);
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		size_t n = strlen(references[i].name);

		if (strncmp(s + 1, references[i].name, n) != 0 || s[1 + n] != ';')
			continue;
		if (!strcmp(references[i].text, " "))
			write_blank(w, ' ');
		else if (*references[i].text)
			put(w, references[i].text, strlen(references[i].text));
		return s + n + 2;
	}
	return NULL;
}

/* Behind the end of what a hidden element holds. */
static const char *skip_hidden(const char *s, const struct element *e)
{
	struct tag tag;

	for (const char *at = strchr(s, '<'); at; at = strchr(at + 1, '<'))
		if (tag_at(at, &tag) && tag.closes && tag.element == e)
			return tag.end;
	return s + strlen(s);
}

static const char *write_tag(struct writer *w, const struct tag *tag)
{
	switch (tag->element->effect) {
	case NONE:
		break;
	case CELL:
		w->blank = true;
		break;
	case BREAK:
		end_line(w, 1);
		break;
	case ITEM:
		end_line(w, 1);
		w->item = !tag->closes;
		break;
	case VERBATIM:
		w->verbatim += tag->closes ? -(w->verbatim > 0) : 1;
		end_line(w, 2);
		break;
	case PARAGRAPH:
		/* <li><p>: the paragraph is the item's. */
		if (!w->item)
			end_line(w, 2);
		break;
	case HIDDEN:
		if (!tag->closes)
			return skip_hidden(tag->end, tag->element);
		break;
	}
	return tag->end;
}

/* A comment or a declaration at s: behind it, or NULL when it is text. */
static const char *skip_comment(const char *s)
{
	const char *end;

	if (!strncmp(s, "<!--", 4)) {
		end = strstr(s + 4, "-->");
		return end ? end + 3 : s + strlen(s);
	}
	if (!strncasecmp(s, "<!doctype", 9)) {
		end = strchr(s, '>');
		return end ? end + 1 : NULL;
	}
	return NULL;
}

/* At most as long as the source: every reference and tag is longer than what is written for it, a list
 * item's mark shorter than its tag, paragraphs' line ends than theirs. */
static void write_all(struct writer *w, const char *s)
{
	const char *behind;
	struct tag tag;

	while (*s) {
		behind = NULL;
		if (*s == '<' && tag_at(s, &tag))
			behind = write_tag(w, &tag);
		else if (*s == '<')
			behind = skip_comment(s);
		else if (*s == '&')
			behind = write_reference(w, s);
		else if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
			behind = s + 1;
		if (behind == s + 1 && *s != '\r')
			write_blank(w, *s);
		else if (!behind && ((unsigned char)*s < 0x20 || *s == 0x7F))
			behind = s + 1;
		else if (!behind && (unsigned char)s[0] == 0xC2 && (unsigned char)s[1] < 0xA0)
			behind = s + (s[1] ? 2 : 1); /* control characters beyond ASCII */
		else if (!behind)
			put(w, s, 1);
		s = behind ? behind : s + 1;
	}
}

char *html_text(const char *source)
{
	struct writer w = { .blocks = has_blocks(source) };

	/* A line end of one byte may be owed twice; that is the only growth. */
	w.out = malloc(2 * strlen(source) + 8);
	if (!w.out)
		return NULL;
	write_all(&w, source);
	w.out[w.n] = '\0';
	return w.out;
}

char *html_line(const char *source)
{
	char *text = html_text(source), *to = text;

	if (!text)
		return NULL;
	for (const char *s = text; *s; s++)
		if (*s != '\n' && *s != ' ')
			*to++ = *s;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
	return text;
}
