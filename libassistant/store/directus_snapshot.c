/*
 * directus_snapshot.c - a conference and its records, page by page, in our names (mapping.h).
 *
 *	the conference's row --> information --> rooms --> sessions, exhibitors, speakers --> whole? --> sealed
 *	       ^                         each page says how many rows there are |
 *	       +---------------- rows came or went meanwhile: anew -------------+
 *
 * All or nothing: what fails, is denied or comes in part is no conference, and the one that is held stays.  A row that
 * cannot be a record is left out and named; when most of a kind are such, it is the mapping that is wrong.  The epoch is a
 * digest of what was read, so every process that reads the same finds the same index.
 */
#include "store/directus.h"

#include <string.h>
#include "base/check.h"
#include "base/hash.h"
#include "base/zone.h"
#include "observe/log.h"

#define SNAPSHOT_MAX_BYTES (1UL << 30)
#define TRIES		   3
#define EMPTY_BELIEVED_MS  60000

struct load {
	const char *id;
	struct snapshot *snapshot;
	struct json_object *conference; /* its row, to which pages and rooms are added */
	struct zone *zone;		/* the conference's; NULL: not known */
	struct record *records;
	size_t cap;
	enum mapped what;
	size_t offset;	 /* rows of this kind so far */
	size_t left_out; /* of them, and why the first was */
	char why[250];
	int64_t rows; /* of this kind, as its first page said; -1: not asked yet */
	int page, tries;
	uint64_t mark; /* of the last look before */
	unsigned asked;
};

static flow_step load_begin, load_conference, load_page, load_paged;

int directus_own_trouble(struct fail *f)
{
	if (f->code != ASSISTANT_EUNAVAILABLE && f->code != ASSISTANT_ETIMEOUT)
		f->cause = CAUSE_REJECTED;
	return f->code;
}

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

static bool begin_anew(struct load *l)
{
	json_object_put(TAKE_PTR(l->conference));
	zone_close(TAKE_PTR(l->zone));
	snapshot_unref(l->snapshot);
	l->snapshot = snapshot_create(SNAPSHOT_MAX_BYTES);
	l->records = NULL;
	l->cap = l->offset = l->left_out = 0;
	l->what = MAPPED_INFO;
	l->rows = -1;
	l->tries++;
	return l->snapshot != NULL;
}

static void load_begin(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	struct json_object *only = mapping_conference(op->d->mapping);

	if (!begin_anew(l)) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "Out of memory."));
		return;
	}
	l->mark = directus_seen(op->d, l->id)->mark;
	l->asked = directus_seen(op->d, l->id)->asked;
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
		flow_fail(f, directus_own_trouble(&f->fail));
	} else if (!json_object_array_length(op_data(op))) {
		no_such_conference(f);
	} else {
		l->conference = mapping_from(op->d->mapping, MAPPED_CONFERENCES,
					     json_object_array_get_idx(op_data(op), 0));
		load_page(f);
	}
}

/* Pages and rooms are read by now. */
static int take_conference(struct load *l, struct fail *f)
{
	struct conference *c = &l->snapshot->conference;
	int r = conference_parse(l->conference, l->snapshot->arena, c, f);

	if (!r && c->timezone && zone_open(c->timezone, &l->zone, NULL) < 0)
		l->zone = NULL; /* who makes a catalog of it says so */
	return r;
}

/* --- The end ------------------------------------------------------------------------------ */

/* A list that was wiped to be filled again, or rights that were taken away, look like a conference without sessions. */
static int check_emptied(struct op *op, struct directus_seen *p, struct fail *f)
{
	const struct snapshot *s = ((struct load *)op->state)->snapshot;
	int64_t now = loop_now_ms(op->d->loop);
	int gone = -1;

	for (int e = 0; e < ENTITY_COUNT && gone < 0; e++)
		if (p->n[e] && !s->n[e])
			gone = e;
	if (gone < 0) {
		p->emptied_ms = 0;
		return 0;
	}
	if (!p->emptied_ms)
		p->emptied_ms = now ? now : 1;
	if (now - p->emptied_ms >= EMPTY_BELIEVED_MS)
		return 0;
	return FAIL(f, ASSISTANT_EUNAVAILABLE,
		    "Directus has no %s any more, where %zu were; that is believed when it is "
		    "still so in %d s.",
		    entity_plural((enum entity)gone), p->n[gone], EMPTY_BELIEVED_MS / 1000);
}

static void say_left_out(struct op *op, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_left_out && i < SNAPSHOT_MAX_LEFT_OUT; i++)
		log_write(op->d->log, LOG_WARN, "directus.row_left_out", "s", "conference_id",
			  s->conference.id, "s", "because", s->left_out[i], NULL);
}

/* Sixty bits of the digest: two conferences' data that differ have another one for all that will ever be read. */
static uint64_t epoch_of(const struct snapshot *s)
{
	char hex[SHA256_HEX_SIZE];

	snapshot_content_hash(s, hex);
	hex[15] = '\0';
	return strtoull(hex, NULL, 16) | EPOCH_DIGEST;
}

