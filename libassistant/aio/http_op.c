/*
 * http_op.c - one transfer: the request as options of a curl handle, the answer's head and body as
 * they come.
 */
#include <assistant.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "aio/http_op.h"

#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_TIMEOUT_MS	   30000
#define DEFAULT_MAX_BODY_BYTES	   (8u << 20)
#define MAX_HEAD_BYTES		   (128u << 10)
#define MAX_HEADERS		   256
#define UPLOAD_BYTES		   16384L

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define AGENT                                                                                      \
	"erleah/" STRING(ASSISTANT_VERSION_MAJOR) "." STRING(ASSISTANT_VERSION_MINOR) "." STRING(  \
		ASSISTANT_VERSION_PATCH)

/* --- The answer: curl's callbacks, which must not call curl's multi interface ----------- */

static void add_header(struct http_op *op, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n);
	const char *value = colon ? colon + 1 : NULL;
	const char *end = line + n;

	if (!colon || colon == line || memchr(line, '\0', n) || op->n_headers == MAX_HEADERS)
		return;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && strchr("\r\n \t", end[-1]))
		end--;
	for (const char *p = line; p < colon; p++)
		text_append_char(&op->head, *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p);
	text_append_char(&op->head, '\0');
	text_append_n(&op->head, value, (size_t)(end - value));
	text_append_char(&op->head, '\0');
	op->n_headers++;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct http_op *op = arg;

	(void)size; /* always 1 */
	op->last_byte_ms = loop_now_ms(op->http->loop);
	if (n >= 5 && !memcmp(line, "HTTP/", 5)) {
		/* Another head (after 100 Continue) replaces the one before. */
		text_clear(&op->head);
		op->n_headers = 0;
		return n;
	}
	add_header(op, line, n);
	if (!op->head.failed)
		return n;
	op->code = ASSISTANT_ETOOLARGE;
	return CURL_WRITEFUNC_ERROR;
}

static int take_body(struct http_op *op, const char *data, size_t n)
{
	long status = 0;

	if (wait_detached(&op->wait))
		return ASSISTANT_ECANCELED;
	op->last_byte_ms = loop_now_ms(op->http->loop);
	if (n > op->body.max - op->n_body)
		return ASSISTANT_ETOOLARGE;
	op->n_body += n;
	op->http->n_read += n;
	curl_easy_getinfo(op->easy, CURLINFO_RESPONSE_CODE, &status);
	if (op->on_data && status / 100 == 2)
		return op->on_data(op->ctx, data, n) ? ASSISTANT_ECANCELED : 0;
	text_append_n(&op->body, data, n);
	return op->body.failed ? ASSISTANT_ENOMEM : 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_op *op = arg;

	(void)size; /* always 1 */
	op->code = take_body(op, data, n);
	return op->code ? CURL_WRITEFUNC_ERROR : n;
}

/* --- The request ------------------------------------------------------------------- */

/* Whether url begins with what was looked at last: nearly all that is asked has one of a few hosts. */
static bool is_known_host(struct http_op *op, const char *url)
{
	const struct http *h = op->http;
	size_t n = strlen(h->known_origin);

	if (!n || !url || strncmp(url, h->known_origin, n) != 0 || (url[n] && url[n] != '/'))
		return false;
	memcpy(op->host, h->known_host, sizeof(op->host));
	return true;
}

static void keep_host(struct http_op *op, const char *url)
{
	const char *colon = strstr(url, "://");
	size_t host = colon ? strcspn(colon + 3, "/?#") : 0;
	size_t n = host ? (size_t)(colon + 3 + host - url) : 0;
	struct http *h = op->http;

	if (!n || n >= sizeof(h->known_origin))
		return;
	memcpy(h->known_origin, url, n);
	h->known_origin[n] = '\0';
	memcpy(h->known_host, op->host, sizeof(op->host));
}

/* Checks the URL and names its host. */
static int name_host(struct http_op *op, const char *url, struct fail *f)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	CURLU *u = curl_url();
	int r = 0;

	if (!u)
		return FAIL(f, ASSISTANT_ENOMEM, "No memory for a request.");
	if (!url || curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0))
		r = FAIL(f, ASSISTANT_EINVAL, "A request needs a full URL (https://host/...).");
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		r = FAIL(f, ASSISTANT_EINVAL,
			 "A URL must begin with http:// or https://, not %s://.", scheme);
	else {
		curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
		snprintf(op->host, sizeof(op->host), "%.100s:%s", host, port ? port : "");
		keep_host(op, url);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return r;
}

