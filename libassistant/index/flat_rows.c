/*
 * flat_rows.c - open addressing, at most half full.
 */
#include "index/flat_rows.h"
#include <string.h>
#include "base/check.h"
#include "base/hash.h"

bool flat_rows_init(struct flat_rows *rows, struct arena *arena, size_t max)
{
	size_t slots = 16;

	if (max > UINT32_MAX / 4)
		return false;
	while (slots < 2 * max)
		slots *= 2;
	*rows = (struct flat_rows){ .max = max, .mask = slots - 1 };
	rows->hashes = arena_alloc(arena, (max + 1) * sizeof(*rows->hashes));
	rows->slots = arena_array(arena, uint32_t, slots);
	return rows->hashes && rows->slots;
}

/* The slot that holds the hash, or the free one where it would be. */
static uint32_t *slot_of(const struct flat_rows *rows, const uint8_t *hash)
{
	size_t at = hash_stable(hash, POINT_HASH_SIZE) & rows->mask;

	while (rows->slots[at] &&
	       memcmp(rows->hashes[rows->slots[at] - 1], hash, POINT_HASH_SIZE) != 0)
		at = (at + 1) & rows->mask;
	return &rows->slots[at];
}

uint32_t flat_rows_add(struct flat_rows *rows, const uint8_t hash[static POINT_HASH_SIZE])
{
	uint32_t *slot = slot_of(rows, hash);

	if (!*slot) {
		PRE(rows->n < rows->max);
		memcpy(rows->hashes[rows->n], hash, POINT_HASH_SIZE);
		*slot = (uint32_t)++rows->n;
	}
	return *slot - 1;
}

int64_t flat_rows_find(const struct flat_rows *rows, const uint8_t hash[static POINT_HASH_SIZE])
{
	return (int64_t)*slot_of(rows, hash) - 1;
}
