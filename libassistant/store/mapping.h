/*
 * mapping.h - what a Directus calls its collections and fields, as data.
 *
 * The contract's names are built in.  A mapping file (docs/directus.md, "Another schema") says what is called
 * otherwise, what is absent, and, where one instance is one conference, which.  Rows are translated as JSON: everything
 * above sees the contract's names alone.  A mapping is immutable once made.
 */
#ifndef STORE_MAPPING_H
#define STORE_MAPPING_H

#include <stdbool.h>
#include "base/json.h"
#include "store/record.h"

enum mapped {
	MAPPED_CONVERSATIONS,
	MAPPED_MESSAGES,
	MAPPED_CONFERENCES,
	MAPPED_INFO,
	MAPPED_ROOMS,
	MAPPED_SESSIONS, /* this and what follows: in the order of enum entity */
	MAPPED_EXHIBITORS,
	MAPPED_SPEAKERS,
	MAPPED_COUNT
};

struct mapping;

/* path NULL or "": the contract's own names.  ECONFIG: one sentence that names the file, the member, what it holds and what
 * is accepted. */
int mapping_load(const char *path, struct mapping **out, struct fail *f);
int mapping_parse(const char *text, size_t len, struct mapping **out, struct fail *f);
void mapping_destroy(struct mapping *m);

const char *mapping_name(enum mapped what); /* "messages": the contract's */
/* Their collection; NULL: there is none. */
const char *mapping_collection(const struct mapping *m, enum mapped what);
/* Their field, or a path over relations ("speakers.speaker_id.id"); NULL: absent. */
const char *mapping_field(const struct mapping *m, enum mapped what, const char *field);
/* Every field there is, in turn: i from 0; false at the end.  *written: we write it too. */
bool mapping_each(const struct mapping *m, enum mapped what, size_t i, const char **ours,
		  const char **theirs, bool *written);
/* What ?fields= asks for. */
const char *mapping_fields(const struct mapping *m, enum mapped what);
/* What they call one of our values, such as status "streaming"; owned.  NULL: nothing. */
struct json_object *mapping_value(const struct mapping *m, enum mapped what, const char *field,
				  const char *ours);
/* The conference of an instance that holds only one; borrowed; NULL: they are rows. */
struct json_object *mapping_conference(const struct mapping *m);

/* A row of theirs in our names; owned.  Absent and null members are left out; a record keeps members of other names. */
struct json_object *mapping_from(const struct mapping *m, enum mapped what,
				 struct json_object *row);
/* A row or patch of ours in their names; owned.  What they have no place for is left out. */
struct json_object *mapping_to(const struct mapping *m, enum mapped what, struct json_object *row);

#endif
