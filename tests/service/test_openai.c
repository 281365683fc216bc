/*
 * test_openai.c - the embedder suite on openai.c with a strict double of the API, what it sends, and everything that can go wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "aio/http.h"
#include "base/clock.h"
#include "base/json.h"
#include "call.h"
#include "embedder_suite.h"
#include "observe/metrics.h"
#include "openai_fake.h"

static struct openai_fake fake;
static struct clock *wall;
static struct metrics *metrics;

static struct openai_options plain_options(void)
{
	return (struct openai_options){ .url = fake.url,
					.key = OPENAI_FAKE_KEY,
					.model = "text-embedding-3-small",
					.query_prefix = "",
					.passage_prefix = "",
					.timeout_ms = 2000 };
}

/* --- The suite: an embedder that takes its HTTP client along when it goes ---------------- */

struct with_http {
	struct embedder base;
	struct embedder_ops ops;
	struct embedder *inner;
	struct http *http;
};

static void with_destroy(struct embedder *e)
{
	struct with_http *w = container_of(e, struct with_http, base);

	embedder_destroy(w->inner);
	http_destroy(w->http);
	free(w);
}

static void with_ping(struct embedder *e, struct flow *f)
{
	struct with_http *w = container_of(e, struct with_http, base);

	w->inner->ops->ping(w->inner, f);
}

static void with_embed(struct embedder *e, enum embed_kind kind, const char *const *texts, size_t n,
		       float *out, struct flow *f)
{
	struct with_http *w = container_of(e, struct with_http, base);

	w->inner->ops->embed(w->inner, kind, texts, n, out, f);
}

static int open_with(struct loop *loop, const struct openai_options *options, struct embedder **out,
		     struct fail *f)
{
	struct with_http *w = calloc(1, sizeof(*w));
	int r;

	w->http = http_create(loop, 8);
	r = openai_embedder_open(loop, w->http, options, wall, metrics, &w->inner, f);
	if (r < 0) {
		http_destroy(w->http);
		free(w);
		return r;
	}
	w->base = *w->inner;
	w->ops = (struct embedder_ops){
		.name = "openai", .destroy = with_destroy, .ping = with_ping, .embed = with_embed
	};
	w->base.ops = &w->ops;
	*out = &w->base;
	return 0;
}

static int target_open(struct suite_target *t, struct loop *loop, struct embedder **out)
{
	struct openai_options options = plain_options();

	return open_with(loop, &options, out, NULL);
}

/* --- What is sent and what comes back -------------------------------------------------------- */

struct fixture {
	struct loop *loop;
	struct embedder *e;
	float *v;
};

#define MAX_TEXTS 32

static void reopen(struct fixture *fx, const struct openai_options *options)
{
	embedder_destroy(fx->e);
	assert_int_equal(open_with(fx->loop, options, &fx->e, NULL), 0);
	free(fx->v);
	fx->v = calloc(MAX_TEXTS * fx->e->dims, sizeof(float));
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	struct openai_options options = plain_options();

	fx->loop = loop_create();
	reopen(fx, &options);
	openai_fake_plan(&fake, "[]");
	free(openai_fake_requests(&fake));
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	embedder_destroy(fx->e);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	free(fx->v);
	free(fx);
	return 0;
}

static int embed(struct fixture *fx, enum embed_kind kind, const char *const *texts, size_t n)
{
	return AWAIT(fx->loop, f_, fx->e->ops->embed(fx->e, kind, texts, n, fx->v, f_));
}

static const char *const two[] = { "Where is lunch?", "A compiler for fish" };

/* The last request's body. */
static struct json_object *asked(struct json_object **all)
{
	char *text = openai_fake_requests(&fake);
	size_t n;

	assert_int_equal(json_parse(text, strlen(text), all, NULL), 0);
	free(text);
	n = json_object_array_length(*all);
	assert_true(n > 0);
	return json_get_object(json_object_array_get_idx(*all, n - 1), "body");
}

static const char *input(struct json_object *body, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(json_get_array(body, "input"), i));
}

static void test_request(void **state)
{
	struct fixture *fx = *state;
	_cleanup_json_ struct json_object *all = NULL;
	struct json_object *body;

	assert_string_equal(fx->e->model, "text-embedding-3-small");
	assert_int_equal(fx->e->dims, 1536);
	assert_int_equal(embed(fx, EMBED_PASSAGE, two, 2), 0);
	body = asked(&all);
	assert_string_equal(json_text(body, "model"), "text-embedding-3-small");
	assert_string_equal(json_text(body, "encoding_format"), "base64");
	assert_null(json_get(body, "dimensions"));
	assert_string_equal(input(body, 0), two[0]);
	assert_string_equal(input(body, 1), two[1]);
}

