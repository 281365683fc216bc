/*
 * llm_shared.c - an answer that one process has had from a model is at hand for all that share a cache.
 *
 *	look up --+--> there: said again, in pieces ----------------> done
 *	          +--> not there: the model says it --> keep --------> done
 *
 * An answer is found by the hash of all that went into it: the model, the instructions, which records of which epoch, the question,
 * the language, the facts, and as much of the clock as it may depend on.  What the request does not allow to be reused (`records`
 * NULL), what goes on with another attempt, and what ended early or came from another model of the chain is neither looked
 * for nor kept.  The words are kept as the model said them, with its handles: whoever reads them checks them like any others.
 */
#include <string.h>
#include "aio/flow_op.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "cache/cache.h"
#include "llm/llm.h"
#include "observe/metrics.h"

#define OWN_BYTES   (4UL << 20)
#define KEY_BYTES   (1UL << 20)
#define TEXT_BYTES  (256UL << 10)
#define PIECE_BYTES 80 /* of what is said again: as a model would */

struct shared {
	struct llm base;
	struct llm_ops ops; /* with inner's name */
	struct llm *inner;
	struct cache *cache;
	struct loop *loop;
	struct metrics *metrics;
	char *model;
	int64_t keep_ms;
	struct list all; /* struct op under way */
};

struct op {
	struct flow_op base;
	struct shared *shared;
	struct llm_request rq;
	struct arena *arena; /* the caller's */
	const char *key;
	struct cache_value value;
	struct text said;
	struct llm_result result, *out;
};

static flow_step op_look, op_looked, op_keep, op_done;

static struct op *op_of(struct flow *f)
{
	return container_of(flow_op_of(f), struct op, base);
}

static void count(const struct shared *s, const char *result)
{
	metrics_add(s->metrics, METRIC_ANSWER_CACHE, result, 1);
}

/* --- The key --------------------------------------------------------------------- */

/* Behind its length, so that no two requests read alike. */
static void part(struct text *t, const char *s)
{
	s = s ? s : "";
	text_printf(t, "%zu:", strlen(s));
	text_append(t, s);
}

/* NULL: no memory, or too much to look for. */
static const char *key_of(const struct shared *s, const struct llm_request *rq, struct arena *arena)
{
	_cleanup_text_ struct text all = { 0 };
	char digest[SHA256_HEX_SIZE], tokens[16];

	snprintf(tokens, sizeof(tokens), "%d", rq->max_tokens);
	text_init(&all, KEY_BYTES);
	part(&all, s->model);
	part(&all, rq->system);
	part(&all, rq->records);
	part(&all, rq->clock);
	part(&all, rq->language);
	part(&all, rq->question);
	part(&all, tokens);
	json_object_object_foreach(rq->facts, name, value)
	{
		if (!strcmp(name, "now"))
			continue; /* the request says how much of it counts */
		part(&all, name);
		part(&all, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	}
	if (all.failed)
		return NULL;
	sha256_hex(all.data, all.len, digest);
	return arena_printf(arena, "answer:%s", digest);
}

/* --- One answer ---------------------------------------------------------------------- */

static void op_look(struct flow *f)
{
	struct op *op = op_of(f);
	struct cache *cache = op->shared->cache;

	cache->ops->get(cache, op->key, op->base.own, &op->value, THEN_ANYWAY(f, op_looked));
}

/* Reads {"model","text"}; the text is said as long as somebody listens. */
static bool say_again(struct op *op)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *text, *end;

	if (!op->value.data || json_parse(op->value.data, op->value.len, &o, NULL) < 0 ||
	    !json_get_string(o, "model") || !*json_text(o, "text"))
		return false;
	op->result = (struct llm_result){ .stop = LLM_END, .reused = true };
	op->result.model = arena_strdup(op->arena, json_text(o, "model"));
	text = json_text(o, "text");
	end = text + strlen(text);
	while (text < end && !wait_detached(&op->base.wait)) {
		size_t n = utf8_prefix(text, (size_t)(end - text), PIECE_BYTES);

		op->rq.on_text(op->rq.ctx, text, n);
		text += n;
	}
	return true;
}

/* What the model says goes on at once. */
static void hear(void *ctx, const char *text, size_t len)
{
	struct op *op = ctx;

	text_append_n(&op->said, text, len);
	op->rq.on_text(op->rq.ctx, text, len);
}

