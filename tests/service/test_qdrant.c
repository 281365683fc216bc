/*
 * test_qdrant.c - the index suite on a Qdrant (its double), and what is Qdrant's own: versions, keys, failures, names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "flat_fixture.h"
#include "index_suite_parts.h"
#include "guard/guard_services.h"
#include "qdrant_fixture.h"

#define SCORE_SLACK 1e-4

static struct qdrant_target shared;

/* --- Fixture: time jumps, so that pauses between tries take none -------------------------- */

struct own {
	struct suite_fixture fx; /* first: CALL works on it */
	struct suite_target target;
};

static int own_setup(void **state)
{
	struct own *o = calloc(1, sizeof(*o));

	o->target = (struct suite_target){ .ctx = &shared };
	o->fx.loop = loop_create_virtual();
	o->fx.arena = arena_create(256 << 20);
	*state = o;
	return qdrant_target_open(&o->target, o->fx.loop, &o->fx.index);
}

static int own_teardown(void **state)
{
	struct own *o = *state;

	qdrant_target_close(&o->target, o->fx.loop, o->fx.index);
	loop_destroy(o->fx.loop);
	arena_destroy(o->fx.arena);
	free(o);
	return 0;
}

static int teller(struct own *o, const char *method, const char *path, const char *body,
		  const char **answer)
{
	return fake_ask(o->fx.loop, &shared.fake, method, path, body, o->fx.arena, answer);
}

static void script(struct own *o, const char *rules)
{
	const char *answer;
	char *body = arena_printf(o->fx.arena, "{\"rules\":[%s]}", rules);

	assert_int_equal(teller(o, "POST", "/fake/script", body, &answer), 200);
}

static const char *seen(struct own *o)
{
	const char *answer;

	assert_int_equal(teller(o, "GET", "/fake/seen", NULL, &answer), 200);
	return arena_strdup(o->fx.arena, answer);
}

static const char *first_of(struct own *o, const char *text)
{
	struct lexical_query q = { .text = text, .limit = 5 };
	struct index_hits hits = { 0 };

	if (CALL(&o->fx, lexical, ONE, &q, o->fx.arena, &hits) < 0)
		fail_msg("%s", call_fail()->text);
	return hits.n ? hits.hits[0].id : "";
}

