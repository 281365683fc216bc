/*
 * quote.c - see quote.h.
 */
#include "llm/quote.h"

#include <ctype.h>
#include <string.h>
#include "base/utf8.h"

static bool is_blank(int32_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x0b || c == 0x0c ||
	       c == 0x85 || c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	       c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Invisible characters that can hide or reorder text; the joiners that scripts and emoji need stay.
 * */
static bool is_dropped(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x200b || c == 0x200e ||
	       c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/* Where s would have to be cut to have at most max_chars code points, preferably behind a word. */
static size_t cut_at(const char *s, size_t len, size_t max_chars)
{
	size_t i = 0, word = 0, n = 0;

	while (i < len && n < max_chars) {
		size_t before = i;
		int32_t c = utf8_next(s, len, &i);

		if (c < 0)
			return before;
		if (is_blank(c))
			word = before;
		n++;
	}
	if (i >= len)
		return len;
	return word * 2 > i ? word : i;
}

static void append_bounded(struct text *out, const struct text *clean, size_t max_chars)
{
	size_t cut;

	if (utf8_count(clean->data) <= max_chars) {
		text_append_n(out, clean->data, clean->len);
		return;
	}
	cut = cut_at(clean->data, clean->len, max_chars > 1 ? max_chars - 1 : 1);
	while (cut > 0 && strchr(" ,;:-\n", clean->data[cut - 1]))
		cut--;
	text_append_n(out, clean->data, cut);
	text_append(out, "…");
}

void quote_clean(struct text *out, const char *s, size_t max_chars, bool lines)
{
	struct text clean _cleanup_text_ = { 0 };
	size_t len = s ? strlen(s) : 0, i = 0, breaks = 0;
	bool blank = false;
	int32_t last = 0;

	text_init(&clean, 4 * len + 16);
	while (i < len && clean.len < 16 * max_chars) {
		size_t from = i;
		int32_t c = utf8_next(s, len, &i);

		if (c < 0)
			break;
		if (is_blank(c)) {
			breaks += lines && c == '\n';
			blank = true;
			continue;
		}
		if (is_dropped(c))
			continue;
		if (blank && clean.len)
			text_append(&clean, breaks > 1 ? "\n\n" : breaks ? "\n" : " ");
		else if (c == last && (c == '[' || c == ']'))
			text_append_char(&clean, ' ');
		blank = false;
		breaks = 0;
		text_append_n(&clean, s + from, i - from);
		last = c;
	}
	append_bounded(out, &clean, max_chars);
}

/* What stands in for a character that Markdown or HTML acts on; NULL: itself. */
static const char *stand_in(int32_t c)
{
	switch (c) {
	case '*':
		return "∗";
	case '`':
		return "ʼ";
	case '<':
		return "‹";
	case '>':
		return "›";
	case '\\':
		return "⧵";
	default:
		return NULL;
	}
}

static void erase(struct text *t, size_t n)
{
	t->len -= n;
	t->data[t->len] = '\0';
}

static bool ends_with(const struct text *t, const char *end)
{
	size_t n = strlen(end);

	return t->len >= n && strncasecmp(t->data + t->len - n, end, n) == 0;
}

/* Called before c is appended: looks at what is written, so that no removal can make a new address.
 * */
static bool unlink_address(struct text *t, int32_t c)
{
	if (c == '/' && ends_with(t, ":/")) {
		erase(t, 2);
		while (t->len && isalpha((unsigned char)t->data[t->len - 1]))
			erase(t, 1);
		return true;
	}
	if (c == '.' && ends_with(t, "www")) {
		erase(t, 3);
		return true;
	}
	if ((c == '(' || c == '[') && ends_with(t, "]"))
		text_append_char(t, ' ');
	if (c == ':' && ends_with(t, "]")) /* a definition of a link's target */
		text_append_char(t, ' ');
	return false;
}

void quote_markdown(struct text *out, const char *s, size_t max_chars)
{
	struct text clean _cleanup_text_ = { 0 }, quoted _cleanup_text_ = { 0 };
	size_t i = 0;

	text_init(&clean, 16 * max_chars + 64);
	text_init(&quoted, 64 * max_chars + 64);
	quote_clean(&clean, s, max_chars, false);
	while (i < clean.len) {
		size_t from = i;
		int32_t c = utf8_next(clean.data, clean.len, &i);
		const char *other = stand_in(c);

		if (c < 0)
			break;
		if (unlink_address(&quoted, c))
			continue;
		if (other)
			text_append(&quoted, other);
		else
			text_append_n(&quoted, clean.data + from, i - from);
	}
	text_append_n(out, quoted.data, quoted.len);
}

static bool is_www(const struct text *t)
{
	return ends_with(t, "www") && (t->len == 3 || !isalnum((unsigned char)t->data[t->len - 4]));
}

void quote_disarm(struct text *out, const char *s, size_t len)
{
	struct text t;

	text_init(&t, 4 * len + 64);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '/' && ends_with(&t, ":/")) {
			erase(&t, 2);
			while (t.len && isalpha((unsigned char)t.data[t.len - 1]))
				erase(&t, 1);
			continue;
		}
		if (c == '.' && is_www(&t)) {
			erase(&t, 3);
			continue;
		}
		if (c == '(' && ends_with(&t, "]"))
			text_append_char(&t, ' ');
		if ((isalpha(c) || (c && strchr("/!?", c))) && ends_with(&t, "<")) {
			erase(&t, 1);
			text_append(&t, "‹");
		}
		text_append_char(&t, (char)c);
	}
	text_append_n(out, t.data, t.len);
	text_finish(&t);
}

