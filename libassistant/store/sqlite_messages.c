/*
 * sqlite_messages.c - conversations and messages, as the agent and the writer use them.
 */
#include "store/sqlite.h"
#include <string.h>
#include "base/check.h"

#define MAX_HISTORY 1000

/* --- Reading ------------------------------------------------------------- */

static void read_conversation(sqlite3_stmt *q, struct arena *arena, struct conversation *out)
{
	out->id = sqlite_text(q, 0, arena);
	out->conference_id = sqlite_text(q, 1, arena);
	out->status = sqlite_text(q, 2, arena);
	out->source = sqlite_text(q, 3, arena);
	out->user_created = sqlite_text(q, 4, arena);
	out->date_created_ms = sqlite3_column_int64(q, 5);
}

/* false: no room. */
static bool read_message(sqlite3_stmt *q, struct arena *arena, struct message *out)
{
	out->id = sqlite_text(q, 0, arena);
	out->conversation_id = sqlite_text(q, 1, arena);
	out->role = sqlite_text(q, 2, arena);
	out->text = sqlite_text(q, 3, arena);
	out->status = sqlite_text(q, 4, arena);
	out->user_created = sqlite_text(q, 5, arena);
	out->date_created_ms = sqlite3_column_int64(q, 6);
	out->metadata = sqlite_text(q, 7, arena);
	return out->id && out->conversation_id && out->role && out->text && out->status &&
	       out->user_created && (out->metadata || sqlite3_column_type(q, 7) == SQLITE_NULL);
}

/* false: no room. */
static bool copy_message(struct arena *arena, const struct message *row, struct message *out)
{
	struct message copy = (struct message){
		.id = arena_strdup(arena, row->id),
		.conversation_id = arena_strdup(arena, row->conversation_id),
		.role = arena_strdup(arena, row->role),
		.text = arena_strdup(arena, row->text),
		.status = arena_strdup(arena, row->status),
		.user_created = arena_strdup(arena, row->user_created),
		.metadata = arena_strdup(arena, row->metadata),
		.date_created_ms = row->date_created_ms,
	};

	*out = copy;
	return !copy.id == !row->id && !copy.conversation_id == !row->conversation_id &&
	       !copy.role == !row->role && !copy.text == !row->text &&
	       !copy.status == !row->status && !copy.user_created == !row->user_created &&
	       !copy.metadata == !row->metadata;
}

struct conversation_op {
	struct sqlite_op op;
	const char *id;
	struct conversation row, *out;
	struct arena *arena;
};

static int conversation_body(struct sqlite_op *op, struct fail *f)
{
	struct conversation_op *o = container_of(op, struct conversation_op, op);
	sqlite3_stmt *q = sqlite_statement(op->store, STMT_CONVERSATION, f);
	int r;

	if (!q)
		return f->code;
	sqlite_bind(q, 1, o->id);
	r = sqlite_step(op->store, q, "reading a conversation", f);
	if (r == 0)
		return FAIL(f, ASSISTANT_ENOTFOUND, "Conversation not found");
	if (r < 0)
		return r;
	read_conversation(q, op->arena, &o->row);
	sqlite3_reset(q);
	return 0;
}

static void conversation_deliver(struct wait *w)
{
	struct conversation_op *o = container_of(w, struct conversation_op, op.work.wait);
	const struct conversation *row = &o->row;
	struct conversation copy = {
		.id = arena_strdup(o->arena, row->id),
		.conference_id = arena_strdup(o->arena, row->conference_id),
		.status = arena_strdup(o->arena, row->status),
		.source = arena_strdup(o->arena, row->source),
		.user_created = arena_strdup(o->arena, row->user_created),
		.date_created_ms = row->date_created_ms,
	};

	if (copy.id && copy.conference_id && copy.status && copy.source && copy.user_created)
		*o->out = copy;
	else
		sqlite_no_room(w);
}

void sqlite_conversation(struct store *s, const char *id, struct arena *arena,
			 struct conversation *out, struct flow *f)
{
	struct conversation_op *o =
		sqlite_op_new(s, sizeof(*o), "conversation", conversation_body, f);

	if (!o)
		return;
	o->id = sqlite_keep_id(&o->op, id);
	o->arena = arena;
	o->out = out;
	sqlite_submit(&o->op, conversation_deliver, f);
}

