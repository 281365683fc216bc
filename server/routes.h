/*
 * routes.h - the one table of what is served, and the way of a request through it.
 */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "request.h"

typedef void route_handler(struct request *r);

enum route_flag {
	ROUTE_DIRECTUS =
		1, /* errors in Directus' form; there only when the rows are in the embedded store */
	ROUTE_QUIET = 2, /* asked for all the time by machines: success is a debug line */
};

struct route {
	const char *method; /* GET answers HEAD as well */
	const char *
		path; /* {name}: one segment of [A-Za-z0-9_-]{1,64}; {id}: a record's id, encoded */
	route_handler *handle;
	unsigned flags;
};

/* The route, or NULL with *allow listing the methods that path has, "" when there is no such path. */
const struct route *route_find(const struct route *table, size_t n, const char *method,
			       const char *path, char params[2][ROUTE_PARAM], char allow[64]);

/* civetweb's callbacks. */
int routes_begin_request(struct mg_connection *conn);
int routes_http_error(struct mg_connection *conn, int status, const char *text);

/* Logs and counts a request that is over. */
void routes_record(struct request *r);

#endif
