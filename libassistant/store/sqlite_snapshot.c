/*
 * sqlite_snapshot.c - whole conferences: listed, read at one moment, replaced at once.
 */
#include "store/sqlite.h"
#include <string.h>
#include "base/check.h"
#include "base/clock.h"
#include "observe/metrics.h"

#define SNAPSHOT_MAX_BYTES ((size_t)512 << 20)

/* --- The list --------------------------------------------------------------- */

struct list_op {
	struct sqlite_op op;
	struct conference_list rows;
	size_t cap;
	struct arena *arena;
	struct conference_list *out;
};

static int list_body(struct sqlite_op *op, struct fail *f)
{
	struct list_op *o = container_of(op, struct list_op, op);
	sqlite3_stmt *q = sqlite_statement(op->store, STMT_CONFERENCES, f);
	int r;

	if (!q)
		return f->code;
	while ((r = sqlite_step(op->store, q, "listing conferences", f)) > 0) {
		struct conference_brief *rows =
			arena_grow(op->arena, o->rows.rows, o->rows.n, &o->cap, sizeof(*rows));

		if (!rows) {
			sqlite3_reset(q);
			return FAIL(f, ASSISTANT_ETOOLARGE, "too many conferences to list");
		}
		o->rows.rows = rows;
		rows[o->rows.n++] = (struct conference_brief){
			.id = sqlite_text(q, 0, op->arena),
			.name = sqlite_text(q, 1, op->arena),
			.epoch = (uint64_t)sqlite3_column_int64(q, 2),
			.content_hash = sqlite_text(q, 3, op->arena),
		};
	}
	return r;
}

static void list_deliver(struct wait *w)
{
	struct list_op *o = container_of(w, struct list_op, op.work.wait);
	struct conference_brief *copies =
		arena_array(o->arena, struct conference_brief, o->rows.n + 1);
	bool whole = copies != NULL;

	for (size_t i = 0; whole && i < o->rows.n; i++) {
		copies[i].id = arena_strdup(o->arena, o->rows.rows[i].id);
		copies[i].name = arena_strdup(o->arena, o->rows.rows[i].name);
		copies[i].epoch = o->rows.rows[i].epoch;
		copies[i].content_hash = arena_strdup(o->arena, o->rows.rows[i].content_hash);
		whole = copies[i].id && copies[i].name;
	}
	if (whole)
		*o->out = (struct conference_list){ .rows = copies, .n = o->rows.n };
	else
		sqlite_no_room(w);
}

void sqlite_conferences(struct store *s, struct arena *arena, struct conference_list *out,
			struct flow *f)
{
	struct list_op *o = sqlite_op_new(s, sizeof(*o), "conferences", list_body, f);

	if (!o)
		return;
	o->arena = arena;
	o->out = out;
	sqlite_submit(&o->op, list_deliver, f);
}

/* --- Reading one --------------------------------------------------------------- */

struct snapshot_op {
	struct sqlite_op op;
	const char *id;
	struct snapshot *snapshot;
	struct snapshot **out;
};

static int read_pages(struct sqlite_store *s, const char *id, struct json_object *info,
		      struct fail *f)
{
	sqlite3_stmt *q = sqlite_statement(s, STMT_PAGES, f);
	int r;

	if (!q)
		return f->code;
	sqlite_bind(q, 1, id);
	while ((r = sqlite_step(s, q, "reading information pages", f)) > 0) {
		struct json_object *page = json_object_new_object();

		json_set_string(page, "title", (const char *)sqlite3_column_text(q, 1));
		json_set_string(page, "text", (const char *)sqlite3_column_text(q, 2));
		json_set(info, (const char *)sqlite3_column_text(q, 0), page);
	}
	return r;
}

static int read_conference(struct sqlite_store *s, const char *id, struct snapshot *snapshot,
			   struct fail *f)
{
	sqlite3_stmt *q = sqlite_statement(s, STMT_CONFERENCE, f);
	_cleanup_json_ struct json_object *json = NULL;
	struct json_object *info;
	int r;

	if (!q)
		return f->code;
	sqlite_bind(q, 1, id);
	r = sqlite_step(s, q, "reading a conference", f);
	if (r == 0)
		return FAIL(f, ASSISTANT_ENOTFOUND, "Conference not found");
	if (r < 0)
		return r;
	snapshot->epoch = (uint64_t)sqlite3_column_int64(q, 1);
	r = json_parse((const char *)sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0),
		       &json, f);
	sqlite3_reset(q);
	if (r < 0)
		return r;
	info = json_object_new_object();
	json_set(json, "info", info);
	r = read_pages(s, id, info, f);
	return r < 0 ? r : conference_parse(json, snapshot->arena, &snapshot->conference, f);
}

