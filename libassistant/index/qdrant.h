/*
 * qdrant.h - inside the index that lives in a Qdrant; docs/qdrant.md shows what stands there.
 *
 *	qdrant.c          open, use, ping         qdrant_call.c     one request: retried, judged, parsed
 *	qdrant_schema.c   collections             qdrant_filter.c   an index_filter as Qdrant's
 *	qdrant_lexical.c  words, lists            qdrant_dense.c    meanings
 *	qdrant_build.c    an epoch is written     qdrant_body.c     points as JSON
 *	qdrant_vectors.c  known, staged           qdrant_words.c    the vocabulary and sparse vectors
 *	qdrant_sample.c   vectors held here       qdrant_verify.c
 */
#ifndef INDEX_QDRANT_H
#define INDEX_QDRANT_H

#include "aio/http.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/text.h"
#include "index/flat_file.h"

struct lane;
struct sb_stemmer;

#define QDRANT_NAME	  256  /* of a collection */
#define QDRANT_GENERATION 9    /* hex and an end */
#define QDRANT_LEAST	  11   /* version 1.11: groups, tenant keys */
#define QDRANT_DRAWS	  1000 /* a record's "draw" is one of so many: for samples */
#define QDRANT_BODY                                                                                \
	((size_t)24 << 20) /* of a request; a server takes 32 MB unless told otherwise */

/* What stands behind each name, in each generation: one per space of vectors. */
enum qdrant_set {
	SET_MASTERS, /* + enum entity */
	SET_FACETS = SET_MASTERS + ENTITY_COUNT,
	SET_PASSAGES = SET_FACETS + ENTITY_COUNT, /* of information pages */
	SET_STAGED,				  /* vectors that wait for their build */
	SET_COUNT
};

/* What queries of a conference go to: one build of one epoch.  Immutable but for refs; loop thread. */
struct qdrant_build {
	int refs;
	struct arena *arena, *words_arena; /* of itself and of words */
	struct qdrant_build *before;
	const char *conference_id;
	char uuid[UUID_SIZE], generation[QDRANT_GENERATION];
	uint64_t epoch;
	struct vector_space space;			 /* model "": words only */
	size_t n_points, n_in[SET_COUNT];		 /* vectors: all, of each set */
	size_t n_of[ENTITY_COUNT], n_near[ENTITY_COUNT]; /* records: all, with a vector */
	struct flat_file words;	      /* words, stems, trigrams, their strings and n_records */
	struct qdrant_sample *sample; /* qdrant_sample.h; NULL: none */
	int64_t looked_ms;
};

struct qdrant {
	struct index base;
	struct loop *loop;
	struct http *http;
	struct lane *lane; /* large bodies and vocabularies */
	char *url, *key, *prefix;
	struct metrics *metrics;
	struct log *log;
	struct sb_stemmer *stemmer;
	struct map *used;     /* conference id -> struct qdrant_build */
	struct map *prepared; /* generation -> itself: its collections are there */
	struct map *staging;  /* conference id -> the generation it stages in */
	struct map *built;    /* build uuid -> itself: of this process */
	struct list ops, looks;
	int minor; /* of the server's version 1.x; 0: not asked yet */
	int refs;
};

/* --- Operations (qdrant.c) ------------------------------------------------------------ */

/* Begins with the wait of the caller, ends it when its flow ends. */
struct qdrant_op {
	struct wait wait;
	struct flow flow;
	struct list link;
	struct qdrant *q;
	const char *name;
	int64_t began_ms;
	struct arena *own;				       /* holds the op */
	struct qdrant_build *build;			       /* a reference, or NULL */
	void (*deliver)(struct qdrant_op *op, struct wait *w); /* may be NULL */
	void (*finish)(struct qdrant_op *op);		       /* may be NULL */
};

/* Zeroed, of `size` bytes that begin with a struct qdrant_op.  NULL: no memory, and f was told.  Then, at the end of the
 * submitting call, start or refuse. */
void *qdrant_op_new(struct index *index, size_t size, const char *name, struct flow *f);
/* Takes a reference of what the conference uses; false: nothing, f was told and op is gone. */
bool qdrant_op_build(struct qdrant_op *op, const char *conference_id, uint64_t epoch,
		     struct flow *f);
/* Copies an id; false: it cannot be one, f was told and op is gone. */
bool qdrant_op_id(struct qdrant_op *op, const char *conference_id, const char **out,
		  struct flow *f);
void qdrant_op_start(struct qdrant_op *op, flow_step *first, const char *first_name,
		     struct flow *f);
void qdrant_op_refuse(struct qdrant_op *op, int code, const struct fail *fail, struct flow *f);
struct qdrant_op *qdrant_op_of(struct flow *f);
struct qdrant_build *qdrant_build_ref(struct qdrant_build *b);
void qdrant_build_unref(struct qdrant_build *b);

/* --- Requests (qdrant_call.c) ------------------------------------------------------------ */

/*
 * One request; several may be under way side by side as children of one flow, which joins them.  In memory that outlives its
 * flow, zeroed before.  code, fail and answer tell afterwards; finish also when it was never sent.
 */
