/*
 * guard_llm.c - see guard_llm.h.
 *
 *	try --> tried --worked--> done
 *	 ^        |failed
 *	 +--pause-+ the same model, when that may help and there is time; else the next one at once
 */
#include "guard/guard_llm.h"

#include <string.h>
#include "base/check.h"
#include "guard/joint.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define ANSWER_MAX_BYTES (1 << 20)
#define PING_HOLDS_MS                                                                              \
	15000 /* a readiness probe every second must not become a request every second */

struct link {
	struct llm *llm;
	struct guard *guard;
};

struct chain {
	struct llm llm;
	struct loop *loop;
	struct link links[LLM_CHAIN_MAX];
	size_t n_links, ask_link;
	int silence_ms;
	struct metrics *metrics;
	struct log *log;
	int64_t pinged_ms; /* what was found then holds for PING_HOLDS_MS; 0: never asked */
	int pinged;
	struct fail ping_fail;
};

/* One answer. */
struct streaming {
	struct wait wait;
	struct flow flow, try_flow;
	struct chain *chain;
	struct llm_request rq;
	struct arena *arena;
	struct llm_result result, *out;
	struct joint joint;
	struct text piece;
	size_t at; /* the link that is tried */
	int attempts;
	unsigned ticket;
	bool was_continued;
	int64_t heard_ms; /* when the deadline for silence was set last */
};

static flow_step stream_try, stream_tried, try_begin, try_done, ping_next;

static struct streaming *streaming_of(struct flow *f)
{
	return container_of(f, struct streaming, flow);
}

/* --- Text ---------------------------------------------------------------------------- */

/* What is in s->piece leaves; the reader may cancel us in there. */
static void send_piece(struct streaming *s)
{
	if (s->piece.len)
		s->rq.on_text(s->rq.ctx, s->piece.data, s->piece.len);
	text_clear(&s->piece);
}

/* The deadline for silence moves; not with every piece, since a timer costs more than a piece does. */
static void still_there(struct streaming *s)
{
	int64_t now = loop_now_ms(s->chain->loop);

	if (now - s->heard_ms < s->chain->silence_ms / 8)
		return;
	s->heard_ms = now;
	flow_set_deadline(&s->try_flow, s->chain->silence_ms);
}

static void on_text(void *ctx, const char *text, size_t len)
{
	struct streaming *s = ctx;

	still_there(s);
	joint_feed(&s->joint, text, len, &s->piece);
	send_piece(s);
}

/* --- Trying -------------------------------------------------------------------------- */

static void try_ended(struct flow *f)
{
	struct streaming *s = container_of(f, struct streaming, try_flow);

	guard_leave(s->chain->links[s->at].guard, s->ticket, f->status, &f->fail, "respond");
}

static void next_link(struct flow *f)
{
	struct streaming *s = streaming_of(f);

	s->at++;
	s->attempts = 0;
	if (s->at < s->chain->n_links) {
		stream_try(f);
		return;
	}
	flow_fail(f, f->fail.code);
}

static void stream_try(struct flow *f)
{
	struct streaming *s = streaming_of(f);
	struct link *link = &s->chain->links[s->at];
	struct fail broken = FAIL_INIT;

	s->ticket = guard_enter(link->guard, &broken);
	if (!s->ticket) {
		/* What really failed is more worth telling. */
		if (!f->fail.code || fail_cause(&f->fail) == CAUSE_BROKEN)
			f->fail = broken;
		next_link(f);
		return;
	}
	s->attempts++;
	if (s->joint.joining)
		s->was_continued = true;
	flow_begin(&s->try_flow, f->loop, f, "llm", FIRST(try_begin), try_ended);
	flow_set_deadline(&s->try_flow, s->chain->silence_ms);
	s->heard_ms = loop_now_ms(f->loop);
	flow_join(THEN(f, stream_tried));
}

static void try_begin(struct flow *f)
{
	struct streaming *s = container_of(f, struct streaming, try_flow);
	struct llm *l = s->chain->links[s->at].llm;
	struct llm_request rq = s->rq;

	rq.on_text = on_text;
	rq.ctx = s;
	rq.said = s->joint.joining ? arena_strdup(s->arena, s->joint.said.data) : NULL;
	l->ops->stream(l, &rq, s->arena, &s->result, THEN(f, try_done));
}

