/*
 * loop.c - the event loop over libuv.  One turn:
 *
 *	posts -> timers due -> tasks -> poll (waits only if nothing ran) -> timers due -> tasks
 *
 * Timers are a binary heap of our own, ordered by time and then by start, so that a virtual loop
 * runs the same code as a real one; libuv polls descriptors and is woken by one uv_timer.
 */
#include "aio/loop.h"
#include <assistant.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>
#include "base/check.h"

/* Tasks that defer tasks must not starve I/O. */
#define MAX_TASKS_PER_TURN 10000
/* A poll waits no longer than this before it looks again. */
#define MAX_WAIT_MS 3600000

struct timer_node {
	struct loop *loop;
	struct loop_timer *owner;
	int64_t due_ms;
	uint64_t turn; /* fires only in a later one */
	uint64_t order;
	size_t at; /* place in the heap */
};

struct watch_node {
	uv_poll_t poll; /* first */
	struct loop *loop;
	struct loop_watch *owner; /* NULL once stopped */
};

struct loop {
	uv_loop_t uv;
	uv_async_t async;
	uv_timer_t wake;
	bool is_virtual, turning, running, waited_out;
	_Atomic(uintptr_t) thread;
	atomic_bool stop;
	int64_t now_ms;
	uint64_t turn, n_started;
	size_t ran; /* callbacks in this turn */
	size_t n_watches, n_holds;
	struct timer_node **heap;
	size_t n_timers, heap_cap;
	struct list tasks;
	pthread_mutex_t lock; /* guards the posts */
	struct loop_post *first_post, **last_post;
};

static int64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void on_async(uv_async_t *async)
{
	(void)async; /* it only ends the wait; loop_turn takes the posts */
}

static void on_wake(uv_timer_t *timer)
{
	struct loop *l = timer->data;

	/* uv_run(ONCE) may run timers before it polls: without this it would then wait for good. */
	l->waited_out = true;
	uv_stop(&l->uv);
}

static struct loop *create(bool is_virtual)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	if (uv_loop_init(&l->uv) < 0) {
		free(l);
		return NULL;
	}
	if (uv_async_init(&l->uv, &l->async, on_async) < 0) {
		uv_loop_close(&l->uv);
		free(l);
		return NULL;
	}
	uv_timer_init(&l->uv, &l->wake);
	l->wake.data = l;
	l->is_virtual = is_virtual;
	l->now_ms = is_virtual ? 1000000 : monotonic_ms();
	list_init(&l->tasks);
	pthread_mutex_init(&l->lock, NULL);
	l->last_post = &l->first_post;
	atomic_init(&l->stop, false);
	atomic_init(&l->thread, (uintptr_t)pthread_self());
	return l;
}

struct loop *loop_create(void)
{
	return create(false);
}

struct loop *loop_create_virtual(void)
{
	return create(true);
}

bool loop_is_current(const struct loop *l)
{
	return atomic_load(&l->thread) == (uintptr_t)pthread_self();
}

int64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

void loop_hold(struct loop *l)
{
	l->n_holds++;
}

void loop_release(struct loop *l)
{
	PRE(l->n_holds > 0);
	l->n_holds--;
}

/* --- Timers ------------------------------------------------------------- */

