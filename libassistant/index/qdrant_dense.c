/*
 * qdrant_dense.c - nearest in meaning.
 *
 *	each kind of record: masters | facets, grouped by record | how many there are        side by side
 *	   --> merged by record --> the top --> cosines that a cut left out, by the points' ids --> hits
 *
 * Facets and masters are asked apart and fused nowhere: scores are search/score.c's.  Small builds are searched exactly.
 */
#include <stdlib.h>
#include <string.h>
#include "index/engine.h"
#include "index/flat_points.h"
#include "index/qdrant.h"
#include "index/qdrant_sample.h"

#define DEFAULT_LIMIT 10
#define MAX_LIMIT     10000
#define PAGES_MAX     1000  /* information pages of a conference */
#define EXACT_POINTS  20000 /* of a collection: up to there all are compared */
#define SEARCHED      256   /* hnsw_ef beyond */
#define ACORN	      16    /* version 1.16: graphs that filters do not tear */
#define BODY_MAX      ((size_t)8 << 20)

struct met {
	struct dense_hit hit;
	unsigned known; /* FACET_BIT()s that were answered, whether there is such a point or not */
};

struct dense {
	struct qdrant_op op;
	struct dense_query query;
	char *vector; /* as JSON */
	struct qdrant_call near[SET_STAGED], passages, average[SET_PASSAGES], count[ENTITY_COUNT];
	struct map *by_id; /* "0 s1" -> place + 1 */
	struct met *found;
	size_t n, cap, top;
	struct dense_hits hits, *out;
	struct arena *arena;
};

static flow_step dense_send, dense_read, dense_filled, pages_send, pages_read;

static struct dense *dense_of(struct flow *f)
{
	return container_of(qdrant_op_of(f), struct dense, op);
}

static size_t limit_of(const struct dense *d)
{
	int limit = d->query.limit;

	return limit <= 0 ? DEFAULT_LIMIT : limit > MAX_LIMIT ? MAX_LIMIT : (size_t)limit;
}

/* What a set can answer of what is asked. */
static unsigned facets_asked(const struct dense *d, unsigned set)
{
	unsigned asked = d->query.facets ? d->query.facets : FACET_ALL;
	unsigned own = facets_of((enum entity)(set % ENTITY_COUNT));

	return asked &
	       (set < SET_FACETS ? FACET_BIT(FACET_MASTER) : own & ~FACET_BIT(FACET_MASTER));
}

/* --- Requests ------------------------------------------------------------------------------- */

static void add_params(struct text *t, const struct dense *d, unsigned set)
{
	if (d->op.build->n_in[set] <= EXACT_POINTS)
		text_append(t, ",\"params\":{\"exact\":true}");
	else if (d->op.q->minor >= ACORN)
		text_printf(t, ",\"params\":{\"hnsw_ef\":%d,\"acorn\":{\"enable\":true}}",
			    SEARCHED);
	else
		text_printf(t, ",\"params\":{\"hnsw_ef\":%d}", SEARCHED);
}

static void add_facet_keys(struct text *t, const char *field, unsigned facets)
{
	bool first = true;

	text_printf(t, ",{\"key\":\"%s\",\"match\":{\"any\":[", field);
	for (unsigned f = 0; f < FACET_COUNT; f++) {
		if (!(facets & FACET_BIT(f)))
			continue;
		text_printf(t, "%s\"%s\"", first ? "" : ",", facet_key((enum facet)f));
		first = false;
	}
	text_append(t, "]}}");
}

/* Up to where its filter's conditions stand. */
static void begin_query(struct text *t, const struct dense *d)
{
	text_append(t, "{\"query\":");
	text_append(t, d->vector);
	text_append(t, ",\"using\":\"text\",\"filter\":{\"must\":[");
}

static char *near_body(const struct dense *d, unsigned set, const char *filter, unsigned facets)
{
	struct text t;

	text_init(&t, BODY_MAX);
	begin_query(&t, d);
	text_append(&t, filter);
	if (set >= SET_FACETS && facets != facets_of((enum entity)(set % ENTITY_COUNT)))
		add_facet_keys(&t, "facet_key", facets);
	text_append(&t, "]}");
	add_params(&t, d, set);
	text_printf(&t, ",\"limit\":%zu", limit_of(d));
	if (set >= SET_FACETS)
		text_printf(
			&t,
			",\"group_by\":\"entity_id\",\"group_size\":%d,\"with_payload\":[\"facet_"
			"key\",\"rank\"]}",
			FACETS_PER_ENTITY - 1);
	else
		text_append(&t, ",\"with_payload\":[\"entity_id\",\"rank\"]}");
	return text_take(&t);
}

