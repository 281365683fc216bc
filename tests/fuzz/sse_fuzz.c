/*
 * sse_fuzz.c - any split of the bytes gives the same events, within the same memory.
 */
#include "fuzz.h"
#include <assistant.h>
#include <string.h>
#include "aio/sse.h"
#include "base/check.h"

#define MAX_EVENT_BYTES 512

struct result {
	struct text events;
	int r;
};

static int note(void *ctx, const struct sse_event *e)
{
	struct text *t = ctx;

	PRE(e->event && e->data && e->id && e->data[e->data_len] == '\0' && e->retry_ms >= -1);
	PRE(e->data_len <= MAX_EVENT_BYTES);
	text_printf(t, "%s\x1f%s\x1f%d\x1f", e->event, e->id, e->retry_ms);
	text_append_n(t, e->data, e->data_len);
	text_append_char(t, '\x1e');
	return 0;
}

/* In pieces of piece, piece + 1, ... bytes, at most most. */
static void feed(struct result *out, const char *bytes, size_t size, size_t piece, size_t most)
{
	struct sse p;
	size_t n;

	sse_init(&p, MAX_EVENT_BYTES);
	text_init(&out->events, size * 64 + 64);
	out->r = 0;
	for (size_t at = 0; at < size && !out->r; at += n) {
		n = piece < size - at ? piece : size - at;
		out->r = sse_feed(&p, bytes + at, n, note, &out->events);
		piece = piece < most ? piece + 1 : 1;
	}
	POST(p.line.cap <= 2 * MAX_EVENT_BYTES + 128 && p.data.cap <= 2 * MAX_EVENT_BYTES + 128);
	sse_finish(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[][2] = { { 1, 1 }, { 2, 2 }, { 1, 7 }, { 3, 50 } };
	const char *bytes = (const char *)data;
	struct result whole, cut;

	if (size > 8192)
		return 0; /* the notes below grow with it */
	feed(&whole, bytes, size, size ? size : 1, size);
	POST(whole.r == 0 || whole.r == ASSISTANT_ETOOLARGE);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		feed(&cut, bytes, size, pieces[i][0], pieces[i][1]);
		POST(cut.r == whole.r);
		POST(!whole.events.failed && cut.events.len == whole.events.len);
		POST(!memcmp(cut.events.data, whole.events.data, whole.events.len));
		text_finish(&cut.events);
	}
	text_finish(&whole.events);
	return 0;
}
