/*
 * test_anthropic.c - the pure parts of Anthropic's Messages API: models, requests, events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "llm/anthropic_request.h"
#include "llm/anthropic_stream.h"

/* --- Models ----------------------------------------------------------------------------- */

static void the_longest_row_counts(void **state)
{
	static const struct {
		const char *model;
		bool prefill, structured;
		const char *effort, *thinking;
		int cache_min;
	} rows[] = {
		{ "claude-sonnet-5-5", false, true, "low", "between_tools", 512 },
		{ "claude-haiku-5-5", false, true, "low", "disabled", 512 },
		{ "claude-opus-5-5-20260922", false, true, "low", "", 512 },
		{ "claude-sonnet-5", false, true, "low", "disabled", 1024 },
		{ "claude-haiku-4-5-20251001", true, true, "", "", 4096 },
		{ "claude-3-5-haiku-latest", true, false, "", "", 2048 },
		{ "claude-something-new", false, true, "", "", 1024 },
		{ "llama-3.3-70b", false, false, "", "", 0 },
		{ "", false, false, "", "", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct model_traits t;

		assert_int_equal(model_traits_find(rows[i].model, NULL, &t, NULL), 0);
		assert_int_equal(t.prefill, rows[i].prefill);
		assert_int_equal(t.structured, rows[i].structured);
		assert_string_equal(t.effort, rows[i].effort);
		assert_string_equal(t.thinking_off, rows[i].thinking);
		assert_int_equal(t.cache_min, rows[i].cache_min);
	}
}

static void a_setting_overrides_the_table(void **state)
{
	static const char *const wrong[] = { "claude",	      "claude: sing",	 "claude: effort=",
					     "x: cache-min=", "x: cache-min=-3", "x: cache-min=3x",
					     "x: thinking=A", "x: effort=a b:" };
	struct model_traits t;
	struct fail f = FAIL_INIT;

	assert_int_equal(
		model_traits_find("my-model-7b",
				  "my-model: prefill structured effort=high cache-min=64; "
				  "other: no-prefill;; my-model-7b: thinking=adaptive effort=none",
				  &t, NULL),
		0);
	assert_true(t.prefill && t.structured);
	assert_string_equal(t.effort, "");
	assert_string_equal(t.thinking_off, "adaptive");
	assert_int_equal(t.cache_min, 64);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(model_traits_find("unrelated", wrong[i], &t, &f),
				 ASSISTANT_EINVAL);
		assert_non_null(strstr(f.text, "ANTHROPIC_MODEL_TRAITS"));
	}
}

static void retired_models_are_known(void **state)
{
	assert_string_equal(model_retired("claude-sonnet-4-20250514"), "2026-06-15");
	assert_string_equal(model_retired("claude-3-opus-20240229"), "2026-01-05");
	assert_null(model_retired("claude-sonnet-4-5-20250929"));
	assert_null(model_retired("claude-sonnet-5-5"));
	assert_null(model_retired(""));
}

/* --- Requests ---------------------------------------------------------------------------- */

static struct json_object *parse(char *text)
{
	struct json_object *o = NULL;

	assert_non_null(text);
	assert_int_equal(json_parse(text, strlen(text), &o, NULL), 0);
	free(text);
	return o;
}

static struct json_object *traits_request(const char *model, const struct llm_request *rq)
{
	struct model_traits t;

	assert_int_equal(model_traits_find(model, NULL, &t, NULL), 0);
	return parse(anthropic_request_stream(model, &t, rq));
}

static struct json_object *at(struct json_object *array, size_t i)
{
	assert_true(i < json_object_array_length(array));
	return json_object_array_get_idx(array, i);
}

static const struct llm_message history[] = {
	{ "assistant", "Hello!" }, /* nobody asked: not told */
	{ "user", "One?" },	   { "user", "Two?" },	 { "assistant", "Both." },
	{ "assistant", " \n" },	   { "user", "Three?" },
};

