/*
 * guard.c - see guard.h.
 *
 * A call is a flow of its own (flow), which tries (try_flow), looks at what came out, and pauses or ends.
 */
#include "guard/guard.h"

#include <string.h>
#include "base/hash.h"
#include "observe/log.h"
#include "observe/metrics.h"

const struct guard_policy guard_policy_default = {
	.retry = { .attempts = 3, .base_ms = 250, .cap_ms = 2000 },
	.breaker = { .window = 20, .failures = 5, .open_ms = 1000, .open_max_ms = 30000 },
};

struct guard {
	struct loop *loop;
	char *name;
	struct guard_policy policy;
	struct breaker breaker;
	struct retry_budget budget;
	int failures;
	struct metrics *metrics;
	struct log *log;
};

static void on_move(struct state *s, unsigned from)
{
	struct breaker *b = container_of(s, struct breaker, state);
	struct guard *g = container_of(b, struct guard, breaker);

	metrics_set(g->metrics, METRIC_BREAKER, g->name, s->at);
	log_write(g->log, s->at == BREAKER_OPEN ? LOG_WARN : LOG_INFO, "upstream.breaker", "s",
		  "upstream", g->name, "s", "state", state_name(s), "s", "was",
		  s->table->states[from], NULL);
}

struct guard *guard_create(struct loop *loop, const char *name, const struct guard_policy *policy,
			   int failures, struct metrics *metrics, struct log *log)
{
	struct guard *g = calloc(1, sizeof(*g));

	if (g)
		g->name = strdup(name);
	if (!g || !g->name) {
		free(g);
		return NULL;
	}
	g->loop = loop;
	g->policy = *policy;
	g->failures = failures;
	g->metrics = metrics;
	g->log = log;
	breaker_init(&g->breaker, &g->policy.breaker);
	g->breaker.state.on_move = on_move;
	retry_budget_init(&g->budget);
	metrics_set(metrics, METRIC_BREAKER, name, BREAKER_CLOSED);
	return g;
}

void guard_destroy(struct guard *g)
{
	if (!g)
		return;
	free(g->name);
	free(g);
}

static int broken(struct guard *g, int wait_ms, struct fail *f)
{
	FAIL(f, ASSISTANT_EUNAVAILABLE, "%s failed too often and is left alone for a moment.",
	     g->name);
	if (f) {
		f->cause = CAUSE_BROKEN;
		f->retry_after_ms = wait_ms;
	}
	return ASSISTANT_EUNAVAILABLE;
}

int guard_check(struct guard *g, struct fail *f)
{
	int64_t left = g->breaker.until_ms - loop_now_ms(g->loop);

	if (g->breaker.state.at == BREAKER_OPEN && left > 0)
		return broken(g, (int)left, f);
	return 0;
}

unsigned guard_enter(struct guard *g, struct fail *f)
{
	int wait_ms = 0;
	unsigned ticket = breaker_enter(&g->breaker, loop_now_ms(g->loop), &wait_ms);

	if (!ticket) {
		metrics_add(g->metrics, g->failures, cause_name(CAUSE_BROKEN), 1);
		broken(g, wait_ms, f);
	}
	return ticket;
}

void guard_leave(struct guard *g, unsigned ticket, int status, const struct fail *f,
		 const char *what)
{
	enum cause cause = status < 0 ? fail_cause(f) : CAUSE_NONE;

	if (cause == CAUSE_NONE)
		breaker_worked(&g->breaker, ticket);
	else if (retry_is_upstreams_fault(cause))
		breaker_failed(&g->breaker, ticket, loop_now_ms(g->loop), f->retry_after_ms);
	else
		breaker_forget(&g->breaker, ticket);
	if (cause == CAUSE_NONE || cause == CAUSE_CANCELED)
		return;
	metrics_add(g->metrics, g->failures, cause_name(cause), 1);
	log_write(g->log, LOG_WARN, "upstream.failed", "s", "upstream", g->name, "s", "what", what,
		  "s", "cause", cause_name(cause), "s", "error", f->text, NULL);
}

static double chance(void)
{
	uint32_t n;

	random_bytes(&n, sizeof(n));
	return (double)n / (double)UINT32_MAX;
}

int64_t guard_pause(struct guard *g, int attempts, const struct fail *f, int64_t left_ms)
{
	int64_t ms = retry_after(&g->policy.retry, attempts, f, left_ms, chance());

	if (ms >= 0 && !retry_budget_take(&g->budget))
		return -1;
	if (ms >= 0)
		metrics_add(g->metrics, METRIC_RETRIES, g->name, 1);
	return ms;
}

/* --- One call ------------------------------------------------------------------------- */

static flow_step call_try, call_tried, try_begin, try_done;

static struct guard_call *call_of(struct flow *f)
{
	return container_of(f, struct guard_call, flow);
}

static void try_ended(struct flow *f)
{
	struct guard_call *c = container_of(f, struct guard_call, try_flow);

	guard_leave(c->guard, c->ticket, f->status, &f->fail, c->what);
}

static void call_try(struct flow *f)
{
	struct guard_call *c = call_of(f);
	struct guard *g = c->guard;

	c->ticket = guard_enter(g, &f->fail);
	if (!c->ticket) {
		flow_fail(f, f->fail.code);
		return;
	}
	if (c->attempts++ == 0)
		retry_budget_pay(&g->budget);
	flow_begin(&c->try_flow, f->loop, f, c->what, FIRST(try_begin), try_ended);
	if (g->policy.retry.attempt_ms > 0)
		flow_set_deadline(&c->try_flow, g->policy.retry.attempt_ms);
	flow_join(THEN(f, call_tried));
}

static void try_begin(struct flow *f)
{
	struct guard_call *c = container_of(f, struct guard_call, try_flow);

	c->attempt(c, THEN(f, try_done));
}

static void try_done(struct flow *f)
{
	flow_done(f);
}

static void call_tried(struct flow *f)
{
	struct guard_call *c = call_of(f);
	const struct fail *fail = &c->try_flow.fail;
	int64_t ms = -1;

	if (c->try_flow.status >= 0) {
		flow_done(f);
		return;
	}
	if (!c->again || c->again(c, fail))
		ms = guard_pause(c->guard, c->attempts, fail, flow_remaining_ms(f));
	if (ms < 0) {
		f->fail = *fail;
		flow_fail(f, c->try_flow.status);
		return;
	}
	flow_sleep(THEN(f, call_try), ms);
}

static void call_ended(struct flow *f)
{
	struct guard_call *c = call_of(f);

	wait_finish(&c->wait, f->status, &f->fail);
}

static void call_cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct guard_call, wait)->flow);
}

static void call_release(struct wait *w)
{
	struct guard_call *c = container_of(w, struct guard_call, wait);

	if (c->release)
		c->release(c);
	else
		free(c);
}

int64_t guard_within(int64_t left_ms)
{
	return left_ms - (left_ms >= 200 ? 20 : left_ms / 10);
}

void guard_call(struct guard *g, struct guard_call *c, struct flow *f)
{
	int64_t left_ms = flow_remaining_ms(f);

	c->guard = g;
	wait_begin(&c->wait, f);
	c->wait.cancel = call_cancel;
	c->wait.release = call_release;
	flow_begin(&c->flow, g->loop, NULL, c->what, FIRST(call_try), call_ended);
	if (left_ms >= 0)
		flow_set_deadline(&c->flow, guard_within(left_ms));
}
