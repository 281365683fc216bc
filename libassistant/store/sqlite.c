/*
 * sqlite.c - the embedded store: opening, and the way of an operation from the loop to the lane and
 * back.
 */
#include "store/sqlite.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "observe/metrics.h"

#define MAX_QUEUED   1000
#define OP_MAX_BYTES ((size_t)256 << 20)
#define PROGRESS_OPS 20000 /* SQLite instructions between two looks at a read's cancellation */

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void store_unref(struct sqlite_store *s)
{
	if (--s->refs > 0)
		return;
	sqlite_watches_destroy(s);
	free(s);
}

void *sqlite_op_new(struct store *store, size_t size, const char *name,
		    int (*body)(struct sqlite_op *op, struct fail *f), struct flow *f)
{
	struct arena *arena = arena_create(OP_MAX_BYTES);
	struct sqlite_op *op = arena ? arena_alloc(arena, size) : NULL;

	if (!op) {
		arena_destroy(arena);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return NULL;
	}
	op->store = container_of(store, struct sqlite_store, base);
	op->arena = arena;
	op->name = name;
	op->body = body;
	op->reports = op->store->change_fn != NULL;
	op->last_change = &op->changes;
	return op;
}

const char *sqlite_keep(struct sqlite_op *op, const char *s)
{
	const char *copy = arena_strdup(op->arena, s);

	if (s && !copy)
		op->starved = true;
	return copy;
}

const char *sqlite_keep_id(struct sqlite_op *op, const char *id)
{
	char normal[UUID_SIZE];

	if (!uuid_valid(id))
		return sqlite_keep(op, id);
	uuid_normalise(id, normal);
	return sqlite_keep(op, normal);
}

void sqlite_no_room(struct wait *w)
{
	w->status = FAIL(&w->fail, ASSISTANT_ETOOLARGE,
			 "the store's answer is larger than what may be loaded at once");
}

static int run_body(struct sqlite_op *op, struct fail *f)
{
	struct sqlite_store *s = op->store;
	int r;

	if (!op->writes)
		return op->body(op, f);
	r = sqlite_exec(s, STMT_BEGIN_WRITE, NULL, f);
	if (r < 0)
		return r;
	r = op->body(op, f);
	if (r == 0)
		r = sqlite_exec(s, STMT_COMMIT, NULL, f);
	if (r < 0) {
		op->changes = NULL;
		if (!sqlite3_get_autocommit(s->db))
			sqlite_exec(s, STMT_ROLLBACK, NULL, NULL);
	}
	return r;
}

static int run(struct work *w, struct fail *f)
{
	struct sqlite_op *op = container_of(w, struct sqlite_op, work);
	int r;

	op->store->running = op;
	sqlite_watches_update(op);
	r = run_body(op, f);
	for (struct sqlite_change *c = op->changes; c; c = c->next)
		sqlite_watches_seen(op->store, c);
	op->store->running = NULL;
	return r;
}

static const char *cause_of(int status)
{
	return cause_name(fail_cause(&(struct fail){ .code = status }));
}

/* What a caller may well ask for is no failure of the store. */
static bool is_answer(int status)
{
	return status >= 0 || status == ASSISTANT_ENOTFOUND || status == ASSISTANT_ECONFLICT ||
	       status == ASSISTANT_EINVAL || status == ASSISTANT_EDENIED ||
	       status == ASSISTANT_ECANCELED;
}

static void record(struct sqlite_op *op)
{
	int status = op->work.wait.status;

	metrics_observe(op->store->metrics, METRIC_STORE_SECONDS, op->name,
			(double)(monotonic_ns() - op->began_ns) / 1e9);
	if (!is_answer(status))
		metrics_add(op->store->metrics, METRIC_STORE_FAILURES, cause_of(status), 1);
}

static void release(struct wait *w)
{
	struct sqlite_op *op = container_of(w, struct sqlite_op, work.wait);
	struct sqlite_store *s = op->store;

	record(op);
	for (struct sqlite_change *c = op->changes; c && !s->closed && s->change_fn; c = c->next)
		s->change_fn(s->change_ctx, c->collection, c->change, c->id, c->conversation_id,
			     c->row_json);
	if (op->finish)
		op->finish(op);
	arena_destroy(op->arena); /* op lies in it */
	store_unref(s);
}

