/*
 * window.h - how often an address may do something, in bounded memory.
 *
 * A leaky bucket per address: `burst` at once, refilled evenly over an hour.  IPv6 addresses share one per
 * /64, since a visitor owns all of it.  When the table is full the one idle the longest is forgotten.
 */
#ifndef SERVER_WINDOW_H
#define SERVER_WINDOW_H

#include <stdint.h>
#include "address.h"

struct window;

/* per_hour 0: no limit.  NULL: no memory.  Any thread may use it. */
struct window *window_create(int per_hour);
void window_destroy(struct window *w);
/* 0: allowed and counted; else how many ms to wait. */
int window_take(struct window *w, const struct address *a, int64_t now_ms);

#endif
