/*
 * flat_verify.c - does the index in use hold exactly a snapshot's records, and vectors of their texts?
 */
#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"
#include "index/flat.h"
#include "index/flat_points.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define MAX_FINDINGS 100

struct verify_op {
	struct flat_op op;
	struct snapshot *snapshot;
	bool with_points;
	struct flat_points expected;
	struct json_object *findings;
	char *json, **out;
};

static void find(struct verify_op *o, const char *fmt, ...) _printf_(2, 3);
static void find(struct verify_op *o, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (json_object_array_length(o->findings) >= MAX_FINDINGS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[utf8_prefix(text, strlen(text), sizeof(text) - 1)] = 0;
	json_object_array_add(o->findings, json_object_new_string(text));
}

/* What the index has that the snapshot has not, or has otherwise. */
static void compare_records(struct verify_op *o)
{
	const struct flat_file *x = o->op.file;
	size_t seen[ENTITY_COUNT] = { 0 };

	for (size_t i = 0; i < x->n_records; i++) {
		const struct flat_record *row = &x->records[i];
		enum entity type = (enum entity)row->type;
		const char *id = flat_string(x, row->id);
		const struct record *r = snapshot_find(o->snapshot, type, id);

		if (!r) {
			find(o, "%s %s is in the index and not in the store", entity_name(type),
			     id);
			continue;
		}
		seen[type]++;
		if (row->content != hash_stable(r->json, r->json_len))
			find(o, "%s %s differs between index and store", entity_name(type), id);
	}
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		if (seen[e] != o->snapshot->n[e])
			find(o, "the index holds %zu of the store's %zu %s", seen[e],
			     o->snapshot->n[e], entity_plural((enum entity)e));
	}
}

/* --- Vectors ---------------------------------------------------------------------- */

struct vector_counts {
	size_t missing, stale, surplus, damaged, records_without;
};

/* File and snapshot may hold different records: their numbers need not agree.  NULL: the file has no such record. */
static const uint32_t *record_in_file(const struct flat_file *x, const struct snapshot *s,
				      struct arena *arena)
{
	size_t n = s->n[0] + s->n[1] + s->n[2], bases[ENTITY_COUNT] = { 0 };
	uint32_t *numbers = arena_array(arena, uint32_t, n + 1);

	for (unsigned e = 1; e < ENTITY_COUNT; e++)
		bases[e] = bases[e - 1] + s->n[e - 1];
	for (size_t i = 0; numbers && i < n; i++)
		numbers[i] = UINT32_MAX;
	for (size_t i = 0; numbers && i < x->n_records; i++) {
		enum entity type = (enum entity)x->records[i].type;
		const struct record *r = snapshot_find(s, type, flat_string(x, x->records[i].id));

		if (r)
			numbers[bases[type] + (size_t)(r - s->records[type])] = (uint32_t)i;
	}
	return numbers;
}

static const struct flat_point *find_point(const struct flat_file *x, uint32_t facet,
					   uint32_t record)
{
	size_t low = x->facets[facet], high = x->facets[facet + 1];

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (x->points[middle].record == record)
			return &x->points[middle];
		if (x->points[middle].record < record)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Pages' numbers are those of the file's time, too. */
static const struct flat_point *find_passage(const struct flat_file *x, const char *key,
					     uint32_t part)
{
	for (uint32_t i = x->facets[FLAT_PAGES]; i < x->facets[FLAT_PAGES + 1]; i++) {
		const struct flat_point *p = &x->points[i];

		if (p->part == part && strcmp(flat_string(x, x->pages[p->record]), key) == 0)
			return p;
	}
	return NULL;
}

/* texts: by the snapshot's record, how many it has, and how many of them have a vector. */
static void count_points(const struct flat_file *x, const struct flat_points *p,
			 const struct info_page *info, const uint32_t *numbers, uint8_t (*texts)[2],
			 struct vector_counts *c)
{
	size_t n_met = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct flat_point *want = &p->points[i], *have;

		if (want->facet == FLAT_PAGES) {
			have = find_passage(x, info[want->record].key, want->part);
		} else {
			have = numbers[want->record] == UINT32_MAX
				       ? NULL
				       : find_point(x, want->facet, numbers[want->record]);
			texts[want->record][0]++;
			texts[want->record][1] += have != NULL;
		}
		n_met += have != NULL;
		c->missing += !have;
		c->stale += have && memcmp(x->hashes[have->vector], p->rows.hashes[want->vector],
					   POINT_HASH_SIZE) != 0;
	}
	c->surplus = x->n_points - n_met;
	for (size_t i = 0; i < x->n_hashes; i++)
		c->damaged += flat_vector_check(x->vectors + i * x->header->stride, x->header->dims,
						"", NULL) < 0;
}

