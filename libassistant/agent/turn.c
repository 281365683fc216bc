/*
 * turn.c - takes a question through the graph, node by node, and always ends with text a visitor
 * can read.
 *
 *	first --> run node --(joined)--> next --+--> (end) --> say what is left to say --> sink->end
 *	             ^                          |
 *	             +--------------------------+
 */
#include "agent/turn.h"

#include <string.h>
#include "agent/history.h"
#include "agent/nodes.h"
#include "agent/references.h"
#include "agent/understand.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "llm/quote.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "search/language.h"

#define ARENA_BYTES (16 * 1024 * 1024)
#define NAME_CHARS  200

static flow_step turn_next;

enum language turn_language(const struct turn *t)
{
	return t->language;
}

void turn_note(struct turn *t, const char *what)
{
	for (size_t i = 0; i < t->n_degraded; i++)
		if (strcmp(t->degraded[i], what) == 0)
			return;
	if (t->n_degraded < TURN_MAX_DEGRADED)
		t->degraded[t->n_degraded++] = what;
	log_write(t->env->log, LOG_WARN, "turn.degraded", "s", "part", what, "s", "request_id",
		  t->rq.request_id, NULL);
}

/* --- Text on its way out -------------------------------------------------------- */

static void cited(void *ctx, const struct result *result, const char *handle)
{
	struct turn *t = ctx;
	struct text name _cleanup_text_ = { 0 };
	const struct record *r = result->record;

	text_init(&name, 8192);
	quote_clean(&name, r ? r->name : result->info->title, NAME_CHARS, false);
	t->rq.sink->reference(t->rq.ctx, r ? entity_name(r->type) : "info",
			      r ? r->id : result->info->key, name.data, (double)result->score);
}

static void send_piece(struct turn *t)
{
	size_t max = (size_t)t->env->limits.answer_max_bytes, len = t->piece.len;

	if (t->answer_bytes + len > max) {
		len = utf8_prefix(t->piece.data, len, max - t->answer_bytes);
		t->too_long = true;
	}
	if (len) {
		if (!t->text_began) {
			t->text_began = true;
			t->first_text_ms = loop_now_ms(t->env->loop) - t->began_ms;
			metrics_observe(t->env->metrics, METRIC_FIRST_TEXT_SECONDS, NULL,
					(double)t->first_text_ms / 1000);
		}
		t->answer_bytes += len;
		t->rq.sink->delta(t->rq.ctx, t->piece.data, len);
	}
	text_clear(&t->piece);
}

bool turn_say(struct turn *t, const char *text, size_t len)
{
	if (t->stopping || t->over || t->too_long)
		return false;
	references_feed(t->references, text, len, &t->piece, cited, t);
	send_piece(t);
	return !t->stopping && !t->too_long;
}

/* Past all limits: the last words a visitor reads. */
static void say_last(struct turn *t, enum phrase p)
{
	text_clear(&t->piece);
	text_append(&t->piece, t->text_began ? "\n\n" : "");
	phrases_say(&t->piece, t->language, p, NULL);
	t->text_began = true;
	t->rq.sink->delta(t->rq.ctx, t->piece.data, t->piece.len);
	text_clear(&t->piece);
}

void turn_flush(struct turn *t)
{
	references_flush(t->references, &t->piece, cited, t);
	if (t->piece.len && !t->too_long)
		send_piece(t);
}

/* --- Nodes ------------------------------------------------------------------------- */

static enum phrase execute_words(const struct turn *t)
{
	const char *tool = t->n_calls ? t->calls[0]->tool->name : "";

	if (strcmp(tool, "search_exhibitors") == 0)
		return PHRASE_STATUS_EXECUTE_EXHIBITORS;
	if (strcmp(tool, "search_speakers") == 0)
		return PHRASE_STATUS_EXECUTE_SPEAKERS;
	if (strcmp(tool, "get_conference_info") == 0)
		return PHRASE_STATUS_EXECUTE_INFO;
	return PHRASE_STATUS_EXECUTE;
}

static enum phrase status_words(const struct turn *t)
{
	static const struct {
		const char *node;
		enum phrase words;
	} table[] = { { "understand", PHRASE_STATUS_UNDERSTAND },
		      { "plan", PHRASE_STATUS_PLAN },
		      { "reflect", PHRASE_STATUS_REFLECT },
		      { "respond", PHRASE_STATUS_RESPOND } };

