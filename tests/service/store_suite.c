/*
 * store_suite.c - the conformance suite of store.h.
 */
#include "store_suite.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/hash.h"
#include "base/text.h"
#include "call.h"

#define CONFERENCE "40a8e3fe-0747-5959-8b5f-2f5da66c0379"
#define NOWHERE	   "00000000-0000-4000-8000-000000000000"

static struct suite_target *target;

struct fixture {
	struct loop *loop;
	struct store *store;
	struct arena *arena;
	char conversation[UUID_SIZE];
};

#define CALL(fx, function, ...)                                                                    \
	AWAIT((fx)->loop, f_, (fx)->store->ops->function((fx)->store, ##__VA_ARGS__, f_))

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = loop_create();
	fx->arena = arena_create(64 << 20);
	*state = fx;
	return target->open(target, fx->loop, &fx->store);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	target->close(target, fx->loop, fx->store);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	free(fx);
	return 0;
}

/* --- Conversations and messages ---------------------------------------------- */

static void new_conversation(struct fixture *fx)
{
	struct conversation row = { .id = fx->conversation, .conference_id = CONFERENCE };

	uuid_random(fx->conversation);
	assert_int_equal(CALL(fx, conversation_create, &row), 0);
}

static void new_message(struct fixture *fx, char id[static UUID_SIZE], const char *role,
			const char *text, const char *status)
{
	struct message row = { .id = id,
			       .conversation_id = fx->conversation,
			       .role = role,
			       .text = text,
			       .status = status };

	uuid_random(id);
	assert_int_equal(CALL(fx, message_create, &row), 0);
}

static struct message get_message(struct fixture *fx, const char *id)
{
	struct message row = { 0 };
	int r = CALL(fx, message, id, fx->arena, &row);

	if (r < 0)
		fail_msg("%s: %d %s", id, r, call_fail()->text);
	return row;
}

static void test_ping(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(CALL(fx, ping), 0);
	assert_non_null(fx->store->ops->name);
}

static void test_conversation(void **state)
{
	struct fixture *fx = *state;
	struct conversation row = { 0 };
	struct conversation again = { .id = fx->conversation, .conference_id = CONFERENCE };

	new_conversation(fx);
	assert_int_equal(CALL(fx, conversation, fx->conversation, fx->arena, &row), 0);
	assert_string_equal(row.id, fx->conversation);
	assert_string_equal(row.conference_id, CONFERENCE);
	assert_string_equal(row.status, "active");
	assert_string_equal(row.source, "mini");
	assert_string_equal(row.user_created, "public-user");
	assert_true(row.date_created_ms > 1700000000000);

	assert_int_equal(CALL(fx, conversation_create, &again), ASSISTANT_ECONFLICT);
	row.id = "untouched";
	assert_int_equal(CALL(fx, conversation, NOWHERE, fx->arena, &row), ASSISTANT_ENOTFOUND);
	assert_int_equal(CALL(fx, conversation, "no uuid", fx->arena, &row), ASSISTANT_ENOTFOUND);
	assert_string_equal(row.id, "untouched");
}

static void test_message(void **state)
{
	struct fixture *fx = *state;
	char id[UUID_SIZE];
	struct message row = { .id = id,
			       .role = "user",
			       .text = "Où est \"Janson\"?\n\xf0\x9f\x98\x80",
			       .status = "completed",
			       .metadata = "{\"a\":{\"b\":[1,2]}}" };

	new_conversation(fx);
	uuid_random(id);
	row.conversation_id = fx->conversation;
	assert_int_equal(CALL(fx, message_create, &row), 0);
	assert_int_equal(CALL(fx, message_create, &row), ASSISTANT_ECONFLICT);

	row = get_message(fx, id);
	assert_string_equal(row.id, id);
	assert_string_equal(row.conversation_id, fx->conversation);
	assert_string_equal(row.role, "user");
	assert_string_equal(row.text, "Où est \"Janson\"?\n\xf0\x9f\x98\x80");
	assert_string_equal(row.status, "completed");
	assert_string_equal(row.metadata, "{\"a\":{\"b\":[1,2]}}");
	assert_true(row.date_created_ms > 1700000000000);
	assert_int_equal(CALL(fx, message, NOWHERE, fx->arena, &row), ASSISTANT_ENOTFOUND);
}

static void test_message_without_metadata(void **state)
{
	struct fixture *fx = *state;
	char id[UUID_SIZE];

	new_conversation(fx);
	new_message(fx, id, "assistant", "", "streaming");
	assert_null(get_message(fx, id).metadata);
	assert_string_equal(get_message(fx, id).text, "");
}

static void test_message_refused(void **state)
{
	struct fixture *fx = *state;
	char id[UUID_SIZE];
	struct message row = { .id = id, .conversation_id = NOWHERE, .text = "x", .role = "user" };

	uuid_random(id);
	assert_int_equal(CALL(fx, message_create, &row), ASSISTANT_EINVAL);
	assert_non_null(strstr(call_fail()->text, "conversation_id is \"" NOWHERE "\""));
	new_conversation(fx);
	row.conversation_id = fx->conversation;
	row.role = "system";
	assert_int_equal(CALL(fx, message_create, &row), ASSISTANT_EINVAL);
	assert_string_equal(call_fail()->text,
			    "role is \"system\"; accepted is \"user\", \"assistant\"");
	row.role = "user";
	row.metadata = "[]";
	assert_int_equal(CALL(fx, message_create, &row), ASSISTANT_EINVAL);
	row.metadata = NULL;
	row.text = "\xff";
	assert_int_equal(CALL(fx, message_create, &row), ASSISTANT_EINVAL);
	row.text = "x";
	row.id = "7";
	assert_int_equal(CALL(fx, message_create, &row), ASSISTANT_EINVAL);
	row.id = id;
	assert_int_equal(CALL(fx, message_create, &row), 0);
}

static void test_text_limits(void **state)
{
	struct fixture *fx = *state;
	char id[UUID_SIZE], *text = malloc((16 << 10) + 2);
	struct message row = { .id = id, .text = text, .role = "user", .status = "completed" };

	new_conversation(fx);
	uuid_random(id);
	row.conversation_id = fx->conversation;
	memset(text, 'x', (16 << 10) + 1);
	text[(16 << 10) + 1] = 0;
	if (target->embedded)
		assert_int_equal(CALL(fx, message_create, &row), ASSISTANT_ETOOLARGE);
	text[16 << 10] = 0;
	assert_int_equal(CALL(fx, message_create, &row), 0);
	assert_int_equal(strlen(get_message(fx, id).text), 16 << 10);
	free(text);
}

static void test_history(void **state)
{
	struct fixture *fx = *state;
	char ids[5][UUID_SIZE];
	struct messages rows = { 0 };

	new_conversation(fx);
	for (int i = 0; i < 5; i++) {
		new_message(fx, ids[i], i % 2 ? "assistant" : "user", "text", "completed");
		call_pass_ms(fx->loop, 2);
	}
	assert_int_equal(CALL(fx, history, fx->conversation, 3, fx->arena, &rows), 0);
	assert_int_equal(rows.n, 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(rows.rows[i].id, ids[4 - i]);
	assert_int_equal(CALL(fx, history, NOWHERE, 3, fx->arena, &rows), 0);
	assert_int_equal(rows.n, 0);
}

static void test_write_and_complete(void **state)
{
	struct fixture *fx = *state;
	char ids[3][UUID_SIZE];
	struct message_patch rows[3] = { { .id = ids[0], .text = "Hello", .metadata = "{\"n\":1}" },
					 { .id = ids[1], .text = "World" },
					 { .id = ids[2], .metadata = "{\"n\":2}" } };
	const char *done[] = { ids[0], ids[2] };
	bool missing[3] = { true, true, true };

	new_conversation(fx);
	for (int i = 0; i < 3; i++)
		new_message(fx, ids[i], "assistant", "", "streaming");
	assert_int_equal(CALL(fx, messages_write, rows, 3, missing), 0);
	assert_false(missing[0] || missing[1] || missing[2]);
	assert_string_equal(get_message(fx, ids[0]).text, "Hello");
	assert_string_equal(get_message(fx, ids[0]).metadata, "{\"n\":1}");
	assert_string_equal(get_message(fx, ids[0]).status, "streaming");
	assert_null(get_message(fx, ids[1]).metadata);
	assert_string_equal(get_message(fx, ids[2]).text, "");
	assert_int_equal(CALL(fx, messages_complete, done, 2), 0);
	assert_string_equal(get_message(fx, ids[0]).status, "completed");
	assert_string_equal(get_message(fx, ids[0]).text, "Hello");
	assert_string_equal(get_message(fx, ids[1]).status, "streaming");
	assert_string_equal(get_message(fx, ids[2]).status, "completed");
	assert_int_equal(CALL(fx, messages_write, rows, 0, NULL), 0);
}

static void test_write_missing(void **state)
{
	struct fixture *fx = *state;
	char id[UUID_SIZE];
	struct message_patch rows[2] = { { .id = NOWHERE, .text = "a" },
					 { .id = id, .text = "b" } };
	bool missing[2] = { false, true };

	new_conversation(fx);
	new_message(fx, id, "assistant", "", "streaming");
	assert_int_equal(CALL(fx, messages_write, rows, 2, missing), 0);
	assert_true(missing[0]);
	assert_false(missing[1]);
	assert_string_equal(get_message(fx, id).text, "b");
	rows[1].text = "c";
	assert_int_equal(CALL(fx, messages_write, rows, 2, NULL), 0);
	assert_string_equal(get_message(fx, id).text, "c");
}

static void test_write_is_all_or_nothing(void **state)
{
	struct fixture *fx = *state;
	char ids[2][UUID_SIZE];
	struct message_patch rows[2] = { { .id = ids[0], .text = "new" },
					 { .id = ids[1], .metadata = "no json" } };

	new_conversation(fx);
	new_message(fx, ids[0], "assistant", "old", "streaming");
	new_message(fx, ids[1], "assistant", "old", "streaming");
	assert_int_equal(CALL(fx, messages_write, rows, 2, NULL), ASSISTANT_EINVAL);
	assert_string_equal(get_message(fx, ids[0]).text, "old");
}

static void test_streaming(void **state)
{
	struct fixture *fx = *state;
	char ids[4][UUID_SIZE];
	const char *done[] = { ids[1] };
	struct messages rows = { 0 };

	new_conversation(fx);
	for (int i = 0; i < 3; i++) {
		new_message(fx, ids[i], "assistant", "", "streaming");
		call_pass_ms(fx->loop, 2);
	}
	new_message(fx, ids[3], "user", "", "completed");
	assert_int_equal(CALL(fx, messages_complete, done, 1), 0);
	assert_int_equal(CALL(fx, messages_streaming, 10, fx->arena, &rows), 0);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.rows[0].id, ids[0]);
	assert_string_equal(rows.rows[1].id, ids[2]);
	assert_int_equal(CALL(fx, messages_streaming, 1, fx->arena, &rows), 0);
	assert_int_equal(rows.n, 1);
}

static void test_cancel(void **state)
{
	struct fixture *fx = *state;
	struct message row = { .id = "untouched" };
	struct call c;
	struct flow *f = call_begin(&c, fx->loop);

	fx->store->ops->message(fx->store, NOWHERE, fx->arena, &row, f);
	flow_cancel(&c.flow);
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	assert_string_equal(row.id, "untouched");
	assert_int_equal(CALL(fx, ping), 0);
}

static void test_break_down(void **state)
{
	struct fixture *fx = *state;
	struct conversation row;
	int r;

	target->break_down(target, true);
	r = CALL(fx, conversation, NOWHERE, fx->arena, &row);
	assert_true(r == ASSISTANT_EUNAVAILABLE || r == ASSISTANT_ETIMEOUT);
	assert_true(strlen(call_fail()->text) > 10);
	target->break_down(target, false);
	assert_int_equal(CALL(fx, ping), 0);
}

/* --- Conferences ---------------------------------------------------------------- */

static void test_snapshot(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *made = suite_snapshot(CONFERENCE, 7, 20), *read = NULL;
	struct conference_list list = { 0 };

	assert_int_equal(CALL(fx, snapshot, NOWHERE, &read), ASSISTANT_ENOTFOUND);
	assert_null(read);
	assert_int_equal(target->seed(target, fx->loop, fx->store, made), 0);
	assert_int_equal(CALL(fx, conferences, fx->arena, &list), 0);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.rows[0].id, CONFERENCE);
	assert_string_equal(list.rows[0].name, "Suite Conference");

	assert_int_equal(CALL(fx, snapshot, CONFERENCE, &read), 0);
	assert_int_equal(read->epoch, list.rows[0].epoch);
	assert_string_equal(read->conference.timezone, "Europe/Brussels");
	assert_int_equal(read->conference.n_info, 1);
	assert_string_equal(read->conference.info[0].text, "Use \"suite\", no password.");
	assert_string_equal(read->conference.info[0].title, "Wi-Fi");
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		assert_int_equal(read->n[e], made->n[e]);
		for (size_t i = 0; i < read->n[e]; i++) {
			assert_string_equal(read->records[e][i].id, made->records[e][i].id);
			assert_string_equal(read->records[e][i].name, made->records[e][i].name);
			assert_int_equal(read->records[e][i].start, made->records[e][i].start);
		}
	}
	assert_string_equal(snapshot_find(read, ENTITY_SPEAKER, "p1")->company, "Engines");
	snapshot_unref(read);
	snapshot_unref(made);
}

