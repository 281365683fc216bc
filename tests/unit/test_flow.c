/*
 * test_flow.c - the laws of aio/flow.h, one test (or more) each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "aio/flow.h"

/* --- A service that answers when told to --------------------------------- */

struct op {
	struct wait wait; /* first */
	int answer;
	int *out;
};

static unsigned n_delivered, n_cancelled, n_released;
static struct op *latest;

static void op_deliver(struct wait *w)
{
	struct op *op = (struct op *)w;

	n_delivered++;
	*op->out = op->answer;
}

static void op_cancel(struct wait *w)
{
	n_cancelled++;
	wait_finish(w, ASSISTANT_ECANCELED, NULL);
}

static void op_release(struct wait *w)
{
	n_released++;
	free(w);
}

static struct op *serve(int answer, int *out, struct flow *f)
{
	struct op *op = calloc(1, sizeof(*op));

	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.cancel = op_cancel;
	op->wait.release = op_release;
	op->answer = answer;
	op->out = out;
	latest = op;
	return op;
}

static void serve_now(int answer, int *out, struct flow *f)
{
	wait_finish(&serve(answer, out, f)->wait, 0, NULL);
}

/* --- Fixture --------------------------------------------------------------- */

struct job {
	struct flow flow;
	int got;
	int rounds;
	int ends;
	int steps;
};

static void job_ended(struct flow *f)
{
	container_of(f, struct job, flow)->ends++;
}

static int setup(void **state)
{
	n_delivered = n_cancelled = n_released = 0;
	latest = NULL;
	*state = loop_create_virtual();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	loop_destroy(*state);
	return 0;
}

static void turn_all(struct loop *l)
{
	for (int i = 0; i < 1000000 && loop_turn(l, true); i++)
		;
}

/* --- Law 1: never inside the submitting call ---------------------------------- */

static flow_step two_first, two_second, fail_at_once, done_at_once, wait_once, wait_over;
static flow_step look_at_failure, parent_joined, kid_with_long_deadline, kid_with_short_deadline;
static flow_step sleep_second;

static void two_first(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	j->steps = 1;
	serve_now(42, &j->got, THEN(f, two_second));
	assert_int_equal(j->steps, 1);
	assert_int_equal(j->got, 0);
}

static void two_second(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	assert_int_equal(j->got, 42);
	assert_int_equal(n_released, 1);
	j->steps = 2;
	flow_done(f);
}

static void fail_at_once(struct flow *f)
{
	flow_fail(f, FAIL(&f->fail, ASSISTANT_EINVAL, "No."));
}

static void done_at_once(struct flow *f)
{
	flow_done(f);
}

static void never(struct flow *f)
{
	(void)f;
	fail_msg("a step ran that must not");
}

/* Waits for `latest` to be finished by the test. */
static void wait_once(struct flow *f)
{
	serve(7, &container_of(f, struct job, flow)->got, THEN(f, wait_over));
}

static void wait_over(struct flow *f)
{
	flow_done(f);
}

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

static char *stack_base;
static size_t deepest;

static void spin_again(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);
	char here;
	size_t depth = stack_base > &here ? (size_t)(stack_base - &here) : 0;

	if (depth > deepest)
		deepest = depth;
	if (j->rounds-- == 0) {
		flow_done(f);
		return;
	}
	serve_now(1, &j->got, THEN(f, spin_again));
}

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

/* --- Law 5: failure ----------------------------------------------------------------------- */

static void wait_for_failure(struct flow *f)
{
	struct op *op = serve(1, &container_of(f, struct job, flow)->got, THEN(f, never));
	struct fail fail = FAIL_INIT;

	FAIL(&fail, ASSISTANT_EUNAVAILABLE, "The %s is down.", "index");
	wait_finish(&op->wait, ASSISTANT_EUNAVAILABLE, &fail);
}

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

/* --- Families ------------------------------------------------------------------------------------ */

struct family {
	struct job parent;
	struct job kids[3];
	flow_step *kid_step[3];
	int kids_ended_first;
};

static void kid_ended(struct flow *f)
{
	struct family *fam = container_of(f->parent, struct family, parent.flow);

	job_ended(f);
	assert_false(f->parent->ended);
	fam->kids_ended_first++;
}

static void parent_begin_kids(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	for (size_t i = 0; i < ARRAY_SIZE(fam->kids); i++)
		flow_begin(&fam->kids[i].flow, f->loop, f, "kid", fam->kid_step[i], "kid_step",
			   kid_ended);
	flow_join(THEN(f, parent_joined));
}

static void parent_joined(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	fam->parent.steps++;
	for (size_t i = 0; i < ARRAY_SIZE(fam->kids); i++)
		assert_int_equal(fam->kids[i].ends, 1);
	flow_done(f);
}

