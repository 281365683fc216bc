/*
 * stream.c - a reply's events as they come.
 *
 *	next event ---> send ---> ... ---> the end
 *	   |  none yet                        204 at once when nothing is left to send
 *	   +---> wait: event | heartbeat | reader gone | server ends
 *
 * Nothing is kept for a reader but what is being sent: the reply's own log is the buffer, and a
 * reader that stays away finds everything there by its last id.
 */
#include "stream.h"

#include <string.h>
#include "metrics.h"
#include "reply.h"
#include "routes.h"

#define MAX_EVENT_BYTES (1u << 20)
#define BATCH_BYTES	(16u << 10)
#define PEER_TIMEOUT_MS 30000

static const char stream_headers[] = "Cache-Control: no-cache, no-transform\r\n"
				     "X-Accel-Buffering: no\r\n";

void stream_add_event(struct buf *b, unsigned long id, const char *name, const char *json)
{
	buf_addf(b, "id: %lu\nevent: %s\ndata: %s\n\n", id, name, json);
}

/* Gathers what is there.  ETIMEOUT: more will come; ENOTFOUND: that was all. */
static int gather(assistant_reply *reply, struct buf *b, unsigned long *last)
{
	const assistant_event *event;
	int code;

	while (b->len < BATCH_BYTES) {
		code = assistant_reply_next(reply, 0, &event);
		if (code < 0)
			return code;
		*last = assistant_event_number(event);
		stream_add_event(b, *last, assistant_event_name(event),
				 assistant_event_json(event));
	}
	return 0;
}

/* Waits for more.  false: the stream ends, for the reason in r->problem. */
static bool wait_for_more(struct request *r, assistant_reply *reply, struct buf *b,
			  unsigned long last)
{
	int64_t begin_us = monotonic_us();
	enum request_wait what =
		request_wait(r, assistant_reply_fd(reply), r->server->settings.heartbeat_ms);

	r->waited_us += monotonic_us() - begin_us;
	switch (what) {
	case REQUEST_READY:
		return true;
	case REQUEST_TIMEOUT:
		buf_addf(b, ": beat %lu\n\n", last);
		return true;
	case REQUEST_GONE:
		snprintf(r->problem, sizeof(r->problem), "the reader left after event %lu", last);
		return false;
	default:
		snprintf(r->problem, sizeof(r->problem), "the server ends, after event %lu", last);
		return false;
	}
}

/* Sends what was gathered.  false: the stream ends. */
static bool flush(struct request *r, struct buf *b, unsigned long last)
{
	enum reply_result result;
	int64_t begin_us = monotonic_us();

	if (b->failed) {
		snprintf(r->problem, sizeof(r->problem), "event %lu is too large", last);
		return false;
	}
	result = b->len ? reply_more(r, b->data, b->len) : REPLY_SENT;
	buf_clear(b);
	r->waited_us += monotonic_us() - begin_us;
	if (result == REPLY_SLOW) {
		metrics_slow_reader(r->server, STREAM_SSE);
		snprintf(r->problem, sizeof(r->problem), "the reader did not read event %lu", last);
	} else if (result != REPLY_SENT) {
		snprintf(r->problem, sizeof(r->problem), "the reader left before event %lu", last);
	}
	return result == REPLY_SENT;
}

void stream_reply(struct request *r, assistant_reply *reply, unsigned long after)
{
	_cleanup_buf_ struct buf b = { 0 };
	unsigned long last = after;
	int code;

	buf_init(&b, MAX_EVENT_BYTES);
	if (after && assistant_reply_seek(reply, after) < 0) {
		reply_error(r, 400, 0, "Last-Event-ID is beyond the end of this reply.");
		return;
	}
	code = gather(reply, &b, &last);
	if (code == ASSISTANT_ENOTFOUND && !b.len) {
		/* Nothing is left: this tells an EventSource to stop asking. */
		reply_bytes(r, 204, NULL, "", "", 0);
		return;
	}
	if (!reply_begin(r, 200, "text/event-stream; charset=utf-8", stream_headers))
		return;
	if (!after)
		buf_add(&b, "retry: 1000\n\n");
	while (flush(r, &b, last)) {
		if (code == ASSISTANT_ENOTFOUND)
			return;
		if (code == ASSISTANT_ETIMEOUT && !wait_for_more(r, reply, &b, last))
			return;
		if (code < 0 && code != ASSISTANT_ETIMEOUT) {
			snprintf(r->problem, sizeof(r->problem), "%s", assistant_strerror(code));
			return;
		}
		code = gather(reply, &b, &last);
	}
}

enum request_wait stream_wait_for_end(struct request *r, assistant_reply *reply, int timeout_ms)
{
	int64_t begin_us = monotonic_us(), left_ms;
	const assistant_event *event;
	enum request_wait what = REQUEST_READY;
	int code;

	do {
		while ((code = assistant_reply_next(reply, 0, &event)) == 0)
			;
		left_ms = timeout_ms - (monotonic_us() - begin_us) / 1000;
		if (code != ASSISTANT_ETIMEOUT)
			break;
		what = left_ms > 0 ? request_wait(r, assistant_reply_fd(reply), (int)left_ms)
				   : REQUEST_TIMEOUT;
	} while (what == REQUEST_READY);
	/* The row is written a moment after the last event. */
	if (what == REQUEST_READY &&
	    assistant_reply_wait(reply, left_ms > 500 ? (int)left_ms : 500) < 0)
		what = REQUEST_TIMEOUT;
	r->waited_us += monotonic_us() - begin_us;
	return what;
}
