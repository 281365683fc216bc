/*
 * flat_filter.c - filters become sets of strings of the file, then one pass over the records.
 */
#include "index/flat_filter.h"
#include <string.h>

#define MAX_VALUES 256 /* of one list; more are passed over */

/* What one list accepts: strings of the file. */
struct accepted {
	bool any; /* no constraint */
	uint32_t *strings;
	size_t n;
};

static bool accepted_make(const struct flat_file *x, const char *const *list, struct arena *arena,
			  struct accepted *out)
{
	size_t n = 0;

	*out = (struct accepted){ .any = !list };
	if (!list)
		return true;
	while (list[n] && n < MAX_VALUES)
		n++;
	out->strings = arena_array(arena, uint32_t, n + 1);
	if (!out->strings)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t string = flat_find_value(x, list[i]);

		if (string)
			out->strings[out->n++] = string;
	}
	return true;
}

static bool accepts(const struct accepted *a, uint32_t string)
{
	if (a->any)
		return true;
	for (size_t i = 0; string && i < a->n; i++) {
		if (a->strings[i] == string)
			return true;
	}
	return false;
}

static bool accepts_one(const struct accepted *a, const uint32_t *strings, size_t n)
{
	bool yes = a->any;

	for (size_t i = 0; !yes && i < n; i++)
		yes = accepts(a, strings[i]);
	return yes;
}

static bool in_window(const struct index_filter *f, const struct flat_record *r)
{
	int64_t end = r->end == TIME_UNKNOWN ? r->start : r->end;
	bool before_to = f->to == TIME_UNKNOWN || r->start < f->to;

	if (!f->has_window || r->type != ENTITY_SESSION)
		return true;
	if (r->start == TIME_UNKNOWN)
		return false;
	if (f->from == TIME_UNKNOWN)
		return before_to;
	if (f->overlap && r->start < f->from)
		return before_to && end > f->from;
	return before_to && r->start >= f->from;
}

const bool *flat_filter(const struct flat_file *x, const struct index_filter *f,
			struct arena *arena, size_t *total)
{
	const char *const *lists[COLUMN_COUNT] = {
		[COLUMN_ID] = f->ids,	    [COLUMN_PLACE] = f->places,
		[COLUMN_TRACK] = f->tracks, [COLUMN_TYPE] = f->types,
		[COLUMN_LEVEL] = f->levels, [COLUMN_LANGUAGE] = f->languages,
	};
	unsigned entities = f->entities ? f->entities : ENTITY_ALL;
	struct accepted columns[COLUMN_COUNT], speakers;
	bool *pass = arena_array(arena, bool, x->n_records + 1);
	bool ok = pass && accepted_make(x, f->speaker_ids, arena, &speakers);

	for (unsigned c = 0; ok && c < COLUMN_COUNT; c++)
		ok = accepted_make(x, lists[c], arena, &columns[c]);
	if (!ok)
		return NULL;
	*total = 0;
	for (size_t i = 0; i < x->n_records; i++) {
		const struct flat_record *r = &x->records[i];
		bool yes = (entities & ENTITY_BIT(r->type)) && in_window(f, r) &&
			   accepts_one(&speakers, x->speakers + r->speakers, r->n_speakers);

		for (unsigned c = 0; yes && c < COLUMN_COUNT; c++)
			yes = accepts(&columns[c], r->columns[c]);
		pass[i] = yes;
		*total += yes;
	}
	return pass;
}

static bool copy_list(const char *const *list, struct arena *arena, const char *const **out)
{
	const char **copy;
	size_t n = 0;

	*out = NULL;
	if (!list)
		return true;
	while (list[n] && n < MAX_VALUES)
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
	*out = *from;
	return copy_list(from->places, arena, &out->places) &&
	       copy_list(from->tracks, arena, &out->tracks) &&
	       copy_list(from->types, arena, &out->types) &&
	       copy_list(from->levels, arena, &out->levels) &&
	       copy_list(from->languages, arena, &out->languages) &&
	       copy_list(from->speaker_ids, arena, &out->speaker_ids) &&
	       copy_list(from->ids, arena, &out->ids);
}
