/*
 * scan_bench.c - what a search in the index costs, beside what reading as many bytes costs on this machine.
 *
 *	scan_bench CONFERENCE.json [REPEATS]
 *
 * The conference's own records and facets; vectors are pseudo-random, of the size that all-MiniLM-L6-v2 makes: their
 * values change no time.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/hash.h"
#include "base/text.h"
#include "index/flat_dense.h"
#include "index/flat_lexical.h"
#include "search/facets.h"
#include "support/call.h"
#include "support/folder.h"
#include "support/programme.h"
#include <libstemmer.h>

#define DIMS	    384
#define FAR_BYTES   ((size_t)256 << 20) /* more than any cache here */
#define MAX_REPEATS 10000
#define ALL_RECORDS 10000

struct bench {
	struct snapshot *snapshot;
	struct arena *arena; /* of the points */
	struct index_points points;
	struct loop *loop;
	struct index *index;
	struct flat_file file;
	struct sb_stemmer *stemmer;
	char *far; /* FAR_BYTES that are not the index */
	float query[DIMS];
	size_t repeats;
	/* A plain read of as many bytes as the vectors have: those themselves, or others that no cache holds. */
	double cache_gbs, memory_gbs;
	double ms[MAX_REPEATS];
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_ms(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return a < b ? -1 : a > b;
}

/* --- Points ------------------------------------------------------------------------ */

static float *vector_of(struct arena *arena, uint64_t seed)
{
	float *v = arena_array(arena, float, DIMS);
	double square = 0;

	for (unsigned i = 0; i < DIMS; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v[i] = (float)((double)(seed >> 40) / (1 << 23) - 1);
		square += (double)v[i] * (double)v[i];
	}
	for (unsigned i = 0; i < DIMS; i++)
		v[i] = (float)((double)v[i] / sqrt(square));
	return v;
}

static void add_record(struct bench *b, const struct record *r, struct index_point *points)
{
	struct facet_text texts[FACETS_PER_ENTITY];
	size_t n = facet_texts(b->snapshot, r, b->arena, texts);

	for (size_t i = 0; i < n; i++) {
		struct index_point *p = &points[b->points.n++];
		uint64_t hash = hash_stable(texts[i].text, strlen(texts[i].text));

		*p = (struct index_point){ r->type, texts[i].facet, r->id, { 0 }, NULL };
		memcpy(p->hash, &hash, sizeof(hash));
		p->vector = vector_of(b->arena, hash);
	}
}

static void make_points(struct bench *b)
{
	const struct snapshot *s = b->snapshot;
	struct index_point *points;

	points = arena_array(b->arena, struct index_point,
			     (s->n[0] + s->n[1] + s->n[2]) * FACETS_PER_ENTITY + 1);
	b->points = (struct index_points){ { "bench", DIMS }, points, 0 };
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		for (size_t i = 0; i < s->n[e]; i++)
			add_record(b, &s->records[e][i], points);
	}
}

/* --- Reading, nothing more ------------------------------------------------------------ */

#define WORDS __attribute__((vector_size(16), may_alias)) uint64_t

/* Eight loads under way at once. */
static uint64_t read_all(const void *bytes, size_t size)
{
	const WORDS *at = bytes;
	WORDS a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

	for (size_t i = 0; i + 7 < size / sizeof(*at); i += 8) {
		a ^= at[i] ^ at[i + 4];
		b ^= at[i + 1] ^ at[i + 5];
		c ^= at[i + 2] ^ at[i + 6];
		d ^= at[i + 3] ^ at[i + 7];
	}
	a ^= b ^ c ^ d;
	return a[0] ^ a[1];
}

static volatile uint64_t sink;

/* --- The table -------------------------------------------------------------------------- */

/* bytes and read_gbs may be 0: there is nothing to compare with. */
static double print_row(struct bench *b, const char *what, size_t bytes, double read_gbs)
{
	double p50, p99, gbs;

	qsort(b->ms, b->repeats, sizeof(*b->ms), by_ms);
	p50 = b->ms[b->repeats / 2];
	p99 = b->ms[b->repeats * 99 / 100];
	gbs = (double)bytes / p50 / 1e6;
	if (bytes && read_gbs > 0)
		printf("%-44s %8.3f %8.3f %8.2f %7.1f %6.0f%%\n", what, p50, p99,
		       (double)bytes / 1e6, gbs, 100 * gbs / read_gbs);
	else if (bytes)
		printf("%-44s %8.3f %8.3f %8.2f %7.1f\n", what, p50, p99, (double)bytes / 1e6, gbs);
	else
		printf("%-44s %8.3f %8.3f\n", what, p50, p99);
	return gbs;
}

