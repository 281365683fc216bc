/*
 * qdrant_body.c - see qdrant_body.h.
 */
#include "index/qdrant_body.h"
#include <string.h>
#include "base/utf8.h"
#include "index/flat_build.h"

#define PLAN_MAX_BYTES ((size_t)1 << 30)
#define BODY_ENOUGH    ((size_t)4 << 20) /* a body is sent when it is that long */
#define BODY_POINTS    400

/* --- Life ------------------------------------------------------------------------------- */

struct qdrant_plan *qdrant_plan_create(struct snapshot *snapshot, const struct index_points *points,
				       struct fail *f)
{
	struct qdrant_plan *p = calloc(1, sizeof(*p));
	int r = 0;

	if (p)
		p->arena = arena_create(PLAN_MAX_BYTES);
	if (!p || !p->arena) {
		free(p);
		FAIL(f, ASSISTANT_ENOMEM, "no memory to build the index");
		return NULL;
	}
	p->refs = 1;
	p->snapshot = snapshot_ref(snapshot);
	p->with_points = points != NULL;
	uuid_random(p->build);
	if (points)
		r = flat_points_init(&p->points, points, true, f);
	if (r == 0)
		return p;
	qdrant_plan_unref(p);
	return NULL;
}

void qdrant_plan_unref(struct qdrant_plan *p)
{
	if (!p || --p->refs > 0)
		return;
	snapshot_unref(p->snapshot);
	flat_points_finish(&p->points);
	free(p->image);
	arena_destroy(p->arena);
	free(p);
}

struct plan_work {
	struct work work;
	struct qdrant_plan *plan;
	struct text body;
	enum qdrant_set set, *set_out;
	char **body_out;
};

static void work_release(struct wait *w)
{
	struct plan_work *pw = container_of(w, struct plan_work, work.wait);

	qdrant_plan_unref(pw->plan);
	text_finish(&pw->body);
	free(pw);
}

static struct plan_work *work_new(struct qdrant_plan *p, struct flow *f)
{
	struct plan_work *w = calloc(1, sizeof(*w));

	if (!w) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return NULL;
	}
	w->plan = p;
	p->refs++;
	return w;
}

/* --- Making ------------------------------------------------------------------------------- */

static bool cancelled(void *ctx)
{
	return work_cancelled(ctx);
}

static int by_name(const void *pa, const void *pb, void *ctx)
{
	const struct flat_file *x = ctx;
	const struct flat_record *a = &x->records[*(const uint32_t *)pa],
				 *b = &x->records[*(const uint32_t *)pb];
	int r = strcmp(flat_string(x, a->name), flat_string(x, b->name));

	return r ? r : strcmp(flat_string(x, a->id), flat_string(x, b->id));
}

static int order_names(struct qdrant_plan *p, struct fail *f)
{
	size_t n = p->file.n_records;
	uint32_t *order = arena_array(p->arena, uint32_t, n + 1);

	p->by_name = arena_array(p->arena, uint32_t, n + 1);
	p->facets = arena_array(p->arena, uint32_t, n + 1);
	if (!order || !p->by_name || !p->facets)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to build the index");
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), by_name, &p->file);
	for (uint32_t i = 0; i < n; i++)
		p->by_name[order[i]] = i;
	return 0;
}

static int make_run(struct work *w, struct fail *f)
{
	struct qdrant_plan *p = container_of(w, struct plan_work, work)->plan;
	size_t size = 0;
	int r = p->with_points ? flat_points_place(&p->points, p->snapshot, f) : 0;

	for (unsigned e = 1; e < ENTITY_COUNT; e++)
		p->bases[e] = p->bases[e - 1] + p->snapshot->n[e - 1];
	if (r == 0)
		r = flat_build(p->snapshot, NULL, cancelled, w, &p->image, &size, f);
	if (r == 0)
		r = flat_file_read(&p->file, p->image, size, f);
	if (r == 0)
		r = qdrant_sparse_make(&p->file, p->arena, &p->sparse, f);
	if (r == 0)
		r = order_names(p, f);
	return r;
}

void qdrant_plan_make(struct qdrant_plan *p, struct lane *lane, struct flow *f)
{
	struct plan_work *w = work_new(p, f);

	if (w)
		lane_run(lane, &w->work, make_run, NULL, work_release, f);
}

static enum qdrant_set set_of(const struct qdrant_plan *p, const struct flat_point *point)
{
	if (point->facet == FLAT_PAGES)
		return SET_PASSAGES;
	return (enum qdrant_set)((point->facet == FACET_MASTER ? SET_MASTERS : SET_FACETS) +
				 p->file.records[point->record].type);
}

void qdrant_plan_close(struct qdrant_plan *p)
{
	if (!p->with_points)
		return;
	p->n_missing = flat_points_close(&p->points);
	for (size_t i = 0; i < p->points.n; i++) {
		const struct flat_point *point = &p->points.points[i];

		p->n_in[set_of(p, point)]++;
		if (point->facet == FLAT_PAGES)
			continue;
		p->n_near[p->file.records[point->record].type] += !p->facets[point->record];
		p->facets[point->record] |= FACET_BIT(point->facet);
	}
}

