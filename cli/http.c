/*
 * http.c - see http.h.
 */
#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client.h"
#include "json.h"

#define CONNECT_TIMEOUT_MS 5000
#define MAX_BODY_BYTES	   (64u << 20)
#define MAX_ERROR_BYTES	   65536
#define IDLE_S		   60 /* several heartbeats: without one the connection is dead */

struct http {
	char *base; /* without a slash at its end */
	CURL *easy; /* kept for its connection */
};

struct http_stream {
	struct http *http;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct sse sse;
	struct sse_event *event; /* handed out last */
	char *body;		 /* of a refusal */
	size_t body_len;
	bool ended;
	CURLcode result;
};

/* --- Addresses -------------------------------------------------------------------------- */

static bool has_part(CURLU *u, CURLUPart what)
{
	char *part = NULL;
	bool there = curl_url_get(u, what, &part, 0) == CURLUE_OK && part;

	curl_free(part);
	return there;
}

static bool is_address(const char *text)
{
	CURLU *u = curl_url();
	bool web = !strncmp(text, "http://", 7) || !strncmp(text, "https://", 8);
	bool good = u && web && strpbrk(text, " \r\n\t") == NULL &&
		    curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    has_part(u, CURLUPART_HOST) && !has_part(u, CURLUPART_USER) &&
		    !has_part(u, CURLUPART_QUERY) && !has_part(u, CURLUPART_FRAGMENT);

	curl_url_cleanup(u);
	return good;
}

int http_create(const char *base, struct http **out, assistant_error *err)
{
	struct http *h;

	if (!is_address(base))
		return client_fail(err, ASSISTANT_EINVAL,
				   "the address is \"%.80s\"; accepted is one such as "
				   "http://127.0.0.1:8000",
				   base);
	h = calloc(1, sizeof(*h));
	if (h)
		h->base = strdup(base);
	if (h)
		h->easy = curl_easy_init();
	if (!h || !h->base || !h->easy) {
		http_destroy(h);
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	}
	for (size_t n = strlen(h->base); n && h->base[n - 1] == '/'; n--)
		h->base[n - 1] = '\0';
	*out = h;
	return 0;
}

const char *http_base(const struct http *h)
{
	return h->base;
}

void http_destroy(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->easy);
	free(h->base);
	free(h);
}

char *http_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0), *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}

/* --- One request ------------------------------------------------------------------------ */

static int prepare(CURL *easy, const struct http *h, const char *method, const char *path,
		   const char *body)
{
	char *url = NULL;
	CURLcode r;

	if (asprintf(&url, "%s%s", h->base, path) < 0)
		return -1;
	curl_easy_reset(easy);
	r = curl_easy_setopt(easy, CURLOPT_URL, url);
	free(url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "erleah-cli");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	if (body)
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body);
	if (method)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	return r == CURLE_OK ? 0 : -1;
}

static int away(const struct http *h, CURLcode code, CURL *easy, assistant_error *err)
{
	long os = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return client_fail(err, ASSISTANT_EUNAVAILABLE, "Nothing answers at %.120s: %s.",
				   h->base, os ? strerror((int)os) : curl_easy_strerror(code));
	case CURLE_OPERATION_TIMEDOUT:
		return client_fail(err, ASSISTANT_ETIMEOUT, "%.120s does not answer in time.",
				   h->base);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return client_fail(err, ASSISTANT_EPROTOCOL, "%.120s does not speak HTTP.",
				   h->base);
	default:
		return client_fail(err, ASSISTANT_EUNAVAILABLE, "%.120s cannot be asked: %s.",
				   h->base, curl_easy_strerror(code));
	}
}

struct body {
	char *bytes;
	size_t len, max;
};

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct body *b = ctx;
	char *more = b->len + n < b->max ? realloc(b->bytes, b->len + n + 1) : NULL;

	if (!more)
		return 0;
	memcpy(more + b->len, bytes, n);
	b->bytes = more;
	b->len += n;
	b->bytes[b->len] = '\0';
	return n;
}

