/*
 * reply.c - the life of one answer: from its turn's sink to the event log and the row.
 *
 *	accepted --> running --> ending --> completed
 */
#include "agent/reply_private.h"

#include <string.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "observe/log.h"
#include "observe/metrics.h"

/* DONE tells that the row is final too; when the store does not take it, it comes all the same. */
#define DONE_WAITS_MS 2000
#define TEXT_STOPPED  "This answer was stopped before it began."
#define TEXT_FAILED                                                                                \
	"Sorry, this question could not be answered just now. Please ask again in a moment."

static const char *const state_names[] = { "accepted", "running", "ending", "completed", NULL };
static const uint32_t may[] = {
	1u << REPLY_RUNNING | 1u << REPLY_ENDING | 1u << REPLY_COMPLETED,
	1u << REPLY_ENDING | 1u << REPLY_COMPLETED,
	1u << REPLY_COMPLETED,
	0,
};
static const struct state_table reply_states = { "reply", state_names, may };

const char *outcome_name(enum outcome o)
{
	static const char *const names[] = { "ok", "partial", "stopped", "failed" };

	return names[o];
}

static const char *row_text(struct writer_row *row, size_t *len)
{
	struct reply *r = container_of(row, struct reply, row);

	*len = r->text.len;
	return r->text.data ? r->text.data : "";
}

static void row_written(struct writer_row *row, int status)
{
	struct reply *r = container_of(row, struct reply, row);

	if (status < 0)
		log_write(r->replies->env->log, LOG_WARN, "reply.row_not_written", "s", "reply",
			  r->id, "s", "cause", assistant_strerror(status), NULL);
	reply_set_completed(r);
}

struct reply *reply_create(struct replies *rs, const char *id, unsigned long base)
{
	struct reply *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->refs = 1;
	r->replies = rs;
	r->id = strdup(id);
	r->now_unix_ms = -1;
	r->began_ms = loop_now_ms(rs->env->loop);
	r->references = json_object_new_array();
	r->suggestions = json_object_new_array();
	event_log_init(&r->log, base);
	text_init(&r->text, (size_t)rs->env->limits.answer_max_bytes + 4096);
	state_init(&r->state, &reply_states, REPLY_ACCEPTED);
	return r;
}

struct reply *reply_ref(struct reply *r)
{
	__atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED);
	return r;
}

