/*
 * flat_journal.c - see flat_journal.h.
 */
#include "index/flat_journal.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "index/flat_file.h"

#define MAGIC	"ErlhStg"
#define VERSION 1

struct journal_header {
	char magic[8];
	uint32_t version, byte_order;
	char model[FLAT_MODEL];
	uint32_t dims, reserved;
	uint64_t checksum; /* of what is above */
};

struct flat_journal {
	char *path;
	int fd;
};

static int failed(const char *path, struct fail *f)
{
	return FAIL(f, ASSISTANT_EUNAVAILABLE, "%.150s cannot be written: %s", path,
		    strerror(errno));
}

/* --- Headers and records --------------------------------------------------------- */

static void header_make(struct journal_header *h, const struct vector_space *space)
{
	*h = (struct journal_header){ .magic = MAGIC,
				      .version = VERSION,
				      .byte_order = FLAT_BYTE_ORDER,
				      .dims = space->dims };
	snprintf(h->model, sizeof(h->model), "%s", space->model);
	h->checksum = flat_checksum(0, h, offsetof(struct journal_header, checksum));
}

/* hash, floats, checksum; that of another model's record does not match. */
static size_t record_size(const struct vector_space *space)
{
	return POINT_HASH_SIZE + space->dims * sizeof(float) + sizeof(uint64_t);
}

static uint64_t record_checksum(const struct journal_header *h, const char *record, size_t size)
{
	return flat_checksum(h->checksum, record, size - sizeof(uint64_t));
}

static bool record_good(const struct journal_header *h, const char *record, size_t size)
{
	uint64_t checksum;

	memcpy(&checksum, record + size - sizeof(checksum), sizeof(checksum));
	return checksum == record_checksum(h, record, size);
}

static bool read_at(int fd, void *bytes, size_t size, off_t at)
{
	char *to = bytes;

	while (size) {
		ssize_t n = pread(fd, to, size, at);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0) {
			to += n;
			at += n;
			size -= (size_t)n;
		}
	}
	return true;
}

static bool write_at(int fd, const void *bytes, size_t size, off_t at)
{
	const char *from = bytes;

	while (size) {
		ssize_t n = pwrite(fd, from, size, at);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			from += n;
			at += n;
			size -= (size_t)n;
		}
	}
	return true;
}

/* --- Opening ------------------------------------------------------------------------ */

static int lock_whole(int fd, int operation)
{
	int r;

	do
		r = flock(fd, operation);
	while (r < 0 && errno == EINTR);
	return r;
}

/* A file that somebody removed before we held the lock is not the journal any more. */
static int open_locked(const char *path)
{
	struct stat st;

	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0)
			return -1;
		if (lock_whole(fd, LOCK_SH) < 0 || fstat(fd, &st) < 0) {
			close(fd);
			return -1;
		}
		if (st.st_nlink > 0)
			return fd;
		close(fd);
	}
}

int flat_journal_open(const char *path, struct flat_journal **out, struct fail *f)
{
	struct flat_journal *j = calloc(1, sizeof(*j));

	if (j)
		j->path = strdup(path);
	if (!j || !j->path) {
		free(j);
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for staged vectors");
	}
	j->fd = open_locked(path);
	if (j->fd < 0) {
		int r = failed(path, f);

		free(j->path);
		free(j);
		return r;
	}
	*out = j;
	return 0;
}

void flat_journal_close(struct flat_journal *j)
{
	if (!j)
		return;
	close(j->fd);
	free(j->path);
	free(j);
}

void flat_journal_discard(struct flat_journal *j, const char *path)
{
	int fd = j ? j->fd : open(path, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && lock_whole(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    st.st_nlink > 0)
		unlink(path);
	if (j)
		flat_journal_close(j);
	else if (fd >= 0)
		close(fd);
}

/* --- Appending ------------------------------------------------------------------------ */

static int lock_bytes(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int r;

	do
		r = fcntl(fd, F_OFD_SETLKW, &lock);
	while (r < 0 && errno == EINTR);
	return r;
}

/* Behind the last good record, where the next one goes; -1: errno tells. */
static off_t find_end(int fd, const struct journal_header *h, char *record, size_t size)
{
	struct journal_header found;
	struct stat st;
	off_t n;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!read_at(fd, &found, sizeof(found), 0) || memcmp(&found, h, sizeof(*h)) != 0) {
		bool begun = ftruncate(fd, 0) == 0 && write_at(fd, h, sizeof(*h), 0);

		return begun ? (off_t)sizeof(*h) : -1;
	}
	for (n = (st.st_size - (off_t)sizeof(*h)) / (off_t)size; n > 0; n--) {
		if (read_at(fd, record, size, (off_t)sizeof(*h) + (n - 1) * (off_t)size) &&
		    record_good(h, record, size))
			break;
	}
	return (off_t)sizeof(*h) + n * (off_t)size;
}

