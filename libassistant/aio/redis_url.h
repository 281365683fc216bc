/*
 * redis_url.h - where a Redis is, read from one URL:
 *
 *	redis://[[user]:password@]host[:port][/database]
 *	rediss://...					the same over TLS
 *	unix:///path[?db=number][&user=..][&password=..]	a socket of this machine
 */
#ifndef AIO_REDIS_URL_H
#define AIO_REDIS_URL_H

#include <stdbool.h>
#include "base/fail.h"

struct redis_url {
	char *host; /* NULL: path is set */
	char *path;
	char *user, *password; /* NULL: none */
	int port, database;
	bool tls;
	char name[160]; /* "redis.example.org:6379", for sentences; never holds a secret */
};

#define REDIS_URLS                                                                                 \
	"accepted is redis://[user:password@]host[:port][/database], the same with rediss://, "    \
	"or unix:///path[?db=number]."

/* EINVAL with a sentence that does not repeat the URL: it may hold a password. */
int redis_url_parse(const char *url, struct redis_url *out, struct fail *f);
void redis_url_finish(struct redis_url *u); /* u may be zeroed */

#endif
