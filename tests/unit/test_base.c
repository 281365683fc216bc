/*
 * test_base.c - arena, text, map, failures, checks, digests and ids.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/check.h"
#include "base/cidr.h"
#include "base/fail.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "base/text.h"
#include "base/utf8.h"

/* --- Arena ------------------------------------------------------------------------ */

static void test_arena(void **state)
{
	_cleanup_arena_ struct arena *a = arena_create(1 << 20);
	unsigned char *blocks[500];
	char *s;

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		blocks[i] = arena_alloc(a, i);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < i; k++)
			assert_int_equal(blocks[i][k], 0);
		memset(blocks[i], (int)i, i);
	}
	for (size_t i = 0; i < 500; i++) {
		for (size_t k = 0; k < i; k++)
			assert_int_equal(blocks[i][k], (unsigned char)i); /* none overlaps */
	}
	assert_true(arena_bytes(a) >= 499 * 500 / 2);
	assert_string_equal(arena_strdup(a, "hello"), "hello");
	assert_null(arena_strdup(a, NULL));
	assert_string_equal(arena_strndup(a, "hello", 3), "hel");
	s = arena_printf(a, "%s-%d", "x", 42);
	assert_string_equal(s, "x-42");
	assert_int_equal(*arena_new(a, int), 0);
	arena_destroy(NULL);
}

static void test_arena_maximum(void **state)
{
	_cleanup_arena_ struct arena *a = arena_create(1000);

	(void)state;
	assert_null(arena_alloc(a, 1001));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 8));
	assert_non_null(arena_alloc(a, 900));
	assert_null(arena_alloc(a, 200));
	assert_null(arena_strdup(a,
				 "a string of more than one hundred bytes, that is what this is: a "
				 "string of more than one hundred bytes"));
	assert_non_null(arena_alloc(a, 50)); /* smaller things still fit */
	assert_true(arena_bytes(a) <= 1000);
}