/* One message by id, or many by a statement with a maximum. */
struct messages_op {
	struct sqlite_op op;
	enum statement statement;
	const char *id; /* bound first; NULL: none */
	int max;	/* bound last; 0: none */
	struct messages rows;
	size_t cap;
	struct message *one_out;
	struct messages *out;
	struct arena *arena;
};

static int messages_body(struct sqlite_op *op, struct fail *f)
{
	struct messages_op *o = container_of(op, struct messages_op, op);
	sqlite3_stmt *q = sqlite_statement(op->store, o->statement, f);
	int r;

	if (!q)
		return f->code;
	sqlite_bind(q, 1, o->id);
	if (o->max)
		sqlite3_bind_int(q, o->id ? 2 : 1, o->max);
	while ((r = sqlite_step(op->store, q, "reading messages", f)) > 0) {
		struct message *rows =
			arena_grow(op->arena, o->rows.rows, o->rows.n, &o->cap, sizeof(*rows));

		if (!rows || !read_message(q, op->arena, &rows[o->rows.n])) {
			sqlite3_reset(q);
			return FAIL(f, ASSISTANT_ETOOLARGE, "these messages are too many to read");
		}
		o->rows.rows = rows;
		o->rows.n++;
	}
	if (r == 0 && o->one_out && o->rows.n == 0)
		return FAIL(f, ASSISTANT_ENOTFOUND, "Message not found");
	return r;
}

static void messages_deliver(struct wait *w)
{
	struct messages_op *o = container_of(w, struct messages_op, op.work.wait);
	struct message *copies = arena_array(o->arena, struct message, o->rows.n + 1);
	bool whole = copies != NULL;

	for (size_t i = 0; whole && i < o->rows.n; i++)
		whole = copy_message(o->arena, &o->rows.rows[i], &copies[i]);
	if (!whole)
		sqlite_no_room(w);
	else if (o->one_out)
		*o->one_out = copies[0];
	else
		*o->out = (struct messages){ .rows = copies, .n = o->rows.n };
}

static struct messages_op *messages_op(struct store *s, const char *name, enum statement statement,
				       int max, struct arena *arena, struct flow *f)
{
	struct messages_op *o = sqlite_op_new(s, sizeof(*o), name, messages_body, f);

	if (!o)
		return NULL;

	o->statement = statement;
	o->max = max > MAX_HISTORY ? MAX_HISTORY : max;
	o->arena = arena;
	return o;
}

void sqlite_message(struct store *s, const char *id, struct arena *arena, struct message *out,
		    struct flow *f)
{
	struct messages_op *o = messages_op(s, "message", STMT_MESSAGE, 0, arena, f);

	if (!o)
		return;
	o->id = sqlite_keep_id(&o->op, id);
	o->one_out = out;
	sqlite_submit(&o->op, messages_deliver, f);
}

void sqlite_history(struct store *s, const char *conversation_id, int max, struct arena *arena,
		    struct messages *out, struct flow *f)
{
	struct messages_op *o;

	PRE(max > 0);
	o = messages_op(s, "history", STMT_HISTORY, max, arena, f);
	if (!o)
		return;
	o->id = sqlite_keep_id(&o->op, conversation_id);
	o->out = out;
	sqlite_submit(&o->op, messages_deliver, f);
}

void sqlite_streaming(struct store *s, int max, struct arena *arena, struct messages *out,
		      struct flow *f)
{
	struct messages_op *o;

	PRE(max > 0);
	o = messages_op(s, "streaming", STMT_STREAMING, max, arena, f);
	if (!o)
		return;
	o->out = out;
	sqlite_submit(&o->op, messages_deliver, f);
}

/* --- Creating -------------------------------------------------------------- */

struct create_op {
	struct sqlite_op op;
	struct conversation conversation;
	struct message message;
};

static int conversation_create_body(struct sqlite_op *op, struct fail *f)
{
	struct create_op *o = container_of(op, struct create_op, op);

	return sqlite_insert_conversation(op, &o->conversation, f);
}

