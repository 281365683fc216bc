/*
 * own_store.c - the assistant over rows of one's own.  The store here is the testing library's, in
 * memory; a real program hands assistant_config_use() a backend that asks its database.
 *
 *	./own_store conference.json "Where is the Skyline stand?"
 */
#include <assistant.h>
#include <assistant/testing.h>
#include <stdio.h>
#include <stdlib.h>

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	long size;

	if (!f)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0) {
		rewind(f);
		text = calloc(1, (size_t)size + 1);
		if (text && fread(text, 1, (size_t)size, f) != (size_t)size) {
			free(text);
			text = NULL;
		}
	}
	fclose(f);
	return text;
}

static int answer(assistant_config *config, const char *question, assistant_error *err)
{
	assistant_chat *chat = NULL;
	const assistant_event *e;
	assistant *a = NULL;
	int r = assistant_open(&a, config, err);

	if (!r)
		r = assistant_chat_new(a, &chat);
	if (!r)
		r = assistant_chat_send(chat, question, 10000, err);
	while (!r && assistant_chat_next(chat, -1, &e) == 0)
		if (assistant_event_type(e) == ASSISTANT_EVENT_DELTA)
			fputs(assistant_event_text(e, NULL), stdout);
	putchar('\n');
	assistant_chat_free(chat);
	assistant_close(a, 1000);
	return r;
}

int main(int argc, char **argv)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_config *config = NULL;
	assistant_fake_store *rows = NULL;
	char *conference = argc == 3 ? read_file(argv[1]) : NULL;
	int r;

	if (!conference) {
		fprintf(stderr, "usage: own_store CONFERENCE.json QUESTION\n");
		return 2;
	}
	r = assistant_config_new(&config);
	if (!r)
		r = assistant_config_load_env(config, &err);
	if (!r)
		r = assistant_fake_store_new(&rows);
	if (!r)
		r = assistant_fake_store_conference(rows, conference, &err);
	if (!r)
		r = assistant_fake_store_use(rows, config, &err);
	if (!r)
		r = answer(config, argv[2], &err);
	if (r)
		fprintf(stderr, "own_store: %s\n", err.message);
	assistant_config_free(config);
	assistant_fake_store_free(rows);
	free(conference);
	return r ? 1 : 0;
}
