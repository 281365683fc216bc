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

/* Whole and consistent?  Afterwards nothing can be added. */
int ingest_seal(struct assistant_ingest *i, struct fail *f);

/* What a snapshot holds, whatever the order and form of the file it came from. */
void ingest_content_hash(const struct snapshot *s, char out[static 65]);
/* {"sessions":{"added","changed","removed"},...,"conference":bool}; stored NULL: everything is new. */
struct json_object *ingest_changes(const struct snapshot *stored, const struct snapshot *now);

#endif