static void test_snapshot_cancelled(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *made = suite_snapshot(CONFERENCE, 7, 20), *read = NULL;
	struct call c;
	struct flow *f;

	assert_int_equal(target->seed(target, fx->loop, fx->store, made), 0);
	f = call_begin(&c, fx->loop);
	fx->store->ops->snapshot(fx->store, CONFERENCE, &read, f);
	usleep(50000); /* read by now, and not yet delivered */
	flow_cancel(&c.flow);
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	assert_null(read);
	snapshot_unref(made);
}

static void test_ingest_replaces(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *first = suite_snapshot(CONFERENCE, 10, 20);
	struct snapshot *other = suite_snapshot(NOWHERE, 3, 5);
	struct snapshot *second = suite_snapshot(CONFERENCE, 11, 2), *read = NULL;

	assert_int_equal(CALL(fx, ingest, first, "h1"), 0);
	assert_int_equal(CALL(fx, ingest, other, "h2"), 0);
	assert_int_equal(CALL(fx, ingest, second, "h3"), 0);
	assert_int_equal(CALL(fx, ingest, first, "h1"), ASSISTANT_ECONFLICT);
	assert_int_equal(CALL(fx, snapshot, CONFERENCE, &read), 0);
	assert_int_equal(read->epoch, 11);
	assert_int_equal(read->n[ENTITY_SESSION], 2);
	snapshot_unref(read);
	assert_int_equal(CALL(fx, snapshot, NOWHERE, &read), 0);
	assert_int_equal(read->n[ENTITY_SESSION], 5);
	snapshot_unref(read);
	snapshot_unref(first);
	snapshot_unref(other);
	snapshot_unref(second);
}

