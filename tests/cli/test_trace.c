/*
 * test_trace.c - facets and steps as they are shown, from a client that answers what is written here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "json.h"
#include "text.h"
#include "trace.h"

static char asked[400];

static int search(struct client *c, const char *query_json, struct json_object **result,
		  assistant_error *err)
{
	snprintf(asked, sizeof(asked), "%s", query_json);
	*result = json_tokener_parse("{\"results\":[{\"type\":\"session\",\"name\":\"River "
				     "heat\",\"score\":0.76,\"why\":{"
				     "\"lexical\":0.5,\"meaning\":0.4,\"cosines\":{\"master\":0.6,"
				     "\"session_topic\":1.0}}},"
				     "{\"type\":\"speaker\",\"name\":\"Joke de "
				     "Wit\",\"score\":0.1,\"why\":{\"lexical\":0.1}}]}");
	return 0;
}

static int reply(struct talk *t, struct json_object **out, assistant_error *err)
{
	*out = json_tokener_parse(
		"{\"references\":[{},{}],\"timings\":{\"understand_ms\":3,\"execute_ms\":"
		"21,\"total_ms\":24,\"odd\":1}}");
	return 0;
}

static int debug(struct talk *t, struct json_object **out, assistant_error *err)
{
	*out = json_tokener_parse(
		"{\"understood\":{\"intent\":\"recommendation\",\"language\":\"de\"},"
		"\"search_results_count\":7}");
	return 0;
}

static int no_debug(struct talk *t, struct json_object **out, assistant_error *err)
{
	return client_fail(err, ASSISTANT_EDENIED, "no");
}

/* What is shown on a terminal of that width. */
static char *facets(const char *words, int columns, int *status)
{
	static const struct client_ops ops = { .search = search };
	struct client client = { .ops = &ops };
	char *out = NULL;
	size_t size = 0;
	struct cli cli = { .client = &client };

	cli.terminal.out = open_memstream(&out, &size);
	cli.terminal.columns = columns;
	*status = facets_show(&cli, words, "c1", NULL, false);
	fclose(cli.terminal.out);
	return out;
}

static void facets_with_their_cosines(void **state)
{
	int status;
	char *out = facets("warm houses", 0, &status);

	assert_int_equal(status, STATUS_OK);
	assert_string_equal(out,
			    "River heat  session 0.76\n"
			    "    words                   0.50  ===============\n"
			    "    meaning                 0.40  ============\n"
			    "    master                  0.60  ==================\n"
			    "    session_topic           1.00  ==============================\n"
			    "Joke de Wit  speaker 0.10\n"
			    "    words                   0.10  ===\n");
	free(out);
	assert_non_null(strstr(asked, "\"q\":\"warm houses\""));
	assert_non_null(strstr(asked, "\"conference_id\":\"c1\""));
	assert_non_null(strstr(asked, "\"why\":true"));
}

static void facets_of_one_record(void **state)
{
	int status;
	char *out = facets("warm houses | RIVER", 0, &status);

	assert_non_null(strstr(asked, "\"q\":\"warm houses\""));
	assert_non_null(strstr(out, "River heat"));
	assert_null(strstr(out, "Joke"));
	free(out);
	out = facets("warm houses | joke", 0, &status);
	assert_non_null(strstr(out, "None of these was found by its meaning"));
	free(out);
	out = facets("warm houses | nobody", 0, &status);
	assert_int_equal(status, STATUS_NONE);
	assert_string_equal(out, "These words find no such record.\n");
	free(out);
}

static char *trace(const struct talk_ops *ops)
{
	struct talk talk = { .ops = ops };
	char *out = NULL;
	size_t size = 0;
	struct cli cli = { 0 };

	cli.terminal.out = open_memstream(&out, &size);
	assert_int_equal(trace_show(&cli, &talk, false), STATUS_OK);
	fclose(cli.terminal.out);
	return out;
}

static void steps(void **state)
{
	char *out = trace(&(const struct talk_ops){ .reply = reply, .debug = debug });

	assert_string_equal(out, "understand        3 ms  intent recommendation, language de\n"
				 "execute          21 ms  found 7 records\n"
				 "total            24 ms\n");
	free(out);
	out = trace(&(const struct talk_ops){ .reply = reply, .debug = no_debug });
	assert_string_equal(out, "understand        3 ms\n"
				 "execute          21 ms\n"
				 "total            24 ms\n");
	free(out);
}

static int begin(void **state)
{
	text_begin();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facets_with_their_cosines),
		cmocka_unit_test(facets_of_one_record),
		cmocka_unit_test(steps),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
