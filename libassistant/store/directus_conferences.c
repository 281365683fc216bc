/*
 * directus_conferences.c - conferences and their records, page by page, in our names (mapping.h).
 *
 * The epoch is a fingerprint: the conference's row and the number of its records, and, where the collections
 * have date_updated, the newest of it.  It is looked at again at most every CHECK_MS.
 */
#include "store/directus.h"

#include <string.h>
#include "base/check.h"
#include "base/hash.h"
#include "base/zone.h"
#include "observe/log.h"

#define CHECK_MS	   10000
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
	enum mapped what; /* of its records; starts with the first that belongs to a conference */
	bool dated;	  /* the collection has date_updated */
	struct text seen; /* what the fingerprint is made of */
};

static flow_step look_begin, look_rows, look_count, look_counted;

/* "filter[conference_id][_eq]=<id>&", or "" where an instance is one conference. */
static const char *only_of(struct op *op, enum mapped what, const char *conference_id)
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

	if (d->conferences && loop_now_ms(d->loop) - d->conferences_ms < CHECK_MS) {
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
		arena_printf(op->own, "%s?fields=%s&limit=-1&sort=%s",
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
	if (!r && !have_ids(rows))
		r = FAIL(&f->fail, ASSISTANT_EPROTOCOL,
			 "Directus answered conferences without ids; docs/directus.md lists the "
			 "permissions.");
	if (!r)
		r = check_one(op, json_object_array_length(rows), &f->fail);
	if (r < 0) {
		flow_fail(f, r);
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
	l->dated = true;
}

static void look_end_row(struct op *op, struct json_object *row)
{
	struct look *l = op->state;

	fingerprint_set(op->d, json_object_get_string(json_get(row, "id")),
			hash_stable(l->seen.data, l->seen.len) >> 1);
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

/* How many records, and how new: one request for each collection. */
static void look_count(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;
	struct json_object *row = look_row(op);

	while (row && !look_at_next(op)) {
		look_end_row(op, row);
		row = look_row(op);
	}
	if (!row) {
		op->d->conferences_ms = loop_now_ms(op->d->loop);
		flow_done(f);
		return;
	}
	if (!l->seen.len)
		look_begin_row(l, row);
	op_send(op, "GET",
		arena_printf(op->own, "%s?%saggregate[count]=*%s", op_items(op, l->what),
			     only_of(op, l->what, json_object_get_string(json_get(row, "id"))),
			     l->dated ? "&aggregate[max]=date_updated" : ""),
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
	l->what++;
	look_count(f);
}

/* --- One conference, whole -------------------------------------------------------------------- */

struct load {
	const char *id;
	struct snapshot *snapshot;
	struct json_object *conference; /* its row, to which pages and rooms are added */
	struct zone *zone;		/* the conference's; NULL: not known */
	struct record *records;
	size_t cap;
	enum mapped what;
	size_t offset;
	int page;
};

static flow_step load_begin, load_conference, load_page, load_paged;

static void fill_snapshot(struct op *op)
{
	struct load *l = op->state;

	*(struct snapshot **)op->out = TAKE_PTR(l->snapshot);
}

static void load_finish(struct op *op)
{
	struct load *l = op->state;

	json_object_put(l->conference);
	zone_close(l->zone);
	snapshot_unref(l->snapshot);
}

void directus_snapshot(struct store *s, const char *conference_id, struct snapshot **out,
		       struct flow *f)
{
	struct op *op = op_begin(s, "snapshot", FIRST(load_begin), f);
	struct load *l = arena_new(op->own, struct load);

	l->id = arena_strdup(op->own, conference_id);
	l->snapshot = snapshot_create(SNAPSHOT_MAX_BYTES);
	l->what = MAPPED_INFO;
	op->state = l;
	op->out = out;
	op->fill = fill_snapshot;
	op->finish = load_finish;
}

static void no_such_conference(struct flow *f)
{
	FAIL(&f->fail, ASSISTANT_ENOTFOUND, "There is no such conference.");
	flow_fail(f, ASSISTANT_ENOTFOUND);
}

static void load_begin(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	struct json_object *only = mapping_conference(op->d->mapping);

	if (!only) {
		op_send(op, "GET",
			arena_printf(op->own, "%s?filter[%s][_eq]=%s&limit=1&fields=%s",
				     op_items(op, MAPPED_CONFERENCES),
				     op_field(op, MAPPED_CONFERENCES, "id"), op_escape(op, l->id),
				     mapping_fields(op->d->mapping, MAPPED_CONFERENCES)),
			NULL, THEN(f, load_conference));
	} else if (strcmp(json_object_get_string(json_get(only, "id")), l->id) != 0) {
		no_such_conference(f);
	} else if (json_object_deep_copy(only, &l->conference, NULL) < 0) {
		flow_fail(f, ASSISTANT_ENOMEM);
	} else {
		load_page(f);
	}
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

static void load_conference(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	int r = check_rows(op);

	if (r < 0) {
		flow_fail(f, r);
	} else if (!json_object_array_length(op_data(op))) {
		no_such_conference(f);
	} else {
		l->conference = mapping_from(op->d->mapping, MAPPED_CONFERENCES,
					     json_object_array_get_idx(op_data(op), 0));
		load_page(f);
	}
}

/* Pages and rooms are read by now. */
static int take_conference(struct op *op, struct fail *f)
{
	struct load *l = op->state;
	struct conference *c = &l->snapshot->conference;
	struct fingerprint *p = map_get(op->d->fingerprints, l->id);
	int r = conference_parse(l->conference, l->snapshot->arena, c, f);

	l->snapshot->epoch = p ? p->epoch : 1;
	if (!r && c->timezone && zone_open(c->timezone, &l->zone, NULL) < 0)
		l->zone = NULL; /* who makes a catalog of it says so */
	return r;
}

static void load_end(struct flow *f)
{
	struct load *l = op_of(f)->state;
	int r = snapshot_seal(l->snapshot, &f->fail);

	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

static void load_page(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	const char *id;

	while (l->what < MAPPED_COUNT && !mapping_collection(op->d->mapping, l->what))
		l->what++;
	if (l->what >= MAPPED_SESSIONS && !l->snapshot->conference.id &&
	    take_conference(op, &f->fail) < 0) {
		flow_fail(f, f->fail.code);
		return;
	}
	if (l->what == MAPPED_COUNT) {
		load_end(f);
		return;
	}
	id = op_field(op, l->what, "id");
	l->page = op->d->page;
	op_send(op, "GET",
		arena_printf(op->own, "%s?%slimit=%d&offset=%zu%s%s&fields=%s",
			     op_items(op, l->what), only_of(op, l->what, l->id), l->page, l->offset,
			     id ? "&sort=" : "", id ? id : "",
			     mapping_fields(op->d->mapping, l->what)),
		NULL, THEN(f, load_paged));
}

/* {"key", "title", "text"} becomes "key": {"title", "text"} of the conference's info. */
static void load_info(struct load *l, struct json_object *row)
{
	struct json_object *pages = json_get_object(l->conference, "info");
	struct json_object *key = json_get(row, "key");
	struct json_object *page = json_object_new_object();

	if (!key)
		key = json_get(row, "title") ? json_get(row, "title") : json_get(row, "id");
	if (!pages) {
		pages = json_object_new_object();
		json_set(l->conference, "info", pages);
	}
	json_set_string(page, "title", json_get_string(row, "title"));
	json_set_string(page, "text", json_get_string(row, "text"));
	json_set(pages, key ? json_object_get_string(key) : "info", page);
}

static void load_room(struct load *l, struct json_object *row)
{
	struct json_object *rooms = json_get_array(l->conference, "rooms");

	if (!rooms) {
		rooms = json_object_new_array();
		json_set(l->conference, "rooms", rooms);
	}
	json_object_array_add(rooms, json_object_get(row));
}

/* A dateTime has no offset: it was entered by the clock on the conference's wall. */
static int local_time(void *ctx, int64_t local_s, int64_t *unix_s)
{
	*unix_s = zone_unix_of(ctx, local_s);
	return 0;
}

static int load_record(struct load *l, struct json_object *row, struct fail *f)
{
	struct snapshot *s = l->snapshot;
	enum entity type = (enum entity)(l->what - MAPPED_SESSIONS);
	size_t *n = &s->n[type];

	l->records = arena_grow(s->arena, l->records, *n, &l->cap, sizeof(struct record));
	if (!l->records)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	json_object_object_del(row, "conference_id");
	if (record_parse(type, row, s->arena, l->zone ? local_time : NULL, l->zone, &l->records[*n],
			 f) < 0)
		return f->code;
	(*n)++;
	return 0;
}

static int load_row(struct op *op, struct json_object *theirs, struct fail *f)
{
	struct load *l = op->state;
	_cleanup_json_ struct json_object *row = mapping_from(op->d->mapping, l->what, theirs);

	if (l->what == MAPPED_INFO)
		load_info(l, row);
	else if (l->what == MAPPED_ROOMS)
		load_room(l, row);
	else
		return load_record(l, row, f);
	return 0;
}

/* QUERY_LIMIT_MAX is below what we ask for, and refuses it. */
static bool is_too_many(struct op *op)
{
	const struct load *l = op->state;

	return op->response.status == 400 && l->page > DIRECTUS_PAGE_LEAST &&
	       strstr(op->response.body, "INVALID_QUERY");
}

static void load_fewer(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;

	op->d->page = l->page / 2 > DIRECTUS_PAGE_LEAST ? l->page / 2 : DIRECTUS_PAGE_LEAST;
	log_write(op->d->log, LOG_INFO, "directus.page", "i", "rows", (int64_t)op->d->page, NULL);
	load_page(f);
}

static void load_paged(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	int r = check_rows(op);
	size_t n;

	if (r < 0 && is_too_many(op)) {
		load_fewer(f);
		return;
	}
	n = r < 0 ? 0 : json_object_array_length(op_data(op));

	for (size_t i = 0; i < n && !r; i++)
		r = load_row(op, json_object_array_get_idx(op_data(op), i), &f->fail);
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	l->offset += n;
	if (n < (size_t)l->page) {
		if (l->what >= MAPPED_SESSIONS)
			l->snapshot->records[l->what - MAPPED_SESSIONS] = l->records;
		l->records = NULL;
		l->cap = 0;
		l->offset = 0;
		l->what++;
	}
	load_page(f);
}
