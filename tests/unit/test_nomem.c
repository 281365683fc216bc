/*
 * test_nomem.c - every allocation of base, aio and observe fails once: nothing crashes, leaks or
 * hangs, and what was asked for either works or says that there is no memory.
 *
 * The linker hands our calls of malloc and its relatives to the wrappers below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aio/http.h"
#include "aio/sse.h"
#include "aio/work.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "peer.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static _Thread_local long fails_at; /* this many allocations from now; 0: never */
static _Thread_local bool failed;

static bool fails_now(void)
{
	if (fails_at == 0 || --fails_at > 0)
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails_now() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails_now() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails_now() ? NULL : __real_strndup(s, n);
}

/* Runs the scenario with its first, second, ... allocation failing, until none is left to fail.
 * It returns whether everything worked. */
static void each_fails_once(bool (*scenario)(void *ctx), void *ctx, int at_least)
{
	int n = 0;

	for (;; n++) {
		bool worked, fell;

		failed = false;
		fails_at = n + 1;
		worked = scenario(ctx);
		fails_at = 0;
		fell = failed;
		if (!fell) {
			assert_true(worked);
			break;
		}
		assert_true(n < 10000);
	}
	assert_true(n >= at_least);
}

/* --- Base ----------------------------------------------------------------------------- */

static bool use_text_and_arena(void *ctx)
{
	_cleanup_text_ struct text t = { 0 };
	_cleanup_arena_ struct arena *a = arena_create(1 << 20);
	_cleanup_free_ char *taken = NULL;
	size_t cap = 0;
	int *array = NULL;
	bool ok = a != NULL;

	(void)ctx;
	text_init(&t, 100000);
	for (int i = 0; i < 200; i++)
		text_printf(&t, "line %d\n", i);
	ok = ok && !t.failed;
	taken = text_take(&t);
	ok = ok && taken;
	for (size_t i = 0; a && i < 5000; i++) {
		int *grown = arena_grow(a, array, i, &cap, sizeof(int));

		if (!grown)
			return false;
		array = grown;
		array[i] = 1;
	}
	return ok && arena_printf(a, "%d", 5) != NULL;
}

static bool use_map(void *ctx)
{
	struct map *m = map_create(1000);
	char key[16];
	bool ok = m != NULL;

	for (int i = 0; m && i < 200; i++) {
		int r;

		snprintf(key, sizeof(key), "%d", i);
		r = map_put(m, key, ctx, NULL);
		assert_true(r == 0 || r == ASSISTANT_ENOMEM);
		assert_ptr_equal(map_get(m, key), r == 0 ? ctx : NULL);
		ok = ok && r == 0;
	}
	map_destroy(m, NULL);
	return ok;
}

static bool use_json_and_words(void *ctx)
{
	static const char text[] = "{\"a\":[1,2.5,\"x\"],\"b\":null}";
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_free_ char *dumped = NULL, *folded = NULL, *coded = NULL;
	void *decoded = NULL;
	size_t n = 0;

	(void)ctx;
	if (json_parse(text, strlen(text), &o, NULL) == 0) {
		json_set_double(o, "c", 0.25);
		dumped = json_dump(o);
	}
	folded = utf8_fold("\xC3\x89t\xC3\xA9", 5);
	coded = base64_encode(text, strlen(text));
	if (coded && base64_decode(coded, strlen(coded), &decoded, &n) == 0)
		free(decoded);
	if (folded)
		assert_string_equal(folded, "ete");
	return dumped && folded && coded && decoded && n == strlen(text) &&
	       strstr(dumped, "\"c\":0.25");
}

static int count_event(void *ctx, const struct sse_event *e)
{
	(void)e;
	(*(int *)ctx)++;
	return 0;
}

static bool use_events(void *ctx)
{
	static const char bytes[] = "event: a\nid: 1\ndata: x\n\nevent: b\ndata: y\n\n";
	struct sse p;
	int n = 0, r;

	(void)ctx;
	sse_init(&p, 1000);
	r = sse_feed(&p, bytes, strlen(bytes), count_event, &n);
	assert_true(r == 0 || r == ASSISTANT_ENOMEM);
	sse_finish(&p);
	return r == 0 && n == 2;
}

/* --- Observe ----------------------------------------------------------------------------- */

static void count_line(void *user, int level, const char *line)
{
	(void)level;
	assert_null(strstr(line, "sk-1234"));
	assert_int_equal(json_check(line, strlen(line), NULL), 0);
	(*(int *)user)++;
}

static bool use_log(void *ctx)
{
	struct clock *clock = clock_create_virtual(0);
	int lines = 0;
	struct log *l = clock ? log_create(LOG_INFO, true, clock, count_line, &lines) : NULL;

	(void)ctx;
	if (l) {
		log_write(l, LOG_INFO, "a", "s", "k", "v", "i", "n", (int64_t)5, NULL);
		log_write_json(l, LOG_INFO, "b", "{\"k\":[1,2]}");
	}
	log_destroy(l);
	clock_destroy(clock);
	return lines == 2;
}