struct qdrant_call {
	struct flow flow;
	struct qdrant *q;
	const char *method;
	char *path, *body; /* malloc()ed */
	size_t body_len;
	bool writes;  /* is tried again for longer */
	bool once;    /* is not tried again */
	bool missing; /* 404: nothing is there, which is no failure */
	struct arena *arena;
	struct http_response response;
	struct json_object *answer, *result; /* result is borrowed from answer */
	unsigned tries;
	int code; /* 0, or why there is no result; ASSISTANT_ENOTFOUND: 404 */
	struct fail fail;
};

/* path: printf'ed, begins with "/".  body is taken over, NULL: none. */
void qdrant_send(struct qdrant_call *c, struct qdrant *q, struct flow *parent, const char *method,
		 char *body, const char *path, ...) _printf_(6, 7);
void qdrant_call_finish(struct qdrant_call *c);
/* The first failure among n calls, copied to f->fail; 0: none. */
int qdrant_failed(struct flow *f, const struct qdrant_call *calls, size_t n);

/* --- Names (qdrant_schema.c) --------------------------------------------------------------- */

void qdrant_generation(const struct vector_space *space, char out[static QDRANT_GENERATION]);
/* "sessions_master_1a2b3c4d", with the prefix; of the name alone when generation is NULL: its alias. */
void qdrant_set_name(const struct qdrant *q, enum qdrant_set set, const char *generation,
		     char out[static QDRANT_NAME]);
void qdrant_builds_name(const struct qdrant *q, char out[static QDRANT_NAME]);
bool qdrant_set_is_master(enum qdrant_set set);
/* A point's id: of one build, record or page, facet and part. */
void qdrant_point_id(const char *build, unsigned type, unsigned facet, const char *id,
		     unsigned part, char out[static UUID_SIZE]);
/* Whose value is the id of a pointer: what conference and epoch use. */
void qdrant_pointer_id(const char *conference_id, uint64_t epoch, char out[static UUID_SIZE]);
/* A vector that waits, by what it was made from. */
void qdrant_staged_id(const char *conference_id, const char *generation,
		      const uint8_t hash[static POINT_HASH_SIZE], char out[static UUID_SIZE]);

/* From the answer to GET /: what the server is.  EPROTOCOL: no Qdrant; ECONFIG: too old. */
int qdrant_version(struct qdrant *q, const struct qdrant_call *call, struct fail *f);
/* A child of parent: makes the collections of a space that are not there, and what they are indexed by.  code and fail tell. */
struct qdrant_prepare {
	struct flow flow;
	struct qdrant *q;
	struct vector_space space; /* model "": words only */
	char generation[QDRANT_GENERATION];
	unsigned at, index; /* set, its payload index */
	bool fresh;
	struct qdrant_call call;
	int code;
	struct fail fail;
};
void qdrant_prepare_begin(struct qdrant_prepare *p, struct qdrant *q,
			  const struct vector_space *space, struct flow *parent);
/* What names the generation's collections lead to; NULL when they need not be changed. */
char *qdrant_alias_body(const struct qdrant *q, const struct qdrant_build *b,
			struct json_object *aliases);

/* --- JSON --------------------------------------------------------------------------------------- */

void qdrant_text_vector(struct text *t, const float *vector, unsigned dims); /* "[...]" */
/* The same of one of length 1, to seven decimals: for questions. */
void qdrant_text_unit(struct text *t, const float *vector, unsigned dims);
void qdrant_text_string(struct text *t, const char *s); /* quoted */
/* Conditions with commas between: the build, then what the filter says.  false: nothing can pass. */
bool qdrant_text_filter(struct text *t, const struct qdrant_build *b, enum entity type,
			const struct index_filter *filter);
/* All records of that kind pass: how many is known without asking. */
bool qdrant_filters_nothing(enum entity type, const struct index_filter *f);
/* "2026-01-31T08:00:00Z" */
void qdrant_text_time(struct text *t, int64_t unix_s);
void qdrant_hash_text(const uint8_t hash[static POINT_HASH_SIZE],
		      char out[static 2 * POINT_HASH_SIZE + 1]);
bool qdrant_hash_from(const char *text, uint8_t out[static POINT_HASH_SIZE]);

/* --- Operations of index.h ------------------------------------------------------------------------ */

void qdrant_lexical(struct index *x, const char *conference_id, const struct lexical_query *q,
		    struct arena *arena, struct index_hits *out, struct flow *f);
void qdrant_list(struct index *x, const char *conference_id, const struct index_filter *filter,
		 int limit, int offset, struct arena *arena, struct index_hits *out,
		 struct flow *f);
void qdrant_dense(struct index *x, const char *conference_id, const struct dense_query *q,
		  struct arena *arena, struct dense_hits *out, struct flow *f);
void qdrant_known(struct index *x, const char *conference_id, struct vector_space space,
		  const uint8_t (*hashes)[POINT_HASH_SIZE], size_t n, bool *known, struct flow *f);
void qdrant_stage(struct index *x, const char *conference_id, const struct index_points *points,
		  struct flow *f);
void qdrant_space(struct index *x, const char *conference_id, struct arena *arena,
		  struct vector_space *space, size_t *n_points, struct flow *f);
void qdrant_build_epoch(struct index *x, struct snapshot *snapshot,
			const struct index_points *points, size_t *n_missing, struct flow *f);
void qdrant_use(struct index *x, const char *conference_id, uint64_t epoch, struct flow *f);
void qdrant_verify(struct index *x, struct snapshot *snapshot, const struct index_points *expected,
		   char **json, struct flow *f);

#endif
