/*
 * check.c - says which invariant broke, where, and stops.
 */
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *kind, const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s broken: %s\n", file, line, kind, what);
	fflush(stderr);
	abort();
}
