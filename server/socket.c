/*
 * socket.c - writing to a peer who may not read, or not be there.
 */
#include "socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include "server.h"

ssize_t socket_send_some(int fd, const char *data, size_t len)
{
	ssize_t n;

	do {
		n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

enum socket_result socket_send(int fd, const char *data, size_t len, int timeout_ms, int ending_fd,
			       size_t *sent)
{
	int64_t end_ms = monotonic_ms() + timeout_ms;

	*sent = 0;
	while (*sent < len) {
		struct pollfd p[2] = { { .fd = fd, .events = POLLOUT },
				       { .fd = ending_fd, .events = POLLIN } };
		ssize_t n = socket_send_some(fd, data + *sent, len - *sent);
		int64_t left_ms = end_ms - monotonic_ms();

		if (n < 0)
			return SOCKET_GONE;
		*sent += (size_t)n;
		if (n > 0)
			continue;
		if (left_ms <= 0)
			return SOCKET_SLOW;
		if (poll(p, 2, (int)left_ms) < 0 && errno != EINTR)
			return SOCKET_GONE;
		if (p[1].revents)
			return SOCKET_ENDING;
		if (p[0].revents & (POLLERR | POLLNVAL))
			return SOCKET_GONE;
	}
	return SOCKET_SENT;
}

void socket_set_peer_timeout(int fd, int timeout_ms)
{
	unsigned limit = (unsigned)timeout_ms;

	/* Only a faster discovery of dead peers: where it cannot be had, heartbeats still find them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit));
}
