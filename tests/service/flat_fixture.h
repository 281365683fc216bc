/*
 * flat_fixture.h - an embedded index in a directory of its own.
 */
#ifndef SERVICE_FLAT_FIXTURE_H
#define SERVICE_FLAT_FIXTURE_H

#include <stddef.h>
#include <stdint.h>
#include "call.h"
#include "index_suite.h"

#define ONE "11111111-1111-4111-8111-111111111111"

struct flat_fixture {
	struct loop *loop;
	struct index *index;
	char directory[64];
	struct arena *arena;
};

#define CALL(fx, function, ...)                                                                    \
	AWAIT((fx)->loop, f_, (fx)->index->ops->function((fx)->index, ##__VA_ARGS__, f_))

/* Of a struct suite_target whose ctx is char[64]: the directory. */
int flat_target_open(struct suite_target *t, struct loop *loop, struct index **out);
void flat_target_close(struct suite_target *t, struct loop *loop, struct index *index);

int flat_fixture_setup(void **state);
int flat_fixture_teardown(void **state);
/* The suite's small conference, words only. */
int flat_fixture_build(struct flat_fixture *fx, const char *id, uint64_t epoch);

#endif
