/*
 * flat_dense.h - the exact scan over an index file's vectors.  Pure: no I/O, any thread.
 */
#ifndef INDEX_FLAT_DENSE_H
#define INDEX_FLAT_DENSE_H

#include "base/arena.h"
#include "index/flat_file.h"
#include "index/kernels.h"

/* Results (strings of the file among them, copy before it goes) live in the arena.  ECONFLICT, ENOMEM. */
int flat_dense(const struct flat_file *x, const struct vector_kernels *kernels,
	       const struct dense_query *q, struct arena *arena, struct dense_hits *out,
	       struct fail *f);

#endif
