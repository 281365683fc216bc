/*
 * engine.c - see engine.h.
 */
#include "index/engine.h"
#include <string.h>

int index_id_copy(const char *id, size_t size, struct arena *arena, const char **out,
		  struct fail *f)
{
	const char *copy;

	if (!*id || strlen(id) >= size || strpbrk(id, "/."))
		return FAIL(f, ASSISTANT_EINVAL, "the conference's id cannot name an index");
	copy = arena_strdup(arena, id);
	if (!copy)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for an operation");
	*out = copy;
	return 0;
}

/* --- What is asked --------------------------------------------------------------------- */

static bool copy_list(const char *const *list, struct arena *arena, const char *const **out)
{
	const char **copy;
	size_t n = 0;

	*out = NULL;
	if (!list)
		return true;
	while (list[n] && n < INDEX_MAX_VALUES)
		n++;
	copy = arena_array(arena, const char *, n + 1);
	if (!copy)
		return false;
	for (size_t i = 0; i < n; i++) {
		copy[i] = arena_strdup(arena, list[i]);
		if (!copy[i])
			return false;
	}
	*out = copy;
	return true;
}

bool index_filter_copy(const struct index_filter *from, struct arena *arena,
		       struct index_filter *out)
{
	struct index_window *windows = NULL;

	*out = *from;
	if (from->n_windows) {
		windows = arena_array(arena, struct index_window, from->n_windows);
		if (!windows)
			return false;
		memcpy(windows, from->windows, from->n_windows * sizeof(*windows));
	}
	out->windows = windows;
	return copy_list(from->places, arena, &out->places) &&
	       copy_list(from->tracks, arena, &out->tracks) &&
	       copy_list(from->types, arena, &out->types) &&
	       copy_list(from->levels, arena, &out->levels) &&
	       copy_list(from->languages, arena, &out->languages) &&
	       copy_list(from->speaker_ids, arena, &out->speaker_ids) &&
	       copy_list(from->ids, arena, &out->ids);
}

/* --- What was found ---------------------------------------------------------------------- */

static int too_large(struct fail *f)
{
	return FAIL(f, ASSISTANT_ETOOLARGE,
		    "the search's answer is larger than what may be loaded at once");
}

int index_hits_copy(const struct index_hits *from, struct arena *arena, struct index_hits *out,
		    struct fail *f)
{
	const char *corrected = from->n ? from->hits[0].corrected : NULL; /* the same for all */
	struct index_hits copy = *from;

	copy.hits = arena_array(arena, struct index_hit, copy.n + 1);
	if (!copy.hits || (corrected && !(corrected = arena_strdup(arena, corrected))))
		return too_large(f);
	for (size_t i = 0; i < copy.n; i++) {
		copy.hits[i] = from->hits[i];
		copy.hits[i].id = arena_strdup(arena, from->hits[i].id);
		copy.hits[i].corrected = corrected;
		if (!copy.hits[i].id)
			return too_large(f);
	}
	*out = copy;
	return 0;
}

int dense_hits_copy(const struct dense_hits *from, struct arena *arena, struct dense_hits *out,
		    struct fail *f)
{
	struct dense_hits copy = *from;

	copy.hits = arena_array(arena, struct dense_hit, copy.n + 1);
	if (!copy.hits)
		return too_large(f);
	for (size_t i = 0; i < copy.n; i++) {
		copy.hits[i] = from->hits[i];
		copy.hits[i].id = arena_strdup(arena, from->hits[i].id);
		if (!copy.hits[i].id)
			return too_large(f);
	}
	*out = copy;
	return 0;
}