static void op_looked(struct flow *f)
{
	struct op *op = op_of(f);
	struct llm *inner = op->shared->inner;
	struct llm_request rq = op->rq;

	if (f->status >= 0 && say_again(op)) {
		count(op->shared, "hit");
		flow_done(f);
		return;
	}
	count(op->shared, "miss");
	rq.on_text = hear;
	rq.ctx = op;
	inner->ops->stream(inner, &rq, op->arena, &op->result, THEN(f, op_keep));
}

/* The service may name its model more closely: "model-20260101". */
static bool is_whole(const struct op *op)
{
	const char *model = op->shared->model;

	return op->result.stop == LLM_END && op->said.len && !op->said.failed && op->result.model &&
	       !strncmp(op->result.model, model, strlen(model));
}

static void op_keep(struct flow *f)
{
	struct op *op = op_of(f);
	struct cache *cache = op->shared->cache;
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_free_ char *line = NULL;

	if (!is_whole(op)) {
		flow_done(f);
		return;
	}
	o = json_object_new_object();
	json_set_string(o, "model", op->result.model);
	json_set_string(o, "text", op->said.data);
	line = json_dump(o);
	if (line)
		cache->ops->put(cache, op->key, line, strlen(line), op->shared->keep_ms,
				THEN_ANYWAY(f, op_done));
	else
		flow_done(f);
}

/* Whether it was kept makes no difference. */
static void op_done(struct flow *f)
{
	flow_done(f);
}

static void op_deliver(struct flow_op *base)
{
	struct op *op = container_of(base, struct op, base);

	*op->out = op->result;
}

static void op_finish(struct flow_op *base)
{
	text_finish(&container_of(base, struct op, base)->said);
}

/* --- The face --------------------------------------------------------------------------- */

static void stream(struct llm *l, const struct llm_request *rq, struct arena *arena,
		   struct llm_result *out, struct flow *f)
{
	struct shared *s = container_of(l, struct shared, base);
	int64_t left_ms = flow_remaining_ms(f);
	struct op *op;

	if (!rq->records || !rq->facts || rq->said || rq->n_history || rq->basic) {
		count(s, "unfit");
		s->inner->ops->stream(s->inner, rq, arena, out, f);
		return;
	}
	op = flow_op_new(sizeof(*op), OWN_BYTES, f);
	if (!op)
		return;
	op->shared = s;
	op->rq = *rq;
	op->arena = arena;
	op->out = out;
	text_init(&op->said, TEXT_BYTES);
	op->base.deliver = op_deliver;
	op->base.finish = op_finish;
	op->key = key_of(s, rq, op->base.own);
	if (!op->key) {
		flow_op_refuse(&op->base, ASSISTANT_ENOMEM, NULL, f);
		return;
	}
	flow_op_begin(&op->base, &s->all, s->loop, "answer", FIRST(op_look), f);
	if (left_ms >= 0)
		flow_set_deadline(&op->base.flow, left_ms);
}

static void ask(struct llm *l, const struct llm_ask *rq, struct arena *arena,
		struct json_object **answer, struct llm_result *out, struct flow *f)
{
	struct llm *inner = container_of(l, struct shared, base)->inner;

	inner->ops->ask(inner, rq, arena, answer, out, f);
}

static void ping(struct llm *l, struct flow *f)
{
	struct llm *inner = container_of(l, struct shared, base)->inner;

	inner->ops->ping(inner, f);
}

static int check(struct llm *l, struct fail *f)
{
	struct llm *inner = container_of(l, struct shared, base)->inner;

	return inner->ops->check ? inner->ops->check(inner, f) : 0;
}

static void destroy(struct llm *l)
{
	struct shared *s = container_of(l, struct shared, base);

	flow_ops_cancel(&s->all);
	llm_destroy(s->inner);
	free(s->model);
	free(s);
}

int llm_shared_open(struct loop *loop, struct llm *inner, const char *model, struct cache *cache,
		    int64_t keep_ms, struct metrics *metrics, struct llm **out, struct fail *f)
{
	struct shared *s = calloc(1, sizeof(*s));

	if (!s || !(s->model = strdup(model))) {
		free(s);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	s->ops = (struct llm_ops){ .name = inner->ops->name,
				   .destroy = destroy,
				   .ping = ping,
				   .stream = stream,
				   .ask = inner->ops->ask ? ask : NULL,
				   .check = check };
	s->base.ops = &s->ops;
	s->inner = inner;
	s->cache = cache;
	s->loop = loop;
	s->metrics = metrics;
	s->keep_ms = keep_ms;
	list_init(&s->all);
	*out = &s->base;
	return 0;
}
