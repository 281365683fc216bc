/*
 * test_flat_vectors.c - what is the embedded index's own about vectors: kernels, the journal and its damage, processes that share
 * a directory, disks that are full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/clean.h"
#include "flat_fixture.h"
#include "index/flat_journal.h"
#include "index/kernels.h"

#define DIMS 8

static const struct vector_space space = { "test-model", DIMS };

/* --- Kernels ------------------------------------------------------------------------- */

static void check_kernels(const struct vector_kernels *k, size_t stride, size_t n)
{
	float *vectors = calloc(4 * n * stride, sizeof(*vectors)),
	      *query = vectors + 3 * n * stride;
	float *out = calloc(n + 1, sizeof(*out));
	uint32_t *rows = calloc(n, sizeof(*rows));
	uint32_t seed = 1;

	for (size_t i = 0; i < 4 * n * stride; i++) {
		seed = seed * 1664525 + 1013904223;
		vectors[i] = (float)((double)(seed >> 8) / (1 << 23) - 1);
	}
	for (size_t i = 0; i < n; i++)
		rows[i] = (uint32_t)(i * 7 % (3 * n)); /* gaps, and backwards */
	out[n] = 42;
	k->dots(query, vectors, stride, rows, n, out);
	for (size_t i = 0; i < n; i++) {
		double dot = 0;

		for (size_t d = 0; d < stride; d++)
			dot += (double)query[d] * (double)vectors[rows[i] * stride + d];
		assert_true(fabs(dot - (double)out[i]) < 1e-3);
	}
	assert_true(out[n] > 41.9f && out[n] < 42.1f);
	free(vectors);
	free(out);
	free(rows);
}

static void test_kernels_agree(void **state)
{
	const struct vector_kernels *k;
	unsigned n = 0;

	for (; (k = vector_kernels_at(n)); n++) {
		for (size_t stride = 16; stride <= 400; stride += 16) {
			for (size_t rows = 1; rows < 12; rows++)
				check_kernels(k, stride, rows);
		}
	}
	assert_ptr_equal(vector_kernels_best(), vector_kernels_at(n - 1));
	assert_string_equal(vector_kernels_at(0)->name, "portable");
	assert_int_equal(kernel_stride(1), 16);
	assert_int_equal(kernel_stride(384), 384);
}

/* --- The journal ----------------------------------------------------------------------- */

/* The i-th hash, and a vector that tells which it is. */
static void make(unsigned i, uint8_t hash[static POINT_HASH_SIZE], float vector[static DIMS])
{
	memset(hash, 0, POINT_HASH_SIZE);
	memcpy(hash, &i, sizeof(i));
	for (unsigned d = 0; d < DIMS; d++)
		vector[d] = d == i % DIMS ? (i / DIMS % 2 ? -1.0f : 1.0f) : 0.0f;
}

static int append(struct flat_journal *j, unsigned from, unsigned n, struct fail *f)
{
	uint8_t hashes[64][POINT_HASH_SIZE];
	float vectors[64][DIMS];

	for (unsigned i = 0; i < n; i++)
		make(from + i, hashes[i], vectors[i]);
	return flat_journal_append(j, &space, (const uint8_t(*)[POINT_HASH_SIZE])hashes, vectors[0],
				   n, f);
}

/* What a reader sees: each once at most, each whole. */
struct seen {
	bool known[4096];
	size_t n;
};

static bool see(void *ctx, const uint8_t hash[static POINT_HASH_SIZE], const float *vector)
{
	struct seen *s = ctx;
	uint8_t want_hash[POINT_HASH_SIZE];
	float want[DIMS];
	unsigned i;

	memcpy(&i, hash, sizeof(i));
	assert_true(i < ARRAY_SIZE(s->known));
	make(i, want_hash, want);
	assert_memory_equal(hash, want_hash, POINT_HASH_SIZE);
	assert_memory_equal(vector, want, sizeof(want));
	assert_false(s->known[i]);
	s->known[i] = true;
	s->n++;
	return false;
}

static struct seen read_journal(const char *path)
{
	struct seen s = { 0 };
	struct fail f = FAIL_INIT;

	if (flat_journal_read(path, &space, see, &s, &f) < 0)
		fail_msg("%s", f.text);
	return s;
}

static void journal_path(const struct flat_fixture *fx, char path[static 128])
{
	snprintf(path, 128, "%s/staged.%s", fx->directory, ONE);
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : st.st_size;
}

static struct flat_journal *open_journal(const char *path)
{
	struct flat_journal *j = NULL;
	struct fail f = FAIL_INIT;

