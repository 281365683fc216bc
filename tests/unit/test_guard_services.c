/*
 * test_guard_services.c - an index, an embedder and a store behind a guard.
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

/* --- A store ------------------------------------------------------------------------------------ */

static struct {
	struct store base;
	int code, calls;
	enum cause cause;
	char asked[200];
} rows;

/* Fails with code, until it has been asked twice. */
static void store_answer(struct flow *f)
{
	struct fail fail = { .code = rows.code, .cause = (unsigned char)rows.cause };

	if (rows.code < 0 && ++rows.calls < 3)
		flow_refuse(f, rows.code, &fail);
	else
		flow_sleep(f, 5);
}

static void rows_message(struct store *s, const char *id, struct arena *arena, struct message *out,
			 struct flow *f)
{
	snprintf(rows.asked, sizeof(rows.asked), "message %s", id);
	*out = (struct message){ .id = "m" };
	store_answer(f);
}

static void rows_history(struct store *s, const char *id, int max, struct arena *arena,
			 struct messages *out, struct flow *f)
{
	snprintf(rows.asked, sizeof(rows.asked), "history %s %d", id, max);
	store_answer(f);
}

static void rows_create(struct store *s, const struct message *row, struct flow *f)
{
	snprintf(rows.asked, sizeof(rows.asked), "create %s %s %s", row->id, row->text,
		 row->metadata);
	store_answer(f);
}

static void rows_write(struct store *s, const struct message_patch *patches, size_t n,
		       bool *missing, struct flow *f)
{
	snprintf(rows.asked, sizeof(rows.asked), "write %zu %s %s", n, patches[n - 1].id,
		 patches[n - 1].text);
	missing[0] = true;
	store_answer(f);
}

static void rows_complete(struct store *s, const char *const *ids, size_t n, struct flow *f)
{
	snprintf(rows.asked, sizeof(rows.asked), "complete %zu %s", n, ids[n - 1]);
	store_answer(f);
}

static void rows_ping(struct store *s, struct flow *f)
{
	store_answer(f);
}

static void rows_destroy(struct store *s)
{
	rows.asked[0] = '\0';
}

static const struct store_ops rows_ops = {
	.name = "rows",
	.destroy = rows_destroy,
	.ping = rows_ping,
	.message = rows_message,
	.history = rows_history,
	.message_create = rows_create,
	.messages_write = rows_write,
	.messages_complete = rows_complete,
};

static void fails(int code, enum cause cause)
{
	rows.code = code;
	rows.cause = cause;
	rows.calls = 0;
}

static int create(struct loop *loop, struct store *s)
{
	char text[] = "text";
	struct message row = { .id = "m", .text = text, .metadata = "{}" };

	return AWAIT(loop, f, {
		s->ops->message_create(s, &row, f);
		memset(text, '?', 4); /* the caller's memory is its own again */
	});
}

static void rows_are_read_again_and_written_once(void **state)
{
	struct loop *loop = loop_create_virtual();
	struct metrics *metrics = metrics_create();
	const struct message_patch patches[] = { { .id = "a", .text = "x" },
						 { .id = "b", .text = "y" } };
	const char *const ids[] = { "a", "b" };
	struct message message;
	struct messages messages;
	struct store *s = NULL;
	bool missing[2] = { false };

	rows.base = (struct store){ .ops = &rows_ops, .no_metadata = true };
	assert_int_equal(
		guard_store_open(loop, &rows.base, "directus", &policy, metrics, NULL, &s, NULL),
		0);
	assert_string_equal(s->ops->name, "rows");
	assert_true(s->no_metadata);
	assert_null(s->ops->check);
	assert_null(s->ops->ingest);
	fails(ASSISTANT_EUNAVAILABLE, CAUSE_SERVER_ERROR);
	assert_int_equal(AWAIT(loop, f, s->ops->message(s, "m", NULL, &message, f)), 0);
	assert_string_equal(rows.asked, "message m");
	assert_string_equal(message.id, "m");
	fails(ASSISTANT_EUNAVAILABLE, CAUSE_CUT_OFF);
	assert_int_equal(AWAIT(loop, f, s->ops->history(s, "c", 9, NULL, &messages, f)), 0);
	assert_string_equal(rows.asked, "history c 9");
	assert_int_equal(metrics_get(metrics, METRIC_STORE_FAILURES, "server_error"), 2);
	assert_int_equal(metrics_get(metrics, METRIC_RETRIES, "directus"), 4);
	fails(ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED);
	assert_int_equal(AWAIT(loop, f, s->ops->messages_write(s, patches, 2, missing, f)),
			 ASSISTANT_EUNAVAILABLE);
	assert_int_equal(rows.calls, 1);
	assert_string_equal(rows.asked, "write 2 b y");
	assert_true(missing[0]);
	fails(0, CAUSE_NONE);
	call_pass_ms(loop, 1000); /* that were enough failures for the breaker */
	assert_int_equal(AWAIT(loop, f, s->ops->messages_complete(s, ids, 2, f)), 0);
	assert_string_equal(rows.asked, "complete 2 b");
	call_drain(loop);
	store_destroy(s);
	assert_string_equal(rows.asked, "");
	metrics_destroy(metrics);
	loop_destroy(loop);
}

