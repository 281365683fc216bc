/*
 * test_record.c - what a record may hold, what is refused and in which words; snapshots.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include "base/text.h"
#include "store/record.h"

static struct json_object *parse(const char *text)
{
	struct json_object *json = NULL;
	struct fail f = FAIL_INIT;

	if (json_parse(text, strlen(text), &json, &f) < 0)
		fail_msg("%s", f.text);
	return json;
}

static int brussels_winter(void *ctx, int64_t local_s, int64_t *unix_s)
{
	*unix_s = local_s - 3600;
	return 0;
}

static int read_record(enum entity type, const char *text, struct arena *arena, struct record *out,
		       struct fail *f)
{
	_cleanup_json_ struct json_object *json = parse(text);

	return record_parse(type, json, arena, brussels_winter, NULL, out, f);
}

static void test_session(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct record r;
	struct fail f = FAIL_INIT;

	assert_int_equal(
		read_record(ENTITY_SESSION,
			    "{\"id\":\"s1\",\"title\":\" Ownership, gently "
			    "\",\"description\":\"a\\nb\","
			    "\"start_time\":\"2026-01-31T10:30:00+01:00\",\"end_time\":\"2026-01-"
			    "31T10:00:"
			    "00Z\","
			    "\"track\":\"Rust\",\"speaker_ids\":[\"p1\",7,\"\"],\"speaker_names\":["
			    "\"Ada\"],"
			    "\"takeaways\":[\"borrow\"],\"sponsor_colour\":\"red\",\"level\":\"\"}",
			    arena, &r, &f),
		0);
	assert_string_equal(r.name, "Ownership, gently");
	assert_string_equal(r.description, "a\nb");
	assert_int_equal(r.start, 1769851800);
	assert_int_equal(r.end, 1769853600);
	assert_string_equal(r.speaker_ids[0], "p1");
	assert_string_equal(r.speaker_ids[1], "7");
	assert_null(r.speaker_ids[2]);
	assert_null(r.level);
	assert_null(r.location);
	assert_null(r.tags[0]);
	assert_non_null(strstr(r.json, "\"sponsor_colour\":\"red\""));
	assert_null(strchr(r.json, '\n'));
	assert_int_equal(r.json_len, strlen(r.json));
}

static void test_other_entities(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct record r;
	struct fail f = FAIL_INIT;

	assert_int_equal(
		read_record(ENTITY_EXHIBITOR,
			    "{\"id\":4,\"name\":\"Acme\",\"booth_number\":\"A12\",\"website\":"
			    "\"acme.example\",\"products\":[\"anvils\",\"rockets\"]}",
			    arena, &r, &f),
		0);
	assert_string_equal(r.id, "4");
	assert_string_equal(r.booth, "A12");
	assert_string_equal(r.url, "https://acme.example");
	assert_string_equal(r.products, "anvils, rockets");
	assert_int_equal(r.start, TIME_UNKNOWN);

	assert_int_equal(
		read_record(ENTITY_SPEAKER,
			    "{\"id\":\"p\",\"name\":\"Ada\",\"bio\":\"Counts.\",\"title\":\"CTO\","
			    "\"company\":null,\"session_ids\":[\"s1\"]}",
			    arena, &r, &f),
		0);
	assert_string_equal(r.description, "Counts.");
	assert_string_equal(r.title, "CTO");
	assert_null(r.company);
	assert_string_equal(r.session_ids[0], "s1");
}

static void test_local_times(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	static const char session[] =
		"{\"id\":\"s\",\"title\":\"T\",\"start_time\":\"2026-01-31 10:30\"}";
	_cleanup_json_ struct json_object *json = parse(session);
	struct record r;
	struct fail f = FAIL_INIT;

	assert_int_equal(record_parse(ENTITY_SESSION, json, arena, brussels_winter, NULL, &r, &f),
			 0);
	assert_int_equal(r.start, 1769851800);
	assert_non_null(strstr(r.json, "\"start_time\":\"2026-01-31T10:30:00+01:00\""));
	assert_string_equal(json_get_string(json, "start_time"), "2026-01-31 10:30");
	assert_int_equal(record_parse(ENTITY_SESSION, json, arena, NULL, NULL, &r, &f),
			 ASSISTANT_EINVAL);
	assert_non_null(strstr(f.text, "offset"));
}

static void test_refusals(void **state)
{
	static const struct {
		enum entity type;
		const char *json, *says;
	} cases[] = {
		{ ENTITY_SESSION, "[]", "JSON object" },
		{ ENTITY_SESSION, "{\"title\":\"T\"}", "id is absent" },
		{ ENTITY_SESSION, "{\"id\":\"a b\",\"title\":\"T\"}", "id is \"a b\"" },
		{ ENTITY_SESSION, "{\"id\":\"a\"}", "title is absent" },
		{ ENTITY_SESSION, "{\"id\":\"a\",\"title\":\"  \"}", "title is absent" },
		{ ENTITY_SESSION, "{\"id\":\"a\",\"title\":3}", "title is 3" },
		{ ENTITY_SESSION, "{\"id\":\"a\",\"title\":\"T\\u0007\"}", "control" },
		{ ENTITY_SESSION, "{\"id\":\"a\",\"title\":\"T\",\"description\":\"x\\u0001y\"}",
		  "control" },
		{ ENTITY_SESSION,
		  "{\"id\":\"a\",\"title\":\"T\",\"extra\":{\"deep\":[\"\\u001b\"]}}", "extra is" },
		{ ENTITY_SESSION, "{\"id\":\"a\",\"title\":\"T\",\"start_time\":\"soon\"}",
		  "session \"T\": start_time is \"soon\"; accepted is a time such as" },
		{ ENTITY_SESSION, "{\"id\":\"a\",\"title\":\"T\",\"start_time\":\"2026-01-31\"}",
		  "start_time is \"2026-01-31\"" },
		{ ENTITY_SESSION,
		  "{\"id\":\"a\",\"title\":\"T\",\"start_time\":\"2026-01-31T10:00:00Z\","
		  "\"end_time\":\"2026-01-31T09:59:59Z\"}",
		  "not before start_time" },
		{ ENTITY_SESSION,
		  "{\"id\":\"a\",\"title\":\"T\",\"end_time\":\"2026-01-31T10:00:00Z\"}",
		  "together with a start_time" },
		{ ENTITY_SESSION, "{\"id\":\"a\",\"title\":\"T\",\"speaker_ids\":\"p\"}",
		  "speaker_ids is \"p\"" },
		{ ENTITY_SESSION, "{\"id\":\"a\",\"title\":\"T\",\"takeaways\":{\"a\":1}}",
		  "takeaways" },
		{ ENTITY_EXHIBITOR,
		  "{\"id\":\"a\",\"name\":\"N\",\"website\":\"javascript:alert(1)\"}",
		  "website is \"javascript:alert(1)\"" },
		{ ENTITY_SPEAKER, "{\"id\":\"a\",\"name\":\"N\",\"url\":\"https://a.b/\\\" x\"}",
		  "url is" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
		struct record r = { .id = "untouched" };
		struct fail f = FAIL_INIT;

		assert_int_equal(read_record(cases[i].type, cases[i].json, arena, &r, &f),
				 ASSISTANT_EINVAL);
		if (!strstr(f.text, cases[i].says))
			fail_msg("%s: said \"%s\"", cases[i].json, f.text);
		assert_string_equal(r.id, "untouched");
	}
}

/* {"id":"a","title":"xxx..."}: n characters of x in the field. */
static int read_long(const char *field, const char *x, size_t n, struct fail *f)
{
	_cleanup_arena_ struct arena *arena = arena_create(8 << 20);
	_cleanup_text_ struct text json;
	struct record r;

	text_init(&json, 4 << 20);
	text_printf(&json, "{\"id\":\"a\",\"title\":\"T\",\"%s\":\"", field);
	for (size_t i = 0; i < n; i++)
		text_append(&json, x);
	text_append(&json, "\"}");
	return read_record(ENTITY_SESSION, json.data, arena, &r, f);
}

