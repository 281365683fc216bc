/*
 * embedder_suite.c - the conformance suite of embedder.h.
 */
#include "embedder_suite.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "call.h"

static struct suite_target *target;

struct fixture {
	struct loop *loop;
	struct embedder *embedder;
};

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = target->loop();
	*state = fx;
	return target->open(target, fx->loop, &fx->embedder);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	embedder_destroy(fx->embedder);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	free(fx);
	return 0;
}

static float *vectors(struct fixture *fx, size_t n)
{
	float *v = calloc(n * fx->embedder->dims, sizeof(*v));

	assert_non_null(v);
	return v;
}

static int embed(struct fixture *fx, enum embed_kind kind, const char *const *texts, size_t n,
		 float *out)
{
	struct embedder *e = fx->embedder;

	return AWAIT(fx->loop, f_, e->ops->embed(e, kind, texts, n, out, f_));
}

static float *embed_one(struct fixture *fx, const char *text)
{
	float *v = vectors(fx, 1);

	assert_int_equal(embed(fx, EMBED_PASSAGE, &text, 1, v), 0);
	return v;
}

static double dot(const float *a, const float *b, unsigned dims)
{
	double sum = 0;

	for (unsigned i = 0; i < dims; i++)
		sum += (double)a[i] * b[i];
	return sum;
}

