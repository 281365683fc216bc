/*
 * json.h - the one way in for outside JSON, over json-c: strict, UTF-8 checked, depth- and
 * size-bounded, nothing after the end (json-c by default takes invalid UTF-8, NaN, single quotes
 * and trailing text).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clean.h"
#include "fail.h"

#define JSON_MAX_DEPTH 64

/*
 * *out is owned (json_object_put).  Takes what RFC 8259 takes and nothing else; of two equal keys
 * the last one counts.  Also refused: a leading BOM, NUL (raw or as \u0000), lone surrogates,
 * numbers that no int64, uint64 or finite double holds.  The sentence says line and column.
 * EINVAL; ETOOLARGE when deeper than JSON_MAX_DEPTH.
 */
int json_parse(const char *text, size_t len, struct json_object **out, struct fail *f);

/* As json_parse, without building anything; the range of numbers is not looked at. */
int json_check(const char *text, size_t len, struct fail *f);

/* Accessors: obj may be NULL.  Borrowed, live as long as obj. */
struct json_object *json_get(struct json_object *obj, const char *key);
const char *json_get_string(struct json_object *obj,
			    const char *key);			 /* NULL: absent or no string */
const char *json_text(struct json_object *obj, const char *key); /* "" instead of NULL */
int64_t json_get_int(struct json_object *obj, const char *key, int64_t fallback);
double json_get_double(struct json_object *obj, const char *key, double fallback);
bool json_get_bool(struct json_object *obj, const char *key, bool fallback);
struct json_object *json_get_array(struct json_object *obj,
				   const char *key); /* NULL unless an array */
struct json_object *json_get_object(struct json_object *obj,
				    const char *key); /* NULL unless an object */

/* Builders: a NULL string or a double that is not finite adds nothing. */
void json_set_string(struct json_object *obj, const char *key, const char *value);
void json_set_int(struct json_object *obj, const char *key, int64_t value);
void json_set_double(struct json_object *obj, const char *key, double value);
void json_set_score(struct json_object *obj, const char *key, float value); /* at most 4 decimals */
void json_set_bool(struct json_object *obj, const char *key, bool value);
void json_set(struct json_object *obj, const char *key,
	      struct json_object *value); /* takes value */

/* One line, slashes unescaped; malloc()ed.  NULL: no memory. */
char *json_dump(struct json_object *obj);

static inline void json_cleanup(struct json_object **o)
{
	json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(json_cleanup)

#endif
