/*
 * test_http_stream.c - answers as they come, and every way of ending them early.
 */
#include "http_world.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "aio/sse.h"

/* --- Streaming ----------------------------------------------------------------------------- */

static const char stream_body[] = "event: delta\ndata: {\"text\":\"Gr\xC3\xBC\xC3\x9F"
				  "e\"}\n\n"
				  ": a comment\r\n\r\nid: 7\r\ndata: one\r\ndata: two\r\n\r\n"
				  "data\n\ndata: last\n\n";
static const char stream_events[] = "delta|{\"text\":\"Gr\xC3\xBC\xC3\x9F"
				    "e\"}|\n"
				    "message|one\ntwo|7\nmessage||7\nmessage|last|7\n";

/* Byte by byte, each in a packet of its own. */
static void say_bytes(struct peer *p, int fd, int n, void *ctx)
{
	char request[4096];
	int on = 1;

	(void)p;
	(void)n;
	(void)ctx;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!peer_read(fd, request, sizeof(request)) ||
	    !peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"))
		return;
	for (size_t i = 0; stream_body[i] && peer_write(fd, stream_body + i, 1); i++)
		peer_nap(1);
}

static int note_event(void *ctx, const struct sse_event *e)
{
	text_printf(ctx, "%s|%s|%s\n", e->event, e->data, e->id);
	return 0;
}

struct sse_sink {
	struct sse parser;
	struct text events;
	int n_data;
};

static int feed_sse(void *ctx, const char *data, size_t n)
{
	struct sse_sink *sink = ctx;

	sink->n_data++;
	return sse_feed(&sink->parser, data, n, note_event, &sink->events);
}

static void test_a_stream_split_at_every_byte(void **state)
{
	struct peer *p = peer_start(say_bytes, NULL);
	struct sse_sink sink = { .n_data = 0 };
	struct call c;

	sse_init(&sink.parser, 4096);
	text_init(&sink.events, 4096);
	call_init(&c, *state, peer_port(p), "/");
	c.rq.on_data = feed_sse;
	c.rq.ctx = &sink;
	call_run(&c);
	assert_int_equal(c.flow.status, 0);
	assert_string_equal(c.rs.body, "");
	assert_string_equal(http_header_get(&c.rs, "content-type"), "text/event-stream");
	assert_string_equal(sink.events.data, stream_events);
	assert_true(sink.n_data > 20);
	sse_finish(&sink.parser);
	text_finish(&sink.events);
	peer_stop(p);
}

static void test_failures_are_not_streamed(void **state)
{
	struct script s = { .text = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n"
				    "Content-Length: 9\r\n\r\nslow down",
			    .linger = true };
	struct peer *p = peer_start(say_script, &s);
	struct call c;

	call_init(&c, *state, peer_port(p), "/");
	call_stream(&c);
	call_run(&c);
	assert_int_equal(c.flow.status, 0);
	assert_int_equal(c.rs.status, 429);
	assert_string_equal(c.rs.body, "slow down");
	assert_string_equal(http_header_get(&c.rs, "retry-after"), "7");
	assert_int_equal(c.n_data, 0);
	text_finish(&c.got);
	peer_stop(p);
}

/* Streams without end; notes that the other side hung up. */
static void say_forever(struct peer *p, int fd, int n, void *ctx)
{
	atomic_int *closed = ctx;
	char request[4096];

	(void)n;
	if (!peer_read(fd, request, sizeof(request)) || !peer_say(fd, "HTTP/1.1 200 OK\r\n\r\n"))
		return;
	while (!peer_stopping(p)) {
		if (!peer_say(fd, "tick\n") || peer_sees_close(fd, 5)) {
			atomic_fetch_add(closed, 1);
			return;
		}
	}
}

static void wait_closed(atomic_int *closed, int n)
{
	for (int i = 0; i < 400 && atomic_load(closed) < n; i++)
		peer_nap(5);
	assert_int_equal(atomic_load(closed), n);
}

