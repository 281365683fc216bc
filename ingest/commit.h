/*
 * commit.h - an ingest is committed, or checked, while a bar shows how far it is and a signal may stop it.
 */
#ifndef INGEST_COMMIT_H
#define INGEST_COMMIT_H

#include <assistant.h>
#include <stdbool.h>
#include "progress.h"

struct commit {
	assistant_ingest *ingest;
	const char *name; /* for messages: of the file, or whatever it is from */
	struct progress *bar;
	bool dry_run, quiet;
	char *problem; /* where a failure's sentence goes instead of to standard error; or NULL */
	size_t problem_size;
	bool only_changes; /* nothing is said of a conference that is as it was */
	/* Asked now and then: the signal that wants the end, or 0; NULL: SIGINT and SIGTERM are caught meanwhile. */
	int (*stopped)(void);
};

/* 0; 1: nothing was written, after a message; 130 or 143: stopped by a signal, with what was embedded kept. */
int commit_run(const struct commit *c);

#endif
