/*
 * stream.h - a reply's events as they come: server-sent events.
 */
#ifndef SERVER_STREAM_H
#define SERVER_STREAM_H

#include "request.h"

/*
 * Sends the events behind number `after` until the reply ends, the reader leaves or does not read, or
 * the server ends.  Whoever leaves may come again with the last id; the turn goes on in any case.
 */
void stream_reply(struct request *r, assistant_reply *reply, unsigned long after);

/* Waits for at most timeout_ms until the reply has ended and its row is written. */
enum request_wait stream_wait_for_end(struct request *r, assistant_reply *reply, int timeout_ms);

/* One event in the form of the wire.  json is one line. */
void stream_add_event(struct buf *b, unsigned long id, const char *name, const char *json);

#endif
