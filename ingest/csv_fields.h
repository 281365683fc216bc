/*
 * csv_fields.h - which columns of a table stand for which fields.
 */
#ifndef INGEST_CSV_FIELDS_H
#define INGEST_CSV_FIELDS_H

#include "document.h"

enum csv_form {
	FORM_ID,
	FORM_LINE,
	FORM_TEXT,
	FORM_WORDS, /* a text; with ; or | in it a list */
	FORM_LIST,
	FORM_DAY,
	FORM_START,
	FORM_END,
	FORM_DURATION
};

struct csv_field {
	const char *name;
	enum csv_form form;
	const char *synonyms; /* between blanks, NULL: none */
};

/* By a column's name in the form of csv_field_name; NULL: not known. */
const struct csv_field *csv_field_of(enum kind kind, const char *column);

#endif
