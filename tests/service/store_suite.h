/*
 * store_suite.h - what every store must do, run against one implementation.
 */
#ifndef SERVICE_STORE_SUITE_H
#define SERVICE_STORE_SUITE_H

#include "store/store.h"

/* The id of one of its exhibitors, in capitals. */
#define SUITE_UPPER "ABCDEF00-0000-4000-8000-00000000000A"

struct suite_target {
	const char *name;
	/* An empty store.  0 or a negative code. */
	int (*open)(struct suite_target *t, struct loop *loop, struct store **out);
	void (*close)(struct suite_target *t, struct loop *loop, struct store *store);
	/* Puts the conference there; how is the implementation's affair.  0 or a negative code. */
	int (*seed)(struct suite_target *t, struct loop *loop, struct store *store,
		    struct snapshot *snapshot);
	/* NULL, or makes the next calls fail as if the store were down. */
	void (*break_down)(struct suite_target *t, bool down);
	bool embedded; /* rows, watches and ingest are to be tested */
	void *ctx;
};

/* Runs the suite; the number of failed tests. */
int store_suite_run(struct suite_target *target);

/* A small conference; the caller owns the reference. */
struct snapshot *suite_snapshot(const char *conference_id, uint64_t epoch, int n_sessions);

#endif