static void the_order_of_a_request(void **state)
{
	struct json_object *facts = json_object_new_object(), *o, *messages, *content;
	struct llm_request rq = { .system = "Be brief.",
				  .reminder = "It is ten.",
				  .history = history,
				  .n_history = ARRAY_SIZE(history),
				  .question = "Four \"quoted\"?",
				  .facts = facts,
				  .max_tokens = 77 };

	json_set_string(facts, "kind", "none");
	o = traits_request("claude-sonnet-5-5", &rq);
	assert_int_equal(json_get_int(o, "max_tokens", 0), 77);
	assert_true(json_get_bool(o, "stream", false));
	assert_string_equal(json_text(json_get_object(o, "tool_choice"), "type"), "none");
	assert_string_equal(json_text(json_get_object(o, "output_config"), "effort"), "low");
	assert_string_equal(json_text(json_get_object(o, "thinking"), "type"), "between_tools");
	assert_null(json_get(o, "temperature"));
	messages = json_get_array(o, "messages");
	assert_int_equal(json_object_array_length(messages), 5);
	assert_int_equal(json_object_array_length(json_get_array(at(messages, 0), "content")), 2);
	assert_string_equal(json_text(at(messages, 1), "role"), "assistant");
	content = json_get_array(at(messages, 2), "content"); /* with what was asked before */
	assert_string_equal(json_text(at(content, 1), "text"), "Four \"quoted\"?");
	content = json_get_array(at(messages, 3), "content");
	assert_string_equal(json_text(at(content, 0), "type"), "tool_use");
	content = json_get_array(at(messages, 4), "content");
	assert_string_equal(json_text(at(content, 0), "content"), "{\"kind\":\"none\"}");
	assert_string_equal(json_text(at(content, 1), "text"), "It is ten.");
	json_object_put(o);
	json_object_put(facts);
}

static void what_was_said_is_gone_on_with(void **state)
{
	static const struct {
		const char *model;
		size_t n;
		const char *last;
	} rows[] = { { "claude-haiku-4-5", 2, "assistant" }, { "claude-sonnet-5-5", 3, "user" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct llm_request rq = { .question = "?", .said = "It is in", .max_tokens = 9 };
		struct json_object *o = traits_request(rows[i].model, &rq);
		struct json_object *messages = json_get_array(o, "messages");

		assert_int_equal(json_object_array_length(messages), rows[i].n);
		assert_string_equal(
			json_text(at(json_get_array(at(messages, 1), "content"), 0), "text"),
			"It is in");
		assert_string_equal(json_text(at(messages, rows[i].n - 1), "role"), rows[i].last);
		assert_null(json_get(o, "tools"));
		assert_null(json_get(o, "tool_choice"));
		json_object_put(o);
	}
}

static bool is_kept(struct json_object *block)
{
	return strcmp(json_text(json_get_object(block, "cache_control"), "type"), "ephemeral") == 0;
}

static void only_long_prefixes_are_kept(void **state)
{
	char system[8001];
	struct llm_request rq = {
		.history = history, .n_history = 4, .question = "?", .max_tokens = 9
	};
	struct json_object *o;

	memset(system, 'x', sizeof(system) - 1);
	system[sizeof(system) - 1] = '\0';
	for (size_t len = 1000; len <= 8000; len += 7000) {
		system[len] = '\0';
		rq.system = system;
		o = traits_request("claude-sonnet-5-5", &rq);
		assert_int_equal(is_kept(at(json_get_array(o, "system"), 0)), len == 8000);
		assert_int_equal(
			is_kept(at(json_get_array(at(json_get_array(o, "messages"), 1), "content"),
				   0)),
			len == 8000);
		if (len < sizeof(system) - 1)
			system[len] = 'x';
		json_object_put(o);
	}
	o = traits_request("my-model", &rq);
	assert_false(is_kept(at(json_get_array(o, "system"), 0)));
	json_object_put(o);
}

static void json_is_asked_for_in_two_ways(void **state)
{
	struct json_object *schema = json_object_new_object(), *o;
	struct llm_ask rq = { .system = "S", .question = "Q", .schema = schema, .max_tokens = 5 };
	struct model_traits t;

	json_set_string(schema, "type", "object");
	assert_int_equal(model_traits_find("claude-haiku-5-5", NULL, &t, NULL), 0);
	o = parse(anthropic_request_ask("claude-haiku-5-5", &t, &rq));
	assert_string_equal(
		json_text(json_get_object(json_get_object(o, "output_config"), "format"), "type"),
		"json_schema");
	assert_null(json_get(o, "stream"));
	json_object_put(o);
	assert_int_equal(model_traits_find("my-model", NULL, &t, NULL), 0);
	o = parse(anthropic_request_ask("my-model", &t, &rq));
	assert_null(json_get(o, "output_config"));
	assert_non_null(strstr(
		json_text(at(json_get_array(at(json_get_array(o, "messages"), 0), "content"), 1),
			  "text"),
		"{\"type\":\"object\"}"));
	json_object_put(o);
	json_object_put(schema);
}

/* --- Events ---------------------------------------------------------------------------------- */

#define EVENT(name, data) "event: " name "\ndata: {\"type\":\"" name "\"" data "}\n\n"
#define START                                                                                      \
	EVENT("message_start", ",\"message\":{\"model\":\"m-1\",\"usage\":{\"input_tokens\":10,"   \
			       "\"output_tokens\":1,\"cache_read_input_tokens\":5}}")
#define TEXT(t)                                                                                    \
	EVENT("content_block_delta", ",\"delta\":{\"type\":\"text_delta\",\"text\":\"" t "\"}")
#define STOP(reason)                                                                               \
	EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"" reason "\"},\"usage\":{"           \
			       "\"output_tokens\":42}")                                            \
	EVENT("message_stop", "")

