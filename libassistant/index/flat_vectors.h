/*
 * flat_vectors.h - where the embedded index finds vectors that were made before, and keeps those to come.
 */
#ifndef INDEX_FLAT_VECTORS_H
#define INDEX_FLAT_VECTORS_H

#include "index/flat.h"

/* Operations of index.h. */
void flat_dense_start(struct index *index, const char *conference_id, const struct dense_query *q,
		      struct arena *arena, struct dense_hits *out, struct flow *f);
void flat_known(struct index *index, const char *conference_id, struct vector_space space,
		const uint8_t (*hashes)[POINT_HASH_SIZE], size_t n, bool *known, struct flow *f);
void flat_stage(struct index *index, const char *conference_id, const struct index_points *points,
		struct flow *f);
void flat_space(struct index *index, const char *conference_id, struct arena *arena,
		struct vector_space *space, size_t *n_points, struct flow *f);

/*
 * Builds lane.  Offers every vector of that space until fn says enough: what is staged, op->file (may be NULL), and the conference's
 * other files here: of an epoch that another process uses, or that was built and never used.
 */
typedef bool flat_offer_fn(void *ctx, const uint8_t hash[static POINT_HASH_SIZE],
			   const float *vector);
int flat_each_vector(struct flat_op *op, const char *conference_id,
		     const struct vector_space *space, flat_offer_fn *fn, void *ctx,
		     struct fail *f);
/* Builds lane: everything staged is in an index now. */
void flat_staged_done(struct flat_index *x, const char *conference_id);

#endif
