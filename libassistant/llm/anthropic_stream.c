/*
 * anthropic_stream.c - see anthropic_stream.h.
 */
#include "llm/anthropic_stream.h"

#include <string.h>
#include "base/utf8.h"

#define MAX_EVENT_BYTES (1 << 20)

/* --- What errors mean -------------------------------------------------------------------- */

static const struct {
	const char *type;
	int code;
	enum cause cause;
} errors[] = {
	{ "overloaded_error", ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED },
	{ "rate_limit_error", ASSISTANT_ELIMIT, CAUSE_RATE_LIMITED },
	{ "timeout_error", ASSISTANT_EUNAVAILABLE, CAUSE_TIMEOUT },
	{ "api_error", ASSISTANT_EUNAVAILABLE, CAUSE_SERVER_ERROR },
	{ "authentication_error", ASSISTANT_EDENIED, CAUSE_DENIED },
	{ "permission_error", ASSISTANT_EDENIED, CAUSE_DENIED },
	{ "billing_error", ASSISTANT_EDENIED, CAUSE_SPENT },
	{ "invalid_request_error", ASSISTANT_EPROTOCOL, CAUSE_REJECTED },
	{ "not_found_error", ASSISTANT_ENOTFOUND, CAUSE_REJECTED },
	{ "request_too_large", ASSISTANT_ETOOLARGE, CAUSE_REJECTED },
};

/* Limits that somebody set on what may be spent come as 400 or 429, and do not pass in a minute. */
static bool is_spent(struct json_object *error)
{
	static const char *const words[] = { "usage limit", "spend limit", "credit balance" };
	const char *code = json_text(json_get_object(error, "details"), "error_code");
	const char *type = json_text(error, "type");

	if (strstr(code, "spend_limit"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(type, "invalid_request_error") == 0 &&
		    strstr(json_text(error, "message"), words[i]))
			return true;
	return false;
}

int anthropic_error(struct json_object *body, struct fail *f)
{
	struct json_object *error = json_get_object(body, "error");
	const char *type = json_text(error, "type");
	enum cause cause = CAUSE_SERVER_ERROR;
	int code = ASSISTANT_EUNAVAILABLE;

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (strcmp(type, errors[i].type) != 0)
			continue;
		code = errors[i].code;
		cause = errors[i].cause;
	}
	if (is_spent(error)) {
		code = ASSISTANT_EDENIED;
		cause = CAUSE_SPENT;
	}
	FAIL(f, code, "The model's service failed with %.40s: %.120s", *type ? type : "an error",
	     json_text(error, "message"));
	f->cause = (unsigned char)cause;
	f->final = cause == CAUSE_SPENT;
	return code;
}

/* --- Parts of events ----------------------------------------------------------------------- */

enum llm_stop anthropic_stop(const char *reason)
{
	if (strcmp(reason, "max_tokens") == 0 ||
	    strcmp(reason, "model_context_window_exceeded") == 0)
		return LLM_MAX_TOKENS;
	return strcmp(reason, "refusal") == 0 ? LLM_REFUSED : LLM_END;
}

static void take(struct json_object *usage, const char *key, int64_t *to)
{
	int64_t n = json_get_int(usage, key, -1);

	if (n >= 0)
		*to = n;
}

/* Cumulative: what comes later counts. */
void anthropic_usage(struct json_object *usage, struct llm_result *to)
{
	take(usage, "input_tokens", &to->input_tokens);
	take(usage, "output_tokens", &to->output_tokens);
	take(usage, "cache_read_input_tokens", &to->cache_read_tokens);
	take(usage, "cache_creation_input_tokens", &to->cache_write_tokens);
}

static int on_message_start(struct anthropic_stream *s, struct json_object *e)
{
	struct json_object *message = json_get_object(e, "message");

	snprintf(s->model, sizeof(s->model), "%s", json_text(message, "model"));
	anthropic_usage(json_get_object(message, "usage"), &s->result);
	return 0;
}

static int say(struct anthropic_stream *s, struct json_object *of)
{
	const char *text = json_text(of, "text");

	if (!*text || s->on_text(s->ctx, text, strlen(text)))
		return 0;
	return ASSISTANT_ECANCELED;
}

/* A block may begin with text. */
static int on_block_start(struct anthropic_stream *s, struct json_object *e)
{
	struct json_object *block = json_get_object(e, "content_block");

	return strcmp(json_text(block, "type"), "text") == 0 ? say(s, block) : 0;
}

static int on_block_delta(struct anthropic_stream *s, struct json_object *e)
{
	struct json_object *delta = json_get_object(e, "delta");

	return strcmp(json_text(delta, "type"), "text_delta") == 0 ? say(s, delta) : 0;
}

