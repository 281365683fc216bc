/*
 * sse.h - a stream of server-sent events, in pieces split anywhere.
 */
#ifndef CLI_SSE_H
#define CLI_SSE_H

#include <stdbool.h>
#include <stddef.h>

#define SSE_MAX_EVENT_BYTES (4u << 20)

struct sse_event {
	struct sse_event *next;
	unsigned long id; /* 0: it has none */
	char name[32];
	char *data;
};

struct sse {
	char *line, *data;
	size_t line_len, line_size, data_len, data_size;
	unsigned long id;
	char name[32];
	bool has_data, cr, failed; /* failed: an event is too large, or there is no memory */
	struct sse_event *first, *last;
};

void sse_feed(struct sse *s, const char *bytes, size_t n);
/* The oldest event, the caller's to sse_event_free(); NULL: none. */
struct sse_event *sse_take(struct sse *s);
void sse_event_free(struct sse_event *e);
void sse_finish(struct sse *s);

#endif
