/*
 * health.c - /health never asks the library, so it answers whatever else is going on.
 */
#include "health.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "reply.h"

#define READY_LIMIT_MS 3000
#define PROBE_LIMIT_S  3

void health_get(struct request *r)
{
	char body[200];

	snprintf(body, sizeof(body),
		 "{\"status\":\"healthy\",\"service\":\"erleah-mini-assistant\",\"version\":\"%s\","
		 "\"uptime_seconds\":%lld}",
		 assistant_version(), (long long)(monotonic_ms() - r->server->started_ms) / 1000);
	reply_json(r, 200, body);
}

void health_ready(struct request *r)
{
	_cleanup_answer_ char *report = NULL;
	_cleanup_json_ struct json j = { 0 };
	static const char unavailable[] = "{\"status\":\"unavailable\",\"checks\":{}}";
	assistant_error err = ASSISTANT_ERROR_INIT;
	bool ready;
	int code;

	code = assistant_report(r->server->assistant, ASSISTANT_REPORT_READY, READY_LIMIT_MS,
				&report, &err);
	if (code < 0 || json_read(&j, report, strlen(report), NULL) < 0) {
		snprintf(r->problem, sizeof(r->problem), "%s", err.message);
		reply_bytes(r, 503, "application/json", "Retry-After: 1\r\n", unavailable,
			    strlen(unavailable));
		return;
	}
	ready = json_is(&j, json_member(&j, json_root(&j), "status"), "ready");
	reply_bytes(r, ready ? 200 : 503, "application/json", ready ? "" : "Retry-After: 1\r\n",
		    report, strlen(report));
}

/* --- The probe ------------------------------------------------------------- */

/* "http://host:port/path" in parts; what is missing keeps its default. */
static bool split_url(const char *url, char host[256], char port[8], char path[256])
{
	size_t n;

	if (strncmp(url, "http://", 7) != 0)
		return false;
	url += 7;
	n = *url == '[' ? strcspn(url, "]") + 1 : strcspn(url, ":/");
	if (n == 0 || n >= 256)
		return false;
	if (*url == '[')
		snprintf(host, 256, "%.*s", (int)n - 2, url + 1);
	else
		snprintf(host, 256, "%.*s", (int)n, url);
	url += n;
	if (*url == ':') {
		n = strcspn(++url, "/");
		if (n == 0 || n > 5)
			return false;
		snprintf(port, 8, "%.*s", (int)n, url);
		url += n;
	}
	if (*url && strcmp(url, "/") != 0)
		snprintf(path, 256, "%s", url);
	return true;
}

static int dial(const char *host, const char *port)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	struct timeval limit = { .tv_sec = PROBE_LIMIT_S };
	int fd = -1;

	if (getaddrinfo(host, port, &want, &found) != 0)
		return -1;
	for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

/* The status of the answer, 0 without one. */
static int ask(const char *host, const char *port, const char *path)
{
	char text[1024];
	int fd = dial(host, port), status = 0;
	int n = snprintf(text, sizeof(text),
			 "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host);

	if (fd < 0)
		return 0;
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) == n) {
		ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_WAITALL);

		text[got > 0 ? got : 0] = '\0';
		if (!strncmp(text, "HTTP/1.", 7) && strlen(text) > 12)
			status = (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
	}
	close(fd);
	return status;
}

int health_probe(const char *url, const struct settings *settings)
{
	char host[256], port[8], path[256] = "/health";
	int status;

	snprintf(host, sizeof(host), "%s", settings->host);
	snprintf(port, sizeof(port), "%d", settings->port);
	/* Listening everywhere is reached at home. */
	if (!strcmp(host, "0.0.0.0") || !strcmp(host, "::"))
		snprintf(host, sizeof(host), "%s", strchr(host, ':') ? "::1" : "127.0.0.1");
	if (url) {
		snprintf(port, sizeof(port), "80");
		if (!split_url(url, host, port, path)) {
			fprintf(stderr, "\"%s\" is no http:// URL.\n", url);
			return 2;
		}
	}
	status = ask(host, port, path);
	if (status == 200)
		return 0;
	if (status)
		fprintf(stderr, "http://%s:%s%s answered with status %d.\n", host, port, path,
			status);
	else
		fprintf(stderr, "Nothing answers at http://%s:%s%s.\n", host, port, path);
	return 1;
}
