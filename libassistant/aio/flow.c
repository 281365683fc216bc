/*
 * flow.c - the engine under flow.h's laws.
 *
 *	begin ..task..> step --THEN--> waiting ..task..> step ... --> finish (on_end)
 *	                  |               ^ |
 *	                  |      wait_finish  abort (cancel, deadline) --> finish
 *	                  +-- flow_done / flow_fail -------------------> finish
 *
 * Everything that goes on does so from a task of the loop, never inside the call that made it
 * possible.  After a step, a deliver or an on_end has run, the flow may be freed: run_step looks
 * only at its own variable, which finish() sets through f->gone.
 */
#include "aio/flow.h"
#include <stdio.h>
#include <string.h>
#include "base/check.h"

static bool abort_now(struct flow *f);

/* --- Ending --------------------------------------------------------------- */

static void on_task(struct loop_task *task);

/* The last child is going: the parent that waits for it goes on, from a task. */
static void leave_parent(struct flow *f)
{
	struct flow *parent = f->parent;

	if (!parent)
		return;
	list_remove(&f->sibling);
	if (list_empty(&parent->children) &&
	    (parent->joining || (parent->cancelled && !parent->aborting && !parent->running)))
		loop_defer(parent->loop, &parent->task, on_task);
}

static void finish(struct flow *f, int status)
{
	PRE(!f->ended && !f->waiting && list_empty(&f->children));
	f->ended = true;
	f->running = false;
	f->status = status;
	loop_timer_stop(&f->deadline);
	loop_task_cancel(&f->task);
	leave_parent(f);
	if (f->gone)
		*f->gone = true;
	f->on_end(f); /* may free f */
}

/* Ends the children that still run; false: one of them (or of theirs) is in a step and ends when
 * that returns. */
static bool abort_children(struct flow *f, int code)
{
	struct list *l = f->children.next;

	while (l != &f->children) {
		struct flow *child = list_entry(l, struct flow, sibling);

		if (!child->cancelled) {
			child->cancelled = true;
			child->abort_code = code;
		}
		if (child->running || !abort_now(child))
			l = l->next;
		else
			l = f->children.next; /* on_end may have changed the list */
	}
	return list_empty(&f->children);
}

static void detach(struct flow *f)
{
	struct wait *w = f->waiting;

	if (!w)
		return;
	f->waiting = NULL;
	w->flow = NULL;
	if (!w->finished && w->cancel)
		w->cancel(w);
}

static void explain_abort(struct flow *f)
{
	if (f->abort_code == ASSISTANT_ETIMEOUT)
		FAIL(&f->fail, ASSISTANT_ETIMEOUT, "%s took longer than its deadline allows.",
		     f->name);
	else if (f->abort_code == ASSISTANT_ECANCELED)
		FAIL(&f->fail, ASSISTANT_ECANCELED, "%s was canceled.", f->name);
	else
		FAIL(&f->fail, f->abort_code, "%s", fail_sentence(f->abort_code));
}

/* true: f has ended (and may be freed); false: it will, when its last child has. */
static bool abort_now(struct flow *f)
{
	if (f->aborting)
		return false;
	f->aborting = true;
	if (!abort_children(f, f->abort_code)) {
		f->aborting = false;
		return false;
	}
	detach(f);
	f->joining = f->refused = false;
	explain_abort(f);
	finish(f, f->abort_code);
	return true;
}

static void flow_abort(struct flow *f, int code)
{
	if (f->ended || f->cancelled)
		return;
	f->cancelled = true;
	f->abort_code = code;
	if (!f->running)
		abort_now(f);
}

void flow_cancel(struct flow *f)
{
	flow_abort(f, ASSISTANT_ECANCELED);
}

/* A step ends its flow; children that still run go first. */
static void end(struct flow *f, int status)
{
	PRE(f->running && !f->ended && !f->waiting);
	f->aborting = true;
	if (!abort_children(f, ASSISTANT_ECANCELED))
		IMPOSSIBLE("a parent ends from inside a step of its child");
	finish(f, status);
}

void flow_done(struct flow *f)
{
	f->fail = (struct fail)FAIL_INIT;
	end(f, 0);
}

