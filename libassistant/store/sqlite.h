/*
 * sqlite.h - inside the embedded store: one connection, owned by one lane.
 *
 *	loop thread                         lane
 *	  store_ops -> op --------------->  run: watches, BEGIN, body, COMMIT
 *	  deliver results   <-------------  op's arena holds inputs, results, changes
 *	  release: tell of changes
 *
 * sqlite.c opens, submits and answers; sqlite_schema.c migrates; sqlite_sql.c talks to SQLite;
 * sqlite_messages.c, sqlite_snapshot.c and sqlite_rows.c hold the bodies; sqlite_watch.c finds other processes' changes.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>
#include "aio/work.h"
#include "base/text.h"
#include "store/store.h"

#define SQLITE_BUSY_MS	     5000 /* how long another process's write is waited for */
#define SQLITE_WATCH_MS	     250
#define MESSAGE_MAX_USER     (16 << 10)	 /* bytes of a visitor's text */
#define MESSAGE_MAX_TEXT     (256 << 10) /* bytes of the assistant's */
#define MESSAGE_MAX_METADATA (256 << 10)

enum statement {
#define STATEMENT(id, text) STMT_##id,
#include "store/sqlite_statements.def"
#undef STATEMENT
	STMT_COUNT
};

struct watches;

struct sqlite_store {
	struct store base;
	struct loop *loop;
	struct lane *lane;
	const struct clock *clock;
	struct metrics *metrics;
	struct log *log;
	int refs; /* loop thread: the owner and every operation */
	bool closed;
	store_change_fn *change_fn;
	void *change_ctx;
	/* the lane's */
	sqlite3 *db;
	sqlite3_stmt *statements[STMT_COUNT];
	struct sqlite_op *running;
	/* both's, see sqlite_watch.c */
	struct watches *watches;
};

struct sqlite_change {
	struct sqlite_change *next;
	const char *collection, *change, *id, *conversation_id, *row_json;
};

struct sqlite_op {
	struct work work;
	struct sqlite_store *store;
	struct arena *arena; /* holds the operation itself */
	const char *name;    /* "history" */
	int64_t began_ns;
	int (*body)(struct sqlite_op *op, struct fail *f); /* on the lane */
	void (*finish)(struct sqlite_op *op);		   /* on release; may be NULL */
	bool writes;					   /* run in a transaction */
	bool reports;					   /* somebody wants to hear of changes */
	bool starved;					   /* no memory for an input */
	struct sqlite_change *changes, **last_change;
};

/* --- sqlite.c: loop thread ------------------------------------------------ */

/* Zeroed, of `size` bytes that begin with a struct sqlite_op.  NULL: no memory, and f was told. */
void *sqlite_op_new(struct store *s, size_t size, const char *name,
		    int (*body)(struct sqlite_op *op, struct fail *f), struct flow *f);
void sqlite_submit(struct sqlite_op *op, void (*deliver)(struct wait *w), struct flow *f);
/* Keep a string with the operation; NULL for NULL.  An id that is a UUID is kept in lower case. */
const char *sqlite_keep(struct sqlite_op *op, const char *s);
const char *sqlite_keep_id(struct sqlite_op *op, const char *id);
/* From deliver: the caller's arena has no room for the answer. */
void sqlite_no_room(struct wait *w);

/* --- sqlite_schema.c ------------------------------------------------------- */

int sqlite_migrate(sqlite3 *db, const char *path, struct fail *f);

/* --- sqlite_sql.c: the lane ------------------------------------------------- */

/* ENOMEM, EUNAVAILABLE, EPROTOCOL... for SQLite's code, with the sentence. */
int sqlite_fail(sqlite3 *db, int rc, const char *doing, struct fail *f);
/* Reset and unbound; NULL with f written when it cannot be prepared. */
sqlite3_stmt *sqlite_statement(struct sqlite_store *s, enum statement id, struct fail *f);
/* Binding never fails but for memory, which the step then reports. */
void sqlite_bind(sqlite3_stmt *q, int at, const char *text);
/* 1: a row; 0: done, q reset; negative: failed, q reset. */
int sqlite_step(struct sqlite_store *s, sqlite3_stmt *q, const char *doing, struct fail *f);
/* Runs a statement without rows.  With id, it is bound at 1. */
int sqlite_exec(struct sqlite_store *s, enum statement id, const char *bound, struct fail *f);
const char *sqlite_text(sqlite3_stmt *q, int column, struct arena *arena); /* NULL for NULL */
void sqlite_finalize_all(struct sqlite_store *s);

