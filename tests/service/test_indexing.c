/*
 * test_indexing.c - from snapshots to an index with vectors: what is embedded, what is not again, and what an
 * interrupted run leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include "base/text.h"
#include "call.h"
#include "search/facets.h"
#include "search/indexing.h"
#include "support/programme.h"
#include "support/word_embedder.h"

#define ONE  "11111111-1111-4111-8111-111111111111"
#define DIMS 32

struct fixture {
	struct loop *loop;
	struct index *index;
	struct word_embedder *words;
	char directory[64];
	struct arena *arena;
	uint64_t epoch;
	/* what progress told, and what happens then */
	size_t steps, done, total;
	size_t fail_at; /* the embedder fails from that many on; 0: never */
};

static void open_services(struct fixture *fx)
{
	struct fail f = FAIL_INIT;

	if (flat_index_open(fx->loop, fx->directory, NULL, NULL, &fx->index, &f) < 0)
		fail_msg("%s", f.text);
	fx->words = word_embedder_create(fx->loop, DIMS);
	fx->words->base.max_batch = 4;
}

static void close_services(struct fixture *fx)
{
	embedder_destroy(&fx->words->base);
	index_destroy(fx->index);
	call_drain(fx->loop);
}

/* As after the end of a process. */
static void restart(struct fixture *fx)
{
	close_services(fx);
	open_services(fx);
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = loop_create();
	fx->arena = arena_create(16 << 20);
	snprintf(fx->directory, sizeof(fx->directory), "/tmp/erleah-indexing-XXXXXX");
	assert_non_null(mkdtemp(fx->directory));
	open_services(fx);
	*state = fx;
	return 0;
}

static size_t clear(const char *path, bool remove)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char name[512];
	size_t n = 0;

	while ((entry = readdir(directory))) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		n += entry->d_name[0] != '.';
		if (remove && entry->d_name[0] != '.')
			unlink(name);
	}
	closedir(directory);
	return n;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	close_services(fx);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	clear(fx->directory, true);
	rmdir(fx->directory);
	free(fx);
	return 0;
}

/* n sessions with a speaker each, without number `without` (0: all), number `changed` with another title. */
static struct snapshot *conference(struct fixture *fx, int n, int without, int changed)
{
	_cleanup_text_ struct text t;
	struct snapshot *s;

	text_init(&t, 1 << 20);
	text_printf(&t,
		    "{\"conference\":{\"id\":\"%s\",\"name\":\"C\",\"timezone\":\"UTC\","
		    "\"start_date\":\"2027-09-04\",\"end_date\":\"2027-09-04\"},\"sessions\":[",
		    ONE);
	for (int i = 1, first = 1; i <= n; i++) {
		if (i == without)
			continue;
		text_printf(&t,
			    "%s{\"id\":\"s%d\",\"title\":\"%s number%d\",\"speaker_ids\":[\"p%d\"],"
			    "\"description\":\"All about subject%d. You will learn skill%d.\"}",
			    first ? "" : ",", i, i == changed ? "Renewed" : "Talk", i, i, i, i);
		first = 0;
	}
	text_append(&t, "],\"speakers\":[");
	for (int i = 1; i <= n; i++)
		text_printf(
			&t,
			"%s{\"id\":\"p%d\",\"name\":\"Person%d\",\"bio\":\"Expert in field%d.\"}",
			i > 1 ? "," : "", i, i, i);
	text_append(&t, "]}");
	assert_false(t.failed);
	s = programme_parse(t.data);
	s->epoch = ++fx->epoch;
	return s;
}

static void progress(void *ctx, size_t done, size_t total)
{
	struct fixture *fx = ctx;

	assert_true(done >= fx->done && done <= total);
	assert_true(fx->steps == 0 || total == fx->total);
	fx->steps++;
	fx->done = done;
	fx->total = total;
	if (fx->fail_at && done >= fx->fail_at)
		fx->words->fail_code = ASSISTANT_ETIMEOUT;
}

static struct indexing_request request(struct fixture *fx, struct snapshot *s)
{
	fx->steps = fx->done = fx->total = 0;
	return (struct indexing_request){ .snapshot = s,
					  .index = fx->index,
					  .embedder = &fx->words->base,
					  .progress = progress,
					  .ctx = fx };
}

static int run(struct fixture *fx, const struct indexing_request *rq, struct indexing_counts *out)
{
	*out = (struct indexing_counts){ 0 };
	return AWAIT(fx->loop, f, indexing_run(rq, fx->loop, out, f));
}