static bool add_line(struct http_op *op, const char *line)
{
	struct curl_slist *longer = curl_slist_append(op->headers, line);

	if (longer)
		op->headers = longer;
	return longer != NULL;
}

static bool add_request_header(struct http_op *op, const struct http_header *hd)
{
	_cleanup_text_ struct text line = { 0 };

	text_init(&line, MAX_HEAD_BYTES);
	text_append(&line, hd->name);
	/* The semicolon is curl's spelling of "without a value". */
	text_append(&line, *hd->value ? ": " : ";");
	text_append(&line, hd->value);
	return !line.failed && add_line(op, line.data);
}

static int set_headers(struct http_op *op, const struct http_request *rq, struct fail *f)
{
	bool typed = false;

	for (size_t i = 0; i < rq->n_headers; i++) {
		const struct http_header *hd = &rq->headers[i];

		if (!*hd->name || strpbrk(hd->name, "\r\n: ") || strpbrk(hd->value, "\r\n"))
			return FAIL(f, ASSISTANT_EINVAL,
				    "A request header has a line break or a name that is none.");
		if (!add_request_header(op, hd))
			return FAIL(f, ASSISTANT_ENOMEM, "No memory for a request.");
		typed = typed || !strcasecmp(hd->name, "content-type");
	}
	/* Without a value: what curl would add by itself and shall not. */
	if (!add_line(op, "Expect:") || (!typed && !add_line(op, "Content-Type:")))
		return FAIL(f, ASSISTANT_ENOMEM, "No memory for a request.");
	curl_easy_setopt(op->easy, CURLOPT_HTTPHEADER, op->headers);
	return 0;
}

static int set_body(struct http_op *op, const struct http_request *rq, struct fail *f)
{
	const char *native = "GET"; /* what curl would send */

	if (!rq->body && !strcmp(rq->method, "HEAD")) {
		curl_easy_setopt(op->easy, CURLOPT_NOBODY, 1L);
		return 0;
	}
	if (rq->body || !strcmp(rq->method, "POST")) {
		native = "POST";
		op->body_out = malloc(rq->body_len + 1);
		if (!op->body_out)
			return FAIL(f, ASSISTANT_ENOMEM, "No memory for a request.");
		if (rq->body)
			memcpy(op->body_out, rq->body, rq->body_len);
		op->body_out[rq->body_len] = '\0';
		curl_easy_setopt(op->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body_len);
		curl_easy_setopt(op->easy, CURLOPT_POSTFIELDS, op->body_out);
	}
	if (strcmp(rq->method, native) != 0)
		curl_easy_setopt(op->easy, CURLOPT_CUSTOMREQUEST, rq->method);
	return 0;
}

static void set_options(struct http_op *op, const struct http_request *rq)
{
	long connect =
		rq->connect_timeout_ms > 0 ? rq->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
	CURL *e = op->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, op);
	curl_easy_setopt(e, CURLOPT_URL, rq->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_PROXY, op->http->proxy ? op->http->proxy : "");
	curl_easy_setopt(e, CURLOPT_USERAGENT, AGENT);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* Cancelling must not wait for the resolver's thread. */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	/* Each transfer has its own. */
	curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES);
	if (rq->on_data)
		curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)HTTP_STREAM_BYTES);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, connect);
	curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)op->body.max);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, op);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, op);
}

int http_op_prepare(struct http_op *op, const struct http_request *rq, struct fail *f)
{
	int r;

	text_init(&op->head, MAX_HEAD_BYTES);
	text_init(&op->body, rq->max_body_bytes ? rq->max_body_bytes : DEFAULT_MAX_BODY_BYTES);
	r = is_known_host(op, rq->url) ? 0 : name_host(op, rq->url, f);
	if (r < 0)
		return r;
	op->easy = curl_easy_init();
	if (!op->easy)
		return FAIL(f, ASSISTANT_ENOMEM, "No memory for a request.");
	op->timeout_ms = rq->timeout_ms ? rq->timeout_ms : DEFAULT_TIMEOUT_MS;
	op->idle_timeout_ms = rq->idle_timeout_ms;
	op->on_data = rq->on_data;
	op->ctx = rq->ctx;
	set_options(op, rq);
	r = set_headers(op, rq, f);
	return r < 0 ? r : set_body(op, rq, f);
}
