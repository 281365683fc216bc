/*
 * ingest_private.h - an ingest from inside: filled by ingest.c, committed by ingest_commit.c.
 */
#ifndef API_INGEST_PRIVATE_H
#define API_INGEST_PRIVATE_H

#include "api/assistant_private.h"

struct zone;

#define INGEST_MAX_BYTES   (1UL << 30)
#define INGEST_MAX_RECORDS 20000
#define INGEST_STALL_MS	   300000 /* without any progress for so long, it has failed */

struct assistant_ingest {
	assistant *a;
	struct ingest_source *from; /* NULL: records are given; ingest_source.c */
	/* The store is where they are from, so nothing is written to it: there is an index to make. */
	bool index_only;
	unsigned embed; /* then: whose texts, as in struct indexing_request */
	struct snapshot *snapshot;
	struct zone *zone;
	struct record *records[ENTITY_COUNT];
	size_t cap[ENTITY_COUNT];
	struct json_object *warnings;
	struct snapshot *stored; /* the conference as it was, once something is to be kept */
	unsigned kept;		 /* ENTITY_BIT()s */
	bool conference_kept, sealed, committed;

	/* while a commit is under way; under a->mutex */
	struct flow *under_way;
	struct loop_post cancel;
	bool cancelled;
};

/* The conference itself, in place of what is there. */
int ingest_conference(struct assistant_ingest *i, const char *conference_json, struct fail *f);
int ingest_add(struct assistant_ingest *i, enum entity type, const char *record_json, size_t len,
	       struct fail *f);
/* From now on what may be cancelled; NULL: nothing.  False: it was cancelled already. */
bool ingest_under_way(struct assistant_ingest *i, struct flow *f);
/* The flow that could be cancelled has ended: nothing of a cancel is under way any more. */
void ingest_flow_over(struct assistant_ingest *i);
/* As a file would say it; owned, NULL: no memory. */
struct json_object *ingest_conference_json(const struct conference *c);

/* ingest_source.c */
/* Reads what is to be ingested, once, telling "read"; nothing when records were given. */
int ingest_read(struct assistant_ingest *i, assistant_progress_fn *fn, void *user,
		assistant_error *err);
/* What was read is ingested now: the next one is compared with it. */
void ingest_remember(struct assistant_ingest *i);
/* {"sessions":{"added","changed","removed"},...}, as below, with what was ingested before.  *is_new: nothing was; *unchanged
 * is cleared when something changed since: its index may be there all the same. */
struct json_object *ingest_source_changes(const struct assistant_ingest *i, bool *is_new,
					  bool *unchanged);
/* ECONFLICT: a kind of which there were so many is gone, and nobody said that it may. */
int ingest_check_emptied(const struct assistant_ingest *i, const size_t was[static ENTITY_COUNT],
			 struct fail *f);
/* Of those a Directus has, by id or name; id NULL: the default or the only one.  NULL with f written: none, or which? */
const struct conference_brief *ingest_choose(const assistant *a, const struct conference_list *list,
					     const char *wanted, struct fail *f);
void ingest_source_free(struct ingest_source *from);

/* Whole and consistent?  Afterwards nothing can be added. */
int ingest_seal(struct assistant_ingest *i, struct fail *f);

/* {"sessions":{"added","changed","removed"},...,"conference":bool}; stored NULL: everything is new. */
struct json_object *ingest_changes(const struct snapshot *stored, const struct snapshot *now);

#endif