static void try_done(struct flow *f)
{
	flow_done(f);
}

static void stream_done(struct flow *f)
{
	struct streaming *s = streaming_of(f);

	if (s->was_continued)
		metrics_add(s->chain->metrics, METRIC_LLM_CONTINUED, s->at ? "other" : "same", 1);
	joint_end(&s->joint, &s->piece);
	send_piece(s);
	flow_done(f);
}

/* Nobody else would do better: our key, our money. */
static bool concerns_all(enum cause c)
{
	return c == CAUSE_DENIED || c == CAUSE_SPENT || c == CAUSE_INTERNAL;
}

static void stream_tried(struct flow *f)
{
	struct streaming *s = streaming_of(f);
	const struct fail *fail = &s->try_flow.fail;
	enum cause cause = fail_cause(fail);
	bool silent = s->try_flow.status == ASSISTANT_ETIMEOUT;
	int64_t ms = -1;

	if (s->try_flow.status >= 0) {
		stream_done(f);
		return;
	}
	f->fail = *fail;
	joint_break(&s->joint);
	if (concerns_all(cause)) {
		flow_fail(f, fail->code);
		return;
	}
	if (!silent)
		ms = guard_pause(s->chain->links[s->at].guard, s->attempts, fail,
				 flow_remaining_ms(f));
	if (ms < 0)
		next_link(f);
	else
		flow_sleep(THEN(f, stream_try), ms);
}

/* --- The wait ------------------------------------------------------------------------- */

static void stream_flow_ended(struct flow *f)
{
	struct streaming *s = streaming_of(f);

	wait_finish(&s->wait, f->status, &f->fail);
}

static void stream_deliver(struct wait *w)
{
	struct streaming *s = container_of(w, struct streaming, wait);

	*s->out = s->result;
}

static void stream_cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct streaming, wait)->flow);
}

static void stream_release(struct wait *w)
{
	struct streaming *s = container_of(w, struct streaming, wait);

	joint_finish(&s->joint);
	text_finish(&s->piece);
	free(s);
}

static void chain_stream(struct llm *l, const struct llm_request *rq, struct arena *arena,
			 struct llm_result *out, struct flow *f)
{
	struct chain *c = container_of(l, struct chain, llm);
	struct streaming *s = calloc(1, sizeof(*s));
	int64_t left_ms = flow_remaining_ms(f);

	if (!s)
		IMPOSSIBLE("no memory for an answer");
	s->chain = c;
	s->rq = *rq;
	s->arena = arena;
	s->out = out;
	joint_init(&s->joint, ANSWER_MAX_BYTES);
	text_init(&s->piece, ANSWER_MAX_BYTES);
	wait_begin(&s->wait, f);
	s->wait.deliver = stream_deliver;
	s->wait.cancel = stream_cancel;
	s->wait.release = stream_release;
	flow_begin(&s->flow, c->loop, NULL, "llm_chain", FIRST(stream_try), stream_flow_ended);
	if (left_ms >= 0)
		flow_set_deadline(&s->flow, guard_within(left_ms));
}

/* --- An answer in JSON ------------------------------------------------------------------ */

struct asking {
	struct guard_call call;
	struct chain *chain;
	struct llm_ask rq;
	struct arena *arena;
	struct json_object **answer;
	struct llm_result *out;
};

static void ask_attempt(struct guard_call *call, struct flow *f)
{
	struct asking *a = container_of(call, struct asking, call);
	struct llm *l = a->chain->links[a->chain->ask_link].llm;

	l->ops->ask(l, &a->rq, a->arena, a->answer, a->out, f);
}

static void chain_ask(struct llm *l, const struct llm_ask *rq, struct arena *arena,
		      struct json_object **answer, struct llm_result *out, struct flow *f)
{
	struct chain *c = container_of(l, struct chain, llm);
	struct asking *a = calloc(1, sizeof(*a));

	if (!a)
		IMPOSSIBLE("no memory for a question");
	a->chain = c;
	a->rq = *rq;
	a->arena = arena;
	a->answer = answer;
	a->out = out;
	a->call.what = "understand";
	a->call.attempt = ask_attempt;
	guard_call(c->links[c->ask_link].guard, &a->call, f);
}

