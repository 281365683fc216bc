/*
 * relaying.c - tells other processes what our live replies say, and hears from them which are to stop.
 *
 *	log grows --> talking --50 ms--> a batch of its new events --> said up to here
 *	                 ^                     +--failed--> all of it anew, when Redis is back
 *	                 +--more meanwhile-----+
 *
 * One batch of a reply is under way at a time.  A reply goes on whether or not anybody can be told.
 */
#include "agent/reply_private.h"

#include <string.h>
#include "base/check.h"
#include "observe/log.h"

#define TELL_EVERY_MS 50
#define TRY_AGAIN_MS  1000

struct relaying {
	struct replies *replies;
	struct relay *relay;
	struct list talking; /* of struct reply, by relay.link */
	struct list sayings; /* under way */
	struct loop_timer timer;
	bool armed, refused;
	int64_t due_ms; /* when armed */
	struct redis_observer observer;
};

struct saying {
	struct flow flow;
	struct list link;
	struct relaying *relaying;
	struct reply *reply;
	struct relay_batch batch;
	struct relay_event events[RELAY_BATCH_EVENTS];
	bool stop;
};

static void tell(struct loop_timer *t);

static void arm(struct relaying *x, int64_t in_ms)
{
	int64_t due = loop_now_ms(x->replies->env->loop) + in_ms;

	if (x->armed && x->due_ms <= due)
		return;
	x->armed = true;
	x->due_ms = due;
	loop_timer_start(x->replies->env->loop, &x->timer, in_ms, tell);
}

static void talk(struct relaying *x, struct reply *r, int64_t in_ms)
{
	if (!list_linked(&r->relay.link) && !r->relay.under_way)
		list_append(&x->talking, &r->relay.link);
	if (relay_is_up(x->relay))
		arm(x, in_ms);
}

static void log_grown(struct event_log *l)
{
	struct reply *r = container_of(l, struct reply, log);

	/* That it has begun is told at once: a widget asks for its events at once, and perhaps another server. */
	if (r->replies->relaying)
		talk(r->replies->relaying, r, r->relay.said ? TELL_EVERY_MS : 0);
}

/* --- Saying ------------------------------------------------------------------------- */

static flow_step say_batch, say_said, say_ended;

/* The loop alone appends, so it may look without the mutex. */
static void say_batch(struct flow *f)
{
	struct saying *s = container_of(f, struct saying, flow);
	struct reply *r = s->reply;
	size_t n = r->log.n - r->relay.said;

	s->batch = (struct relay_batch){
		.base = r->log.base,
		.first = r->log.base + r->relay.said + 1,
		.events = s->events,
		.n = n < RELAY_BATCH_EVENTS ? n : RELAY_BATCH_EVENTS,
	};
	for (size_t i = 0; i < s->batch.n; i++) {
		const struct assistant_event *e = r->log.events[r->relay.said + i];

		s->events[i] = (struct relay_event){ event_type_name(e->type), e->json };
	}
	relay_say(s->relaying->relay, r->id, &s->batch, r->relay.anew, &s->stop, THEN(f, say_said));
}

static void say_said(struct flow *f)
{
	struct saying *s = container_of(f, struct saying, flow);
	struct reply *r = s->reply;

	r->relay.said += s->batch.n;
	r->relay.anew = false;
	if (s->stop && r->turn)
		turn_stop(r->turn);
	flow_done(f);
}

/* Whether Redis has it or not, and what else it has lost, nobody knows. */
static void say_failed(struct relaying *x, struct reply *r, const struct fail *why)
{
	r->relay.said = 0;
	r->relay.anew = true;
	if (why->code == ASSISTANT_EPROTOCOL && !x->refused) {
		x->refused = true;
		log_fail(x->replies->env->log, LOG_WARN, "relay.refused", why);
	}
}

static void say_ended(struct flow *f)
{
	struct saying *s = container_of(f, struct saying, flow);
	struct relaying *x = s->relaying;
	struct reply *r = s->reply;
	bool failed = f->status < 0;

	list_remove(&s->link);
	r->relay.under_way = false;
	if (failed)
		say_failed(x, r, &f->fail);
	if (r->in_table && f->status != ASSISTANT_ECANCELED && r->relay.said < r->log.n)
		talk(x, r, failed ? TRY_AGAIN_MS : TELL_EVERY_MS);
	reply_unref(r);
	free(s);
}