/* Records that have any of the facets asked. */
static char *count_body(const struct dense *d, enum entity type, const char *filter)
{
	struct text t;

	text_init(&t, BODY_MAX);
	text_printf(&t, "{\"filter\":{\"must\":[%s", filter);
	add_facet_keys(&t, "facets",
		       facets_asked(d, SET_MASTERS + type) | facets_asked(d, SET_FACETS + type));
	text_append(&t, "]},\"exact\":true}");
	return text_take(&t);
}

static void send_set(struct dense *d, unsigned set, const char *filter, struct flow *f)
{
	unsigned facets = facets_asked(d, set);
	char name[QDRANT_NAME];

	if (!facets || !d->op.build->n_in[set])
		return;
	qdrant_set_name(d->op.q, (enum qdrant_set)set, d->op.build->generation, name);
	qdrant_send(&d->near[set], d->op.q, f, "POST", near_body(d, set, filter, facets),
		    "/collections/%s/points/query%s", name, set >= SET_FACETS ? "/groups" : "");
}

static void send_count(struct dense *d, enum entity type, const char *filter, struct flow *f)
{
	unsigned asked = facets_asked(d, SET_MASTERS + type) | facets_asked(d, SET_FACETS + type);
	char name[QDRANT_NAME];

	if (asked == facets_of(type) && qdrant_filters_nothing(type, &d->query.filter)) {
		d->hits.total += d->op.build->n_near[type];
		return;
	}
	qdrant_set_name(d->op.q, (enum qdrant_set)(SET_MASTERS + type), d->op.build->generation,
			name);
	qdrant_send(&d->count[type], d->op.q, f, "POST", count_body(d, type, filter),
		    "/collections/%s/points/count", name);
}

/* The average of everything, and the sample's vectors are here. */
static bool is_at_hand(const struct dense *d)
{
	const struct index_filter *filter = &d->query.filter;

	return d->op.build->sample && !d->query.facets && !filter->entities &&
	       qdrant_filters_nothing(ENTITY_SESSION, filter);
}

/* Every record's facets, of all or of a sample: to be averaged. */
static void send_average(struct dense *d, unsigned set, const char *filter, struct flow *f)
{
	unsigned facets = facets_asked(d, set), draws = qdrant_sample_draws(d->op.build);
	char name[QDRANT_NAME];
	struct text t;

	if (!d->query.average || is_at_hand(d) || !facets || !d->op.build->n_in[set])
		return;
	text_init(&t, BODY_MAX);
	begin_query(&t, d);
	text_append(&t, filter);
	if (set >= SET_FACETS && facets != facets_of((enum entity)(set % ENTITY_COUNT)))
		add_facet_keys(&t, "facet_key", facets);
	if (draws < QDRANT_DRAWS)
		text_printf(&t, ",{\"key\":\"draw\",\"range\":{\"lt\":%u}}", draws);
	text_append(&t, "]},\"params\":{\"exact\":true}");
	text_printf(&t, ",\"limit\":%zu,\"with_payload\":[\"entity_id\"]}", d->op.build->n_in[set]);
	qdrant_set_name(d->op.q, (enum qdrant_set)set, d->op.build->generation, name);
	qdrant_send(&d->average[set], d->op.q, f, "POST", text_take(&t),
		    "/collections/%s/points/query", name);
}

static void send_type(struct dense *d, enum entity type, struct flow *f)
{
	struct text filter;

	if (!(facets_asked(d, SET_MASTERS + type) | facets_asked(d, SET_FACETS + type)))
		return;
	text_init(&filter, BODY_MAX);
	if (qdrant_text_filter(&filter, d->op.build, type, &d->query.filter) && !filter.failed) {
		send_set(d, SET_MASTERS + type, filter.data, f);
		send_set(d, SET_FACETS + type, filter.data, f);
		send_average(d, SET_MASTERS + type, filter.data, f);
		send_average(d, SET_FACETS + type, filter.data, f);
		send_count(d, type, filter.data, f);
	}
	text_finish(&filter);
}

