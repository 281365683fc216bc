/*
 * test_guard_llm.c - the chain of models in virtual time: who is asked when, with what, and what the reader gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "call.h"
#include "guard/guard_llm.h"
#include "observe/metrics.h"

#define MAX_ATTEMPTS 16

/* What one attempt does: says text (a piece every pace_ms), then ends, fails with code, or hangs. */
struct attempt {
	const char *text;
	int code; /* 0: ends well */
	bool hangs;
	int retry_after_ms;
	enum cause cause;
	int pace_ms;
};

struct model {
	struct llm llm;
	const char *name;
	struct world *world;
};

struct world {
	struct loop *loop;
	struct metrics *metrics;
	struct arena *arena;
	struct llm *chain;
	const struct attempt *plan;
	size_t n_plan, n_attempts, n_canceled, n_destroyed;
	const char *by[MAX_ATTEMPTS];
	char said[MAX_ATTEMPTS][200];
	int64_t at_ms[MAX_ATTEMPTS];
	struct text text;
	bool stop_at_text;
	struct flow flow;
	struct llm_result result;
	bool ended;
	int64_t ended_ms;
};

struct saying {
	struct wait wait;
	struct loop_timer timer;
	struct world *w;
	const struct attempt *a;
	size_t at;
	struct llm_request rq;
	struct llm_result *out;
	const char *name;
};

static void on_timer(struct loop_timer *t);

static void finish(struct saying *s)
{
	struct fail fail = { .code = s->a->code,
			     .cause = (unsigned char)s->a->cause,
			     .retry_after_ms = s->a->retry_after_ms };

	wait_finish(&s->wait, s->a->code, &fail);
}

static void on_timer(struct loop_timer *t)
{
	struct saying *s = container_of(t, struct saying, timer);
	const char *rest = s->a->text ? s->a->text + s->at : "";
	size_t n = strlen(rest) < 4 ? strlen(rest) : 4;

	if (!n) {
		if (!s->a->hangs)
			finish(s);
		return;
	}
	s->at += n;
	loop_timer_start(s->w->loop, &s->timer, s->a->pace_ms, on_timer);
	s->rq.on_text(s->rq.ctx, rest, n); /* may cancel */
}

static void cancel(struct wait *w)
{
	struct saying *s = container_of(w, struct saying, wait);

	s->w->n_canceled++;
	loop_timer_stop(&s->timer);
	wait_finish(w, ASSISTANT_ECANCELED, NULL);
}

static void deliver(struct wait *w)
{
	struct saying *s = container_of(w, struct saying, wait);

	*s->out = (struct llm_result){ .stop = LLM_END, .model = s->name };
}

static void release(struct wait *w)
{
	struct saying *s = container_of(w, struct saying, wait);

	loop_timer_stop(&s->timer);
	free(s);
}

static void model_stream(struct llm *l, const struct llm_request *rq, struct arena *arena,
			 struct llm_result *out, struct flow *f)
{
	struct model *m = container_of(l, struct model, llm);
	struct world *w = m->world;
	struct saying *s = calloc(1, sizeof(*s));

	assert_true(w->n_attempts < w->n_plan);
	snprintf(w->said[w->n_attempts], sizeof(w->said[0]), "%s", rq->said ? rq->said : "");
	w->by[w->n_attempts] = m->name;
	w->at_ms[w->n_attempts] = loop_now_ms(w->loop);
	*s = (struct saying){
		.w = w, .a = &w->plan[w->n_attempts++], .rq = *rq, .out = out, .name = m->name
	};
	wait_begin(&s->wait, f);
	s->wait.cancel = cancel;
	s->wait.deliver = deliver;
	s->wait.release = release;
	loop_timer_start(w->loop, &s->timer, 0, on_timer);
}

static void model_destroy(struct llm *l)
{
	struct model *m = container_of(l, struct model, llm);

	m->world->n_destroyed++;
	free(m);
}

static void model_ping(struct llm *l, struct flow *f)
{
	struct world *w = container_of(l, struct model, llm)->world;

	if (w->plan[w->n_attempts++].code < 0)
		flow_refuse(f, w->plan[w->n_attempts - 1].code, NULL);
	else
		flow_sleep(f, 1);
}

static const struct llm_ops model_ops = {
	.name = "model", .destroy = model_destroy, .ping = model_ping, .stream = model_stream
};

static struct llm_link link_to(struct world *w, const char *name)
{
	struct model *m = calloc(1, sizeof(*m));

	*m = (struct model){ .llm.ops = &model_ops, .name = name, .world = w };
	return (struct llm_link){ &m->llm, name };
}

static const struct guard_policy policy = {
	.retry = { .attempts = 3, .base_ms = 100, .cap_ms = 400 },
	.breaker = { .window = 20, .failures = 5, .open_ms = 1000, .open_max_ms = 4000 },
};

