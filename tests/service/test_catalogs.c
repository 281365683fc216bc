/*
 * test_catalogs.c - conferences are loaded once, followed when their epoch moves, and served while the store is down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <assistant/testing.h>
#include <string.h>
#include "call.h"
#include "search/catalog.h"
#include "store/backend_store.h"

#define ONE	  "11111111-1111-4111-8111-111111111111"
#define OTHER	  "22222222-2222-4222-8222-222222222222"
#define FOLLOW_MS 20

struct fixture {
	struct loop *loop;
	struct store *store;
	struct catalogs *catalogs;
	assistant_fake_store *rows;
	int epochs;
	uint64_t last_epoch;
	int64_t ready_ms; /* when the index has followed */
	bool no_index;
	char last[64];
};

/* An index that takes its time, or fails. */
static void follow(void *ctx, struct catalog *fresh, struct flow *f)
{
	struct fixture *fx = ctx;

	fx->epochs++;
	fx->last_epoch = catalog_snapshot(fresh)->epoch;
	fx->ready_ms = loop_now_ms(fx->loop) + FOLLOW_MS;
	snprintf(fx->last, sizeof(fx->last), "%s", catalog_snapshot(fresh)->conference.id);
	if (fx->no_index)
		flow_refuse(f, ASSISTANT_EUNAVAILABLE, NULL);
	else
		flow_sleep(f, FOLLOW_MS);
}

static void put(struct fixture *fx, const char *id, const char *name, const char *session)
{
	char json[900];

	snprintf(json, sizeof(json),
		 "{\"conference\":{\"id\":\"%s\",\"name\":\"%s\",\"timezone\":\"Europe/Berlin\","
		 "\"start_date\":\"2027-05-20\",\"end_date\":\"2027-05-21\"},\"sessions\":[{\"id\":"
		 "\"s\",\"title\":\"%s\",\"start_time\":\"2027-05-20T10:00:00+02:00\"}],"
		 "\"exhibitors\":[],\"speakers\":[]}",
		 id, name, session);
	assert_int_equal(assistant_fake_store_conference(fx->rows, json, NULL), 0);
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	assistant_backend backend;
	void *ctx;

	fx->loop = loop_create();
	assert_int_equal(assistant_fake_store_new(&fx->rows), 0);
	assistant_fake_store_backend(fx->rows, &backend, &ctx);
	assert_int_equal(backend_store_open(fx->loop, &backend, ctx, NULL, &fx->store, NULL), 0);
	fx->catalogs = catalogs_create(fx->loop, fx->store, 50, 2, NULL, NULL);
	catalogs_on_epoch(fx->catalogs, follow, fx);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	catalogs_destroy(fx->catalogs);
	store_destroy(fx->store);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	assistant_fake_store_free(fx->rows);
	free(fx);
	return 0;
}

static int get(struct fixture *fx, const char *id, char title[static 64])
{
	struct catalog *c = NULL;
	int r = AWAIT(fx->loop, f, catalogs_get(fx->catalogs, id, &c, f));

	if (r >= 0)
		snprintf(title, 64, "%s", catalog_snapshot(c)->records[ENTITY_SESSION][0].name);
	/* Nothing is handed out before the index has followed. */
	if (r >= 0 && catalog_snapshot(c)->epoch == fx->last_epoch && !fx->no_index)
		assert_true(loop_now_ms(fx->loop) >= fx->ready_ms);
	catalog_unref(c);
	return r;
}

static int resolve(struct fixture *fx, const char *name, const char *fallback, char id[static 64])
{
	struct catalog *c = NULL;
	int r = AWAIT(fx->loop, f, catalogs_resolve(fx->catalogs, name, fallback, &c, f));

	if (r >= 0)
		snprintf(id, 64, "%s", catalog_snapshot(c)->conference.id);
	catalog_unref(c);
	return r;
}

static void loaded_once(void **state)
{
	struct fixture *fx = *state;
	char title[64];

	put(fx, ONE, "One", "First talk");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(get(fx, ONE, title), 0);
		assert_string_equal(title, "First talk");
	}
	assert_int_equal(assistant_fake_store_count(fx->rows, "conference"), 1);
	assert_int_equal(fx->epochs, 1);
	assert_string_equal(fx->last, ONE);
}

