/*
 * qdrant_verify.c - does the build in use hold exactly a snapshot's records, and vectors of their texts?
 *
 *	every point of the build, page by page --> compared with records and with texts' hashes --> findings
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include "base/utf8.h"
#include "index/flat_points.h"
#include "index/qdrant.h"

#define MAX_FINDINGS 100
#define PAGE	     1000
#define MAX_HELD     1000000

struct verify {
	struct qdrant_op op;
	struct snapshot *snapshot;
	bool with_points;
	struct flat_points expected;
	struct map *held; /* "type facet part id" -> its hash, in own */
	size_t n_held, seen[ENTITY_COUNT];
	struct json_object *findings;
	char *json, **out;
	unsigned set;
	char *next_page;
	struct qdrant_call call;
};

static flow_step verify_page, verify_read;

static struct verify *verify_of(struct flow *f)
{
	return container_of(qdrant_op_of(f), struct verify, op);
}

static void find(struct verify *v, const char *fmt, ...) _printf_(2, 3);
static void find(struct verify *v, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (json_object_array_length(v->findings) >= MAX_FINDINGS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[utf8_prefix(text, strlen(text), sizeof(text) - 1)] = 0;
	json_object_array_add(v->findings, json_object_new_string(text));
}

/* --- Reading -------------------------------------------------------------------------- */

static void verify_page(struct flow *f)
{
	struct verify *v = verify_of(f);
	const struct qdrant_build *b = v->op.build;
	char name[QDRANT_NAME];
	struct text t;

	text_init(&t, 8192);
	text_append(&t, "{\"filter\":{\"must\":[{\"key\":\"conference_id\",\"match\":{\"value\":");
	qdrant_text_string(&t, b->conference_id);
	text_printf(&t,
		    "}},{\"key\":\"build\",\"match\":{\"value\":\"%s\"}}]},\"limit\":%d,\"with_"
		    "payload\":[\"entity_id\",\"content\",\"facet_key\",\"part\",\"hash\"]",
		    b->uuid, PAGE);
	if (v->next_page)
		text_printf(&t, ",\"offset\":%s", v->next_page);
	text_append(&t, "}");
	qdrant_set_name(v->op.q, (enum qdrant_set)v->set, b->generation, name);
	v->call.missing = true;
	qdrant_send(&v->call, v->op.q, f, "POST", text_take(&t), "/collections/%s/points/scroll",
		    name);
	flow_join(THEN(f, verify_read));
}

static void see_record(struct verify *v, struct json_object *payload)
{
	enum entity type = (enum entity)v->set;
	const char *id = json_text(payload, "entity_id");
	const struct record *r = snapshot_find(v->snapshot, type, id);
	char content[24];

	if (!r) {
		find(v, "%s %s is in the index and not in the store", entity_name(type), id);
		return;
	}
	v->seen[type]++;
	snprintf(content, sizeof(content), "%016" PRIx64, hash_stable(r->json, r->json_len));
	if (strcmp(content, json_text(payload, "content")) != 0)
		find(v, "%s %s differs between index and store", entity_name(type), id);
}

static const char *key_of(struct verify *v, unsigned type, unsigned facet, unsigned part,
			  const char *id)
{
	return arena_printf(v->op.own, "%u %u %u %s", type, facet, part, id);
}

static bool see_vector(struct verify *v, struct json_object *payload)
{
	bool page = v->set == SET_PASSAGES;
	unsigned type = page ? POINT_PAGE : v->set % ENTITY_COUNT;
	enum facet facet = FACET_MASTER;
	const char *hash = json_get_string(payload, "hash"), *key;
	char *copy;

	if (!hash)
		return true; /* words only */
	if (!page && facet_from((enum entity)type, json_text(payload, "facet_key"), &facet) < 0)
		return true;
	key = key_of(v, type, facet, (unsigned)json_get_int(payload, "part", 0),
		     json_text(payload, "entity_id"));
	copy = arena_strdup(v->op.own, hash);
	v->n_held++;
	return key && copy && map_put(v->held, key, copy, NULL) == 0;
}

/* --- Comparing ------------------------------------------------------------------------------ */

struct counts {
	size_t missing, stale, met, records_without;
};

static void compare_point(struct verify *v, const struct flat_point *p, uint8_t (*texts)[2],
			  struct counts *c)
{
	const struct snapshot *s = v->snapshot;
	const char *id, *have;
	unsigned type = POINT_PAGE, facet = FACET_MASTER;
	char hash[2 * POINT_HASH_SIZE + 1];

	if (p->facet == FLAT_PAGES) {
		id = s->conference.info[p->record].key;
	} else {
		size_t number = p->record;

		for (type = 0; number >= s->n[type]; type++)
			number -= s->n[type];
		id = s->records[type][number].id;
		facet = p->facet;
	}
	have = map_get(v->held, key_of(v, type, facet, p->part, id));
	if (p->facet != FLAT_PAGES) {
		texts[p->record][0]++;
		texts[p->record][1] += have != NULL;
	}
	qdrant_hash_text(v->expected.rows.hashes[p->vector], hash);
	c->met += have != NULL;
	c->missing += !have;
	c->stale += have && strcmp(have, hash) != 0;
}

static void say(struct verify *v, size_t n, const char *one, const char *many, const char *rest)
{
	if (n)
		find(v, "%zu %s %s", n, n == 1 ? one : many, rest);
}

static int compare_vectors(struct verify *v, struct fail *f)
{
	const struct snapshot *s = v->snapshot;
	const struct vector_space *held = &v->op.build->space, *asked = &v->expected.given.space;
	size_t n = s->n[0] + s->n[1] + s->n[2];
	uint8_t(*texts)[2] = arena_alloc(v->op.own, (n + 1) * sizeof(*texts));
	struct counts c = { 0 };
	int r = flat_points_place(&v->expected, s, f);

	if (r < 0)
		return r;
	if (v->op.build->n_points && v->expected.n &&
	    (held->dims != asked->dims || strcmp(held->model, asked->model))) {
		find(v,
		     "the index holds vectors of %.80s (%u dimensions) and the model in use is "
		     "%.80s (%u): ingest the conference again",
		     held->model, held->dims, asked->model, asked->dims);
		return 0;
	}
	if (!texts)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a report");
	for (size_t i = 0; i < v->expected.n; i++)
		compare_point(v, &v->expected.points[i], texts, &c);
	for (size_t i = 0; i < n; i++)
		c.records_without += texts[i][0] && !texts[i][1];
	say(v, c.records_without, "record has", "records have", "no vector");
	if (c.missing)
		find(v, "%zu of %zu texts have no vector", c.missing, v->expected.n);
	say(v, c.stale, "vector is", "vectors are", "of texts that changed");
	say(v, v->n_held - c.met, "vector is", "vectors are",
	    "of texts that the records do not have any more");
	return 0;
}

static int report(struct verify *v, struct fail *f)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct snapshot *s = v->snapshot;
	int r = 0;

	if (v->op.build->epoch != s->epoch)
		find(v, "the index is of epoch %" PRIu64 " and the store of %" PRIu64,
		     v->op.build->epoch, s->epoch);
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		if (v->seen[e] != s->n[e])
			find(v, "the index holds %zu of the store's %zu %s", v->seen[e], s->n[e],
			     entity_plural((enum entity)e));
	}
	if (v->with_points)
		r = compare_vectors(v, f);
	json_set_bool(o, "ok", json_object_array_length(v->findings) == 0);
	json_set(o, "findings", TAKE_PTR(v->findings));
	v->json = r < 0 ? NULL : json_dump(o);
	return r < 0 || v->json ? r : FAIL(f, ASSISTANT_ENOMEM, "no memory for a report");
}

