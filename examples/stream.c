/*
 * stream.c - a conversation whose answers appear as they are made.
 *
 *	ERLEAH_DATA=data ./stream "Who speaks about heat pumps?" "And on Friday?"
 */
#include <assistant.h>
#include <stdio.h>
#include <string.h>

static void show(const assistant_event *e)
{
	switch (assistant_event_type(e)) {
	case ASSISTANT_EVENT_STATUS:
		fprintf(stderr, "[%s]\n", assistant_event_text(e, NULL));
		break;
	case ASSISTANT_EVENT_DELTA:
		fputs(assistant_event_text(e, NULL), stdout);
		fflush(stdout);
		break;
	case ASSISTANT_EVENT_REFERENCE:
		fprintf(stderr, "[reference %s]\n", assistant_event_json(e));
		break;
	default: /* new types may come: skip what you do not know */
		break;
	}
}

static int ask(assistant_chat *chat, const char *question, assistant_error *err)
{
	const assistant_event *e;
	int r;

	printf("> %s\n", question);
	r = assistant_chat_send(chat, question, 10000, err);
	if (r < 0)
		return r;
	while (assistant_chat_next(chat, -1, &e) == 0)
		show(e);
	putchar('\n');
	return assistant_reply_wait(assistant_chat_reply(chat), 10000);
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
	for (int i = 1; i < argc && !r; i++)
		r = ask(chat, argv[i], &err);
	if (r)
		fprintf(stderr, "stream: %s\n", *err.message ? err.message : assistant_strerror(r));
	assistant_chat_free(chat);
	assistant_close(a, 0);
	assistant_config_free(config);
	return r ? 1 : 0;
}
