/*
 * submit.c - how a stored message gets its reply, once.
 *
 *	known? --> rate --> conference --> conversation --> message --> lock --> create row --> begin
 *	  |                                                              |           |
 *	  +---------------- attach <---- another process has it ---------+-----------+
 *
 * The reply's id is UUIDv5(message_id), so a second create collides wherever it comes from.
 */
#include "agent/reply_private.h"

#include <ctype.h>
#include <string.h>
#include "agent/lease.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "cache/cache.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define LOCK_MS	      10000 /* the row is there by then */
#define LOOK_AGAIN_MS 50

struct submit {
	struct flow flow;
	struct list link;
	struct replies *rs;
	struct arena *arena;
	char id[UUID_SIZE]; /* the reply's */
	const char *conversation_id, *message_id, *conference_id, *client_address, *request_id;
	int64_t now_unix_ms;
	struct cache_window window;
	struct catalog *catalog;
	struct conversation conversation;
	struct message question, row;
	const char *live_fields;
	char *row_metadata;
	bool claimed, locked;
	const char *lock;
	struct relay_said said; /* by another process */
	bool can_hear;
	/* the caller's wait */
	struct wait wait;
	struct reply *reply, **out;
	bool is_attached, *attached;
	const char *denied; /* the 404's sentence while we look whether it is a 409 */
};

static flow_step submit_start, submit_rate_address, submit_rate_conversation, submit_conference,
	submit_conversation, submit_message, submit_check, submit_refuse, submit_lock,
	submit_create, submit_elsewhere, submit_created, submit_whose, submit_said, submit_attach;

static void submit_deliver(struct wait *w)
{
	struct submit *s = container_of(w, struct submit, wait);

	*s->out = TAKE_PTR(s->reply);
	if (s->attached)
		*s->attached = s->is_attached;
}

static void submit_release(struct wait *w)
{
	struct submit *s = container_of(w, struct submit, wait);

	catalog_unref(s->catalog);
	reply_unref(s->reply);
	free(s->row_metadata);
	arena_destroy(s->arena);
}

static void submit_ended(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);

	list_remove(&s->link);
	if (s->claimed)
		map_remove(s->rs->starting, s->id);
	wait_finish(&s->wait, f->status, &f->fail);
}

void replies_submit(struct replies *rs, const struct reply_submit *rq, struct reply **out,
		    bool *attached, struct flow *f)
{
	struct arena *arena = arena_create(1 << 24);
	struct submit *s = arena ? arena_new(arena, struct submit) : NULL;

	if (!s)
		IMPOSSIBLE("out of memory for a submit");
	s->arena = arena;
	s->rs = rs;
	s->out = out;
	s->attached = attached;
	s->conversation_id = arena_strdup(arena, rq->conversation_id);
	s->message_id = arena_strdup(arena, rq->message_id);
	s->conference_id = arena_strdup(arena, rq->conference_id);
	s->client_address = arena_strdup(arena, rq->client_address);
	s->request_id = arena_strdup(arena, rq->request_id);
	s->now_unix_ms = rq->now_unix_ms;
	uuid_v5(UUID_NS_ERLEAH, s->message_id, s->id);
	wait_begin(&s->wait, f);
	s->wait.deliver = submit_deliver;
	s->wait.release = submit_release;
	/* No parent: who asked may leave; what was begun goes on, so that no row is left without a turn. */
	list_append(&rs->submits, &s->link);
	flow_begin(&s->flow, rs->env->loop, NULL, "submit", FIRST(submit_start), submit_ended);
	flow_set_deadline(&s->flow, 30000);
}

static void fail_with(struct flow *f, int code, const char *sentence)
{
	FAIL(&f->fail, code, "%s", sentence);
	flow_fail(f, code);
}

static void fail_for_a_while(struct flow *f, int code, int64_t retry_after_ms, const char *sentence)
{
	FAIL(&f->fail, code, "%s", sentence);
	f->fail.retry_after_ms = (int)retry_after_ms;
	flow_fail(f, code);
}

static void attach(struct flow *f, struct reply *r)
{
	struct submit *s = container_of(f, struct submit, flow);

	if ((r->conversation_id && strcmp(r->conversation_id, s->conversation_id) != 0) ||
	    (r->conference_id && strcmp(r->conference_id, s->conference_id) != 0)) {
		fail_with(f, ASSISTANT_ECONFLICT,
			  "This message_id was used before with another conversation or "
			  "conference.");
		return;
	}
	metrics_add(s->rs->env->metrics, METRIC_REPLIES_ATTACHED, NULL, 1);
	s->is_attached = true;
	s->reply = reply_ref(r);
	flow_done(f);
}

