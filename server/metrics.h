/*
 * metrics.h - the server's own metrics, beside the library's.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "request.h"

void metrics_start(struct server *s);
void metrics_record(const struct request *r, double seconds);
void metrics_in_flight(struct server *s, int change);
void metrics_connections(struct server *s, int change);
/* The number of open streams of a kind changed. */
void metrics_streams(struct server *s, enum stream_kind kind, int now);
void metrics_slow_reader(struct server *s, enum stream_kind kind);

void metrics_get(struct request *r);

#endif
