/*
 * store_check.c - store/directus.c and the writer over it, on a real Directus of either schema: rows, rows that
 * are missing, the layout against the mapping, the conference, 50 answers streamed at once, one of them deleted
 * meanwhile, and a Directus that hangs.
 *
 * `run` starts it with what tests/support/directus/start wrote: DIRECTUS_URL, DIRECTUS_API_KEY,
 * DIRECTUS_ADMIN_TOKEN, CONFERENCE_ID, and DIRECTUS_PID, CONFERENCE_FILE beside them; DIRECTUS_MAPPING where its
 * schema is another one than the contract's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "aio/http.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "call.h"
#include "observe/metrics.h"
#include "store/mapping.h"
#include "store/store.h"
#include "store/writer.h"

#define NOWHERE	    "00000000-0000-4000-8000-000000000000"
#define ANSWERS	    50
#define STEPS	    30
#define STEP_MS	    50
#define WRITE_MS    30000
#define STALL_MS    2000
#define LARGE_BYTES 30000

struct fixture {
	struct loop *loop;
	struct http *http;
	struct clock *clock;
	struct metrics *metrics;
	struct store *store, *admin;
	struct mapping *mapping; /* what of the contract this Directus keeps */
	struct arena *arena;
	char conversation[UUID_SIZE];
};

