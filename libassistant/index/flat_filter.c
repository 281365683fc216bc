/*
 * flat_filter.c - filters become sets of strings of the file, then one pass over the records.
 */
#include "index/flat_filter.h"
#include <string.h>
#include "index/engine.h"

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
	while (list[n] && n < INDEX_MAX_VALUES)
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

static bool window_has(const struct index_window *w, int64_t start, int64_t end)
{
	if (w->to != TIME_UNKNOWN && start >= w->to)
		return false;
	if (w->from == TIME_UNKNOWN || start >= w->from)
		return true;
	return w->overlap && (end == TIME_UNKNOWN ? start : end) > w->from;
}

bool index_filter_in_window(const struct index_filter *f, int64_t start, int64_t end)
{
	const struct index_window whole = { f->from, f->to, f->overlap };

	if (!f->has_window)
		return true;
	if (start == TIME_UNKNOWN)
		return false;
	for (size_t i = 0; i < f->n_windows; i++) {
		if (window_has(&f->windows[i], start, end))
			return true;
	}
	return !f->n_windows && window_has(&whole, start, end);
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
		bool yes = (entities & ENTITY_BIT(r->type)) &&
			   (r->type != ENTITY_SESSION ||
			    index_filter_in_window(f, r->start, r->end)) &&
			   accepts_one(&speakers, x->speakers + r->speakers, r->n_speakers);

		for (unsigned c = 0; yes && c < COLUMN_COUNT; c++)
			yes = accepts(&columns[c], r->columns[c]);
		pass[i] = yes;
		*total += yes;
	}
	return pass;
}
