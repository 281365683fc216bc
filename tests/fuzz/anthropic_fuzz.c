/*
 * anthropic_fuzz.c - a streamed answer of any bytes: any split says the same text and ends the same; and joints at any place
 * neither lose nor double what an unbroken text says.
 */
#include "fuzz.h"
#include <string.h>
#include "base/check.h"
#include "base/utf8.h"
#include "guard/joint.h"
#include "llm/anthropic_stream.h"

#define MAX_TEXT (1 << 20)

struct result {
	struct text said;
	int r, closed;
	enum llm_stop stop;
};

static bool note(void *ctx, const char *text, size_t len)
{
	PRE(len > 0 && utf8_valid(text, len));
	text_append_n(ctx, text, len);
	return true;
}

static void feed(struct result *out, const char *bytes, size_t size, size_t piece)
{
	struct anthropic_stream s;

	text_init(&out->said, MAX_TEXT);
	anthropic_stream_init(&s, note, &out->said);
	out->r = 0;
	for (size_t at = 0; at < size && !out->r; at += piece)
		out->r = anthropic_stream_feed(&s, bytes + at,
					       piece < size - at ? piece : size - at);
	PRE((out->r == 0) == (s.fail.code == 0));
	out->closed = anthropic_stream_close(&s, NULL);
	out->stop = s.result.stop;
	anthropic_stream_finish(&s);
}

/* Broken at `at` and gone on with, from there or from the beginning: still the same text. */
static void join(const struct text *whole, size_t at, bool anew)
{
	struct joint j;
	struct text out;
	const char *rest;

	at = utf8_prefix(whole->data, whole->len, at);
	joint_init(&j, MAX_TEXT);
	text_init(&out, MAX_TEXT);
	joint_feed(&j, whole->data, at, &out);
	joint_break(&j);
	PRE(out.len <= at && memcmp(out.data, whole->data, out.len) == 0);
	rest = anew ? whole->data : whole->data + out.len;
	joint_feed(&j, rest, strlen(rest), &out);
	joint_end(&j, &out);
	/* A text that repeats itself just there may be taken for one that begins anew: then it is shorter. */
	POST(out.len <= whole->len);
	POST(out.len < whole->len || memcmp(out.data, whole->data, out.len) == 0);
	text_finish(&out);
	joint_finish(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 2, 7, 64 };
	const char *bytes = (const char *)data;
	struct result whole, cut;

	if (size > 8192)
		return 0;
	feed(&whole, bytes, size, size ? size : 1);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		feed(&cut, bytes, size, pieces[i]);
		POST(cut.r == whole.r && cut.closed == whole.closed && cut.stop == whole.stop);
		POST(strcmp(cut.said.data, whole.said.data) == 0);
		text_finish(&cut.said);
	}
	for (size_t at = 0; whole.said.len && at <= whole.said.len; at += whole.said.len / 8 + 1) {
		join(&whole.said, at, false);
		join(&whole.said, at, true);
	}
	text_finish(&whole.said);
	return 0;
}
