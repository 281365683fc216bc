/*
 * test_http.c - the HTTP client against a scripted peer on loopback: requests, answers, limits,
 * time, TLS.  Streaming: test_http_stream.c.
 */
#include "http_world.h"

/* --- Plain requests ------------------------------------------------------------ */

static void test_get(void **state)
{
	struct peer *p = peer_start(echo, NULL);
	struct call c;

	call_init(&c, *state, peer_port(p), "/path?q=1");
	call_run(&c);
	assert_int_equal(c.flow.status, 0);
	assert_int_equal(c.rs.status, 200);
	assert_string_equal(http_header_get(&c.rs, "x-mixed-case"), "value");
	assert_string_equal(http_header_get(&c.rs, "x-empty"), "");
	assert_null(http_header_get(&c.rs, "x-absent"));
	assert_int_equal(c.rs.body_len, strlen(c.rs.body));
	assert_true(!strncmp(c.rs.body, "GET /path?q=1 HTTP/1.1\r\n", 24));
	assert_non_null(strstr(c.rs.body, "User-Agent: erleah/"));
	assert_null(strstr(c.rs.body, "Content-Type"));
	assert_true(c.rs.total_ms >= c.rs.ttfb_ms && c.rs.ttfb_ms >= 0);
	peer_stop(p);
}

static void test_methods_headers_bodies(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE", "SEARCH", "GET" };
	static const struct http_header headers[] = { { "Content-Type", "application/json" },
						      { "X-Nothing", "" },
						      { "Authorization", "Bearer abc" } };
	struct peer *p = peer_start(echo, NULL);
	struct call c;

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		char line[64];

		call_init(&c, *state, peer_port(p), "/x");
		c.rq.method = methods[i];
		c.rq.headers = headers;
		c.rq.n_headers = ARRAY_SIZE(headers);
		c.rq.body = "{\"a\":1}\n";
		c.rq.body_len = 8;
		call_run(&c);
		assert_int_equal(c.flow.status, 0);
		snprintf(line, sizeof(line), "%s /x HTTP/1.1\r\n", methods[i]);
		assert_true(!strncmp(c.rs.body, line, strlen(line)));
		assert_non_null(strstr(c.rs.body, "Content-Type: application/json\r\n"));
		assert_non_null(strstr(c.rs.body, "X-Nothing:\r\n"));
		assert_non_null(strstr(c.rs.body, "Authorization: Bearer abc\r\n"));
		assert_non_null(strstr(c.rs.body, "Content-Length: 8\r\n"));
		assert_null(strstr(c.rs.body, "Expect:"));
		assert_non_null(strstr(c.rs.body, "\r\n\r\n{\"a\":1}\n"));
	}
	call_init(&c, *state, peer_port(p), "/x");
	c.rq.method = "HEAD";
	call_run(&c);
	assert_int_equal(c.flow.status, 0);
	assert_int_equal(c.rs.body_len, 0);
	assert_non_null(http_header_get(&c.rs, "content-length"));
	call_init(&c, *state, peer_port(p), "/x");
	c.rq.method = "POST";
	call_run(&c);
	assert_non_null(strstr(c.rs.body, "Content-Length: 0\r\n"));
	call_init(&c, *state, peer_port(p), "/x");
	c.rq.method = "DELETE";
	call_run(&c);
	assert_true(!strncmp(c.rs.body, "DELETE /x ", 10));
	peer_stop(p);
}

static void test_connections_are_reused(void **state)
{
	struct peer *p = peer_start(echo, NULL);
	struct call c;

	for (int i = 0; i < 20; i++) {
		call_init(&c, *state, peer_port(p), "/again");
		call_run(&c);
		assert_int_equal(c.flow.status, 0);
	}
	assert_int_equal(peer_connections(p), 1);
	peer_stop(p);
}

struct crowd {
	atomic_int now, most;
};

static void answer_slowly(struct peer *p, int fd, int n, void *ctx)
{
	struct crowd *crowd = ctx;
	char request[4096];
	int now, most;

	(void)p;
	(void)n;
	while (peer_read(fd, request, sizeof(request))) {
		now = atomic_fetch_add(&crowd->now, 1) + 1;
		most = atomic_load(&crowd->most);
		while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now))
			;
		peer_nap(10);
		atomic_fetch_sub(&crowd->now, 1);
		if (!peer_say(fd, "HTTP/1.1 204 No Content\r\n\r\n"))
			return;
	}
}

