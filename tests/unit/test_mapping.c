/*
 * test_mapping.c - mapping files: the contract's names, the shipped production schema, rows both ways, and the sentence for
 * everything that is wrong with a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "store/mapping.h"

#define PRODUCTION EXAMPLES_DIR "/directus/production.json"

static struct mapping *parsed(const char *text)
{
	struct mapping *m = NULL;
	struct fail f = FAIL_INIT;

	if (mapping_parse(text, strlen(text), &m, &f) < 0)
		fail_msg("%s: %s", text, f.text);
	return m;
}

static struct mapping *loaded(const char *path)
{
	struct mapping *m = NULL;
	struct fail f = FAIL_INIT;

	if (mapping_load(path, &m, &f) < 0)
		fail_msg("%s: %s", path, f.text);
	return m;
}

static struct json_object *json_of(const char *text)
{
	struct json_object *o = NULL;
	struct fail f = FAIL_INIT;

	if (json_parse(text, strlen(text), &o, &f) < 0)
		fail_msg("%s: %s", text, f.text);
	return o;
}

static void assert_json(struct json_object *o, const char *expected)
{
	_cleanup_json_ struct json_object *wanted = json_of(expected);

	if (!json_object_equal(o, wanted))
		fail_msg("%s is not %s", json_object_to_json_string(o), expected);
	json_object_put(o);
}

static void assert_from(const struct mapping *m, enum mapped what, const char *theirs,
			const char *ours)
{
	_cleanup_json_ struct json_object *row = json_of(theirs);

	assert_json(mapping_from(m, what, row), ours);
}

static void assert_to(const struct mapping *m, enum mapped what, const char *ours,
		      const char *theirs)
{
	_cleanup_json_ struct json_object *row = json_of(ours);

	assert_json(mapping_to(m, what, row), theirs);
}

static void test_contract(void **state)
{
	static const char row[] = "{\"id\":\"m1\",\"conversation_id\":\"c1\",\"user_created\":"
				  "\"public-user\",\"date_created\":"
				  "\"2027-05-20T08:00:00Z\",\"role\":\"assistant\",\"messageText\":"
				  "\"Yes.\",\"status\":\"streaming\","
				  "\"metadata\":{\"a\":1}}";
	struct mapping *m = loaded(NULL);

	for (enum mapped what = 0; what < MAPPED_COUNT; what++) {
		const char *collection = mapping_collection(m, what);

		if (what == MAPPED_INFO || what == MAPPED_ROOMS)
			assert_null(collection);
		else
			assert_string_equal(collection, mapping_name(what));
	}
	assert_string_equal(
		mapping_fields(m, MAPPED_MESSAGES),
		"id,conversation_id,user_created,date_created,role,messageText,status,metadata");
	assert_string_equal(mapping_fields(m, MAPPED_SESSIONS), "*");
	assert_null(mapping_conference(m));
	assert_from(m, MAPPED_MESSAGES, row, row);
	assert_to(m, MAPPED_MESSAGES, row, row);
	assert_from(m, MAPPED_SPEAKERS,
		    "{\"id\":7,\"name\":\"Ada\",\"bio\":null,\"expertise\":[\"x\"],\"shoe\":41}",
		    "{\"id\":7,\"name\":\"Ada\",\"expertise\":[\"x\"],\"shoe\":41}");
	mapping_destroy(m);
}

static void test_each(void **state)
{
	struct mapping *m = loaded(PRODUCTION);
	const char *ours = NULL, *theirs = NULL;
	bool written = false;
	size_t n = 0, absent = 0, unwritten = 0;

	while (mapping_each(m, MAPPED_MESSAGES, n, &ours, &theirs, &written)) {
		n++;
		absent += !theirs;
		unwritten += !written;
	}
	assert_int_equal(n, 8);
	assert_int_equal(absent, 2);
	assert_int_equal(unwritten, 1); /* date_created */
	mapping_destroy(m);
}

