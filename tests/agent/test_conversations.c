/*
 * test_conversations.c - tests/golden/conversations.json, turn by turn (docs/testing.md,
 * "Conversations").
 *
 * ERLEAH_TEST_FOSDEM names the conference file of the conversations about FOSDEM; without it they
 * are left out.  TRANSCRIPT=1 prints all that was said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ctype.h>
#include <string.h>
#include "base/utf8.h"
#include "programme.h"
#include "stage.h"

#define LEAST_CONVERSATIONS 12

static struct json_object *conversations;

static int read_conversations(void **state)
{
	FILE *f = fopen(GOLDEN "/conversations.json", "r");
	struct text text _cleanup_text_ = { 0 };
	char block[4096];
	size_t n;

	assert_non_null(f);
	text_init(&text, 4 << 20);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		text_append_n(&text, block, n);
	fclose(f);
	assert_int_equal(json_parse(text.data, text.len, &conversations, NULL), 0);
	return 0;
}

static int drop_conversations(void **state)
{
	json_object_put(conversations);
	return 0;
}

/* --- What an answer is ---------------------------------------------------------------- */

/* Folded, without the marks of bold text. */
static char *folded_words(const char *s)
{
	struct text out _cleanup_text_ = { 0 };

	text_init(&out, 1 << 20);
	for (; *s; s++) {
		if (s[0] == '*' && s[1] == '*')
			s++;
		else
			text_append_char(&out, *s);
	}
	return utf8_fold(out.data, out.len);
}

static bool is_letter(char c)
{
	return (c & 0x80) || isalnum((unsigned char)c);
}

/* As whole words. */
static bool text_has(const char *text, const char *words)
{
	char *hay _cleanup_free_ = folded_words(text), *needle _cleanup_free_ = folded_words(words);
	size_t n = strlen(needle);

	for (const char *p = strstr(hay, needle); p; p = strstr(p + 1, needle))
		if ((p == hay || !is_letter(p[-1]) || !is_letter(p[0])) &&
		    (!is_letter(p[n]) || !is_letter(p[n - 1])))
			return true;
	return false;
}

static bool refers_to(const struct answer *a, const char *id)
{
	for (size_t i = 0; i < json_object_array_length(a->references); i++)
		if (strcmp(json_text(json_object_array_get_idx(a->references, i), "id"), id) == 0)
			return true;
	return false;
}

static bool has_kind(const struct answer *a, const char *kind)
{
	size_t n = json_object_array_length(a->references), pages = 0;

	for (size_t i = 0; i < n; i++)
		pages += strcmp(json_text(json_object_array_get_idx(a->references, i), "type"),
				"info") == 0;
	if (strcmp(kind, "entities") == 0)
		return n > pages;
	if (strcmp(kind, "info") == 0)
		return pages > 0;
	if (strcmp(kind, "clarify") == 0)
		return strchr(a->text.data, '?') != NULL;
	if (strcmp(kind, "none") != 0 && strcmp(kind, "smalltalk") != 0)
		fail_msg("\"%s\" is no kind of answer", kind);
	return n == 0;
}

/* --- Expectations ------------------------------------------------------------------------ */

static bool holds(struct json_object *value, const char *key, const struct answer *a, size_t i)
{
	const char *s = json_object_is_type(value, json_type_array)
				? json_object_get_string(json_object_array_get_idx(value, i))
				: json_object_get_string(value);

	if (strcmp(key, "kind") == 0)
		return has_kind(a, s);
	if (strcmp(key, "language") == 0)
		return strcmp(json_text(json_get_object(a->debug, "understood"), "language"), s) ==
		       0;
	if (strcmp(key, "references_all") == 0 || strcmp(key, "references_any") == 0)
		return refers_to(a, s);
	if (strcmp(key, "references_none") == 0)
		return !refers_to(a, s);
	if (strcmp(key, "words_all") == 0)
		return text_has(a->text.data, s);
	if (strcmp(key, "words_none") == 0)
		return !text_has(a->text.data, s);
	fail_msg("\"%s\" is nothing an answer can be expected to be", key);
	return false;
}

