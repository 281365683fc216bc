/*
 * qdrant_fixture.h - an index in the double of Qdrant (tests/support/qdrant), which runs as long as the test program.
 */
#ifndef SERVICE_QDRANT_FIXTURE_H
#define SERVICE_QDRANT_FIXTURE_H

#include <stddef.h>
#include <stdint.h>
#include "aio/http.h"
#include "call.h"
#include "index_suite.h"

struct fake {
	char url[64];
	int in, out; /* its standard input, which keeps it alive, and output */
	int pid;
};

/* args: beside the program's own; NULL-terminated, may be NULL. */
void fake_start(struct fake *fake, const char *const *args);
void fake_stop(struct fake *fake);

/* Of one test: collections of its own, by their prefix. */
struct qdrant_target {
	struct fake fake;
	struct http *http;
	char prefix[32];
	bool guarded; /* as the product has it */
	unsigned n_opened;
};

int qdrant_target_open(struct suite_target *t, struct loop *loop, struct index **out);
void qdrant_target_close(struct suite_target *t, struct loop *loop, struct index *index);

/* A request to the double, past the index: status, and the body in arena. */
int fake_ask(struct loop *loop, const struct fake *fake, const char *method, const char *path,
	     const char *body, struct arena *arena, const char **answer);
/* Fails the test when the double refused a request as not Qdrant's. */
void fake_assert_valid(struct loop *loop, const struct fake *fake);

#endif