static void test_connections_per_host_are_bounded(void **state)
{
	struct crowd crowd = { 0 };
	struct peer *p = peer_start(answer_slowly, &crowd);
	struct call *calls = calloc(40, sizeof(*calls));

	for (int i = 0; i < 40; i++) {
		call_init(&calls[i], *state, peer_port(p), "/");
		call_begin(&calls[i]);
	}
	for (int i = 0; i < 40; i++) {
		call_wait(&calls[i]);
		assert_int_equal(calls[i].flow.status, 0);
		assert_int_equal(calls[i].rs.status, 204);
	}
	assert_int_equal(atomic_load(&crowd.most), 4);
	assert_int_equal(peer_connections(p), 4);
	free(calls);
	peer_stop(p);
}

/* One answer per connection, though it promises more. */
static void hang_up_afterwards(struct peer *p, int fd, int n, void *ctx)
{
	char request[4096];

	(void)p;
	(void)n;
	(void)ctx;
	if (peer_read(fd, request, sizeof(request)))
		peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void test_a_connection_that_died_idle_is_replaced(void **state)
{
	struct peer *p = peer_start(hang_up_afterwards, NULL);
	struct call c;

	for (int i = 0; i < 100; i++) {
		call_init(&c, *state, peer_port(p), "/");
		c.rq.body = "x";
		c.rq.body_len = 1;
		c.rq.method = "PATCH";
		call_run(&c);
		assert_int_equal(c.flow.status, 0);
		assert_string_equal(c.rs.body, "ok");
	}
	assert_int_equal(peer_connections(p), 100);
	peer_stop(p);
}

/* --- Answers from a script -------------------------------------------------------- */

static void play(struct call *c, void **state, const char *text, bool linger)
{
	struct script s = { .text = text, .linger = linger };
	struct peer *p = peer_start(say_script, &s);

	call_init(c, *state, peer_port(p), "/p?token=hidden");
	c->rq.timeout_ms = 400;
	call_run(c);
	peer_stop(p);
	assert_null(strstr(c->flow.fail.text, "hidden"));
}

static void test_chunked(void **state)
{
	struct call c;

	play(&c, state,
	     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	     "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n",
	     true);
	assert_int_equal(c.flow.status, 0);
	assert_string_equal(c.rs.body, "hello world");
}

static void test_until_close(void **state)
{
	struct call c;

	play(&c, state, "HTTP/1.0 404 Not Found\r\n\r\nnot here", false);
	assert_int_equal(c.flow.status, 0);
	assert_int_equal(c.rs.status, 404);
	assert_string_equal(c.rs.body, "not here");
}

static void test_interim_answers_do_not_count(void **state)
{
	struct call c;

	play(&c, state,
	     "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
	     "HTTP/1.1 201 Created\r\nContent-Length: 1\r\nLocation: /b\r\n\r\nx",
	     true);
	assert_int_equal(c.rs.status, 201);
	assert_null(http_header_get(&c.rs, "link"));
	assert_string_equal(http_header_get(&c.rs, "location"), "/b");
}

static void test_redirects_are_answers(void **state)
{
	struct call c;

	play(&c, state,
	     "HTTP/1.1 302 Found\r\nLocation: http://169.254.0.1/\r\nContent-Length: 0\r\n\r\n",
	     true);
	assert_int_equal(c.flow.status, 0);
	assert_int_equal(c.rs.status, 302);
	assert_string_equal(http_header_get(&c.rs, "location"), "http://169.254.0.1/");
}

static void test_cut_answers_fail(void **state)
{
	static const char *const cut[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so much",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"HTTP/1.1 200 OK\r\nContent-Le",
	};
	struct call c;

	for (size_t i = 0; i < ARRAY_SIZE(cut); i++) {
		play(&c, state, cut[i], false);
		if (i == 3 && c.flow.status == 0)
			continue; /* a head without end, then nothing: curl takes it for a body-less answer */
		assert_int_equal(c.flow.status, ASSISTANT_EUNAVAILABLE);
		assert_says(&c, "127.0.0.1:");
	}
}

static void test_no_http(void **state)
{
	struct call c;

	play(&c, state, "SSH-2.0-OpenSSH_9.2\r\n", false);
	assert_int_equal(c.flow.status, ASSISTANT_EPROTOCOL);
	play(&c, state, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", false);
	assert_int_not_equal(c.flow.status, 0);
}

static void hang_up(struct peer *p, int fd, int n, void *ctx)
{
	char request[4096];

	(void)p;
	(void)n;
	(void)ctx;
	peer_read(fd, request, sizeof(request));
}

static void test_no_answer(void **state)
{
	struct peer *p = peer_start(hang_up, NULL);
	struct call c;

	call_init(&c, *state, peer_port(p), "/");
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_EUNAVAILABLE);
	peer_stop(p);
}

static void test_refused(void **state)
{
	struct call c;
	char host[32];
	int port = peer_free_port();

	call_init(&c, *state, port, "/?key=hidden");
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_EUNAVAILABLE);
	snprintf(host, sizeof(host), "127.0.0.1:%d", port);
	assert_says(&c, host);
	assert_says(&c, "refused");
	assert_null(strstr(c.flow.fail.text, "hidden"));
}

