/*
 * stage.c - see stage.h.
 */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "aio/work.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "call.h"
#include "llm/quote.h"
#include "observe/metrics.h"
#include "programme.h"

#define CONVERSATION "5f0c1f0e-0000-4000-8000-000000000001"

/* --- An operation that ends as it is told --------------------------------------- */

struct op {
	struct wait wait;
	struct stage *stage;
	struct arena *arena;
	struct messages *messages;
	struct conference_list *conferences;
	struct snapshot **snapshot;
	size_t max;
};

static void op_release(struct wait *w)
{
	free(container_of(w, struct op, wait));
}

static void op_cancel(struct wait *w)
{
	wait_finish(w, ASSISTANT_ECANCELED, NULL);
}

static void op_deliver(struct wait *w)
{
	struct op *op = container_of(w, struct op, wait);
	const struct stage *s = op->stage;

	if (op->snapshot)
		*op->snapshot = snapshot_ref(s->snapshot);
	if (op->conferences) {
		op->conferences->rows = arena_new(op->arena, struct conference_brief);
		op->conferences->n = 1;
		op->conferences->rows[0] = (struct conference_brief){
			.id = s->snapshot->conference.id,
			.name = s->snapshot->conference.name,
			.epoch = s->snapshot->epoch,
		};
	}
	if (op->messages) {
		size_t n = s->n_rows < op->max ? s->n_rows : op->max;

		op->messages->rows = arena_array(op->arena, struct message, n + 1);
		op->messages->n = n;
		for (size_t i = 0; i < n; i++)
			op->messages->rows[i] = s->rows[s->n_rows - 1 - i];
	}
}

static struct op *op_begin(struct stage *s, enum fault fault, struct flow *f)
{
	struct op *op = calloc(1, sizeof(*op));
	struct fail fail = FAIL_INIT;

	op->stage = s;
	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.cancel = op_cancel;
	op->wait.release = op_release;
	if (fault == FAILS) {
		FAIL(&fail, ASSISTANT_EUNAVAILABLE, "The stage was told to fail.");
		wait_finish(&op->wait, ASSISTANT_EUNAVAILABLE, &fail);
	} else if (fault == WORKS) {
		wait_finish(&op->wait, 0, NULL);
	}
	return op;
}

/* --- Store ------------------------------------------------------------------------ */

static struct stage *of_store(struct store *s)
{
	return container_of(s, struct stage_store, base)->stage;
}

static void store_ping(struct store *s, struct flow *f)
{
	op_begin(of_store(s), WORKS, f);
}

static void store_history(struct store *s, const char *conversation_id, int max,
			  struct arena *arena, struct messages *out, struct flow *f)
{
	struct stage *stage = of_store(s);
	struct op *op = op_begin(stage, stage->store.history, f);

	assert_string_equal(conversation_id, CONVERSATION);
	op->arena = arena;
	op->messages = out;
	op->max = (size_t)max;
}

static void store_conferences(struct store *s, struct arena *arena, struct conference_list *out,
			      struct flow *f)
{
	struct stage *stage = of_store(s);
	struct op *op = op_begin(stage, stage->store.snapshot, f);

	op->arena = arena;
	op->conferences = out;
}

static void store_snapshot(struct store *s, const char *conference_id, struct snapshot **out,
			   struct flow *f)
{
	struct stage *stage = of_store(s);
	struct fail fail = FAIL_INIT;

	if (strcmp(conference_id, stage->snapshot->conference.id) != 0) {
		FAIL(&fail, ASSISTANT_ENOTFOUND, "Conference not found");
		flow_refuse(f, ASSISTANT_ENOTFOUND, &fail);
		return;
	}
	op_begin(stage, stage->store.snapshot, f)->snapshot = out;
}

static const struct store_ops store_ops = {
	.name = "stage",
	.ping = store_ping,
	.history = store_history,
	.conferences = store_conferences,
	.snapshot = store_snapshot,
};

/* --- Index: the real one behind a fault -------------------------------------------- */

static struct stage *stage_of_index; /* one stage at a time */