static void test_prefixes_and_dimensions(void **state)
{
	struct fixture *fx = *state;
	struct openai_options options = plain_options();
	_cleanup_json_ struct json_object *first = NULL, *second = NULL;
	struct json_object *body;

	options.dims = 256;
	options.query_prefix = "query: ";
	options.passage_prefix = "passage: ";
	options.model = "text-embedding-3-large";
	reopen(fx, &options);
	assert_int_equal(fx->e->dims, 256);
	assert_true(strstr(fx->e->model, "text-embedding-3-large prefixes:") == fx->e->model);
	assert_int_equal(embed(fx, EMBED_QUERY, two, 1), 0);
	body = asked(&first);
	assert_string_equal(input(body, 0), "query: Where is lunch?");
	assert_int_equal(json_get_int(body, "dimensions", 0), 256);
	assert_int_equal(embed(fx, EMBED_PASSAGE, two + 1, 1), 0);
	assert_string_equal(input(asked(&second), 0), "passage: A compiler for fish");
}

/* Nothing that the API would refuse is sent, whatever the texts. */
static void test_hard_texts(void **state)
{
	struct fixture *fx = *state;
	_cleanup_json_ struct json_object *all = NULL;
	const char *texts[MAX_TEXTS];
	char *longest = malloc(20001);
	struct json_object *body;

	for (int i = 0; i < 20000; i += 2)
		memcpy(longest + i, "ü", 2); /* an odd prefix would cut one in half */
	longest[20000] = '\0';
	for (int i = 0; i < MAX_TEXTS; i++)
		texts[i] = longest;
	texts[0] = "";
	texts[1] = " \t\n";
	texts[2] = "\x01 \"\\ \xff\xfe";
	assert_int_equal(fx->e->max_batch, MAX_TEXTS);
	assert_int_equal(embed(fx, EMBED_PASSAGE, texts, MAX_TEXTS), 0);
	body = asked(&all);
	assert_string_equal(input(body, 0), ".");
	assert_string_equal(input(body, 1), ".");
	assert_int_equal(strlen(input(body, 3)), 8192);
	free(longest);
}

static float *copy_of(struct fixture *fx, size_t n)
{
	float *copy = malloc(n * fx->e->dims * sizeof(float));

	memcpy(copy, fx->v, n * fx->e->dims * sizeof(float));
	return copy;
}

static void same_vectors(struct fixture *fx, const float *want, size_t n)
{
	for (size_t i = 0; i < n * fx->e->dims; i++)
		assert_true(fabs(fx->v[i] - want[i]) < 1e-6);
}

static void test_forms_of_answers(void **state)
{
	struct fixture *fx = *state;
	float *want;
	_cleanup_json_ struct json_object *all = NULL, *more = NULL;

	assert_int_equal(embed(fx, EMBED_PASSAGE, two, 2), 0);
	want = copy_of(fx, 2);
	openai_fake_plan(&fake,
			 "[{\"shuffle\":true},{\"floats\":true},{\"floats\":true,\"shuffle\":true},"
			 "{\"refuse_format\":true}]");
	for (int i = 0; i < 3; i++) {
		memset(fx->v, 0, 2 * fx->e->dims * sizeof(float));
		assert_int_equal(embed(fx, EMBED_PASSAGE, two, 2), 0);
		same_vectors(fx, want, 2);
	}
	/* One that knows no base64 is asked again without, at once and from then on. */
	free(openai_fake_requests(&fake));
	assert_int_equal(embed(fx, EMBED_PASSAGE, two, 2), 0);
	same_vectors(fx, want, 2);
	assert_null(json_get(asked(&all), "encoding_format"));
	assert_int_equal(json_object_array_length(all), 2);
	assert_int_equal(embed(fx, EMBED_PASSAGE, two, 2), 0);
	assert_null(json_get(asked(&more), "encoding_format"));
	assert_int_equal(json_object_array_length(more), 1);
	free(want);
}