void flow_fail(struct flow *f, int code)
{
	PRE(code < 0);
	if (f->fail.code != code)
		f->fail = (struct fail){ .code = code };
	end(f, code);
}

/* --- Running -------------------------------------------------------------- */

static void run_step(struct flow *f)
{
	flow_step *step = f->next;
	bool gone = false;

	f->trail[f->n_steps++ % FLOW_TRAIL] = f->at;
	f->next = NULL;
	f->gone = &gone;
	f->running = true;
	step(f);
	if (gone)
		return;
	f->running = false;
	f->gone = NULL;
	if (f->cancelled)
		abort_now(f);
	else if (!f->waiting && !f->joining && !f->refused)
		IMPOSSIBLE("a step ended in neither a wait nor the end of its flow");
}

/* Skips the remaining steps.  Children that still run are ended first, as when a step fails. */
static void end_failed(struct flow *f)
{
	f->running = true;
	flow_fail(f, f->status);
}

/* What the flow waited for is there. */
static void resume(struct flow *f)
{
	if (f->cancelled)
		abort_now(f);
	else if (f->status < 0 && !f->anyway)
		end_failed(f);
	else
		run_step(f);
}

static void on_task(struct loop_task *task)
{
	struct flow *f = container_of(task, struct flow, task);

	if (f->cancelled) {
		abort_now(f);
		return;
	}
	if (f->joining) {
		if (!list_empty(&f->children))
			return; /* an on_end began another child */
		f->joining = false;
		f->status = 0;
		f->fail = (struct fail)FAIL_INIT;
	}
	f->refused = false;
	resume(f);
}

struct flow *flow_then(struct flow *f, flow_step *step, const char *at, bool anyway)
{
	PRE(!f->ended && !f->waiting && !f->joining && !f->refused);
	f->next = step;
	f->at = at;
	f->anyway = anyway;
	return f;
}

void flow_begin(struct flow *f, struct loop *loop, struct flow *parent, const char *name,
		flow_step *first, const char *at, flow_step *on_end)
{
	PRE(loop_is_current(loop) && first && on_end);
	PRE(!parent || !parent->ended);
	*f = (struct flow){ .loop = loop,
			    .name = name,
			    .on_end = on_end,
			    .parent = parent,
			    .began_ms = loop_now_ms(loop) };
	list_init(&f->children);
	list_init(&f->sibling);
	if (parent) {
		list_append(&parent->children, &f->sibling);
		f->cancelled = parent->cancelled;
		f->abort_code = parent->abort_code;
	}
	flow_then(f, first, at, false);
	loop_defer(loop, &f->task, on_task);
}

/* --- Deadlines ------------------------------------------------------------- */

static void on_deadline(struct loop_timer *t)
{
	flow_abort(container_of(t, struct flow, deadline), ASSISTANT_ETIMEOUT);
}

void flow_set_deadline(struct flow *f, int64_t after_ms)
{
	PRE(!f->ended);
	f->deadline_ms = loop_now_ms(f->loop) + after_ms;
	if (loop_timer_start(f->loop, &f->deadline, after_ms, on_deadline) == 0 || f->cancelled)
		return;
	f->cancelled = true;
	f->abort_code = ASSISTANT_ENOMEM;
	if (!f->running)
		loop_defer(f->loop, &f->task, on_task);
}

int64_t flow_remaining_ms(const struct flow *f)
{
	int64_t first = 0;

	for (const struct flow *p = f; p; p = p->parent) {
		if (p->deadline_ms && (!first || p->deadline_ms < first))
			first = p->deadline_ms;
	}
	if (!first)
		return -1;
	first -= loop_now_ms(f->loop);
	return first > 0 ? first : 0;
}

/* --- Waiting --------------------------------------------------------------- */

void wait_begin(struct wait *w, struct flow *f)
{
	PRE(f->next && !f->waiting && !f->joining && !f->refused);
	*w = (struct wait){ .flow = f, .loop = f->loop };
	f->waiting = w;
}