static void load_end(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	struct directus_seen *p = directus_seen(op->d, l->id);
	int r = snapshot_seal(l->snapshot, &f->fail);

	if (!r)
		r = check_emptied(op, p, &f->fail);
	if (r < 0) {
		f->fail.cause = CAUSE_REJECTED;
		flow_fail(f, r);
		return;
	}
	say_left_out(op, l->snapshot);
	l->snapshot->epoch = epoch_of(l->snapshot);
	p->epoch = l->snapshot->epoch;
	p->read_mark = l->mark;
	p->read_asked = l->asked;
	p->read_ms = loop_now_ms(op->d->loop);
	memcpy(p->n, l->snapshot->n, sizeof(p->n));
	flow_done(f);
}

/* --- Page by page ------------------------------------------------------------------------- */

static void load_page(struct flow *f)
{
	struct op *op = op_of(f);
	struct load *l = op->state;
	const char *id;

	while (l->what < MAPPED_COUNT && !mapping_collection(op->d->mapping, l->what))
		l->what++;
	if (l->what >= MAPPED_SESSIONS && !l->snapshot->conference.id &&
	    take_conference(l, &f->fail) < 0) {
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
		arena_printf(op->own, "%s?%slimit=%d&offset=%zu&meta=filter_count%s%s&fields=%s",
			     op_items(op, l->what), directus_only_of(op, l->what, l->id), l->page,
			     l->offset, id ? "&sort=" : "", id ? id : "",
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

static void leave_out(struct load *l, const struct fail *why)
{
	struct snapshot *s = l->snapshot;

	if (s->n_left_out < SNAPSHOT_MAX_LEFT_OUT)
		s->left_out[s->n_left_out] = arena_strdup(s->arena, why->text);
	s->n_left_out++;
	if (!l->left_out++)
		snprintf(l->why, sizeof(l->why), "%s", why->text);
}

static int load_record(struct load *l, struct json_object *row, struct fail *f)
{
	struct snapshot *s = l->snapshot;
	enum entity type = (enum entity)(l->what - MAPPED_SESSIONS);
	size_t *n = &s->n[type];
	struct fail why = FAIL_INIT;
	int r;

	l->records = arena_grow(s->arena, l->records, *n, &l->cap, sizeof(struct record));
	if (!l->records)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	json_object_object_del(row, "conference_id");
	r = record_parse(type, row, s->arena, l->zone ? local_time : NULL, l->zone, &l->records[*n],
			 &why);
	if (!r) {
		(*n)++;
		return 0;
	}
	if (r != ASSISTANT_EINVAL) {
		*f = why;
		return r;
	}
	leave_out(l, &why);
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

int64_t directus_filter_count(struct op *op)
{
	struct json_object *count = json_get(json_get_object(op->body, "meta"), "filter_count");

	return count ? json_object_get_int64(count) : -1;
}

/* Rows that come or go between two pages move the others: one is read twice, or never. */
static bool has_moved(struct op *op, size_t n)
{
	struct load *l = op->state;
	int64_t rows = directus_filter_count(op);

	if (rows < 0)
		return false;
	if (l->rows < 0)
		l->rows = rows;
	return rows != l->rows || (!n && (int64_t)l->offset < rows);
}

static void load_next_kind(struct load *l)
{
	if (l->what >= MAPPED_SESSIONS)
		l->snapshot->records[l->what - MAPPED_SESSIONS] = l->records;
	l->records = NULL;
	l->cap = l->offset = l->left_out = 0;
	l->rows = -1;
	l->what++;
}

/* Without a count only an empty page is the last one: a full one may have been cut. */
static bool is_last(const struct load *l, size_t n)
{
	return !n || (l->rows >= 0 && (int64_t)l->offset >= l->rows);
}

static int take_page(struct op *op, struct fail *f)
{
	struct load *l = op->state;
	size_t n = json_object_array_length(op_data(op));
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = load_row(op, json_object_array_get_idx(op_data(op), i), f);
	l->offset += n;
	if (r < 0 || !is_last(l, n))
		return r;
	if (2 * l->left_out > l->offset)
		return FAIL(f, ASSISTANT_EPROTOCOL,
			    "%zu of %zu %s in Directus are not what they are taken to be, such as: "
			    "%.200s",
			    l->left_out, l->offset, mapping_name(l->what), l->why);
	load_next_kind(l);
	return 0;
}

static void load_again(struct flow *f)
{
	struct load *l = op_of(f)->state;

	if (l->tries < TRIES) {
		load_begin(f);
		return;
	}
	FAIL(&f->fail, ASSISTANT_EUNAVAILABLE,
	     "%s in Directus changed each time while they were read; they are read again later.",
	     mapping_name(l->what));
	f->fail.cause = CAUSE_REJECTED;
	flow_fail(f, ASSISTANT_EUNAVAILABLE);
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
	int r = check_rows(op);

	if (r < 0 && is_too_many(op)) {
		load_fewer(f);
		return;
	}
	if (!r && has_moved(op, json_object_array_length(op_data(op)))) {
		load_again(f);
		return;
	}
	if (!r)
		r = take_page(op, &f->fail);
	if (r < 0)
		flow_fail(f, directus_own_trouble(&f->fail));
	else
		load_page(f);
}
