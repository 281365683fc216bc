/*
 * document.h - a conference on its way from a source to the normalised form of docs/data-format.md: records with the
 * places they came from, what was wrong, and what is worth a warning.
 *
 *	format's read --> document_add... --> document_complete --> document_print
 */
#ifndef INGEST_DOCUMENT_H
#define INGEST_DOCUMENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct given;

enum kind { KIND_SESSION, KIND_EXHIBITOR, KIND_SPEAKER, KIND_COUNT };

/* "session", "sessions" */
const char *kind_name(enum kind k);
const char *kind_plural(enum kind k);
/* What a record of that kind calls its name: "title" or "name". */
const char *kind_title(enum kind k);

struct origin {
	const char *file;
	int line;
};

struct document;

struct document *document_create(bool quiet);
void document_destroy(struct document *d);
/* Errors are counted and no longer shown. */
void document_mute(struct document *d);

/* The file that follows; the name is copied. */
void document_file(struct document *d, const char *name);
/* What the source says of the conference: members as in the normalised form, and "acronym".  Borrowed. */
struct json_object *document_conference(struct document *d);

/* Takes the record, which needs no id.  An id that is there already is the library's to refuse. */
void document_add(struct document *d, enum kind kind, struct json_object *record, int line);
size_t document_count(const struct document *d, enum kind kind);
/* The record at i, and by its id; borrowed, NULL when there is none. */
struct json_object *document_record(const struct document *d, enum kind kind, size_t i);
struct json_object *document_find(const struct document *d, enum kind kind, const char *id);

/* One line on standard error; the ingest then does not take place. */
void document_error(struct document *d, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t document_errors(const struct document *d);
/* Counted, and shown at the end as "12 events have no speaker"; one and many are literals. */
void document_warn(struct document *d, int line, const char *one, const char *many);

/* A column of a table that is not read. */
void document_warn_column(struct document *d, int line, const char *name);

/* Adds what was given on the command line and what follows from the records (days, ids).  0, or -1 after a sentence
 * that says what is missing and how to give it.  whole: false for records that go into a conference that exists. */
int document_complete(struct document *d, const struct given *given, bool whole);
void document_show_warnings(const struct document *d);

/* The normalised form, malloc()ed: one record a line.  Origins: of each line, from the first; borrowed names live as
 * long as the document. */
struct print {
	char *text;
	size_t len;
	struct origin *origins;
	size_t lines;
};

int document_print(const struct document *d, bool whole, struct print *out);
void print_finish(struct print *p);

#endif
