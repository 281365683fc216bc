/*
 * test_flat.c - the index suite on flat files, and the files themselves: names, damage, old epochs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libstemmer.h>
#include <string.h>
#include "flat_fixture.h"
#include "index/flat_build.h"
#include "index/flat_dense.h"
#include "index/flat_lexical.h"

static bool exists(struct flat_fixture *fx, const char *id, uint64_t epoch)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/index.%s.%d", fx->directory, id, (int)epoch);
	return access(path, F_OK) == 0;
}

static void test_no_directory(void **state)
{
	struct flat_fixture *fx = *state;
	struct index *index = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(flat_index_open(fx->loop, "/nonexistent", NULL, NULL, &index, &f),
			 ASSISTANT_ECONFIG);
	assert_string_equal(f.text, "/nonexistent is not a directory");
	assert_null(index);
}

static void test_old_epochs_go(void **state)
{
	struct flat_fixture *fx = *state;
	char stale[256];
	FILE *file;

	for (uint64_t epoch = 8; epoch <= 11; epoch++)
		assert_int_equal(flat_fixture_build(fx, ONE, epoch), 0);
	assert_int_equal(flat_fixture_build(fx, "other", 1), 0);
	snprintf(stale, sizeof(stale), "%s/index.%s.9.tmp-1", fx->directory, ONE);
	file = fopen(stale, "w");
	fclose(file);
	assert_int_equal(CALL(fx, use, ONE, 10), 0);
	assert_false(exists(fx, ONE, 8));
	assert_false(exists(fx, ONE, 9));
	assert_int_not_equal(access(stale, F_OK), 0);
	assert_true(exists(fx, ONE, 10));
	assert_true(exists(fx, ONE, 11)); /* being built for what comes */
	assert_true(exists(fx, "other", 1));
}

/* Another process may still answer from a file whose name is gone. */
static void test_unlinked_file_serves(void **state)
{
	struct flat_fixture *fx = *state;
	struct lexical_query q = { .text = "kubernetes", .limit = 5 };
	struct index_hits hits = { 0 };
	struct index *other = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(flat_fixture_build(fx, ONE, 1), 0);
	assert_int_equal(CALL(fx, use, ONE, 1), 0);
	assert_int_equal(flat_index_open(fx->loop, fx->directory, NULL, NULL, &other, &f), 0);
	assert_int_equal(flat_fixture_build(fx, ONE, 2), 0);
	assert_int_equal(AWAIT(fx->loop, fl, other->ops->use(other, ONE, 2, fl)), 0);
	assert_false(exists(fx, ONE, 1));
	assert_int_equal(CALL(fx, lexical, ONE, &q, fx->arena, &hits), 0);
	assert_string_equal(hits.hits[0].id, "s1");
	index_destroy(other);
}

static void test_damaged_file_refused(void **state)
{
	struct flat_fixture *fx = *state;
	char path[256];
	FILE *file;

	assert_int_equal(flat_fixture_build(fx, ONE, 3), 0);
	snprintf(path, sizeof(path), "%s/index.%s.3", fx->directory, ONE);
	file = fopen(path, "r+");
	fseek(file, 4000, SEEK_SET);
	fputc('!', file);
	fclose(file);
	assert_int_equal(CALL(fx, use, ONE, 3), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(call_fail()->text, "the index file is damaged"));
	/* A file of another conference under this name. */
	assert_int_equal(flat_fixture_build(fx, "other", 3), 0);
	snprintf(path, sizeof(path), "mv %s/index.other.3 %s/index.%s.3", fx->directory,
		 fx->directory, ONE);
	assert_int_equal(system(path), 0);
	assert_int_equal(CALL(fx, use, ONE, 3), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(call_fail()->text, "another conference"));
}

/* --- The reader against every kind of damage ------------------------------------------------ */

struct image {
	uint64_t *bytes; /* aligned */
	size_t size;
};

