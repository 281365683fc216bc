/*
 * document_private.h - what a document is made of, for the files that make it.
 */
#ifndef INGEST_DOCUMENT_PRIVATE_H
#define INGEST_DOCUMENT_PRIVATE_H

#include "document.h"

#define MAX_WARNINGS 32
#define MAX_FILES    16

struct entry {
	struct json_object *o;
	struct origin origin;
};

struct entries {
	struct entry *items;
	size_t n, cap;
	struct json_object *by_id; /* id -> place in items */
};

struct warning {
	const char *one, *many;
	size_t n;
	struct origin first;
};

struct document {
	bool quiet, mute;
	struct json_object *conference;
	struct entries kinds[KIND_COUNT];
	struct warning warnings[MAX_WARNINGS];
	char *files[MAX_FILES];
	size_t n_warnings, n_files, errors;
};

const char *document_file_name(const struct document *d);
/* Makes the record at i known by its id. */
void entries_index(struct entries *e, size_t i);

#endif
