/*
 * row_json.h - rows of conversations and messages from JSON as Directus and a program's own store write it.
 */
#ifndef STORE_ROW_JSON_H
#define STORE_ROW_JSON_H

#include "base/json.h"
#include "store/store.h"

/* Strings are copied into the arena.  An id may be a number, or the related row with its id. */
void row_conversation(struct arena *a, struct json_object *row, struct conversation *out);
void row_message(struct arena *a, struct json_object *row, struct message *out);
/* All rows of an array (NULL: none). */
void row_messages(struct arena *a, struct json_object *rows, struct messages *out);

/* The other way: what a create sends.  A time <= 0 and NULL strings are left out.  Owned. */
struct json_object *row_of_conversation(const struct conversation *row);
struct json_object *row_of_message(const struct message *row);
/* Puts metadata's JSON text into o as the object it is. */
void row_set_metadata(struct json_object *o, const char *metadata);

#endif
