/*
 * cache_suite.h - what every cache must do, run against one implementation.
 */
#ifndef SERVICE_CACHE_SUITE_H
#define SERVICE_CACHE_SUITE_H

#include "cache/cache.h"

struct suite_target {
	const char *name;
	struct loop *(*loop)(void); /* loop_create or loop_create_virtual */
	/* An empty cache.  0 or a negative code. */
	int (*open)(struct suite_target *t, struct loop *loop, struct cache **out);
	void (*close)(struct suite_target *t, struct loop *loop, struct cache *cache);
	void *ctx;
};

/* Runs the suite; the number of failed tests. */
int cache_suite_run(struct suite_target *target);

#endif
