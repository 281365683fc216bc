/*
 * redis_check.h - can this Redis do what is asked of it?
 */
#ifndef CACHE_REDIS_CHECK_H
#define CACHE_REDIS_CHECK_H

#include "aio/redis.h"
#include "base/findings.h"

/* Tries each kind of command once, below prefix, with what expires in a second; a Redis that is away fails the call.
 * Sentences in arena.  loop: redis'; all: struct flow_op under way. */
void redis_check(struct redis *redis, struct loop *loop, struct list *all, const char *prefix,
		 struct arena *arena, struct findings *out, struct flow *f);

#endif