static int see_page(struct verify *v, struct fail *f)
{
	struct json_object *points = json_get_array(v->call.result, "points");

	for (size_t i = 0; points && i < json_object_array_length(points); i++) {
		struct json_object *payload =
			json_get_object(json_object_array_get_idx(points, i), "payload");

		if (qdrant_set_is_master((enum qdrant_set)v->set))
			see_record(v, payload);
		if (!see_vector(v, payload))
			return FAIL(f, ASSISTANT_ENOMEM, "no memory for a report");
	}
	return 0;
}

static void verify_read(struct flow *f)
{
	struct verify *v = verify_of(f);
	struct json_object *next;
	int r = qdrant_failed(f, &v->call, 1);

	if (r == 0)
		r = see_page(v, &f->fail);
	free(TAKE_PTR(v->next_page));
	next = json_get(v->call.result, "next_page_offset");
	if (r == 0 && next)
		v->next_page = json_dump(next);
	if (r == 0 && (next || ++v->set < SET_STAGED)) {
		verify_page(f);
		return;
	}
	if (r == 0)
		r = report(v, &f->fail);
	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

static void deliver(struct qdrant_op *op, struct wait *w)
{
	struct verify *v = container_of(op, struct verify, op);

	(void)w;
	*v->out = TAKE_PTR(v->json);
}

static void finish(struct qdrant_op *op)
{
	struct verify *v = container_of(op, struct verify, op);

	snapshot_unref(v->snapshot);
	flat_points_finish(&v->expected);
	map_destroy(v->held, NULL);
	json_object_put(v->findings);
	free(v->json);
	free(v->next_page);
	qdrant_call_finish(&v->call);
}

void qdrant_verify(struct index *index, struct snapshot *snapshot,
		   const struct index_points *expected, char **json, struct flow *f)
{
	struct verify *v = qdrant_op_new(index, sizeof(*v), "verify", f);
	struct fail fail = FAIL_INIT;
	int r = 0;

	if (!v)
		return;
	v->snapshot = snapshot_ref(snapshot);
	v->out = json;
	v->op.finish = finish;
	v->op.deliver = deliver;
	if (!qdrant_op_build(&v->op, snapshot->conference.id, snapshot->epoch, f))
		return;
	v->findings = json_object_new_array();
	v->held = map_create(MAX_HELD);
	v->with_points = expected != NULL;
	if (!v->held)
		r = FAIL(&fail, ASSISTANT_ENOMEM, "no memory for a report");
	if (r == 0 && expected)
		r = flat_points_init(&v->expected, expected, false, &fail);
	if (r < 0)
		qdrant_op_refuse(&v->op, r, &fail, f);
	else
		qdrant_op_start(&v->op, FIRST(verify_page), f);
}
