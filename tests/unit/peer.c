/*
 * peer.c - see peer.h.
 */
#include "peer.h"
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 4096

struct connection {
	struct peer *peer;
	pthread_t thread;
	int fd, n;
};

struct peer {
	peer_fn *fn;
	void *ctx;
	int listener, port;
	atomic_bool stopping;
	atomic_int n_connections;
	pthread_t thread;
	pthread_mutex_t lock; /* guards the descriptors below */
	struct connection connections[MAX_CONNECTIONS];
};

static void *serve(void *arg)
{
	struct connection *c = arg;
	int fd = c->fd;

	c->peer->fn(c->peer, fd, c->n, c->peer->ctx);
	pthread_mutex_lock(&c->peer->lock);
	c->fd = -1;
	close(fd);
	pthread_mutex_unlock(&c->peer->lock);
	return NULL;
}

static void *accept_all(void *arg)
{
	struct peer *p = arg;

	while (!atomic_load(&p->stopping)) {
		int n = atomic_load(&p->n_connections);
		int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
		struct connection *c = &p->connections[n];

		if (fd < 0)
			break;
		if (n == MAX_CONNECTIONS)
			abort();
		*c = (struct connection){ .peer = p, .fd = fd, .n = n };
		atomic_store(&p->n_connections, n + 1);
		if (pthread_create(&c->thread, NULL, serve, c))
			abort();
	}
	return NULL;
}

static int listen_somewhere(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		abort();
	*port = ntohs(a.sin_port);
	return fd;
}

struct peer *peer_start(peer_fn *fn, void *ctx)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->fn = fn;
	p->ctx = ctx;
	p->listener = listen_somewhere(&p->port);
	pthread_mutex_init(&p->lock, NULL);
	if (pthread_create(&p->thread, NULL, accept_all, p))
		abort();
	return p;
}

void peer_stop(struct peer *p)
{
	atomic_store(&p->stopping, true);
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	for (int i = 0; i < atomic_load(&p->n_connections); i++) {
		pthread_mutex_lock(&p->lock);
		if (p->connections[i].fd >= 0)
			shutdown(p->connections[i].fd, SHUT_RDWR);
		pthread_mutex_unlock(&p->lock);
		pthread_join(p->connections[i].thread, NULL);
	}
	close(p->listener);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int peer_port(const struct peer *p)
{
	return p->port;
}

int peer_connections(struct peer *p)
{
	return atomic_load(&p->n_connections);
}

bool peer_stopping(struct peer *p)
{
	return atomic_load(&p->stopping);
}

bool peer_read(int fd, char *buf, size_t size)
{
	size_t have = 0, want = 0;

	while (have + 1 < size) {
		ssize_t n = recv(fd, buf + have, want ? want - have : 1, 0);
		const char *length;

		if (n <= 0)
			return false;
		have += (size_t)n;
		buf[have] = '\0';
		if (!want && have >= 4 && !memcmp(buf + have - 4, "\r\n\r\n", 4)) {
			length = strcasestr(buf, "\r\ncontent-length:");
			want = have + (length ? strtoul(length + 17, NULL, 10) : 0);
		}
		if (want && have >= want)
			return true;
	}
	return false;
}

bool peer_write(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool peer_say(int fd, const char *text)
{
	return peer_write(fd, text, strlen(text));
}

bool peer_sees_close(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	return poll(&p, 1, ms) == 1 && recv(fd, &c, 1, 0) <= 0;
}

void peer_nap(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

int peer_free_port(void)
{
	int port;

	close(listen_somewhere(&port));
	return port;
}
