/*
 * format.h - the formats that conferences come in, one table: who recognises a file, who reads it.
 */
#ifndef INGEST_FORMAT_H
#define INGEST_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include "document.h"
#include "input.h"

struct format {
	const char *name; /* for --format */
	/* By what the file begins with, behind a byte order mark; name without its folder. */
	bool (*detect)(const char *text, size_t len, const char *name);
	/* Adds what the file holds.  0, or -1 after document_error.  kind: of a file that holds one kind only and does
	 * not say which; -1 when nobody knows. */
	int (*read)(const struct input *in, int kind, struct document *d);
};

/* In the order in which they are asked; the last entry's name is NULL. */
extern const struct format formats[];

/* By its name, NULL: there is none. */
const struct format *format_named(const char *name);
/* By the content; NULL: no format recognises it. */
const struct format *format_of(const struct input *in);

bool csv_detect(const char *text, size_t len, const char *name);
int csv_read(const struct input *in, int kind, struct document *d);
bool schedule_xml_detect(const char *text, size_t len, const char *name);
int schedule_xml_read(const struct input *in, int kind, struct document *d);
bool pretalx_detect(const char *text, size_t len, const char *name);
int pretalx_read(const struct input *in, int kind, struct document *d);
bool sessionize_detect(const char *text, size_t len, const char *name);
int sessionize_read(const struct input *in, int kind, struct document *d);
/* The normalised form, read like another source when it is one file of a folder. */
bool normalised_detect(const char *text, size_t len, const char *name);
int normalised_read(const struct input *in, int kind, struct document *d);

/* A folder: conference.json, .ini or .csv, sessions, exhibitors and speakers in any format, info.csv.  0 or -1. */
int folder_read(const char *path, struct document *d);

#endif
