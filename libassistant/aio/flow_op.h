/*
 * flow_op.h - a service's operation that is itself a flow: what its caller waits for, and its own steps.
 *
 *	caller --THEN--> flow_op_new ... flow_op_begin --> steps --> ended, deliver, finish --> the caller goes on
 *
 * It lies in an arena of its own and goes with it.  A caller that is cancelled cancels its flow.  Loop thread.
 */
#ifndef AIO_FLOW_OP_H
#define AIO_FLOW_OP_H

#include "aio/flow.h"
#include "base/arena.h"

/* Embed it first. */
struct flow_op {
	struct wait wait; /* the caller's */
	struct flow flow; /* its own */
	struct list link; /* among those of its service that are under way */
	struct arena *own;
	/* Set what is needed between new and begin; each may be NULL. */
	void (*ended)(struct flow_op *op); /* its flow has; the caller does not know yet */
	void (*deliver)(
		struct flow_op *op); /* copies out: see wait.deliver, whose status it may change */
	void (*finish)(struct flow_op *op); /* once, last, also of one that was refused */
};

static inline struct flow_op *flow_op_of(struct flow *f)
{
	return container_of(f, struct flow_op, flow);
}

/* Zeroed, of `size` bytes that begin with a struct flow_op, in an arena of max_bytes.  NULL: no memory, and f was told. */
void *flow_op_new(size_t size, size_t max_bytes, struct flow *f);
/* Instead of flow_op_begin: op is gone. */
void flow_op_refuse(struct flow_op *op, int code, const struct fail *fail, struct flow *f);
/* all: struct flow_op under way.  Its first step runs in a later task: the caller may still fill it. */
void flow_op_begin(struct flow_op *op, struct list *all, struct loop *loop, const char *name,
		   flow_step *first, const char *at, struct flow *f);
/* A service goes: whoever waits hears ECANCELED. */
void flow_ops_cancel(struct list *all);

#endif
