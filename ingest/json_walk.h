/*
 * json_walk.h - into a JSON file part by part, each with its line: for sources that nest their records.
 */
#ifndef INGEST_JSON_WALK_H
#define INGEST_JSON_WALK_H

#include "document.h"
#include "input.h"
#include "scan.h"

/* The whole file as a part.  0; -1 after document_error: no UTF-8, or no JSON's shape. */
int walk_file(const struct input *in, struct document *d, struct part *whole);
/* A scan of a part's members or elements. */
int walk_enter(struct scan *s, const struct part *p, char bracket);
/* The member of that name; false when there is none, or p is no object. */
bool walk_member(const struct part *p, const char *name, struct part *value);
bool walk_is(const struct part *p, char bracket);
/* Calls fn with every element of the list, parsed; elements that are no objects are errors. */
typedef void walk_fn(void *user, struct json_object *o, int line);
void walk_list(const struct part *list, struct document *d, const char *what, walk_fn *fn,
	       void *user);
/* A member parsed; NULL when absent.  The caller's. */
struct json_object *walk_parse(const struct part *p, const char *name);
/* Which of the names the text's first level has: a bit for each, in their order.  The text may be cut off. */
unsigned walk_top_members(const char *text, size_t len, const char *const *names);

#endif
