/*
 * facet.h - what a point of the index is about: a whole record (its master) or one facet of it.
 *
 * Each entity has two collections, its masters and its facets: six in all, 17 facets.
 */
#ifndef INDEX_FACET_H
#define INDEX_FACET_H

#include "store/record.h"

enum facet {
	FACET_MASTER, /* of any entity */
#define FACET(symbol, entity, key, sentence) FACET_##symbol,
#include "index/facets.def"
#undef FACET
	FACET_COUNT
};
#define FACET_BIT(f)	  (1u << (f))
#define FACET_ALL	  ((1u << FACET_COUNT) - 1)
#define FACETS_PER_ENTITY 7 /* the master and six at most */

const char *facet_key(enum facet f);	/* "session_topic"; "master" */
enum entity facet_entity(enum facet f); /* of a facet; not of FACET_MASTER */
unsigned facets_of(enum entity e);	/* FACET_BIT()s, the master among them */
/* 0 or ASSISTANT_EINVAL: that entity has no such facet. */
int facet_from(enum entity e, const char *key, enum facet *out);

#endif
