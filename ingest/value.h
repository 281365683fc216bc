/*
 * value.h - members of a source's JSON, read with tolerance: what is absent, null, blank or of another type is NULL.
 */
#ifndef INGEST_VALUE_H
#define INGEST_VALUE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include "scan.h"

#define VALUE_MAX_DEPTH 64

/* Borrowed from o; NULL for JSON's null, too. */
struct json_object *value_get(struct json_object *o, const char *key);
/* A text that is not blank, or NULL. */
const char *value_string(struct json_object *o, const char *key);
/* An array's length, 0 for anything else. */
size_t value_length(struct json_object *list);
/* A text; of several languages ({"en": "Talk", "de": "Vortrag"}) the English one, else the first; of an object with a
 * name, its name.  NULL for anything else. */
const char *value_name(struct json_object *o);
/* A text or whole number as an id: blanks and what no id may hold become '-'.  false: there is none. */
bool value_id(struct json_object *o, const char *key, char out[static 129]);

/* Sets a text (copied); NULL and blanks set nothing.  The first says one line, cleaned of markup; the second keeps
 * paragraphs. */
void value_set_line(struct json_object *o, const char *key, const char *text);
void value_set_text(struct json_object *o, const char *key, const char *text);

/* A part as a JSON value, strictly; NULL: it is none. */
struct json_object *value_parse(const struct part *p);
/* Where the first byte that is no UTF-8 stands; len: everywhere it is. */
size_t value_not_utf8(const char *text, size_t len);

#endif