static void test_cancel_while_streaming(void **state)
{
	struct world *w = *state;
	atomic_int closed = 0;
	struct peer *p = peer_start(say_forever, &closed);
	struct call c;
	int n;

	call_init(&c, w, peer_port(p), "/");
	call_stream(&c);
	call_begin(&c);
	while (c.n_data < 3)
		loop_turn(w->loop, true);
	flow_cancel(&c.flow);
	assert_int_equal(c.ends, 1);
	assert_int_equal(c.flow.status, ASSISTANT_ECANCELED);
	/* The socket is closed by now: no turn of the loop is needed for it. */
	wait_closed(&closed, 1);
	n = c.n_data;
	for (int i = 0; i < 10; i++)
		loop_turn(w->loop, false);
	assert_int_equal(c.n_data, n);
	text_finish(&c.got);
	peer_stop(p);
}

static void test_cancel_from_inside_the_stream(void **state)
{
	atomic_int closed = 0;
	struct peer *p = peer_start(say_forever, &closed);
	struct call c;

	for (int by_cancel = 0; by_cancel < 2; by_cancel++) {
		call_init(&c, *state, peer_port(p), "/");
		call_stream(&c);
		c.stop_after = 2;
		c.cancel = by_cancel;
		call_run(&c);
		assert_int_equal(c.flow.status, ASSISTANT_ECANCELED);
		assert_int_equal(c.n_data, 2);
		loop_turn(((struct world *)*state)->loop, false);
		wait_closed(&closed, by_cancel + 1);
		assert_int_equal(c.n_data, 2);
		text_finish(&c.got);
	}
	peer_stop(p);
}

struct pair {
	struct call *first, *second;
};

static int cancel_the_other(void *ctx, const char *data, size_t n)
{
	struct pair *pair = ctx;

	(void)data;
	(void)n;
	flow_cancel(&pair->second->flow);
	return 1;
}

static void test_cancel_another_from_inside_a_stream(void **state)
{
	struct world *w = *state;
	atomic_int closed = 0;
	struct peer *p = peer_start(say_forever, &closed);
	struct call a, b;
	struct pair pair = { &a, &b };

	call_init(&b, w, peer_port(p), "/");
	call_stream(&b);
	call_begin(&b);
	while (!b.n_data)
		loop_turn(w->loop, true);
	call_init(&a, w, peer_port(p), "/");
	a.rq.on_data = cancel_the_other;
	a.rq.ctx = &pair;
	call_run(&a);
	assert_int_equal(a.flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.flow.status, ASSISTANT_ECANCELED);
	loop_turn(w->loop, false);
	wait_closed(&closed, 2);
	text_finish(&a.got);
	text_finish(&b.got);
	peer_stop(p);
}

struct chain {
	struct call *next;
	bool begun;
};

static int send_another(void *ctx, const char *data, size_t n)
{
	struct chain *chain = ctx;

	(void)data;
	(void)n;
	if (!chain->begun)
		call_begin(chain->next);
	chain->begun = true;
	return 0;
}

static void test_send_from_inside_a_stream(void **state)
{
	struct peer *p = peer_start(echo, NULL);
	struct call a, b;
	struct chain chain = { .next = &b };

	call_init(&a, *state, peer_port(p), "/a");
	call_init(&b, *state, peer_port(p), "/b");
	a.rq.on_data = send_another;
	a.rq.ctx = &chain;
	call_run(&a);
	call_wait(&b);
	assert_int_equal(a.flow.status, 0);
	assert_int_equal(b.flow.status, 0);
	assert_true(!strncmp(b.rs.body, "GET /b ", 7));
	peer_stop(p);
}

static void test_cancel_at_every_moment(void **state)
{
	struct world *w = *state;
	struct peer *p = peer_start(echo, NULL);

	for (int turns = 0; turns < 12; turns++) {
		struct call c;

		call_init(&c, w, peer_port(p), "/");
		call_stream(&c);
		call_begin(&c);
		for (int i = 0; i < turns && !c.ends; i++)
			loop_turn(w->loop, true);
		if (!c.ends)
			flow_cancel(&c.flow);
		assert_int_equal(c.ends, 1);
		flow_cancel(&c.flow);
		assert_int_equal(c.ends, 1);
		text_finish(&c.got);
	}
	peer_stop(p);
}

