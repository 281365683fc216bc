/*
 * http.c - the curl multi interface on the loop.
 *
 *	http_send -> starting ..task..> running ..curl's message..> ended (deliver, release)
 *	                                   +-- cancel, timeout: removed from curl at once, or, when
 *	                                       inside one of curl's callbacks, right after it
 *
 * The rule that shapes this file: curl must not be called from its own callbacks.  Whatever runs
 * inside `act` only takes notes.
 */
#include "aio/http.h"
#include <assistant.h>
#include <stdio.h>
#include <string.h>
#include "aio/http_op.h"
#include "base/check.h"

#define MAX_IDLE_CONNECTIONS 64

/*
 * Many streams at once are read in rounds.  A thousand models that say a word every 15 ms are 66,000 wake-ups a second, each dearer
 * than all that is done with a word; a little later several words lie there.
 */
#define STREAMS_PER_MS 16 /* a round's length grows with them */
#define LEAST_ROUND_MS 4  /* shorter ones save nothing */
#define MOST_ROUND_MS  60
#define READS_AT_ONCE  8

/* A descriptor curl wants watched. */
struct http_socket {
	struct loop_watch watch;
	struct http *http;
	curl_socket_t fd;
	struct list link;
	bool streams;	     /* of a transfer with on_data that only reads */
	struct list in_turn; /* in http's rounds: read when due, not watched */
	int64_t due_ms;
};

static void on_task(struct loop_task *task);

/* --- Ending ------------------------------------------------------------------ */

/* Takes op out of curl and of our lists.  Not inside a callback. */
static void op_remove(struct http_op *op)
{
	PRE(!op->http->acting);
	loop_timer_stop(&op->timer);
	list_remove(&op->link);
	if (op->added) {
		op->http->acting = true;
		curl_multi_remove_handle(op->http->multi, op->easy);
		op->http->acting = false;
		op->added = false;
	}
}

static void op_end(struct http_op *op, int code, const struct fail *fail)
{
	op_remove(op);
	wait_finish(&op->wait, code, fail);
}

static int to_code(CURLcode r)
{
	switch (r) {
	case CURLE_OPERATION_TIMEDOUT:
		return ASSISTANT_ETIMEOUT;
	case CURLE_UNSUPPORTED_PROTOCOL: /* also: an answer without a status line */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2:
		return ASSISTANT_EPROTOCOL;
	case CURLE_FILESIZE_EXCEEDED:
		return ASSISTANT_ETOOLARGE;
	case CURLE_OUT_OF_MEMORY:
		return ASSISTANT_ENOMEM;
	case CURLE_URL_MALFORMAT:
		return ASSISTANT_EINVAL;
	default:
		return ASSISTANT_EUNAVAILABLE;
	}
}

static bool was_connected(CURLcode r)
{
	return r == CURLE_PARTIAL_FILE || r == CURLE_RECV_ERROR || r == CURLE_SEND_ERROR ||
	       r == CURLE_GOT_NOTHING;
}

/* A pooled connection may be closed by the other side just when we use it again. */
static bool died_idle(const struct http_op *op, CURLcode r)
{
	long n_connects = 1, head_bytes = 1;

	if (r != CURLE_SEND_ERROR && r != CURLE_RECV_ERROR && r != CURLE_GOT_NOTHING)
		return false;
	curl_easy_getinfo(op->easy, CURLINFO_NUM_CONNECTS, &n_connects);
	curl_easy_getinfo(op->easy, CURLINFO_HEADER_SIZE, &head_bytes);
	return !op->retried && !op->code && n_connects == 0 && head_bytes == 0;
}

static void op_retry(struct http_op *op)
{
	op_remove(op);
	op->retried = true;
	curl_easy_setopt(op->easy, CURLOPT_FRESH_CONNECT, 1L);
	list_append(&op->http->starting, &op->link);
	loop_defer(op->http->loop, &op->http->task, on_task);
}

