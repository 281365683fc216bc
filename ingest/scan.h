/*
 * scan.h - where the parts of a normalised conference file begin and end, with their lines.
 *
 * A scanner of JSON's shape only (strings, brackets, commas): the values themselves are checked by
 * the library.  Pure; works on a text of any bytes.
 */
#ifndef INGEST_SCAN_H
#define INGEST_SCAN_H

#include <stddef.h>

struct part {
	const char *text; /* not NUL-terminated; in the scanned text */
	size_t len;
	int line; /* where it begins, from 1 */
};

struct scan {
	const char *text, *end, *at;
	int line;
	const char *line_start;
	/* after a failure */
	int error_line, error_column;
	const char *error; /* what was expected */
};

void scan_begin(struct scan *s, const char *text, size_t len);
/* Enters an object or array: '{' or '['.  0 or -1. */
int scan_enter(struct scan *s, char bracket);
/* The next member of the object: its key (at most 63 bytes, NUL-terminated) and its value, which is skipped unless
 * `stay`, when the scanner stands before it.  1: there is one; 0: the object ended; -1: malformed. */
int scan_member(struct scan *s, char key[static 64], struct part *value, int stay);
/* The next element of the array, likewise. */
int scan_element(struct scan *s, struct part *value);
/* Nothing but blanks follows: 0, else -1. */
int scan_finish(struct scan *s);

#endif
