/*
 * test_flow.c - the laws of aio/flow.h, one test (or more) each.  Families: test_flow_family.c.
 */
#include "flow_world.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Law 1: never inside the submitting call ---------------------------------- */

static void test_steps_in_order(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "two", FIRST(two_first), job_ended);
	assert_int_equal(j.steps, 0);
	turn_all(*state);
	assert_int_equal(j.steps, 2);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, 0);
	assert_int_equal(n_released, 1);
}

static void test_begin_never_reenters(void **state)
{
	struct job j = { 0 };

	/* A first step that fails at once, and one that is done at once. */
	flow_begin(&j.flow, *state, NULL, "at once", FIRST(fail_at_once), job_ended);
	assert_int_equal(j.ends, 0);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, ASSISTANT_EINVAL);
	assert_string_equal(j.flow.fail.text, "No.");
	flow_begin(&j.flow, *state, NULL, "at once", FIRST(done_at_once), job_ended);
	assert_int_equal(j.ends, 1);
	turn_all(*state);
	assert_int_equal(j.ends, 2);
	assert_int_equal(j.flow.status, 0);
	assert_int_equal(j.flow.fail.code, 0);
}

/* --- Depth and number ------------------------------------------------------------ */

static void test_bounded_stack(void **state)
{
	struct job j = { .rounds = 100000 };
	char here;

	stack_base = &here;
	deepest = 0;
	flow_begin(&j.flow, *state, NULL, "spin", FIRST(spin_again), job_ended);
	j.rounds = 100000;
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, 0);
	assert_int_equal(n_released, 100000);
	assert_in_range(deepest, 1, 4096);
}

static void test_io_is_not_starved(void **state)
{
	struct job j = { .rounds = 0 };
	int turns = 0;

	flow_begin(&j.flow, *state, NULL, "spin", FIRST(spin_again), job_ended);
	j.rounds = 100000;
	while (!j.ends) {
		loop_turn(*state, false);
		turns++;
	}
	assert_true(turns > 5); /* the loop looked at descriptors in between */
}

static void test_many_at_once(void **state)
{
	enum { N = 10000 };
	struct job *jobs = calloc(N, sizeof(*jobs));
	struct op **ops = calloc(N, sizeof(struct op *));

	for (int i = 0; i < N; i++) {
		flow_begin(&jobs[i].flow, *state, NULL, "wait", FIRST(wait_once), job_ended);
		loop_turn(*state, false);
		ops[i] = latest;
	}
	for (int i = N - 1; i >= 0; i--)
		wait_finish(&ops[i]->wait, 0, NULL);
	turn_all(*state);
	for (int i = 0; i < N; i++) {
		assert_int_equal(jobs[i].ends, 1);
		assert_int_equal(jobs[i].got, 7);
	}
	assert_int_equal(n_released, N);
	free(jobs);
	free(ops);
}

/* --- Laws 2, 3, 7: cancelling ------------------------------------------------------- */

static void test_cancel_while_waiting(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "wait", FIRST(wait_once), job_ended);
	loop_turn(*state, false);
	assert_int_equal(j.ends, 0);
	flow_cancel(&j.flow);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(j.flow.fail.code, ASSISTANT_ECANCELED);
	assert_int_equal(n_cancelled, 1);
	assert_int_equal(n_released, 0); /* never inside wait_finish */
	turn_all(*state);
	assert_int_equal(n_released, 1);
	assert_int_equal(n_delivered, 0);
	assert_int_equal(j.ends, 1);
}

static void test_cancel_before_the_first_step(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "two", FIRST(two_first), job_ended);
	flow_cancel(&j.flow);
	assert_int_equal(j.ends, 1);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.steps, 0);
}

static void test_cancel_between_finish_and_delivery(void **state)
{
	struct job j = { .got = -1 };

	flow_begin(&j.flow, *state, NULL, "wait", FIRST(wait_once), job_ended);
	j.got = -1;
	loop_turn(*state, false);
	wait_finish(&latest->wait, 0, NULL);
	flow_cancel(&j.flow);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, ASSISTANT_ECANCELED);
	turn_all(*state);
	assert_int_equal(n_cancelled, 0); /* it had finished */
	assert_int_equal(n_delivered, 0);
	assert_int_equal(n_released, 1);
	assert_int_equal(j.got, -1);
}

