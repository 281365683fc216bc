/*
 * text.c - see text.h.
 */
#include "text.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

#define REPLACEMENT 0xfffd

void text_begin(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

bool text_allowed(wchar_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	return !(c == 0xad || c == 0x200b || c == 0x200e || c == 0x200f ||
		 (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
		 (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f));
}

int text_char_width(wchar_t c)
{
	int width = wcwidth(c);

	return width < 0 ? 1 : width;
}

wchar_t text_next(const char **s)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, *s, strnlen(*s, MB_LEN_MAX) + 1, &state);

	if (n == 0)
		return 0;
	if (n > (size_t)-3) {
		(*s)++;
		return REPLACEMENT;
	}
	*s += n;
	return c;
}

/* The next character that is printed, blanks for what only separates; 0 at the end. */
static wchar_t next_printed(const char **s)
{
	wchar_t c;

	while ((c = text_next(s)))
		if (c == '\n' || c == '\t')
			return ' ';
		else if (text_allowed(c))
			return c;
	return 0;
}

int text_width(const char *s)
{
	wchar_t c;
	int width = 0;

	while ((c = next_printed(&s)))
		width += text_char_width(c);
	return width;
}

int text_put(FILE *out, const char *s, int columns)
{
	bool cut = columns >= 0 && text_width(s) > columns;
	int room = cut ? columns - 1 : columns, width = 0;
	wchar_t c;

	if (cut && columns == 0)
		return 0;
	while ((c = next_printed(&s))) {
		if (columns >= 0 && width + text_char_width(c) > room)
			break;
		width += text_char_width(c);
		fprintf(out, "%lc", (wint_t)c);
	}
	if (cut)
		fputs("…", out);
	return width + cut;
}

void text_pad(FILE *out, const char *s, int columns)
{
	int used = text_put(out, s, columns);

	fprintf(out, "%*s", columns > used ? columns - used : 0, "");
}

static int word_width(const char *s)
{
	wchar_t c;
	int width = 0;

	while ((c = next_printed(&s)) && c != ' ')
		width += text_char_width(c);
	return width;
}

void text_wrap(FILE *out, const char *s, int columns, int indent)
{
	int column = indent;
	wchar_t c;

	fprintf(out, "%*s", indent, "");
	while ((c = next_printed(&s))) {
		if (c == ' ' && columns && column + 1 + word_width(s) > columns) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			continue;
		}
		fprintf(out, "%lc", (wint_t)c);
		column += text_char_width(c);
	}
	fputc('\n', out);
}
