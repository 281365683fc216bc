/*
 * directus_conferences.c - which conferences there are, and whether they moved since they were read.
 *
 *	conferences --> each: how many records, how new --> the mark --> as when it was read? --> its epoch
 *
 * A look asks for counts and the newest date_updated and date_created, where a collection has them: cheap, and nearly
 * always enough.  It cannot see a change of a related row, nor any change where there are no dates, so after compare_ms a
 * conference counts as moved whatever a look says, and is read whole again; what was read decides.
 */
#include "store/directus.h"

#include <string.h>
#include "base/check.h"
#include "base/hash.h"

struct directus_seen *directus_seen(struct directus *d, const char *id)
{
	struct directus_seen *p = map_get(d->seen, id);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p || map_put(d->seen, id, p, NULL) < 0)
		IMPOSSIBLE("out of memory for a conference");
	return p;
}

/* Another number than what was read has, when that may be over. */
static uint64_t epoch_of(const struct directus *d, const struct directus_seen *p)
{
	bool good = p->epoch && p->asked == p->read_asked && p->mark == p->read_mark &&
		    loop_now_ms(d->loop) - p->read_ms < d->compare_ms;

	return good ? p->epoch : (p->mark >> 2) + 1;
}

void directus_look_again(struct store *s, bool thoroughly)
{
	struct directus *d = container_of(s, struct directus, store);

	d->looked_ms = -1;
	for (size_t i = 0;
	     thoroughly && d->conferences && i < json_object_array_length(d->conferences); i++) {
		struct json_object *row = json_object_array_get_idx(d->conferences, i);

		directus_seen(d, json_object_get_string(json_get(row, "id")))->asked++;
	}
}

/* --- The list ------------------------------------------------------------------------------ */

struct look {
	size_t at;	  /* conference */
	enum mapped what; /* of its records; starts with the first that belongs to a conference */
	struct text seen; /* what the mark is made of */
};

static flow_step look_begin, look_rows, look_count, look_counted;

const char *directus_only_of(struct op *op, enum mapped what, const char *conference_id)
{
	const char *field = op_field(op, what, "conference_id");

	return field ? arena_printf(op->own, "filter[%s][_eq]=%s&", field,
				    op_escape(op, conference_id))
		     : "";
}

static void fill_conferences(struct op *op)
{
	struct directus *d = op->d;
	struct conference_list *out = op->out;

	out->n = json_object_array_length(d->conferences);
	out->rows = arena_array(op->arena, struct conference_brief, out->n + 1);
	for (size_t i = 0; i < out->n; i++) {
		struct json_object *row = json_object_array_get_idx(d->conferences, i);
		const char *id = json_object_get_string(json_get(row, "id"));

		out->rows[i] = (struct conference_brief){
			.id = arena_strdup(op->arena, id),
			.name = arena_strdup(op->arena, json_text(row, "name")),
			.epoch = epoch_of(d, directus_seen(d, id)),
		};
	}
}

static void look_finish(struct op *op)
{
	text_finish(&((struct look *)op->state)->seen);
}

void directus_conferences(struct store *s, struct arena *arena, struct conference_list *out,
			  struct flow *f)
{
	struct op *op = op_begin(s, "conferences", FIRST(look_begin), f);
	struct look *l = arena_new(op->own, struct look);

	text_init(&l->seen, 1 << 20);
	l->what = MAPPED_INFO;
	op->state = l;
	op->finish = look_finish;
	op->arena = arena;
	op->out = out;
	op->fill = fill_conferences;
}

static void look_begin(struct flow *f)
{
	struct op *op = op_of(f);
	struct directus *d = op->d;

	if (d->conferences && d->looked_ms >= 0 &&
	    loop_now_ms(d->loop) - d->looked_ms < d->check_ms) {
		flow_done(f);
		return;
	}
	if (mapping_conference(d->mapping)) {
		json_object_put(d->conferences);
		d->conferences = json_object_new_array();
		json_object_array_add(d->conferences,
				      json_object_get(mapping_conference(d->mapping)));
		look_count(f);
		return;
	}
	op_send(op, "GET",
		arena_printf(op->own, "%s?fields=%s&limit=-1&meta=filter_count&sort=%s",
			     op_items(op, MAPPED_CONFERENCES),
			     mapping_fields(d->mapping, MAPPED_CONFERENCES),
			     op_field(op, MAPPED_CONFERENCES, "id")),
		NULL, THEN(f, look_rows));
}

static bool have_ids(struct json_object *rows)
{
	size_t n = json_object_array_length(rows);

	for (size_t i = 0; i < n; i++)
		if (!json_get(json_object_array_get_idx(rows, i), "id"))
			return false;
	return true;
}

