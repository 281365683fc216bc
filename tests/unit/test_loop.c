/*
 * test_loop.c - timers, descriptors, posts and tasks, on real and virtual loops.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <assistant.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "aio/loop.h"
#include "base/clean.h"

static int setup_real(void **state)
{
	*state = loop_create();
	return *state ? 0 : -1;
}

static int setup_virtual(void **state)
{
	*state = loop_create_virtual();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	loop_destroy(*state);
	return 0;
}

static int64_t wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- Timers ---------------------------------------------------------------------- */

struct alarm {
	struct loop_timer timer;
	struct loop *loop;
	int name;
	int fired;
	int64_t at_ms;
	int64_t again_ms; /* restarts itself after so long; -1: not */
};

static char order[64];
static size_t n_order;

static void on_alarm(struct loop_timer *t)
{
	struct alarm *a = container_of(t, struct alarm, timer);

	a->fired++;
	a->at_ms = loop_now_ms(a->loop);
	order[n_order++ % sizeof(order)] = (char)a->name;
	if (a->again_ms >= 0)
		loop_timer_start(a->loop, t, a->again_ms, on_alarm);
}

static void set(struct alarm *a, struct loop *l, int name, int64_t ms)
{
	*a = (struct alarm){ .loop = l, .name = name, .again_ms = -1 };
	assert_int_equal(loop_timer_start(l, &a->timer, ms, on_alarm), 0);
}

static void test_timers_in_order(void **state)
{
	/* Far enough apart for a machine that stops between two starts. */
	static const int delays[] = { 600, 200, 400, 200, 0, 500 };
	struct alarm a[ARRAY_SIZE(delays)];
	struct loop *l = *state;
	int64_t began;

	loop_turn(l, false);
	began = loop_now_ms(l);
	n_order = 0;
	for (size_t i = 0; i < ARRAY_SIZE(delays); i++)
		set(&a[i], l, 'a' + (int)i, delays[i]);
	while (loop_turn(l, true))
		;
	order[n_order] = '\0';
	assert_string_equal(order, "ebdcfa"); /* equal times: as started */
	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		assert_int_equal(a[i].fired, 1);
		assert_true(a[i].at_ms - began >= delays[i]);
	}
}

static void test_virtual_time_jumps(void **state)
{
	struct loop *l = *state;
	int64_t began = loop_now_ms(l), wall = wall_ms();
	struct alarm day, week;

	set(&day, l, 'd', 86400000);
	set(&week, l, 'w', INT64_C(7) * 86400000);
	loop_turn(l, false);
	assert_int_equal(loop_now_ms(l), began); /* without waiting time stands still */
	loop_turn(l, true);
	assert_int_equal(day.fired, 1);
	assert_int_equal(week.fired, 0);
	assert_int_equal(loop_now_ms(l) - began, 86400000);
	assert_false(loop_turn(l, true));
	assert_int_equal(week.at_ms - began, INT64_C(7) * 86400000);
	assert_true(wall_ms() - wall < 5000);
}

static void count_up(struct loop_task *t);

struct counting {
	struct loop_task task;
	struct loop *loop;
	int n, until;
	struct alarm *alarm;
};

static void count_up(struct loop_task *t)
{
	struct counting *c = container_of(t, struct counting, task);

	assert_int_equal(c->alarm->fired, 0);
	if (++c->n < c->until)
		loop_defer(c->loop, t, count_up);
}

static void test_virtual_time_stands_still_while_there_is_work(void **state)
{
	struct loop *l = *state;
	int64_t began = loop_now_ms(l);
	struct counting c = { .loop = l, .until = 50000 };
	struct alarm a;

	set(&a, l, 'a', 1);
	c.alarm = &a;
	loop_defer(l, &c.task, count_up);
	while (c.n < c.until)
		loop_turn(l, true);
	assert_int_equal(loop_now_ms(l), began);
	assert_int_equal(a.fired, 0);
	while (loop_turn(l, true))
		;
	assert_int_equal(a.at_ms, began + 1);
}

static void test_zero_fires_in_the_next_turn(void **state)
{
	struct loop *l = *state;
	struct alarm a;

	set(&a, l, 'a', 0);
	a.again_ms = 0;
	for (int i = 1; i <= 5; i++) {
		loop_turn(l, false);
		assert_int_equal(a.fired, i); /* once a turn, though it restarts itself */
	}
	loop_timer_stop(&a.timer);
	assert_false(loop_turn(l, false));
}

