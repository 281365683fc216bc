/*
 * directus_write.c - many rows in one PATCH, and what to do when one of them is gone.
 *
 *	[0, n) --> PATCH --> 200: compare the ids that came back
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
	const char **ids;
	size_t n;
	bool *missing, *out_missing;
	bool completes;
	struct range ranges[MAX_RANGES], now;
	size_t n_ranges;
	size_t landed;
};

static flow_step write_next, write_answered, write_looked;

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
static struct json_object *range_body(const struct write *w)
{
	struct json_object *list;

	if (w->completes) {
		struct json_object *data = json_object_new_object();

		json_set_string(data, "status", "completed");
		return keys_body(w, data);
	}
	if (w->now.to - w->now.from == 1) {
		json_object_object_del(w->rows[w->now.from], "id");
		return keys_body(w, json_object_get(w->rows[w->now.from]));
	}
	list = json_object_new_array();
	for (size_t i = w->now.from; i < w->now.to; i++) {
		json_set_string(w->rows[i], "id", w->ids[i]);
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
	body = range_body(w);
	op_send(op, "PATCH", "/items/messages?fields=id", body, THEN(f, write_answered));
}

static bool came_back(struct json_object *data, const char *id)
{
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_get(json_object_array_get_idx(data, i), "id");

		if (v && !strcmp(json_object_get_string(v), id))
			return true;
	}
	return false;
}

static void write_answered(struct flow *f)
{
	struct op *op = op_of(f);
	struct write *w = op->state;
	size_t middle = (w->now.from + w->now.to) / 2;
	int r = op_check(op);

	if (r >= 0) {
		for (size_t i = w->now.from; i < w->now.to; i++)
			w->missing[i] = !came_back(op_data(op), w->ids[i]);
		write_next(f);
		return;
	}
	if (op->response.status != 403) {
		flow_fail(f, r);
		return;
	}
	if (w->now.to - w->now.from == 1) {
		op_send(op, "GET",
			arena_printf(op->own,
				     "/items/messages?filter[id][_eq]=%s&fields=id&limit=1",
				     op_escape(op, w->ids[w->now.from])),
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

	for (size_t i = 0; w->out_missing && i < w->n; i++)
		w->out_missing[i] = w->missing[i];
}

static void write_finish(struct op *op)
{
	struct write *w = op->state;

	for (size_t i = 0; w->rows && i < w->n; i++)
		json_object_put(w->rows[i]);
}

static struct write *write_begin(struct store *s, const char *name, size_t n, struct flow *f)
{
	struct op *op = op_begin(s, name, FIRST(write_next), f);
	struct write *w = arena_new(op->own, struct write);

	w->n = n;
	w->ids = arena_array(op->own, const char *, n + 1);
	w->missing = arena_array(op->own, bool, n + 1);
	if (n)
		w->ranges[w->n_ranges++] = (struct range){ 0, n };
	op->state = w;
	op->fill = write_fill;
	op->finish = write_finish;
	return w;
}

static struct op *op_of_write(struct flow *f)
{
	return container_of(f->waiting, struct op, wait);
}

void directus_messages_write(struct store *s, const struct message_patch *rows, size_t n,
			     bool *missing, struct flow *f)
{
	struct write *w = write_begin(s, "write", n, f);
	struct arena *own = op_of_write(f)->own;

	w->out_missing = missing;
	w->rows = arena_array(own, struct json_object *, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		w->ids[i] = arena_strdup(own, rows[i].id);
		json_set_string(o, "messageText", rows[i].text);
		row_set_metadata(o, rows[i].metadata);
		w->rows[i] = o;
	}
}

void directus_messages_complete(struct store *s, const char *const *ids, size_t n, struct flow *f)
{
	struct write *w = write_begin(s, "complete", n, f);
	struct arena *own = op_of_write(f)->own;

	w->completes = true;
	for (size_t i = 0; i < n; i++)
		w->ids[i] = arena_strdup(own, ids[i]);
}
