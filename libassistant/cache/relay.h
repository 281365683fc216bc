/*
 * relay.h - what a live reply says, carried to the other processes on the same Redis, and back their wish that it stop.
 *
 *	who writes it --relay_say--> stream of the reply --relay_read--> who follows it
 *	            ^                       +--"look"--> relay_listen -----^
 *	            +------- "stop" <-- relay_ask_stop -----+
 *
 * A stream and not pub/sub alone: it keeps what was said, so whoever comes late or was cut off reads on from any position and
 * misses nothing.  Pub/sub beside it only says that there is something to read; a lost message costs a second, since
 * followers look by themselves that often.  The same with stopping: the wish is kept, told at once, and seen by the writer
 * with whatever it says next.  Needs Redis 5.  Loop thread.
 */
#ifndef CACHE_RELAY_H
#define CACHE_RELAY_H

#include "aio/redis.h"

struct relay;

struct relay_event {
	const char *type; /* "delta" */
	const char *json;
};

/* Events that were said together, numbered from `first`; base is the writer's log's, the same for all of one log. */
struct relay_batch {
	unsigned long base, first;
	struct relay_event *events;
	size_t n;
};

#define RELAY_POSITION_SIZE 44
#define RELAY_BATCH_EVENTS  200
struct relay_said {
	struct relay_batch *batches;
	size_t n;
	bool more;			    /* read again from position at once */
	char position[RELAY_POSITION_SIZE]; /* read on from here */
};
#define RELAY_BEGINNING "0-0"

/* redis is borrowed; every key and channel begins with prefix. */
int relay_open(struct loop *loop, struct redis *redis, const char *prefix, struct relay **out,
	       struct fail *f);
void relay_destroy(struct relay *r);	 /* nobody listens any more */
bool relay_is_up(const struct relay *r); /* any thread */
/* See redis_observe: after a time without Redis a stream may be gone, and is to be said anew. */
void relay_observe(struct relay *r, struct redis_observer *o);

/*
 * Adds a batch of 1..RELAY_BATCH_EVENTS events to the stream of reply id.  anew: in place of what it held.  *stop: somebody
 * asked for its end.  Strings are copied before the call returns.  Fails as redis_ask does; then it may have been said or not.
 */
void relay_say(struct relay *r, const char *id, const struct relay_batch *batch, bool anew,
	       bool *stop, struct flow *f);
/* What was said behind `after`; *out is made in arena.  Nothing: n is 0, and position is `after`. */
void relay_read(struct relay *r, const char *id, const char *after, struct arena *arena,
		struct relay_said *out, struct flow *f);

/* grown: there may be something to read.  Not called inside relay_listen; may call relay_listen_stop. */
struct relay_ear {
	struct redis_channel channel;
	char name[128];
	void (*grown)(struct relay_ear *e);
};
void relay_listen(struct relay *r, const char *id, struct relay_ear *e);
void relay_listen_stop(struct relay *r, struct relay_ear *e); /* zeroed or stopped: fine */

/* Whoever writes reply id is asked to stop. */
void relay_ask_stop(struct relay *r, const char *id, struct flow *f);
/* All other processes are told that what they serve has changed at its source; one that misses it looks by itself. */
void relay_tell_changed(struct relay *r, struct flow *f);
void relay_on_changed(struct relay *r, void (*fn)(void *ctx), void *ctx);
/* fn is told of what others ask, for any reply; NULL: nobody listens. */
void relay_on_stop(struct relay *r, void (*fn)(void *ctx, const char *id), void *ctx);

#endif
