/*
 * request.c - what every handler wants to know of its request, and its body.
 */
#include "request.h"

#include <poll.h>
#include <string.h>
#include <strings.h>
#include "reply.h"
#include "socket.h"

const char *request_header(const struct request *r, const char *name)
{
	return mg_get_header(r->conn, name);
}

int request_query(const struct request *r, const char *name, char *out, size_t size)
{
	return query_get(r->info->query_string, name, out, size);
}

bool request_query_flag(const struct request *r, const char *name)
{
	char value[8];
	int n = request_query(r, name, value, sizeof(value));

	return n == 0 || (n > 0 && (!strcmp(value, "true") || !strcmp(value, "1")));
}

/* All X-Forwarded-For headers, in order, as one list. */
static void read_client(struct request *r)
{
	_cleanup_buf_ struct buf forwarded = { 0 };
	struct address peer = { { 0 } };

	buf_init(&forwarded, 2048);
	address_parse(r->info->remote_addr, strlen(r->info->remote_addr), &peer);
	for (int i = 0; i < r->info->num_headers; i++) {
		if (strcasecmp(r->info->http_headers[i].name, "X-Forwarded-For") != 0)
			continue;
		buf_add(&forwarded, forwarded.len ? "," : "");
		buf_add(&forwarded, r->info->http_headers[i].value);
	}
	/* A list too long to read is nobody's honest way here. */
	address_of_client(&peer, forwarded.failed ? NULL : forwarded.data,
			  &r->server->settings.trusted, &r->client);
}

void request_init(struct request *r, struct mg_connection *conn)
{
	const struct mg_request_info *info = mg_get_request_info(conn);
	const char *id;

	*r = (struct request){
		.server = info->user_data,
		.conn = conn,
		.info = info,
		.method = info->request_method ? info->request_method : "-",
		.begin_us = monotonic_us(),
	};
	buf_init(&r->body, (size_t)r->server->settings.max_body_bytes);
	r->head = !strcmp(r->method, "HEAD");
	id = request_header(r, "X-Request-ID");
	if (id && is_request_id(id))
		memcpy(r->id, id, strlen(id) + 1);
	else
		uuid_make(r->id);
	read_client(r);
}

void request_finish(struct request *r)
{
	buf_finish(&r->body);
}

static bool refuse_type(struct request *r)
{
	const char *encoding = request_header(r, "Content-Encoding");

	if (encoding && strcasecmp(encoding, "identity") != 0) {
		reply_error(r, 415, 0, "The body must not be compressed.");
		return true;
	}
	if (is_media_type(request_header(r, "Content-Type"), "application/json"))
		return false;
	reply_error(r, 415, 0, "The body must be JSON, sent as Content-Type: application/json.");
	return true;
}

static bool refuse_size(struct request *r)
{
	reply_error(r, 413, 0, "The body is larger than %zu bytes.", r->body.max);
	return true;
}

/* A client that asks first is told to go on.  false: it expects something else, and is told so. */
static bool answer_expectation(struct request *r)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const char *expect = request_header(r, "Expect");
	size_t sent;

	if (!expect)
		return true;
	if (strcasecmp(expect, "100-continue") != 0) {
		r->close = true;
		reply_error(r, 417, 0, "Of expectations, only 100-continue is known.");
		return false;
	}
	socket_send(mg_get_connection_socket(r->conn), go_on, strlen(go_on), 1000, -1, &sent);
	return true;
}

static bool read_body(struct request *r)
{
	long long announced = r->info->content_length;
	int n;

	if (announced > (long long)r->body.max)
		return !refuse_size(r);
	if (!answer_expectation(r))
		return false;
	for (;;) {
		size_t left = r->body.max - r->body.len;
		char *at = buf_room(&r->body, left < 4096 ? left : 4096);
		char beyond;

		if (!at) {
			reply_error(r, 500, 0, "%s", "");
			return false;
		}
		n = left ? mg_read(r->conn, at, left < 4096 ? left : 4096)
			 : mg_read(r->conn, &beyond, 1);
		if (n <= 0)
			break;
		if (!left)
			return !refuse_size(r);
		buf_used(&r->body, (size_t)n);
	}
	if (n == 0 && (announced < 0 || (long long)r->body.len == announced))
		return true;
	r->close = true;
	reply_error(r, 400, 0, "The body ended before it was complete.");
	return false;
}

bool request_read_json(struct request *r, struct json *out)
{
	struct json_problem problem;

	if (refuse_type(r) || !read_body(r))
		return false;
	if (json_read(out, r->body.data, r->body.len, &problem) == 0)
		return true;
	reply_error(r, 400, 0, "The body is not JSON: %s.", problem.text);
	return false;
}

enum request_wait request_wait(const struct request *r, int fd, int timeout_ms)
{
	struct pollfd p[3] = {
		{ .fd = mg_get_connection_socket(r->conn), .events = POLLRDHUP },
		{ .fd = fd, .events = POLLIN },
		{ .fd = r->server->ending_fd, .events = POLLIN },
	};
	int n = poll(p, 3, timeout_ms);

	if (n < 0)
		return REQUEST_TIMEOUT;
	if (p[0].revents)
		return REQUEST_GONE;
	if (p[2].revents)
		return REQUEST_ENDING;
	return p[1].revents ? REQUEST_READY : REQUEST_TIMEOUT;
}
