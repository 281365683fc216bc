/*
 * test_guard.c - retries, breakers and the call they guard, in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "aio/upstream.h"
#include "call.h"
#include "guard/guard.h"
#include "observe/metrics.h"

/* --- What an HTTP answer means ----------------------------------------------------------- */

static struct http_response answer(int status, const char *name, const char *value)
{
	static struct http_header header;

	header = (struct http_header){ name, value };
	return (struct http_response){
		.status = status, .body = "", .headers = &header, .n_headers = name ? 1 : 0
	};
}

static void statuses(void **state)
{
	static const struct {
		int status, code;
		enum cause cause;
		bool again, fault;
	} rows[] = {
		{ 400, ASSISTANT_EPROTOCOL, CAUSE_REJECTED, false, false },
		{ 401, ASSISTANT_EDENIED, CAUSE_DENIED, false, true },
		{ 402, ASSISTANT_EDENIED, CAUSE_SPENT, false, true },
		{ 403, ASSISTANT_EDENIED, CAUSE_DENIED, false, true },
		{ 404, ASSISTANT_ENOTFOUND, CAUSE_REJECTED, false, false },
		{ 408, ASSISTANT_EUNAVAILABLE, CAUSE_TIMEOUT, true, true },
		{ 413, ASSISTANT_ETOOLARGE, CAUSE_REJECTED, false, false },
		{ 429, ASSISTANT_ELIMIT, CAUSE_RATE_LIMITED, true, true },
		{ 500, ASSISTANT_EUNAVAILABLE, CAUSE_SERVER_ERROR, true, true },
		{ 502, ASSISTANT_EUNAVAILABLE, CAUSE_SERVER_ERROR, true, true },
		{ 503, ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED, true, true },
		{ 504, ASSISTANT_EUNAVAILABLE, CAUSE_TIMEOUT, true, true },
		{ 529, ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED, true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct http_response rs = answer(rows[i].status, NULL, NULL);
		struct fail f = FAIL_INIT;

		assert_int_equal(upstream_check(&rs, "The model", "no luck", 0, &f), rows[i].code);
		assert_int_equal(f.code, rows[i].code);
		assert_int_equal(fail_cause(&f), rows[i].cause);
		assert_int_equal(retry_may_help(fail_cause(&f)), rows[i].again);
		assert_int_equal(retry_is_upstreams_fault(fail_cause(&f)), rows[i].fault);
		assert_non_null(strstr(f.text, "no luck"));
	}
	for (int status = 200; status < 300; status += 4) {
		struct http_response rs = answer(status, NULL, NULL);

		assert_int_equal(upstream_check(&rs, "x", NULL, 0, NULL), 0);
	}
}

static void when_to_come_again(void **state)
{
	/* Sun, 06 Nov 1994 08:49:37 GMT */
	const int64_t then_ms = 784111777000;
	static const struct {
		const char *name, *value;
		int64_t before_ms;
		int expected_ms;
	} rows[] = {
		{ "retry-after", "7", 0, 7000 },
		{ "retry-after", "0.5", 0, 500 },
		{ "retry-after", "0", 0, 0 },
		{ "retry-after", "-3", 0, 0 },
		{ "retry-after", "61", 0, 0 },
		{ "retry-after", "60", 0, 60000 },
		{ "retry-after", "soon", 0, 0 },
		{ "retry-after", "", 0, 0 },
		{ "retry-after", "7x", 0, 0 },
		{ "retry-after", "nan", 0, 0 },
		{ "retry-after", "99999999999999999999999", 0, 0 },
		{ "retry-after-ms", "1500", 0, 1500 },
		{ "retry-after-ms", "0.4", 0, 1 },
		{ "retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", 9000, 9000 },
		{ "retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", -9000, 0 },
		{ "retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", 90000, 0 },
		{ NULL, NULL, 0, 0 },
	};
	const struct http_header both[] = { { "retry-after", "9" }, { "retry-after-ms", "40" } };
	const struct http_response rs = { .status = 429, .headers = (void *)both, .n_headers = 2 };
	struct http_response dated;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct http_response one = answer(429, rows[i].name, rows[i].value);

		assert_int_equal(upstream_retry_after_ms(&one, then_ms - rows[i].before_ms),
				 rows[i].expected_ms);
	}
	assert_int_equal(upstream_retry_after_ms(&rs, 0), 40);
	assert_int_equal(upstream_date_s(&rs), 0);
	dated = answer(200, "date", "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_int_equal(upstream_date_s(&dated), then_ms / 1000);
}

/* --- Retries ---------------------------------------------------------------------------------- */

static const struct retry_policy policy = { .attempts = 5, .base_ms = 100, .cap_ms = 350 };

static struct fail failure(int code, enum cause cause, int retry_after_ms)
{
	return (struct fail){ .code = code,
			      .cause = (unsigned char)cause,
			      .retry_after_ms = retry_after_ms };
}

static void full_jitter_doubles_up_to_a_cap(void **state)
{
	struct fail f = failure(ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED, 0);
	static const int most[] = { 100, 200, 350, 350 };

	for (int n = 1; n <= 4; n++) {
		assert_int_equal(retry_after(&policy, n, &f, -1, 1), most[n - 1]);
		assert_int_equal(retry_after(&policy, n, &f, -1, 0.5), most[n - 1] / 2);
		assert_int_equal(retry_after(&policy, n, &f, -1, 0), 0);
	}
	assert_int_equal(retry_after(&policy, 5, &f, -1, 0), -1);
}

static void what_the_service_asks_for_is_obeyed(void **state)
{
	struct fail f = failure(ASSISTANT_ELIMIT, CAUSE_RATE_LIMITED, 3000);

	assert_int_equal(retry_after(&policy, 1, &f, -1, 0), 3000);
	assert_int_equal(retry_after(&policy, 1, &f, -1, 1), 3300);
	assert_int_equal(retry_after(&policy, 1, &f, 3001, 0), 3000);
	/* Longer than there is time: no use. */
	assert_int_equal(retry_after(&policy, 1, &f, 3000, 0), -1);
	f.final = true;
	assert_int_equal(retry_after(&policy, 1, &f, -1, 0), -1);
}

static void only_what_may_help_is_tried_again(void **state)
{
	static const int codes[] = { ASSISTANT_EDENIED,	  ASSISTANT_EPROTOCOL, ASSISTANT_EINVAL,
				     ASSISTANT_ENOTFOUND, ASSISTANT_ECANCELED, ASSISTANT_ENOMEM };
	struct fail f;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		f = failure(codes[i], CAUSE_NONE, 0);
		assert_int_equal(retry_after(&policy, 1, &f, -1, 0), -1);
	}
	f = failure(ASSISTANT_EUNAVAILABLE, CAUSE_BROKEN, 10);
	assert_int_equal(retry_after(&policy, 1, &f, -1, 0), -1);
	f = failure(ASSISTANT_EDENIED, CAUSE_SPENT, 0);
	assert_int_equal(retry_after(&policy, 1, &f, -1, 0), -1);
}