static int retry_after(CURL *easy)
{
	curl_off_t s = 0;

	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &s);
	return s > 0 && s < 86400 ? (int)s : 0;
}

int http_call(struct http *h, const char *method, const char *path, const char *body,
	      int timeout_ms, struct http_answer *out, assistant_error *err)
{
	struct curl_slist *headers =
		body ? curl_slist_append(NULL, "Content-Type: application/json") : NULL;
	struct body b = { .bytes = strdup(""), .max = MAX_BODY_BYTES };
	CURLcode code;

	if (!b.bytes || prepare(h->easy, h, method, path, body) < 0) {
		free(b.bytes);
		curl_slist_free_all(headers);
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	}
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, &b);
	code = curl_easy_perform(h->easy);
	curl_slist_free_all(headers);
	if (code != CURLE_OK) {
		free(b.bytes);
		return away(h, code, h->easy, err);
	}
	*out = (struct http_answer){ .body = b.bytes, .retry_after_s = retry_after(h->easy) };
	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &out->status);
	return 0;
}

/* --- Refusals ----------------------------------------------------------------------------- */

static int code_of(long status)
{
	switch (status) {
	case 400:
	case 413:
	case 415:
		return ASSISTANT_EINVAL;
	case 401:
	case 403:
		return ASSISTANT_EDENIED;
	case 404:
		return ASSISTANT_ENOTFOUND;
	case 409:
		return ASSISTANT_ECONFLICT;
	case 422:
		return ASSISTANT_EUNPROCESSABLE;
	case 429:
		return ASSISTANT_ELIMIT;
	case 502:
	case 503:
	case 504:
		return ASSISTANT_EUNAVAILABLE;
	default:
		return ASSISTANT_EPROTOCOL;
	}
}

/* Ours is {"error":"..."}, under /items {"errors":[{"message":"..."}]}. */
static void own_sentence(const char *body, char *out, size_t size)
{
	struct json_object *o = json_tokener_parse(body);
	const char *sentence = json_text(o, "error");

	if (!*sentence)
		sentence = json_text(json_at(o, "errors", 0), "message");
	snprintf(out, size, "%s", sentence);
	json_object_put(o);
}

int http_refused(const struct http *h, const struct http_answer *a, assistant_error *err)
{
	char sentence[160], later[60] = "";
	int code = code_of(a->status);

	own_sentence(a->body, sentence, sizeof(sentence));
	if (a->retry_after_s)
		snprintf(later, sizeof(later), " Try again in %d s.", a->retry_after_s);
	if (*sentence)
		client_fail(err, code, "%s%s", sentence, later);
	else
		client_fail(err, code, "%.120s answers with HTTP status %ld.%s", h->base, a->status,
			    later);
	if (err)
		err->retry_after_ms = a->retry_after_s * 1000;
	return code;
}

static int call_good(struct http *h, const char *path, const char *body, int timeout_ms, char **out,
		     assistant_error *err)
{
	struct http_answer a;
	int r = http_call(h, NULL, path, body, timeout_ms, &a, err);

	if (r < 0)
		return r;
	if (a.status < 400 && out) {
		*out = a.body;
		return 0;
	}
	r = a.status < 400 ? 0 : http_refused(h, &a, err);
	free(a.body);
	return r;
}

int http_get(struct http *h, const char *path, int timeout_ms, char **body, assistant_error *err)
{
	return call_good(h, path, NULL, timeout_ms, body, err);
}

int http_post(struct http *h, const char *path, const char *body, int timeout_ms, char **out,
	      assistant_error *err)
{
	return call_good(h, path, body, timeout_ms, out, err);
}

/* --- A stream ------------------------------------------------------------------------------ */

