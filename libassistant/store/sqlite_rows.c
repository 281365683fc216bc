/*
 * sqlite_rows.c - single rows for the Directus-compatible face: read, create, patch.
 */
#include "store/sqlite.h"
#include <string.h>
#include "base/hash.h"

#define MAX_ROW_JSON (4 << 20)

struct row_op {
	struct sqlite_op op;
	const char *collection, *id;
	struct json_object *input; /* a copy of what to create, or of the patch */
	char *json, **out;
};

static void row_deliver(struct wait *w)
{
	struct row_op *o = container_of(w, struct row_op, op.work.wait);

	*o->out = TAKE_PTR(o->json);
}

static void row_finish(struct sqlite_op *op)
{
	struct row_op *o = container_of(op, struct row_op, op);

	json_object_put(o->input);
	free(o->json);
}

static struct row_op *row_op(struct store *s, const char *name,
			     int (*body)(struct sqlite_op *op, struct fail *f),
			     const char *collection, const char *id, char **out, struct flow *f)
{
	struct row_op *o = sqlite_op_new(s, sizeof(*o), name, body, f);
	enum entity type;

	if (!o)
		return NULL;
	o->collection = sqlite_keep(&o->op, collection);
	/* Records have the ids that were ingested, letter by letter. */
	o->id = entity_from(collection, &type) == 0 ? sqlite_keep(&o->op, id)
						    : sqlite_keep_id(&o->op, id);
	o->out = out;
	o->op.finish = row_finish;
	return o;
}

static void copy_input(struct row_op *o, struct json_object *input)
{
	if (json_object_deep_copy(input, &o->input, NULL) < 0)
		o->op.starved = true;
}

/* --- Reading ---------------------------------------------------------------- */

enum collection { CONVERSATIONS, MESSAGES, CONFERENCES, RECORDS };

static int collection_from(const char *name, enum collection *out, enum entity *type,
			   struct fail *f)
{
	if (!strcmp(name, "conversations"))
		*out = CONVERSATIONS;
	else if (!strcmp(name, "messages"))
		*out = MESSAGES;
	else if (!strcmp(name, "conferences"))
		*out = CONFERENCES;
	else if (entity_from(name, type) == 0 && !strcmp(name, entity_plural(*type)))
		*out = RECORDS;
	else
		return FAIL(f, ASSISTANT_EINVAL,
			    "the collection is \"%.40s\"; accepted is conversations, messages, "
			    "conferences, sessions, exhibitors or speakers",
			    name);
	return 0;
}

static int read_row(struct row_op *o, struct fail *f)
{
	static const enum statement statements[] = {
		[CONVERSATIONS] = STMT_CONVERSATION,
		[MESSAGES] = STMT_MESSAGE,
		[CONFERENCES] = STMT_CONFERENCE,
		[RECORDS] = STMT_RECORD,
	};
	static void (*const render[])(sqlite3_stmt *, struct text *) = {
		[CONVERSATIONS] = sqlite_conversation_json,
		[MESSAGES] = sqlite_message_json,
		[CONFERENCES] = sqlite_conference_json,
		[RECORDS] = sqlite_record_json,
	};
	_cleanup_text_ struct text json = { 0 };
	enum collection collection = CONVERSATIONS;
	enum entity type = ENTITY_SESSION;
	sqlite3_stmt *q;
	int r = collection_from(o->collection, &collection, &type, f);

	if (r < 0)
		return r;
	q = sqlite_statement(o->op.store, statements[collection], f);
	if (!q)
		return f->code;
	sqlite_bind(q, 1, o->id);
	if (collection == RECORDS)
		sqlite_bind(q, 2, entity_name(type));
	r = sqlite_step(o->op.store, q, "reading a row", f);
	if (r == 0)
		return FAIL(f, ASSISTANT_ENOTFOUND, "no row of %s has the id \"%.60s\"",
			    o->collection, o->id);
	if (r < 0)
		return r;
	text_init(&json, MAX_ROW_JSON);
	render[collection](q, &json);
	sqlite3_reset(q);
	o->json = text_take(&json);
	return o->json ? 0 : FAIL(f, ASSISTANT_ENOMEM, "no memory for a row");
}

static int read_body(struct sqlite_op *op, struct fail *f)
{
	return read_row(container_of(op, struct row_op, op), f);
}

void sqlite_row_read(struct store *s, const char *collection, const char *id, char **json,
		     struct flow *f)
{
	struct row_op *o = row_op(s, "row_read", read_body, collection, id, json, f);

