/*
 * input.c - a file's bytes in memory.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int input_open(struct input *in, const char *path)
{
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *text;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fprintf(stderr, "erleah-ingest: %s cannot be read: %s.\n", path,
			fd < 0 ? strerror(errno) : "it is not a file");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (st.st_size == 0 || st.st_size > INPUT_MAX_BYTES) {
		fprintf(stderr,
			"erleah-ingest: %s has %lld bytes; 1 byte to 256 MiB is accepted.\n", path,
			(long long)st.st_size);
		close(fd);
		return -1;
	}
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (text == MAP_FAILED) {
		fprintf(stderr, "erleah-ingest: %s cannot be read: %s.\n", path, strerror(errno));
		return -1;
	}
	*in = (struct input){
		.path = path,
		.name = slash ? slash + 1 : path,
		.text = text,
		.len = (size_t)st.st_size,
	};
	return 0;
}

void input_close(struct input *in)
{
	if (in->text)
		munmap((void *)in->text, in->len);
	in->text = NULL;
}

const char *input_begin(const struct input *in, size_t *len)
{
	size_t mark = in->len >= 3 && !memcmp(in->text, "\xef\xbb\xbf", 3) ? 3 : 0;

	*len = in->len - mark;
	return in->text + mark;
}

int input_line(const struct input *in, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at && i < in->len; i++)
		line += in->text[i] == '\n';
	return line;
}
