/*
 * respond.c - the node: facts to the llm, its words through the references' check to the reader.
 *
 *	facts --> quotations --> stream --(joined)--> check --+--> suggestions --> (done)
 *	                            ^                         |
 *	                            +---- by the composer ----+   the llm failed, refused, or said nothing
 */
#include <string.h>
#include "agent/history.h"
#include "agent/nodes.h"
#include "agent/prompts.h"
#include "agent/quoting.h"
#include "agent/understand.h"
#include "llm/quote.h"
#include "observe/metrics.h"

#define MAX_TOKENS 4096
#define RESERVE_MS 3000 /* left for the composer when the llm takes all the time there is */

static flow_step respond_check;

static void on_text(void *ctx, const char *text, size_t len)
{
	struct turn *t = ctx;
	struct text safe _cleanup_text_ = { 0 };

	text_init(&safe, 4 * len + 64);
	quote_disarm(&safe, text, len);
	/* Too long: no more is wanted.  The stream ends when this returns. */
	if (!turn_say(t, safe.data, safe.len) && t->too_long && !t->stopping)
		flow_cancel(&t->answer_flow);
}

/* "Saturday 31 January 2026, 14:05 (Europe/Brussels)" */
static const char *now_words(const struct turn *t)
{
	struct text out _cleanup_text_ = { 0 };
	struct civil_time now;

	text_init(&out, 256);
	if (!civil_time_parse(facts_time(t, t->now_unix_s), &now))
		return NULL;
	phrases_weekday(&out, LANGUAGE_EN, &now);
	text_append(&out, " ");
	phrases_date(&out, LANGUAGE_EN, &now, true);
	text_append(&out, ", ");
	phrases_clock(&out, &now);
	text_printf(&out, " (%s)", zone_name(catalog_zone(t->catalog)));
	return arena_strdup(t->arena, out.data);
}

static void answer_done(struct flow *f)
{
	flow_done(f);
}

static struct llm *llm_of(const struct turn *t)
{
	return t->basic ? t->env->composer : t->env->llm;
}

/* What changes with every question comes last, so that what stands before it can be kept by the model's service. */
static const char *reminder(const struct turn *t, const char *now)
{
	return arena_printf(t->arena, "%s%s%sAnswer the visitor's question in its language (%s).",
			    now ? "It is " : "", now ? now : "", now ? ". " : "",
			    t->understood.language);
}

/*
 * May the same answer serve another visitor?  Not what leans on a conversation, was asked for as one of several questions, was
 * found with less than all there is, or has a program's notes.  The clock counts to the minute, whatever is asked: a page may say
 * "until two" as well as "14:00".
 */
static void allow_reuse(const struct turn *t, const char *now, struct llm_request *rq)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);

	if (rq->n_history || t->followed || t->leans || t->rest || t->taking_rest || t->n_parts ||
	    t->notes || t->basic || t->words_only || t->n_degraded || !now || !t->facts)
		return;
	rq->records =
		arena_printf(t->arena, "%s.%llu", s->conference.id, (unsigned long long)s->epoch);
	rq->clock = now;
}

static void answer_stream(struct flow *f)
{
	struct turn *t = container_of(f, struct turn, answer_flow);
	struct llm *llm = llm_of(t);
	struct llm_message *history = NULL;
	const char *now = now_words(t);
	struct llm_request rq = {
		.system = prompt_write(PROMPT_RESPOND, &catalog_snapshot(t->catalog)->conference,
				       zone_name(catalog_zone(t->catalog)), t->arena),
		.reminder = reminder(t, now),
		.question = t->rq.question,
		.language = t->understood.language,
		.facts = t->facts,
		.now = now,
		.basic = t->basic,
		.max_tokens = MAX_TOKENS,
		.on_text = on_text,
		.ctx = t,
	};

	rq.n_history =
		history_messages(&t->history, t->rq.message_id,
				 (size_t)t->env->limits.history_messages, t->arena, &history);
	rq.history = history;
	allow_reuse(t, now, &rq);
	llm->ops->stream(llm, &rq, t->arena, &t->llm, THEN(f, answer_done));
}

static void answer_ended(struct flow *f)
{
}

static void answer_begin(struct flow *f)
{
	struct turn *t = node_turn(f);
	int64_t remaining = flow_remaining_ms(f);
	int64_t reserve = remaining / 4 < RESERVE_MS ? remaining / 4 : RESERVE_MS;

	flow_begin(&t->answer_flow, f->loop, f, "answer", FIRST(answer_stream), answer_ended);
	if (llm_of(t) != t->env->composer && remaining >= 0)
		flow_set_deadline(&t->answer_flow, remaining - reserve);
	flow_join(THEN(f, respond_check));
}

void node_respond(struct flow *f)
{
	struct turn *t = node_turn(f);
	int r = facts_build(t, &f->fail);

	if (r < 0)
		flow_fail(f, r);
	else if (quoting_begin(t, f))
		flow_join(THEN(f, answer_begin));
	else
		answer_begin(f);
}

static void respond_check(struct flow *f)
{
	struct turn *t = node_turn(f);
	int status = t->answer_flow.status;
	bool by_model = llm_of(t) != t->env->composer;
	bool empty = status == 0 && (!t->text_began || t->llm.stop == LLM_REFUSED);

	if (t->too_long) {
		flow_done(f);
		return;
	}
	if ((status < 0 || empty) && by_model) {
		turn_note(t, "llm");
		t->basic = true;
		if (t->text_began) {
			metrics_add(t->env->metrics, METRIC_LLM_CONTINUED, "composer", 1);
			turn_say(t, "\n\n", 2);
		}
		answer_begin(f);
		return;
	}
	if (status < 0) {
		f->fail = t->answer_flow.fail;
		flow_fail(f, status);
		return;
	}
	if (t->llm.stop == LLM_MAX_TOKENS)
		t->too_long = true;
	turn_flush(t);
	understand_rest(t);
	if (turn_has_rest(t) && !t->stopping)
		turn_say(t, "\n\n", 2);
	else
		suggest(t);
	flow_done(f);
}