static void world_open(struct world *w, const struct attempt *plan, size_t n)
{
	struct llm_chain_options options = {
		.n_links = 2, .ask_link = 1, .silence_ms = 2000, .policy = &policy
	};

	*w = (struct world){ .loop = loop_create_virtual(),
			     .metrics = metrics_create(),
			     .arena = arena_create(1 << 20),
			     .plan = plan,
			     .n_plan = n };
	text_init(&w->text, 1 << 16);
	options.links[0] = link_to(w, "first");
	options.links[1] = link_to(w, "second");
	assert_int_equal(guard_llm_open(w->loop, &options, w->metrics, NULL, &w->chain, NULL), 0);
}

static void world_close(struct world *w)
{
	call_drain(w->loop);
	llm_destroy(w->chain);
	assert_int_equal(w->n_destroyed, 2);
	text_finish(&w->text);
	arena_destroy(w->arena);
	metrics_destroy(w->metrics);
	loop_destroy(w->loop);
}

static void on_text(void *ctx, const char *text, size_t len)
{
	struct world *w = ctx;

	assert_false(w->ended);
	text_append_n(&w->text, text, len);
	if (w->stop_at_text)
		flow_cancel(&w->flow);
}

static flow_step ask_begin, ask_done;

static void ask_begin(struct flow *f)
{
	struct world *w = container_of(f, struct world, flow);
	const struct llm_request rq = {
		.question = "?", .max_tokens = 9, .on_text = on_text, .ctx = w
	};

	w->chain->ops->stream(w->chain, &rq, w->arena, &w->result, THEN(f, ask_done));
}

static void ask_done(struct flow *f)
{
	flow_done(f);
}

static void ask_ended(struct flow *f)
{
	struct world *w = container_of(f, struct world, flow);

	w->ended = true;
	w->ended_ms = loop_now_ms(f->loop);
}

static int ask(struct world *w, int64_t deadline_ms)
{
	w->ended = false;
	w->n_attempts = 0;
	text_clear(&w->text);
	flow_begin(&w->flow, w->loop, NULL, "ask", FIRST(ask_begin), ask_ended);
	flow_set_deadline(&w->flow, deadline_ms);
	while (!w->ended)
		loop_turn(w->loop, true);
	return w->flow.status;
}

#define PLAY(w, ...)                                                                               \
	static const struct attempt plan_[] = { __VA_ARGS__ };                                     \
	world_open(w, plan_, ARRAY_SIZE(plan_))
#define DOWN ASSISTANT_EUNAVAILABLE

static void all_is_well(void **state)
{
	struct world w;

	PLAY(&w, { .text = "Ten past ten, in Hall A." });
	assert_int_equal(ask(&w, 60000), 0);
	assert_string_equal(w.text.data, "Ten past ten, in Hall A.");
	assert_string_equal(w.result.model, "first");
	assert_int_equal(w.n_attempts, 1);
	world_close(&w);
}

static void the_same_model_then_the_next(void **state)
{
	struct world w;

	PLAY(&w, { .code = DOWN }, { .code = DOWN }, { .code = DOWN }, { .text = "Here." });
	assert_int_equal(ask(&w, 60000), 0);
	assert_string_equal(w.text.data, "Here.");
	assert_string_equal(w.by[2], "first");
	assert_string_equal(w.by[3], "second");
	assert_in_range(w.at_ms[1] - w.at_ms[0], 0, 101);
	assert_in_range(w.at_ms[2] - w.at_ms[1], 0, 201);
	assert_int_equal(w.at_ms[3], w.at_ms[2]); /* no pause before another model */
	assert_int_equal(metrics_get(w.metrics, METRIC_LLM_FAILURES, "unreachable"), 3);
	world_close(&w);
}

static void a_pause_is_as_long_as_asked_or_not_made(void **state)
{
	struct world w;

	PLAY(&w, { .code = ASSISTANT_ELIMIT, .retry_after_ms = 3000 }, { .text = "Here." },
	     { .code = ASSISTANT_ELIMIT, .retry_after_ms = 3000 }, { .text = "There." });
	assert_int_equal(ask(&w, 60000), 0);
	assert_in_range(w.at_ms[1] - w.at_ms[0], 3000, 3301);
	assert_string_equal(w.by[1], "first");
	w.plan += 2;
	assert_int_equal(ask(&w, 2500), 0);
	assert_int_equal(w.at_ms[1], w.at_ms[0]);
	assert_string_equal(w.by[1], "second");
	world_close(&w);
}

static void what_concerns_all_ends_at_once(void **state)
{
	struct world w;

	PLAY(&w, { .code = ASSISTANT_EDENIED }, { .text = "No." });
	assert_int_equal(ask(&w, 60000), ASSISTANT_EDENIED);
	assert_int_equal(w.n_attempts, 1);
	world_close(&w);
}

static void what_a_model_does_not_take_another_may(void **state)
{
	struct world w;

	PLAY(&w, { .code = ASSISTANT_EPROTOCOL, .cause = CAUSE_REJECTED }, { .text = "Here." });
	assert_int_equal(ask(&w, 60000), 0);
	assert_string_equal(w.by[1], "second");
	world_close(&w);
}

