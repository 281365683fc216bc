/*
 * directus_conferences.c - conferences and their records, page by page.
 *
 * The epoch is a fingerprint: the conference's row and the number of its records, and, where the collections
 * have date_updated, the newest of it.  It is looked at again at most every CHECK_MS.
 */
#include "store/directus.h"

#include <string.h>
#include "base/check.h"
#include "base/hash.h"

#define CHECK_MS	   10000
#define PAGE		   500
#define SNAPSHOT_MAX_BYTES (1UL << 30)

struct fingerprint {
	uint64_t epoch;
};

static void fingerprint_set(struct directus *d, const char *id, uint64_t epoch)
{
	struct fingerprint *p = map_get(d->fingerprints, id);

	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p || map_put(d->fingerprints, id, p, NULL) < 0) {
			free(p);
			return;
		}
	}
	p->epoch = epoch;
}

/* --- The list ------------------------------------------------------------------------------ */

struct look {
	size_t at;	  /* conference */
	int type;	  /* of its records */
	bool dated;	  /* the collection has date_updated */
	struct text seen; /* what the fingerprint is made of */
};

static flow_step look_begin, look_rows, look_count, look_counted;

static void fill_conferences(struct op *op)
{
	struct directus *d = op->d;
	struct conference_list *out = op->out;

	out->n = json_object_array_length(d->conferences);
	out->rows = arena_array(op->arena, struct conference_brief, out->n + 1);
	for (size_t i = 0; i < out->n; i++) {
		struct json_object *row = json_object_array_get_idx(d->conferences, i);
		const char *id = json_object_get_string(json_get(row, "id"));
		struct fingerprint *p = map_get(d->fingerprints, id);

		out->rows[i] = (struct conference_brief){
			.id = arena_strdup(op->arena, id),
			.name = arena_strdup(op->arena, json_text(row, "name")),
			.epoch = p ? p->epoch : 1,
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

	if (d->conferences && loop_now_ms(d->loop) - d->conferences_ms < CHECK_MS) {
		flow_done(f);
		return;
	}
	op_send(op, "GET", "/items/conferences?fields=*&limit=-1&sort=id", NULL,
		THEN(f, look_rows));
}

static bool have_ids(struct json_object *rows)
{
	size_t n = json_object_array_length(rows);

	for (size_t i = 0; i < n; i++)
		if (!json_get(json_object_array_get_idx(rows, i), "id"))
			return false;
	return true;
}

static void look_rows(struct flow *f)
{
	struct op *op = op_of(f);
	int r = op_check(op);

	if (!r && !json_object_is_type(op_data(op), json_type_array))
		r = FAIL(&f->fail, ASSISTANT_EPROTOCOL,
			 "Directus answered conferences without a list.");
	if (!r && !have_ids(op_data(op)))
		r = FAIL(&f->fail, ASSISTANT_EPROTOCOL,
			 "Directus answered conferences without ids; docs/directus.md lists the "
			 "permissions.");
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	json_object_put(op->d->conferences);
	op->d->conferences = json_object_get(op_data(op));
	look_count(f);
}

static struct json_object *look_row(struct op *op)
{
	const struct look *l = op->state;

	return l->at < json_object_array_length(op->d->conferences)
		       ? json_object_array_get_idx(op->d->conferences, l->at)
		       : NULL;
}

/* How many sessions, exhibitors, speakers, and how new: one request for each. */
static void look_count(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;
	struct json_object *row = look_row(op);

	if (!row) {
		op->d->conferences_ms = loop_now_ms(op->d->loop);
		flow_done(f);
		return;
	}
	if (l->type == 0 && !l->seen.len) {
		_cleanup_free_ char *line = json_dump(row);

		text_append(&l->seen, line);
		l->dated = true;
	}
	op_send(op, "GET",
		arena_printf(op->own,
			     "/items/%s?aggregate[count]=*%s&filter[conference_id][_eq]=%s",
			     entity_plural((enum entity)l->type),
			     l->dated ? "&aggregate[max]=date_updated" : "",
			     op_escape(op, json_object_get_string(json_get(row, "id")))),
		NULL, THEN(f, look_counted));
}

static void look_counted(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;
	_cleanup_free_ char *line = NULL;
	int r = op_check(op);

	if (r < 0 && l->dated &&
	    (op->response.status == 403 || op->response.status == 400)) { /* no such field */
		l->dated = false;
		look_count(f);
		return;
	}
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	line = json_dump(op_data(op));
	text_append(&l->seen, line);
	l->dated = true;
	if (++l->type == ENTITY_COUNT) {
		fingerprint_set(op->d, json_object_get_string(json_get(look_row(op), "id")),
				hash_stable(l->seen.data, l->seen.len) >> 1);
		text_clear(&l->seen);
		l->type = 0;
		l->at++;
	}
	look_count(f);
}

/* --- One conference, whole -------------------------------------------------------------------- */

struct load {
	const char *id;
	struct snapshot *snapshot;
	struct record *records;
	size_t cap;
	int type;
	size_t offset;
};

static flow_step load_begin, load_conference, load_page, load_paged;

static void fill_snapshot(struct op *op)
{
	struct load *l = op->state;

	*(struct snapshot **)op->out = TAKE_PTR(l->snapshot);
}

static void load_finish(struct op *op)
{
	snapshot_unref(((struct load *)op->state)->snapshot);
}

void directus_snapshot(struct store *s, const char *conference_id, struct snapshot **out,
		       struct flow *f)
{
	struct op *op = op_begin(s, "snapshot", FIRST(load_begin), f);
	struct load *l = arena_new(op->own, struct load);

	l->id = arena_strdup(op->own, conference_id);
	l->snapshot = snapshot_create(SNAPSHOT_MAX_BYTES);
	op->state = l;
	op->out = out;
	op->fill = fill_snapshot;
	op->finish = load_finish;
}

static void load_begin(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;

	op_send(op, "GET",
		arena_printf(op->own, "/items/conferences?filter[id][_eq]=%s&limit=1&fields=*",
			     op_escape(op, l->id)),
		NULL, THEN(f, load_conference));
}

/* 0: a list of objects, as every answer about items is. */
static int check_rows(struct op *op)
{
	struct json_object *rows;
	int r = op_check(op);
	bool good;

	if (r < 0)
		return r;
	rows = op_data(op);
	good = json_object_is_type(rows, json_type_array);
	for (size_t i = 0; good && i < json_object_array_length(rows); i++)
		good = json_object_is_type(json_object_array_get_idx(rows, i), json_type_object);
	return good ? 0
		    : FAIL(&op->flow.fail, ASSISTANT_EPROTOCOL,
			   "Directus answered %s without a list of rows.", op->name);
}

/* Directus says null where a field is empty; a record says nothing. */
static void drop_nulls(struct json_object *row)
{
	const char *names[256];
	size_t n = 0;

	json_object_object_foreach(row, key, value)
	{
		if (!value && n < ARRAY_SIZE(names))
			names[n++] = key;
	}
	for (size_t i = 0; i < n; i++)
		json_object_object_del(row, names[i]);
	json_object_object_del(row, "conference_id");
}

static void load_conference(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	struct json_object *row;
	struct fingerprint *p = map_get(op->d->fingerprints, l->id);
	int r = check_rows(op);

	if (!r && !json_object_array_length(op_data(op)))
		r = FAIL(&f->fail, ASSISTANT_ENOTFOUND, "There is no such conference.");
	if (!r) {
		row = json_object_array_get_idx(op_data(op), 0);
		drop_nulls(row);
		r = conference_parse(row, l->snapshot->arena, &l->snapshot->conference, &f->fail);
	}
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	l->snapshot->epoch = p ? p->epoch : 1;
	load_page(f);
}

static void load_page(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	int r;

	if (l->type < ENTITY_COUNT) {
		op_send(op, "GET",
			arena_printf(op->own,
				     "/items/%s?filter[conference_id][_eq]=%s&limit=%d&offset=%zu"
				     "&sort=id&fields=*",
				     entity_plural((enum entity)l->type), op_escape(op, l->id),
				     PAGE, l->offset),
			NULL, THEN(f, load_paged));
		return;
	}
	r = snapshot_seal(l->snapshot, &f->fail);
	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

static int load_row(struct load *l, struct json_object *row, struct fail *f)
{
	struct snapshot *s = l->snapshot;
	size_t *n = &s->n[l->type];

	l->records = arena_grow(s->arena, l->records, *n, &l->cap, sizeof(struct record));
	if (!l->records)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	drop_nulls(row);
	if (record_parse((enum entity)l->type, row, s->arena, NULL, NULL, &l->records[*n], f) < 0)
		return f->code;
	(*n)++;
	return 0;
}

static void load_paged(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	int r = check_rows(op);
	size_t n = r < 0 ? 0 : json_object_array_length(op_data(op));

	for (size_t i = 0; i < n && !r; i++)
		r = load_row(l, json_object_array_get_idx(op_data(op), i), &f->fail);
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	l->offset += n;
	if (n < PAGE) {
		l->snapshot->records[l->type++] = l->records;
		l->records = NULL;
		l->cap = 0;
		l->offset = 0;
	}
	load_page(f);
}
