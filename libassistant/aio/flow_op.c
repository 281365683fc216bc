/*
 * flow_op.c - see flow_op.h.
 */
#include "aio/flow_op.h"
#include "base/check.h"

static void op_deliver(struct wait *w)
{
	struct flow_op *op = container_of(w, struct flow_op, wait);

	if (op->deliver)
		op->deliver(op);
}

static void op_cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct flow_op, wait)->flow);
}

static void op_free(struct flow_op *op)
{
	if (op->finish)
		op->finish(op);
	arena_destroy(op->own); /* op lies in it */
}

static void op_release(struct wait *w)
{
	op_free(container_of(w, struct flow_op, wait));
}

static void op_ended(struct flow *f)
{
	struct flow_op *op = flow_op_of(f);

	list_remove(&op->link);
	if (op->ended)
		op->ended(op);
	wait_finish(&op->wait, f->status, &f->fail);
}

void *flow_op_new(size_t size, size_t max_bytes, struct flow *f)
{
	struct arena *own = arena_create(max_bytes);
	struct flow_op *op = own ? arena_alloc(own, size) : NULL;

	PRE(size >= sizeof(*op));
	if (!op) {
		arena_destroy(own);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return NULL;
	}
	op->own = own;
	return op;
}

void flow_op_refuse(struct flow_op *op, int code, const struct fail *fail, struct flow *f)
{
	op_free(op);
	flow_refuse(f, code, fail);
}

void flow_op_begin(struct flow_op *op, struct list *all, struct loop *loop, const char *name,
		   flow_step *first, const char *at, struct flow *f)
{
	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.cancel = op_cancel;
	op->wait.release = op_release;
	list_append(all, &op->link);
	flow_begin(&op->flow, loop, NULL, name, first, at, op_ended);
}

void flow_ops_cancel(struct list *all)
{
	while (!list_empty(all))
		flow_cancel(&container_of(all->next, struct flow_op, link)->flow);
}