	if (o)
		sqlite_submit(&o->op, row_deliver, f);
}

/* --- Taking fields from what was sent ------------------------------------------ */

static int check_fields(struct json_object *input, const char *const *accepted, struct fail *f)
{
	_cleanup_text_ struct text names = { 0 };

	if (!json_object_is_type(input, json_type_object))
		return FAIL(f, ASSISTANT_EINVAL, "accepted is a JSON object");
	json_object_object_foreach(input, key, value)
	{
		size_t i = 0;

		(void)value;
		while (accepted[i] && strcmp(accepted[i], key))
			i++;
		if (accepted[i])
			continue;
		text_init(&names, 160);
		for (i = 0; accepted[i]; i++)
			text_printf(&names, "%s%s", i ? ", " : "", accepted[i]);
		return FAIL(f, ASSISTANT_EINVAL,
			    "there is no field \"%.40s\" here; accepted are %s", key, names.data);
	}
	return 0;
}

static int take_string(struct row_op *o, const char *key, const char **out, struct fail *f)
{
	struct json_object *value = json_get(o->input, key);

	*out = NULL;
	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_string))
		return FAIL(f, ASSISTANT_EINVAL, "%s is %.60s; accepted is text", key,
			    json_object_to_json_string(value));
	*out = json_object_get_string(value); /* lives as long as the operation */
	return 0;
}

static int take_object(struct row_op *o, const char *key, const char **out, struct fail *f)
{
	struct json_object *value = json_get(o->input, key);

	*out = NULL;
	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_object))
		return FAIL(f, ASSISTANT_EINVAL, "%s is %.60s; accepted is an object or null", key,
			    json_object_to_json_string(value));
	*out = json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE);
	return 0;
}

static int take_id(struct row_op *o, const char **out, struct fail *f)
{
	char id[UUID_SIZE];
	int r = take_string(o, "id", out, f);

	if (r < 0 || *out)
		return r;
	uuid_random(id);
	*out = sqlite_keep(&o->op, id);
	return *out ? 0 : FAIL(f, ASSISTANT_ENOMEM, "no memory for a row");
}

/* --- Creating --------------------------------------------------------------------- */

/* date_created is the store's own: what is sent is passed over, as Directus does. */
static int create_conversation(struct row_op *o, struct fail *f)
{
	static const char *const fields[] = { "id",	      "conference_id", "status", "source",
					      "user_created", "date_created",  NULL };
	struct conversation row = { 0 };
	int r;

	if ((r = check_fields(o->input, fields, f)) < 0 || (r = take_id(o, &row.id, f)) < 0 ||
	    (r = take_string(o, "conference_id", &row.conference_id, f)) < 0 ||
	    (r = take_string(o, "status", &row.status, f)) < 0 ||
	    (r = take_string(o, "source", &row.source, f)) < 0 ||
	    (r = take_string(o, "user_created", &row.user_created, f)) < 0 ||
	    (r = sqlite_insert_conversation(&o->op, &row, f)) < 0)
		return r;
	o->id = row.id;
	return read_row(o, f);
}

static int create_message(struct row_op *o, struct fail *f)
{
	static const char *const fields[] = { "id",	     "conversation_id", "role",
					      "messageText", "status",		"user_created",
					      "metadata",    "date_created",	NULL };
	struct message row = { 0 };
	int r;

	if ((r = check_fields(o->input, fields, f)) < 0 || (r = take_id(o, &row.id, f)) < 0 ||
	    (r = take_string(o, "conversation_id", &row.conversation_id, f)) < 0 ||
	    (r = take_string(o, "role", &row.role, f)) < 0 ||
	    (r = take_string(o, "messageText", &row.text, f)) < 0 ||
	    (r = take_string(o, "status", &row.status, f)) < 0 ||
	    (r = take_string(o, "user_created", &row.user_created, f)) < 0 ||
	    (r = take_object(o, "metadata", &row.metadata, f)) < 0 ||
	    (r = sqlite_insert_message(&o->op, &row, f)) < 0)
		return r;
	o->id = row.id;
	return read_row(o, f);
}

static int create_body(struct sqlite_op *op, struct fail *f)
{
	struct row_op *o = container_of(op, struct row_op, op);

	if (!strcmp(o->collection, "conversations"))
		return create_conversation(o, f);
	if (!strcmp(o->collection, "messages"))
		return create_message(o, f);
	return FAIL(f, ASSISTANT_EDENIED,
		    "rows of \"%.40s\" are not created here; accepted is conversations or messages",
		    o->collection);
}