static void test_arena_grow(void **state)
{
	_cleanup_arena_ struct arena *a = arena_create(1 << 20);
	size_t cap = 0, n = 0;
	int *array = NULL;

	(void)state;
	for (; n < 1000; n++) {
		array = arena_grow(a, array, n, &cap, sizeof(*array));
		assert_non_null(array);
		assert_true(cap > n);
		array[n] = (int)n;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(array[i], (int)i);
	assert_int_equal(cap, 1024);
}

/* --- Text -------------------------------------------------------------------------- */

static void test_text(void **state)
{
	_cleanup_text_ struct text t = { 0 };
	struct text zeroed = { 0 };
	char *s;

	(void)state;
	text_finish(&zeroed);
	text_finish(NULL);
	text_init(&t, 1000);
	assert_string_equal(t.data, "");
	text_append(&t, "abc");
	text_append_char(&t, 'd');
	text_append_n(&t, "efgh", 2);
	text_printf(&t, " %s %d", "x", 7);
	text_append_n(&t, "\0z", 2);
	assert_int_equal(t.len, 12);
	assert_memory_equal(t.data, "abcdef x 7\0z", 13);
	s = text_take(&t);
	assert_memory_equal(s, "abcdef x 7\0z", 13);
	free(s);
	assert_string_equal(t.data, "");
	s = text_take(&t);
	assert_string_equal(s, "");
	free(s);
	text_append(&t, "again");
	assert_string_equal(t.data, "again");
	text_clear(&t);
	assert_string_equal(t.data, "");
}

static void test_text_maximum(void **state)
{
	_cleanup_text_ struct text t = { 0 };

	(void)state;
	text_init(&t, 10);
	text_append(&t, "0123456789");
	assert_false(t.failed);
	text_append(&t, "");
	assert_false(t.failed);
	text_append_char(&t, 'x');
	assert_true(t.failed);
	assert_string_equal(t.data, "0123456789");
	assert_null(text_take(&t));
	assert_false(t.failed);
	text_append(&t, "01234");
	text_printf(&t, "%s", "567890");
	assert_true(t.failed);
	assert_string_equal(t.data, "01234");
	text_append(&t, "5"); /* a hole would be worse than an end */
	assert_string_equal(t.data, "01234");
	text_clear(&t);
	assert_false(t.failed);
	text_append(&t, "ok");
	assert_string_equal(t.data, "ok");
	text_append(&t, "much too long");
	text_cut(&t, 1);
	assert_false(t.failed);
	text_cut(&t, 100);
	assert_string_equal(t.data, "o");
	text_finish(&t);
	text_cut(&t, 0);
	assert_string_equal(t.data, "");
}

static void json_is(const char *s, size_t n, const char *expected)
{
	_cleanup_text_ struct text t = { 0 };

	text_init(&t, 1000);
	text_append_json(&t, s, n);
	assert_string_equal(t.data, expected);
}
#define JSON_IS(s, expected) json_is(s, sizeof(s) - 1, expected)

static void test_text_json(void **state)
{
	(void)state;
	JSON_IS("", "");
	JSON_IS("plain /text", "plain /text");
	JSON_IS("\"\\\b\f\n\r\t", "\\\"\\\\\\b\\f\\n\\r\\t");
	JSON_IS("\x01\x1f\x7f", "\\u0001\\u001f\x7f");
	JSON_IS("a\0b", "a\\u0000b");
	JSON_IS("gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80", "gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80");
	JSON_IS("\xFF", "\xEF\xBF\xBD");
	JSON_IS("a\xC3", "a\xEF\xBF\xBD");
	JSON_IS("\xED\xA0\x80x", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx");
	JSON_IS("\xE2\x82\"", "\xEF\xBF\xBD\xEF\xBF\xBD\\\"");
}

static void test_text_double(void **state)
{
	static const struct {
		double v;
		const char *text;
	} samples[] = {
		{ 0, "0" },
		{ -0.0, "-0" },
		{ 1, "1" },
		{ 0.1, "0.1" },
		{ -2.5, "-2.5" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 1e21, "1e+21" },
		{ 123456789, "123456789" },
		{ 0.005, "0.005" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ 5e-324, "4.94065645841247e-324" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		_cleanup_text_ struct text t = { 0 };

		text_init(&t, 100);
		text_append_double(&t, samples[i].v);
		assert_string_equal(t.data, samples[i].text);
		assert_true(strtod(t.data, NULL) == samples[i].v);
	}
}

/* --- Map ----------------------------------------------------------------------------- */

static int n_dropped;

static void drop(void *value)
{
	n_dropped++;
	free(value);
}

static void test_map(void **state)
{
	struct map *m = map_create(5000);
	void *old = NULL;
	int values[2000];
	char key[16];

	(void)state;
	assert_null(map_get(m, "none"));
	assert_null(map_remove(m, "none"));
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 2000; i++) {
			snprintf(key, sizeof(key), "key-%d", i);
			values[i] = i;
			assert_int_equal(map_put(m, key, &values[i], NULL), 0);
		}
		assert_int_equal(map_count(m), 2000);
		for (int i = 0; i < 2000; i += 2) {
			snprintf(key, sizeof(key), "key-%d", i);
			assert_ptr_equal(map_remove(m, key), &values[i]);
			assert_null(map_get(m, key));
		}
		for (int i = 0; i < 2000; i++) {
			snprintf(key, sizeof(key), "key-%d", i);
			assert_ptr_equal(map_get(m, key), i % 2 ? &values[i] : NULL);
		}
		assert_int_equal(map_count(m), 1000);
	}
	assert_int_equal(map_put(m, "key-1", &values[7], &old), 0);
	assert_ptr_equal(old, &values[1]);
	assert_ptr_equal(map_get(m, "key-1"), &values[7]);
	assert_int_equal(map_put(m, "new", &values[8], &old), 0);
	assert_null(old);
	assert_int_equal(map_put(m, "", &values[9], NULL), 0);
	assert_ptr_equal(map_get(m, ""), &values[9]);
	map_destroy(m, NULL);
	map_destroy(NULL, NULL);
}

static void test_map_maximum_and_drop(void **state)
{
	struct map *m = map_create(3);

	(void)state;
	n_dropped = 0;
	assert_int_equal(map_put(m, "a", malloc(1), NULL), 0);
	assert_int_equal(map_put(m, "b", malloc(1), NULL), 0);
	assert_int_equal(map_put(m, "c", malloc(1), NULL), 0);
	assert_int_equal(map_put(m, "d", m, NULL), ASSISTANT_ELIMIT);
	free(map_remove(m, "b"));
	assert_int_equal(map_put(m, "d", malloc(1), NULL), 0);
	map_destroy(m, drop);
	assert_int_equal(n_dropped, 3);
}

static void test_map_iteration(void **state)
{
	struct map *m = map_create(1000);
	int seen[300] = { 0 };
	size_t cursor = 0;
	const char *key;
	void *value;
	char name[16];
	int n = 0;

	(void)state;
	assert_false(map_next(m, &cursor, &key, &value));
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%d", i);
		map_put(m, name, &seen[i], NULL);
	}
	cursor = 0;
	while (map_next(m, &cursor, &key, &value)) {
		(*(int *)value)++;
		if (n++ % 3 == 0)
			map_remove(m, key); /* the current one may go */
	}
	for (int i = 0; i < 300; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(map_count(m), 200);
	map_destroy(m, NULL);
}

/* Keys that come and go for ever must not fill the table with tombstones. */
static void test_map_churn(void **state)
{
	struct map *m = map_create(10);
	char key[16];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(map_put(m, key, m, NULL), 0);
		assert_ptr_equal(map_remove(m, key), m);
		assert_null(map_get(m, "x"));
	}
	map_destroy(m, NULL);
}