static void use(struct fixture *fx, const struct snapshot *s)
{
	assert_int_equal(AWAIT(fx->loop, f, fx->index->ops->use(fx->index, ONE, s->epoch, f)), 0);
}

static size_t n_points(struct fixture *fx)
{
	struct vector_space space;
	size_t n = 0;

	assert_int_equal(
		AWAIT(fx->loop, f, fx->index->ops->space(fx->index, ONE, fx->arena, &space, &n, f)),
		0);
	if (n > 0) {
		assert_string_equal(space.model, "words");
		assert_int_equal(space.dims, DIMS);
	}
	return n;
}

/* Builds it and goes over to it; takes s. */
static struct indexing_counts load(struct fixture *fx, struct snapshot *s)
{
	struct indexing_request rq = request(fx, s);
	struct indexing_counts counts;

	if (run(fx, &rq, &counts) < 0)
		fail_msg("%s", call_fail()->text);
	assert_int_equal(counts.reused + counts.embedded, counts.texts);
	assert_true(counts.points >= counts.texts);
	use(fx, s);
	assert_int_equal(n_points(fx), counts.points);
	snapshot_unref(s);
	return counts;
}

/* The best record for a text, by meaning. */
static const char *nearest(struct fixture *fx, const char *text)
{
	float vector[DIMS];
	struct dense_query q = { .vector = vector, .space = { "words", DIMS }, .limit = 3 };
	struct dense_hits hits = { 0 };

	word_vector(text, DIMS, vector);
	assert_int_equal(
		AWAIT(fx->loop, f, fx->index->ops->dense(fx->index, ONE, &q, fx->arena, &hits, f)),
		0);
	return hits.n ? hits.hits[0].id : "";
}

/* --- ---------------------------------------------------------------------------------- */

static void the_first_run_embeds_each_text_once(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = conference(fx, 10, 0, 0);
	struct indexing_counts c = load(fx, s);

	/* a session: master, topic, outcomes, speakers; a speaker: master, expertise, topics */
	assert_int_equal(c.points, 70);
	assert_int_equal(c.reused, 0);
	assert_int_equal(c.embedded, c.texts);
	assert_int_equal(fx->words->texts, c.texts);
	assert_int_equal(fx->words->queries, 0);
	assert_int_equal(fx->done, c.texts);
	assert_int_equal(fx->total, c.texts);
	assert_true(fx->steps >= c.texts / 4);
	assert_string_equal(nearest(fx, "You will learn skill7."), "s7");
	assert_string_equal(nearest(fx, "Expert in field3."), "p3");
}

static void equal_texts_are_embedded_once(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = programme_parse(
		"{\"conference\":{\"id\":\"" ONE "\",\"name\":\"C\",\"timezone\":\"UTC\","
		"\"start_date\":\"2027-09-04\",\"end_date\":\"2027-09-04\"},\"sessions\":["
		"{\"id\":\"a\",\"title\":\"Lightning Talks\"},{\"id\":\"b\",\"title\":\"Lightning "
		"Talks\"}]}");
	struct indexing_counts c = load(fx, s);

	assert_int_equal(c.points, 4);
	assert_int_equal(c.texts, 1);
	assert_int_equal(c.embedded, 1);
	assert_int_equal(fx->words->texts, 1);
}

static void the_second_run_embeds_nothing(void **state)
{
	struct fixture *fx = *state;
	struct indexing_counts first = load(fx, conference(fx, 10, 0, 0)), second;

	restart(fx);
	use(fx, &(struct snapshot){ .epoch = fx->epoch });
	second = load(fx, conference(fx, 10, 0, 0));
	assert_int_equal(second.embedded, 0);
	assert_int_equal(second.reused, first.texts);
	assert_int_equal(fx->words->calls, 0);
	assert_int_equal(fx->steps, 0);
	assert_string_equal(nearest(fx, "You will learn skill4."), "s4");
}

static void a_changed_record_embeds_itself_and_who_quotes_it(void **state)
{
	struct fixture *fx = *state;
	struct indexing_counts c;

	load(fx, conference(fx, 10, 0, 0));
	c = load(fx, conference(fx, 10, 0, 4));
	/* its master and topic; its speaker's master and topics */
	assert_int_equal(c.embedded, 4);
	assert_string_equal(nearest(fx, "Renewed number4"), "p4");
	assert_int_equal(load(fx, conference(fx, 10, 0, 0)).embedded, 4);
}