/* The order of ending a program: cancel, destroy the client, destroy the loop. */
static void test_the_client_goes_before_the_delivery(void **state)
{
	struct world *w = *state;
	struct peer *p = peer_start(echo, NULL);
	struct call cancelled, finished;

	call_init(&cancelled, w, peer_port(p), "/");
	call_init(&finished, w, peer_port(p), "/");
	finished.rq.url = "ftp://refused/";
	call_begin(&cancelled);
	call_begin(&finished);
	loop_turn(w->loop, false);
	flow_cancel(&cancelled.flow);
	http_destroy(w->http);
	w->http = NULL;
	call_wait(&finished);
	assert_int_equal(finished.flow.status, ASSISTANT_EINVAL);
	peer_stop(p);
}

/* --- Many at once --------------------------------------------------------------------------- */

#define CROWD	   100 /* so many are read in rounds */
#define LINES	   60
#define MANY_LINES 20000 /* a minute at least */
#define TAIL	   (200 << 10)

/* Lines one by one, then much at once; to who asks for "/endless", lines until the reader has gone. */
static void say_lines(struct peer *p, int fd, int n, void *ctx)
{
	atomic_int *gone = ctx;
	char request[4096], line[64], *tail = malloc(TAIL + 1);
	int on = 1, lines;
	bool heard;

	(void)p;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	heard = peer_read(fd, request, sizeof(request)) && peer_say(fd, "HTTP/1.1 200 OK\r\n\r\n");
	lines = strncmp(request, "GET /endless ", 13) == 0 ? MANY_LINES : LINES;
	for (int i = 0; heard && i < lines; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		peer_nap(1);
		heard = peer_say(fd, line) && !peer_sees_close(fd, 0);
	}
	memset(tail, 'a' + n % 26, TAIL);
	tail[TAIL] = '\0';
	if (!heard || !peer_say(fd, tail))
		atomic_fetch_add(gone, 1);
	free(tail);
}

static void test_many_streams_are_read_in_rounds(void **state)
{
	struct world *w = *state;
	atomic_int gone = 0;
	struct peer *p = peer_start(say_lines, &gone);
	struct call *calls = calloc(CROWD, sizeof(*calls));
	int n_data = 0, n_whole = 0;

	http_destroy(w->http);
	w->http = http_create(w->loop, CROWD);
	for (int i = 0; i < CROWD; i++) {
		int stop_after = i % 5 == 4 ? 3 : 0;

		call_init(&calls[i], w, peer_port(p), stop_after ? "/endless" : "/of-a-crowd");
		call_stream(&calls[i]);
		calls[i].stop_after = stop_after;
		calls[i].cancel = i % 10 == 9;
		call_begin(&calls[i]);
	}
	for (int i = 0; i < CROWD; i++)
		call_wait(&calls[i]);
	for (int i = 0; i < CROWD; i++) {
		struct call *c = &calls[i];
		const char *at = c->got.data;

		assert_int_equal(c->ends, 1);
		for (int k = 0; k < LINES && !c->stop_after; k++) {
			char line[32];
			int n = snprintf(line, sizeof(line), "line %d\n", k);

			assert_int_equal(strncmp(at, line, (size_t)n), 0);
			at += n;
		}
		if (!c->stop_after) {
			assert_int_equal(c->flow.status, 0);
			assert_int_equal(strlen(at), TAIL);
			assert_int_equal(strspn(at, (char[]){ *at, '\0' }), TAIL);
			n_data += c->n_data;
			n_whole++;
		} else {
			assert_int_equal(c->flow.status, ASSISTANT_ECANCELED);
		}
		text_finish(&c->got);
	}
	assert_int_equal(n_whole, CROWD * 4 / 5);
	/* Several lines at a time, or it would be more of them and the pieces of the tail. */
	assert_true(n_data < n_whole * (LINES + TAIL / 4096));
	wait_closed(&gone, CROWD / 5);
	free(calls);
	peer_stop(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_stream_split_at_every_byte),
		T(test_failures_are_not_streamed),
		T(test_cancel_while_streaming),
		T(test_cancel_from_inside_the_stream),
		T(test_cancel_another_from_inside_a_stream),
		T(test_send_from_inside_a_stream),
		T(test_cancel_at_every_moment),
		T(test_the_client_goes_before_the_delivery),
		T(test_many_streams_are_read_in_rounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
