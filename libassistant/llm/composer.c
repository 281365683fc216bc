/*
 * composer.c - the llm that needs no model: writes the whole answer at once (composer_text.c) and
 * delivers it in pieces of a few words.
 */
#include "llm/composer.h"

#include <string.h>
#include "base/check.h"
#include "base/utf8.h"

#define MAX_ANSWER_BYTES (256 * 1024)
#define PIECE_BYTES	 24

struct composer {
	struct llm llm;
	struct loop *loop;
	int pace_ms;
};

struct stream {
	struct wait wait;
	struct loop_timer timer;
	struct loop_task task;
	struct text answer;
	size_t sent;
	int pace_ms;
	bool delivering;
	void (*on_text)(void *ctx, const char *text, size_t len);
	void *ctx;
	struct llm_result *out;
};

static void stream_task(struct loop_task *t);
static void stream_timer(struct loop_timer *t);

static void stream_next(struct stream *s)
{
	if (s->pace_ms > 0 && s->sent > 0)
		loop_timer_start(s->wait.loop, &s->timer, s->pace_ms, stream_timer);
	else
		loop_defer(s->wait.loop, &s->task, stream_task);
}

/* A few words: up to the first blank behind PIECE_BYTES, never inside a code point. */
static size_t piece_len(const struct stream *s)
{
	const char *rest = s->answer.data + s->sent;
	size_t left = s->answer.len - s->sent, n;

	if (left <= PIECE_BYTES)
		return left;
	n = PIECE_BYTES + strcspn(rest + PIECE_BYTES, " \n");
	if (n < left)
		n++; /* with the blank */
	return n;
}

static void stream_send(struct stream *s)
{
	size_t from = s->sent, n = piece_len(s);

	s->sent += n;
	s->delivering = true;
	if (n)
		s->on_text(s->ctx, s->answer.data + from, n);
	s->delivering = false;
	if (wait_detached(&s->wait))
		wait_finish(&s->wait, ASSISTANT_ECANCELED, NULL);
	else if (s->sent == s->answer.len)
		wait_finish(&s->wait, 0, NULL);
	else
		stream_next(s);
}

static void stream_task(struct loop_task *t)
{
	stream_send(container_of(t, struct stream, task));
}

static void stream_timer(struct loop_timer *t)
{
	stream_send(container_of(t, struct stream, timer));
}

/* From inside on_text the stream is still on the stack: it then finishes by itself. */
static void stream_cancel(struct wait *w)
{
	struct stream *s = container_of(w, struct stream, wait);

	loop_timer_stop(&s->timer);
	loop_task_cancel(&s->task);
	if (!s->delivering)
		wait_finish(w, ASSISTANT_ECANCELED, NULL);
}

static void stream_deliver(struct wait *w)
{
	struct stream *s = container_of(w, struct stream, wait);

	*s->out = (struct llm_result){ .stop = LLM_END, .model = "composer" };
}

static void stream_release(struct wait *w)
{
	struct stream *s = container_of(w, struct stream, wait);

	text_finish(&s->answer);
	free(s);
}

static void composer_stream(struct llm *l, const struct llm_request *rq, struct arena *arena,
			    struct llm_result *out, struct flow *f)
{
	struct composer *c = container_of(l, struct composer, llm);
	struct stream *s = calloc(1, sizeof(*s));
	struct fail fail = FAIL_INIT;

	if (!s)
		IMPOSSIBLE("no memory for an answer");
	text_init(&s->answer, MAX_ANSWER_BYTES);
	s->pace_ms = c->pace_ms;
	s->on_text = rq->on_text;
	s->ctx = rq->ctx;
	s->out = out;
	wait_begin(&s->wait, f);
	s->wait.deliver = stream_deliver;
	s->wait.cancel = stream_cancel;
	s->wait.release = stream_release;
	composer_write(rq, &s->answer);
	if (s->answer.failed) {
		FAIL(&fail, ASSISTANT_ETOOLARGE, "the answer is longer than %d bytes",
		     MAX_ANSWER_BYTES);
		wait_finish(&s->wait, ASSISTANT_ETOOLARGE, &fail);
		return;
	}
	stream_next(s);
}

struct ping {
	struct wait wait;
};

static void ping_release(struct wait *w)
{
	free(container_of(w, struct ping, wait));
}

static void composer_ping(struct llm *l, struct flow *f)
{
	struct ping *p = calloc(1, sizeof(*p));

	if (!p)
		IMPOSSIBLE("no memory for a ping");
	wait_begin(&p->wait, f);
	p->wait.release = ping_release;
	wait_finish(&p->wait, 0, NULL);
}

static void composer_destroy(struct llm *l)
{
	free(container_of(l, struct composer, llm));
}

static const struct llm_ops composer_ops = {
	.name = "composer",
	.destroy = composer_destroy,
	.ping = composer_ping,
	.stream = composer_stream,
};

int composer_open(struct loop *loop, int pace_ms, struct llm **out, struct fail *f)
{
	struct composer *c = calloc(1, sizeof(*c));

	if (!c)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the composer");
	c->llm.ops = &composer_ops;
	c->loop = loop;
	c->pace_ms = pace_ms < 0 ? 0 : pace_ms;
	*out = &c->llm;
	return 0;
}
