/*
 * test_http_get.c - addresses, and servers that answer well, wrongly, slowly or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "http_get.h"

static void address_is(const char *text, const char *host, const char *port, const char *path)
{
	struct http_url url;
	char error[200] = "";

	assert_int_equal(http_url_parse(text, &url, error, sizeof(error)), 0);
	assert_string_equal(url.host, host);
	assert_string_equal(url.port, port);
	assert_string_equal(url.path, path);
}

static void addresses(void **state)
{
	address_is("http://127.0.0.1:8000", "127.0.0.1", "8000", "/");
	address_is("http://localhost", "localhost", "80", "/");
	address_is("http://a.example.org/x/y", "a.example.org", "80", "/x/y");
	address_is("http://[::1]:8000/", "::1", "8000", "/");
	address_is("http://[::1]", "::1", "80", "/");
}

static void no_address(const char *text)
{
	struct http_url url;
	char error[200] = "";

	assert_int_equal(http_url_parse(text, &url, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "accepted is one such as http://127.0.0.1:8000"));
}

static void wrong_addresses(void **state)
{
	no_address("");
	no_address("127.0.0.1:8000");
	no_address("https://example.org");
	no_address("http://");
	no_address("http://:80");
	no_address("http://a:");
	no_address("http://a:0");
	no_address("http://a:65536");
	no_address("http://a:80x");
	no_address("http://a:99999999999999999999");
	no_address("http://user@a");
	no_address("http://[::1");
	no_address("http://[::1]x");
	no_address("http://a/b c");
	no_address("http://a/b\r\nHost: evil");
}

/* --- A server for one connection ------------------------------------------------------- */

struct server {
	int fd;
	const char *answer; /* NULL: says nothing until the other side leaves */
	char request[500];
	pthread_t thread;
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

static void server_begin(struct server *s, const char *answer, struct http_url *url)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	*s = (struct server){ .fd = socket(AF_INET, SOCK_STREAM, 0), .answer = answer };
	assert_int_equal(bind(s->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &size), 0);
	*url = (struct http_url){ .host = "127.0.0.1", .path = "/health" };
	snprintf(url->port, sizeof(url->port), "%d", ntohs(address.sin_port));
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_end(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static void an_answer(void **state)
{
	char body[100], error[200] = "";
	struct http_url url;
	struct server s;

	server_begin(&s, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{\"a\"}", &url);
	assert_int_equal(http_get(&url, 5000, body, sizeof(body), error, sizeof(error)), 200);
	assert_string_equal(body, "{\"a\"}");
	server_end(&s);
	assert_non_null(strstr(s.request, "GET /health HTTP/1.0\r\nHost: 127.0.0.1:"));
	server_begin(&s, "HTTP/1.0 503 Draining\r\n\r\n", &url);
	assert_int_equal(http_get(&url, 5000, body, sizeof(body), error, sizeof(error)), 503);
	assert_string_equal(body, "");
	server_end(&s);
}

static void a_body_is_cut_to_its_place(void **state)
{
	char body[4], error[200] = "";
	struct http_url url;
	struct server s;

	server_begin(&s, "HTTP/1.0 200 OK\r\n\r\nabcdef", &url);
	assert_int_equal(http_get(&url, 5000, body, sizeof(body), error, sizeof(error)), 200);
	assert_string_equal(body, "abc");
	server_end(&s);
}

static void something_else(void **state)
{
	char body[100], error[200] = "";
	struct http_url url;
	struct server s;

	server_begin(&s, "SSH-2.0-OpenSSH\r\n", &url);
	assert_int_equal(http_get(&url, 5000, body, sizeof(body), error, sizeof(error)), -1);
	assert_non_null(strstr(error, "does not speak HTTP"));
	server_end(&s);
}

static void silence(void **state)
{
	char body[100], error[200] = "";
	struct timespec before, after;
	struct http_url url;
	struct server s;

	server_begin(&s, NULL, &url);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(http_get(&url, 100, body, sizeof(body), error, sizeof(error)), -1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec <= 2);
	assert_non_null(strstr(error, "does not answer"));
	server_end(&s);
}

static void nobody(void **state)
{
	char body[100], error[200] = "";
	struct http_url url = { .host = "127.0.0.1", .path = "/" };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, and nobody listens */

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(url.port, sizeof(url.port), "%d", ntohs(address.sin_port));
	assert_int_equal(http_get(&url, 2000, body, sizeof(body), error, sizeof(error)), -1);
	assert_non_null(strstr(error, "Nothing answers at 127.0.0.1 port"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),	  cmocka_unit_test(wrong_addresses),
		cmocka_unit_test(an_answer),	  cmocka_unit_test(a_body_is_cut_to_its_place),
		cmocka_unit_test(something_else), cmocka_unit_test(silence),
		cmocka_unit_test(nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