/* --- The chain ---------------------------------------------------------------------------- */

static int chain_check(struct llm *l, struct fail *f)
{
	struct chain *c = container_of(l, struct chain, llm);
	int r = 0;

	for (size_t i = 0; i < c->n_links; i++) {
		r = guard_check(c->links[i].guard, f);
		if (!r)
			return 0;
	}
	return r;
}

/* Every model, one after the other; the first that fails is told. */
struct pinging {
	struct wait wait;
	struct flow flow;
	struct chain *chain;
	size_t at;
};

static void ping_next(struct flow *f)
{
	struct pinging *p = container_of(f, struct pinging, flow);
	struct llm *l;

	if (p->at == p->chain->n_links) {
		flow_done(f);
		return;
	}
	l = p->chain->links[p->at++].llm;
	l->ops->ping(l, THEN(f, ping_next));
}

static bool ping_holds(const struct chain *c)
{
	return c->pinged_ms && loop_now_ms(c->loop) - c->pinged_ms < PING_HOLDS_MS;
}

static void ping_ended(struct flow *f)
{
	struct pinging *p = container_of(f, struct pinging, flow);

	if (f->status != ASSISTANT_ECANCELED && !ping_holds(p->chain)) {
		p->chain->pinged_ms = loop_now_ms(f->loop);
		p->chain->pinged = f->status;
		p->chain->ping_fail = f->fail;
	}
	wait_finish(&p->wait, f->status, &f->fail);
}

static void ping_cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct pinging, wait)->flow);
}

static void ping_release(struct wait *w)
{
	free(container_of(w, struct pinging, wait));
}

static void chain_ping(struct llm *l, struct flow *f)
{
	struct chain *c = container_of(l, struct chain, llm);
	struct fail fail = FAIL_INIT;
	struct pinging *p;
	int r = chain_check(l, &fail);

	if (!r && ping_holds(c) && c->pinged < 0) {
		r = c->pinged;
		fail = c->ping_fail;
	}
	p = r < 0 ? NULL : calloc(1, sizeof(*p));
	if (!p) {
		flow_refuse(f, r < 0 ? r : ASSISTANT_ENOMEM, &fail);
		return;
	}
	p->chain = c;
	p->at = ping_holds(c) ? c->n_links : 0;
	wait_begin(&p->wait, f);
	p->wait.cancel = ping_cancel;
	p->wait.release = ping_release;
	flow_begin(&p->flow, c->loop, NULL, "llm_ping", FIRST(ping_next), ping_ended);
}

static void chain_destroy(struct llm *l)
{
	struct chain *c = container_of(l, struct chain, llm);

	for (size_t i = 0; i < c->n_links; i++) {
		guard_destroy(c->links[i].guard);
		llm_destroy(c->links[i].llm);
	}
	free(c);
}

static const struct llm_ops chain_ops = {
	.name = "anthropic",
	.destroy = chain_destroy,
	.ping = chain_ping,
	.stream = chain_stream,
	.ask = chain_ask,
	.check = chain_check,
};

int guard_llm_open(struct loop *loop, const struct llm_chain_options *options,
		   struct metrics *metrics, struct log *log, struct llm **out, struct fail *f)
{
	struct chain *c = calloc(1, sizeof(*c));
	bool failed = !c;

	for (size_t i = 0; i < options->n_links; i++) {
		const struct llm_link *link = &options->links[i];

		if (!c) {
			llm_destroy(link->llm);
			continue;
		}
		c->links[i] = (struct link){
			.llm = link->llm,
			.guard = guard_create(loop, link->name, options->policy,
					      METRIC_LLM_FAILURES, metrics, log),
		};
		failed |= !c->links[i].guard;
		c->n_links = i + 1;
	}
	if (failed) {
		if (c)
			chain_destroy(&c->llm);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	c->llm.ops = &chain_ops;
	c->loop = loop;
	c->ask_link = options->ask_link;
	c->silence_ms = options->silence_ms;
	c->metrics = metrics;
	c->log = log;
	*out = &c->llm;
	return 0;
}