/* 0: not known yet. */
static long status_of(const struct http_stream *s)
{
	long status = 0;

	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t take_stream(char *bytes, size_t size, size_t n, void *ctx)
{
	struct http_stream *s = ctx;
	struct body b = { s->body, s->body_len, MAX_ERROR_BYTES };

	if (status_of(s) == 200) {
		sse_feed(&s->sse, bytes, n);
		return s->sse.failed ? 0 : n;
	}
	n = take_body(bytes, size, n, &b);
	s->body = b.bytes;
	s->body_len = b.len;
	return n;
}

int http_stream_open(struct http *h, const char *path, const char *body, unsigned long after,
		     struct http_stream **out, assistant_error *err)
{
	struct http_stream *s = calloc(1, sizeof(*s));
	char last[60];

	if (!s)
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	s->http = h;
	s->easy = curl_easy_init();
	s->multi = curl_multi_init();
	if (!s->easy || !s->multi || prepare(s->easy, h, NULL, path, body) < 0) {
		http_stream_close(s);
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	}
	snprintf(last, sizeof(last), "Last-Event-ID: %lu", after);
	s->headers = curl_slist_append(NULL, "Accept: text/event-stream");
	if (after)
		s->headers = curl_slist_append(s->headers, last);
	if (body)
		s->headers = curl_slist_append(s->headers, "Content-Type: application/json");
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
	curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, take_stream);
	curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(s->easy, CURLOPT_LOW_SPEED_TIME, (long)IDLE_S);
	curl_multi_add_handle(s->multi, s->easy);
	*out = s;
	return 0;
}

/* The transfer is over, and all its events were taken. */
static int stream_end(struct http_stream *s, assistant_error *err)
{
	struct http_answer a = { .status = status_of(s), .body = s->body ? s->body : (char *)"" };

	if (a.status == 0)
		return away(s->http, s->result, s->easy, err);
	if (a.status == 204)
		return ASSISTANT_ENOTFOUND;
	if (a.status >= 400) {
		a.retry_after_s = retry_after(s->easy);
		return http_refused(s->http, &a, err);
	}
	client_fail(err, ASSISTANT_EUNAVAILABLE, "The connection to %.120s was cut.",
		    s->http->base);
	if (err)
		err->retry_after_ms = -1;
	return ASSISTANT_EUNAVAILABLE;
}

static void perform(struct http_stream *s)
{
	int running = 0, left;
	CURLMsg *m;

	curl_multi_perform(s->multi, &running);
	while ((m = curl_multi_info_read(s->multi, &left))) {
		s->ended |= m->msg == CURLMSG_DONE;
		s->result = m->data.result;
	}
}

int http_stream_check(struct http_stream *s, assistant_error *err)
{
	if (!s->ended)
		perform(s);
	if (status_of(s) == 200)
		return 0;
	return s->ended ? stream_end(s, err) : ASSISTANT_ETIMEOUT;
}

int http_stream_next(struct http_stream *s, const struct sse_event **event, assistant_error *err)
{
	sse_event_free(s->event);
	s->event = sse_take(&s->sse);
	if (!s->event && !s->ended) {
		perform(s);
		s->event = sse_take(&s->sse);
	}
	if (!s->event)
		return s->ended ? stream_end(s, err) : ASSISTANT_ETIMEOUT;
	*event = s->event;
	return 0;
}

void http_stream_wait(struct http_stream *s, int fd, int timeout_ms)
{
	struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };

	/* Heartbeats and timers of curl want a look now and then. */
	if (timeout_ms < 0 || timeout_ms > 1000)
		timeout_ms = 1000;
	if (!s->ended && !s->sse.first)
		curl_multi_poll(s->multi, &extra, fd >= 0, timeout_ms, NULL);
}

void http_stream_close(struct http_stream *s)
{
	if (!s)
		return;
	if (s->multi && s->easy)
		curl_multi_remove_handle(s->multi, s->easy);
	curl_easy_cleanup(s->easy);
	curl_multi_cleanup(s->multi);
	curl_slist_free_all(s->headers);
	sse_finish(&s->sse);
	sse_event_free(s->event);
	free(s->body);
	free(s);
}