static void retries_are_a_fifth_of_calls(void **state)
{
	struct retry_budget b;
	int taken = 0;

	retry_budget_init(&b);
	for (int i = 0; i < 1000; i++) {
		retry_budget_pay(&b);
		for (int k = 0; k < 2; k++)
			taken += retry_budget_take(&b);
	}
	assert_in_range(taken, 200, 212);
}

/* --- The breaker -------------------------------------------------------------------------------- */

static const struct breaker_policy breaking = {
	.window = 10, .failures = 4, .open_ms = 1000, .open_max_ms = 5000
};

static void fail_times(struct breaker *b, int n, int64_t now)
{
	for (int i = 0; i < n; i++) {
		unsigned ticket = breaker_enter(b, now, NULL);

		assert_true(ticket > 0);
		breaker_failed(b, ticket, now, 0);
	}
}

static void opens_after_failures_and_probes_alone(void **state)
{
	struct breaker b;
	unsigned probe;
	int wait = 0;

	breaker_init(&b, &breaking);
	fail_times(&b, 3, 0);
	assert_int_equal(b.state.at, BREAKER_CLOSED);
	fail_times(&b, 1, 100);
	assert_int_equal(b.state.at, BREAKER_OPEN);
	assert_int_equal(breaker_enter(&b, 200, &wait), 0);
	assert_int_equal(wait, 900);
	probe = breaker_enter(&b, 1100, &wait);
	assert_true(probe > 0);
	assert_int_equal(b.state.at, BREAKER_HALF_OPEN);
	assert_int_equal(breaker_enter(&b, 1100, &wait), 0); /* one at a time */
	assert_true(wait > 0);
	breaker_worked(&b, probe);
	assert_int_equal(b.state.at, BREAKER_CLOSED);
	fail_times(&b, 3, 1200); /* what was before is forgotten */
	assert_int_equal(b.state.at, BREAKER_CLOSED);
}

