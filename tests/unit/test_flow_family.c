/*
 * test_flow_family.c - parents and children, services made of flows, stories.
 */
#include "flow_world.h"
#include <stdlib.h>
#include <string.h>

static flow_step parent_joined, kid_with_long_deadline, kid_with_short_deadline, sleep_second;
static int n_freed;

/* --- Families ------------------------------------------------------------------------------------ */

struct family {
	struct job parent;
	struct job kids[3];
	flow_step *kid_step[3];
	int kids_ended_first;
};

static void kid_ended(struct flow *f)
{
	struct family *fam = container_of(f->parent, struct family, parent.flow);

	job_ended(f);
	assert_false(f->parent->ended);
	fam->kids_ended_first++;
}

static void parent_begin_kids(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	for (size_t i = 0; i < ARRAY_SIZE(fam->kids); i++)
		flow_begin(&fam->kids[i].flow, f->loop, f, "kid", fam->kid_step[i], "kid_step",
			   kid_ended);
	flow_join(THEN(f, parent_joined));
}

static void parent_joined(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	fam->parent.steps++;
	for (size_t i = 0; i < ARRAY_SIZE(fam->kids); i++)
		assert_int_equal(fam->kids[i].ends, 1);
	flow_done(f);
}

static void family_begin(struct family *fam, struct loop *l, flow_step *a, flow_step *b,
			 flow_step *c)
{
	memset(fam, 0, sizeof(*fam));
	fam->kid_step[0] = a;
	fam->kid_step[1] = b;
	fam->kid_step[2] = c;
	flow_begin(&fam->parent.flow, l, NULL, "parent", FIRST(parent_begin_kids), job_ended);
}

static void test_join_with_failing_children(void **state)
{
	struct family fam;

	family_begin(&fam, *state, done_at_once, fail_at_once, wait_for_failure);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.parent.steps, 1);
	assert_int_equal(fam.parent.flow.status, 0);
	assert_int_equal(fam.kids[0].flow.status, 0);
	assert_int_equal(fam.kids[1].flow.status, ASSISTANT_EINVAL);
	assert_int_equal(fam.kids[2].flow.status, ASSISTANT_EUNAVAILABLE);
}

static void join_nobody(struct flow *f)
{
	flow_join(THEN(f, done_at_once));
	assert_false(f->ended);
}

static void test_join_without_children(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "alone", FIRST(join_nobody), job_ended);
	turn_all(*state);
	assert_int_equal(j.ends, 1);
	assert_int_equal(j.flow.status, 0);
}