static void index_lexical(struct index *x, const char *conference_id, const struct lexical_query *q,
			  struct arena *arena, struct index_hits *out, struct flow *f)
{
	struct stage_index *i = container_of(x, struct stage_index, base);

	if (i->fault == WORKS)
		i->real->ops->lexical(i->real, conference_id, q, arena, out, f);
	else
		op_begin(stage_of_index, i->fault, f);
}

static void index_list(struct index *x, const char *conference_id,
		       const struct index_filter *filter, int limit, int offset,
		       struct arena *arena, struct index_hits *out, struct flow *f)
{
	struct stage_index *i = container_of(x, struct stage_index, base);

	if (i->fault == WORKS)
		i->real->ops->list(i->real, conference_id, filter, limit, offset, arena, out, f);
	else
		op_begin(stage_of_index, i->fault, f);
}

static void index_dense(struct index *x, const char *conference_id, const struct dense_query *q,
			struct arena *arena, struct dense_hits *out, struct flow *f)
{
	struct stage_index *i = container_of(x, struct stage_index, base);

	if (i->fault == WORKS)
		i->real->ops->dense(i->real, conference_id, q, arena, out, f);
	else
		op_begin(stage_of_index, i->fault, f);
}

static void index_use(struct index *x, const char *conference_id, uint64_t epoch, struct flow *f)
{
	struct stage_index *i = container_of(x, struct stage_index, base);

	i->real->ops->use(i->real, conference_id, epoch, f);
}

static const struct index_ops index_ops = {
	.name = "stage",
	.lexical = index_lexical,
	.list = index_list,
	.dense = index_dense,
	.use = index_use,
};

/* --- An llm of few words -------------------------------------------------------------- */

struct llm_op {
	struct wait wait;
	struct loop_timer timer;
	struct stage_llm *llm;
	struct llm_request rq;
	struct llm_result *out;
	size_t sent, pieces;
	bool delivering;
};

static void llm_step(struct loop_timer *t);

static void llm_op_release(struct wait *w)
{
	free(container_of(w, struct llm_op, wait));
}

static void llm_op_cancel(struct wait *w)
{
	struct llm_op *op = container_of(w, struct llm_op, wait);

	loop_timer_stop(&op->timer);
	if (!op->delivering)
		wait_finish(w, ASSISTANT_ECANCELED, NULL);
}

static void llm_op_deliver(struct wait *w)
{
	struct llm_op *op = container_of(w, struct llm_op, wait);

	*op->out = (struct llm_result){ .stop = op->llm->fault == REFUSES ? LLM_REFUSED : LLM_END,
					.model = "stage" };
}

static void llm_fail(struct llm_op *op)
{
	struct fail fail = FAIL_INIT;

	FAIL(&fail, ASSISTANT_EUNAVAILABLE, "The stage was told to fail.");
	wait_finish(&op->wait, ASSISTANT_EUNAVAILABLE, &fail);
}

static const char *llm_text(const struct llm_op *op)
{
	switch (op->llm->fault) {
	case FAILS_MIDWAY:
	case HANGS_MIDWAY:
	case ENDLESS:
		return "Some words that ";
	case CITES_WRONGLY:
		return "See **[[s77]]** and [[e9]] or [[s1]]; [[x]] stays.";
	case WORKS:
		return op->llm->text;
	default:
		return "";
	}
}

static void llm_piece(struct llm_op *op)
{
	const char *text = llm_text(op);
	size_t left = strlen(text) - op->sent, n = left < 5 ? left : 5;

	while (n < left && (text[op->sent + n] & 0xc0) == 0x80)
		n++;
	op->delivering = true;
	if (n)
		op->rq.on_text(op->rq.ctx, text + op->sent, n);
	op->delivering = false;
	op->sent += n;
}