static void assert_told(int code, int expected, const char *part)
{
	assert_int_equal(code, expected);
	if (!strstr(call_fail()->text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, call_fail()->text);
}

/* --- What the server is ----------------------------------------------------------------------- */

static void test_prefix(void **state)
{
	struct own *o = *state;
	struct index *index = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(qdrant_index_open(o->fx.loop, shared.http, shared.fake.url, "", "a/b",
					   NULL, NULL, &index, &f),
			 ASSISTANT_ECONFIG);
	assert_string_equal(f.text, "QDRANT_PREFIX is \"a/b\"; up to 64 letters, digits, _ and - "
				    "are accepted.");
}

static void ask_other(struct own *o, const char *const *args, const char *key, int code,
		      const char *part)
{
	struct snapshot *s = suite_conference(ONE, 1);
	struct index *index = NULL;
	struct fail f = FAIL_INIT;
	struct fake fake;

	fake_start(&fake, args);
	/* a trailing slash is none of the address */
	assert_int_equal(qdrant_index_open(o->fx.loop, shared.http,
					   arena_printf(o->fx.arena, "%s/", fake.url), key, "",
					   NULL, NULL, &index, &f),
			 0);
	for (int i = 0; i < 3; i++) {
		int r = i == 0	 ? AWAIT(o->fx.loop, w, index->ops->ping(index, w))
			: i == 1 ? AWAIT(o->fx.loop, w, index->ops->use(index, ONE, 1, w))
				 : AWAIT(o->fx.loop, w, index->ops->build(index, s, NULL, NULL, w));

		if (code == 0 && i == 1)
			assert_told(r, ASSISTANT_ENOTFOUND, ONE); /* nothing is there yet */
		else
			assert_told(r, code, part);
	}
	if (code == 0)
		assert_int_equal(AWAIT(o->fx.loop, w, index->ops->use(index, ONE, 1, w)), 0);
	fake_assert_valid(o->fx.loop, &fake);
	snapshot_unref(s);
	index_destroy(index);
	fake_stop(&fake);
}

static void test_versions(void **state)
{
	static const char *const old[] = { "--version", "1.10.1", NULL };
	static const char *const least[] = { "--version", "1.11.0", NULL };
	static const char *const far[] = { "--version", "2.0.0", NULL };
	struct own *o = *state;

	ask_other(o, old, "", ASSISTANT_ECONFIG,
		  "Qdrant 1.10.1 is too old: 1.11 or newer is needed.");
	ask_other(o, least, "", 0, "");
	ask_other(o, far, "", 0, "");
}

static void test_keys(void **state)
{
	static const char *const locked[] = { "--api-key", "sesame", NULL };
	struct own *o = *state;

	ask_other(o, locked, "", ASSISTANT_EDENIED, "check QDRANT_API_KEY");
	ask_other(o, locked, "wrong", ASSISTANT_EDENIED, "check QDRANT_API_KEY");
	ask_other(o, locked, "sesame", 0, "");
}

static void test_no_qdrant(void **state)
{
	struct own *o = *state;

	script(o, "{\"match\":\"^GET /$\",\"body\":{\"hello\":\"world\"}}");
	assert_told(CALL(&o->fx, ping), ASSISTANT_EPROTOCOL, "not a Qdrant");
	script(o, "{\"match\":\"^GET /$\",\"body\":\"<html>\"}");
	assert_told(CALL(&o->fx, use, ONE, 1), ASSISTANT_EPROTOCOL, "not Qdrant's");
}

/* --- Failures ------------------------------------------------------------------------------------- */

static void test_questions_tried_again(void **state)
{
	struct own *o = *state;
	struct fail f = FAIL_INIT;

	assert_int_equal(guard_index_open(o->fx.loop, o->fx.index, "qdrant", &guard_policy_default,
					  NULL, NULL, &o->fx.index, &f),
			 0);
	suite_put(&o->fx, suite_conference(ONE, 1));
	script(o, "{\"match\":\"query/batch\",\"status\":503,\"error\":\"loading\",\"times\":1}");
	assert_string_equal(first_of(o, "kubernetes"), "s1");
	script(o, "{\"match\":\"query/batch\",\"status\":429,\"headers\":{\"retry-after\":\"2\"},"
		  "\"times\":1}");
	assert_string_equal(first_of(o, "kubernetes"), "s1");
	script(o, "{\"match\":\"query/batch\",\"hang_up\":true,\"times\":1}");
	assert_string_equal(first_of(o, "kubernetes"), "s1");
}

static void test_questions_given_up(void **state)
{
	struct own *o = *state;
	struct lexical_query q = { .text = "kubernetes", .limit = 5 };
	struct dense_query near = {
		suite_vector(o->fx.arena, 1, suite_space.dims), suite_space, 0, { 0 }, 10
	};
	struct snapshot *s = suite_conference(ONE, 1);
	struct index_points points = suite_points(o->fx.arena, s, suite_space, NULL);
	struct index_filter all = { 0 };
	struct index_hits hits = { .total = 7 };
	struct dense_hits met = { .total = 7 };

	suite_put_points(&o->fx, s, &points);
	script(o, "{\"match\":\"points/(query|scroll)\",\"status\":500}");
	assert_told(CALL(&o->fx, lexical, ONE, &q, o->fx.arena, &hits), ASSISTANT_EUNAVAILABLE,
		    "Service internal error: scripted");
	assert_told(CALL(&o->fx, dense, ONE, &near, o->fx.arena, &met), ASSISTANT_EUNAVAILABLE,
		    "answered 500");
	assert_told(CALL(&o->fx, list, ONE, &all, 5, 0, o->fx.arena, &hits), ASSISTANT_EUNAVAILABLE,
		    "answered 500");
	script(o, "{\"match\":\"points/query\",\"hang_up\":true}");
	assert_told(CALL(&o->fx, dense, ONE, &near, o->fx.arena, &met), ASSISTANT_EUNAVAILABLE,
		    "127.0.0.1");
	script(o, "{\"match\":\"points/query\",\"body\":\"{\\\"result\\\":\"}");
	assert_told(CALL(&o->fx, dense, ONE, &near, o->fx.arena, &met), ASSISTANT_EPROTOCOL,
		    "not Qdrant's");
	script(o, "");
	assert_int_equal(hits.total + met.total, 14);
	assert_string_equal(first_of(o, "kubernetes"), "s1");
	snapshot_unref(s);
}

/* Whoever gives up on a slow server is rid of it at once. */
static void test_slow(void **state)
{
	struct own *o = *state;
	struct lexical_query q = { .text = "kubernetes", .limit = 5 };
	struct index_hits hits = { 0 };
	struct call c;

	suite_put(&o->fx, suite_conference(ONE, 1));
	script(o, "{\"match\":\"query/batch\",\"delay_ms\":300000,\"status\":500}");
	o->fx.index->ops->lexical(o->fx.index, ONE, &q, o->fx.arena, &hits,
				  call_begin(&c, o->fx.loop));
	call_pass_ms(o->fx.loop, 50);
	assert_false(c.ended);
	flow_cancel(&c.flow);
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	script(o, "");
	assert_string_equal(first_of(o, "kubernetes"), "s1");
}

/* However far a build comes, what is in use goes on; the next one begins anew. */
static void test_build_cut_short(void **state)
{
	struct own *o = *state;
	struct snapshot *next = suite_conference(ONE, 2);
	struct index_points points = suite_points(o->fx.arena, next, suite_space, NULL);

	suite_put(&o->fx, suite_conference(ONE, 1));
	for (int after = 0; after < 6; after++) {
		script(o, arena_printf(o->fx.arena,
				       "{\"match\":\"^PUT .*points\",\"status\":500,\"after\":%d}",
				       after));
		assert_told(CALL(&o->fx, build, next, &points, NULL), ASSISTANT_EUNAVAILABLE,
			    "500");
		assert_int_equal(CALL(&o->fx, use, ONE, 2), ASSISTANT_ENOTFOUND);
		assert_string_equal(first_of(o, "kubernetes"), "s1");
	}
	script(o, "{\"match\":\"^PUT .*points\",\"status\":503,\"after\":2,\"times\":3}");
	suite_put_points(&o->fx, next, &points);
	assert_int_equal(suite_n_points(&o->fx), points.n);
	snapshot_unref(next);
}

/* A write that the server has only noted is none. */
static void test_not_applied(void **state)
{
	struct own *o = *state;
	struct snapshot *s = suite_conference(ONE, 1);
	static const char noted[] =
		"{\"match\":\"^PUT .*points\",\"after\":2,\"body\":{\"result\":{\"operation_id\":1,"
		"\"status\":\"acknowledged\"},\"status\":\"ok\",\"time\":0}";

	script(o, arena_printf(o->fx.arena, "%s}", noted));
	assert_told(CALL(&o->fx, build, s, NULL, NULL), ASSISTANT_EUNAVAILABLE,
		    "has not finished PUT");
	script(o, arena_printf(o->fx.arena, "%s,\"times\":2}", noted));
	assert_int_equal(CALL(&o->fx, build, s, NULL, NULL), 0);
	snapshot_unref(s);
}

/* Whatever JSON comes back: told or made the best of, and what is in use stays. */
static void ask_everything(struct own *o, struct snapshot *s, const struct index_points *points)
{
	struct lexical_query q = { .text = "kubernetes talks", .fields = true, .limit = 5 };
	struct lexical_query weighed = { .text = "kubernetes", .weights = { [FIELD_TEXT] = 1 } };
	struct dense_query near = { points->points[0].vector, suite_space, 0, { 0 }, 2 };
	struct index_filter all = { 0 };
	struct index_hits hits = { 0 };
	struct dense_hits met = { 0 };
	bool known[1];
	char *json = NULL;

	CALL(&o->fx, lexical, ONE, &q, o->fx.arena, &hits);
	CALL(&o->fx, lexical, ONE, &weighed, o->fx.arena, &hits);
	CALL(&o->fx, list, ONE, &all, 5, 0, o->fx.arena, &hits);
	near.average = true;
	CALL(&o->fx, dense, ONE, &near, o->fx.arena, &met);
	near.pages = true;
	CALL(&o->fx, dense, ONE, &near, o->fx.arena, &met);
	CALL(&o->fx, known, ONE, suite_space, &points->points[0].hash, 1, known);
	CALL(&o->fx, verify, s, points, &json);
	CALL(&o->fx, use, ONE, 9);
	CALL(&o->fx, ping);
	free(json);
}

static void test_odd_answers(void **state)
{
	static const char *const answers[] = {
		"null",
		"[]",
		"{}",
		"{\"result\":null}",
		"{\"result\":5}",
		"{\"result\":\"points\"}",
		"{\"result\":[]}",
		"{\"result\":[1,null,{\"points\":7},{\"points\":[3,{\"id\":4}]}]}",
		"{\"result\":{\"points\":5,\"groups\":5,\"count\":\"x\",\"aliases\":1}}",
		"{\"result\":{\"points\":[null,1,{\"id\":[],\"score\":\"x\",\"payload\":3}],"
		"\"groups\":[1,{\"id\":9,\"hits\":3},{\"id\":\"s1\",\"hits\":[]},"
		"{\"id\":\"s1\",\"hits\":[7,{\"payload\":{\"facet_key\":\"none\"}}]}]}}",
		"{\"result\":[{\"payload\":{\"build\":\"11111111-1111-4111-8111-111111111111\","
		"\"format\":1,\"points_in\":[1,\"x\"],\"records_of\":[5,[1]],\"word_chunks\":1,"
		"\"chunk\":0,\"stems\":\"a "
		"b\",\"stem_records\":[1],\"words\":\"a\",\"word_records\":["
		"1],\"word_stems\":[7]}}]}",
	};
	struct own *o = *state;
	struct snapshot *s = suite_conference(ONE, 1), *next = suite_conference(ONE, 9);
	struct index_points points = suite_points(o->fx.arena, s, suite_space, NULL);

	suite_put_points(&o->fx, s, &points);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		script(o,
		       arena_printf(o->fx.arena, "{\"match\":\"collections|aliases\",\"body\":%s}",
				    answers[i]));
		ask_everything(o, s, &points);
		assert_true(CALL(&o->fx, use, ONE, 9) < 0);
		CALL(&o->fx, build, next, &points, NULL);
		script(o, "");
		assert_string_equal(first_of(o, "kubernetes"), "s1");
		assert_int_equal(CALL(&o->fx, use, ONE, 9), ASSISTANT_ENOTFOUND);
	}
	snapshot_unref(next);
	snapshot_unref(s);
}

