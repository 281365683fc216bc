/*
 * flat_points.h - from the points that somebody wants indexed to the sections of an index file.
 *
 *	init: copied --> place: checked, sorted, equal hashes become one row --> give: vectors that were found --> close
 */
#ifndef INDEX_FLAT_POINTS_H
#define INDEX_FLAT_POINTS_H

#include "index/flat_format.h"
#include "index/flat_rows.h"

struct flat_points {
	struct arena *arena;
	struct index_points given;
	struct flat_point *points; /* by facet, then record */
	size_t n;
	struct flat_rows rows;
	const float **vectors; /* by row; NULL: not found */
	size_t n_wanted;       /* rows without */
};

/* 0, or EINVAL: the name or the dimensions are out of bounds. */
int flat_space_check(const struct vector_space *space, struct fail *f);
/* ECONFLICT: what is held cannot be compared with what is asked. */
int flat_space_conflict(const struct vector_space *held, const struct vector_space *asked,
			struct fail *f);
/* 0, or EINVAL says of `what` that it is not of length 1 (a zero, no number). */
int flat_vector_check(const float *vector, unsigned dims, const char *what, struct fail *f);

/* Copies points with ids, and with vectors when `vectors`.  finish() also after a failure. */
int flat_points_init(struct flat_points *p, const struct index_points *from, bool vectors,
		     struct fail *f);
void flat_points_finish(struct flat_points *p);
/* Blocking, for a lane.  EINVAL: a record that the snapshot does not have, a facet that its kind has not, one twice. */
int flat_points_place(struct flat_points *p, const struct snapshot *s, struct fail *f);
/* Offers a vector; copied when it is wanted.  True: nothing more is. */
bool flat_points_give(void *points, const uint8_t hash[static POINT_HASH_SIZE],
		      const float *vector);
/* Leaves out what has no vector, and numbers rows by first use; how many points those were. */
size_t flat_points_close(struct flat_points *p);

#endif
