/*
 * test_weights.c - safetensors files that are damaged in every way, one that is not, and where weights are looked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/hash.h"
#include "base/text.h"
#include "embedder/embedder.h"
#include "embedder/weights.h"

static int parse(const char *header, uint64_t data_size, struct fail *f)
{
	struct tensor *t = NULL;
	size_t n = 0;
	int r = safetensors_parse(header, strlen(header), data_size, &t, &n, f);

	free(t);
	return r;
}

static void test_header(void **state)
{
	const char *header =
		"{\"__metadata__\":{\"format\":\"pt\"},"
		"\"a.b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]},"
		"\"c\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
		"\"empty\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[32,32]}}";
	struct tensor *t = NULL;
	size_t n = 0;

	assert_int_equal(safetensors_parse(header, strlen(header), 32, &t, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_string_equal(t[0].name, "a.b");
	assert_string_equal(t[0].dtype, "F32");
	assert_int_equal(t[0].n_dims, 2);
	assert_int_equal(t[0].dims[1], 3);
	assert_int_equal(t[0].begin, 8);
	assert_int_equal(t[0].end, 32);
	free(t);
}

static void test_damaged_headers(void **state)
{
	static const struct {
		const char *header, *sentence;
	} cases[] = {
		{ "", "no JSON object" },
		{ "[]", "no JSON object" },
		{ "{\"a\":1}", "no dtype" },
		{ "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", "shape" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}",
		  "shape" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
		  "impossible" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}",
		  "impossible" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[16777216,16777216,16777216],"
		  "\"data_offsets\":[0,4]}}",
		  "impossible" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "outside" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", "outside" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "outside" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", "outside" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", "agree" },
		{ "{\"a\":{\"dtype\":\"F3210987\",\"shape\":[2],\"data_offsets\":[0,4]}}",
		  "dtype" },
	};
	char name[200], header[300];
	struct fail f = FAIL_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i].header, 8, &f), ASSISTANT_EPROTOCOL);
		if (!strstr(f.text, cases[i].sentence))
			fail_msg("%s: %s", cases[i].header, f.text);
	}
	memset(name, 'n', sizeof(name));
	snprintf(header, sizeof(header), "{\"%.150s\":{}}", name);
	assert_int_equal(parse(header, 8, &f), ASSISTANT_EPROTOCOL);
}

static void test_too_many_tensors(void **state)
{
	struct fail f = FAIL_INIT;
	struct text header = { 0 };

	text_init(&header, 100000);
	for (int i = 0; i < 513; i++)
		text_printf(&header,
			    "%c\"t%d\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
			    i ? ',' : '{', i);
	text_append(&header, "}");
	assert_false(header.failed);
	assert_int_equal(parse(header.data, 8, &f), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(f.text, "512"));
	text_finish(&header);
}

/* --- Files ------------------------------------------------------------------------ */

struct folder {
	char path[64], file[128];
};

