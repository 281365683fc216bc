/*
 * cache_answer.h - what an implementation of cache.h found out, and where its caller wants it.
 */
#ifndef CACHE_CACHE_ANSWER_H
#define CACHE_CACHE_ANSWER_H

#include "cache/cache.h"

struct cache_answer {
	struct cache_value value, *value_out; /* value: in the operation's own memory */
	struct cache_window window, *window_out;
	bool held, *held_out;
	struct arena *arena; /* the caller's, for the value */
};

/* For wait.deliver: what has somewhere to go is copied there. */
static inline void cache_answer_give(const struct cache_answer *a)
{
	struct cache_value copy = { 0 };

	if (a->window_out)
		*a->window_out = a->window;
	if (a->held_out)
		*a->held_out = a->held;
	if (a->value_out && a->value.data)
		copy.data = arena_strndup(a->arena, a->value.data, a->value.len);
	if (copy.data) /* no room for it is a miss, too */
		copy.len = a->value.len;
	if (a->value_out)
		*a->value_out = copy;
}

#endif
