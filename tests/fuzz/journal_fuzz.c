/*
 * Staged vectors.  The first byte says how a journal of three good records is damaged (bit 0: cut, bit 1: bytes changed, bit
 * 2: bytes behind its end; the bytes that follow say where and what) or, with bit 3, that the rest is the file.  Whatever
 * is in it: it is read to its end, and what is then appended is read back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fuzz.h"
#include "index/flat_journal.h"

#define DIMS 3

static const struct vector_space space = { "fuzz", DIMS };
static const float vectors[4][DIMS] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 }, { 0, 0.6f, 0.8f } };
static const uint8_t hashes[4][POINT_HASH_SIZE] = { { 1 }, { 2 }, { 3 }, { 4 } };

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Which of ours it is; the checksum is none that a fuzzer could not forge, so others may come too. */
static bool see(void *ctx, const uint8_t hash[static POINT_HASH_SIZE], const float *vector)
{
	unsigned *seen = ctx;

	for (unsigned i = 0; i < 4; i++) {
		if (memcmp(hash, hashes[i], POINT_HASH_SIZE) == 0 &&
		    memcmp(vector, vectors[i], sizeof(vectors[i])) == 0)
			*seen |= 1u << i;
	}
	return false;
}

static unsigned read_back(const char *path)
{
	unsigned seen = 0;

	require(flat_journal_read(path, &space, see, &seen, NULL) == 0);
	return seen;
}

static void append(const char *path, unsigned from, unsigned n)
{
	struct flat_journal *j = NULL;

	require(flat_journal_open(path, &j, NULL) == 0);
	require(flat_journal_append(j, &space, hashes + from, vectors[from], n, NULL) == 0);
	flat_journal_close(j);
}

static void damage(int fd, uint8_t how, const uint8_t *data, size_t size)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if ((how & 1) && size > 1)
		require(ftruncate(fd, (data[0] | data[1] << 8) % (end + 1)) == 0);
	for (size_t i = 0; (how & 2) && i + 3 <= size; i += 3)
		require(pwrite(fd, data + i + 2, 1, (data[i] | data[i + 1] << 8) % end) == 1);
	if (how & 4)
		require(pwrite(fd, data, size, lseek(fd, 0, SEEK_END)) == (ssize_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory where there is such a folder: every append is synced. */
	char path[64];
	int fd;

	if (size < 1)
		return 0;
	snprintf(path, sizeof(path), "%s/erleah-journal-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	fd = mkstemp(path);
	require(fd >= 0);
	if (data[0] & 8) {
		require(pwrite(fd, data + 1, size - 1, 0) == (ssize_t)(size - 1));
	} else {
		append(path, 0, 3);
		require(read_back(path) == 7);
		damage(fd, data[0], data + 1, size - 1);
	}
	read_back(path);
	append(path, 3, 1);
	require(read_back(path) & 1u << 3);
	close(fd);
	unlink(path);
	return 0;
}
