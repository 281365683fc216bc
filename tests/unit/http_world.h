/*
 * http_world.h - what the tests of the HTTP client share: a loop with a client, and calls.
 */
#ifndef TESTS_HTTP_WORLD_H
#define TESTS_HTTP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aio/http.h"
#include "base/text.h"
#include "peer.h"

struct world {
	struct loop *loop;
	struct http *http;
	struct arena *arena;
};

struct call {
	struct flow flow;
	struct world *world;
	struct http_request rq;
	struct http_response rs;
	char url[128];
	int ends;
	struct text got; /* what on_data was given */
	int n_data;
	int stop_after; /* calls of on_data; 0: never */
	bool cancel;	/* rather than return non-zero */
};

int setup(void **state);
int teardown(void **state); /* checks that no operation is left */
void call_init(struct call *c, struct world *w, int port, const char *path);
void call_begin(struct call *c);
void call_wait(struct call *c);
void call_run(struct call *c);	  /* begin and wait */
void call_stream(struct call *c); /* the answer goes to c->got */
void assert_says(const struct call *c, const char *what);

peer_fn echo; /* answers every request with its own text */

struct script {
	const char *text;
	size_t len;  /* 0: all of it */
	bool linger; /* keep the connection open after it */
	int nap_ms;  /* before it */
};

peer_fn say_script; /* ctx: a struct script */

#endif
