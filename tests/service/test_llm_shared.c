/*
 * test_llm_shared.c - whose answer may be said again, and what is said then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/text.h"
#include "cache/cache.h"
#include "call.h"
#include "llm/llm.h"
#include "observe/metrics.h"

/* A model that says what it is told to, a word at a time. */
struct model {
	struct llm base;
	struct loop *loop;
	const char *name, *answer;
	enum llm_stop stop;
	int asked, fails;
};

struct saying {
	struct wait wait;
	struct llm_result result, *out;
};

static void saying_deliver(struct wait *w)
{
	struct saying *s = container_of(w, struct saying, wait);

	*s->out = s->result;
}

static void saying_release(struct wait *w)
{
	free(container_of(w, struct saying, wait));
}

static void model_stream(struct llm *l, const struct llm_request *rq, struct arena *arena,
			 struct llm_result *out, struct flow *f)
{
	struct model *m = container_of(l, struct model, base);
	struct saying *s = calloc(1, sizeof(*s));

	m->asked++;
	wait_begin(&s->wait, f);
	s->wait.deliver = saying_deliver;
	s->wait.release = saying_release;
	s->result = (struct llm_result){ .stop = m->stop, .model = m->name, .output_tokens = 7 };
	s->out = out;
	for (const char *at = m->answer; *at; at++)
		rq->on_text(rq->ctx, at, 1);
	wait_finish(&s->wait, m->fails ? ASSISTANT_EUNAVAILABLE : 0, NULL);
}

static void model_destroy(struct llm *l)
{
}

static const struct llm_ops model_ops = { .name = "model",
					  .destroy = model_destroy,
					  .stream = model_stream };

struct fixture {
	struct loop *loop;
	struct cache *cache;
	struct metrics *metrics;
	struct model model;
	struct llm *one, *other; /* two servers on one cache */
	struct arena *arena;
	struct json_object *facts;
	struct text heard;
	struct llm_result result;
};

static void hear(void *ctx, const char *text, size_t len)
{
	struct fixture *fx = ctx;

	text_append_n(&fx->heard, text, len);
}

#define LONG_ANSWER                                                                                \
	"[[s1]] is über alles the talk to hear, and [[e2]] has a stand; both of them say so in "  \
	"their own words, which is why this is longer than a piece."

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = loop_create_virtual();
	fx->metrics = metrics_create();
	fx->arena = arena_create(1 << 20);
	fx->model = (struct model){ .base.ops = &model_ops,
				    .loop = fx->loop,
				    .name = "claude-1-20260101",
				    .answer = LONG_ANSWER };
	fx->facts = json_object_new_object();
	json_set_string(fx->facts, "phase", "during");
	json_set_string(fx->facts, "now", "2026-01-31T10:00:00");
	text_init(&fx->heard, 1 << 16);
	*state = fx;
	return memory_cache_open(fx->loop, 1 << 20, &fx->cache, NULL) +
	       llm_shared_open(fx->loop, &fx->model.base, "claude-1", fx->cache, 60000, fx->metrics,
			       &fx->one, NULL) +
	       llm_shared_open(fx->loop, &fx->model.base, "claude-1", fx->cache, 60000, fx->metrics,
			       &fx->other, NULL);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	llm_destroy(fx->one);
	llm_destroy(fx->other);
	cache_destroy(fx->cache);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	metrics_destroy(fx->metrics);
	arena_destroy(fx->arena);
	json_object_put(fx->facts);
	text_finish(&fx->heard);
	free(fx);
	return 0;
}

static struct llm_request request(struct fixture *fx)
{
	return (struct llm_request){
		.system = "Answer from the records.",
		.question = "Who speaks of Rust?",
		.language = "en",
		.facts = fx->facts,
		.records = "c1.1",
		.clock = "2026-01-31",
		.max_tokens = 100,
		.on_text = hear,
		.ctx = fx,
	};
}

static int asked(struct fixture *fx, struct llm *l, const struct llm_request *rq)
{
	int before = fx->model.asked, r;

	text_clear(&fx->heard);
	memset(&fx->result, 0, sizeof(fx->result));
	r = AWAIT(fx->loop, f_, l->ops->stream(l, rq, fx->arena, &fx->result, f_));
	assert_int_equal(r, fx->model.fails ? ASSISTANT_EUNAVAILABLE : 0);
	return fx->model.asked - before;
}