static const struct {
	const char *plan;
	int code;
	enum cause cause;
	const char *says;
	int retry_after_ms;
	bool final;
} failures[] = {
	{ "{\"status\":400,\"message\":\"no good\"}", ASSISTANT_EPROTOCOL, CAUSE_REJECTED,
	  "no good", 0, false },
	{ "{\"status\":401,\"message\":\"Incorrect API key\"}", ASSISTANT_EDENIED, CAUSE_DENIED,
	  "Incorrect API key", 0, false },
	{ "{\"status\":403}", ASSISTANT_EDENIED, CAUSE_DENIED, "403", 0, false },
	{ "{\"status\":404,\"code\":\"model_not_found\"}", ASSISTANT_ENOTFOUND, CAUSE_REJECTED,
	  "404", 0, false },
	{ "{\"status\":413}", ASSISTANT_ETOOLARGE, CAUSE_REJECTED, "413", 0, false },
	{ "{\"status\":429,\"headers\":{\"retry-after-ms\":\"120\"}}", ASSISTANT_ELIMIT,
	  CAUSE_RATE_LIMITED, "429", 120, false },
	{ "{\"status\":429,\"headers\":{\"retry-after\":\"2\"}}", ASSISTANT_ELIMIT,
	  CAUSE_RATE_LIMITED, "429", 2000, false },
	{ "{\"status\":429,\"code\":\"insufficient_quota\"}", ASSISTANT_ELIMIT, CAUSE_SPENT, "429",
	  0, true },
	{ "{\"status\":500}", ASSISTANT_EUNAVAILABLE, CAUSE_SERVER_ERROR, "500", 0, false },
	{ "{\"status\":503}", ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED, "503", 0, false },
	{ "{\"reset\":true}", ASSISTANT_EUNAVAILABLE, CAUSE_NONE, "127.0.0.1", 0, false },
	{ "{\"cut\":true}", ASSISTANT_EUNAVAILABLE, CAUSE_NONE, "127.0.0.1", 0, false },
	{ "{\"hang\":true}", ASSISTANT_ETIMEOUT, CAUSE_NONE, "127.0.0.1", 0, false },
	{ "{\"html\":true}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "not JSON", 0, false },
	{ "{\"garbage\":true}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "not JSON", 0, false },
	{ "{\"empty\":true}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "not JSON", 0, false },
	{ "{\"spoil\":\"missing\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "one vector for each", 0,
	  false },
	{ "{\"spoil\":\"no_data\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "one vector for each", 0,
	  false },
	{ "{\"spoil\":\"twice\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "number its vectors", 0,
	  false },
	{ "{\"spoil\":\"index\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "number its vectors", 0,
	  false },
	{ "{\"spoil\":\"short\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "1536 dimensions", 0, false },
	{ "{\"spoil\":\"long\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "1536 dimensions", 0, false },
	{ "{\"spoil\":\"null\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "1536 dimensions", 0, false },
	{ "{\"spoil\":\"zero\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "1536 dimensions", 0, false },
	{ "{\"spoil\":\"text\"}", ASSISTANT_EPROTOCOL, CAUSE_NONE, "1536 dimensions", 0, false },
	{ "{\"spoil\":\"short\",\"floats\":true}", ASSISTANT_EPROTOCOL, CAUSE_NONE,
	  "1536 dimensions", 0, false },
	{ "{\"spoil\":\"zero\",\"floats\":true}", ASSISTANT_EPROTOCOL, CAUSE_NONE,
	  "1536 dimensions", 0, false },
};

/* Each failure has its code, cause and sentence, nothing is written, and the next request is as good as any. */
static void test_failures(void **state)
{
	struct fixture *fx = *state;
	struct openai_options options = plain_options();

	options.timeout_ms = 300;
	reopen(fx, &options);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		char plan[256];

		print_message("%s\n", failures[i].plan);
		/* a connection that died at once is tried again by the HTTP client, once */
		snprintf(plan, sizeof(plan), strstr(failures[i].plan, "reset") ? "[%s,%s]" : "[%s]",
			 failures[i].plan, failures[i].plan);
		openai_fake_plan(&fake, plan);
		fx->v[0] = 7;
		assert_int_equal(embed(fx, EMBED_QUERY, two, 2), failures[i].code);
		assert_non_null(strstr(call_fail()->text, failures[i].says));
		assert_null(strstr(call_fail()->text, OPENAI_FAKE_KEY));
		if (failures[i].cause)
			assert_int_equal(call_fail()->cause, failures[i].cause);
		assert_int_equal(call_fail()->retry_after_ms, failures[i].retry_after_ms);
		assert_int_equal(call_fail()->final, failures[i].final);
		assert_true(fx->v[0] == 7);
		openai_fake_plan(&fake, "[]");
		assert_int_equal(embed(fx, EMBED_QUERY, two, 2), 0);
	}
}

static void test_wrong_key(void **state)
{
	struct fixture *fx = *state;
	struct openai_options options = plain_options();

	options.key = "sk-another";
	reopen(fx, &options);
	assert_int_equal(embed(fx, EMBED_QUERY, two, 1), ASSISTANT_EDENIED);
	options.key = "";
	reopen(fx, &options);
	assert_int_equal(embed(fx, EMBED_QUERY, two, 1), ASSISTANT_EDENIED);
}

static size_t n_requests(void)
{
	_cleanup_json_ struct json_object *all = NULL;
	char *text = openai_fake_requests(&fake);
	size_t n;

	assert_int_equal(json_parse(text, strlen(text), &all, NULL), 0);
	n = json_object_array_length(all);
	free(text);
	return n;
}

/* Being asked for readiness every second costs nothing. */
static void test_ping_is_cheap(void **state)
{
	struct fixture *fx = *state;

	for (int i = 0; i < 5; i++)
		assert_int_equal(AWAIT(fx->loop, f_, fx->e->ops->ping(fx->e, f_)), 0);
	assert_int_equal(n_requests(), 1);
	openai_fake_plan(&fake, "[{\"status\":500}]");
	assert_int_equal(embed(fx, EMBED_QUERY, two, 1), ASSISTANT_EUNAVAILABLE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(AWAIT(fx->loop, f_, fx->e->ops->ping(fx->e, f_)),
				 ASSISTANT_EUNAVAILABLE);
	assert_int_equal(n_requests(), 1);
	assert_int_equal(embed(fx, EMBED_QUERY, two, 1), 0);
	assert_int_equal(AWAIT(fx->loop, f_, fx->e->ops->ping(fx->e, f_)), 0);
}

static void test_counted(void **state)
{
	struct fixture *fx = *state;
	double texts = metrics_get(metrics, METRIC_EMBEDDED, "passage");
	double tokens = metrics_get(metrics, METRIC_EMBED_TOKENS, NULL);

	assert_int_equal(embed(fx, EMBED_PASSAGE, two, 2), 0);
	assert_true(metrics_get(metrics, METRIC_EMBEDDED, "passage") == texts + 2);
	assert_true(metrics_get(metrics, METRIC_EMBED_TOKENS, NULL) > tokens);
}

static void test_dimensions(void **state)
{
	struct fixture *fx = *state;
	struct openai_options options = plain_options();
	struct embedder *e = NULL;
	struct fail f = FAIL_INIT;

	options.model = "multilingual-e5-small";
	assert_int_equal(open_with(fx->loop, &options, &e, &f), ASSISTANT_ECONFIG);
	assert_non_null(strstr(f.text, "EMBEDDING_DIMENSIONS"));
	options.model = "text-embedding-3-small";
	options.dims = 1537;
	assert_int_equal(open_with(fx->loop, &options, &e, &f), ASSISTANT_ECONFIG);
	assert_non_null(strstr(f.text, "1536 or fewer"));
	options.model = "text-embedding-ada-002";
	options.dims = 256;
	assert_int_equal(open_with(fx->loop, &options, &e, &f), ASSISTANT_ECONFIG);
	assert_null(e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	struct suite_target target = { .name = "embedder: openai",
				       .loop = loop_create,
				       .open = target_open };
	const struct CMUnitTest own[] = {
		TEST(test_request),	  TEST(test_prefixes_and_dimensions),
		TEST(test_hard_texts),	  TEST(test_forms_of_answers),
		TEST(test_failures),	  TEST(test_wrong_key),
		TEST(test_ping_is_cheap), TEST(test_counted),
		TEST(test_dimensions),
	};
	int failed;

	wall = clock_create(-1);
	metrics = metrics_create();
	openai_fake_start(&fake);
	failed = embedder_suite_run(&target);
	failed += cmocka_run_group_tests_name("openai", own, NULL, NULL);
	openai_fake_stop(&fake);
	metrics_destroy(metrics);
	clock_destroy(wall);
	return failed;
}
