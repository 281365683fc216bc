/*
 * test_flow_op.c - operations that are flows: what they give, and that each is finished once, however it ends.
 */
#include "flow_world.h"
#include <string.h>
#include "aio/flow_op.h"

struct adding {
	struct flow_op base;
	int a, b, sum, *out;
	bool fails;
};

static struct list all;
static unsigned n_ended, n_finished;

static flow_step add_wait, add_sum;

static void add_wait(struct flow *f)
{
	struct adding *x = container_of(flow_op_of(f), struct adding, base);

	serve(4, &x->b, THEN(f, add_sum));
}

static void add_sum(struct flow *f)
{
	struct adding *x = container_of(flow_op_of(f), struct adding, base);

	x->sum = x->a + x->b;
	if (x->fails)
		flow_fail(f, FAIL(&f->fail, ASSISTANT_EUNAVAILABLE, "no sum"));
	else
		flow_done(f);
}

static void add_ended(struct flow_op *base)
{
	assert_false(list_linked(&base->link));
	n_ended++;
}

static void add_deliver(struct flow_op *base)
{
	struct adding *x = container_of(base, struct adding, base);

	*x->out = x->sum;
}

static void add_finish(struct flow_op *base)
{
	n_finished++;
}

static struct adding *add_new(struct flow *f, int *out)
{
	struct adding *x = flow_op_new(sizeof(*x), 1 << 16, f);

	x->base.ended = add_ended;
	x->base.deliver = add_deliver;
	x->base.finish = add_finish;
	x->a = 3;
	x->out = out;
	return x;
}

/* --- Its callers ------------------------------------------------------------------- */

static bool fails, refused;

static void ask_over(struct flow *f)
{
	flow_done(f);
}

static void ask(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);
	struct flow *then = THEN(f, ask_over);
	struct adding *x = add_new(then, &j->got);

	x->fails = fails;
	if (refused)
		flow_op_refuse(&x->base, ASSISTANT_EINVAL, NULL, then);
	else
		flow_op_begin(&x->base, &all, f->loop, "add", FIRST(add_wait), then);
}

static void job_begin(struct job *j, struct loop *l)
{
	memset(j, 0, sizeof(*j));
	n_ended = n_finished = 0;
	list_init(&all);
	flow_begin(&j->flow, l, NULL, "asks", FIRST(ask), job_ended);
	turn_all(l);
}

static void test_answers(void **state)
{
	struct job j;

	job_begin(&j, *state);
	assert_int_equal(j.ends, 0);
	assert_false(list_empty(&all));
	wait_finish(&latest->wait, 0, NULL);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, 0);
	assert_int_equal(j.got, 7);
	assert_true(list_empty(&all));
	assert_int_equal(n_ended, 1);
	assert_int_equal(n_finished, 1);
}

static void test_fails(void **state)
{
	struct job j;

	fails = true;
	job_begin(&j, *state);
	wait_finish(&latest->wait, 0, NULL);
	turn_all(*state);
	fails = false;
	assert_int_equal(j.flow.status, ASSISTANT_EUNAVAILABLE);
	assert_string_equal(j.flow.fail.text, "no sum");
	assert_int_equal(j.got, 0);
	assert_int_equal(n_finished, 1);
}

static void test_refused(void **state)
{
	struct job j;

	refused = true;
	job_begin(&j, *state);
	refused = false;
	assert_int_equal(j.flow.status, ASSISTANT_EINVAL);
	assert_int_equal(n_ended, 0);
	assert_int_equal(n_finished, 1);
}

static void test_caller_cancelled(void **state)
{
	struct job j;

	job_begin(&j, *state);
	flow_cancel(&j.flow);
	turn_all(*state);
	assert_int_equal(j.flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(j.got, 0);
	assert_int_equal(n_ended, 1);
	assert_int_equal(n_finished, 1);
}

static void test_service_goes(void **state)
{
	struct job j;

	job_begin(&j, *state);
	flow_ops_cancel(&all);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, ASSISTANT_ECANCELED);
	assert_true(list_empty(&all));
	assert_int_equal(n_finished, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),	     TEST(test_fails),	      TEST(test_refused),
		TEST(test_caller_cancelled), TEST(test_service_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
