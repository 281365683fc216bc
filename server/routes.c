/*
 * routes.c - the one table of what is served, and the way of a request through it.
 *
 *	civetweb ---> find the route ---> handler ---> log line, metrics
 *	                 |
 *	                 +-- 404, 405, preflight, Directus-compatible face without embedded store
 */
#include "routes.h"

#include <stdio.h>
#include <string.h>
#include "chat.h"
#include "cors.h"
#include "health.h"
#include "items.h"
#include "metrics.h"
#include "realtime.h"
#include "reply.h"
#include "search.h"
#include "static.h"
#include "webhook.h"

static const struct route routes[] = {
	{ "POST", "/api/chat", chat_post, 0 },
	{ "GET", "/api/chat/{reply}", chat_get, 0 },
	{ "GET", "/api/chat/{reply}/events", chat_events, 0 },
	{ "POST", "/api/chat/{reply}/stop", chat_stop, 0 },
	{ "POST", "/api/chat/{reply}/feedback", chat_feedback, 0 },
	{ "GET", "/api/search", search_get, 0 },
	{ "POST", "/api/ingest/webhook", webhook_post, 0 },

	{ "GET", "/items/{collection}", items_list, ROUTE_DIRECTUS },
	{ "POST", "/items/{collection}", items_create, ROUTE_DIRECTUS },
	{ "GET", "/items/{collection}/{id}", items_read, ROUTE_DIRECTUS },
	{ "PATCH", "/items/{collection}/{id}", items_patch, ROUTE_DIRECTUS },
	{ "GET", "/server/ping", items_ping, ROUTE_DIRECTUS | ROUTE_QUIET },
	{ "GET", "/websocket", realtime_upgrade, ROUTE_DIRECTUS },

	{ "GET", "/health", health_get, ROUTE_QUIET },
	{ "GET", "/health/ready", health_ready, ROUTE_QUIET },
	{ "GET", "/metrics", metrics_get, ROUTE_QUIET },
	{ "GET", "/openapi.json", static_get, 0 },
	{ "GET", "/", static_get, 0 },
	{ "GET", "/erleah-widget.js", static_get, 0 },
	{ "GET", "/page.css", static_get, 0 },
	{ "GET", "/page.js", static_get, 0 },
};

/* What a browser asks before a page of another origin may ask. */
static void answer_options(struct request *r)
{
	const char *origin = request_header(r, "Origin");
	char headers[320];

	if (!origin || !request_header(r, "Access-Control-Request-Method")) {
		reply_bytes(r, 204, NULL, "", "", 0);
		return;
	}
	if (!origin_is_listed(r->server->settings.cors_origins, origin)) {
		reply_error(r, 403, 0,
			    "Pages of this origin may not use this server; CORS_ORIGINS "
			    "lists those that may.");
		return;
	}
	snprintf(headers, sizeof(headers),
		 "Access-Control-Allow-Methods: %s\r\n"
		 "Access-Control-Allow-Headers: Content-Type, Authorization, Accept, Prefer, "
		 "Last-Event-ID, Cache-Control, X-Request-ID, traceparent, tracestate\r\n"
		 "Access-Control-Max-Age: 600\r\n",
		 r->allow);
	reply_bytes(r, 204, NULL, headers, "", 0);
}

static void dispatch(struct request *r)
{
	const char *path = r->info->local_uri_raw;

	r->route = route_find(routes, ARRAY_SIZE(routes), r->method, path, r->params, r->allow);
	r->directus = r->route ? r->route->flags & ROUTE_DIRECTUS : !strncmp(path, "/items/", 7);
	if (r->route)
		r->allow[0] = '\0';
	if (!r->route && !r->allow[0]) {
		reply_error(r, 404, 0, "Not found");
	} else if (!r->route && !strcmp(r->method, "OPTIONS")) {
		answer_options(r);
	} else if (!r->route) {
		reply_error(r, 405, 0, "This method is not allowed here.");
	} else if ((r->route->flags & ROUTE_DIRECTUS) && !r->server->realtime) {
		reply_error(r, 404, 0, "The rows of this conference are in Directus: ask it.");
	} else {
		r->route->handle(r);
	}
}

/* Whoever reads logs sees what was asked and how it went, never what was said. */
void routes_record(struct request *r)
{
	_cleanup_buf_ struct buf b = { 0 };
	double seconds = (double)(monotonic_us() - r->begin_us) / 1e6;
	bool quiet = r->route && (r->route->flags & ROUTE_QUIET) && r->status < 400;
	char client[ADDRESS_TEXT];

	metrics_record(r, seconds);
	address_print_short(&r->client, client);
	buf_init(&b, 4096);
	buf_add(&b, "{\"method\":");
	buf_add_json(&b, r->method);
	buf_add(&b, ",\"route\":");
	buf_add_json(&b, r->route ? r->route->path : "-");
	buf_addf(&b, ",\"status\":%d,\"duration_ms\":%.1f,\"bytes\":%zu,\"client\":\"%s\"",
		 r->status, seconds * 1000, r->bytes_sent, client);
	buf_addf(&b, ",\"request_id\":\"%s\"", r->id);
	if (r->problem[0]) {
		buf_add(&b, ",\"problem\":");
		buf_add_json(&b, r->problem);
	}
	buf_add(&b, "}");
	assistant_log(r->server->assistant,
		      r->status >= 500 ? 1
		      : quiet	       ? 3
				       : 2,
		      "http.request", b.failed ? NULL : b.data);
}

int routes_begin_request(struct mg_connection *conn)
{
	struct request r;
	int status;

	request_init(&r, conn);
	metrics_in_flight(r.server, 1);
	dispatch(&r);
	metrics_in_flight(r.server, -1);
	routes_record(&r);
	request_finish(&r);
	status = r.status;
	/* 0 lets civetweb go on with the handshake of a WebSocket. */
	return status == 101 ? 0 : status ? status : 500;
}

/* What civetweb refuses by itself: bytes that are no request. */
int routes_http_error(struct mg_connection *conn, int status, const char *text)
{
	struct request r;

	request_init(&r, conn);
	r.method = "-";
	r.close = true;
	snprintf(r.problem, sizeof(r.problem), "%s", text);
	if (status == 505)
		reply_error(&r, 505, 0, "This server speaks HTTP/1.1.");
	else if (status >= 500)
		reply_error(&r, status, 0, "%s", text);
	else
		reply_error(&r, status, 0,
			    "The request is not valid HTTP, or its header is larger than 16 KiB.");
	routes_record(&r);
	request_finish(&r);
	return 0;
}
