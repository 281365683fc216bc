/*
 * engine.h - what the engines of index.h do alike: they copy what is asked, and hand over what was found.
 */
#ifndef INDEX_ENGINE_H
#define INDEX_ENGINE_H

#include "index/index.h"

#define INDEX_MAX_VALUES 256 /* of one list of a filter; more are passed over */

/* A conference's id, to be part of a name: of less than `size` bytes, and it must not lead out of its place.  EINVAL, ENOMEM. */
int index_id_copy(const char *id, size_t size, struct arena *arena, const char **out,
		  struct fail *f);
/* A deep copy; false: no memory. */
bool index_filter_copy(const struct index_filter *from, struct arena *arena,
		       struct index_filter *out);
/* Deep copies into the caller's arena, for wait.deliver.  ETOOLARGE: it has no room for them. */
int index_hits_copy(const struct index_hits *from, struct arena *arena, struct index_hits *out,
		    struct fail *f);
int dense_hits_copy(const struct dense_hits *from, struct arena *arena, struct dense_hits *out,
		    struct fail *f);

#endif
