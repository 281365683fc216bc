/*
 * fail.h - what went wrong, said once, at the bottom.
 *
 * A function that can fail returns 0 or a negative ASSISTANT_E code and takes a struct fail as
 * last parameter (NULL: the caller does not care).  The origin writes the one plain sentence with
 * FAIL(); those above return the code unread, or mark the passage with FAIL_PASS().
 */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include <assistant.h>
#include "clean.h"

struct fail {
	int code;
	int retry_after_ms; /* 0: unknown */
	const char *file;   /* where it began */
	int line;
	const char *func;
	const char *passed[6]; /* functions it passed through, oldest first */
	int n_passed;
	char text[248];
};

#define FAIL_INIT                                                                                  \
	{                                                                                          \
		.code = 0                                                                          \
	}

/* Writes code and sentence with its origin; returns code, so that `return FAIL(...)` reads well. */
#define FAIL(f, code, ...) fail_at((f), (code), __FILE__, __LINE__, __func__, __VA_ARGS__)
#define FAIL_PASS(f, code) fail_pass((f), (code), __func__)

int fail_at(struct fail *f, int code, const char *file, int line, const char *func, const char *fmt,
	    ...) _printf_(6, 7);
int fail_pass(struct fail *f, int code, const char *func);
/* "unavailable": a code in one word, for logs, metrics and JSON; static. */
const char *fail_name(int code);
/* A general sentence for a code, when nobody wrote a better one; static. */
const char *fail_sentence(int code);
/* Copies the public part (the general sentence when there is none); err may be NULL.  Returns
 * f->code. */
int fail_export(const struct fail *f, assistant_error *err);
/* "base/json.c:41 json_parse < config_load": for logs; written into buf, never NULL. */
const char *fail_origin(const struct fail *f, char *buf, size_t size);

#endif
