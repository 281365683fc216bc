/*
 * metrics.c - requests, streams and connections, counted by the library's recorder.
 */
#include "metrics.h"

#include <stdio.h>
#include <string.h>
#include "reply.h"
#include "routes.h"

#define REPORT_LIMIT_MS 3000

static const double seconds_buckets[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
					  0.25,	 0.5,	 1,	2.5,  5,     10,   30 };

static const char *const stream_names[N_STREAM_KINDS] = { "sse", "wait", "websocket" };

void metrics_start(struct server *s)
{
	assistant *a = s->assistant;
	struct server_metrics *m = &s->metrics;

	m->requests = assistant_metric_new(a, ASSISTANT_COUNTER, "erleah_http_requests_total",
					   "HTTP requests by route.", "route", NULL, 0);
	m->responses = assistant_metric_new(a, ASSISTANT_COUNTER, "erleah_http_responses_total",
					    "HTTP responses by status.", "status", NULL, 0);
	m->seconds = assistant_metric_new(
		a, ASSISTANT_HISTOGRAM, "erleah_http_request_duration_seconds",
		"Time that requests took, without waiting for an answer's end.", "route",
		seconds_buckets, ARRAY_SIZE(seconds_buckets));
	m->in_flight = assistant_metric_new(a, ASSISTANT_GAUGE, "erleah_http_requests_in_flight",
					    "HTTP requests being answered.", NULL, NULL, 0);
	m->connections = assistant_metric_new(a, ASSISTANT_GAUGE, "erleah_http_connections",
					      "Open connections.", NULL, NULL, 0);
	m->streams = assistant_metric_new(a, ASSISTANT_GAUGE, "erleah_http_streams",
					  "Long-lived connections by kind.", "kind", NULL, 0);
	m->slow_readers = assistant_metric_new(
		a, ASSISTANT_COUNTER, "erleah_http_slow_readers_total",
		"Streams that were cut off because their reader did not read.", "kind", NULL, 0);
	for (int kind = 0; kind < N_STREAM_KINDS; kind++)
		metrics_streams(s, kind, 0);
}

/* A metric that could not be made has a negative id: then nothing is counted. */
static void record(struct server *s, int id, const char *label, double value)
{
	if (id >= 0)
		assistant_metric_record(s->assistant, id, label, value);
}

void metrics_record(const struct request *r, double seconds)
{
	const struct server_metrics *m = &r->server->metrics;
	char route[80] = "other", status[12];

	if (r->route)
		snprintf(route, sizeof(route), "%s %s", r->route->method, r->route->path);
	snprintf(status, sizeof(status), "%d", r->status);
	record(r->server, m->requests, route, 1);
	record(r->server, m->responses, status, 1);
	record(r->server, m->seconds, route, seconds - (double)r->waited_us / 1e6);
}

void metrics_in_flight(struct server *s, int change)
{
	record(s, s->metrics.in_flight, NULL, atomic_fetch_add(&s->in_flight, change) + change);
}

void metrics_connections(struct server *s, int change)
{
	record(s, s->metrics.connections, NULL, atomic_fetch_add(&s->connections, change) + change);
}

void metrics_streams(struct server *s, enum stream_kind kind, int now)
{
	record(s, s->metrics.streams, stream_names[kind], now);
}

void metrics_slow_reader(struct server *s, enum stream_kind kind)
{
	record(s, s->metrics.slow_readers, stream_names[kind], 1);
}

void metrics_get(struct request *r)
{
	bool open = accepts(request_header(r, "Accept"), "application/openmetrics-text");
	_cleanup_answer_ char *report = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	int code;

	code = assistant_report(r->server->assistant,
				open ? ASSISTANT_REPORT_OPENMETRICS : ASSISTANT_REPORT_METRICS,
				REPORT_LIMIT_MS, &report, &err);
	if (code < 0) {
		reply_failure(r, code, &err);
		return;
	}
	reply_text(r, 200,
		   open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			: "text/plain; version=0.0.4; charset=utf-8",
		   report, strlen(report));
}
