/*
 * index_suite_parts.h - inside the suite: fixture, data, and the tests of vectors.
 */
#ifndef SERVICE_INDEX_SUITE_PARTS_H
#define SERVICE_INDEX_SUITE_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include "call.h"
#include "index_suite.h"

#define ONE	"11111111-1111-4111-8111-111111111111"
#define OTHER	"22222222-2222-4222-8222-222222222222"
#define T(hour) (1769842800 + (hour)*3600) /* 2026-01-31T08:00+01:00 and so many hours */

struct suite_fixture {
	struct loop *loop;
	struct index *index;
	struct arena *arena;
};

#define CALL(fx, function, ...)                                                                    \
	AWAIT((fx)->loop, f_, (fx)->index->ops->function((fx)->index, ##__VA_ARGS__, f_))

void suite_target_set(struct suite_target *t);
int suite_setup(void **state);	     /* the small conference is in use at epoch 1 */
int suite_setup_empty(void **state); /* nothing is */
int suite_teardown(void **state);

/* A conference of the lines of JSON given: begin, fill, seal. */
struct snapshot *suite_begin(const char *id, uint64_t epoch);
void suite_fill(struct snapshot *s, enum entity type, const char *const *lines, size_t n);
struct snapshot *suite_seal(struct snapshot *s);
struct snapshot *suite_other_conference(uint64_t epoch);
/* Builds, uses and lets go of it. */
void suite_put(struct suite_fixture *fx, struct snapshot *s);

/* index_suite_vectors.c: the number of failed tests. */
int index_suite_run_vectors(const char *name);

#endif