static void at_once_share_one_load(void **state)
{
	struct fixture *fx = *state;
	struct catalog *c[10] = { 0 };
	struct call calls[10];

	put(fx, ONE, "One", "First talk");
	assistant_fake_store_delay(fx->rows, NULL, 10);
	for (int i = 0; i < 10; i++)
		catalogs_get(fx->catalogs, ONE, &c[i], call_begin(&calls[i], fx->loop));
	for (int i = 0; i < 10; i++) {
		assert_int_equal(call_wait(&calls[i]), 0);
		assert_ptr_equal(c[i], c[0]);
		catalog_unref(c[i]);
	}
	assert_int_equal(assistant_fake_store_count(fx->rows, "conference"), 1);
	assert_int_equal(assistant_fake_store_count(fx->rows, "conferences"), 1);
}

static void a_moved_epoch_is_followed(void **state)
{
	struct fixture *fx = *state;
	char title[64] = "";

	put(fx, ONE, "One", "First talk");
	assert_int_equal(get(fx, ONE, title), 0);
	put(fx, ONE, "One", "Better talk");
	for (int i = 0; i < 100 && strcmp(title, "Better talk"); i++) {
		call_pass_ms(fx->loop, 10);
		assert_int_equal(get(fx, ONE, title), 0);
	}
	assert_string_equal(title, "Better talk");
	assert_int_equal(fx->epochs, 2);
}

static void an_index_that_fails_keeps_nobody_waiting(void **state)
{
	struct fixture *fx = *state;
	char title[64];

	fx->no_index = true;
	put(fx, ONE, "One", "First talk");
	assert_int_equal(get(fx, ONE, title), 0);
	assert_string_equal(title, "First talk");
	assert_int_equal(fx->epochs, 1);
}

static void the_old_one_is_served_while_the_store_is_down(void **state)
{
	struct fixture *fx = *state;
	char title[64];

	put(fx, ONE, "One", "First talk");
	assert_int_equal(get(fx, ONE, title), 0);
	assistant_fake_store_fail(fx->rows, NULL, 1000, ASSISTANT_EUNAVAILABLE, "down");
	for (int i = 0; i < 5; i++) {
		call_pass_ms(fx->loop, 60);
		assert_int_equal(get(fx, ONE, title), 0);
	}
	assert_int_equal(get(fx, OTHER, title), ASSISTANT_EUNAVAILABLE);
	assert_string_equal(call_fail()->text, "down");
	assistant_fake_store_heal(fx->rows);
	assert_int_equal(get(fx, OTHER, title), ASSISTANT_ENOTFOUND);
}

static void names_and_defaults(void **state)
{
	struct fixture *fx = *state;
	char id[64];

	assert_int_equal(resolve(fx, NULL, NULL, id), ASSISTANT_ENOTFOUND);
	assert_non_null(strstr(call_fail()->text, "erleah-ingest"));
	put(fx, ONE, "One", "First talk");
	assert_int_equal(resolve(fx, NULL, NULL, id), 0);
	assert_string_equal(id, ONE);
	put(fx, OTHER, "Other Days", "Second talk");
	assert_int_equal(resolve(fx, NULL, NULL, id), ASSISTANT_ENOTFOUND);
	assert_non_null(strstr(call_fail()->text, "Other Days"));
	assert_int_equal(resolve(fx, "other days", NULL, id), 0);
	assert_string_equal(id, OTHER);
	assert_int_equal(resolve(fx, NULL, ONE, id), 0);
	assert_string_equal(id, ONE);
	assert_int_equal(resolve(fx, "Nowhere", NULL, id), ASSISTANT_ENOTFOUND);
	assert_non_null(strstr(call_fail()->text, "Nowhere"));
}

