/*
 * openai_fake.h - the double of OpenAI's embeddings (openai/fake.mjs) as a process of a test.
 */
#ifndef SUPPORT_OPENAI_FAKE_H
#define SUPPORT_OPENAI_FAKE_H

#include <stdbool.h>
#include <sys/types.h>

#define OPENAI_FAKE_KEY "sk-test-0123456789"

struct openai_fake {
	pid_t pid;
	int port;
	char url[64]; /* http://127.0.0.1:1234/v1 */
};

/* Aborts the program when it does not start. */
void openai_fake_start(struct openai_fake *f);
void openai_fake_stop(struct openai_fake *f);
/* JSON: the behaviours of the requests to come. */
void openai_fake_plan(struct openai_fake *f, const char *behaviours);
/* JSON of what was asked since the last time; malloc()ed. */
char *openai_fake_requests(struct openai_fake *f);

#endif
