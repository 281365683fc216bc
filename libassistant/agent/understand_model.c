/*
 * understand_model.c - asks the fast model what a question means: its language, the question standing alone, its intent.
 *
 * The model never computes a time or chooses a record: what it says is read by search/query.c like any question.
 */
#include "agent/understand.h"

#include <ctype.h>
#include <string.h>
#include "agent/history.h"
#include "agent/nodes.h"
#include "agent/prompts.h"
#include "base/utf8.h"
#include "observe/log.h"

#define MAX_TOKENS     1024
#define QUESTION_CHARS 500
#define HISTORY	       6

static const char schema_text[] =
	"{\"type\":\"object\",\"additionalProperties\":false,"
	"\"required\":[\"language\",\"question\",\"follow_up\",\"intent\"],\"properties\":{"
	"\"language\":{\"type\":\"string\"},\"question\":{\"type\":\"string\"},"
	"\"follow_up\":{\"type\":\"boolean\"},\"intent\":{\"type\":\"string\",\"enum\":["
	"\"session_search\",\"exhibitor_search\",\"speaker_search\",\"general_info\","
	"\"recommendation\",\"smalltalk\",\"out_of_scope\"]}}}";

static flow_step ask_begin, ask_done;

static struct model_reading *reading_of(struct flow *f)
{
	return container_of(f, struct model_reading, flow);
}

static void ask_begin(struct flow *f)
{
	struct model_reading *m = reading_of(f);
	struct turn *t = m->turn;
	struct llm_message *history = NULL;
	struct llm_ask rq = {
		.system = prompt_write(PROMPT_UNDERSTAND, &catalog_snapshot(t->catalog)->conference,
				       zone_name(catalog_zone(t->catalog)), t->arena),
		.question = t->rq.question,
		.schema = m->schema,
		.max_tokens = MAX_TOKENS,
	};

	rq.n_history = history_messages(&t->history, t->rq.message_id, HISTORY, t->arena, &history);
	rq.history = history;
	t->env->llm->ops->ask(t->env->llm, &rq, t->arena, &m->answer, &m->result,
			      THEN(f, ask_done));
}

/* A code as "en", "pt-BR", "zh-Hant" (which is cut to "zh"). */
static bool take_language(struct model_reading *m, const char *code)
{
	size_t n = 0;

	while (isalpha((unsigned char)code[n]))
		n++;
	if (n < 2 || n > 3 || (code[n] && code[n] != '-' && code[n] != '_'))
		return false;
	if (strlen(code) < sizeof(m->language))
		n = strlen(code);
	snprintf(m->language, sizeof(m->language), "%.*s", (int)n, code);
	return true;
}

static enum intent intent_from(const char *name)
{
	for (int i = INTENT_SESSION_SEARCH; i <= INTENT_OUT_OF_SCOPE; i++)
		if (strcasecmp(intent_name((enum intent)i), name) == 0)
			return (enum intent)i;
	return INTENT_SESSION_SEARCH;
}

/* Capitals in an enum are not guaranteed: intent is read without regard to case, and not by the schema. */
static int check(struct model_reading *m, struct fail *f)
{
	struct json_object *answer = m->answer;
	const char *intent = json_get_string(answer, "intent");
	const char *question = json_text(answer, "question");
	struct turn *t = m->turn;
	char lower[32] = "";

	for (size_t i = 0; intent && intent[i] && i + 1 < sizeof(lower); i++)
		lower[i] = (char)tolower((unsigned char)intent[i]);
	if (intent)
		json_set_string(answer, "intent", lower);
	if (schema_check(m->schema, answer, f) < 0)
		return f->code;
	if (utf8_count(question) > QUESTION_CHARS)
		return FAIL(f, ASSISTANT_EPROTOCOL, "The question as a model put it is too long.");
	if (!take_language(m, json_text(answer, "language")))
		return FAIL(f, ASSISTANT_EPROTOCOL, "A model named \"%.20s\" as a language.",
			    json_text(answer, "language"));
	m->question = question[strspn(question, " \t\n")] ? arena_strdup(t->arena, question) : "";
	m->follow_up = json_get_bool(answer, "follow_up", false);
	m->intent = intent_from(lower);
	return m->question ? 0 : FAIL(f, ASSISTANT_ENOMEM, "This turn has no memory left.");
}

static void ask_done(struct flow *f)
{
	struct model_reading *m = reading_of(f);
	int r = check(m, &f->fail);

	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

static void ask_ended(struct flow *f)
{
	struct model_reading *m = reading_of(f);

	m->failed = f->status < 0;
	if (m->failed && f->status != ASSISTANT_ECANCELED)
		log_fail(m->turn->env->log, LOG_INFO, "turn.not_understood_by_model", &f->fail);
	json_object_put(TAKE_PTR(m->answer));
	json_object_put(TAKE_PTR(m->schema));
}

void understand_by_model(struct turn *t, struct flow *parent, struct model_reading *out)
{
	out->turn = t;
	out->question = "";
	if (!t->env->llm->ops->ask)
		return;
	out->failed = (t->env->llm->ops->check && t->env->llm->ops->check(t->env->llm, NULL) < 0) ||
		      json_parse(schema_text, strlen(schema_text), &out->schema, NULL) < 0;
	if (out->failed)
		return;
	flow_begin(&out->flow, parent->loop, parent, "understand_by_model", FIRST(ask_begin),
		   ask_ended);
	flow_set_deadline(&out->flow, t->env->limits.understand_ms);
}