	if (strcmp(t->node->name, "execute") == 0)
		return execute_words(t);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(t->node->name, table[i].node) == 0)
			return table[i].words;
	return PHRASE_STATUS_OTHER;
}

static void node_ended(struct flow *f)
{
	struct turn *t = node_turn(f);
	int64_t took = loop_now_ms(f->loop) - f->began_ms;

	t->node_ms[t->node->at] += took;
	t->node_ran[t->node->at] = true;
	metrics_observe(t->env->metrics, METRIC_NODE_SECONDS, t->node->name, (double)took / 1000);
	if (f->status < 0 && f->status != ASSISTANT_ECANCELED)
		log_fail(t->env->log, LOG_WARN, "turn.node_failed", &f->fail);
}

static void run_node(struct turn *t)
{
	struct text words _cleanup_text_ = { 0 };

	text_init(&words, 1024);
	phrases_say(&words, t->language, status_words(t), NULL);
	flow_begin(&t->node_flow, t->env->loop, &t->flow, t->node->name, t->node->run,
		   t->node->name, node_ended);
	flow_join(THEN(&t->flow, turn_next));
	t->rq.sink->status(t->rq.ctx, t->node->name, words.data);
}

static void turn_first(struct flow *f)
{
	struct turn *t = container_of(f, struct turn, flow);

	t->node = graph_first(t->env->graph);
	run_node(t);
}

static void turn_next(struct flow *f)
{
	struct turn *t = container_of(f, struct turn, flow);

	if (t->node_flow.status < 0) {
		if (t->node->essential) {
			t->failure = t->node_flow.status;
			f->fail = t->node_flow.fail;
			flow_fail(f, t->node_flow.status);
			return;
		}
		turn_note(t, t->node->name);
	}
	t->node = graph_next(t->env->graph, t->node, t);
	if (t->node)
		run_node(t);
	else
		flow_done(f);
}

/* --- The end ------------------------------------------------------------------------- */

static enum phrase failure_words(const struct turn *t, int code)
{
	if (code == ASSISTANT_ETIMEOUT && t->catalog)
		return PHRASE_FAIL_TIME;
	if (!t->catalog)
		return code == ASSISTANT_ENOTFOUND ? PHRASE_FAIL_CONFERENCE : PHRASE_FAIL_DATA;
	return PHRASE_FAIL_OTHER;
}

/* What was held back, the end of a cut answer, or the reason why there is none. */
static void say_the_rest(struct turn *t, const char **error, struct text *words)
{
	int code = t->flow.status;

	turn_flush(t);
	if (t->outcome == OUTCOME_STOPPED && !t->text_began)
		say_last(t, PHRASE_STOPPED);
	else if (t->outcome == OUTCOME_PARTIAL)
		say_last(t, t->too_long ? PHRASE_CUT_LONG : PHRASE_CUT_SHORT);
	else if (t->outcome == OUTCOME_FAILED) {
		phrases_say(words, t->language, failure_words(t, code), NULL);
		*error = words->data;
		say_last(t, failure_words(t, code));
	}
}

static void turn_finish(struct loop_task *task)
{
	struct turn *t = container_of(task, struct turn, end_task);
	struct text words _cleanup_text_ = { 0 };
	const char *error = NULL;

	text_init(&words, 4096);
	say_the_rest(t, &error, &words);
	if (references_dropped(t->references))
		metrics_add(t->env->metrics, METRIC_REFERENCES_DROPPED, NULL,
			    (double)references_dropped(t->references));
	t->over = true;
	t->rq.sink->end(t->rq.ctx, t->outcome, error); /* may destroy t */
}

/* Cancelling ends flows at once, perhaps below a sink's function: the rest follows as a task of its
 * own. */
static void turn_ended(struct flow *f)
{
	struct turn *t = container_of(f, struct turn, flow);

	if (t->stopping)
		t->outcome = OUTCOME_STOPPED;
	else if (f->status < 0)
		t->outcome = t->text_began ? OUTCOME_PARTIAL : OUTCOME_FAILED;
	else if (t->too_long)
		t->outcome = OUTCOME_PARTIAL;
	if (f->status < 0 && !t->stopping) {
		char story[256];

		log_write(t->env->log, LOG_ERROR, "turn.failed", "s", "error", f->fail.text, "s",
			  "story", flow_story(f, story, sizeof(story)), "s", "request_id",
			  t->rq.request_id, NULL);
	}
	loop_defer(f->loop, &t->end_task, turn_finish);
}

