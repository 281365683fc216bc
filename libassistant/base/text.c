/*
 * text.c - the bounded growing string.
 */
#include "base/text.h"
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "base/check.h"
#include "base/utf8.h"

/* What an empty text without memory points to; never written, because cap is 0. */
static char *nothing(void)
{
	return (char *)(uintptr_t) "";
}

void text_init(struct text *t, size_t max_bytes)
{
	*t = (struct text){ .data = nothing(), .max = max_bytes };
}

void text_finish(struct text *t)
{
	if (!t)
		return;
	if (t->cap)
		free(t->data);
	*t = (struct text){ .data = nothing(), .max = t->max };
}

void text_cut(struct text *t, size_t len)
{
	if (len < t->len)
		t->len = len;
	t->failed = false;
	if (t->cap)
		t->data[t->len] = '\0';
}

void text_clear(struct text *t)
{
	text_cut(t, 0);
}

/* Room for n more bytes and the NUL. */
static bool text_reserve(struct text *t, size_t n)
{
	size_t need, cap;
	char *data;

	if (t->failed)
		return false;
	if (n > t->max || t->len > t->max - n) {
		t->failed = true;
		return false;
	}
	need = t->len + n + 1;
	if (need <= t->cap)
		return true;
	cap = t->cap ? t->cap * 2 : 64;
	if (cap > t->max + 1)
		cap = t->max + 1;
	if (cap < need)
		cap = need;
	data = realloc(t->cap ? t->data : NULL, cap);
	if (!data) {
		t->failed = true;
		return false;
	}
	if (!t->cap)
		data[0] = '\0';
	t->data = data;
	t->cap = cap;
	return true;
}

void text_append_n(struct text *t, const char *s, size_t n)
{
	if (!text_reserve(t, n))
		return;
	if (n)
		memcpy(t->data + t->len, s, n);
	t->len += n;
	t->data[t->len] = '\0';
}

void text_append(struct text *t, const char *s)
{
	text_append_n(t, s, strlen(s));
}

void text_append_char(struct text *t, char c)
{
	text_append_n(t, &c, 1);
}

void text_vprintf(struct text *t, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		t->failed = true;
	else if (text_reserve(t, (size_t)n)) {
		vsnprintf(t->data + t->len, (size_t)n + 1, fmt, again);
		t->len += (size_t)n;
	}
	va_end(again);
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(t, fmt, ap);
	va_end(ap);
}

/* The short escapes of RFC 8259; 0: none. */
static char short_escape(int32_t c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

void text_append_json(struct text *t, const char *s, size_t n)
{
	size_t i = 0, plain = 0; /* [plain, i) is still to be copied as it is */

	while (i < n) {
		size_t at = i;
		int32_t c = utf8_next(s, n, &i);
		char escape = short_escape(c);

		if (c >= 0x20 && !escape)
			continue;
		text_append_n(t, s + plain, at - plain);
		if (c < 0) {
			text_append(t, "\xEF\xBF\xBD");
			i = at + 1;
		} else if (escape) {
			text_append_char(t, '\\');
			text_append_char(t, escape);
		} else {
			text_printf(t, "\\u%04x", (unsigned)c);
		}
		plain = i;
	}
	text_append_n(t, s + plain, n - plain);
}

void text_append_double(struct text *t, double v)
{
	bool point = false;
	char buf[64];

	PRE(isfinite(v));
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(buf, sizeof(buf), "%.*g", digits, v);
		if (strtod(buf, NULL) == v)
			break;
	}
	for (const char *p = buf; *p; p++) {
		if (strchr("+-e0123456789", *p))
			text_append_char(t, *p);
		else if (!point)
			text_append_char(t, '.'); /* whatever the program's locale has, in one */
		point = point || !strchr("+-e0123456789", *p);
	}
}

char *text_take(struct text *t)
{
	char *s = NULL;

	if (!t->failed) {
		s = t->cap ? t->data : strdup("");
		t->data = nothing();
		t->cap = 0;
	}
	text_finish(t);
	return s;
}
