/*
 * history_file.c - see history_file.h.
 */
#include "history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONG_LINES (2 * HISTORY_LINES)

/* Makes every folder of the path that is missing; 0 or -1. */
static int make_folders(char *path)
{
	for (char *at = path + 1;; at++) {
		char was = *at;

		if (was && was != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -1;
		*at = was;
		if (!was)
			return 0;
	}
}

/* "$XDG_STATE_HOME/erleah", malloc()ed; NULL when the environment knows no place. */
static char *folder(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;

	if (state && *state == '/')
		return asprintf(&path, "%s/erleah", state) < 0 ? NULL : path;
	if (home && *home == '/')
		return asprintf(&path, "%s/.local/state/erleah", home) < 0 ? NULL : path;
	return NULL;
}

void history_file_open(struct history_file *h)
{
	char *path = folder();

	h->path = NULL;
	if (path && make_folders(path) == 0 && asprintf(&h->path, "%s/history", path) < 0)
		h->path = NULL;
	free(path);
}

struct lines {
	char **lines;
	size_t n;
};

static void read_lines(struct lines *l, FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, file)) > 0) {
		char **more;

		if (line[len - 1] == '\n')
			line[--len] = '\0';
		more = *line ? realloc(l->lines, (l->n + 1) * sizeof(*more)) : NULL;
		if (!more)
			continue;
		l->lines = more;
		l->lines[l->n] = strdup(line);
		l->n += l->lines[l->n] != NULL;
	}
	free(line);
}

/* The last lines into a new file, which then takes the old one's place. */
static void cut(const struct history_file *h, const struct lines *l)
{
	char *path = NULL;
	FILE *file = NULL;
	int fd = -1, r = 0;

	if (asprintf(&path, "%s.XXXXXX", h->path) < 0)
		return;
	fd = mkostemp(path, O_CLOEXEC);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file) {
		for (size_t i = l->n - HISTORY_LINES; i < l->n; i++)
			fprintf(file, "%s\n", l->lines[i]);
		r = ferror(file);
		if (fclose(file) != 0 || r || rename(path, h->path) < 0)
			unlink(path);
	} else if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	free(path);
}

void history_file_load(struct history_file *h, void (*fn)(void *ctx, const char *line), void *ctx)
{
	struct lines l = { 0 };
	FILE *file = h->path ? fopen(h->path, "re") : NULL;

	if (!file)
		return;
	read_lines(&l, file);
	fclose(file);
	for (size_t i = l.n > HISTORY_LINES ? l.n - HISTORY_LINES : 0; i < l.n; i++)
		fn(ctx, l.lines[i]);
	if (l.n > LONG_LINES)
		cut(h, &l);
	for (size_t i = 0; i < l.n; i++)
		free(l.lines[i]);
	free(l.lines);
}

void history_file_append(struct history_file *h, const char *line)
{
	int fd = h->path ? open(h->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
	char *text = NULL;
	int len = fd >= 0 ? asprintf(&text, "%s\n", line) : -1;

	/* One write: lines of two programs never mix. */
	if (len > 0 && write(fd, text, (size_t)len) != len)
		errno = 0; /* a history that cannot be kept stops nobody */
	if (len > 0)
		free(text);
	if (fd >= 0)
		close(fd);
}

void history_file_close(struct history_file *h)
{
	free(h->path);
	h->path = NULL;
}
