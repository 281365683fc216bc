/*
 * replay.c - runs a target on every file of a folder (and on each file cut short), so that the kept
 * corpus is tested with every compiler, without libFuzzer.
 */
#include "fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES 65536

/* A block of exactly that size: sanitizers see one byte too far. */
static void run_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_file(const char *folder, const char *name)
{
	static uint8_t data[MAX_BYTES];
	char path[4096];
	size_t size, step;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(1);
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	step = size / 64 + 1;
	for (size_t cut = 0; cut < size; cut += step)
		run_copy(data, cut);
	run_copy(data, size);
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	if (argc != 2) {
		fprintf(stderr, "Usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	dir = opendir(argv[1]);
	if (!dir) {
		perror(argv[1]);
		return 1;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		run_file(argv[1], entry->d_name);
		n++;
	}
	closedir(dir);
	printf("%d files\n", n);
	return n ? 0 : 1;
}
