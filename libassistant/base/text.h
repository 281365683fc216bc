/*
 * text.h - a growing string born with its maximum.
 *
 * Appending past the maximum or without memory keeps what is there and sets `failed`; from then on
 * nothing is appended until text_clear: check once, at the end.  data is always NUL-terminated (and
 * "" when empty).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "clean.h"

struct text {
	char *data;
	size_t len, cap, max;
	bool failed;
};

void text_init(struct text *t, size_t max_bytes);
void text_finish(struct text *t); /* t may be zeroed */
void text_clear(struct text *t);  /* keeps the memory */
/* Back to the first len bytes (at most what there are), and not failed any more. */
void text_cut(struct text *t, size_t len);
void text_append(struct text *t, const char *s);
void text_append_n(struct text *t, const char *s, size_t n);
void text_append_char(struct text *t, char c);
void text_printf(struct text *t, const char *fmt, ...) _printf_(2, 3);
void text_vprintf(struct text *t, const char *fmt, va_list ap);
/* Appends s as the inside of a JSON string (no quotes); invalid UTF-8 becomes U+FFFD. */
void text_append_json(struct text *t, const char *s, size_t n);
/* The shortest decimal form that reads back as v; '.' in every locale.  Finite v only. */
void text_append_double(struct text *t, double v);
/* Hands the string out (free() it) and leaves t empty; NULL when failed. */
char *text_take(struct text *t);

#define _cleanup_text_ _cleanup_(text_finish)

#endif
