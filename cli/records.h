/*
 * records.h - all records of one conference, for checking what was found and said against them.
 */
#ifndef CLI_RECORDS_H
#define CLI_RECORDS_H

#include "client.h"

struct record {
	const char *type; /* "session" "exhibitor" "speaker" "info" */
	const char *id;	  /* of an info page: its key */
	const char *name;
	struct json_object *row;
};

struct records {
	struct json_object *conference; /* its row; NULL: the store does not give rows */
	struct json_object *rows[4];
	struct record *all; /* ordered by id */
	size_t n;
};

/* conference: id or name, NULL: the only one.  ENOTFOUND, or EINVAL when there are several; a store that gives no
 * rows is no failure. */
int records_load(struct records *r, struct client *client, const char *conference,
		 assistant_error *err);
/* NULL: there is none. */
const struct record *records_find(const struct records *r, const char *type, const char *id);
/* The first one of any type. */
const struct record *records_find_id(const struct records *r, const char *id);
/* The conference's id; NULL when the store gives no rows. */
const char *records_conference(const struct records *r);
void records_finish(struct records *r);

#endif
