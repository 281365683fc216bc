/*
 * flat_file.c - mapping, checking, looking up.
 */
#include "index/flat_file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "base/clean.h"
#include "base/utf8.h"
#include "index/kernels.h"

static int damaged(struct fail *f, const char *what)
{
	return FAIL(f, ASSISTANT_EPROTOCOL, "the index file is damaged (%s)", what);
}

/* --- Checksums ------------------------------------------------------------------ */

static uint64_t mix(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * 0x9e3779b97f4a7c15u;
	return lane << 29 | lane >> 35;
}

/* Every step can be undone, so no change of a single word stays unseen. */
uint64_t flat_checksum(uint64_t seed, const void *data, size_t len)
{
	uint64_t lanes[4] = { seed, seed + 1, seed + 2, seed + 3 }, words[4];
	const char *at = data;

	for (size_t left = len; left;) {
		size_t n = left < sizeof(words) ? left : sizeof(words);

		if (n < sizeof(words))
			memset(words, 0, sizeof(words));
		memcpy(words, at, n);
		for (int i = 0; i < 4; i++)
			lanes[i] = mix(lanes[i], words[i]);
		at += n;
		left -= n;
	}
	return mix(mix(mix(mix(len, lanes[0]), lanes[1]), lanes[2]), lanes[3]);
}

uint64_t flat_file_checksum(const struct flat_header *h, size_t size)
{
	size_t from = offsetof(struct flat_header, epoch);

	return flat_checksum(0, (const char *)h + from, size - from);
}

/* --- Checks --------------------------------------------------------------------- */

static int check_header(const struct flat_header *h, size_t size, struct fail *f)
{
	if (size < sizeof(*h) || memcmp(h->magic, FLAT_MAGIC, sizeof(h->magic)))
		return damaged(f, "it does not begin like one");
	if (h->byte_order != FLAT_BYTE_ORDER)
		return FAIL(f, ASSISTANT_EPROTOCOL,
			    "the index file comes from a machine of another byte order");
	if (h->version != FLAT_VERSION)
		return FAIL(f, ASSISTANT_EPROTOCOL,
			    "the index file has format %u and this program reads %d", h->version,
			    FLAT_VERSION);
	if (h->file_size != size)
		return damaged(f, "it is cut off");
	if (h->checksum != flat_file_checksum(h, size))
		return damaged(f, "its checksum does not match");
	if (h->n_sections > FLAT_MAX_SECTIONS || !memchr(h->conference_id, 0, FLAT_CONFERENCE) ||
	    !memchr(h->model, 0, FLAT_MODEL))
		return damaged(f, "its header makes no sense");
	return 0;
}

/* A section's items; false: absent, out of the file, or no whole number of them. */
static bool section(const struct flat_file *x, enum flat_section id, size_t item, const void **out,
		    size_t *n)
{
	for (uint32_t i = 0; i < x->header->n_sections; i++) {
		const struct flat_extent *e = &x->header->sections[i];

		if (e->id != id)
			continue;
		if (e->offset % FLAT_ALIGN || e->offset > x->size ||
		    e->size > x->size - e->offset || e->size % item || e->size / item > UINT32_MAX)
			return false;
		*out = (const char *)x->header + e->offset;
		*n = e->size / item;
		return true;
	}
	return false;
}

#define SECTION(x, id, pointer, n)                                                                 \
	__extension__({                                                                            \
		const void *at_ = NULL;                                                            \
		bool ok_ = section((x), (id), sizeof(*(x)->pointer), &at_, &(x)->n);               \
		(x)->pointer = at_;                                                                \
		ok_;                                                                               \
	})