static int count_records(struct sqlite_store *s, const char *id, enum entity type, size_t *n,
			 struct fail *f)
{
	sqlite3_stmt *q = sqlite_statement(s, STMT_RECORD_COUNT, f);
	int r;

	if (!q)
		return f->code;
	sqlite_bind(q, 1, id);
	sqlite_bind(q, 2, entity_name(type));
	r = sqlite_step(s, q, "counting records", f);
	if (r > 0)
		*n = (size_t)sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return r < 0 ? r : 0;
}

static int parse_row(sqlite3_stmt *q, enum entity type, struct arena *arena, struct record *out,
		     struct fail *f)
{
	_cleanup_json_ struct json_object *json = NULL;
	int r = json_parse((const char *)sqlite3_column_text(q, 0),
			   (size_t)sqlite3_column_bytes(q, 0), &json, f);

	return r < 0 ? r : record_parse(type, json, arena, NULL, NULL, out, f);
}

static int read_records(struct sqlite_store *s, const char *id, enum entity type,
			struct snapshot *snapshot, struct fail *f)
{
	struct record *records;
	sqlite3_stmt *q;
	size_t n = 0, kept = 0;
	int r = count_records(s, id, type, &n, f);

	if (r < 0)
		return r;
	records = arena_array(snapshot->arena, struct record, n + 1);
	if (!records)
		return FAIL(f, ASSISTANT_ETOOLARGE, "the conference is too large to load");
	q = sqlite_statement(s, STMT_RECORDS, f);
	if (!q)
		return f->code;
	sqlite_bind(q, 1, id);
	sqlite_bind(q, 2, entity_name(type));
	while (kept < n && (r = sqlite_step(s, q, "reading records", f)) > 0) {
		r = parse_row(q, type, snapshot->arena, &records[kept], f);
		if (r < 0)
			break;
		kept++;
	}
	sqlite3_reset(q);
	snapshot->records[type] = records;
	snapshot->n[type] = kept;
	return r < 0 ? r : 0;
}

static int read_all(struct sqlite_store *s, const char *id, struct snapshot *snapshot,
		    struct fail *f)
{
	int r = read_conference(s, id, snapshot, f);

	for (unsigned e = 0; r == 0 && e < ENTITY_COUNT; e++)
		r = read_records(s, id, (enum entity)e, snapshot, f);
	if (r == 0)
		r = snapshot_seal(snapshot, f);
	/* What was checked before it was stored is not the caller's fault now. */
	if (r == ASSISTANT_EINVAL)
		r = f->code = ASSISTANT_EPROTOCOL;
	return r;
}

/* One read transaction: an ingest by another process is seen wholly or not at all. */
static int snapshot_body(struct sqlite_op *op, struct fail *f)
{
	struct snapshot_op *o = container_of(op, struct snapshot_op, op);
	int r;

	o->snapshot = snapshot_create(SNAPSHOT_MAX_BYTES);
	if (!o->snapshot)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a conference");
	r = sqlite_exec(op->store, STMT_BEGIN_READ, NULL, f);
	if (r < 0)
		return r;
	r = read_all(op->store, o->id, o->snapshot, f);
	sqlite_exec(op->store, STMT_COMMIT, NULL, NULL);
	return r;
}

static void snapshot_deliver(struct wait *w)
{
	struct snapshot_op *o = container_of(w, struct snapshot_op, op.work.wait);

	*o->out = TAKE_PTR(o->snapshot);
}

static void snapshot_finish(struct sqlite_op *op)
{
	snapshot_unref(container_of(op, struct snapshot_op, op)->snapshot);
}

void sqlite_snapshot(struct store *s, const char *conference_id, struct snapshot **out,
		     struct flow *f)
{
	struct snapshot_op *o = sqlite_op_new(s, sizeof(*o), "snapshot", snapshot_body, f);

	if (!o)
		return;
	o->id = sqlite_keep_id(&o->op, conference_id);
	o->out = out;
	o->op.finish = snapshot_finish;
	sqlite_submit(&o->op, snapshot_deliver, f);
}

/* --- Replacing one ----------------------------------------------------------------- */

struct ingest_op {
	struct sqlite_op op;
	struct snapshot *snapshot;
	const char *content_hash;
};

