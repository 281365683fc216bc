/*
 * qdrant_body.h - what a build writes, made on a lane: a plan of everything, then bodies of requests one by one.
 */
#ifndef INDEX_QDRANT_BODY_H
#define INDEX_QDRANT_BODY_H

#include "aio/work.h"
#include "index/flat_points.h"
#include "index/qdrant.h"
#include "index/qdrant_words.h"

/* Shared by the build and the lane's work; refs on the loop thread only.  Between works it is the loop's. */
struct qdrant_plan {
	int refs;
	struct arena *arena;
	struct snapshot *snapshot;
	char build[UUID_SIZE];
	bool with_points;
	struct flat_points points;
	void *image; /* of an index file without points */
	struct flat_file file;
	struct qdrant_sparse sparse;
	uint32_t *by_name;	     /* by record: its place in the order of names */
	size_t bases[ENTITY_COUNT];  /* of records' numbers */
	uint32_t *facets;	     /* by record: FACET_BIT()s of its points, once closed */
	size_t n_in[SET_COUNT];	     /* points written to each */
	size_t n_near[ENTITY_COUNT]; /* records with a vector */
	size_t n_missing;
	/* how far bodies have come */
	unsigned set;
	size_t at;
};

/* points: copied before return; NULL: words only.  NULL: no memory or EINVAL, *f says. */
struct qdrant_plan *qdrant_plan_create(struct snapshot *snapshot, const struct index_points *points,
				       struct fail *f);
void qdrant_plan_unref(struct qdrant_plan *p);
/* On the lane: words, sparse vectors, points placed. */
void qdrant_plan_make(struct qdrant_plan *p, struct lane *lane, struct flow *f);
/* What has no vector is left out. */
void qdrant_plan_close(struct qdrant_plan *p);
/* On the lane: the next body, for PUT points of *set; NULL: there are no more. */
void qdrant_plan_next(struct qdrant_plan *p, struct lane *lane, char **body, enum qdrant_set *set,
		      struct flow *f);

#endif
