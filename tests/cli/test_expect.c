/*
 * test_expect.c - what a conversation's file expects of an answer, one rule after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "eval_talk.h"
#include "json.h"
#include "text.h"

static const char answer[] =
	"{\"outcome\":\"ok\",\"text\":\"**Locks** is on Saturday at 10:00, in the Boathouse (Søren "
	"Ågård).\",\"references\":[{\"type\":\"session\",\"id\":\"s1\",\"name\":\"Locks\"}]}";
static const char page[] =
	"{\"outcome\":\"ok\",\"text\":\"No password.\",\"references\":[{\"type\":\"info\","
	"\"id\":\"wifi\",\"name\":\"Wi-Fi\"}]}";
static const char plain[] =
	"{\"outcome\":\"ok\",\"text\":\"Which one do you mean?\",\"references\":[]}";
static const char failed[] = "{\"outcome\":\"failed\",\"text\":\"Sorry.\",\"references\":[]}";

/* problem: a part of the one sentence; NULL: there is none. */
static void expects(const char *expect, const char *reply_json, const char *problem)
{
	struct json_object *e = json_tokener_parse(expect), *reply = json_tokener_parse(reply_json);
	struct json_object *problems = turn_check(e, reply, "en", NULL);
	size_t n = json_object_array_length(problems);

	if (n != (problem != NULL) ||
	    (problem &&
	     !strstr(json_object_get_string(json_object_array_get_idx(problems, 0)), problem)))
		fail_msg("%s: %s", expect, json_line(problems));
	json_object_put(problems);
	json_object_put(reply);
	json_object_put(e);
}

static void kinds(void **state)
{
	expects("{\"kind\":\"entities\"}", answer, NULL);
	expects("{\"kind\":\"entities\"}", page, "refers to no session");
	expects("{\"kind\":\"info\"}", page, NULL);
	expects("{\"kind\":\"info\"}", answer, "refers to no information page");
	expects("{\"kind\":\"none\"}", plain, NULL);
	expects("{\"kind\":\"none\"}", page, "refers to something");
	expects("{\"kind\":\"smalltalk\"}", answer, "refers to something");
	expects("{\"kind\":\"clarify\"}", plain, NULL);
	expects("{\"kind\":\"clarify\"}", answer, "does not ask back");
}

static void references(void **state)
{
	expects("{\"references_all\":[\"s1\"]}", answer, NULL);
	expects("{\"references_all\":[\"s1\",\"s2\"]}", answer, "does not refer to s2");
	expects("{\"references_any\":[\"s2\",\"s1\"]}", answer, NULL);
	expects("{\"references_any\":[\"s2\"]}", answer, "does not refer to s2");
	expects("{\"references_none\":[\"s2\"]}", answer, NULL);
	expects("{\"references_none\":[\"s1\"]}", answer, "refers to s1");
}

static void words(void **state)
{
	expects("{\"words_all\":[\"locks\",\"SATURDAY at\",\"ågård\",\"10:00\"]}", answer, NULL);
	expects("{\"words_all\":[\"boat\"]}", answer, "does not say \"boat\"");
	expects("{\"words_none\":[\"boat\",\"lock\"]}", answer, NULL);
	expects("{\"words_none\":[\"Locks is\"]}", answer, "says \"Locks is\"");
}

static void language_and_outcome(void **state)
{
	expects("{\"language\":\"en\"}", answer, NULL);
	expects("{\"language\":\"de\"}", answer, "is in \"en\", and should be in \"de\"");
	expects("{}", failed, "the outcome is failed");
}

static void mistakes_in_the_file(void **state)
{
	expects("{\"word_all\":[\"x\"]}", answer, "expects \"word_all\", which there is not");
	expects("{\"kind\":\"entity\"}", answer, "expects the kind \"entity\"");
}

static int begin(void **state)
{
	text_begin();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(references),
		cmocka_unit_test(words),
		cmocka_unit_test(language_and_outcome),
		cmocka_unit_test(mistakes_in_the_file),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