static void dense_send(struct flow *f)
{
	struct dense *d = dense_of(f);

	if (!d->op.build->n_points) {
		flow_done(f);
		return;
	}
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		send_type(d, (enum entity)e, f);
	flow_join(THEN(f, dense_read));
}

/* --- Answers ----------------------------------------------------------------------------------- */

static struct met *met_of(struct dense *d, enum entity type, const char *id)
{
	char key[1024];
	uintptr_t place;
	struct met *m;

	snprintf(key, sizeof(key), "%d %.1000s", (int)type, id);
	place = (uintptr_t)map_get(d->by_id, key);
	if (place)
		return &d->found[place - 1];
	d->found = arena_grow(d->op.own, d->found, d->n, &d->cap, sizeof(*d->found));
	if (!d->found || map_put(d->by_id, key, (void *)(uintptr_t)(d->n + 1), NULL) < 0)
		return NULL;
	m = &d->found[d->n++];
	*m = (struct met){ .hit = { .type = type, .best = COSINE_NONE } };
	m->hit.id = arena_strdup(d->op.own, id);
	for (unsigned facet = 0; facet < FACET_COUNT; facet++)
		m->hit.cosine[facet] = COSINE_NONE;
	return m->hit.id ? m : NULL;
}

static void take_point(struct dense *d, struct met *m, struct json_object *point)
{
	struct json_object *payload = json_get_object(point, "payload");
	const char *key = json_get_string(payload, "facet_key");
	float cosine = (float)json_get_double(point, "score", 0);
	enum facet facet = FACET_MASTER;

	(void)d;
	if (key && facet_from(m->hit.type, key, &facet) < 0)
		return;
	cosine = cosine < -1 ? -1 : cosine > 1 ? 1 : cosine;
	m->hit.cosine[facet] = cosine;
	m->hit.row = (unsigned)json_get_int(payload, "rank", m->hit.row);
	if (cosine > m->hit.best)
		m->hit.best = cosine;
}

static int read_masters(struct dense *d, unsigned set, struct fail *f)
{
	struct json_object *points = json_get_array(d->near[set].result, "points");

	for (size_t i = 0; points && i < json_object_array_length(points); i++) {
		struct json_object *point = json_object_array_get_idx(points, i);
		const char *id = json_text(json_get_object(point, "payload"), "entity_id");
		struct met *m = met_of(d, (enum entity)(set % ENTITY_COUNT), id);

		if (!m)
			return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
		take_point(d, m, point);
		m->known |= FACET_BIT(FACET_MASTER);
	}
	return 0;
}

static int read_groups(struct dense *d, unsigned set, struct fail *f)
{
	struct json_object *groups = json_get_array(d->near[set].result, "groups");

	for (size_t i = 0; groups && i < json_object_array_length(groups); i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);
		struct json_object *hits = json_get_array(group, "hits");
		struct met *m =
			met_of(d, (enum entity)(set % ENTITY_COUNT), json_text(group, "id"));

		if (!m)
			return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
		for (size_t k = 0; hits && k < json_object_array_length(hits); k++)
			take_point(d, m, json_object_array_get_idx(hits, k));
		m->known |= facets_asked(d, set);
	}
	return 0;
}

/* All that the set has was in the answer. */
static bool is_whole(const struct dense *d, unsigned set)
{
	struct json_object *list =
		json_get_array(d->near[set].result, set < SET_FACETS ? "points" : "groups");

	return !list || json_object_array_length(list) < limit_of(d);
}

static int by_best(const void *pa, const void *pb)
{
	const struct met *a = pa, *b = pb;

	if (a->hit.best != b->hit.best)
		return a->hit.best > b->hit.best ? -1 : 1;
	if (a->hit.type != b->hit.type)
		return a->hit.type < b->hit.type ? -1 : 1;
	return a->hit.row < b->hit.row ? -1 : a->hit.row > b->hit.row;
}

/* --- What a cut left out -------------------------------------------------------------------------- */