static void test_cancel_after_the_end(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "at once", FIRST(done_at_once), job_ended);
	turn_all(*state);
	flow_cancel(&j.flow);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, 0);
}

static void cancel_then_wait(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	flow_cancel(f);
	assert_int_equal(j->ends, 0); /* not before the step returns */
	serve(7, &j->got, THEN(f, never));
}

static void cancel_then_answer(struct flow *f)
{
	flow_cancel(f);
	serve_now(7, &container_of(f, struct job, flow)->got, THEN(f, never));
}

static void cancel_then_done(struct flow *f)
{
	flow_cancel(f);
	flow_done(f);
}

static void cancel_then_nothing(struct flow *f)
{
	flow_cancel(f);
}

static void test_cancel_from_its_own_step(void **state)
{
	flow_step *const steps[] = { cancel_then_wait, cancel_then_answer, cancel_then_nothing };
	struct job j = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		j.ends = 0;
		j.got = -1;
		flow_begin(&j.flow, *state, NULL, "self", steps[i], "step", job_ended);
		turn_all(*state);
		assert_int_equal(j.ends, 1);
		assert_int_equal(j.flow.status, ASSISTANT_ECANCELED);
		assert_int_equal(j.got, -1);
	}
	assert_int_equal(n_released, 2);
	assert_int_equal(n_delivered, 0);
	/* The end that the step itself brings stands. */
	j.ends = 0;
	flow_begin(&j.flow, *state, NULL, "self", FIRST(cancel_then_done), job_ended);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, 0);
}

static struct flow *to_cancel;

static void cancelling_deliver(struct wait *w)
{
	op_deliver(w);
	flow_cancel(to_cancel);
	assert_false(to_cancel->ended);
}

static void wait_for_a_cancelling_op(struct flow *f)
{
	struct op *op = serve(7, &container_of(f, struct job, flow)->got, THEN(f, never));

	op->wait.deliver = cancelling_deliver;
	wait_finish(&op->wait, 0, NULL);
}

static void test_cancel_from_deliver(void **state)
{
	struct job j = { 0 };

	to_cancel = &j.flow;
	flow_begin(&j.flow, *state, NULL, "odd", FIRST(wait_for_a_cancelling_op), job_ended);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(n_released, 1);
}

/* --- Law 4: the owner may free the flow in on_end -------------------------------------- */

static int n_freed;

static void free_job(struct flow *f)
{
	n_freed++;
	free(container_of(f, struct job, flow));
}

static void test_freed_in_on_end(void **state)
{
	flow_step *const steps[] = { fail_at_once,     done_at_once,	   two_first,
				     cancel_then_wait, cancel_then_answer, cancel_then_done,
				     wait_once };

	n_freed = 0;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct job *j = calloc(1, sizeof(*j));

		n_released = 0;
		flow_begin(&j->flow, *state, NULL, "heap", steps[i], "step", free_job);
		flow_set_deadline(&j->flow, 1000); /* only wait_once lives so long */
		turn_all(*state);
		assert_int_equal(n_freed, i + 1);
	}
}

static flow_step look_at_failure;

/* --- Law 5: failure ----------------------------------------------------------------------- */

static void test_failure_skips_the_rest(void **state)
{
	struct job j = { .got = 0 };

	flow_begin(&j.flow, *state, NULL, "fails", FIRST(wait_for_failure), job_ended);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, ASSISTANT_EUNAVAILABLE);
	assert_string_equal(j.flow.fail.text, "The index is down.");
	assert_int_equal(n_delivered, 0);
	assert_int_equal(n_released, 1);
}

static void refused(struct flow *f)
{
	flow_refuse(THEN(f, never), ASSISTANT_ENOMEM, NULL);
}

