/*
 * utf8.c - decoding by the table of Unicode chapter 3.9, folding over utf8proc.
 */
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "base/text.h"

/* Smallest code point of a sequence of that many bytes: what is below is overlong. */
static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF)
		return 3;
	if (lead >= 0xF0 && lead <= 0xF4)
		return 4;
	return 0;
}

int32_t utf8_next(const char *s, size_t len, size_t *i)
{
	const unsigned char *p = (const unsigned char *)s + *i;
	size_t n;
	int32_t c;

	if (*i >= len)
		return -1;
	n = sequence_length(p[0]);
	if (n == 0 || n > len - *i)
		return -1;
	c = n == 1 ? p[0] : p[0] & (0x7F >> n);
	for (size_t k = 1; k < n; k++) {
		if ((p[k] & 0xC0) != 0x80)
			return -1;
		c = c << 6 | (p[k] & 0x3F);
	}
	if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return -1;
	*i += n;
	return c;
}

bool utf8_valid(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		if (utf8_next(s, len, &i) <= 0)
			return false;
	}
	return true;
}

size_t utf8_count(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xC0) != 0x80;
	return n;
}

size_t utf8_prefix(const char *s, size_t len, size_t max_bytes)
{
	size_t n = max_bytes;

	if (len <= max_bytes)
		return len;
	while (n > 0 && (s[n] & 0xC0) == 0x80)
		n--;
	return n;
}

bool utf8_is_word(int32_t codepoint)
{
	switch (utf8proc_category(codepoint)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}

static bool is_space(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default:
		return (c >= '\t' && c <= '\r') || c == 0x85;
	}
}

static bool is_quote(int32_t c)
{
	switch (c) {
	case '"':
	case '`':
	case 0xB4:   /* acute accent, typed for an apostrophe */
	case 0x2BC:  /* modifier letter apostrophe */
	case 0x2032: /* prime */
	case 0x2033:
		return true;
	default:
		return utf8proc_category(c) == UTF8PROC_CATEGORY_PI ||
		       utf8proc_category(c) == UTF8PROC_CATEGORY_PF || c == 0x201A || c == 0x201E;
	}
}

/* Before decomposition, which would turn some of these into a blank and a mark. */
static utf8proc_int32_t plain_punctuation(utf8proc_int32_t c, void *data)
{
	(void)data;
	if (is_quote(c))
		return '\'';
	if (utf8proc_category(c) == UTF8PROC_CATEGORY_PD || c == 0x2212)
		return '-';
	return is_space(c) ? ' ' : c;
}

/* Letters that Unicode does not decompose; NULL: as it is. */
static const char *plain_letter(int32_t c)
{
	switch (c) {
	case 0xDF:
		return "ss";
	case 0xF8:
		return "o";
	case 0x142:
		return "l";
	case 0x111:
		return "d";
	case 0xE6:
		return "ae";
	case 0x153:
		return "oe";
	case 0xFE:
		return "th";
	case 0xF0:
		return "d";
	default:
		return NULL;
	}
}

/* --- Folding ------------------------------------------------------------------------ */

#define ASCII_RUN     16 /* so many in a row are not worth a detour through utf8proc */
#define MAX_TIMES     24 /* longer than what was folded: U+FDFA has 18 letters */
#define CHUNK_LETTERS 256

struct folded {
	struct text text;
	bool blank; /* ends with one */
};

static char plain_ascii(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + ('a' - 'A'));
	if (c >= '\t' && c <= '\r')
		return ' ';
	return c == '"' || c == '`' ? '\'' : c;
}

static void fold_ascii(struct folded *out, const char *s, size_t len)
{
	char chunk[CHUNK_LETTERS];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = plain_ascii(s[i]);

		if (c == ' ' && out->blank)
			continue;
		out->blank = c == ' ';
		chunk[n++] = c;
		if (n == sizeof(chunk)) {
			text_append_n(&out->text, chunk, n);
			n = 0;
		}
	}
	text_append_n(&out->text, chunk, n);
}

/* What utf8proc made: the letters that it leaves, and blanks that stand together now. */
static bool squeeze(struct folded *out, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t at = i;
		int32_t c = utf8_next(s, len, &i);
		const char *plain = plain_letter(c);

		if (c < 0)
			return false;
		c = plain_punctuation(c, NULL);
		if (c == ' ' && out->blank)
			continue;
		out->blank = c == ' ';
		if (plain)
			text_append(&out->text, plain);
		else if (c < 0x80)
			text_append_char(&out->text, (char)c);
		else
			text_append_n(&out->text, s + at, i - at);
	}
	return true;
}

static bool fold_others(struct folded *out, const char *s, size_t len)
{
	const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE |
					  UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE;
	_cleanup_free_ utf8proc_uint8_t *mapped = NULL;
	utf8proc_ssize_t n = utf8proc_map_custom((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len,
						 &mapped, options, plain_punctuation, NULL);

	return n >= 0 && squeeze(out, (const char *)mapped, (size_t)n);
}

static size_t ascii_at(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && !(s[n] & 0x80))
		n++;
	return n;
}

/* Up to the next ASCII_RUN, or the end. */
static size_t others_at(const char *s, size_t len)
{
	size_t n = 0, run;

	while (n < len) {
		run = ascii_at(s + n, len - n);
		if (run >= ASCII_RUN || n + run == len)
			return n;
		n += run;
		while (n < len && s[n] & 0x80)
			n++;
	}
	return n;
}

/*
 * Most of what is folded is ASCII, which needs no tables.  Cutting where ASCII ends is safe: a mark that follows is dropped, and
 * nothing else of what follows changes an ASCII letter.
 */
char *utf8_fold(const char *s, size_t len)
{
	struct folded out = { .blank = false };

	if (!utf8_valid(s, len))
		return NULL;
	text_init(&out.text, len * MAX_TIMES + 1);
	for (size_t i = 0, n; i < len; i += n) {
		n = ascii_at(s + i, len - i);
		fold_ascii(&out, s + i, n);
		i += n;
		n = others_at(s + i, len - i);
		if (n && !fold_others(&out, s + i, n)) {
			text_finish(&out.text);
			return NULL;
		}
	}
	return text_take(&out.text);
}