static void test_production_messages(void **state)
{
	struct mapping *m = loaded(PRODUCTION);

	assert_string_equal(mapping_collection(m, MAPPED_MESSAGES), "Message");
	assert_string_equal(mapping_field(m, MAPPED_MESSAGES, "role"), "agent");
	assert_null(mapping_field(m, MAPPED_MESSAGES, "status"));
	assert_null(mapping_field(m, MAPPED_MESSAGES, "metadata"));
	assert_null(mapping_field(m, MAPPED_CONVERSATIONS, "conference_id"));
	assert_null(mapping_field(m, MAPPED_MESSAGES, "nonsense"));
	assert_to(m, MAPPED_MESSAGES,
		  "{\"id\":\"m1\",\"conversation_id\":\"c1\",\"role\":\"assistant\","
		  "\"messageText\":\"\",\"status\":"
		  "\"streaming\",\"metadata\":{}}",
		  "{\"id\":\"m1\",\"conversation\":\"c1\",\"agent\":\"streamingAssistant\","
		  "\"messageText\":\"\"}");
	assert_from(m, MAPPED_MESSAGES,
		    "{\"id\":\"m1\",\"conversation\":\"c1\",\"agent\":\"streamingAssistant\","
		    "\"messageText\":\"\"}",
		    "{\"id\":\"m1\",\"conversation_id\":\"c1\",\"role\":\"assistant\","
		    "\"messageText\":\"\",\"status\":"
		    "\"streaming\"}");
	assert_from(m, MAPPED_MESSAGES, "{\"agent\":\"assistant\",\"messageText\":\"Yes.\"}",
		    "{\"role\":\"assistant\",\"messageText\":\"Yes.\",\"status\":\"completed\"}");
	assert_from(m, MAPPED_MESSAGES, "{\"agent\":\"user\",\"messageText\":\"\"}",
		    "{\"role\":\"user\",\"messageText\":\"\",\"status\":\"completed\"}");
	assert_from(m, MAPPED_MESSAGES, "{\"agent\":\"moderator\",\"messageText\":\"x\"}",
		    "{\"role\":\"moderator\",\"messageText\":\"x\",\"status\":\"completed\"}");
	mapping_destroy(m);
}

static void test_production_records(void **state)
{
	struct mapping *m = loaded(PRODUCTION);

	assert_string_equal(json_text(mapping_conference(m), "timezone"), "Europe/Berlin");
	assert_null(mapping_collection(m, MAPPED_CONFERENCES));
	assert_string_equal(mapping_collection(m, MAPPED_INFO), "general_info");
	assert_string_equal(mapping_fields(m, MAPPED_SESSIONS),
			    "*,location.name,speakers.speaker_id.id");
	assert_from(m, MAPPED_SESSIONS,
		    "{\"id\":\"s1\",\"title\":\"T\",\"location\":{\"name\":\"Hall\"},\"speakers\":["
		    "{\"speaker_id\":"
		    "{\"id\":\"p1\"}},{\"speaker_id\":null},{\"speaker_id\":{\"id\":\"p2\"}}]}",
		    "{\"id\":\"s1\",\"title\":\"T\",\"location\":\"Hall\",\"speaker_ids\":[\"p1\","
		    "\"p2\"]}");
	/* one is a list, none is absent, and what is said to be absent is not taken from a field of that name */
	assert_from(m, MAPPED_SESSIONS,
		    "{\"id\":\"s1\",\"location\":null,\"speakers\":[{\"speaker_id\":{\"id\":4}}],"
		    "\"speaker_names\":7}",
		    "{\"id\":\"s1\",\"speaker_ids\":[4]}");
	assert_from(m, MAPPED_SESSIONS, "{\"id\":\"s1\",\"speakers\":[],\"conference_id\":\"x\"}",
		    "{\"id\":\"s1\"}");
	assert_from(m, MAPPED_EXHIBITORS, "{\"id\":1,\"name\":\"A\",\"vector_profile\":[1,2]}",
		    "{\"id\":1,\"name\":\"A\"}");
	mapping_destroy(m);
}