struct reading {
	struct anthropic_stream stream;
	struct text text;
	int pieces, wanted; /* wanted: pieces until no more is; 0: all */
};

static bool on_text(void *ctx, const char *text, size_t len)
{
	struct reading *r = ctx;

	assert_true(len > 0);
	text_append_n(&r->text, text, len);
	return ++r->pieces != r->wanted;
}

static void reading_begin(struct reading *r)
{
	*r = (struct reading){ .wanted = 0 };
	text_init(&r->text, 1 << 16);
	anthropic_stream_init(&r->stream, on_text, r);
}

static void reading_end(struct reading *r)
{
	anthropic_stream_finish(&r->stream);
	text_finish(&r->text);
}

static const char whole[] = START ": comment\n\n" EVENT("ping", "") TEXT("Hello") TEXT(
	" w\\u00f6rld") EVENT("content_block_delta",
			      ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}")
	EVENT("content_block_delta",
	      ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\"}")
		EVENT("content_block_start",
		      ",\"content_block\":{\"type\":\"thinking\",\"text\":\"no\"}")
			EVENT("content_block_start",
			      ",\"content_block\":{\"type\":\"text\",\"text\":\"!\"}")
				EVENT("brand_new",
				      ",\"text\":\"no\"") "event: odd\ndata: no json\n\n" TEXT("")
					STOP("end_turn");

static void any_split_gives_the_same(void **state)
{
	for (size_t n = 1; n < sizeof(whole); n++) {
		struct reading r;

		reading_begin(&r);
		for (size_t i = 0; i < sizeof(whole) - 1; i += n) {
			size_t left = sizeof(whole) - 1 - i;

			assert_int_equal(
				anthropic_stream_feed(&r.stream, whole + i, left < n ? left : n),
				0);
		}
		assert_string_equal(r.text.data, "Hello wörld!");
		assert_true(r.stream.ended);
		assert_string_equal(r.stream.model, "m-1");
		assert_int_equal(r.stream.result.input_tokens, 10);
		assert_int_equal(r.stream.result.output_tokens, 42);
		assert_int_equal(r.stream.result.cache_read_tokens, 5);
		assert_int_equal(anthropic_stream_close(&r.stream, NULL), 0);
		reading_end(&r);
	}
}

