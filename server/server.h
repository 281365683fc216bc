/*
 * server.h - what all requests share: the library, the settings, the counts of what is open.
 *
 *	main ---> server ---> civetweb: one thread per connection ---> routes ---> handlers
 *	             |                                                                |
 *	             +-- realtime: one thread writes to all WebSockets        <assistant.h>
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <assistant.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "options.h"

struct mg_context;
struct realtime;
struct window;

/* The kinds of connections that last. */
enum stream_kind { STREAM_SSE, STREAM_WAIT, STREAM_WEBSOCKET, N_STREAM_KINDS };

/* Ids of assistant_metric_new. */
struct server_metrics {
	int requests, responses, seconds, in_flight, connections, streams, slow_readers;
};

struct server {
	assistant *assistant;
	struct settings settings;
	struct mg_context *http;
	struct realtime *realtime; /* NULL: the rows are in Directus */
	struct window *creations;
	struct server_metrics metrics;
	int64_t started_ms;
	int ending_fd; /* readable for good once long-lived responses must end */
	atomic_bool draining;
	atomic_int in_flight, connections;
	atomic_int streams[N_STREAM_KINDS];
	int max_streams;
};

/* Opens the port and serves.  0, or -1 with a sentence. */
int server_start(struct server *s, assistant_error *why);
/*
 * Refuses new questions and waits, for at most grace_ms, until no answer is under way and nobody reads
 * one.  is_hurried waits for a moment each time it is asked, and ends the waiting with true.
 */
void server_drain(struct server *s, int grace_ms, bool (*is_hurried)(void *data), void *data);
/* Ends what is left and closes the port.  After that nothing uses the library any more. */
void server_stop(struct server *s);

/* A place for one more long-lived connection; false: there is none. */
bool server_stream_begin(struct server *s, enum stream_kind kind);
void server_stream_end(struct server *s, enum stream_kind kind);

int64_t monotonic_us(void);
static inline int64_t monotonic_ms(void)
{
	return monotonic_us() / 1000;
}

#endif
