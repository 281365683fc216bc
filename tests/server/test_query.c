/*
 * test_query.c - the part of Directus' query language that the embedded face knows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "query.h"

static void assert_query(const char *query_string, const char *expected)
{
	struct row_query q;
	struct query_problem problem;
	struct buf b;

	buf_init(&b, 4096);
	if (query_read(query_string, &q, &problem) < 0)
		fail_msg("%s: %s", query_string, problem.text);
	query_write(&q, &b);
	assert_string_equal(b.data, expected);
	buf_finish(&b);
}

static void test_query_strings(void **state)
{
	assert_query(NULL, "{\"filter\":{},\"sort\":[],\"limit\":100,\"offset\":0}");
	assert_query("filter[conversation_id][_eq]=c1&sort=-date_created,id&limit=5",
		     "{\"filter\":{\"conversation_id\":\"c1\"},\"sort\":[\"-date_created\",\"id\"],"
		     "\"limit\":5,\"offset\":0}");
	assert_query("filter%5Bid%5D%5B_eq%5D=a%22b",
		     "{\"filter\":{\"id\":\"a\\\"b\"},\"sort\":[],\"limit\":100,\"offset\":0}");
	assert_query("filter[id]=x", "{\"filter\":{\"id\":\"x\"},\"sort\":[],\"limit\":100,"
				     "\"offset\":0}");
	assert_query("filter=%7B%22_and%22:[%7B%22id%22:%7B%22_eq%22:%22x%22%7D%7D,%7B%22role%22:"
		     "%22user%22%7D]%7D&access_token=t",
		     "{\"filter\":{\"id\":\"x\",\"role\":\"user\"},\"sort\":[],\"limit\":100,"
		     "\"offset\":0}");
	assert_query("limit=-1&page=3&sort[]=name",
		     "{\"filter\":{},\"sort\":[\"name\"],\"limit\":500,\"offset\":1000}");
	assert_query("limit=100000&offset=7",
		     "{\"filter\":{},\"sort\":[],\"limit\":500,\"offset\":7}");
}

static void test_refused_query_strings(void **state)
{
	static const char *const bad[] = {
		"filter[id][_in]=a,b",
		"filter[id][_neq]=a",
		"filter[conversation_id][id][_eq]=a",
		"filter[a;b][_eq]=a",
		"filter[id",
		"filter={",
		"filter=[]",
		"filter={\"id\":{\"_in\":[\"a\"]}}",
		"filter={\"id\":{\"_eq\":null}}",
		"filter={\"id\":{\"_eq\":\"a\",\"_neq\":\"b\"}}",
		"filter={\"_or\":[{\"id\":\"a\"}]}",
		"filter={\"_and\":{\"id\":\"a\"}}",
		"filter={\"_and\":[{\"_and\":[{\"_and\":[{\"_and\":[{\"_and\":[{\"id\":\"a\"}]}]}]}"
		"]}]}",
		"limit=x",
		"limit=-2",
		"offset=-1",
		"sort=a;drop",
		"sort=-",
		"sort=a,b,c,d,e",
		"fields=a.b",
		"fields[]=*.*",
		"search=x",
		"aggregate[count]=*",
		"meta=total_count",
		"filter[id][_eq]=%ff",
		"filter[id][_eq]=%00",
	};
	struct query_problem problem;
	struct row_query q;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (query_read(bad[i], &q, &problem) == 0)
			fail_msg("taken: %s", bad[i]);
}

static void test_limits(void **state)
{
	struct query_problem problem;
	struct row_query q;
	struct buf b;

	buf_init(&b, 4096);
	for (int i = 0; i < 9; i++)
		buf_addf(&b, "&filter[f%d]=x", i);
	assert_int_equal(query_read(b.data, &q, &problem), -1);
	assert_string_equal(problem.text, "A filter has at most 8 conditions.");
	buf_clear(&b);
	buf_add(&b, "filter[id]=");
	for (int i = 0; i < 129; i++)
		buf_add(&b, "x");
	assert_int_equal(query_read(b.data, &q, &problem), -1);
	buf_clear(&b);
	for (int i = 0; i < 33; i++)
		buf_addf(&b, "&fields=f%d", i);
	assert_int_equal(query_read(b.data, &q, &problem), -1);
	buf_finish(&b);
}

static void assert_projected(const char *query_string, const char *rows, const char *expected)
{
	struct query_problem problem;
	struct row_query q;
	struct json j;
	struct buf b;

	buf_init(&b, 4096);
	assert_int_equal(query_read(query_string, &q, &problem), 0);
	assert_int_equal(json_read(&j, rows, strlen(rows), NULL), 0);
	fields_project(&q.fields, &j, json_root(&j), &b);
	assert_string_equal(b.data, expected);
	json_finish(&j);
	buf_finish(&b);
}

static void test_fields(void **state)
{
	static const char row[] = "{\"id\":\"a\",\"n\":[1, 2],\"metadata\":{\"x\":\"\\u00e9\"},"
				  "\"t\":null}";
	static const char rows[] = "[{\"id\":\"a\",\"b\":1},{\"b\":2,\"id\":\"c\"},{}]";

	assert_projected("", row, row);
	assert_projected("fields=*", row, row);
	assert_projected("fields=id,*", row, row);
	assert_projected("fields=t,id,missing", row, "{\"id\":\"a\",\"t\":null}");
	assert_projected("fields[]=metadata&fields[]=n", row,
			 "{\"n\":[1, 2],\"metadata\":{\"x\":\"\\u00e9\"}}");
	assert_projected("fields=id", rows, "[{\"id\":\"a\"},{\"id\":\"c\"},{}]");
	assert_projected("fields=b", "[]", "[]");
	assert_projected("fields=b", "null", "null");
}

static void test_filters_on_rows(void **state)
{
	static const char row[] = "{\"id\":\"a\",\"role\":\"user\",\"n\":1}";
	struct query_problem problem;
	struct row_query q;
	struct json j;

	assert_int_equal(json_read(&j, row, strlen(row), NULL), 0);
	assert_int_equal(query_read("filter[id]=a&filter[role]=user", &q, &problem), 0);
	assert_true(filter_matches(&q.filter, &j, json_root(&j)));
	assert_string_equal(filter_value(&q.filter, "role"), "user");
	assert_null(filter_value(&q.filter, "n"));
	assert_int_equal(query_read("filter[id]=a&filter[role]=assistant", &q, &problem), 0);
	assert_false(filter_matches(&q.filter, &j, json_root(&j)));
	assert_int_equal(query_read("filter[missing]=a", &q, &problem), 0);
	assert_false(filter_matches(&q.filter, &j, json_root(&j)));
	json_finish(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query_strings),
		cmocka_unit_test(test_refused_query_strings),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_filters_on_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