static int feed_all(struct reading *r, const char *bytes)
{
	reading_begin(r);
	return anthropic_stream_feed(&r->stream, bytes, strlen(bytes));
}

/* In whatever way an event is written; what is broken fails however near it is to what is read fast. */
static void pieces_in_any_spelling(void **state)
{
#define PIECE(text)                                                                                \
	"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","        \
	"\"text\":" text "}}"
	static const struct {
		const char *data, *text; /* NULL: it is broken */
	} rows[] = {
		{ PIECE("\"one\""), "one" },
		{ PIECE("\"\""), "" },
		{ PIECE("\"\\\"\\\\n\\\\\\n\\t\\/\\b\\f\\r\""), "\"\\n\\\n\t/\b\f\r" },
		{ PIECE("\"caf\u00e9 \\u00e9 \\ud83d\\ude42\""), "caf\u00e9 \u00e9 \U0001f642" },
		{ "{ \"type\": \"content_block_delta\", \"index\": 12, \"delta\": { \"type\": "
		  "\"text_delta\", \"text\": \"b\" } }  ",
		  "b" },
		{ "{\"index\":0,\"delta\":{\"text\":\"c\",\"type\":\"text_delta\"},\"type\":"
		  "\"content_block_delta\"}",
		  "c" },
		{ "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_"
		  "delta\","
		  "\"text\":\"d\",\"new\":1},\"more\":[]}",
		  "d" },
		{ PIECE("\"\xff\""), NULL },
		{ PIECE("\"\\x\""), NULL },
		{ PIECE("\"\\ud83d\""), NULL },
		{ PIECE("\"a\tb\""), NULL },
		{ PIECE("\"open"), NULL },
		{ PIECE("\"e\"") "}", NULL },
		{ PIECE("\"f\\\""), NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char event[512];
		struct reading r;

		snprintf(event, sizeof(event), "event: content_block_delta\ndata: %s\n\n",
			 rows[i].data);
		reading_begin(&r);
		assert_int_equal(anthropic_stream_feed(&r.stream, event, strlen(event)),
				 rows[i].text ? 0 : ASSISTANT_EPROTOCOL);
		assert_string_equal(r.text.len ? r.text.data : "",
				    rows[i].text ? rows[i].text : "");
		reading_end(&r);
	}
#undef PIECE
}

static void how_answers_end(void **state)
{
	static const struct {
		const char *reason;
		enum llm_stop stop;
	} rows[] = {
		{ "end_turn", LLM_END },       { "stop_sequence", LLM_END },
		{ "pause_turn", LLM_END },     { "max_tokens", LLM_MAX_TOKENS },
		{ "refusal", LLM_REFUSED },    { "model_context_window_exceeded", LLM_MAX_TOKENS },
		{ "some_new_reason", LLM_END }
	};
	struct fail f = FAIL_INIT;
	struct reading r;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(anthropic_stop(rows[i].reason), rows[i].stop);
	assert_int_equal(feed_all(&r, START TEXT("x") STOP("max_tokens")), 0);
	assert_int_equal(r.stream.result.stop, LLM_MAX_TOKENS);
	reading_end(&r);
	assert_int_equal(feed_all(&r, START TEXT("half an")), 0);
	assert_int_equal(anthropic_stream_close(&r.stream, &f), ASSISTANT_EUNAVAILABLE);
	assert_int_equal(fail_cause(&f), CAUSE_CUT_OFF);
	reading_end(&r);
	reading_begin(&r);
	r.wanted = 1;
	assert_int_equal(anthropic_stream_feed(&r.stream, whole, sizeof(whole) - 1),
			 ASSISTANT_ECANCELED);
	assert_string_equal(r.text.data, "Hello");
	reading_end(&r);
}

static void errors_in_a_stream(void **state)
{
	static const struct {
		const char *type;
		int code;
		enum cause cause;
	} rows[] = { { "overloaded_error", ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED },
		     { "rate_limit_error", ASSISTANT_ELIMIT, CAUSE_RATE_LIMITED },
		     { "api_error", ASSISTANT_EUNAVAILABLE, CAUSE_SERVER_ERROR },
		     { "timeout_error", ASSISTANT_EUNAVAILABLE, CAUSE_TIMEOUT },
		     { "authentication_error", ASSISTANT_EDENIED, CAUSE_DENIED },
		     { "billing_error", ASSISTANT_EDENIED, CAUSE_SPENT },
		     { "invalid_request_error", ASSISTANT_EPROTOCOL, CAUSE_REJECTED },
		     { "a_new_error", ASSISTANT_EUNAVAILABLE, CAUSE_SERVER_ERROR } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char bytes[512];
		struct reading r;

		snprintf(bytes, sizeof(bytes),
			 START TEXT("so far") "event: error\ndata: "
					      "{\"type\":\"error\",\"error\":{\"type\":"
					      "\"%s\",\"message\":\"Why\"}}\n\n" TEXT("no"),
			 rows[i].type);
		assert_int_equal(feed_all(&r, bytes), rows[i].code);
		assert_int_equal(fail_cause(&r.stream.fail), rows[i].cause);
		assert_non_null(strstr(r.stream.fail.text, "Why"));
		assert_string_equal(r.text.data, "so far");
		reading_end(&r);
	}
}

static void nonsense_in_a_stream(void **state)
{
	static const char *const rows[] = {
		"event: content_block_delta\ndata: {\n\n",
		"event: content_block_delta\ndata: "
		"{\"type\":\"content_block_delta\",\"delta\":{\"type\":"
		"\"text_delta\",\"text\":\"\xff\"}}\n\n",
		"data: hello\n\n",
	};
	char *large = malloc(2 << 20);
	struct reading r;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(feed_all(&r, rows[i]), ASSISTANT_EPROTOCOL);
		assert_int_equal(r.stream.fail.code, ASSISTANT_EPROTOCOL);
		reading_end(&r);
	}
	memset(large, 'x', (2 << 20) - 1);
	large[(2 << 20) - 1] = '\0';
	assert_true(feed_all(&r, large) < 0);
	assert_int_equal(r.stream.fail.code, ASSISTANT_EPROTOCOL);
	reading_end(&r);
	free(large);
	/* Of the right shape, but not what it should be: nothing happens. */
	assert_int_equal(
		feed_all(&r, "event: content_block_delta\ndata: [1]\n\nevent: message_delta\ndata: "
			     "{\"type\":\"message_delta\",\"delta\":7,\"usage\":\"x\"}\n\n"),
		0);
	assert_int_equal(r.pieces, 0);
	reading_end(&r);
}

