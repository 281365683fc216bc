/*
 * directus.h - one request to Directus, for the files of the Directus store.
 *
 *	op_begin --> [request --> answered]... --> op_end --> delivered to the caller's flow
 *
 * docs/directus.md says what of Directus this relies on, with samples.
 */
#ifndef STORE_DIRECTUS_H
#define STORE_DIRECTUS_H

#include "aio/http.h"
#include "base/json.h"
#include "base/map.h"
#include "base/text.h"
#include "store/mapping.h"
#include "store/store.h"

/* What is known of a conference: by looks, and since it was last read whole. */
struct directus_seen {
	uint64_t mark;		    /* of the last look */
	uint64_t read_mark;	    /* of the look before it was read */
	uint64_t epoch;		    /* of what was read; 0: it never was */
	size_t n[ENTITY_COUNT];	    /* records that were read */
	int64_t read_ms;	    /* when */
	int64_t emptied_ms;	    /* since when a kind of records is all gone; 0: none is */
	unsigned asked, read_asked; /* how often somebody said that it moved; before it was read */
};

#define DIRECTUS_DATES 3 /* combinations of dates that a collection may have */

struct directus {
	struct store store;
	struct loop *loop;
	struct http *http;
	struct mapping *mapping;
	char *url, *authorization;
	struct metrics *metrics;
	struct log *log;
	struct list ops;
	/* What was last seen of the conferences: directus_conferences.c. */
	struct json_object *conferences; /* rows */
	struct map *seen;		 /* id -> struct directus_seen */
	int64_t looked_ms;		 /* -1: look again */
	int check_ms, compare_ms;
	unsigned char undated[MAPPED_COUNT]; /* combinations it does not have */
	int page;			     /* rows asked for at once */
	bool counted;			     /* so we know of */
	bool tells; /* what an array changed is told again: directus_write.c */
};

struct op {
	struct wait wait; /* the caller's */
	struct flow flow; /* the requests, one after the other */
	struct list link;
	struct directus *d;
	const char *name; /* "message": for metrics */
	int64_t began_ms;
	struct arena *own;   /* freed with the op */
	struct arena *arena; /* the caller's, for results */
	void *out;
	void (*fill)(struct op *op); /* copies the result out, at delivery */
	struct http_response response;
	struct json_object *body;      /* of the last answer: "data" is in it */
	void *state;		       /* in own */
	void (*finish)(struct op *op); /* drops what state holds; may be NULL */
};

/* first: sends a request and goes on; bound to f, which comes from THEN(). */
struct op *op_begin(struct store *s, const char *name, flow_step *first, const char *first_name,
		    struct flow *f);
/* Sends; then op_check in the next step.  path begins with "/". */
void op_send(struct op *op, const char *method, const char *path, struct json_object *body,
	     struct flow *f);
/* After the answer: parses it.  0, or the code with op->flow.fail written: ECONFLICT, EDENIED, EUNAVAILABLE... */
int op_check(struct op *op);
/* A last step for ops of one request. */
void op_done(struct flow *f);
struct op *op_of(struct flow *f);
struct json_object *op_data(struct op *op); /* borrowed; NULL */
/* Percent-encodes a value of a query or a segment of a path; in op->own. */
const char *op_escape(struct op *op, const char *value);
/* "/items/Message": the path of a collection; in op->own. */
const char *op_items(struct op *op, enum mapped what);
/* Their name of one of our fields; NULL: absent. */
const char *op_field(struct op *op, enum mapped what, const char *field);
/* A copy of the answer's list in our names, at delivery; owned. */
struct json_object *op_rows(struct op *op, enum mapped what);

/* directus_write.c */
void directus_messages_write(struct store *s, const struct message_patch *rows, size_t n,
			     bool *missing, struct flow *f);
void directus_messages_complete(struct store *s, const char *const *ids, size_t n, struct flow *f);

#define DIRECTUS_PAGE	    500 /* rows asked for at once; fewer where QUERY_LIMIT_MAX is lower */
#define DIRECTUS_PAGE_LEAST 20

/* directus_advice.c: the last steps of a check. */
void directus_advise(struct flow *f);

/* directus_check.c */
/* For the steps of a check: what is pointed to lives in op->arena. */
void directus_find(struct op *op, const struct finding *finding);
void directus_check(struct store *s, struct arena *arena, struct findings *out, struct flow *f);

/* directus_conferences.c */
void directus_conferences(struct store *s, struct arena *arena, struct conference_list *out,
			  struct flow *f);
void directus_look_again(struct store *s, bool thoroughly);
/* Never NULL. */
struct directus_seen *directus_seen(struct directus *d, const char *id);
/* "filter[conference_id][_eq]=<id>&", or "" where an instance is one conference. */
const char *directus_only_of(struct op *op, enum mapped what, const char *conference_id);

/* directus_snapshot.c */
void directus_snapshot(struct store *s, const char *conference_id, struct snapshot **out,
		       struct flow *f);
/* Unless Directus did not answer, not it is unwell but this conference: no reason to leave its chats alone.  The code. */
int directus_own_trouble(struct fail *f);
/* How many rows a request asked with meta=filter_count matches; -1: the answer does not say. */
int64_t directus_filter_count(struct op *op);

#endif
