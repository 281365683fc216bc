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
#include <stdbool.h>
#include "clean.h"

/*
 * Why something outside failed: one vocabulary for logs, metrics and what to do about it.  Codes say what a caller may
 * do; a cause says what an operator wants to know.  0: as the code says.
 */
enum cause {
	CAUSE_NONE,	    /* no failure of the service: not found, exists already */
	CAUSE_TIMEOUT,	    /* no answer, or no end of it, in time */
	CAUSE_UNREACHABLE,  /* no address, no connection, no TLS */
	CAUSE_CUT_OFF,	    /* the connection ended in mid-answer */
	CAUSE_RATE_LIMITED, /* too many requests: 429 */
	CAUSE_OVERLOADED,   /* the service has too much to do: 503, 529 */
	CAUSE_SERVER_ERROR, /* a fault on its side: other 5xx */
	CAUSE_DENIED,	    /* the key or its rights: 401, 403 */
	CAUSE_SPENT,	    /* its owner's money or quota is used up: no use in trying again */
	CAUSE_REJECTED,	    /* it does not take such a request: 400, 404, 413, 422 */
	CAUSE_PROTOCOL,	    /* its answer makes no sense */
	CAUSE_BROKEN,	    /* not asked: its circuit breaker is open */
	CAUSE_CANCELED,	    /* nobody wants the answer any more */
	CAUSE_INTERNAL,	    /* our own: no memory, a bug */
	CAUSE_COUNT
};

struct fail {
	int code;
	unsigned char cause; /* enum cause; CAUSE_NONE: fail_cause() goes by the code */
	bool final;	     /* the service says that trying again is no use */
	int retry_after_ms;  /* 0: unknown */
	const char *file;    /* where it began */
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
/* The cause that was set, or that of the code. */
enum cause fail_cause(const struct fail *f);
const char *cause_name(enum cause c); /* "rate_limited"; static */
/* A general sentence for a code, when nobody wrote a better one; static. */
const char *fail_sentence(int code);
/* Copies the public part (the general sentence when there is none); err may be NULL.  Returns
 * f->code. */
int fail_export(const struct fail *f, assistant_error *err);
/* "base/json.c:41 json_parse < config_load": for logs; written into buf, never NULL. */
const char *fail_origin(const struct fail *f, char *buf, size_t size);

#endif
