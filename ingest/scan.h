/*
 * scan.h - where the parts of a normalised conference file begin and end, with their lines.
 *
 * A scanner of JSON's shape only (strings, brackets, commas): the values themselves are checked by
 * the library.  Pure; works on a text of any bytes.
 */
#ifndef INGEST_SCAN_H
#define INGEST_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct part {
	const char *text; /* not NUL-terminated; in the scanned text */
	size_t len;
	int line; /* where it begins, from 1 */
	const char *line_start;
};

struct scan {
	const char *text, *end, *at;
	int line;
	const char *line_start;
	bool first; /* nothing was taken yet from what was entered */
	/* after a failure */
	int error_line, error_column;
	const char *error; /* what was expected */
};

void scan_begin(struct scan *s, const char *text, size_t len);
/* Enters an object or array: '{' or '['.  0 or -1. */
int scan_enter(struct scan *s, char bracket);
/* The next member of the object entered: its key as it is written (at most 63 bytes, NUL-terminated) and its value.
 * 1: there is one; 0: the object ended; -1: malformed. */
int scan_member(struct scan *s, char key[static 64], struct part *value);
/* The next element of the array entered, likewise. */
int scan_element(struct scan *s, struct part *value);
/* The value that follows, whatever it is: 0 or -1. */
int scan_value(struct scan *s, struct part *value);
/* Nothing but blanks follows: 0, else -1. */
int scan_finish(struct scan *s);

#endif