static void test_limits(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	_cleanup_text_ struct text json;
	struct record r;
	struct fail f = FAIL_INIT;

	assert_int_equal(read_long("title", "é", 500, &f), 0);
	assert_int_equal(read_long("title", "é", 501, &f), ASSISTANT_EINVAL);
	assert_non_null(strstr(f.text, "500 characters"));
	assert_int_equal(read_long("description", "x", 65536, &f), 0);
	assert_int_equal(read_long("description", "x", 65537, &f), ASSISTANT_EINVAL);
	assert_int_equal(read_long("unknown", "x", 1100000, &f), ASSISTANT_EINVAL);
	assert_int_equal(read_long("id", "x", 128, &f), 0);
	assert_int_equal(read_long("id", "x", 129, &f), ASSISTANT_EINVAL);

	text_init(&json, 1 << 20);
	text_append(&json, "{\"id\":\"a\",\"title\":\"T\",\"tags\":[\"0\"");
	for (int i = 1; i < 201; i++)
		text_printf(&json, ",\"%d\"", i);
	text_append(&json, "]}");
	assert_int_equal(read_record(ENTITY_SESSION, json.data, arena, &r, &f), ASSISTANT_EINVAL);
	assert_non_null(strstr(f.text, "tags is [\"0\",\"1\""));
}

