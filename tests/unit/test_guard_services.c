/*
 * test_guard_services.c - an index and an embedder behind a guard.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "call.h"
#include "guard/guard_services.h"
#include "observe/metrics.h"
#include "word_embedder.h"

static const struct guard_policy policy = {
	.retry = { .attempts = 3, .base_ms = 100, .cap_ms = 200 },
	.breaker = { .window = 10, .failures = 5, .open_ms = 1000, .open_max_ms = 1000 },
};
static const struct guard_policy once = {
	.retry = { .attempts = 1 },
	.breaker = { .window = 10, .failures = 3, .open_ms = 1000, .open_max_ms = 1000 },
};

/* --- An embedder ------------------------------------------------------------------------------ */

static void texts_are_embedded_again(void **state)
{
	static const char *const texts[] = { "water", "sponge streets" };
	struct loop *loop = loop_create_virtual();
	struct metrics *metrics = metrics_create();
	struct word_embedder *words = word_embedder_create(loop, 16);
	struct embedder *e = NULL;
	float out[2][16] = { { 0 } }, expected[16];

	assert_int_equal(
		guard_embedder_open(loop, &words->base, "openai", &policy, metrics, NULL, &e, NULL),
		0);
	assert_string_equal(e->model, "words");
	assert_int_equal(e->dims, 16);
	assert_string_equal(e->ops->name, words->base.ops->name);
	assert_int_equal(AWAIT(loop, f, e->ops->ping(e, f)), 0);
	assert_int_equal(AWAIT(loop, f, e->ops->embed(e, EMBED_PASSAGE, texts, 2, out[0], f)), 0);
	word_vector(texts[1], 16, expected);
	assert_memory_equal(out[1], expected, sizeof(expected));
	words->calls = 0;
	words->fail_code = ASSISTANT_EUNAVAILABLE;
	assert_int_equal(AWAIT(loop, f, e->ops->embed(e, EMBED_QUERY, texts, 1, out[0], f)),
			 ASSISTANT_EUNAVAILABLE);
	assert_int_equal(words->calls, 3);
	assert_int_equal(metrics_get(metrics, METRIC_EMBED_FAILURES, "unreachable"), 3);
	words->calls = 0;
	words->fail_code = ASSISTANT_EINVAL;
	assert_int_equal(AWAIT(loop, f, e->ops->embed(e, EMBED_QUERY, texts, 1, out[0], f)),
			 ASSISTANT_EINVAL);
	assert_int_equal(words->calls, 1);
	words->loading = true;
	assert_true(e->ops->loading(e));
	call_drain(loop);
	embedder_destroy(e);
	metrics_destroy(metrics);
	loop_destroy(loop);
}

/* --- An index ----------------------------------------------------------------------------------- */

struct fake_index {
	struct index base;
	int code, calls, passed_by;
	char asked[64];
	bool destroyed;
};

static struct fake_index fake;

static void answer(struct flow *f)
{
	fake.calls++;
	if (fake.code < 0)
		flow_refuse(f, fake.code, &(struct fail){ .code = fake.code });
	else
		flow_sleep(f, 5);
}

static void fake_lexical(struct index *x, const char *conference_id, const struct lexical_query *q,
			 struct arena *arena, struct index_hits *out, struct flow *f)
{
	snprintf(fake.asked, sizeof(fake.asked), "lexical %s %s %d", conference_id, q->text,
		 q->limit);
	out->total = 7;
	answer(f);
}

static void fake_list(struct index *x, const char *conference_id, const struct index_filter *filter,
		      int limit, int offset, struct arena *arena, struct index_hits *out,
		      struct flow *f)
{
	snprintf(fake.asked, sizeof(fake.asked), "list %s %u %d %d", conference_id,
		 filter->entities, limit, offset);
	answer(f);
}

static void fake_dense(struct index *x, const char *conference_id, const struct dense_query *q,
		       struct arena *arena, struct dense_hits *out, struct flow *f)
{
	snprintf(fake.asked, sizeof(fake.asked), "dense %s %u %d", conference_id, q->facets,
		 q->limit);
	answer(f);
}

static void fake_space(struct index *x, const char *conference_id, struct arena *arena,
		       struct vector_space *space, size_t *n_points, struct flow *f)
{
	snprintf(fake.asked, sizeof(fake.asked), "space %s", conference_id);
	answer(f);
}

