/*
 * retry.h - whether to try again, and when.  Pure: chance and time are given.
 */
#ifndef GUARD_RETRY_H
#define GUARD_RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/fail.h"

struct retry_policy {
	int attempts;	/* in all, the first included */
	int base_ms;	/* before the n-th retry: a random part of base * 2^(n-1) ... */
	int cap_ms;	/* ... but of no more than this */
	int attempt_ms; /* deadline of one attempt; 0: only the caller's */
};

/* So that retries do not multiply the load on what is overloaded: every first attempt pays in, every retry costs 1. */
struct retry_budget {
	double tokens;
};
#define RETRY_BUDGET_MAX   10.0
#define RETRY_BUDGET_SHARE 0.2 /* paid in by a first attempt */

void retry_budget_init(struct retry_budget *b);
void retry_budget_pay(struct retry_budget *b);
bool retry_budget_take(struct retry_budget *b);

/* Could the same request work when it is sent again?  (Unless the service says it is final.) */
bool retry_may_help(enum cause c);
/* Does it say that the upstream is not well?  (What a breaker counts.) */
bool retry_is_upstreams_fault(enum cause c);
/*
 * Milliseconds until the next attempt, or -1: no further one.  attempt: how many there were; left_ms: of the caller's deadline,
 * -1: none.  What the upstream asks for (f->retry_after_ms) is obeyed, with some jitter on top; when it is longer than what
 * is left, there is no use in waiting.  random: 0..1.
 */
int64_t retry_after(const struct retry_policy *p, int attempt, const struct fail *f,
		    int64_t left_ms, double random);

#endif