	if (flat_journal_open(path, &j, &f) < 0)
		fail_msg("%s", f.text);
	return j;
}

/* Killed at any byte of the last record: the others are there, and the next append begins behind them. */
static void test_torn_at_every_byte(void **state)
{
	struct flat_fixture *fx = *state;
	struct fail f = FAIL_INIT;
	char path[128];
	off_t before, after;

	journal_path(fx, path);
	for (off_t cut = 0, all = 1; cut < all; cut++) {
		struct flat_journal *j = open_journal(path);

		assert_int_equal(append(j, 0, 4, &f), 0);
		before = size_of(path);
		assert_int_equal(append(j, 4, 1, &f), 0);
		after = size_of(path);
		all = after - before;
		flat_journal_close(j);
		assert_int_equal(truncate(path, before + cut), 0);
		assert_int_equal(read_journal(path).n, 4);
		j = open_journal(path);
		assert_int_equal(append(j, 5, 2, &f), 0);
		assert_int_equal(size_of(path), before + 2 * all);
		assert_int_equal(read_journal(path).n, 6);
		assert_false(read_journal(path).known[4]);
		flat_journal_discard(j, path);
		assert_int_equal(size_of(path), -1);
	}
}

/* Cut within the header: there was nothing in it yet. */
static void test_torn_header(void **state)
{
	struct flat_fixture *fx = *state;
	struct fail f = FAIL_INIT;
	char path[128];

	journal_path(fx, path);
	for (off_t cut = 0; cut < 128; cut += 9) {
		struct flat_journal *j = open_journal(path);

		assert_int_equal(append(j, 0, 1, &f), 0);
		assert_int_equal(truncate(path, cut), 0);
		assert_int_equal(read_journal(path).n, 0);
		assert_int_equal(append(j, 1, 3, &f), 0);
		assert_int_equal(read_journal(path).n, 3);
		flat_journal_discard(j, path);
	}
}

