/*
 * test_json.c - what the server's reader of JSON takes and refuses; what it writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "json.h"

static bool takes(const char *text)
{
	struct json j;

	if (json_read(&j, text, strlen(text), NULL) < 0)
		return false;
	json_finish(&j);
	return true;
}

static void test_takes(void **state)
{
	static const char *const good[] = {
		"{}",
		" [] ",
		"null",
		"-0.5e+10",
		"0",
		"\"\\u00e9\\n\\/\\ud83d\\ude00\"",
		"[1,[2,{\"a\":[]}],\"\",true,false,null]",
		"{\"a\":{\"b\":{}},\"a\":1}",
		"\t{\r\n\"a\" : 1 , \"b\":[ ] }\n",
		"\"\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9\"",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!takes(good[i]))
			fail_msg("refused: %s", good[i]);
}

static void test_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"}",
		"[1,]",
		"[1 2]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"{'a':1}",
		"nul",
		"nulll",
		"NaN",
		"Infinity",
		"01",
		"1.",
		".5",
		"-",
		"1e",
		"+1",
		"\"",
		"\"\\x\"",
		"\"\\u12\"",
		"\"\\u12g4\"",
		"\"\t\"",
		"{} {}",
		"[]]",
		"\"\\ud83d\"",
		"\"\\ude00\"",
		"\"\\u0000\"",
		"\"\xff\"",
		"\"\xc0\x80\"",
		"\"\xed\xa0\x80\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xe2\x82\"",
		"\xef\xbb\xbf{}",
		"// x\n1",
		"[1}",
		"{\"a\":1]",
		"{1:2}",
		"{\"a\" 1}",
		"tru",
		"\"\\ud83d\\u0041\"",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (takes(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

static void test_refuses_nul(void **state)
{
	struct json j;

	assert_int_equal(json_read(&j, "{}\0", 3, NULL), -1);
	assert_int_equal(json_read(&j, "\0{}", 3, NULL), -1);
	assert_int_equal(json_read(&j, "\"a\0b\"", 5, NULL), -1);
}

static void test_depth(void **state)
{
	struct buf b;
	int i;

	buf_init(&b, 100000);
	for (i = 0; i < JSON_MAX_DEPTH; i++)
		buf_add(&b, "[");
	for (i = 0; i < JSON_MAX_DEPTH; i++)
		buf_add(&b, "]");
	assert_true(takes(b.data));
	buf_clear(&b);
	for (i = 0; i < 10000; i++)
		buf_add(&b, i % 2 ? "[" : "{\"a\":");
	assert_false(takes(b.data));
	buf_finish(&b);
}

static void test_says_where(void **state)
{
	struct json j;
	struct json_problem problem;

	assert_int_equal(json_read(&j, "{\n  \"\xc3\xa9\": x}", 11, &problem), -1);
	assert_string_equal(problem.text, "something that is no value at line 2, column 8");
}

static void test_members(void **state)
{
	static const char text[] = "{\"a\":[1,\"two\",{\"b\":null}],\"k\\u0065y\":\"v\\\"\\n\\u20ac"
				   "\\ud83d\\ude00\",\"a2\":{},\"key\":\"last\"}";
	const struct json_node *node, *item;
	struct json j;
	char out[32];
	size_t len;

	assert_int_equal(json_read(&j, text, strlen(text), NULL), 0);
	node = json_member(&j, json_root(&j), "a");
	assert_int_equal(node->type, JSON_ARRAY);
	item = json_first(&j, node);
	assert_int_equal(item->type, JSON_NUMBER);
	item = json_after(&j, item);
	assert_true(json_is(&j, item, "two"));
	assert_false(json_is(&j, item, "tw"));
	assert_false(json_is(&j, item, "twoo"));
	item = json_after(&j, item);
	assert_memory_equal(json_raw(&j, item, &len), "{\"b\":null}", 10);
	assert_int_equal(len, 10);
	assert_null(json_after(&j, item));
	assert_int_equal(json_member(&j, item, "b")->type, JSON_NULL);
	node = json_member(&j, json_root(&j), "key");
	assert_int_equal(json_copy(&j, node, out, sizeof(out)), 4);
	assert_string_equal(out, "last");
	assert_null(json_first(&j, json_member(&j, json_root(&j), "a2")));
	assert_null(json_member(&j, json_root(&j), "b"));
	assert_null(json_member(&j, NULL, "b"));
	assert_int_equal(json_copy(&j, NULL, out, sizeof(out)), -1);
	node = json_after(&j, json_value(&j, json_first(&j, json_root(&j))));
	assert_true(json_is(&j, node, "key"));
	node = json_value(&j, node);
	assert_int_equal(json_copy(&j, node, out, sizeof(out)), 10);
	assert_string_equal(out, "v\"\n\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_int_equal(json_copy(&j, node, out, 10), -1);
	json_finish(&j);
}

static void test_writes(void **state)
{
	struct buf b;
	struct json j;
	char out[64];
	static const char text[] = "q\"b\\n\nt\tx\x01\x7f\xe2\x82\xac";

	buf_init(&b, 200);
	buf_add_json(&b, text);
	assert_int_equal(json_read(&j, b.data, b.len, NULL), 0);
	assert_int_equal(json_copy(&j, json_root(&j), out, sizeof(out)), strlen(text));
	assert_string_equal(out, text);
	json_finish(&j);
	buf_clear(&b);
	buf_add_json(&b, "a\xff\xe2\x82");
	assert_string_equal(b.data, "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	buf_clear(&b);
	buf_add_json(&b, NULL);
	assert_string_equal(b.data, "null");
	buf_finish(&b);
}

static void test_buffers_have_a_limit(void **state)
{
	struct buf b;

	buf_init(&b, 10);
	buf_add(&b, "12345");
	buf_add(&b, "678901");
	assert_true(b.failed);
	assert_string_equal(b.data, "12345");
	buf_add(&b, "6");
	assert_string_equal(b.data, "12345");
	buf_clear(&b);
	buf_addf(&b, "%s-%d", "1234567", 12);
	assert_string_equal(b.data, "1234567-12");
	assert_false(b.failed);
	buf_addf(&b, "%d", 1);
	assert_true(b.failed);
	buf_finish(&b);
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes),	    cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_refuses_nul), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_says_where),  cmocka_unit_test(test_members),
		cmocka_unit_test(test_writes),	    cmocka_unit_test(test_buffers_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