static void a_removed_record_disappears(void **state)
{
	struct fixture *fx = *state;
	struct indexing_counts before = load(fx, conference(fx, 10, 0, 0)), c;

	assert_string_equal(nearest(fx, "You will learn skill7."), "s7");
	c = load(fx, conference(fx, 10, 7, 0));
	/* its speaker speaks of nothing now, and what is left of the master was said of the session's speaker */
	assert_int_equal(c.embedded, 0);
	assert_int_equal(c.points, before.points - 5);
	assert_string_not_equal(nearest(fx, "You will learn skill7."), "s7");
}

static void another_model_embeds_everything(void **state)
{
	struct fixture *fx = *state;
	struct indexing_counts first = load(fx, conference(fx, 10, 0, 0)), c;
	struct snapshot *s = conference(fx, 10, 0, 0);
	struct indexing_request rq = request(fx, s);

	fx->words->base.model = "other words";
	assert_int_equal(run(fx, &rq, &c), 0);
	assert_int_equal(c.embedded, first.texts);
	snapshot_unref(s);
}

/* --- Interrupted ------------------------------------------------------------------------- */

static void cancelled_and_resumed(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = conference(fx, 20, 0, 0);
	struct indexing_request rq = request(fx, s);
	struct indexing_counts c = { 0 };
	struct call call;
	struct flow *f = call_begin(&call, fx->loop);
	size_t staged;

	fx->words->delay_ms = 1;
	indexing_run(&rq, fx->loop, &c, f);
	while (fx->done < 40)
		loop_turn(fx->loop, true);
	staged = fx->done;
	flow_cancel(&call.flow);
	assert_int_equal(call_wait(&call), ASSISTANT_ECANCELED);
	assert_int_equal(c.texts, 0); /* nothing is told after the end */
	assert_true(fx->words->cancelled <= 2);
	restart(fx);

	rq = request(fx, s);
	assert_int_equal(run(fx, &rq, &c), 0);
	assert_true(staged < c.texts);
	/* what was being staged when it ended is the difference */
	assert_in_range(c.reused, staged, staged + 8);
	assert_int_equal(fx->words->texts, c.embedded);
	use(fx, s);
	assert_int_equal(n_points(fx), c.points);
	snapshot_unref(s);
}

static void cancelled_at_any_moment(void **state)
{
	struct fixture *fx = *state;

	for (int turns = 0; turns < 60; turns++) {
		struct snapshot *s = conference(fx, 6, 0, 0);
		struct indexing_request rq = request(fx, s);
		struct indexing_counts c = { 0 };
		struct call call;
		struct flow *f = call_begin(&call, fx->loop);

		indexing_run(&rq, fx->loop, &c, f);
		for (int i = 0; i < turns && !call.ended; i++)
			loop_turn(fx->loop, true);
		if (!call.ended)
			flow_cancel(&call.flow);
		call_wait(&call);
		restart(fx);
		snapshot_unref(s);
	}
	assert_int_equal(load(fx, conference(fx, 6, 0, 0)).points, 42);
}

static void the_embedder_fails_in_the_middle(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = conference(fx, 20, 0, 0);
	struct indexing_request rq = request(fx, s);
	struct indexing_counts c;
	size_t kept;
	char sentence[80];

	fx->fail_at = 24;
	assert_int_equal(run(fx, &rq, &c), ASSISTANT_EUNAVAILABLE);
	kept = fx->done;
	assert_in_range(kept, 24, 32);
	snprintf(sentence, sizeof(sentence), "%zu of %zu texts are embedded and kept", kept,
		 fx->total);
	assert_non_null(strstr(call_fail()->text, sentence));
	assert_non_null(strstr(call_fail()->text, "told to fail"));
	assert_int_equal(AWAIT(fx->loop, f, fx->index->ops->use(fx->index, ONE, s->epoch, f)),
			 ASSISTANT_ENOTFOUND); /* nothing half built */

	fx->fail_at = 0;
	fx->words->fail_code = 0;
	rq = request(fx, s);
	assert_int_equal(run(fx, &rq, &c), 0);
	assert_int_equal(c.reused, kept);
	assert_int_equal(c.embedded, c.texts - kept);
	snapshot_unref(s);
}

static void the_index_cannot_be_written(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = conference(fx, 20, 0, 0);
	struct indexing_request rq = request(fx, s);
	struct indexing_counts c;

	clear(fx->directory, true);
	assert_int_equal(rmdir(fx->directory), 0);
	assert_int_equal(run(fx, &rq, &c), ASSISTANT_EUNAVAILABLE);
	assert_true(fx->words->calls <= 2); /* it is not tried over and over */
	assert_int_equal(mkdir(fx->directory, 0700), 0);
	snapshot_unref(s);
}