/* --- Rows ------------------------------------------------------------------------- */

static struct json_object *json_of(const char *text)
{
	struct json_object *json = NULL;
	struct fail f = FAIL_INIT;

	if (json_parse(text, strlen(text), &json, &f) < 0)
		fail_msg("%s: %s", f.text, text);
	return json;
}

/* Frees text. */
static struct json_object *taken(char *text)
{
	struct json_object *json = json_of(text);

	free(text);
	return json;
}

static void test_row_create(void **state)
{
	struct fixture *fx = *state;
	_cleanup_json_ struct json_object *input =
		json_of("{\"conference_id\":\"" CONFERENCE "\",\"date_created\":\"1999-01-01\"}");
	_cleanup_json_ struct json_object *row = NULL, *message = NULL, *sent = NULL;
	char *text = NULL;

	assert_int_equal(CALL(fx, row_create, "conversations", input, &text), 0);
	row = taken(text);
	assert_true(uuid_valid(json_get_string(row, "id")));
	assert_string_equal(json_get_string(row, "status"), "active");
	assert_string_equal(json_get_string(row, "source"), "mini");
	assert_int_equal(strlen(json_get_string(row, "date_created")), 24);
	assert_true(strcmp(json_get_string(row, "date_created"), "2020") > 0);
	assert_int_equal(json_object_object_length(row), 6);

	sent = json_of("{\"messageText\":\"Hi\",\"role\":\"user\"}");
	json_set_string(sent, "conversation_id", json_get_string(row, "id"));
	assert_int_equal(CALL(fx, row_create, "messages", sent, &text), 0);
	message = taken(text);
	assert_string_equal(json_get_string(message, "messageText"), "Hi");
	assert_true(json_object_object_get_ex(message, "metadata", NULL));
	assert_null(json_get(message, "metadata"));
	assert_int_equal(json_object_object_length(message), 8);

	json_set_string(sent, "id", json_get_string(message, "id"));
	assert_int_equal(CALL(fx, row_create, "messages", sent, &text), ASSISTANT_ECONFLICT);
}