/* The optional mark of a finished answer is a status by another name and with other values. */
static void test_marker(void **state)
{
	struct mapping *m = parsed("{\"messages\":{\"collection\":\"Message\",\"fields\":{"
				   "\"status\":{\"field\":\"message_complete\","
				   "\"values\":{\"streaming\":false,\"completed\":true}}}}}");
	_cleanup_json_ struct json_object *value = NULL;

	value = mapping_value(m, MAPPED_MESSAGES, "status", "streaming");
	assert_string_equal(json_object_to_json_string(value), "false");
	assert_null(mapping_value(m, MAPPED_MESSAGES, "status", "pending"));
	assert_to(m, MAPPED_MESSAGES, "{\"status\":\"completed\"}", "{\"message_complete\":true}");
	assert_to(m, MAPPED_MESSAGES, "{\"status\":\"pending\"}", "{}");
	assert_from(m, MAPPED_MESSAGES, "{\"message_complete\":false}",
		    "{\"status\":\"streaming\"}");
	assert_from(m, MAPPED_MESSAGES, "{\"message_complete\":true}",
		    "{\"status\":\"completed\"}");
	assert_from(m, MAPPED_MESSAGES, "{\"message_complete\":null}", "{}");
	mapping_destroy(m);
}

static void test_facets_and_lists(void **state)
{
	struct mapping *m = parsed("{\"speakers\":{\"collection\":\"people\",\"fields\":{"
				   "\"expertise\":\"knows.topic.label\",\"tags\":"
				   "\"keywords\",\"bio\":\"about\"}}}");

	assert_string_equal(mapping_fields(m, MAPPED_SPEAKERS), "*,knows.topic.label");
	assert_from(m, MAPPED_SPEAKERS,
		    "{\"id\":1,\"keywords\":\"one\",\"about\":\"A.\",\"knows\":[{\"topic\":{"
		    "\"label\":\"sea\"}},"
		    "{\"topic\":{\"label\":\"air\"}}],\"bio\":\"not this\"}",
		    "{\"id\":1,\"tags\":[\"one\"],\"bio\":\"A.\",\"expertise\":[\"sea\",\"air\"]}");
	mapping_destroy(m);
}

#define MESSAGES(fields) "{\"messages\":{\"collection\":\"Message\",\"fields\":{" fields "}}}"

