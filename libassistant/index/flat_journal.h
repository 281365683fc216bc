/*
 * flat_journal.h - vectors that were made and not yet built into an index: staged.<conference id>
 *
 *	+-----------------------+
 *	| struct journal_header |  magic, version, byte order, model, dimensions, checksum
 *	+-----------------------+
 *	| hash, vector, checksum|  as many as there are, all of one size
 *	| ...                   |
 *	+-----------------------+
 *
 * Only appended to, and synced, so what was embedded before a kill or a power cut is there afterwards.  A record that is cut off
 * or whose checksum does not match is passed over by readers; the next append cuts the end at the last good one.
 * A journal of another model is begun anew.
 *
 * Several processes may stage at once: appends take turns by a lock on the file's bytes, and each holds a shared lock on the
 * file until its build is done; who finds nobody else holding one removes it.
 * Blocking; for one lane.
 */
#ifndef INDEX_FLAT_JOURNAL_H
#define INDEX_FLAT_JOURNAL_H

#include "index/flat_format.h"

#define JOURNAL_MAX_BYTES ((off_t)2 << 30) /* more could not become an index file */

struct flat_journal;

/* Made when missing.  EUNAVAILABLE. */
int flat_journal_open(const char *path, struct flat_journal **out, struct fail *f);
void flat_journal_close(struct flat_journal *j);
/* All or nothing: n hashes, and n vectors of space->dims floats.  EUNAVAILABLE (a full disk, say), ETOOLARGE. */
int flat_journal_append(struct flat_journal *j, const struct vector_space *space,
			const uint8_t (*hashes)[POINT_HASH_SIZE], const float *vectors, size_t n,
			struct fail *f);
/* Closes j (may be NULL) and removes the file, unless another process is staging into it. */
void flat_journal_discard(struct flat_journal *j, const char *path);

/* Every good record of that space, in order, until fn says enough.  No file, or one of another space: none. */
typedef bool flat_journal_fn(void *ctx, const uint8_t hash[static POINT_HASH_SIZE],
			     const float *vector);
int flat_journal_read(const char *path, const struct vector_space *space, flat_journal_fn *fn,
		      void *ctx, struct fail *f);

#endif
