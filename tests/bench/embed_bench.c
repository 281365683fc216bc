/*
 * embed_bench.c - what embedding costs, through the interface that the product uses; embed_bench.py runs it beside
 * onnxruntime.
 *
 *	embed_bench questions FILE N	one line at a time, N times in all: p50 and p99 in ms, CPU ms each
 *	embed_bench passages FILE T	all lines once, on T lanes: texts/s, CPU ms each
 *
 * Prints one line of JSON, with the resident memory before the model, after it was loaded, and at the end.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "embedder/embedder.h"
#include "support/call.h"

#define MAX_LINES 10000

static char *lines[MAX_LINES];
static size_t n_lines;

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident_mb(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/statm", "r");
	long all = 0, resident = 0;

	if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2)
		return 0;
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static void read_lines(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "r");
	size_t cap = 0;

	while (f && n_lines < MAX_LINES && getline(&lines[n_lines], &cap, f) > 0) {
		lines[n_lines][strcspn(lines[n_lines], "\n")] = '\0';
		n_lines++;
		cap = 0;
	}
	if (n_lines == 0) {
		fprintf(stderr, "%s: no lines\n", path);
		exit(1);
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void questions(struct loop *loop, struct embedder *e, size_t n)
{
	double *ms = calloc(n, sizeof(*ms)), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	float *v = calloc(e->dims, sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		const char *text = lines[i % n_lines];
		double begin = seconds(CLOCK_MONOTONIC);

		if (AWAIT(loop, f, e->ops->embed(e, EMBED_QUERY, &text, 1, v, f)) < 0)
			exit(1);
		ms[i] = (seconds(CLOCK_MONOTONIC) - begin) * 1e3;
	}
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	qsort(ms, n, sizeof(*ms), by_size);
	printf("\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"cpu_ms\": %.3f", ms[n / 2], ms[n * 99 / 100],
	       cpu * 1e3 / (double)n);
	free(ms);
	free(v);
}

/* Every batch is begun as soon as there is a place for it, as ingest does. */
static void passages(struct loop *loop, struct embedder *e)
{
	size_t per = e->max_batch, n_batches = (n_lines + per - 1) / per;
	struct call *calls = calloc(n_batches, sizeof(*calls));
	float *v = calloc(n_lines * e->dims, sizeof(*v));
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

	for (size_t i = 0, done = 0; done < n_batches;) {
		for (; i < n_batches && i - done < e->batches; i++) {
			size_t n = n_lines - i * per < per ? n_lines - i * per : per;

			e->ops->embed(e, EMBED_PASSAGE, (const char *const *)lines + i * per, n,
				      v + i * per * e->dims, call_begin(&calls[i], loop));
		}
		if (call_wait(&calls[done++]) < 0)
			exit(1);
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("\"texts_per_s\": %.1f, \"cpu_ms\": %.3f", (double)n_lines / wall,
	       cpu * 1e3 / (double)n_lines);
	free(calls);
	free(v);
}

int main(int argc, char **argv)
{
	struct fail fail = FAIL_INIT;
	struct loop *loop = loop_create();
	struct embedder *e = NULL;
	double before = resident_mb(), loaded;
	bool asking = argc == 4 && !strcmp(argv[1], "questions");
	unsigned n = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

	if (argc != 4 || n == 0) {
		fprintf(stderr, "usage: embed_bench questions|passages FILE N\n");
		return 2;
	}
	read_lines(argv[2]);
	if (minilm_open(loop, getenv("ERLEAH_WEIGHTS"), asking ? 1 : n, NULL, NULL, &e, &fail) <
		    0 ||
	    AWAIT(loop, f, e->ops->ping(e, f)) < 0) {
		fprintf(stderr, "%s\n", fail.text[0] ? fail.text : call_fail()->text);
		return 1;
	}
	loaded = resident_mb();
	printf("{");
	if (asking)
		questions(loop, e, n);
	else
		passages(loop, e);
	printf(", \"rss_before_mb\": %.1f, \"rss_loaded_mb\": %.1f, \"rss_mb\": %.1f}\n", before,
	       loaded, resident_mb());
	embedder_destroy(e);
	call_drain(loop);
	loop_destroy(loop);
	for (size_t i = 0; i < n_lines; i++)
		free(lines[i]);
	return 0;
}
