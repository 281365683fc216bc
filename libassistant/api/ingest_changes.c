/*
 * ingest_changes.c - how two snapshots differ.
 */
#include <string.h>
#include "api/ingest_private.h"
#include "base/json.h"

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_conference(const struct conference *a, const struct conference *b)
{
	if (a->n_info != b->n_info || !same(a->json, b->json))
		return false;
	for (size_t i = 0; i < a->n_info; i++) {
		if (!same(a->info[i].key, b->info[i].key) ||
		    !same(a->info[i].title, b->info[i].title) ||
		    !same(a->info[i].text, b->info[i].text))
			return false;
	}
	return true;
}

struct json_object *ingest_changes(const struct snapshot *stored, const struct snapshot *now)
{
	struct json_object *o = json_object_new_object();

	json_set_bool(o, "conference",
		      !stored || !same_conference(&stored->conference, &now->conference));
	for (int e = 0; e < ENTITY_COUNT; e++) {
		struct json_object *of = json_object_new_object();
		size_t there = 0, changed = 0;

		for (size_t i = 0; stored && i < now->n[e]; i++) {
			const struct record *r = &now->records[e][i];
			const struct record *was = snapshot_find(stored, (enum entity)e, r->id);

			there += was != NULL;
			changed += was && !same(was->json, r->json);
		}
		json_set_int(of, "added", (int64_t)(now->n[e] - there));
		json_set_int(of, "changed", (int64_t)changed);
		json_set_int(of, "removed", stored ? (int64_t)(stored->n[e] - there) : 0);
		json_set(o, entity_plural((enum entity)e), of);
	}
	return o;
}
