/*
 * test_anthropic.c - the suite of language models on Anthropic's Messages API, alone and in a chain; the other end is a
 * thread of ours.
 */
#include "llm_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "aio/http.h"
#include "base/clock.h"
#include "call.h"
#include "guard/guard_llm.h"
#include "peer.h"

#define BODY_BYTES (64 * 1024)

/* --- The other end -------------------------------------------------------------------------- */

static const char *const words[] = { "Es ",	      "gibt **[", "[s1]]",   "** um ", "zehn",
				     " Uhr, in der ", "Große",	  "n Halle", ", und " };

static bool say_event(int fd, const char *type, const char *rest)
{
	char event[512], chunk[600];

	snprintf(event, sizeof(event), "event: %s\ndata: {\"type\":\"%s\"%s}\n\n", type, type,
		 rest);
	snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n", strlen(event), event);
	return peer_say(fd, chunk);
}

static bool say_answer(struct peer *p, int fd, int pace_ms)
{
	bool ok =
		peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nrequest-id: "
			     "req_1\r\n"
			     "Transfer-Encoding: chunked\r\n\r\n") &&
		say_event(
			fd, "message_start",
			",\"message\":{\"model\":\"claude-test\",\"usage\":{\"input_tokens\":7}}");

	for (size_t i = 0; ok && i < ARRAY_SIZE(words) && !peer_stopping(p); i++) {
		char delta[200];

		snprintf(delta, sizeof(delta),
			 ",\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}", words[i]);
		ok = say_event(fd, "content_block_delta", delta);
		peer_nap(pace_ms ? pace_ms : 2); /* what comes at once is told at once */
	}
	return ok &&
	       say_event(fd, "message_delta",
			 ",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":"
			 "9}") &&
	       say_event(fd, "message_stop", "") && peer_say(fd, "0\r\n\r\n");
}

static void serve(struct peer *p, int fd, int n, void *ctx)
{
	const int *pace_ms = ctx;
	char *request = malloc(BODY_BYTES);

	while (peer_read(fd, request, BODY_BYTES)) {
		if (strncmp(request, "GET /v1/models/claude-test ", 27) == 0) {
			if (!peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
				break;
		} else if (!strstr(request, "POST /v1/messages ") ||
			   !strstr(request, "tool_result") || !say_answer(p, fd, *pace_ms)) {
			break;
		}
	}
	free(request);
}

/* --- The llm, with what it stands on ---------------------------------------------------------- */

struct remote {
	struct llm llm; /* hands everything on */
	struct llm_ops ops;
	struct llm *inner;
	struct http *http;
	struct peer *peer;
	struct clock *clock;
	int pace_ms;
};

static struct remote *remote_of(struct llm *l)
{
	return container_of(l, struct remote, llm);
}

static void remote_destroy(struct llm *l)
{
	struct remote *r = remote_of(l);

	llm_destroy(r->inner);
	http_destroy(r->http);
	peer_stop(r->peer);
	clock_destroy(r->clock);
	free(r);
}

static void remote_ping(struct llm *l, struct flow *f)
{
	remote_of(l)->inner->ops->ping(remote_of(l)->inner, f);
}

static void remote_stream(struct llm *l, const struct llm_request *rq, struct arena *arena,
			  struct llm_result *out, struct flow *f)
{
	remote_of(l)->inner->ops->stream(remote_of(l)->inner, rq, arena, out, f);
}

static const struct llm_ops remote_ops = {
	.name = "remote",
	.destroy = remote_destroy,
	.ping = remote_ping,
	.stream = remote_stream,
};

static struct llm *open_remote(void *ctx, struct loop *loop, int pace_ms)
{
	const bool *chained = ctx;
	struct remote *r = calloc(1, sizeof(*r));
	struct llm_chain_options chain = { .n_links = 1,
					   .silence_ms = 10000,
					   .policy = &guard_policy_default };
	char url[64];

	r->llm.ops = &remote_ops;
	r->pace_ms = pace_ms;
	r->http = http_create(loop, 64);
	r->clock = clock_create(-1);
	r->peer = peer_start(serve, &r->pace_ms);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer_port(r->peer));
	assert_int_equal(anthropic_open(loop, r->http,
					&(struct anthropic_options){ .base_url = url,
								     .model = "claude-test" },
					r->clock, NULL, NULL, &r->inner, NULL),
			 0);
	if (*chained) {
		chain.links[0] = (struct llm_link){ r->inner, "claude-test" };
		assert_int_equal(guard_llm_open(loop, &chain, NULL, NULL, &r->inner, NULL), 0);
	}
	return &r->llm;
}

int main(void)
{
	bool chained[] = { false, true };
	const struct llm_subject alone = { open_remote, &chained[0], true },
				 chain = { open_remote, &chained[1], true };

	return llm_suite_run("anthropic", &alone) + llm_suite_run("chain", &chain);
}
