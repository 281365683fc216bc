/*
 * peer.h - the other end of a connection, scripted by the test: a listening socket on loopback and
 * one thread per connection that runs the test's function.
 */
#ifndef TESTS_PEER_H
#define TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct peer;

/* Talks on fd; returning closes it.  n: the connection's number, from 0. */
typedef void peer_fn(struct peer *p, int fd, int n, void *ctx);

struct peer *peer_start(peer_fn *fn, void *ctx);
/* Wakes everybody, joins all threads. */
void peer_stop(struct peer *p);
int peer_port(const struct peer *p);
int peer_connections(struct peer *p); /* accepted so far */
bool peer_stopping(struct peer *p);

/* Reads one request (head and Content-Length body) into buf as text; false: the other side closed. */
bool peer_read(int fd, char *buf, size_t size);
/* false: the other side has closed. */
bool peer_write(int fd, const void *data, size_t len);
bool peer_say(int fd, const char *text);
/* Waits until the other side closes, at most ms. */
bool peer_sees_close(int fd, int ms);
void peer_nap(int ms);
/* A port that nobody listens on. */
int peer_free_port(void);

#endif
