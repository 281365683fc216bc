/*
 * work.c - lanes.  A piece of work moves
 *
 *	queued ---> running ---> posted ---> settled (deliver, release)
 *	   +-- detached before it began: leaves the queue at once
 */
#include "aio/work.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "base/check.h"

struct lane {
	struct loop *loop;
	char name[16]; /* as long as a thread's */
	unsigned max_queued;
	unsigned refs; /* ours and one per unsettled work; loop thread */
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct list queue;
	unsigned n_queued, n_running;
	bool ending;
};

bool work_cancelled(const struct work *w)
{
	return __atomic_load_n(&w->cancelled, __ATOMIC_ACQUIRE);
}

static struct work *take(struct lane *lane)
{
	struct work *w = NULL;

	pthread_mutex_lock(&lane->lock);
	while (list_empty(&lane->queue) && !lane->ending)
		pthread_cond_wait(&lane->changed, &lane->lock);
	if (!list_empty(&lane->queue)) {
		w = list_entry(lane->queue.next, struct work, link);
		list_remove(&w->link);
		lane->n_queued--;
		lane->n_running++;
	}
	pthread_mutex_unlock(&lane->lock);
	return w;
}

static void *lane_main(void *arg)
{
	struct lane *lane = arg;
	struct work *w;

	while ((w = take(lane))) {
		struct fail fail = FAIL_INIT;
		int r = w->run(w, &fail);

		pthread_mutex_lock(&lane->lock);
		lane->n_running--;
		pthread_mutex_unlock(&lane->lock);
		wait_finish_from(&w->wait, r, &fail);
	}
	return NULL;
}

/* Signals are for the program's own threads. */
static int start_thread(struct lane *lane)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&lane->thread, NULL, lane_main, lane);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r)
		return ASSISTANT_ENOMEM;
	pthread_setname_np(lane->thread, lane->name);
	return 0;
}

static void lane_unref(struct lane *lane)
{
	if (--lane->refs)
		return;
	pthread_cond_destroy(&lane->changed);
	pthread_mutex_destroy(&lane->lock);
	free(lane);
}

struct lane *lane_create(struct loop *loop, const char *name, unsigned max_queued)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return NULL;
	lane->loop = loop;
	lane->refs = 1;
	snprintf(lane->name, sizeof(lane->name), "%s", name);
	lane->max_queued = max_queued;
	list_init(&lane->queue);
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->changed, NULL);
	if (start_thread(lane) < 0) {
		lane_unref(lane);
		return NULL;
	}
	return lane;
}

void lane_destroy(struct lane *lane)
{
	if (!lane)
		return;
	pthread_mutex_lock(&lane->lock);
	lane->ending = true;
	pthread_cond_signal(&lane->changed);
	pthread_mutex_unlock(&lane->lock);
	pthread_join(lane->thread, NULL);
	lane_unref(lane);
}

unsigned lane_depth(const struct lane *lane)
{
	struct lane *l = (struct lane *)(uintptr_t)lane;
	unsigned n;

	pthread_mutex_lock(&l->lock);
	n = l->n_queued + l->n_running;
	pthread_mutex_unlock(&l->lock);
	return n;
}

static void work_cancel(struct wait *wait)
{
	struct work *w = container_of(wait, struct work, wait);
	bool queued;

	__atomic_store_n(&w->cancelled, true, __ATOMIC_RELEASE);
	pthread_mutex_lock(&w->lane->lock);
	queued = list_linked(&w->link);
	if (queued) {
		list_remove(&w->link);
		w->lane->n_queued--;
	}
	pthread_mutex_unlock(&w->lane->lock);
	if (queued)
		wait_finish(wait, ASSISTANT_ECANCELED, NULL);
}

static void work_release(struct wait *wait)
{
	struct work *w = container_of(wait, struct work, wait);

	loop_release(wait->loop);
	lane_unref(w->lane);
	if (w->release)
		w->release(wait); /* frees w */
}

void lane_run(struct lane *lane, struct work *w, int (*run)(struct work *w, struct fail *fail),
	      void (*deliver)(struct wait *w), void (*release)(struct wait *w), struct flow *f)
{
	struct fail fail = FAIL_INIT;
	bool full;

	wait_begin(&w->wait, f);
	w->wait.deliver = deliver;
	w->wait.cancel = work_cancel;
	w->wait.release = work_release;
	w->run = run;
	w->release = release;
	w->lane = lane;
	w->cancelled = false;
	list_init(&w->link);
	loop_hold(lane->loop);
	lane->refs++;
	pthread_mutex_lock(&lane->lock);
	full = lane->n_queued >= lane->max_queued || lane->ending;
	if (!full) {
		list_append(&lane->queue, &w->link);
		lane->n_queued++;
		pthread_cond_signal(&lane->changed);
	}
	pthread_mutex_unlock(&lane->lock);
	if (!full)
		return;
	FAIL(&fail, ASSISTANT_EUNAVAILABLE, "The %s queue is full (%u waiting).", lane->name,
	     lane->max_queued);
	fail.retry_after_ms = 1000;
	wait_finish(&w->wait, ASSISTANT_EUNAVAILABLE, &fail);
}
