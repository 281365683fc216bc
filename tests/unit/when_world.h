/*
 * when_world.h - a random conference, as the oracle sees it and as a catalog, with a clock that can be turned.
 */
#ifndef WHEN_WORLD_H
#define WHEN_WORLD_H

#include "search/catalog.h"
#include "when_oracle.h"

struct world {
	struct oracle o;
	struct catalog *catalog;
	uint64_t random, seed;
};

uint32_t below(struct world *w, uint32_t n);
bool chance(struct world *w, uint32_t percent);
/* From w->random; sets TZ. */
void make_world(struct world *w);
/* Another now: most often during the conference, else up to two days beside it. */
void turn_clock(struct world *w);

#endif