/* Known here, or being submitted by someone else at this moment? */
static void submit_start(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct replies *rs = s->rs;
	struct reply *known = map_get(rs->table, s->id);

	if (known) {
		attach(f, known);
		return;
	}
	if (map_get(rs->starting, s->id)) {
		flow_sleep(THEN(f, submit_start), 5);
		return;
	}
	if (rs->draining) {
		fail_for_a_while(f, ASSISTANT_EUNAVAILABLE, 5000,
				 "This server is shutting down; please ask again in a moment.");
		return;
	}
	if (map_put(rs->starting, s->id, s, NULL) < 0 ||
	    rs->live + map_count(rs->starting) > (size_t)rs->env->limits.max_turns) {
		map_remove(rs->starting, s->id);
		metrics_add(rs->env->metrics, METRIC_LIMITED, "turns", 1);
		fail_for_a_while(
			f, ASSISTANT_EUNAVAILABLE, 5000,
			"Too many questions are being answered just now; please ask again in "
			"a moment.");
		return;
	}
	s->claimed = true;
	submit_rate_address(f);
}

static void submit_rate_address(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct replies *rs = s->rs;

	s->window.allowed = true;
	if (!s->client_address || rs->options.rate_address_per_hour <= 0 ||
	    replies_exempt(rs, s->client_address)) {
		submit_rate_conversation(f);
		return;
	}
	rs->env->cache->ops->count(rs->env->cache,
				   arena_printf(s->arena, "rate:address:%s", s->client_address),
				   3600000, rs->options.rate_address_per_hour, &s->window,
				   THEN_ANYWAY(f, submit_rate_conversation));
}

/* Refuses when the window said no; a cache that failed lets everyone in. */
static bool limited(struct flow *f, const char *limit, const char *sentence)
{
	struct submit *s = container_of(f, struct submit, flow);

	if (s->window.allowed)
		return false;
	metrics_add(s->rs->env->metrics, METRIC_LIMITED, limit, 1);
	fail_for_a_while(f, ASSISTANT_ELIMIT, s->window.retry_after_ms, sentence);
	return true;
}

static void submit_rate_conversation(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct replies *rs = s->rs;

	if (f->status >= 0 && limited(f, "address",
				      "Too many questions from this address; "
				      "please wait before asking again."))
		return;
	s->window.allowed = true;
	if (rs->options.rate_conversation_per_minute <= 0) {
		submit_conference(f);
		return;
	}
	rs->env->cache->ops->count(
		rs->env->cache, arena_printf(s->arena, "rate:conversation:%s", s->conversation_id),
		60000, rs->options.rate_conversation_per_minute, &s->window,
		THEN_ANYWAY(f, submit_conference));
}

static void submit_conference(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);

	if (f->status >= 0 && limited(f, "conversation",
				      "Too many questions in this conversation; please wait "
				      "a little."))
		return;
	catalogs_get(s->rs->env->catalogs, s->conference_id, &s->catalog,
		     THEN_ANYWAY(f, submit_conversation));
}

/* ENOTFOUND gets the contract's words.  Other codes are about our request to the store, not about the visitor's to
 * us: the visitor hears of weather as such, and of anything else as our failure. */
static bool passed(struct flow *f, const char *not_found)
{
	int status = f->status;

	if (status >= 0)
		return true;
	if (status == ASSISTANT_ENOTFOUND)
		FAIL(&f->fail, ASSISTANT_ENOTFOUND, "%s", not_found);
	else if (status != ASSISTANT_EUNAVAILABLE && status != ASSISTANT_ETIMEOUT &&
		 status != ASSISTANT_ELIMIT && status != ASSISTANT_ENOMEM)
		status = f->fail.code = ASSISTANT_EPROTOCOL;
	flow_fail(f, status);
	return false;
}

static void submit_conversation(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct store *store = s->rs->env->store;

	if (passed(f, "Conference not found"))
		store->ops->conversation(store, s->conversation_id, s->arena, &s->conversation,
					 THEN_ANYWAY(f, submit_message));
}

static void submit_message(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct store *store = s->rs->env->store;

	if (!passed(f, "Conversation not found"))
		return;
	if (s->conversation.conference_id &&
	    strcmp(s->conversation.conference_id, s->conference_id) != 0) {
		s->denied = "Conversation not found";
		store->ops->message(store, s->id, s->arena, &s->row, THEN_ANYWAY(f, submit_refuse));
		return;
	}
	store->ops->message(store, s->message_id, s->arena, &s->question,
			    THEN_ANYWAY(f, submit_check));
}

