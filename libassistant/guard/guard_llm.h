/*
 * guard_llm.h - a chain of language models with the face of one.
 *
 *	first model: attempt, pause, attempt ... --no use--> next model: ... --> failed (the agent's composer answers then)
 *
 * Each model has a guard of its own.  A stream that fails in the middle is gone on with by the next attempt, joined so that no
 * word is repeated or missing (joint.h).  A model that is silent for too long is left for the next one.
 */
#ifndef GUARD_GUARD_LLM_H
#define GUARD_GUARD_LLM_H

#include "guard/guard.h"
#include "llm/llm.h"

#define LLM_CHAIN_MAX 4

struct llm_link {
	struct llm *llm;  /* becomes the chain's, also when guard_llm_open fails */
	const char *name; /* the model: copied */
};

struct llm_chain_options {
	struct llm_link links[LLM_CHAIN_MAX];
	size_t n_links;	 /* 1 .. */
	size_t ask_link; /* who is asked for JSON: nobody else is */
	int silence_ms;	 /* without a piece of text; then another model is tried */
	const struct guard_policy *policy;
};

int guard_llm_open(struct loop *loop, const struct llm_chain_options *options,
		   struct metrics *metrics, struct log *log, struct llm **out, struct fail *f);

#endif
