/*
 * settle.c - rows that this process did not begin: finished ones, those of another process, and
 * those whose process died.
 *
 *	sweep: streaming rows --> lease over --> claim --> still ours after a moment --> rerun | finish
 *
 * The claim is a lease of our own; of two processes that claim at once the later write wins and the
 * other sees it when it looks again.
 */
#include "agent/reply_private.h"

#include <string.h>
#include "agent/lease.h"
#include "base/check.h"
#include "base/clock.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define CLAIM_SETTLES_MS 500
#define FOLLOW_EVERY_MS	 500
#define SWEEP_MAX	 100
#define MAX_RERUNS	 2
#define CUT_SHORT	 "\n\n(This answer was cut short. Please ask again.)"
#define INTERRUPTED	 "Sorry, this answer was interrupted before it began. Please ask again."

static int64_t silence_ms(const struct replies *rs)
{
	return rs->env->limits.turn_ms + 4 * (int64_t)rs->options.lease_ms;
}

static bool is_streaming(const struct message *row)
{
	return row->status && !strcmp(row->status, "streaming");
}

static enum outcome outcome_from(const char *name)
{
	for (int o = OUTCOME_OK; o <= OUTCOME_FAILED; o++)
		if (!strcmp(outcome_name((enum outcome)o), name))
			return (enum outcome)o;
	return OUTCOME_OK;
}

static void take_array(struct json_object *from, const char *key, struct json_object **to)
{
	struct json_object *a = json_get_array(from, key), *copy = NULL;

	if (!a || json_object_deep_copy(a, &copy, NULL) < 0)
		return;
	json_object_put(*to);
	*to = copy;
}

void reply_apply_metadata(struct reply *r, const char *metadata)
{
	_cleanup_json_ struct json_object *o = NULL;

	if (!metadata || json_parse(metadata, strlen(metadata), &o, NULL) < 0)
		return;
	pthread_mutex_lock(&r->log.mutex);
	r->outcome = outcome_from(json_text(o, "outcome"));
	r->basic = !strcmp(json_text(o, "mode"), "basic");
	take_array(o, "references", &r->references);
	take_array(o, "suggestions", &r->suggestions);
	if (json_get_object(o, "timings") && !r->timings)
		json_object_deep_copy(json_get_object(o, "timings"), &r->timings, NULL);
	if (json_get_string(o, "conference_id") && !r->conference_id)
		r->conference_id = strdup(json_text(o, "conference_id"));
	if (json_get_string(o, "message_id") && !r->message_id)
		r->message_id = strdup(json_text(o, "message_id"));
	pthread_mutex_unlock(&r->log.mutex);
}

/* Answered anew by whoever settled the row: a second ACCEPTED says that what was read is void. */
static void follow_restart(struct reply *r)
{
	pthread_mutex_lock(&r->log.mutex);
	text_clear(&r->text);
	pthread_mutex_unlock(&r->log.mutex);
	reply_announce(r);
}

/* The row's text grew: what is new is one piece. */
static void follow_text(struct reply *r, const char *text, bool final)
{
	size_t len = strlen(text), common = len < r->text.len ? len : r->text.len;
	struct json_object *o;
	const char *fresh;

	if ((common && memcmp(text, r->text.data, common) != 0) || (final && len < r->text.len))
		follow_restart(r);
	if (len <= r->text.len)
		return;
	fresh = text + r->text.len;
	o = json_object_new_object();
	json_set_string(o, "text", fresh);
	event_log_append(&r->log, ASSISTANT_EVENT_DELTA, o, fresh, strlen(fresh));
	pthread_mutex_lock(&r->log.mutex);
	text_append(&r->text, fresh);
	pthread_mutex_unlock(&r->log.mutex);
}

/* Its row is completed: the rest of the log follows from it. */
static void follow_end(struct reply *r, const struct message *row)
{
	size_t n;

	reply_apply_metadata(r, row->metadata);
	follow_text(r, row->text ? row->text : "", true);
	n = json_object_array_length(r->references);
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(r->references, i), *copy = NULL;
		const char *name = json_text(o, "name");

		if (json_object_deep_copy(o, &copy, NULL) == 0)
			event_log_append(&r->log, ASSISTANT_EVENT_REFERENCE, copy, name,
					 strlen(name));
	}
	event_log_raise(&r->log, &r->ended);
	reply_set_completed(r);
}

/* --- Rows of another process: looked at until they are completed ------------ */

struct follow {
	struct flow flow;
	struct list link;
	struct arena *arena;
	struct reply *reply;
	struct message row;
	int64_t since_ms;
};

static flow_step follow_read, follow_look;

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
	reply_unref(r);
	arena_destroy(w->arena);
	free(w);
}

static void follow_read(struct flow *f)
{
	struct follow *w = container_of(f, struct follow, flow);
	struct store *s = w->reply->replies->env->store;

	arena_destroy(w->arena);
	w->arena = arena_create(1 << 22);
	if (!w->arena) {
		flow_fail(f, ASSISTANT_ENOMEM);
		return;
	}
	s->ops->message(s, w->reply->id, w->arena, &w->row, THEN_ANYWAY(f, follow_look));
}

