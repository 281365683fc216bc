/*
 * qdrant_fixture.c - see qdrant_fixture.h.
 */
#include "qdrant_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "guard/guard_services.h"

#define ARGS_MAX 16

void fake_start(struct fake *fake, const char *const *args)
{
	const char *argv[ARGS_MAX] = { "node", TESTS_DIR "/support/qdrant/fake.mjs" };
	int in[2], out[2];
	size_t n = 0, argc = 2;
	ssize_t got;

	while (args && *args && argc < ARGS_MAX - 3)
		argv[argc++] = *args++;
	if (!args &&
	    getenv("ERLEAH_QDRANT_RECORD")) { /* tests/e2e/qdrant/run wants to see it all */
		argv[argc++] = "--record";
		argv[argc] = getenv("ERLEAH_QDRANT_RECORD");
	}
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	fake->pid = fork();
	if (fake->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execvp("node", (char *const *)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	fake->in = in[1];
	fake->out = out[0];
	while (n < sizeof(fake->url) - 1 && (got = read(fake->out, fake->url + n, 1)) == 1 &&
	       fake->url[n] != '\n')
		n++;
	fake->url[n] = '\0';
	if (strncmp(fake->url, "http://", 7) != 0)
		fail_msg("the double of Qdrant did not start: node is needed");
}

void fake_stop(struct fake *fake)
{
	close(fake->in);
	close(fake->out);
	waitpid(fake->pid, NULL, 0);
}

int fake_ask(struct loop *loop, const struct fake *fake, const char *method, const char *path,
	     const char *body, struct arena *arena, const char **answer)
{
	struct http *http = http_create(loop, 1);
	struct http_response rs = { 0 };
	struct http_header type = { "Content-Type", "application/json" };
	struct http_request rq = { .method = method,
				   .url = arena_printf(arena, "%s%s", fake->url, path),
				   .headers = &type,
				   .n_headers = 1,
				   .body = body,
				   .body_len = body ? strlen(body) : 0 };

	assert_int_equal(AWAIT(loop, f, http_send(http, &rq, &rs, arena, f)), 0);
	http_destroy(http);
	*answer = rs.body;
	return rs.status;
}

void fake_assert_valid(struct loop *loop, const struct fake *fake)
{
	struct arena *arena = arena_create(4 << 20);
	const char *seen;

	assert_int_equal(fake_ask(loop, fake, "GET", "/fake/seen", NULL, arena, &seen), 200);
	if (!strstr(seen, "\"refused\":[]"))
		fail_msg("%.800s", strstr(seen, "\"refused\""));
	arena_destroy(arena);
}

int qdrant_target_open(struct suite_target *t, struct loop *loop, struct index **out)
{
	struct qdrant_target *q = t->ctx;
	struct fail f = FAIL_INIT;
	struct arena *arena = arena_create(1 << 20);
	const char *answer;
	int r;

	fake_ask(loop, &q->fake, "POST", "/fake/reset", "{}", arena, &answer);
	arena_destroy(arena);
	q->http = http_create(loop, 8);
	snprintf(q->prefix, sizeof(q->prefix), "t%u_", ++q->n_opened);
	r = qdrant_index_open(loop, q->http, q->fake.url, "", q->prefix, NULL, NULL, out, &f);
	return r || !q->guarded ? r
				: guard_index_open(loop, *out, "qdrant", &guard_policy_default,
						   NULL, NULL, out, &f);
}

void qdrant_target_close(struct suite_target *t, struct loop *loop, struct index *index)
{
	struct qdrant_target *q = t->ctx;

	fake_assert_valid(loop, &q->fake);
	index_destroy(index);
	http_destroy(q->http);
	call_drain(loop);
}
