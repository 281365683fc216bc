/*
 * test_embed_shared.c - the embedder suite through a shared cache, and what it saves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/hash.h"
#include "cache/cache.h"
#include "call.h"
#include "embedder_suite.h"
#include "word_embedder.h"

/* An embedder that takes its cache along when it goes, as the suite destroys no more than that. */
static struct cache *suite_cache;

static int target_open(struct suite_target *t, struct loop *loop, struct embedder **out)
{
	struct word_embedder *w = word_embedder_create(loop, 384);

	cache_destroy(suite_cache);
	suite_cache = NULL;
	if (!w || memory_cache_open(loop, 1 << 22, &suite_cache, NULL) < 0)
		return ASSISTANT_ENOMEM;
	return embed_shared_open(loop, &w->base, suite_cache, out, NULL);
}

struct fixture {
	struct loop *loop;
	struct cache *cache;
	struct word_embedder *words;
	struct embedder *e;
};

#define DIMS 16

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = loop_create_virtual();
	fx->words = word_embedder_create(fx->loop, DIMS);
	memory_cache_open(fx->loop, 1 << 20, &fx->cache, NULL);
	*state = fx;
	return embed_shared_open(fx->loop, &fx->words->base, fx->cache, &fx->e, NULL);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	embedder_destroy(fx->e);
	cache_destroy(fx->cache);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	free(fx);
	return 0;
}

static int embed(struct fixture *fx, enum embed_kind kind, const char *const *texts, size_t n,
		 float *out)
{
	return AWAIT(fx->loop, f_, fx->e->ops->embed(fx->e, kind, texts, n, out, f_));
}

static const char *const texts[] = { "one fish", "two birds", "red apple", "blue sky" };

/* What is known is not asked for again: alone, or among others that are new. */
static void test_only_what_is_missing(void **state)
{
	struct fixture *fx = *state;
	float first[4 * DIMS], again[4 * DIMS], want[DIMS];

	assert_int_equal(embed(fx, EMBED_PASSAGE, texts + 1, 2, first), 0);
	assert_int_equal(fx->words->texts, 2);
	assert_int_equal(embed(fx, EMBED_PASSAGE, texts, 4, again), 0);
	assert_int_equal(fx->words->texts, 4);
	assert_memory_equal(again + DIMS, first, 2 * DIMS * sizeof(float));
	for (int i = 0; i < 4; i++) {
		word_vector(texts[i], DIMS, want);
		assert_memory_equal(again + i * DIMS, want, sizeof(want));
	}
	assert_int_equal(embed(fx, EMBED_PASSAGE, texts, 4, first), 0);
	assert_int_equal(fx->words->texts, 4);
	assert_memory_equal(first, again, sizeof(first));
	/* a question of the same words is another matter: models may see it otherwise */
	assert_int_equal(embed(fx, EMBED_QUERY, texts, 1, first), 0);
	assert_int_equal(fx->words->texts, 5);
}

/* A second process, on the same cache. */
static void test_another_process(void **state)
{
	struct fixture *fx = *state;
	struct word_embedder *w = word_embedder_create(fx->loop, DIMS);
	struct embedder *other;
	float v[DIMS];

	assert_int_equal(embed_shared_open(fx->loop, &w->base, fx->cache, &other, NULL), 0);
	assert_int_equal(embed(fx, EMBED_QUERY, texts, 1, v), 0);
	assert_int_equal(
		AWAIT(fx->loop, f_, other->ops->embed(other, EMBED_QUERY, texts, 1, v, f_)), 0);
	assert_int_equal(w->texts, 0);
	embedder_destroy(other);
	/* Vectors of another model are not its own. */
	w = word_embedder_create(fx->loop, DIMS);
	w->base.model = "another";
	assert_int_equal(embed_shared_open(fx->loop, &w->base, fx->cache, &other, NULL), 0);
	assert_int_equal(
		AWAIT(fx->loop, f_, other->ops->embed(other, EMBED_QUERY, texts, 1, v, f_)), 0);
	assert_int_equal(w->texts, 1);
	embedder_destroy(other);
}

static void test_failures_are_not_kept(void **state)
{
	struct fixture *fx = *state;
	float v[DIMS];

	fx->words->fail_code = ASSISTANT_EUNAVAILABLE;
	assert_int_equal(embed(fx, EMBED_QUERY, texts, 1, v), ASSISTANT_EUNAVAILABLE);
	fx->words->fail_code = 0;
	assert_int_equal(embed(fx, EMBED_QUERY, texts, 1, v), 0);
}

/* Half a vector is none. */
static void test_damaged_value(void **state)
{
	struct fixture *fx = *state;
	struct cache *c = fx->cache;
	char digest[SHA256_HEX_SIZE], key[SHA256_HEX_SIZE + 16];
	const char *what = "words 16 0 one fish";
	float v[DIMS], want[DIMS];

	sha256_hex(what, strlen(what), digest);
	snprintf(key, sizeof(key), "vector:%s", digest);
	assert_int_equal(AWAIT(fx->loop, f_, c->ops->put(c, key, "half", 4, 60000, f_)), 0);
	assert_int_equal(embed(fx, EMBED_QUERY, texts, 1, v), 0);
	assert_int_equal(fx->words->texts, 1);
	word_vector(texts[0], DIMS, want);
	assert_memory_equal(v, want, sizeof(want));
	assert_int_equal(embed(fx, EMBED_QUERY, texts, 1, v), 0);
	assert_int_equal(fx->words->texts, 1); /* and it was mended */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	struct suite_target target = { .name = "embedder: shared cache",
				       .loop = loop_create_virtual,
				       .open = target_open };
	const struct CMUnitTest own[] = {
		TEST(test_only_what_is_missing),
		TEST(test_another_process),
		TEST(test_failures_are_not_kept),
		TEST(test_damaged_value),
	};
	int failed = embedder_suite_run(&target);

	failed += cmocka_run_group_tests_name("shared cache", own, NULL, NULL);
	cache_destroy(suite_cache);
	return failed;
}
