/*
 * csv.h - rows of a CSV file (RFC 4180): quoted cells with line ends in them, "" for a quote; commas,
 * semicolons or tabs, whichever the first line has most of; any kind of line end.
 */
#ifndef INGEST_CSV_H
#define INGEST_CSV_H

#include <stddef.h>

#define CSV_MAX_CELL_BYTES (1UL << 20)
#define CSV_MAX_COLUMNS	   256

struct csv {
	const char *at, *end;
	char separator;
	int line; /* where at stands, from 1 */
	char *bytes;
	size_t len, cap;
	size_t starts[CSV_MAX_COLUMNS];
	/* after a failure */
	const char *error;
	int error_line;
};

struct csv_row {
	const char *cells[CSV_MAX_COLUMNS]; /* valid until the next row */
	size_t n;
	int line; /* where it begins */
};

void csv_begin(struct csv *c, const char *text, size_t len);
/* 1: a row with something in it; 0: the end; -1: malformed. */
int csv_next(struct csv *c, struct csv_row *row);
void csv_finish(struct csv *c);
/* A column's name as the field it may stand for: lower case, words joined by '_', "(s)" cut off. */
void csv_field_name(const char *header, char out[static 64]);

#endif
