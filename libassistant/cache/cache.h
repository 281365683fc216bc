/*
 * cache.h - get, put with a time to live, count in a window, lock.
 *
 * Implemented by memory.c (bounded LRU in this process) and redis.c (shared by all processes on one Redis).  Loop thread, f
 * from THEN(); results land at delivery.  A cache may lose anything at any time; counts and locks of memory.c hold
 * within one process.  Every implementation passes tests/service/cache_suite.c.
 */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "aio/flow.h"
#include "base/arena.h"
#include "base/findings.h"

struct cache;
struct metrics;
struct redis;

struct cache_value {
	const char *data; /* NULL: a miss; else NUL-terminated, in the arena given */
	size_t len;
};

struct cache_window {
	int64_t count;		/* in the window, this one included */
	int64_t retry_after_ms; /* until the window lets one more in, when over the limit; else 0 */
	bool allowed;
};

struct cache_ops {
	const char *name;
	void (*destroy)(struct cache *c);
	void (*ping)(struct cache *c, struct flow *f);
	void (*get)(struct cache *c, const char *key, struct arena *arena, struct cache_value *out,
		    struct flow *f);
	void (*put)(struct cache *c, const char *key, const char *data, size_t len, int64_t ttl_ms,
		    struct flow *f);
	void (*remove)(struct cache *c, const char *key, struct flow *f);
	/* Sliding window: at most `limit` in any window_ms.  A refused one is not counted. */
	void (*count)(struct cache *c, const char *key, int64_t window_ms, int64_t limit,
		      struct cache_window *out, struct flow *f);
	/* *held: this owner has it now (taken, or renewed by the same owner). */
	void (*lock)(struct cache *c, const char *key, const char *owner, int64_t ttl_ms,
		     bool *held, struct flow *f);
	void (*unlock)(struct cache *c, const char *key, const char *owner, struct flow *f);
	/* Looks whether what is shared can do what is asked of it; findings are no failure.  NULL: nothing is shared. */
	void (*check)(struct cache *c, struct arena *arena, struct findings *out, struct flow *f);
};

struct cache {
	const struct cache_ops *ops;
};

static inline void cache_destroy(struct cache *c)
{
	if (c)
		c->ops->destroy(c);
}

/* Time for ttl and windows is the loop's.  max_bytes bounds keys, values and window entries together. */
int memory_cache_open(struct loop *loop, size_t max_bytes, struct cache **out, struct fail *f);
/*
 * Shared through redis (borrowed), every key below prefix.  Time is Redis'.  While Redis is away, whatever is asked goes to
 * local, so that nothing fails and limits hold per process; ping alone tells.  What local took stays there.  Owns local.
 */
int redis_cache_open(struct loop *loop, struct redis *redis, const char *prefix,
		     struct cache *local, struct metrics *metrics, struct cache **out,
		     struct fail *f);

#endif
