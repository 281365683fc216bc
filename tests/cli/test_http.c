/*
 * test_http.c - addresses, and servers that answer well, wrongly, slowly or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "http.h"

static void address(const char *text, const char *base)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct http *h = NULL;

	assert_int_equal(http_create(text, &h, &err), 0);
	assert_string_equal(http_base(h), base);
	http_destroy(h);
}

static void addresses(void **state)
{
	address("http://127.0.0.1:8000", "http://127.0.0.1:8000");
	address("http://localhost/", "http://localhost");
	address("https://a.example.org/x/y//", "https://a.example.org/x/y");
	address("http://[::1]:8000/", "http://[::1]:8000");
}

static void no_address(const char *text)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct http *h = NULL;

	if (http_create(text, &h, &err) != ASSISTANT_EINVAL)
		fail_msg("%s was taken", text);
	assert_null(h);
	assert_non_null(strstr(err.message, "accepted is one such as http://127.0.0.1:8000"));
}

static void wrong_addresses(void **state)
{
	no_address("");
	no_address("127.0.0.1:8000");
	no_address("ftp://example.org");
	no_address("file:///etc/passwd");
	no_address("http://");
	no_address("http://:80");
	no_address("http://a:65536");
	no_address("http://a:80x");
	no_address("http://user@a");
	no_address("http://[::1");
	no_address("http://a/b c");
	no_address("http://a/?x=1");
	no_address("http://a/#x");
	no_address("http://a/b\r\nHost: evil");
}

/* --- A server for one connection ------------------------------------------------------- */

struct server {
	int fd;
	const char *answer; /* NULL: says nothing until the other side leaves */
	char request[900];
	pthread_t thread;
	struct http *http;
};

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	ssize_t n = fd >= 0 ? recv(fd, s->request, sizeof(s->request) - 1, 0) : 0;
	char rest;

	if (n > 0 && s->answer)
		for (const char *at = s->answer; *at; at++) /* in the smallest pieces there are */
			if (send(fd, at, 1, MSG_NOSIGNAL) < 0)
				break;
	if (n > 0 && !s->answer)
		while (recv(fd, &rest, 1, 0) > 0)
			;
	close(fd);
	return NULL;
}

static void server_begin(struct server *s, const char *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	char base[60];

	*s = (struct server){ .fd = socket(AF_INET, SOCK_STREAM, 0), .answer = answer };
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, size), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &size), 0);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", ntohs(a.sin_port));
	assert_int_equal(http_create(base, &s->http, NULL), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_end(struct server *s)
{
	http_destroy(s->http);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

#define OK "HTTP/1.1 200 OK\r\n"

static void an_answer(void **state)
{
	struct server s;
	char *body = NULL;

	server_begin(&s, OK "Content-Length: 5\r\n\r\n{\"a\"}");
	assert_int_equal(http_get(s.http, "/health", 5000, &body, NULL), 0);
	assert_string_equal(body, "{\"a\"}");
	free(body);
	server_end(&s);
	assert_non_null(strstr(s.request, "GET /health HTTP/1.1\r\nHost: 127.0.0.1:"));
	server_begin(&s, OK "Content-Length: 0\r\n\r\n");
	assert_int_equal(http_post(s.http, "/items/messages", "{\"b\":1}", 5000, NULL, NULL), 0);
	server_end(&s);
	assert_non_null(strstr(s.request, "POST /items/messages HTTP/1.1\r\n"));
	assert_non_null(strstr(s.request, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(s.request, "\r\n\r\n{\"b\":1}"));
}

static void refused(const char *answer, int code, const char *sentence, int retry_after_ms)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct server s;
	char *body = NULL;

	server_begin(&s, answer);
	assert_int_equal(http_get(s.http, "/", 5000, &body, &err), code);
	assert_int_equal(err.code, code);
	assert_int_equal(err.retry_after_ms, retry_after_ms);
	if (!strstr(err.message, sentence))
		fail_msg("%s", err.message);
	assert_null(body);
	server_end(&s);
}

static void refusals(void **state)
{
	refused("HTTP/1.1 429 Later\r\nRetry-After: 7\r\nContent-Length: 41\r\n\r\n"
		"{\"success\":false,\"error\":\"Too many now.\"} ",
		ASSISTANT_ELIMIT, "Too many now. Try again in 7 s.", 7000);
	refused("HTTP/1.1 503 Draining\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n",
		ASSISTANT_EUNAVAILABLE, "answers with HTTP status 503. Try again in 2 s.", 2000);
	refused("HTTP/1.1 403 No\r\nConnection: close\r\n\r\n"
		"{\"errors\":[{\"message\":\"Not permitted.\"}]}",
		ASSISTANT_EDENIED, "Not permitted", 0);
	refused("HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\n<p>", ASSISTANT_ENOTFOUND,
		"answers with HTTP status 404", 0);
}

static void fails(const char *answer, int timeout_ms, int code, const char *sentence)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct timespec before, after;
	struct server s;
	char *body = NULL;

	server_begin(&s, answer);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(http_get(s.http, "/", timeout_ms, &body, &err), code);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec <= timeout_ms / 1000 + 2);
	if (!strstr(err.message, sentence))
		fail_msg("%s", err.message);
	server_end(&s);
}