static void follow_look(struct flow *f)
{
	struct follow *w = container_of(f, struct follow, flow);
	struct reply *r = w->reply;
	struct replies *rs = r->replies;
	int64_t waited = loop_now_ms(rs->env->loop) - w->since_ms;

	if (f->status == ASSISTANT_ENOTFOUND || waited > silence_ms(rs)) {
		flow_done(f);
		return;
	}
	if (f->status >= 0 && !is_streaming(&w->row)) {
		follow_end(r, &w->row);
		flow_done(f);
		return;
	}
	if (f->status >= 0)
		follow_text(r, w->row.text ? w->row.text : "", false);
	flow_sleep(THEN(f, follow_read), FOLLOW_EVERY_MS);
}

static int follow_begin(struct reply *r)
{
	struct follow *w = calloc(1, sizeof(*w));

	if (!w)
		return ASSISTANT_ENOMEM;
	w->reply = reply_ref(r);
	w->since_ms = loop_now_ms(r->replies->env->loop);
	list_append(&r->replies->follows, &w->link);
	flow_begin(&w->flow, r->replies->env->loop, NULL, "follow", FIRST(follow_read),
		   follow_ended);
	return 0;
}

void follow_stop_first(struct replies *rs)
{
	flow_cancel(&list_entry(rs->follows.next, struct follow, link)->flow);
}

struct reply *reply_from_row(struct replies *rs, const struct message *row)
{
	bool live = is_streaming(row);
	struct reply *r = reply_create(rs, row->id, live ? event_base_fresh() : EVENT_BASE_REBUILT);

	if (!r)
		return NULL;
	r->conversation_id = row->conversation_id ? strdup(row->conversation_id) : NULL;
	reply_apply_metadata(r, row->metadata);
	reply_announce(r);
	if (!live) {
		follow_end(r, row);
		return r;
	}
	r->followed = true;
	follow_text(r, row->text ? row->text : "", false);
	if (replies_insert(rs, r) < 0 || follow_begin(r) < 0) {
		replies_forget(rs, r);
		reply_unref(r);
		return NULL;
	}
	return r;
}

/* --- Rows whose process died ------------------------------------------------ */

struct sweep {
	struct flow flow;
	struct replies *rs;
	struct arena *arena;
	struct messages rows;
	struct message again, question;
	struct message_patch *patches;
	size_t at;
	bool again_soon;
};

static flow_step sweep_list, sweep_claim, sweep_claimed, sweep_next, sweep_look, sweep_settle;
static void sweep_later(struct replies *rs, int64_t ms);

static void sweep_ended(struct flow *f)
{
	struct sweep *w = container_of(f, struct sweep, flow);
	struct replies *rs = w->rs;
	bool soon = w->again_soon;

	if (f->status < 0 && f->status != ASSISTANT_ECANCELED)
		log_fail(rs->env->log, LOG_WARN, "sweep.failed", &f->fail);
	rs->sweep = NULL;
	arena_destroy(w->arena);
	free(w);
	if (!rs->draining)
		sweep_later(rs, soon ? 100 : rs->options.lease_ms / 3);
}

static void sweep_fired(struct loop_timer *t)
{
	struct replies *rs = container_of(t, struct replies, sweep_timer);
	struct sweep *w = calloc(1, sizeof(*w));

	if (!w || rs->sweep) {
		free(w);
		return;
	}
	w->rs = rs;
	w->arena = arena_create(1 << 25);
	rs->sweep = w;
	flow_begin(&w->flow, rs->env->loop, NULL, "sweep", FIRST(sweep_list), sweep_ended);
	flow_set_deadline(&w->flow, 60000);
}

static void sweep_later(struct replies *rs, int64_t ms)
{
	loop_timer_start(rs->env->loop, &rs->sweep_timer, ms, sweep_fired);
}

void sweep_start(struct replies *rs)
{
	sweep_later(rs, 0);
}

void sweep_stop(struct replies *rs)
{
	loop_timer_stop(&rs->sweep_timer);
	if (rs->sweep)
		flow_cancel(&rs->sweep->flow);
	loop_timer_stop(&rs->sweep_timer);
}

static void sweep_list(struct flow *f)
{
	struct sweep *w = container_of(f, struct sweep, flow);
	struct store *s = w->rs->env->store;

	if (!w->arena) {
		flow_fail(f, ASSISTANT_ENOMEM);
		return;
	}
	s->ops->messages_streaming(s, SWEEP_MAX, w->arena, &w->rows, THEN(f, sweep_claim));
}

/* Ours to settle: nobody's, not one we are writing ourselves, and not one whose final text waits in the spool. */
static bool is_left_over(struct replies *rs, const struct message *row)
{
	struct reply *known = map_get(rs->table, row->id);

	if ((known && known->stored) || map_get(rs->starting, row->id) ||
	    writer_holds(rs->env->writer, row->id))
		return false;
	return lease_expired(row, rs->options.owner, clock_now_ms(rs->wall), silence_ms(rs));
}

