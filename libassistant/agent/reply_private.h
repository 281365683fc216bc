/*
 * reply_private.h - a reply from inside: shared by reply.c (life), submit.c (birth), follow.c (those of other processes),
 * relaying.c (telling other processes), settle.c (left-over rows) and replies.c (the table).
 */
#ifndef AGENT_REPLY_PRIVATE_H
#define AGENT_REPLY_PRIVATE_H

#include "agent/event_log.h"
#include "agent/reply.h"
#include "aio/state.h"
#include "base/map.h"
#include "cache/relay.h"
#include "store/writer.h"

enum reply_at { REPLY_ACCEPTED, REPLY_RUNNING, REPLY_ENDING, REPLY_COMPLETED };

struct reply {
	int refs; /* atomic */
	struct replies *replies;
	struct event_log log;
	struct state state;
	char *id, *conversation_id, *message_id, *conference_id, *request_id, *question;
	int64_t now_unix_ms;
	bool stored;	       /* has a row that is ours to write */
	bool followed;	       /* its row is another process's */
	bool ended, completed; /* under log.mutex: text is final; row is final too */

	/* under log.mutex for other threads; only the loop writes */
	struct text text;
	struct json_object *references, *suggestions, *timings, *debug, *usage, *feedback;
	enum outcome outcome;
	bool basic;
	char *error;

	/* loop thread */
	struct turn *turn;
	struct writer_row row;
	char *live_fields;
	struct loop_timer done_timer; /* DONE waits for the row, but not for ever */
	struct loop_timer keep_timer;
	struct loop_post stop_post;
	bool stop_posted; /* atomic */
	bool done_said, in_table, counted;
	struct {
		struct list link; /* in relaying's list, while there is something to say */
		size_t said;	  /* events that other processes can read */
		bool anew, under_way;
	} relay;
	int64_t began_ms;
};

struct replies {
	struct env *env;
	struct replies_options options;
	const struct clock *wall;
	struct map *table;    /* id -> struct reply (a reference) */
	struct map *starting; /* id -> being submitted */
	size_t live, kept;
	bool draining;
	struct loop_timer sweep_timer;
	struct sweep *sweep;
	int64_t away_ms; /* when a sweep failed last; 0: none did */
	struct list follows;
	struct relaying *relaying;  /* NULL: there is no relay */
	struct list submits, finds; /* under way: submit.c */
};

/* reply.c */
struct reply *reply_create(struct replies *rs, const char *id, unsigned long base);
int reply_run(struct reply *r, struct fail *f); /* begins the turn */
/* Its row exists: opens it for writing, enters the table, begins the turn. */
int reply_adopt(struct reply *r, struct fail *f);
int reply_enter(struct reply *r); /* the same without the turn */
void reply_add_text(struct reply *r, const char *text);
void reply_announce(struct reply *r); /* ACCEPTED */
void reply_set_ended(struct reply *r, enum outcome outcome, const char *error);
char *reply_metadata(struct reply *r);	   /* final; malloc()ed */
void reply_set_completed(struct reply *r); /* row is final: DONE, closes the log */
void reply_apply_metadata(struct reply *r, const char *metadata);

/* submit.c: ends what is under way; who waits hears ECANCELED. */
void submits_cancel(struct replies *rs);

/* replies.c */
int replies_insert(struct replies *rs, struct reply *r);
void replies_forget(struct replies *rs, struct reply *r);
bool replies_exempt(const struct replies *rs, const char *address);

/* follow.c */
/* A reply made from a row that is completed, or that another process is writing, and from what that one has said (NULL: it
 * cannot be known). */
struct reply *reply_from_row(struct replies *rs, const struct message *row,
			     const struct relay_said *said);
void follow_stop_first(struct replies *rs);

/* relaying.c */
void relaying_start(struct replies *rs); /* when there is a relay */
void relaying_stop(struct replies *rs);
bool relaying_idle(const struct replies *rs); /* everything was said, or cannot be */
void relaying_begin(struct reply *r);	      /* what its log gains is told to other processes */
void relaying_forget(struct reply *r);	      /* no more of it */
void relaying_ask_stop(struct reply *r);      /* whoever writes it */

/* settle.c */
bool row_is_streaming(const struct message *row);
enum outcome outcome_from_name(const char *name);
/* A live row without sign of life for so long is not written any more. */
int64_t replies_silence_ms(const struct replies *rs);
void sweep_start(struct replies *rs);
void sweep_stop(struct replies *rs);

#endif