static void stays_open_longer_each_time(void **state)
{
	static const int times[] = { 2000, 4000, 5000, 5000 };
	struct breaker b;
	int64_t now = 0;
	int wait;

	breaker_init(&b, &breaking);
	fail_times(&b, 4, now);
	now += 1000;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		fail_times(&b, 1, now);
		assert_int_equal(breaker_enter(&b, now, &wait), 0);
		assert_int_equal(wait, times[i]);
		now += wait;
	}
	breaker_failed(&b, breaker_enter(&b, now, NULL), now, 20000);
	assert_int_equal(breaker_enter(&b, now + 19999, NULL), 0);
	assert_true(breaker_enter(&b, now + 20000, NULL) > 0);
}

static void few_failures_among_many_calls_do_not_open(void **state)
{
	struct breaker b;

	breaker_init(&b, &breaking);
	for (int i = 0; i < 300; i++) {
		unsigned ticket = breaker_enter(&b, i, NULL);

		assert_true(ticket > 0);
		if (i % 3 == 0)
			breaker_failed(&b, ticket, i, 0);
		else
			breaker_worked(&b, ticket);
	}
	assert_int_equal(b.state.at, BREAKER_CLOSED);
}

static void late_ends_change_nothing(void **state)
{
	struct breaker b;
	unsigned late, probe;

	breaker_init(&b, &breaking);
	late = breaker_enter(&b, 0, NULL);
	fail_times(&b, 4, 0);
	breaker_worked(&b, late);
	assert_int_equal(b.state.at, BREAKER_OPEN);
	probe = breaker_enter(&b, 1000, NULL);
	breaker_failed(&b, late, 1000, 0);
	breaker_forget(&b, late);
	assert_int_equal(b.state.at, BREAKER_HALF_OPEN);
	assert_int_equal(breaker_enter(&b, 1000, NULL), 0);
	breaker_forget(&b, probe); /* canceled: the next one is the probe */
	assert_true(breaker_enter(&b, 1000, NULL) > 0);
}

/* --- Guarded calls ------------------------------------------------------------------------------ */

struct upstream {
	struct loop *loop;
	struct metrics *metrics;
	struct guard *guard;
	const char *plan; /* one letter an attempt: w f r h l; the last one stays */
	int attempts, canceled, released;
	int64_t at_ms[32];
	int limited_ms;
};

struct attempt {
	struct wait wait;
	struct upstream *u;
};

struct operation {
	struct guard_call call;
	struct upstream *u;
};

struct caller {
	struct flow flow;
	struct upstream *u;
	int64_t deadline_ms, ended_ms;
	bool ended;
};

static void attempt_cancel(struct wait *w)
{
	container_of(w, struct attempt, wait)->u->canceled++;
	wait_finish(w, ASSISTANT_ECANCELED, NULL);
}

static void attempt_release(struct wait *w)
{
	free(container_of(w, struct attempt, wait));
}

static void try_upstream(struct guard_call *c, struct flow *f)
{
	struct upstream *u = container_of(c, struct operation, call)->u;
	struct attempt *a = calloc(1, sizeof(*a));
	char does = u->plan[u->attempts < (int)strlen(u->plan) ? (size_t)u->attempts
							       : strlen(u->plan) - 1];
	struct fail fail = FAIL_INIT;

	u->at_ms[u->attempts++] = loop_now_ms(u->loop);
	a->u = u;
	wait_begin(&a->wait, f);
	a->wait.cancel = attempt_cancel;
	a->wait.release = attempt_release;
	if (does == 'w')
		wait_finish(&a->wait, 0, NULL);
	else if (does != 'h') {
		int code = does == 'r' ? ASSISTANT_EINVAL : ASSISTANT_EUNAVAILABLE;

		FAIL(&fail, code, "attempt %d", u->attempts);
		fail.retry_after_ms = does == 'l' ? u->limited_ms : 0;
		wait_finish(&a->wait, code, &fail);
	}
}

static void operation_release(struct guard_call *c)
{
	struct operation *o = container_of(c, struct operation, call);

	o->u->released++;
	free(o);
}