static size_t vector_bytes(const struct bench *b)
{
	return b->file.n_floats * sizeof(float);
}

static void time_reads(struct bench *b)
{
	size_t size = vector_bytes(b) / 64 * 64;

	for (size_t i = 0; i < b->repeats; i++) {
		double from = now_ms();

		sink = read_all(b->file.vectors, size);
		b->ms[i] = now_ms() - from;
	}
	b->cache_gbs = print_row(b, "plain read of the vectors, again and again", size, 0);
	for (size_t i = 0; i < b->repeats; i++) {
		size_t part = i % (FAR_BYTES / size);
		double from = now_ms();

		sink = read_all(b->far + part * size, size);
		b->ms[i] = now_ms() - from;
	}
	b->memory_gbs = print_row(b, "plain read of as much, from memory", size, 0);
}

/* Bytes of the vectors that such a question looks at. */
static size_t dense_once(const struct bench *b, const struct vector_kernels *k,
			 const struct dense_query *q)
{
	_cleanup_arena_ struct arena *arena = arena_create(64 << 20);
	struct dense_hits hits = { 0 };
	struct fail f = FAIL_INIT;
	size_t n = 0;

	if (flat_dense(&b->file, k, q, arena, &hits, &f) < 0)
		fprintf(stderr, "%s\n", f.text);
	for (size_t i = 0; i < hits.n; i++) {
		for (unsigned facet = 0; facet < FACET_COUNT; facet++)
			n += hits.hits[i].cosine[facet] > COSINE_NONE;
	}
	return n * b->file.header->stride * sizeof(float);
}

static void time_dense(struct bench *b, const char *what, const struct vector_kernels *k,
		       struct dense_query q, bool far)
{
	size_t bytes;

	q.limit = ALL_RECORDS;
	bytes = dense_once(b, k, &q);
	q.limit = 50;
	for (size_t i = 0; i < b->repeats; i++) {
		double from;

		if (far)
			sink = read_all(b->far, FAR_BYTES / 4);
		from = now_ms();
		dense_once(b, k, &q);
		b->ms[i] = now_ms() - from;
	}
	print_row(b, what, bytes, far ? b->memory_gbs : b->cache_gbs);
}

static void time_filters(struct bench *b, const struct dense_query *all)
{
	const struct snapshot *s = b->snapshot;
	const struct record *r = &s->records[ENTITY_SESSION][s->n[ENTITY_SESSION] / 2];
	const struct vector_kernels *best = vector_kernels_best();
	const char *one[] = { NULL, NULL };
	struct dense_query q = *all;

	q.facets = FACET_BIT(FACET_MASTER);
	time_dense(b, "dense, masters", best, q, false);
	q.facets = FACET_BIT(FACET_SESSION_TOPIC) | FACET_BIT(FACET_LEARNING_OUTCOMES);
	time_dense(b, "dense, two facets of sessions", best, q, false);
	q = *all;
	q.filter.entities = ENTITY_BIT(ENTITY_SPEAKER);
	time_dense(b, "dense, speakers", best, q, false);
	q = *all;
	q.filter.has_window = true;
	q.filter.entities = ENTITY_BIT(ENTITY_SESSION);
	q.filter.from = r->start;
	q.filter.to = r->start + 3600;
	time_dense(b, "dense, an hour's sessions", best, q, false);
	q = *all;
	q.filter.tracks = one;
	one[0] = r->track;
	time_dense(b, "dense, a track", best, q, false);
	q = *all;
	q.filter.places = one;
	one[0] = r->location;
	time_dense(b, "dense, a room", best, q, false);
	q = *all;
	q.filter.ids = one;
	one[0] = r->id;
	time_dense(b, "dense, one record", best, q, false);
}

/* --- Words, and the way through the interface ------------------------------------------------ */

/* Words of a title: what visitors type. */
static const char *words_of(const struct bench *b, size_t i, char buf[static 80])
{
	const struct snapshot *s = b->snapshot;
	size_t n = 0, words = 0;
	const char *name = s->records[ENTITY_SESSION][i * 37 % s->n[ENTITY_SESSION]].name;

	while (name[n] && n < 79 && words < 4)
		words += name[n++] == ' ';
	snprintf(buf, 80, "%.*s", (int)n, name);
	return buf;
}

static void time_lexical(struct bench *b)
{
	char words[80];

	for (size_t i = 0; i < b->repeats; i++) {
		_cleanup_arena_ struct arena *arena = arena_create(64 << 20);
		struct lexical_query q = { .text = words_of(b, i, words),
					   .typos = true,
					   .limit = 50 };
		struct index_hits hits = { 0 };
		double from = now_ms();

		flat_lexical(&b->file, b->stemmer, &q, arena, &hits, NULL);
		b->ms[i] = now_ms() - from;
	}
	print_row(b, "lexical, up to four words of a title", 0, 0);
}

