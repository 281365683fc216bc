/*
 * catalog.h - what is known of one conference, ready for understanding: names, rooms, tracks,
 * times, and how to find a record by any of them.  Built once per snapshot, immutable, shared.
 */
#ifndef SEARCH_CATALOG_H
#define SEARCH_CATALOG_H

#include "aio/flow.h"
#include "base/arena.h"
#include "base/zone.h"
#include "store/store.h"

struct catalog;
struct catalogs;
struct metrics;
struct log;

/* Takes its own reference of the snapshot.  ECONFIG: an unknown time zone. */
int catalog_create(struct snapshot *snapshot, struct catalog **out, struct fail *f);
struct catalog *catalog_ref(struct catalog *c); /* any thread */
void catalog_unref(struct catalog *c);
const struct snapshot *catalog_snapshot(const struct catalog *c);
const struct zone *catalog_zone(const struct catalog *c);

enum name_kind { NAME_RECORD, NAME_PLACE, NAME_TRACK, NAME_TYPE, NAME_COMPANY, NAME_INFO };
/* A stretch of a question that names something of the conference. */
struct name_match {
	enum name_kind kind;
	const struct record *record; /* NAME_RECORD */
	const char *value; /* the place, track, type, company or info key as written in the data */
	size_t from, to;   /* bytes of the folded question */
	float similarity;  /* 1: literally; less: misspelt, partial */
	unsigned n_words;
};
/* All plausible matches in the folded question, longest and most similar first; bounded (64). */
size_t catalog_match(const struct catalog *c, const char *folded_question, struct arena *arena,
		     struct name_match **out);

/* The loop's cache of catalogs: loads on first use, reloads when the store's epoch moved (checked at
 * most once per check_ms), keeps serving the old one while the new one loads and when the store is down. */
struct catalogs *catalogs_create(struct loop *loop, struct store *store, int check_ms,
				 size_t max_conferences, struct metrics *metrics, struct log *log);
void catalogs_destroy(struct catalogs *c);
/* *out is a new reference.  ENOTFOUND: no such conference. */
void catalogs_get(struct catalogs *c, const char *conference_id, struct catalog **out,
		  struct flow *f);
/* id_or_name NULL: the default, or the only one (ENOTFOUND names those there are).  The store is not asked about an id that is
 * loaded, unless a check is due. */
void catalogs_resolve(struct catalogs *c, const char *id_or_name, const char *fallback,
		      struct catalog **out, struct flow *f);
/* Loads, behind everybody's back, the conference `first` (NULL: none in particular) and others that the store has, up to
 * max in all: their first question does not wait for it.  A failure is logged. */
void catalogs_warm_up(struct catalogs *c, const char *first, size_t max);
/* Looks whether conferences moved, behind everybody's back; joins a look that is under way. */
void catalogs_look(struct catalogs *c);
/* Asked (loop thread) when a catalog of a new epoch was loaded, before it is handed out: the index follows now, and ends
 * f's wait when it has.  A failure is logged; the catalog is handed out all the same. */
void catalogs_on_epoch(struct catalogs *c,
		       void (*follow)(void *ctx, struct catalog *fresh, struct flow *f), void *ctx);

#endif