static void family_begin(struct family *fam, struct loop *l, flow_step *a, flow_step *b,
			 flow_step *c)
{
	memset(fam, 0, sizeof(*fam));
	fam->kid_step[0] = a;
	fam->kid_step[1] = b;
	fam->kid_step[2] = c;
	flow_begin(&fam->parent.flow, l, NULL, "parent", FIRST(parent_begin_kids), job_ended);
}

static void test_join_with_failing_children(void **state)
{
	struct family fam;

	family_begin(&fam, *state, done_at_once, fail_at_once, wait_for_failure);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.parent.steps, 1);
	assert_int_equal(fam.parent.flow.status, 0);
	assert_int_equal(fam.kids[0].flow.status, 0);
	assert_int_equal(fam.kids[1].flow.status, ASSISTANT_EINVAL);
	assert_int_equal(fam.kids[2].flow.status, ASSISTANT_EUNAVAILABLE);
}

static void join_nobody(struct flow *f)
{
	flow_join(THEN(f, done_at_once));
	assert_false(f->ended);
}

static void test_join_without_children(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "alone", FIRST(join_nobody), job_ended);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, 0);
}

static void test_parent_cancel_cascades(void **state)
{
	struct family fam;

	family_begin(&fam, *state, wait_once, done_at_once, wait_once);
	loop_turn(*state, false);
	loop_turn(*state, false);
	assert_int_equal(fam.kids[1].ends, 1);
	flow_cancel(&fam.parent.flow);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.kids_ended_first, 3);
	assert_int_equal(fam.kids[0].flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(fam.kids[2].flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(fam.parent.flow.status, ASSISTANT_ECANCELED);
	turn_all(*state);
	assert_int_equal(fam.parent.steps, 0);
	assert_int_equal(n_cancelled, 2);
	assert_int_equal(n_released, 2);
}

static void test_children_inherit_the_deadline(void **state)
{
	struct family fam;
	int64_t began = loop_now_ms(*state);

	family_begin(&fam, *state, wait_once, kid_with_long_deadline, kid_with_short_deadline);
	flow_set_deadline(&fam.parent.flow, 300);
	turn_all(*state);
	assert_int_equal(loop_now_ms(*state) - began, 300);
	assert_int_equal(fam.parent.flow.status, ASSISTANT_ETIMEOUT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fam.kids[i].flow.status, ASSISTANT_ETIMEOUT);
	assert_int_equal(fam.kids[1].got, 300); /* what it saw as remaining */
	assert_int_equal(fam.kids[2].got, 20);
	assert_int_equal(fam.kids_ended_first, 3);
	assert_int_equal(n_released, 3);
}

static void kid_with_long_deadline(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	flow_set_deadline(f, 5000);
	j->got = (int)flow_remaining_ms(f);
	serve(7, &j->rounds, THEN(f, never));
}

static void kid_with_short_deadline(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	flow_set_deadline(f, 20);
	j->got = (int)flow_remaining_ms(f);
	serve(7, &j->rounds, THEN(f, never));
}

/* A step of the child cancels the parent: both end, the child first, when the step returns. */
static void kid_cancels_parent(struct flow *f)
{
	struct family *fam = container_of(f->parent, struct family, parent.flow);

	flow_cancel(f->parent);
	assert_int_equal(fam->parent.ends, 0);
	assert_false(f->ended);
	serve(7, &fam->kids[0].got, THEN(f, never));
}

static void test_child_cancels_parent(void **state)
{
	struct family fam;

	family_begin(&fam, *state, kid_cancels_parent, wait_once, wait_once);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.parent.flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(fam.kids_ended_first, 3);
	assert_int_equal(fam.kids[0].flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(n_released, n_cancelled);
}

static void end_while_kids_run(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	for (size_t i = 0; i < ARRAY_SIZE(fam->kids); i++)
		flow_begin(&fam->kids[i].flow, f->loop, f, "kid", FIRST(wait_once), kid_ended);
	flow_sleep(THEN(f, done_at_once), 10);
}

static void test_a_parent_that_ends_takes_its_children(void **state)
{
	struct family fam = { .kids_ended_first = 0 };

	flow_begin(&fam.parent.flow, *state, NULL, "parent", FIRST(end_while_kids_run), job_ended);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.parent.flow.status, 0);
	assert_int_equal(fam.kids_ended_first, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fam.kids[i].flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(n_released, 3);
}

/* The first child to end begins another one, and cancels its sibling. */
static void busy_kid_ended(struct flow *f)
{
	struct family *fam = container_of(f->parent, struct family, parent.flow);

	kid_ended(f);
	if (f == &fam->kids[0].flow) {
		flow_begin(&fam->kids[2].flow, f->loop, f->parent, "late kid", FIRST(two_first),
			   kid_ended);
		flow_cancel(&fam->kids[1].flow);
	}
}

static void parent_with_busy_kids(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	flow_begin(&fam->kids[0].flow, f->loop, f, "kid", FIRST(done_at_once), busy_kid_ended);
	flow_begin(&fam->kids[1].flow, f->loop, f, "kid", FIRST(wait_once), busy_kid_ended);
	flow_join(THEN(f, parent_joined));
}

static void test_join_waits_for_children_begun_meanwhile(void **state)
{
	struct family fam = { .kids_ended_first = 0 };

	flow_begin(&fam.parent.flow, *state, NULL, "parent", FIRST(parent_with_busy_kids),
		   job_ended);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.parent.steps, 1);
	assert_int_equal(fam.kids[2].steps, 2);
	assert_int_equal(fam.kids[1].flow.status, ASSISTANT_ECANCELED);
}

/* Grandchild cancels its parent (not the grandparent) from a step; before that cancel is through,
 * the grandparent ends.  Everybody ends exactly once. */
struct clan {
	struct job grandparent, parent, kid;
};

static void clan_kid(struct flow *f)
{
	flow_cancel(f->parent);
	flow_sleep(THEN(f, never), 1000);
}

static void clan_parent(struct flow *f)
{
	struct clan *c = container_of(f, struct clan, parent.flow);

	flow_begin(&c->kid.flow, f->loop, f, "kid", FIRST(clan_kid), job_ended);
	flow_join(THEN(f, never));
}

static void clan_grandparent(struct flow *f)
{
	struct clan *c = container_of(f, struct clan, grandparent.flow);

	flow_begin(&c->parent.flow, f->loop, f, "parent", FIRST(clan_parent), job_ended);
	serve(1, &c->grandparent.got, THEN(f, done_at_once));
}

static void test_three_generations(void **state)
{
	struct clan c = { .grandparent.got = 0 };
	struct op *op;

	flow_begin(&c.grandparent.flow, *state, NULL, "grandparent", FIRST(clan_grandparent),
		   job_ended);
	while (!latest)
		loop_turn(*state, false);
	op = latest;
	if (!c.grandparent.ends)
		wait_finish(&op->wait, 0, NULL);
	turn_all(*state);
	assert_int_equal(c.kid.ends, 1);
	assert_int_equal(c.parent.ends, 1);
	assert_int_equal(c.grandparent.ends, 1);
	assert_int_equal(c.grandparent.flow.status, 0);
	assert_int_equal(c.parent.flow.status, ASSISTANT_ECANCELED);
}

/* on_end of a child frees the whole family by cancelling the parent. */
static void kid_ended_cancels_parent(struct flow *f)
{
	flow_cancel(f->parent); /* frees f too */
}

static void free_family(struct flow *f)
{
	n_freed++;
	free(container_of(f, struct family, parent.flow));
}

static void parent_of_one(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	flow_begin(&fam->kids[0].flow, f->loop, f, "kid", FIRST(done_at_once),
		   kid_ended_cancels_parent);
	flow_join(THEN(f, never));
}

static void test_the_family_is_freed_from_a_child_end(void **state)
{
	struct family *fam = calloc(1, sizeof(*fam));

	n_freed = 0;
	flow_begin(&fam->parent.flow, *state, NULL, "parent", FIRST(parent_of_one), free_family);
	turn_all(*state);
	assert_int_equal(n_freed, 1);
}

/* Retrying in on_end, also while the parent is being cancelled. */
static int n_retries;

static void retrying_kid_ended(struct flow *f)
{
	if (f->status < 0 && n_retries++ < 5)
		flow_begin(f, f->loop, f->parent, "again", FIRST(wait_once), retrying_kid_ended);
}

static void parent_with_retrying_kid(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	flow_begin(&fam->kids[0].flow, f->loop, f, "kid", FIRST(wait_once), retrying_kid_ended);
	flow_join(THEN(f, never));
}

static void test_a_child_begun_while_its_parent_is_cancelled(void **state)
{
	struct family fam = { .kids_ended_first = 0 };

	n_retries = 0;
	flow_begin(&fam.parent.flow, *state, NULL, "parent", FIRST(parent_with_retrying_kid),
		   job_ended);
	loop_turn(*state, false);
	flow_cancel(&fam.parent.flow);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(n_retries, 6);
	assert_int_equal(n_released, 1);
}

/* --- A service that is itself a flow ------------------------------------------------------- */

struct sub_op {
	struct wait wait;
	struct flow flow;
};

static void sub_ended(struct flow *f)
{
	struct sub_op *op = container_of(f, struct sub_op, flow);

	wait_finish(&op->wait, f->status, &f->fail);
}

static void sub_release(struct wait *w)
{
	n_released++;
	free(container_of(w, struct sub_op, wait));
}

static void sub_work(struct flow *f)
{
	flow_sleep(THEN(f, done_at_once), 50);
}

static void use_sub_service(struct flow *f)
{
	struct sub_op *op = calloc(1, sizeof(*op));

	wait_begin(&op->wait, THEN(f, done_at_once));
	op->wait.release = sub_release;
	flow_begin(&op->flow, f->loop, f, "sub", FIRST(sub_work), sub_ended);
}

static void test_a_service_made_of_a_flow(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "user", FIRST(use_sub_service), job_ended);
	turn_all(*state);
	assert_int_equal(j.flow.status, 0);
	assert_int_equal(n_released, 1);
	flow_begin(&j.flow, *state, NULL, "user", FIRST(use_sub_service), job_ended);
	flow_set_deadline(&j.flow, 20);
	turn_all(*state);
	assert_int_equal(j.flow.status, ASSISTANT_ETIMEOUT);
	assert_int_equal(n_released, 2);
	flow_begin(&j.flow, *state, NULL, "user", FIRST(use_sub_service), job_ended);
	loop_turn(*state, false);
	loop_turn(*state, false);
	flow_cancel(&j.flow);
	turn_all(*state);
	assert_int_equal(j.ends, 3);
	assert_int_equal(n_released, 3);
}

