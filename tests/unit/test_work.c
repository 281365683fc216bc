/*
 * test_work.c - lanes: order, limits, cancelling, ending; and the state tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "aio/state.h"
#include "aio/work.h"

static atomic_int n_run, n_released;
static pthread_t loop_thread;
static sem_t gate;    /* held work waits here */
static sem_t entered; /* ... after saying so here */

struct piece {
	struct work work; /* first */
	int in, result, *out;
	bool hold;
	int status;
};

struct job {
	struct flow flow;
	struct lane *lane;
	int in, out, ends;
	bool hold;
	int status; /* what run returns */
};

static int piece_run(struct work *w, struct fail *fail)
{
	struct piece *p = container_of(w, struct piece, work);

	assert_false(pthread_equal(pthread_self(), loop_thread));
	if (p->hold) {
		sem_post(&entered);
		sem_wait(&gate);
		if (work_cancelled(w))
			return FAIL(fail, ASSISTANT_ECANCELED, "Seen.");
	}
	atomic_fetch_add(&n_run, 1);
	if (p->status < 0)
		return FAIL(fail, p->status, "Piece %d failed.", p->in);
	p->result = p->in * 2;
	return 0;
}

static void piece_deliver(struct wait *w)
{
	struct piece *p = container_of(w, struct piece, work.wait);

	assert_true(pthread_equal(pthread_self(), loop_thread));
	*p->out = p->result;
}

static void piece_release(struct wait *w)
{
	assert_true(pthread_equal(pthread_self(), loop_thread));
	atomic_fetch_add(&n_released, 1);
	free(container_of(w, struct piece, work.wait));
}

static flow_step job_work, job_worked;

static void job_work(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);
	struct piece *p = calloc(1, sizeof(*p));

	p->in = j->in;
	p->out = &j->out;
	p->hold = j->hold;
	p->status = j->status;
	lane_run(j->lane, &p->work, piece_run, piece_deliver, piece_release, THEN(f, job_worked));
}

static void job_worked(struct flow *f)
{
	flow_done(f);
}

static void job_ended(struct flow *f)
{
	container_of(f, struct job, flow)->ends++;
}

struct world {
	struct loop *loop;
	struct lane *lane;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	loop_thread = pthread_self();
	atomic_store(&n_run, 0);
	atomic_store(&n_released, 0);
	sem_init(&gate, 0, 0);
	sem_init(&entered, 0, 0);
	w->loop = loop_create_virtual();
	w->lane = lane_create(w->loop, "test", 8);
	*state = w;
	return w->lane ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	lane_destroy(w->lane);
	loop_destroy(w->loop);
	sem_destroy(&gate);
	sem_destroy(&entered);
	free(w);
	return 0;
}

static void begin(struct job *j, struct world *w, int in, bool hold)
{
	*j = (struct job){ .lane = w->lane, .in = in, .hold = hold };
	flow_begin(&j->flow, w->loop, NULL, "job", FIRST(job_work), job_ended);
	loop_turn(w->loop, false);
}

static void run_all(struct world *w)
{
	while (loop_turn(w->loop, true))
		;
}

static void test_work_runs_in_order_on_one_thread(void **state)
{
	struct world *w = *state;
	struct job jobs[50];

	for (int i = 0; i < 50; i++) {
		begin(&jobs[i], w, i, false);
		run_all(w);
		assert_int_equal(jobs[i].ends, 1);
		assert_int_equal(jobs[i].flow.status, 0);
		assert_int_equal(jobs[i].out, i * 2);
	}
	assert_int_equal(atomic_load(&n_run), 50);
	assert_int_equal(atomic_load(&n_released), 50);
	assert_int_equal(lane_depth(w->lane), 0);
}

