/*
 * call.h - calls a service from a test as if it were synchronous.
 *
 *	int r = AWAIT(loop, f, store->ops->ping(store, f));
 *	assert_string_equal(call_fail()->text, "...");
 */
#ifndef SUPPORT_CALL_H
#define SUPPORT_CALL_H

#include "aio/flow.h"

struct call {
	struct flow flow;
	bool ended;
};

struct flow *call_begin(struct call *c, struct loop *loop);
/* Turns the loop until the service has answered; its status. */
int call_wait(struct call *c);
/* What the last call_wait was told. */
const struct fail *call_fail(void);
/* Turns the loop for so long (loop time). */
void call_pass_ms(struct loop *loop, int64_t ms);
/* Turns the loop until nothing is registered any more. */
void call_drain(struct loop *loop);

#define AWAIT(loop_, f_, call_)                                                                    \
	__extension__({                                                                            \
		struct call await_;                                                                \
		struct flow *f_ = call_begin(&await_, loop_);                                      \
		call_;                                                                             \
		call_wait(&await_);                                                                \
	})

#endif
