/*
 * facets.h - what the master and the facets of a record say, from what the record has.
 *
 * Nothing is padded: a facet that the data does not fill is absent, since stock phrases would make every record alike.
 */
#ifndef SEARCH_FACETS_H
#define SEARCH_FACETS_H

#include "index/facet.h"

struct facet_text {
	enum facet facet;
	const char *text;
};

/* Into out[FACETS_PER_ENTITY], the master first; returns how many.  Texts live in arena or the snapshot.  Pure: the same
 * record with the same neighbours (a speaker's sessions, a session's speakers) has the same texts. */
size_t facet_texts(const struct snapshot *s, const struct record *r, struct arena *arena,
		   struct facet_text *out);

#endif