static const char *const texts[] = {
	"Where can I park my bicycle?",
	"",
	"   \t\n",
	"Zürich, Łódź, 東京 and São Paulo",
	"🎤 keynote 🎉",
	"\xff\xfe not \xc3 UTF-8 \xe2\x82",
	"a",
	"How do databases keep their promises when the disk does not?",
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

static void test_names_itself(void **state)
{
	struct fixture *fx = *state;

	assert_true(fx->embedder->model && fx->embedder->model[0]);
	assert_true(fx->embedder->ops->name[0]);
	assert_true(fx->embedder->dims > 0);
	assert_true(fx->embedder->max_batch > 0);
	assert_true(fx->embedder->batches > 0);
}

static void test_ping(void **state)
{
	struct fixture *fx = *state;
	struct embedder *e = fx->embedder;

	assert_int_equal(AWAIT(fx->loop, f_, e->ops->ping(e, f_)), 0);
}

static void test_unit_length(void **state)
{
	struct fixture *fx = *state;

	for (size_t i = 0; i < N_TEXTS; i++) {
		float *v = embed_one(fx, texts[i]);

		assert_true(fabs(dot(v, v, fx->embedder->dims) - 1) < 1e-4);
		free(v);
	}
}

static void test_same_text_same_vector(void **state)
{
	struct fixture *fx = *state;
	unsigned dims = fx->embedder->dims;

	for (size_t i = 0; i < N_TEXTS; i++) {
		float *a = embed_one(fx, texts[i]), *b = embed_one(fx, texts[i]);

		assert_memory_equal(a, b, dims * sizeof(*a));
		free(a);
		free(b);
	}
}

/* What stands beside a text in a batch does not change its vector. */
static void test_batch_equals_single(void **state)
{
	struct fixture *fx = *state;
	unsigned dims = fx->embedder->dims;
	float *all = vectors(fx, N_TEXTS);
	size_t per = fx->embedder->max_batch < N_TEXTS ? fx->embedder->max_batch : N_TEXTS;

	for (size_t i = 0; i < N_TEXTS; i += per) {
		size_t n = N_TEXTS - i < per ? N_TEXTS - i : per;

		assert_int_equal(embed(fx, EMBED_PASSAGE, texts + i, n, all + i * dims), 0);
	}
	for (size_t i = 0; i < N_TEXTS; i++) {
		float *one = embed_one(fx, texts[i]);

		assert_true(dot(one, all + i * dims, dims) > 0.99999);
		free(one);
	}
	free(all);
}

static void test_full_batch(void **state)
{
	struct fixture *fx = *state;
	size_t n = fx->embedder->max_batch;
	unsigned dims = fx->embedder->dims;
	const char **many = calloc(n, sizeof(*many));
	float *all = vectors(fx, n), *one = embed_one(fx, texts[0]);

	for (size_t i = 0; i < n; i++)
		many[i] = texts[i % N_TEXTS];
	assert_int_equal(embed(fx, EMBED_PASSAGE, many, n, all), 0);
	for (size_t i = 0; i < n; i += N_TEXTS)
		assert_true(dot(one, all + i * dims, dims) > 0.99999);
	free(one);
	free(all);
	free(many);
}

static void test_words_bring_texts_together(void **state)
{
	struct fixture *fx = *state;
	unsigned dims = fx->embedder->dims;
	float *a = embed_one(fx, "parking for bicycles"), *b = embed_one(fx, "bicycles: parking"),
	      *c = embed_one(fx, "compiler optimisation");

	assert_true(dot(a, b, dims) > dot(a, c, dims) + 0.2);
	free(a);
	free(b);
	free(c);
}

static void test_meanings(void **state)
{
	struct fixture *fx = *state;
	unsigned dims = fx->embedder->dims;
	float *a, *b, *c;

	if (!target->understands)
		return;
	a = embed_one(fx, "Where can I get something to eat?");
	b = embed_one(fx, "Lunch is served in the restaurant on the ground floor.");
	c = embed_one(fx, "The kernel's scheduler was rewritten.");
	assert_true(dot(a, b, dims) > dot(a, c, dims) + 0.2);
	free(a);
	free(b);
	free(c);
}

/* 100 KB, in one word and in many: read as far as the model goes. */
static void test_over_long(void **state)
{
	struct fixture *fx = *state;
	char *text = malloc(100001);
	float *v;

	for (int words = 0; words < 2; words++) {
		for (size_t i = 0; i < 100000; i++)
			text[i] = words && i % 6 == 5 ? ' ' : (char)('a' + i % 26);
		text[100000] = '\0';
		v = embed_one(fx, text);
		assert_true(fabs(dot(v, v, fx->embedder->dims) - 1) < 1e-4);
		free(v);
	}
	free(text);
}

/* The caller's strings may go as soon as the call is back. */
static void test_texts_are_copied(void **state)
{
	struct fixture *fx = *state;
	struct embedder *e = fx->embedder;
	float *v = vectors(fx, 1), *again;
	char *text = strdup(texts[0]);
	const char *list[] = { text };
	struct call c;
	struct flow *f = call_begin(&c, fx->loop);

	e->ops->embed(e, EMBED_QUERY, list, 1, v, f);
	memset(text, 'x', strlen(text));
	free(text);
	list[0] = NULL;
	assert_int_equal(call_wait(&c), 0);
	again = vectors(fx, 1);
	assert_int_equal(embed(fx, EMBED_QUERY, texts, 1, again), 0);
	assert_true(dot(v, again, e->dims) > 0.99999);
	free(again);
	free(v);
}

static void test_never_inside_the_call(void **state)
{
	struct fixture *fx = *state;
	struct embedder *e = fx->embedder;
	float *v = vectors(fx, 1);
	struct call c;

	for (int i = 0; i < 2; i++) { /* the second time an answer may be at hand */
		struct flow *f = call_begin(&c, fx->loop);

		v[0] = 7;
		e->ops->embed(e, EMBED_QUERY, texts, 1, v, f);
		assert_false(c.ended);
		assert_true(v[0] == 7);
		assert_int_equal(call_wait(&c), 0);
		assert_true(v[0] != 7);
	}
	free(v);
}

/* Nothing is written into what a cancelled caller may have freed. */
static void test_cancelled(void **state)
{
	struct fixture *fx = *state;
	struct embedder *e = fx->embedder;
	unsigned dims = e->dims;
	float *v = vectors(fx, N_TEXTS);
	struct call c;
	struct flow *f;

	for (int turns = 0; turns < 3; turns++) {
		f = call_begin(&c, fx->loop);
		e->ops->embed(e, turns == 2 ? EMBED_PASSAGE : EMBED_QUERY, texts,
			      e->max_batch < N_TEXTS ? 1 : N_TEXTS, v, f);
		for (int i = 0; i < turns && !c.ended; i++)
			loop_turn(fx->loop, false);
		if (c.ended)
			continue;
		flow_cancel(&c.flow);
		assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
		for (size_t i = 0; i < N_TEXTS * dims; i++)
			assert_true(v[i] == 0);
	}
	free(v);
	v = embed_one(fx, texts[0]);
	assert_true(fabs(dot(v, v, dims) - 1) < 1e-4);
	free(v);
}

/* Answers that are under way when the embedder goes are still delivered, once. */
static void test_destroyed_while_working(void **state)
{
	struct fixture *fx = *state;
	struct embedder *e = fx->embedder;
	float *v = vectors(fx, 2);
	struct call a, b;

	e->ops->embed(e, EMBED_QUERY, texts, 1, v, call_begin(&a, fx->loop));
	e->ops->embed(e, EMBED_PASSAGE, texts, 1, v + e->dims, call_begin(&b, fx->loop));
	embedder_destroy(TAKE_PTR(fx->embedder));
	call_wait(&a);
	call_wait(&b);
	if (a.flow.status == 0)
		assert_true(v[0] != 0);
	free(v);
}

static void test_many_at_once(void **state)
{
	struct fixture *fx = *state;
	struct embedder *e = fx->embedder;
	struct call calls[16];
	float *v = vectors(fx, 16), *one = embed_one(fx, texts[3]);

	for (size_t i = 0; i < 16; i++)
		e->ops->embed(e, i % 2 ? EMBED_QUERY : EMBED_PASSAGE, &texts[3], 1, v + i * e->dims,
			      call_begin(&calls[i], fx->loop));
	for (size_t i = 0; i < 16; i++) {
		assert_int_equal(call_wait(&calls[i]), 0);
		if (i % 2 == 0)
			assert_true(dot(one, v + i * e->dims, e->dims) > 0.99999);
	}
	free(one);
	free(v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int embedder_suite_run(struct suite_target *t)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_itself),
		TEST(test_ping),
		TEST(test_unit_length),
		TEST(test_same_text_same_vector),
		TEST(test_batch_equals_single),
		TEST(test_full_batch),
		TEST(test_words_bring_texts_together),
		TEST(test_meanings),
		TEST(test_over_long),
		TEST(test_texts_are_copied),
		TEST(test_never_inside_the_call),
		TEST(test_cancelled),
		TEST(test_destroyed_while_working),
		TEST(test_many_at_once),
	};

	target = t;
	return cmocka_run_group_tests_name(t->name, tests, NULL, NULL);
}