static void flip(const char *path, off_t at)
{
	_cleanup_close_ int fd = open(path, O_RDWR);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* A page that a power cut left unwritten: that record is passed over, those behind it are not. */
static void test_damaged_records(void **state)
{
	struct flat_fixture *fx = *state;
	struct flat_journal *j;
	struct fail f = FAIL_INIT;
	off_t header, record;
	char path[128];

	journal_path(fx, path);
	j = open_journal(path);
	assert_int_equal(append(j, 0, 1, &f), 0);
	header = size_of(path);
	assert_int_equal(append(j, 1, 6, &f), 0);
	record = (size_of(path) - header) / 6;
	header -= record;
	for (off_t at = 0; at < record; at++) {
		flip(path, header + 3 * record + at);
		assert_int_equal(read_journal(path).n, 6);
		assert_false(read_journal(path).known[3]);
		flip(path, header + 3 * record + at);
	}
	/* At the end they are written over. */
	flip(path, header + 6 * record);
	flip(path, header + 5 * record + 20);
	assert_int_equal(append(j, 9, 1, &f), 0);
	assert_int_equal(size_of(path), header + 6 * record);
	assert_int_equal(read_journal(path).n, 6);
	assert_true(read_journal(path).known[9]);
	flat_journal_close(j);
}

static void test_another_model_begins_anew(void **state)
{
	struct flat_fixture *fx = *state;
	const struct vector_space other = { "other-model", DIMS };
	uint8_t hash[1][POINT_HASH_SIZE];
	float vector[DIMS];
	struct seen seen = { 0 };
	struct fail f = FAIL_INIT;
	struct flat_journal *j;
	char path[128];

	journal_path(fx, path);
	j = open_journal(path);
	assert_int_equal(append(j, 0, 9, &f), 0);
	assert_int_equal(flat_journal_read(path, &other, see, &seen, &f), 0);
	assert_int_equal(seen.n, 0);
	make(3, hash[0], vector);
	assert_int_equal(flat_journal_append(j, &other, (const uint8_t(*)[POINT_HASH_SIZE])hash,
					     vector, 1, &f),
			 0);
	assert_int_equal(read_journal(path).n, 0);
	assert_int_equal(flat_journal_read(path, &other, see, &seen, &f), 0);
	assert_int_equal(seen.n, 1);
	flat_journal_close(j);
}

/* --- Processes -------------------------------------------------------------------------- */

/* A child that stages one record after another, from `from` on, until it has n or is killed. */
static pid_t stage_in_child(const char *path, unsigned from, unsigned n)
{
	pid_t child = fork();

	if (child == 0) {
		struct flat_journal *j = NULL;
		struct fail f = FAIL_INIT;

		if (flat_journal_open(path, &j, &f) < 0)
			_exit(1);
		for (unsigned i = 0; i < n; i++) {
			if (append(j, from + i, 1, &f) < 0)
				_exit(2);
		}
		_exit(0);
	}
	return child;
}

static int ended(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void test_two_processes_stage(void **state)
{
	struct flat_fixture *fx = *state;
	pid_t children[3];
	char path[128];

	journal_path(fx, path);
	for (unsigned i = 0; i < 3; i++)
		children[i] = stage_in_child(path, 200 * i, 100);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ended(children[i]), 0);
	assert_int_equal(read_journal(path).n, 300);
}

static void test_killed_while_staging(void **state)
{
	struct flat_fixture *fx = *state;
	struct fail f = FAIL_INIT;
	char path[128];
	unsigned from = 0;

	journal_path(fx, path);
	for (int round = 0; round < 10; round++, from += 300) {
		pid_t child = stage_in_child(path, from, 300);
		struct flat_journal *j;
		size_t n;

		while (size_of(path) < 500 * (round + 1) && waitpid(child, NULL, WNOHANG) == 0)
			usleep(200);
		kill(child, SIGKILL);
		ended(child);
		n = read_journal(path).n;
		assert_true(n > 0);
		j = open_journal(path);
		assert_int_equal(append(j, 4000 + (unsigned)round, 1, &f), 0);
		assert_int_equal(read_journal(path).n, n + 1);
		flat_journal_close(j);
	}
}

static const uint8_t (*hashes_of(const struct index_point *points, size_t n,
				 struct arena *arena))[POINT_HASH_SIZE]
{
	uint8_t(*hashes)[POINT_HASH_SIZE] = arena_alloc(arena, n * POINT_HASH_SIZE);

	for (size_t i = 0; i < n; i++)
		memcpy(hashes[i], points[i].hash, POINT_HASH_SIZE);
	return (const uint8_t(*)[POINT_HASH_SIZE])hashes;
}

/* Masters of the first n sessions of the suite's conference. */
static struct index_points masters(struct arena *arena, unsigned n)
{
	struct index_point *points = arena_array(arena, struct index_point, n);

	for (unsigned i = 0; i < n; i++) {
		float *vector = arena_array(arena, float, DIMS);

		points[i] = (struct index_point){ ENTITY_SESSION,
						  FACET_MASTER,
						  arena_printf(arena, "s%u", i + 1),
						  { 0 },
						  vector };
		make(i, points[i].hash, vector);
	}
	return (struct index_points){ space, points, n };
}

static size_t n_known(struct flat_fixture *fx, struct index *index,
		      const struct index_points *points)
{
	bool known[16] = { false };
	size_t n = 0;

	assert_int_equal(AWAIT(fx->loop, fl,
			       index->ops->known(index, ONE, points->space,
						 hashes_of(points->points, points->n, fx->arena),
						 points->n, known, fl)),
			 0);
	for (size_t i = 0; i < points->n; i++)
		n += known[i];
	return n;
}

static struct index *open_other(struct flat_fixture *fx)
{
	struct index *other = NULL;
	struct fail f = FAIL_INIT;

	if (flat_index_open(fx->loop, fx->directory, NULL, NULL, &other, &f) < 0)
		fail_msg("%s", f.text);
	return other;
}

/* Who is done first leaves the journal to who is not. */
static void test_journal_stays_for_others(void **state)
{
	struct flat_fixture *fx = *state;
	struct index *other = open_other(fx);
	struct snapshot *s = suite_conference(ONE, 1);
	struct index_points mine = masters(fx->arena, 3), theirs = masters(fx->arena, 5);
	size_t n_missing = 7;
	char path[128];

	journal_path(fx, path);
	theirs.points += 3;
	theirs.n = 2;
	assert_int_equal(CALL(fx, stage, ONE, &mine), 0);
	assert_int_equal(AWAIT(fx->loop, fl, other->ops->stage(other, ONE, &theirs, fl)), 0);
	assert_int_equal(CALL(fx, build, s, &mine, &n_missing), 0);
	assert_int_equal(n_missing, 0);
	assert_int_equal(n_known(fx, fx->index, &theirs), 2);
	assert_int_equal(AWAIT(fx->loop, fl, other->ops->build(other, s, &theirs, &n_missing, fl)),
			 0);
	assert_int_equal(size_of(path), -1);
	/* And what is staged after that is in a file that readers find. */
	assert_int_equal(CALL(fx, stage, ONE, &mine), 0);
	assert_int_equal(n_known(fx, other, &mine), 3);
	index_destroy(other);
	snapshot_unref(s);
}

/* A process that has not used any epoch yet, as ingest begins. */
static void test_found_in_files_not_in_use(void **state)
{
	struct flat_fixture *fx = *state;
	struct index_points points = masters(fx->arena, 4);
	struct snapshot *s = suite_conference(ONE, 1);
	struct index *other;

	assert_int_equal(CALL(fx, build, s, &points, NULL), 0);
	other = open_other(fx);
	assert_int_equal(n_known(fx, other, &points), 4);
	points.space.model = "another";
	assert_int_equal(n_known(fx, other, &points), 0);
	index_destroy(other);
	snapshot_unref(s);
}

/* The epoch that another process uses gains vectors: it looks within a second or so. */
static void test_other_process_goes_over(void **state)
{
	struct flat_fixture *fx = *state;
	struct index_points points = masters(fx->arena, 4);
	struct index *other = open_other(fx);
	struct snapshot *s = suite_conference(ONE, 1);
	struct dense_query q = { points.points[2].vector, space, 0, { 0 }, 10 };
	struct dense_hits hits = { 0 };

	assert_int_equal(CALL(fx, build, s, NULL, NULL), 0);
	assert_int_equal(AWAIT(fx->loop, fl, other->ops->use(other, ONE, 1, fl)), 0);
	assert_int_equal(CALL(fx, build, s, &points, NULL), 0);
	for (int tries = 0; hits.n == 0 && tries < 500; tries++) {
		usleep(10000);
		assert_int_equal(AWAIT(fx->loop, fl,
				       other->ops->dense(other, ONE, &q, fx->arena, &hits, fl)),
				 0);
	}
	assert_int_equal(hits.n, 4);
	assert_string_equal(hits.hits[0].id, "s3");
	index_destroy(other);
	snapshot_unref(s);
}

/* --- Disks --------------------------------------------------------------------------------- */

/* From now on files end after so many bytes. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_IGN);
}

static void test_full_disk(void **state)
{
	struct flat_fixture *fx = *state;
	struct index_points points = masters(fx->arena, 5), more = masters(fx->arena, 6);
	struct snapshot *s = suite_conference(ONE, 1);
	struct dense_query q = { points.points[2].vector, space, 0, { 0 }, 10 };
	struct dense_hits hits = { 0 };
	char path[128];
	off_t before;

	journal_path(fx, path);
	assert_int_equal(CALL(fx, build, s, &points, NULL), 0);
	assert_int_equal(CALL(fx, use, ONE, 1), 0);
	assert_int_equal(CALL(fx, stage, ONE, &points), 0);
	before = size_of(path);
	limit_files((rlim_t)before + 10);
	more.points += 5;
	more.n = 1;
	assert_int_equal(CALL(fx, stage, ONE, &more), ASSISTANT_EUNAVAILABLE);
	assert_non_null(strstr(call_fail()->text, "File too large"));
	assert_int_equal(size_of(path), before);
	assert_int_equal(CALL(fx, build, s, &points, NULL), ASSISTANT_EUNAVAILABLE);
	assert_non_null(strstr(call_fail()->text, "cannot be written"));
	limit_files(RLIM_INFINITY);
	assert_int_equal(n_known(fx, fx->index, &points), 5);
	/* What was in use still is, for this process and for the next. */
	assert_int_equal(CALL(fx, use, ONE, 1), 0);
	assert_int_equal(CALL(fx, dense, ONE, &q, fx->arena, &hits), 0);
	assert_int_equal(hits.n, 5);
	for (size_t i = 0; i < hits.n; i++) /* hints that hold */
		assert_string_equal(s->records[hits.hits[i].type][hits.hits[i].row].id,
				    hits.hits[i].id);
	assert_int_equal(CALL(fx, stage, ONE, &more), 0);
	assert_int_equal(n_known(fx, fx->index, &more), 1);
	snapshot_unref(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, flat_fixture_setup, flat_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels_agree),
		TEST(test_torn_at_every_byte),
		TEST(test_torn_header),
		TEST(test_damaged_records),
		TEST(test_another_model_begins_anew),
		TEST(test_two_processes_stage),
		TEST(test_killed_while_staging),
		TEST(test_journal_stays_for_others),
		TEST(test_found_in_files_not_in_use),
		TEST(test_other_process_goes_over),
		TEST(test_full_disk),
	};

	return cmocka_run_group_tests_name("flat vectors", tests, NULL, NULL);
}