static bool fires_before(const struct timer_node *a, const struct timer_node *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void heap_set(struct loop *l, size_t at, struct timer_node *node)
{
	l->heap[at] = node;
	node->at = at;
}

static void heap_up(struct loop *l, struct timer_node *node)
{
	size_t at = node->at;

	while (at > 0 && fires_before(node, l->heap[(at - 1) / 2])) {
		heap_set(l, at, l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_set(l, at, node);
}

static void heap_down(struct loop *l, struct timer_node *node)
{
	size_t at = node->at;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= l->n_timers)
			break;
		if (child + 1 < l->n_timers && fires_before(l->heap[child + 1], l->heap[child]))
			child++;
		if (!fires_before(l->heap[child], node))
			break;
		heap_set(l, at, l->heap[child]);
		at = child;
	}
	heap_set(l, at, node);
}

static int heap_add(struct loop *l, struct timer_node *node)
{
	if (l->n_timers == l->heap_cap) {
		size_t cap = l->heap_cap ? l->heap_cap * 2 : 64;
		struct timer_node **heap = realloc(l->heap, cap * sizeof(*heap));

		if (!heap)
			return ASSISTANT_ENOMEM;
		l->heap = heap;
		l->heap_cap = cap;
	}
	heap_set(l, l->n_timers++, node);
	heap_up(l, node);
	return 0;
}

static void heap_remove(struct loop *l, struct timer_node *node)
{
	struct timer_node *last = l->heap[--l->n_timers];

	if (last == node)
		return;
	heap_set(l, node->at, last);
	heap_up(l, last);
	heap_down(l, last);
}

int loop_timer_start(struct loop *l, struct loop_timer *t, int64_t after_ms,
		     void (*fn)(struct loop_timer *t))
{
	int64_t now = l->is_virtual ? l->now_ms : monotonic_ms();
	struct timer_node *node;

	loop_timer_stop(t);
	node = malloc(sizeof(*node));
	if (!node)
		return ASSISTANT_ENOMEM;
	if (after_ms < 0)
		after_ms = 0;
	if (after_ms > INT64_MAX - now)
		after_ms = INT64_MAX - now;
	*node = (struct timer_node){ .loop = l,
				     .owner = t,
				     .due_ms = now + after_ms,
				     .turn = l->turn,
				     .order = l->n_started++ };
	if (heap_add(l, node) < 0) {
		free(node);
		return ASSISTANT_ENOMEM;
	}
	t->fn = fn;
	t->impl = node;
	return 0;
}

void loop_timer_stop(struct loop_timer *t)
{
	struct timer_node *node = t->impl;

	if (!node)
		return;
	t->impl = NULL;
	heap_remove(node->loop, node);
	free(node);
}

static void run_timers(struct loop *l)
{
	while (l->n_timers) {
		struct timer_node *node = l->heap[0];
		struct loop_timer *t = node->owner;

		if (node->due_ms > l->now_ms || node->turn == l->turn)
			break;
		loop_timer_stop(t);
		l->ran++;
		t->fn(t);
	}
}

/* --- Descriptors --------------------------------------------------------- */

static int to_uv(int events)
{
	return (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch_node *node = (struct watch_node *)poll;
	int got = 0;

	if (!node->owner)
		return;
	if (!node->loop->is_virtual)
		node->loop->now_ms = monotonic_ms();
	if (status < 0)
		got |= LOOP_ERROR; /* libuv has stopped polling it */
	if (events & UV_READABLE)
		got |= LOOP_READ;
	if (events & UV_WRITABLE)
		got |= LOOP_WRITE;
	node->loop->ran++;
	node->owner->fn(node->owner, got);
}

static void free_watch(uv_handle_t *handle)
{
	free(handle);
}

int loop_watch_start(struct loop *l, struct loop_watch *w, int fd, int events,
		     void (*fn)(struct loop_watch *w, int events))
{
	struct watch_node *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		return ASSISTANT_ENOMEM;
	r = uv_poll_init(&l->uv, &node->poll, fd);
	if (r < 0) {
		free(node);
		return r == UV_ENOMEM ? ASSISTANT_ENOMEM : ASSISTANT_EINVAL;
	}
	node->loop = l;
	node->owner = w;
	w->fn = fn;
	w->impl = node;
	l->n_watches++;
	r = loop_watch_change(w, events);
	if (r < 0)
		loop_watch_stop(w);
	return r;
}

int loop_watch_change(struct loop_watch *w, int events)
{
	struct watch_node *node = w->impl;
	int r;

	PRE(node);
	r = events ? uv_poll_start(&node->poll, to_uv(events), on_poll) : uv_poll_stop(&node->poll);
	return r < 0 ? ASSISTANT_EINVAL : 0;
}

void loop_watch_stop(struct loop_watch *w)
{
	struct watch_node *node = w->impl;

	if (!node)
		return;
	w->impl = NULL;
	node->owner = NULL;
	node->loop->n_watches--;
	uv_poll_stop(&node->poll);
	uv_close((uv_handle_t *)&node->poll, free_watch);
}

/* --- Posts and tasks ------------------------------------------------------ */

void loop_post(struct loop *l, struct loop_post *p, void (*fn)(struct loop_post *p))
{
	p->fn = fn;
	p->next = NULL;
	pthread_mutex_lock(&l->lock);
	/* Waking inside the lock: loop_destroy takes it, so that no poster is still in here. */
	if (!l->first_post)
		uv_async_send(&l->async);
	*l->last_post = p;
	l->last_post = &p->next;
	pthread_mutex_unlock(&l->lock);
}

static bool has_posts(struct loop *l)
{
	bool there;

	pthread_mutex_lock(&l->lock);
	there = l->first_post != NULL;
	pthread_mutex_unlock(&l->lock);
	return there;
}

static void run_posts(struct loop *l)
{
	struct loop_post *p;

	pthread_mutex_lock(&l->lock);
	p = l->first_post;
	l->first_post = NULL;
	l->last_post = &l->first_post;
	pthread_mutex_unlock(&l->lock);
	while (p) {
		struct loop_post *next = p->next;

		l->ran++;
		p->fn(p); /* may free p */
		p = next;
	}
}

void loop_defer(struct loop *l, struct loop_task *t, void (*fn)(struct loop_task *t))
{
	loop_task_cancel(t);
	t->fn = fn;
	list_append(&l->tasks, &t->link);
}

void loop_task_cancel(struct loop_task *t)
{
	if (list_linked(&t->link))
		list_remove(&t->link);
}

static void run_tasks(struct loop *l)
{
	for (int i = 0; i < MAX_TASKS_PER_TURN && !list_empty(&l->tasks); i++) {
		struct loop_task *t = list_entry(l->tasks.next, struct loop_task, link);

		list_remove(&t->link);
		l->ran++;
		t->fn(t); /* may free t */
	}
}

/* --- Turning --------------------------------------------------------------- */

static bool registered(struct loop *l)
{
	return l->running || l->n_timers || l->n_watches || l->n_holds || !list_empty(&l->tasks) ||
	       has_posts(l);
}

static void poll_for(struct loop *l, bool wait)
{
	int64_t ms = MAX_WAIT_MS;

	l->waited_out = false;
	if (!wait) {
		uv_run(&l->uv, UV_RUN_NOWAIT);
		return;
	}
	if (l->n_timers) {
		int64_t now = l->is_virtual ? l->now_ms : monotonic_ms();

		ms = l->heap[0]->due_ms - now;
		if (ms > MAX_WAIT_MS)
			ms = MAX_WAIT_MS;
	}
	if (ms <= 0) {
		uv_run(&l->uv, UV_RUN_NOWAIT);
		l->waited_out = true;
		return;
	}
	uv_update_time(&l->uv);
	uv_timer_start(&l->wake, on_wake, (uint64_t)ms, 0);
	uv_run(&l->uv, UV_RUN_ONCE);
	uv_timer_stop(&l->wake);
}

static void jump(struct loop *l)
{
	if (l->n_timers && l->heap[0]->due_ms > l->now_ms)
		l->now_ms = l->heap[0]->due_ms;
}

/* Time moves only when nothing is left to do at this moment. */
static void poll_virtual(struct loop *l, bool wait)
{
	size_t ran = l->ran;

	poll_for(l, false);
	run_posts(l);
	if (!wait || ran || l->ran)
		return;
	if (!l->n_holds && l->n_timers) {
		jump(l);
		return;
	}
	poll_for(l, registered(l));
	run_posts(l);
	if (l->waited_out && !l->ran)
		jump(l);
}

bool loop_turn(struct loop *l, bool wait)
{
	PRE(!l->turning);
	l->turning = true;
	atomic_store(&l->thread, (uintptr_t)pthread_self());
	l->turn++;
	l->ran = 0;
	if (!l->is_virtual)
		l->now_ms = monotonic_ms();
	run_posts(l);
	run_timers(l);
	run_tasks(l);
	if (l->is_virtual) {
		poll_virtual(l, wait);
	} else {
		poll_for(l, wait && !l->ran && registered(l));
		l->now_ms = monotonic_ms();
		run_posts(l);
	}
	run_timers(l);
	run_tasks(l);
	l->turning = false;
	return registered(l);
}

/* A TLS library writes to a socket that the other side has closed: no reason to end the process. */
static bool block_sigpipe(sigset_t *before)
{
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, before);
	return !sigismember(before, SIGPIPE);
}

static void unblock_sigpipe(const sigset_t *before)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	while (sigtimedwait(&pipe, NULL, &at_once) > 0)
		; /* what was raised meanwhile */
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

void loop_run(struct loop *l)
{
	sigset_t before;
	bool blocked = block_sigpipe(&before);

	/* Nothing registered is no reason to end: a post may come. */
	l->running = true;
	while (!atomic_exchange(&l->stop, false))
		loop_turn(l, true);
	l->running = false;
	if (blocked)
		unblock_sigpipe(&before);
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	uv_async_send(&l->async);
}

void loop_destroy(struct loop *l)
{
	if (!l)
		return;
	atomic_store(&l->thread, (uintptr_t)pthread_self());
	/* What other threads posted and what was put off is still to be released. */
	do {
		run_posts(l);
		run_tasks(l);
	} while (has_posts(l) || !list_empty(&l->tasks));
	PRE(!l->n_timers && !l->n_watches && !l->n_holds);
	uv_close((uv_handle_t *)&l->async, NULL);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&l->uv) < 0)
		IMPOSSIBLE("a libuv handle is still open");
	pthread_mutex_destroy(&l->lock);
	free(l->heap);
	free(l);
}
