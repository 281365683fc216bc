/*
 * loop.h - one event loop; the only header behind which libuv lives (loop.c).
 *
 * All functions belong to the loop's thread except loop_post and loop_stop.  Callbacks never run
 * inside the call that registers them.  Handles are embedded in their owner's struct; closing is
 * asynchronous inside libuv, so loop.c owns the uv handles and the embedded part may be freed right
 * after _stop.
 *
 * A virtual loop (tests, simulation) has the same face: time stands still while there is work, and
 * jumps to the next timer when there is none.
 */
#ifndef AIO_LOOP_H
#define AIO_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/list.h"

struct loop;
struct loop_timer {
	void (*fn)(struct loop_timer *t);
	void *impl; /* loop.c's */
};
struct loop_watch {
	void (*fn)(struct loop_watch *w, int events);
	void *impl;
};
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_ERROR = 4 };

struct loop *loop_create(void);		/* NULL: no memory or descriptors */
struct loop *loop_create_virtual(void); /* fds and posts work; timers jump */
void loop_destroy(struct loop *l);	/* nothing may be registered any more */

/* Runs until loop_stop; SIGPIPE is blocked on this thread meanwhile. */
void loop_run(struct loop *l);
/* Runs what is ready; when nothing was and wait is set, waits for one event (a virtual loop jumps
 * to its next timer instead).  false: nothing is registered, and nothing can happen but a post. */
bool loop_turn(struct loop *l, bool wait);
void loop_stop(struct loop *l); /* any thread */
/* On the thread that turned the loop last (before the first turn: that created it). */
bool loop_is_current(const struct loop *l);

/*
 * Something outside (a lane's work, a transfer) is under way and will post or make a descriptor
 * ready.  It counts as registered, and while there is any a virtual loop does not jump: it waits,
 * in real time, for as long as its next timer is away.
 */
void loop_hold(struct loop *l);
void loop_release(struct loop *l);

/* Monotonic ms, as of this turn. */
int64_t loop_now_ms(const struct loop *l);

/* One-shot; starting again moves it.  0 ms fires in the next turn.  0 or ASSISTANT_ENOMEM. */
int loop_timer_start(struct loop *l, struct loop_timer *t, int64_t after_ms,
		     void (*fn)(struct loop_timer *t));
void loop_timer_stop(struct loop_timer *t); /* zeroed or stopped: fine */

/* After LOOP_ERROR nothing more is reported until _change.  fd stays the caller's and must stay
 * open until _stop.  0, ENOMEM, or EINVAL: cannot be polled. */
int loop_watch_start(struct loop *l, struct loop_watch *w, int fd, int events,
		     void (*fn)(struct loop_watch *w, int events));
int loop_watch_change(struct loop_watch *w, int events);
void loop_watch_stop(struct loop_watch *w);

/* Any thread: fn(arg) runs once on the loop thread, in order of posting.  Never fails: the node is
 * the caller's and must stay until fn runs. */
struct loop_post {
	void (*fn)(struct loop_post *p);
	struct loop_post *next; /* loop.c's */
};
void loop_post(struct loop *l, struct loop_post *p, void (*fn)(struct loop_post *p));

/* Loop thread: fn runs later in this turn (before waiting for I/O), in order.  Deferring a task
 * that already waits moves it to the end. */
struct loop_task {
	struct list link;
	void (*fn)(struct loop_task *t);
};
void loop_defer(struct loop *l, struct loop_task *t, void (*fn)(struct loop_task *t));
void loop_task_cancel(struct loop_task *t); /* zeroed or run: fine */

#endif
