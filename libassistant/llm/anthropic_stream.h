/*
 * anthropic_stream.h - the events of a streamed answer of Anthropic's Messages API: bytes in, text and its end out.  No I/O.
 *
 * Unknown events, blocks and deltas are passed over; text is chosen by its type, never by its place.
 */
#ifndef LLM_ANTHROPIC_STREAM_H
#define LLM_ANTHROPIC_STREAM_H

#include "aio/sse.h"
#include "base/json.h"
#include "llm/llm.h"

struct anthropic_stream {
	struct sse sse;
	/* Never with an empty text.  false: no more is wanted. */
	bool (*on_text)(void *ctx, const char *text, size_t len);
	void *ctx;
	struct llm_result result; /* model: in `model` */
	struct text piece;
	char model[80];
	bool reason_given, ended; /* message_delta with a stop_reason; message_stop */
	struct fail fail;	  /* of an `error` event, or of what makes no sense */
};

void anthropic_stream_init(struct anthropic_stream *s,
			   bool (*on_text)(void *ctx, const char *text, size_t len), void *ctx);
void anthropic_stream_finish(struct anthropic_stream *s);
/* 0, or a code (then s->fail says why; ECANCELED: on_text wanted no more), after which only anthropic_stream_finish may follow. */
int anthropic_stream_feed(struct anthropic_stream *s, const char *bytes, size_t n);
/* The connection has ended: was that an answer's end?  0, or EUNAVAILABLE with CAUSE_CUT_OFF. */
int anthropic_stream_close(const struct anthropic_stream *s, struct fail *f);

/* Of a whole message or its events. */
enum llm_stop anthropic_stop(const char *reason);
void anthropic_usage(struct json_object *usage, struct llm_result *to);
/* What {"type":"error","error":{"type","message","details"}} means; writes f (code, cause, final); code. */
int anthropic_error(struct json_object *body, struct fail *f);

#endif
