/*
 * flat_lexical.h - BM25F over the fields of an index file.  Pure: no I/O; any thread, with a stemmer of its own.
 */
#ifndef INDEX_FLAT_LEXICAL_H
#define INDEX_FLAT_LEXICAL_H

#include "base/arena.h"
#include "index/flat_file.h"

struct sb_stemmer;

/* Results (strings of the file among them, copy before it goes) live in the arena.  ENOMEM. */
int flat_lexical(const struct flat_file *x, struct sb_stemmer *stemmer,
		 const struct lexical_query *q, struct arena *arena, struct index_hits *out,
		 struct fail *f);
int flat_list(const struct flat_file *x, const struct index_filter *filter, int limit, int offset,
	      struct arena *arena, struct index_hits *out, struct fail *f);

#endif