static void test_refusals(void **state)
{
	static const struct {
		const char *file, *sentence;
	} bad[] = {
		{ "", "line 1" },
		{ "{\"messages\":", "line 1" },
		{ "[]", "A mapping is a JSON object." },
		{ "{\"mesages\":{}}",
		  "\"mesages\" is no part of a mapping; accepted are conversations, messages," },
		{ "{\"messages\":null}", "messages is null; accepted is an object with "
					 "\"collection\" and \"fields\"." },
		{ "{\"sessions\":7}", "sessions is 7; accepted is an object with \"collection\" "
				      "and \"fields\", or null." },
		{ "{\"messages\":{\"fields\":{}}}",
		  "messages.collection is null; accepted is the name of a collection." },
		{ "{\"messages\":{\"collection\":\"a/b\"}}",
		  "messages.collection is \"a/b\"; accepted is the name of a collection." },
		{ "{\"messages\":{\"collection\":\"M\",\"field\":{}}}",
		  "messages.field is no part of a mapping; accepted are collection, fields and "
		  "ignore." },
		{ "{\"messages\":{\"collection\":\"M\",\"fields\":[]}}",
		  "messages.fields is []; accepted is an object of names." },
		{ MESSAGES("\"rol\":\"agent\""),
		  "messages.fields.rol is no field; accepted are id, conversation_id," },
		{ MESSAGES("\"role\":null"),
		  "messages.fields.role is null; accepted is a name: it cannot be absent." },
		{ MESSAGES("\"role\":7"),
		  "messages.fields.role is 7; accepted is the name of a field." },
		{ MESSAGES("\"role\":\"\""), "messages.fields.role is \"\"; accepted is" },
		{ MESSAGES("\"role\":\"a.b\""),
		  "messages.fields.role is \"a.b\"; accepted is the name of a field." },
		{ MESSAGES("\"role\":\"status\""),
		  "messages.fields.role and status are both \"status\"; accepted is a field of "
		  "its own for each." },
		{ MESSAGES("\"role\":{\"name\":\"agent\"}"),
		  "accepted is an object with \"field\" and \"values\"." },
		{ MESSAGES("\"role\":{\"values\":{\"user\":1,\"assistant\":2}}"),
		  "accepted is the name of a field." },
		{ MESSAGES("\"role\":{\"field\":\"agent\",\"values\":{\"user\":1}}"),
		  "accepted is values with members user and assistant." },
		{ MESSAGES("\"role\":{\"field\":\"agent\",\"values\":7}"),
		  "accepted is values with members user and assistant." },
		{ MESSAGES("\"role\":{\"field\":\"a\",\"values\":{\"user\":1,\"assistant\":[]}}"),
		  "accepted is a text, number or bool, or a list of them, for each of user and "
		  "assistant." },
		{ MESSAGES(
			  "\"status\":{\"field\":\"a\",\"values\":{\"streaming\":1,\"completed\":2,"
			  "\"done\":3}}"),
		  "for each of streaming, completed and pending." },
		{ MESSAGES("\"metadata\":{\"field\":\"a\",\"values\":{}}"),
		  "only role and status have values." },
		{ "{\"messages\":{\"collection\":\"M\",\"ignore\":[\"x\"]}}",
		  "messages.ignore is [\"x\"]; accepted is nothing:" },
		{ "{\"sessions\":{\"collection\":\"s\",\"ignore\":\"x\"}}",
		  "sessions.ignore is \"x\"; accepted is a list of names of fields." },
		{ "{\"sessions\":{\"collection\":\"s\",\"fields\":{\"location\":\"a..b\"}}}",
		  "sessions.fields.location is \"a..b\"; accepted is the name of a field, a path" },
		{ "{\"sessions\":{\"collection\":\"s\",\"fields\":{\"location\":\"a.b.c.d.e\"}}}",
		  "sessions.fields.location is \"a.b.c.d.e\"; accepted is" },
		{ "{\"sessions\":{\"collection\":\"s\",\"fields\":{\"conference_id\":\"a.id\"}}}",
		  "sessions.fields.conference_id is \"a.id\"; accepted is the name of a field." },
		{ "{\"sessions\":{\"collection\":\"s\",\"fields\":{\"room\":\"a\"}}}",
		  "sessions.fields.room is no field; accepted are id, conference_id, title," },
		{ "{\"conferences\":null}",
		  "conferences is null, and there is no \"conference\"; accepted is one of them." },
		{ "{\"conference\":7}",
		  "conference is 7; accepted is an object with id, name and timezone." },
		{ "{\"conference\":{\"name\":\"X\"}}", "conference: id is absent;" },
		{ "{\"conference\":{\"id\":\"x\",\"name\":\"X\",\"start_date\":\"May\"}}",
		  "start_date is \"May\"; accepted is a day" },
		{ "{\"conference\":{\"id\":\"x\",\"name\":\"X\"},\"conferences\":{\"collection\":"
		  "\"c\"}}",
		  "There are both \"conference\" and \"conferences\";" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mapping *m = NULL;
		struct fail f = FAIL_INIT;
		int r = mapping_parse(bad[i].file, strlen(bad[i].file), &m, &f);

		if (r != ASSISTANT_ECONFIG)
			fail_msg("%s: %d", bad[i].file, r);
		if (!strstr(f.text, bad[i].sentence))
			fail_msg("%s: %s", bad[i].file, f.text);
		assert_null(m);
	}
}

static void assert_file_refused(const char *path, const char *sentence)
{
	struct mapping *m = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(mapping_load(path, &m, &f), ASSISTANT_ECONFIG);
	if (!strstr(f.text, sentence))
		fail_msg("%s", f.text);
	assert_null(m);
}

static void test_files(void **state)
{
	char path[] = "/tmp/erleah-mapping.XXXXXX";
	int fd = mkstemp(path);
	char *blanks = malloc((1 << 20) + 1);

	assert_file_refused("/nowhere/mapping.json",
			    "DIRECTUS_MAPPING is \"/nowhere/mapping.json\", which cannot be read: "
			    "No such file or directory.");
	assert_file_refused("/", "which cannot be read: Is a directory.");
	assert_int_equal(write(fd, "{\"x\":1}", 7), 7);
	assert_file_refused(path, path);
	assert_file_refused(path, ": \"x\" is no part of a mapping;");
	memset(blanks, ' ', (1 << 20) + 1);
	assert_int_equal(write(fd, blanks, (1 << 20) + 1), (1 << 20) + 1);
	assert_file_refused(path, "which is larger than a mapping may be (1 MiB).");
	free(blanks);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contract),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_production_messages),
		cmocka_unit_test(test_production_records),
		cmocka_unit_test(test_marker),
		cmocka_unit_test(test_facets_and_lists),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
