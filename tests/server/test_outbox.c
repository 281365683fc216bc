/*
 * test_outbox.c - peers that read slowly or not at all: what waits for a WebSocket is bounded, newest state
 * first; what is sent at once gives up in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "outbox.h"
#include "server.h"
#include "socket.h"

struct pair {
	int ours, theirs;
	struct outbox out;
};

static int pair_setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	int fds[2], small = 4096;

	assert_non_null(p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	p->ours = fds[0];
	p->theirs = fds[1];
	setsockopt(p->ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	*state = p;
	return 0;
}

static int pair_teardown(void **state)
{
	struct pair *p = *state;

	outbox_finish(&p->out);
	close(p->ours);
	if (p->theirs >= 0)
		close(p->theirs);
	free(p);
	return 0;
}

/* Reads one frame into out; its opcode. */
static int read_frame(struct pair *p, char *out, size_t *len)
{
	unsigned char head[10];
	size_t got = 0;

	assert_int_equal(recv(p->theirs, head, 2, MSG_WAITALL), 2);
	assert_int_equal(head[0] & 0xf0, 0x80);
	*len = head[1];
	assert_true(*len < 128);
	if (*len >= 126) {
		size_t n = *len == 126 ? 2 : 8;

		assert_int_equal(recv(p->theirs, head + 2, n, MSG_WAITALL), n);
		*len = 0;
		for (size_t i = 0; i < n; i++)
			*len = *len << 8 | head[2 + i];
	}
	while (got < *len) {
		ssize_t n;

		assert_true(outbox_flush(&p->out, p->ours, 1));
		n = recv(p->theirs, out + got, *len - got, 0);
		assert_true(n > 0);
		got += (size_t)n;
	}
	out[*len] = '\0';
	return head[0] & 0xf;
}

static void put(struct pair *p, const char *text, const void *about, const char *row)
{
	assert_true(outbox_put(&p->out, WS_TEXT, text, strlen(text), about, row));
}

static void test_frames(void **state)
{
	struct pair *p = *state;
	static const size_t sizes[] = { 0, 1, 125, 126, 127, 65535, 65536, 200000 };
	static char data[200001], got[200001];

	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t len;

		assert_true(outbox_put(&p->out, WS_TEXT, data, sizes[i], NULL, NULL));
		assert_true(outbox_flush(&p->out, p->ours, 1));
		assert_int_equal(read_frame(p, got, &len), WS_TEXT);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(got, data, len);
	}
	assert_true(outbox_flush(&p->out, p->ours, 1));
	assert_null(p->out.first);
	assert_int_equal(p->out.bytes, 0);
}

static void test_newer_states_replace_older_ones(void **state)
{
	struct pair *p = *state;
	int one = 0, two = 0;
	char got[64];
	size_t len;

	put(p, "one a 1", &one, "a");
	put(p, "one b 1", &one, "b");
	put(p, "two a 1", &two, "a");
	put(p, "plain", NULL, NULL);
	put(p, "one a 2", &one, "a");
	put(p, "two a 2", &two, "a");
	put(p, "one b 2", &one, "b");
	assert_true(outbox_flush(&p->out, p->ours, 1));
	read_frame(p, got, &len);
	assert_string_equal(got, "one a 2");
	read_frame(p, got, &len);
	assert_string_equal(got, "one b 2");
	read_frame(p, got, &len);
	assert_string_equal(got, "two a 2");
	read_frame(p, got, &len);
	assert_string_equal(got, "plain");
	assert_null(p->out.first);
}

static void test_a_half_sent_frame_stays(void **state)
{
	struct pair *p = *state;
	static char big[300001], got[300001];
	int about = 0;
	size_t len;

	memset(big, 'a', sizeof(big) - 1);
	assert_true(outbox_put(&p->out, WS_TEXT, big, sizeof(big) - 1, &about, "row"));
	assert_true(outbox_flush(&p->out, p->ours, 77));
	assert_non_null(p->out.first);
	assert_int_equal(p->out.waiting_since_ms, 77);
	put(p, "newer", &about, "row");
	put(p, "newest", &about, "row");
	read_frame(p, got, &len);
	assert_string_equal(got, big);
	assert_true(outbox_flush(&p->out, p->ours, 78));
	read_frame(p, got, &len);
	assert_string_equal(got, "newest");
	assert_int_equal(p->out.waiting_since_ms, 0);
}

static void test_forgotten_subscriptions_replace_nothing(void **state)
{
	struct pair *p = *state;
	int about = 0;
	char got[64];
	size_t len;

	put(p, "old", &about, "a");
	outbox_forget(&p->out, &about);
	put(p, "new", &about, "a");
	assert_true(outbox_flush(&p->out, p->ours, 1));
	read_frame(p, got, &len);
	assert_string_equal(got, "old");
	read_frame(p, got, &len);
	assert_string_equal(got, "new");
}

static void test_memory_has_a_limit(void **state)
{
	struct pair *p = *state;
	static const char block[100000];
	int n = 0;

	while (n < 100 && outbox_put(&p->out, WS_TEXT, block, sizeof(block), NULL, NULL))
		n++;
	assert_int_equal(n, OUTBOX_MAX_BYTES / (sizeof(block) + 10));
	assert_true(p->out.bytes <= OUTBOX_MAX_BYTES);
	/* Replacing needs no more room. */
	outbox_finish(&p->out);
	for (n = 0; n < 100; n++)
		assert_true(outbox_put(&p->out, WS_TEXT, block, sizeof(block), &n, "a"));
}

static void test_a_peer_that_left(void **state)
{
	struct pair *p = *state;

	close(p->theirs);
	p->theirs = -1;
	put(p, "anybody?", NULL, NULL);
	assert_false(outbox_flush(&p->out, p->ours, 1));
}

static void test_sending_gives_up_in_time(void **state)
{
	struct pair *p = *state;
	static const char block[1 << 20];
	int64_t begin_ms = monotonic_ms();
	size_t sent = 0;

	assert_int_equal(socket_send(p->ours, block, sizeof(block), 100, -1, &sent), SOCKET_SLOW);
	assert_in_range(sent, 1, sizeof(block) - 1);
	assert_in_range(monotonic_ms() - begin_ms, 90, 2000);
}

static void test_sending_ends_with_the_server(void **state)
{
	struct pair *p = *state;
	static const char block[1 << 20];
	int ending = eventfd(1, EFD_CLOEXEC);
	int64_t begin_ms = monotonic_ms();
	size_t sent = 0;

	assert_int_equal(socket_send(p->ours, "short", 5, 5000, ending, &sent), SOCKET_SENT);
	assert_int_equal(sent, 5);
	assert_int_equal(socket_send(p->ours, block, sizeof(block), 5000, ending, &sent),
			 SOCKET_ENDING);
	assert_in_range(monotonic_ms() - begin_ms, 0, 2000);
	close(ending);
}

static void test_sending_to_nobody(void **state)
{
	struct pair *p = *state;
	size_t sent = 7;

	close(p->theirs);
	p->theirs = -1;
	assert_int_equal(socket_send(p->ours, "anybody?", 8, 1000, -1, &sent), SOCKET_GONE);
	assert_int_equal(sent, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames),
		TEST(test_newer_states_replace_older_ones),
		TEST(test_a_half_sent_frame_stays),
		TEST(test_forgotten_subscriptions_replace_nothing),
		TEST(test_memory_has_a_limit),
		TEST(test_a_peer_that_left),
		TEST(test_sending_gives_up_in_time),
		TEST(test_sending_ends_with_the_server),
		TEST(test_sending_to_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