static void test_row_create_refused(void **state)
{
	static const struct {
		const char *collection, *row;
		int code;
		const char *says;
	} cases[] = {
		{ "messages", "{}", ASSISTANT_EINVAL, "conversation_id is absent" },
		{ "messages", "[]", ASSISTANT_EINVAL, "JSON object" },
		{ "messages", "{\"colour\":1}", ASSISTANT_EINVAL, "no field \"colour\"" },
		{ "messages", "{\"messageText\":7}", ASSISTANT_EINVAL, "messageText is 7" },
		{ "messages", "{\"conversation_id\":\"" NOWHERE "\",\"metadata\":\"x\"}",
		  ASSISTANT_EINVAL, "metadata is" },
		{ "messages", "{\"conversation_id\":\"" NOWHERE "\"}", ASSISTANT_EINVAL,
		  "existing conversation" },
		{ "conversations", "{}", ASSISTANT_EINVAL, "conference_id is absent" },
		{ "conversations", "{\"conference_id\":\"c\",\"id\":\"x\"}", ASSISTANT_EINVAL,
		  "id is \"x\"" },
		{ "sessions", "{}", ASSISTANT_EDENIED, "not created here" },
		{ "users", "{}", ASSISTANT_EDENIED, "\"users\"" },
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *row = json_of(cases[i].row);
		char *text = NULL;

		assert_int_equal(CALL(fx, row_create, cases[i].collection, row, &text),
				 cases[i].code);
		assert_null(text);
		if (!strstr(call_fail()->text, cases[i].says))
			fail_msg("%s: said \"%s\"", cases[i].row, call_fail()->text);
	}
}

