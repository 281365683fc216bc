/*
 * reply.c - the header every answer has, and the forms of errors.
 *
 * Everything goes out through socket_send: a peer who does not read holds a thread for SEND_LIMIT_MS at most.
 */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "cors.h"
#include "socket.h"

#define SEND_LIMIT_MS	 30000 /* for a whole answer */
#define STREAM_LIMIT_MS	 10000 /* for a piece of a stream */
#define MAX_ANSWER_BYTES (64u << 20)

static const char *reason_of(int status)
{
	return mg_get_response_code_text(NULL, status);
}

static void add_cors(struct request *r, struct buf *b)
{
	const char *origin = request_header(r, "Origin");

	if (*r->server->settings.cors_origins)
		buf_add(b, "Vary: Origin\r\n");
	if (!origin || !origin_is_listed(r->server->settings.cors_origins, origin))
		return;
	buf_addf(b,
		 "Access-Control-Allow-Origin: %s\r\nAccess-Control-Expose-Headers: X-Request-ID, "
		 "Retry-After, Server-Timing, Preference-Applied\r\n",
		 origin);
}

static void add_timing(struct request *r, struct buf *b)
{
	int64_t total_us = monotonic_us() - r->begin_us;

	buf_addf(b, "Server-Timing: app;dur=%.1f", (double)(total_us - r->waited_us) / 1000);
	if (r->waited_us)
		buf_addf(b, ", answer;dur=%.1f", (double)r->waited_us / 1000);
	buf_add(b, "\r\n");
}

static void add_date(struct buf *b)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[40];

	if (gmtime_r(&now, &tm) && strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		buf_addf(b, "Date: %s\r\n", text);
}

/* Whether this connection ends with the answer; civetweb is told the same. */
static bool decide_close(struct request *r)
{
	const char *version = r->info->http_version;

	if (!version || strcmp(version, "1.1") != 0 || atomic_load(&r->server->draining) ||
	    has_word(request_header(r, "Connection"), "close"))
		r->close = true;
	if (r->close)
		mg_disable_connection_keep_alive(r->conn);
	return r->close;
}

