/*
 * store.h - where conferences, entities, conversations and messages live.
 *
 * One interface, implemented by sqlite.c (embedded) and directus.c (remote).  All calls are made
 * on the loop thread with f from THEN(); results land in *out, with memory from `arena`, at delivery.
 * Every implementation passes tests/service/store_suite.c.
 *
 * Common errors: ENOTFOUND, ECONFLICT (that id exists), EUNAVAILABLE (+ retry_after_ms),
 * ETIMEOUT, EDENIED, EPROTOCOL.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "aio/flow.h"
#include "base/arena.h"
#include "base/findings.h"
#include "store/record.h"

struct store;

struct conversation {
	const char *id, *conference_id, *status, *source, *user_created;
	int64_t date_created_ms;
};

struct message {
	const char *id, *conversation_id, *role, *text, *status, *user_created;
	const char *metadata; /* a JSON object's text, or NULL */
	int64_t date_created_ms;
};

struct messages {
	struct message *rows;
	size_t n;
};

/* What changes of one row; NULL members stay untouched.  metadata replaces the whole object. */
struct message_patch {
	const char *id;
	const char *text;
	const char *metadata;
	const char *status;
};

struct conference_brief {
	const char *id, *name;
	uint64_t epoch;		  /* changes whenever its data changed, or may have changed */
	const char *content_hash; /* as given to ingest(); NULL: it never was */
};
struct conference_list {
	struct conference_brief *rows;
	size_t n;
};

/* A change of a row of conversations or messages, on the loop thread.  row_json: the full row, borrowed. */
typedef void store_change_fn(void *ctx, const char *collection, const char *change, const char *id,
			     const char *conversation_id, const char *row_json);

struct row_query {
	const char *collection;
	struct json_object *filter; /* {field: value}: equality; NULL: none; borrowed */
	const char *sort;	    /* "date_created" or "-date_created"; NULL: insertion order */
	int limit, offset;
};

struct store_ops {
	const char *name; /* "sqlite" */
	void (*destroy)(struct store *s);

	void (*ping)(struct store *s, struct flow *f);
	void (*conversation)(struct store *s, const char *id, struct arena *arena,
			     struct conversation *out, struct flow *f);
	void (*message)(struct store *s, const char *id, struct arena *arena, struct message *out,
			struct flow *f);
	/* Newest first, at most max rows, completed or not. */
	void (*history)(struct store *s, const char *conversation_id, int max, struct arena *arena,
			struct messages *out, struct flow *f);
	void (*conversation_create)(struct store *s, const struct conversation *row,
				    struct flow *f);
	void (*message_create)(struct store *s, const struct message *row, struct flow *f);
	/*
	 * One request for many rows, all or nothing.  missing[i] (n flags, may be NULL) is set for rows that do not
	 * exist; then the others were still written.  Rows of one call carry no status.
	 */
	void (*messages_write)(struct store *s, const struct message_patch *rows, size_t n,
			       bool *missing, struct flow *f);
	/* status "completed" for all these rows, in one request, after their texts were written. */
	void (*messages_complete)(struct store *s, const char *const *ids, size_t n,
				  struct flow *f);
	/* Rows of the assistant with status "streaming", oldest first. */
	void (*messages_streaming)(struct store *s, int max, struct arena *arena,
				   struct messages *out, struct flow *f);

	void (*conferences)(struct store *s, struct arena *arena, struct conference_list *out,
			    struct flow *f);
	/* The whole conference.  *out is a new reference. */
	void (*snapshot)(struct store *s, const char *conference_id, struct snapshot **out,
			 struct flow *f);

	/*
	 * The next conferences() asks the store; thoroughly: all of them count as moved until they are read again.  NULL where
	 * nothing is remembered.
	 */
	void (*look_again)(struct store *s, bool thoroughly);

	/*
	 * Looks whether the store is laid out as it is taken to be; NULL where we lay it out ourselves.  Findings are no
	 * failure; what fails is looking.
	 */
	void (*check)(struct store *s, struct arena *arena, struct findings *out, struct flow *f);

	/* The rest is the embedded store's: NULL in remote ones. */
	void (*row_read)(struct store *s, const char *collection, const char *id, char **json,
			 struct flow *f); /* *json is malloc()ed, also below */
	void (*row_list)(struct store *s, const struct row_query *q, char **json, struct flow *f);
	void (*row_create)(struct store *s, const char *collection, struct json_object *row,
			   char **json, struct flow *f);
	void (*row_patch)(struct store *s, const char *collection, const char *id,
			  struct json_object *patch, char **json, struct flow *f);
	/*
	 * Told of every change made through this store at once; for rows added with
	 * watch(), also of changes by other processes, within a second.  fn NULL: stop.  Watched from then on:
	 * who wants state and changes without a gap watches first and then reads.  What can be watched: id of
	 * conversations and messages, conversation_id of messages.
	 */
	void (*on_change)(struct store *s, store_change_fn *fn, void *ctx);
	void (*watch)(struct store *s, const char *collection, const char *field, const char *value,
		      bool on);
	/*
	 * Replaces one conference, atomically, seen by other processes at once.  The epoch is the one reserved by the caller
	 * and is already written to the index.
	 */
	void (*ingest)(struct store *s, struct snapshot *snapshot, const char *content_hash,
		       struct flow *f);
};

struct store {
	const struct store_ops *ops;
	bool no_metadata; /* what a message's metadata says is not kept: no leases, no feedback */
};

static inline void store_destroy(struct store *s)
{
	if (s)
		s->ops->destroy(s);
}

struct clock;
struct metrics;
struct log;
struct http;

/* path: a file in a directory that exists; created and migrated as needed (on the calling thread, at open). */
int sqlite_store_open(struct loop *loop, const char *path, const struct clock *clock,
		      struct metrics *metrics, struct log *log, struct store **out, struct fail *f);
struct directus_options {
	const char *url; /* "https://directus.example.org" */
	const char *api_key;
	const char *mapping; /* a file (mapping.h); NULL or "": the contract's names */
	int check_ms;	     /* least pause between two looks whether conferences moved */
	int compare_ms;	     /* after so long one counts as moved whatever a look says */
};

/* Reads the mapping, does not connect.  ECONFIG: the mapping is not good. */
int directus_store_open(struct loop *loop, struct http *http,
			const struct directus_options *options, struct metrics *metrics,
			struct log *log, struct store **out, struct fail *f);

#endif
