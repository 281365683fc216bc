/*
 * directus.c - conversations and messages in a Directus, over its REST API (contract schema).
 *
 * Single rows are read by filter, never by path: an empty list means "no such row", while 403 by path
 * could as well mean "no right to it".
 */
#include "store/directus.h"

#include <string.h>
#include "base/check.h"
#include "store/row_json.h"
#include "base/hash.h"

#define MESSAGE_FIELDS                                                                             \
	"id,conversation_id,user_created,date_created,role,messageText,status,metadata"
#define CONVERSATION_FIELDS "id,user_created,date_created,conference_id,source,status"

static void fill_message(struct op *op)
{
	row_message(op->arena, json_object_array_get_idx(op_data(op), 0), op->out);
}

static void fill_conversation(struct op *op)
{
	row_conversation(op->arena, json_object_array_get_idx(op_data(op), 0), op->out);
}

static void fill_messages(struct op *op)
{
	row_messages(op->arena, op_data(op), op->out);
}

/* --- Reading ------------------------------------------------------------------------------ */

struct read {
	const char *path_format, *id;
	int max;
};

static flow_step read_begin, read_one, read_many;

static struct op *read_op(struct store *s, const char *name, const char *path_format,
			  const char *id, int max, struct flow *f)
{
	struct op *op = op_begin(s, name, FIRST(read_begin), f);
	struct read *r = arena_new(op->own, struct read);

	r->path_format = path_format;
	r->id = arena_strdup(op->own, id);
	r->max = max;
	op->state = r;
	return op;
}

static const char *path_of(struct op *op)
{
	const struct read *r = op->state;
	struct text path;
	const char *out;

	text_init(&path, 4096);
	for (const char *c = r->path_format; *c; c++) {
		if (*c == '@')
			text_append(&path, op_escape(op, r->id));
		else if (*c == '#')
			text_printf(&path, "%d", r->max);
		else
			text_append_char(&path, *c);
	}
	out = arena_strdup(op->own, path.data);
	text_finish(&path);
	return out;
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
	bool one = op->fill == fill_message || op->fill == fill_conversation;

	/* PostgreSQL compares no such text with an id: Directus would answer 500. */
	if (one && !could_be_id(r->id)) {
		FAIL(&f->fail, ASSISTANT_ENOTFOUND, "There is no such %s.", op->name);
		flow_fail(f, ASSISTANT_ENOTFOUND);
		return;
	}
	op_send(op, "GET", path_of(op), NULL, one ? THEN(f, read_one) : THEN(f, read_many));
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

static void into(struct op *op, struct arena *arena, void *out, void (*fill)(struct op *op))
{
	op->arena = arena;
	op->out = out;
	op->fill = fill;
}

static void directus_ping(struct store *s, struct flow *f)
{
	into(read_op(s, "ping", "/items/conversations?fields=id&limit=#", "", 1, f), NULL, NULL,
	     NULL);
}

static void directus_conversation(struct store *s, const char *id, struct arena *arena,
				  struct conversation *out, struct flow *f)
{
	into(read_op(s, "conversation",
		     "/items/conversations?filter[id][_eq]=@&limit=1&fields=" CONVERSATION_FIELDS,
		     id, 1, f),
	     arena, out, fill_conversation);
}

static void directus_message(struct store *s, const char *id, struct arena *arena,
			     struct message *out, struct flow *f)
{
	into(read_op(s, "message",
		     "/items/messages?filter[id][_eq]=@&limit=1&fields=" MESSAGE_FIELDS, id, 1, f),
	     arena, out, fill_message);
}

static void directus_history(struct store *s, const char *conversation_id, int max,
			     struct arena *arena, struct messages *out, struct flow *f)
{
	into(read_op(s, "history",
		     "/items/messages?filter[conversation_id][_eq]=@&sort=-date_created&limit=#"
		     "&fields=" MESSAGE_FIELDS,
		     conversation_id, max, f),
	     arena, out, fill_messages);
}

static void directus_messages_streaming(struct store *s, int max, struct arena *arena,
					struct messages *out, struct flow *f)
{
	into(read_op(s, "streaming",
		     "/items/messages?filter[role][_eq]=assistant&filter[status][_eq]=streaming"
		     "&sort=date_created&limit=#&fields=" MESSAGE_FIELDS,
		     "", max, f),
	     arena, out, fill_messages);
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
static void create_row(struct store *s, const char *name, const char *path, struct json_object *row,
		       struct flow *f)
{
	struct op *op = op_begin(s, name, FIRST(create_begin), f);
	struct create *c = arena_new(op->own, struct create);

	c->path = path;
	c->row = row;
	op->state = c;
	op->finish = create_finish;
}

/* date_created is Directus' own to set: its clock orders the rows. */
static void directus_conversation_create(struct store *s, const struct conversation *row,
					 struct flow *f)
{
	struct conversation undated = *row;

	undated.date_created_ms = 0;
	create_row(s, "conversation", "/items/conversations?fields=id",
		   row_of_conversation(&undated), f);
}

static void directus_message_create(struct store *s, const struct message *row, struct flow *f)
{
	struct message undated = *row;

	undated.date_created_ms = 0;
	create_row(s, "message", "/items/messages?fields=id", row_of_message(&undated), f);
}

/* --- The store ---------------------------------------------------------------------------- */

static void fingerprint_drop(void *value)
{
	free(value);
}

static void directus_destroy(struct store *s)
{
	struct directus *d = container_of(s, struct directus, store);

	while (!list_empty(&d->ops))
		flow_cancel(&list_entry(d->ops.next, struct op, link)->flow);
	map_destroy(d->fingerprints, fingerprint_drop);
	json_object_put(d->conferences);
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
};

int directus_store_open(struct loop *loop, struct http *http, const char *url, const char *api_key,
			struct metrics *metrics, struct log *log, struct store **out,
			struct fail *f)
{
	struct directus *d = calloc(1, sizeof(*d));
	struct text authorization;
	size_t n = strlen(url);

	if (!d)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	while (n && url[n - 1] == '/')
		n--;
	list_init(&d->ops);
	text_init(&authorization, 4096);
	text_printf(&authorization, "Bearer %s", api_key ? api_key : "");
	d->store.ops = &directus_ops;
	d->loop = loop;
	d->http = http;
	d->url = strndup(url, n);
	d->authorization = api_key && *api_key ? strdup(authorization.data) : NULL;
	d->metrics = metrics;
	d->log = log;
	d->fingerprints = map_create(10000);
	text_finish(&authorization);
	if (!d->url || !d->fingerprints) {
		directus_destroy(&d->store);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	*out = &d->store;
	return 0;
}
