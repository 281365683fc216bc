/*
 * http_get.c - see http_get.h.  HTTP/1.0, so that the answer ends with the connection.
 */
#include "http_get.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX_BYTES 65536

/* --- Addresses ----------------------------------------------------------------- */

static bool copy(char *to, size_t size, const char *from, size_t len)
{
	if (len == 0 || len >= size)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static bool is_port(const char *text, size_t len)
{
	return len >= 1 && len <= 5 && strspn(text, "0123456789") == len &&
	       strtol(text, NULL, 10) >= 1 && strtol(text, NULL, 10) <= 65535;
}

int http_url_parse(const char *text, struct http_url *url, char *error, size_t error_size)
{
	const char *at = text + 7, *end, *port;
	size_t len;
	bool ok = !strncmp(text, "http://", 7);

	if (ok && *at == '[') {
		end = strchr(++at, ']');
		ok = end && copy(url->host, sizeof(url->host), at, (size_t)(end - at));
		at = ok ? end + 1 : at;
	} else if (ok) {
		len = strcspn(at, ":/");
		ok = copy(url->host, sizeof(url->host), at, len) && !strpbrk(url->host, "?#@ ");
		at += len;
	}
	if (ok && *at == ':') {
		port = ++at;
		len = strcspn(at, "/");
		at += len;
		ok = is_port(port, len) && copy(url->port, sizeof(url->port), port, len);
	} else {
		snprintf(url->port, sizeof(url->port), "80");
	}
	if (ok && *at && *at != '/')
		ok = false;
	if (ok && !copy(url->path, sizeof(url->path), *at ? at : "/", *at ? strlen(at) : 1))
		ok = false;
	if (ok && !strpbrk(url->path, " \r\n"))
		return 0;
	snprintf(error, error_size,
		 "the address is \"%.80s\"; accepted is one such as http://127.0.0.1:8000", text);
	return -1;
}

/* --- The exchange ---------------------------------------------------------------- */

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Waits until fd is ready; 0, or -1 with errno. */
static int wait_for(int fd, short events, long long deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int r;

	do {
		long long left = deadline - now_ms();

		r = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	if (r == 0)
		errno = ETIMEDOUT;
	return r > 0 ? 0 : -1;
}

static int connect_one(const struct addrinfo *a, long long deadline)
{
	int fd =
		socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	int failed = 0;
	socklen_t size = sizeof(failed);

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0) {
		if (!failed)
			return fd;
		errno = failed;
	}
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

static int connect_any(const struct http_url *url, long long deadline, char *error, size_t size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int fd = -1, r = getaddrinfo(url->host, url->port, &hints, &list);

	if (r != 0) {
		snprintf(error, size, "%.100s is not known: %s.", url->host, gai_strerror(r));
		return -1;
	}
	for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = connect_one(a, deadline);
	if (fd < 0)
		snprintf(error, size, "Nothing answers at %.100s port %s: %s.", url->host,
			 url->port, strerror(errno));
	freeaddrinfo(list);
	return fd;
}

static int send_request(int fd, const struct http_url *url, long long deadline)
{
	char request[1024];
	bool v6 = strchr(url->host, ':') != NULL;
	int len = snprintf(request, sizeof(request),
			   "GET %s HTTP/1.0\r\nHost: %s%s%s:%s\r\nConnection: close\r\n\r\n",
			   url->path, v6 ? "[" : "", url->host, v6 ? "]" : "", url->port);
	int sent = 0;

	while (sent < len) {
		ssize_t n;

		if (wait_for(fd, POLLOUT, deadline) < 0)
			return -1;
		n = send(fd, request + sent, (size_t)(len - sent), MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		sent += n > 0 ? (int)n : 0;
	}
	return 0;
}

/* Up to the end of the connection, of which size - 1 bytes are kept.  Their number, or -1. */
static ssize_t read_answer(int fd, long long deadline, char *answer, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		ssize_t n;

		if (wait_for(fd, POLLIN, deadline) < 0)
			return -1;
		n = recv(fd, answer + len, size - 1 - len, 0);
		if (n == 0)
			break;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		len += n > 0 ? (size_t)n : 0;
	}
	answer[len] = '\0';
	return (ssize_t)len;
}

static int status_of(const char *answer)
{
	int status;

	return sscanf(answer, "HTTP/1.%*1[01] %3d ", &status) == 1 && status >= 100 ? status : -1;
}

static int exchange(int fd, const struct http_url *url, long long deadline, char *body, size_t size,
		    char *error, size_t error_size)
{
	char *answer = malloc(ANSWER_MAX_BYTES), *end;
	int status = -1;

	if (!answer || send_request(fd, url, deadline) < 0 ||
	    read_answer(fd, deadline, answer, ANSWER_MAX_BYTES) < 0) {
		snprintf(error, error_size, "%.100s port %s does not answer: %s.", url->host,
			 url->port, strerror(errno));
	} else {
		status = status_of(answer);
		end = strstr(answer, "\r\n\r\n");
		snprintf(body, size, "%s", end ? end + 4 : "");
		if (status < 0)
			snprintf(error, error_size, "%.100s port %s does not speak HTTP.",
				 url->host, url->port);
	}
	free(answer);
	return status;
}

int http_get(const struct http_url *url, int timeout_ms, char *body, size_t size, char *error,
	     size_t error_size)
{
	long long deadline = now_ms() + timeout_ms;
	int fd = connect_any(url, deadline, error, error_size), status;

	if (fd < 0)
		return -1;
	status = exchange(fd, url, deadline, body, size, error, error_size);
	close(fd);
	return status;
}
