/*
 * server.c - the life of the server: open the port, drain, stop.
 *
 *	start ---> serving ---> drain: no new questions, open streams end ---> stop: the rest is cut off
 */
#include "server.h"

#include <civetweb.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "clean.h"
#include "metrics.h"
#include "realtime.h"
#include "routes.h"
#include "window.h"

/* A header, and then a body, must arrive within this time. */
#define REQUEST_TIMEOUT_MS    "10000"
#define KEEP_ALIVE_TIMEOUT_MS "15000"

bool server_stream_begin(struct server *s, enum stream_kind kind)
{
	int all = 0, now = atomic_fetch_add(&s->streams[kind], 1) + 1;

	for (int i = 0; i < N_STREAM_KINDS; i++)
		all += atomic_load(&s->streams[i]);
	if (all > s->max_streams) {
		atomic_fetch_sub(&s->streams[kind], 1);
		return false;
	}
	metrics_streams(s, kind, now);
	return true;
}

void server_stream_end(struct server *s, enum stream_kind kind)
{
	metrics_streams(s, kind, atomic_fetch_sub(&s->streams[kind], 1) - 1);
}

/* --- civetweb's callbacks ------------------------------------------------------ */

static int on_log(const struct mg_connection *conn, const char *message)
{
	struct server *s = mg_get_user_data(mg_get_context(conn));
	char fields[600], clean[256];
	size_t n = 0;

	for (; *message && n + 1 < sizeof(clean); message++)
		clean[n++] = *message < 0x20 || *message == '"' || *message == '\\' ||
					     *message == 0x7f || (*message & 0x80)
				     ? ' '
				     : *message;
	clean[n] = '\0';
	snprintf(fields, sizeof(fields), "{\"message\":\"%s\"}", clean);
	if (s && s->assistant)
		assistant_log(s->assistant, 3, "http.library", fields);
	return 1;
}

static int on_connect(const struct mg_connection *conn, void **data)
{
	metrics_connections(mg_get_user_data(mg_get_context(conn)), 1);
	return 0;
}

static void on_close(const struct mg_connection *conn)
{
	struct server *s = mg_get_user_data(mg_get_context(conn));

	if (s->realtime)
		realtime_connection_closed(s->realtime, conn);
	metrics_connections(s, -1);
}

/* --- Start --------------------------------------------------------------------- */

/* A connection is a descriptor, and so is the wait for a reply. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int listen_on(struct server *s, assistant_error *why)
{
	char ports[128], threads[12], text[256] = "";
	bool bare_v6 = strchr(s->settings.host, ':') && s->settings.host[0] != '[';
	const char *options[] = { "listening_ports",
				  ports,
				  "num_threads",
				  threads,
				  "request_timeout_ms",
				  REQUEST_TIMEOUT_MS,
				  "enable_keep_alive",
				  "yes",
				  "keep_alive_timeout_ms",
				  KEEP_ALIVE_TIMEOUT_MS,
				  "websocket_timeout_ms",
				  REQUEST_TIMEOUT_MS,
				  "tcp_nodelay",
				  "1",
				  "decode_url",
				  "no",
				  "decode_query_string",
				  "no",
				  "connection_queue",
				  "256",
				  "listen_backlog",
				  "512",
				  NULL };
	struct mg_callbacks callbacks = {
		.begin_request = routes_begin_request,
		.http_error = routes_http_error,
		.log_message = on_log,
		.init_connection = on_connect,
		.connection_close = on_close,
	};
	struct mg_init_data init = { &callbacks, s, options };
	struct mg_error_data error = { .text = text, .text_buffer_size = sizeof(text) };

	snprintf(ports, sizeof(ports), bare_v6 ? "[%s]:%d" : "%s:%d", s->settings.host,
		 s->settings.port);
	snprintf(threads, sizeof(threads), "%d", s->settings.threads);
	errno = 0;
	s->http = mg_start2(&init, &error);
	if (s->http)
		return 0;
	why->code = ASSISTANT_EUNAVAILABLE;
	snprintf(why->message, sizeof(why->message),
		 errno == EADDRINUSE ? "Port %s is in use; PORT chooses another."
				     : "The server cannot listen on %s: %s",
		 ports, *text ? text : "no reason was given.");
	return -1;
}

int server_start(struct server *s, assistant_error *why)
{
	s->started_ms = monotonic_ms();
	s->max_streams = s->settings.threads - THREADS_RESERVED;
	s->ending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->creations = window_create(s->settings.creations_per_hour);
	if (s->ending_fd < 0 || !s->creations) {
		why->code = ASSISTANT_ENOMEM;
		snprintf(why->message, sizeof(why->message), "The server cannot start: %s.",
			 strerror(errno));
		return -1;
	}
	raise_descriptor_limit();
	mg_init_library(0);
	metrics_start(s);
	if (!*s->settings.directus_url) {
		s->realtime = realtime_create(s, why);
		if (!s->realtime)
			return -1;
	}
	if (listen_on(s, why) < 0)
		return -1;
	if (s->realtime)
		realtime_serve(s->realtime, s->http);
	return 0;
}

/* --- End ----------------------------------------------------------------------- */

static int count_watchers(struct server *s)
{
	return atomic_load(&s->streams[STREAM_SSE]) + atomic_load(&s->streams[STREAM_WAIT]) +
	       (s->realtime ? realtime_live(s->realtime) : 0);
}

/* How many answers are under way, as the library's own metric says. */
static int count_live(struct server *s)
{
	static const char name[] = "\nerleah_live_replies ";
	_cleanup_answer_ char *report = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	const char *at;

	if (assistant_report(s->assistant, ASSISTANT_REPORT_METRICS, 1000, &report, &err) < 0)
		return 0;
	at = strstr(report, name);
	return at ? (int)strtol(at + strlen(name), NULL, 10) : 0;
}

void server_drain(struct server *s, int grace_ms, bool (*is_hurried)(void *data), void *data)
{
	int64_t end_ms = monotonic_ms() + grace_ms;

	atomic_store(&s->draining, true);
	assistant_drain(s->assistant);
	while ((count_watchers(s) > 0 || count_live(s) > 0) && monotonic_ms() < end_ms)
		if (is_hurried(data))
			return;
}

void server_stop(struct server *s)
{
	uint64_t one = 1;

	if (s->ending_fd >= 0)
		(void)!write(s->ending_fd, &one, sizeof(one));
	if (s->realtime && s->http)
		realtime_say_goodbye(s->realtime);
	if (s->http)
		mg_stop(s->http);
	realtime_destroy(s->realtime);
	window_destroy(s->creations);
	if (s->ending_fd >= 0)
		close(s->ending_fd);
	s->http = NULL;
	s->realtime = NULL;
	s->creations = NULL;
	s->ending_fd = -1;
	mg_exit_library();
}