static void llm_step(struct loop_timer *t)
{
	struct llm_op *op = container_of(t, struct llm_op, timer);
	enum fault fault = op->llm->fault;

	llm_piece(op);
	if (wait_detached(&op->wait)) {
		wait_finish(&op->wait, ASSISTANT_ECANCELED, NULL);
		return;
	}
	if (op->sent < strlen(llm_text(op))) {
		loop_timer_start(op->wait.loop, t, 10, llm_step);
	} else if (fault == ENDLESS) {
		op->sent = 0;
		loop_timer_start(op->wait.loop, t, 0, llm_step);
	} else if (fault == FAILS || fault == FAILS_MIDWAY) {
		llm_fail(op);
	} else if (fault != HANGS && fault != HANGS_MIDWAY) {
		wait_finish(&op->wait, 0, NULL);
	}
}

static void llm_stream(struct llm *l, const struct llm_request *rq, struct arena *arena,
		       struct llm_result *out, struct flow *f)
{
	struct stage_llm *llm = container_of(l, struct stage_llm, base);
	struct llm_op *op = calloc(1, sizeof(*op));

	json_object_put(llm->facts);
	llm->facts = json_object_get(rq->facts);
	llm->saw_history = rq->n_history > 0;
	llm->streams++;
	op->llm = llm;
	op->rq = *rq;
	op->out = out;
	wait_begin(&op->wait, f);
	op->wait.deliver = llm_op_deliver;
	op->wait.cancel = llm_op_cancel;
	op->wait.release = llm_op_release;
	loop_timer_start(op->wait.loop, &op->timer, 10, llm_step);
}

static const struct llm_ops llm_ops = { .name = "stage", .stream = llm_stream };

/* --- Stage --------------------------------------------------------------------------------- */

int64_t stage_time(struct stage *s, const char *text)
{
	return programme_time(s->zone, text) * 1000;
}

void stage_open(struct stage *s, struct snapshot *taken, const char *now)
{
	struct fail f = FAIL_INIT;

	*s = (struct stage){ .loop = loop_create_virtual(), .snapshot = taken };
	stage_of_index = s;
	assert_int_equal(zone_open(taken->conference.timezone, &s->zone, &f), 0);
	s->clock = clock_create_virtual(stage_time(s, now));
	s->metrics = metrics_create();
	snprintf(s->dir, sizeof(s->dir), "/tmp/stage.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->store = (struct stage_store){ .base.ops = &store_ops, .stage = s };
	s->index.base.ops = &index_ops;
	assert_int_equal(flat_index_open(s->loop, s->dir, s->metrics, NULL, &s->index.real, &f), 0);
	assert_int_equal(
		AWAIT(s->loop, fl,
		      s->index.real->ops->build(s->index.real, s->snapshot, NULL, NULL, fl)),
		0);
	assert_int_equal(AWAIT(s->loop, fl,
			       s->index.real->ops->use(s->index.real, taken->conference.id,
						       taken->epoch, fl)),
			 0);
	assert_int_equal(composer_open(s->loop, 0, &s->composer, &f), 0);
	s->llm.base.ops = &llm_ops;
	s->env = (struct env){
		.loop = s->loop,
		.clock = s->clock,
		.metrics = s->metrics,
		.store = &s->store.base,
		.index = &s->index.base,
		.llm = s->composer,
		.composer = s->composer,
		.catalogs = catalogs_create(s->loop, &s->store.base, 1000, 4, s->metrics, NULL),
		.registry = registry_create(),
		.graph = graph_create(),
		.tool_lane = lane_create(s->loop, "tools", 64),
		.limits = { .turn_ms = 60000,
			    .tool_ms = 5000,
			    .question_max = 2000,
			    .answer_max_bytes = 65536,
			    .history_messages = 10,
			    .reflect_rounds = 2,
			    .max_turns = 100 },
	};
}

void stage_set_now(struct stage *s, const char *now)
{
	char minute[sizeof("2027-05-20T13:30")];

	snprintf(minute, sizeof(minute), "%s", now);
	clock_destroy(s->clock);
	s->clock = clock_create_virtual(stage_time(s, minute));
	s->env.clock = s->clock;
}

void stage_forget(struct stage *s)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		free((char *)s->rows[i].id);
		free((char *)s->rows[i].text);
		free((char *)s->rows[i].metadata);
	}
	s->n_rows = 0;
}

