/*
 * when.h - times of records as people read them.
 *
 * The library gives ISO 8601 in venue time with its offset; what is shown is the clock on the venue's wall.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stddef.h>

/* "Thu 20 May 09:30-10:15" from start and end ("" when unknown); "" for what is no time.
 * Another day at the end is named: "Fri 21 May 20:30-Sat 00:45". */
void when_format(const char *start, const char *end, char *out, size_t size);
/* "+02:00" of a time, "+00:00" for Z; "" without one. */
void when_offset(const char *time, char out[static 7]);

#endif
