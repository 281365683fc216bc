/*
 * health.h - is it alive, can it answer, what is served.
 */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "request.h"

void health_get(struct request *r);
void health_ready(struct request *r);

/* Asks a running server for its health.  url NULL: the configured port.  The exit code. */
int health_probe(const char *url, const struct settings *settings);

#endif
