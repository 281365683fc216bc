/*
 * index.h - nearest words (and, with vectors, nearest meanings) under filters.
 *
 * Implemented by flat.c (a memory-mapped file per conference and epoch) and qdrant.c (collections of a Qdrant).  The conference is a parameter of every query
 * and there is no call without it: isolation is enforced here, below anything a model or a caller can reach.
 * Loop thread, f from THEN(); results land at delivery with memory from arena.  Fusion of lists and ranking by
 * facets are not done here but in search/score.c, the same for every engine.
 * Every implementation passes tests/service/index_suite.c.
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "aio/flow.h"
#include "base/arena.h"
#include "index/facet.h"
#include "store/record.h"

struct index;
struct metrics;
struct log;

/* Sessions that start within [from, to), or that run within when `overlap`; TIME_UNKNOWN: open end. */
struct index_window {
	int64_t from, to;
	bool overlap;
};

/* Zeroed: everything of the conference.  Lists are NULL-terminated and match any of their members; NULL: no constraint.
 * Compared folded (utf8_fold), for equality; a record without that field does not pass.  The window constrains sessions
 * only: exhibitors and speakers have no times. */
struct index_filter {
	unsigned entities; /* ENTITY_BIT()s; 0: all */
	/* Of the records that the caller holds: while a new epoch comes into use, the one before still answers.  0, or an
	 * epoch that is no longer at hand: the one in use. */
	uint64_t epoch;
	/* Sessions: those that overlap [from, to) when `overlap`, else those that start within; TIME_UNKNOWN: open end. */
	bool has_window, overlap;
	int64_t from, to;
	/* Two or more: within any of them, not only within [from, to), which reaches from the first to the last. */
	const struct index_window *windows;
	size_t n_windows;
	const char *const *places; /* location of sessions, booth of exhibitors */
	const char *const *tracks; /* track of sessions, category of exhibitors */
	const char *const *types;  /* session_type */
	const char *const *levels;
	const char *const *languages;
	const char *const *speaker_ids; /* sessions with any of them */
	const char *const *ids;		/* exactly these records */
};

/* Whether the filter's window, or one of its windows, has that session's time. */
bool index_filter_in_window(const struct index_filter *f, int64_t start, int64_t end);

enum lexical_field { FIELD_NAME, FIELD_PEOPLE, FIELD_PLACE, FIELD_TOPIC, FIELD_TEXT, FIELD_COUNT };
/* NAME: title or name, subtitle.  PEOPLE: speaker names of sessions, company and title of speakers.
 * PLACE: location, booth.  TOPIC: track, type, category, tags, products.  TEXT: description, bio and all facet fields. */

struct lexical_query {
	const char *text;	    /* words; stop words are dropped unless nothing else is left */
	float weights[FIELD_COUNT]; /* 0 everywhere: the index's own */
	bool typos;  /* trigram candidates for words the conference does not contain */
	bool fields; /* each hit's field[] is wanted; else an index may leave it 0 */
	struct index_filter filter;
	int limit;
};

struct index_hit {
	enum entity type;
	const char *id;
	float score;		  /* BM25F, comparable within this answer only */
	float field[FIELD_COUNT]; /* each field's share of score */
	unsigned n_words;	  /* distinct query words it matched ... */
	unsigned n_query_words;	  /* ... of so many */
	const char *corrected;	  /* "langauge->language", or NULL */
};
struct index_hits {
	struct index_hit *hits; /* best first */
	size_t n;
	size_t total; /* records that passed the filter */
};

/* --- Vectors ----------------------------------------------------------------- */

/* Only vectors of one model may be compared, whatever their dimensions. */
struct vector_space {
	const char *model;
	unsigned dims;
};

#define POINT_HASH_SIZE 16

/* A passage of an information page: points of this type have the page's key as id, facet FACET_MASTER, and a part.  Parts from
 * POINT_PART_ASKED on are questions that the page answers: they bring the page nearer and are no passages. */
#define POINT_PAGE	 ENTITY_COUNT
#define POINT_PART_ASKED 0x10000u

/* A record's master or one of its facets, or a passage.  Isolation is by conference, as everywhere here. */
struct index_point {
	enum entity type;
	enum facet facet;
	const char *id;
	uint8_t hash[POINT_HASH_SIZE]; /* of the model's name and the text it was made from */
	const float
		*vector; /* unit length; NULL: found by its hash, staged or in the epoch in use */
	unsigned part;	 /* of a page: 0, 1, 2, ... */
};
struct index_points {
	struct vector_space space;
	const struct index_point *points;
	size_t n;
};

