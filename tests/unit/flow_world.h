/*
 * flow_world.h - what the tests of flows share: a service that answers when told to, a flow that
 * counts, and steps.
 */
#ifndef TESTS_FLOW_WORLD_H
#define TESTS_FLOW_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "aio/flow.h"

struct op {
	struct wait wait; /* first */
	int answer;
	int *out;
};

extern unsigned n_delivered, n_cancelled, n_released;
extern struct op *latest; /* the operation begun last */

void op_deliver(struct wait *w);
struct op *serve(int answer, int *out, struct flow *f); /* finished by the test */
void serve_now(int answer, int *out, struct flow *f);	/* finished inside the call */

struct job {
	struct flow flow;
	int got;
	int rounds;
	int ends;
	int steps;
};

void job_ended(struct flow *f);
/* The state is a virtual loop. */
int setup(void **state);
int teardown(void **state);
void turn_all(struct loop *l);

/* Steps of a struct job. */
flow_step two_first, two_second; /* an answer at once, then done */
flow_step fail_at_once, done_at_once;
flow_step wait_once, wait_over; /* waits for `latest` */
flow_step wait_for_failure;	/* EUNAVAILABLE, "The index is down." */
flow_step spin_again;		/* `rounds` answers at once, then done */
flow_step never;		/* fails the test */

extern char *stack_base; /* spin_again notes how far below it ran */
extern size_t deepest;

#endif
