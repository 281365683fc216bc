/*
 * redis.h - one Redis: commands on one connection, channels on another; hiredis lives behind here.
 *
 *	             +------------------- pause, with jitter <----------------+
 *	             v                                                         |
 *	open --> looking up --> connecting --> AUTH, SELECT, PING --> up --> down
 *
 * Connecting is tried again for ever, in the background.  Commands are pipelined: many may be under way, answers come in
 * order.  One that is not answered in time says that the connection is dead: everything on it fails, and a new one
 * is made.  While there is none commands fail at once.  Loop thread.
 */
#ifndef AIO_REDIS_H
#define AIO_REDIS_H

#include "aio/flow.h"
#include "base/arena.h"

struct redis;
struct metrics;
struct log;

struct redis_options {
	const char *url;	/* redis_url.h */
	const char *ca_file;	/* for rediss://; NULL or "": the system's */
	int connect_timeout_ms; /* 2,000 */
	int command_timeout_ms; /* 500 */
	struct metrics *metrics;
	struct log *log;
};

/* Connects in the background.  EINVAL: the URL is none; ECONFIG: rediss:// and this hiredis has no TLS, or the CA file
 * cannot be read. */
int redis_open(struct loop *loop, const struct redis_options *options, struct redis **out,
	       struct fail *f);
/* What is under way ends with EUNAVAILABLE. */
void redis_destroy(struct redis *r);
/* "redis.example.org:6379"; never holds a secret. */
const char *redis_name(const struct redis *r);
bool redis_is_up(const struct redis *r); /* any thread */
/* fn is called in a later task of the loop whenever that changed. */
struct redis_observer {
	struct list link;
	void (*changed)(struct redis_observer *o, bool up);
};
void redis_observe(struct redis *r, struct redis_observer *o);
void redis_observe_stop(struct redis_observer *o); /* zeroed or stopped: fine */

enum redis_kind { REDIS_NIL, REDIS_NUMBER, REDIS_TEXT, REDIS_LIST };
struct redis_value {
	enum redis_kind kind;
	int64_t number;
	const char *text; /* NUL-terminated */
	size_t len;	  /* of text */
	struct redis_value *items;
	size_t n;
};

struct redis_word {
	const char *data;
	size_t len;
};
#define REDIS_WORD(s) ((struct redis_word){ (s), strlen(s) })

/*
 * One command.  Words are copied before the call returns.  *out is made in arena and may be NULL, then so may arena.
 * EUNAVAILABLE (no connection, or Redis cannot just now), ETIMEOUT, EPROTOCOL (it refused the command), ENOMEM.
 */
void redis_ask(struct redis *r, const struct redis_word *words, size_t n, struct arena *arena,
	       struct redis_value *out, struct flow *f);

/*
 * A channel that is listened to.  joined: from now on nothing that is published is missed, until the connection breaks;
 * called again after that.  text is NUL-terminated.  Neither is called inside redis_listen; both may call redis_listen_stop.
 */
struct redis_channel {
	struct list link;
	const char *name; /* borrowed */
	void (*joined)(struct redis_channel *c);
	void (*heard)(struct redis_channel *c, const char *text, size_t len);
};
void redis_listen(struct redis *r, struct redis_channel *c);
void redis_listen_stop(struct redis *r, struct redis_channel *c); /* zeroed or stopped: fine */

#endif