static void test_arena_full(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(64);
	struct record r;
	struct fail f = FAIL_INIT;

	assert_int_equal(read_record(ENTITY_SESSION,
				     "{\"id\":\"s\",\"title\":\"T\",\"description\":\"longer than "
				     "what is left of "
				     "sixty-four bytes, certainly\"}",
				     arena, &r, &f),
			 ASSISTANT_ETOOLARGE);
}

static void test_conference(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	_cleanup_json_ struct json_object *json =
		parse("{\"id\":\"c-1\",\"name\":\"Conf\",\"timezone\":\"Europe/Brussels\","
		      "\"start_date\":\"2026-01-31\",\"end_date\":\"2026-02-01\","
		      "\"info\":{\"wifi\":\"Open.\",\"code_of_conduct\":{\"text\":\"Be "
		      "kind.\"},\"empty\":\"\","
		      "\"parking\":{\"title\":\"Cars\",\"text\":\"None.\"}},"
		      "\"rooms\":[\"Janson\",{\"name\":\"K.1.105\",\"code\":\"K1\",\"aliases\":["
		      "\"La Fontaine\"]}],"
		      "\"hashtag\":\"#c\"}");
	struct conference c;
	struct fail f = FAIL_INIT;

	assert_int_equal(conference_parse(json, arena, &c, &f), 0);
	assert_string_equal(c.timezone, "Europe/Brussels");
	assert_int_equal(c.n_info, 3);
	assert_string_equal(c.info[0].title, "Wi-Fi");
	assert_string_equal(c.info[1].title, "Code of conduct");
	assert_string_equal(c.info[2].title, "Cars");
	assert_string_equal(c.info[2].text, "None.");
	assert_int_equal(c.n_rooms, 2);
	assert_string_equal(c.rooms[0].name, "Janson");
	assert_null(c.rooms[0].aliases[0]);
	assert_string_equal(c.rooms[1].aliases[0], "La Fontaine");
	assert_non_null(strstr(c.json, "#c"));
	assert_null(strstr(c.json, "Be kind"));
}