static void fake_ping(struct index *x, struct flow *f)
{
	answer(f);
}

static void fake_use(struct index *x, const char *conference_id, uint64_t epoch, struct flow *f)
{
	fake.passed_by++;
	answer(f);
}

static void fake_destroy(struct index *x)
{
	fake.destroyed = true;
}

static const struct index_ops fake_ops = {
	.name = "fake",
	.destroy = fake_destroy,
	.ping = fake_ping,
	.lexical = fake_lexical,
	.list = fake_list,
	.dense = fake_dense,
	.space = fake_space,
	.use = fake_use,
};

static void questions_reach_the_index(void **state)
{
	struct loop *loop = loop_create_virtual();
	struct index *x = NULL;
	struct index_hits hits = { .n = 0 };
	struct dense_hits dense = { .n = 0 };
	struct vector_space space;
	size_t n;

	fake = (struct fake_index){ .base.ops = &fake_ops };
	assert_int_equal(guard_index_open(loop, &fake.base, "qdrant", &once, NULL, NULL, &x, NULL),
			 0);
	assert_string_equal(x->ops->name, "fake");
	assert_int_equal(
		AWAIT(loop, f,
		      x->ops->lexical(x, "c", &(struct lexical_query){ .text = "tide", .limit = 3 },
				      NULL, &hits, f)),
		0);
	assert_string_equal(fake.asked, "lexical c tide 3");
	assert_int_equal(hits.total, 7);
	assert_int_equal(AWAIT(loop, f,
			       x->ops->list(x, "c", &(struct index_filter){ .entities = 2 }, 9, 4,
					    NULL, &hits, f)),
			 0);
	assert_string_equal(fake.asked, "list c 2 9 4");
	assert_int_equal(
		AWAIT(loop, f,
		      x->ops->dense(x, "c", &(struct dense_query){ .facets = 5, .limit = 2 }, NULL,
				    &dense, f)),
		0);
	assert_string_equal(fake.asked, "dense c 5 2");
	assert_int_equal(AWAIT(loop, f, x->ops->space(x, "c", NULL, &space, &n, f)), 0);
	assert_string_equal(fake.asked, "space c");
	call_drain(loop);
	index_destroy(x);
	assert_true(fake.destroyed);
	loop_destroy(loop);
}

static void an_index_that_is_down_costs_no_time(void **state)
{
	struct loop *loop = loop_create_virtual();
	struct metrics *metrics = metrics_create();
	struct index *x = NULL;
	struct index_hits hits;

	fake = (struct fake_index){ .base.ops = &fake_ops, .code = ASSISTANT_EUNAVAILABLE };
	assert_int_equal(
		guard_index_open(loop, &fake.base, "qdrant", &once, metrics, NULL, &x, NULL), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(AWAIT(loop, f,
				       x->ops->list(x, "c", &(struct index_filter){ .entities = 0 },
						    1, 0, NULL, &hits, f)),
				 ASSISTANT_EUNAVAILABLE);
	assert_int_equal(fake.calls, 3);
	assert_int_equal(fail_cause(call_fail()), CAUSE_BROKEN);
	assert_int_equal(metrics_get(metrics, METRIC_INDEX_FAILURES, "broken"), 7);
	assert_int_equal(AWAIT(loop, f, x->ops->ping(x, f)), ASSISTANT_EUNAVAILABLE);
	/* Ingest is not held up by what questions met. */
	fake.code = 0;
	assert_int_equal(AWAIT(loop, f, x->ops->use(x, "c", 1, f)), 0);
	assert_int_equal(fake.passed_by, 1);
	call_pass_ms(loop, 1000);
	assert_int_equal(AWAIT(loop, f,
			       x->ops->list(x, "c", &(struct index_filter){ .entities = 0 }, 1, 0,
					    NULL, &hits, f)),
			 0);
	/* What does not exist is no failure of its. */
	fake.code = ASSISTANT_ENOTFOUND;
	for (int i = 0; i < 10; i++)
		assert_int_equal(AWAIT(loop, f,
				       x->ops->list(x, "c", &(struct index_filter){ .entities = 0 },
						    1, 0, NULL, &hits, f)),
				 ASSISTANT_ENOTFOUND);
	call_drain(loop);
	index_destroy(x);
	metrics_destroy(metrics);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_embedded_again),
		cmocka_unit_test(questions_reach_the_index),
		cmocka_unit_test(an_index_that_is_down_costs_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
