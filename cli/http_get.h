/*
 * http_get.h - one GET over a plain socket: enough to ask a server how it is.
 */
#ifndef CLI_HTTP_GET_H
#define CLI_HTTP_GET_H

#include <stddef.h>

struct http_url {
	char host[256]; /* a name or an address, IPv6 without its brackets */
	char port[6];
	char path[512]; /* begins with a slash; "/" when there is none */
};

/* http only.  0, or -1 with one sentence. */
int http_url_parse(const char *text, struct http_url *url, char *error, size_t error_size);
/* The status code and up to size - 1 bytes of the body, NUL-terminated; or -1 with one sentence.
 * All of it takes at most timeout_ms. */
int http_get(const struct http_url *url, int timeout_ms, char *body, size_t size, char *error,
	     size_t error_size);

#endif