static void a_deadline_ends_it(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = conference(fx, 20, 0, 0);
	struct indexing_request rq = request(fx, s);
	struct indexing_counts c = { 0 };
	struct call call;
	struct flow *f = call_begin(&call, fx->loop);

	fx->words->delay_ms = 60000;
	indexing_run(&rq, fx->loop, &c, f);
	flow_set_deadline(&call.flow, 100);
	assert_int_equal(call_wait(&call), ASSISTANT_ETIMEOUT);
	assert_int_equal(fx->words->cancelled, 2);
	snapshot_unref(s);
}

/* --- Less than everything ------------------------------------------------------------------ */

static void batches_are_under_way_side_by_side(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = conference(fx, 20, 0, 0);
	struct indexing_request rq = request(fx, s);
	struct indexing_counts c = { 0 };
	struct call call;
	struct flow *f = call_begin(&call, fx->loop);

	fx->words->base.batches = 3;
	fx->words->delay_ms = 20;
	indexing_run(&rq, fx->loop, &c, f);
	while (fx->words->calls == 0)
		loop_turn(fx->loop, true);
	call_pass_ms(fx->loop, 5);
	assert_int_equal(fx->words->calls, 3);
	assert_int_equal(fx->words->texts, 12);
	flow_cancel(&call.flow);
	call_wait(&call);
	snapshot_unref(s);
}

static void with_what_is_known(void **state)
{
	struct fixture *fx = *state;
	struct indexing_counts first = load(fx, conference(fx, 10, 0, 0)), c;
	struct snapshot *s = conference(fx, 10, 0, 4);
	struct indexing_request rq = request(fx, s);

	fx->words->calls = 0;
	rq.known_only = true;
	assert_int_equal(run(fx, &rq, &c), 0);
	assert_int_equal(fx->words->calls, 0);
	assert_int_equal(c.embedded, 0);
	assert_int_equal(c.texts, first.texts);
	assert_int_equal(c.reused, first.texts - 4);
	use(fx, s);
	assert_int_equal(n_points(fx), c.points - 4);

	/* the same epoch gains the rest */
	rq.known_only = false;
	assert_int_equal(run(fx, &rq, &c), 0);
	assert_int_equal(c.embedded, 4);
	use(fx, s);
	assert_int_equal(n_points(fx), c.points);
	snapshot_unref(s);
}

static void without_an_embedder(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = conference(fx, 10, 0, 0);
	struct indexing_request rq = request(fx, s);
	struct indexing_counts c;

	rq.embedder = NULL;
	assert_int_equal(run(fx, &rq, &c), 0);
	assert_int_equal(c.points + c.texts + c.embedded + c.reused, 0);
	use(fx, s);
	assert_int_equal(n_points(fx), 0);
	snapshot_unref(s);
}

static void a_plan_writes_nothing(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s = conference(fx, 10, 0, 4);
	struct indexing_request rq;
	struct indexing_counts c = { 0 };
	size_t files;

	load(fx, conference(fx, 10, 0, 0));
	files = clear(fx->directory, false);
	fx->words->calls = 0;
	rq = request(fx, s);
	assert_int_equal(AWAIT(fx->loop, f, indexing_plan(&rq, fx->loop, &c, f)), 0);
	assert_int_equal(c.embedded, 4);
	assert_int_equal(c.reused, c.texts - 4);
	assert_int_equal(fx->words->calls, 0);
	assert_int_equal(clear(fx->directory, false), files);
	snapshot_unref(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_run_embeds_each_text_once),
		TEST(equal_texts_are_embedded_once),
		TEST(the_second_run_embeds_nothing),
		TEST(a_changed_record_embeds_itself_and_who_quotes_it),
		TEST(a_removed_record_disappears),
		TEST(another_model_embeds_everything),
		TEST(cancelled_and_resumed),
		TEST(cancelled_at_any_moment),
		TEST(the_embedder_fails_in_the_middle),
		TEST(the_index_cannot_be_written),
		TEST(a_deadline_ends_it),
		TEST(batches_are_under_way_side_by_side),
		TEST(with_what_is_known),
		TEST(without_an_embedder),
		TEST(a_plan_writes_nothing),
	};

	return cmocka_run_group_tests_name("indexing", tests, NULL, NULL);
}