static void folder_make(struct folder *d)
{
	snprintf(d->path, sizeof(d->path), "/tmp/erleah-weights-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	snprintf(d->file, sizeof(d->file), "%s/model.safetensors", d->path);
}

static void write_file(const char *path, const char *header, const void *data, size_t size)
{
	uint64_t len = strlen(header);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (int i = 0; i < 8; i++)
		fputc((int)(len >> (8 * i) & 255), f);
	fputs(header, f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static const char two_by_two[] =
	"{\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
	"\"i\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[0,4]}}";

static void test_reading(void **state)
{
	const float data[] = { 1, 2, 3, 4 };
	float row[4] = { 0 };
	struct folder d;
	struct weights *w = NULL;
	const struct tensor *t = NULL;
	struct fail f = FAIL_INIT;

	folder_make(&d);
	write_file(d.file, two_by_two, data, sizeof(data));
	assert_int_equal(weights_open(d.file, &w, &f), 0);
	assert_int_equal(weights_find(w, "w", 2, 2, &t, &f), 0);
	assert_int_equal(weights_read(w, t, 2, 2, row, &f), 0);
	assert_true(row[0] == 3 && row[1] == 4);
	assert_int_equal(weights_read(w, t, 3, 2, row, &f), ASSISTANT_EPROTOCOL);
	assert_int_equal(weights_read(w, t, SIZE_MAX / 2, 1, row, &f), ASSISTANT_EPROTOCOL);
	assert_int_equal(weights_find(w, "w", 2, 3, &t, &f), ASSISTANT_EPROTOCOL);
	assert_int_equal(weights_find(w, "w", 2, 0, &t, &f), ASSISTANT_EPROTOCOL);
	assert_int_equal(weights_find(w, "i", 1, 0, &t, &f), ASSISTANT_EPROTOCOL);
	assert_int_equal(weights_find(w, "v", 2, 2, &t, &f), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(f.text, "lacks a tensor of v"));
	assert_int_equal(weights_verify(w, &f), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(f.text, "53aa51172d14"));
	/* Cut short while it is in use: an error, not a crash. */
	assert_int_equal(truncate(d.file, 20), 0);
	assert_int_equal(weights_find(w, "w", 2, 2, &t, &f), 0);
	assert_int_equal(weights_read(w, t, 0, 4, row, &f), ASSISTANT_EPROTOCOL);
	assert_non_null(strstr(f.text, "ends too early"));
	weights_close(w);
	unlink(d.file);
	rmdir(d.path);
}

static void test_no_file(void **state)
{
	struct weights *w = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(weights_open("/nonexistent/x", &w, &f), ASSISTANT_ENOTFOUND);
	assert_int_equal(weights_open("/tmp", &w, &f), ASSISTANT_EPROTOCOL);
	weights_close(NULL);
}

static void test_sum_of_a_file(void **state)
{
	char expected[SHA256_HEX_SIZE], hex[SHA256_HEX_SIZE] = "";
	size_t size = 700000; /* more than one piece */
	char *data = calloc(1, size);
	FILE *f = tmpfile();

	assert_non_null(f);
	data[size - 1] = 'x';
	assert_int_equal(fwrite(data, 1, size, f), size);
	fflush(f);
	sha256_hex(data, size, expected);
	assert_int_equal(sha256_file_hex(fileno(f), hex), 0);
	assert_string_equal(hex, expected);
	assert_int_equal(sha256_file_hex(-1, hex), ASSISTANT_EUNAVAILABLE);
	fclose(f);
	free(data);
}

/* --- Where they are ---------------------------------------------------------------- */

static void put_weights(const char *root, const char *between)
{
	char path[300], *slash;

	snprintf(path, sizeof(path), "%s/%sweights/all-MiniLM-L6-v2/vocab.txt", root, between);
	for (slash = path + strlen(root); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	write_file(path, "", "", 0);
	snprintf(path, sizeof(path), "%s/%sweights/all-MiniLM-L6-v2/model.safetensors", root,
		 between);
	write_file(path, "", "", 0);
}

static void test_where(void **state)
{
	struct folder d;
	char path[300], command[100];
	struct fail f = FAIL_INIT;

	folder_make(&d);
	setenv("ERLEAH_CACHE_DIR", "/nonexistent", 1);
	setenv("XDG_CACHE_HOME", "", 1);
	setenv("HOME", d.path, 1);
	put_weights(d.path, ".cache/erleah/");
	assert_int_equal(minilm_find_weights("", path, sizeof(path), &f), 0);
	assert_non_null(strstr(path, "/.cache/erleah/weights/all-MiniLM-L6-v2/model.safetensors"));
	setenv("XDG_CACHE_HOME", d.path, 1);
	put_weights(d.path, "erleah/");
	assert_int_equal(minilm_find_weights(NULL, path, sizeof(path), &f), 0);
	assert_non_null(strstr(path, d.path));
	assert_null(strstr(path, ".cache"));
	setenv("ERLEAH_CACHE_DIR", d.path, 1);
	put_weights(d.path, "");
	assert_int_equal(minilm_find_weights(NULL, path, sizeof(path), &f), 0);
	assert_null(strstr(path, "erleah/weights"));
	/* A setting is meant: nothing else is taken instead. */
	assert_int_equal(minilm_find_weights("/nonexistent/m", path, sizeof(path), &f),
			 ASSISTANT_ENOTFOUND);
	assert_non_null(strstr(f.text, "/nonexistent/m"));
	assert_int_equal(minilm_find_weights(NULL, path, 10, &f), ASSISTANT_ELIMIT);
	snprintf(command, sizeof(command), "rm -rf %s", d.path);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_damaged_headers),
		cmocka_unit_test(test_too_many_tensors),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_sum_of_a_file),
		cmocka_unit_test(test_where),
	};

	return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
