/*
 * directus.c - conversations and messages in a Directus, over its REST API, in whatever names (mapping.h).
 *
 * Single rows are read by filter, never by path: an empty list means "no such row", while 403 by path
 * could as well mean "no right to it".
 */
#include "store/directus.h"

#include <string.h>
#include "base/check.h"
#include "store/row_json.h"
#include "base/hash.h"

static void fill_message(struct op *op)
{
	_cleanup_json_ struct json_object *rows = op_rows(op, MAPPED_MESSAGES);

	row_message(op->arena, json_object_array_get_idx(rows, 0), op->out);
}

static void fill_conversation(struct op *op)
{
	_cleanup_json_ struct json_object *rows = op_rows(op, MAPPED_CONVERSATIONS);

	row_conversation(op->arena, json_object_array_get_idx(rows, 0), op->out);
}

static void fill_messages(struct op *op)
{
	_cleanup_json_ struct json_object *rows = op_rows(op, MAPPED_MESSAGES);

	row_messages(op->arena, rows, op->out);
}

/* --- Reading ------------------------------------------------------------------------------ */

struct read {
	const char *path; /* NULL: there is nothing to read */
	const char *id;	  /* of the one row; NULL: a list */
};

static flow_step read_begin, read_one, read_many;

static struct op *read_op(struct store *s, const char *name, const char *id, struct flow *f)
{
	struct op *op = op_begin(s, name, FIRST(read_begin), f);
	struct read *r = arena_new(op->own, struct read);

	r->id = arena_strdup(op->own, id);
	op->state = r;
	return op;
}

/* A UUID, or a number where the collection has integer keys. */
static bool could_be_id(const char *id)
{
	return uuid_valid(id) || (*id && !id[strspn(id, "0123456789")]);
}

static void read_begin(struct flow *f)
{
	struct op *op = op_of(f);
	const struct read *r = op->state;

	if (!r->path) {
		flow_done(f);
		return;
	}
	/* PostgreSQL compares no such text with an id: Directus would answer 500. */
	if (r->id && !could_be_id(r->id)) {
		FAIL(&f->fail, ASSISTANT_ENOTFOUND, "There is no such %s.", op->name);
		flow_fail(f, ASSISTANT_ENOTFOUND);
		return;
	}
	op_send(op, "GET", r->path, NULL, r->id ? THEN(f, read_one) : THEN(f, read_many));
}

static bool is_list(struct op *op, struct flow *f)
{
	int r = op_check(op);

	if (!r && !json_object_is_type(op_data(op), json_type_array))
		r = FAIL(&f->fail, ASSISTANT_EPROTOCOL, "Directus answered %s without a list.",
			 op->name);
	if (r < 0)
		flow_fail(f, r);
	return r >= 0;
}

static void read_one(struct flow *f)
{
	struct op *op = op_of(f);

	if (!is_list(op, f))
		return;
	if (json_object_array_length(op_data(op))) {
		flow_done(f);
		return;
	}
	FAIL(&f->fail, ASSISTANT_ENOTFOUND, "There is no such %s.", op->name);
	flow_fail(f, ASSISTANT_ENOTFOUND);
}

static void read_many(struct flow *f)
{
	if (is_list(op_of(f), f))
		flow_done(f);
}

static void set_path(struct op *op, const char *path)
{
	((struct read *)op->state)->path = path;
}

static void into(struct op *op, struct arena *arena, void *out, void (*fill)(struct op *op))
{
	op->arena = arena;
	op->out = out;
	op->fill = fill;
}

static void directus_ping(struct store *s, struct flow *f)
{
	struct op *op = read_op(s, "ping", NULL, f);

	set_path(op,
		 arena_printf(op->own, "%s?fields=%s&limit=1", op_items(op, MAPPED_CONVERSATIONS),
			      op_field(op, MAPPED_CONVERSATIONS, "id")));
}

static void read_row(struct store *s, const char *name, enum mapped what, const char *id,
		     struct arena *arena, void *out, void (*fill)(struct op *op), struct flow *f)
{
	struct op *op = read_op(s, name, id, f);

	set_path(op, arena_printf(op->own, "%s?filter[%s][_eq]=%s&limit=1&fields=%s",
				  op_items(op, what), op_field(op, what, "id"), op_escape(op, id),
				  mapping_fields(op->d->mapping, what)));
	into(op, arena, out, fill);
}

static void directus_conversation(struct store *s, const char *id, struct arena *arena,
				  struct conversation *out, struct flow *f)
{
	read_row(s, "conversation", MAPPED_CONVERSATIONS, id, arena, out, fill_conversation, f);
}

static void directus_message(struct store *s, const char *id, struct arena *arena,
			     struct message *out, struct flow *f)
{
	read_row(s, "message", MAPPED_MESSAGES, id, arena, out, fill_message, f);
}

static void directus_history(struct store *s, const char *conversation_id, int max,
			     struct arena *arena, struct messages *out, struct flow *f)
{
	struct op *op = read_op(s, "history", NULL, f);

	set_path(op, arena_printf(op->own, "%s?filter[%s][_eq]=%s&sort=-%s&limit=%d&fields=%s",
				  op_items(op, MAPPED_MESSAGES),
				  op_field(op, MAPPED_MESSAGES, "conversation_id"),
				  op_escape(op, conversation_id),
				  op_field(op, MAPPED_MESSAGES, "date_created"), max,
				  mapping_fields(op->d->mapping, MAPPED_MESSAGES)));
	into(op, arena, out, fill_messages);
}