/* The last reference may go on any thread: by then the loop holds none, so nothing of the loop's is left. */
void reply_unref(struct reply *r)
{
	if (!r || __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	event_log_finish(&r->log);
	text_finish(&r->text);
	json_object_put(r->references);
	json_object_put(r->suggestions);
	json_object_put(r->timings);
	json_object_put(r->debug);
	json_object_put(r->usage);
	json_object_put(r->feedback);
	free(r->live_fields);
	free(r->error);
	free(r->id);
	free(r->conversation_id);
	free(r->message_id);
	free(r->conference_id);
	free(r->request_id);
	free(r->question);
	free(r);
}

const char *reply_id(const struct reply *r)
{
	return r->id;
}

struct event_log *reply_log(struct reply *r)
{
	return &r->log;
}

void reply_announce(struct reply *r)
{
	struct json_object *o = json_object_new_object();

	json_set_string(o, "assistant_message_id", r->id);
	event_log_append(&r->log, ASSISTANT_EVENT_ACCEPTED, o, NULL, 0);
}

/* A copy: json-c does not promise that counting references is thread-safe. */
static struct json_object *share(struct json_object *o)
{
	struct json_object *copy = NULL;

	json_object_deep_copy(o, &copy, NULL);
	return copy;
}

/* --- The turn's sink -------------------------------------------------------- */

static void sink_status(void *ctx, const char *node, const char *words)
{
	struct reply *r = ctx;
	struct json_object *o = json_object_new_object();

	json_set_string(o, "node", node);
	json_set_string(o, "text", words);
	event_log_append(&r->log, ASSISTANT_EVENT_STATUS, o, words, strlen(words));
}

static void append_text(struct reply *r, const char *text, size_t len)
{
	struct json_object *o = json_object_new_object();

	pthread_mutex_lock(&r->log.mutex);
	text_append_n(&r->text, text, len);
	pthread_mutex_unlock(&r->log.mutex);
	json_object_object_add(o, "text", json_object_new_string_len(text, (int)len));
	event_log_append(&r->log, ASSISTANT_EVENT_DELTA, o, text, len);
	if (r->stored && r->row.open)
		writer_touch(r->replies->env->writer, &r->row);
}

static void sink_delta(void *ctx, const char *text, size_t len)
{
	struct reply *r = ctx;
	size_t max = (size_t)r->replies->env->limits.answer_max_bytes;

	if (r->text.len + len > max)
		len = utf8_prefix(text, len, max > r->text.len ? max - r->text.len : 0);
	if (len)
		append_text(r, text, len);
}

static void sink_reference(void *ctx, const char *type, const char *id, const char *name,
			   double score)
{
	struct reply *r = ctx;
	struct json_object *o = json_object_new_object();

	json_set_string(o, "type", type);
	json_set_string(o, "id", id);
	json_set_string(o, "name", name);
	json_set_score(o, "score", (float)score);
	pthread_mutex_lock(&r->log.mutex);
	json_object_array_add(r->references, share(o));
	pthread_mutex_unlock(&r->log.mutex);
	event_log_append(&r->log, ASSISTANT_EVENT_REFERENCE, o, name, strlen(name));
}

static void sink_suggestion(void *ctx, const char *text)
{
	struct reply *r = ctx;
	struct json_object *o = json_object_new_object();

	json_set_string(o, "text", text);
	pthread_mutex_lock(&r->log.mutex);
	json_object_array_add(r->suggestions, json_object_new_string(text));
	pthread_mutex_unlock(&r->log.mutex);
	event_log_append(&r->log, ASSISTANT_EVENT_SUGGESTION, o, text, strlen(text));
}

static void sink_end(void *ctx, enum outcome outcome, const char *error)
{
	struct reply *r = ctx;
	struct env *env = r->replies->env;
	struct turn *t = r->turn;
	struct json_object *usage = NULL;

	if (t->llm.model) {
		usage = json_object_new_object();
		json_set_string(usage, "model", t->llm.model);
		json_set_int(usage, "input_tokens", t->llm.input_tokens);
		json_set_int(usage, "output_tokens", t->llm.output_tokens);
		if (t->llm.reused)
			json_set_bool(usage, "reused", true);
		if (t->llm.cache_read_tokens || t->llm.cache_write_tokens) {
			json_set_int(usage, "cache_read_tokens", t->llm.cache_read_tokens);
			json_set_int(usage, "cache_write_tokens", t->llm.cache_write_tokens);
		}
	}
	pthread_mutex_lock(&r->log.mutex);
	r->timings = turn_timings(t);
	r->debug = turn_debug(t);
	r->usage = usage;
	r->basic = t->basic || t->words_only;
	pthread_mutex_unlock(&r->log.mutex);
	metrics_observe(env->metrics, METRIC_TURN_SECONDS, NULL,
			(double)(loop_now_ms(env->loop) - r->began_ms) / 1000.0);
	r->turn = NULL;
	turn_destroy(t);
	reply_set_ended(r, outcome, error);
}

static const struct turn_sink sink = {
	.status = sink_status,
	.delta = sink_delta,
	.reference = sink_reference,
	.suggestion = sink_suggestion,
	.end = sink_end,
};

int reply_run(struct reply *r, struct fail *f)
{
	struct replies *rs = r->replies;
	const struct turn_request rq = {
		.conference_id = r->conference_id,
		.conversation_id = r->conversation_id,
		.message_id = r->message_id,
		.question = r->question,
		.now_unix_ms = r->now_unix_ms,
		.request_id = r->request_id,
		.sink = &sink,
		.ctx = r,
	};
	int code = turn_begin(rs->env, &rq, &r->turn, f);

	if (code < 0)
		return code;
	state_move(&r->state, REPLY_RUNNING);
	rs->live++;
	r->counted = true;
	metrics_set(rs->env->metrics, METRIC_LIVE_REPLIES, NULL, (double)rs->live);
	log_write(rs->env->log, LOG_INFO, "turn.began", "s", "reply", r->id, "s", "conversation",
		  r->conversation_id, "s", "request_id", r->request_id, NULL);
	return 0;
}

int reply_enter(struct reply *r)
{
	int code = replies_insert(r->replies, r);

	if (code < 0)
		return code;
	r->row = (struct writer_row){
		.id = r->id,
		.live_fields = r->live_fields,
		.text = row_text,
		.written = row_written,
	};
	writer_open(r->replies->env->writer, &r->row);
	relaying_begin(r);
	reply_announce(r);
	return 0;
}

void reply_add_text(struct reply *r, const char *text)
{
	append_text(r, text, strlen(text));
}

int reply_adopt(struct reply *r, struct fail *f)
{
	int code = reply_enter(r);

	if (code < 0)
		return FAIL(f, ASSISTANT_EUNAVAILABLE, "Too many answers are kept just now.");
	code = reply_run(r, f);
	if (code < 0)
		reply_set_ended(r, OUTCOME_FAILED, TEXT_FAILED);
	return code;
}

/* --- The end ---------------------------------------------------------------- */

char *reply_metadata(struct reply *r)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *understood = json_get(r->debug, "understood");

	json_set_string(o, "outcome", outcome_name(r->outcome));
	json_set_string(o, "mode", r->basic ? "basic" : "full");
	json_set(o, "references", share(r->references));
	json_set(o, "suggestions", share(r->suggestions));
	if (r->timings)
		json_set(o, "timings", share(r->timings));
	if (r->usage)
		json_set(o, "usage", share(r->usage));
	if (understood)
		json_set(o, "understood", share(understood));
	if (r->feedback)
		json_set(o, "feedback", share(r->feedback));
	json_set_string(o, "error", r->error);
	json_set_string(o, "message_id", r->message_id);
	json_set_string(o, "conference_id", r->conference_id);
	return json_dump(o);
}

