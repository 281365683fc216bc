/*
 * test_sqlite.c - the store suite on SQLite, and what is SQLite's own: files, migrations, several
 * processes, a process that is killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/clock.h"
#include "base/hash.h"
#include "call.h"
#include "observe/metrics.h"
#include "store_suite.h"

#define CONFERENCE "40a8e3fe-0747-5959-8b5f-2f5da66c0379"

struct place {
	char directory[64], path[96];
	struct clock *clock;
	struct metrics *metrics;
};

static void place_make(struct place *p)
{
	snprintf(p->directory, sizeof(p->directory), "/tmp/erleah-store-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	snprintf(p->path, sizeof(p->path), "%s/erleah.db", p->directory);
	p->clock = clock_create(-1);
	p->metrics = metrics_create();
}

static void place_remove(struct place *p)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", p->path, suffixes[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(p->directory), 0);
	metrics_destroy(p->metrics);
	clock_destroy(p->clock);
}

static int place_open(struct place *p, struct loop *loop, struct store **out, struct fail *f)
{
	return sqlite_store_open(loop, p->path, p->clock, p->metrics, NULL, out, f);
}

/* --- The suite ----------------------------------------------------------------- */

static int target_open(struct suite_target *t, struct loop *loop, struct store **out)
{
	struct fail f = FAIL_INIT;

	place_make(t->ctx);
	return place_open(t->ctx, loop, out, &f);
}

static void target_close(struct suite_target *t, struct loop *loop, struct store *store)
{
	store_destroy(store);
	call_drain(loop);
	place_remove(t->ctx);
}

static int target_seed(struct suite_target *t, struct loop *loop, struct store *store,
		       struct snapshot *snapshot)
{
	return AWAIT(loop, f, store->ops->ingest(store, snapshot, "hash", f));
}

/* --- Files ----------------------------------------------------------------------- */

struct fixture {
	struct place place;
	struct loop *loop;
	struct store *store;
};

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	place_make(&fx->place);
	fx->loop = loop_create();
	*state = fx;
	return 0;
}

static void reopen(struct fixture *fx)
{
	struct fail f = FAIL_INIT;

	store_destroy(TAKE_PTR(fx->store));
	if (place_open(&fx->place, fx->loop, &fx->store, &f) < 0)
		fail_msg("%s", f.text);
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	store_destroy(fx->store);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	place_remove(&fx->place);
	free(fx);
	return 0;
}

