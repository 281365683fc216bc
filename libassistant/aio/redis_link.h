/*
 * redis_link.h - one connection to Redis that is always being made again; redis.c has two.
 */
#ifndef AIO_REDIS_LINK_H
#define AIO_REDIS_LINK_H

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include "aio/flow.h"
#include "aio/redis_url.h"

#define REDIS_LINK_ADDRESSES 8
#define REDIS_ADDRESS_SIZE   64

struct lane;
struct ssl_ctx_st;

struct redis_link {
	/* the owner's, set before redis_link_start */
	struct loop *loop;
	const struct redis_url *url;
	struct lane *lane;	/* names are looked up there */
	struct ssl_ctx_st *tls; /* NULL: without */
	int connect_timeout_ms;
	/* up: commands may be sent.  Not up: why, also when it never was. */
	void (*changed)(struct redis_link *l, bool up, const struct fail *why);

	redisAsyncContext *context; /* NULL: none */
	bool up, looking_up;
	struct loop_watch watch;
	int events;
	struct loop_timer timer; /* the connection's time is over, or the pause is */
	struct flow lookup;
	char addresses[REDIS_LINK_ADDRESSES][REDIS_ADDRESS_SIZE];
	unsigned n_addresses, at, failures;
};

void redis_link_start(struct redis_link *l);
/* Closes it; whoever waits for an answer on it is told with a NULL reply.  No `changed`. */
void redis_link_stop(struct redis_link *l);
/* The connection is of no use any more: as if it had broken. */
void redis_link_break(struct redis_link *l, const struct fail *why);

/* NULL with f written: this hiredis has no TLS, or the file cannot be read. */
struct ssl_ctx_st *redis_tls_create(const char *ca_file, struct fail *f);
void redis_tls_destroy(struct ssl_ctx_st *tls);

#endif