static void something_else(void **state)
{
	fails("SSH-2.0-OpenSSH\r\n", 5000, ASSISTANT_EPROTOCOL, "does not speak HTTP");
}

static void silence(void **state)
{
	fails(NULL, 100, ASSISTANT_ETIMEOUT, "does not answer in time");
}

/* An address where nobody listens: bound, so that nobody else can. */
static void nobody(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assistant_error err = ASSISTANT_ERROR_INIT;
	socklen_t size = sizeof(a);
	struct http *h = NULL;
	char base[60], *body = NULL;

	assert_int_equal(bind(fd, (struct sockaddr *)&a, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", ntohs(a.sin_port));
	assert_int_equal(http_create(base, &h, NULL), 0);
	assert_int_equal(http_get(h, "/", 2000, &body, &err), ASSISTANT_EUNAVAILABLE);
	assert_non_null(strstr(err.message, "Nothing answers at http://127.0.0.1:"));
	assert_non_null(strstr(err.message, "Connection refused"));
	http_destroy(h);
	close(fd);
}

/* --- Streams ----------------------------------------------------------------------------- */

/* The code that follows the events, whose data are joined in out. */
static int read_stream(struct server *s, unsigned long after, char *out, assistant_error *err)
{
	struct http_stream *stream = NULL;
	const struct sse_event *e;
	int r;

	*out = '\0';
	assert_int_equal(http_stream_open(s->http, "/events", NULL, after, &stream, err), 0);
	do {
		r = http_stream_next(stream, &e, err);
		if (r == 0)
			strncat(out, e->data, 20);
		else if (r == ASSISTANT_ETIMEOUT)
			http_stream_wait(stream, -1, 1000);
	} while (r == 0 || r == ASSISTANT_ETIMEOUT);
	http_stream_close(stream);
	return r;
}

static void a_stream(void **state)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char data[200];
	struct server s;

	server_begin(&s,
		     OK "Content-Type: text/event-stream\r\nConnection: close\r\n\r\n"
			"id: 4\nevent: delta\ndata: a\n\n: beat\n\nid: 5\nevent: delta\ndata: b\n\n"
			"id: 6\nevent: delta\ndata: cut");
	assert_int_equal(read_stream(&s, 3, data, &err), ASSISTANT_EUNAVAILABLE);
	assert_int_equal(err.retry_after_ms, -1); /* cut, not refused */
	assert_string_equal(data, "ab");
	server_end(&s);
	assert_non_null(strstr(s.request, "Last-Event-ID: 3\r\n"));
	assert_non_null(strstr(s.request, "Accept: text/event-stream\r\n"));
}

static void streams_that_are_none(void **state)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char data[200];
	struct server s;

	server_begin(&s, "HTTP/1.1 204 No Content\r\n\r\n");
	assert_int_equal(read_stream(&s, 9, data, &err), ASSISTANT_ENOTFOUND);
	server_end(&s);
	server_begin(&s, "HTTP/1.1 503 Full\r\nRetry-After: 3\r\nContent-Length: 16\r\n\r\n"
			 "{\"error\":\"Full\"}");
	assert_int_equal(read_stream(&s, 0, data, &err), ASSISTANT_EUNAVAILABLE);
	assert_int_equal(err.retry_after_ms, 3000);
	assert_non_null(strstr(err.message, "Full Try again in 3 s."));
	assert_string_equal(data, "");
	server_end(&s);
}

static void escaping(void **state)
{
	char *text = http_escape("a b&c=é");

	assert_string_equal(text, "a%20b%26c%3D%C3%A9");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),	  cmocka_unit_test(wrong_addresses),
		cmocka_unit_test(an_answer),	  cmocka_unit_test(refusals),
		cmocka_unit_test(something_else), cmocka_unit_test(silence),
		cmocka_unit_test(nobody),	  cmocka_unit_test(a_stream),
		cmocka_unit_test(escaping),	  cmocka_unit_test(streams_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
