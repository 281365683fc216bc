/*
 * upstreams.h - the services around a server, and its visitors, in one fast process: what tests/bench/services.py measures with.
 *
 *	visitors --POST /api/chat--> server --> Messages API, embeddings, Directus, Qdrant: all of them here
 *
 * They speak the wires of the doubles in tests/support and keep no more state than a chat needs.  One thread, epoll; nothing in here
 * is a test: what it counts is judged by services.py.
 */
#ifndef BENCH_UPSTREAMS_H
#define BENCH_UPSTREAMS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/text.h"

#define PIECES 120 /* of an answer */

/* Directus, embeddings, model, Qdrant: how often each was asked and how much it was sent. */
#define SERVICES 4
extern uint64_t requests_seen[SERVICES], bytes_seen[SERVICES];
/* Spent waiting for Qdrant's double: a measurement in which it is not nearly nothing says little. */
extern double behind_ms;

/* --- Connections (main.c) --------------------------------------------------------------- */

struct chat;

struct peer {
	int fd;
	bool waits_to_write;
	struct text in, out;
	struct chat *chat; /* whose stream, question or POST this is */
	bool is_visitor;
	struct peer *next; /* of the idle visitors' connections */
};

struct request {
	char method[8];
	const char *path; /* with its query */
	const char *body;
	size_t body_len;
};

void peer_send(struct peer *p, const char *bytes, size_t n);
/* status: "200 OK" */
void peer_answer(struct peer *p, const char *status, const char *body, size_t n);
/* A connection to a port of this machine, watched; NULL: there is none. */
struct peer *peer_connect(int port);
void peer_close(struct peer *p);

/* --- Time ------------------------------------------------------------------------------- */

struct timer {
	struct timer *next;
	void (*fn)(struct chat *c);
	struct chat *chat;
};

double now_ms(void);
/* In ms milliseconds, less than 4,096; chats are not freed. */
void after(int64_t ms, void (*fn)(struct chat *c), struct chat *c);

/* --- Chats (chats.c) --------------------------------------------------------------------- */

struct chat {
	unsigned n;
	bool paced, measured, read_verbatim;
	struct peer *ask, *stream; /* who waits for the model */
	char reply_id[UUID_SIZE];  /* "": not created yet */
	unsigned n_tries;
	unsigned n_sent, n_landed; /* pieces */
	double began_ms, sent_ms[PIECES];
	size_t end[PIECES]; /* of each piece in the answer */
	struct text answer; /* all of it */
	size_t landed;	    /* bytes of it in the row */
	bool is_wrong, is_complete;
};

/* The chat whose number stands behind the first "[visit" in there; NULL: none. */
struct chat *chat_in(const char *text);
struct chat *chat_at(unsigned n);
void chat_question(const struct chat *c, struct text *to);
void chat_reply_created(struct chat *c, const char *id);
struct chat *chat_of_reply(const char *id);
void chat_text_written(struct chat *c, const char *text, size_t n);
void chat_completed(struct chat *c);
/* A visitor's POST was answered; status 0: its connection is gone. */
void chat_posted(struct peer *p, int status, const char *body);

/* Begins what the body says and answers p when it is over. */
void chats_run(struct peer *p, struct json_object *plan);
/* Ids of a chat's rows, of its number. */
void chat_ids(unsigned n, char conversation[static UUID_SIZE], char message[static UUID_SIZE]);

/* --- Services --------------------------------------------------------------------------- */

void model_serve(struct peer *p, const struct request *rq);	 /* /v1/messages, /v1/models */
void embeddings_serve(struct peer *p, const struct request *rq); /* /v1/embeddings */
void rows_serve(struct peer *p, const struct request *rq);	 /* Directus */
void index_serve(struct peer *p, const struct request *rq);	 /* Qdrant */
void rows_load(const char *file);
void rows_conference(char out[static UUID_SIZE]);
void index_behind(int port);

#endif
