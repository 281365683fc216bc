/*
 * realtime.c - WebSocket connections: handshake, frames, heartbeats, and the thread that pumps changes.
 */
#include "realtime.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "cors.h"
#include "metrics.h"
#include "realtime_impl.h"
#include "reply.h"
#include "socket.h"
#include "utf8.h"

#define MAX_MESSAGE_BYTES   65536
#define MAX_SILENT_BEATS    3
#define STUCK_LIMIT_MS	    10000
#define PEER_TIMEOUT_MS	    30000
#define GOODBYE_LIMIT_MS    500
#define MESSAGES_PER_10_S   200
#define MAX_CHANGES_AT_ONCE 256

enum close_code {
	CLOSE_GOING_AWAY = 1001,
	CLOSE_UNSUPPORTED = 1003,
	CLOSE_NOT_UTF8 = 1007,
	CLOSE_POLICY = 1008,
	CLOSE_TOO_BIG = 1009,
};

/* --- Sending; with the lock ---------------------------------------------------- */

static void wake(struct realtime *rt)
{
	uint64_t one = 1;

	/* A counter that is full is readable, which is all that is wanted. */
	(void)!write(rt->wake_fd, &one, sizeof(one));
}

/* Its own thread sees the end of the socket and takes it down. */
void client_drop(struct client *c)
{
	if (c->fd < 0)
		return;
	shutdown(c->fd, SHUT_RDWR);
	c->fd = -1;
}

void client_send(struct client *c, enum websocket_opcode opcode, const char *data, size_t len,
		 const void *about, const char *row)
{
	if (c->fd < 0)
		return;
	if (!outbox_put(&c->out, opcode, data, len, about, row)) {
		metrics_slow_reader(c->realtime->server, STREAM_WEBSOCKET);
		client_drop(c);
	} else if (!outbox_flush(&c->out, c->fd, monotonic_ms())) {
		client_drop(c);
	} else if (c->out.first) {
		wake(c->realtime);
	}
}

/* --- The pump ------------------------------------------------------------------ */

static void check_heartbeat(struct client *c, int64_t now_ms)
{
	static const char ping[] = "{\"type\":\"ping\"}";
	int beat_ms = c->realtime->server->settings.heartbeat_ms;
	int64_t since_ms = c->heard_ms > c->asked_ms ? c->heard_ms : c->asked_ms;

	if (now_ms - since_ms < beat_ms)
		return;
	if (c->unanswered++ >= MAX_SILENT_BEATS) {
		client_drop(c);
		return;
	}
	c->asked_ms = now_ms;
	/* Directus' ping is for widgets; the protocol's own is answered by every other client. */
	client_send(c, WS_TEXT, ping, strlen(ping), c, "ping");
	client_send(c, WS_PING, "", 0, c, "frame");
}

static void check_stuck(struct client *c, int64_t now_ms)
{
	if (c->fd < 0 || !c->out.waiting_since_ms ||
	    now_ms - c->out.waiting_since_ms < STUCK_LIMIT_MS)
		return;
	metrics_slow_reader(c->realtime->server, STREAM_WEBSOCKET);
	client_drop(c);
}

/* Returns whether more may be there. */
static bool pump_changes(struct realtime *rt)
{
	const char *collection, *change, *row;
	int n = 0;

	while (n < MAX_CHANGES_AT_ONCE &&
	       assistant_watch_next(rt->watch, 0, &collection, &change, &row) == 0) {
		realtime_deliver(rt, collection, change, row);
		n++;
	}
	return n == MAX_CHANGES_AT_ONCE;
}

/* The descriptors to wait for: changes, wake-ups, and every socket that has something to take. */
static nfds_t collect(struct realtime *rt, struct pollfd *p, nfds_t max)
{
	nfds_t n = 2;

	p[0] = (struct pollfd){ .fd = assistant_watch_fd(rt->watch), .events = POLLIN };
	p[1] = (struct pollfd){ .fd = rt->wake_fd, .events = POLLIN };
	for (struct client *c = rt->clients; c && n < max; c = c->next)
		if (c->fd >= 0 && c->out.first)
			p[n++] = (struct pollfd){ .fd = c->fd, .events = POLLOUT };
	return n;
}

static void serve_clients(struct realtime *rt, int64_t now_ms)
{
	for (struct client *c = rt->clients; c; c = c->next) {
		if (c->fd >= 0 && c->out.first && !outbox_flush(&c->out, c->fd, now_ms))
			client_drop(c);
		check_stuck(c, now_ms);
		if (c->fd >= 0)
			check_heartbeat(c, now_ms);
	}
}