static int append_locked(struct flat_journal *j, const struct journal_header *h, char *records,
			 size_t size, size_t n, struct fail *f)
{
	_cleanup_free_ char *last = malloc(size);
	off_t end = last ? find_end(j->fd, h, last, size) : -1;
	int r;

	if (end < 0)
		return failed(j->path, f);
	if (end > JOURNAL_MAX_BYTES - (off_t)(n * size))
		return FAIL(f, ASSISTANT_ETOOLARGE,
			    "%.120s holds %lld bytes of vectors that no index took, and at most "
			    "%lld are kept; remove it and ingest again",
			    j->path, (long long)end, (long long)JOURNAL_MAX_BYTES);
	if (ftruncate(j->fd, end) == 0 && write_at(j->fd, records, n * size, end) &&
	    fdatasync(j->fd) == 0)
		return 0;
	r = failed(j->path, f);
	if (ftruncate(j->fd, end) < 0)
		return r; /* readers pass over what is torn */
	return r;
}

int flat_journal_append(struct flat_journal *j, const struct vector_space *space,
			const uint8_t (*hashes)[POINT_HASH_SIZE], const float *vectors, size_t n,
			struct fail *f)
{
	size_t size = record_size(space), bytes = space->dims * sizeof(float);
	_cleanup_free_ char *records = n ? calloc(n, size) : NULL;
	struct journal_header h;
	int r;

	if (!n)
		return 0;
	if (!records)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to stage %zu vectors", n);
	header_make(&h, space);
	for (size_t i = 0; i < n; i++) {
		char *record = records + i * size;
		uint64_t checksum;

		memcpy(record, hashes[i], POINT_HASH_SIZE);
		memcpy(record + POINT_HASH_SIZE, vectors + i * space->dims, bytes);
		checksum = record_checksum(&h, record, size);
		memcpy(record + POINT_HASH_SIZE + bytes, &checksum, sizeof(checksum));
	}
	if (lock_bytes(j->fd, F_WRLCK) < 0)
		return failed(j->path, f);
	r = append_locked(j, &h, records, size, n, f);
	lock_bytes(j->fd, F_UNLCK);
	return r;
}

/* --- Reading ------------------------------------------------------------------------------ */

static int read_records(FILE *file, const struct journal_header *h,
			const struct vector_space *space, flat_journal_fn *fn, void *ctx,
			struct fail *f)
{
	size_t size = record_size(space), bytes = space->dims * sizeof(float);
	_cleanup_free_ char *record = malloc(size);
	_cleanup_free_ float *vector = malloc(bytes);
	bool enough = false;

	if (!record || !vector)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to read staged vectors");
	while (!enough && fread(record, size, 1, file) == 1) {
		if (!record_good(h, record, size))
			continue;
		memcpy(vector, record + POINT_HASH_SIZE, bytes);
		enough = fn(ctx, (const uint8_t *)record, vector);
	}
	return 0;
}

int flat_journal_read(const char *path, const struct vector_space *space, flat_journal_fn *fn,
		      void *ctx, struct fail *f)
{
	_cleanup_fclose_ FILE *file = fopen(path, "rbe");
	struct journal_header h, found;

	if (!file && errno == ENOENT)
		return 0;
	if (!file)
		return FAIL(f, ASSISTANT_EUNAVAILABLE, "%.150s cannot be read: %s", path,
			    strerror(errno));
	header_make(&h, space);
	if (fread(&found, sizeof(found), 1, file) != 1 || memcmp(&found, &h, sizeof(h)) != 0)
		return 0;
	return read_records(file, &h, space, fn, ctx, f);
}
