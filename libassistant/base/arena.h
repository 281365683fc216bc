/*
 * arena.h - memory with a lifetime one can name: one turn, one request, one free.
 *
 * Not thread-safe.  An arena has a maximum; past it, or when memory is out, allocation returns
 * NULL.  Under AddressSanitizer every allocation is its own block, so that overruns are seen.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include "clean.h"

struct arena;

struct arena *arena_create(size_t max_bytes); /* NULL: no memory */
void arena_destroy(struct arena *a);
size_t arena_bytes(const struct arena *a);

/* Zeroed, aligned for any type.  NULL: over the maximum or out of memory. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *s); /* NULL for NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);
/* An array grown by copying; *cap doubles.  Returns the (possibly moved) array or NULL. */
void *arena_grow(struct arena *a, void *array, size_t n, size_t *cap, size_t item_size);

#define arena_new(a, T)	     ((T *)arena_alloc((a), sizeof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (n)))

static inline void arena_cleanup(struct arena **a)
{
	arena_destroy(*a);
}
#define _cleanup_arena_ _cleanup_(arena_cleanup)

#endif
