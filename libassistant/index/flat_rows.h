/*
 * flat_rows.h - distinct hashes, numbered in the order in which they come: what vectors are known by.
 */
#ifndef INDEX_FLAT_ROWS_H
#define INDEX_FLAT_ROWS_H

#include "base/arena.h"
#include "index/index.h"

struct flat_rows {
	uint8_t (*hashes)[POINT_HASH_SIZE];
	uint32_t *slots; /* number + 1; 0: free */
	size_t n, max, mask;
};

/* Memory for at most max hashes, in the arena.  false: there is none. */
bool flat_rows_init(struct flat_rows *rows, struct arena *arena, size_t max);
/* Its number, added when new; never past max. */
uint32_t flat_rows_add(struct flat_rows *rows, const uint8_t hash[static POINT_HASH_SIZE]);
/* Its number, or -1. */
int64_t flat_rows_find(const struct flat_rows *rows, const uint8_t hash[static POINT_HASH_SIZE]);

#endif
