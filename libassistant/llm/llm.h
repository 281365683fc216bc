/*
 * llm.h - messages in, a stream of pieces out.
 *
 * Implemented by composer.c (grounded answers without a model) and anthropic.c (Anthropic's Messages API, and any server that
 * speaks it); guard/guard_llm.c chains several.  Loop thread, f from THEN().  Every implementation passes
 * tests/service/llm_suite.c.
 *
 * Facts reach a model as data only: `facts` is the JSON of what the tools found (tool.h, "The
 * facts"), never part of the instructions.  The answer names records by handle, [[s1]] [[e2]]
 * [[p3]] [[i1]], as `facts` lists them; agent/references.c turns handles into names and checked
 * references on the way out.
 *
 * A service tries once; what failed is told by code, cause and retry_after_ms.  What a request points at is borrowed until the
 * end of the wait.
 */
#ifndef LLM_LLM_H
#define LLM_LLM_H

#include "aio/flow.h"
#include "base/arena.h"
#include "base/json.h"

struct llm;

struct llm_message {
	const char *role; /* "user" or "assistant" */
	const char *text;
};

struct llm_request {
	const char *system; /* stable prefix: instructions; NULL: none */
	const char *
		reminder; /* the last words before the answer, with what changes every time: clock, language; NULL */
	const struct llm_message *history; /* oldest first, without the question */
	size_t n_history;
	const char *question;	   /* verbatim */
	const char *language;	   /* of the answer */
	struct json_object *facts; /* borrowed until the end; NULL: none */
	const char *now;	   /* "Saturday 31 January 2026, 14:05 (Europe/Brussels)" */
	bool basic;		   /* a configured service failed: the answer says so */
	/* Which records the facts are of, "<conference>.<epoch>", when the answer may serve whoever else asks the same; else NULL. */
	const char *records;
	const char *clock; /* as much of the time as such an answer may depend on */
	int max_tokens;
	/* What another attempt has said already and the reader has read: to be gone on with.  NULL: nothing. */
	const char *said;
	/* Pieces of the answer, on the loop thread, never inside llm_stream, never after detach.
	 * UTF-8, split anywhere between code points. */
	void (*on_text)(void *ctx, const char *text, size_t len);
	void *ctx;
};

enum llm_stop { LLM_END, LLM_MAX_TOKENS, LLM_REFUSED };

struct llm_result {
	enum llm_stop stop;
	const char *model;		     /* "composer"; in the arena, or static */
	int64_t input_tokens, output_tokens; /* 0: does not count */
	int64_t cache_read_tokens, cache_write_tokens;
	bool reused; /* it was said before: nothing was asked of a model */
};

/* A question with an answer in JSON. */
struct llm_ask {
	const char *system, *reminder;
	const struct llm_message *history;
	size_t n_history;
	const char *question; /* verbatim */
	struct json_object *
		schema; /* JSON Schema of the answer: an object, additionalProperties false; borrowed */
	int max_tokens;
};

struct llm_ops {
	const char *name;
	void (*destroy)(struct llm *l);
	/* ENOTFOUND: it answers, and does not have that model. */
	void (*ping)(struct llm *l, struct flow *f);
	/* Cancelling f stops the upstream at once. */
	void (*stream)(struct llm *l, const struct llm_request *rq, struct arena *arena,
		       struct llm_result *out, struct flow *f);
	/*
	 * *answer at delivery: an object, owned (json_object_put); whoever asks checks it against the schema.  EPROTOCOL: the
	 * model gave something else.  NULL: cannot do that.
	 */
	void (*ask)(struct llm *l, const struct llm_ask *rq, struct arena *arena,
		    struct json_object **answer, struct llm_result *out, struct flow *f);
	/* Whether somebody could answer now; 0 or a code.  NULL: always. */
	int (*check)(struct llm *l, struct fail *f);
};

struct llm {
	const struct llm_ops *ops;
};

static inline void llm_destroy(struct llm *l)
{
	if (l)
		l->ops->destroy(l);
}

/* pace_ms: pause between two pieces (a few words each), so that an answer arrives as readers read;
 * 0: none. */
int composer_open(struct loop *loop, int pace_ms, struct llm **out, struct fail *f);

struct http;
struct log;
struct metrics;
struct clock;
struct cache;
/*
 * In front of inner (owned): answers that another process on the same cache (borrowed) has had are said again for keep_ms, when the request
 * allows it.  model: the first that inner asks; only what that one said is kept.
 */
int llm_shared_open(struct loop *loop, struct llm *inner, const char *model, struct cache *cache,
		    int64_t keep_ms, struct metrics *metrics, struct llm **out, struct fail *f);

struct anthropic_options {
	const char *base_url; /* without /v1, e.g. "https://api.anthropic.com" */
	const char *api_key;  /* NULL or "": none is sent */
	const char *model;
	const char *traits; /* models.h: what differs from its row; NULL or "": nothing */
};
/* Strings are copied.  EINVAL: traits that are none. */
int anthropic_open(struct loop *loop, struct http *http, const struct anthropic_options *options,
		   const struct clock *clock, struct metrics *metrics, struct log *log,
		   struct llm **out, struct fail *f);

#endif