void sqlite_conversation_create(struct store *s, const struct conversation *row, struct flow *f)
{
	struct create_op *o =
		sqlite_op_new(s, sizeof(*o), "conversation_create", conversation_create_body, f);

	if (!o)
		return;
	o->conversation = (struct conversation){
		.id = sqlite_keep(&o->op, row->id),
		.conference_id = sqlite_keep(&o->op, row->conference_id),
		.status = sqlite_keep(&o->op, row->status),
		.source = sqlite_keep(&o->op, row->source),
		.user_created = sqlite_keep(&o->op, row->user_created),
		.date_created_ms = row->date_created_ms,
	};
	o->op.writes = true;
	sqlite_submit(&o->op, NULL, f);
}

static int message_create_body(struct sqlite_op *op, struct fail *f)
{
	struct create_op *o = container_of(op, struct create_op, op);

	return sqlite_insert_message(op, &o->message, f);
}

void sqlite_message_create(struct store *s, const struct message *row, struct flow *f)
{
	struct create_op *o =
		sqlite_op_new(s, sizeof(*o), "message_create", message_create_body, f);

	if (!o)
		return;
	o->op.starved = !copy_message(o->op.arena, row, &o->message);
	o->op.writes = true;
	sqlite_submit(&o->op, NULL, f);
}

/* --- Writing ------------------------------------------------------------------ */

struct write_op {
	struct sqlite_op op;
	struct message_patch *rows;
	size_t n;
	bool *missing; /* one flag per row */
	bool *missing_out;
};

static int update_row(struct sqlite_op *op, const struct message_patch *row, bool *missing,
		      struct fail *f)
{
	sqlite3_stmt *q = sqlite_statement(op->store, STMT_MESSAGE_UPDATE, f);
	int r;

	if (!q)
		return f->code;
	sqlite_bind(q, 1, row->id);
	sqlite_bind(q, 2, row->text);
	sqlite_bind(q, 3, row->metadata);
	sqlite_bind(q, 4, row->status);
	r = sqlite_step(op->store, q, "writing a message", f);
	if (r < 0)
		return r;
	*missing = sqlite3_changes(op->store->db) == 0;
	return *missing ? 0 : sqlite_note_change(op, "messages", "update", row->id, f);
}

static int write_body(struct sqlite_op *op, struct fail *f)
{
	struct write_op *o = container_of(op, struct write_op, op);

	for (size_t i = 0; i < o->n; i++) {
		const struct message_patch *row = &o->rows[i];
		int r;

		if ((row->text && (r = sqlite_check_text("assistant", row->text, f)) < 0) ||
		    (r = sqlite_check_metadata(row->metadata, f)) < 0 ||
		    (r = update_row(op, row, &o->missing[i], f)) < 0)
			return r;
	}
	return 0;
}

static void write_deliver(struct wait *w)
{
	struct write_op *o = container_of(w, struct write_op, op.work.wait);

	for (size_t i = 0; o->missing_out && i < o->n; i++)
		o->missing_out[i] = o->missing[i];
}

static struct write_op *write_op(struct store *s, const char *name, size_t n, struct flow *f)
{
	struct write_op *o = sqlite_op_new(s, sizeof(*o), name, write_body, f);

	if (!o)
		return NULL;

	o->rows = arena_array(o->op.arena, struct message_patch, n + 1);
	o->missing = arena_array(o->op.arena, bool, n + 1);
	o->op.starved = !o->rows || !o->missing;
	o->n = n;
	o->op.writes = true;
	return o;
}

void sqlite_messages_write(struct store *s, const struct message_patch *rows, size_t n,
			   bool *missing, struct flow *f)
{
	struct write_op *o = write_op(s, "messages_write", n, f);

	if (!o)
		return;
	for (size_t i = 0; !o->op.starved && i < n; i++) {
		PRE(!rows[i].status);
		o->rows[i].id = sqlite_keep_id(&o->op, rows[i].id);
		o->rows[i].text = sqlite_keep(&o->op, rows[i].text);
		o->rows[i].metadata = sqlite_keep(&o->op, rows[i].metadata);
	}
	o->missing_out = missing;
	sqlite_submit(&o->op, write_deliver, f);
}

void sqlite_messages_complete(struct store *s, const char *const *ids, size_t n, struct flow *f)
{
	struct write_op *o = write_op(s, "messages_complete", n, f);

	if (!o)
		return;
	for (size_t i = 0; !o->op.starved && i < n; i++) {
		o->rows[i].id = sqlite_keep_id(&o->op, ids[i]);
		o->rows[i].status = "completed";
	}
	sqlite_submit(&o->op, NULL, f);
}