static void test_failures_carry_their_sentence(void **state)
{
	struct world *w = *state;
	struct job j = { .lane = w->lane, .in = 3, .status = ASSISTANT_EPROTOCOL };

	flow_begin(&j.flow, w->loop, NULL, "job", FIRST(job_work), job_ended);
	run_all(w);
	assert_int_equal(j.flow.status, ASSISTANT_EPROTOCOL);
	assert_string_equal(j.flow.fail.text, "Piece 3 failed.");
	assert_int_equal(j.out, 0);
}

static void test_the_queue_has_a_limit(void **state)
{
	struct world *w = *state;
	struct job held, jobs[10];

	begin(&held, w, 0, true);
	sem_wait(&entered);
	for (int i = 0; i < 10; i++)
		begin(&jobs[i], w, i, false);
	assert_int_equal(lane_depth(w->lane), 9);
	loop_turn(w->loop, false);
	for (int i = 0; i < 8; i++)
		assert_int_equal(jobs[i].ends, 0);
	for (int i = 8; i < 10; i++) {
		assert_int_equal(jobs[i].ends, 1);
		assert_int_equal(jobs[i].flow.status, ASSISTANT_EUNAVAILABLE);
		assert_int_equal(jobs[i].flow.fail.retry_after_ms, 1000);
		assert_non_null(strstr(jobs[i].flow.fail.text, "test queue is full"));
	}
	sem_post(&gate);
	run_all(w);
	for (int i = 0; i < 8; i++)
		assert_int_equal(jobs[i].out, i * 2);
	assert_int_equal(atomic_load(&n_run), 9);
	assert_int_equal(atomic_load(&n_released), 11);
}

static void test_cancelled_before_it_began(void **state)
{
	struct world *w = *state;
	struct job held, queued;

	begin(&held, w, 0, true);
	sem_wait(&entered);
	begin(&queued, w, 1, false);
	flow_cancel(&queued.flow);
	assert_int_equal(queued.ends, 1);
	assert_int_equal(lane_depth(w->lane), 1); /* it gave its place back at once */
	loop_turn(w->loop, false);
	assert_int_equal(atomic_load(&n_released), 1);
	sem_post(&gate);
	run_all(w);
	assert_int_equal(atomic_load(&n_run), 1);
	assert_int_equal(held.flow.status, 0);
	assert_int_equal(atomic_load(&n_released), 2);
}

static void test_cancelled_while_it_runs(void **state)
{
	struct world *w = *state;
	struct job held;

	begin(&held, w, 0, true);
	sem_wait(&entered);
	flow_cancel(&held.flow);
	assert_int_equal(held.ends, 1);
	assert_int_equal(atomic_load(&n_released), 0); /* the thread still has it */
	sem_post(&gate);
	run_all(w);
	assert_int_equal(atomic_load(&n_run), 0); /* it looked at work_cancelled */
	assert_int_equal(atomic_load(&n_released), 1);
	assert_int_equal(held.out, 0);
}

static void test_a_deadline_while_it_runs(void **state)
{
	struct world *w = *state;
	struct job held;

	begin(&held, w, 0, true);
	sem_wait(&entered);
	flow_set_deadline(&held.flow, 20);
	while (!held.ends)
		loop_turn(w->loop, true);
	assert_int_equal(held.flow.status, ASSISTANT_ETIMEOUT);
	sem_post(&gate);
	run_all(w);
	assert_int_equal(atomic_load(&n_released), 1);
}

static void test_destroy_drains(void **state)
{
	struct world *w = *state;
	struct lane *lane = lane_create(w->loop, "a name longer than a thread's", 100);
	struct job jobs[60], late = { .lane = lane };

	for (int i = 0; i < 60; i++) {
		jobs[i] = (struct job){ .lane = lane, .in = i };
		flow_begin(&jobs[i].flow, w->loop, NULL, "job", FIRST(job_work), job_ended);
	}
	loop_turn(w->loop, false);
	lane_destroy(lane);
	assert_int_equal(atomic_load(&n_run), 60);
	/* A cancel after the lane has gone, of work that is done but not delivered. */
	if (!jobs[59].ends)
		flow_cancel(&jobs[59].flow);
	run_all(w);
	for (int i = 0; i < 60; i++)
		assert_int_equal(jobs[i].ends, 1);
	for (int i = 0; i < 59; i++)
		assert_int_equal(jobs[i].out, i * 2);
	assert_int_equal(atomic_load(&n_released), 60);
	(void)late;
	lane_destroy(NULL);
}