static void test_unknown_host(void **state)
{
	struct call c;

	call_init(&c, *state, 1, "/");
	c.rq.url = "http://no-such-host.invalid/x";
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_EUNAVAILABLE);
	assert_says(&c, "no-such-host.invalid:80");
}

static void test_bad_requests(void **state)
{
	static const struct http_header evil[] = { { "X-A", "1\r\nX-B: 2" } };
	static const struct http_header unnamed[] = { { "X A", "1" } };
	static const char *const urls[] = {
		"",	   "nonsense",	 "/path", "ftp://127.0.0.1/", "file:///etc/passwd",
		"http://", "http://[::1"
	};
	struct call c;

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		call_init(&c, *state, 1, "/");
		c.rq.url = urls[i];
		call_run(&c);
		assert_int_equal(c.flow.status, ASSISTANT_EINVAL);
	}
	call_init(&c, *state, 1, "/");
	c.rq.headers = evil;
	c.rq.n_headers = 1;
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_EINVAL);
	c.ends = 0;
	c.rq.headers = unnamed;
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_EINVAL);
}

/* --- Limits --------------------------------------------------------------------------- */

/* ctx: whether the length is announced. */
static void say_ten_megabytes(struct peer *p, int fd, int n, void *ctx)
{
	static const char block[65536] = { 'x' };
	char request[4096];

	(void)p;
	(void)n;
	if (!peer_read(fd, request, sizeof(request)))
		return;
	if (!peer_say(fd, ctx ? "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n"
			      : "HTTP/1.1 200 OK\r\n\r\n"))
		return;
	for (int i = 0; i < 160 && peer_write(fd, block, sizeof(block)); i++)
		;
}

static void test_a_body_over_the_limit(void **state)
{
	for (int announced = 0; announced < 2; announced++) {
		struct peer *p = peer_start(say_ten_megabytes, announced ? *state : NULL);
		struct call c;

		call_init(&c, *state, peer_port(p), "/");
		call_run(&c);
		assert_int_equal(c.flow.status, ASSISTANT_ETOOLARGE);
		assert_says(&c, "more than is allowed");
		call_init(&c, *state, peer_port(p), "/");
		c.rq.max_body_bytes = 10485760;
		call_run(&c);
		assert_int_equal(c.flow.status, 0);
		assert_int_equal(c.rs.body_len, 10485760);
		call_init(&c, *state, peer_port(p), "/");
		call_stream(&c);
		c.rq.max_body_bytes = 100000;
		call_run(&c);
		assert_int_equal(c.flow.status, ASSISTANT_ETOOLARGE);
		assert_true(c.got.len <= 100000);
		text_finish(&c.got);
		peer_stop(p);
	}
}

static void test_an_arena_that_is_too_small(void **state)
{
	struct world *w = *state;
	struct peer *p = peer_start(echo, NULL);
	struct arena *small = arena_create(64), *big = w->arena;
	struct call c;

	w->arena = small;
	call_init(&c, w, peer_port(p), "/");
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_ETOOLARGE);
	w->arena = big;
	arena_destroy(small);
	peer_stop(p);
}

static void test_endless_headers(void **state)
{
	struct text t;
	struct call c;

	text_init(&t, 1 << 20);
	text_append(&t, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 4000; i++)
		text_printf(&t, "X-Header-%d: %060d\r\n", i, i);
	text_append(&t, "Content-Length: 0\r\n\r\n");
	play(&c, state, t.data, true);
	if (c.flow.status == 0)
		assert_true(c.rs.n_headers <= 256);
	text_finish(&t);
}

