/*
 * follow.c - replies that this process did not begin: completed ones, and those that another process is writing.
 *
 *	          +--- nothing new ---+
 *	          v                   |
 *	stream: read what was said ---+--> its last event
 *	   |      ^ Redis says "look", or a second has passed
 *	   | Redis gone, or a gap in what was said
 *	   v
 *	row: read it every half second ----> completed
 *
 * A log that follows the stream has the writer's own numbers, so readers may change servers at any event.  One that
 * follows the row cuts the text its own way and numbers afresh.
 */
#include "agent/reply_private.h"

#include <string.h>
#include "base/check.h"

#define ROW_EVERY_MS  500
#define LOOK_EVERY_MS 1000
#define ROW_AFTER_MS  2000 /* of silence on the stream: does its writer still live? */
#define GONE_MS	      3000 /* without Redis: then the row */
#define TRY_AGAIN_MS  100
#define LAST_WORD_MS  200

struct follow {
	struct flow flow;
	struct list link;
	struct arena *arena; /* of one look */
	struct reply *reply;
	struct message row;
	int64_t since_ms; /* the last sign of life */
	/* the stream */
	struct relay *relay; /* NULL: by the row */
	struct relay_said said;
	char position[RELAY_POSITION_SIZE];
	unsigned long base; /* the writer's log's */
	size_t start;	    /* our events before the first of that log */
	int64_t gone_ms;    /* since when Redis does not answer; 0: it does */
	bool again;	    /* read from the beginning already */
	bool row_completed; /* its last event should be there at any moment */
	struct relay_ear ear;
	struct wait *nap;
	bool grown;
};

enum heard { HEARD_NOTHING, HEARD_MORE, HEARD_END, HEARD_GAP };

static flow_step follow_stream, follow_heard, follow_read, follow_look;

/* --- What a row says ---------------------------------------------------------------- */

/* Answered anew by whoever settled the row: a second ACCEPTED says that what was read is void. */
static void follow_restart(struct reply *r)
{
	pthread_mutex_lock(&r->log.mutex);
	text_clear(&r->text);
	pthread_mutex_unlock(&r->log.mutex);
	reply_announce(r);
}

static void add_text(struct reply *r, const char *fresh)
{
	struct json_object *o = json_object_new_object();

	json_set_string(o, "text", fresh);
	event_log_append(&r->log, ASSISTANT_EVENT_DELTA, o, fresh, strlen(fresh));
	pthread_mutex_lock(&r->log.mutex);
	text_append(&r->text, fresh);
	pthread_mutex_unlock(&r->log.mutex);
}

/* The row's text grew: what is new is one piece.  True: it is another text. */
static bool follow_text(struct reply *r, const char *text, bool final)
{
	size_t len = strlen(text), common = len < r->text.len ? len : r->text.len;
	bool other =
		(common && memcmp(text, r->text.data, common) != 0) || (final && len < r->text.len);

	if (other)
		follow_restart(r);
	if (len > r->text.len)
		add_text(r, text + r->text.len);
	return other;
}

/* Its row is completed: the rest of the log follows from it. */
static void follow_end(struct reply *r, const struct message *row)
{
	size_t said = json_object_array_length(r->references), n;

	reply_apply_metadata(r, row->metadata);
	if (follow_text(r, row->text ? row->text : "", true))
		said = 0;
	n = json_object_array_length(r->references);
	for (size_t i = said; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(r->references, i), *copy = NULL;
		const char *name = json_text(o, "name");

		if (json_object_deep_copy(o, &copy, NULL) == 0)
			event_log_append(&r->log, ASSISTANT_EVENT_REFERENCE, copy, name,
					 strlen(name));
	}
	event_log_raise(&r->log, &r->ended);
	reply_set_completed(r);
}

/* --- What a stream says -------------------------------------------------------------- */

static int type_named(const char *name)
{
	for (int type = ASSISTANT_EVENT_ACCEPTED; type <= ASSISTANT_EVENT_ERROR; type++)
		if (!strcmp(event_type_name(type), name))
			return type;
	return 0;
}

static struct json_object *copied(struct json_object *o)
{
	struct json_object *copy = NULL;

	if (o)
		json_object_deep_copy(o, &copy, NULL);
	return copy;
}

/* Takes what the last event tells of the reply. */
static void note_end(struct reply *r, int type, struct json_object *o)
{
	pthread_mutex_lock(&r->log.mutex);
	r->outcome = outcome_from_name(json_text(o, "outcome"));
	r->basic = !strcmp(json_text(o, "mode"), "basic");
	if (!r->usage)
		r->usage = copied(json_get_object(o, "usage"));
	if (!r->timings)
		r->timings = copied(json_get_object(o, "timings"));
	if (type == ASSISTANT_EVENT_ERROR && !r->error && json_get_string(o, "error"))
		r->error = strdup(json_text(o, "error"));
	pthread_mutex_unlock(&r->log.mutex);
}