/* A 404, unless that message was answered before: then the ids disagree with the first use. */
static void submit_refuse(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);

	if (f->status >= 0)
		fail_with(f, ASSISTANT_ECONFLICT,
			  "This message_id was used before with another conversation or "
			  "conference.");
	else
		fail_with(f, ASSISTANT_ENOTFOUND, s->denied);
}

static bool is_blank(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return !*text;
}

static void submit_check(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	const struct message *q = &s->question;
	size_t max = (size_t)s->rs->env->limits.question_max;

	if (!passed(f, "Message not found"))
		return;
	if (!q->conversation_id || strcmp(q->conversation_id, s->conversation_id) != 0) {
		s->denied = "Message not found";
		s->rs->env->store->ops->message(s->rs->env->store, s->id, s->arena, &s->row,
						THEN_ANYWAY(f, submit_refuse));
		return;
	}
	if (q->role && strcmp(q->role, "user") != 0) {
		fail_with(f, ASSISTANT_EUNPROCESSABLE,
			  "This message was not written by a visitor; only those are answered.");
		return;
	}
	if (!q->text || is_blank(q->text)) {
		fail_with(f, ASSISTANT_EUNPROCESSABLE, "The message is empty.");
		return;
	}
	if (utf8_count(q->text) > max) {
		FAIL(&f->fail, ASSISTANT_EUNPROCESSABLE,
		     "The message has %zu characters; at most %zu are accepted.",
		     utf8_count(q->text), max);
		flow_fail(f, ASSISTANT_EUNPROCESSABLE);
		return;
	}
	submit_lock(f);
}

/* One process at a time makes the row, whatever the store thinks of ids. */
static void submit_lock(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct cache *cache = s->rs->env->cache;

	s->lock = arena_printf(s->arena, "run:%s", s->id);
	cache->ops->lock(cache, s->lock, s->rs->options.owner, LOCK_MS, &s->locked,
			 THEN_ANYWAY(f, submit_create));
}

/* Another process has it: its row is there, or will be in a moment. */
static void submit_elsewhere(struct flow *f)
{
	if (f->status >= 0)
		submit_said(f);
	else if (f->status == ASSISTANT_ENOTFOUND)
		flow_sleep(THEN(f, submit_lock), LOOK_AGAIN_MS);
	else
		passed(f, "Conversation not found");
}

static void submit_create(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct env *env = s->rs->env;
	_cleanup_json_ struct json_object *fields = json_object_new_object();
	_cleanup_free_ char *line = NULL;

	if (f->status >= 0 && !s->locked) {
		env->store->ops->message(env->store, s->id, s->arena, &s->row,
					 THEN_ANYWAY(f, submit_elsewhere));
		return;
	}
	json_set_string(fields, "message_id", s->message_id);
	json_set_string(fields, "conference_id", s->conference_id);
	line = json_dump(fields);
	s->live_fields = arena_strdup(s->arena, line);
	s->row_metadata = writer_live_metadata(env->writer, s->live_fields);
	s->row = (struct message){
		.id = s->id,
		.conversation_id = s->conversation_id,
		.role = "assistant",
		.text = "",
		.status = "streaming",
		.user_created = "public-user",
		.metadata = s->row_metadata,
		.date_created_ms = clock_now_ms(s->rs->wall),
	};
	env->store->ops->message_create(env->store, &s->row, THEN_ANYWAY(f, submit_created));
}

/* Its row is there, and nobody writes it but us. */
static void submit_begin(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct reply *r = reply_create(s->rs, s->id, EVENT_BASE_ORIGINAL);
	int code;

	if (!r) {
		fail_with(f, ASSISTANT_ENOMEM, "Out of memory.");
		return;
	}
	r->stored = true;
	r->conversation_id = strdup(s->conversation_id);
	r->conference_id = strdup(s->conference_id);
	r->message_id = strdup(s->message_id);
	r->request_id = s->request_id ? strdup(s->request_id) : NULL;
	r->question = strdup(s->question.text);
	r->live_fields = strdup(s->live_fields);
	r->now_unix_ms = s->now_unix_ms;
	code = reply_adopt(r, &f->fail);
	if (code < 0) {
		reply_unref(r);
		flow_fail(f, code);
		return;
	}
	s->reply = r;
	flow_done(f);
}

static void submit_created(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct store *store = s->rs->env->store;

	if (f->status == ASSISTANT_ECONFLICT)
		store->ops->message(store, s->id, s->arena, &s->row, THEN_ANYWAY(f, submit_whose));
	else if (passed(f, "Conversation not found"))
		submit_begin(f);
}