/* --- Bodies ------------------------------------------------------------------------------------------ */

static int number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (int)strtol(at + strlen(key), NULL, 10) : 0;
}

static void test_bodies(void **state)
{
	struct own *o = *state;
	struct vector_space wide = { "wide-model", 3072 };
	struct snapshot *s = suite_big_conference(2);
	struct index_points points = suite_points(o->fx.arena, s, wide, NULL);
	struct dense_query q = { points.points[0].vector, wide, 0, { 0 }, 3 };
	struct dense_hits hits;

	suite_put_points(&o->fx, s, &points);
	assert_in_range(number_after(seen(o), "\"bytes_max\":"), 1 << 20, 8 << 20);
	assert_true(number_after(seen(o), "\"PUT /collections/{collection_name}/points\":") > 8);
	hits = suite_nearest(&o->fx, &q);
	assert_true(fabs((double)hits.hits[0].best - 1) < NEAR);
	snapshot_unref(s);
}

/* --- Several processes ---------------------------------------------------------------------------------- */

static void test_other_process(void **state)
{
	struct own *o = *state;
	struct snapshot *s = suite_conference(ONE, 1);
	struct index_points points = suite_points(o->fx.arena, s, suite_space, NULL);
	struct dense_query q = { points.points[0].vector, suite_space, 0, { 0 }, 10 };
	struct dense_hits hits = { 0 };
	struct index *mine = o->fx.index, *other = NULL;
	struct fail f = FAIL_INIT;

	assert_int_equal(qdrant_index_open(o->fx.loop, shared.http, shared.fake.url, "",
					   shared.prefix, NULL, NULL, &other, &f),
			 0);
	suite_put(&o->fx, suite_conference(ONE, 1));
	assert_int_equal(AWAIT(o->fx.loop, w, other->ops->use(other, ONE, 1, w)), 0);
	assert_int_equal(CALL(&o->fx, build, s, &points, NULL), 0);
	/* It gains vectors behind the other one's back: a question or two later that one has them, too. */
	o->fx.index = other;
	for (int i = 0; i < 20 && !hits.n; i++) {
		hits = suite_nearest(&o->fx, &q);
		call_pass_ms(o->fx.loop, 200);
	}
	o->fx.index = mine;
	assert_int_equal(hits.n, 10);
	snapshot_unref(s);
	index_destroy(other);
}

