/*
 * call.c - a flow without a first step: it waits for the one service call made with it.
 */
#include "call.h"

static _Thread_local struct fail last;

static void answered(struct flow *f)
{
	if (f->status < 0)
		flow_fail(f, f->status);
	else
		flow_done(f);
}

static void ended(struct flow *f)
{
	container_of(f, struct call, flow)->ended = true;
}

struct flow *call_begin(struct call *c, struct loop *loop)
{
	c->ended = false;
	flow_begin(&c->flow, loop, NULL, "call", FIRST(answered), ended);
	loop_task_cancel(&c->flow.task); /* the test itself is the first step */
	return flow_then(&c->flow, answered, "answered", true);
}

int call_wait(struct call *c)
{
	while (!c->ended)
		loop_turn(c->flow.loop, true);
	last = c->flow.fail;
	return c->flow.status;
}

const struct fail *call_fail(void)
{
	return &last;
}

static void slept(struct loop_timer *t)
{
	t->fn = NULL;
}

void call_pass_ms(struct loop *loop, int64_t ms)
{
	struct loop_timer timer = { 0 };

	loop_timer_start(loop, &timer, ms, slept);
	while (timer.fn)
		loop_turn(loop, true);
	loop_timer_stop(&timer);
}

void call_drain(struct loop *loop)
{
	while (loop_turn(loop, true))
		continue;
}
