/*
 * facet_cues.h - which facets a sentence speaks to, by the words in it (facet_cues.def).
 */
#ifndef SEARCH_FACET_CUES_H
#define SEARCH_FACET_CUES_H

#include "index/facet.h"
#include "search/prose.h"

/* FACET_BIT()s of a folded text. */
unsigned facet_cues(const char *folded);
/*
 * The sentences of p, each with what it speaks to itself and by what it stands under ("What you will learn:"): bits[p->n].
 * NULL: no memory.
 */
const unsigned *facet_cues_of(const struct prose *p, struct arena *arena);

#endif
