/*
 * flat.h - inside the embedded index.
 */
#ifndef INDEX_FLAT_H
#define INDEX_FLAT_H

#include "aio/work.h"
#include "index/flat_file.h"

#define FLAT_PATH 4096

struct map;
struct sb_stemmer;

struct flat_index {
	struct index base;
	struct lane *queries, *builds;
	struct metrics *metrics;
	struct log *log;
	char *directory;
	struct sb_stemmer *stemmer; /* the queries lane's */
	struct map *files;	    /* loop: conference id -> struct flat_file in use */
	int refs;		    /* loop: the owner and every operation */
};

struct flat_op {
	struct work work;
	struct flat_index *index;
	struct arena *arena; /* holds the operation itself */
	struct flat_file *file;
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
void flat_submit(struct flat_op *op, struct lane *lane, void (*deliver)(struct wait *w),
		 struct flow *f);

void flat_verify(struct index *index, struct snapshot *snapshot, char **json, struct flow *f);

#endif
