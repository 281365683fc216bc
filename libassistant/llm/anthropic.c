/*
 * anthropic.c - one model of Anthropic's Messages API, or of any server that speaks it; one attempt per call.
 *
 *	request --> POST /v1/messages --2xx--> events --> text ... end
 *	                              --else-> what the error means
 */
#include <string.h>
#include "aio/http.h"
#include "aio/upstream.h"
#include "base/check.h"
#include "base/clock.h"
#include "llm/anthropic_request.h"
#include "llm/anthropic_stream.h"
#include "observe/log.h"
#include "observe/metrics.h"

/* The newer one, 2026-10-21, only takes away what is not sent here; this one is known to every server that speaks the protocol. */
#define API_VERSION	 "2023-06-01"
#define ASK_MAX_BYTES	 (1UL << 20)
#define STREAM_MAX_BYTES (16UL << 20)
#define ANSWER_ARENA	 (4UL << 20)
#define PING_MS		 5000
#define LINGER_MS	 200 /* for the end of the connection behind the end of the answer */

struct anthropic {
	struct llm llm;
	struct loop *loop;
	struct http *http;
	const struct clock *clock;
	struct metrics *metrics;
	struct log *log;
	char *base_url, *api_key, *model;
	struct model_traits traits;
};

/* One call. */
struct op {
	struct wait wait;
	struct flow flow;
	struct anthropic *a;
	const char *purpose; /* "respond" */
	char *body;
	struct arena *own, *arena;
	struct http_response response;
	struct anthropic_stream stream;
	struct text
		piece; /* what one reading of the connection brought: readers are woken once for it */
	struct loop_timer linger;
	int64_t began_ms;
	bool text_began;
	void (*on_text)(void *ctx, const char *text, size_t len);
	void *ctx;
	struct llm_result result, *out;
	struct json_object *answer, **out_answer;
};

static flow_step stream_begin, stream_ended, ask_begin, ask_ended, ping_begin, ping_ended;

static struct op *op_of(struct flow *f)
{
	return container_of(f, struct op, flow);
}

/* --- A call's life --------------------------------------------------------------------------- */

static void count_tokens(struct metrics *m, const struct llm_result *r)
{
	metrics_add(m, METRIC_LLM_TOKENS, "input", (double)r->input_tokens);
	metrics_add(m, METRIC_LLM_TOKENS, "output", (double)r->output_tokens);
	metrics_add(m, METRIC_LLM_TOKENS, "cache_read", (double)r->cache_read_tokens);
	metrics_add(m, METRIC_LLM_TOKENS, "cache_write", (double)r->cache_write_tokens);
}

static void op_log(const struct op *op, int64_t ms)
{
	const struct flow *f = &op->flow;
	bool failed = f->status < 0 && f->status != ASSISTANT_ECANCELED;

	log_write(op->a->log, failed ? LOG_WARN : LOG_INFO, "llm.call", "s", "model", op->a->model,
		  "s", "purpose", op->purpose, "s", "request_id",
		  http_header_get(&op->response, "request-id"), "i", "status",
		  (int64_t)op->response.status, "i", "ms", ms, "i", "input_tokens",
		  op->result.input_tokens, "i", "output_tokens", op->result.output_tokens, "i",
		  "cache_read_tokens", op->result.cache_read_tokens, "i", "cache_write_tokens",
		  op->result.cache_write_tokens, "s", "cause",
		  failed ? cause_name(fail_cause(&f->fail)) : NULL, "s", "error",
		  failed ? f->fail.text : NULL, NULL);
}

static void op_ended(struct flow *f)
{
	struct op *op = op_of(f);
	int64_t ms = loop_now_ms(f->loop) - op->began_ms;

	loop_timer_stop(&op->linger);
	if (op->on_text)
		op->result = op->stream.result;
	if (op->stream.ended)
		f->status = 0; /* whatever the connection did behind it */
	if (op->purpose) {
		count_tokens(op->a->metrics, &op->result);
		metrics_observe(op->a->metrics, METRIC_LLM_SECONDS, op->purpose, (double)ms / 1000);
		op_log(op, ms);
	}
	wait_finish(&op->wait, f->status, &f->fail);
}

