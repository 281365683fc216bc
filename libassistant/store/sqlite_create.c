/*
 * sqlite_create.c - new rows of conversations and messages: checked, completed, inserted.
 */
#include "store/sqlite.h"
#include <string.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"

static int check_word(const char *field, const char *value, const char *const *accepted,
		      struct fail *f)
{
	_cleanup_text_ struct text words;

	text_init(&words, 100);
	for (size_t i = 0; accepted[i]; i++) {
		if (!strcmp(value, accepted[i]))
			return 0;
		text_printf(&words, "%s\"%s\"", i ? ", " : "", accepted[i]);
	}
	return FAIL(f, ASSISTANT_EINVAL, "%s is \"%.40s\"; accepted is %s", field, value,
		    words.data);
}

int sqlite_check_status(bool of_message, const char *status, struct fail *f)
{
	static const char *const of_conversations[] = { "active", "closed", NULL };
	static const char *const of_messages[] = { "pending", "streaming", "completed", NULL };

	return check_word("status", status, of_message ? of_messages : of_conversations, f);
}

static int check_short(const char *field, const char *value, struct fail *f)
{
	size_t len = strlen(value);

	if (len > 0 && len <= 128 && utf8_valid(value, len))
		return 0;
	return FAIL(f, ASSISTANT_EINVAL, "%s has %zu bytes; accepted is text of 1 to 128 bytes",
		    field, len);
}

/* Ids are UUIDs, kept in lower case. */
static int check_uuid(struct sqlite_op *op, const char *field, const char **id, struct fail *f)
{
	if (!*id)
		return FAIL(f, ASSISTANT_EINVAL, "%s is absent; accepted is a UUID", field);
	if (!uuid_valid(*id))
		return FAIL(f, ASSISTANT_EINVAL, "%s is \"%.60s\"; accepted is a UUID", field, *id);
	*id = sqlite_keep_id(op, *id);
	return 0;
}

int sqlite_check_text(const char *role, const char *text, struct fail *f)
{
	size_t len = strlen(text), max = strcmp(role, "user") ? MESSAGE_MAX_TEXT : MESSAGE_MAX_USER;

	if (len > max)
		return FAIL(f, ASSISTANT_ETOOLARGE,
			    "messageText has %zu bytes; accepted are up to %zu", len, max);
	if (!utf8_valid(text, len))
		return FAIL(f, ASSISTANT_EINVAL, "messageText is not valid UTF-8");
	return 0;
}

int sqlite_check_metadata(const char *metadata, struct fail *f)
{
	_cleanup_json_ struct json_object *json = NULL;
	size_t len;

	if (!metadata)
		return 0;
	len = strlen(metadata);
	if (len > MESSAGE_MAX_METADATA)
		return FAIL(f, ASSISTANT_ETOOLARGE, "metadata has %zu bytes; accepted are up to %d",
			    len, MESSAGE_MAX_METADATA);
	if (json_parse(metadata, len, &json, NULL) < 0 ||
	    !json_object_is_type(json, json_type_object))
		return FAIL(f, ASSISTANT_EINVAL, "metadata is \"%.60s\"; accepted is a JSON object",
			    metadata);
	return 0;
}

static int insert(struct sqlite_op *op, sqlite3_stmt *q, const char *what, const char *id,
		  struct fail *f)
{
	int rc = sqlite3_step(q);

	sqlite3_reset(q);
	if (rc == SQLITE_CONSTRAINT_UNIQUE)
		return FAIL(f, ASSISTANT_ECONFLICT, "%s %s exists already", what, id);
	return rc == SQLITE_DONE ? 0 : sqlite_fail(op->store->db, rc, "creating a row", f);
}