static void test_parent_cancel_cascades(void **state)
{
	struct family fam;

	family_begin(&fam, *state, wait_once, done_at_once, wait_once);
	loop_turn(*state, false);
	loop_turn(*state, false);
	assert_int_equal(fam.kids[1].ends, 1);
	flow_cancel(&fam.parent.flow);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.kids_ended_first, 3);
	assert_int_equal(fam.kids[0].flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(fam.kids[2].flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(fam.parent.flow.status, ASSISTANT_ECANCELED);
	turn_all(*state);
	assert_int_equal(fam.parent.steps, 0);
	assert_int_equal(n_cancelled, 2);
	assert_int_equal(n_released, 2);
}

static void test_children_inherit_the_deadline(void **state)
{
	struct family fam;
	int64_t began = loop_now_ms(*state);

	family_begin(&fam, *state, wait_once, kid_with_long_deadline, kid_with_short_deadline);
	flow_set_deadline(&fam.parent.flow, 300);
	turn_all(*state);
	assert_int_equal(loop_now_ms(*state) - began, 300);
	assert_int_equal(fam.parent.flow.status, ASSISTANT_ETIMEOUT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fam.kids[i].flow.status, ASSISTANT_ETIMEOUT);
	assert_int_equal(fam.kids[1].got, 300); /* what it saw as remaining */
	assert_int_equal(fam.kids[2].got, 20);
	assert_int_equal(fam.kids_ended_first, 3);
	assert_int_equal(n_released, 3);
}

static void kid_with_long_deadline(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	flow_set_deadline(f, 5000);
	j->got = (int)flow_remaining_ms(f);
	serve(7, &j->rounds, THEN(f, never));
}

static void kid_with_short_deadline(struct flow *f)
{
	struct job *j = container_of(f, struct job, flow);

	flow_set_deadline(f, 20);
	j->got = (int)flow_remaining_ms(f);
	serve(7, &j->rounds, THEN(f, never));
}

/* A step of the child cancels the parent: both end, the child first, when the step returns. */
static void kid_cancels_parent(struct flow *f)
{
	struct family *fam = container_of(f->parent, struct family, parent.flow);

	flow_cancel(f->parent);
	assert_int_equal(fam->parent.ends, 0);
	assert_false(f->ended);
	serve(7, &fam->kids[0].got, THEN(f, never));
}

static void test_child_cancels_parent(void **state)
{
	struct family fam;

	family_begin(&fam, *state, kid_cancels_parent, wait_once, wait_once);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.parent.flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(fam.kids_ended_first, 3);
	assert_int_equal(fam.kids[0].flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(n_released, n_cancelled);
}

static void end_while_kids_run(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	for (size_t i = 0; i < ARRAY_SIZE(fam->kids); i++)
		flow_begin(&fam->kids[i].flow, f->loop, f, "kid", FIRST(wait_once), kid_ended);
	flow_sleep(THEN(f, done_at_once), 10);
}

static void test_a_parent_that_ends_takes_its_children(void **state)
{
	struct family fam = { .kids_ended_first = 0 };

	flow_begin(&fam.parent.flow, *state, NULL, "parent", FIRST(end_while_kids_run), job_ended);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.parent.flow.status, 0);
	assert_int_equal(fam.kids_ended_first, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fam.kids[i].flow.status, ASSISTANT_ECANCELED);
	assert_int_equal(n_released, 3);
}

/* The first child to end begins another one, and cancels its sibling. */
static void busy_kid_ended(struct flow *f)
{
	struct family *fam = container_of(f->parent, struct family, parent.flow);

	kid_ended(f);
	if (f == &fam->kids[0].flow) {
		flow_begin(&fam->kids[2].flow, f->loop, f->parent, "late kid", FIRST(two_first),
			   kid_ended);
		flow_cancel(&fam->kids[1].flow);
	}
}

static void parent_with_busy_kids(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	flow_begin(&fam->kids[0].flow, f->loop, f, "kid", FIRST(done_at_once), busy_kid_ended);
	flow_begin(&fam->kids[1].flow, f->loop, f, "kid", FIRST(wait_once), busy_kid_ended);
	flow_join(THEN(f, parent_joined));
}

static void test_join_waits_for_children_begun_meanwhile(void **state)
{
	struct family fam = { .kids_ended_first = 0 };

	flow_begin(&fam.parent.flow, *state, NULL, "parent", FIRST(parent_with_busy_kids),
		   job_ended);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(fam.parent.steps, 1);
	assert_int_equal(fam.kids[2].steps, 2);
	assert_int_equal(fam.kids[1].flow.status, ASSISTANT_ECANCELED);
}

/* Grandchild cancels its parent (not the grandparent) from a step; before that cancel is through,
 * the grandparent ends.  Everybody ends exactly once. */
struct clan {
	struct job grandparent, parent, kid;
};

static void clan_kid(struct flow *f)
{
	flow_cancel(f->parent);
	flow_sleep(THEN(f, never), 1000);
}

static void clan_parent(struct flow *f)
{
	struct clan *c = container_of(f, struct clan, parent.flow);

	flow_begin(&c->kid.flow, f->loop, f, "kid", FIRST(clan_kid), job_ended);
	flow_join(THEN(f, never));
}

static void clan_grandparent(struct flow *f)
{
	struct clan *c = container_of(f, struct clan, grandparent.flow);

	flow_begin(&c->parent.flow, f->loop, f, "parent", FIRST(clan_parent), job_ended);
	serve(1, &c->grandparent.got, THEN(f, done_at_once));
}

static void test_three_generations(void **state)
{
	struct clan c = { .grandparent.got = 0 };
	struct op *op;

	flow_begin(&c.grandparent.flow, *state, NULL, "grandparent", FIRST(clan_grandparent),
		   job_ended);
	while (!latest)
		loop_turn(*state, false);
	op = latest;
	if (!c.grandparent.ends)
		wait_finish(&op->wait, 0, NULL);
	turn_all(*state);
	assert_int_equal(c.kid.ends, 1);
	assert_int_equal(c.parent.ends, 1);
	assert_int_equal(c.grandparent.ends, 1);
	assert_int_equal(c.grandparent.flow.status, 0);
	assert_int_equal(c.parent.flow.status, ASSISTANT_ECANCELED);
}

/* on_end of a child frees the whole family by cancelling the parent. */
static void kid_ended_cancels_parent(struct flow *f)
{
	flow_cancel(f->parent); /* frees f too */
}

static void free_family(struct flow *f)
{
	n_freed++;
	free(container_of(f, struct family, parent.flow));
}

static void parent_of_one(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	flow_begin(&fam->kids[0].flow, f->loop, f, "kid", FIRST(done_at_once),
		   kid_ended_cancels_parent);
	flow_join(THEN(f, never));
}

static void test_the_family_is_freed_from_a_child_end(void **state)
{
	struct family *fam = calloc(1, sizeof(*fam));

	n_freed = 0;
	flow_begin(&fam->parent.flow, *state, NULL, "parent", FIRST(parent_of_one), free_family);
	turn_all(*state);
	assert_int_equal(n_freed, 1);
}

/* Retrying in on_end, also while the parent is being cancelled. */
static int n_retries;

static void retrying_kid_ended(struct flow *f)
{
	if (f->status < 0 && n_retries++ < 5)
		flow_begin(f, f->loop, f->parent, "again", FIRST(wait_once), retrying_kid_ended);
}

static void parent_with_retrying_kid(struct flow *f)
{
	struct family *fam = container_of(f, struct family, parent.flow);

	flow_begin(&fam->kids[0].flow, f->loop, f, "kid", FIRST(wait_once), retrying_kid_ended);
	flow_join(THEN(f, never));
}

static void test_a_child_begun_while_its_parent_is_cancelled(void **state)
{
	struct family fam = { .kids_ended_first = 0 };

	n_retries = 0;
	flow_begin(&fam.parent.flow, *state, NULL, "parent", FIRST(parent_with_retrying_kid),
		   job_ended);
	loop_turn(*state, false);
	flow_cancel(&fam.parent.flow);
	turn_all(*state);
	assert_int_equal(fam.parent.ends, 1);
	assert_int_equal(n_retries, 6);
	assert_int_equal(n_released, 1);
}

/* --- A service that is itself a flow ------------------------------------------------------- */

struct sub_op {
	struct wait wait;
	struct flow flow;
};

static void sub_ended(struct flow *f)
{
	struct sub_op *op = container_of(f, struct sub_op, flow);

	wait_finish(&op->wait, f->status, &f->fail);
}

static void sub_release(struct wait *w)
{
	n_released++;
	free(container_of(w, struct sub_op, wait));
}

static void sub_work(struct flow *f)
{
	flow_sleep(THEN(f, done_at_once), 50);
}

static void use_sub_service(struct flow *f)
{
	struct sub_op *op = calloc(1, sizeof(*op));

	wait_begin(&op->wait, THEN(f, done_at_once));
	op->wait.release = sub_release;
	flow_begin(&op->flow, f->loop, f, "sub", FIRST(sub_work), sub_ended);
}

static void test_a_service_made_of_a_flow(void **state)
{
	struct job j = { 0 };

	flow_begin(&j.flow, *state, NULL, "user", FIRST(use_sub_service), job_ended);
	turn_all(*state);
	assert_int_equal(j.flow.status, 0);
	assert_int_equal(n_released, 1);
	flow_begin(&j.flow, *state, NULL, "user", FIRST(use_sub_service), job_ended);
	flow_set_deadline(&j.flow, 20);
	turn_all(*state);
	assert_int_equal(j.flow.status, ASSISTANT_ETIMEOUT);
	assert_int_equal(n_released, 2);
	flow_begin(&j.flow, *state, NULL, "user", FIRST(use_sub_service), job_ended);
	loop_turn(*state, false);
	loop_turn(*state, false);
	flow_cancel(&j.flow);
	turn_all(*state);
	assert_int_equal(j.ends, 3);
	assert_int_equal(n_released, 3);
}

/* --- Sleeping, telling --------------------------------------------------------------------------- */

static void sleep_first(struct flow *f)
{
	flow_sleep(THEN(f, sleep_second), 40);
}

static void sleep_second(struct flow *f)
{
	char story[128];

	flow_story(f, story, sizeof(story));
	assert_string_equal(story, "sleep: sleep_first, sleep_second*");
	flow_sleep(THEN(f, done_at_once), 2);
}

static void test_sleep_and_story(void **state)
{
	int64_t began = loop_now_ms(*state);
	struct job j = { 0 };
	char story[128];

	flow_begin(&j.flow, *state, NULL, "sleep", FIRST(sleep_first), job_ended);
	assert_string_equal(flow_story(&j.flow, story, sizeof(story)), "sleep: sleep_first*");
	loop_turn(*state, false);
	assert_string_equal(flow_story(&j.flow, story, sizeof(story)),
			    "sleep: sleep_first, sleep_second*");
	turn_all(*state);
	assert_int_equal(loop_now_ms(*state) - began, 42);
	assert_string_equal(flow_story(&j.flow, story, sizeof(story)),
			    "sleep: sleep_first, sleep_second, done_at_once");
	assert_string_equal(flow_story(&j.flow, story, 8), "sleep: ");
	/* Cancelled in its sleep: the timer is gone. */
	flow_begin(&j.flow, *state, NULL, "sleep", FIRST(sleep_first), job_ended);
	loop_turn(*state, false);
	flow_cancel(&j.flow);
	loop_turn(*state, false);
	assert_false(loop_turn(*state, false));
}

static void test_story_of_a_family(void **state)
{
	struct family fam;
	char story[64];

	family_begin(&fam, *state, wait_once, wait_once, wait_once);
	loop_turn(*state, false);
	assert_string_equal(flow_story(&fam.kids[0].flow, story, sizeof(story)),
			    "kid < parent: kid_step, wait_over*");
	flow_cancel(&fam.parent.flow);
	turn_all(*state);
}

static void test_a_long_story_keeps_the_last_steps(void **state)
{
	struct job j = { 0 };
	char story[256];

	flow_begin(&j.flow, *state, NULL, "spin", FIRST(spin_again), job_ended);
	j.rounds = 20;
	turn_all(*state);
	assert_int_equal(j.flow.n_steps, 21);
	flow_story(&j.flow, story, sizeof(story));
	assert_string_equal(story, "spin: spin_again, spin_again, spin_again, spin_again, "
				   "spin_again, spin_again, spin_again, spin_again");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_join_with_failing_children),
		T(test_join_without_children),
		T(test_parent_cancel_cascades),
		T(test_children_inherit_the_deadline),
		T(test_child_cancels_parent),
		T(test_a_parent_that_ends_takes_its_children),
		T(test_join_waits_for_children_begun_meanwhile),
		T(test_three_generations),
		T(test_the_family_is_freed_from_a_child_end),
		T(test_a_child_begun_while_its_parent_is_cancelled),
		T(test_a_service_made_of_a_flow),
		T(test_sleep_and_story),
		T(test_story_of_a_family),
		T(test_a_long_story_keeps_the_last_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