/* The row was there before: made by somebody else, or by us when the store's answer was lost on its way. */
static void submit_whose(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct replies *rs = s->rs;

	if (!passed(f, "Message not found"))
		return;
	if (row_is_streaming(&s->row) && lease_is_ours(&s->row, rs->options.owner) &&
	    !map_get(rs->table, s->id) && !writer_holds(rs->env->writer, s->id))
		submit_begin(f);
	else
		submit_said(f);
}

/* Another process, or an earlier life of this one, has the row: what was said so far? */
static void submit_said(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct relay *relay = s->rs->env->relay;

	s->can_hear = relay && relay_is_up(relay);
	if (s->can_hear)
		relay_read(relay, s->id, RELAY_BEGINNING, s->arena, &s->said,
			   THEN_ANYWAY(f, submit_attach));
	else
		submit_attach(f);
}

static void submit_attach(struct flow *f)
{
	struct submit *s = container_of(f, struct submit, flow);
	struct reply *known = map_get(s->rs->table, s->id);
	struct reply *r = known ? reply_ref(known)
				: reply_from_row(s->rs, &s->row,
						 s->can_hear && f->status >= 0 ? &s->said : NULL);

	if (!r) {
		fail_with(f, ASSISTANT_ENOMEM, "Out of memory.");
		return;
	}
	attach(f, r);
	reply_unref(r);
}

/* --- Finding ---------------------------------------------------------------- */

struct find {
	struct flow flow;
	struct list link;
	struct replies *rs;
	struct arena *arena;
	const char *id;
	struct message row;
	struct relay_said said;
	bool can_hear;
	struct wait wait;
	struct reply *reply, **out;
};

static flow_step find_start, find_row, find_said;

static void find_deliver(struct wait *w)
{
	struct find *s = container_of(w, struct find, wait);

	*s->out = TAKE_PTR(s->reply);
}

static void find_release(struct wait *w)
{
	struct find *s = container_of(w, struct find, wait);

	reply_unref(s->reply);
	arena_destroy(s->arena);
}

static void find_ended(struct flow *f)
{
	struct find *s = container_of(f, struct find, flow);

	list_remove(&s->link);
	wait_finish(&s->wait, f->status, &f->fail);
}

void replies_find(struct replies *rs, const char *assistant_message_id, struct reply **out,
		  struct flow *f)
{
	struct arena *arena = arena_create(1 << 24);
	struct find *s = arena ? arena_new(arena, struct find) : NULL;

	if (!s)
		IMPOSSIBLE("out of memory for a look-up");
	s->arena = arena;
	s->rs = rs;
	s->id = arena_strdup(arena, assistant_message_id);
	s->out = out;
	wait_begin(&s->wait, f);
	s->wait.deliver = find_deliver;
	s->wait.release = find_release;
	list_append(&rs->finds, &s->link);
	flow_begin(&s->flow, rs->env->loop, NULL, "find", FIRST(find_start), find_ended);
	flow_set_deadline(&s->flow, 10000);
}

static void find_start(struct flow *f)
{
	struct find *s = container_of(f, struct find, flow);
	struct reply *known = map_get(s->rs->table, s->id);

	if (known) {
		s->reply = reply_ref(known);
		flow_done(f);
		return;
	}
	s->rs->env->store->ops->message(s->rs->env->store, s->id, s->arena, &s->row,
					THEN_ANYWAY(f, find_row));
}

static void find_row(struct flow *f)
{
	struct find *s = container_of(f, struct find, flow);
	struct relay *relay = s->rs->env->relay;

	if (!passed(f, "Answer not found"))
		return;
	if (!s->row.role || strcmp(s->row.role, "assistant") != 0) {
		fail_with(f, ASSISTANT_ENOTFOUND, "Answer not found");
		return;
	}
	s->can_hear = relay && relay_is_up(relay);
	if (s->can_hear)
		relay_read(relay, s->id, RELAY_BEGINNING, s->arena, &s->said,
			   THEN_ANYWAY(f, find_said));
	else
		find_said(f);
}

static void find_said(struct flow *f)
{
	struct find *s = container_of(f, struct find, flow);
	struct reply *known =
		map_get(s->rs->table, s->id); /* somebody else looked at the same time */

	s->reply = known ? reply_ref(known)
			 : reply_from_row(s->rs, &s->row,
					  s->can_hear && f->status >= 0 ? &s->said : NULL);
	if (!s->reply)
		fail_with(f, ASSISTANT_ENOMEM, "Out of memory.");
	else
		flow_done(f);
}

void submits_cancel(struct replies *rs)
{
	while (!list_empty(&rs->submits))
		flow_cancel(&list_entry(rs->submits.next, struct submit, link)->flow);
	while (!list_empty(&rs->finds))
		flow_cancel(&list_entry(rs->finds.next, struct find, link)->flow);
}