/* Ids of points that the set may have of the top's records and did not answer; how many. */
static size_t list_missing(const struct dense *d, unsigned set, struct text *ids)
{
	unsigned asked = facets_asked(d, set);
	size_t n = 0;

	for (size_t i = 0; i < d->top; i++) {
		const struct met *m = &d->found[i];

		if (m->hit.type != set % ENTITY_COUNT || (m->known & asked) == asked)
			continue;
		for (unsigned facet = 0; facet < FACET_COUNT; facet++) {
			char id[UUID_SIZE];

			if (!(asked & FACET_BIT(facet)))
				continue;
			qdrant_point_id(d->op.build->uuid, m->hit.type, facet, m->hit.id, 0, id);
			text_printf(ids, "%s\"%s\"", n++ ? "," : "", id);
		}
	}
	return n;
}

static bool fill_set(struct dense *d, unsigned set, struct flow *f)
{
	char name[QDRANT_NAME];
	struct text ids, body;
	size_t n;

	text_init(&ids, BODY_MAX);
	n = list_missing(d, set, &ids);
	if (n) {
		text_init(&body, BODY_MAX);
		begin_query(&body, d);
		text_append(&body, "{\"has_id\":[");
		text_append(&body, ids.data);
		text_append(&body, "]},{\"key\":\"conference_id\",\"match\":{\"value\":");
		qdrant_text_string(&body, d->op.build->conference_id);
		text_printf(&body,
			    "}}]},\"params\":{\"exact\":true},\"limit\":%zu,\"with_payload\":["
			    "\"entity_id\",\"facet_key\",\"rank\"]}",
			    n);
		qdrant_set_name(d->op.q, (enum qdrant_set)set, d->op.build->generation, name);
		qdrant_send(&d->near[set], d->op.q, f, "POST", text_take(&body),
			    "/collections/%s/points/query", name);
	}
	text_finish(&ids);
	return n > 0;
}

static void keep_best(struct dense *d, struct map *best, unsigned set, struct json_object *point)
{
	float cosine = (float)json_get_double(point, "score", 0), *kept;
	char key[1024];

	snprintf(key, sizeof(key), "%u %.1000s", set % ENTITY_COUNT,
		 json_text(json_get_object(point, "payload"), "entity_id"));
	kept = map_get(best, key);
	if (!kept) {
		kept = arena_new(d->op.own, float);
		if (!kept || map_put(best, key, kept, NULL) < 0)
			return;
		*kept = COSINE_NONE;
	}
	*kept = cosine > *kept ? cosine : *kept;
}

static int failed(struct dense *d, struct flow *f)
{
	int r = qdrant_failed(f, d->near, SET_STAGED);

	if (r == 0)
		r = qdrant_failed(f, &d->passages, 1);
	if (r == 0)
		r = qdrant_failed(f, d->average, SET_PASSAGES);
	return r < 0 ? r : qdrant_failed(f, d->count, ENTITY_COUNT);
}

/* Of each record's best cosine, whatever set it is of. */
static int take_average(struct dense *d, struct fail *f)
{
	struct map *best = map_create((size_t)ENTITY_COUNT * MAX_LIMIT);
	size_t cursor = 0, n = 0;
	const char *key;
	double sum = 0;
	void *value;

	for (unsigned set = 0; best && set < SET_PASSAGES; set++) {
		struct json_object *points = json_get_array(d->average[set].result, "points");

		for (size_t i = 0; points && i < json_object_array_length(points); i++)
			keep_best(d, best, set, json_object_array_get_idx(points, i));
	}
	while (best && map_next(best, &cursor, &key, &value)) {
		sum += (double)*(float *)value;
		n++;
	}
	d->hits.mean = n ? (float)(sum / (double)n) : 0;
	map_destroy(best, NULL);
	return best ? 0 : FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
}

