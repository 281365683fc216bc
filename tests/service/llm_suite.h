/*
 * llm_suite.h - what every llm must do; run on each implementation.
 */
#ifndef SERVICE_LLM_SUITE_H
#define SERVICE_LLM_SUITE_H

#include "llm/llm.h"

struct llm_subject {
	/* pace_ms as far as the implementation has one. */
	struct llm *(*open)(void *ctx, struct loop *loop, int pace_ms);
	void *ctx;
	bool outside; /* the pace is another process' or thread's: measured in real time */
};

/* Number of failed tests. */
int llm_suite_run(const char *name, const struct llm_subject *subject);

#endif
