/*
 * realtime.h - Directus' WebSocket over the embedded store: who subscribed hears of changed rows.
 *
 *	civetweb's thread of a connection: reads messages, answers them     \
 *	                                                                      > one lock > outbox > socket
 *	one pump thread: changes from the library, heartbeats, what is late  /
 *
 * Nobody waits for a socket: what does not go out stays in the connection's bounded outbox, and who does
 * not read for 10 s is cut off and may come again; `init` then brings the row as it is.
 */
#ifndef SERVER_REALTIME_H
#define SERVER_REALTIME_H

#include "request.h"

struct realtime;

/* NULL with a sentence: it could not start. */
struct realtime *realtime_create(struct server *s, assistant_error *why);
/* Handlers of civetweb for /websocket. */
void realtime_serve(struct realtime *rt, struct mg_context *http);
/* GET /websocket: status 101 when the handshake may go on. */
void realtime_upgrade(struct request *r);
/* A connection ends; nothing happens when it is no WebSocket. */
void realtime_connection_closed(struct realtime *rt, const struct mg_connection *conn);
/* How many subscriptions wait for a row that is still streaming. */
int realtime_live(struct realtime *rt);
/* Tells everybody that the server goes away. */
void realtime_say_goodbye(struct realtime *rt);
/* No connection is left. */
void realtime_destroy(struct realtime *rt);

#endif
