/*
 * flat_file.h - an index file, mapped and checked; after that nothing in it needs to be doubted.
 * Immutable: any thread may read.
 */
#ifndef INDEX_FLAT_FILE_H
#define INDEX_FLAT_FILE_H

#include <stdbool.h>
#include "index/flat_format.h"

/* A file made anew under its name has another one. */
struct flat_stamp {
	uint64_t device, inode;
	int64_t size, changed_ns;
};

struct flat_file {
	const struct flat_header *header;
	size_t size;
	const char *strings;
	size_t strings_size;
	const struct flat_record *records;
	const uint32_t *speakers, *values, *tri_words, *pages;
	const struct flat_word *words;
	const struct flat_stem *stems;
	const struct flat_posting *postings;
	const struct flat_trigram *trigrams;
	const struct flat_point *points;
	const uint8_t (*hashes)[POINT_HASH_SIZE];
	const float *vectors;
	size_t n_records, n_speakers, n_values, n_tri_words, n_words, n_stems, n_postings,
		n_trigrams, n_points, n_hashes, n_floats, n_pages;
	uint32_t facets[FACET_COUNT +
			2]; /* where each facet's points begin, those of pages, and the end */
	bool mapped;
	struct flat_stamp stamp; /* of the file that was mapped */
	/* flat.c's: */
	struct flat_file *before; /* loop thread: the epoch before, or NULL */
	int refs;		  /* loop thread */
	int64_t looked_ns;	  /* queries lane: when its name was last looked at */
};

/* Checks `size` bytes, aligned to 8, which must outlive x.  EPROTOCOL says what is wrong with them. */
int flat_file_read(struct flat_file *x, const void *bytes, size_t size, struct fail *f);
/* Maps the file.  ENOENT becomes ENOTFOUND. */
int flat_file_map(struct flat_file *x, const char *path, struct fail *f);
/* What stands under that name now.  False: nothing does. */
bool flat_stamp_of(const char *path, struct flat_stamp *out);
void flat_file_finish(struct flat_file *x);

static inline const char *flat_string(const struct flat_file *x, uint32_t offset)
{
	return x->strings + offset;
}
/* What the header holds; 4 lanes of 64 bits: a file is checked at memory's pace. */
uint64_t flat_checksum(uint64_t seed, const void *data, size_t len);
uint64_t flat_file_checksum(const struct flat_header *h, size_t size);
/* For qsort: by facet, record, part. */
int flat_point_compare(const void *a, const void *b);
bool flat_space_is(const struct flat_file *x, const struct vector_space *space);
/* By text; their numbers, or -1. */
int64_t flat_find_word(const struct flat_file *x, const char *text);
int64_t flat_find_stem(const struct flat_file *x, const char *text);
/* The string that columns hold for a value as filters give it; 0: no record has it. */
uint32_t flat_find_value(const struct flat_file *x, const char *value);

#endif
