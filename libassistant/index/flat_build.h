/*
 * flat_build.h - makes an index file from a snapshot; blocking, for a lane.
 */
#ifndef INDEX_FLAT_BUILD_H
#define INDEX_FLAT_BUILD_H

#include "index/flat_points.h"

/* The bytes of the file; *out is malloc()ed.  points (closed; NULL: words only) are of this snapshot.  cancelled (may be NULL)
 * is asked now and then. */
int flat_build(const struct snapshot *s, const struct flat_points *points,
	       bool (*cancelled)(void *ctx), void *ctx, void **out, size_t *size, struct fail *f);

#endif
