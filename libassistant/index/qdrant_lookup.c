/*
 * qdrant_lookup.c - see qdrant_lookup.h.
 *
 *	chunk of hashes --> those that wait, by id
 *	                --> each collection of vectors, by the field "hash"
 */
#include "index/qdrant_lookup.h"
#include <string.h>

#define LIST_MAX ((size_t)4 << 20)
#define FLOATS	 98304 /* of an answer with vectors: a megabyte of JSON */
#define CHUNK	 500   /* hashes, without */

static flow_step lookup_chunk, lookup_page, lookup_answered;

static struct qdrant_lookup *lookup_of(struct flow *f)
{
	return container_of(f, struct qdrant_lookup, flow);
}

static size_t chunk_size(const struct qdrant_lookup *l)
{
	size_t n = l->dims ? FLOATS / l->dims : CHUNK;

	return n < 1 ? 1 : n > CHUNK ? CHUNK : n;
}

/* The next hashes that are still looked for, as ids or as values of a field; how many. */
static size_t list_chunk(struct qdrant_lookup *l)
{
	size_t n = 0, max = chunk_size(l);

	text_clear(&l->list);
	for (; l->at < l->n && n < max; l->at++) {
		char what[64];

		if (!l->wanted(l->ctx, l->at))
			continue;
		if (l->set == SET_STAGED)
			qdrant_staged_id(l->conference_id, l->generation, l->hashes[l->at], what);
		else
			qdrant_hash_text(l->hashes[l->at], what);
		text_printf(&l->list, "%s\"%s\"", n++ ? "," : "", what);
	}
	return n;
}

/* Waiting ones are passed first; after the last set, all is said. */
static bool next_set(struct qdrant_lookup *l)
{
	l->at = 0;
	l->set = l->set == SET_STAGED ? 0 : l->set + 1;
	return l->set < SET_STAGED;
}

static void lookup_chunk(struct flow *f)
{
	struct qdrant_lookup *l = lookup_of(f);

	while (list_chunk(l) == 0) {
		if (!next_set(l)) {
			flow_done(f);
			return;
		}
	}
	free(TAKE_PTR(l->next_page));
	lookup_page(f);
}

static char *body_of(const struct qdrant_lookup *l)
{
	const char *vector = l->dims ? ",\"with_vector\":[\"text\"]" : "";
	struct text t;

	text_init(&t, LIST_MAX);
	if (l->set == SET_STAGED) {
		text_printf(&t, "{\"ids\":[%s],\"with_payload\":[\"hash\"]%s}", l->list.data,
			    vector);
		return text_take(&t);
	}
	text_append(&t, "{\"filter\":{\"must\":[{\"key\":\"conference_id\",\"match\":{\"value\":");
	qdrant_text_string(&t, l->conference_id);
	text_printf(&t,
		    "}},{\"key\":\"hash\",\"match\":{\"any\":[%s]}}]},\"limit\":%zu,"
		    "\"with_payload\":[\"hash\"]%s",
		    l->list.data, chunk_size(l), vector);
	if (l->next_page)
		text_printf(&t, ",\"offset\":%s", l->next_page);
	text_append(&t, "}");
	return text_take(&t);
}

static void lookup_page(struct flow *f)
{
	struct qdrant_lookup *l = lookup_of(f);
	char name[QDRANT_NAME];

	qdrant_set_name(l->q, (enum qdrant_set)l->set, l->generation, name);
	l->call.missing = true;
	qdrant_send(&l->call, l->q, f, "POST", body_of(l), "/collections/%s/points%s", name,
		    l->set == SET_STAGED ? "" : "/scroll");
	flow_join(THEN(f, lookup_answered));
}

static bool read_vector(struct qdrant_lookup *l, struct json_object *point)
{
	struct json_object *text = json_get_array(json_get_object(point, "vector"), "text");

	if (!l->dims)
		return true;
	if (!text || json_object_array_length(text) != l->dims)
		return false;
	for (unsigned i = 0; i < l->dims; i++)
		l->vector[i] = (float)json_object_get_double(json_object_array_get_idx(text, i));
	return true;
}

static void take(struct qdrant_lookup *l, struct json_object *points)
{
	size_t n =
		json_object_is_type(points, json_type_array) ? json_object_array_length(points) : 0;
	uint8_t hash[POINT_HASH_SIZE];

	for (size_t i = 0; i < n; i++) {
		struct json_object *point = json_object_array_get_idx(points, i);
		const char *text = json_text(json_get_object(point, "payload"), "hash");

		if (qdrant_hash_from(text, hash) && read_vector(l, point))
			l->found(l->ctx, hash, l->dims ? l->vector : NULL);
	}
}

static void lookup_answered(struct flow *f)
{
	struct qdrant_lookup *l = lookup_of(f);
	struct json_object *next;
	int r = qdrant_failed(f, &l->call, 1);

	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	if (!l->call.result) { /* no such collection: nothing of this set */
		l->at = l->n;
		lookup_chunk(f);
		return;
	}
	take(l, l->set == SET_STAGED ? l->call.result : json_get_array(l->call.result, "points"));
	next = json_get(l->call.result, "next_page_offset");
	free(TAKE_PTR(l->next_page));
	if (l->set != SET_STAGED && next) {
		l->next_page = json_dump(next);
		lookup_page(f);
		return;
	}
	lookup_chunk(f);
}

static void lookup_ended(struct flow *f)
{
	struct qdrant_lookup *l = lookup_of(f);

	l->code = f->status;
	l->fail = f->fail;
	free(TAKE_PTR(l->next_page));
	free(TAKE_PTR(l->vector));
	text_finish(&l->list);
	qdrant_call_finish(&l->call);
}

void qdrant_lookup_begin(struct qdrant_lookup *l, struct flow *parent)
{
	l->set = SET_STAGED;
	l->at = 0;
	text_init(&l->list, LIST_MAX);
	l->vector = calloc(l->dims + 1, sizeof(float));
	if (!l->vector) {
		l->code = FAIL(&l->fail, ASSISTANT_ENOMEM, "no memory to look for vectors");
		text_finish(&l->list);
		return;
	}
	flow_begin(&l->flow, l->q->loop, parent, "lookup", FIRST(lookup_chunk), lookup_ended);
}