/* --- Sleeping, telling --------------------------------------------------------------------------- */

static void sleep_first(struct flow *f)
{
	flow_sleep(THEN(f, sleep_second), 40);
}

static void sleep_second(struct flow *f)
{
	char story[128];

	flow_story(f, story, sizeof(story));
	assert_string_equal(story, "sleep: sleep_first, sleep_second*");
	flow_sleep(THEN(f, done_at_once), 2);
}

static void test_sleep_and_story(void **state)
{
	int64_t began = loop_now_ms(*state);
	struct job j = { 0 };
	char story[128];

	flow_begin(&j.flow, *state, NULL, "sleep", FIRST(sleep_first), job_ended);
	assert_string_equal(flow_story(&j.flow, story, sizeof(story)), "sleep: sleep_first*");
	loop_turn(*state, false);
	assert_string_equal(flow_story(&j.flow, story, sizeof(story)),
			    "sleep: sleep_first, sleep_second*");
	turn_all(*state);
	assert_int_equal(loop_now_ms(*state) - began, 42);
	assert_string_equal(flow_story(&j.flow, story, sizeof(story)),
			    "sleep: sleep_first, sleep_second, done_at_once");
	assert_string_equal(flow_story(&j.flow, story, 8), "sleep: ");
	/* Cancelled in its sleep: the timer is gone. */
	flow_begin(&j.flow, *state, NULL, "sleep", FIRST(sleep_first), job_ended);
	loop_turn(*state, false);
	flow_cancel(&j.flow);
	loop_turn(*state, false);
	assert_false(loop_turn(*state, false));
}

