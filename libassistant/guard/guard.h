/*
 * guard.h - what stands between the product and one upstream: retries, a deadline per attempt, a breaker, and one vocabulary of
 * causes in metrics and logs.
 *
 *	caller --guard_call--> breaker? --> attempt --worked--> result
 *	                          ^            |failed
 *	                          +---pause----+   may help, time and budget are left
 *
 * Filters with the face of the service they wrap (guard_index.c, guard_embedder.c, guard_llm.c, ...) are built from this.  A
 * service itself tries once and says exactly what went wrong: code, cause and retry_after_ms of its struct fail
 * (aio/upstream.h does it for HTTP).  Loop thread.
 */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include "aio/flow.h"
#include "guard/breaker.h"
#include "guard/retry.h"

struct guard;
struct metrics;
struct log;

struct guard_policy {
	struct retry_policy retry;
	struct breaker_policy breaker;
};

/* 3 attempts, pauses up to 250 ms, 1 s; opens when 5 or more of the last 20 failed, for 1 s up to 30 s. */
extern const struct guard_policy guard_policy_default;

/*
 * name: the upstream in metrics and logs, e.g. "qdrant" (copied).  failures: METRIC_ id of a counter labelled by cause.
 * NULL: no memory.
 */
struct guard *guard_create(struct loop *loop, const char *name, const struct guard_policy *policy,
			   int failures, struct metrics *metrics, struct log *log);
void guard_destroy(struct guard *g); /* no call is under way */
/* EUNAVAILABLE with CAUSE_BROKEN and retry_after_ms while it is open; for readiness.  0 otherwise. */
int guard_check(struct guard *g, struct fail *f);

/*
 * One guarded call; embedded first in the operation that owns it, which is made with calloc.
 *
 * `attempt` is called once per try: it starts the wrapped service's call with the flow given, which has that attempt's deadline.
 * What the request needs must live as long as the call.  Cancelling the caller's flow cancels the attempt under way.
 */
struct guard_call {
	struct wait wait;
	struct guard *guard;
	const char *what; /* "query": for logs; static */
	void (*attempt)(struct guard_call *c, struct flow *f);
	/* May the failure be tried again?  NULL: as its cause says. */
	bool (*again)(struct guard_call *c, const struct fail *fail);
	void (*release)(struct guard_call *c); /* frees the operation; NULL: free() */

	/* the guard's */
	struct flow flow, try_flow;
	int attempts;
	unsigned ticket;
};

/* f from THEN(); it fails with the last attempt's code, sentence and cause. */
void guard_call(struct guard *g, struct guard_call *c, struct flow *f);

/* For filters that decide themselves when to try again (guard_llm.c): one attempt's admission (a ticket; 0: broken, f says
 * so) and its end, which counts and logs a failure. */
unsigned guard_enter(struct guard *g, struct fail *f);
void guard_leave(struct guard *g, unsigned ticket, int status, const struct fail *f,
		 const char *what);
/* The deadline for what a caller with so much left waits for: a little earlier, since who hangs until the caller's own has failed
 * and was not just canceled. */
int64_t guard_within(int64_t left_ms);
/* As retry_after(), with the guard's chance and budget. */
int64_t guard_pause(struct guard *g, int attempts, const struct fail *f, int64_t left_ms);

#endif