/* Two ingests of one conference at a time: the older one must not win by being slower. */
static int check_epoch(struct sqlite_store *s, const struct snapshot *snapshot, struct fail *f)
{
	sqlite3_stmt *q = sqlite_statement(s, STMT_CONFERENCE, f);
	uint64_t epoch = 0;
	int r;

	if (!q)
		return f->code;
	sqlite_bind(q, 1, snapshot->conference.id);
	r = sqlite_step(s, q, "reading a conference", f);
	if (r > 0) {
		epoch = (uint64_t)sqlite3_column_int64(q, 1);
		sqlite3_reset(q);
	}
	if (r < 0)
		return r;
	if (r > 0 && epoch >= snapshot->epoch)
		return FAIL(
			f, ASSISTANT_ECONFLICT,
			"another ingest of this conference was committed meanwhile; ingest again");
	return 0;
}

static int put_conference(struct ingest_op *o, struct fail *f)
{
	struct sqlite_store *s = o->op.store;
	const struct conference *c = &o->snapshot->conference;
	sqlite3_stmt *q = sqlite_statement(s, STMT_CONFERENCE_PUT, f);

	if (!q)
		return f->code;
	sqlite_bind(q, 1, c->id);
	sqlite_bind(q, 2, c->name);
	sqlite_bind(q, 3, c->json);
	sqlite3_bind_int64(q, 4, (int64_t)o->snapshot->epoch);
	sqlite_bind(q, 5, o->content_hash);
	sqlite3_bind_int64(q, 6, clock_now_ms(s->clock));
	return sqlite_step(s, q, "writing a conference", f);
}

static int put_pages(struct ingest_op *o, struct fail *f)
{
	struct sqlite_store *s = o->op.store;
	const struct conference *c = &o->snapshot->conference;
	int r = sqlite_exec(s, STMT_PAGES_DELETE, c->id, f);

	for (size_t i = 0; r == 0 && i < c->n_info; i++) {
		sqlite3_stmt *q = sqlite_statement(s, STMT_PAGE_INSERT, f);

		if (!q)
			return f->code;
		sqlite_bind(q, 1, c->id);
		sqlite3_bind_int64(q, 2, (int64_t)i);
		sqlite_bind(q, 3, c->info[i].key);
		sqlite_bind(q, 4, c->info[i].title);
		sqlite_bind(q, 5, c->info[i].text);
		r = sqlite_step(s, q, "writing an information page", f);
	}
	return r;
}

static int put_records(struct ingest_op *o, enum entity type, struct fail *f)
{
	struct sqlite_store *s = o->op.store;
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->snapshot->n[type]; i++) {
		const struct record *record = &o->snapshot->records[type][i];
		sqlite3_stmt *q = sqlite_statement(s, STMT_RECORD_INSERT, f);

		if (!q)
			return f->code;
		sqlite_bind(q, 1, o->snapshot->conference.id);
		sqlite_bind(q, 2, entity_name(type));
		sqlite3_bind_int64(q, 3, (int64_t)i);
		sqlite_bind(q, 4, record->id);
		sqlite_bind(q, 5, record->json);
		r = sqlite_step(s, q, "writing a record", f);
	}
	return r;
}

static int ingest_body(struct sqlite_op *op, struct fail *f)
{
	struct ingest_op *o = container_of(op, struct ingest_op, op);
	int r = check_epoch(op->store, o->snapshot, f);

	if (r == 0)
		r = put_conference(o, f);
	if (r == 0)
		r = put_pages(o, f);
	if (r == 0)
		r = sqlite_exec(op->store, STMT_RECORDS_DELETE, o->snapshot->conference.id, f);
	for (unsigned e = 0; r == 0 && e < ENTITY_COUNT; e++)
		r = put_records(o, (enum entity)e, f);
	return r;
}

static void ingest_finish(struct sqlite_op *op)
{
	struct ingest_op *o = container_of(op, struct ingest_op, op);

	for (unsigned e = 0; op->work.wait.status >= 0 && e < ENTITY_COUNT; e++)
		metrics_add(op->store->metrics, METRIC_INGESTED, entity_plural((enum entity)e),
			    (double)o->snapshot->n[e]);
	snapshot_unref(o->snapshot);
}

void sqlite_ingest(struct store *s, struct snapshot *snapshot, const char *content_hash,
		   struct flow *f)
{
	struct ingest_op *o = sqlite_op_new(s, sizeof(*o), "ingest", ingest_body, f);

	if (!o)
		return;
	o->snapshot = snapshot_ref(snapshot);
	o->content_hash = sqlite_keep(&o->op, content_hash);
	o->op.writes = true;
	o->op.finish = ingest_finish;
	sqlite_submit(&o->op, NULL, f);
}