static void test_conference_refusals(void **state)
{
	static const struct {
		const char *json, *says;
	} cases[] = {
		{ "3", "JSON object" },
		{ "{\"name\":\"C\"}", "id is absent" },
		{ "{\"id\":\"../etc\",\"name\":\"C\"}", "id is \"../etc\"" },
		{ "{\"id\":\"c\"}", "name is absent" },
		{ "{\"id\":\"c\",\"name\":\"C\",\"start_date\":\"2026-02-30\"}", "start_date" },
		{ "{\"id\":\"c\",\"name\":\"C\",\"start_date\":\"2026-02-03\",\"end_date\":\"2026-"
		  "02-02\"}",
		  "not before start_date" },
		{ "{\"id\":\"c\",\"name\":\"C\",\"info\":[]}", "info is []" },
		{ "{\"id\":\"c\",\"name\":\"C\",\"info\":{\"wifi\":3}}",
		  "information page: wifi is 3" },
		{ "{\"id\":\"c\",\"name\":\"C\",\"rooms\":{}}", "rooms is {" },
		{ "{\"id\":\"c\",\"name\":\"C\",\"rooms\":[{\"code\":\"K\"}]}",
		  "room: name is absent" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
		_cleanup_json_ struct json_object *json = parse(cases[i].json);
		struct conference c;
		struct fail f = FAIL_INIT;

		assert_int_equal(conference_parse(json, arena, &c, &f), ASSISTANT_EINVAL);
		if (!strstr(f.text, cases[i].says))
			fail_msg("%s: said \"%s\"", cases[i].json, f.text);
	}
}

static const char *const none[] = { NULL };

#define NO_LISTS .speaker_ids = none, .speaker_names = none, .session_ids = none, .tags = none

static struct record *add(struct snapshot *s, enum entity type, size_t n)
{
	struct record *records = arena_array(s->arena, struct record, n);

	s->records[type] = records;
	s->n[type] = n;
	return records;
}

static void test_snapshot_order(void **state)
{
	struct snapshot *s = snapshot_create(1 << 20);
	struct record *sessions = add(s, ENTITY_SESSION, 3);
	struct record *speakers = add(s, ENTITY_SPEAKER, 2);
	struct fail f = FAIL_INIT;

	sessions[0] =
		(struct record){ NO_LISTS, .id = "c", .name = "Later", .start = TIME_UNKNOWN };
	sessions[1] = (struct record){ NO_LISTS, .id = "b", .name = "zebra", .start = 100 };
	sessions[2] = (struct record){ NO_LISTS, .id = "a", .name = "Ärger", .start = 100 };
	speakers[0] = (struct record){ NO_LISTS, .type = ENTITY_SPEAKER, .id = "1", .name = "Zoe",
				       .start = TIME_UNKNOWN };
	speakers[1] = (struct record){ NO_LISTS, .type = ENTITY_SPEAKER, .id = "2", .name = "effie",
				       .start = TIME_UNKNOWN };
	assert_int_equal(snapshot_seal(s, &f), 0);
	assert_string_equal(s->records[ENTITY_SESSION][0].id, "a");
	assert_string_equal(s->records[ENTITY_SESSION][1].id, "b");
	assert_string_equal(s->records[ENTITY_SESSION][2].id, "c");
	assert_string_equal(s->records[ENTITY_SPEAKER][0].name, "effie");
	assert_ptr_equal(snapshot_find(s, ENTITY_SESSION, "b"), &s->records[ENTITY_SESSION][1]);
	assert_null(snapshot_find(s, ENTITY_SPEAKER, "b"));
	assert_null(snapshot_find(s, ENTITY_EXHIBITOR, "b"));
	for (size_t row = 0; row < 5; row++) /* right, wrong or out of range: the id decides */
		assert_ptr_equal(snapshot_find_at(s, ENTITY_SESSION, "b", row),
				 &s->records[ENTITY_SESSION][1]);
	assert_null(snapshot_find_at(s, ENTITY_SESSION, "1", 1));
	assert_null(snapshot_find_at(s, ENTITY_EXHIBITOR, "b", 0));
	snapshot_unref(s);
}

static void test_snapshot_duplicate(void **state)
{
	struct snapshot *s = snapshot_create(1 << 20);
	struct record *speakers = add(s, ENTITY_SPEAKER, 2);
	struct fail f = FAIL_INIT;

	speakers[0] = (struct record){ NO_LISTS, .id = "1", .name = "A" };
	speakers[1] = (struct record){ NO_LISTS, .id = "1", .name = "B" };
	assert_int_equal(snapshot_seal(s, &f), ASSISTANT_EINVAL);
	assert_string_equal(f.text, "two speakers have the id \"1\"; every id may occur once");
	snapshot_unref(s);
	snapshot_unref(NULL);
	assert_null(snapshot_ref(NULL));
}

static struct record parsed(struct snapshot *s, enum entity type, const char *text)
{
	struct record r;
	struct fail f = FAIL_INIT;

	if (read_record(type, text, s->arena, &r, &f) < 0)
		fail_msg("%s", f.text);
	return r;
}

/* Either side of a session and its speaker is enough. */
static void test_snapshot_links(void **state)
{
	struct snapshot *s = snapshot_create(1 << 20);
	struct record *sessions = add(s, ENTITY_SESSION, 3);
	struct record *speakers = add(s, ENTITY_SPEAKER, 2);
	const struct record *r;
	struct fail f = FAIL_INIT;

	sessions[0] = parsed(s, ENTITY_SESSION, "{\"id\":\"s1\",\"title\":\"A\"}");
	sessions[1] = parsed(s, ENTITY_SESSION,
			     "{\"id\":\"s2\",\"title\":\"B\",\"speaker_ids\":[\"p2\",\"gone\"]}");
	sessions[2] = parsed(s, ENTITY_SESSION,
			     "{\"id\":\"s3\",\"title\":\"C\",\"speaker_ids\":[\"p1\"],"
			     "\"speaker_names\":[\"A. L.\"]}");
	speakers[0] =
		parsed(s, ENTITY_SPEAKER,
		       "{\"id\":\"p1\",\"name\":\"Ada\",\"session_ids\":[\"s1\",\"nowhere\"]}");
	speakers[1] = parsed(s, ENTITY_SPEAKER, "{\"id\":\"p2\",\"name\":\"Bo\"}");
	assert_int_equal(snapshot_seal(s, &f), 0);
	r = snapshot_find(s, ENTITY_SESSION, "s1");
	assert_string_equal(r->speaker_ids[0], "p1");
	assert_string_equal(r->speaker_names[0], "Ada");
	assert_null(r->speaker_ids[1]);
	r = snapshot_find(s, ENTITY_SESSION, "s2");
	assert_string_equal(r->speaker_names[0], "Bo");
	assert_string_equal(r->speaker_ids[1], "gone");
	assert_null(r->speaker_names[1]);
	r = snapshot_find(s, ENTITY_SESSION, "s3");
	assert_string_equal(r->speaker_names[0], "A. L.");
	assert_null(r->speaker_names[1]);
	assert_string_equal(snapshot_find(s, ENTITY_SPEAKER, "p2")->session_ids[0], "s2");
	r = snapshot_find(s, ENTITY_SPEAKER, "p1");
	assert_string_equal(r->session_ids[2], "s3");
	assert_null(r->session_ids[3]);
	snapshot_unref(s);
}

static int finished;
static void count_finish(struct snapshot *s)
{
	finished++;
}

static void *refs(void *arg)
{
	for (int i = 0; i < 10000; i++)
		snapshot_unref(snapshot_ref(arg));
	snapshot_unref(arg);
	return NULL;
}

static void test_snapshot_refs(void **state)
{
	struct snapshot *s = snapshot_create(1 << 20);
	pthread_t threads[2];

	s->finish = count_finish;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, refs, snapshot_ref(s)), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(finished, 0);
	snapshot_unref(s);
	assert_int_equal(finished, 1);
}

static void test_names(void **state)
{
	enum entity e;

	assert_int_equal(entity_from("speakers", &e), 0);
	assert_int_equal(e, ENTITY_SPEAKER);
	assert_int_equal(entity_from("session", &e), 0);
	assert_int_equal(e, ENTITY_SESSION);
	assert_int_equal(entity_from("info", &e), ASSISTANT_EINVAL);
	assert_string_equal(entity_plural(ENTITY_EXHIBITOR), "exhibitors");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),	       cmocka_unit_test(test_other_entities),
		cmocka_unit_test(test_local_times),    cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_limits),	       cmocka_unit_test(test_arena_full),
		cmocka_unit_test(test_conference),     cmocka_unit_test(test_conference_refusals),
		cmocka_unit_test(test_snapshot_order), cmocka_unit_test(test_snapshot_duplicate),
		cmocka_unit_test(test_snapshot_links), cmocka_unit_test(test_snapshot_refs),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