static void say_counts(struct verify_op *o, const struct vector_counts *c)
{
	if (c->records_without)
		find(o, "%zu record%s no vector", c->records_without,
		     c->records_without == 1 ? " has" : "s have");
	if (c->missing)
		find(o, "%zu of %zu texts have no vector", c->missing, o->expected.n);
	if (c->stale)
		find(o, "%zu vector%s of texts that changed", c->stale,
		     c->stale == 1 ? " is" : "s are");
	if (c->surplus)
		find(o, "%zu vector%s of texts that the records do not have any more", c->surplus,
		     c->surplus == 1 ? " is" : "s are");
	if (c->damaged)
		find(o, "%zu vector%s damaged", c->damaged, c->damaged == 1 ? " is" : "s are");
}

static int compare_vectors(struct verify_op *o, struct fail *f)
{
	const struct flat_file *x = o->op.file;
	const struct snapshot *s = o->snapshot;
	struct vector_counts c = { 0 };
	uint8_t(*texts)[2];
	const uint32_t *numbers;
	int r = flat_points_place(&o->expected, s, f);

	if (r < 0)
		return r;
	if (x->n_points && o->expected.n && !flat_space_is(x, &o->expected.given.space)) {
		find(o,
		     "the index holds vectors of %.80s (%u dimensions) and the model in use is "
		     "%.80s (%u): ingest the conference again",
		     x->header->model, x->header->dims, o->expected.given.space.model,
		     o->expected.given.space.dims);
		return 0;
	}
	numbers = record_in_file(x, s, o->op.arena);
	texts = arena_alloc(o->op.arena, (s->n[0] + s->n[1] + s->n[2] + 1) * sizeof(*texts));
	if (!numbers || !texts)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a report");
	count_points(x, &o->expected, s->conference.info, numbers, texts, &c);
	for (size_t i = 0; i < s->n[0] + s->n[1] + s->n[2]; i++)
		c.records_without += texts[i][0] && !texts[i][1];
	say_counts(o, &c);
	return 0;
}

static int verify_body(struct flat_op *op, struct fail *f)
{
	struct verify_op *o = container_of(op, struct verify_op, op);
	_cleanup_json_ struct json_object *report = json_object_new_object();
	int r = 0;

	o->findings = json_object_new_array();
	if (op->file->header->epoch != o->snapshot->epoch)
		find(o, "the index is of epoch %" PRIu64 " and the store of %" PRIu64,
		     op->file->header->epoch, o->snapshot->epoch);
	compare_records(o);
	if (o->with_points)
		r = compare_vectors(o, f);
	json_set_bool(report, "ok", json_object_array_length(o->findings) == 0);
	json_set(report, "findings", o->findings);
	if (r < 0)
		return r;
	o->json = json_dump(report);
	return o->json ? 0 : FAIL(f, ASSISTANT_ENOMEM, "no memory for a report");
}

static void verify_deliver(struct wait *w)
{
	struct verify_op *o = container_of(w, struct verify_op, op.work.wait);

	*o->out = TAKE_PTR(o->json);
}

static void verify_finish(struct flat_op *op)
{
	struct verify_op *o = container_of(op, struct verify_op, op);

	snapshot_unref(o->snapshot);
	flat_points_finish(&o->expected);
	free(o->json);
}

void flat_verify(struct index *index, struct snapshot *snapshot,
		 const struct index_points *expected, char **json, struct flow *f)
{
	struct verify_op *o = flat_op_new(index, sizeof(*o), "verify", verify_body, f);
	struct fail fail = FAIL_INIT;
	int r = 0;

	if (!o)
		return;
	o->snapshot = snapshot_ref(snapshot);
	o->out = json;
	o->op.finish = verify_finish;
	if (!flat_op_file(&o->op, snapshot->conference.id, snapshot->epoch, f))
		return;
	o->with_points = expected != NULL;
	if (expected)
		r = flat_points_init(&o->expected, expected, false, &fail);
	if (r < 0)
		flat_give_up(&o->op, r, &fail, f);
	else
		flat_submit(&o->op, o->op.index->builds, verify_deliver, f);
}