/* The last event; after it the log is closed. */
static void say_done(struct reply *r)
{
	struct json_object *o;

	loop_timer_stop(&r->done_timer);
	if (r->done_said)
		return;
	r->done_said = true;
	o = json_object_new_object();
	if (r->outcome == OUTCOME_FAILED && r->error)
		json_set_string(o, "error", r->error);
	json_set_string(o, "outcome", outcome_name(r->outcome));
	json_set_string(o, "mode", r->basic ? "basic" : "full");
	if (r->usage)
		json_set(o, "usage", share(r->usage));
	if (r->timings)
		json_set(o, "timings", share(r->timings));
	if (r->outcome == OUTCOME_FAILED && r->error)
		event_log_append(&r->log, ASSISTANT_EVENT_ERROR, o, r->error, strlen(r->error));
	else
		event_log_append(&r->log, ASSISTANT_EVENT_DONE, o, NULL, 0);
	event_log_close(&r->log);
}

static void done_waited(struct loop_timer *t)
{
	say_done(container_of(t, struct reply, done_timer));
}

void reply_set_ended(struct reply *r, enum outcome outcome, const char *error)
{
	struct replies *rs = r->replies;
	struct env *env = rs->env;

	if (!r->text.len) {
		const char *words = outcome == OUTCOME_STOPPED ? TEXT_STOPPED
				    : error		       ? error
							       : TEXT_FAILED;

		append_text(r, words, strlen(words));
	}
	pthread_mutex_lock(&r->log.mutex);
	r->outcome = outcome;
	r->error = error ? strdup(error) : NULL;
	pthread_mutex_unlock(&r->log.mutex);
	event_log_raise(&r->log, &r->ended);
	state_move(&r->state, REPLY_ENDING);
	if (r->counted)
		rs->live--;
	r->counted = false;
	metrics_set(env->metrics, METRIC_LIVE_REPLIES, NULL, (double)rs->live);
	metrics_add(env->metrics, METRIC_TURNS, outcome_name(outcome), 1);
	log_write(env->log, LOG_INFO, "turn.ended", "s", "reply", r->id, "s", "outcome",
		  outcome_name(outcome), "s", "error", error, "i", "duration_ms",
		  loop_now_ms(env->loop) - r->began_ms, "s", "request_id", r->request_id, NULL);
	if (r->stored && r->row.open) {
		_cleanup_free_ char *metadata = reply_metadata(r);

		loop_timer_start(env->loop, &r->done_timer, DONE_WAITS_MS, done_waited);
		writer_end(env->writer, &r->row, metadata);
	} else {
		reply_set_completed(r);
	}
}