/* --- Names and leavings ---------------------------------------------------------------------------------- */

static bool leads(struct own *o, const char *alias, char target[static 64])
{
	const char *aliases, *at;

	assert_int_equal(teller(o, "GET", "/aliases", NULL, &aliases), 200);
	at = strstr(aliases,
		    arena_printf(o->fx.arena, "{\"alias_name\":\"%s%s\",\"collection_name\":\"",
				 shared.prefix, alias));
	if (!at)
		return false;
	at = strstr(at, "collection_name\":\"") + strlen("collection_name\":\"");
	snprintf(target, 64, "%.*s", (int)strcspn(at, "\""), at);
	return true;
}

static void test_aliases(void **state)
{
	static const char *const names[] = { "sessions_master",	  "sessions_facets",
					     "exhibitors_master", "exhibitors_facets",
					     "speakers_master",	  "speakers_facets" };
	struct own *o = *state;
	struct vector_space other = { "other-model", 32 };
	struct snapshot *s = suite_conference(ONE, 1), *next = suite_conference(ONE, 2);
	struct index_points points = suite_points(o->fx.arena, s, suite_space, NULL);
	struct index_points others = suite_points(o->fx.arena, next, other, NULL);
	char before[64], after[64];

	suite_put(&o->fx, suite_conference(ONE, 1));
	assert_true(leads(o, "sessions_master", before));
	assert_false(leads(o, "sessions_facets", before)); /* words only */
	suite_put_points(&o->fx, s, &points);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(leads(o, names[i], before));
	/* Another model's vectors are made beside; the names change with the use of it. */
	assert_int_equal(CALL(&o->fx, build, next, &others, NULL), 0);
	assert_true(leads(o, "speakers_facets", after));
	assert_string_equal(after, before);
	assert_string_equal(first_of(o, "kubernetes"), "s1");
	assert_int_equal(CALL(&o->fx, use, ONE, 2), 0);
	assert_true(leads(o, "speakers_facets", after));
	assert_string_not_equal(after, before);
	snapshot_unref(s);
	snapshot_unref(next);
}

