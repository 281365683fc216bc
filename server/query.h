/*
 * query.h - the part of Directus' query language that the embedded face knows: equality, sort, limit,
 * offset, page, fields.  Pure.  What it does not know is refused: a filter left out would answer too much.
 */
#ifndef SERVER_QUERY_H
#define SERVER_QUERY_H

#include "buf.h"
#include "json.h"

#define QUERY_MAX_LIMIT 500

struct condition {
	char field[65], value[129];
};

struct row_filter {
	struct condition list[8];
	int n;
};

struct row_fields {
	char names[32][65];
	int n; /* 0: all */
};

struct row_query {
	struct row_filter filter;
	struct row_fields fields;
	char sort[4][66];
	int n_sort;
	int limit, offset;
};

struct query_problem {
	char text[160];
};

/* Reads a query string, keys possibly with %5B for brackets.  0, or -1 with a sentence. */
int query_read(const char *query_string, struct row_query *out, struct query_problem *problem);
/* {"field":{"_eq":"value"},...}, "_and":[...] allowed; adds to *out. */
int filter_read(const struct json *j, const struct json_node *node, struct row_filter *out,
		struct query_problem *problem);
/* An array of names or a text with commas; "*": all. */
int fields_read_json(const struct json *j, const struct json_node *node, struct row_fields *out,
		     struct query_problem *problem);
/* The value a field must have; NULL: no condition on it. */
const char *filter_value(const struct row_filter *filter, const char *field);
/* Does a row have these values?  Only strings compare equal. */
bool filter_matches(const struct row_filter *filter, const struct json *j,
		    const struct json_node *row);
/* The query in the library's form. */
void query_write(const struct row_query *q, struct buf *out);

/* Appends a row, or every row of an array, with the wanted fields only. */
void fields_project(const struct row_fields *fields, const struct json *j,
		    const struct json_node *node, struct buf *out);

#endif
