/*
 * json.h - reads JSON in place: what arrives from visitors, and rows that are cut to the wanted fields.
 *
 * A document becomes a flat list of nodes that point into its text, so that a value can be handed on
 * as the bytes it was.  Strict: RFC 8259 and nothing else, valid UTF-8, no NUL, no lone
 * surrogate, nothing after the end, at most JSON_MAX_DEPTH deep.
 */
#ifndef SERVER_JSON_H
#define SERVER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clean.h"

#define JSON_MAX_DEPTH 64

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_node {
	uint32_t start, end; /* its bytes, quotes and brackets included */
	uint32_t next;	     /* the node behind it and its children */
	uint8_t type;
	bool last; /* of its array or object; a key is never the last */
};

struct json {
	const char *text; /* borrowed */
	struct json_node *nodes;
	uint32_t n, cap;
};

struct json_problem {
	char text[80]; /* "not JSON: ... at line 1, column 8" */
};

/* 0, or -1 with a sentence's middle part in *problem (may be NULL).  text outlives j. */
int json_read(struct json *j, const char *text, size_t len, struct json_problem *problem);
void json_finish(struct json *j); /* j may be zeroed */

static inline const struct json_node *json_root(const struct json *j)
{
	return &j->nodes[0];
}
/* The first element of an array, or the first key of an object; NULL: empty, or no container. */
const struct json_node *json_first(const struct json *j, const struct json_node *container);
/* The element behind, or for a value of an object the next key; NULL: it was the last. */
const struct json_node *json_after(const struct json *j, const struct json_node *node);
/* The value of a key. */
const struct json_node *json_value(const struct json *j, const struct json_node *key);
/* The value of the member with that name, the last one of several; NULL: no such member or no object. */
const struct json_node *json_member(const struct json *j, const struct json_node *object,
				    const char *name);

/* Is it a string, and this one? */
bool json_is(const struct json *j, const struct json_node *node, const char *text);
/* The decoded string, NUL-terminated.  Its length, or -1: no string (NULL is none), or longer than fits. */
int json_copy(const struct json *j, const struct json_node *node, char *out, size_t size);
/* The value's own bytes. */
const char *json_raw(const struct json *j, const struct json_node *node, size_t *len);

#define _cleanup_json_ _cleanup_(json_finish)

#endif