/* What does not hold goes to `wrong`, a line each. */
static void check(struct json_object *expect, const struct answer *a, struct text *wrong)
{
	json_object_object_foreach(expect, key, value)
	{
		bool any = strcmp(key, "references_any") == 0;
		size_t n = json_object_is_type(value, json_type_array)
				   ? json_object_array_length(value)
				   : 1,
		       held = 0;

		for (size_t i = 0; i < n; i++)
			held += holds(value, key, a, i);
		if (any ? held == 0 : held < n)
			text_printf(wrong, "   %s: %s\n", key, json_object_get_string(value));
	}
}

static void tell(struct text *out, const char *id, const char *question, const struct answer *a)
{
	text_printf(out, "%s > %s\n%s\n", id, question, a->text.data);
	for (size_t i = 0; i < json_object_array_length(a->references); i++)
		text_printf(out, " * %s %s\n",
			    json_text(json_object_array_get_idx(a->references, i), "id"),
			    answer_reference(a, i));
}

static size_t converse(struct stage *s, struct json_object *conversation, struct text *report)
{
	struct json_object *turns = json_get_array(conversation, "turns");
	const char *id = json_text(conversation, "id");
	size_t failed = 0;

	stage_forget(s);
	stage_set_now(s, json_text(conversation, "now"));
	for (size_t i = 0; i < json_object_array_length(turns); i++) {
		struct json_object *turn = json_object_array_get_idx(turns, i);
		struct text wrong _cleanup_text_ = { 0 };
		struct answer a = { 0 };

		text_init(&wrong, 1 << 16);
		stage_ask(s, json_text(turn, "question"), &a);
		assert_int_equal(a.outcome, OUTCOME_OK);
		answer_check(s, &a);
		check(json_get_object(turn, "expect"), &a, &wrong);
		if (wrong.len || getenv("TRANSCRIPT"))
			tell(report, id, json_text(turn, "question"), &a);
		if (wrong.len)
			text_printf(report, "--- this does not hold:\n%s", wrong.data);
		failed += wrong.len > 0;
		answer_finish(&a);
	}
	return failed;
}

static void converse_about(const char *conference, const char *path)
{
	struct json_object *all = json_get_array(conversations, "conversations");
	struct text report _cleanup_text_ = { 0 };
	size_t n = 0, failed = 0;
	struct stage s;

	text_init(&report, 4 << 20);
	stage_open(&s, programme_read(path), "2027-05-20T09:00");
	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);

		if (strcmp(json_text(one, "conference"), conference) != 0)
			continue;
		n++;
		failed += converse(&s, one, &report);
	}
	stage_close(&s);
	if (report.len)
		fputs(report.data, stderr);
	if (failed)
		fail_msg("%zu answers are not what their conversation expects", failed);
	assert_true(n > 0);
}

static void about_the_example(void **state)
{
	converse_about("example", CONFERENCE);
}

static void about_fosdem(void **state)
{
	const char *path = getenv("ERLEAH_TEST_FOSDEM");

	if (path && path[0])
		converse_about("fosdem", path);
	else
		print_message("ERLEAH_TEST_FOSDEM is not set: nothing was asked about FOSDEM\n");
}

/* Every conversation is of three to six turns, and each turn expects something. */
static void are_well_formed(void **state)
{
	struct json_object *all = json_get_array(conversations, "conversations");

	assert_true(json_object_array_length(all) >= LEAST_CONVERSATIONS);
	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);
		struct json_object *turns = json_get_array(one, "turns");
		size_t n = turns ? json_object_array_length(turns) : 0;

		assert_true(n >= 3 && n <= 6);
		for (size_t k = 0; k < n; k++) {
			struct json_object *turn = json_object_array_get_idx(turns, k);

			assert_non_null(json_get_string(turn, "question"));
			assert_true(json_object_object_length(json_get_object(turn, "expect")) > 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_well_formed),
		cmocka_unit_test(about_the_example),
		cmocka_unit_test(about_fosdem),
	};

	return cmocka_run_group_tests(tests, read_conversations, drop_conversations);
}