/* The transfer is over in curl's eyes. */
static void op_complete(struct http_op *op, CURLcode r)
{
	struct fail fail = FAIL_INIT;
	curl_off_t ttfb_us = 0, total_us = 0;
	long status = 0, os_error = 0;
	char why[96] = "";
	const char *os_text;

	curl_easy_getinfo(op->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(op->easy, CURLINFO_STARTTRANSFER_TIME_T, &ttfb_us);
	curl_easy_getinfo(op->easy, CURLINFO_TOTAL_TIME_T, &total_us);
	curl_easy_getinfo(op->easy, CURLINFO_OS_ERRNO, &os_error);
	op->status = (int)status;
	op->ttfb_ms = ttfb_us / 1000;
	op->total_ms = total_us / 1000;
	if (op->code == ASSISTANT_ETOOLARGE || r == CURLE_FILESIZE_EXCEEDED)
		FAIL(&fail, ASSISTANT_ETOOLARGE, "%s answered with more than is allowed.",
		     op->host);
	else if (op->code)
		FAIL(&fail, op->code, "%s: the transfer was ended here.", op->host);
	else if (r != CURLE_OK) {
		os_text = os_error ? strerrordesc_np((int)os_error) : NULL;
		if (os_text && r != CURLE_OPERATION_TIMEDOUT)
			snprintf(why, sizeof(why), " (%s)", os_text);
		FAIL(&fail, to_code(r), "%s: %s%s.", op->host, curl_easy_strerror(r), why);
	} else if (!status)
		FAIL(&fail, ASSISTANT_EPROTOCOL, "%s answered something that is not HTTP.",
		     op->host);
	if (fail.code == ASSISTANT_EUNAVAILABLE && was_connected(r))
		fail.cause = CAUSE_CUT_OFF;
	op_end(op, fail.code, &fail);
}

/* Ends what callbacks asked to end, then what curl says is over. */
static void settle(struct http *h)
{
	CURLMsg *m;
	int left;

	while (!list_empty(&h->dropped)) {
		struct http_op *op = list_entry(h->dropped.next, struct http_op, link);

		op_end(op, ASSISTANT_ECANCELED, NULL);
	}
	while ((m = curl_multi_info_read(h->multi, &left))) {
		struct http_op *op = NULL;
		CURLcode r = m->data.result; /* m goes with the handle */

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&op);
		if (died_idle(op, r))
			op_retry(op);
		else
			op_complete(op, r);
	}
}

static void op_cancel(struct wait *w)
{
	struct http_op *op = container_of(w, struct http_op, wait);

	if (!op->http->acting) {
		op_end(op, ASSISTANT_ECANCELED, NULL);
		return;
	}
	list_remove(&op->link);
	list_append(&op->http->dropped, &op->link);
}

static void op_release(struct wait *w)
{
	struct http_op *op = container_of(w, struct http_op, wait);

	curl_easy_cleanup(op->easy);
	curl_slist_free_all(op->headers);
	free(op->body_out);
	text_finish(&op->head);
	text_finish(&op->body);
	loop_release(w->loop); /* the client may be gone */
	free(op);
}

/* --- Delivering ---------------------------------------------------------------- */

static bool copy_headers(const struct http_op *op, struct http_response *rs)
{
	const char *p = op->head.data;

	rs->headers = arena_array(op->arena, struct http_header, op->n_headers);
	if (!rs->headers)
		return false;
	for (size_t i = 0; i < op->n_headers; i++) {
		rs->headers[i].name = arena_strdup(op->arena, p);
		p += strlen(p) + 1;
		rs->headers[i].value = arena_strdup(op->arena, p);
		p += strlen(p) + 1;
		if (!rs->headers[i].name || !rs->headers[i].value)
			return false;
	}
	rs->n_headers = op->n_headers;
	return true;
}

static void op_deliver(struct wait *w)
{
	struct http_op *op = container_of(w, struct http_op, wait);
	struct http_response rs = { .status = op->status,
				    .body_len = op->body.len,
				    .ttfb_ms = op->ttfb_ms,
				    .total_ms = op->total_ms };

	rs.body = arena_strndup(op->arena, op->body.data, op->body.len);
	if (!rs.body || !copy_headers(op, &rs)) {
		w->status = FAIL(&w->fail, ASSISTANT_ETOOLARGE,
				 "%s answered with more than the arena holds.", op->host);
		return;
	}
	*op->out = rs;
}

const char *http_header_get(const struct http_response *rs, const char *name)
{
	for (size_t i = 0; i < rs->n_headers; i++) {
		if (!strcmp(rs->headers[i].name, name))
			return rs->headers[i].value;
	}
	return NULL;
}

/* --- Curl's callbacks: they take notes only --------------------------------------- */

static void on_socket_ready(struct loop_watch *w, int events);

static void socket_set_streams(struct http_socket *s, bool streams)
{
	s->http->n_streams += (size_t)streams - (size_t)s->streams;
	s->streams = streams;
}

