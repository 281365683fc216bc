/*
 * client.c - what both kinds of client share; see client.h.
 */
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void client_destroy(struct client *c)
{
	if (c)
		c->ops->destroy(c);
}

void talk_destroy(struct talk *t)
{
	if (t)
		t->ops->destroy(t);
}

int client_fail(assistant_error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	*err = (assistant_error){ .code = code };
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return code;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int talk_ask(struct talk *t, const char *question, int timeout_ms, struct json_object **reply,
	     assistant_error *err)
{
	long long deadline = now_ms() + timeout_ms, left;
	struct talk_event event;
	int r = t->ops->send(t, question, err);

	if (r < 0)
		return r;
	do {
		while ((r = t->ops->next(t, &event, err)) == 0)
			;
		left = deadline - now_ms();
		if (r == ASSISTANT_ETIMEOUT && left > 0)
			t->ops->wait(t, -1, (int)left);
	} while (r == ASSISTANT_ETIMEOUT && left > 0);
	if (r == ASSISTANT_ETIMEOUT) {
		t->ops->stop(t);
		return client_fail(err, r, "the answer took longer than %d s", timeout_ms / 1000);
	}
	if (r != ASSISTANT_ENOTFOUND)
		return r;
	left = deadline - now_ms();
	t->ops->settle(t, left > 0 ? (int)left : 0);
	return t->ops->reply(t, reply, err);
}
