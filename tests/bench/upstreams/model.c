/*
 * model.c - Anthropic's Messages API: reads a question as JSON, streams an answer of PIECES pieces, at once or paced.
 *
 * What it answers to is the chat whose number stands in the visitor's text, which therefore has to come through verbatim.
 */
#include <stdio.h>
#include <string.h>
#include "upstreams.h"

#define UNDERSTAND_MS 800
#define FIRST_MS      400
#define PIECE_MS      15
#define MAX_BYTES     (1UL << 20)

/* --- Reading a question ------------------------------------------------------------------- */

static void say_understood(struct chat *c)
{
	_cleanup_text_ struct text question = { 0 }, said = { 0 }, body = { 0 };

	if (!c->ask)
		return;
	text_init(&question, MAX_BYTES);
	text_init(&said, MAX_BYTES);
	text_init(&body, MAX_BYTES);
	chat_question(c, &question);
	text_append(&said, "{\"language\":\"en\",\"question\":\"");
	text_append_json(&said, question.data, question.len);
	text_append(&said, "\",\"follow_up\":false,\"intent\":\"session_search\"}");
	text_append(&body,
		    "{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
		    "\"bench\",\"content\":[{\"type\":\"text\",\"text\":\"");
	text_append_json(&body, said.data, said.len);
	text_append(&body, "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{"
			   "\"input_tokens\":900,\"output_tokens\":60}}");
	peer_answer(c->ask, "200 OK", body.data, body.len);
	c->ask->chat = NULL;
	c->ask = NULL;
}

/* --- Streaming an answer ------------------------------------------------------------------- */

/* As one chunk of the body. */
static void add_chunk(struct text *to, const char *bytes, size_t n)
{
	text_printf(to, "%zx\r\n", n);
	text_append_n(to, bytes, n);
	text_append(to, "\r\n");
}

static void add_event(struct text *to, const char *type, const char *rest)
{
	_cleanup_text_ struct text event = { 0 };

	text_init(&event, MAX_BYTES);
	text_printf(&event, "event: %s\ndata: {\"type\":\"%s\"%s}\n\n", type, type, rest);
	add_chunk(to, event.data, event.len);
}

static void add_head(struct text *to)
{
	text_append(to, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
			"request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n");
	add_event(to, "message_start",
		  ",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\","
		  "\"model\":\"bench\",\"content\":[],\"stop_reason\":null,\"usage\":{"
		  "\"input_tokens\":2500,\"output_tokens\":1}}");
	add_event(to, "content_block_start",
		  ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
	add_event(to, "ping", "");
}

static void add_piece(struct chat *c, struct text *to)
{
	_cleanup_text_ struct text event = { 0 };
	size_t from = c->n_sent ? c->end[c->n_sent - 1] : 0;

	text_init(&event, MAX_BYTES);
	text_append(&event, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
			    "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"");
	text_append_json(&event, c->answer.data + from, c->end[c->n_sent] - from);
	text_append(&event, "\"}}\n\n");
	add_chunk(to, event.data, event.len);
	c->sent_ms[c->n_sent++] = now_ms();
}

static void add_end(struct text *to)
{
	add_event(to, "content_block_stop", ",\"index\":0");
	add_event(to, "message_delta",
		  ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{"
		  "\"output_tokens\":120}");
	add_event(to, "message_stop", "");
	text_append(to, "0\r\n\r\n");
}

static void send_to(struct chat *c, struct text *t)
{
	peer_send(c->stream, t->data, t->len);
	if (c->n_sent < PIECES)
		return;
	c->stream->chat = NULL;
	c->stream = NULL;
}

static void say_piece(struct chat *c)
{
	_cleanup_text_ struct text t = { 0 };

	if (!c->stream)
		return;
	text_init(&t, MAX_BYTES);
	add_piece(c, &t);
	if (c->n_sent == PIECES)
		add_end(&t);
	else
		after(PIECE_MS, say_piece, c);
	send_to(c, &t);
}

static void begin_stream(struct chat *c)
{
	_cleanup_text_ struct text t = { 0 };

	text_init(&t, MAX_BYTES);
	add_head(&t);
	c->n_sent = 0;
	while (!c->paced && c->n_sent < PIECES)
		add_piece(c, &t);
	if (c->paced)
		after(FIRST_MS, say_piece, c);
	else
		add_end(&t);
	send_to(c, &t);
}

/* --- Requests ------------------------------------------------------------------------------ */

/* The question as it was put must stand in what the model is given. */
static void look_for_question(struct chat *c, const char *body)
{
	_cleanup_text_ struct text plain = { 0 }, escaped = { 0 };

	text_init(&plain, MAX_BYTES);
	text_init(&escaped, MAX_BYTES);
	chat_question(c, &plain);
	text_append_char(&escaped, '"');
	text_append_json(&escaped, plain.data, plain.len);
	text_append_char(&escaped, '"');
	c->read_verbatim = strstr(body, escaped.data) != NULL;
}

void model_serve(struct peer *p, const struct request *rq)
{
	static const char unknown[] = "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\","
				      "\"message\":\"no chat's number is in there\"}}";
	static const char one[] = "{\"type\":\"model\",\"id\":\"bench\",\"display_name\":\"bench\","
				  "\"created_at\":\"2026-01-01T00:00:00Z\"}";
	struct chat *c;

	if (strcmp(rq->method, "POST") != 0) {
		peer_answer(p, "200 OK", one, sizeof(one) - 1);
		return;
	}
	c = chat_in(rq->body);
	if (!c) {
		peer_answer(p, "404 Not Found", unknown, sizeof(unknown) - 1);
		return;
	}
	p->chat = c;
	if (strstr(rq->body, "\"stream\":true")) {
		look_for_question(c, rq->body);
		c->stream = p;
		begin_stream(c);
		return;
	}
	c->ask = p;
	if (c->paced)
		after(UNDERSTAND_MS, say_understood, c);
	else
		say_understood(c);
}
