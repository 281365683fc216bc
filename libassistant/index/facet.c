/*
 * facet.c - see facet.h; a table made from facets.def.
 */
#include "index/facet.h"

#include <string.h>
#include "base/fail.h"

static const struct {
	const char *key;
	enum entity entity;
} table[FACET_COUNT] = {
	[FACET_MASTER] = { "master", ENTITY_COUNT },
#define FACET(symbol, entity, key, sentence) [FACET_##symbol] = { key, ENTITY_##entity },
#include "index/facets.def"
#undef FACET
};

const char *facet_key(enum facet f)
{
	return table[f].key;
}

enum entity facet_entity(enum facet f)
{
	return table[f].entity;
}

unsigned facets_of(enum entity e)
{
	unsigned bits = FACET_BIT(FACET_MASTER);

	for (int f = FACET_MASTER + 1; f < FACET_COUNT; f++) {
		if (table[f].entity == e)
			bits |= FACET_BIT(f);
	}
	return bits;
}

int facet_from(enum entity e, const char *key, enum facet *out)
{
	for (int f = 0; f < FACET_COUNT; f++) {
		if ((f != FACET_MASTER && table[f].entity != e) || strcmp(table[f].key, key) != 0)
			continue;
		*out = (enum facet)f;
		return 0;
	}
	return ASSISTANT_EINVAL;
}