static void op_deliver(struct wait *w)
{
	struct op *op = container_of(w, struct op, wait);

	if (!op->out)
		return;
	op->result.model =
		arena_strdup(op->arena, *op->stream.model ? op->stream.model : op->a->model);
	*op->out = op->result;
	if (op->out_answer)
		*op->out_answer = TAKE_PTR(op->answer);
}

static void op_cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct op, wait)->flow);
}

static void op_release(struct wait *w)
{
	struct op *op = container_of(w, struct op, wait);

	anthropic_stream_finish(&op->stream);
	text_finish(&op->piece);
	json_object_put(op->answer);
	arena_destroy(op->own);
	free(op->body);
	free(op);
}

static bool op_text(void *ctx, const char *text, size_t len);

static struct op *op_new(struct llm *l, const char *purpose, struct arena *arena,
			 struct llm_result *out, struct flow *f)
{
	struct op *op = calloc(1, sizeof(*op));

	if (!op || !(op->own = arena_create(ANSWER_ARENA)))
		IMPOSSIBLE("out of memory for a request");
	op->a = container_of(l, struct anthropic, llm);
	op->purpose = purpose;
	op->arena = arena;
	op->out = out;
	op->began_ms = loop_now_ms(op->a->loop);
	anthropic_stream_init(&op->stream, op_text, op);
	text_init(&op->piece, STREAM_MAX_BYTES);
	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.cancel = op_cancel;
	op->wait.release = op_release;
	return op;
}

static void send(struct op *op, struct http_request *rq, struct flow *f)
{
	struct http_header headers[4] = {
		{ "content-type", "application/json" },
		{ "anthropic-version", API_VERSION },
		{ "accept", rq->on_data ? "text/event-stream" : "application/json" },
		{ "x-api-key", op->a->api_key },
	};

	rq->headers = headers;
	rq->n_headers = op->a->api_key ? 4 : 3;
	http_send(op->a->http, rq, &op->response, op->own, f);
}

static void post(struct op *op, struct http_request *rq, struct flow *f)
{
	if (!op->body) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	rq->method = "POST";
	rq->url = arena_printf(op->own, "%s/v1/messages", op->a->base_url);
	rq->body = op->body;
	rq->body_len = strlen(op->body);
	send(op, rq, f);
}

/* 0, or what the answer's status and body mean. */
static int check(struct op *op, struct fail *f)
{
	const struct http_response *rs = &op->response;
	struct json_object *body _cleanup_json_ = NULL;
	const char *again = http_header_get(rs, "x-should-retry");
	struct fail said = FAIL_INIT;
	int code = 0;

	if (rs->status >= 200 && rs->status < 300)
		return 0;
	if (json_parse(rs->body, rs->body_len, &body, NULL) == 0)
		code = anthropic_error(body, &said);
	upstream_check(rs, op->a->model, json_text(json_get_object(body, "error"), "message"),
		       clock_now_ms(op->a->clock), f);
	if (code && fail_cause(&said) == CAUSE_SPENT) {
		f->code = code;
		f->cause = CAUSE_SPENT;
		f->final = true;
	}
	if (again && strcmp(again, "false") == 0)
		f->final = true;
	return f->code;
}

/* --- A streamed answer ------------------------------------------------------------------- */

static bool op_text(void *ctx, const char *text, size_t len)
{
	text_append_n(&((struct op *)ctx)->piece, text, len);
	return true;
}

/* false: the reader wants no more. */
static bool send_piece(struct op *op)
{
	if (!op->piece.len)
		return true;
	if (!op->text_began)
		metrics_observe(op->a->metrics, METRIC_LLM_FIRST_TEXT_SECONDS, NULL,
				(double)(loop_now_ms(op->a->loop) - op->began_ms) / 1000);
	op->text_began = true;
	op->on_text(op->ctx, op->piece.data, op->piece.len);
	text_clear(&op->piece);
	return !wait_detached(&op->wait);
}

