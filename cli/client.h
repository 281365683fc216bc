/*
 * client.h - the assistant as the commands see it, in this process or behind a server's address.
 *
 *	client_local  (client_local.c)   the library
 *	client_remote (client_remote.c)  a running server, over its HTTP contract
 *
 * Functions return 0 or a negative ASSISTANT_E code with one sentence.  A client and its talks belong to one
 * thread.  JSON that is handed out is the caller's: json_object_put().
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <assistant.h>
#include <json-c/json.h>

struct client;
struct talk;

struct client_ops {
	/* query_json and the result as of assistant_search(). */
	int (*search)(struct client *c, const char *query_json, struct json_object **result,
		      assistant_error *err);
	/* An array, from `offset` on; fewer than CLIENT_PAGE rows: those were the last.  EDENIED or ENOTFOUND: the
	 * rows are in a store with a face of its own.  conference_id: NULL for conferences. */
	int (*rows)(struct client *c, const char *collection, const char *conference_id, int offset,
		    struct json_object **rows, assistant_error *err);
	/* {"status","checks":{...}}: whether answers can be given. */
	int (*ready)(struct client *c, struct json_object **report, assistant_error *err);
	int (*talk)(struct client *c, struct talk **out, assistant_error *err);
	void (*destroy)(struct client *c);
};

#define CLIENT_PAGE 500

struct client {
	const struct client_ops *ops;
};

/* type: ASSISTANT_EVENT_*.  Strings last until the next call on the talk. */
struct talk_event {
	int type;
	const char *text, *json;
	size_t len; /* of text */
};

/* A conversation: one question at a time. */
struct talk_ops {
	/* "conference" (id or name) before the first question; "now" at any time, "" being the clock. */
	int (*set)(struct talk *t, const char *name, const char *value, assistant_error *err);
	int (*send)(struct talk *t, const char *question, assistant_error *err);
	/* Does not wait.  ETIMEOUT: none yet; ENOTFOUND: the end was read; another code: the answer is lost.
	 * ACCEPTED a second time: the answer begins anew, what came before counts no more. */
	int (*next)(struct talk *t, struct talk_event *event, assistant_error *err);
	/* Until next() has something or fd (-1: none) is readable, at most timeout_ms (-1: for ever). */
	void (*wait)(struct talk *t, int fd, int timeout_ms);
	/* Ends the answer; its end is still to be read. */
	void (*stop)(struct talk *t);
	/* Behind the end: waits until the answer's row is written. */
	void (*settle)(struct talk *t, int timeout_ms);
	/* The reply as of assistant_reply_json(). */
	int (*reply)(struct talk *t, struct json_object **reply, assistant_error *err);
	/* As of assistant_reply_debug().  EDENIED: the server does not tell. */
	int (*debug)(struct talk *t, struct json_object **debug, assistant_error *err);
	void (*destroy)(struct talk *t);
};

struct talk {
	const struct talk_ops *ops;
};

/* a: borrowed, outlives the client. */
int client_local_create(assistant *a, struct client **out, assistant_error *err);

/* url: such as http://127.0.0.1:8000; asks nobody yet. */
int client_remote_create(const char *url, struct client **out, assistant_error *err);

/* Both accept NULL. */
void client_destroy(struct client *c);
void talk_destroy(struct talk *t);

/* Asks and waits for the end, at most timeout_ms; *reply as of assistant_reply_json(). */
int talk_ask(struct talk *t, const char *question, int timeout_ms, struct json_object **reply,
	     assistant_error *err);
/* The code, which the sentence in err belongs to. */
int client_fail(assistant_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
