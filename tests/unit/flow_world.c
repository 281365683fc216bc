/*
 * flow_world.c - see flow_world.h.
 */
#include "flow_world.h"
#include <stdlib.h>

unsigned n_delivered, n_cancelled, n_released;
struct op *latest;

void op_deliver(struct wait *w)
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

struct op *serve(int answer, int *out, struct flow *f)
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

void serve_now(int answer, int *out, struct flow *f)
{
	wait_finish(&serve(answer, out, f)->wait, 0, NULL);
}

void job_ended(struct flow *f)
{
	container_of(f, struct job, flow)->ends++;
}

int setup(void **state)
{
	n_delivered = n_cancelled = n_released = 0;
	latest = NULL;
	*state = loop_create_virtual();
	return *state ? 0 : -1;
}

int teardown(void **state)
{
	loop_destroy(*state);
	return 0;
}

void turn_all(struct loop *l)
{
	for (int i = 0; i < 1000000 && loop_turn(l, true); i++)
		;
}

char *stack_base;
size_t deepest;

void spin_again(struct flow *f)
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

void two_first(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	j->steps = 1;
	serve_now(42, &j->got, THEN(f, two_second));
	assert_int_equal(j->steps, 1);
	assert_int_equal(j->got, 0);
}

void two_second(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	assert_int_equal(j->got, 42);
	assert_int_equal(n_released, 1);
	j->steps = 2;
	flow_done(f);
}

void fail_at_once(struct flow *f)
{
	flow_fail(f, FAIL(&f->fail, ASSISTANT_EINVAL, "No."));
}

void done_at_once(struct flow *f)
{
	flow_done(f);
}

void never(struct flow *f)
{
	(void)f;
	fail_msg("a step ran that must not");
}

/* Waits for `latest` to be finished by the test. */
void wait_once(struct flow *f)
{
	serve(7, &container_of(f, struct job, flow)->got, THEN(f, wait_over));
}

void wait_over(struct flow *f)
{
	flow_done(f);
}

void wait_for_failure(struct flow *f)
{
	struct op *op = serve(1, &container_of(f, struct job, flow)->got, THEN(f, never));
	struct fail fail = FAIL_INIT;

	FAIL(&fail, ASSISTANT_EUNAVAILABLE, "The %s is down.", "index");
	wait_finish(&op->wait, ASSISTANT_EUNAVAILABLE, &fail);
}
