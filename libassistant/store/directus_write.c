/*
 * directus_write.c - many rows in one PATCH, and what to do when one of them is gone.
 *
 *	[0, n) --> PATCH --> 200: compare the ids that came back --> several texts: have them told again
 *	                 --> 403: one row: is it there?  several: halve and go on
 *
 * A scoped token gets 403 for the whole array when one row is missing and nothing is written; an
 * admin's gets 200 without that id.
 */
#include "store/directus.h"

#include <string.h>
#include "base/check.h"
#include "store/row_json.h"

/* A stack of ranges still to be written; halving keeps it below 2 log2(n). */
#define MAX_RANGES 64

struct range {
	size_t from, to;
};

struct write {
	struct json_object **rows; /* what to send for each */
	bool *grows;		   /* a text that is not its last: NULL: none is */
	const char **ids;
	size_t *at; /* of each in the caller's list: rows with nothing to write are left out */
	size_t n, n_out;
	bool *missing, *out_missing;
	struct json_object *done; /* what completes a row; NULL: texts are written */
	struct range ranges[MAX_RANGES], now;
	size_t n_ranges;
	size_t landed;
};

static flow_step write_next, write_answered, write_told, write_looked;

static const char *id_field(struct op *op)
{
	return op_field(op, MAPPED_MESSAGES, "id");
}

/* {"keys": [...], "data": data}; takes data. */
static struct json_object *keys_body(const struct write *w, struct json_object *data)
{
	struct json_object *body = json_object_new_object(), *keys = json_object_new_array();

	for (size_t i = w->now.from; i < w->now.to; i++)
		json_object_array_add(keys, json_object_new_string(w->ids[i]));
	json_set(body, "keys", keys);
	json_set(body, "data", data);
	return body;
}

/*
 * Of the events of an array on PostgreSQL, subscribers are sent the row as it was before; those of the
 * keys form leave after the commit.  So a single row goes that way: its visitor sees the words at once.
 */
static struct json_object *range_body(const struct write *w, const char *id)
{
	struct json_object *list;

	if (w->done)
		return keys_body(w, json_object_get(w->done));
	if (w->now.to - w->now.from == 1) {
		json_object_object_del(w->rows[w->now.from], id);
		return keys_body(w, json_object_get(w->rows[w->now.from]));
	}
	list = json_object_new_array();
	for (size_t i = w->now.from; i < w->now.to; i++) {
		json_set_string(w->rows[i], id, w->ids[i]);
		json_object_array_add(list, json_object_get(w->rows[i]));
	}
	return list;
}

static void write_next(struct flow *f)
{
	struct op *op = op_of(f);
	struct write *w = op->state;
	_cleanup_json_ struct json_object *body = NULL;

	if (!w->n_ranges) {
		flow_done(f);
		return;
	}
	w->now = w->ranges[--w->n_ranges];
	body = range_body(w, id_field(op));
	op_send(op, "PATCH",
		arena_printf(op->own, "%s?fields=%s", op_items(op, MAPPED_MESSAGES), id_field(op)),
		body, THEN(f, write_answered));
}

static bool came_back(struct json_object *data, const char *field, const char *id)
{
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_get(json_object_array_get_idx(data, i), field);

		if (v && !strcmp(json_object_get_string(v), id))
			return true;
	}
	return false;
}

/* {"keys": [...], "data": {"role": "assistant"}} of the texts that grew in what was just written; NULL: there are none. */
static struct json_object *telling_body(struct op *op)
{
	const struct write *w = op->state;
	_cleanup_json_ struct json_object *ours = json_object_new_object();
	struct json_object *body, *keys = json_object_new_array();

	for (size_t i = w->now.from; i < w->now.to; i++)
		if (w->grows[i] && !w->missing[i])
			json_object_array_add(keys, json_object_new_string(w->ids[i]));
	if (!json_object_array_length(keys)) {
		json_object_put(keys);
		return NULL;
	}
	json_set_string(ours, "role", "assistant");
	body = json_object_new_object();
	json_set(body, "keys", keys);
	json_set(body, "data", mapping_to(op->d->mapping, MAPPED_MESSAGES, ours));
	return body;
}

/*
 * What subscribers were sent of an array may be the rows as they were before, and the next time may be seconds away: the role is
 * written again, to no effect but an event after the commit.
 */
static void write_tell(struct flow *f)
{
	struct op *op = op_of(f);
	struct write *w = op->state;
	_cleanup_json_ struct json_object *body = NULL;

	if (w->grows && op->d->tells && w->now.to - w->now.from > 1)
		body = telling_body(op);
	if (body)
		op_send(op, "PATCH",
			arena_printf(op->own, "%s?fields=%s", op_items(op, MAPPED_MESSAGES),
				     id_field(op)),
			body, THEN_ANYWAY(f, write_told));
	else
		write_next(f);
}

/* The texts are written, whatever became of this.  A token may not write the role: then it is not tried again. */
static void write_told(struct flow *f)
{
	struct op *op = op_of(f);

	if (f->status >= 0 && op->response.status == 403)
		op->d->tells = false;
	write_next(f);
}

