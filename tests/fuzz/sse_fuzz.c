/*
 * Any bytes as an event stream: fed in one piece, byte by byte, or split where the input says, the
 * parser yields the same events and ends the same way.
 */
#include <assistant.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "aio/sse.h"

#define MAX_EVENT_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A running digest of what was delivered. */
struct seen {
	uint64_t digest;
	int n_events;
};

static void see(struct seen *seen, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		seen->digest = (seen->digest ^ p[i]) * 1099511628211u;
	seen->digest = (seen->digest ^ 0x100) * 1099511628211u;
}

static int on_event(void *ctx, const struct sse_event *e)
{
	struct seen *seen = ctx;

	if (e->data_len > MAX_EVENT_BYTES || strlen(e->id) > MAX_EVENT_BYTES || e->retry_ms < -1)
		abort();
	see(seen, e->event, strlen(e->event));
	see(seen, e->data, e->data_len);
	see(seen, e->id, strlen(e->id));
	see(seen, &e->retry_ms, sizeof(e->retry_ms));
	seen->n_events++;
	return 0;
}

/* step 0: all at once. */
static int feed(const uint8_t *data, size_t size, size_t step, struct seen *seen)
{
	struct sse parser;
	int r = 0;

	*seen = (struct seen){ 0 };
	sse_init(&parser, MAX_EVENT_BYTES);
	for (size_t at = 0; at < size && r == 0;) {
		size_t n = step == 0 || size - at < step ? size - at : step;

		r = sse_feed(&parser, (const char *)data + at, n, on_event, seen);
		at += n;
	}
	sse_finish(&parser);
	if (r != 0 && r != ASSISTANT_ETOOLARGE)
		abort();
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, bytes, split;
	int r;

	if (size < 1)
		return 0;
	r = feed(data + 1, size - 1, 0, &whole);
	if (feed(data + 1, size - 1, 1, &bytes) != r ||
	    feed(data + 1, size - 1, 1u + data[0], &split) != r)
		abort();
	if (whole.digest != bytes.digest || whole.digest != split.digest ||
	    whole.n_events != bytes.n_events || whole.n_events != split.n_events)
		abort();
	return 0;
}