/* Records that do not say whose they are belong to the one conference there is. */
static int check_one(struct op *op, size_t n, struct fail *f)
{
	for (enum mapped what = MAPPED_SESSIONS; what < MAPPED_COUNT && n > 1; what++)
		if (mapping_collection(op->d->mapping, what) &&
		    !op_field(op, what, "conference_id"))
			return FAIL(f, ASSISTANT_ECONFIG,
				    "%s has no conference_id, but there are %zu conferences; "
				    "accepted is one.",
				    mapping_collection(op->d->mapping, what), n);
	return 0;
}

static void look_rows(struct flow *f)
{
	struct op *op = op_of(f);
	_cleanup_json_ struct json_object *rows = NULL;
	int r = op_check(op);

	if (!r && !json_object_is_type(op_data(op), json_type_array))
		r = FAIL(&f->fail, ASSISTANT_EPROTOCOL,
			 "Directus answered conferences without a list.");
	if (!r)
		rows = op_rows(op, MAPPED_CONFERENCES);
	if (!r && directus_filter_count(op) > (int64_t)json_object_array_length(rows))
		r = FAIL(
			&f->fail, ASSISTANT_EPROTOCOL,
			"Directus told %zu of %lld conferences: its QUERY_LIMIT_MAX cuts the list; "
			"set it higher.",
			json_object_array_length(rows), (long long)directus_filter_count(op));
	if (!r && !have_ids(rows))
		r = FAIL(&f->fail, ASSISTANT_EPROTOCOL,
			 "Directus answered conferences without ids; docs/directus.md lists the "
			 "permissions.");
	if (!r)
		r = check_one(op, json_object_array_length(rows), &f->fail);
	if (r < 0) {
		flow_fail(f, directus_own_trouble(&f->fail));
		return;
	}
	json_object_put(op->d->conferences);
	op->d->conferences = TAKE_PTR(rows);
	look_count(f);
}

static struct json_object *look_row(struct op *op)
{
	const struct look *l = op->state;

	return l->at < json_object_array_length(op->d->conferences)
		       ? json_object_array_get_idx(op->d->conferences, l->at)
		       : NULL;
}

static void look_begin_row(struct look *l, struct json_object *row)
{
	_cleanup_free_ char *line = json_dump(row);

	text_append(&l->seen, line);
}

static void look_end_row(struct op *op, struct json_object *row)
{
	struct look *l = op->state;

	directus_seen(op->d, json_object_get_string(json_get(row, "id")))->mark =
		hash_stable(l->seen.data, l->seen.len);
	text_clear(&l->seen);
	l->what = MAPPED_INFO;
	l->at++;
}

/* The next collection of records there is; false: all were looked at. */
static bool look_at_next(struct op *op)
{
	struct look *l = op->state;

	while (l->what < MAPPED_COUNT && !mapping_collection(op->d->mapping, l->what))
		l->what++;
	return l->what < MAPPED_COUNT;
}

/* Which dates a collection has is found out by asking, from the first on. */
static const char *const dates[DIRECTUS_DATES] = { "date_updated,date_created", "date_updated",
						   "date_created" };

/* How many records, and how new: one request for each collection. */
static void look_count(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;
	struct json_object *row = look_row(op);
	unsigned undated;

	while (row && !look_at_next(op)) {
		look_end_row(op, row);
		row = look_row(op);
	}
	if (!row) {
		op->d->looked_ms = loop_now_ms(op->d->loop);
		flow_done(f);
		return;
	}
	if (!l->seen.len)
		look_begin_row(l, row);
	undated = op->d->undated[l->what];
	op_send(op, "GET",
		arena_printf(
			op->own, "%s?%saggregate[count]=*%s%s", op_items(op, l->what),
			directus_only_of(op, l->what, json_object_get_string(json_get(row, "id"))),
			undated < DIRECTUS_DATES ? "&aggregate[max]=" : "",
			undated < DIRECTUS_DATES ? dates[undated] : ""),
		NULL, THEN(f, look_counted));
}

/* PostgreSQL's counts are texts; SQLite, whose events of an array need no second telling, has numbers. */
static void note_database(struct op *op)
{
	struct json_object *row = json_object_is_type(op_data(op), json_type_array)
					  ? json_object_array_get_idx(op_data(op), 0)
					  : NULL;

	if (!op->d->counted)
		op->d->tells = json_get_string(row, "count") != NULL;
	op->d->counted = true;
}

static void look_counted(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;
	_cleanup_free_ char *line = NULL;
	int r = op_check(op);

	if (r < 0 && op->d->undated[l->what] < DIRECTUS_DATES &&
	    (op->response.status == 403 || op->response.status == 400)) { /* no such field */
		op->d->undated[l->what]++;
		look_count(f);
		return;
	}
	if (r < 0) {
		flow_fail(f, directus_own_trouble(&f->fail));
		return;
	}
	line = json_dump(op_data(op));
	text_append(&l->seen, line);
	note_database(op);
	l->what++;
	look_count(f);
}