static bool use_metrics(void *ctx)
{
	static const double bounds[] = { 1, 2 };
	_cleanup_text_ struct text page = { 0 };
	struct metrics *m = metrics_create();
	int id;
	bool ok;

	(void)ctx;
	if (!m)
		return false;
	text_init(&page, 1 << 20);
	metrics_add(m, METRIC_TURNS, "ok", 1);
	id = metrics_register(m, ASSISTANT_HISTOGRAM, "own", "Own.", "l", bounds, 2);
	metrics_record(m, id, "x", 1);
	metrics_render(m, false, &page);
	ok = id > 0 && !page.failed && metrics_get(m, METRIC_TURNS, "ok") == 1 &&
	     metrics_get(m, id, "x") == 1;
	metrics_destroy(m);
	return ok;
}

/* --- Aio ---------------------------------------------------------------------------------- */

struct job {
	struct flow flow;
	struct lane *lane;
	struct http *http;
	struct arena *arena;
	struct http_response rs;
	char url[64];
	int ends, ran;
};

static flow_step job_sleep, job_work, job_send, job_over;

static void job_ended(struct flow *f)
{
	container_of(f, struct job, flow)->ends++;
}

static void job_sleep(struct flow *f)
{
	flow_sleep(THEN(f, job_work), 1);
}

static int run_nothing(struct work *w, struct fail *fail)
{
	(void)w;
	(void)fail;
	return 0;
}

static void free_work(struct wait *w)
{
	free(container_of(w, struct work, wait));
}

static void job_work(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);
	struct work *w = calloc(1, sizeof(*w));

	if (!w) {
		flow_refuse(THEN(f, job_over), ASSISTANT_ENOMEM, NULL);
		return;
	}
	lane_run(j->lane, w, run_nothing, NULL, free_work, THEN(f, j->http ? job_send : job_over));
}

static void job_send(struct flow *f)
{
	static const struct http_header headers[] = { { "X-A", "1" } };
	struct job *j = container_of(f, struct job, flow);
	const struct http_request rq = { .method = "PUT",
					 .url = j->url,
					 .headers = headers,
					 .n_headers = 1,
					 .body = "body",
					 .body_len = 4,
					 .timeout_ms = 300 };

	http_send(j->http, &rq, &j->rs, j->arena, THEN(f, job_over));
}

static void job_over(struct flow *f)
{
	container_of(f, struct job, flow)->ran = 1;
	flow_done(f);
}

static bool run_job(struct job *j, struct loop *l)
{
	flow_begin(&j->flow, l, NULL, "job", FIRST(job_sleep), job_ended);
	flow_set_deadline(&j->flow, 20000);
	while (!j->ends)
		loop_turn(l, true);
	assert_int_equal(j->ends, 1);
	if (j->flow.status == 0)
		assert_int_equal(j->ran, 1);
	return j->flow.status == 0;
}

static bool use_loop_and_lane(void *ctx)
{
	struct loop *l = loop_create_virtual();
	struct job j = { .lane = l ? lane_create(l, "nomem", 4) : NULL };
	bool ok = false;

	(void)ctx;
	if (j.lane)
		ok = run_job(&j, l);
	if (!ok && j.ends)
		assert_int_equal(j.flow.status, ASSISTANT_ENOMEM);
	lane_destroy(j.lane);
	loop_destroy(l);
	return ok;
}

static void answer(struct peer *p, int fd, int n, void *ctx)
{
	char request[4096];

	(void)p;
	(void)n;
	(void)ctx;
	while (peer_read(fd, request, sizeof(request))) {
		if (!peer_say(fd, "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello"))
			return;
	}
}

/* Without a watch for its socket a transfer ends by its timeout: hence a short one. */
static bool use_http(void *ctx)
{
	struct loop *l = loop_create();
	struct job j = { .lane = l ? lane_create(l, "nomem", 4) : NULL,
			 .http = l ? http_create(l, 2) : NULL,
			 .arena = arena_create(10000) };
	bool ok = false;

	snprintf(j.url, sizeof(j.url), "http://127.0.0.1:%d/", peer_port(ctx));
	if (j.lane && j.http && j.arena)
		ok = run_job(&j, l);
	if (ok)
		assert_string_equal(j.rs.body, "hello");
	else if (j.ends)
		assert_true(j.flow.status == ASSISTANT_ENOMEM ||
			    j.flow.status == ASSISTANT_ETOOLARGE ||
			    j.flow.status == ASSISTANT_ETIMEOUT);
	http_destroy(j.http);
	lane_destroy(j.lane);
	loop_destroy(l);
	arena_destroy(j.arena);
	return ok;
}

static void test_base(void **state)
{
	(void)state;
	each_fails_once(use_text_and_arena, NULL, 10);
	each_fails_once(use_map, &fails_at, 100);
	each_fails_once(use_json_and_words, NULL, 5);
	each_fails_once(use_events, NULL, 3);
}

static void test_observe(void **state)
{
	(void)state;
	each_fails_once(use_log, NULL, 4);
	each_fails_once(use_metrics, NULL, 10);
}

static void test_aio(void **state)
{
	struct peer *p = peer_start(answer, NULL);

	(void)state;
	each_fails_once(use_loop_and_lane, NULL, 6);
	each_fails_once(use_http, p, 15);
	peer_stop(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_observe),
		cmocka_unit_test(test_aio),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