/* The reply as JSON has what its events tell. */
static void note(struct reply *r, int type, struct json_object *o)
{
	if (type == ASSISTANT_EVENT_DONE || type == ASSISTANT_EVENT_ERROR) {
		note_end(r, type, o);
		return;
	}
	pthread_mutex_lock(&r->log.mutex);
	if (type == ASSISTANT_EVENT_DELTA)
		text_append(&r->text, json_text(o, "text"));
	else if (type == ASSISTANT_EVENT_REFERENCE)
		json_object_array_add(r->references, copied(o));
	else if (type == ASSISTANT_EVENT_SUGGESTION)
		json_object_array_add(r->suggestions, json_object_new_string(json_text(o, "text")));
	pthread_mutex_unlock(&r->log.mutex);
}

/* Another log than before: what was read is void, as its ACCEPTED will say. */
static void begin_log(struct follow *w, unsigned long base)
{
	struct reply *r = w->reply;

	if (r->log.n ||
	    r->log.base != base) /* else it is the one that readers may wait for already */
		event_log_rebase(&r->log, base);
	w->base = base;
	w->start = r->log.n;
	pthread_mutex_lock(&r->log.mutex);
	r->log.behind = w->relay != NULL;
	text_clear(&r->text);
	json_object_put(r->references);
	json_object_put(r->suggestions);
	r->references = json_object_new_array();
	r->suggestions = json_object_new_array();
	pthread_mutex_unlock(&r->log.mutex);
}

static enum heard hear_event(struct follow *w, const struct relay_event *e)
{
	struct reply *r = w->reply;
	struct json_object *o = NULL;
	int type = type_named(e->type);
	const char *text;

	if (!type || json_parse(e->json, strlen(e->json), &o, NULL) < 0)
		return HEARD_GAP;
	note(r, type, o);
	text = json_get_string(o, type == ASSISTANT_EVENT_REFERENCE ? "name" : "text");
	if (type == ASSISTANT_EVENT_ERROR)
		text = r->error;
	text = text ? strdup(text) : NULL; /* o is given away */
	event_log_append(&r->log, type, o, text, text ? strlen(text) : 0);
	free((char *)text);
	return type == ASSISTANT_EVENT_DONE || type == ASSISTANT_EVENT_ERROR ? HEARD_END
									     : HEARD_MORE;
}

/* Said before, all or in part, is skipped: whoever lost Redis says everything anew. */
static enum heard hear_batch(struct follow *w, const struct relay_batch *b)
{
	struct event_log *l = &w->reply->log;
	enum heard heard = HEARD_NOTHING;

	if (!l->n || b->base != w->base) {
		if (b->first != b->base + 1)
			return HEARD_GAP;
		begin_log(w, b->base);
	}
	for (size_t i = 0; i < b->n && heard != HEARD_END && heard != HEARD_GAP; i++) {
		unsigned long next = w->base + (l->n - w->start) + 1;

		if (b->first + i > next)
			return HEARD_GAP;
		if (b->first + i == next)
			heard = hear_event(w, &b->events[i]);
	}
	return heard;
}

static enum heard hear(struct follow *w, const struct relay_said *said)
{
	struct reply *r = w->reply;
	enum heard heard = HEARD_NOTHING, one = HEARD_NOTHING;

	for (size_t i = 0; i < said->n && one != HEARD_END && one != HEARD_GAP; i++) {
		one = hear_batch(w, &said->batches[i]);
		heard = one == HEARD_NOTHING ? heard : one;
	}
	snprintf(w->position, sizeof(w->position), "%s", said->position);
	if (heard == HEARD_END) {
		r->done_said = true;
		event_log_close(&r->log);
		event_log_raise(&r->log, &r->ended);
		reply_set_completed(r);
	}
	return heard;
}

/* --- Waiting for more -------------------------------------------------------------------- */

struct nap {
	struct wait wait; /* first */
	struct loop_timer timer;
	struct follow *follow;
};

static void nap_end(struct nap *n, int status)
{
	loop_timer_stop(&n->timer);
	if (!n->follow)
		return;
	n->follow->nap = NULL;
	n->follow = NULL;
	wait_finish(&n->wait, status, NULL);
}

static void nap_over(struct loop_timer *t)
{
	nap_end(container_of(t, struct nap, timer), 0);
}

static void nap_cancel(struct wait *w)
{
	nap_end(container_of(w, struct nap, wait), ASSISTANT_ECANCELED);
}

static void nap_release(struct wait *w)
{
	free(container_of(w, struct nap, wait));
}