static void refused_anyway(struct flow *f)
{
	struct fail fail = FAIL_INIT;

	FAIL(&fail, ASSISTANT_ELIMIT, "Too much.");
	flow_refuse(THEN_ANYWAY(f, look_at_failure), ASSISTANT_ELIMIT, &fail);
}

static void failing_deliver(struct wait *w)
{
	w->status = FAIL(&w->fail, ASSISTANT_ETOOLARGE, "It does not fit.");
}

static void wait_for_failing_deliver(struct flow *f)
{
	struct op *op = serve(1, &container_of(f, struct job, flow)->got, THEN(f, never));

	op->wait.deliver = failing_deliver;
	wait_finish(&op->wait, 0, NULL);
}

static void look_at_failure(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	j->got = f->status;
	assert_int_equal(f->fail.code, f->status);
	j->steps++;
	flow_done(f);
}

static void fail_but_go_on(struct flow *f)
{
	struct op *op =
		serve(1, &container_of(f, struct job, flow)->got, THEN_ANYWAY(f, look_at_failure));

	wait_finish(&op->wait, ASSISTANT_EPROTOCOL, NULL);
}

static void test_then_anyway(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "anyway", FIRST(fail_but_go_on), job_ended);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.got, ASSISTANT_EPROTOCOL);
	assert_int_equal(j.flow.status, 0);
	assert_int_equal(j.flow.fail.code, 0);
	flow_begin(&j.flow, *state, NULL, "anyway", FIRST(refused_anyway), job_ended);
	turn_all(*state);
	assert_int_equal(j.got, ASSISTANT_ELIMIT);
	assert_int_equal(j.steps, 2);
}

static void test_refusal_and_failing_delivery(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "refused", FIRST(refused), job_ended);
	turn_all(*state);
	assert_int_equal(j.flow.status, ASSISTANT_ENOMEM);
	flow_begin(&j.flow, *state, NULL, "unfit", FIRST(wait_for_failing_deliver), job_ended);
	turn_all(*state);
	assert_int_equal(j.flow.status, ASSISTANT_ETOOLARGE);
	assert_string_equal(j.flow.fail.text, "It does not fit.");
	assert_int_equal(j.ends, 2);
	assert_int_equal(n_released, 1);
}

/* --- Law 6: deadlines -------------------------------------------------------------------------- */

static void test_deadline(void **state)
{
	struct job j = { 0 };
	int64_t began = loop_now_ms(*state);

	flow_begin(&j.flow, *state, NULL, "late", FIRST(wait_once), job_ended);
	assert_int_equal(flow_remaining_ms(&j.flow), -1);
	flow_set_deadline(&j.flow, 250);
	assert_int_equal(flow_remaining_ms(&j.flow), 250);
	turn_all(*state);
	assert_int_equal(loop_now_ms(*state) - began, 250);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, ASSISTANT_ETIMEOUT);
	assert_int_equal(flow_remaining_ms(&j.flow), 0);
	assert_int_equal(n_cancelled, 1);
	assert_int_equal(n_released, 1);
}

static void test_deadline_that_is_not_reached(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "early", FIRST(two_first), job_ended);
	flow_set_deadline(&j.flow, 250);
	turn_all(*state);
	assert_int_equal(j.flow.status, 0);
	assert_false(loop_turn(*state, false)); /* its timer is gone */
}

/* --- Finishing from other threads --------------------------------------------------------------- */

static void mark_cancelled(struct wait *w)
{
	(void)w;
	n_cancelled++;
}

static void wait_for_a_thread(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);
	struct op *op = serve(9, &j->got, THEN(f, done_at_once));

	op->wait.cancel = mark_cancelled;
}

struct finisher {
	struct op **ops;
	int n;
	unsigned nap;
};

static void *finish_all(void *arg)
{
	struct finisher *fin = arg;
	struct fail fail = FAIL_INIT;

	FAIL(&fail, ASSISTANT_EDENIED, "Denied in a thread.");
	for (int i = 0; i < fin->n; i++) {
		if (i % 64 == 0)
			sched_yield();
		wait_finish_from(&fin->ops[i]->wait, i % 3 ? 0 : ASSISTANT_EDENIED, &fail);
	}
	return NULL;
}