static void limits_on_spending_are_final(void **state)
{
	static const char *const rows[] = {
		"{\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\",\"details\":{\"error_"
		"code\":"
		"\"enforced_spend_limit_reached\"}}}",
		"{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"You have reached "
		"your specified API "
		"usage limits.\"}}",
		"{\"error\":{\"type\":\"billing_error\",\"message\":\"m\"}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct json_object *o = parse(strdup(rows[i]));
		struct fail f = FAIL_INIT;

		assert_int_equal(anthropic_error(o, &f), ASSISTANT_EDENIED);
		assert_int_equal(fail_cause(&f), CAUSE_SPENT);
		assert_true(f.final);
		json_object_put(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_row_counts),
		cmocka_unit_test(a_setting_overrides_the_table),
		cmocka_unit_test(retired_models_are_known),
		cmocka_unit_test(the_order_of_a_request),
		cmocka_unit_test(what_was_said_is_gone_on_with),
		cmocka_unit_test(only_long_prefixes_are_kept),
		cmocka_unit_test(json_is_asked_for_in_two_ways),
		cmocka_unit_test(any_split_gives_the_same),
		cmocka_unit_test(pieces_in_any_spelling),
		cmocka_unit_test(how_answers_end),
		cmocka_unit_test(errors_in_a_stream),
		cmocka_unit_test(nonsense_in_a_stream),
		cmocka_unit_test(limits_on_spending_are_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