static flow_step caller_begin, caller_done;

static void caller_begin(struct flow *f)
{
	struct caller *c = container_of(f, struct caller, flow);
	struct operation *o = calloc(1, sizeof(*o));

	o->u = c->u;
	o->call.what = "query";
	o->call.attempt = try_upstream;
	o->call.release = operation_release;
	guard_call(c->u->guard, &o->call, THEN(f, caller_done));
}

static void caller_done(struct flow *f)
{
	flow_done(f);
}

static void caller_ended(struct flow *f)
{
	struct caller *c = container_of(f, struct caller, flow);

	c->ended = true;
	c->ended_ms = loop_now_ms(f->loop);
}

static const struct guard_policy guarding = {
	.retry = { .attempts = 3, .base_ms = 200, .cap_ms = 400, .attempt_ms = 1000 },
	.breaker = { .window = 10, .failures = 5, .open_ms = 2000, .open_max_ms = 8000 },
};

static void upstream_open(struct upstream *u, const char *plan)
{
	*u = (struct upstream){ .loop = loop_create_virtual(),
				.metrics = metrics_create(),
				.plan = plan };
	u->guard = guard_create(u->loop, "test", &guarding, METRIC_LLM_FAILURES, u->metrics, NULL);
	assert_non_null(u->guard);
}

static void upstream_close(struct upstream *u)
{
	while (loop_turn(u->loop, false))
		continue;
	guard_destroy(u->guard);
	metrics_destroy(u->metrics);
	loop_destroy(u->loop);
}

static void caller_start(struct caller *c, struct upstream *u, int64_t deadline_ms)
{
	*c = (struct caller){ .u = u, .deadline_ms = deadline_ms };
	flow_begin(&c->flow, u->loop, NULL, "caller", FIRST(caller_begin), caller_ended);
	if (deadline_ms)
		flow_set_deadline(&c->flow, deadline_ms);
}

static void ask(struct caller *c, struct upstream *u, int64_t deadline_ms)
{
	u->attempts = 0;
	caller_start(c, u, deadline_ms);
	while (!c->ended)
		loop_turn(u->loop, true);
}

static double failures(struct upstream *u, enum cause cause)
{
	return metrics_get(u->metrics, METRIC_LLM_FAILURES, cause_name(cause));
}

static void a_call_is_tried_again(void **state)
{
	struct upstream u;
	struct caller c;

	upstream_open(&u, "ffw");
	ask(&c, &u, 0);
	assert_int_equal(c.flow.status, 0);
	assert_int_equal(u.attempts, 3);
	assert_in_range(u.at_ms[1] - u.at_ms[0], 0, 201);
	assert_in_range(u.at_ms[2] - u.at_ms[1], 0, 401);
	assert_int_equal(failures(&u, CAUSE_UNREACHABLE), 2);
	assert_int_equal(metrics_get(u.metrics, METRIC_RETRIES, "test"), 2);
	upstream_close(&u);
	assert_int_equal(u.released, 1);
}

static void the_last_failure_is_told(void **state)
{
	struct upstream u;
	struct caller c;

	upstream_open(&u, "f");
	ask(&c, &u, 0);
	assert_int_equal(c.flow.status, ASSISTANT_EUNAVAILABLE);
	assert_string_equal(c.flow.fail.text, "attempt 3");
	u.plan = "r";
	ask(&c, &u, 0);
	assert_int_equal(c.flow.status, ASSISTANT_EINVAL);
	assert_int_equal(u.attempts, 1);
	upstream_close(&u);
}

static void pauses_are_as_asked(void **state)
{
	struct upstream u;
	struct caller c;

	upstream_open(&u, "lw");
	u.limited_ms = 1500;
	ask(&c, &u, 0);
	assert_int_equal(c.flow.status, 0);
	assert_in_range(u.at_ms[1] - u.at_ms[0], 1500, 1655);
	/* No time for that: told at once, not at the deadline. */
	ask(&c, &u, 1400);
	assert_int_equal(c.flow.status, ASSISTANT_EUNAVAILABLE);
	assert_int_equal(u.attempts, 1);
	assert_int_equal(c.flow.fail.retry_after_ms, 1500);
	upstream_close(&u);
}

