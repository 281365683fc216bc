/*
 * llm.h - messages in, a stream of pieces out.
 *
 * Implemented by composer.c (grounded answers without a model) and, later, Anthropic's Messages
 * API.  Loop thread, f from THEN().  Every implementation passes tests/service/llm_suite.c.
 *
 * Facts reach a model as data only: `facts` is the JSON of what the tools found (tool.h, "The
 * facts"), never part of the instructions.  The answer names records by handle, [[s1]] [[e2]]
 * [[p3]] [[i1]], as `facts` lists them; agent/references.c turns handles into names and checked
 * references on the way out.
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
	const char *system;		   /* stable prefix: instructions; NULL: none */
	const struct llm_message *history; /* oldest first, without the question */
	size_t n_history;
	const char *question;	   /* verbatim */
	const char *language;	   /* of the answer */
	struct json_object *facts; /* borrowed until the end; NULL: none */
	const char *now;	   /* "Saturday 31 January 2026, 14:05 (Europe/Brussels)" */
	bool basic;		   /* a configured service failed: the answer says so */
	int max_tokens;
	/* Pieces of the answer, on the loop thread, never inside llm_stream, never after detach.
	 * UTF-8, split anywhere between code points. */
	void (*on_text)(void *ctx, const char *text, size_t len);
	void *ctx;
};

enum llm_stop { LLM_END, LLM_MAX_TOKENS, LLM_REFUSED };

struct llm_result {
	enum llm_stop stop;
	const char *model;		     /* "composer" */
	int64_t input_tokens, output_tokens; /* 0: does not count */
};

struct llm_ops {
	const char *name;
	void (*destroy)(struct llm *l);
	void (*ping)(struct llm *l, struct flow *f);
	/* Cancelling f stops the upstream at once. */
	void (*stream)(struct llm *l, const struct llm_request *rq, struct arena *arena,
		       struct llm_result *out, struct flow *f);
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

#endif