static void stream_grown(struct relay_ear *e)
{
	struct follow *w = container_of(e, struct follow, ear);

	w->grown = true;
	if (w->nap)
		nap_end(container_of(w->nap, struct nap, wait), 0);
}

/* Until the stream has grown, at most LOOK_EVERY_MS.  f from THEN(). */
static void nap_begin(struct follow *w, struct flow *f)
{
	struct nap *n = calloc(1, sizeof(*n));

	if (!n) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	wait_begin(&n->wait, f);
	n->wait.cancel = nap_cancel;
	n->wait.release = nap_release;
	n->follow = w;
	w->nap = &n->wait;
	loop_timer_start(w->flow.loop, &n->timer, w->grown ? 0 : LOOK_EVERY_MS, nap_over);
}

/* --- Following ------------------------------------------------------------------------------ */

static void follow_free(struct follow *w)
{
	if (w->relay)
		relay_listen_stop(w->relay, &w->ear);
	reply_unref(w->reply);
	arena_destroy(w->arena);
	free(w);
}

static void follow_ended(struct flow *f)
{
	struct follow *w = container_of(f, struct follow, flow);
	struct reply *r = w->reply;

	list_remove(&w->link);
	if (!r->completed) {
		reply_apply_metadata(r, NULL);
		r->outcome = OUTCOME_PARTIAL;
		event_log_raise(&r->log, &r->ended);
		reply_set_completed(r);
		replies_forget(r->replies, r);
	}
	follow_free(w);
}

static bool renew_arena(struct follow *w)
{
	arena_destroy(w->arena);
	w->arena = arena_create(1 << 23);
	if (!w->arena)
		flow_fail(&w->flow, ASSISTANT_ENOMEM);
	return w->arena != NULL;
}

static void follow_stream(struct flow *f)
{
	struct follow *w = container_of(f, struct follow, flow);

	if (!renew_arena(w))
		return;
	w->grown = false;
	relay_read(w->relay, w->reply->id, w->position, w->arena, &w->said,
		   THEN_ANYWAY(f, follow_heard));
}

/* From here on by the row, whose text is cut into other pieces: what was read is void. */
static void leave_stream(struct follow *w)
{
	struct reply *r = w->reply;

	relay_listen_stop(w->relay, &w->ear);
	w->relay = NULL;
	begin_log(w, event_base_fresh());
	reply_announce(r);
	follow_read(&w->flow);
}

static void follow_lost(struct follow *w)
{
	int64_t now = loop_now_ms(w->flow.loop);

	if (!w->gone_ms)
		w->gone_ms = now;
	if (now - w->gone_ms > GONE_MS)
		leave_stream(w);
	else
		flow_sleep(THEN(&w->flow, follow_stream), TRY_AGAIN_MS);
}

/* One more time from the beginning: it may have been said anew while we read. */
static void follow_gap(struct follow *w)
{
	if (w->again) {
		leave_stream(w);
		return;
	}
	w->again = true;
	snprintf(w->position, sizeof(w->position), RELAY_BEGINNING);
	follow_stream(&w->flow);
}

static void follow_heard(struct flow *f)
{
	struct follow *w = container_of(f, struct follow, flow);
	int64_t now = loop_now_ms(f->loop);
	enum heard heard;

	if (f->status < 0) {
		follow_lost(w);
		return;
	}
	w->gone_ms = 0;
	heard = hear(w, &w->said);
	if (heard == HEARD_MORE) {
		w->since_ms = now;
		w->again = false;
	}
	if (heard == HEARD_END)
		flow_done(f);
	else if (heard == HEARD_GAP)
		follow_gap(w);
	else if (w->said.more)
		follow_stream(f);
	else if (now - w->since_ms > ROW_AFTER_MS)
		follow_read(f);
	else
		nap_begin(w, THEN(f, follow_stream));
}

static void follow_read(struct flow *f)
{
	struct follow *w = container_of(f, struct follow, flow);
	struct store *s = w->reply->replies->env->store;

	if (renew_arena(w))
		s->ops->message(s, w->reply->id, w->arena, &w->row, THEN_ANYWAY(f, follow_look));
}

static void follow_look(struct flow *f)
{
	struct follow *w = container_of(f, struct follow, flow);
	struct reply *r = w->reply;
	struct replies *rs = r->replies;
	int64_t waited = loop_now_ms(rs->env->loop) - w->since_ms;

	if (f->status == ASSISTANT_ENOTFOUND || waited > replies_silence_ms(rs)) {
		flow_done(f);
		return;
	}
	if (f->status >= 0 && !row_is_streaming(&w->row)) {
		if (w->relay && !w->row_completed) {
			w->row_completed = true;
			flow_sleep(THEN(f, follow_stream), LAST_WORD_MS);
			return;
		}
		follow_end(r, &w->row);
		flow_done(f);
		return;
	}
	if (w->relay && r->log.n) { /* it lives; the stream has the words */
		nap_begin(w, THEN(f, follow_stream));
		return;
	}
	if (w->relay) { /* whoever writes it has no Redis */
		leave_stream(w);
		return;
	}
	if (f->status >= 0)
		follow_text(r, w->row.text ? w->row.text : "", false);
	flow_sleep(THEN(f, follow_read), ROW_EVERY_MS);
}

