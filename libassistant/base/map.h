/*
 * map.h - strings to pointers: open addressing, seeded hash, bounded size.  Not thread-safe.
 * Keys are copied; values are the caller's.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_create(size_t max_entries); /* NULL: no memory */
/* drop (may be NULL) is called for every value left. */
void map_destroy(struct map *m, void (*drop)(void *value));
void *map_get(const struct map *m, const char *key); /* NULL: absent */
/* value must not be NULL.  0, ASSISTANT_ELIMIT when full, ASSISTANT_ENOMEM.  *old (may be NULL)
 * gets what it replaced. */
int map_put(struct map *m, const char *key, void *value, void **old);
void *map_remove(struct map *m, const char *key); /* the value, or NULL */
size_t map_count(const struct map *m);
/* Iterates in no order; *cursor starts at 0; false at the end.  No put/remove in between, except
 * removing the current key. */
bool map_next(const struct map *m, size_t *cursor, const char **key, void **value);

#endif