static int on_data(void *ctx, const char *data, size_t len);

static void stream_begin(struct flow *f)
{
	struct op *op = op_of(f);

	post(op,
	     &(struct http_request){ .timeout_ms = -1,
				     .max_body_bytes = STREAM_MAX_BYTES,
				     .on_data = on_data,
				     .ctx = op },
	     THEN_ANYWAY(f, stream_ended));
}

/* The answer is whole and the server keeps the connection open behind it. */
static void on_linger(struct loop_timer *t)
{
	struct op *op = container_of(t, struct op, linger);

	flow_cancel(&op->flow);
}

static int on_data(void *ctx, const char *data, size_t len)
{
	struct op *op = ctx;
	bool ended = op->stream.ended;
	int r = anthropic_stream_feed(&op->stream, data, len);

	if (!send_piece(op))
		return ASSISTANT_ECANCELED;
	if (!r && !ended && op->stream.ended)
		loop_timer_start(op->a->loop, &op->linger, LINGER_MS, on_linger);
	return r;
}

static void stream_ended(struct flow *f)
{
	struct op *op = op_of(f);
	int code = f->status;

	if (op->stream.ended) {
		flow_done(f);
		return;
	}
	if (op->stream.fail.code) {
		f->fail = op->stream.fail;
		code = f->fail.code;
	}
	if (code >= 0)
		code = check(op, &f->fail);
	if (code >= 0)
		code = anthropic_stream_close(&op->stream, &f->fail);
	if (code < 0)
		flow_fail(f, code);
	else
		flow_done(f);
}

static void anthropic_stream(struct llm *l, const struct llm_request *rq, struct arena *arena,
			     struct llm_result *out, struct flow *f)
{
	struct op *op = op_new(l, "respond", arena, out, f);

	op->on_text = rq->on_text;
	op->ctx = rq->ctx;
	op->body = anthropic_request_stream(op->a->model, &op->a->traits, rq);
	flow_begin(&op->flow, op->a->loop, NULL, "anthropic", FIRST(stream_begin), op_ended);
}

/* --- An answer in JSON ----------------------------------------------------------------------- */

static void ask_begin(struct flow *f)
{
	post(op_of(f), &(struct http_request){ .timeout_ms = -1, .max_body_bytes = ASK_MAX_BYTES },
	     THEN(f, ask_ended));
}

/* The object in a text, which may stand in words or in a fence. */
static struct json_object *object_in(const char *text)
{
	const char *from = strchr(text, '{'), *to = strrchr(text, '}');
	struct json_object *o = NULL;

	if (!from || !to || to < from || json_parse(from, (size_t)(to - from) + 1, &o, NULL) < 0)
		return NULL;
	return o;
}

static void read_message(struct op *op, struct json_object *message)
{
	struct json_object *content = json_get_array(message, "content");
	struct text all _cleanup_text_ = { 0 };

	text_init(&all, ASK_MAX_BYTES);
	snprintf(op->stream.model, sizeof(op->stream.model), "%s", json_text(message, "model"));
	op->result.stop = anthropic_stop(json_text(message, "stop_reason"));
	anthropic_usage(json_get_object(message, "usage"), &op->result);
	for (size_t i = 0; content && i < json_object_array_length(content); i++) {
		struct json_object *block = json_object_array_get_idx(content, i);

		if (strcmp(json_text(block, "type"), "text") == 0)
			text_append(&all, json_text(block, "text"));
	}
	if (op->result.stop == LLM_END && all.len)
		op->answer = object_in(all.data);
}