void sqlite_submit(struct sqlite_op *op, void (*deliver)(struct wait *w), struct flow *f)
{
	if (op->starved) {
		op->work.wait.status = ASSISTANT_ENOMEM;
		if (op->finish)
			op->finish(op);
		arena_destroy(op->arena);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	op->store->refs++;
	op->began_ns = monotonic_ns();
	lane_run(op->store->lane, &op->work, run, deliver, release, f);
}

static int ping_body(struct sqlite_op *op, struct fail *f)
{
	return sqlite_exec(op->store, STMT_PING, NULL, f);
}

static void ping(struct store *s, struct flow *f)
{
	struct sqlite_op *op = sqlite_op_new(s, sizeof(*op), "ping", ping_body, f);

	if (op)
		sqlite_submit(op, NULL, f);
}

static void on_change(struct store *store, store_change_fn *fn, void *ctx)
{
	struct sqlite_store *s = container_of(store, struct sqlite_store, base);

	s->change_fn = fn;
	s->change_ctx = ctx;
}

static void destroy(struct store *store)
{
	struct sqlite_store *s = container_of(store, struct sqlite_store, base);

	s->closed = true;
	sqlite_watches_stop(s);
	lane_destroy(s->lane);
	sqlite_finalize_all(s);
	sqlite3_close(s->db);
	store_unref(s);
}

static const struct store_ops ops = {
	.name = "sqlite",
	.destroy = destroy,
	.ping = ping,
	.conversation = sqlite_conversation,
	.message = sqlite_message,
	.history = sqlite_history,
	.conversation_create = sqlite_conversation_create,
	.message_create = sqlite_message_create,
	.messages_write = sqlite_messages_write,
	.messages_complete = sqlite_messages_complete,
	.messages_streaming = sqlite_streaming,
	.conferences = sqlite_conferences,
	.snapshot = sqlite_snapshot,
	.row_read = sqlite_row_read,
	.row_list = sqlite_row_list,
	.row_create = sqlite_row_create,
	.row_patch = sqlite_row_patch,
	.on_change = on_change,
	.watch = sqlite_watch,
	.ingest = sqlite_ingest,
};

static void sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
}

/* Another process writes.  On the lane, or on the opening thread. */
static int wait_for_lock(void *ctx, int n_before)
{
	struct sqlite_store *s = ctx;
	int waited_ms = n_before < 10 ? n_before : 10 + 20 * (n_before - 10);

	if (waited_ms >= SQLITE_BUSY_MS || (s->running && work_cancelled(&s->running->work)))
		return 0;
	sleep_ms(n_before < 10 ? 1 : 20);
	return 1;
}

static int on_progress(void *ctx)
{
	struct sqlite_store *s = ctx;

	return s->running && !s->running->writes && work_cancelled(&s->running->work);
}

/* Switching a new file to WAL takes a lock for which the busy handler is not asked. */
static int set_wal(sqlite3 *db)
{
	int rc = SQLITE_BUSY;

	for (int waited_ms = 0; waited_ms < SQLITE_BUSY_MS; waited_ms += 10) {
		rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
		if ((rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
			break;
		sleep_ms(10);
	}
	return rc;
}

static int connect(struct sqlite_store *s, const char *path, struct fail *f)
{
	int rc;

	/* Visitors' questions are nobody else's business: a new file is the owner's alone.  Not open(): its close would
	 * drop the locks of this process's other connections. */
	if (mknod(path, S_IFREG | 0600, 0) < 0 && errno != EEXIST)
		return FAIL(f, ASSISTANT_ECONFIG, "%.150s cannot be created: %s", path,
			    strerror(errno));
	rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(s->db, rc, path, f);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_handler(s->db, wait_for_lock, s);
	rc = set_wal(s->db);
	/* NORMAL: a commit outlives the death of the process; only a power cut may take the newest. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(
			s->db,
			"PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
			"PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864",
			NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(s->db, rc, path, f);
	sqlite3_progress_handler(s->db, PROGRESS_OPS, on_progress, s);
	return sqlite_migrate(s->db, path, f);
}

int sqlite_store_open(struct loop *loop, const char *path, const struct clock *clock,
		      struct metrics *metrics, struct log *log, struct store **out, struct fail *f)
{
	struct sqlite_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a store");
	s->base.ops = &ops;
	s->loop = loop;
	s->clock = clock;
	s->metrics = metrics;
	s->log = log;
	s->refs = 1;
	r = sqlite_watches_create(s, f);
	if (r == 0)
		r = connect(s, path, f);
	if (r == 0) {
		s->lane = lane_create(loop, "sqlite", MAX_QUEUED);
		if (!s->lane)
			r = FAIL(f, ASSISTANT_ENOMEM, "no thread for the database");
	}
	if (r < 0) {
		sqlite3_close(s->db);
		store_unref(s);
		return r;
	}
	*out = &s->base;
	return 0;
}
