/*
 * flat_filter.h - which records pass an index_filter.
 */
#ifndef INDEX_FLAT_FILTER_H
#define INDEX_FLAT_FILTER_H

#include "base/arena.h"
#include "index/flat_file.h"

/* One flag per record, in the arena; *total counts them.  NULL: no memory. */
const bool *flat_filter(const struct flat_file *x, const struct index_filter *filter,
			struct arena *arena, size_t *total);

#endif