static void ask_ended(struct flow *f)
{
	struct op *op = op_of(f);
	struct json_object *message _cleanup_json_ = NULL;
	int code = check(op, &f->fail);

	if (code < 0) {
		flow_fail(f, code);
		return;
	}
	if (json_parse(op->response.body, op->response.body_len, &message, NULL) == 0)
		read_message(op, message);
	if (op->answer) {
		flow_done(f);
		return;
	}
	FAIL(&f->fail, ASSISTANT_EPROTOCOL, "%s gave no JSON object where one was asked for.",
	     op->a->model);
	f->fail.cause = CAUSE_REJECTED; /* it is well, and may word answers all the same */
	flow_fail(f, ASSISTANT_EPROTOCOL);
}

static void anthropic_ask(struct llm *l, const struct llm_ask *rq, struct arena *arena,
			  struct json_object **answer, struct llm_result *out, struct flow *f)
{
	struct op *op = op_new(l, "understand", arena, out, f);

	op->out_answer = answer;
	op->body = anthropic_request_ask(op->a->model, &op->a->traits, rq);
	flow_begin(&op->flow, op->a->loop, NULL, "anthropic_ask", FIRST(ask_begin), op_ended);
}

/* --- Is it there? -------------------------------------------------------------------------- */

static void ping_begin(struct flow *f)
{
	struct op *op = op_of(f);

	send(op,
	     &(struct http_request){
		     .method = "GET",
		     .url = arena_printf(op->own, "%s/v1/models/%s", op->a->base_url, op->a->model),
		     .timeout_ms = PING_MS },
	     THEN(f, ping_ended));
}

/* Servers that only speak the protocol may not have that page: that they answer is enough.  Those that have it name the model in
 * their refusal. */
static void ping_ended(struct flow *f)
{
	struct op *op = op_of(f);
	int code = check(op, &f->fail);

	if (code == ASSISTANT_EDENIED || code == ASSISTANT_EUNAVAILABLE ||
	    code == ASSISTANT_ELIMIT ||
	    (code == ASSISTANT_ENOTFOUND && strstr(op->response.body, "not_found_error") &&
	     strstr(op->response.body, op->a->model)))
		flow_fail(f, code);
	else
		flow_done(f);
}

static void anthropic_ping(struct llm *l, struct flow *f)
{
	struct op *op = op_new(l, NULL, NULL, NULL, f);

	flow_begin(&op->flow, op->a->loop, NULL, "anthropic_ping", FIRST(ping_begin), op_ended);
}

/* --- The llm --------------------------------------------------------------------------------- */

static void anthropic_destroy(struct llm *l)
{
	struct anthropic *a = container_of(l, struct anthropic, llm);

	free(a->base_url);
	free(a->api_key);
	free(a->model);
	free(a);
}

static const struct llm_ops anthropic_ops = {
	.name = "anthropic",
	.destroy = anthropic_destroy,
	.ping = anthropic_ping,
	.stream = anthropic_stream,
	.ask = anthropic_ask,
};

/* Without slashes at its end, and without /v1, which clients of other protocols want there. */
static char *plain_base(const char *url)
{
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	if (n > 3 && strncmp(url + n - 3, "/v1", 3) == 0)
		n -= 3;
	return strndup(url, n);
}

int anthropic_open(struct loop *loop, struct http *http, const struct anthropic_options *options,
		   const struct clock *clock, struct metrics *metrics, struct log *log,
		   struct llm **out, struct fail *f)
{
	struct model_traits traits;
	int r = model_traits_find(options->model, options->traits, &traits, f);
	struct anthropic *a = r < 0 ? NULL : calloc(1, sizeof(*a));

	if (r < 0)
		return r;
	if (!a)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	*a = (struct anthropic){ .llm = { .ops = &anthropic_ops },
				 .loop = loop,
				 .http = http,
				 .clock = clock,
				 .metrics = metrics,
				 .log = log,
				 .traits = traits };
	a->base_url = plain_base(options->base_url);
	a->model = strdup(options->model);
	a->api_key = options->api_key && *options->api_key ? strdup(options->api_key) : NULL;
	if (!a->base_url || !a->model || (options->api_key && *options->api_key && !a->api_key)) {
		anthropic_destroy(&a->llm);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	*out = &a->llm;
	return 0;
}