static void dense_read(struct flow *f)
{
	struct dense *d = dense_of(f);
	bool filling = false, whole[SET_PASSAGES];
	int r = failed(d, f);

	d->by_id = map_create(ENTITY_COUNT * 2 * MAX_LIMIT);
	if (r == 0 && !d->by_id)
		r = FAIL(&f->fail, ASSISTANT_ENOMEM, "no memory for a search");
	for (unsigned set = 0; r == 0 && set < SET_PASSAGES; set++) {
		whole[set] = is_whole(d, set);
		r = set < SET_FACETS ? read_masters(d, set, &f->fail)
				     : read_groups(d, set, &f->fail);
	}
	if (r == 0 && d->query.average && !is_at_hand(d))
		r = take_average(d, &f->fail);
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		d->hits.total += (size_t)json_get_int(d->count[e].result, "count", 0);
	if (d->n)
		qsort(d->found, d->n, sizeof(*d->found), by_best);
	d->top = d->n < limit_of(d) ? d->n : limit_of(d);
	for (unsigned set = 0; set < SET_PASSAGES; set++) {
		qdrant_call_finish(&d->near[set]);
		d->near[set] = (struct qdrant_call){ .once = true };
		if (!whole[set] && !d->query.best)
			filling |= fill_set(d, set, f);
	}
	if (filling)
		flow_join(THEN(f, dense_filled));
	else
		flow_done(f);
}

static struct met *find_top(struct dense *d, enum entity type, const char *id)
{
	for (size_t i = 0; i < d->top; i++) {
		if (d->found[i].hit.type == type && !strcmp(d->found[i].hit.id, id))
			return &d->found[i];
	}
	return NULL;
}

/* Best stays what it was: a cut leaves out only what is farther than that. */
static void dense_filled(struct flow *f)
{
	struct dense *d = dense_of(f);
	int r = failed(d, f);

	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	for (unsigned set = 0; set < SET_PASSAGES; set++) {
		struct json_object *points = json_get_array(d->near[set].result, "points");

		for (size_t i = 0; points && i < json_object_array_length(points); i++) {
			struct json_object *point = json_object_array_get_idx(points, i);
			const char *id = json_text(json_get_object(point, "payload"), "entity_id");
			struct met *m = find_top(d, (enum entity)(set % ENTITY_COUNT), id);

			if (m)
				take_point(d, m, point);
		}
	}
	flow_done(f);
}

/* --- Information pages ----------------------------------------------------------------------------- */

/* The best of each page; of its passages alone when `passages`. */
static char *pages_body(const struct dense *d, bool passages)
{
	struct text t;

	text_init(&t, BODY_MAX);
	begin_query(&t, d);
	text_append(&t, "{\"key\":\"conference_id\",\"match\":{\"value\":");
	qdrant_text_string(&t, d->op.build->conference_id);
	text_printf(&t, "}},{\"key\":\"build\",\"match\":{\"value\":\"%s\"}}", d->op.build->uuid);
	if (passages)
		text_printf(&t, ",{\"key\":\"part\",\"range\":{\"lt\":%u}}", POINT_PART_ASKED);
	text_printf(&t,
		    "]},\"params\":{\"exact\":true},\"group_by\":\"entity_id\",\"group_size\":1,"
		    "\"limit\":%d,\"with_payload\":[\"part\"]}",
		    PAGES_MAX);
	return text_take(&t);
}

static void pages_send(struct flow *f)
{
	struct dense *d = dense_of(f);
	char name[QDRANT_NAME];

	if (!d->op.build->n_in[SET_PASSAGES]) {
		flow_done(f);
		return;
	}
	qdrant_set_name(d->op.q, SET_PASSAGES, d->op.build->generation, name);
	qdrant_send(&d->near[SET_PASSAGES], d->op.q, f, "POST", pages_body(d, false),
		    "/collections/%s/points/query/groups", name);
	qdrant_send(&d->passages, d->op.q, f, "POST", pages_body(d, true),
		    "/collections/%s/points/query/groups", name);
	flow_join(THEN(f, pages_read));
}

/* best is of anything that the page says or answers, the cosine of its nearest passage. */
static void read_pages(struct dense *d, struct json_object *groups, bool passages)
{
	for (size_t i = 0; groups && i < json_object_array_length(groups); i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);
		struct json_object *hits = json_get_array(group, "hits");
		struct json_object *point = hits ? json_object_array_get_idx(hits, 0) : NULL;
		struct met *m = point ? met_of(d, POINT_PAGE, json_text(group, "id")) : NULL;
		float cosine = (float)json_get_double(point, "score", 0);

		if (!m)
			continue;
		cosine = cosine < -1 ? -1 : cosine > 1 ? 1 : cosine;
		if (cosine > m->hit.best)
			m->hit.best = cosine;
		if (!passages)
			continue;
		m->hit.cosine[FACET_MASTER] = cosine;
		m->hit.part = (unsigned)json_get_int(json_get_object(point, "payload"), "part", 0);
	}
}

