/*
 * test_log.c - log lines: both forms, escaping, hiding, limits, one write per line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "observe/log.h"
#include "observe/metrics.h"

struct world {
	struct clock *clock;
	struct text lines;
	int n, last_level;
};

static void keep_line(void *user, int level, const char *line)
{
	struct world *w = user;

	text_clear(&w->lines);
	text_append(&w->lines, line);
	w->n++;
	w->last_level = level;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->clock = clock_create_virtual(INT64_C(1795444330123));
	text_init(&w->lines, 1 << 20);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	clock_destroy(w->clock);
	text_finish(&w->lines);
	free(w);
	return 0;
}

#define HEAD "{\"time\":\"2026-11-23T14:32:10.123Z\",\"level\":\"info\",\"event\":"

static void test_json_lines(void **state)
{
	struct world *w = *state;
	struct log *l = log_create(LOG_INFO, true, w->clock, keep_line, w);

	log_write(l, LOG_INFO, "turn.done", "s", "outcome", "ok", "i", "ms", (int64_t)12, "f",
		  "score", 0.5, "b", "cached", 1, "j", "used", "[1,\n 2]", "s", "absent",
		  (const char *)NULL, "f", "nan", NAN, NULL);
	assert_string_equal(w->lines.data,
			    HEAD "\"turn.done\",\"outcome\":\"ok\",\"ms\":12,\"score\":0.5,"
				 "\"cached\":true,\"used\":[1,  2]}");
	log_write(l, LOG_INFO, "bare", NULL);
	assert_string_equal(w->lines.data, HEAD "\"bare\"}");
	log_write(l, LOG_INFO, "odd", "s", "text", "a\"b\\c\nd\te\x01\xff/\xC3\xA9", "j", "broken",
		  "{oops", "i", "least", INT64_MIN, NULL);
	assert_string_equal(w->lines.data, HEAD
			    "\"odd\",\"text\":\"a\\\"b\\\\c\\nd\\te\\u0001\xEF\xBF\xBD/\xC3\xA9\","
			    "\"broken\":\"{oops\",\"least\":-9223372036854775808}");
	assert_int_equal(json_check(w->lines.data, w->lines.len, NULL), 0);
	log_destroy(l);
	log_destroy(NULL);
}

static void test_console_lines(void **state)
{
	struct world *w = *state;
	struct log *l = log_create(LOG_DEBUG, false, w->clock, keep_line, w);

	log_write(l, LOG_WARN, "store.down", "s", "host", "db:5432", "s", "why", "two words", "s",
		  "empty", "", "b", "retry", 0, NULL);
	assert_string_equal(w->lines.data, "2026-11-23T14:32:10.123Z warn  store.down host=db:5432 "
					   "why=\"two words\" empty=\"\" retry=false");
	assert_int_equal(w->last_level, LOG_WARN);
	/* No field can look like another one, or like another line. */
	log_write(l, LOG_ERROR, "x", "s", "a", "1 b=2\n2026 error fake", NULL);
	assert_string_equal(w->lines.data, "2026-11-23T14:32:10.123Z error x "
					   "a=\"1 b=2\\n2026 error fake\"");
	log_write_json(l, LOG_INFO, "x y=1", "{\"b c\":\"d\",\"e=f\":2}");
	assert_string_equal(w->lines.data, "2026-11-23T14:32:10.123Z info  \"x y=1\" "
					   "\"b c\"=\"d\" \"e=f\"=2");
	log_destroy(l);
}

