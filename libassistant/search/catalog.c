/*
 * catalog.c - one conference at one epoch, ready for questions: its snapshot, its zone, its names.
 */
#include "search/catalog.h"

#include <stdlib.h>
#include "search/gazetteer.h"
#include "search/info.h"
#include "search/query_read.h"

struct catalog {
	struct snapshot *snapshot;
	struct zone *zone;
	struct gazetteer *gazetteer;
	struct info_index *info;
	int refs; /* atomic */
};

int catalog_create(struct snapshot *snapshot, struct catalog **out, struct fail *f)
{
	const char *timezone = snapshot->conference.timezone;
	struct catalog *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return FAIL(f, ASSISTANT_ENOMEM, "out of memory");
	c->refs = 1;
	c->snapshot = snapshot_ref(snapshot);
	r = zone_open(timezone ? timezone : "UTC", &c->zone, f);
	if (r < 0)
		goto failed;
	r = gazetteer_create(snapshot, &c->gazetteer, f);
	if (r < 0)
		goto failed;
	r = info_index_create(&snapshot->conference, &c->info, f);
	if (r < 0)
		goto failed;
	*out = c;
	return 0;
failed:
	catalog_unref(c);
	return r;
}

struct catalog *catalog_ref(struct catalog *c)
{
	if (c)
		__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

void catalog_unref(struct catalog *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	info_index_destroy(c->info);
	gazetteer_destroy(c->gazetteer);
	zone_close(c->zone);
	snapshot_unref(c->snapshot);
	free(c);
}

const struct snapshot *catalog_snapshot(const struct catalog *c)
{
	return c->snapshot;
}

const struct zone *catalog_zone(const struct catalog *c)
{
	return c->zone;
}

const struct gazetteer *catalog_gazetteer(const struct catalog *c)
{
	return c->gazetteer;
}

const struct info_index *catalog_info(const struct catalog *c)
{
	return c->info;
}

size_t catalog_match(const struct catalog *c, const char *folded_question, struct arena *arena,
		     struct name_match **out)
{
	return gazetteer_match(c->gazetteer, folded_question, arena, out);
}