static void add_head(struct request *r, struct buf *b, int status, const char *type,
		     const char *headers)
{
	r->status = status;
	buf_addf(b, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
	add_date(b);
	if (type)
		buf_addf(b, "Content-Type: %s\r\n", type);
	if (!strstr(headers, "Cache-Control:"))
		buf_add(b, "Cache-Control: no-store\r\n");
	buf_addf(b,
		 "X-Request-ID: %s\r\nX-Content-Type-Options: nosniff\r\n"
		 "Referrer-Policy: no-referrer\r\n",
		 r->id);
	buf_add(b, headers);
	if (r->allow[0])
		buf_addf(b, "Allow: %s\r\n", r->allow);
	add_cors(r, b);
	add_timing(r, b);
	if (decide_close(r))
		buf_add(b, "Connection: close\r\n");
}

static enum socket_result send_all(struct request *r, const char *data, size_t len, int timeout_ms)
{
	size_t sent = 0;
	enum socket_result result = socket_send(mg_get_connection_socket(r->conn), data, len,
						timeout_ms, r->server->ending_fd, &sent);

	r->bytes_sent += sent;
	if (result == SOCKET_SENT)
		return result;
	/* Half an answer cannot be followed by another one. */
	r->close = true;
	mg_disable_connection_keep_alive(r->conn);
	return result;
}

void reply_bytes(struct request *r, int status, const char *type, const char *headers,
		 const void *data, size_t len)
{
	_cleanup_buf_ struct buf b = { 0 };
	bool has_body = status != 204 && status != 304;

	buf_init(&b, MAX_ANSWER_BYTES);
	add_head(r, &b, status, has_body ? type : NULL, headers);
	if (has_body)
		buf_addf(&b, "Content-Length: %zu\r\n", len);
	buf_add(&b, "\r\n");
	if (has_body && !r->head)
		buf_add_n(&b, data, len);
	if (b.failed) {
		snprintf(r->problem, sizeof(r->problem), "no memory for an answer of %zu bytes",
			 len);
		r->status = 500;
		r->close = true;
		mg_disable_connection_keep_alive(r->conn);
		return;
	}
	send_all(r, b.data, b.len, SEND_LIMIT_MS);
}

void reply_text(struct request *r, int status, const char *type, const char *text, size_t len)
{
	reply_bytes(r, status, type, "", text, len);
}

void reply_json(struct request *r, int status, const char *json)
{
	reply_bytes(r, status, "application/json", "", json, strlen(json));
}

/* --- Errors ------------------------------------------------------------------ */

int reply_status_of(int assistant_code)
{
	switch (assistant_code) {
	case ASSISTANT_EINVAL:
		return 400;
	case ASSISTANT_ENOTFOUND:
		return 404;
	case ASSISTANT_EDENIED:
		return 403;
	case ASSISTANT_ECONFLICT:
		return 409;
	case ASSISTANT_ETOOLARGE:
		return 413;
	case ASSISTANT_EUNPROCESSABLE:
		return 422;
	case ASSISTANT_ELIMIT:
		return 429;
	case ASSISTANT_EBUSY:
	case ASSISTANT_EUNAVAILABLE:
	case ASSISTANT_ETIMEOUT:
		return 503;
	default:
		return 500;
	}
}

const char *reply_directus_code(int status)
{
	switch (status) {
	case 400:
		return "INVALID_PAYLOAD";
	case 401:
		return "INVALID_CREDENTIALS";
	case 403:
		return "FORBIDDEN";
	case 404:
		return "ROUTE_NOT_FOUND";
	case 405:
		return "METHOD_NOT_ALLOWED";
	case 409:
		return "RECORD_NOT_UNIQUE";
	case 413:
		return "CONTENT_TOO_LARGE";
	case 415:
		return "UNSUPPORTED_MEDIA_TYPE";
	case 422:
		return "UNPROCESSABLE_CONTENT";
	case 429:
		return "REQUESTS_EXCEEDED";
	case 503:
		return "SERVICE_UNAVAILABLE";
	default:
		return "INTERNAL_SERVER_ERROR";
	}
}

/* What a visitor reads when the cause is ours: never an internal detail. */
static const char *outward_sentence(int status, const char *sentence)
{
	if (status == 503)
		return "The assistant cannot take this right now. Please try again in a moment.";
	if (status >= 500)
		return "Something went wrong here. The request id helps to find out what.";
	return sentence;
}

static void send_error(struct request *r, int status, const char *code, int retry_after_ms,
		       const char *sentence)
{
	_cleanup_buf_ struct buf b = { 0 };
	char headers[96] = "";
	const char *outward = outward_sentence(status, sentence);

	if (!r->problem[0])
		snprintf(r->problem, sizeof(r->problem), "%s", *sentence ? sentence : outward);
	if (status == 503 && retry_after_ms < 1000)
		retry_after_ms = 1000;
	if (retry_after_ms > 0)
		snprintf(headers, sizeof(headers), "Retry-After: %d\r\n",
			 retry_after_ms / 1000 + (retry_after_ms % 1000 > 0));
	buf_init(&b, 8192);
	if (r->directus) {
		buf_add(&b, "{\"errors\":[{\"message\":");
		buf_add_json(&b, outward);
		buf_addf(&b, ",\"extensions\":{\"code\":\"%s\"}}]}", code);
	} else {
		buf_add(&b, "{\"success\":false,\"error\":");
		buf_add_json(&b, outward);
		buf_add(&b, "}");
	}
	reply_bytes(r, status, "application/json", headers, b.data, b.len);
}

void reply_error(struct request *r, int status, int retry_after_ms, const char *fmt, ...)
{
	char sentence[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	send_error(r, status, reply_directus_code(status), retry_after_ms, sentence);
}

void reply_error_code(struct request *r, int status, const char *code, const char *fmt, ...)
{
	char sentence[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	send_error(r, status, code, 0, sentence);
}

void reply_failure(struct request *r, int code, const assistant_error *err)
{
	int status = reply_status_of(code);
	const char *sentence = err->message[0] ? err->message : assistant_strerror(code);

	send_error(r, status, reply_directus_code(status), err->retry_after_ms, sentence);
}

/* --- Streams ------------------------------------------------------------------ */

static enum reply_result stream_result(enum socket_result result)
{
	switch (result) {
	case SOCKET_SENT:
		return REPLY_SENT;
	case SOCKET_SLOW:
		return REPLY_SLOW;
	case SOCKET_ENDING:
		return REPLY_ENDING;
	default:
		return REPLY_GONE;
	}
}

bool reply_begin(struct request *r, int status, const char *type, const char *headers)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_init(&b, 8192);
	r->close = true;
	add_head(r, &b, status, type, headers);
	buf_add(&b, "\r\n");
	return !b.failed && send_all(r, b.data, b.len, STREAM_LIMIT_MS) == SOCKET_SENT && !r->head;
}

enum reply_result reply_more(struct request *r, const char *data, size_t len)
{
	return stream_result(send_all(r, data, len, STREAM_LIMIT_MS));
}
