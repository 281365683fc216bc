/*
 * weights_here.c - as the product finds them.
 */
#include "weights_here.h"
#include <stdio.h>
#include <stdlib.h>
#include "embedder/embedder.h"

const char *weights_here(void)
{
	static char path[4096];
	struct fail f = FAIL_INIT;

	if (path[0] == '\0' &&
	    minilm_find_weights(getenv("ERLEAH_WEIGHTS"), path, sizeof(path), &f) < 0) {
		fprintf(stderr, "%s\n", f.text);
		exit(1);
	}
	return path;
}