static void socket_forget(struct http_socket *s)
{
	if (s->http->acting_on == s)
		s->http->acting_on = NULL;
	socket_set_streams(s, false);
	list_remove(&s->in_turn);
	loop_watch_stop(&s->watch);
	list_remove(&s->link);
	free(s);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct http *h = arg;
	struct http_socket *s = known;
	struct http_op *op = NULL;
	int events =
		(what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&op);
	if (what == CURL_POLL_REMOVE) {
		if (s)
			socket_forget(s);
		return 0;
	}
	if (s) {
		list_remove(&s->in_turn);
		socket_set_streams(s, op && op->on_data && what == CURL_POLL_IN);
		loop_watch_change(&s->watch, events);
		return 0;
	}
	/* Without memory for a watch the transfer runs into its timeout: -1 would end all. */
	s = calloc(1, sizeof(*s));
	if (!s)
		return 0;
	s->http = h;
	s->fd = fd;
	list_init(&s->in_turn);
	list_append(&h->sockets, &s->link);
	socket_set_streams(s, op && op->on_data && what == CURL_POLL_IN);
	if (loop_watch_start(h->loop, &s->watch, fd, events, on_socket_ready) < 0) {
		socket_forget(s);
		return 0;
	}
	curl_multi_assign(h->multi, fd, s);
	return 0;
}

static void on_curl_timer(struct loop_timer *t);

static int on_timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(&h->timer);
	else
		loop_timer_start(h->loop, &h->timer, ms, on_curl_timer);
	return 0;
}

/* --- The loop calls curl ------------------------------------------------------------- */

static void act(struct http *h, curl_socket_t fd, int events)
{
	int n_running;

	PRE(!h->acting);
	h->acting = true;
	curl_multi_socket_action(h->multi, fd, events, &n_running);
	h->acting = false;
	settle(h);
}