void stage_close(struct stage *s)
{
	char command[80];

	stage_forget(s);
	call_drain(s->loop);
	catalogs_destroy(s->env.catalogs);
	registry_destroy(s->env.registry);
	graph_destroy(s->env.graph);
	lane_destroy(s->env.tool_lane);
	index_destroy(s->index.real);
	llm_destroy(s->composer);
	json_object_put(s->llm.facts);
	call_drain(s->loop);
	metrics_destroy(s->metrics);
	clock_destroy(s->clock);
	snapshot_unref(s->snapshot);
	zone_close(s->zone);
	loop_destroy(s->loop);
	snprintf(command, sizeof(command), "rm -r %s", s->dir);
	assert_int_equal(system(command), 0);
}

void stage_use_llm(struct stage *s, enum fault fault, const char *text)
{
	s->llm.fault = fault;
	s->llm.text = text;
	s->env.llm = &s->llm.base;
}

/* --- A turn and its sink ---------------------------------------------------------------------- */

static void called(struct answer *a)
{
	assert_false(a->ended);
	if (++a->n_calls == a->stop_at_call)
		turn_stop(a->turn);
}

static void sink_status(void *ctx, const char *node, const char *words)
{
	struct answer *a = ctx;

	assert_true(words[0] != '\0');
	text_printf(&a->statuses, "%s%s", a->statuses.len ? " " : "", node);
	text_printf(&a->status_words, "%s\n", words);
	if (a->no_time && strcmp(node, "plan") == 0)
		a->no_time->env.limits.tool_ms = 0;
	called(a);
}

static void sink_delta(void *ctx, const char *text, size_t len)
{
	struct answer *a = ctx;

	assert_true(len > 0);
	assert_true(utf8_valid(text, len));
	text_append_n(&a->text, text, len);
	a->n_deltas++;
	called(a);
}

static void sink_reference(void *ctx, const char *type, const char *id, const char *name,
			   double score)
{
	struct answer *a = ctx;
	struct json_object *o = json_object_new_object();

	if (!(score >= 0 && score <= 1))
		fail_msg("%s has the score %f", name, score);
	for (size_t i = 0; i < json_object_array_length(a->references); i++) {
		struct json_object *other = json_object_array_get_idx(a->references, i);

		assert_false(strcmp(json_text(other, "id"), id) == 0 &&
			     strcmp(json_text(other, "type"), type) == 0);
	}
	json_set_string(o, "type", type);
	json_set_string(o, "id", id);
	json_set_string(o, "name", name);
	json_set_double(o, "score", score);
	json_object_array_add(a->references, o);
	called(a);
}

static void sink_suggestion(void *ctx, const char *text)
{
	struct answer *a = ctx;

	text_printf(&a->suggestions, "%s\n", text);
	called(a);
}

static void sink_end(void *ctx, enum outcome outcome, const char *error)
{
	struct answer *a = ctx;

	assert_false(a->ended);
	assert_true((error != NULL) == (outcome == OUTCOME_FAILED));
	a->ended = true;
	a->outcome = outcome;
	a->error = error ? strdup(error) : NULL;
	a->basic = a->turn->basic || a->turn->words_only;
	a->debug = turn_debug(a->turn);
	a->timings = turn_timings(a->turn);
	turn_destroy(a->turn);
	a->turn = NULL;
}

static const struct turn_sink sink = {
	.status = sink_status,
	.delta = sink_delta,
	.reference = sink_reference,
	.suggestion = sink_suggestion,
	.end = sink_end,
};

static void add_row(struct stage *s, const char *role, const char *text,
		    struct json_object *metadata)
{
	struct message *m = &s->rows[s->n_rows++];
	char id[16];

	assert_true(s->n_rows < STAGE_MAX_ROWS);
	snprintf(id, sizeof(id), "m%zu", s->n_rows);
	*m = (struct message){ .id = strdup(id),
			       .conversation_id = CONVERSATION,
			       .role = role,
			       .text = strdup(text),
			       .status = "completed",
			       .metadata = metadata ? json_dump(metadata) : NULL };
}

