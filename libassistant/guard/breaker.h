/*
 * breaker.h - a circuit breaker: an upstream that fails is left alone for a while, then asked by one call at a time.
 *
 *	closed --too many of the last calls failed--> open --its time is over--> half open
 *	   ^                                           ^                            |
 *	   |                                           +------the probe failed------+
 *	   +-------------------------the probe worked-------------------------------+
 *
 * Pure: time is given.  Loop thread.
 */
#ifndef GUARD_BREAKER_H
#define GUARD_BREAKER_H

#include "aio/state.h"

enum { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker_policy {
	unsigned window;   /* outcomes that are looked back on; at most 32 */
	unsigned failures; /* of them, so that it opens; and they are at least half */
	int open_ms;	   /* the first time; doubles with every probe that fails */
	int open_max_ms;
};

struct breaker {
	struct state state; /* on_move may be set by its owner */
	const struct breaker_policy *policy;
	uint32_t outcomes; /* bit 0 the latest; 1: failed */
	unsigned n_outcomes;
	unsigned n_openings; /* in a row */
	unsigned ticket;     /* of the calls let in since it last moved; never 0 */
	int64_t until_ms;    /* open */
	bool probing;	     /* half open: the one call is under way */
};

void breaker_init(struct breaker *b, const struct breaker_policy *policy);
/*
 * May a call go out now?  0: no, and *wait_ms (may be NULL) is how long until asking again makes sense.  Else a ticket, which is
 * handed in at the call's end, once, with breaker_worked, breaker_failed or breaker_forget.  What ends after the breaker has moved
 * changes nothing any more.
 */
unsigned breaker_enter(struct breaker *b, int64_t now_ms, int *wait_ms);
void breaker_worked(struct breaker *b, unsigned ticket);
/* retry_after_ms: what the upstream asked for; it stays open at least as long.  0: nothing. */
void breaker_failed(struct breaker *b, unsigned ticket, int64_t now_ms, int retry_after_ms);
/* The call says nothing about the upstream: it was canceled, or the request was at fault. */
void breaker_forget(struct breaker *b, unsigned ticket);

#endif