static void time_interface(struct bench *b, const struct dense_query *q)
{
	char words[80];

	for (int dense = 1; dense >= 0; dense--) {
		for (size_t i = 0; i < b->repeats; i++) {
			_cleanup_arena_ struct arena *arena = arena_create(64 << 20);
			struct lexical_query lq = { .text = words_of(b, i, words),
						    .typos = true,
						    .limit = 50 };
			struct dense_hits near = { 0 };
			struct index_hits hits = { 0 };
			const char *id = b->snapshot->conference.id;
			double from = now_ms();

			if (dense)
				AWAIT(b->loop, fl,
				      b->index->ops->dense(b->index, id, q, arena, &near, fl));
			else
				AWAIT(b->loop, fl,
				      b->index->ops->lexical(b->index, id, &lq, arena, &hits, fl));
			b->ms[i] = now_ms() - from;
		}
		print_row(b,
			  dense ? "dense, whole, through the interface"
				: "lexical, through the interface",
			  0, 0);
	}
}

static void run(struct bench *b)
{
	struct dense_query q = { b->query, b->points.space, 0, { 0 }, 50 };
	const struct vector_kernels *k;
	char what[80];

	printf("%zu points, %zu vectors of %u floats, %.1f MB; %zu records; best of this "
	       "processor: "
	       "%s\n\n%-44s %8s %8s %8s %7s %7s\n",
	       b->file.n_points, b->file.n_hashes, b->file.header->dims,
	       (double)vector_bytes(b) / 1e6, b->file.n_records, vector_kernels_best()->name, "",
	       "p50 ms", "p99 ms", "MB", "GB/s", "of read");
	time_reads(b);
	for (unsigned i = 0; (k = vector_kernels_at(i)); i++) {
		snprintf(what, sizeof(what), "dense, whole, %s", k->name);
		time_dense(b, what, k, q, false);
	}
	time_dense(b, "dense, whole, after 64 MB of other things", vector_kernels_best(), q, true);
	time_filters(b, &q);
	time_lexical(b);
	time_interface(b, &q);
}

/* --- Up and down ----------------------------------------------------------------------------- */

static int prepare(struct bench *b, const char *folder, struct fail *f)
{
	const struct snapshot *s = b->snapshot;
	char path[512];
	double from = now_ms();
	int r = flat_index_open(b->loop, folder, NULL, NULL, &b->index, f);

	if (r < 0)
		return r;
	make_points(b);
	from = now_ms();
	r = AWAIT(b->loop, fl, b->index->ops->build(b->index, b->snapshot, &b->points, NULL, fl));
	printf("built in %.0f ms", now_ms() - from);
	from = now_ms();
	if (r == 0)
		r = AWAIT(b->loop, fl,
			  b->index->ops->use(b->index, s->conference.id, s->epoch, fl));
	printf(", mapped and checked in %.1f ms\n", now_ms() - from);
	if (r < 0) {
		*f = *call_fail();
		return r;
	}
	snprintf(path, sizeof(path), "%s/index.%s.%llu", folder, s->conference.id,
		 (unsigned long long)s->epoch);
	memcpy(b->query, vector_of(b->arena, 1), sizeof(b->query));
	return flat_file_map(&b->file, path, f);
}

int main(int argc, char **argv)
{
	static struct bench b;
	char folder[] = "/tmp/erleah-scan-XXXXXX";
	struct fail f = FAIL_INIT;

	b.snapshot = argc > 1 ? programme_read(argv[1]) : NULL;
	b.repeats = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 300;
	if (!b.snapshot || b.repeats < 1 || b.repeats > MAX_REPEATS || !mkdtemp(folder)) {
		fprintf(stderr, "scan_bench CONFERENCE.json [REPEATS, at most %d]\n", MAX_REPEATS);
		return 2;
	}
	b.loop = loop_create();
	b.arena = arena_create((size_t)1 << 30);
	b.stemmer = sb_stemmer_new("english", "UTF_8");
	b.far = malloc(FAR_BYTES);
	if (b.far)
		memset(b.far, 1, FAR_BYTES);
	if (!b.loop || !b.arena || !b.stemmer || !b.far || prepare(&b, folder, &f) < 0)
		fprintf(stderr, "%s\n", f.text);
	else
		run(&b);
	flat_file_finish(&b.file);
	index_destroy(b.index);
	call_drain(b.loop);
	loop_destroy(b.loop);
	sb_stemmer_delete(b.stemmer);
	arena_destroy(b.arena);
	snapshot_unref(b.snapshot);
	free(b.far);
	folder_remove(folder);
	return 0;
}