static void test_stopping_and_moving_timers(void **state)
{
	struct loop_timer zeroed = { 0 };
	struct loop *l = *state;
	struct alarm a, b;

	loop_timer_stop(&zeroed);
	set(&a, l, 'a', 5);
	set(&b, l, 'b', 10);
	loop_timer_stop(&a.timer);
	loop_timer_stop(&a.timer);
	loop_timer_start(l, &b.timer, 20, on_alarm);
	loop_timer_start(l, &b.timer, 1, on_alarm);
	while (loop_turn(l, true))
		;
	assert_int_equal(a.fired, 0);
	assert_int_equal(b.fired, 1);
}

static void test_a_thousand_timers(void **state)
{
	enum { N = 1000 };
	struct alarm *a = calloc(N, sizeof(*a));
	struct loop *l = *state;
	int64_t last = 0;
	unsigned seed = 7;

	for (int i = 0; i < N; i++)
		set(&a[i], l, 'x', rand_r(&seed) % 500);
	for (int i = 0; i < N; i += 3)
		loop_timer_stop(&a[i].timer);
	while (loop_turn(l, true)) {
		assert_true(loop_now_ms(l) >= last);
		last = loop_now_ms(l);
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(a[i].fired, i % 3 != 0);
	free(a);
}

static void free_alarm(struct loop_timer *t)
{
	free(container_of(t, struct alarm, timer));
}

static void test_a_timer_may_be_freed_when_it_fires(void **state)
{
	struct alarm *a = calloc(1, sizeof(*a));

	loop_timer_start(*state, &a->timer, 1, free_alarm);
	while (loop_turn(*state, true))
		;
}

static void test_waiting_uses_no_processor(void **state)
{
	struct loop *l = *state;
	int64_t began = wall_ms(), cpu = cpu_ms();
	struct alarm a;
	int turns = 0;

	set(&a, l, 'a', 120);
	while (loop_turn(l, true))
		turns++;
	assert_in_range(wall_ms() - began, 118, 5000);
	assert_true(cpu_ms() - cpu < 50);
	assert_in_range(turns, 0, 5);
}

/* --- Descriptors -------------------------------------------------------------------- */

struct end {
	struct loop_watch watch;
	struct loop *loop;
	int fd, n, events;
	bool stop;
};

static void on_end(struct loop_watch *w, int events)
{
	struct end *e = container_of(w, struct end, watch);
	char c;

	e->n++;
	e->events |= events;
	if (events & LOOP_READ && read(e->fd, &c, 1) == 0)
		e->stop = true;
	if (e->stop)
		loop_watch_stop(w);
}

static void test_watching(void **state)
{
	struct loop *l = *state;
	struct end e = { .loop = l };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	e.fd = fds[0];
	assert_int_equal(loop_watch_start(l, &e.watch, fds[0], LOOP_READ, on_end), 0);
	assert_true(loop_turn(l, false));
	assert_int_equal(e.n, 0);
	assert_int_equal(write(fds[1], "ab", 2), 2);
	loop_turn(l, true);
	assert_int_equal(e.n, 1);
	loop_turn(l, true); /* what is left to read is told again */
	assert_int_equal(e.n, 2);
	assert_int_equal(e.events, LOOP_READ);
	loop_watch_change(&e.watch, LOOP_READ | LOOP_WRITE);
	loop_turn(l, true);
	assert_int_equal(e.events, LOOP_READ | LOOP_WRITE);
	loop_watch_change(&e.watch, 0);
	e.n = 0;
	loop_turn(l, false);
	assert_int_equal(e.n, 0);
	loop_watch_change(&e.watch, LOOP_READ);
	close(fds[1]);
	while (!e.stop)
		loop_turn(l, true);
	assert_false(loop_turn(l, false));
	close(fds[0]);
}

static void test_the_same_descriptor_again(void **state)
{
	struct loop *l = *state;

	for (int i = 0; i < 100; i++) {
		struct end *e = calloc(1, sizeof(*e));
		int fds[2];

		assert_int_equal(pipe(fds), 0);
		e->fd = fds[0];
		assert_int_equal(loop_watch_start(l, &e->watch, fds[0], LOOP_READ, on_end), 0);
		assert_int_equal(write(fds[1], "x", 1), 1);
		e->stop = true;
		loop_turn(l, true);
		assert_int_equal(e->n, 1);
		close(fds[0]); /* the number comes back in the next round */
		close(fds[1]);
		free(e); /* the loop keeps what libuv needs */
	}
}

static void test_what_cannot_be_watched(void **state)
{
	struct loop_watch w = { 0 };
	FILE *file = tmpfile();

	assert_int_equal(loop_watch_start(*state, &w, -1, LOOP_READ, on_end), ASSISTANT_EINVAL);
	assert_int_equal(loop_watch_start(*state, &w, fileno(file), LOOP_READ, on_end),
			 ASSISTANT_EINVAL);
	loop_watch_stop(&w);
	fclose(file);
}

static void test_a_virtual_loop_sees_descriptors_before_it_jumps(void **state)
{
	struct loop *l = *state;
	struct end e = { .loop = l };
	struct alarm a;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	e.fd = fds[0];
	loop_watch_start(l, &e.watch, fds[0], LOOP_READ, on_end);
	assert_int_equal(write(fds[1], "x", 1), 1);
	set(&a, l, 'a', 1000);
	loop_turn(l, true);
	assert_int_equal(e.n, 1);
	assert_int_equal(a.fired, 0);
	loop_turn(l, true);
	assert_int_equal(a.fired, 1);
	loop_watch_stop(&e.watch);
	close(fds[0]);
	close(fds[1]);
}

/* --- Posts ----------------------------------------------------------------------------- */

struct letter {
	struct loop_post post;
	struct loop *loop;
	int from, number;
	int *last; /* of the sender; on the loop thread */
	int *n_read;
};

static void on_letter(struct loop_post *p)
{
	struct letter *x = container_of(p, struct letter, post);

	assert_true(loop_is_current(x->loop));
	assert_int_equal(x->number, *x->last + 1); /* in order of posting */
	*x->last = x->number;
	(*x->n_read)++;
	free(x);
}

enum { SENDERS = 4, LETTERS = 5000 };

struct sender {
	struct loop *loop;
	int from;
	int *last, *n_read;
};

static void *send_letters(void *arg)
{
	struct sender *s = arg;

	assert_false(loop_is_current(s->loop));
	for (int i = 1; i <= LETTERS; i++) {
		struct letter *x = calloc(1, sizeof(*x));

		*x = (struct letter){ .loop = s->loop,
				      .from = s->from,
				      .number = i,
				      .last = s->last,
				      .n_read = s->n_read };
		loop_post(s->loop, &x->post, on_letter);
	}
	return NULL;
}

static void test_posts_from_threads(void **state)
{
	struct loop *l = *state;
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	int last[SENDERS] = { 0 }, n_read = 0;

	loop_hold(l);
	loop_turn(l, false);
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ l, i, &last[i], &n_read };
		pthread_create(&threads[i], NULL, send_letters, &senders[i]);
	}
	while (n_read < SENDERS * LETTERS)
		loop_turn(l, true);
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(last[i], LETTERS);
	}
	loop_release(l);
	assert_false(loop_turn(l, false));
}