/* Of small vectors, so that every word of the file can be tried. */
static struct image image_make(void)
{
	static const float vectors[3][4] = { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 0.6f, 0.8f } };
	static const struct index_point points[] = {
		{ ENTITY_SESSION, FACET_MASTER, "s1", { 1 }, vectors[0] },
		{ ENTITY_SESSION, FACET_SESSION_TOPIC, "s1", { 2 }, vectors[1] },
		{ ENTITY_SESSION, FACET_SESSION_TOPIC, "s2", { 3 }, vectors[2] },
		{ ENTITY_EXHIBITOR, FACET_MASTER, "e1", { 1 }, NULL },
	};
	const struct index_points all = { { "tiny", 4 }, points, ARRAY_SIZE(points) };
	struct snapshot *s = suite_conference(ONE, 1);
	struct flat_points placed;
	struct fail f = FAIL_INIT;
	struct image image;
	void *bytes = NULL;

	if (flat_points_init(&placed, &all, true, &f) < 0 ||
	    flat_points_place(&placed, s, &f) < 0 || flat_points_close(&placed) != 0 ||
	    flat_build(s, &placed, NULL, NULL, &bytes, &image.size, &f) < 0)
		fail_msg("%s", f.text);
	image.bytes = bytes;
	flat_points_finish(&placed);
	snapshot_unref(s);
	return image;
}

static int image_read(const struct image *image, size_t size, struct fail *f)
{
	struct flat_file x = { 0 };

	return flat_file_read(&x, image->bytes, size, f);
}

static void test_same_bytes(void **state)
{
	struct image a = image_make(), b = image_make();

	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.bytes, b.bytes, a.size);
	free(a.bytes);
	free(b.bytes);
}

static void test_truncated(void **state)
{
	struct image image = image_make();
	struct fail f = FAIL_INIT;

	assert_int_equal(image_read(&image, image.size, &f), 0);
	for (size_t size = 0; size < image.size; size += 1 + size / 7)
		assert_int_equal(image_read(&image, size, &f), ASSISTANT_EPROTOCOL);
	free(image.bytes);
}

/* Refused although the checksum is right. */
static void assert_refused(const struct image *image, const char *why)
{
	struct flat_header *h = (struct flat_header *)image->bytes;
	struct fail f = FAIL_INIT;

	h->checksum = flat_file_checksum(h, image->size);
	assert_int_equal(image_read(image, image->size, &f), ASSISTANT_EPROTOCOL);
	if (!strstr(f.text, why))
		fail_msg("%s", f.text);
}

static void test_header(void **state)
{
	struct image image = image_make();
	struct flat_header *h = (struct flat_header *)image.bytes;
	const struct flat_header good = *h;

	h->version++;
	assert_refused(&image, "format 4 and this program reads 3");
	*h = good;
	h->byte_order = 0x04030201;
	assert_refused(&image, "byte order");
	*h = good;
	h->magic[0] = 'x';
	assert_refused(&image, "begin like one");
	*h = good;
	h->sections[2].offset = image.size;
	assert_refused(&image, "out of place");
	*h = good;
	h->sections[2].offset += 8;
	assert_refused(&image, "out of place");
	*h = good;
	memset(h->model, 'm', sizeof(h->model));
	assert_refused(&image, "header makes no sense");
	*h = good;
	h->model[0] = '\0';
	assert_refused(&image, "vectors make no sense");
	*h = good;
	h->dims = 17; /* more than a row holds */
	assert_refused(&image, "vectors make no sense");
	h->dims = 17;
	h->stride = 32;
	assert_refused(&image, "vectors make no sense");
	h->dims = h->stride = 1 << 20;
	assert_refused(&image, "vectors make no sense");
	free(image.bytes);
}

/* Every byte counts: one that changes is seen, in the header too. */
static void test_every_byte(void **state)
{
	struct image image = image_make();
	struct fail f = FAIL_INIT;

	for (size_t i = 0; i < image.size; i++) {
		((char *)image.bytes)[i] ^= 0x10;
		assert_int_equal(image_read(&image, image.size, &f), ASSISTANT_EPROTOCOL);
		((char *)image.bytes)[i] ^= 0x10;
	}
	assert_int_equal(image_read(&image, image.size, &f), 0);
	free(image.bytes);
}

static struct flat_point *image_points(const struct image *image, size_t *n)
{
	const struct flat_header *h = (const struct flat_header *)image->bytes;

	for (uint32_t i = 0; i < h->n_sections; i++) {
		const struct flat_extent *e = &h->sections[i];

		*n = e->size / sizeof(struct flat_point);
		if (e->id == SECTION_POINTS)
			return (struct flat_point *)((char *)image->bytes + e->offset);
	}
	return NULL;
}