#define CALL_ON(fx, s, function, ...)                                                              \
	AWAIT((fx)->loop, f_, (s)->ops->function((s), ##__VA_ARGS__, f_))
#define CALL(fx, function, ...) CALL_ON(fx, (fx)->store, function, ##__VA_ARGS__)

static const char *env(const char *name)
{
	const char *value = getenv(name);

	if (!value || !*value)
		fail_msg("%s is not set; tests/e2e/directus/run sets it", name);
	return value;
}

static struct store *open_store(struct fixture *fx, const char *token)
{
	struct store *s = NULL;
	struct fail f = FAIL_INIT;

	const struct directus_options options = { .url = env("DIRECTUS_URL"),
						  .api_key = token,
						  .mapping = getenv("DIRECTUS_MAPPING"),
						  .check_ms = 10000,
						  .compare_ms = 600000 };

	if (directus_store_open(fx->loop, fx->http, &options, fx->metrics, NULL, &s, &f) < 0)
		fail_msg("%s", f.text);
	return s;
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	struct conversation row = { .id = fx->conversation,
				    .conference_id = env("CONFERENCE_ID"),
				    .status = "active",
				    .source = "mini",
				    .user_created = "public-user" };

	fx->loop = loop_create();
	fx->http = http_create(fx->loop, 8);
	fx->clock = clock_create(-1);
	fx->metrics = metrics_create();
	fx->arena = arena_create(64 << 20);
	fx->store = open_store(fx, env("DIRECTUS_API_KEY"));
	fx->admin = open_store(fx, env("DIRECTUS_ADMIN_TOKEN"));
	uuid_random(fx->conversation);
	assert_int_equal(mapping_load(getenv("DIRECTUS_MAPPING"), &fx->mapping, NULL), 0);
	*state = fx;
	if (CALL(fx, conversation_create, &row) < 0)
		fail_msg("%s", call_fail()->text);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	store_destroy(fx->admin);
	store_destroy(fx->store);
	call_drain(fx->loop);
	http_destroy(fx->http);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	mapping_destroy(fx->mapping);
	metrics_destroy(fx->metrics);
	clock_destroy(fx->clock);
	free(fx);
	return 0;
}

static void add_message(struct fixture *fx, char id[static UUID_SIZE], const char *metadata)
{
	struct message row = { .id = id,
			       .conversation_id = fx->conversation,
			       .role = "assistant",
			       .text = "",
			       .status = "streaming",
			       .metadata = metadata,
			       .user_created = "public-user" };

	uuid_random(id);
	if (CALL(fx, message_create, &row) < 0)
		fail_msg("%s", call_fail()->text);
}

static struct message read_message(struct fixture *fx, const char *id)
{
	struct message row = { 0 };

	if (CALL(fx, message, id, fx->arena, &row) < 0)
		fail_msg("%s: %s", id, call_fail()->text);
	return row;
}

static bool keeps(const struct fixture *fx, enum mapped what, const char *field)
{
	return mapping_field(fx->mapping, what, field) != NULL;
}

/* A row of the assistant with words in it; without a status it counts as completed. */
static void assert_status(const struct fixture *fx, const struct message *row, const char *status)
{
	assert_string_equal(row->status,
			    keeps(fx, MAPPED_MESSAGES, "status") ? status : "completed");
}

static void assert_metadata(const struct fixture *fx, const struct message *row,
			    const char *metadata)
{
	if (keeps(fx, MAPPED_MESSAGES, "metadata"))
		assert_string_equal(row->metadata, metadata);
	else
		assert_null(row->metadata);
}

/* As a person would in Directus' own pages. */
static void delete_message(struct fixture *fx, const char *id)
{
	const struct http_header header = {
		"Authorization", arena_printf(fx->arena, "Bearer %s", env("DIRECTUS_ADMIN_TOKEN"))
	};
	const struct http_request rq = {
		.method = "DELETE",
		.url = arena_printf(fx->arena, "%s/items/%s/%s", env("DIRECTUS_URL"),
				    mapping_collection(fx->mapping, MAPPED_MESSAGES), id),
		.headers = &header,
		.n_headers = 1
	};
	struct http_response rs = { 0 };

	assert_int_equal(AWAIT(fx->loop, f, http_send(fx->http, &rq, &rs, fx->arena, f)), 0);
	assert_int_equal(rs.status, 204);
}

/* --- Rows ------------------------------------------------------------------------ */

static void test_conversation(void **state)
{
	struct fixture *fx = *state;
	struct conversation row = { .id = fx->conversation, .conference_id = env("CONFERENCE_ID") };

	assert_int_equal(CALL(fx, ping), 0);
	assert_int_equal(CALL(fx, conversation_create, &row), ASSISTANT_ECONFLICT);
	row = (struct conversation){ 0 };
	assert_int_equal(CALL(fx, conversation, fx->conversation, fx->arena, &row), 0);
	if (keeps(fx, MAPPED_CONVERSATIONS, "conference_id"))
		assert_string_equal(row.conference_id, env("CONFERENCE_ID"));
	else
		assert_null(row.conference_id);
	if (keeps(fx, MAPPED_CONVERSATIONS, "status"))
		assert_string_equal(row.status, "active");
	assert_string_equal(row.user_created, "public-user");
	assert_true(llabs(row.date_created_ms - clock_now_ms(fx->clock)) < 60000);
	assert_int_equal(CALL(fx, conversation, NOWHERE, fx->arena, &row), ASSISTANT_ENOTFOUND);
	assert_int_equal(CALL(fx, conversation, "no uuid", fx->arena, &row), ASSISTANT_ENOTFOUND);
}

static void test_message(void **state)
{
	struct fixture *fx = *state;
	char id[UUID_SIZE];
	struct message row = { .id = id,
			       .conversation_id = fx->conversation,
			       .role = "user",
			       .text = "Où est \"Janson\"?\n\xf0\x9f\x98\x80",
			       .status = "completed",
			       .metadata = "{\"a\":{\"b\":[1,2]}}" };

	uuid_random(id);
	assert_int_equal(CALL(fx, message_create, &row), 0);
	assert_int_equal(CALL(fx, message_create, &row), ASSISTANT_ECONFLICT);
	row = read_message(fx, id);
	assert_string_equal(row.conversation_id, fx->conversation);
	assert_string_equal(row.role, "user");
	assert_string_equal(row.text, "Où est \"Janson\"?\n\xf0\x9f\x98\x80");
	assert_string_equal(row.status, "completed");
	assert_metadata(fx, &row, "{\"a\":{\"b\":[1,2]}}");
	assert_int_equal(CALL(fx, message, NOWHERE, fx->arena, &row), ASSISTANT_ENOTFOUND);
}

static void test_history(void **state)
{
	struct fixture *fx = *state;
	char ids[4][UUID_SIZE];
	struct messages rows = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		add_message(fx, ids[i], NULL);
		call_pass_ms(fx->loop, 3);
	}
	assert_int_equal(CALL(fx, history, fx->conversation, 3, fx->arena, &rows), 0);
	assert_int_equal(rows.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(rows.rows[i].id, ids[3 - i]);
	assert_int_equal(CALL(fx, messages_streaming, 1000, fx->arena, &rows), 0);
	if (!keeps(fx, MAPPED_MESSAGES, "status")) {
		assert_int_equal(rows.n, 0);
		return;
	}
	assert_true(rows.n >= 4);
	assert_string_equal(rows.rows[rows.n - 1].id, ids[3]);
}

/* Some rows of a batch are gone: they are named, the others written and completed. */
static void check_missing(struct fixture *fx, struct store *s)
{
	char ids[7][UUID_SIZE];
	struct message row;
	struct message_patch rows[7];
	const char *all[7];
	bool missing[7];

	for (int i = 0; i < 7; i++) {
		add_message(fx, ids[i], NULL);
		if (i == 2 || i == 6)
			delete_message(fx, ids[i]);
		all[i] = ids[i];
		rows[i] = (struct message_patch){ .id = ids[i],
						  .text = "new",
						  .metadata = "{\"n\":1}" };
		missing[i] = i % 2;
	}
	assert_int_equal(CALL_ON(fx, s, messages_write, rows, 7, missing), 0);
	for (int i = 0; i < 7; i++) {
		assert_int_equal(missing[i], i == 2 || i == 6);
		if (missing[i])
			continue;
		row = read_message(fx, ids[i]);
		assert_string_equal(row.text, "new");
		assert_status(fx, &row, "streaming");
	}
	assert_int_equal(CALL_ON(fx, s, messages_complete, all, 7), 0);
	for (int i = 0; i < 7; i++)
		if (!missing[i])
			assert_string_equal(read_message(fx, ids[i]).status, "completed");
}

static void test_missing_for_the_backend(void **state)
{
	check_missing(*state, ((struct fixture *)*state)->store);
}

static void test_missing_for_an_admin(void **state)
{
	check_missing(*state, ((struct fixture *)*state)->admin);
}

static void test_wrong_token(void **state)
{
	struct fixture *fx = *state;
	struct store *s = open_store(fx, "wrong");

	assert_int_equal(CALL_ON(fx, s, ping), ASSISTANT_EDENIED);
	assert_null(strstr(call_fail()->text, "wrong"));
	store_destroy(s);
}

/* --- The conference -------------------------------------------------------------- */

static struct json_object *conference_file(void)
{
	struct json_object *json = NULL;
	struct fail f = FAIL_INIT;
	FILE *file = fopen(env("CONFERENCE_FILE"), "re");
	char *text = NULL;
	size_t len = 0;

	assert_non_null(file);
	assert_true(getdelim(&text, &len, 0, file) > 0);
	fclose(file);
	if (json_parse(text, strlen(text), &json, &f) < 0)
		fail_msg("%s", f.text);
	free(text);
	return json;
}

static void test_conference(void **state)
{
	struct fixture *fx = *state;
	_cleanup_json_ struct json_object *file = conference_file();
	struct json_object *first = json_object_array_get_idx(json_get_array(file, "sessions"), 0);
	struct conference_list list = { 0 };
	struct snapshot *read = NULL;
	const struct record *record;
	int64_t start_ms;
	bool has_offset;

	assert_int_equal(CALL(fx, conferences, fx->arena, &list), 0);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.rows[0].id, env("CONFERENCE_ID"));
	assert_int_equal(CALL(fx, snapshot, NOWHERE, &read), ASSISTANT_ENOTFOUND);
	if (CALL(fx, snapshot, list.rows[0].id, &read) < 0)
		fail_msg("%s", call_fail()->text);
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		assert_int_equal(read->n[e], json_object_array_length(json_get_array(
						     file, entity_plural((enum entity)e))));
	assert_string_equal(read->conference.name,
			    json_text(json_get_object(file, "conference"), "name"));
	assert_int_equal(read->conference.n_info,
			 json_object_object_length(
				 json_get_object(json_get_object(file, "conference"), "info")));
	record = snapshot_find(read, ENTITY_SESSION, json_text(first, "id"));
	assert_non_null(record);
	assert_string_equal(record->name, json_text(first, "title"));
	assert_int_equal(time_parse(json_text(first, "start_time"), &start_ms, &has_offset), 0);
	assert_int_equal(record->start, start_ms / 1000);
	snapshot_unref(read);
}

static void assert_found(const struct findings *found, const char *sentence)
{
	for (size_t i = 0; i < found->n; i++)
		if (strstr(found->rows[i].what, sentence))
			return;
	for (size_t i = 0; i < found->n; i++)
		print_message("%s\n", found->rows[i].what);
	fail_msg("not among %zu findings: %s", found->n, sentence);
}

/* The Directus of the checks is set up as docs/directus.md says, but for its version. */
static void assert_only_advice(const struct findings *found)
{
	assert_found(found, "Directus is 11.3.5, whose WebSocket does not restrict visitors");
	for (size_t i = 0; i < found->n; i++)
		if (!found->rows[i].advice)
			fail_msg("%s", found->rows[i].what);
	assert_int_equal(found->n, 1);
}

/* The layout is as the mapping says, and may be written. */
static void test_check(void **state)
{
	struct fixture *fx = *state;
	struct findings found = { .n = 99 };

	assert_int_equal(CALL(fx, check, fx->arena, &found), 0);
	assert_only_advice(&found);
	assert_int_equal(CALL_ON(fx, fx->admin, check, fx->arena, &found), 0);
	assert_only_advice(&found);
}

static void set_accountability(struct fixture *fx, const char *value)
{
	const struct http_header headers[] = {
		{ "Authorization",
		  arena_printf(fx->arena, "Bearer %s", env("DIRECTUS_ADMIN_TOKEN")) },
		{ "Content-Type", "application/json" },
	};
	const char *body = arena_printf(fx->arena, "{\"meta\":{\"accountability\":%s}}", value);
	const struct http_request rq = {
		.method = "PATCH",
		.url = arena_printf(fx->arena, "%s/collections/%s", env("DIRECTUS_URL"),
				    mapping_collection(fx->mapping, MAPPED_MESSAGES)),
		.headers = headers,
		.n_headers = 2,
		.body = body,
		.body_len = strlen(body),
		.max_body_bytes = 1 << 20,
	};
	struct http_response rs = { 0 };

	assert_int_equal(AWAIT(fx->loop, f, http_send(fx->http, &rq, &rs, fx->arena, f)), 0);
	assert_int_equal(rs.status, 200);
}

static void test_check_revisions(void **state)
{
	struct fixture *fx = *state;
	struct findings found = { 0 };

	set_accountability(fx, "\"all\"");
	assert_int_equal(CALL(fx, check, fx->arena, &found), 0);
	set_accountability(fx, "null");
	assert_found(&found, arena_printf(fx->arena,
					  "Every update of %s is kept as a revision, with the "
					  "whole row, for ever.",
					  mapping_collection(fx->mapping, MAPPED_MESSAGES)));
}

/* A mapping that is good in itself and wrong about this Directus. */
static void test_check_mismatch(void **state)
{
	static const char wrong[] = "{\"messages\":{\"collection\":\"%s\",\"fields\":{\"role\":"
				    "\"speaker\",\"status\":null,"
				    "\"conversation_id\":\"%s\",\"metadata\":null}},"
				    "\"sessions\":{\"collection\":\"nowhere\"}}";
	struct fixture *fx = *state;
	struct findings found = { 0 };
	char path[] = "/tmp/erleah-mapping.XXXXXX";
	int fd = mkstemp(path);
	const struct directus_options options = { .url = env("DIRECTUS_URL"),
						  .api_key = env("DIRECTUS_API_KEY"),
						  .mapping = path };
	const char *messages = mapping_collection(fx->mapping, MAPPED_MESSAGES);
	struct store *s = NULL;
	struct fail f = FAIL_INIT;

	assert_true(fd >= 0);
	assert_true(dprintf(fd, wrong, messages,
			    mapping_field(fx->mapping, MAPPED_MESSAGES, "conversation_id")) > 0);
	close(fd);
	if (directus_store_open(fx->loop, fx->http, &options, fx->metrics, NULL, &s, &f) < 0)
		fail_msg("%s", f.text);
	unlink(path);
	assert_int_equal(CALL_ON(fx, s, check, fx->arena, &found), 0);
	assert_found(&found, arena_printf(fx->arena,
					  "messages.role is \"speaker\", but %s has no such "
					  "field; it has id, ",
					  messages));
	assert_found(&found, "sessions is \"nowhere\", but there is no such collection, or "
			     "DIRECTUS_API_KEY may not read it.");
	store_destroy(s);
}

/* A visitor's token may neither ask for the fields nor write answers. */
static void test_check_rights(void **state)
{
	struct fixture *fx = *state;
	struct findings found = { 0 };
	struct store *s = open_store(fx, env("DIRECTUS_TOKEN"));

	assert_int_equal(CALL_ON(fx, s, check, fx->arena, &found), 0);
	assert_found(&found, arena_printf(fx->arena, "DIRECTUS_API_KEY may not update %s.",
					  mapping_collection(fx->mapping, MAPPED_MESSAGES)));
	store_destroy(s);
}

/* --- The writer ------------------------------------------------------------------- */

struct answer {
	struct writer_row row;
	char id[UUID_SIZE];
	struct text text;
	int written, status;
	bool gone; /* its row was deleted while it grew */
};

struct crowd {
	struct writer *writer;
	struct answer answers[ANSWERS];
};

static const char *answer_text(struct writer_row *row, size_t *len)
{
	struct answer *a = container_of(row, struct answer, row);

	*len = a->text.len;
	return a->text.data ? a->text.data : "";
}

static void answer_written(struct writer_row *row, int status)
{
	struct answer *a = container_of(row, struct answer, row);

	a->written++;
	a->status = status;
}

static struct crowd *crowd_create(struct fixture *fx)
{
	const struct writer_options options = { .interval_ms = 200,
						.max_in_flight = 2,
						.max_batch = 50,
						.lease_ms = 30000,
						.spool_after_ms = 60000,
						.owner = "store_check" };
	struct crowd *c = calloc(1, sizeof(*c));

	c->writer = writer_create(fx->loop, fx->store, fx->clock, &options, fx->metrics, NULL);
	assert_non_null(c->writer);
	for (size_t i = 0; i < ANSWERS; i++) {
		struct answer *a = &c->answers[i];
		_cleanup_free_ char *live = writer_live_metadata(c->writer, NULL);

		add_message(fx, a->id, live);
		text_init(&a->text, 1 << 20);
		a->row = (struct writer_row){ .id = a->id,
					      .text = answer_text,
					      .written = answer_written };
		writer_open(c->writer, &a->row);
	}
	return c;
}

/* All answers grow and end one after the other; at half of it, something may happen. */
static void crowd_stream(struct fixture *fx, struct crowd *c,
			 void (*meanwhile)(struct fixture *fx, struct crowd *c))
{
	for (int step = 0; step < STEPS; step++) {
		for (int i = 0; i < ANSWERS; i++) {
			int last = STEPS / 2 + i % (STEPS / 2);

			if (step > last)
				continue;
			text_printf(&c->answers[i].text, "Satz %d für «%.8s»: 日本語 🎤\n", step,
				    c->answers[i].id);
			writer_touch(c->writer, &c->answers[i].row);
			if (step == last)
				writer_end(c->writer, &c->answers[i].row, "{\"outcome\":\"ok\"}");
		}
		if (step == STEPS / 2 && meanwhile)
			meanwhile(fx, c);
		call_pass_ms(fx->loop, STEP_MS);
	}
}

static bool crowd_written(const struct crowd *c)
{
	for (size_t i = 0; i < ANSWERS; i++)
		if (!c->answers[i].written)
			return false;
	return true;
}

/* Every answer but those gone stands in its row, whole; all were told once. */
static void crowd_check(struct fixture *fx, struct crowd *c)
{
	int64_t end = loop_now_ms(fx->loop) + WRITE_MS;

	while (!crowd_written(c) && loop_now_ms(fx->loop) < end)
		call_pass_ms(fx->loop, 10);
	for (size_t i = 0; i < ANSWERS; i++) {
		struct answer *a = &c->answers[i];
		struct message row;

		assert_int_equal(a->written, 1);
		if (a->gone) {
			assert_int_equal(a->status, ASSISTANT_ENOTFOUND);
			continue;
		}
		assert_int_equal(a->status, 0);
		row = read_message(fx, a->id);
		assert_string_equal(row.text, a->text.data);
		assert_string_equal(row.status, "completed");
		assert_metadata(fx, &row, "{\"outcome\":\"ok\"}");
	}
	assert_int_equal(writer_pending(c->writer), 0);
}

static void crowd_destroy(struct crowd *c)
{
	writer_destroy(c->writer);
	for (size_t i = 0; i < ANSWERS; i++)
		text_finish(&c->answers[i].text);
	free(c);
}

static void test_writer(void **state)
{
	struct crowd *c = crowd_create(*state);

	crowd_stream(*state, c, NULL);
	crowd_check(*state, c);
	crowd_destroy(c);
}

/* Together more than MAX_PAYLOAD_SIZE: Directus refuses the batch, and the rows go alone. */
static void test_writer_large(void **state)
{
	struct crowd *c = crowd_create(*state);

	for (size_t i = 0; i < ANSWERS; i++)
		for (size_t line = 0; line < LARGE_BYTES / 64; line++)
			text_printf(&c->answers[i].text, "%063zu\n", line);
	crowd_stream(*state, c, NULL);
	crowd_check(*state, c);
	crowd_destroy(c);
}

/* Two of those that end last. */
static void delete_two(struct fixture *fx, struct crowd *c)
{
	for (size_t i = STEPS / 2 - 2; i < STEPS / 2; i++) {
		delete_message(fx, c->answers[i].id);
		c->answers[i].gone = true;
	}
}

static void test_writer_rows_deleted(void **state)
{
	struct crowd *c = crowd_create(*state);

	crowd_stream(*state, c, delete_two);
	crowd_check(*state, c);
	crowd_destroy(c);
}

/* It hangs, then answers 503 for a while, being under pressure. */
static void stall(struct fixture *fx, struct crowd *c)
{
	pid_t pid = (pid_t)strtol(env("DIRECTUS_PID"), NULL, 10);

	(void)c;
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	call_pass_ms(fx->loop, STALL_MS);
	assert_int_equal(kill(pid, SIGCONT), 0);
}

static void test_writer_stalled(void **state)
{
	struct crowd *c = crowd_create(*state);

	crowd_stream(*state, c, stall);
	crowd_check(*state, c);
	crowd_destroy(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* store_check [rows]: without the streams of 50, which do not depend on what a status is called. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_conversation),
		TEST(test_message),
		TEST(test_history),
		TEST(test_missing_for_the_backend),
		TEST(test_missing_for_an_admin),
		TEST(test_wrong_token),
		TEST(test_check),
		TEST(test_check_revisions),
		TEST(test_check_mismatch),
		TEST(test_check_rights),
		TEST(test_conference),
		TEST(test_writer),
		TEST(test_writer_large),
		TEST(test_writer_rows_deleted),
		TEST(test_writer_stalled),
	};

	if (argc > 1 && !strcmp(argv[1], "rows"))
		cmocka_set_skip_filter("test_writer*");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
