/*
 * mapping_private.h - a mapping from inside: made by mapping.c, used by mapping_rows.c.
 */
#ifndef STORE_MAPPING_PRIVATE_H
#define STORE_MAPPING_PRIVATE_H

#include "store/mapping.h"

#define FIELD_NEEDED 1u /* may not be absent */
#define FIELD_LIST   2u /* several values are a list, and one is a list of one */
#define FIELD_VALUES 4u /* its values may be called otherwise too */
#define FIELD_SET    8u /* the database's own to write */

struct known_field {
	const char *name;
	unsigned flags;
};

struct mapped_field {
	const char *ours, *theirs; /* theirs NULL: absent */
	unsigned flags;
	struct json_object *
		values; /* ours -> theirs, or a list of them, the first of which is written; or NULL */
};

struct mapped_collection {
	const char *theirs; /* NULL: none */
	struct mapped_field *fields;
	size_t n;
	struct json_object *ignored; /* a list of their fields, or NULL */
	const char *read;
};

struct mapping {
	struct arena *arena;
	struct json_object *root; /* of the file; or NULL */
	struct json_object *conference;
	struct mapped_collection collections[MAPPED_COUNT];
};

/* Rows of conversations and messages are ours to write: no paths, and nothing but what is known. */
static inline bool mapped_is_ours(enum mapped what)
{
	return what <= MAPPED_MESSAGES;
}

struct mapped_field *mapping_find(const struct mapping *m, enum mapped what, const char *ours);

#endif