static bool find_sections(struct flat_file *x)
{
	return SECTION(x, SECTION_STRINGS, strings, strings_size) &&
	       SECTION(x, SECTION_RECORDS, records, n_records) &&
	       SECTION(x, SECTION_SPEAKERS, speakers, n_speakers) &&
	       SECTION(x, SECTION_VALUES, values, n_values) &&
	       SECTION(x, SECTION_WORDS, words, n_words) &&
	       SECTION(x, SECTION_STEMS, stems, n_stems) &&
	       SECTION(x, SECTION_POSTINGS, postings, n_postings) &&
	       SECTION(x, SECTION_TRIGRAMS, trigrams, n_trigrams) &&
	       SECTION(x, SECTION_TRI_WORDS, tri_words, n_tri_words) &&
	       SECTION(x, SECTION_POINTS, points, n_points) &&
	       SECTION(x, SECTION_HASHES, hashes, n_hashes) &&
	       SECTION(x, SECTION_PAGES, pages, n_pages) &&
	       SECTION(x, SECTION_VECTORS, vectors, n_floats);
}

static bool within(uint64_t from, uint64_t n, uint64_t all)
{
	return from <= all && n <= all - from;
}

static bool records_good(const struct flat_file *x)
{
	for (size_t i = 0; i < x->n_records; i++) {
		const struct flat_record *r = &x->records[i];

		if (r->type >= ENTITY_COUNT || r->id >= x->strings_size ||
		    r->name >= x->strings_size ||
		    !within(r->speakers, r->n_speakers, x->n_speakers))
			return false;
		for (unsigned c = 0; c < COLUMN_COUNT; c++) {
			if (r->columns[c] >= x->strings_size)
				return false;
		}
	}
	return true;
}

static bool strings_good(const struct flat_file *x, const uint32_t *strings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strings[i] >= x->strings_size)
			return false;
	}
	return true;
}

static bool terms_good(const struct flat_file *x)
{
	for (size_t i = 0; i < x->n_stems; i++) {
		const struct flat_stem *s = &x->stems[i];

		if (s->text >= x->strings_size ||
		    !within(s->postings, s->n_postings, x->n_postings))
			return false;
	}
	for (size_t i = 0; i < x->n_words; i++) {
		const struct flat_word *w = &x->words[i];

		if (w->text >= x->strings_size || w->stem >= x->n_stems ||
		    !within(w->postings, w->n_postings, x->n_postings))
			return false;
	}
	for (size_t i = 0; i < x->n_postings; i++) {
		if (x->postings[i].record >= x->n_records)
			return false;
	}
	return true;
}

static bool trigrams_good(const struct flat_file *x)
{
	for (size_t i = 0; i < x->n_trigrams; i++) {
		if (!within(x->trigrams[i].words, x->trigrams[i].n_words, x->n_tri_words))
			return false;
	}
	for (size_t i = 0; i < x->n_tri_words; i++) {
		if (x->tri_words[i] >= x->n_words)
			return false;
	}
	return true;
}

static bool space_good(const struct flat_file *x)
{
	const struct flat_header *h = x->header;

	if (!h->model[0])
		return h->dims == 0 && h->stride == 0 && x->n_points == 0 && x->n_hashes == 0 &&
		       x->n_floats == 0;
	return h->dims > 0 && h->dims <= FLAT_MAX_DIMS && h->stride == kernel_stride(h->dims) &&
	       x->n_floats == x->n_hashes * h->stride;
}

int flat_point_compare(const void *pa, const void *pb)
{
	const struct flat_point *a = pa, *b = pb;

	if (a->facet != b->facet)
		return a->facet < b->facet ? -1 : 1;
	if (a->record != b->record)
		return a->record < b->record ? -1 : 1;
	return a->part < b->part ? -1 : a->part > b->part;
}

static bool point_good(const struct flat_file *x, const struct flat_point *p)
{
	if (p->vector >= x->n_hashes)
		return false;
	if (p->facet == FLAT_PAGES)
		return p->record < x->n_pages;
	if (p->facet > FLAT_PAGES || p->record >= x->n_records || p->part)
		return false;
	return p->facet == FACET_MASTER ||
	       facet_entity((enum facet)p->facet) == (enum entity)x->records[p->record].type;
}