/* --- Time ------------------------------------------------------------------------------- */

static void test_slow_headers_time_out(void **state)
{
	struct script s = { .text = "HTTP/1.1 200 OK\r\n\r\n", .nap_ms = 5000 };
	struct peer *p = peer_start(say_script, &s);
	struct world *w = *state;
	int64_t began;
	struct call c;

	call_init(&c, w, peer_port(p), "/");
	c.rq.timeout_ms = 100;
	loop_turn(w->loop, false);
	began = loop_now_ms(w->loop);
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_ETIMEOUT);
	assert_says(&c, "100 ms");
	assert_in_range(loop_now_ms(w->loop) - began, 95, 2000);
	peer_stop(p);
}

static void test_silence_times_out(void **state)
{
	struct call c;
	struct script s = { .text = "HTTP/1.1 200 OK\r\n\r\nsome", .linger = true };
	struct peer *p = peer_start(say_script, &s);

	call_init(&c, *state, peer_port(p), "/");
	call_stream(&c);
	c.rq.idle_timeout_ms = 100;
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_ETIMEOUT);
	assert_says(&c, "sent nothing for 100 ms");
	assert_string_equal(c.got.data, "some");
	text_finish(&c.got);
	peer_stop(p);
}

static void trickle(struct peer *p, int fd, int n, void *ctx)
{
	char request[4096];

	(void)p;
	(void)n;
	(void)ctx;
	if (!peer_read(fd, request, sizeof(request)) || !peer_say(fd, "HTTP/1.1 200 OK\r\n\r\n"))
		return;
	for (int i = 0; i < 10 && peer_say(fd, "."); i++)
		peer_nap(30);
}

static void test_a_trickle_does_not_time_out(void **state)
{
	struct peer *p = peer_start(trickle, NULL);
	struct call c;

	call_init(&c, *state, peer_port(p), "/");
	call_stream(&c);
	c.rq.idle_timeout_ms = 200;
	call_run(&c);
	assert_int_equal(c.flow.status, 0);
	assert_string_equal(c.got.data, "..........");
	text_finish(&c.got);
	peer_stop(p);
}

static void test_a_flow_deadline_ends_a_transfer(void **state)
{
	struct script s = { .text = "HTTP/1.1 200 OK\r\n\r\n", .nap_ms = 5000 };
	struct peer *p = peer_start(say_script, &s);
	struct call c;

	call_init(&c, *state, peer_port(p), "/");
	call_begin(&c);
	flow_set_deadline(&c.flow, 50);
	call_wait(&c);
	assert_int_equal(c.flow.status, ASSISTANT_ETIMEOUT);
	peer_stop(p);
}

/* --- Proxies ---------------------------------------------------------------------------------- */

static void test_proxies(void **state)
{
	struct world *w = *state;
	struct peer *p = peer_start(echo, NULL);
	char proxy[64];
	struct call c;

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", peer_free_port());
	setenv("http_proxy", proxy, 1);
	setenv("all_proxy", proxy, 1);
	call_init(&c, w, peer_port(p), "/direct");
	call_run(&c);
	assert_int_equal(c.flow.status, 0);
	assert_true(!strncmp(c.rs.body, "GET /direct ", 12));
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", peer_port(p));
	assert_int_equal(http_set_proxy(w->http, proxy), 0);
	call_init(&c, w, 1, "/");
	c.rq.url = "http://far.invalid/through";
	call_run(&c);
	assert_int_equal(c.flow.status, 0);
	assert_true(!strncmp(c.rs.body, "GET http://far.invalid/through ", 31));
	peer_stop(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_get),
		T(test_methods_headers_bodies),
		T(test_connections_are_reused),
		T(test_connections_per_host_are_bounded),
		T(test_a_connection_that_died_idle_is_replaced),
		T(test_chunked),
		T(test_until_close),
		T(test_interim_answers_do_not_count),
		T(test_redirects_are_answers),
		T(test_cut_answers_fail),
		T(test_no_http),
		T(test_no_answer),
		T(test_refused),
		T(test_unknown_host),
		T(test_bad_requests),
		T(test_a_body_over_the_limit),
		T(test_an_arena_that_is_too_small),
		T(test_endless_headers),
		T(test_slow_headers_time_out),
		T(test_silence_times_out),
		T(test_a_trickle_does_not_time_out),
		T(test_a_flow_deadline_ends_a_transfer),
		T(test_proxies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
