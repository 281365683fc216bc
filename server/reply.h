/*
 * reply.h - answers: their headers, their forms, their errors.
 */
#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include "request.h"

/* All of these set r->status and send everything; the handler returns after them. */
void reply_json(struct request *r, int status, const char *json);
void reply_text(struct request *r, int status, const char *type, const char *text, size_t len);
/* headers: more header lines, each with CRLF, or "". */
void reply_bytes(struct request *r, int status, const char *type, const char *headers,
		 const void *data, size_t len);
/*
 * An error in the form of the route: {"success":false,"error":...} or Directus'.  The sentence is the
 * visitor's; retry_after_ms 0 sends no Retry-After, except with 503 (1 s).
 */
void reply_error(struct request *r, int status, int retry_after_ms, const char *fmt, ...)
	_printf_(4, 5);
/* As above with a code of Directus' instead of the one that goes with the status. */
void reply_error_code(struct request *r, int status, const char *code, const char *fmt, ...)
	_printf_(4, 5);
/* What the library refused or could not do. */
void reply_failure(struct request *r, int code, const assistant_error *err);

/* Only the header, without a length: the body follows with reply_more and ends with the connection. */
bool reply_begin(struct request *r, int status, const char *type, const char *headers);
enum reply_result { REPLY_SENT, REPLY_GONE, REPLY_SLOW, REPLY_ENDING };
enum reply_result reply_more(struct request *r, const char *data, size_t len);

/* The status and the error's code in Directus' words. */
int reply_status_of(int assistant_code);
const char *reply_directus_code(int status);

#endif