static void test_destroy_runs_what_was_posted(void **state)
{
	struct loop *l = loop_create();
	int last = 0, n_read = 0;
	struct sender s = { l, 0, &last, &n_read };
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, send_letters, &s);
	pthread_join(thread, NULL);
	loop_destroy(l);
	assert_int_equal(n_read, LETTERS);
	loop_destroy(NULL);
}

struct stopper {
	struct loop *loop;
	atomic_bool stopped;
};

static void *stop_later(void *arg)
{
	struct stopper *s = arg;
	struct timespec ts = { 0, 30000000 };

	nanosleep(&ts, NULL);
	atomic_store(&s->stopped, true);
	loop_stop(s->loop);
	return NULL;
}

static void test_run_until_stopped_by_another_thread(void **state)
{
	struct stopper s = { .loop = *state };
	pthread_t thread;
	int64_t cpu = cpu_ms();

	for (int i = 0; i < 3; i++) {
		atomic_store(&s.stopped, false);
		pthread_create(&thread, NULL, stop_later, &s);
		loop_run(*state); /* with nothing registered it waits all the same */
		assert_true(atomic_load(&s.stopped));
		pthread_join(thread, NULL);
	}
	assert_true(cpu_ms() - cpu < 60);
}

static void stop_now(struct loop_timer *t)
{
	loop_stop(container_of(t, struct alarm, timer)->loop);
}

static void test_run_on_a_virtual_loop_jumps(void **state)
{
	struct alarm a = { .loop = *state };
	int64_t began = loop_now_ms(*state);

	loop_timer_start(*state, &a.timer, 3600000, stop_now);
	loop_run(*state);
	assert_int_equal(loop_now_ms(*state) - began, 3600000);
}

static void write_to_nobody(struct loop_timer *t)
{
	struct alarm *a = container_of(t, struct alarm, timer);
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(write(fds[1], "x", 1), -1);
	close(fds[1]);
	a->fired++;
	loop_stop(a->loop);
}

static void test_a_closed_pipe_does_not_end_the_process(void **state)
{
	struct alarm a = { .loop = *state };
	sigset_t mask, pending;

	signal(SIGPIPE, SIG_DFL);
	loop_timer_start(*state, &a.timer, 0, write_to_nobody);
	loop_run(*state);
	assert_int_equal(a.fired, 1);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	assert_false(sigismember(&mask, SIGPIPE));
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
}