static void silence_is_not_waited_for_twice(void **state)
{
	struct world w;
	int64_t began;

	PLAY(&w, { .text = "One two thr", .hangs = true, .pace_ms = 1500 },
	     { .text = "three four." });
	began = loop_now_ms(w.loop);
	assert_int_equal(ask(&w, 60000), 0);
	assert_string_equal(w.text.data, "One two three four.");
	assert_string_equal(w.by[1], "second");
	assert_string_equal(w.said[1], "One two");
	/* Two pieces at a slow pace are no silence: 3 x 1.5 s, then 2 s without one. */
	assert_in_range(w.at_ms[1] - began, 4900, 5100);
	assert_int_equal(w.n_canceled, 1);
	assert_int_equal(metrics_get(w.metrics, METRIC_LLM_CONTINUED, "other"), 1);
	world_close(&w);
}

static void a_broken_text_is_gone_on_with(void **state)
{
	struct world w;

	PLAY(&w, { .text = "It is at ten in Ha", .code = DOWN, .cause = CAUSE_CUT_OFF },
	     { .text = "ten in Hall A and ends at ele", .code = DOWN },
	     { .text = " eleven. Bring a coat." });
	assert_int_equal(ask(&w, 60000), 0);
	assert_string_equal(w.text.data,
			    "It is at ten in Hall A and ends at eleven. Bring a coat.");
	assert_string_equal(w.said[1], "It is at ten in");
	assert_string_equal(w.said[2], "It is at ten in Hall A and ends at");
	assert_int_equal(metrics_get(w.metrics, METRIC_LLM_CONTINUED, "same"), 1);
	world_close(&w);
}

static void the_deadline_is_met(void **state)
{
	struct world w;
	int64_t began;

	PLAY(&w, { .hangs = true }, { .hangs = true });
	began = loop_now_ms(w.loop);
	assert_int_equal(ask(&w, 3000), ASSISTANT_ETIMEOUT);
	assert_in_range(w.ended_ms - began, 2900, 3000);
	assert_int_equal(w.n_canceled, 2);
	assert_int_equal(metrics_get(w.metrics, METRIC_LLM_FAILURES, "timeout"), 2);
	world_close(&w);
}

static void a_reader_may_stop_inside(void **state)
{
	struct world w;

	PLAY(&w, { .text = "One two three four" });
	w.stop_at_text = true;
	assert_int_equal(ask(&w, 3000), ASSISTANT_ECANCELED);
	assert_string_equal(w.text.data, "One");
	assert_int_equal(w.n_canceled, 1);
	assert_int_equal(metrics_get(w.metrics, METRIC_LLM_FAILURES, "canceled"), 0);
	world_close(&w);
}

static void models_that_are_down_are_left_alone(void **state)
{
	static struct attempt plan[MAX_ATTEMPTS];
	struct world w;
	struct fail f = FAIL_INIT;

	for (size_t i = 0; i < MAX_ATTEMPTS; i++)
		plan[i] = (struct attempt){ .code = DOWN };
	world_open(&w, plan, MAX_ATTEMPTS);
	assert_int_equal(w.chain->ops->check(w.chain, &f), 0);
	assert_int_equal(ask(&w, 60000), DOWN);
	assert_int_equal(ask(&w, 60000), DOWN);
	assert_int_equal(w.n_attempts, 4); /* each opens at its fifth failure */
	assert_int_equal(ask(&w, 60000), DOWN);
	assert_int_equal(w.n_attempts, 0);
	assert_int_equal(fail_cause(&w.flow.fail), CAUSE_BROKEN);
	assert_int_equal(w.chain->ops->check(w.chain, &f), DOWN);
	assert_int_equal(AWAIT(w.loop, fl, w.chain->ops->ping(w.chain, fl)), DOWN);
	call_pass_ms(w.loop, 1500);
	plan[0] = (struct attempt){ .text = "Back." };
	assert_int_equal(ask(&w, 60000), 0);
	assert_string_equal(w.text.data, "Back.");
	world_close(&w);
}

static void pings_are_remembered(void **state)
{
	struct world w;

	PLAY(&w, { .code = 0 }, { .code = ASSISTANT_ENOTFOUND }, { .code = 0 }, { .code = 0 });
	for (int i = 0; i < 5; i++)
		assert_int_equal(AWAIT(w.loop, f, w.chain->ops->ping(w.chain, f)),
				 ASSISTANT_ENOTFOUND);
	assert_int_equal(w.n_attempts, 2);
	call_pass_ms(w.loop, 15000);
	for (int i = 0; i < 5; i++)
		assert_int_equal(AWAIT(w.loop, f, w.chain->ops->ping(w.chain, f)), 0);
	assert_int_equal(w.n_attempts, 4);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(the_same_model_then_the_next),
		cmocka_unit_test(a_pause_is_as_long_as_asked_or_not_made),
		cmocka_unit_test(what_concerns_all_ends_at_once),
		cmocka_unit_test(what_a_model_does_not_take_another_may),
		cmocka_unit_test(silence_is_not_waited_for_twice),
		cmocka_unit_test(a_broken_text_is_gone_on_with),
		cmocka_unit_test(the_deadline_is_met),
		cmocka_unit_test(a_reader_may_stop_inside),
		cmocka_unit_test(models_that_are_down_are_left_alone),
		cmocka_unit_test(pings_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