/* --- Payloads -------------------------------------------------------------------------------- */

static void field(struct text *t, const char *key, const char *value)
{
	if (!value)
		return;
	text_printf(t, ",\"%s\":", key);
	qdrant_text_string(t, value);
}

static void field_time(struct text *t, const char *key, int64_t unix_s)
{
	if (unix_s == TIME_UNKNOWN)
		return;
	text_printf(t, ",\"%s\":\"", key);
	qdrant_text_time(t, unix_s);
	text_append(t, "\"");
}

static const struct record *record_of(const struct qdrant_plan *p, size_t number)
{
	unsigned type = p->file.records[number].type;

	return &p->snapshot->records[type][number - p->bases[type]];
}

/* What filters compare, folded. */
static void add_match(struct text *t, const struct qdrant_plan *p, const struct flat_record *row)
{
	static const char *const keys[COLUMN_COUNT] = {
		[COLUMN_ID] = "id",	[COLUMN_PLACE] = "place", [COLUMN_TRACK] = "track",
		[COLUMN_TYPE] = "type", [COLUMN_LEVEL] = "level", [COLUMN_LANGUAGE] = "language",
	};
	bool first = true;

	text_append(t, ",\"match\":{");
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (!row->columns[c])
			continue;
		text_printf(t, "%s\"%s\":", first ? "" : ",", keys[c]);
		qdrant_text_string(t, flat_string(&p->file, row->columns[c]));
		first = false;
	}
	text_append(t, first ? "\"speakers\":[" : ",\"speakers\":[");
	for (uint32_t i = 0; i < row->n_speakers; i++) {
		text_append(t, i ? "," : "");
		qdrant_text_string(t, flat_string(&p->file, p->file.speakers[row->speakers + i]));
	}
	text_append(t, "]}");
}

/* What any point of a record says; filters and people read it. */
static void add_common(struct text *t, const struct qdrant_plan *p, size_t number)
{
	const struct record *r = record_of(p, number);

	field(t, "entity_id", r->id);
	field(t, "entity_type", entity_name(r->type));
	field(t, "name", r->name);
	field_time(t, "start_time", r->start);
	field_time(t, "end_time", r->end);
	text_printf(t, ",\"rank\":%zu,\"draw\":%u", number - p->bases[r->type],
		    (unsigned)(hash_stable(r->id, strlen(r->id)) % QDRANT_DRAWS));
	add_match(t, p, &p->file.records[number]);
}

static void add_made_from(struct text *t, const struct qdrant_plan *p,
			  const struct flat_point *point)
{
	char hash[2 * POINT_HASH_SIZE + 1];

	qdrant_hash_text(p->points.rows.hashes[point->vector], hash);
	field(t, "hash", hash);
	field(t, "model", p->points.given.space.model);
}

static void begin_point(struct text *t, const struct qdrant_plan *p, unsigned type, unsigned facet,
			const char *id, unsigned part, const struct flat_point *vector)
{
	char uuid[UUID_SIZE];

	qdrant_point_id(p->build, type, facet, id, part, uuid);
	text_printf(t, "{\"id\":\"%s\",\"vector\":{", uuid);
	if (!vector)
		return;
	text_append(t, "\"text\":");
	qdrant_text_vector(t, p->points.vectors[vector->vector], p->points.given.space.dims);
}

static void begin_payload(struct text *t, const struct qdrant_plan *p)
{
	text_append(t, "},\"payload\":{\"conference_id\":");
	qdrant_text_string(t, p->snapshot->conference.id);
	field(t, "build", p->build);
}

/* --- Points -------------------------------------------------------------------------------------- */

