/*
 * test_schema.c - arguments of tools against their schemas: what passes, what does not, and the
 * sentence that says why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "tools/tool.h"

static const char schema_text[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"query\"],"
	"\"properties\":{"
	"\"query\":{\"type\":\"string\",\"maxLength\":5},"
	"\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":50},"
	"\"weight\":{\"type\":\"number\",\"minimum\":0.5},"
	"\"kind\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},"
	"\"either\":{\"type\":[\"string\",\"null\"]},"
	"\"ids\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"type\":\"string\"}},"
	"\"filters\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":"
	"{\"day\":{\"type\":\"string\"}}}}}";

static int check(const char *value_text, struct fail *f)
{
	struct json_object *schema = NULL, *value = NULL;
	int r;

	assert_int_equal(json_parse(schema_text, strlen(schema_text), &schema, NULL), 0);
	assert_int_equal(json_parse(value_text, strlen(value_text), &value, NULL), 0);
	r = schema_check(schema, value, f);
	json_object_put(schema);
	json_object_put(value);
	return r;
}

static void accepts(void **state)
{
	static const char *const good[] = {
		"{\"query\":\"\"}",
		"{\"query\":\"äöüéñ\",\"limit\":1}", /* five characters, ten bytes */
		"{\"query\":\"a\",\"limit\":50,\"weight\":1}",
		"{\"query\":\"a\",\"kind\":\"b\",\"either\":null}",
		"{\"query\":\"a\",\"ids\":[\"x\",\"y\"],\"filters\":{\"day\":\"Saturday\"}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(check(good[i], NULL), 0);
}

static void refuses(void **state)
{
	static const struct {
		const char *value, *sentence;
	} bad[] = {
		{ "[]", "arguments must be of type object, not array." },
		{ "{}", "arguments lacks query." },
		{ "{\"query\":7}", "arguments.query must be of type string, not integer." },
		{ "{\"query\":\"sechsz\"}", "arguments.query must be at most 5 characters long." },
		{ "{\"query\":\"a\",\"limit\":0}", "arguments.limit must be at least 1." },
		{ "{\"query\":\"a\",\"limit\":51}", "arguments.limit must be at most 50." },
		{ "{\"query\":\"a\",\"limit\":1.5}",
		  "arguments.limit must be of type integer, not number." },
		{ "{\"query\":\"a\",\"weight\":0.25}", "arguments.weight must be at least 0.5." },
		{ "{\"query\":\"a\",\"more\":1}", "arguments has no property more." },
		{ "{\"query\":\"a\",\"ids\":[\"x\",3]}",
		  "arguments.ids[1] must be of type string, not integer." },
		{ "{\"query\":\"a\",\"ids\":[\"x\",\"y\",\"z\"]}",
		  "arguments.ids must have at most 2 items." },
		{ "{\"query\":\"a\",\"filters\":{\"hour\":\"2\"}}",
		  "arguments.filters has no property hour." },
		{ "{\"query\":\"a\",\"filters\":{\"day\":2}}",
		  "arguments.filters.day must be of type string, not integer." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fail f = FAIL_INIT;

		assert_int_equal(check(bad[i].value, &f), ASSISTANT_EINVAL);
		assert_string_equal(f.text, bad[i].sentence);
	}
	{
		struct fail f = FAIL_INIT;

		assert_int_equal(check("{\"query\":\"a\",\"kind\":\"c\"}", &f), ASSISTANT_EINVAL);
		assert_non_null(strstr(f.text, "arguments.kind must be one of"));
		assert_non_null(strstr(f.text, "\"b\""));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(accepts), cmocka_unit_test(refuses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