/* --- Lists ------------------------------------------------------------------------------ */

struct item {
	int n;
	struct list link;
};

static void test_list(void **state)
{
	struct item items[5] = { { 0 } };
	struct list head;
	int sum = 0, last = -1;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	assert_false(list_linked(&items[0].link)); /* zeroed */
	for (int i = 0; i < 5; i++) {
		items[i].n = i;
		list_append(&head, &items[i].link);
	}
	list_remove(&items[2].link);
	list_remove(&items[2].link);
	assert_false(list_linked(&items[2].link));
	assert_true(list_linked(&items[1].link));
	list_for_each (p, &head) {
		assert_true(list_entry(p, struct item, link)->n > last);
		last = list_entry(p, struct item, link)->n;
		sum += last;
	}
	assert_int_equal(sum, 8);
	list_prepend(&head, &items[2].link);
	assert_ptr_equal(head.next, &items[2].link);
	list_for_each_safe (p, &head) {
		list_remove(p);
	}
	assert_true(list_empty(&head));
}

/* --- Failures and checks ------------------------------------------------------------------ */

static int inner(struct fail *f)
{
	return FAIL(f, ASSISTANT_ETIMEOUT, "The %s took %d ms.", "store", 30);
}

static int outer(struct fail *f)
{
	int r = inner(f);

	return FAIL_PASS(f, r);
}

static void test_fail(void **state)
{
	struct fail f = FAIL_INIT;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char origin[200], expected[200];

	(void)state;
	assert_int_equal(outer(NULL), ASSISTANT_ETIMEOUT);
	assert_int_equal(outer(&f), ASSISTANT_ETIMEOUT);
	f.retry_after_ms = 250;
	assert_string_equal(f.text, "The store took 30 ms.");
	fail_origin(&f, origin, sizeof(origin));
	snprintf(expected, sizeof(expected), "tests/unit/test_base.c:%d inner < outer", f.line);
	assert_string_equal(origin, expected);
	assert_string_equal(fail_origin(&f, origin, 10), "tests/uni");
	assert_string_equal(fail_origin(NULL, origin, sizeof(origin)), "unknown");
	assert_int_equal(fail_export(&f, &err), ASSISTANT_ETIMEOUT);
	assert_int_equal(err.code, ASSISTANT_ETIMEOUT);
	assert_int_equal(err.retry_after_ms, 250);
	assert_string_equal(err.message, "The store took 30 ms.");
	assert_int_equal(fail_export(&f, NULL), ASSISTANT_ETIMEOUT);
	f = (struct fail){ .code = ASSISTANT_EBUSY };
	fail_export(&f, &err);
	assert_string_equal(err.message, fail_sentence(ASSISTANT_EBUSY));
	for (int i = 0; i < 10; i++)
		FAIL_PASS(&f, ASSISTANT_EBUSY);
	assert_int_equal(f.n_passed, 6);
}