/* Outside work is under way: a virtual loop waits for it as long as its next timer is away. */
static void test_a_hold_keeps_virtual_time(void **state)
{
	struct loop *l = *state;
	int64_t began = loop_now_ms(l);
	struct stopper s = { .loop = l };
	struct alarm a;
	pthread_t thread;

	set(&a, l, 'a', 60000);
	loop_hold(l);
	pthread_create(&thread, NULL, stop_later, &s);
	loop_run(l);
	pthread_join(thread, NULL);
	assert_int_equal(loop_now_ms(l), began);
	assert_int_equal(a.fired, 0);
	/* It does not wait longer than that. */
	loop_timer_start(l, &a.timer, 30, on_alarm);
	assert_true(loop_turn(l, true));
	while (!a.fired)
		loop_turn(l, true);
	loop_release(l);
	assert_false(loop_turn(l, true));
}

/* --- Tasks ------------------------------------------------------------------------------- */

struct chore {
	struct loop_task task;
	struct loop *loop;
	int name;
	struct chore *cancels;
};

static void on_chore(struct loop_task *t)
{
	struct chore *c = container_of(t, struct chore, task);

	order[n_order++] = (char)c->name;
	if (c->cancels)
		loop_task_cancel(&c->cancels->task);
}

static void test_tasks(void **state)
{
	struct loop *l = *state;
	struct chore a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };
	struct loop_task zeroed = { .fn = NULL };

	loop_task_cancel(&zeroed);
	n_order = 0;
	loop_defer(l, &a.task, on_chore);
	loop_defer(l, &b.task, on_chore);
	loop_defer(l, &c.task, on_chore);
	loop_defer(l, &a.task, on_chore); /* again: it moves to the end */
	assert_int_equal(n_order, 0);
	assert_false(loop_turn(l, false));
	order[n_order] = '\0';
	assert_string_equal(order, "bca");
	n_order = 0;
	a.cancels = &b;
	loop_defer(l, &a.task, on_chore);
	loop_defer(l, &b.task, on_chore);
	loop_turn(l, false);
	loop_task_cancel(&a.task);
	order[n_order] = '\0';
	assert_string_equal(order, "a");
}

static void test_a_turn_does_not_wait_after_work(void **state)
{
	struct loop *l = *state;
	struct chore a = { .name = 'a' };
	int64_t began = wall_ms();
	struct alarm later;

	n_order = 0;
	set(&later, l, 'l', 5000);
	loop_defer(l, &a.task, on_chore);
	loop_turn(l, true);
	assert_int_equal(n_order, 1);
	assert_true(wall_ms() - began < 2000);
	loop_timer_stop(&later.timer);
}

static void test_nothing_registered(void **state)
{
	int64_t began = wall_ms();

	assert_false(loop_turn(*state, true));
	assert_true(wall_ms() - began < 2000);
}

#define REAL(name)                                                                                 \
	{                                                                                          \
#name "_real", name, setup_real, teardown, NULL                                    \
	}
#define VIRTUAL(name)                                                                              \
	{                                                                                          \
#name "_virtual", name, setup_virtual, teardown, NULL                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REAL(test_timers_in_order),
		VIRTUAL(test_timers_in_order),
		VIRTUAL(test_virtual_time_jumps),
		VIRTUAL(test_virtual_time_stands_still_while_there_is_work),
		REAL(test_zero_fires_in_the_next_turn),
		VIRTUAL(test_zero_fires_in_the_next_turn),
		REAL(test_stopping_and_moving_timers),
		VIRTUAL(test_stopping_and_moving_timers),
		REAL(test_a_thousand_timers),
		VIRTUAL(test_a_thousand_timers),
		REAL(test_a_timer_may_be_freed_when_it_fires),
		VIRTUAL(test_a_timer_may_be_freed_when_it_fires),
		REAL(test_waiting_uses_no_processor),
		REAL(test_watching),
		VIRTUAL(test_watching),
		REAL(test_the_same_descriptor_again),
		VIRTUAL(test_the_same_descriptor_again),
		REAL(test_what_cannot_be_watched),
		VIRTUAL(test_a_virtual_loop_sees_descriptors_before_it_jumps),
		REAL(test_posts_from_threads),
		VIRTUAL(test_posts_from_threads),
		REAL(test_destroy_runs_what_was_posted),
		REAL(test_run_until_stopped_by_another_thread),
		VIRTUAL(test_run_until_stopped_by_another_thread),
		VIRTUAL(test_run_on_a_virtual_loop_jumps),
		REAL(test_a_closed_pipe_does_not_end_the_process),
		VIRTUAL(test_a_hold_keeps_virtual_time),
		REAL(test_tasks),
		VIRTUAL(test_tasks),
		REAL(test_a_turn_does_not_wait_after_work),
		REAL(test_nothing_registered),
		VIRTUAL(test_nothing_registered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
