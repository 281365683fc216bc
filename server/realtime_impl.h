/*
 * realtime_impl.h - what realtime.c (connections) and subscribe.c (messages) share.
 */
#ifndef SERVER_REALTIME_IMPL_H
#define SERVER_REALTIME_IMPL_H

#include <pthread.h>
#include "outbox.h"
#include "query.h"
#include "realtime.h"

#define MAX_SUBSCRIPTIONS 32

struct subscription {
	struct subscription *next;
	const char *collection; /* static */
	const char *field;	/* "id" or "conversation_id": what the library watches */
	const char *value;	/* in filter */
	struct row_filter filter;
	struct row_fields fields;
	char uid[72];	/* as JSON; "" none */
	char event[8];	/* "create", "update", "delete"; "" all */
	bool by_item;	/* data is one object instead of a list */
	bool ready;	/* init was sent */
	bool missed;	/* something changed before that */
	bool streaming; /* its newest row has not ended */
};

/* A WebSocket.  Everything but `message` and what counts messages belongs to the lock. */
struct client {
	struct client *next;
	struct realtime *realtime;
	int fd; /* -1: gone, only its thread still has to notice */
	struct subscription *subscriptions;
	int n_subscriptions;
	struct outbox out;
	int64_t heard_ms, asked_ms;
	int unanswered;

	struct buf message; /* fragments so far */
	int opcode;	    /* of the message they make; 0: none has begun */
	int64_t counted_since_ms;
	int n_messages;
};

struct realtime {
	struct server *server;
	pthread_mutex_t lock;
	pthread_t pump;
	assistant_watch *watch;
	struct client *clients;
	int wake_fd;
	bool ending;
};

/* With the lock. */
void client_send(struct client *c, enum websocket_opcode opcode, const char *data, size_t len,
		 const void *about, const char *row);
void client_drop(struct client *c);

/* One whole text message.  Takes the lock itself. */
void client_message(struct client *c, const char *text, size_t len);
/* With the lock: forgets all subscriptions. */
void client_unsubscribe_all(struct client *c);
/* With the lock: a row changed. */
void realtime_deliver(struct realtime *rt, const char *collection, const char *change,
		      const char *row_json);

#endif
