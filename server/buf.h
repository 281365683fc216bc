/*
 * buf.h - a growing string born with its maximum.
 *
 * Appending past the maximum or without memory keeps what is there and sets `failed`; from then on
 * nothing is appended: check once, at the end.  data is NUL-terminated, "" when empty.
 */
#ifndef SERVER_BUF_H
#define SERVER_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include "clean.h"

struct buf {
	char *data;
	size_t len, cap, max;
	bool failed;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_finish(struct buf *b); /* b may be zeroed */
void buf_clear(struct buf *b);	/* keeps the memory */
void buf_add(struct buf *b, const char *s);
void buf_add_n(struct buf *b, const char *s, size_t n);
void buf_addf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
/* s as a JSON string with its quotes; NULL becomes null; bytes that are not UTF-8, U+FFFD. */
void buf_add_json(struct buf *b, const char *s);
/* Room for n more bytes; where to write them, or NULL.  buf_used says how many were written. */
char *buf_room(struct buf *b, size_t n);
void buf_used(struct buf *b, size_t n);

#define _cleanup_buf_ _cleanup_(buf_finish)

#endif
