/*
 * work.h - lanes: blocking work (SQLite, a transformer, a caller's tool) on threads of our own.
 *
 * A lane runs one piece at a time, in order, on one thread.  Not libuv's pool: that one is
 * process-wide and shared with the embedding program.
 */
#ifndef AIO_WORK_H
#define AIO_WORK_H

#include "aio/flow.h"

struct lane;

/* max_queued: submissions beyond it fail with ASSISTANT_EUNAVAILABLE (delivered, not returned). */
struct lane *lane_create(struct loop *loop, const char *name, unsigned max_queued);
/* Runs what is queued, joins the thread.  Loop thread or after the loop ended. */
void lane_destroy(struct lane *lane);
unsigned lane_depth(const struct lane *lane); /* queued + running; any thread */

/*
 * An operation embeds struct work first; its wait's deliver and release do the rest.  run is called
 * on the lane's thread and returns 0 or a negative code, with *fail written.  A detached operation
 * that has not started is skipped (its run is not called) and gives its place in the queue back;
 * one in progress may look at work_cancelled.
 */
struct work {
	struct wait wait;
	int (*run)(struct work *w, struct fail *fail);
	void (*release)(struct wait *w); /* the owner's */
	struct list link;		 /* lane's */
	bool cancelled;			 /* atomic */
	struct lane *lane;
};

/* f from THEN(); deliver and release may be NULL. */
void lane_run(struct lane *lane, struct work *w, int (*run)(struct work *w, struct fail *fail),
	      void (*deliver)(struct wait *w), void (*release)(struct wait *w), struct flow *f);
bool work_cancelled(const struct work *w); /* any thread */

#endif