/* The row's metadata with our lease and one more claim: a question that takes its server down is not
 * answered anew for ever. */
static char *claimed_metadata(struct replies *rs, const char *metadata)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_free_ char *line = NULL;

	if (!metadata || json_parse(metadata, strlen(metadata), &o, NULL) < 0)
		o = json_object_new_object();
	json_set_int(o, "claims", json_get_int(o, "claims", 0) + 1);
	line = json_dump(o);
	return writer_live_metadata(rs->env->writer, line);
}

static void sweep_claim(struct flow *f)
{
	struct sweep *w = container_of(f, struct sweep, flow);
	struct replies *rs = w->rs;
	size_t n = 0;

	w->patches = arena_array(w->arena, struct message_patch, w->rows.n + 1);
	for (size_t i = 0; i < w->rows.n; i++) {
		struct message *row = &w->rows.rows[i];
		_cleanup_free_ char *live = NULL;

		if (!is_left_over(rs, row))
			continue;
		live = claimed_metadata(rs, row->metadata);
		w->patches[n].id = row->id;
		w->patches[n].metadata = arena_strdup(w->arena, live);
		w->rows.rows[n++] = *row;
	}
	w->again_soon = w->rows.n == SWEEP_MAX && n > 0;
	w->rows.n = n;
	if (!n) {
		flow_done(f);
		return;
	}
	rs->env->store->ops->messages_write(rs->env->store, w->patches, n, NULL,
					    THEN(f, sweep_claimed));
}

static void sweep_claimed(struct flow *f)
{
	flow_sleep(THEN(f, sweep_next), CLAIM_SETTLES_MS);
}

static void sweep_next(struct flow *f)
{
	struct sweep *w = container_of(f, struct sweep, flow);
	struct store *s = w->rs->env->store;

	if (w->at == w->rows.n) {
		flow_done(f);
		return;
	}
	s->ops->message(s, w->rows.rows[w->at++].id, w->arena, &w->again,
			THEN_ANYWAY(f, sweep_look));
}

static void sweep_look(struct flow *f)
{
	struct sweep *w = container_of(f, struct sweep, flow);
	struct replies *rs = w->rs;
	_cleanup_json_ struct json_object *o = NULL;
	const char *message_id;

	if (f->status < 0 || !is_streaming(&w->again) ||
	    !lease_is_ours(&w->again, rs->options.owner)) {
		sweep_next(f);
		return;
	}
	if (w->again.metadata)
		json_parse(w->again.metadata, strlen(w->again.metadata), &o, NULL);
	message_id = json_get_string(o, "message_id");
	w->question = (struct message){ 0 };
	if (message_id && json_get_string(o, "conference_id") &&
	    json_get_int(o, "claims", 1) <= MAX_RERUNS &&
	    clock_now_ms(rs->wall) - w->again.date_created_ms < rs->options.rerun_young_ms)
		rs->env->store->ops->message(rs->env->store, message_id, w->arena, &w->question,
					     THEN_ANYWAY(f, sweep_settle));
	else
		sweep_settle(f);
}

static struct reply *take_over(struct replies *rs, const struct message *row)
{
	struct reply *known = map_get(rs->table, row->id);
	struct reply *r;

	if (known) /* readers of the dead process's row end here and come back to the new one */
		replies_forget(rs, known);
	r = reply_create(rs, row->id, event_base_fresh());
	if (!r)
		return NULL;
	r->stored = true;
	r->conversation_id = row->conversation_id ? strdup(row->conversation_id) : NULL;
	reply_apply_metadata(r, row->metadata);
	r->live_fields = row->metadata ? strdup(row->metadata) : NULL;
	return r;
}

/* Young and its question is known: answered anew.  Else finished with what there is. */
static void sweep_settle(struct flow *f)
{
	struct sweep *w = container_of(f, struct sweep, flow);
	struct replies *rs = w->rs;
	bool rerun = f->status >= 0 && w->question.text;
	struct reply *r = take_over(rs, &w->again);

	if (r && rerun) {
		r->question = strdup(w->question.text);
		reply_adopt(r, NULL);
	} else if (r) {
		bool has_text = w->again.text && *w->again.text;

		if (reply_enter(r) == 0) {
			if (has_text)
				reply_add_text(r, w->again.text);
			reply_add_text(r, has_text ? CUT_SHORT : INTERRUPTED);
			reply_set_ended(r, has_text ? OUTCOME_PARTIAL : OUTCOME_FAILED, NULL);
		}
	}
	metrics_add(rs->env->metrics, METRIC_REPLIES_SETTLED, rerun ? "rerun" : "finished", 1);
	log_write(rs->env->log, LOG_WARN, "reply.settled", "s", "reply", w->again.id, "s", "way",
		  rerun ? "rerun" : "finished", NULL);
	reply_unref(r);
	sweep_next(f);
}