static int on_message_delta(struct anthropic_stream *s, struct json_object *e)
{
	const char *reason = json_text(json_get_object(e, "delta"), "stop_reason");

	anthropic_usage(json_get_object(e, "usage"), &s->result);
	if (*reason) {
		s->result.stop = anthropic_stop(reason);
		s->reason_given = true;
	}
	return 0;
}

static int on_message_stop(struct anthropic_stream *s, struct json_object *e)
{
	s->ended = true;
	return 0;
}

static int on_error(struct anthropic_stream *s, struct json_object *e)
{
	return anthropic_error(e, &s->fail);
}

static const struct {
	const char *type;
	int (*on)(struct anthropic_stream *s, struct json_object *e);
} events[] = {
	{ "content_block_delta", on_block_delta }, { "content_block_start", on_block_start },
	{ "message_start", on_message_start },	   { "message_delta", on_message_delta },
	{ "message_stop", on_message_stop },	   { "error", on_error },
};

/* An event without a name is told by its data. */
static bool is_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (strcmp(name, events[i].type) == 0)
			return true;
	return strcmp(name, "message") == 0;
}

/* --- A piece of text ------------------------------------------------------------------------ */

/* Past `words`, in which a blank stands for any number of them. */
static bool skip(const char **at, const char *words)
{
	for (; *words; words++) {
		if (*words == ' ')
			*at += strspn(*at, " ");
		else if (*(*at)++ != *words)
			return false;
	}
	return true;
}

/* The inside of a string, up to its end; false: it holds what is left to the parser. */
static bool read_string(const char **at, struct text *to)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";

	text_clear(to);
	for (;;) {
		size_t plain = strcspn(*at, "\"\\");
		const char *name;

		text_append_n(to, *at, plain);
		*at += plain;
		if (**at != '\\')
			break;
		name = (*at)[1] ? strchr(names, (*at)[1]) : NULL;
		if (!name)
			return false;
		text_append_char(to, means[name - names]);
		*at += 2;
	}
	return **at == '"' && !to->failed;
}

/*
 * What nearly every event is, read where it lies: many visitors' models say thousands of words a second, and building an object of
 * each costs more than all that is done with it.  False: it is something else, or has an escape that names a code point.
 */
static bool read_piece(const struct sse_event *event, struct text *to)
{
	const char *at = event->data, *end = event->data + event->data_len;

	if (!skip(&at, " { \"type\" : \"content_block_delta\" , \"index\" : "))
		return false;
	at += strspn(at, "0123456789");
	if (!skip(&at, " , \"delta\" : { \"type\" : \"text_delta\" , \"text\" : \"") ||
	    !read_string(&at, to) || !skip(&at, "\" } } ") || at != end)
		return false;
	for (const char *c = event->data; c < end; c++)
		if ((unsigned char)*c < 0x20)
			return false;
	return to->len > 0 && utf8_valid(to->data, to->len);
}

static int on_event(void *ctx, const struct sse_event *event)
{
	struct json_object *e _cleanup_json_ = NULL;
	struct anthropic_stream *s = ctx;
	const char *type;

	if (s->ended || !is_known(event->event))
		return 0;
	if (read_piece(event, &s->piece))
		return s->on_text(s->ctx, s->piece.data, s->piece.len) ? 0 : ASSISTANT_ECANCELED;
	if (json_parse(event->data, event->data_len, &e, NULL) < 0)
		return FAIL(&s->fail, ASSISTANT_EPROTOCOL,
			    "The model's service streamed something that is not JSON.");
	type = json_text(e, "type");
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (strcmp(type, events[i].type) == 0)
			return events[i].on(s, e);
	return 0;
}

/* --- Face ---------------------------------------------------------------------------------- */

void anthropic_stream_init(struct anthropic_stream *s,
			   bool (*on_text)(void *ctx, const char *text, size_t len), void *ctx)
{
	*s = (struct anthropic_stream){ .on_text = on_text, .ctx = ctx };
	sse_init(&s->sse, MAX_EVENT_BYTES);
	text_init(&s->piece, MAX_EVENT_BYTES);
}

void anthropic_stream_finish(struct anthropic_stream *s)
{
	sse_finish(&s->sse);
	text_finish(&s->piece);
}

int anthropic_stream_feed(struct anthropic_stream *s, const char *bytes, size_t n)
{
	int r = sse_feed(&s->sse, bytes, n, on_event, s);

	if (r < 0 && r != ASSISTANT_ECANCELED && !s->fail.code)
		FAIL(&s->fail, ASSISTANT_EPROTOCOL,
		     "The model's service streamed an event that is too large.");
	return r < 0 && s->fail.code ? s->fail.code : r;
}

int anthropic_stream_close(const struct anthropic_stream *s, struct fail *f)
{
	if (s->ended || s->reason_given)
		return 0;
	FAIL(f, ASSISTANT_EUNAVAILABLE, "The model's answer was cut off.");
	if (f)
		f->cause = CAUSE_CUT_OFF;
	return ASSISTANT_EUNAVAILABLE;
}
