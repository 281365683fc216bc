/*
 * sse.h - a pure parser of text/event-stream (WHATWG HTML, "Interpreting an event stream").
 * Fed with any split of the bytes it yields the same events.  No I/O.
 */
#ifndef AIO_SSE_H
#define AIO_SSE_H

#include <stddef.h>
#include "base/text.h"

struct sse_event {
	const char *event; /* "message" by default */
	const char *data;
	size_t data_len;
	const char *id; /* the last one seen, "" at first */
	int retry_ms;	/* the last one seen, -1 at first */
};

struct sse {
	struct text line, data, event, id;
	size_t max_event_bytes;
	int retry_ms;
	bool started, after_cr, has_data;
};

void sse_init(struct sse *p, size_t max_event_bytes);
void sse_finish(struct sse *p);
/* Calls fn for each complete event; non-zero from fn ends and is returned.  ASSISTANT_ETOOLARGE: an
 * event (or a line of any kind) over the maximum; ENOMEM.  After any of these only sse_finish. */
int sse_feed(struct sse *p, const char *bytes, size_t n,
	     int (*fn)(void *ctx, const struct sse_event *e), void *ctx);

#endif