/* Somebody else's collections of these names are in nobody's way. */
static void test_names_taken(void **state)
{
	struct own *o = *state;
	const char *answer;

	assert_int_equal(
		teller(o, "PUT",
		       arena_printf(o->fx.arena, "/collections/%ssessions_master", shared.prefix),
		       "{\"vectors\":{\"size\":4,\"distance\":\"Dot\"}}", &answer),
		200);
	suite_put(&o->fx, suite_conference(ONE, 1));
	assert_string_equal(first_of(o, "kubernetes"), "s1");
}

static int count_points(struct own *o, const char *collection)
{
	const char *answer;

	if (teller(o, "POST", arena_printf(o->fx.arena, "/collections/%s/points/count", collection),
		   "{}", &answer) != 200)
		return -1;
	return number_after(arena_strdup(o->fx.arena, answer), "\"count\":");
}

/* As if a minute had passed since anything was superseded. */
static void grow_old(struct own *o)
{
	const char *answer;
	char *path = arena_printf(
		o->fx.arena, "/collections/%sindex_builds/points/payload?wait=true", shared.prefix);

	assert_int_equal(teller(o, "POST", path,
				"{\"payload\":{\"superseded\":1},\"filter\":{\"must\":[{\"key\":"
				"\"kind\",\"match\":{\"value\":\"build\"}}]}}",
				&answer),
			 200);
}