static void write_answered(struct flow *f)
{
	struct op *op = op_of(f);
	struct write *w = op->state;
	size_t middle = (w->now.from + w->now.to) / 2;
	int r = op_check(op);

	if (r >= 0) {
		for (size_t i = w->now.from; i < w->now.to; i++)
			w->missing[i] = !came_back(op_data(op), id_field(op), w->ids[i]);
		write_tell(f);
		return;
	}
	if (op->response.status != 403) {
		flow_fail(f, r);
		return;
	}
	if (w->now.to - w->now.from == 1) {
		op_send(op, "GET",
			arena_printf(op->own, "%s?filter[%s][_eq]=%s&fields=%s&limit=1",
				     op_items(op, MAPPED_MESSAGES), id_field(op),
				     op_escape(op, w->ids[w->now.from]), id_field(op)),
			NULL, THEN(f, write_looked));
		return;
	}
	PRE(w->n_ranges + 2 <= MAX_RANGES);
	w->ranges[w->n_ranges++] = (struct range){ middle, w->now.to };
	w->ranges[w->n_ranges++] = (struct range){ w->now.from, middle };
	write_next(f);
}

/* One row was refused: it is gone, or we have no right to it. */
static void write_looked(struct flow *f)
{
	struct op *op = op_of(f);
	struct write *w = op->state;
	int r = op_check(op);

	if (r >= 0 && !json_object_is_type(op_data(op), json_type_array))
		r = FAIL(&f->fail, ASSISTANT_EPROTOCOL,
			 "Directus answered a look-up without a list.");
	if (r >= 0 && json_object_array_length(op_data(op)))
		r = FAIL(&f->fail, ASSISTANT_EDENIED,
			 "Directus does not let DIRECTUS_API_KEY update messages; "
			 "docs/directus.md lists the permissions.");
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	w->missing[w->now.from] = true;
	write_next(f);
}

static void write_fill(struct op *op)
{
	struct write *w = op->state;

	for (size_t i = 0; w->out_missing && i < w->n_out; i++)
		w->out_missing[i] = false;
	for (size_t i = 0; w->out_missing && i < w->n; i++)
		w->out_missing[w->at[i]] = w->missing[i];
}

static void write_finish(struct op *op)
{
	struct write *w = op->state;

	for (size_t i = 0; w->rows && i < w->n; i++)
		json_object_put(w->rows[i]);
	json_object_put(w->done);
}

static struct write *write_begin(struct store *s, const char *name, size_t n, struct flow *f)
{
	struct op *op = op_begin(s, name, FIRST(write_next), f);
	struct write *w = arena_new(op->own, struct write);

	w->n_out = n;
	w->at = arena_array(op->own, size_t, n + 1);
	w->ids = arena_array(op->own, const char *, n + 1);
	w->missing = arena_array(op->own, bool, n + 1);
	op->state = w;
	op->fill = write_fill;
	op->finish = write_finish;
	return w;
}

static struct op *op_of_write(struct flow *f)
{
	return container_of(f->waiting, struct op, wait);
}

/* All that were added are one range. */
static void write_add(struct op *op, const char *id, size_t at)
{
	struct write *w = op->state;

	w->ids[w->n] = arena_strdup(op->own, id);
	w->at[w->n++] = at;
	w->ranges[0] = (struct range){ 0, w->n };
	w->n_ranges = 1;
}

void directus_messages_write(struct store *s, const struct message_patch *rows, size_t n,
			     bool *missing, struct flow *f)
{
	struct write *w = write_begin(s, "write", n, f);
	struct op *op = op_of_write(f);

	w->out_missing = missing;
	w->rows = arena_array(op->own, struct json_object *, n + 1);
	w->grows = arena_array(op->own, bool, n + 1);
	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ struct json_object *ours = json_object_new_object();
		struct json_object *theirs;

		json_set_string(ours, "messageText", rows[i].text);
		row_set_metadata(ours, rows[i].metadata);
		theirs = mapping_to(op->d->mapping, MAPPED_MESSAGES, ours);
		if (!json_object_object_length(theirs)) {
			json_object_put(theirs);
			continue;
		}
		w->rows[w->n] = theirs;
		w->grows[w->n] = rows[i].text && !rows[i].metadata; /* ends are completed next */
		write_add(op, rows[i].id, i);
	}
}

/*
 * Without a status the role is written again, to no effect but the event: after the commit, so that subscribers are sent the
 * final text.
 */
void directus_messages_complete(struct store *s, const char *const *ids, size_t n, struct flow *f)
{
	struct write *w = write_begin(s, "complete", n, f);
	struct op *op = op_of_write(f);
	_cleanup_json_ struct json_object *ours = json_object_new_object();

	if (op_field(op, MAPPED_MESSAGES, "status"))
		json_set_string(ours, "status", "completed");
	else
		json_set_string(ours, "role", "assistant");
	w->done = mapping_to(op->d->mapping, MAPPED_MESSAGES, ours);
	for (size_t i = 0; i < n; i++)
		write_add(op, ids[i], i);
}