static void on_curl_timer(struct loop_timer *t)
{
	act(container_of(t, struct http, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int64_t round_ms(const struct http *h)
{
	int64_t ms = (int64_t)(h->n_streams / STREAMS_PER_MS);

	return ms < MOST_ROUND_MS ? ms : MOST_ROUND_MS;
}

static void on_round(struct loop_timer *t);

/* Without memory for a timer the transfers run into theirs. */
static void rounds_start(struct http *h, int64_t ms)
{
	h->in_rounds = loop_timer_start(h->loop, &h->rounds, ms > 1 ? ms : 1, on_round) == 0;
}

/* Reads s again in a round's time; it is not watched meanwhile. */
static void socket_take_turn(struct http_socket *s)
{
	struct http *h = s->http;
	int64_t ms = round_ms(h);

	if (list_empty(&s->in_turn))
		loop_watch_change(&s->watch, 0);
	s->due_ms = loop_now_ms(h->loop) + ms;
	list_remove(&s->in_turn);
	list_append(&h->in_turn, &s->in_turn);
	if (!h->in_rounds)
		rounds_start(h, ms);
}

/* What is ready on s; it may go in there. */
static void socket_act(struct http_socket *s, int events)
{
	struct http *h = s->http;

	h->acting_on = s;
	for (int i = 0; i < READS_AT_ONCE; i++) {
		h->n_read = 0;
		act(h, s->fd, events);
		if (h->acting_on != s || !s->streams)
			return;
		if (h->n_read < HTTP_STREAM_BYTES / 2)
			break;
		events = CURL_CSELECT_IN;
	}
	if (round_ms(h) >= LEAST_ROUND_MS) {
		socket_take_turn(s);
	} else if (!list_empty(&s->in_turn)) {
		list_remove(&s->in_turn);
		loop_watch_change(&s->watch, LOOP_READ);
	}
}

static void on_round(struct loop_timer *t)
{
	struct http *h = container_of(t, struct http, rounds);
	int64_t now = loop_now_ms(h->loop);
	size_t n = h->n_streams;

	h->in_rounds = true;
	while (n-- && !list_empty(&h->in_turn)) {
		struct http_socket *s = list_entry(h->in_turn.next, struct http_socket, in_turn);

		if (s->due_ms > now)
			break;
		socket_act(s, CURL_CSELECT_IN);
	}
	h->in_rounds = false;
	if (!list_empty(&h->in_turn)) {
		struct http_socket *s = list_entry(h->in_turn.next, struct http_socket, in_turn);

		rounds_start(h, s->due_ms - now);
	}
}

static void on_socket_ready(struct loop_watch *w, int events)
{
	struct http_socket *s = container_of(w, struct http_socket, watch);

	socket_act(s, (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
			      (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
			      (events & LOOP_ERROR ? CURL_CSELECT_ERR : 0));
}

static void on_op_timer(struct loop_timer *t);

/* Looks again at the nearest moment at which op may be late. */
static int op_arm(struct http_op *op)
{
	int64_t now = loop_now_ms(op->http->loop);
	int64_t left = -1;

	if (op->timeout_ms > 0)
		left = op->began_ms + op->timeout_ms - now;
	if (op->idle_timeout_ms > 0) {
		int64_t idle_left = op->last_byte_ms + op->idle_timeout_ms - now;

		if (left < 0 || idle_left < left)
			left = idle_left;
	}
	if (op->timeout_ms <= 0 && op->idle_timeout_ms <= 0)
		return 0;
	return loop_timer_start(op->http->loop, &op->timer, left, on_op_timer);
}

static void on_op_timer(struct loop_timer *t)
{
	struct http_op *op = container_of(t, struct http_op, timer);
	int64_t now = loop_now_ms(op->http->loop);
	struct fail fail = FAIL_INIT;
	curl_off_t uploaded = 0;

	curl_easy_getinfo(op->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
	if (uploaded != op->uploaded)
		op->last_byte_ms = now;
	op->uploaded = uploaded;
	if (op->timeout_ms > 0 && now - op->began_ms >= op->timeout_ms)
		FAIL(&fail, ASSISTANT_ETIMEOUT, "%s did not answer within %d ms.", op->host,
		     op->timeout_ms);
	else if (op->idle_timeout_ms > 0 && now - op->last_byte_ms >= op->idle_timeout_ms)
		FAIL(&fail, ASSISTANT_ETIMEOUT, "%s sent nothing for %d ms.", op->host,
		     op->idle_timeout_ms);
	else if (op_arm(op) < 0)
		FAIL(&fail, ASSISTANT_ENOMEM, "No memory for a timer.");
	if (fail.code)
		op_end(op, fail.code, &fail);
}

/* Hands the new requests to curl. */
static void on_task(struct loop_task *task)
{
	struct http *h = container_of(task, struct http, task);

	while (!list_empty(&h->starting)) {
		struct http_op *op = list_entry(h->starting.next, struct http_op, link);
		struct fail fail = FAIL_INIT;
		CURLMcode r;

		list_remove(&op->link);
		list_append(&h->running, &op->link);
		h->acting = true;
		r = curl_multi_add_handle(h->multi, op->easy);
		h->acting = false;
		op->added = r == CURLM_OK;
		if (op->added && op_arm(op) == 0)
			continue;
		FAIL(&fail, ASSISTANT_ENOMEM, "%s: the request could not be started.", op->host);
		op_end(op, ASSISTANT_ENOMEM, &fail);
	}
}

/* --- The client -------------------------------------------------------------------------- */

void http_send(struct http *h, const struct http_request *rq, struct http_response *out,
	       struct arena *arena, struct flow *f)
{
	struct http_op *op = calloc(1, sizeof(*op));
	struct fail fail = FAIL_INIT;
	int r;

	if (!op) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.cancel = op_cancel;
	op->wait.release = op_release;
	op->http = h;
	op->out = out;
	op->arena = arena;
	op->began_ms = op->last_byte_ms = loop_now_ms(h->loop);
	list_init(&op->link);
	loop_hold(h->loop);
	r = http_op_prepare(op, rq, &fail);
	if (r < 0) {
		wait_finish(&op->wait, r, &fail);
		return;
	}
	list_append(&h->starting, &op->link);
	loop_defer(h->loop, &h->task, on_task);
}

struct http *http_create(struct loop *loop, int max_connections_per_host)
{
	struct http *h;

	/* Counted and thread-safe since 7.84.  Never undone: the program around us may use curl. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->multi = curl_multi_init();
	if (!h->multi) {
		free(h);
		return NULL;
	}
	h->loop = loop;
	list_init(&h->starting);
	list_init(&h->running);
	list_init(&h->dropped);
	list_init(&h->sockets);
	list_init(&h->in_turn);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)max_connections_per_host);
	/* curl counts those in use, too: fewer, and each that ends under load is closed and the next request connects anew. */
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
			  (long)max_connections_per_host + MAX_IDLE_CONNECTIONS);
	return h;
}

int http_set_proxy(struct http *h, const char *url)
{
	char *copy = url ? strdup(url) : NULL;

	if (url && !copy)
		return ASSISTANT_ENOMEM;
	free(h->proxy);
	h->proxy = copy;
	return 0;
}

void http_destroy(struct http *h)
{
	if (!h)
		return;
	PRE(!h->acting && list_empty(&h->starting) && list_empty(&h->running) &&
	    list_empty(&h->dropped));
	curl_multi_cleanup(h->multi);
	while (!list_empty(&h->sockets))
		socket_forget(list_entry(h->sockets.next, struct http_socket, link));
	loop_timer_stop(&h->timer);
	loop_timer_stop(&h->rounds);
	loop_task_cancel(&h->task);
	free(h->proxy);
	free(h);
}