static void keep_ended(struct loop_timer *t)
{
	struct reply *r = container_of(t, struct reply, keep_timer);

	replies_forget(r->replies, r);
}

void reply_set_completed(struct reply *r)
{
	struct replies *rs = r->replies;

	state_move(&r->state, REPLY_COMPLETED);
	say_done(r);
	event_log_raise(&r->log, &r->completed);
	if (!r->in_table)
		return;
	if (++rs->kept > (size_t)rs->options.max_kept)
		loop_timer_start(rs->env->loop, &r->keep_timer, 0, keep_ended);
	else
		loop_timer_start(rs->env->loop, &r->keep_timer, rs->options.keep_finished_ms,
				 keep_ended);
}

/* --- Any thread ------------------------------------------------------------- */

int reply_wait(struct reply *r, int timeout_ms)
{
	return event_log_wait_for(&r->log, &r->completed, timeout_ms);
}

/* Loop thread: the reference taken by reply_stop is dropped here. */
static void stop_posted(struct loop_post *p)
{
	struct reply *r = container_of(p, struct reply, stop_post);

	if (r->turn)
		turn_stop(r->turn);
	else if (r->followed)
		relaying_ask_stop(r);
	__atomic_store_n(&r->stop_posted, false, __ATOMIC_RELEASE);
	reply_unref(r);
}

int reply_stop(struct reply *r)
{
	const struct relay *relay = r->replies->env->relay;
	bool ended;

	pthread_mutex_lock(&r->log.mutex);
	ended = r->ended;
	pthread_mutex_unlock(&r->log.mutex);
	if (ended)
		return ASSISTANT_ENOTFOUND;
	if (r->followed && !(relay && relay_is_up(relay)))
		return ASSISTANT_EUNAVAILABLE;
	if (!__atomic_exchange_n(&r->stop_posted, true, __ATOMIC_ACQ_REL))
		loop_post(r->replies->env->loop, &reply_ref(r)->stop_post, stop_posted);
	return 0;
}

bool reply_keep_feedback(struct reply *r, struct json_object *value)
{
	if (!r->turn || !r->stored)
		return false;
	json_object_put(r->feedback);
	r->feedback = share(value);
	return true;
}

bool reply_is_ending(const struct reply *r)
{
	return r->stored && r->row.open;
}

char *reply_json(struct reply *r)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	char *line;

	pthread_mutex_lock(&r->log.mutex);
	json_set_string(o, "id", r->id);
	json_set_string(o, "conversation_id", r->conversation_id);
	json_set_string(o, "state", r->completed ? "completed" : r->ended ? "ending" : "running");
	if (r->ended)
		json_set_string(o, "outcome", outcome_name(r->outcome));
	json_set_string(o, "mode", r->basic ? "basic" : "full");
	json_set_string(o, "text", r->text.data ? r->text.data : "");
	json_set(o, "references", share(r->references));
	json_set(o, "suggestions", share(r->suggestions));
	json_set(o, "timings", r->timings ? share(r->timings) : json_object_new_object());
	json_set_string(o, "error", r->error);
	pthread_mutex_unlock(&r->log.mutex);
	line = json_dump(o);
	return line;
}

char *reply_debug(struct reply *r)
{
	char *line;

	pthread_mutex_lock(&r->log.mutex);
	line = r->debug ? json_dump(r->debug) : strdup("{}");
	pthread_mutex_unlock(&r->log.mutex);
	return line;
}