static void test_row_read(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = suite_snapshot(CONFERENCE, 1, 3);
	_cleanup_json_ struct json_object *session = NULL, *conference = NULL;
	char *text = NULL;

	assert_int_equal(CALL(fx, ingest, s, "h"), 0);
	assert_int_equal(CALL(fx, row_read, "sessions", "s1", &text), 0);
	session = taken(TAKE_PTR(text));
	assert_string_equal(json_get_string(session, "title"), "Session 1");
	assert_string_equal(json_get_string(session, "conference_id"), CONFERENCE);
	assert_int_equal(CALL(fx, row_read, "conferences", CONFERENCE, &text), 0);
	conference = taken(TAKE_PTR(text));
	assert_string_equal(json_get_string(conference, "name"), "Suite Conference");
	assert_null(json_get(conference, "info"));
	assert_int_equal(CALL(fx, row_read, "exhibitors", SUITE_UPPER, &text), 0);
	free(TAKE_PTR(text));
	assert_int_equal(CALL(fx, row_read, "sessions", "e1", &text), ASSISTANT_ENOTFOUND);
	assert_int_equal(CALL(fx, row_read, "session", "s1", &text), ASSISTANT_EINVAL);
	assert_int_equal(CALL(fx, row_read, "messages", NOWHERE, &text), ASSISTANT_ENOTFOUND);
	assert_null(text);
	snapshot_unref(s);
}

static struct json_object *list(struct fixture *fx, const char *collection, const char *filter,
				const char *sort, int limit, int offset)
{
	_cleanup_json_ struct json_object *by = filter ? json_of(filter) : NULL;
	struct row_query q = { .collection = collection,
			       .filter = by,
			       .sort = sort,
			       .limit = limit,
			       .offset = offset };
	char *text = NULL;
	int r = CALL(fx, row_list, &q, &text);

	if (r < 0)
		fail_msg("%s", call_fail()->text);
	return taken(text);
}

static const char *id_at(struct json_object *rows, size_t i)
{
	return json_get_string(json_object_array_get_idx(rows, i), "id");
}