static void test_story_of_a_family(void **state)
{
	struct family fam;
	char story[64];

	family_begin(&fam, *state, wait_once, wait_once, wait_once);
	loop_turn(*state, false);
	assert_string_equal(flow_story(&fam.kids[0].flow, story, sizeof(story)),
			    "kid < parent: kid_step, wait_over*");
	flow_cancel(&fam.parent.flow);
	turn_all(*state);
}

static void test_a_long_story_keeps_the_last_steps(void **state)
{
	struct job j = { 0 };
	char story[256];

	flow_begin(&j.flow, *state, NULL, "spin", FIRST(spin_again), job_ended);
	j.rounds = 20;
	turn_all(*state);
	assert_int_equal(j.flow.n_steps, 21);
	flow_story(&j.flow, story, sizeof(story));
	assert_string_equal(story, "spin: spin_again, spin_again, spin_again, spin_again, "
				   "spin_again, spin_again, spin_again, spin_again");
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
		T(test_join_with_failing_children),
		T(test_join_without_children),
		T(test_parent_cancel_cascades),
		T(test_children_inherit_the_deadline),
		T(test_child_cancels_parent),
		T(test_a_parent_that_ends_takes_its_children),
		T(test_join_waits_for_children_begun_meanwhile),
		T(test_three_generations),
		T(test_the_family_is_freed_from_a_child_end),
		T(test_a_child_begun_while_its_parent_is_cancelled),
		T(test_a_service_made_of_a_flow),
		T(test_sleep_and_story),
		T(test_story_of_a_family),
		T(test_a_long_story_keeps_the_last_steps),
		T(test_finish_from_threads_races_with_cancel),
		T(test_bugs_abort),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