static void each_attempt_has_a_deadline_within_the_callers(void **state)
{
	struct upstream u;
	struct caller c;
	int64_t began;

	upstream_open(&u, "hw");
	began = loop_now_ms(u.loop);
	ask(&c, &u, 0);
	assert_int_equal(c.flow.status, 0);
	assert_in_range(u.at_ms[1] - began, 1000, 1210);
	assert_int_equal(u.canceled, 1);
	assert_int_equal(failures(&u, CAUSE_TIMEOUT), 1);
	u.plan = "h";
	began = loop_now_ms(u.loop);
	ask(&c, &u, 600); /* less than an attempt may take */
	assert_int_equal(c.flow.status, ASSISTANT_ETIMEOUT);
	assert_in_range(c.ended_ms - began, 500, 600);
	assert_int_equal(failures(&u, CAUSE_TIMEOUT), 2); /* seen as the upstream's */
	upstream_close(&u);
}

static void a_broken_upstream_is_left_alone_and_probed(void **state)
{
	struct upstream u;
	struct caller c, others[4];
	struct fail f = FAIL_INIT;
	int64_t open_ms;

	upstream_open(&u, "f");
	ask(&c, &u, 0);
	ask(&c, &u, 0);
	assert_int_equal(u.attempts, 2); /* the fifth failure opened it */
	assert_int_equal(fail_cause(&c.flow.fail), CAUSE_BROKEN);
	open_ms = loop_now_ms(u.loop);
	assert_int_equal(guard_check(u.guard, &f), ASSISTANT_EUNAVAILABLE);
	assert_in_range(f.retry_after_ms, 1, 2000);
	assert_int_equal(metrics_get(u.metrics, METRIC_BREAKER, "test"), BREAKER_OPEN);
	for (int i = 0; i < 50; i++) {
		ask(&c, &u, 0);
		assert_int_equal(u.attempts, 0);
		assert_int_equal(c.flow.status, ASSISTANT_EUNAVAILABLE);
	}
	assert_int_equal(loop_now_ms(u.loop), open_ms); /* at once */
	call_pass_ms(u.loop, 2000);
	/* One probe, the others are not let in; it works, and all is as before. */
	u.plan = "w";
	u.attempts = 0;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		caller_start(&others[i], &u, 0);
	call_pass_ms(u.loop, 10);
	assert_int_equal(u.attempts, 1);
	assert_int_equal(others[0].flow.status, 0);
	for (size_t i = 1; i < ARRAY_SIZE(others); i++)
		assert_int_equal(others[i].flow.status, ASSISTANT_EUNAVAILABLE);
	assert_int_equal(metrics_get(u.metrics, METRIC_BREAKER, "test"), BREAKER_CLOSED);
	ask(&c, &u, 0);
	assert_int_equal(c.flow.status, 0);
	upstream_close(&u);
}

static void cancelling_is_no_failure(void **state)
{
	struct upstream u;
	struct caller c;

	upstream_open(&u, "h");
	for (int i = 0; i < 10; i++) {
		u.attempts = 0;
		caller_start(&c, &u, 0);
		while (!u.attempts)
			loop_turn(u.loop, false);
		flow_cancel(&c.flow);
		assert_true(c.ended);
	}
	assert_int_equal(u.canceled, 10);
	assert_int_equal(guard_check(u.guard, NULL), 0);
	assert_int_equal(failures(&u, CAUSE_TIMEOUT), 0);
	upstream_close(&u);
	assert_int_equal(u.released, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(when_to_come_again),
		cmocka_unit_test(full_jitter_doubles_up_to_a_cap),
		cmocka_unit_test(what_the_service_asks_for_is_obeyed),
		cmocka_unit_test(only_what_may_help_is_tried_again),
		cmocka_unit_test(retries_are_a_fifth_of_calls),
		cmocka_unit_test(opens_after_failures_and_probes_alone),
		cmocka_unit_test(stays_open_longer_each_time),
		cmocka_unit_test(few_failures_among_many_calls_do_not_open),
		cmocka_unit_test(late_ends_change_nothing),
		cmocka_unit_test(a_call_is_tried_again),
		cmocka_unit_test(the_last_failure_is_told),
		cmocka_unit_test(pauses_are_as_asked),
		cmocka_unit_test(each_attempt_has_a_deadline_within_the_callers),
		cmocka_unit_test(a_broken_upstream_is_left_alone_and_probed),
		cmocka_unit_test(cancelling_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
