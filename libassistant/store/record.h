/*
 * record.h - the normalised shape of a conference's records (docs/data-format.md), checked and
 * parsed once, for the store, the index, the catalog and ingest alike.
 *
 * Strings are NUL-terminated UTF-8 in the arena given; absent text is NULL (absent means unknown, never
 * ""), absent times are TIME_UNKNOWN.  A record is immutable once parsed.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/json.h"

struct map;

#define TIME_UNKNOWN INT64_MIN

enum entity { ENTITY_SESSION, ENTITY_EXHIBITOR, ENTITY_SPEAKER, ENTITY_COUNT };
#define ENTITY_BIT(e) (1u << (e))
#define ENTITY_ALL    7u

const char *entity_name(enum entity e);				   /* "session" */
const char *entity_plural(enum entity e);			   /* "sessions": the collection */
int entity_from(const char *singular_or_plural, enum entity *out); /* 0 or ASSISTANT_EINVAL */

struct record {
	enum entity type;
	const char *id;
	const char *name;	 /* title of a session */
	const char *description; /* bio of a speaker */
	const char *url;

	/* sessions; times are unix seconds */
	int64_t start, end;
	const char *location, *track, *session_type, *level, *language, *subtitle;

	/* exhibitors */
	const char *booth, *category, *tier, *availability, *products;

	/* speakers */
	const char *title, *company;

	const char *const *speaker_ids; /* NULL-terminated lists, never NULL */
	const char *const *speaker_names;
	const char *const *session_ids;
	const char *const *tags;

	/* The whole record as ingested, one line of JSON: facet fields, fields we do not know. */
	const char *json;
	size_t json_len;
};

struct info_page {
	const char *key;   /* "wifi" */
	const char *title; /* "Wi-Fi": made from the key when the source has none */
	const char *text;
};

struct room {
	const char *name, *code;
	const char *const *aliases;
};

struct conference {
	const char *id, *name, *description, *venue, *city, *timezone, *website;
	const char *start_date, *end_date; /* "2026-01-31": days of the venue */
	const struct info_page *info;
	size_t n_info;
	const struct room *rooms; /* as declared; may be none */
	size_t n_rooms;
	const char *json; /* without info: what the face shows */
	size_t json_len;
};

/* What one record may hold; docs/data-format.md says the same. */
#define RECORD_MAX_ID	 128	    /* characters */
#define RECORD_MAX_LINE	 500	    /* characters of a name, a place, a list's item */
#define RECORD_MAX_TEXT	 (64 << 10) /* bytes of a text */
#define RECORD_MAX_LIST	 200	    /* items */
#define RECORD_MAX_JSON	 (1 << 20)  /* bytes of the whole record */
#define RECORD_MAX_PAGES 1000	    /* information pages, rooms */

/* Names of the fields that hold facets (texts or lists of them) beyond struct record's own; NULL-terminated. */
const char *const *record_facet_fields(enum entity type);

/*
 * Checks and parses.  ASSISTANT_EINVAL names the field, what it holds and what is accepted.  A time without an offset is
 * the venue's: `local` turns it into unix seconds (may be NULL: such a time is then refused); out->json then has
 * the offset written in, so that what is stored means the same everywhere.
 */
typedef int record_local_time(void *ctx, int64_t local_s, int64_t *unix_s);
int record_parse(enum entity type, struct json_object *json, struct arena *arena,
		 record_local_time *local, void *ctx, struct record *out, struct fail *f);
int conference_parse(struct json_object *json, struct arena *arena, struct conference *out,
		     struct fail *f);
/* The information page with that key, or NULL. */
const struct info_page *conference_page(const struct conference *c, const char *key);

#define SNAPSHOT_MAX_LEFT_OUT 20

/* Epochs that count time grow.  With this bit one is a digest of what it stands for and says nothing of age. */
#define EPOCH_DIGEST (UINT64_C(1) << 62)

/*
 * One conference's data at one epoch, immutable, shared by reference between the turns that use
 * it.  Refs may be taken and dropped on any thread.
 */
struct snapshot {
	struct arena *arena; /* holds everything below */
	struct conference conference;
	uint64_t epoch;
	const struct record
		*records[ENTITY_COUNT]; /* sessions by start, then title; others by name */
	size_t n[ENTITY_COUNT];
	struct map *by_id[ENTITY_COUNT];
	/* Rows that are no records, each with a sentence that says why; of many, some. */
	const char *left_out[SNAPSHOT_MAX_LEFT_OUT];
	size_t n_left_out;
	int refs;			    /* atomic */
	void (*finish)(struct snapshot *s); /* before the memory goes; may be NULL */
};
/* For those who make one: an empty snapshot with one reference and an arena; NULL: no memory. */
struct snapshot *snapshot_create(size_t max_bytes);
/* After conference, records (arrays in the arena, any order) and n are filled in: sorts them, builds what
 * snapshot_find needs, and completes speaker_ids, speaker_names and session_ids from each other: either side
 * is enough.  EINVAL names an id that occurs twice. */
int snapshot_seal(struct snapshot *s, struct fail *f);
/* What it holds, whatever the order and form it came in; "": no memory. */
void snapshot_content_hash(const struct snapshot *s, char out[static 65]);
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s);
/* NULL: absent.  O(1). */
const struct record *snapshot_find(const struct snapshot *s, enum entity type, const char *id);
/* The same, sooner when it is records[type][row]; row may be anything. */
const struct record *snapshot_find_at(const struct snapshot *s, enum entity type, const char *id,
				      size_t row);

#endif