static void test_said_again_word_for_word(void **state)
{
	struct fixture *fx = *state;
	struct llm_request rq = request(fx);

	assert_int_equal(asked(fx, fx->one, &rq), 1);
	assert_string_equal(fx->heard.data, LONG_ANSWER);
	assert_false(fx->result.reused);
	assert_int_equal(fx->result.output_tokens, 7);
	json_set_string(fx->facts, "now",
			"2026-01-31T11:30:00"); /* its request says that the day counts */
	assert_int_equal(asked(fx, fx->other, &rq), 0);
	assert_string_equal(fx->heard.data, LONG_ANSWER);
	assert_true(fx->result.reused);
	assert_string_equal(fx->result.model, "claude-1-20260101");
	assert_int_equal(fx->result.output_tokens, 0);
}

static void test_whatever_differs_is_another_answer(void **state)
{
	struct fixture *fx = *state;
	struct llm_request first = request(fx), rq = first;

	assert_int_equal(asked(fx, fx->one, &first), 1);
	rq.records = "c1.2"; /* loaded again */
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	rq = first;
	rq.records = "c2.1";
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	rq = first;
	rq.clock = "2026-02-01";
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	rq = first;
	rq.language = "de";
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	rq = first;
	rq.question = "Who speaks of rust?";
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	rq = first;
	rq.system = "Answer from the records, shortly.";
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	json_set_string(fx->facts, "phase", "after");
	assert_int_equal(asked(fx, fx->one, &first), 1);
	json_set_string(fx->facts, "phase", "during");
	assert_int_equal(asked(fx, fx->one, &first), 0);
}

static void test_not_for_others(void **state)
{
	struct fixture *fx = *state;
	struct llm_message before = { "user", "Who speaks of C?" };
	struct llm_request rq = request(fx);

	rq.records = NULL;
	assert_int_equal(asked(fx, fx->one, &rq) + asked(fx, fx->one, &rq), 2);
	rq = request(fx);
	rq.history = &before;
	rq.n_history = 1;
	assert_int_equal(asked(fx, fx->one, &rq) + asked(fx, fx->one, &rq), 2);
	rq = request(fx);
	rq.said = "Half an ans";
	assert_int_equal(asked(fx, fx->one, &rq) + asked(fx, fx->one, &rq), 2);
	rq = request(fx);
	assert_int_equal(asked(fx, fx->one, &rq), 1); /* none of those was kept */
}

static void test_only_whole_ones_are_kept(void **state)
{
	struct fixture *fx = *state;
	struct llm_request rq = request(fx);

	fx->model.fails = 1;
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	fx->model.fails = 0;
	fx->model.stop = LLM_MAX_TOKENS;
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	fx->model.stop = LLM_REFUSED;
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	fx->model.stop = LLM_END;
	fx->model.name = "another"; /* the next of the chain */
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	fx->model.name = "claude-1";
	assert_int_equal(asked(fx, fx->one, &rq), 1);
	assert_int_equal(asked(fx, fx->one, &rq), 0);
}

static void test_expires(void **state)
{
	struct fixture *fx = *state;
	struct llm_request rq = request(fx);

	assert_int_equal(asked(fx, fx->one, &rq), 1);
	assert_int_equal(AWAIT(fx->loop, f_, flow_sleep(f_, 61000)), 0);
	assert_int_equal(asked(fx, fx->one, &rq), 1);
}

static void test_counted(void **state)
{
	struct fixture *fx = *state;
	struct llm_request rq = request(fx);
	struct text t _cleanup_text_ = { 0 };

	asked(fx, fx->one, &rq);
	asked(fx, fx->other, &rq);
	asked(fx, fx->other, &rq);
	rq.records = NULL;
	asked(fx, fx->one, &rq);
	text_init(&t, 1 << 20);
	metrics_render(fx->metrics, false, &t);
	assert_non_null(strstr(t.data, "erleah_answer_cache_requests_total{result=\"hit\"} 2\n"));
	assert_non_null(strstr(t.data, "erleah_answer_cache_requests_total{result=\"miss\"} 1\n"));
	assert_non_null(strstr(t.data, "erleah_answer_cache_requests_total{result=\"unfit\"} 1\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_said_again_word_for_word),
		TEST(test_whatever_differs_is_another_answer),
		TEST(test_not_for_others),
		TEST(test_only_whole_ones_are_kept),
		TEST(test_expires),
		TEST(test_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
