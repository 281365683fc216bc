/*
 * progress.c - a bar of 30 cells on stderr; where nobody looks at it moving, a line every ten seconds of embedding.
 */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CELLS	   30
#define LINE	   100
#define REDRAW_S   0.1
#define LOG_LINE_S 10.0

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

void progress_begin(struct progress *p, int quiet)
{
	*p = (struct progress){ .quiet = quiet, .terminal = isatty(STDERR_FILENO) };
}

/* "1234 of 6541 texts, 118 a second, 45 s left" */
static void rate(const struct progress *p, size_t done, size_t total, char *out, size_t size)
{
	double seconds = seconds_since(&p->since);
	double per_second = seconds > 0 ? (double)(done - p->from) / seconds : 0;
	int n = snprintf(out, size, "%zu of %zu texts", done, total);

	if (done > p->from && seconds > 0.5 && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, ", %.0f a second, %.0f s left", per_second,
			 (double)(total - done) / per_second);
}

static void draw(struct progress *p, size_t done, size_t total)
{
	static const char full[] = "##############################";
	int percent = total ? (int)(done * 100 / total) : 100;
	int cells = percent * CELLS / 100;
	char more[80] = "";

	if (!strcmp(p->phase, "embed"))
		rate(p, done, total, more, sizeof(more));
	fprintf(stderr, "\r%-8s [%.*s%*s] %3d %%  %-44s", p->phase, cells, full, CELLS - cells, "",
		percent, more);
	fflush(stderr);
	p->shown = 1;
}

static void say(const struct progress *p, size_t done, size_t total)
{
	char more[80];

	rate(p, done, total, more, sizeof(more));
	fprintf(stderr, "Embedding: %s.\n", more);
}

void progress_show(struct progress *p, const char *phase, size_t done, size_t total)
{
	int begins = strcmp(p->phase, phase) != 0, ends = done == total;

	if (p->quiet)
		return;
	if (begins) {
		snprintf(p->phase, sizeof(p->phase), "%s", phase);
		clock_gettime(CLOCK_MONOTONIC, &p->since);
		p->last = p->since;
		p->from = done;
	}
	if (p->terminal && (begins || ends || seconds_since(&p->last) >= REDRAW_S)) {
		draw(p, done, total);
		clock_gettime(CLOCK_MONOTONIC, &p->last);
	} else if (!p->terminal && !strcmp(phase, "embed") &&
		   seconds_since(&p->last) >= LOG_LINE_S) {
		say(p, done, total);
		clock_gettime(CLOCK_MONOTONIC, &p->last);
	}
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r%*s\r", LINE, "");
	p->shown = 0;
}
