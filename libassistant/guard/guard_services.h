/*
 * guard_services.h - a store, an index or an embedder on another machine, with a guard in front and the same face.
 *
 * Embedded engines need none: what fails there does not get better by waiting.
 */
#ifndef GUARD_GUARD_SERVICES_H
#define GUARD_GUARD_SERVICES_H

#include "embedder/embedder.h"
#include "guard/guard.h"
#include "index/index.h"
#include "store/store.h"

/* Embedding is tried again: a batch of texts gives the same vectors.  Owns inner, also when this fails; name as in guard_create. */
int guard_embedder_open(struct loop *loop, struct embedder *inner, const char *name,
			const struct guard_policy *policy, struct metrics *metrics, struct log *log,
			struct embedder **out, struct fail *f);

/*
 * Questions pass the breaker, so that one that is down costs a search no time; they are tried as often as the policy says.  What
 * writes (known, stage, build, use, verify) goes by: it is ingest's, and has patience of its own.
 * Owns inner, also when this fails.
 */
int guard_index_open(struct loop *loop, struct index *inner, const char *name,
		     const struct guard_policy *policy, struct metrics *metrics, struct log *log,
		     struct index **out, struct fail *f);

/*
 * Reading is tried again.  Creating, where that cannot make two rows: a message_create that was tried again may be ECONFLICT
 * though the row is the caller's own, as the lease in its metadata says.  What the writer writes is tried once: it
 * has a pace of its own; an open breaker tells it how long to wait.  The layout's check goes by.
 * Owns inner, also when this fails.
 */
int guard_store_open(struct loop *loop, struct store *inner, const char *name,
		     const struct guard_policy *policy, struct metrics *metrics, struct log *log,
		     struct store **out, struct fail *f);

#endif
