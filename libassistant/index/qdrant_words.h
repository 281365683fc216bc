/*
 * qdrant_words.h - the lexical side of a build: its vocabulary, which every process reads when it uses the build, and the sparse
 * vector of each record.
 *
 * A sparse vector has, for each stem and word of a record, one dimension per field: what the occurrence gives that field's share
 * of BM25F, saturated and normalised already, so that a dot product with the words' rarities is the score.  One
 * more dimension per stem is 1: powers of two in a question's vector tell which of its words a record has.
 */
#ifndef INDEX_QDRANT_WORDS_H
#define INDEX_QDRANT_WORDS_H

#include "aio/work.h"
#include "base/json.h"
#include "base/text.h"
#include "index/flat_file.h"

#define QDRANT_FORMAT	   1  /* of everything that is written; another one is made anew */
#define QDRANT_TERM_DIMS   8  /* dimensions per stem or word: its fields, and */
#define QDRANT_TERM_HAS	   7  /* whether a record has it */
#define QDRANT_HAS_BITS	   20 /* words that one number tells of: a float holds 24 bits */
#define QDRANT_WORDS_CHUNK 20000

/* Stems are terms 0 to n_stems - 1, words follow. */
static inline uint32_t qdrant_dim(uint32_t term, unsigned of)
{
	return term * QDRANT_TERM_DIMS + of;
}

/* Vectors of all records: record r has dims and values from begin[r] to begin[r + 1]. */
struct qdrant_sparse {
	size_t *begin;
	uint32_t *dims;
	float *values;
};

/* x: a whole file.  In the arena; ENOMEM. */
int qdrant_sparse_make(const struct flat_file *x, struct arena *arena, struct qdrant_sparse *out,
		       struct fail *f);

size_t qdrant_words_chunks(const struct flat_file *x);
/* The fields of one chunk: "\"stems\":\"...\",..." */
void qdrant_words_chunk(const struct flat_file *x, size_t chunk, struct text *t);
/* The body that asks for all chunks of a build. */
char *qdrant_words_request(const char *build, size_t n_chunks);
/* A chunk's point. */
void qdrant_words_id(const char *build, size_t chunk, char out[static 37]);

/* On the lane: from an answer (taken over) with all chunks to what questions are read against; *arena (new) holds out's
 * memory.  out->n_records is left alone.  EPROTOCOL: something is missing or makes no sense. */
void qdrant_words_read(struct lane *lane, struct json_object *answer, size_t n_chunks,
		       struct flat_file *out, struct arena **arena, struct flow *f);

#endif
