/*
 * fold.c - see fold.h.
 */
#include "fold.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>
#include "text.h"

static wchar_t alike(wchar_t c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\r':
	case 0x00a0:
	case 0x2009:
	case 0x200a:
	case 0x202f:
		return ' ';
	case 0x2018:
	case 0x2019:
	case 0x02bc:
		return '\'';
	case 0x201c:
	case 0x201d:
	case 0x201e:
	case 0x00ab:
	case 0x00bb:
		return '"';
	case 0x2010:
	case 0x2011:
	case 0x2012:
	case 0x2013:
	case 0x2014:
	case 0x2212:
		return '-';
	default:
		return c;
	}
}

static char *fold_text(const char *text, bool lower, bool plain)
{
	/* A folded character is never longer than three bytes more than what it came from. */
	char *out = malloc(strlen(text) * 4 + MB_LEN_MAX), *at = out;
	mbstate_t state = { 0 };
	wchar_t c;

	if (!out)
		return NULL;
	while ((c = text_next(&text))) {
		size_t n;

		if (plain && c == '*' && *text == '*') {
			text++;
			continue;
		}
		c = alike(lower ? (wchar_t)towlower((wint_t)c) : c);
		if (c == ' ' && (at == out || at[-1] == ' '))
			continue;
		n = wcrtomb(at, c, &state);
		at += n == (size_t)-1 ? 0 : n;
	}
	if (at > out && at[-1] == ' ')
		at--;
	*at = '\0';
	return out;
}

char *fold(const char *text, bool lower)
{
	return fold_text(text, lower, false);
}

char *fold_plain(const char *text, bool lower)
{
	return fold_text(text, lower, true);
}

bool fold_is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

const char *fold_find(const char *text, const char *needle)
{
	return fold_find_from(text, text, needle);
}

const char *fold_find_from(const char *text, const char *from, const char *needle)
{
	size_t len = strlen(needle);

	if (!len)
		return NULL;
	for (const char *at = from; (at = strstr(at, needle)); at++) {
		bool begins = at == text || !fold_is_word(at[-1]) || !fold_is_word(needle[0]);
		bool ends = !fold_is_word(at[len]) || !fold_is_word(needle[len - 1]);

		if (begins && ends)
			return at;
	}
	return NULL;
}