/* --- Face ----------------------------------------------------------------------------- */

static void copy_request(struct turn *t, const struct turn_request *rq)
{
	t->rq = *rq;
	t->rq.conference_id = arena_strdup(t->arena, rq->conference_id);
	t->rq.conversation_id = arena_strdup(t->arena, rq->conversation_id);
	t->rq.message_id = arena_strdup(t->arena, rq->message_id);
	t->rq.question = arena_strdup(t->arena, rq->question);
	t->rq.request_id = arena_strdup(t->arena, rq->request_id);
}

static enum language guess_language(const char *question)
{
	char *folded _cleanup_free_ = utf8_fold(question, strlen(question));

	return language_from(folded ? language_of(folded) : "en", NULL);
}

int turn_begin(const struct env *env, const struct turn_request *rq, struct turn **out,
	       struct fail *f)
{
	struct turn *t = calloc(1, sizeof(*t));

	if (!t)
		return FAIL(f, ASSISTANT_ENOMEM, "There is no memory for a turn.");
	t->env = env;
	t->arena = arena_create(ARENA_BYTES);
	t->references = t->arena ? references_create(t->arena) : NULL;
	if (!t->references) {
		arena_destroy(t->arena);
		free(t);
		return FAIL(f, ASSISTANT_ENOMEM, "There is no memory for a turn.");
	}
	copy_request(t, rq);
	text_init(&t->piece, (size_t)env->limits.answer_max_bytes + 64 * 1024);
	t->began_ms = loop_now_ms(env->loop);
	t->now_unix_s = (rq->now_unix_ms >= 0 ? rq->now_unix_ms : clock_now_ms(env->clock)) / 1000;
	t->language = guess_language(t->rq.question);
	flow_begin(&t->flow, env->loop, NULL, "turn", FIRST(turn_first), turn_ended);
	flow_set_deadline(&t->flow, env->limits.turn_ms);
	*out = t;
	return 0;
}

void turn_stop(struct turn *t)
{
	if (t->stopping || t->flow.ended)
		return;
	t->stopping = true;
	flow_cancel(&t->flow);
}

void turn_destroy(struct turn *t)
{
	if (!t)
		return;
	PRE(t->over);
	for (size_t i = 0; i < t->n_calls; i++)
		tool_call_finish(t->calls[i]);
	json_object_put(t->facts);
	catalog_unref(t->catalog);
	text_finish(&t->piece);
	free(t->patch);
	arena_destroy(t->arena);
	free(t);
}

struct json_object *turn_timings(const struct turn *t)
{
	struct json_object *o = json_object_new_object();
	const struct node *n;
	char key[64];

	for (unsigned i = 0; (n = graph_at(t->env->graph, i)); i++) {
		if (!t->node_ran[i])
			continue;
		snprintf(key, sizeof(key), "%s_ms", n->name);
		json_set_int(o, key, t->node_ms[i]);
	}
	json_set_int(o, "total_ms", loop_now_ms(t->env->loop) - t->began_ms);
	if (t->text_began)
		json_set_int(o, "first_text_ms", t->first_text_ms);
	return o;
}

static struct json_object *strings(const char *const *list, size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, json_object_new_string(list[i]));
	return a;
}

struct json_object *turn_debug(const struct turn *t)
{
	struct json_object *o = json_object_new_object();

	if (t->understood.question)
		json_set_string(o, "intent", intent_name(t->understood.intent));
	json_set(o, "tools_used", strings(t->tools_used, t->n_tools_used));
	json_set_int(o, "processing_time_ms", loop_now_ms(t->env->loop) - t->began_ms);
	json_set_int(o, "search_results_count", (int64_t)t->n_found);
	if (t->facts)
		json_set_string(o, "kind", json_get_string(t->facts, "kind"));
	json_set_int(o, "rounds", t->round);
	json_set_int(o, "references_dropped", (int64_t)references_dropped(t->references));
	if (t->n_degraded)
		json_set(o, "degraded", strings(t->degraded, t->n_degraded));
	json_set_string(o, "model", t->llm.model);
	if (t->understood.question)
		json_set(o, "understood", understand_describe(t));
	return o;
}
