/*
 * What our patches of the HTTP library promise (subprojects/civetweb-*.patch), checked with raw
 * bytes on a socket: requests that two readers could understand differently are refused, nothing a
 * peer sends makes memory grow or holds a thread for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <civetweb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_TIMEOUT_MS 700

struct server {
	struct mg_context *context;
	int port;
	atomic_int n_requests;
	atomic_int n_body_bytes; /* of the last request */
	atomic_int n_frames;
	atomic_int last_bits; /* FIN and opcode of the last frame */
	atomic_int n_gone;    /* peers seen to leave */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Answers through the socket itself and waits on it for the peer to leave. */
static int watch_peer(struct server *server, struct mg_connection *conn)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhere";
	struct pollfd peer = { .fd = mg_get_connection_socket(conn), .events = POLLRDHUP };

	mg_disable_connection_keep_alive(conn);
	if (send(peer.fd, answer, strlen(answer), MSG_NOSIGNAL) != (ssize_t)strlen(answer))
		return 200;
	if (poll(&peer, 1, 5000) == 1)
		atomic_fetch_add(&server->n_gone, 1);
	return 200;
}

static int on_request(struct mg_connection *conn)
{
	const struct mg_request_info *ri = mg_get_request_info(conn);
	struct server *server = ri->user_data;
	char body[4096];
	int n, total = 0;

	if (!strcmp(ri->local_uri, "/websocket"))
		return 0;
	atomic_fetch_add(&server->n_requests, 1);
	if (!strcmp(ri->local_uri, "/watch"))
		return watch_peer(server, conn);
	if (strcmp(ri->local_uri, "/unread")) {
		while ((n = mg_read(conn, body, sizeof(body))) > 0)
			total += n;
	}
	atomic_store(&server->n_body_bytes, total);
	mg_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n");
	return 200;
}

static int on_frame(struct mg_connection *conn, int bits, char *data, size_t len, void *user)
{
	struct server *server = user;

	atomic_store(&server->last_bits, bits & 0xff);
	atomic_fetch_add(&server->n_frames, 1);
	return 1;
}

static int start_with(void **state, const char *timeout_ms)
{
	/* One thread, so that whatever holds it is noticed by the next connection. */
	const char *options[] = { "listening_ports",
				  "127.0.0.1:0",
				  "num_threads",
				  "1",
				  "request_timeout_ms",
				  timeout_ms,
				  "websocket_timeout_ms",
				  timeout_ms,
				  "enable_keep_alive",
				  "yes",
				  "keep_alive_timeout_ms",
				  timeout_ms,
				  NULL };
	struct mg_callbacks callbacks = { .begin_request = on_request };
	struct server *server = calloc(1, sizeof(*server));
	struct mg_server_port port;

	assert_non_null(server);
	mg_init_library(0);
	server->context = mg_start(&callbacks, server, options);
	assert_non_null(server->context);
	assert_int_equal(mg_get_server_ports(server->context, 1, &port), 1);
	server->port = port.port;
	mg_set_websocket_handler(server->context, "/websocket", NULL, NULL, on_frame, NULL, server);
	*state = server;
	return 0;
}

static int server_start(void **state)
{
	return start_with(state, "700");
}

static int patient_server_start(void **state)
{
	return start_with(state, "20000");
}

static int server_stop(void **state)
{
	struct server *server = *state;

	mg_stop(server->context);
	mg_exit_library();
	free(server);
	return 0;
}