static void test_finish_from_threads_races_with_cancel(void **state)
{
	enum { N = 4000, THREADS = 4 };
	struct job *jobs = calloc(N, sizeof(*jobs));
	struct op **ops = calloc(N, sizeof(struct op *));
	struct finisher fins[THREADS];
	pthread_t threads[THREADS];
	int done = 0, denied = 0, canceled = 0;
	struct loop *l = *state;

	for (int i = 0; i < N; i++) {
		flow_begin(&jobs[i].flow, l, NULL, "thread", FIRST(wait_for_a_thread), job_ended);
		loop_turn(l, false);
		ops[i] = latest;
	}
	for (int t = 0; t < THREADS; t++) {
		fins[t] = (struct finisher){ .ops = ops + t * (N / THREADS), .n = N / THREADS };
		assert_int_equal(pthread_create(&threads[t], NULL, finish_all, &fins[t]), 0);
	}
	for (int i = 0; i < N; i += 2) {
		flow_cancel(&jobs[i].flow);
		if (i % 50 == 0)
			loop_turn(l, false);
	}
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	turn_all(l);
	for (int i = 0; i < N; i++) {
		assert_int_equal(jobs[i].ends, 1);
		done += jobs[i].flow.status == 0;
		denied += jobs[i].flow.status == ASSISTANT_EDENIED;
		canceled += jobs[i].flow.status == ASSISTANT_ECANCELED;
		if (i % 2)
			assert_int_not_equal(jobs[i].flow.status, ASSISTANT_ECANCELED);
		assert_int_equal(jobs[i].got, jobs[i].flow.status == 0 ? 9 : 0);
	}
	assert_int_equal(done + denied + canceled, N);
	assert_int_equal(n_released, N);
	assert_true(done > 0 && denied > 0 && canceled > 0);
	free(jobs);
	free(ops);
}

/* --- Bugs abort ------------------------------------------------------------------------------------ */

static void forgetful_step(struct flow *f)
{
	(void)f;
}

static void twice_done_step(struct flow *f)
{
	flow_done(f);
	flow_done(f);
}

static void two_waits_step(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	serve(1, &j->got, THEN(f, never));
	serve(1, &j->got, THEN(f, never));
}

static void finish_twice_step(struct flow *f)
{
	struct op *op = serve(1, &container_of(f, struct job, flow)->got, THEN(f, never));

	wait_finish(&op->wait, 0, NULL);
	wait_finish(&op->wait, 0, NULL);
}

/* In a process of its own: true when it was aborted. */
static bool aborts(flow_step *step)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		struct loop *l = loop_create_virtual();
		struct job *j = calloc(1, sizeof(*j));

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		flow_begin(&j->flow, l, NULL, "bug", step, "bug", job_ended);
		turn_all(l);
		_exit(0);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_bugs_abort(void **state)
{
	(void)state;
	assert_true(aborts(forgetful_step));
	assert_true(aborts(twice_done_step));
	assert_true(aborts(two_waits_step));
	assert_true(aborts(finish_twice_step));
	assert_false(aborts(done_at_once));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_steps_in_order),
		T(test_begin_never_reenters),
		T(test_bounded_stack),
		T(test_io_is_not_starved),
		T(test_many_at_once),
		T(test_cancel_while_waiting),
		T(test_cancel_before_the_first_step),
		T(test_cancel_between_finish_and_delivery),
		T(test_cancel_after_the_end),
		T(test_cancel_from_its_own_step),
		T(test_cancel_from_deliver),
		T(test_freed_in_on_end),
		T(test_failure_skips_the_rest),
		T(test_then_anyway),
		T(test_refusal_and_failing_delivery),
		T(test_deadline),
		T(test_deadline_that_is_not_reached),
		T(test_finish_from_threads_races_with_cancel),
		T(test_bugs_abort),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