/* The store is asked at most once per check_ms for what is loaded already. */
static void resolved_without_the_store(void **state)
{
	struct fixture *fx = *state;
	char id[64], title[64];
	int looks;

	catalogs_destroy(fx->catalogs);
	fx->catalogs = catalogs_create(fx->loop, fx->store, 600000, 2, NULL, NULL);
	put(fx, ONE, "One", "First talk");
	assert_int_equal(get(fx, ONE, title), 0);
	looks = assistant_fake_store_count(fx->rows, "conferences");
	assert_int_equal(resolve(fx, ONE, NULL, id), 0);
	assert_string_equal(id, ONE);
	assert_int_equal(resolve(fx, NULL, ONE, id), 0);
	assert_string_equal(id, ONE);
	assert_int_equal(assistant_fake_store_count(fx->rows, "conferences"), looks);
	assert_int_equal(resolve(fx, "one", NULL, id), 0); /* by name: the store knows names */
	assert_int_equal(assistant_fake_store_count(fx->rows, "conferences"), looks + 1);
}

static void wait_for(struct fixture *fx, int epochs)
{
	while (fx->epochs < epochs)
		loop_turn(fx->loop, true);
}

static void warmed_up(void **state)
{
	struct fixture *fx = *state;
	char title[64];

	put(fx, OTHER, "Other Days", "Second talk");
	put(fx, ONE, "One", "First talk");
	catalogs_warm_up(fx->catalogs, ONE, 1);
	wait_for(fx, 1);
	assert_int_equal(assistant_fake_store_count(fx->rows, "conference"), 1);
	assert_string_equal(fx->last, ONE);
	assert_int_equal(get(fx, ONE, title), 0);
	assert_string_equal(title, "First talk");
	assert_int_equal(assistant_fake_store_count(fx->rows, "conference"), 1);
	/* One that is nowhere is no reason not to load the others, nor is any loaded twice. */
	catalogs_warm_up(fx->catalogs, "Nowhere", 5);
	wait_for(fx, 2);
	assert_int_equal(assistant_fake_store_count(fx->rows, "conference"), 2);
	assert_string_equal(fx->last, OTHER);
}

/* A store that is down is asked again with the next look. */
static void warmed_up_later(void **state)
{
	struct fixture *fx = *state;
	char title[64];

	put(fx, ONE, "One", "First talk");
	put(fx, OTHER, "Other Days", "Second talk");
	assistant_fake_store_fail(fx->rows, NULL, 1000, ASSISTANT_EUNAVAILABLE, "down");
	catalogs_warm_up(fx->catalogs, NULL, 2);
	assert_int_equal(get(fx, ONE, title), ASSISTANT_EUNAVAILABLE);
	assert_int_equal(assistant_fake_store_count(fx->rows, "conference"), 0);
	assistant_fake_store_heal(fx->rows);
	assert_int_equal(get(fx, ONE, title), 0);
	wait_for(fx, 2);
	assert_int_equal(assistant_fake_store_count(fx->rows, "conference"), 2);
}

static void memory_is_bounded(void **state)
{
	struct fixture *fx = *state;
	char title[64], id[64];

	for (int i = 0; i < 6; i++) {
		snprintf(id, sizeof(id), "33333333-3333-4333-8333-33333333333%d", i);
		put(fx, id, "Many", "A talk");
	}
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 6; i++) {
			snprintf(id, sizeof(id), "33333333-3333-4333-8333-33333333333%d", i);
			assert_int_equal(get(fx, id, title), 0);
		}
	}
	/* Only two are kept, so each round loads them again. */
	assert_int_equal(assistant_fake_store_count(fx->rows, "conference"), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loaded_once, setup, teardown),
		cmocka_unit_test_setup_teardown(at_once_share_one_load, setup, teardown),
		cmocka_unit_test_setup_teardown(a_moved_epoch_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(an_index_that_fails_keeps_nobody_waiting, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_old_one_is_served_while_the_store_is_down,
						setup, teardown),
		cmocka_unit_test_setup_teardown(names_and_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(resolved_without_the_store, setup, teardown),
		cmocka_unit_test_setup_teardown(warmed_up, setup, teardown),
		cmocka_unit_test_setup_teardown(warmed_up_later, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
