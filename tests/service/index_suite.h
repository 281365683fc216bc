/*
 * index_suite.h - what every index must do, run against one implementation.
 */
#ifndef SERVICE_INDEX_SUITE_H
#define SERVICE_INDEX_SUITE_H

#include "index/index.h"

struct suite_target {
	const char *name;
	/* An empty index.  0 or a negative code. */
	int (*open)(struct suite_target *t, struct loop *loop, struct index **out);
	void (*close)(struct suite_target *t, struct loop *loop, struct index *index);
	void *ctx;
};

/* Runs the suite; the number of failed tests. */
int index_suite_run(struct suite_target *target);

/* A small conference of invented records; the caller owns the reference. */
struct snapshot *suite_conference(const char *id, uint64_t epoch);

#endif
