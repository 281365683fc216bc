/*
 * llm_suite.c - streams: pieces outside the call, in order, whole characters, none after a cancel.
 */
#include "llm_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "base/utf8.h"
#include "call.h"

static const struct llm_subject *subject;

static const char facts_text[] =
	"{\"kind\":\"entities\",\"asked\":\"any\",\"entities\":[\"session\"],\"topic\":\"Flüsse\","
	"\"now\":\"2027-05-20T09:00:00+02:00\",\"phase\":\"during\",\"totals\":{\"session\":2},"
	"\"conference\":{\"name\":\"Tidewater\",\"timezone\":\"Europe/Berlin\","
	"\"start_date\":\"2027-05-20\",\"end_date\":\"2027-05-22\"},"
	"\"results\":[{\"handle\":\"s1\",\"type\":\"session\",\"id\":\"a\",\"name\":\"Ébène — "
	"河川\","
	"\"start\":\"2027-05-20T10:00:00+02:00\",\"end\":\"2027-05-20T11:00:00+02:00\","
	"\"day\":\"2027-05-20\",\"location\":\"Große Halle\",\"speakers\":[\"Þórdís\"]},"
	"{\"handle\":\"s2\",\"type\":\"session\",\"id\":\"b\",\"name\":\"Zwei\","
	"\"start\":\"2027-05-21T10:00:00+02:00\",\"day\":\"2027-05-21\"}]}";

struct scene {
	struct loop *loop;
	struct llm *llm;
	struct arena *arena;
	struct json_object *facts;
	struct text text;
	size_t pieces, cancel_after;
	bool inside_call, ended;
	struct flow flow;
	struct llm_result result;
	struct llm_request rq;
	int status;
};

static void on_text(void *ctx, const char *text, size_t len)
{
	struct scene *s = ctx;

	assert_false(s->inside_call);
	assert_false(s->ended);
	assert_true(len > 0);
	assert_true(utf8_valid(text, len)); /* split between code points only */
	text_append_n(&s->text, text, len);
	if (++s->pieces == s->cancel_after)
		flow_cancel(&s->flow);
}

static void scene_open(struct scene *s, int pace_ms)
{
	*s = (struct scene){ .loop = loop_create_virtual(), .arena = arena_create(1 << 20) };
	assert_non_null(s->loop);
	s->llm = subject->open(subject->ctx, s->loop, pace_ms);
	assert_non_null(s->llm);
	assert_int_equal(json_parse(facts_text, strlen(facts_text), &s->facts, NULL), 0);
	text_init(&s->text, 1 << 20);
	s->rq = (struct llm_request){ .question = "Was gibt es zu Flüssen?",
				      .language = "de",
				      .facts = s->facts,
				      .now = "Thursday 20 May 2027, 09:00 (Europe/Berlin)",
				      .max_tokens = 4096,
				      .on_text = on_text,
				      .ctx = s };
}

static void scene_close(struct scene *s)
{
	call_drain(s->loop);
	llm_destroy(s->llm);
	json_object_put(s->facts);
	text_finish(&s->text);
	arena_destroy(s->arena);
	loop_destroy(s->loop);
}

static void scene_done(struct flow *f)
{
	flow_done(f);
}

static void scene_ended(struct flow *f)
{
	struct scene *s = container_of(f, struct scene, flow);

	s->ended = true;
	s->status = f->status;
}

static void scene_stream(struct flow *f)
{
	struct scene *s = container_of(f, struct scene, flow);

	s->inside_call = true;
	s->llm->ops->stream(s->llm, &s->rq, s->arena, &s->result, THEN(f, scene_done));
	s->inside_call = false;
}

static void scene_begin(struct scene *s)
{
	flow_begin(&s->flow, s->loop, NULL, "scene", FIRST(scene_stream), scene_ended);
}

static void scene_play(struct scene *s)
{
	scene_begin(s);
	while (!s->ended && loop_turn(s->loop, true))
		continue;
	assert_true(s->ended);
}

static void streams(void **state)
{
	struct scene s;

	scene_open(&s, 0);
	scene_play(&s);
	assert_int_equal(s.status, 0);
	assert_true(s.pieces > 3);
	assert_int_equal(s.result.stop, LLM_END);
	assert_non_null(s.result.model);
	assert_non_null(strstr(s.text.data, "[[s1]]"));
	scene_close(&s);
}

/* A virtual loop does not see the time that others take. */
static int64_t now_ms(const struct scene *s)
{
	struct timespec t;

	if (!subject->outside)
		return loop_now_ms(s->loop);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void same_text_at_any_pace(void **state)
{
	struct scene fast, slow;
	int64_t began;

	scene_open(&fast, 0);
	scene_play(&fast);
	scene_open(&slow, 20);
	began = now_ms(&slow);
	scene_play(&slow);
	assert_string_equal(fast.text.data, slow.text.data);
	assert_true(now_ms(&slow) - began >= (int64_t)(slow.pieces - 1) * 20);
	scene_close(&fast);
	scene_close(&slow);
}

/* Also from inside on_text: nothing comes any more. */
static void cancel_at_every_piece(void **state)
{
	size_t total;
	struct scene s;

	scene_open(&s, 5);
	scene_play(&s);
	total = s.pieces;
	scene_close(&s);
	for (size_t n = 1; n < total; n++) {
		scene_open(&s, n % 2 ? 5 : 0);
		s.cancel_after = n;
		scene_play(&s);
		assert_int_equal(s.status, ASSISTANT_ECANCELED);
		assert_int_equal(s.pieces, n);
		call_pass_ms(s.loop, 1000);
		assert_int_equal(s.pieces, n);
		scene_close(&s);
	}
}

static void cancel_between_turns(void **state)
{
	for (int turns = 0; turns < 30; turns++) {
		struct scene s;
		size_t pieces;

		scene_open(&s, 3);
		scene_begin(&s);
		for (int i = 0; i < turns && !s.ended; i++)
			loop_turn(s.loop, true);
		flow_cancel(&s.flow);
		assert_true(s.ended);
		pieces = s.pieces;
		call_pass_ms(s.loop, 500);
		assert_int_equal(s.pieces, pieces);
		scene_close(&s);
	}
}

static void many_at_once(void **state)
{
	struct scene *all = calloc(20, sizeof(*all));
	struct scene first;

	scene_open(&first, 2);
	scene_play(&first);
	for (size_t i = 0; i < 20; i++) {
		all[i] = (struct scene){
			.loop = first.loop, .llm = first.llm, .arena = first.arena, .rq = first.rq
		};
		all[i].rq.ctx = &all[i];
		text_init(&all[i].text, 1 << 20);
		scene_begin(&all[i]);
	}
	for (size_t i = 0; i < 20; i++) {
		while (!all[i].ended && loop_turn(first.loop, true))
			continue;
		assert_true(all[i].ended);
		assert_string_equal(all[i].text.data, first.text.data);
		text_finish(&all[i].text);
	}
	free(all);
	scene_close(&first);
}

static void pings(void **state)
{
	struct scene s;

	scene_open(&s, 0);
	assert_int_equal(AWAIT(s.loop, f, s.llm->ops->ping(s.llm, f)), 0);
	scene_close(&s);
}

int llm_suite_run(const char *name, const struct llm_subject *s)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams),
		cmocka_unit_test(same_text_at_any_pace),
		cmocka_unit_test(cancel_at_every_piece),
		cmocka_unit_test(cancel_between_turns),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(pings),
	};

	subject = s;
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