void sqlite_row_create(struct store *s, const char *collection, struct json_object *row,
		       char **json, struct flow *f)
{
	struct row_op *o = row_op(s, "row_create", create_body, collection, NULL, json, f);

	if (!o)
		return;
	copy_input(o, row);
	o->op.writes = true;
	sqlite_submit(&o->op, row_deliver, f);
}

/* --- Patching ------------------------------------------------------------------------ */

static int patch_conversation(struct row_op *o, struct fail *f)
{
	static const char *const fields[] = { "status", NULL };
	const char *status;
	sqlite3_stmt *q;
	int r;

	if ((r = read_row(o, f)) < 0 || (r = check_fields(o->input, fields, f)) < 0 ||
	    (r = take_string(o, "status", &status, f)) < 0)
		return r;
	if (!status)
		return 0;
	r = sqlite_check_status(false, status, f);
	if (r < 0)
		return r;
	q = sqlite_statement(o->op.store, STMT_CONVERSATION_STATUS, f);
	if (!q)
		return f->code;
	sqlite_bind(q, 1, o->id);
	sqlite_bind(q, 2, status);
	return sqlite_step(o->op.store, q, "writing a conversation", f);
}

/* The assistant's rows belong to its replies. */
static int check_own(struct row_op *o, struct fail *f)
{
	_cleanup_json_ struct json_object *row = NULL;
	int r = json_parse(o->json, strlen(o->json), &row, f);

	if (r < 0)
		return r;
	if (strcmp(json_text(row, "role"), "user"))
		return FAIL(f, ASSISTANT_EDENIED,
			    "messages of the assistant are not to be changed");
	return 0;
}

static int patch_message(struct row_op *o, struct fail *f)
{
	static const char *const fields[] = { "messageText", "status", "metadata", NULL };
	const char *text, *status, *metadata;
	sqlite3_stmt *q;
	int r;

	if ((r = read_row(o, f)) < 0 || (r = check_own(o, f)) < 0 ||
	    (r = check_fields(o->input, fields, f)) < 0 ||
	    (r = take_string(o, "messageText", &text, f)) < 0 ||
	    (r = take_string(o, "status", &status, f)) < 0 ||
	    (r = take_object(o, "metadata", &metadata, f)) < 0 ||
	    (status && (r = sqlite_check_status(true, status, f)) < 0) ||
	    (text && (r = sqlite_check_text("user", text, f)) < 0) ||
	    (r = sqlite_check_metadata(metadata, f)) < 0)
		return r;
	if (!metadata && json_object_object_get_ex(o->input, "metadata", NULL) &&
	    (r = sqlite_exec(o->op.store, STMT_MESSAGE_CLEAR_METADATA, o->id, f)) < 0)
		return r;
	q = sqlite_statement(o->op.store, STMT_MESSAGE_UPDATE, f);
	if (!q)
		return f->code;
	sqlite_bind(q, 1, o->id);
	sqlite_bind(q, 2, text);
	sqlite_bind(q, 3, metadata);
	sqlite_bind(q, 4, status);
	return sqlite_step(o->op.store, q, "writing a message", f);
}

static int patch_body(struct sqlite_op *op, struct fail *f)
{
	struct row_op *o = container_of(op, struct row_op, op);
	int r;

	if (!strcmp(o->collection, "conversations"))
		r = patch_conversation(o, f);
	else if (!strcmp(o->collection, "messages"))
		r = patch_message(o, f);
	else
		r = FAIL(f, ASSISTANT_EDENIED,
			 "rows of \"%.40s\" are not changed here; accepted is conversations or "
			 "messages",
			 o->collection);
	if (r == 0)
		r = sqlite_note_change(
			op, strcmp(o->collection, "messages") ? "conversations" : "messages",
			"update", o->id, f);
	if (r < 0)
		return r;
	free(TAKE_PTR(o->json)); /* as it was before */
	return read_row(o, f);
}

void sqlite_row_patch(struct store *s, const char *collection, const char *id,
		      struct json_object *patch, char **json, struct flow *f)
{
	struct row_op *o = row_op(s, "row_patch", patch_body, collection, id, json, f);

	if (!o)
		return;
	copy_input(o, patch);
	o->op.writes = true;
	sqlite_submit(&o->op, row_deliver, f);
}
