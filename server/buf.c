/*
 * buf.c - strings that know their size and their limit.
 */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "utf8.h"

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){ .data = (char *)"", .max = max_bytes };
}

void buf_finish(struct buf *b)
{
	if (b->cap)
		free(b->data);
	*b = (struct buf){ .data = (char *)"" };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->cap)
		b->data[0] = '\0';
}

char *buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;
	char *data;

	if (b->failed || n > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	if (b->len + n + 1 <= b->cap)
		return b->data + b->len;
	while (cap < b->len + n + 1)
		cap *= 2;
	data = realloc(b->cap ? b->data : NULL, cap);
	if (!data) {
		b->failed = true;
		return NULL;
	}
	b->data = data;
	b->cap = cap;
	return b->data + b->len;
}

void buf_used(struct buf *b, size_t n)
{
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_add_n(struct buf *b, const char *s, size_t n)
{
	char *at = buf_room(b, n);

	if (!at)
		return;
	memcpy(at, s, n);
	buf_used(b, n);
}

void buf_add(struct buf *b, const char *s)
{
	buf_add_n(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char *at;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	at = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (at) {
		vsnprintf(at, (size_t)n + 1, fmt, again);
		buf_used(b, (size_t)n);
	}
	va_end(again);
	va_end(ap);
}

static void add_json_character(struct buf *b, const char *s, size_t n)
{
	unsigned char c = (unsigned char)*s;

	if (c == '"' || c == '\\')
		buf_add_n(b, (const char[]){ '\\', *s }, 2);
	else if (c == '\n')
		buf_add(b, "\\n");
	else if (c < 0x20 || c == 0x7f)
		buf_addf(b, "\\u%04x", c);
	else
		buf_add_n(b, s, n);
}

void buf_add_json(struct buf *b, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	if (!s) {
		buf_add(b, "null");
		return;
	}
	buf_add(b, "\"");
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(s + i, len - i);

		if (n)
			add_json_character(b, s + i, n);
		else
			buf_add(b, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
	buf_add(b, "\"");
}