/* In order, each once, of the entity that has such a facet; notes where each facet begins. */
static bool points_good(struct flat_file *x)
{
	unsigned facet = 0;

	for (size_t i = 0; i < x->n_points; i++) {
		const struct flat_point *p = &x->points[i];

		if (!point_good(x, p) || (i > 0 && flat_point_compare(p - 1, p) >= 0))
			return false;
		while (facet < p->facet)
			x->facets[++facet] = (uint32_t)i;
	}
	while (facet <= FLAT_PAGES)
		x->facets[++facet] = (uint32_t)x->n_points;
	return true;
}

int flat_file_read(struct flat_file *x, const void *bytes, size_t size, struct fail *f)
{
	int r = check_header(bytes, size, f);

	if (r < 0)
		return r;
	x->header = bytes;
	x->size = size;
	if (!find_sections(x))
		return damaged(f, "a section is missing or out of place");
	if (!space_good(x))
		return damaged(f, "its vectors make no sense");
	if (x->strings_size == 0 || x->strings[0] || x->strings[x->strings_size - 1])
		return damaged(f, "its strings have no end");
	if (!records_good(x) || !strings_good(x, x->speakers, x->n_speakers) ||
	    !strings_good(x, x->values, x->n_values) || !strings_good(x, x->pages, x->n_pages) ||
	    !terms_good(x) || !trigrams_good(x) || !points_good(x))
		return damaged(f, "a reference leads nowhere");
	return 0;
}

static struct flat_stamp stamp_from(const struct stat *st)
{
	return (struct flat_stamp){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = st->st_size,
		.changed_ns = st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec,
	};
}

bool flat_stamp_of(const char *path, struct flat_stamp *out)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	*out = stamp_from(&st);
	return true;
}

int flat_file_map(struct flat_file *x, const char *path, struct fail *f)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *bytes;
	int r;

	if (fd < 0)
		return FAIL(f, errno == ENOENT ? ASSISTANT_ENOTFOUND : ASSISTANT_EUNAVAILABLE,
			    "%.160s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		return FAIL(f, ASSISTANT_EUNAVAILABLE, "%.160s: %s", path, strerror(errno));
	if (st.st_size < (off_t)sizeof(struct flat_header) || (size_t)st.st_size > FLAT_MAX_BYTES)
		return damaged(f, "it is cut off");
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return FAIL(f, ASSISTANT_EUNAVAILABLE, "%.160s: %s", path, strerror(errno));
	r = flat_file_read(x, bytes, (size_t)st.st_size, f);
	if (r < 0) {
		munmap(bytes, (size_t)st.st_size);
		return r;
	}
	x->mapped = true;
	x->stamp = stamp_from(&st);
	return 0;
}

void flat_file_finish(struct flat_file *x)
{
	if (x && x->mapped)
		munmap((void *)(uintptr_t)x->header, x->size);
}

/* The first item whose text is not before `text`; texts lie `stride` bytes apart, beginning with their string. */
static int64_t find(const struct flat_file *x, const void *items, size_t n, size_t stride,
		    const char *text)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint32_t string =
			*(const uint32_t *)(const void *)((const char *)items + middle * stride);
		int order = strcmp(flat_string(x, string), text);

		if (order == 0)
			return (int64_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

int64_t flat_find_word(const struct flat_file *x, const char *text)
{
	return find(x, x->words, x->n_words, sizeof(*x->words), text);
}

int64_t flat_find_stem(const struct flat_file *x, const char *text)
{
	return find(x, x->stems, x->n_stems, sizeof(*x->stems), text);
}

uint32_t flat_find_value(const struct flat_file *x, const char *value)
{
	_cleanup_free_ char *folded = utf8_fold(value, strlen(value));
	int64_t at = folded ? find(x, x->values, x->n_values, sizeof(*x->values), folded) : -1;

	return at < 0 ? 0 : x->values[at];
}

bool flat_space_is(const struct flat_file *x, const struct vector_space *space)
{
	return x->header->dims == space->dims && strcmp(x->header->model, space->model) == 0;
}