void stage_begin(struct stage *s, const char *question, struct answer *a)
{
	size_t stop_at_call = a->stop_at_call;
	struct stage *no_time = a->no_time;
	struct fail f = FAIL_INIT;

	*a = (struct answer){ .references = json_object_new_array(),
			      .stop_at_call = stop_at_call,
			      .no_time = no_time };
	text_init(&a->text, 1 << 20);
	text_init(&a->statuses, 4096);
	text_init(&a->status_words, 4096);
	text_init(&a->suggestions, 65536);
	add_row(s, "user", question, NULL);
	assert_int_equal(
		turn_begin(&s->env,
			   &(struct turn_request){ .conference_id = s->snapshot->conference.id,
						   .conversation_id = CONVERSATION,
						   .message_id = s->rows[s->n_rows - 1].id,
						   .question = question,
						   .now_unix_ms = -1,
						   .sink = &sink,
						   .ctx = a },
			   &a->turn, &f),
		0);
	assert_false(a->ended);
	assert_int_equal(a->n_calls, 0);
}

void stage_play(struct stage *s, struct answer *a)
{
	struct json_object *metadata;

	while (!a->ended && loop_turn(s->loop, true))
		continue;
	assert_true(a->ended);
	metadata = json_object_new_object();
	json_set(metadata, "references", json_object_get(a->references));
	json_set(metadata, "understood", json_object_get(json_get(a->debug, "understood")));
	add_row(s, "assistant", a->text.data, metadata);
	json_object_put(metadata);
}

void stage_ask(struct stage *s, const char *question, struct answer *a)
{
	stage_begin(s, question, a);
	stage_play(s, a);
}

void answer_finish(struct answer *a)
{
	text_finish(&a->text);
	text_finish(&a->statuses);
	text_finish(&a->status_words);
	text_finish(&a->suggestions);
	json_object_put(a->references);
	json_object_put(a->debug);
	json_object_put(a->timings);
	free(a->error);
	*a = (struct answer){ .n_calls = 0 };
}

const char *answer_reference(const struct answer *a, size_t i)
{
	return i < json_object_array_length(a->references)
		       ? json_text(json_object_array_get_idx(a->references, i), "name")
		       : "";
}

static const char *name_of(struct stage *s, const char *type, const char *id)
{
	const struct record *r;
	enum entity entity;

	if (entity_from(type, &entity) == 0) {
		r = snapshot_find(s->snapshot, entity, id);
		return r ? r->name : NULL;
	}
	assert_string_equal(type, "info");
	for (size_t i = 0; i < s->snapshot->conference.n_info; i++)
		if (strcmp(s->snapshot->conference.info[i].key, id) == 0)
			return s->snapshot->conference.info[i].title;
	return NULL;
}

void answer_check(struct stage *s, const struct answer *a)
{
	assert_true(a->text.len > 0);
	assert_null(strstr(a->text.data, "[["));
	assert_null(strstr(a->text.data, "]("));
	assert_null(strstr(a->text.data, "://"));
	assert_null(strstr(a->text.data, "****"));
	assert_int_equal(json_get_int(a->debug, "references_dropped", -1), 0);
	for (size_t i = 0; i < json_object_array_length(a->references); i++) {
		struct json_object *o = json_object_array_get_idx(a->references, i);
		const char *name = name_of(s, json_text(o, "type"), json_text(o, "id"));
		struct text shown _cleanup_text_ = { 0 };

		assert_non_null(name);
		text_init(&shown, 8192);
		quote_markdown(&shown, name, 200);
		assert_non_null(strstr(a->text.data, shown.data));
	}
}

void stage_answers(struct stage *s, const char *question, const char *begins)
{
	struct answer a = { 0 };

	stage_forget(s);
	stage_ask(s, question, &a);
	assert_int_equal(a.outcome, OUTCOME_OK);
	answer_check(s, &a);
	if (strncmp(a.text.data, begins, strlen(begins)) != 0)
		fail_msg("%s\nsays: %s\nnot:  %s", question, a.text.data, begins);
	answer_finish(&a);
}