/* --- sqlite_messages.c --------------------------------------------------------- */

void sqlite_conversation(struct store *s, const char *id, struct arena *arena,
			 struct conversation *out, struct flow *f);
void sqlite_message(struct store *s, const char *id, struct arena *arena, struct message *out,
		    struct flow *f);
void sqlite_history(struct store *s, const char *conversation_id, int max, struct arena *arena,
		    struct messages *out, struct flow *f);
void sqlite_streaming(struct store *s, int max, struct arena *arena, struct messages *out,
		      struct flow *f);
void sqlite_conversation_create(struct store *s, const struct conversation *row, struct flow *f);
void sqlite_message_create(struct store *s, const struct message *row, struct flow *f);
void sqlite_messages_write(struct store *s, const struct message_patch *rows, size_t n,
			   bool *missing, struct flow *f);
void sqlite_messages_complete(struct store *s, const char *const *ids, size_t n, struct flow *f);

/* --- sqlite_create.c ------------------------------------------------------------- */

/* Checks, fills in what is absent, inserts, and notes the change; on the lane. */
int sqlite_insert_conversation(struct sqlite_op *op, struct conversation *row, struct fail *f);
int sqlite_insert_message(struct sqlite_op *op, struct message *row, struct fail *f);
int sqlite_check_status(bool of_message, const char *status, struct fail *f);
int sqlite_check_metadata(const char *metadata, struct fail *f);
int sqlite_check_text(const char *role, const char *text, struct fail *f);

/* --- sqlite_rows.c ----------------------------------------------------------------- */

void sqlite_row_read(struct store *s, const char *collection, const char *id, char **json,
		     struct flow *f);
void sqlite_row_create(struct store *s, const char *collection, struct json_object *row,
		       char **json, struct flow *f);
void sqlite_row_patch(struct store *s, const char *collection, const char *id,
		      struct json_object *patch, char **json, struct flow *f);

/* --- sqlite_list.c ----------------------------------------------------------------- */

void sqlite_row_list(struct store *s, const struct row_query *q, char **json, struct flow *f);

/* --- sqlite_face.c: rows as JSON, as the contract writes them ------------------------ */

/* q stands on a row of CONVERSATION_COLUMNS or MESSAGE_COLUMNS. */
void sqlite_conversation_json(sqlite3_stmt *q, struct text *out);
void sqlite_message_json(sqlite3_stmt *q, struct text *out);
/* json of conferences; key (which is the id), title, text, conference_id of pages; json, conference_id of records. */
void sqlite_conference_json(sqlite3_stmt *q, struct text *out);
void sqlite_page_json(sqlite3_stmt *q, struct text *out);
void sqlite_record_json(sqlite3_stmt *q, struct text *out);

/* --- sqlite_snapshot.c ------------------------------------------------------------------ */

void sqlite_conferences(struct store *s, struct arena *arena, struct conference_list *out,
			struct flow *f);
void sqlite_snapshot(struct store *s, const char *conference_id, struct snapshot **out,
		     struct flow *f);
void sqlite_ingest(struct store *s, struct snapshot *snapshot, const char *content_hash,
		   struct flow *f);

/* --- sqlite_watch.c ------------------------------------------------------------------------ */

int sqlite_watches_create(struct sqlite_store *s, struct fail *f);
void sqlite_watches_stop(struct sqlite_store *s);    /* loop thread, before the lane goes */
void sqlite_watches_destroy(struct sqlite_store *s); /* after */
void sqlite_watch(struct store *s, const char *collection, const char *field, const char *value,
		  bool on);
/* Lane: takes up what watch() asked for, before anything else of an operation runs. */
void sqlite_watches_update(struct sqlite_op *op);
/* Lane: a row changed by this operation: re-reads it and lists the change with the operation. */
int sqlite_note_change(struct sqlite_op *op, const char *collection, const char *change,
		       const char *id, struct fail *f);
/* Lane, after commit: what was reported is not reported again. */
void sqlite_watches_seen(struct sqlite_store *s, const struct sqlite_change *change);

#endif