static void test_fail_names(void **state)
{
	(void)state;
	for (int code = 0; code >= ASSISTANT_EUNPROCESSABLE; code--) {
		assert_true(strlen(fail_name(code)) > 1);
		assert_true(strlen(fail_sentence(code)) > 5);
		for (int other = 0; other > code; other--)
			assert_string_not_equal(fail_name(code), fail_name(other));
	}
	assert_string_equal(fail_name(-1000), "internal");
	assert_string_equal(fail_name(5), "ok");
}

/* A sentence that is too long ends between two code points. */
static void test_fail_cut(void **state)
{
	char long_text[600];

	(void)state;
	for (int shift = 0; shift < 4; shift++) {
		struct fail f = FAIL_INIT;

		memset(long_text, 'x', (size_t)shift);
		for (size_t i = (size_t)shift; i + 5 < sizeof(long_text); i += 4)
			memcpy(long_text + i, "\xF0\x9F\x98\x80", 5);
		FAIL(&f, ASSISTANT_EINVAL, "%s", long_text);
		assert_true(strlen(f.text) > 240);
		assert_true(utf8_valid(f.text, strlen(f.text)));
	}
}

static void test_checks_abort(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	PRE(1 + 1 == 2);
	POST(true);
	for (int kind = 0; kind < 3; kind++) {
		pid = fork();
		if (pid == 0) {
			struct rlimit none = { 0, 0 };

			setrlimit(RLIMIT_CORE, &none);
			signal(SIGABRT, SIG_DFL);
			if (!freopen("/dev/null", "w", stderr))
				_exit(1);
			if (kind == 0)
				PRE(kind == 1);
			if (kind == 1)
				POST(kind == 0);
			IMPOSSIBLE("two is two");
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

/* --- Digests, ids ----------------------------------------------------------------------------- */

static void test_digests(void **state)
{
	char hex[SHA256_HEX_SIZE];

	(void)state;
	sha256_hex("", 0, hex);
	assert_string_equal(hex,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	/* RFC 4231, case 2. */
	hmac_sha256_hex("Jefe", "what do ya want for nothing?", 28, hex);
	assert_string_equal(hex,
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_true(hash_stable("", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(hash_stable("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_stable("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static void test_uuids(void **state)
{
	static const char *const wrong[] = { "",
					     "6ba7b810-9dad-11d1-80b4-00c04fd430c",
					     "6ba7b810-9dad-11d1-80b4-00c04fd430c88",
					     "6ba7b8109dad-11d1-80b4-00c04fd430c8-",
					     "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
					     "{ba7b810-9dad-11d1-80b4-00c04fd430c8}",
					     "6ba7b810 9dad-11d1-80b4-00c04fd430c8" };
	char a[UUID_SIZE], b[UUID_SIZE];

	(void)state;
	/* RFC 9562, appendix A.4. */
	uuid_v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com", a);
	assert_string_equal(a, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
	uuid_v5("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "www.example.com", b);
	assert_string_equal(a, b);
	assert_true(uuid_valid(UUID_NS_ERLEAH));
	assert_false(uuid_valid(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(uuid_valid(wrong[i]));
	uuid_normalise("6BA7B810-9dad-11D1-80B4-00C04FD430C8", a);
	assert_string_equal(a, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
	for (int i = 0; i < 100; i++) {
		uuid_random(a);
		uuid_random(b);
		assert_true(uuid_valid(a));
		assert_int_equal(a[14], '4');
		assert_non_null(strchr("89ab", a[19]));
		assert_string_not_equal(a, b);
	}
}

static void test_random_and_secrets(void **state)
{
	char a[201], b[201];

	(void)state;
	random_hex(a, 100);
	random_hex(b, 100);
	assert_int_equal(strlen(a), 200);
	assert_int_equal(strspn(a, "0123456789abcdef"), 200);
	assert_string_not_equal(a, b);
	assert_true(secret_equal("abc", "abc"));
	assert_false(secret_equal("abc", "abd"));
	assert_false(secret_equal("abc", "ab"));
	assert_true(secret_equal("", ""));
}

static void test_base64(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfb", "//77" },
	};
	static const char *const wrong[] = { "Z",    "Zg",   "Zg=",  "Zg=a",   "Z===",	   "====",
					     "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zg==Zg==", "Zm-_" };
	unsigned char all[256], *back;
	size_t n;
	char *s;
	void *out;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		s = base64_encode(pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(s, pairs[i][1]);
		assert_int_equal(base64_decode(s, strlen(s), &out, &n), 0);
		assert_int_equal(n, strlen(pairs[i][0]));
		assert_memory_equal(out, pairs[i][0], n);
		free(out);
		free(s);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(base64_decode(wrong[i], strlen(wrong[i]), &out, &n),
				 ASSISTANT_EINVAL);
	assert_int_equal(base64_decode("Zm\0v", 4, &out, &n), ASSISTANT_EINVAL);
	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	for (size_t len = 0; len <= 256; len++) {
		s = base64_encode(all, len);
		assert_int_equal(base64_decode(s, strlen(s), &out, &n), 0);
		back = out;
		assert_int_equal(n, len);
		assert_memory_equal(back, all, len);
		free(out);
		free(s);
	}
}

/* --- Networks ----------------------------------------------------------------------------- */

static void test_networks(void **state)
{
	static const char *const wrong[] = { "10.0.0.0/33", "10.0.0/8",	  "::/129",    "x",
					     "10.0.0.1/",   "10.0.0.1/a", "1.2.3.4/-1" };
	struct cidr_list *l = NULL;
	struct fail f = FAIL_INIT;

	(void)state;
	assert_int_equal(
		cidr_list_parse("10.0.0.0/8, 192.0.2.7 2001:db8::/33,203.0.113.64/26", &l, &f), 0);
	assert_true(cidr_list_has(l, "10.255.0.1"));
	assert_false(cidr_list_has(l, "11.0.0.1"));
	assert_true(cidr_list_has(l, "::ffff:10.1.2.3"));
	assert_true(cidr_list_has(l, "192.0.2.7"));
	assert_false(cidr_list_has(l, "192.0.2.8"));
	assert_true(cidr_list_has(l, "2001:db8:7fff::1"));
	assert_false(cidr_list_has(l, "2001:db8:8000::1"));
	assert_true(cidr_list_has(l, "203.0.113.127"));
	assert_false(cidr_list_has(l, "203.0.113.128"));
	assert_false(cidr_list_has(l, "nonsense"));
	assert_false(cidr_list_has(NULL, "10.0.0.1"));
	cidr_list_free(l);
	assert_int_equal(cidr_list_parse("", &l, &f), 0);
	assert_false(cidr_list_has(l, "10.0.0.1"));
	cidr_list_free(l);
	assert_int_equal(cidr_list_parse("0.0.0.0/0", &l, &f), 0);
	assert_true(cidr_list_has(l, "8.8.8.8"));
	assert_false(cidr_list_has(l, "2001:db8::1"));
	cidr_list_free(l);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(cidr_list_parse(wrong[i], &l, &f), ASSISTANT_EINVAL);
		assert_non_null(strstr(f.text, "is not a network"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_maximum),
		cmocka_unit_test(test_arena_grow),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_maximum),
		cmocka_unit_test(test_text_json),
		cmocka_unit_test(test_text_double),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_maximum_and_drop),
		cmocka_unit_test(test_map_iteration),
		cmocka_unit_test(test_map_churn),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_fail_names),
		cmocka_unit_test(test_fail_cut),
		cmocka_unit_test(test_checks_abort),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_uuids),
		cmocka_unit_test(test_random_and_secrets),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_networks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
