/*
 * snapshot.c - one conference's data at one epoch: order, look-up, references.
 */
#include "store/record.h"
#include <string.h>
#include "base/check.h"
#include "base/map.h"
#include "base/utf8.h"

#define MAX_RECORDS 200000 /* of one type */

struct snapshot *snapshot_create(size_t max_bytes)
{
	struct arena *arena = arena_create(max_bytes);
	struct snapshot *s = arena ? arena_new(arena, struct snapshot) : NULL;

	if (!s) {
		arena_destroy(arena);
		return NULL;
	}
	s->arena = arena;
	s->refs = 1;
	return s;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
	if (s)
		PRE(__atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED) > 0);
	return s;
}

void snapshot_unref(struct snapshot *s)
{
	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (s->finish)
		s->finish(s);
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		map_destroy(s->by_id[e], NULL);
	arena_destroy(s->arena); /* s itself lies in it */
}

const struct record *snapshot_find(const struct snapshot *s, enum entity type, const char *id)
{
	return s->by_id[type] ? map_get(s->by_id[type], id) : NULL;
}

struct sort_key {
	const struct record *record;
	char *folded;
};

static int compare(const void *pa, const void *pb)
{
	const struct sort_key *a = pa, *b = pb;
	int64_t sa = a->record->start, sb = b->record->start;
	int order;

	/* Unknown starts stand last; speakers and exhibitors have none at all. */
	if (sa != sb) {
		if (sa == TIME_UNKNOWN || sb == TIME_UNKNOWN)
			return sa == TIME_UNKNOWN ? 1 : -1;
		return sa < sb ? -1 : 1;
	}
	order = strcmp(a->folded, b->folded);
	return order ? order : strcmp(a->record->id, b->record->id);
}

static int fold_names(const struct record *records, size_t n, struct sort_key *keys)
{
	for (size_t i = 0; i < n; i++) {
		keys[i].record = &records[i];
		keys[i].folded = utf8_fold(records[i].name, strlen(records[i].name));
		if (!keys[i].folded)
			return ASSISTANT_ENOMEM;
	}
	return 0;
}

static int sort_records(struct snapshot *s, enum entity type)
{
	size_t n = s->n[type];
	struct record *sorted = arena_array(s->arena, struct record, n + 1);
	struct sort_key *keys = calloc(n + 1, sizeof(*keys));
	int r = ASSISTANT_ENOMEM;

	if (sorted && keys)
		r = fold_names(s->records[type], n, keys);
	if (r == 0) {
		qsort(keys, n, sizeof(*keys), compare);
		for (size_t i = 0; i < n; i++)
			sorted[i] = *keys[i].record;
		s->records[type] = sorted;
	}
	for (size_t i = 0; keys && i < n; i++)
		free(keys[i].folded);
	free(keys);
	return r;
}

static int index_ids(struct snapshot *s, enum entity type, struct fail *f)
{
	struct map *map = map_create(MAX_RECORDS);

	if (!map)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a conference's records");
	s->by_id[type] = map;
	for (size_t i = 0; i < s->n[type]; i++) {
		const struct record *record = &s->records[type][i];
		int r;

		if (map_get(map, record->id))
			return FAIL(f, ASSISTANT_EINVAL,
				    "two %s have the id \"%s\"; every id may occur once",
				    entity_plural(type), record->id);
		r = map_put(map, record->id, (void *)(uintptr_t)record, NULL);
		if (r < 0)
			return FAIL(f, r, "no room for more than %zu %s", i, entity_plural(type));
	}
	return 0;
}

int snapshot_seal(struct snapshot *s, struct fail *f)
{
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		enum entity type = (enum entity)e;
		int r;

		PRE(!s->by_id[e]);
		r = sort_records(s, type);
		if (r < 0)
			return FAIL(f, r, "no memory for a conference's records");
		r = index_ids(s, type, f);
		if (r < 0)
			return r;
	}
	return 0;
}
