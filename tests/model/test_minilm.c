/*
 * test_minilm.c - the embedder suite on minilm, alone and behind its cache; files that are not the model's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include "call.h"
#include "embedder_suite.h"
#include "observe/metrics.h"
#include "weights_here.h"

static int target_open(struct suite_target *t, struct loop *loop, struct embedder **out)
{
	struct fail f = FAIL_INIT;

	return minilm_open(loop, weights_here(), 2, NULL, NULL, out, &f);
}

static int target_open_cached(struct suite_target *t, struct loop *loop, struct embedder **out)
{
	struct embedder *inner;
	struct fail f = FAIL_INIT;
	int r = minilm_open(loop, weights_here(), 1, NULL, NULL, &inner, &f);

	return r < 0 ? r : embed_cache_open(loop, inner, 100, NULL, out, &f);
}

/* A folder with the right vocabulary and another model.safetensors. */
struct folder {
	char path[64], model[128], vocabulary[128];
};

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void folder_make(struct folder *d, const void *model, size_t size)
{
	char here[4096];

	snprintf(d->path, sizeof(d->path), "/tmp/erleah-weights-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	snprintf(d->model, sizeof(d->model), "%s/model.safetensors", d->path);
	snprintf(d->vocabulary, sizeof(d->vocabulary), "%s/vocab.txt", d->path);
	write_file(d->model, model, size);
	snprintf(here, sizeof(here), "%.*svocab.txt",
		 (int)(strrchr(weights_here(), '/') + 1 - weights_here()), weights_here());
	assert_int_equal(symlink(here, d->vocabulary), 0);
}

static void folder_remove(struct folder *d)
{
	unlink(d->model);
	unlink(d->vocabulary);
	rmdir(d->path);
}

/* What asking it for a vector ends with; the sentence in text. */
static int ask(const char *weights, char *text, size_t size)
{
	struct loop *loop = loop_create();
	struct embedder *e = NULL;
	struct fail f = FAIL_INIT;
	const char *question = "hello";
	float v[384];
	int r = minilm_open(loop, weights, 1, NULL, NULL, &e, &f);

	if (r == 0) {
		r = AWAIT(loop, flow, e->ops->embed(e, EMBED_QUERY, &question, 1, v, flow));
		f = *call_fail();
	}
	snprintf(text, size, "%s", f.text);
	embedder_destroy(e);
	call_drain(loop);
	loop_destroy(loop);
	return r;
}

static void test_other_files(void **state)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t size;
		const char *sentence;
	} cases[] = {
		{ "empty", "", 0, "too short" },
		{ "short", "\x10\0\0\0\0\0\0\0{}", 10, "longer than" },
		{ "no JSON", "\x04\0\0\0\0\0\0\0{{{{", 12, "no JSON object" },
		{ "another", "\x02\0\0\0\0\0\0\0{}", 10, "SHA-256" },
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct folder d;

		folder_make(&d, cases[i].bytes, cases[i].size);
		assert_int_equal(ask(d.model, text, sizeof(text)), ASSISTANT_EPROTOCOL);
		if (!strstr(text, cases[i].sentence))
			fail_msg("%s: %s", cases[i].name, text);
		folder_remove(&d);
	}
}

static void test_absent(void **state)
{
	struct folder d;
	char text[256];

	assert_int_equal(ask("/nonexistent/model.safetensors", text, sizeof(text)),
			 ASSISTANT_ENOTFOUND);
	assert_non_null(strstr(text, "/nonexistent/model.safetensors"));
	folder_make(&d, "", 0);
	unlink(d.vocabulary);
	assert_int_equal(ask(d.model, text, sizeof(text)), ASSISTANT_ENOTFOUND);
	assert_non_null(strstr(text, "vocab.txt"));
	write_file(d.vocabulary, "[UNK]\n[CLS]\n[SEP]\n", 18);
	assert_int_equal(ask(d.model, text, sizeof(text)), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(text, "vocab.txt"));
	folder_remove(&d);
}

static void test_warm_up(void **state)
{
	struct loop *loop = loop_create();
	struct metrics *metrics = metrics_create();
	struct embedder *e = NULL;
	struct fail f = FAIL_INIT;
	const char *texts[] = { "one", "two", "three" };
	float v[3 * 384];

	assert_int_equal(minilm_open(loop, weights_here(), 1, metrics, NULL, &e, &f), 0);
	minilm_warm_up(e);
	minilm_warm_up(e);
	assert_int_equal(AWAIT(loop, flow, e->ops->ping(e, flow)), 0);
	assert_int_equal(AWAIT(loop, flow, e->ops->embed(e, EMBED_PASSAGE, texts, 3, v, flow)), 0);
	assert_true(metrics_get(metrics, METRIC_EMBEDDED, "passage") == 3);
	assert_true(metrics_get(metrics, METRIC_EMBED_SECONDS, "passage") == 1);
	assert_true(metrics_get(metrics, METRIC_EMBEDDED, "query") == 0);
	embedder_destroy(e);
	call_drain(loop);
	loop_destroy(loop);
	metrics_destroy(metrics);
}

/* Gone before it was loaded, with its own work under way. */
static void test_destroyed_while_warming_up(void **state)
{
	struct loop *loop = loop_create();
	struct embedder *e = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(minilm_open(loop, weights_here(), 1, NULL, NULL, &e, &f), 0);
	minilm_warm_up(e);
	loop_turn(loop, false);
	embedder_destroy(e);
	call_drain(loop);
	loop_destroy(loop);
}

int main(void)
{
	struct suite_target plain = { .name = "embedder: minilm",
				      .loop = loop_create,
				      .open = target_open,
				      .understands = true };
	struct suite_target cached = { .name = "embedder: minilm, cached",
				       .loop = loop_create,
				       .open = target_open_cached,
				       .understands = true };
	const struct CMUnitTest own[] = {
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_warm_up),
		cmocka_unit_test(test_destroyed_while_warming_up),
	};
	int failed = embedder_suite_run(&plain);

	failed += embedder_suite_run(&cached);
	return failed + cmocka_run_group_tests_name("minilm", own, NULL, NULL);
}
