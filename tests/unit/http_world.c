/*
 * http_world.c - see http_world.h.
 */
#include "http_world.h"

int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->loop = loop_create();
	w->http = http_create(w->loop, 4);
	w->arena = arena_create(64 << 20);
	*state = w;
	return w->loop && w->http && w->arena ? 0 : -1;
}

int teardown(void **state)
{
	struct world *w = *state;

	http_destroy(w->http);
	loop_destroy(w->loop); /* checks that no operation is left */
	arena_destroy(w->arena);
	free(w);
	return 0;
}

static flow_step call_send, call_answered;

static void call_send(struct flow *f)
{
	struct call *c = container_of(f, struct call, flow);

	http_send(c->world->http, &c->rq, &c->rs, c->world->arena, THEN(f, call_answered));
}

static void call_answered(struct flow *f)
{
	flow_done(f);
}

static void call_ended(struct flow *f)
{
	container_of(f, struct call, flow)->ends++;
}

void call_init(struct call *c, struct world *w, int port, const char *path)
{
	memset(c, 0, sizeof(*c));
	c->world = w;
	snprintf(c->url, sizeof(c->url), "http://127.0.0.1:%d%s", port, path);
	c->rq.method = "GET";
	c->rq.url = c->url;
	text_init(&c->got, 1 << 20);
}

void call_begin(struct call *c)
{
	flow_begin(&c->flow, c->world->loop, NULL, "call", FIRST(call_send), call_ended);
}

void call_wait(struct call *c)
{
	while (!c->ends)
		loop_turn(c->world->loop, true);
	assert_int_equal(c->ends, 1);
}

void call_run(struct call *c)
{
	call_begin(c);
	call_wait(c);
}

static int collect(void *ctx, const char *data, size_t n)
{
	struct call *c = ctx;

	assert_false(c->flow.ended);
	text_append_n(&c->got, data, n);
	c->n_data++;
	if (!c->stop_after || c->n_data < c->stop_after)
		return 0;
	if (!c->cancel)
		return 1;
	flow_cancel(&c->flow);
	return 0;
}

void call_stream(struct call *c)
{
	c->rq.on_data = collect;
	c->rq.ctx = c;
	c->rq.timeout_ms = -1;
}

void assert_says(const struct call *c, const char *what)
{
	if (!strstr(c->flow.fail.text, what))
		fail_msg("\"%s\" does not say \"%s\"", c->flow.fail.text, what);
}

void echo(struct peer *p, int fd, int n, void *ctx)
{
	char request[8192], head[256];

	(void)p;
	(void)n;
	(void)ctx;
	while (peer_read(fd, request, sizeof(request))) {
		snprintf(head, sizeof(head),
			 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nX-Mixed-Case:  value \r\n"
			 "X-Empty:\r\n\r\n",
			 strlen(request));
		if (!peer_say(fd, head) ||
		    (strncmp(request, "HEAD ", 5) != 0 && !peer_say(fd, request)))
			return;
	}
}

void say_script(struct peer *p, int fd, int n, void *ctx)
{
	struct script *s = ctx;
	char request[8192];

	(void)n;
	while (peer_read(fd, request, sizeof(request))) {
		for (int ms = 0; ms < s->nap_ms && !peer_stopping(p); ms += 10)
			peer_nap(10);
		if (!peer_write(fd, s->text, s->len ? s->len : strlen(s->text)) || !s->linger)
			return;
	}
}
