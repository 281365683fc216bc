/*
 * scan.c - JSON's shape, with lines.
 */
#include "scan.h"

#include <string.h>

#define MAX_DEPTH 64

void scan_begin(struct scan *s, const char *text, size_t len)
{
	*s = (struct scan){
		.text = text, .end = text + len, .at = text, .line = 1, .line_start = text
	};
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		s->at += 3; /* editors of one platform put a mark there */
}

static int fail(struct scan *s, const char *expected)
{
	s->error = expected;
	s->error_line = s->line;
	s->error_column = (int)(s->at - s->line_start) + 1;
	return -1;
}

static void skip_blanks(struct scan *s)
{
	for (; s->at < s->end; s->at++) {
		if (*s->at == '\n') {
			s->line++;
			s->line_start = s->at + 1;
		} else if (*s->at != ' ' && *s->at != '\t' && *s->at != '\r') {
			return;
		}
	}
}

static int take(struct scan *s, char c)
{
	skip_blanks(s);
	if (s->at == s->end || *s->at != c)
		return 0;
	s->at++;
	return 1;
}

/* Stands on the opening quote. */
static int skip_string(struct scan *s)
{
	for (s->at++; s->at < s->end; s->at++) {
		if (*s->at == '\\')
			s->at++;
		else if (*s->at == '"')
			break;
		else if (*s->at == '\n')
			return fail(s, "the end of a text");
	}
	if (s->at >= s->end) {
		s->at = s->end;
		return fail(s, "the end of a text");
	}
	s->at++;
	return 0;
}

static bool ends_scalar(char c)
{
	return memchr(",:[]{}\" \t\r\n", c, 11) != NULL;
}

/* A number or a word such as true; any other bytes are the library's to refuse. */
static void skip_scalar(struct scan *s)
{
	while (s->at < s->end && !ends_scalar(*s->at))
		s->at++;
}

/* Brackets must match; what stands between commas is the library's to check. */
static int skip_value(struct scan *s)
{
	char open[MAX_DEPTH];
	int depth = 0;

	do {
		skip_blanks(s);
		if (s->at == s->end)
			return fail(s, "a value");
		if (*s->at == '"') {
			if (skip_string(s) < 0)
				return -1;
		} else if (*s->at == '{' || *s->at == '[') {
			if (depth == MAX_DEPTH)
				return fail(s, "fewer than 64 nested brackets");
			open[depth++] = *s->at++;
		} else if (*s->at == '}' || *s->at == ']') {
			if (!depth || open[depth - 1] != (*s->at == '}' ? '{' : '['))
				return fail(s, "a value");
			depth--;
			s->at++;
		} else if (depth && (*s->at == ',' || *s->at == ':')) {
			s->at++;
		} else if (*s->at == ',' || *s->at == ':') {
			return fail(s, "a value");
		} else {
			skip_scalar(s);
		}
	} while (depth);
	return 0;
}

int scan_enter(struct scan *s, char bracket)
{
	s->first = true;
	if (take(s, bracket))
		return 0;
	return fail(s, bracket == '{' ? "{" : "[");
}

static int read_key(struct scan *s, char key[static 64])
{
	const char *from;
	size_t n;

	skip_blanks(s);
	if (s->at == s->end || *s->at != '"')
		return fail(s, "a member's name in quotes");
	from = s->at + 1;
	if (skip_string(s) < 0)
		return -1;
	n = (size_t)(s->at - 1 - from);
	n = n < 63 ? n : 63;
	memcpy(key, from, n);
	key[n] = '\0';
	return take(s, ':') ? 0 : fail(s, ":");
}

/* Between two items: a comma, unless it is the first or the end. */
static int separate(struct scan *s, char close, const char *expected)
{
	bool first = s->first;

	s->first = false;
	if (take(s, close))
		return 0;
	return first || take(s, ',') ? 1 : fail(s, expected);
}

static int read_value(struct scan *s, struct part *value)
{
	skip_blanks(s);
	*value = (struct part){ .text = s->at, .line = s->line, .line_start = s->line_start };
	if (skip_value(s) < 0)
		return -1;
	value->len = (size_t)(s->at - value->text);
	return 1;
}

int scan_value(struct scan *s, struct part *value)
{
	return read_value(s, value) < 0 ? -1 : 0;
}

int scan_member(struct scan *s, char key[static 64], struct part *value)
{
	int r = separate(s, '}', ", or }");

	if (r <= 0)
		return r;
	if (read_key(s, key) < 0)
		return -1;
	return read_value(s, value);
}

int scan_element(struct scan *s, struct part *value)
{
	int r = separate(s, ']', ", or ]");

	return r <= 0 ? r : read_value(s, value);
}

int scan_finish(struct scan *s)
{
	skip_blanks(s);
	return s->at == s->end ? 0 : fail(s, "the end of the file");
}