static const struct flat_point *find_master(const struct qdrant_plan *p, size_t number)
{
	size_t low = 0, high = p->with_points ? p->points.n : 0;
	const struct flat_point want = { .record = (uint32_t)number, .facet = FACET_MASTER };

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = flat_point_compare(&p->points.points[middle], &want);

		if (order == 0)
			return &p->points.points[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void add_sparse(struct text *t, const struct qdrant_sparse *s, size_t number, bool first)
{
	size_t from = s->begin[number], to = s->begin[number + 1];

	if (from == to)
		return;
	text_append(t, first ? "\"words\":{\"indices\":[" : ",\"words\":{\"indices\":[");
	for (size_t i = from; i < to; i++)
		text_printf(t, "%s%u", i > from ? "," : "", s->dims[i]);
	text_append(t, "],\"values\":");
	qdrant_text_vector(t, s->values + from, (unsigned)(to - from));
	text_append(t, "}");
}

static void add_facet_keys(struct text *t, unsigned facets)
{
	bool first = true;

	text_append(t, ",\"facets\":[");
	for (unsigned f = 0; f < FACET_COUNT; f++) {
		if (!(facets & FACET_BIT(f)))
			continue;
		text_printf(t, "%s\"%s\"", first ? "" : ",", facet_key((enum facet)f));
		first = false;
	}
	text_append(t, "]");
}

static void add_columns(struct text *t, const struct record *r)
{
	field(t, "location", r->location);
	field(t, "track", r->track);
	field(t, "session_type", r->session_type);
	field(t, "level", r->level);
	field(t, "language", r->language);
	field(t, "booth", r->booth);
	field(t, "category", r->category);
	field(t, "title", r->title);
	field(t, "company", r->company);
	field(t, "url", r->url);
}

static void add_master(struct text *t, const struct qdrant_plan *p, size_t number)
{
	const struct flat_record *row = &p->file.records[number];
	const struct flat_point *point = find_master(p, number);
	const struct record *r = record_of(p, number);

	begin_point(t, p, row->type, FACET_MASTER, r->id, 0, point);
	add_sparse(t, &p->sparse, number, !point);
	begin_payload(t, p);
	add_common(t, p, number);
	field(t, "facet_key", facet_key(FACET_MASTER));
	add_columns(t, r);
	add_facet_keys(t, p->facets[number]);
	text_printf(t, ",\"by_name\":%u,\"content\":\"%016llx\"", p->by_name[number],
		    (unsigned long long)row->content);
	if (point)
		add_made_from(t, p, point);
	text_append(t, "}}");
}

static void add_facet(struct text *t, const struct qdrant_plan *p, const struct flat_point *point)
{
	const struct flat_record *row = &p->file.records[point->record];

	begin_point(t, p, row->type, point->facet, flat_string(&p->file, row->id), 0, point);
	begin_payload(t, p);
	add_common(t, p, point->record);
	field(t, "facet_key", facet_key((enum facet)point->facet));
	add_made_from(t, p, point);
	text_append(t, "}}");
}

static void add_passage(struct text *t, const struct qdrant_plan *p, const struct flat_point *point)
{
	const struct info_page *page = &p->snapshot->conference.info[point->record];

	begin_point(t, p, POINT_PAGE, FACET_MASTER, page->key, point->part, point);
	begin_payload(t, p);
	field(t, "entity_id", page->key);
	field(t, "name", page->title);
	text_printf(t, ",\"part\":%u", point->part);
	add_made_from(t, p, point);
	text_append(t, "}}");
}

/* --- Bodies ---------------------------------------------------------------------------------------- */

/* The next point of the set we are at; false: there is none. */
static bool add_next(struct text *t, struct qdrant_plan *p)
{
	if (p->set < SET_FACETS) {
		if (p->at >= p->snapshot->n[p->set])
			return false;
		add_master(t, p, p->bases[p->set] + p->at++);
		return true;
	}
	while (p->with_points && p->at < p->points.n) {
		const struct flat_point *point = &p->points.points[p->at++];

		if (set_of(p, point) != p->set)
			continue;
		if (p->set == SET_PASSAGES)
			add_passage(t, p, point);
		else
			add_facet(t, p, point);
		return true;
	}
	return false;
}

/* Points one by one; the comma before a point is taken back when there is none. */
static size_t add_points(struct text *t, struct qdrant_plan *p)
{
	size_t n = 0;

	while (n < BODY_POINTS && t->len < BODY_ENOUGH) {
		size_t was = t->len;

		if (n)
			text_append(t, ",");
		if (!add_next(t, p)) {
			text_cut(t, was);
			break;
		}
		n++;
	}
	return n;
}

static int next_run(struct work *w, struct fail *f)
{
	struct plan_work *pw = container_of(w, struct plan_work, work);
	struct qdrant_plan *p = pw->plan;
	size_t n = 0;

	text_init(&pw->body, QDRANT_BODY);
	while (n == 0 && p->set < SET_STAGED) {
		text_clear(&pw->body);
		text_append(&pw->body, "{\"points\":[");
		n = add_points(&pw->body, p);
		pw->set = (enum qdrant_set)p->set;
		if (n == 0) {
			p->set++;
			p->at = 0;
		}
	}
	if (n == 0)
		text_finish(&pw->body);
	else
		text_append(&pw->body, "]}");
	if (n && pw->body.failed)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to build the index");
	return 0;
}

static void next_deliver(struct wait *w)
{
	struct plan_work *pw = container_of(w, struct plan_work, work.wait);

	*pw->body_out = pw->body.len ? text_take(&pw->body) : NULL;
	*pw->set_out = pw->set;
}

void qdrant_plan_next(struct qdrant_plan *p, struct lane *lane, char **body, enum qdrant_set *set,
		      struct flow *f)
{
	struct plan_work *w = work_new(p, f);

	if (!w)
		return;
	w->body_out = body;
	w->set_out = set;
	lane_run(lane, &w->work, next_run, next_deliver, work_release, f);
}