/* Where a lease tells whose the row is, what became of a lost answer can be found out; else nothing is sent twice. */
static void a_row_is_created_again_where_it_can_be_told(void **state)
{
	static const struct {
		enum cause cause;
		bool no_metadata;
		int code;
	} cases[] = {
		{ CAUSE_UNREACHABLE, true, 0 },
		{ CAUSE_OVERLOADED, true, 0 },
		{ CAUSE_RATE_LIMITED, true, 0 },
		{ CAUSE_CUT_OFF, true, ASSISTANT_EUNAVAILABLE },
		{ CAUSE_TIMEOUT, true, ASSISTANT_EUNAVAILABLE },
		{ CAUSE_CUT_OFF, false, 0 },
		{ CAUSE_TIMEOUT, false, 0 },
		{ CAUSE_REJECTED, false, ASSISTANT_EUNAVAILABLE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct loop *loop = loop_create_virtual();
		struct store *s = NULL;

		rows.base = (struct store){ .ops = &rows_ops, .no_metadata = cases[i].no_metadata };
		assert_int_equal(guard_store_open(loop, &rows.base, "directus", &policy, NULL, NULL,
						  &s, NULL),
				 0);
		fails(ASSISTANT_EUNAVAILABLE, cases[i].cause);
		assert_int_equal(create(loop, s), cases[i].code);
		assert_int_equal(rows.calls, cases[i].code ? 1 : 3);
		assert_string_equal(rows.asked, "create m text {}");
		call_drain(loop);
		store_destroy(s);
		loop_destroy(loop);
	}
}

/* Also who writes is told to wait, and how long. */
static void a_store_that_is_down_is_left_alone(void **state)
{
	struct loop *loop = loop_create_virtual();
	const char *const ids[] = { "a" };
	struct store *s = NULL;

	rows.base = (struct store){ .ops = &rows_ops };
	assert_int_equal(
		guard_store_open(loop, &rows.base, "directus", &once, NULL, NULL, &s, NULL), 0);
	for (int i = 0; i < 3; i++) {
		fails(ASSISTANT_EUNAVAILABLE, CAUSE_UNREACHABLE);
		assert_int_equal(AWAIT(loop, f, s->ops->messages_complete(s, ids, 1, f)),
				 ASSISTANT_EUNAVAILABLE);
	}
	fails(0, CAUSE_NONE);
	rows.asked[0] = '\0';
	assert_int_equal(AWAIT(loop, f, s->ops->messages_complete(s, ids, 1, f)),
			 ASSISTANT_EUNAVAILABLE);
	assert_string_equal(rows.asked, "");
	assert_int_equal(fail_cause(call_fail()), CAUSE_BROKEN);
	assert_in_range(call_fail()->retry_after_ms, 1, 1000);
	assert_int_equal(AWAIT(loop, f, s->ops->ping(s, f)), ASSISTANT_EUNAVAILABLE);
	call_pass_ms(loop, 1000);
	assert_int_equal(AWAIT(loop, f, s->ops->messages_complete(s, ids, 1, f)), 0);
	assert_int_equal(AWAIT(loop, f, s->ops->ping(s, f)), 0);
	call_drain(loop);
	store_destroy(s);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_embedded_again),
		cmocka_unit_test(questions_reach_the_index),
		cmocka_unit_test(an_index_that_is_down_costs_no_time),
		cmocka_unit_test(rows_are_read_again_and_written_once),
		cmocka_unit_test(a_row_is_created_again_where_it_can_be_told),
		cmocka_unit_test(a_store_that_is_down_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
