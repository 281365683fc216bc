/*
 * test_flat.c - the index suite on flat files, and the files themselves: names, damage, old epochs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <libstemmer.h>
#include <string.h>
#include "base/hash.h"
#include "call.h"
#include "index/flat_build.h"
#include "index/flat_file.h"
#include "index/flat_lexical.h"
#include "index_suite.h"

#define ONE "11111111-1111-4111-8111-111111111111"

static void remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char name[512];

	while ((entry = readdir(directory))) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		unlink(name);
	}
	closedir(directory);
	assert_int_equal(rmdir(path), 0);
}

static int target_open(struct suite_target *t, struct loop *loop, struct index **out)
{
	struct fail f = FAIL_INIT;

	snprintf(t->ctx, 64, "/tmp/erleah-index-XXXXXX");
	if (!mkdtemp(t->ctx))
		return ASSISTANT_EINTERNAL;
	return flat_index_open(loop, t->ctx, NULL, NULL, out, &f);
}

static void target_close(struct suite_target *t, struct loop *loop, struct index *index)
{
	index_destroy(index);
	call_drain(loop);
	remove_directory(t->ctx);
}

struct fixture {
	struct loop *loop;
	struct index *index;
	char directory[64];
	struct arena *arena;
};

#define CALL(fx, function, ...)                                                                    \
	AWAIT((fx)->loop, f_, (fx)->index->ops->function((fx)->index, ##__VA_ARGS__, f_))

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	struct suite_target t = { .ctx = fx->directory };

	fx->loop = loop_create();
	fx->arena = arena_create(16 << 20);
	*state = fx;
	return target_open(&t, fx->loop, &fx->index);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;
	struct suite_target t = { .ctx = fx->directory };

	target_close(&t, fx->loop, fx->index);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	free(fx);
	return 0;
}

static int build(struct fixture *fx, const char *id, uint64_t epoch)
{
	struct snapshot *s = suite_conference(id, epoch);
	int r = CALL(fx, build, s, NULL, NULL);

	snapshot_unref(s);
	return r;
}

static bool exists(struct fixture *fx, const char *id, uint64_t epoch)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/index.%s.%d", fx->directory, id, (int)epoch);
	return access(path, F_OK) == 0;
}

static void test_no_directory(void **state)
{
	struct fixture *fx = *state;
	struct index *index = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(flat_index_open(fx->loop, "/nonexistent", NULL, NULL, &index, &f),
			 ASSISTANT_ECONFIG);
	assert_string_equal(f.text, "/nonexistent is not a directory");
	assert_null(index);
}

static void test_old_epochs_go(void **state)
{
	struct fixture *fx = *state;
	char stale[256];
	FILE *file;

	for (uint64_t epoch = 8; epoch <= 11; epoch++)
		assert_int_equal(build(fx, ONE, epoch), 0);
	assert_int_equal(build(fx, "other", 1), 0);
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
	struct fixture *fx = *state;
	struct lexical_query q = { .text = "kubernetes", .limit = 5 };
	struct index_hits hits = { 0 };
	struct index *other = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(build(fx, ONE, 1), 0);
	assert_int_equal(CALL(fx, use, ONE, 1), 0);
	assert_int_equal(flat_index_open(fx->loop, fx->directory, NULL, NULL, &other, &f), 0);
	assert_int_equal(build(fx, ONE, 2), 0);
	assert_int_equal(AWAIT(fx->loop, fl, other->ops->use(other, ONE, 2, fl)), 0);
	assert_false(exists(fx, ONE, 1));
	assert_int_equal(CALL(fx, lexical, ONE, &q, fx->arena, &hits), 0);
	assert_string_equal(hits.hits[0].id, "s1");
	index_destroy(other);
}

static void test_damaged_file_refused(void **state)
{
	struct fixture *fx = *state;
	char path[256];
	FILE *file;

	assert_int_equal(build(fx, ONE, 3), 0);
	snprintf(path, sizeof(path), "%s/index.%s.3", fx->directory, ONE);
	file = fopen(path, "r+");
	fseek(file, 4000, SEEK_SET);
	fputc('!', file);
	fclose(file);
	assert_int_equal(CALL(fx, use, ONE, 3), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(call_fail()->text, "ingest the conference again"));
	/* A file of another conference under this name. */
	assert_int_equal(build(fx, "other", 3), 0);
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

static struct image image_make(void)
{
	struct snapshot *s = suite_conference(ONE, 1);
	struct fail f = FAIL_INIT;
	struct image image;
	void *bytes;

	if (flat_build(s, NULL, NULL, NULL, &bytes, &image.size, &f) < 0)
		fail_msg("%s", f.text);
	image.bytes = bytes;
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

static void test_header(void **state)
{
	struct image image = image_make();
	struct flat_header *h = (struct flat_header *)image.bytes;
	struct fail f = FAIL_INIT;

	h->version++;
	assert_int_equal(image_read(&image, image.size, &f), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(f.text, "format 3 and this program reads 2"));
	h->version--;
	h->byte_order = 0x04030201;
	assert_int_equal(image_read(&image, image.size, &f), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(f.text, "byte order"));
	h->byte_order = FLAT_BYTE_ORDER;
	h->magic[0] = 'x';
	assert_int_equal(image_read(&image, image.size, &f), ASSISTANT_EPROTOCOL);
	h->magic[0] = 'E';
	h->sections[2].offset = image.size;
	assert_int_equal(image_read(&image, image.size, &f), ASSISTANT_EPROTOCOL);
	free(image.bytes);
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

		words[i] = 0x7ffffff0;
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	char directory[64];
	struct suite_target target = {
		.name = "index: flat", .open = target_open, .close = target_close, .ctx = directory
	};
	const struct CMUnitTest own[] = {
		TEST(test_no_directory),	   TEST(test_old_epochs_go),
		TEST(test_unlinked_file_serves),   TEST(test_damaged_file_refused),
		cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_header),	   cmocka_unit_test(test_wrong_references),
	};
	int failed = index_suite_run(&target);

	return failed + cmocka_run_group_tests_name("flat files", own, NULL, NULL);
}