static void *pump(void *data)
{
	struct realtime *rt = data;
	nfds_t max = (nfds_t)rt->server->settings.threads + 2;
	struct pollfd *p = calloc(max, sizeof(*p));
	int pause_ms = rt->server->settings.heartbeat_ms / 4;
	uint64_t count;

	while (p) {
		bool more, ending;
		nfds_t n;

		pthread_mutex_lock(&rt->lock);
		more = pump_changes(rt);
		serve_clients(rt, monotonic_ms());
		n = collect(rt, p, max);
		ending = rt->ending;
		pthread_mutex_unlock(&rt->lock);
		if (ending)
			break;
		if (poll(p, n, more ? 0 : pause_ms < 1000 ? pause_ms : 1000) > 0 && p[1].revents)
			(void)!read(rt->wake_fd, &count, sizeof(count));
	}
	free(p);
	return NULL;
}

/* --- Connections --------------------------------------------------------------- */

static bool refuse_handshake(struct request *r)
{
	const char *origin = request_header(r, "Origin");
	const char *key = request_header(r, "Sec-WebSocket-Key");
	const char *version = request_header(r, "Sec-WebSocket-Version");
	static const char upgrade[] =
		"{\"errors\":[{\"message\":\"This is a WebSocket, version 13.\","
		"\"extensions\":{\"code\":\"UPGRADE_REQUIRED\"}}]}";

	if (!has_word(request_header(r, "Connection"), "upgrade") ||
	    !has_word(request_header(r, "Upgrade"), "websocket") || !version ||
	    strcmp(version, "13") != 0) {
		reply_bytes(r, 426, "application/json",
			    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", upgrade,
			    strlen(upgrade));
		return true;
	}
	if (!key || strlen(key) != 24) {
		reply_error(r, 400, 0, "Sec-WebSocket-Key must be 16 bytes in base64.");
		return true;
	}
	if (origin && !origin_is_own(origin, request_header(r, "Host")) &&
	    !origin_is_listed(r->server->settings.cors_origins, origin)) {
		reply_error(r, 403, 0,
			    "Pages of this origin may not use this server; CORS_ORIGINS "
			    "lists those that may.");
		return true;
	}
	if (atomic_load(&r->server->draining)) {
		reply_error(r, 503, 2000, "the server is ending");
		return true;
	}
	return false;
}

void realtime_upgrade(struct request *r)
{
	struct client *c;

	if (refuse_handshake(r))
		return;
	if (!server_stream_begin(r->server, STREAM_WEBSOCKET)) {
		reply_error(r, 503, 2000, "all threads for long-lived connections are taken");
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		server_stream_end(r->server, STREAM_WEBSOCKET);
		reply_error(r, 503, 2000, "no memory for a connection");
		return;
	}
	c->realtime = r->server->realtime;
	c->fd = mg_get_connection_socket(r->conn);
	buf_init(&c->message, MAX_MESSAGE_BYTES);
	/* From here on the connection owns it: realtime_connection_closed. */
	mg_set_user_connection_data(r->conn, c);
	r->status = 101;
}

static void on_ready(struct mg_connection *conn, void *data)
{
	struct client *c = mg_get_user_connection_data(conn);
	struct realtime *rt = data;

	socket_set_peer_timeout(c->fd, PEER_TIMEOUT_MS);
	c->heard_ms = c->asked_ms = c->counted_since_ms = monotonic_ms();
	pthread_mutex_lock(&rt->lock);
	c->next = rt->clients;
	rt->clients = c;
	pthread_mutex_unlock(&rt->lock);
}

void realtime_connection_closed(struct realtime *rt, const struct mg_connection *conn)
{
	struct client *c = mg_get_user_connection_data(conn);

	if (!c)
		return;
	pthread_mutex_lock(&rt->lock);
	client_unsubscribe_all(c);
	for (struct client **link = &rt->clients; *link; link = &(*link)->next) {
		if (*link == c) {
			*link = c->next;
			break;
		}
	}
	pthread_mutex_unlock(&rt->lock);
	outbox_finish(&c->out);
	buf_finish(&c->message);
	free(c);
	server_stream_end(rt->server, STREAM_WEBSOCKET);
}

/* Says why, gives that a moment to arrive, and ends the connection.  Returns what civetweb wants for that. */
static int end_connection(struct client *c, enum close_code code)
{
	char reason[2] = { (char)(code >> 8), (char)(code & 0xff) };
	struct realtime *rt = c->realtime;
	int64_t end_ms = monotonic_ms() + GOODBYE_LIMIT_MS;
	struct pollfd p;
	bool waiting;

	pthread_mutex_lock(&rt->lock);
	client_send(c, WS_CLOSE, reason, sizeof(reason), NULL, NULL);
	do {
		p = (struct pollfd){ .fd = c->fd, .events = POLLOUT };
		waiting = c->fd >= 0 && c->out.first && monotonic_ms() < end_ms;
		pthread_mutex_unlock(&rt->lock);
		if (waiting)
			poll(&p, 1, 50);
		pthread_mutex_lock(&rt->lock);
		if (waiting && !outbox_flush(&c->out, c->fd, monotonic_ms()))
			client_drop(c);
	} while (waiting);
	pthread_mutex_unlock(&rt->lock);
	return 0;
}

