/*
 * flow.h - multi-step asynchronous work, written as a list of named steps.
 *
 * A flow is one unit of work (a search, a tool call, a turn): a struct that holds what outlives a
 * step, with a struct flow embedded, and small functions in reading order.  Each step does one
 * thing and then ends in exactly one of:
 *	service_call(..., THEN(f, next_step))	waits
 *	flow_join(THEN(f, next_step))		waits for children
 *	flow_done(f) / flow_fail(f, code)	ends
 *	next_step(f)				goes on at once
 *
 * The laws (tests/unit/test_flow.c proves each):
 *  1. A service never continues its caller inside the submitting call, even when the answer is
 *     ready; neither does flow_begin run a step or on_end inside itself.
 *  2. A submitted wait is finished exactly once, by its service; a flow that is cancelled
 *     detaches from it and does not hear of it any more.
 *  3. Results are written at delivery, on the loop thread, never after detach: the operation owns
 *     its memory, `deliver` copies out, `release` frees, before the next step runs.
 *  4. Ending a flow is the last thing a step does: the owner may free it inside on_end.  Children
 *     that still run are ended first, as by flow_cancel.
 *  5. Failure skips the remaining steps and ends the flow with that code, unless the step was
 *     named THEN_ANYWAY; then f->status and f->fail tell.
 *  6. A deadline belongs to the flow; a child inherits what remains of its parent's.  When it
 *     passes, the flow and its children end with ASSISTANT_ETIMEOUT, their waits detached and
 *     cancelled.
 *  7. flow_cancel is safe at any time on the loop thread: while waiting, between finish and
 *     delivery, from a step of the same flow (takes effect when the step returns, unless the step
 *     ended the flow), and after the end (no effect).  Children end before their parent.  Except from
 *     a step of the same flow or of a child, on_end runs inside flow_cancel.
 */
#ifndef AIO_FLOW_H
#define AIO_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include "aio/loop.h"
#include "base/fail.h"

struct flow;
typedef void flow_step(struct flow *f);

/* What a service holds while it works for a flow: embed it first in the operation's struct. */
struct wait {
	struct flow *flow; /* NULL once detached */
	struct loop *loop;
	struct loop_task task; /* delivery, when finished on the loop thread */
	struct loop_post post; /* delivery, when finished on another thread */
	bool finished;	       /* as the loop thread knows */
	int status;
	struct fail fail;
	/* Loop thread, only when not detached and status >= 0; may be NULL.  May turn w->status
	 * (and w->fail) into a failure, when copying out fails. */
	void (*deliver)(struct wait *w);
	/* Loop thread, after detaching, unless finished: asked to finish early; may be NULL.  An
	 * operation of this thread may call wait_finish in it; one that another thread finishes
	 * only tells that thread. */
	void (*cancel)(struct wait *w);
	/* Loop thread, exactly once, last, never inside wait_finish: frees the operation; may be
	 * NULL. */
	void (*release)(struct wait *w);
};

#define FLOW_TRAIL 8

struct flow {
	struct loop *loop;
	const char *name; /* "search" */
	const char *at;	  /* the step we are in or waiting for */
	const char *trail[FLOW_TRAIL];
	unsigned n_steps;
	flow_step *next;
	flow_step *on_end; /* the owner's continuation; may free the flow */
	struct wait *waiting;
	struct flow *parent;
	struct list children, sibling;
	struct loop_timer deadline;
	int64_t deadline_ms; /* its own, in loop time; 0: none */
	int64_t began_ms;
	struct loop_task task; /* start, or going on without an operation */
	int status;
	struct fail fail;
	bool *gone; /* while running: told that the flow ended and may be freed */
	int abort_code;
	bool anyway, running, refused, joining, cancelled, aborting, ended;
};

#define FIRST(step)	     (step), #step
#define THEN(f, step)	     flow_then((f), (step), #step, false)
#define THEN_ANYWAY(f, step) flow_then((f), (step), #step, true)

struct flow *flow_then(struct flow *f, flow_step *step, const char *at, bool anyway);

/* The first step runs in a later task of this loop turn.  f is overwritten.  parent (may be NULL)
 * must not have ended, and will not end before f has. */
void flow_begin(struct flow *f, struct loop *loop, struct flow *parent, const char *name,
		flow_step *first, const char *at, flow_step *on_end);
/* From now; a parent's earlier deadline stays in force. */
void flow_set_deadline(struct flow *f, int64_t after_ms);
int64_t flow_remaining_ms(const struct flow *f); /* -1: no deadline */
/* Only from a step of f. */
void flow_done(struct flow *f);
void flow_fail(struct flow *f, int code); /* f->fail may have been written with FAIL() before */
void flow_cancel(struct flow *f);	  /* ends with ASSISTANT_ECANCELED */
/*
 * Waits until all running children (begun with parent = f) have ended.  f from THEN().  Children's
 * failures do not fail the parent; their owners look at their status in on_end.
 */
void flow_join(struct flow *f);
/* Waits: usable as a service call. */
void flow_sleep(struct flow *f, int64_t ms);

/*
 * For services.  wait_begin: f comes from THEN(); w is zeroed and bound, then the service sets
 * deliver, cancel and release.  wait_finish: loop thread; wait_finish_from: any thread.  fail may
 * be NULL.
 */
void wait_begin(struct wait *w, struct flow *f);
void wait_finish(struct wait *w, int status, const struct fail *fail);
void wait_finish_from(struct wait *w, int status, const struct fail *fail);
/* Fails f's wait without an operation (no memory for one); delivered later, like every answer. */
void flow_refuse(struct flow *f, int code, const struct fail *fail);
static inline bool wait_detached(const struct wait *w) /* loop thread */
{
	return !w->flow;
}

/* "understand < turn: step_a, step_b*": name, parents and the last steps; for logs. */
const char *flow_story(const struct flow *f, char *buf, size_t size);

#endif