static void test_cancelling_races_with_running(void **state)
{
	struct world *w = *state;
	struct lane *lane = lane_create(w->loop, "race", 4000);
	enum { N = 3000 };
	struct job *jobs = calloc(N, sizeof(*jobs));
	int done = 0;

	for (int i = 0; i < N; i++) {
		jobs[i] = (struct job){ .lane = lane, .in = i };
		flow_begin(&jobs[i].flow, w->loop, NULL, "job", FIRST(job_work), job_ended);
		if (i % 10 == 0)
			loop_turn(w->loop, false);
		if (i > 20 && i % 2 && !jobs[i - 20].ends)
			flow_cancel(&jobs[i - 20].flow);
	}
	run_all(w);
	for (int i = 0; i < N; i++) {
		assert_int_equal(jobs[i].ends, 1);
		if (jobs[i].flow.status == 0) {
			assert_int_equal(jobs[i].out, i * 2);
			done++;
		} else {
			assert_int_equal(jobs[i].flow.status, ASSISTANT_ECANCELED);
			assert_int_equal(jobs[i].out, 0);
		}
	}
	assert_true(done >= N / 2);
	assert_true(atomic_load(&n_released) <= N); /* cancelled before the first step: no work */
	assert_true(atomic_load(&n_released) >= done);
	lane_destroy(lane);
	free(jobs);
}

/* --- State tables --------------------------------------------------------------------- */

enum { CLOSED, OPEN, TRYING };
static const char *const breaker_states[] = { "closed", "open", "trying", NULL };
static const uint32_t breaker_may[] = {
	[CLOSED] = 1 << OPEN,
	[OPEN] = 1 << TRYING,
	[TRYING] = 1 << OPEN | 1 << CLOSED,
};
static const struct state_table breaker = { "breaker", breaker_states, breaker_may };
static unsigned moved_from, n_moves;

static void on_move(struct state *s, unsigned from)
{
	assert_ptr_equal(s->table, &breaker);
	moved_from = from;
	n_moves++;
}

static bool move_aborts(unsigned first, unsigned to)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		struct state s;

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		state_init(&s, &breaker, first);
		state_move(&s, to);
		_exit(0);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_state_tables(void **state)
{
	struct state s;

	(void)state;
	state_init(&s, &breaker, CLOSED);
	s.on_move = on_move;
	n_moves = 0;
	assert_string_equal(state_name(&s), "closed");
	assert_true(state_may(&s, OPEN));
	assert_false(state_may(&s, TRYING));
	assert_false(state_may(&s, CLOSED));
	assert_false(state_may(&s, 17));
	state_move(&s, OPEN);
	assert_int_equal(moved_from, CLOSED);
	state_move(&s, TRYING);
	state_move(&s, CLOSED);
	assert_int_equal(n_moves, 3);
	assert_int_equal(s.at, CLOSED);
	assert_false(move_aborts(CLOSED, OPEN));
	assert_true(move_aborts(CLOSED, TRYING));
	assert_true(move_aborts(CLOSED, 31));
	assert_true(move_aborts(9, OPEN));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_work_runs_in_order_on_one_thread),
		T(test_failures_carry_their_sentence),
		T(test_the_queue_has_a_limit),
		T(test_cancelled_before_it_began),
		T(test_cancelled_while_it_runs),
		T(test_a_deadline_while_it_runs),
		T(test_destroy_drains),
		T(test_cancelling_races_with_running),
		cmocka_unit_test(test_state_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
