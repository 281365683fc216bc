/*
 * flat.h - inside the embedded index.
 */
#ifndef INDEX_FLAT_H
#define INDEX_FLAT_H

#include "aio/work.h"
#include "index/flat_file.h"

#define FLAT_PATH 4096

struct map;
struct vector_kernels;
struct sb_stemmer;

struct flat_index {
	struct index base;
	struct lane *queries, *builds;
	struct metrics *metrics;
	struct log *log;
	char *directory;
	struct sb_stemmer *stemmer; /* the queries lane's */
	const struct vector_kernels *kernels;
	struct map *files;    /* loop: conference id -> struct flat_file in use */
	struct map *journals; /* builds lane: conference id -> struct flat_journal */
	int refs;	      /* loop: the owner and every operation */
};

struct flat_op {
	struct work work;
	struct flat_index *index;
	struct arena *arena;	/* holds the operation itself */
	struct flat_file *file; /* may be NULL */
	struct flat_file *was;	/* what file replaces: see look_again() */
	bool looks;
	const char *name;
	int64_t began_ns;
	int (*body)(struct flat_op *op, struct fail *f);
	void (*finish)(struct flat_op *op); /* may be NULL */
};

/* Zeroed, of `size` bytes that begin with a struct flat_op.  NULL: no memory, and f was told. */
void *flat_op_new(struct index *index, size_t size, const char *name,
		  int (*body)(struct flat_op *op, struct fail *f), struct flow *f);
/* Takes a reference of the conference's file, of that epoch when it is at hand; false: there is none, f was told and op is gone. */
bool flat_op_file(struct flat_op *op, const char *conference_id, uint64_t epoch, struct flow *f);
/* The same where a conference may have none. */
void flat_op_file_if_any(struct flat_op *op, const char *conference_id);
/* Copies an id that may name a file; false: it may not, f was told and op is gone. */
bool flat_op_id(struct flat_op *op, const char *conference_id, const char **out, struct flow *f);
/* Ends op before it was submitted. */
void flat_give_up(struct flat_op *op, int code, const struct fail *fail, struct flow *f);
void flat_submit(struct flat_op *op, struct lane *lane, void (*deliver)(struct wait *w),
		 struct flow *f);

void flat_verify(struct index *index, struct snapshot *snapshot,
		 const struct index_points *expected, char **json, struct flow *f);

#endif