static void say(struct relaying *x, struct reply *r)
{
	struct saying *s = calloc(1, sizeof(*s));

	if (!s)
		return; /* with the next event */
	s->relaying = x;
	s->reply = reply_ref(r);
	r->relay.under_way = true;
	list_append(&x->sayings, &s->link);
	flow_begin(&s->flow, x->replies->env->loop, NULL, "say", FIRST(say_batch), say_ended);
}

static void tell(struct loop_timer *t)
{
	struct relaying *x = container_of(t, struct relaying, timer);

	x->armed = false;
	if (!relay_is_up(x->relay))
		return;
	while (!list_empty(&x->talking)) {
		struct reply *r = list_entry(x->talking.next, struct reply, relay.link);

		list_remove(&r->relay.link);
		if (r->relay.said < r->log.n)
			say(x, r);
	}
}

/* --- Redis is back, or another one -------------------------------------------------------- */

/* It may have forgotten everything: what is live is told from its beginning.  Who has heard it skips it. */
static void changed(struct redis_observer *o, bool up)
{
	struct relaying *x = container_of(o, struct relaying, observer);
	size_t cursor = 0;
	void *value;

	if (!up)
		return;
	while (map_next(x->replies->table, &cursor, NULL, &value)) {
		struct reply *r = value;

		if (!r->log.grown || (r->completed && r->relay.said == r->log.n))
			continue;
		r->relay.said = 0;
		r->relay.anew = true;
		talk(x, r, TELL_EVERY_MS);
	}
}

/* --- Stopping ---------------------------------------------------------------------------------- */

static void stop_heard(void *ctx, const char *id)
{
	struct relaying *x = ctx;
	struct reply *r = map_get(x->replies->table, id);

	if (r && r->turn)
		turn_stop(r->turn);
}

static flow_step wish_ask, wish_asked, wish_ended;

static void wish_ask(struct flow *f)
{
	struct saying *s = container_of(f, struct saying, flow);

	relay_ask_stop(s->relaying->relay, s->reply->id, THEN(f, wish_asked));
}

static void wish_asked(struct flow *f)
{
	flow_done(f);
}

static void wish_ended(struct flow *f)
{
	struct saying *s = container_of(f, struct saying, flow);

	list_remove(&s->link);
	reply_unref(s->reply);
	free(s);
}

void relaying_ask_stop(struct reply *r)
{
	struct relaying *x = r->replies->relaying;
	struct saying *s = x ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return;
	s->relaying = x;
	s->reply = reply_ref(r);
	list_append(&x->sayings, &s->link);
	flow_begin(&s->flow, x->replies->env->loop, NULL, "stop", FIRST(wish_ask), wish_ended);
}

/* --- The rest of the face -------------------------------------------------------------------------- */

void relaying_begin(struct reply *r)
{
	if (!r->replies->relaying)
		return;
	r->relay.anew = true;
	r->log.grown = log_grown;
}

void relaying_forget(struct reply *r)
{
	if (list_linked(&r->relay.link))
		list_remove(&r->relay.link);
}

bool relaying_idle(const struct replies *rs)
{
	const struct relaying *x = rs->relaying;

	return !x || !relay_is_up(x->relay) || (list_empty(&x->talking) && list_empty(&x->sayings));
}

void relaying_start(struct replies *rs)
{
	struct relaying *x = rs->env->relay ? calloc(1, sizeof(*x)) : NULL;

	if (!x)
		return;
	x->replies = rs;
	x->relay = rs->env->relay;
	list_init(&x->talking);
	list_init(&x->sayings);
	x->observer.changed = changed;
	relay_observe(x->relay, &x->observer);
	relay_on_stop(x->relay, stop_heard, x);
	rs->relaying = x;
}

void relaying_stop(struct replies *rs)
{
	struct relaying *x = TAKE_PTR(rs->relaying);

	if (!x)
		return;
	relay_on_stop(x->relay, NULL, NULL);
	redis_observe_stop(&x->observer);
	loop_timer_stop(&x->timer);
	while (!list_empty(&x->sayings))
		flow_cancel(&list_entry(x->sayings.next, struct saying, link)->flow);
	while (!list_empty(&x->talking))
		list_remove(x->talking.next);
	free(x);
}
