/*
 * settle.c - rows whose process died.
 *
 *	sweep: streaming rows --> lease over --> claim --> still ours after a moment --> rerun | finish
 *
 * The claim is a lease of our own; of two processes that claim at once the later write wins and the
 * other sees it when it looks again.  Where processes share a cache, its lock decides besides.
 */
#include "agent/reply_private.h"

#include <string.h>
#include "agent/lease.h"
#include "base/check.h"
#include "base/clock.h"
#include "cache/cache.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define CLAIM_SETTLES_MS 500
#define SWEEP_MAX	 100
#define RENEWED_MS	 10000 /* a store is back: its writers have come back to it */
#define MAX_RERUNS	 2
#define CUT_SHORT	 "\n\n(This answer was cut short. Please ask again.)"
#define INTERRUPTED	 "Sorry, this answer was interrupted before it began. Please ask again."

int64_t replies_silence_ms(const struct replies *rs)
{
	return rs->env->limits.turn_ms + 4 * (int64_t)rs->options.lease_ms;
}

bool row_is_streaming(const struct message *row)
{
	return row->status && !strcmp(row->status, "streaming");
}

enum outcome outcome_from_name(const char *name)
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
	r->outcome = outcome_from_name(json_text(o, "outcome"));
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

/* --- Rows whose process died ------------------------------------------------ */

struct sweep {
	struct flow flow;
	struct replies *rs;
	struct arena *arena;
	int64_t began_ms;
	struct messages rows;
	struct message again, question;
	struct message_patch *patches;
	size_t at;
	bool again_soon, locked;
};

static flow_step sweep_list, sweep_claim, sweep_claimed, sweep_next, sweep_look, sweep_locked,
	sweep_settle;
static void sweep_later(struct replies *rs, int64_t ms);

static void sweep_ended(struct flow *f)
{
	struct sweep *w = container_of(f, struct sweep, flow);
	struct replies *rs = w->rs;
	bool soon = w->again_soon;

	if (f->status < 0 && f->status != ASSISTANT_ECANCELED) {
		log_fail(rs->env->log, LOG_WARN, "sweep.failed", &f->fail);
		rs->away_ms = loop_now_ms(rs->env->loop);
	}
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
	w->began_ms = loop_now_ms(rs->env->loop);
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

/* While the store was away nobody could renew a lease: those that ran out meanwhile hold for a while, once it is back. */
static bool were_renewed(const struct replies *rs)
{
	return !rs->away_ms ||
	       loop_now_ms(rs->env->loop) - rs->away_ms > rs->options.lease_ms + RENEWED_MS;
}

/* Written here, or about to be. */
static bool is_here(const struct replies *rs, const char *id)
{
	struct reply *known = map_get(rs->table, id);

	return (known && known->stored) || map_get(rs->starting, id) ||
	       writer_holds(rs->env->writer, id);
}

/* Ours to settle: nobody's, not one we are writing ourselves, and not one whose final text waits in the spool. */
static bool is_left_over(struct replies *rs, const struct message *row)
{
	return !is_here(rs, row->id) &&
	       lease_expired(row, rs->options.owner, were_renewed(rs) ? clock_now_ms(rs->wall) : 0,
			     replies_silence_ms(rs));
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

	if (loop_now_ms(f->loop) - w->began_ms > rs->options.lease_ms / 3)
		rs->away_ms = loop_now_ms(f->loop); /* as good as away */
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

	/* where no claim can be written, who sees the row first settles it */
	if (f->status < 0 || !row_is_streaming(&w->again) || is_here(rs, w->again.id) ||
	    (!rs->env->store->no_metadata && !lease_is_ours(&w->again, rs->options.owner)))
		sweep_next(f);
	else
		rs->env->cache->ops->lock(rs->env->cache,
					  arena_printf(w->arena, "settle:%s", w->again.id),
					  rs->options.owner, rs->options.lease_ms, &w->locked,
					  THEN_ANYWAY(f, sweep_locked));
}

static void sweep_locked(struct flow *f)
{
	struct sweep *w = container_of(f, struct sweep, flow);
	struct replies *rs = w->rs;
	_cleanup_json_ struct json_object *o = NULL;
	const char *message_id;

	if (f->status >= 0 && !w->locked) {
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
