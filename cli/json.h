/*
 * json.h - reading what the library answers.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <json-c/json.h>
#include <stdbool.h>

/* A member, or NULL. */
struct json_object *json_member(struct json_object *o, const char *key);
/* A member's text; "" when it is absent or no text. */
const char *json_text(struct json_object *o, const char *key);
/* How many elements a member has that is an array. */
size_t json_count(struct json_object *o, const char *key);
/* An element of a member that is an array; NULL: there is none. */
struct json_object *json_at(struct json_object *o, const char *key, size_t i);
/* On one line; lasts until the next call on o. */
const char *json_line(struct json_object *o);

#endif