static int page_order(const void *pa, const void *pb)
{
	const struct met *a = pa, *b = pb;

	if (a->hit.best != b->hit.best)
		return a->hit.best > b->hit.best ? -1 : 1;
	return strcmp(a->hit.id, b->hit.id);
}

static void pages_read(struct flow *f)
{
	struct dense *d = dense_of(f);
	int r = failed(d, f);

	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	d->by_id = map_create(PAGES_MAX);
	if (!d->by_id) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "no memory for a search"));
		return;
	}
	read_pages(d, json_get_array(d->near[SET_PASSAGES].result, "groups"), false);
	read_pages(d, json_get_array(d->passages.result, "groups"), true);
	if (d->n)
		qsort(d->found, d->n, sizeof(*d->found), page_order);
	d->hits.total = d->n;
	d->top = d->n < limit_of(d) ? d->n : limit_of(d);
	flow_done(f);
}

/* --- The operation ------------------------------------------------------------------------------------- */

static void deliver(struct qdrant_op *op, struct wait *w)
{
	struct dense *d = container_of(op, struct dense, op);
	struct dense_hits *hits = &d->hits;

	hits->n = d->top;
	hits->hits = arena_array(d->op.own, struct dense_hit, d->top + 1);
	for (size_t i = 0; hits->hits && i < d->top; i++)
		hits->hits[i] = d->found[i].hit;
	if (hits->hits)
		w->status = dense_hits_copy(hits, d->arena, d->out, &w->fail);
	else
		w->status = FAIL(&w->fail, ASSISTANT_ENOMEM, "no memory for a search");
}

static void finish(struct qdrant_op *op)
{
	struct dense *d = container_of(op, struct dense, op);

	for (unsigned i = 0; i < SET_STAGED; i++)
		qdrant_call_finish(&d->near[i]);
	for (unsigned i = 0; i < SET_PASSAGES; i++)
		qdrant_call_finish(&d->average[i]);
	qdrant_call_finish(&d->passages);
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		qdrant_call_finish(&d->count[e]);
	map_destroy(d->by_id, NULL);
	free(d->vector);
}

static int check(struct dense *d, const struct dense_query *q, struct fail *f)
{
	const struct qdrant_build *b = d->op.build;
	struct text vector;
	int r = flat_space_check(&q->space, f);

	if (r == 0)
		r = flat_vector_check(q->vector, q->space.dims, "the question", f);
	if (r < 0)
		return r;
	if (b->n_points &&
	    (b->space.dims != q->space.dims || strcmp(b->space.model, q->space.model)))
		return flat_space_conflict(&b->space, &q->space, f);
	text_init(&vector, BODY_MAX);
	qdrant_text_unit(&vector, q->vector, q->space.dims);
	d->vector = text_take(&vector);
	if (!d->vector || !index_filter_copy(&q->filter, d->op.own, &d->query.filter))
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	if (d->query.average && is_at_hand(d))
		d->hits.mean = qdrant_sample_mean(b->sample, q->vector);
	return 0;
}

void qdrant_dense(struct index *index, const char *conference_id, const struct dense_query *q,
		  struct arena *arena, struct dense_hits *out, struct flow *f)
{
	struct dense *d = qdrant_op_new(index, sizeof(*d), "dense", f);
	struct fail fail = FAIL_INIT;
	int r;

	if (!d || !qdrant_op_build(&d->op, conference_id, q->filter.epoch, f))
		return;
	d->op.finish = finish;
	d->op.deliver = deliver;
	for (unsigned i = 0; i < SET_STAGED; i++)
		d->near[i].once = true;
	for (unsigned i = 0; i < SET_PASSAGES; i++)
		d->average[i].once = true;
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		d->count[e].once = true;
	d->passages.once = true;
	d->arena = arena;
	d->out = out;
	d->query.facets = q->facets;
	d->query.limit = q->limit;
	d->query.average = q->average;
	d->query.best = q->best;
	r = check(d, q, &fail);
	if (r < 0)
		qdrant_op_refuse(&d->op, r, &fail, f);
	else if (q->pages)
		qdrant_op_start(&d->op, FIRST(pages_send), f);
	else
		qdrant_op_start(&d->op, FIRST(dense_send), f);
}