static void test_row_list_messages(void **state)
{
	struct fixture *fx = *state;
	char ids[3][UUID_SIZE], filter[100];
	_cleanup_json_ struct json_object *up = NULL, *down = NULL, *part = NULL, *none = NULL;

	new_conversation(fx);
	for (int i = 0; i < 3; i++)
		new_message(fx, ids[i], i == 1 ? "assistant" : "user", "t", "completed");
	snprintf(filter, sizeof(filter), "{\"conversation_id\":\"%s\"}", fx->conversation);
	up = list(fx, "messages", filter, "date_created", 0, 0);
	assert_int_equal(json_object_array_length(up), 3);
	assert_string_equal(id_at(up, 0), ids[0]);
	down = list(fx, "messages", filter, "-date_created", 1, 1);
	assert_int_equal(json_object_array_length(down), 1);
	assert_string_equal(id_at(down, 0), ids[1]);
	snprintf(filter, sizeof(filter), "{\"conversation_id\":\"%s\",\"role\":\"assistant\"}",
		 fx->conversation);
	part = list(fx, "messages", filter, NULL, -1, 0);
	assert_int_equal(json_object_array_length(part), 1);
	none = list(fx, "messages", "{\"conversation_id\":\"" NOWHERE "\"}", NULL, 0, 0);
	assert_int_equal(json_object_array_length(none), 0);
}

static void test_row_list_records(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = suite_snapshot(CONFERENCE, 1, 150);
	_cleanup_json_ struct json_object *all = NULL, *rust = NULL, *first = NULL, *sorted = NULL,
					  *pages = NULL;

	assert_int_equal(CALL(fx, ingest, s, "h"), 0);
	all = list(fx, "sessions", "{\"conference_id\":\"" CONFERENCE "\"}", NULL, -1, 0);
	assert_int_equal(json_object_array_length(all), 150);
	assert_string_equal(id_at(all, 0), s->records[ENTITY_SESSION][0].id);
	rust = list(fx, "sessions", "{\"track\":\"Rust\"}", NULL, -1, 0);
	assert_int_equal(json_object_array_length(rust), 75);
	first = list(fx, "speakers", NULL, NULL, 0, 0);
	assert_int_equal(json_object_array_length(first), 1);
	sorted = list(fx, "sessions", NULL, "-title", 0, 0);
	assert_int_equal(json_object_array_length(sorted), 100);
	assert_string_equal(id_at(sorted, 0), "s99");
	pages = list(fx, "info_pages", "{\"conference_id\":\"" CONFERENCE "\"}", "key", 0, 0);
	assert_int_equal(json_object_array_length(pages), s->conference.n_info);
	assert_string_equal(id_at(pages, 0), s->conference.info[0].key);
	assert_string_equal(json_get_string(json_object_array_get_idx(pages, 0), "text"),
			    s->conference.info[0].text);
	snapshot_unref(s);
}

static void test_row_list_refused(void **state)
{
	static const struct {
		const char *collection, *filter, *sort;
	} cases[] = {
		{ "users", NULL, NULL },
		{ "messages", "{\"password\":\"x\"}", NULL },
		{ "messages", "{\"id\":{\"_eq\":1}}", NULL },
		{ "messages", "[]", NULL },
		{ "messages", NULL, "id; DROP TABLE messages" },
		{ "sessions", "{\"a') OR 1 --\":1}", NULL },
		{ "sessions", NULL, "-" },
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *filter =
			cases[i].filter ? json_of(cases[i].filter) : NULL;
		struct row_query q = { .collection = cases[i].collection,
				       .filter = filter,
				       .sort = cases[i].sort };
		char *text = NULL;

		assert_int_equal(CALL(fx, row_list, &q, &text), ASSISTANT_EINVAL);
		assert_null(text);
	}
}

static int patch(struct fixture *fx, const char *collection, const char *id, const char *with,
		 char **text)
{
	_cleanup_json_ struct json_object *json = json_of(with);

	return CALL(fx, row_patch, collection, id, json, text);
}