/* What they call a value, for a filter. */
static const char *value_of(struct op *op, const char *field, const char *ours)
{
	_cleanup_json_ struct json_object *value =
		mapping_value(op->d->mapping, MAPPED_MESSAGES, field, ours);

	return op_escape(op, json_object_get_string(value));
}

/* Without a status nothing tells a row that was left over from a finished one. */
static void directus_messages_streaming(struct store *s, int max, struct arena *arena,
					struct messages *out, struct flow *f)
{
	struct op *op = read_op(s, "streaming", NULL, f);
	const char *status = op_field(op, MAPPED_MESSAGES, "status");

	if (status)
		set_path(op, arena_printf(op->own,
					  "%s?filter[%s][_eq]=%s&filter[%s][_eq]=%s&sort=%s"
					  "&limit=%d&fields=%s",
					  op_items(op, MAPPED_MESSAGES),
					  op_field(op, MAPPED_MESSAGES, "role"),
					  value_of(op, "role", "assistant"), status,
					  value_of(op, "status", "streaming"),
					  op_field(op, MAPPED_MESSAGES, "date_created"), max,
					  mapping_fields(op->d->mapping, MAPPED_MESSAGES)));
	into(op, arena, out, fill_messages);
}

/* --- Creating ----------------------------------------------------------------------------- */

struct create {
	const char *path;
	struct json_object *row;
};

static void create_begin(struct flow *f)
{
	struct op *op = op_of(f);
	const struct create *c = op->state;

	op_send(op, "POST", c->path, c->row, THEN(f, op_done));
}

static void create_finish(struct op *op)
{
	json_object_put(((struct create *)op->state)->row);
}

/* Takes row. */
static void create_row(struct store *s, const char *name, enum mapped what, struct json_object *row,
		       struct flow *f)
{
	struct op *op = op_begin(s, name, FIRST(create_begin), f);
	struct create *c = arena_new(op->own, struct create);

	c->path =
		arena_printf(op->own, "%s?fields=%s", op_items(op, what), op_field(op, what, "id"));
	c->row = mapping_to(op->d->mapping, what, row);
	json_object_put(row);
	op->state = c;
	op->finish = create_finish;
}

/* date_created is Directus' own to set: its clock orders the rows. */
static void directus_conversation_create(struct store *s, const struct conversation *row,
					 struct flow *f)
{
	struct conversation undated = *row;

	undated.date_created_ms = 0;
	create_row(s, "conversation", MAPPED_CONVERSATIONS, row_of_conversation(&undated), f);
}

static void directus_message_create(struct store *s, const struct message *row, struct flow *f)
{
	struct message undated = *row;

	undated.date_created_ms = 0;
	create_row(s, "message", MAPPED_MESSAGES, row_of_message(&undated), f);
}

/* --- The store ---------------------------------------------------------------------------- */

static void seen_drop(void *value)
{
	free(value);
}

static void directus_destroy(struct store *s)
{
	struct directus *d = container_of(s, struct directus, store);

	while (!list_empty(&d->ops))
		flow_cancel(&list_entry(d->ops.next, struct op, link)->flow);
	map_destroy(d->seen, seen_drop);
	json_object_put(d->conferences);
	mapping_destroy(d->mapping);
	free(d->authorization);
	free(d->url);
	free(d);
}

static const struct store_ops directus_ops = {
	.name = "directus",
	.destroy = directus_destroy,
	.ping = directus_ping,
	.conversation = directus_conversation,
	.message = directus_message,
	.history = directus_history,
	.conversation_create = directus_conversation_create,
	.message_create = directus_message_create,
	.messages_write = directus_messages_write,
	.messages_complete = directus_messages_complete,
	.messages_streaming = directus_messages_streaming,
	.conferences = directus_conferences,
	.snapshot = directus_snapshot,
	.look_again = directus_look_again,
	.check = directus_check,
};

int directus_store_open(struct loop *loop, struct http *http,
			const struct directus_options *options, struct metrics *metrics,
			struct log *log, struct store **out, struct fail *f)
{
	struct directus *d = calloc(1, sizeof(*d));
	const char *url = options->url, *api_key = options->api_key;
	struct text authorization;
	size_t n = strlen(url);
	int r;

	if (!d)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	r = mapping_load(options->mapping, &d->mapping, f);
	if (r < 0) {
		free(d);
		return r;
	}
	while (n && url[n - 1] == '/')
		n--;
	list_init(&d->ops);
	text_init(&authorization, 4096);
	text_printf(&authorization, "Bearer %s", api_key ? api_key : "");
	d->store.ops = &directus_ops;
	d->store.no_metadata = !mapping_field(d->mapping, MAPPED_MESSAGES, "metadata");
	d->loop = loop;
	d->http = http;
	d->url = strndup(url, n);
	d->authorization = api_key && *api_key ? strdup(authorization.data) : NULL;
	d->metrics = metrics;
	d->log = log;
	d->looked_ms = -1;
	d->check_ms = options->check_ms;
	d->compare_ms = options->compare_ms;
	d->seen = map_create(10000);
	d->page = DIRECTUS_PAGE;
	text_finish(&authorization);
	if (!d->url || !d->seen) {
		directus_destroy(&d->store);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	*out = &d->store;
	return 0;
}
