/*
 * own_loop.c - the library in a program that has a poll loop of its own: nothing here blocks on an answer.
 *
 *	ERLEAH_DATA=data ./own_loop "When does registration open?"
 */
#include <assistant.h>
#include <poll.h>
#include <stdio.h>

/* Everything that is there now.  1: the answer has ended. */
static int drain(assistant_chat *chat)
{
	const assistant_event *e;
	int r;

	while ((r = assistant_chat_next(chat, 0, &e)) == 0)
		if (assistant_event_type(e) == ASSISTANT_EVENT_DELTA)
			fputs(assistant_event_text(e, NULL), stdout);
	fflush(stdout);
	return r == ASSISTANT_ENOTFOUND;
}

static int run(assistant_chat *chat)
{
	struct pollfd fds[] = { { .fd = assistant_chat_fd(chat), .events = POLLIN } };
	int ticks = 0;

	for (;;) {
		int n = poll(fds, 1, 100); /* your sockets and timers go in here */

		if (n < 0)
			return 1;
		if (n == 0)
			ticks++; /* free to do something else */
		else if (drain(chat))
			break;
	}
	fprintf(stderr, "\n[%d idle ticks]\n", ticks);
	return 0;
}

int main(int argc, char **argv)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_config *config = NULL;
	assistant_chat *chat = NULL;
	assistant *a = NULL;
	int r = assistant_config_new(&config);

	if (!r)
		r = assistant_config_load_env(config, &err);
	if (!r)
		r = assistant_open(&a, config, &err);
	if (!r)
		r = assistant_chat_new(a, &chat);
	if (!r)
		r = assistant_chat_send(chat, argc > 1 ? argv[1] : "What is on now?", 10000, &err);
	if (!r)
		r = run(chat);
	else
		fprintf(stderr, "own_loop: %s\n", err.message);
	assistant_chat_free(chat);
	assistant_close(a, 1000);
	assistant_config_free(config);
	return r ? 1 : 0;
}