static int dial(const struct server *server)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(server->port) };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void put(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Everything until the server closes; what does not fit is dropped. */
static size_t read_all(int fd, char *out, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < max && (n = recv(fd, out + len, max - 1 - len, 0)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	return len;
}

/* Sends one request on a connection of its own; returns the status of the answer. */
static int ask(const struct server *server, const char *request)
{
	char answer[4096];
	int fd = dial(server);
	int status = 0;

	put(fd, request, strlen(request));
	shutdown(fd, SHUT_WR);
	read_all(fd, answer, sizeof(answer));
	close(fd);
	if (sscanf(answer, "HTTP/1.%*d %d", &status) != 1)
		fail_msg("no HTTP answer to this request: %s", request);
	return status;
}

static void test_bodies_are_read(void **state)
{
	struct server *server = *state;

	assert_int_equal(ask(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_int_equal(ask(server, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_int_equal(ask(server, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), 200);
	assert_int_equal(server->n_body_bytes, 5);
	assert_int_equal(ask(server,
			     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "5;x=y\r\nhello\r\n0000000A\r\n0123456789\r\n0\r\nT: 1\r\n\r\n"),
			 200);
	assert_int_equal(server->n_body_bytes, 15);
	assert_int_equal(server->n_requests, 4);
}

static void test_ambiguous_requests_are_refused(void **state)
{
	static const char *const requests[] = {
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: "
		"5\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: "
		"chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: "
		"chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nContent-Length: 5 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nContent-Length: 0x5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nContent-Length:\r\n\r\nhello",
		"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
		"POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nX: a\r\n folded\r\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\n X: a\r\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nX: a\r\n: no name\r\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nX: a\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\nContent-Length: 5\n\nhello",
		"GET \r\n/ HTTP/1.1\r\n\r\n",
	};
	struct server *server = *state;
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int status = ask(server, requests[i]);

		if (status != 400)
			fail_msg("status %d instead of 400 for: %s", status, requests[i]);
	}
	assert_int_equal(server->n_requests, 0);
}

static void test_more_headers_than_fit_are_refused(void **state)
{
	struct server *server = *state;
	char request[4096];
	size_t len = (size_t)snprintf(request, sizeof(request), "POST / HTTP/1.1\r\n");
	int i;

	for (i = 0; i < MG_MAX_HEADERS - 1; i++)
		len += (size_t)snprintf(request + len, sizeof(request) - len, "X-%d: a\r\n", i);
	snprintf(request + len, sizeof(request) - len, "Content-Length: 5\r\n\r\nhello");
	assert_int_equal(ask(server, request), 200);
	assert_int_equal(server->n_body_bytes, 5);
	snprintf(request + len, sizeof(request) - len, "X: a\r\nContent-Length: 5\r\n\r\nhello");
	assert_int_equal(ask(server, request), 400);
	assert_int_equal(server->n_requests, 1);
}

static void test_bad_chunks_end_the_body(void **state)
{
	static const char *const bodies[] = {
		"7fffffffffffffff\r\nhello\r\n0\r\n\r\n",
		"ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
		"000000005\r\nhello\r\n0\r\n\r\n",
		"-5\r\nhello\r\n0\r\n\r\n",
		"5\r\nhelloXX0\r\n\r\n",
		"\r\nhello\r\n0\r\n\r\n",
	};
	struct server *server = *state;
	char request[512];
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		snprintf(request, sizeof(request),
			 "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%s", bodies[i]);
		assert_int_equal(ask(server, request), 200);
		assert_in_range(server->n_body_bytes, 0, 5);
	}
}

/* The buffer is the thread's, and connections follow each other in it. */
static void test_old_bytes_are_not_a_request(void **state)
{
	struct server *server = *state;

	assert_int_equal(ask(server, "xxx\001GET /stolen HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(ask(server, "\r\n\r\n"), 400);
	assert_int_equal(server->n_requests, 0);
}

static void test_a_dripping_body_is_cut_off(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n";
	struct server *server = *state;
	int fd = dial(server);
	int64_t start_ms = now_ms();

	put(fd, head, strlen(head));
	while (atomic_load(&server->n_body_bytes) == 0 && now_ms() - start_ms < 5000) {
		if (send(fd, "x", 1, MSG_NOSIGNAL) != 1)
			break;
		usleep(100 * 1000);
	}
	assert_in_range(now_ms() - start_ms, REQUEST_TIMEOUT_MS - 100, REQUEST_TIMEOUT_MS * 3);
	assert_in_range(server->n_body_bytes, 1, 20);
	close(fd);
	assert_int_equal(ask(server, "GET / HTTP/1.1\r\n\r\n"), 200);
}

static void test_an_unread_body_does_not_hide_the_answer(void **state)
{
	static const char head[] = "POST /unread HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n";
	static const char block[100000];
	struct server *server = *state;
	char answer[256];
	int fd = dial(server);
	int i;

	put(fd, head, strlen(head));
	for (i = 0; i < 100; i++)
		put(fd, block, sizeof(block));
	read_all(fd, answer, sizeof(answer));
	close(fd);
	assert_non_null(strstr(answer, "200 OK"));
}

static void test_an_endless_unread_body_is_cut_off(void **state)
{
	static const char head[] = "POST /unread HTTP/1.1\r\nContent-Length: 900000000000\r\n\r\n";
	static const char block[100000];
	struct server *server = *state;
	size_t sent = 0;
	int fd = dial(server);

	put(fd, head, strlen(head));
	while (sent < 64u * 1024 * 1024 && send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		sent += sizeof(block);
	close(fd);
	assert_in_range(sent, 1, 40u * 1024 * 1024);
}

static void test_a_silent_connection_gives_way(void **state)
{
	struct server *server = *state;
	int silent = dial(server);
	int64_t start_ms = now_ms();

	usleep(100 * 1000);
	assert_int_equal(ask(server, "GET / HTTP/1.1\r\n\r\n"), 200);
	assert_in_range(now_ms() - start_ms, 500, 3000);
	close(silent);
}

static void test_half_a_header_gives_way(void **state)
{
	struct server *server = *state;
	int slow = dial(server);
	int64_t start_ms = now_ms();

	put(slow, "GET / HTTP/1.1\r\n", 16);
	usleep(100 * 1000);
	assert_int_equal(ask(server, "GET / HTTP/1.1\r\n\r\n"), 200);
	assert_in_range(now_ms() - start_ms, 500, 3000);
	close(slow);
}

static void test_a_kept_connection_gives_way_only_when_others_wait(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\n\r\n";
	struct server *server = *state;
	char answer[64];
	int kept = dial(server);
	int64_t start_ms;
	int i;

	for (i = 0; i < 2; i++) {
		put(kept, request, strlen(request));
		assert_true(recv(kept, answer, sizeof(answer), 0) > 12);
		assert_memory_equal(answer, "HTTP/1.1 200", 12);
		usleep(1500 * 1000);
	}
	start_ms = now_ms();
	assert_int_equal(ask(server, request), 200);
	assert_in_range(now_ms() - start_ms, 0, 900);
	assert_int_equal(server->n_requests, 3);
	close(kept);
}

static int dial_websocket(struct server *server)
{
	static const char request[] = "GET /websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
				      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
	char head[512];
	size_t len = 0;
	int fd = dial(server);

	put(fd, request, strlen(request));
	do {
		assert_true(len + 1 < sizeof(head));
		assert_int_equal(recv(fd, head + len, 1, 0), 1);
		head[++len] = '\0';
	} while (!strstr(head, "\r\n\r\n"));
	assert_memory_equal(head, "HTTP/1.1 101", 12);
	return fd;
}

/* The status of the close frame that the server answers with before it hangs up; 0 without one. */
static int close_status(int fd)
{
	unsigned char answer[64];
	size_t len = read_all(fd, (char *)answer, sizeof(answer));

	close(fd);
	if (len != 4 || answer[0] != 0x88 || answer[1] != 2)
		return 0;
	return answer[2] << 8 | answer[3];
}

static int frame_refusal(struct server *server, const void *frame, size_t len)
{
	int fd = dial_websocket(server);

	put(fd, frame, len);
	return close_status(fd);
}

static void test_websocket_frames_are_limited(void **state)
{
	struct server *server = *state;

	/* 2 GB, 2^63 bytes, and one byte more than the limit, claimed by the header alone */
	assert_int_equal(frame_refusal(server, "\x81\xff\0\0\0\0\x7f\xff\0\0mask", 14), 1009);
	assert_int_equal(frame_refusal(server, "\x81\xff\x80\0\0\0\0\0\0\0mask", 14), 1009);
	assert_int_equal(frame_refusal(server, "\x82\xff\0\0\0\0\0\x01\0\x01mask", 14), 1009);
	assert_int_equal(server->n_frames, 0);
}

static void test_websocket_frames_follow_the_protocol(void **state)
{
	struct server *server = *state;

	assert_int_equal(frame_refusal(server, "\x81\x05hello", 7), 1002);	/* no mask */
	assert_int_equal(frame_refusal(server, "\x89\xfe\0\x7emask", 8), 1002); /* long ping */
	assert_int_equal(frame_refusal(server, "\x09\x80mask", 6), 1002);	/* ping, part */
	assert_int_equal(frame_refusal(server, "\x83\x80mask", 6), 1002);	/* opcode 3 */
	assert_int_equal(frame_refusal(server, "\x8b\x80mask", 6), 1002);	/* opcode 11 */
	assert_int_equal(frame_refusal(server, "\xc1\x80mask", 6), 1002);	/* compressed */
	assert_int_equal(server->n_frames, 0);
}

static void wait_for_frames(struct server *server, int n)
{
	int64_t start_ms = now_ms();

	while (atomic_load(&server->n_frames) < n && now_ms() - start_ms < 3000)
		usleep(2000);
	assert_int_equal(server->n_frames, n);
}

static void test_websocket_fragments_are_told_apart(void **state)
{
	struct server *server = *state;
	int fd = dial_websocket(server);

	put(fd, "\x01\x82\0\0\0\0he", 8);
	wait_for_frames(server, 1);
	assert_int_equal(server->last_bits, 0x01);
	put(fd, "\x80\x83\0\0\0\0llo", 9);
	wait_for_frames(server, 2);
	assert_int_equal(server->last_bits, 0x80);
	close(fd);
}

static void test_half_a_websocket_frame_is_given_up(void **state)
{
	struct server *server = *state;
	int fd = dial_websocket(server);
	int64_t start_ms = now_ms();
	char rest[16];

	put(fd, "\x81\xfe\xff\xff\0\0\0\0half", 12);
	assert_int_equal(read_all(fd, rest, sizeof(rest)), 0);
	assert_in_range(now_ms() - start_ms, REQUEST_TIMEOUT_MS - 100, REQUEST_TIMEOUT_MS * 3);
	assert_int_equal(server->n_frames, 0);
	close(fd);
}

static void test_a_handler_can_use_the_socket(void **state)
{
	static const char request[] = "GET /watch HTTP/1.1\r\nHost: a\r\n\r\n";
	struct server *server = *state;
	int fd = dial(server);
	int64_t start_ms = now_ms();
	char answer[256];
	size_t len = 0;

	put(fd, request, strlen(request));
	do {
		ssize_t n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);

		assert_true(n > 0);
		len += (size_t)n;
		answer[len] = '\0';
	} while (!strstr(answer, "here"));
	assert_int_equal(server->n_gone, 0);
	close(fd);
	while (atomic_load(&server->n_gone) == 0 && now_ms() - start_ms < 3000)
		usleep(2000);
	assert_int_equal(server->n_gone, 1);
	assert_int_equal(mg_get_connection_socket(NULL), -1);
}

#define TEST(name)	   cmocka_unit_test_setup_teardown(name, server_start, server_stop)
#define PATIENT_TEST(name) cmocka_unit_test_setup_teardown(name, patient_server_start, server_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bodies_are_read),
		TEST(test_ambiguous_requests_are_refused),
		TEST(test_more_headers_than_fit_are_refused),
		TEST(test_bad_chunks_end_the_body),
		TEST(test_old_bytes_are_not_a_request),
		TEST(test_a_dripping_body_is_cut_off),
		TEST(test_an_unread_body_does_not_hide_the_answer),
		TEST(test_an_endless_unread_body_is_cut_off),
		PATIENT_TEST(test_a_silent_connection_gives_way),
		PATIENT_TEST(test_half_a_header_gives_way),
		PATIENT_TEST(test_a_kept_connection_gives_way_only_when_others_wait),
		TEST(test_websocket_frames_are_limited),
		TEST(test_websocket_frames_follow_the_protocol),
		TEST(test_websocket_fragments_are_told_apart),
		TEST(test_half_a_websocket_frame_is_given_up),
		TEST(test_a_handler_can_use_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
