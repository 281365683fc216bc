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

/* --- Vectors ------------------------------------------------------------------------ */

#define NEAR 1e-5

extern const struct vector_space suite_space;

/* The same for the same seed; of length 1. */
float *suite_vector(struct arena *arena, uint64_t seed, unsigned dims);
/* Every record has a master, and most of the facets of its entity; what a text says differs when `changed` is the record's id. */
struct index_points suite_points(struct arena *arena, const struct snapshot *s,
				 struct vector_space space, const char *changed);
struct index_points suite_without_vectors(struct arena *arena, const struct index_points *from);
/* Builds and uses; nothing may be missing. */
void suite_put_points(struct suite_fixture *fx, struct snapshot *s,
		      const struct index_points *points);
size_t suite_n_points(struct suite_fixture *fx); /* in use */
struct dense_hits suite_nearest(struct suite_fixture *fx, const struct dense_query *q);
const struct dense_hit *suite_find_hit(const struct dense_hits *hits, enum entity type,
				       const char *id);
/* The answer is that of the loop that looks at everything, but for rounding; how many records it compared. */
size_t suite_assert_exact(struct suite_fixture *fx, const struct index_points *points,
			  const struct dense_query *q);

#define N_SESSIONS   300
#define N_EXHIBITORS 40
#define N_SPEAKERS   90
/* Hundreds of records, with every column that filters look at. */
struct snapshot *suite_big_conference(uint64_t epoch);

/* The number of failed tests. */
int index_suite_run_vectors(const char *name);
int index_suite_run_staging(const char *name);

#endif