static void test_levels(void **state)
{
	struct world *w = *state;
	struct metrics *m = metrics_create();
	struct log *l = log_create(LOG_WARN, true, w->clock, keep_line, w);

	log_count_in(l, m);
	assert_true(log_wants(l, LOG_ERROR));
	assert_true(log_wants(l, LOG_WARN));
	assert_false(log_wants(l, LOG_INFO));
	assert_false(log_wants(NULL, LOG_ERROR));
	log_write(l, LOG_INFO, "no", NULL);
	log_write(l, LOG_DEBUG, "no", NULL);
	log_write(NULL, LOG_ERROR, "no", NULL);
	log_write_json(l, LOG_INFO, "no", "{}");
	assert_int_equal(w->n, 0);
	log_write(l, LOG_WARN, "yes", NULL);
	log_write(l, LOG_ERROR, "yes", NULL);
	assert_int_equal(w->n, 2);
	assert_true(metrics_get(m, METRIC_LOG_LINES, "warn") == 1);
	assert_true(metrics_get(m, METRIC_LOG_LINES, "error") == 1);
	assert_true(metrics_get(m, METRIC_LOG_LINES, "info") == 0);
	log_destroy(l);
	metrics_destroy(m);
}

static void test_failures(void **state)
{
	struct world *w = *state;
	struct log *l = log_create(LOG_INFO, true, w->clock, keep_line, w);
	struct json_object *o = NULL;
	struct fail f = FAIL_INIT;

	FAIL(&f, ASSISTANT_EUNAVAILABLE, "The \"index\" is down.");
	log_fail(l, LOG_INFO, "search.failed", &f);
	assert_int_equal(json_parse(w->lines.data, w->lines.len, &o, NULL), 0);
	assert_string_equal(json_text(o, "code"), "unavailable");
	assert_string_equal(json_text(o, "error"), "The \"index\" is down.");
	assert_non_null(strstr(json_text(o, "origin"), "test_log.c:"));
	json_object_put(o);
	f = (struct fail){ .code = ASSISTANT_ETIMEOUT };
	log_fail(l, LOG_INFO, "search.failed", &f);
	assert_string_equal(w->lines.data, HEAD "\"search.failed\",\"code\":\"timeout\",\"error\":"
						"\"It took too long.\"}");
	log_destroy(l);
}

static void test_json_fields(void **state)
{
	struct world *w = *state;
	struct log *l = log_create(LOG_INFO, true, w->clock, keep_line, w);

	log_write_json(l, LOG_INFO, "http",
		       "{\"status\":200,\"path\":\"/a/b\",\"time\":\"fake\","
		       "\"level\":\"error\",\"o\":{\"k\":[1,2]},\"n\":null}");
	assert_string_equal(w->lines.data, HEAD "\"http\",\"status\":200,\"path\":\"/a/b\","
						"\"o\":{\"k\":[1,2]},\"n\":null}");
	log_write_json(l, LOG_INFO, "http", NULL);
	assert_string_equal(w->lines.data, HEAD "\"http\"}");
	log_write_json(l, LOG_INFO, "http", "[1]");
	assert_string_equal(w->lines.data, HEAD "\"http\",\"fields\":\"[1]\"}");
	log_write_json(l, LOG_INFO, "http", "{\"a\":1}\n{\"b\":2}");
	assert_string_equal(w->lines.data,
			    HEAD "\"http\",\"fields\":\"{\\\"a\\\":1}\\n{\\\"b\\\":2}\"}");
	log_destroy(l);
}

static void test_secrets_are_hidden(void **state)
{
	struct world *w = *state;
	struct log *l = log_create(LOG_INFO, true, w->clock, keep_line, w);

	log_hide(l, "sk-1234");
	log_hide(l, "sk-1234-and-more");
	log_hide(l, "pa\"ss\\word\xC3\xBC");
	log_hide(l, "abc"); /* too short to tell from other text */
	log_hide(l, "");
	log_hide(l, NULL);
	log_hide(NULL, "sk-9999");
	log_write(l, LOG_INFO, "x", "s", "a", "Bearer sk-1234, sk-1234-and-more; sk-1234", "s", "b",
		  "in a word: pa\"ss\\word\xC3\xBC!", "s", "c", "abc", NULL);
	assert_string_equal(w->lines.data, HEAD "\"x\",\"a\":\"Bearer ***, ***; ***\","
						"\"b\":\"in a word: ***!\",\"c\":\"abc\"}");
	log_write_json(l, LOG_INFO, "x", "{\"deep\":{\"key\":\"pa\\\"ss\\\\word\\u00fc\"}}");
	assert_string_equal(w->lines.data, HEAD "\"x\",\"deep\":{\"key\":\"***\"}}");
	log_destroy(l);
	l = log_create(LOG_INFO, false, w->clock, keep_line, w);
	log_hide(l, "sk-1234");
	log_write(l, LOG_INFO, "x", "s", "a", "sk-1234", NULL);
	assert_null(strstr(w->lines.data, "1234"));
	log_destroy(l);
}

