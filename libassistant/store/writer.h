/*
 * writer.h - owns all live rows and writes their newest text to the store.
 *
 *	turn --text grows--> row (dirty) --> batch of dirty rows --> messages_write
 *	turn --ends--------> row (final) --> messages_write, then messages_complete --> written()
 *
 * One per process.  At most a few requests in flight, each with the newest text of every row that
 * changed, never two for the same row; first words and finals go first.  Its pace follows what the store answers
 * (latency, EUNAVAILABLE with or without retry_after); texts that only grow go one request at a time, with a rest of half
 * its time behind it, so that others are served as well.  A final write is retried until it lands; at shutdown, or
 * when the spool's time comes, it is kept in DIR/spool/<id>.json and written at the next start.  Nothing is
 * written twice, out of order, or lost.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "base/list.h"
#include "store/store.h"

struct writer;

struct writer_options {
	int interval_ms;   /* pause between two writes of one row's growing text; 200 */
	int max_in_flight; /* 2 */
	int max_batch;	   /* rows in a request; 50 */
	int lease_ms;	   /* a live row's metadata.lease_until; renewed at a third of it; 30,000 */
	int spool_after_ms;	     /* a final that failed for so long goes to the spool; 60,000 */
	const char *owner;	     /* this process, for metadata.lease_owner */
	const char *spool_directory; /* NULL: none; made when missing */
};

enum writer_queue {
	WRITER_IDLE,
	WRITER_DIRTY,
	WRITER_FIRST,
	WRITER_FINAL,
	WRITER_COMPLETING,
	WRITER_QUEUES
};

/* Embedded by the owner (a reply), zeroed; loop thread only. */
struct writer_row {
	const char *id; /* lives as long as the row is open */
	const char *
		live_fields; /* members of the live metadata besides the lease: JSON object text or NULL */
	/* The newest text, borrowed until the next call. */
	const char *(*text)(struct writer_row *row, size_t *len);
	/* Once, after writer_end: the final row (text, metadata, completed) stands in the store (0), is
	 * spooled (EUNAVAILABLE), or is gone from the store (ENOTFOUND).  The row is closed then. */
	void (*written)(struct writer_row *row, int status);
	/* The rest is writer.c's. */
	struct list link;
	enum writer_queue queue;
	int64_t dirty_since_ms, last_write_ms, leased_ms, ended_ms;
	char *final_metadata;
	bool open, in_flight, touched, wrote_once, gone, alone;
};

/* clock: wall time for leases, never a pinned one. */
struct writer *writer_create(struct loop *loop, struct store *store, const struct clock *clock,
			     const struct writer_options *options, struct metrics *metrics,
			     struct log *log);
/* All rows must be closed. */
void writer_destroy(struct writer *w);

/* The metadata a row is created with and that renews its lease; malloc()ed. */
char *writer_live_metadata(struct writer *w, const char *live_fields);
void writer_open(struct writer *w, struct writer_row *row);  /* its row exists, status streaming */
void writer_touch(struct writer *w, struct writer_row *row); /* its text grew */
/* The end: text() is final now, metadata_json is copied.  written() follows, once, later. */
void writer_end(struct writer *w, struct writer_row *row, const char *metadata_json);
/* Gives up on a row without writing anything more; safe while it is in flight. */
void writer_close(struct writer *w, struct writer_row *row);
/* Finals that are not in the store go to the spool now; written() is called for each. */
void writer_spool_all(struct writer *w);
/* Reads the spool and writes what it holds; also called by itself at the first write and every minute. */
void writer_recover(struct writer *w);
bool writer_holds(const struct writer *w, const char *id); /* its final text is in the spool */
size_t writer_pending(const struct writer *w); /* rows with something unwritten, finals included */

#endif