int sqlite_insert_conversation(struct sqlite_op *op, struct conversation *row, struct fail *f)
{
	sqlite3_stmt *q;
	int r;

	row->status = row->status ? row->status : "active";
	row->source = row->source ? row->source : "mini";
	row->user_created = row->user_created ? row->user_created : "public-user";
	if (!row->date_created_ms)
		row->date_created_ms = clock_now_ms(op->store->clock);
	if (!row->conference_id)
		return FAIL(f, ASSISTANT_EINVAL, "conference_id is absent; accepted is a UUID");
	if ((r = check_uuid(op, "id", &row->id, f)) < 0 ||
	    (r = check_short("conference_id", row->conference_id, f)) < 0 ||
	    (r = sqlite_check_status(false, row->status, f)) < 0 ||
	    (r = check_short("source", row->source, f)) < 0 ||
	    (r = check_short("user_created", row->user_created, f)) < 0)
		return r;
	if (uuid_valid(row->conference_id))
		row->conference_id = sqlite_keep_id(op, row->conference_id);
	q = sqlite_statement(op->store, STMT_CONVERSATION_INSERT, f);
	if (!q)
		return f->code;
	sqlite_bind(q, 1, row->id);
	sqlite_bind(q, 2, row->conference_id);
	sqlite_bind(q, 3, row->status);
	sqlite_bind(q, 4, row->source);
	sqlite_bind(q, 5, row->user_created);
	sqlite3_bind_int64(q, 6, row->date_created_ms);
	r = insert(op, q, "Conversation", row->id, f);
	return r < 0 ? r : sqlite_note_change(op, "conversations", "create", row->id, f);
}

static int conversation_exists(struct sqlite_op *op, const char *id, struct fail *f)
{
	sqlite3_stmt *q = sqlite_statement(op->store, STMT_CONVERSATION, f);
	int r;

	if (!q)
		return f->code;
	sqlite_bind(q, 1, id);
	r = sqlite_step(op->store, q, "reading a conversation", f);
	if (r == 0)
		return FAIL(
			f, ASSISTANT_EINVAL,
			"conversation_id is \"%s\"; accepted is the id of an existing conversation",
			id);
	if (r > 0)
		sqlite3_reset(q);
	return r < 0 ? r : 0;
}

static int check_message(struct sqlite_op *op, struct message *row, struct fail *f)
{
	static const char *const roles[] = { "user", "assistant", NULL };
	int r;

	row->role = row->role ? row->role : "user";
	row->text = row->text ? row->text : "";
	row->user_created = row->user_created ? row->user_created : "public-user";
	if (!row->status)
		row->status = strcmp(row->role, "user") ? "pending" : "completed";
	if (!row->date_created_ms)
		row->date_created_ms = clock_now_ms(op->store->clock);
	if ((r = check_uuid(op, "id", &row->id, f)) < 0 ||
	    (r = check_uuid(op, "conversation_id", &row->conversation_id, f)) < 0 ||
	    (r = check_word("role", row->role, roles, f)) < 0 ||
	    (r = sqlite_check_status(true, row->status, f)) < 0 ||
	    (r = check_short("user_created", row->user_created, f)) < 0 ||
	    (r = sqlite_check_text(row->role, row->text, f)) < 0 ||
	    (r = sqlite_check_metadata(row->metadata, f)) < 0)
		return r;
	return conversation_exists(op, row->conversation_id, f);
}

int sqlite_insert_message(struct sqlite_op *op, struct message *row, struct fail *f)
{
	int r = check_message(op, row, f);
	sqlite3_stmt *q;

	if (r < 0)
		return r;
	q = sqlite_statement(op->store, STMT_MESSAGE_INSERT, f);
	if (!q)
		return f->code;
	sqlite_bind(q, 1, row->id);
	sqlite_bind(q, 2, row->conversation_id);
	sqlite_bind(q, 3, row->role);
	sqlite_bind(q, 4, row->text);
	sqlite_bind(q, 5, row->status);
	sqlite_bind(q, 6, row->user_created);
	sqlite3_bind_int64(q, 7, row->date_created_ms);
	sqlite_bind(q, 8, row->metadata);
	r = insert(op, q, "Message", row->id, f);
	return r < 0 ? r : sqlite_note_change(op, "messages", "create", row->id, f);
}
