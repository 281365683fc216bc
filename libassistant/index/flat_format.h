/*
 * flat_format.h - the index file: index.<conference id>.<epoch>
 *
 *	+--------------------+  0
 *	| struct flat_header |  magic, version, byte order, size, checksum, table of sections
 *	+--------------------+
 *	| section ...        |  each aligned to 64 bytes, in any order; unknown ids are passed over
 *	+--------------------+
 *
 * Everything is in the byte order of the machine that wrote it, which the header states; a file is
 * a cache of the store's records and is made anew by ingest, so none is ever converted.  The checksum is
 * flat_checksum() of all bytes behind it.  Strings are offsets into SECTION_STRINGS, where 0 is "".
 *
 * Records stand in the order of lists: sessions by start then title, exhibitors and speakers by name; a
 * record's place is its number in the postings.  Words are what occurs in the text; stems are what several words have
 * in common; a posting list of a word exists only where its stem has other words too (else it would be the same).
 * Trigrams lead from three letters to the words that contain them.
 *
 * Points (a record's master or one of its facets) stand by facet, then record, and vectors in the order of the points that first
 * use them: masters and each facet are one stretch each, so a question that asks few facets reads little, and what passes a
 * filter is read forwards.  Passages of information pages are points behind the last facet.  Texts that are equal share a vector.
 */
#ifndef INDEX_FLAT_FORMAT_H
#define INDEX_FLAT_FORMAT_H

#include <stdint.h>
#include "index/index.h"

#define FLAT_MAGIC	  "ErlhIdx"
#define FLAT_VERSION	  3
#define FLAT_BYTE_ORDER	  0x01020304u
#define FLAT_CONFERENCE	  72
#define FLAT_MAX_SECTIONS 16
#define FLAT_ALIGN	  64
#define FLAT_MODEL	  96 /* bytes of a model's name, with its end */
#define FLAT_MAX_DIMS	  4096
#define FLAT_MAX_BYTES	  ((size_t)2 << 30)
#define FLAT_TF_UNIT	  4 /* a word's occurrence counts 4, a hint's 1: see flat_text.c */
#define FLAT_PAGES	  FACET_COUNT /* where points of passages stand: behind the facets */

enum flat_section {
	SECTION_STRINGS = 1,
	SECTION_RECORDS,   /* struct flat_record */
	SECTION_SPEAKERS,  /* uint32_t: strings of folded ids, by record */
	SECTION_VALUES,	   /* uint32_t: strings that filters compare, sorted */
	SECTION_WORDS,	   /* struct flat_word, sorted by text */
	SECTION_STEMS,	   /* struct flat_stem, sorted by text */
	SECTION_POSTINGS,  /* struct flat_posting */
	SECTION_TRIGRAMS,  /* struct flat_trigram, sorted by key */
	SECTION_TRI_WORDS, /* uint32_t: numbers of words */
	SECTION_POINTS,	   /* struct flat_point, sorted by facet, then record */
	SECTION_HASHES,	   /* uint8_t[POINT_HASH_SIZE], one per vector */
	SECTION_VECTORS,   /* float, header's stride each; zeros behind the last dimension */
	SECTION_PAGES,	   /* uint32_t: strings of information pages\' keys, by number */
	SECTION_COUNT
};

struct flat_extent {
	uint32_t id, reserved;
	uint64_t offset, size;
};

struct flat_header {
	char magic[8];
	uint32_t version, byte_order;
	uint64_t file_size, checksum;
	uint64_t epoch; /* the checksum begins here */
	char conference_id[FLAT_CONFERENCE];
	char model[FLAT_MODEL]; /* that made the vectors; "": there are none */
	uint32_t dims, stride;	/* floats */
	uint32_t n_sections, reserved;
	struct flat_extent sections[FLAT_MAX_SECTIONS];
	float average[ENTITY_COUNT]
		     [FIELD_COUNT]; /* lengths in words, of those that have the field */
	uint32_t reserved2;
};

/* place to language and the id: folded strings, for filters; 0: absent. */
enum flat_column {
	COLUMN_ID,
	COLUMN_PLACE,
	COLUMN_TRACK,
	COLUMN_TYPE,
	COLUMN_LEVEL,
	COLUMN_LANGUAGE,
	COLUMN_COUNT
};

struct flat_record {
	int64_t start, end; /* TIME_UNKNOWN: absent */
	uint64_t content;   /* hash of the record's JSON */
	uint32_t type;	    /* enum entity */
	uint32_t id, name;  /* as written; folded: for ties */
	uint32_t columns[COLUMN_COUNT];
	uint32_t speakers, n_speakers;
	uint32_t lengths[FIELD_COUNT]; /* in words */
};

struct flat_word {
	uint32_t text, stem;	       /* stem: its number */
	uint32_t postings, n_postings; /* n 0: as the stem's */
	uint32_t n_records;
};

struct flat_stem {
	uint32_t text;
	uint32_t postings, n_postings;
};

struct flat_posting {
	uint32_t record;
	uint8_t tf[FIELD_COUNT]; /* FLAT_TF_UNIT per occurrence, at most 255 */
	uint8_t reserved[3];
};

struct flat_trigram {
	uint64_t key; /* three code points of 21 bits */
	uint32_t words, n_words;
};

struct flat_point {
	uint32_t record, vector; /* their numbers */
	uint32_t
		facet; /* enum facet; FLAT_PAGES: record is a page's number, part as in struct index_point */
	uint32_t part;
};

#endif
