/*
 * progress.c - a bar of 30 cells on stderr.
 */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CELLS 30

void progress_begin(struct progress *p, int quiet)
{
	*p = (struct progress){ .on = !quiet && isatty(STDERR_FILENO), .percent = -1 };
}

void progress_show(struct progress *p, const char *phase, size_t done, size_t total)
{
	static const char full[] = "##############################";
	int percent = total ? (int)(done * 100 / total) : 100;
	int cells = percent * CELLS / 100;

	if (!p->on || (percent == p->percent && !strcmp(p->phase, phase)))
		return;
	p->percent = percent;
	p->shown = 1;
	snprintf(p->phase, sizeof(p->phase), "%s", phase);
	fprintf(stderr, "\r%-8s [%.*s%*s] %3d %%", phase, cells, full, CELLS - cells, "", percent);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r%*s\r", CELLS + 20, "");
	p->shown = 0;
}
