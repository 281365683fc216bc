/*
 * qdrant_call.c - one request to Qdrant: sent, tried again when that may help, judged, parsed.
 *
 *	send --> answered --2xx--> parsed
 *	  ^         |
 *	  +--pause--+  429, 5xx, no connection: everything we send may be sent twice
 *
 * Visitors' questions are sent once: guard_index.c stands before them, tries again and knows when not to.
 */
#include "index/qdrant.h"
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include "aio/upstream.h"
#include "observe/log.h"

#define QUESTION_MS	 5000
#define WRITE_MS	 60000
#define ANSWER_MAX_BYTES ((size_t)64 << 20)
#define CALL_MAX_BYTES	 ((size_t)96 << 20)
#define READ_TRIES	 3
#define WRITE_TRIES	 7
#define PAUSE_MS	 100 /* doubled each time */
#define PAUSE_MAX_MS	 5000

static flow_step call_send, call_answered;

static struct qdrant_call *call_of(struct flow *f)
{
	return container_of(f, struct qdrant_call, flow);
}

/* --- What an answer means --------------------------------------------------------------- */

static const char *reason_of(struct json_object *answer)
{
	return json_text(json_get_object(answer, "status"), "error");
}

static int refused(struct qdrant_call *c)
{
	char detail[400];
	int cause, code;

	snprintf(detail, sizeof(detail), "%s %s: %s", c->method, c->path, reason_of(c->answer));
	code = upstream_check(&c->response, "Qdrant", detail, (int64_t)time(NULL) * 1000, &c->fail);
	if (code != ASSISTANT_EDENIED)
		return code;
	cause = c->fail.cause;
	FAIL(&c->fail, code, "Qdrant refuses the key (%d): check QDRANT_API_KEY.",
	     c->response.status);
	c->fail.cause = cause;
	return code;
}

/* A write that is only noted is none: what follows relies on it. */
static int applied(struct qdrant_call *c)
{
	const char *status = json_get_string(c->result, "status");

	if (!c->writes || !status || !strcmp(status, "completed"))
		return 0;
	return FAIL(&c->fail, ASSISTANT_EUNAVAILABLE, "Qdrant has not finished %s %.60s: %.20s.",
		    c->method, c->path, status);
}

static int judge(struct qdrant_call *c)
{
	const struct http_response *rs = &c->response;
	int r = rs->body_len ? json_parse(rs->body, rs->body_len, &c->answer, NULL) : 0;

	if (rs->status < 200 || rs->status >= 300)
		return refused(c);
	c->result = json_get(c->answer, "result");
	if (r < 0 || (!c->result && strcmp(c->path, "/") != 0))
		return FAIL(&c->fail, ASSISTANT_EPROTOCOL,
			    "%.80s answered %s %.60s with something that is not Qdrant's.",
			    c->q->url, c->method, c->path);
	return applied(c);
}

/* --- Trying --------------------------------------------------------------------------------- */

static bool may_help(const struct qdrant_call *c)
{
	unsigned most = c->once ? 1 : c->writes ? WRITE_TRIES : READ_TRIES;

	return (c->code == ASSISTANT_EUNAVAILABLE || c->code == ASSISTANT_ETIMEOUT ||
		c->code == ASSISTANT_ELIMIT) &&
	       c->tries < most;
}

/* Between half of it and all of it, so that many do not come back at once. */
static int64_t pause_ms(const struct qdrant_call *c)
{
	int64_t pause = (int64_t)PAUSE_MS << c->tries;
	uint16_t chance;

	if (c->fail.retry_after_ms)
		return c->fail.retry_after_ms;
	if (pause > PAUSE_MAX_MS)
		pause = PAUSE_MAX_MS;
	random_bytes(&chance, sizeof(chance));
	return pause / 2 + pause * chance / (2 * UINT16_MAX);
}

static void forget(struct qdrant_call *c)
{
	json_object_put(TAKE_PTR(c->answer));
	c->result = NULL;
	arena_destroy(TAKE_PTR(c->arena));
}

static void call_send(struct flow *f)
{
	struct qdrant_call *c = call_of(f);
	struct qdrant *q = c->q;
	const struct http_header headers[] = {
		{ "Accept", "application/json" },
		{ "Content-Type", "application/json" },
		{ "api-key", q->key },
	};
	char url[1024];
	const struct http_request rq = {
		.method = c->method,
		.url = url,
		.headers = headers,
		.n_headers = *q->key ? 3 : 2,
		.body = c->body,
		.body_len = c->body_len,
		.timeout_ms = c->writes ? WRITE_MS : QUESTION_MS,
		.max_body_bytes = ANSWER_MAX_BYTES,
	};

	snprintf(url, sizeof(url), "%s%s", q->url, c->path);
	forget(c);
	c->fail = (struct fail)FAIL_INIT;
	c->arena = arena_create(CALL_MAX_BYTES);
	if (!c->arena) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "no memory for a request"));
		return;
	}
	c->tries++;
	http_send(q->http, &rq, &c->response, c->arena, THEN_ANYWAY(f, call_answered));
}

static void call_answered(struct flow *f)
{
	struct qdrant_call *c = call_of(f);

	c->code = f->status;
	if (c->code < 0)
		c->fail = f->fail;
	else
		c->code = judge(c);
	if (c->code < 0 && may_help(c))
		flow_sleep(THEN(f, call_send), pause_ms(c));
	else if (c->code < 0)
		flow_fail(f, c->code);
	else
		flow_done(f);
}

static void call_ended(struct flow *f)
{
	struct qdrant_call *c = call_of(f);

	if (f->status < 0 && !c->code) {
		c->code = f->status;
		c->fail = f->fail;
	}
	if (c->code == ASSISTANT_ENOTFOUND && c->missing)
		c->code = 0;
	free(TAKE_PTR(c->body));
}

void qdrant_send(struct qdrant_call *c, struct qdrant *q, struct flow *parent, const char *method,
		 char *body, const char *path, ...)
{
	bool writes = c->writes, missing = c->missing, once = c->once;
	va_list ap;

	qdrant_call_finish(c);
	*c = (struct qdrant_call){ .q = q, .method = method };
	c->writes = writes;
	c->missing = missing;
	c->once = once;
	c->body = body;
	c->body_len = body ? strlen(body) : 0;
	va_start(ap, path);
	if (vasprintf(&c->path, path, ap) < 0)
		c->path = NULL;
	va_end(ap);
	if (!c->path || (!body && strcmp(method, "GET") != 0 && strcmp(method, "DELETE") != 0)) {
		c->code = FAIL(&c->fail, ASSISTANT_ENOMEM, "no memory for a request");
		return;
	}
	flow_begin(&c->flow, q->loop, parent, "qdrant", FIRST(call_send), call_ended);
}

void qdrant_call_finish(struct qdrant_call *c)
{
	forget(c);
	free(TAKE_PTR(c->path));
	free(TAKE_PTR(c->body));
}

int qdrant_failed(struct flow *f, const struct qdrant_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (calls[i].code < 0) {
			f->fail = calls[i].fail;
			return calls[i].code;
		}
	}
	return 0;
}