static void test_long_lines(void **state)
{
	struct world *w = *state;
	struct log *l = log_create(LOG_INFO, true, w->clock, keep_line, w);
	char *big = malloc(100001);
	struct json_object *o = NULL;
	struct text fields;

	for (int i = 0; i < 100000; i += 2)
		memcpy(big + i, "\xC3\xA9", 3);
	log_write(l, LOG_INFO, "big", "s", "text", big, "i", "after", (int64_t)1, NULL);
	assert_int_equal(json_parse(w->lines.data, w->lines.len, &o, NULL), 0);
	assert_int_equal(strlen(json_text(o, "text")), 4096 + 3);
	assert_int_equal(json_get_int(o, "after", 0), 1);
	json_object_put(o);
	/* What does not fit as a whole is left out, the rest stays. */
	text_init(&fields, 1 << 20);
	text_append(&fields, "{\"a\":1,\"huge\":\"");
	text_append(&fields, big);
	text_append(&fields, "\",\"z\":2}");
	log_write_json(l, LOG_INFO, "big", fields.data);
	assert_string_equal(w->lines.data, HEAD "\"big\",\"a\":1,\"z\":2,\"cut\":true}");
	/* Many fields that fill the line to its end. */
	for (int n = 0; n < 40; n++) {
		text_clear(&fields);
		text_append(&fields, "{");
		for (int i = 0; i < 65; i++)
			text_printf(&fields, "%s\"k%d\":\"%.*s\"", i ? "," : "", i, 970 + n * 2,
				    big);
		text_append(&fields, "}");
		log_write_json(l, LOG_INFO, "big", fields.data);
		assert_true(w->lines.len <= 65536);
		assert_int_equal(json_check(w->lines.data, w->lines.len, NULL), 0);
	}
	assert_non_null(strstr(w->lines.data, "\"cut\":true"));
	text_finish(&fields);
	free(big);
	log_destroy(l);
}

enum { WRITERS = 4, LINES = 500 };

static void *write_lines(void *arg)
{
	char filler[3000];

	memset(filler, 'x', sizeof(filler));
	filler[sizeof(filler) - 1] = '\0';
	for (int i = 0; i < LINES; i++) {
		log_write(arg, LOG_INFO, "thread", "i", "n", (int64_t)i, "s", "filler", filler,
			  NULL);
		if (i % 50 == 0)
			log_hide(arg, "some secret of some length");
	}
	return NULL;
}

static void *count_lines(void *arg)
{
	FILE *f = arg;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	long good = 0;

	while ((n = getline(&line, &size, f)) > 0) {
		/* Torn lines would not parse. */
		if (line[n - 1] == '\n' && json_check(line, (size_t)n - 1, NULL) == 0)
			good++;
	}
	free(line);
	return (void *)good;
}

static void test_lines_of_threads_do_not_mix(void **state)
{
	struct world *w = *state;
	struct log *l = log_create(LOG_INFO, true, w->clock, NULL, NULL);
	int fds[2], saved = dup(STDERR_FILENO);
	pthread_t writers[WRITERS], reader;
	void *good;
	FILE *f;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	pthread_create(&reader, NULL, count_lines, f);
	for (int i = 0; i < WRITERS; i++)
		pthread_create(&writers[i], NULL, write_lines, l);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	pthread_join(reader, &good);
	assert_int_equal((long)good, WRITERS * LINES);
	fclose(f);
	log_destroy(l);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_json_lines),  T(test_console_lines),
		T(test_levels),	     T(test_failures),
		T(test_json_fields), T(test_secrets_are_hidden),
		T(test_long_lines),  T(test_lines_of_threads_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
