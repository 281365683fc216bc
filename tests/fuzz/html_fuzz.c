/*
 * html_fuzz.c - markup of any bytes: the result has no control characters, no blanks at its ends, and a line is one.
 */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include "html.h"

static void check(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *source = malloc(size + 1), *text, *line;

	memcpy(source, data, size);
	source[size] = '\0';
	text = html_text(source);
	line = html_line(source);
	check(text && line);
	for (const char *s = text; *s; s++)
		check((unsigned char)*s >= 0x20 || *s == '\n');
	check(!strstr(text, "\n\n\n"));
	check(!*text || (*text != '\n' && text[strlen(text) - 1] != '\n'));
	check(!strpbrk(line, "\n\t"));
	check(strlen(line) <= strlen(text));
	free(source);
	free(text);
	free(line);
	return 0;
}
