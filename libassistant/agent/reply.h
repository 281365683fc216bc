/*
 * reply.h - an answer with a life of its own: a numbered event log, one row in the store, any
 * number of readers.
 *
 *	accepted --> running --> ending --> completed
 *	    |           |          ^
 *	    +-----------+----------+   stop, failure, drain
 *
 * ending: the turn is over, its final row is on the way to the store.  The row always reaches "completed" with
 * text a visitor can read.  The log is bounded by the longest answer allowed; readers have cursors, so a slow or absent
 * one never pauses the model nor stops the turn.
 *
 * Threads: the loop writes; readers on any thread read under the reply's own mutex.
 */
#ifndef AGENT_REPLY_H
#define AGENT_REPLY_H

#include <assistant.h>
#include "agent/turn.h"

struct replies; /* the loop's table of live and lately finished ones, by id */
struct reply;
struct clock;
struct cidr_list;

struct replies_options {
	int keep_finished_ms; /* 300,000 */
	int max_kept;	      /* finished replies kept for late readers; 1,000 */
	int lease_ms;
	const char *owner;		     /* this process, as in writer_options */
	int rate_conversation_per_minute;    /* 20; 0: none */
	int rate_address_per_hour;	     /* 200; 0: none */
	const struct cidr_list *rate_exempt; /* networks without the address limit; NULL */
	bool sweep;			     /* settle left-over rows: servers only */
	int rerun_young_ms; /* a left-over row younger than this is answered anew; 120,000 */
};

/* wall: the time for leases and rows, never a pinned one. */
struct replies *replies_create(struct env *env, const struct clock *wall,
			       const struct replies_options *options);
void replies_destroy(struct replies *r); /* no reply may be running */
/* Runs submits refused, waits for nothing.  */
void replies_drain(struct replies *r);
bool replies_draining(const struct replies *r);
size_t replies_live(const struct replies *r);
/* Ends every live reply now with the text it has. */
void replies_stop_all(struct replies *r);
/* Tells when none is live and every final row is in the store or the spool. */
bool replies_idle(const struct replies *r);

/* --- loop thread ------------------------------------------------------- */

struct reply_submit {
	const char *conversation_id, *message_id, *conference_id, *client_address, *request_id,
		*traceparent;
	int64_t now_unix_ms;
};
/* Strings borrowed until the flow goes on.  *out: a new reference. */
void replies_submit(struct replies *r, const struct reply_submit *rq, struct reply **out,
		    bool *attached, struct flow *f);
/* From the table, or rebuilt from its row.  ENOTFOUND. */
void replies_find(struct replies *r, const char *assistant_message_id, struct reply **out,
		  struct flow *f);
/* A turn without rows (assistant_ask): same log, nothing stored. */
int replies_ask(struct replies *r, const char *conference_id, const char *question,
		int64_t now_unix_ms, struct reply **out, struct fail *f);

/* --- any thread --------------------------------------------------------- */

struct event_log *reply_log(struct reply *r);
struct reply *reply_ref(struct reply *r);
void reply_unref(struct reply *r);
const char *reply_id(const struct reply *r);

/* A reader: cursor and wake-up.  Embedded; one thread at a time. */
struct reply_reader {
	struct reply *reply;
	struct list link; /* in the reply, for wake-ups */
	size_t cursor;	  /* events read */
	int fd;		  /* eventfd, made on first use; -1 */
};
void reply_reader_init(struct reply_reader *rd, struct reply *r); /* takes a reference */
void reply_reader_finish(struct reply_reader *rd);
/* The event lives as long as the reply.  ETIMEOUT, ENOTFOUND as assistant_reply_next. */
int reply_reader_next(struct reply_reader *rd, int timeout_ms, const assistant_event **out);
int reply_reader_fd(struct reply_reader *rd);
void reply_reader_seek(struct reply_reader *rd, unsigned long after);

/* Until completed (row written or spooled).  ETIMEOUT. */
int reply_wait(struct reply *r, int timeout_ms);
/* ENOTFOUND: it had ended.  EUNAVAILABLE: another process writes it, and there is no relay to ask that one. */
int reply_stop(struct reply *r);
/* Loop thread: value goes out with the final metadata (copied); false: that is under way or done. */
bool reply_keep_feedback(struct reply *r, struct json_object *value);
bool reply_is_ending(const struct reply *r); /* loop thread: its final row is on the way */
char *reply_json(struct reply *r);	     /* malloc()ed */
char *reply_debug(struct reply *r);	     /* malloc()ed */

#endif
