/*
 * indexing.h - from a snapshot to an index with vectors.
 *
 *	facet texts --> hashes --> known? --no--> embed in batches --> stage --+
 *	                            yes ----------------------------------------+--> build
 *
 * What was embedded before is found by the hash of model and text, in the epoch in use or among what an
 * interrupted run staged: a second run embeds nothing, a changed record only itself.
 */
#ifndef SEARCH_INDEXING_H
#define SEARCH_INDEXING_H

#include "embedder/embedder.h"
#include "index/index.h"

struct indexing_counts {
	size_t points;	 /* masters and facets of the snapshot */
	size_t texts;	 /* different ones among them; 0 without an embedder */
	size_t reused;	 /* texts whose vector was there */
	size_t embedded; /* texts whose vector was made now; by indexing_plan: would be */
};

struct indexing_request {
	struct snapshot *snapshot; /* borrowed until the end */
	struct index *index;
	struct embedder *embedder; /* NULL: words only */
	/* Of whose texts vectors are made: ENTITY_BIT()s and ENTITY_BIT(POINT_PAGE); 0: of all.  The rest has those there are. */
	unsigned embed;
	bool known_only; /* with the vectors there are, embedding none: for a quick start */
	/* Loop thread, whenever some of the texts to embed are staged; may be NULL. */
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};

/* Builds index.<conference>.<epoch of the snapshot>; f's wait ends when it is written.  Cancel stops after the batches
 * under way, and what was staged stays for the next run.  The embedder failing fails it (EUNAVAILABLE), with everything
 * embedded so far staged.  *out at delivery. */
void indexing_run(const struct indexing_request *rq, struct loop *loop, struct indexing_counts *out,
		  struct flow *f);
/* The same without embedding and without a write: what a run would embed. */
void indexing_plan(const struct indexing_request *rq, struct loop *loop,
		   struct indexing_counts *out, struct flow *f);
/* index->verify with the texts' hashes; without an embedder: of words only. */
void indexing_verify(const struct indexing_request *rq, struct loop *loop, char **json,
		     struct flow *f);

#endif