/* Copies out. */
static void deliver(struct wait *w, struct flow *f)
{
	if (w->status >= 0 && w->deliver)
		w->deliver(w);
	w->flow = NULL;
	f->waiting = NULL;
	f->status = w->status;
	if (w->status < 0 && w->fail.code != w->status)
		f->fail = (struct fail){ .code = w->status };
	else
		f->fail = w->fail;
}

static void settle(struct wait *w)
{
	struct flow *f = w->flow;

	if (f) {
		f->running = true; /* a cancel from in here waits, as from a step */
		deliver(w, f);
	}
	if (w->release)
		w->release(w); /* frees w */
	if (f) {
		f->running = false;
		resume(f);
	}
}

static void on_finished(struct loop_task *task)
{
	settle(container_of(task, struct wait, task));
}

static void on_posted(struct loop_post *post)
{
	struct wait *w = container_of(post, struct wait, post);

	PRE(!w->finished);
	w->finished = true;
	settle(w);
}

static void set_result(struct wait *w, int status, const struct fail *fail)
{
	w->status = status;
	if (fail && status < 0)
		w->fail = *fail;
}

void wait_finish(struct wait *w, int status, const struct fail *fail)
{
	PRE(loop_is_current(w->loop) && !w->finished);
	w->finished = true;
	set_result(w, status, fail);
	loop_defer(w->loop, &w->task, on_finished);
}

void wait_finish_from(struct wait *w, int status, const struct fail *fail)
{
	set_result(w, status, fail);
	loop_post(w->loop, &w->post, on_posted);
}

void flow_refuse(struct flow *f, int code, const struct fail *fail)
{
	PRE(code < 0 && f->next && !f->waiting && !f->joining);
	f->refused = true;
	f->status = code;
	f->fail = fail ? *fail : (struct fail){ .code = code };
	loop_defer(f->loop, &f->task, on_task);
}

void flow_join(struct flow *f)
{
	PRE(f->next && !f->waiting && !f->refused);
	f->joining = true;
	if (list_empty(&f->children))
		loop_defer(f->loop, &f->task, on_task);
}

struct sleep {
	struct wait wait;
	struct loop_timer timer;
};

static void on_slept(struct loop_timer *t)
{
	wait_finish(&container_of(t, struct sleep, timer)->wait, 0, NULL);
}

static void sleep_cancel(struct wait *w)
{
	struct sleep *s = container_of(w, struct sleep, wait);

	loop_timer_stop(&s->timer);
	wait_finish(w, ASSISTANT_ECANCELED, NULL);
}

static void sleep_release(struct wait *w)
{
	free(container_of(w, struct sleep, wait));
}

void flow_sleep(struct flow *f, int64_t ms)
{
	struct sleep *s = calloc(1, sizeof(*s));

	if (!s) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	wait_begin(&s->wait, f);
	s->wait.cancel = sleep_cancel;
	s->wait.release = sleep_release;
	if (loop_timer_start(f->loop, &s->timer, ms, on_slept) < 0)
		wait_finish(&s->wait, ASSISTANT_ENOMEM, NULL);
}

/* --- Telling ---------------------------------------------------------------- */

static size_t add(char *buf, size_t size, size_t at, const char *before, const char *s,
		  const char *after)
{
	int n;

	if (at >= size)
		return at;
	n = snprintf(buf + at, size - at, "%s%s%s", before, s, after);
	return n < 0 ? at : at + (size_t)n;
}

const char *flow_story(const struct flow *f, char *buf, size_t size)
{
	unsigned first = f->n_steps > FLOW_TRAIL ? f->n_steps - FLOW_TRAIL : 0;
	bool pending = f->next != NULL; /* waits for a step that has not run */
	const char *before = ": ";
	size_t at = add(buf, size, 0, "", f->name, "");

	for (const struct flow *p = f->parent; p; p = p->parent)
		at = add(buf, size, at, " < ", p->name, "");
	for (unsigned i = first; i < f->n_steps; i++) {
		bool here = !pending && !f->ended && i == f->n_steps - 1;

		at = add(buf, size, at, before, f->trail[i % FLOW_TRAIL], here ? "*" : "");
		before = ", ";
	}
	if (pending && f->at)
		add(buf, size, at, before, f->at, "*");
	return buf;
}