#define CALL(fx, store_, function, ...)                                                            \
	AWAIT((fx)->loop, f_, (store_)->ops->function((store_), ##__VA_ARGS__, f_))

static void test_kept_on_disk(void **state)
{
	struct fixture *fx = *state;
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	char id[UUID_SIZE];
	struct conversation row = { .id = id, .conference_id = CONFERENCE };
	struct stat st;

	uuid_random(id);
	reopen(fx);
	assert_int_equal(CALL(fx, fx->store, conversation_create, &row), 0);
	reopen(fx);
	assert_int_equal(CALL(fx, fx->store, conversation, id, arena, &row), 0);
	assert_string_equal(row.id, id);
	assert_int_equal(stat(fx->place.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(metrics_get(fx->place.metrics, METRIC_STORE_SECONDS, "conversation") >= 1);
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void refuses(struct fixture *fx, const char *says)
{
	struct fail f = FAIL_INIT;
	struct store *store = NULL;

	assert_int_equal(place_open(&fx->place, fx->loop, &store, &f), ASSISTANT_ECONFIG);
	assert_null(store);
	if (!strstr(f.text, says))
		fail_msg("said: %s", f.text);
}

static void test_foreign_file(void **state)
{
	struct fixture *fx = *state;

	sql(fx->place.path, "CREATE TABLE theirs (a)");
	refuses(fx, "another program");
}

static void test_newer_file(void **state)
{
	struct fixture *fx = *state;

	reopen(fx);
	store_destroy(TAKE_PTR(fx->store));
	sql(fx->place.path, "PRAGMA user_version = 99");
	refuses(fx, "newer version");
}

static void test_no_database(void **state)
{
	struct fixture *fx = *state;
	FILE *file = fopen(fx->place.path, "w");
	struct fail f = FAIL_INIT;
	struct store *store = NULL;

	for (int i = 0; i < 1000; i++)
		fputs("certainly no database\n", file);
	fclose(file);
	assert_int_equal(place_open(&fx->place, fx->loop, &store, &f), ASSISTANT_EPROTOCOL);
	assert_int_equal(sqlite_store_open(fx->loop, "/nonexistent/x.db", fx->place.clock, NULL,
					   NULL, &store, &f),
			 ASSISTANT_ECONFIG);
	assert_non_null(strstr(f.text, "/nonexistent/x.db"));
}

/* --- Several at once ---------------------------------------------------------------- */

static void *open_and_close(void *arg)
{
	struct place *p = arg;
	struct loop *loop = loop_create();
	struct store *store = NULL;
	struct fail f = FAIL_INIT;
	int r = place_open(p, loop, &store, &f);

	if (r == 0)
		r = AWAIT(loop, fl, store->ops->ping(store, fl));
	store_destroy(store);
	call_drain(loop);
	loop_destroy(loop);
	return (void *)(intptr_t)r;
}

static void test_open_race(void **state)
{
	struct fixture *fx = *state;
	pthread_t threads[8];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, &fx->place), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *r;

		pthread_join(threads[i], &r);
		assert_int_equal((intptr_t)r, 0);
	}
	reopen(fx);
}

/* As above, by processes: file locks are theirs. */
static void test_open_race_of_processes(void **state)
{
	struct fixture *fx = *state;
	pid_t children[6];

	for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(open_and_close(&fx->place) != NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	reopen(fx);
}

static void test_locked(void **state)
{
	struct fixture *fx = *state;
	char id[UUID_SIZE];
	struct conversation row = { .id = id, .conference_id = CONFERENCE };
	struct call c;
	sqlite3 *db;

	uuid_random(id);
	reopen(fx);
	assert_int_equal(sqlite3_open(fx->place.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	/* Waits for the lock, and gives up at once when nobody waits for it any more. */
	fx->store->ops->conversation_create(fx->store, &row, call_begin(&c, fx->loop));
	call_pass_ms(fx->loop, 50);
	assert_false(c.ended);
	flow_cancel(&c.flow);
	assert_int_equal(call_wait(&c), ASSISTANT_ECANCELED);
	/* Gets it when it is free. */
	fx->store->ops->conversation_create(fx->store, &row, call_begin(&c, fx->loop));
	call_pass_ms(fx->loop, 50);
	assert_false(c.ended);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(call_wait(&c), 0);
	sqlite3_close(db);
}

static void kill_writer(struct fixture *fx, const char *conversation, int to_parent)
{
	struct loop *loop = loop_create();
	struct store *store = NULL;
	struct fail f = FAIL_INIT;

	if (place_open(&fx->place, loop, &store, &f) < 0)
		_exit(1);
	for (;;) {
		char id[UUID_SIZE];
		struct message row = { .id = id, .conversation_id = conversation, .text = "x" };

		uuid_random(id);
		if (AWAIT(loop, fl, store->ops->message_create(store, &row, fl)) < 0)
			_exit(1);
		if (write(to_parent, id, UUID_SIZE) != UUID_SIZE)
			_exit(1);
	}
}

/* Every row whose write was answered is there after kill -9. */
static void test_killed(void **state)
{
	struct fixture *fx = *state;
	_cleanup_arena_ struct arena *arena = arena_create(16 << 20);
	char conversation[UUID_SIZE], id[UUID_SIZE];
	struct conversation row = { .id = conversation, .conference_id = CONFERENCE };
	int pipes[2], n = 0, status;
	pid_t child;

	uuid_random(conversation);
	reopen(fx);
	assert_int_equal(CALL(fx, fx->store, conversation_create, &row), 0);
	store_destroy(TAKE_PTR(fx->store));
	call_drain(fx->loop);
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0)
		kill_writer(fx, conversation, pipes[1]);
	close(pipes[1]);
	while (n < 20 && read(pipes[0], id, UUID_SIZE) == UUID_SIZE)
		n++;
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	reopen(fx);
	do {
		struct message message;

		assert_int_equal(CALL(fx, fx->store, message, id, arena, &message), 0);
	} while (read(pipes[0], id, UUID_SIZE) == UUID_SIZE);
	assert_int_equal(n, 20);
	close(pipes[0]);
}

/* --- Watching another process's writes ------------------------------------------------ */

struct heard {
	int n;
	char last[2000];
};

static void hear(void *ctx, const char *collection, const char *change, const char *id,
		 const char *conversation_id, const char *row_json)
{
	struct heard *h = ctx;

	h->n++;
	snprintf(h->last, sizeof(h->last), "%s %s %s", collection, change, row_json);
}

static void wait_until_heard(struct fixture *fx, struct heard *h, int n)
{
	for (int i = 0; i < 100 && h->n < n; i++)
		call_pass_ms(fx->loop, 20);
	assert_int_equal(h->n, n);
}

struct other {
	struct store *store;
	char conversation[UUID_SIZE], message[UUID_SIZE];
	struct heard heard;
};

/* fx->store listens, o->store stands for another process; one conversation, one message in it. */
static void other_open(struct fixture *fx, struct other *o)
{
	struct fail f = FAIL_INIT;
	struct conversation row = { .id = o->conversation, .conference_id = CONFERENCE };
	struct message message = { .id = o->message,
				   .conversation_id = o->conversation,
				   .role = "assistant",
				   .status = "streaming" };

	*o = (struct other){ 0 };
	uuid_random(o->conversation);
	uuid_random(o->message);
	reopen(fx);
	assert_int_equal(place_open(&fx->place, fx->loop, &o->store, &f), 0);
	assert_int_equal(CALL(fx, o->store, conversation_create, &row), 0);
	assert_int_equal(CALL(fx, o->store, message_create, &message), 0);
	fx->store->ops->on_change(fx->store, hear, &o->heard);
}

static int say(struct fixture *fx, struct store *store, const char *id, const char *text)
{
	struct message_patch row = { .id = id, .text = text };

	return CALL(fx, store, messages_write, &row, 1, NULL);
}

static void test_watch_row(void **state)
{
	struct fixture *fx = *state;
	struct other o;

	other_open(fx, &o);
	fx->store->ops->watch(fx->store, "messages", "id", o.message, true);
	assert_int_equal(CALL(fx, fx->store, ping), 0);
	assert_int_equal(say(fx, o.store, o.message, "Hel"), 0);
	wait_until_heard(fx, &o.heard, 1);
	assert_non_null(strstr(o.heard.last, "messages update {"));
	assert_non_null(strstr(o.heard.last, "\"messageText\":\"Hel\""));
	/* Written again as it was: nothing to tell. */
	assert_int_equal(say(fx, o.store, o.message, "Hel"), 0);
	call_pass_ms(fx->loop, 600);
	assert_int_equal(o.heard.n, 1);
	/* Our own write is told at once, and only once. */
	assert_int_equal(say(fx, fx->store, o.message, "Hello"), 0);
	assert_int_equal(o.heard.n, 2);
	assert_int_equal(CALL(fx, o.store, ping), 0);
	assert_int_equal(say(fx, o.store, o.message, "Hello"), 0);
	call_pass_ms(fx->loop, 600);
	assert_int_equal(o.heard.n, 2);
	/* Nobody watches: nothing is told. */
	fx->store->ops->watch(fx->store, "messages", "id", o.message, false);
	assert_int_equal(say(fx, o.store, o.message, "Good bye"), 0);
	call_pass_ms(fx->loop, 600);
	assert_int_equal(o.heard.n, 2);
	store_destroy(o.store);
}

static void test_watch_conversation(void **state)
{
	struct fixture *fx = *state;
	struct other o;
	char id[UUID_SIZE], upper[UUID_SIZE];
	struct message row = { .id = id, .role = "user", .text = "New" };

	other_open(fx, &o);
	row.conversation_id = o.conversation;
	for (size_t i = 0; i < UUID_SIZE; i++)
		upper[i] = (char)(o.conversation[i] >= 'a' ? o.conversation[i] - 32
							   : o.conversation[i]);
	fx->store->ops->watch(fx->store, "messages", "conversation_id", upper, true);
	fx->store->ops->watch(fx->store, "messages", "id", o.message, true);
	assert_int_equal(CALL(fx, fx->store, ping), 0);
	uuid_random(id);
	assert_int_equal(CALL(fx, o.store, message_create, &row), 0);
	wait_until_heard(fx, &o.heard, 1);
	assert_non_null(strstr(o.heard.last, "messages create {"));
	/* One row, two watches: one report. */
	assert_int_equal(say(fx, o.store, o.message, "Hi"), 0);
	wait_until_heard(fx, &o.heard, 2);
	call_pass_ms(fx->loop, 600);
	assert_int_equal(o.heard.n, 2);
	store_destroy(o.store);
}

static void test_watch_twice(void **state)
{
	struct fixture *fx = *state;
	struct other o;

	other_open(fx, &o);
	fx->store->ops->watch(fx->store, "conversations", "id", o.conversation, true);
	fx->store->ops->watch(fx->store, "conversations", "id", o.conversation, true);
	fx->store->ops->watch(fx->store, "conversations", "id", o.conversation, false);
	fx->store->ops->watch(fx->store, "conversations", "colour", "red", true);
	assert_int_equal(CALL(fx, fx->store, ping), 0);
	sql(fx->place.path, "UPDATE conversations SET status = 'closed'");
	wait_until_heard(fx, &o.heard, 1);
	assert_non_null(strstr(o.heard.last, "conversations update {"));
	store_destroy(o.store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static struct place place;
	struct suite_target target = { .name = "store: sqlite",
				       .open = target_open,
				       .close = target_close,
				       .seed = target_seed,
				       .embedded = true,
				       .ctx = &place };
	const struct CMUnitTest own[] = {
		TEST(test_kept_on_disk), TEST(test_foreign_file),
		TEST(test_newer_file),	 TEST(test_no_database),
		TEST(test_open_race),	 TEST(test_open_race_of_processes),
		TEST(test_locked),	 TEST(test_killed),
		TEST(test_watch_row),	 TEST(test_watch_conversation),
		TEST(test_watch_twice),
	};
	int failed = store_suite_run(&target);

	return failed + cmocka_run_group_tests_name("sqlite", own, NULL, NULL);
}