struct dense_query {
	const float *vector;
	struct vector_space space;
	unsigned facets; /* FACET_BIT()s to look at; 0: all */
	struct index_filter filter;
	int limit; /* records, pages */
	bool pages; /* information pages instead of records: facets and filter do not count, but its epoch */
	bool average; /* of records: mean is wanted, too */
	bool best;    /* of hits only what is best: other cosines may be COSINE_NONE */
};

#define COSINE_NONE (-2.0f)
struct dense_hit {
	enum entity type;
	const char *id;
	unsigned
		row; /* where it stood among its kind when the index was built: a hint for snapshot_find_at */
	unsigned part; /* of a page: its nearest passage */
	float best;    /* the highest of cosine[] */
	float cosine
		[FACET_COUNT]; /* COSINE_NONE: that record has no such point, or it was not asked */
};
struct dense_hits {
	struct dense_hit *hits; /* by best, descending */
	size_t n;
	size_t total; /* records that passed the filter and have a vector */
	/* Of the best of all these, when it was asked for; 0: there are none.  Of many, an engine may take a fixed sample of 256 or so. */
	float mean;
};

struct index_ops {
	const char *name; /* "flat" */
	void (*destroy)(struct index *x);
	void (*ping)(struct index *x, struct flow *f);
	void (*lexical)(struct index *x, const char *conference_id, const struct lexical_query *q,
			struct arena *arena, struct index_hits *out, struct flow *f);
	/* What passes the filter, sessions by start then title, others by name; score 0. */
	void (*list)(struct index *x, const char *conference_id, const struct index_filter *filter,
		     int limit, int offset, struct arena *arena, struct index_hits *out,
		     struct flow *f);
	/*
	 * Nearest in meaning, all that passes the filter being compared (filters first, then vectors), grouped by record.
	 * EINVAL: the vector is not of length 1.  ECONFLICT: the index holds vectors of another model; the sentence names both and the command that ingests again.
	 * An epoch without vectors: no hits.
	 */
	void (*dense)(struct index *x, const char *conference_id, const struct dense_query *q,
		      struct arena *arena, struct dense_hits *out, struct flow *f);
	/* Whose vector is here, staged or in the epoch in use?  known[n] at delivery; a conference without a file knows none. */
	void (*known)(struct index *x, const char *conference_id, struct vector_space space,
		      const uint8_t (*hashes)[POINT_HASH_SIZE], size_t n, bool *known,
		      struct flow *f);
	/* Keeps these vectors for a build to come, also over the end of the process.  All have a vector; copied before return. */
	void (*stage)(struct index *x, const char *conference_id, const struct index_points *points,
		      struct flow *f);
	/* Which vectors the epoch in use holds: space->model is "" and *n_points 0 when none.  model in arena. */
	void (*space)(struct index *x, const char *conference_id, struct arena *arena,
		      struct vector_space *space, size_t *n_points, struct flow *f);
	/*
	 * Writes the index of snapshot->conference.id at snapshot->epoch beside the one in use (or in place of it, when that epoch
	 * is in use already: it gains vectors, once it is used again); runs off the loop.  points (copied before return): NULL: words
	 * only.  EINVAL: a point that cannot be.  A point whose vector is nowhere is left out and counted in *n_missing (may be NULL).
	 * What was staged goes when nothing was missing.
	 */
	void (*build)(struct index *x, struct snapshot *snapshot, const struct index_points *points,
		      size_t *n_missing, struct flow *f);
	/* From now on queries of that conference use that epoch, unless they name the one before; older files go when
	 * nobody maps them any more. */
	void (*use)(struct index *x, const char *conference_id, uint64_t epoch, struct flow *f);
	/*
	 * {"ok","findings":[...]}: does the index in use hold exactly these records, and a vector of each of these points' texts?
	 * expected (copied before return; vectors are not looked at): NULL: words only.  *json malloc()ed.
	 */
	void (*verify)(struct index *x, struct snapshot *snapshot,
		       const struct index_points *expected, char **json, struct flow *f);
};

struct index {
	const struct index_ops *ops;
};

static inline void index_destroy(struct index *x)
{
	if (x)
		x->ops->destroy(x);
}

/* directory: holds index.<conference id>.<epoch>; exists.  Query of a conference without a file: ENOTFOUND. */
int flat_index_open(struct loop *loop, const char *directory, struct metrics *metrics,
		    struct log *log, struct index **out, struct fail *f);

/*
 * Collections in the Qdrant at url, with that prefix before their names ("": none); http is borrowed until after destroy.
 * Nothing is asked yet: a server that cannot be reached or is too old fails what is asked of it.  ECONFIG: the prefix.
 */
struct http;
int qdrant_index_open(struct loop *loop, struct http *http, const char *url, const char *key,
		      const char *prefix, struct metrics *metrics, struct log *log,
		      struct index **out, struct fail *f);

#endif
