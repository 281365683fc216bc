/*
 * embedder_suite.h - what every embedder must do, run against one implementation.
 */
#ifndef SERVICE_EMBEDDER_SUITE_H
#define SERVICE_EMBEDDER_SUITE_H

#include "embedder/embedder.h"

struct suite_target {
	const char *name;
	struct loop *(*loop)(void); /* loop_create or loop_create_virtual */
	/* 0 or a negative code. */
	int (*open)(struct suite_target *t, struct loop *loop, struct embedder **out);
	/* Whether it tells meanings apart, not only words. */
	bool understands;
	void *ctx;
};

/* Runs the suite; the number of failed tests. */
int embedder_suite_run(struct suite_target *target);

#endif