/* "e.g. this", "Dr. Who", "v. 2": a short word before a dot does not end a sentence. */
static bool is_abbreviation(const char *s, size_t dot)
{
	size_t word = dot;

	while (word > 0 && isalpha((unsigned char)s[word - 1]))
		word--;
	return dot > word && dot - word < 3;
}

/* The end of the sentence that begins at s: behind its mark; the whole text when there is none. */
static size_t sentence_end(const char *s)
{
	for (size_t i = 0; s[i]; i++) {
		if (!strchr(".!?", s[i]) || (s[i + 1] && s[i + 1] != ' '))
			continue;
		if (s[i] == '.' && s[i + 1] && is_abbreviation(s, i))
			continue;
		return i + 1;
	}
	return strlen(s);
}

void quote_sentences(struct text *out, const char *s, size_t max_chars)
{
	struct text line _cleanup_text_ = { 0 };
	size_t taken = 0;

	text_init(&line, 64 * 1024);
	quote_clean(&line, s, 8 * max_chars, false);
	for (size_t next = 0; line.data[next];) {
		size_t end = next + sentence_end(line.data + next);
		char saved = line.data[end];

		line.data[end] = '\0';
		if (utf8_count(line.data) > max_chars) {
			line.data[end] = saved;
			break;
		}
		taken = end;
		line.data[end] = saved;
		for (next = end; line.data[next] == ' ';)
			next++;
	}
	if (taken)
		line.data[taken] = '\0';
	/* At the start of a line these would make a heading, a list, a rule. */
	quote_markdown(out, line.data + strspn(line.data, "#-+=>*_~| "), max_chars);
}

/* --- Orders to machines ----------------------------------------------------------------- */

#define ORDER_WORDS 8  /* within which an order names what is to be forgotten */
#define ORDER_BYTES 40 /* of a word */

static bool is_one_of(const char *word, const char *list)
{
	size_t n = strlen(word);

	for (const char *p = list; n && (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

/* The next word of a sentence, in small letters; false: the sentence ends before. */
static bool next_word(const char **s, char out[static ORDER_BYTES])
{
	size_t n = 0;

	while (**s == ' ' || **s == '*' || **s == '_' || **s == '"')
		++*s;
	for (; isalpha((unsigned char)**s) || (unsigned char)**s >= 0x80; ++*s)
		if (n < ORDER_BYTES - 1)
			out[n++] = (char)tolower((unsigned char)**s);
	out[n] = '\0';
	return n > 0;
}

/* "Disregard all of the above rules": what is to be forgotten, which, and that it is. */
static bool is_order(const char *s)
{
	static const char verbs[] = "ignore disregard forget override bypass ignoriere ignorieren "
				    "vergiss vergesst ignorez oubliez ignora ignore olvida";
	static const char which[] = "previous prior above earlier preceding all any your foregoing "
				    "vorherigen bisherigen alle vorigen précédentes "
				    "toutes anteriores previas todas system";
	static const char what[] =
		"instructions instruction prompt prompts rules guidelines orders "
		"directions anweisungen regeln consignes instrucciones";
	char word[ORDER_BYTES];
	bool some = false, named = false;

	while (next_word(&s, word) && is_one_of(word, "please now then and bitte"))
		;
	if (!is_one_of(word, verbs))
		return false;
	for (size_t i = 0; i < ORDER_WORDS && next_word(&s, word); i++) {
		some |= is_one_of(word, which);
		named |= is_one_of(word, what);
	}
	return some && named;
}

size_t quote_honest(const char *s)
{
	for (size_t i = 0; s[i]; i++) {
		bool begins = i == 0 || s[i - 1] == '\n' ||
			      (s[i - 1] == ' ' && i > 1 && strchr(".!?:;\n", s[i - 2])) ||
			      s[i - 1] == '>' || s[i - 1] == ']';

		if (begins && is_order(s + i))
			return i;
	}
	return strlen(s);
}