static struct follow *follow_new(struct reply *r)
{
	struct follow *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->reply = reply_ref(r);
	w->since_ms = loop_now_ms(r->replies->env->loop);
	w->ear.grown = stream_grown;
	return w;
}

/* Takes w.  0, or a failure: then it is as if it had ended. */
static int follow_begin(struct follow *w)
{
	struct reply *r = w->reply;
	struct replies *rs = r->replies;
	int code = replies_insert(rs, r);

	if (code < 0) {
		follow_free(w);
		return code;
	}
	list_append(&rs->follows, &w->link);
	if (w->relay) {
		relay_listen(w->relay, r->id, &w->ear);
		flow_begin(&w->flow, rs->env->loop, NULL, "follow", FIRST(follow_stream),
			   follow_ended);
	} else {
		flow_begin(&w->flow, rs->env->loop, NULL, "follow", FIRST(follow_read),
			   follow_ended);
	}
	return 0;
}

void follow_stop_first(struct replies *rs)
{
	flow_cancel(&list_entry(rs->follows.next, struct follow, link)->flow);
}

/* --- Made from a row ---------------------------------------------------------------------------- */

static struct reply *bare(struct replies *rs, const struct message *row, unsigned long base)
{
	struct reply *r = reply_create(rs, row->id, base);

	if (!r)
		return NULL;
	r->conversation_id = row->conversation_id ? strdup(row->conversation_id) : NULL;
	return r;
}

static struct reply *followed(struct reply *r, struct follow *w)
{
	w->relay = r->replies->env->relay;
	r->followed = true;
	r->log.behind = true;
	if (follow_begin(w) < 0) {
		reply_unref(r);
		return NULL;
	}
	return r;
}

/* It has just begun, and nothing was said yet: as a rule its log is the original one. */
static struct reply *from_nothing(struct replies *rs, const struct message *row)
{
	struct reply *r = bare(rs, row, EVENT_BASE_ORIGINAL);
	struct follow *w = r ? follow_new(r) : NULL;

	if (!w) {
		reply_unref(r);
		return NULL;
	}
	snprintf(w->position, sizeof(w->position), RELAY_BEGINNING);
	text_append(&r->text, row->text ? row->text : "");
	return followed(r, w);
}

/* NULL: what was said is not enough to go by. */
static struct reply *from_stream(struct replies *rs, const struct message *row,
				 const struct relay_said *said)
{
	struct reply *r = bare(rs, row, said->batches[0].base);
	struct follow *w = r ? follow_new(r) : NULL;
	enum heard heard = w ? hear(w, said) : HEARD_GAP;

	if (heard == HEARD_END) { /* all of it is known: nothing to follow */
		follow_free(w);
		return r;
	}
	if (heard != HEARD_MORE || !row_is_streaming(row)) {
		if (w)
			follow_free(w);
		reply_unref(r);
		return NULL;
	}
	return followed(r, w);
}

static void apply_ids(struct reply *r, const char *metadata)
{
	_cleanup_json_ struct json_object *o = NULL;

	if (!metadata || json_parse(metadata, strlen(metadata), &o, NULL) < 0)
		return;
	if (json_get_string(o, "conference_id") && !r->conference_id)
		r->conference_id = strdup(json_text(o, "conference_id"));
	if (json_get_string(o, "message_id") && !r->message_id)
		r->message_id = strdup(json_text(o, "message_id"));
}

struct reply *reply_from_row(struct replies *rs, const struct message *row,
			     const struct relay_said *said)
{
	bool live = row_is_streaming(row);
	struct reply *r = NULL;
	struct follow *w;

	if (said && said->n)
		r = from_stream(rs, row, said);
	else if (said && live)
		r = from_nothing(rs, row);
	if (r) {
		apply_ids(r, row->metadata);
		return r;
	}
	r = bare(rs, row, live ? event_base_fresh() : EVENT_BASE_REBUILT);
	if (!r)
		return NULL;
	reply_announce(r);
	if (!live) {
		follow_end(r, row);
		return r;
	}
	reply_apply_metadata(r, row->metadata);
	r->followed = true;
	follow_text(r, row->text ? row->text : "", false);
	w = follow_new(r);
	if (!w || follow_begin(w) < 0) {
		reply_unref(r);
		return NULL;
	}
	return r;
}
