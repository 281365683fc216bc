/*
 * test_flow.c - the laws of aio/flow.h, one test (or more) each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
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

static flow_step two_first, two_second;

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_steps_in_order, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
