/*
 * record_check.h - reading one member of a record's JSON: absent, good, or refused with a sentence that
 * names the record, the field, what it holds and what is accepted.
 */
#ifndef STORE_RECORD_CHECK_H
#define STORE_RECORD_CHECK_H

#include "base/arena.h"
#include "base/json.h"

struct check {
	const char *what;	  /* "session", "conference": for sentences */
	const char *name;	  /* of the record, once known; else NULL */
	struct json_object *json; /* the object read */
	struct arena *arena;	  /* where results live */
	struct fail *f;
};

/* All: 0 and *out (NULL when absent, null or blank), or a negative code with c->f written. */
int check_line(struct check *c, const char *key, const char **out); /* one line, RECORD_MAX_LINE */
int check_text(struct check *c, const char *key, const char **out); /* lines, RECORD_MAX_TEXT */
/* A string or a whole number, without blanks. */
int check_id(struct check *c, const char *key, const char **out);
/* http or https; without a scheme, https is meant. */
int check_url(struct check *c, const char *key, const char **out);
/* "2026-01-31", a day that exists. */
int check_date(struct check *c, const char *key, const char **out);
/* A NULL-terminated list of lines, blanks left out; never NULL.  ids: whole numbers are taken too. */
int check_list(struct check *c, const char *key, bool ids, const char *const **out);
/* Either form of a text: a text, or a list whose items are then joined with ", ". */
int check_text_or_list(struct check *c, const char *key, const char **out);
/* Any member: well-formed strings without control characters, at any depth. */
int check_all_strings(struct check *c);

/* EINVAL: 'session "Keynote": end_time is "x"; accepted is a time'. */
int check_refuse(struct check *c, const char *key, struct json_object *value, const char *accepted);
int check_out_of_memory(struct check *c);

#endif
