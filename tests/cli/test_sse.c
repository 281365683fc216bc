/*
 * test_sse.c - streams of events, whole, cut anywhere, odd and too large.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "sse.h"

static void event_is(struct sse *s, unsigned long id, const char *name, const char *data)
{
	struct sse_event *e = sse_take(s);

	assert_non_null(e);
	assert_int_equal(e->id, id);
	assert_string_equal(e->name, name);
	assert_string_equal(e->data, data);
	sse_event_free(e);
}

static const char stream[] = "id: 1\nevent: accepted\ndata: {\"a\":1}\n\n"
			     ": beat 1\n\n"
			     "id: 2\r\nevent: delta\r\ndata: x\r\ndata: y\r\n\r\n"
			     "data:no blank\nretry: 5\nunknown: z\n\n"
			     "event: without data\n\n"
			     "id: 9\nevent: cut off\ndata: never";

static void events_whole_and_in_pieces(void **state)
{
	for (size_t piece = 1; piece <= sizeof(stream); piece++) {
		struct sse s = { 0 };

		for (size_t i = 0; i < sizeof(stream) - 1; i += piece) {
			size_t left = sizeof(stream) - 1 - i;

			sse_feed(&s, stream + i, left < piece ? left : piece);
		}
		event_is(&s, 1, "accepted", "{\"a\":1}");
		event_is(&s, 2, "delta", "x\ny");
		event_is(&s, 2, "message", "no blank");
		assert_null(sse_take(&s));
		assert_false(s.failed);
		sse_finish(&s);
	}
}

static void an_event_has_a_limit(void **state)
{
	struct sse s = { 0 };
	char block[4096];

	memset(block, 'x', sizeof(block));
	sse_feed(&s, "data: ", 6);
	for (size_t n = 0; n <= SSE_MAX_EVENT_BYTES && !s.failed; n += sizeof(block))
		sse_feed(&s, block, sizeof(block));
	assert_true(s.failed);
	sse_feed(&s, "\n\n", 2);
	assert_null(sse_take(&s));
	sse_finish(&s);
}

static void names_are_cut_and_ids_are_numbers(void **state)
{
	struct sse s = { 0 };
	const char text[] = "id: x\nevent: 0123456789012345678901234567890123456789\ndata\n\n";

	sse_feed(&s, text, sizeof(text) - 1);
	event_is(&s, 0, "0123456789012345678901234567890", "");
	sse_finish(&s);
	sse_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_whole_and_in_pieces),
		cmocka_unit_test(an_event_has_a_limit),
		cmocka_unit_test(names_are_cut_and_ids_are_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
