/*
 * test_sse.c - the event-stream parser: the standard's examples, every split, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <assistant.h>
#include <limits.h>
#include <string.h>
#include "aio/sse.h"

struct sink {
	struct text out;
	int stop_at; /* events until fn returns 77; 0: never */
	int n;
};

static int note(void *ctx, const struct sse_event *e)
{
	struct sink *s = ctx;

	assert_int_equal(e->data[e->data_len], '\0');
	text_printf(&s->out, "[%s|", e->event);
	text_append_n(&s->out, e->data, e->data_len);
	text_printf(&s->out, "|%s|%d]", e->id, e->retry_ms);
	s->n++;
	return s->stop_at && s->n == s->stop_at ? 77 : 0;
}

struct sample {
	const char *bytes;
	size_t len;
	const char *events;
};
#define SAMPLE(bytes, events)                                                                      \
	{                                                                                          \
		bytes, sizeof(bytes) - 1, events                                                   \
	}

static const struct sample samples[] = {
	SAMPLE("", ""),
	SAMPLE("\n\n\r\n\r", ""),
	SAMPLE("data: a\n\n", "[message|a||-1]"),
	SAMPLE("data: a\r\n\r\n", "[message|a||-1]"),
	SAMPLE("data: a\r\r", "[message|a||-1]"),
	SAMPLE("data: a\r\n\rdata: b\n\r\n", "[message|a||-1][message|b||-1]"),
	SAMPLE("data: YHOO\ndata: +2\ndata: 10\n\n", "[message|YHOO\n+2\n10||-1]"),
	/* The standard's three examples. */
	SAMPLE(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
	       "data:  third event\n\n",
	       "[message|first event|1|-1][message|second event||-1][message| third event||-1]"),
	SAMPLE("data\n\ndata\ndata\n\ndata:", "[message|||-1][message|\n||-1]"),
	SAMPLE("data:test\n\ndata: test\n\n", "[message|test||-1][message|test||-1]"),
	SAMPLE("event: delta\ndata: x\n\ndata: y\n\n", "[delta|x||-1][message|y||-1]"),
	SAMPLE("event: lost\n\ndata: y\n\n", "[message|y||-1]"),
	SAMPLE("event: a\nevent: b\ndata: y\n\n", "[b|y||-1]"),
	SAMPLE("retry: 250\ndata: a\n\nretry: x\nretry:\nretry: -1\ndata: b\n\n",
	       "[message|a||250][message|b||250]"),
	SAMPLE("id: 5\n\ndata: a\n\nid: 6\0\ndata: b\n\n", "[message|a|5|-1][message|b|5|-1]"),
	SAMPLE("\xEF\xBB\xBF"
	       "data: bom\n\n",
	       "[message|bom||-1]"),
	SAMPLE("\xEF\xBB\xBF\xEF\xBB\xBF"
	       "data: no\n\n",
	       ""),
	SAMPLE("\n\xEF\xBB\xBF"
	       "data: no\n\n",
	       ""),
	SAMPLE("\xEF\xBB\xBF\ndata: a\n\n", "[message|a||-1]"),
	SAMPLE("foo: 1\ndata : 2\n DATA: 3\nData: 4\n: data: 5\ndata: ok\n\n", "[message|ok||-1]"),
	SAMPLE("data: a:b: c\n\n", "[message|a:b: c||-1]"),
	SAMPLE("data: never ended\n", ""),
	SAMPLE("data: gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80\n\n",
	       "[message|gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80||-1]"),
	SAMPLE("data: [DONE]\n\n", "[message|[DONE]||-1]"),
};

static void feed(struct sse *p, struct sink *s, const char *bytes, size_t n)
{
	assert_int_equal(sse_feed(p, bytes, n, note, s), 0);
}

static void with_cuts(const struct sample *x, size_t cut1, size_t cut2)
{
	struct sink s = { .n = 0 };
	struct sse p;

	sse_init(&p, 4096);
	text_init(&s.out, 4096);
	feed(&p, &s, x->bytes, cut1);
	feed(&p, &s, x->bytes + cut1, cut2 - cut1);
	feed(&p, &s, x->bytes + cut2, x->len - cut2);
	assert_string_equal(s.out.data, x->events);
	text_finish(&s.out);
	sse_finish(&p);
}

static void test_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		for (size_t a = 0; a <= samples[i].len; a++) {
			for (size_t b = a; b <= samples[i].len; b++)
				with_cuts(&samples[i], a, b);
		}
	}
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct sink s = { .n = 0 };
		struct sse p;

		sse_init(&p, 4096);
		text_init(&s.out, 4096);
		for (size_t k = 0; k < samples[i].len; k++)
			feed(&p, &s, samples[i].bytes + k, 1);
		assert_string_equal(s.out.data, samples[i].events);
		text_finish(&s.out);
		sse_finish(&p);
	}
}

static void test_an_event_over_the_maximum(void **state)
{
	static const char line[] = "data: 0123456789\n";
	struct sink s = { .n = 0 };
	struct sse p;
	int r = 0;

	(void)state;
	text_init(&s.out, 4096);
	sse_init(&p, 100); /* many small lines */
	for (int i = 0; i < 9; i++)
		assert_int_equal(sse_feed(&p, line, strlen(line), note, &s), 0);
	assert_int_equal(sse_feed(&p, line, strlen(line), note, &s), ASSISTANT_ETOOLARGE);
	sse_finish(&p);
	sse_init(&p, 100); /* one long line, even a comment */
	for (int i = 0; i < 101 && !r; i++)
		r = sse_feed(&p, ":", 1, note, &s);
	assert_int_equal(r, ASSISTANT_ETOOLARGE);
	assert_true(p.line.cap <= 128);
	sse_finish(&p);
	sse_init(&p, 17); /* just fits */
	assert_int_equal(sse_feed(&p, "data: 0123456789\n\n", 18, note, &s), 0);
	assert_int_equal(s.n, 1);
	sse_finish(&p);
	text_finish(&s.out);
}

static void test_the_reader_may_stop(void **state)
{
	struct sink s = { .stop_at = 2 };
	struct sse p;

	(void)state;
	text_init(&s.out, 4096);
	sse_init(&p, 100);
	assert_int_equal(sse_feed(&p, "data: a\n\ndata: b\n\ndata: c\n\n", 27, note, &s), 77);
	assert_string_equal(s.out.data, "[message|a||-1][message|b||-1]");
	sse_finish(&p);
	sse_finish(NULL);
	text_finish(&s.out);
}

static int keep_retry(void *ctx, const struct sse_event *e)
{
	*(int *)ctx = e->retry_ms;
	return 0;
}

static void test_a_huge_retry(void **state)
{
	static const char bytes[] = "retry: 99999999999999999999\ndata: x\n\n";
	struct sse p;
	int retry = 0;

	(void)state;
	sse_init(&p, 100);
	assert_int_equal(sse_feed(&p, bytes, strlen(bytes), keep_retry, &retry), 0);
	assert_in_range(retry, INT_MAX - 10, INT_MAX);
	sse_finish(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_an_event_over_the_maximum),
		cmocka_unit_test(test_the_reader_may_stop),
		cmocka_unit_test(test_a_huge_retry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