static bool talks_too_much(struct client *c, int64_t now_ms)
{
	if (now_ms - c->counted_since_ms > 10000) {
		c->counted_since_ms = now_ms;
		c->n_messages = 0;
	}
	return ++c->n_messages > MESSAGES_PER_10_S;
}

static int on_text(struct client *c, int opcode, bool last, const char *data, size_t len)
{
	/* A continuation needs a beginning, and a beginning must not come within a message. */
	if ((opcode == WS_CONTINUATION) != (c->opcode != 0))
		return end_connection(c, CLOSE_POLICY);
	if (opcode == WS_BINARY)
		return end_connection(c, CLOSE_UNSUPPORTED);
	c->opcode = WS_TEXT;
	buf_add_n(&c->message, data, len);
	if (c->message.failed)
		return end_connection(c, CLOSE_TOO_BIG);
	if (!last)
		return 1;
	c->opcode = 0;
	if (c->message.len && !utf8_is_valid(c->message.data, c->message.len))
		return end_connection(c, CLOSE_NOT_UTF8);
	client_message(c, c->message.data, c->message.len);
	buf_clear(&c->message);
	return 1;
}

static int on_frame(struct mg_connection *conn, int bits, char *data, size_t len, void *user)
{
	struct client *c = mg_get_user_connection_data(conn);
	struct realtime *rt = user;
	int64_t now_ms = monotonic_ms();

	pthread_mutex_lock(&rt->lock);
	c->heard_ms = now_ms;
	c->unanswered = 0;
	if ((bits & 0xf) == WS_PING)
		client_send(c, WS_PONG, data, len, c, "pong");
	pthread_mutex_unlock(&rt->lock);
	if (talks_too_much(c, now_ms))
		return end_connection(c, CLOSE_POLICY);
	switch (bits & 0xf) {
	case WS_CONTINUATION:
	case WS_TEXT:
	case WS_BINARY:
		return on_text(c, bits & 0xf, bits & 0x80, data, len);
	case WS_CLOSE:
		return end_connection(c, len >= 2 ? (enum close_code)((unsigned char)data[0] << 8 |
								      (unsigned char)data[1])
						  : CLOSE_GOING_AWAY);
	default:
		return 1;
	}
}

void realtime_serve(struct realtime *rt, struct mg_context *http)
{
	mg_set_websocket_handler(http, "/websocket", NULL, on_ready, on_frame, NULL, rt);
}

/* --- Its life ------------------------------------------------------------------ */

struct realtime *realtime_create(struct server *s, assistant_error *why)
{
	struct realtime *rt = calloc(1, sizeof(*rt));

	why->code = ASSISTANT_EINTERNAL;
	snprintf(why->message, sizeof(why->message), "The WebSocket side could not start: %s.",
		 strerror(ENOMEM));
	if (!rt)
		return NULL;
	rt->server = s;
	rt->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&rt->lock, NULL);
	if (rt->wake_fd >= 0 && assistant_watch_new(s->assistant, &rt->watch) == 0 &&
	    pthread_create(&rt->pump, NULL, pump, rt) == 0)
		return rt;
	snprintf(why->message, sizeof(why->message), "The WebSocket side could not start: %s.",
		 strerror(errno));
	assistant_watch_free(rt->watch);
	if (rt->wake_fd >= 0)
		close(rt->wake_fd);
	pthread_mutex_destroy(&rt->lock);
	free(rt);
	return NULL;
}

int realtime_live(struct realtime *rt)
{
	int n = 0;

	pthread_mutex_lock(&rt->lock);
	for (struct client *c = rt->clients; c; c = c->next)
		for (struct subscription *s = c->subscriptions; s && c->fd >= 0; s = s->next)
			n += s->streaming || c->out.first;
	pthread_mutex_unlock(&rt->lock);
	return n;
}

void realtime_say_goodbye(struct realtime *rt)
{
	static const char reason[2] = { (char)(CLOSE_GOING_AWAY >> 8),
					(char)(CLOSE_GOING_AWAY & 0xff) };

	pthread_mutex_lock(&rt->lock);
	for (struct client *c = rt->clients; c; c = c->next)
		client_send(c, WS_CLOSE, reason, sizeof(reason), NULL, NULL);
	pthread_mutex_unlock(&rt->lock);
}

void realtime_destroy(struct realtime *rt)
{
	if (!rt)
		return;
	pthread_mutex_lock(&rt->lock);
	rt->ending = true;
	pthread_mutex_unlock(&rt->lock);
	wake(rt);
	pthread_join(rt->pump, NULL);
	assistant_watch_free(rt->watch);
	close(rt->wake_fd);
	pthread_mutex_destroy(&rt->lock);
	free(rt);
}
