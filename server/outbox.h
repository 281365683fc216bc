/*
 * outbox.h - what still has to go out on a WebSocket, bounded, newest state first.
 *
 * A message about a row replaces an unsent one about the same row for the same subscription, so a slow
 * reader gets fewer and newer states, never more memory.
 */
#ifndef SERVER_OUTBOX_H
#define SERVER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_MAX_BYTES (1u << 20)

enum websocket_opcode {
	WS_CONTINUATION = 0x0,
	WS_TEXT = 0x1,
	WS_BINARY = 0x2,
	WS_CLOSE = 0x8,
	WS_PING = 0x9,
	WS_PONG = 0xa,
};

struct frame;

struct outbox {
	struct frame *first, *last;
	size_t bytes;
	int64_t waiting_since_ms; /* since when nothing went out although something is here; 0: never */
};

void outbox_finish(struct outbox *o); /* o may be zeroed */
/*
 * about and row (NULL: none) say what the message replaces.  false: it does not fit, the peer reads too
 * slowly.
 */
bool outbox_put(struct outbox *o, enum websocket_opcode opcode, const char *data, size_t len,
		const void *about, const char *row);
/* Forgets what `about` the messages are: it is going away. */
void outbox_forget(struct outbox *o, const void *about);
/* Sends what goes out now.  false: the peer is gone. */
bool outbox_flush(struct outbox *o, int fd, int64_t now_ms);

#endif
