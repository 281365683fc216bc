/*
 * arena.c - a chain of blocks; small allocations are cut from the newest one.
 */
#include "base/arena.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_BYTES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_BYTES 0
#endif
#endif
#ifndef BLOCK_BYTES
#define BLOCK_BYTES 4096
#endif
#define MAX_BLOCK_BYTES 65536

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *newest;
	size_t max_bytes, bytes, next_block;
};

struct arena *arena_create(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->max_bytes = max_bytes;
	a->next_block = BLOCK_BYTES;
	return a;
}

void arena_destroy(struct arena *a)
{
	if (!a)
		return;
	while (a->newest) {
		struct block *b = a->newest;

		a->newest = b->next;
		free(b);
	}
	free(a);
}

size_t arena_bytes(const struct arena *a)
{
	return a->bytes;
}

static struct block *add_block(struct arena *a, size_t at_least)
{
	size_t size = at_least > a->next_block ? at_least : a->next_block;
	struct block *b = calloc(1, sizeof(*b) + size);

	if (!b)
		return NULL;
	b->size = size;
	if (a->next_block && a->next_block < MAX_BLOCK_BYTES)
		a->next_block *= 2;
	/* A block made for one large piece is full: keep cutting from the one before. */
	if (a->newest && size == at_least && a->newest->size - a->newest->used > 0) {
		b->next = a->newest->next;
		a->newest->next = b;
	} else {
		b->next = a->newest;
		a->newest = b;
	}
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct block *b = a->newest;
	size_t need;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	need = (size + align - 1) / align * align;
	if (need == 0)
		need = align;
	if (need > a->max_bytes || a->bytes > a->max_bytes - need)
		return NULL;
	if (!b || b->size - b->used < need)
		b = add_block(a, BLOCK_BYTES ? need : (size ? size : 1));
	if (!b)
		return NULL;
	p = b->data + b->used;
	b->used = b->size - b->used < need ? b->size : b->used + need;
	a->bytes += need;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (!copy)
		return NULL;
	memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	s = arena_alloc(a, (size_t)n + 1);
	if (!s)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void *arena_grow(struct arena *a, void *array, size_t n, size_t *cap, size_t item_size)
{
	size_t wanted = *cap ? *cap * 2 : 8;
	void *grown;

	if (n < *cap)
		return array;
	if (wanted <= *cap || wanted > SIZE_MAX / 4 / item_size)
		return NULL;
	grown = arena_alloc(a, wanted * item_size);
	if (!grown)
		return NULL;
	if (n)
		memcpy(grown, array, n * item_size);
	*cap = wanted;
	return grown;
}
