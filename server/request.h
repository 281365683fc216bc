/*
 * request.h - one request while it is answered.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include <civetweb.h>
#include "address.h"
#include "buf.h"
#include "json.h"
#include "parse.h"
#include "server.h"

#define ROUTE_PARAM 129

struct route;

struct request {
	struct server *server;
	struct mg_connection *conn;
	const struct mg_request_info *info;
	const struct route *route;   /* NULL: no such path */
	char params[2][ROUTE_PARAM]; /* of the path */
	char id[REQUEST_ID_MAX + 1];
	struct address client;
	const char *method;
	bool head;     /* only the header of the answer is wanted */
	bool directus; /* errors have Directus' form */
	char allow[64];
	struct buf body;

	/* What became of it, for the log and the metrics. */
	int64_t begin_us, waited_us; /* waited: for an answer to end, not for us */
	int status;
	size_t bytes_sent;
	char problem[256]; /* why it was refused, "" when it was not */
	bool close;	   /* the connection ends with the answer */
};

/* Reads id, client address and what else is always wanted. */
void request_init(struct request *r, struct mg_connection *conn);
void request_finish(struct request *r);

/* A header's value or NULL; of several the first. */
const char *request_header(const struct request *r, const char *name);
/* As query_get. */
int request_query(const struct request *r, const char *name, char *out, size_t size);
/* "true", "1" or nothing behind the name. */
bool request_query_flag(const struct request *r, const char *name);

/*
 * Reads the body.  false: it was refused (413, 400, 408, 415 when it is not application/json), the answer is
 * sent.  A missing body is "".
 */
bool request_read_json(struct request *r, struct json *out);

/* Is the peer still there?  Waits for at most timeout_ms for fd (-1: none) or the server's end. */
enum request_wait { REQUEST_READY, REQUEST_TIMEOUT, REQUEST_GONE, REQUEST_ENDING };
enum request_wait request_wait(const struct request *r, int fd, int timeout_ms);

#endif
