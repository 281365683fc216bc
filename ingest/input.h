/*
 * input.h - a file's bytes in memory.
 */
#ifndef INGEST_INPUT_H
#define INGEST_INPUT_H

#include <stddef.h>

#define INPUT_MAX_BYTES (256L << 20)

struct input {
	const char *path;
	const char *name; /* without its folder: for messages */
	const char *text; /* mapped; not NUL-terminated */
	size_t len;
};

/* 0, or -1 after a message on standard error.  path must outlive the input. */
int input_open(struct input *in, const char *path);
void input_close(struct input *in);
/* The text behind a byte order mark. */
const char *input_begin(const struct input *in, size_t *len);
/* The line of a byte, from 1. */
int input_line(const struct input *in, size_t at);

#endif
