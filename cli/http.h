/*
 * http.h - requests to one server, and one stream of events from it (libcurl).
 *
 * Functions return 0 or a negative ASSISTANT_E code with one sentence, which names the server.
 */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include <assistant.h>
#include <stdbool.h>
#include <stddef.h>
#include "sse.h"

struct http;
struct http_stream;

struct http_answer {
	long status;
	int retry_after_s; /* 0: not said */
	char *body;	   /* never NULL after a success; free() */
};

/* base: http:// or https://, with or without a path before the server's own.  EINVAL: it is no such address. */
int http_create(const char *base, struct http **out, assistant_error *err);
const char *http_base(const struct http *h);
/* path begins with a slash; body: JSON or NULL.  Any status is a success. */
int http_call(struct http *h, const char *method, const char *path, const char *body,
	      int timeout_ms, struct http_answer *out, assistant_error *err);
/* As http_call, but a status of 400 and more is the failure that it says. */
int http_get(struct http *h, const char *path, int timeout_ms, char **body, assistant_error *err);
int http_post(struct http *h, const char *path, const char *body, int timeout_ms, char **out,
	      assistant_error *err);
/* The failure behind a status: the server's own sentence, and when to come back. */
int http_refused(const struct http *h, const struct http_answer *a, assistant_error *err);
/* A value for a path or a query, malloc()ed. */
char *http_escape(const char *text);
void http_destroy(struct http *h);

/* Asks for events behind number `after` (0: all); body as in http_call, NULL: GET. */
int http_stream_open(struct http *h, const char *path, const char *body, unsigned long after,
		     struct http_stream **out, assistant_error *err);
/* 0 with an event that lasts until the next call; ETIMEOUT: none yet; ENOTFOUND: the server has nothing behind `after`;
 * EUNAVAILABLE with retry_after_ms < 0: the connection was cut; other codes: refused. */
int http_stream_next(struct http_stream *s, const struct sse_event **event, assistant_error *err);
/* 0: the server streams; ETIMEOUT: it has not said yet; other codes as of http_stream_next().  Takes no event. */
int http_stream_check(struct http_stream *s, assistant_error *err);
/* Until something comes or fd (-1: none) is readable. */
void http_stream_wait(struct http_stream *s, int fd, int timeout_ms);
void http_stream_close(struct http_stream *s);

#endif
