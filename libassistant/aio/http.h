/*
 * http.h - HTTP requests on the loop; the only header behind which libcurl lives (http.c).
 *
 * One client per loop: pooled keep-alive connections, bounded per host (requests beyond that wait
 * for one, while their timeouts run), TLS verified, redirects not followed, no proxy from the
 * environment, no cookies, no transparent decompression.
 */
#ifndef AIO_HTTP_H
#define AIO_HTTP_H

#include <stddef.h>
#include "aio/flow.h"
#include "base/arena.h"

struct http;

struct http_header {
	const char *name, *value;
};

struct http_request {
	const char *method; /* "GET" */
	const char *url;
	const struct http_header *headers; /* copied */
	size_t n_headers;
	const char *body; /* copied; NULL: none */
	size_t body_len;
	int connect_timeout_ms; /* 0: 5,000 */
	int timeout_ms;		/* whole transfer; 0: 30,000; -1: none (streams) */
	int idle_timeout_ms;	/* no byte either way for so long fails with ETIMEOUT; 0: none */
	size_t max_body_bytes;	/* of the answer, streamed or not; beyond: ETOOLARGE; 0: 8 MiB */
	/*
	 * Streaming, when set: called on the loop thread with the raw bytes as they come (only for
	 * 2xx answers), never after detach.  Return non-zero to end the transfer with ECANCELED.
	 * May cancel its own flow and others, and send further requests.
	 */
	int (*on_data)(void *ctx, const char *data, size_t len);
	void *ctx;
};

struct http_response {
	int status;
	const char *body; /* NUL-terminated; "" when it was streamed */
	size_t body_len;
	struct http_header *headers; /* names lower-cased */
	size_t n_headers;
	int64_t ttfb_ms, total_ms;
};

struct http *http_create(struct loop *loop, int max_connections_per_host);
/* No request may be under way; what was finished or cancelled may still wait for its delivery. */
void http_destroy(struct http *h);
/* For requests sent from now on; NULL: none (the default).  0 or ASSISTANT_ENOMEM. */
int http_set_proxy(struct http *h, const char *url);

/*
 * Any complete answer is a success, whatever its status.  Otherwise: EUNAVAILABLE (cannot resolve,
 * connect, TLS, reset, cut off), ETIMEOUT, EPROTOCOL (not HTTP), ETOOLARGE, EINVAL (the request:
 * URL, scheme, line breaks in a header).  The sentence names host and cause, never headers or
 * query.  *out is filled at delivery with memory from arena (which must outlive the flow's wait).
 * Cancelling closes the transfer in the same loop turn.
 */
void http_send(struct http *h, const struct http_request *rq, struct http_response *out,
	       struct arena *arena, struct flow *f);
/* name in lower case; NULL: absent. */
const char *http_header_get(const struct http_response *rs, const char *name);

#endif
