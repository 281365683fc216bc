/*
 * http_op.h - one transfer, between http.c (which runs it) and http_op.c (which describes it to
 * curl).
 */
#ifndef AIO_HTTP_OP_H
#define AIO_HTTP_OP_H

#include <curl/curl.h>
#include "aio/http.h"
#include "base/text.h"

#define HTTP_STREAM_BYTES                                                                          \
	4096 /* read at once of a stream: it lives long and says little at a time */

struct http {
	struct loop *loop;
	CURLM *multi;
	char *proxy;
	char known_origin[128],
		known_host[128]; /* of the last URL that was looked at, and its name */
	bool acting;		 /* inside a call that may run callbacks */
	struct loop_timer timer;
	struct loop_task task;
	struct list starting, running, dropped; /* of struct http_op */
	struct list sockets;
	struct http_socket *acting_on; /* NULL also when it went meanwhile */
	size_t n_read;		       /* of the body, by this action */
	size_t n_streams;
	struct list in_turn; /* of struct http_socket, the first due first */
	struct loop_timer rounds;
	bool in_rounds; /* the timer runs, or its function does */
};

struct http_op {
	struct wait wait; /* first */
	struct http *http;
	struct list link; /* in one of http's lists while under way */
	CURL *easy;
	struct curl_slist *headers;
	char *body_out;
	char host[128]; /* "api.example.org:443", for sentences */
	int timeout_ms, idle_timeout_ms;
	int64_t began_ms, last_byte_ms;
	curl_off_t uploaded;
	struct loop_timer timer;
	int (*on_data)(void *ctx, const char *data, size_t len);
	void *ctx;
	struct http_response *out;
	struct arena *arena;
	struct text head; /* name NUL value NUL ... */
	struct text body;
	size_t n_headers, n_body;
	bool added;   /* to the multi handle */
	bool retried; /* on a fresh connection, after a pooled one had died */
	int code;     /* why we ended the transfer ourselves; 0: we did not */
	int status;
	int64_t ttfb_ms, total_ms;
};

/* Copies rq into op's curl handle, which will write into op's head and body.  EINVAL: the request
 * is not one; ENOMEM. */
int http_op_prepare(struct http_op *op, const struct http_request *rq, struct fail *f);

#endif