static void test_row_patch(void **state)
{
	struct fixture *fx = *state;
	char mine[UUID_SIZE], theirs[UUID_SIZE], *text = NULL;
	_cleanup_json_ struct json_object *row = NULL;

	new_conversation(fx);
	new_message(fx, mine, "user", "Hi", "completed");
	new_message(fx, theirs, "assistant", "Hello", "streaming");
	assert_int_equal(
		patch(fx, "conversations", fx->conversation, "{\"status\":\"closed\"}", &text), 0);
	row = taken(TAKE_PTR(text));
	assert_string_equal(json_get_string(row, "status"), "closed");
	assert_int_equal(patch(fx, "messages", mine, "{\"metadata\":{\"a\":1}}", &text), 0);
	free(TAKE_PTR(text));
	assert_string_equal(get_message(fx, mine).text, "Hi");
	assert_non_null(get_message(fx, mine).metadata);
	assert_int_equal(patch(fx, "messages", mine, "{\"metadata\":null}", &text), 0);
	free(TAKE_PTR(text));
	assert_null(get_message(fx, mine).metadata);

	assert_int_equal(patch(fx, "messages", theirs, "{\"messageText\":\"x\"}", &text),
			 ASSISTANT_EDENIED);
	assert_int_equal(
		patch(fx, "conversations", fx->conversation, "{\"status\":\"gone\"}", &text),
		ASSISTANT_EINVAL);
	assert_int_equal(patch(fx, "conversations", fx->conversation, "{\"source\":\"x\"}", &text),
			 ASSISTANT_EINVAL);
	assert_int_equal(patch(fx, "conversations", NOWHERE, "{}", &text), ASSISTANT_ENOTFOUND);
	assert_int_equal(patch(fx, "sessions", "s1", "{}", &text), ASSISTANT_EDENIED);
	assert_null(text);
}

struct heard {
	int n;
	char last[4000];
};

static void hear(void *ctx, const char *collection, const char *change, const char *id,
		 const char *conversation_id, const char *row_json)
{
	struct heard *h = ctx;

	assert_non_null(id);
	h->n++;
	snprintf(h->last, sizeof(h->last), "%s %s %s %s", collection, change, conversation_id,
		 row_json);
}

static void test_changes(void **state)
{
	struct fixture *fx = *state;
	struct heard h = { 0 };
	char id[UUID_SIZE], expect[200];
	struct message_patch rows[] = { { .id = id, .text = "Hel" },
					{ .id = NOWHERE, .text = "x" } };
	const char *done[] = { id };

	fx->store->ops->on_change(fx->store, hear, &h);
	new_conversation(fx);
	assert_int_equal(h.n, 1);
	assert_non_null(strstr(h.last, "conversations create "));
	new_message(fx, id, "assistant", "", "streaming");
	assert_int_equal(h.n, 2);
	assert_int_equal(CALL(fx, messages_write, rows, 2, NULL), 0);
	assert_int_equal(h.n, 3);
	snprintf(expect, sizeof(expect), "messages update %s {\"id\":\"%s\"", fx->conversation, id);
	assert_non_null(strstr(h.last, expect));
	assert_non_null(strstr(h.last, "\"messageText\":\"Hel\""));
	assert_int_equal(CALL(fx, messages_complete, done, 1), 0);
	assert_int_equal(h.n, 4);
	assert_non_null(strstr(h.last, "\"status\":\"completed\""));
	/* What failed changed nothing. */
	rows[0].metadata = "no";
	assert_int_equal(CALL(fx, messages_write, rows, 1, NULL), ASSISTANT_EINVAL);
	assert_int_equal(h.n, 4);
	fx->store->ops->on_change(fx->store, NULL, NULL);
	rows[0].metadata = NULL;
	assert_int_equal(CALL(fx, messages_write, rows, 1, NULL), 0);
	assert_int_equal(h.n, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int store_suite_run(struct suite_target *t)
{
	const struct CMUnitTest common[] = {
		TEST(test_ping),
		TEST(test_conversation),
		TEST(test_message),
		TEST(test_message_without_metadata),
		TEST(test_text_limits),
		TEST(test_history),
		TEST(test_write_and_complete),
		TEST(test_write_missing),
		TEST(test_streaming),
		TEST(test_cancel),
		TEST(test_snapshot),
		TEST(test_snapshot_cancelled),
	};
	const struct CMUnitTest breaking[] = { TEST(test_break_down) };
	const struct CMUnitTest embedded[] = {
		TEST(test_message_refused),
		TEST(test_write_is_all_or_nothing),
		TEST(test_ingest_replaces),
		TEST(test_row_create),
		TEST(test_row_create_refused),
		TEST(test_row_read),
		TEST(test_row_list_messages),
		TEST(test_row_list_records),
		TEST(test_row_list_refused),
		TEST(test_row_patch),
		TEST(test_changes),
	};
	int failed;

	target = t;
	failed = cmocka_run_group_tests_name(t->name, common, NULL, NULL);
	if (t->break_down)
		failed += cmocka_run_group_tests_name(t->name, breaking, NULL, NULL);
	if (t->embedded)
		failed += cmocka_run_group_tests_name(t->name, embedded, NULL, NULL);
	return failed;
}