static void test_leavings_go(void **state)
{
	struct own *o = *state;
	struct vector_space other = { "other-model", 32 };
	struct snapshot *s[5];
	struct index_points points;
	char first[64], second[64];

	for (uint64_t i = 0; i < 5; i++)
		s[i] = suite_conference(ONE, 1 + i);
	points = suite_points(o->fx.arena, s[0], suite_space, NULL);
	suite_put_points(&o->fx, s[0], &points);
	assert_true(leads(o, "sessions_master", first));
	assert_int_equal(count_points(o, first), 6);
	points = suite_points(o->fx.arena, s[1], other, NULL);
	for (int i = 1; i < 4; i++) {
		suite_put_points(&o->fx, s[i], &points);
		assert_true(leads(o, "sessions_master", second));
		assert_int_equal(count_points(o, first), 6); /* it may still be asked */
	}
	assert_int_equal(count_points(o, second), 18);
	grow_old(o);
	suite_put_points(&o->fx, s[4], &points);
	/* Two epochs stay; the first model's collections have nothing left and are gone. */
	assert_int_equal(count_points(o, first), -1);
	assert_int_equal(count_points(o, second), 12);
	assert_int_equal(CALL(&o->fx, use, ONE, 2), ASSISTANT_ENOTFOUND);
	assert_int_equal(CALL(&o->fx, use, ONE, 4), 0);
	for (size_t i = 0; i < 5; i++)
		snapshot_unref(s[i]);
}

/* --- The same as the embedded index --------------------------------------------------------------------- */

static void compare(struct own *o, struct flat_fixture *flat, const char *text)
{
	struct lexical_query q = { .text = text, .typos = true, .fields = true, .limit = 20 };
	struct index_hits mine = { 0 }, theirs = { 0 };

	assert_int_equal(CALL(&o->fx, lexical, ONE, &q, o->fx.arena, &mine), 0);
	assert_int_equal(CALL(flat, lexical, ONE, &q, flat->arena, &theirs), 0);
	assert_int_equal(mine.n, theirs.n);
	assert_int_equal(mine.total, theirs.total);
	for (size_t i = 0; i < mine.n; i++) {
		const struct index_hit *a = &mine.hits[i], *b = &theirs.hits[i];

		assert_string_equal(a->id, b->id);
		assert_int_equal(a->type, b->type);
		assert_true(fabs((double)(a->score - b->score)) < SCORE_SLACK * (double)b->score);
		assert_int_equal(a->n_words, b->n_words);
		assert_int_equal(a->n_query_words, b->n_query_words);
		for (unsigned k = 0; k < FIELD_COUNT; k++)
			assert_true(fabs((double)(a->field[k] - b->field[k])) <
				    SCORE_SLACK * (double)b->score);
	}
}

static void test_as_flat(void **state)
{
	static const char *const questions[] = {
		"kubernetes",
		"talks about kubernetes on small devices",
		"Ildiko Vancsa communities",
		"node.js functions, c++ templates and llama.cpp in v1.0",
		"kuberentes wireshrak",
		"lightning talks janson",
		"open infra printing drivers",
		/* more words than one number tells of */
		"running kubernetes edge small clusters node functions gentle introduction cloud "
		"talk "
		"beginner janson modern embedded devices templates tears advanced lightning main "
		"openprinting desktop printer drivers cups wireshark network packets communities "
		"infra",
		"to be or not to be",
		"",
	};
	struct own *o = *state;
	struct flat_fixture *flat;
	void *flat_state;

	assert_int_equal(flat_fixture_setup(&flat_state), 0);
	flat = flat_state;
	assert_int_equal(flat_fixture_build(flat, ONE, 1), 0);
	assert_int_equal(CALL(flat, use, ONE, 1), 0);
	suite_put(&o->fx, suite_conference(ONE, 1));
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		compare(o, flat, questions[i]);
	flat_fixture_teardown(&flat_state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, own_setup, own_teardown)

int main(void)
{
	struct suite_target target = { .name = "index: qdrant",
				       .open = qdrant_target_open,
				       .close = qdrant_target_close,
				       .ctx = &shared };
	const struct CMUnitTest own[] = {
		TEST(test_prefix),
		TEST(test_versions),
		TEST(test_keys),
		TEST(test_no_qdrant),
		TEST(test_questions_tried_again),
		TEST(test_questions_given_up),
		TEST(test_slow),
		TEST(test_build_cut_short),
		TEST(test_not_applied),
		TEST(test_odd_answers),
		TEST(test_bodies),
		TEST(test_other_process),
		TEST(test_aliases),
		TEST(test_names_taken),
		TEST(test_leavings_go),
		TEST(test_as_flat),
	};
	int failed;

	fake_start(&shared.fake, NULL);
	shared.guarded = true;
	failed = index_suite_run(&target);
	shared.guarded = false;
	failed += cmocka_run_group_tests_name("qdrant", own, NULL, NULL);
	fake_stop(&shared.fake);
	return failed;
}