static void test_points_checked(void **state)
{
	static const char nowhere[] = "a reference leads nowhere";
	struct image image = image_make();
	size_t n = 0;
	struct flat_point *p = image_points(&image, &n), good[4];

	assert_int_equal(n, 4);
	memcpy(good, p, sizeof(good));
	assert_int_equal(p[0].vector, p[1].vector); /* equal texts share one */
	p[3].vector = 3;
	assert_refused(&image, nowhere);
	memcpy(p, good, sizeof(good));
	p[3].record = 10;
	assert_refused(&image, nowhere);
	memcpy(p, good, sizeof(good));
	p[3].facet = FACET_COUNT;
	assert_refused(&image, nowhere);
	p[3].facet = FACET_WHY_VISIT_US; /* of a session */
	assert_refused(&image, nowhere);
	p[3] = p[2];
	assert_refused(&image, nowhere);
	p[2] = good[3];
	p[3] = good[2];
	assert_refused(&image, nowhere);
	free(image.bytes);
}

static void query_vectors(const struct flat_file *x, struct arena *arena)
{
	static const float vector[4] = { 0.6f, 0.8f, 0, 0 };
	struct dense_query q = { vector, { "tiny", 4 }, 0, { 0 }, 10 };
	struct dense_hits hits = { 0 };
	struct fail f = FAIL_INIT;
	int r = flat_dense(x, vector_kernels_best(), &q, arena, &hits, &f);

	assert_true(r == 0 || r == ASSISTANT_ECONFLICT);
	for (size_t i = 0; i < hits.n; i++)
		assert_true(hits.hits[i].best >= -1 && hits.hits[i].best <= 1);
}

static void query(const struct flat_file *x, struct sb_stemmer *stemmer)
{
	_cleanup_arena_ struct arena *arena = arena_create(4 << 20);
	const char *place[] = { "Janson", NULL };
	struct lexical_query q = { .text = "kuberentes talks of Ildiko in c++", .typos = true };
	struct index_hits hits = { 0 };
	struct fail f = FAIL_INIT;

	assert_int_equal(flat_lexical(x, stemmer, &q, arena, &hits, &f), 0);
	q.filter.places = place;
	assert_int_equal(flat_list(x, &q.filter, 50, 0, arena, &hits, &f), 0);
	query_vectors(x, arena);
}

/* Every word of the file, overwritten, with the checksum made to match: refused or harmless, never a read
 * outside (the sanitizers see those). */
static void test_wrong_references(void **state)
{
	struct image image = image_make();
	struct flat_header *h = (struct flat_header *)image.bytes;
	struct sb_stemmer *stemmer = sb_stemmer_new("english", "UTF_8");
	uint32_t *words = (uint32_t *)image.bytes;
	unsigned refused = 0;

	for (size_t i = sizeof(*h) / 4; i < image.size / 4; i++) {
		uint32_t before = words[i];
		struct flat_file x = { 0 };
		struct fail f = FAIL_INIT;

		words[i] = 0x7ffffff0; /* as a float: no number */
		h->checksum = flat_file_checksum(h, image.size);
		if (flat_file_read(&x, image.bytes, image.size, &f) < 0)
			refused++;
		else
			query(&x, stemmer);
		words[i] = before;
	}
	assert_true(refused > 500);
	sb_stemmer_delete(stemmer);
	free(image.bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, flat_fixture_setup, flat_fixture_teardown)

int main(void)
{
	char directory[64];
	struct suite_target target = { .name = "index: flat",
				       .open = flat_target_open,
				       .close = flat_target_close,
				       .ctx = directory };
	const struct CMUnitTest own[] = {
		TEST(test_no_directory),	   TEST(test_old_epochs_go),
		TEST(test_unlinked_file_serves),   TEST(test_damaged_file_refused),
		cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_header),	   cmocka_unit_test(test_wrong_references),
		cmocka_unit_test(test_every_byte), cmocka_unit_test(test_points_checked),
	};
	int failed = index_suite_run(&target);

	return failed + cmocka_run_group_tests_name("flat files", own, NULL, NULL);
}
