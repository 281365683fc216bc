/*
 * socket.h - writing to a peer who may not read, or not be there.
 */
#ifndef SERVER_SOCKET_H
#define SERVER_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

enum socket_result { SOCKET_SENT, SOCKET_GONE, SOCKET_SLOW, SOCKET_ENDING };

/*
 * Sends all of it through a non-blocking socket, waiting for at most timeout_ms in all.  *sent counts
 * what went out in any case.  ending_fd (-1: none): readable when to give up waiting.
 */
enum socket_result socket_send(int fd, const char *data, size_t len, int timeout_ms, int ending_fd,
			       size_t *sent);
/* As much as goes out now; -1: the peer is gone. */
ssize_t socket_send_some(int fd, const char *data, size_t len);
/* What was sent must be acknowledged within timeout_ms, else the connection counts as gone. */
void socket_set_peer_timeout(int fd, int timeout_ms);

#endif
