/*
 * parse.h - the small readers of a request: identifiers, the query string, header values.  Pure.
 */
#ifndef SERVER_PARSE_H
#define SERVER_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_ID_MAX 128

bool is_uuid(const char *text); /* 8-4-4-4-12 hex digits */
/* 36 characters, version 4, and a NUL. */
void uuid_make(char out[37]);
/* A request id of a caller that may be repeated in headers and logs: [A-Za-z0-9._-]{1,128}. */
bool is_request_id(const char *text);

/*
 * One parameter of a query string, decoded (%XX and +), NUL-terminated.  Its length; -1: not there;
 * -2: longer than fits, or decoded it is not UTF-8 or has a NUL.
 */
int query_get(const char *query, const char *name, char *out, size_t size);
/* Walks the pairs: *at is NULL at first (then query counts) or where the last call left it; false: no more. */
bool query_next(const char *query, const char **at, const char **name, size_t *name_len,
		const char **value, size_t *value_len);
/* Decodes %XX and +.  The length, or -2 as above. */
int query_decode(const char *text, size_t len, char *out, size_t size);

/* N of "wait=N" in a Prefer header, in s; -1: none. */
int prefer_wait(const char *prefer);
/* Does an Accept header name that type itself (not by a wildcard), without q=0? */
bool accepts(const char *accept, const char *type);
/* Is a header's value that media type, whatever its parameters? */
bool is_media_type(const char *value, const char *type);
/* Does a comma-separated header have that word, in any case? */
bool has_word(const char *value, const char *word);
/* A whole number from 0 to max; -1: it is none. */
long parse_number(const char *text, long max);

#endif
