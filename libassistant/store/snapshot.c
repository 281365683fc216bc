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

const struct record *snapshot_find_at(const struct snapshot *s, enum entity type, const char *id,
				      size_t row)
{
	if (row < s->n[type] && strcmp(s->records[type][row].id, id) == 0)
		return &s->records[type][row];
	return snapshot_find(s, type, id);
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

/* --- Speakers and their sessions: either side is enough --------------------------- */

static bool holds(const char *const *list, const char *item)
{
	while (*list && strcmp(*list, item))
		list++;
	return *list != NULL;
}

/* The list with one more; NULL: no memory. */
static const char *const *with(struct arena *arena, const char *const *list, const char *item)
{
	const char **longer;
	size_t n = 0;

	while (list[n])
		n++;
	longer = arena_array(arena, const char *, n + 2);
	if (!longer)
		return NULL;
	memcpy(longer, list, n * sizeof(*longer));
	longer[n] = item;
	return longer;
}

/* Of a session that names its speakers by id only, or a speaker who names the session. */
static int add_name(struct snapshot *s, struct record *session, const struct record *speaker)
{
	if (holds(session->speaker_names, speaker->name))
		return 0;
	session->speaker_names = with(s->arena, session->speaker_names, speaker->name);
	return session->speaker_names ? 0 : ASSISTANT_ETOOLARGE;
}

static int link_sessions(struct snapshot *s, const struct record *speaker)
{
	for (size_t i = 0; speaker->session_ids[i]; i++) {
		struct record *session = map_get(s->by_id[ENTITY_SESSION], speaker->session_ids[i]);

		if (!session || holds(session->speaker_ids, speaker->id))
			continue;
		session->speaker_ids = with(s->arena, session->speaker_ids, speaker->id);
		if (!session->speaker_ids || add_name(s, session, speaker) < 0)
			return ASSISTANT_ETOOLARGE;
	}
	return 0;
}

static int link_speakers(struct snapshot *s, struct record *session)
{
	bool nameless = !session->speaker_names[0];

	for (size_t i = 0; session->speaker_ids[i]; i++) {
		struct record *speaker = map_get(s->by_id[ENTITY_SPEAKER], session->speaker_ids[i]);

		if (!speaker)
			continue;
		if (nameless && add_name(s, session, speaker) < 0)
			return ASSISTANT_ETOOLARGE;
		if (holds(speaker->session_ids, session->id))
			continue;
		speaker->session_ids = with(s->arena, speaker->session_ids, session->id);
		if (!speaker->session_ids)
			return ASSISTANT_ETOOLARGE;
	}
	return 0;
}

static int link_sides(struct snapshot *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n[ENTITY_SPEAKER]; i++)
		r = link_sessions(s, &s->records[ENTITY_SPEAKER][i]);
	for (size_t i = 0; r == 0 && i < s->n[ENTITY_SESSION]; i++) {
		const struct record *session = &s->records[ENTITY_SESSION][i];

		r = link_speakers(s, map_get(s->by_id[ENTITY_SESSION], session->id));
	}
	return r;
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
	if (link_sides(s) < 0)
		return FAIL(f, ASSISTANT_ETOOLARGE, "the conference is too large to load");
	return 0;
}
