/*
 * utf8.h - what is UTF-8.
 */
#ifndef SERVER_UTF8_H
#define SERVER_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at s (n > 0 bytes are there), 0 when it is none. */
size_t utf8_length(const char *s, size_t n);
/* Is all of it UTF-8 without NUL? */
bool utf8_is_valid(const char *s, size_t n);

#endif
