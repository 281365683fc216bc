/*
 * quoting.c - see quoting.h.
 *
 *	sentences of the first few results --> embed, all at once --> the nearest of each, if it is near
 */
#include "agent/quoting.h"

#include <string.h>
#include "agent/facts.h"
#include "agent/telling.h"

#define MAX_RECORDS   6
#define MAX_OF_RECORD 4
#define MAX_SENTENCES (MAX_RECORDS * MAX_OF_RECORD)
#define EMBED_MS      300  /* an answer need not wait longer for a quotation */
#define LEAST_COSINE  0.3f /* less is no reason to list a record */

struct quoting {
	struct flow flow;
	struct turn *turn;
	const char *texts[MAX_SENTENCES];
	struct json_object
		*records[MAX_SENTENCES]; /* whose sentence it is; borrowed from the facts */
	size_t n;
	float *vectors;
};

static flow_step quoting_embed, quoting_choose;

static void quoting_ended(struct flow *f)
{
}

static void take_record(struct quoting *q, struct json_object *o)
{
	struct turn *t = q->turn;
	const struct record *r = NULL;
	size_t n, room = ARRAY_SIZE(q->texts) - q->n;
	enum entity type;

	if (json_get_bool(o, "focus", false) || json_get_string(o, "telling") ||
	    entity_from(json_text(o, "type"), &type) < 0 || type == ENTITY_EXHIBITOR)
		return;
	r = snapshot_find(catalog_snapshot(t->catalog), type, json_text(o, "id"));
	if (!r || !facts_may_tell(t, r))
		return;
	n = telling_sentences(r->description, q->texts + q->n,
			      room < MAX_OF_RECORD ? room : MAX_OF_RECORD, t->arena);
	for (size_t i = 0; i < n; i++)
		q->records[q->n++] = o;
}

bool quoting_is_possible(const struct turn *t)
{
	return t->env->embedder && t->meaning.vector && t->meaning.flow.status >= 0 &&
	       meaning_is_of(&t->meaning, t->understood.question,
			     catalog_snapshot(t->catalog)->epoch);
}

bool quoting_begin(struct turn *t, struct flow *parent)
{
	struct json_object *results = json_get_array(t->facts, "results");
	struct embedder *e = t->env->embedder;
	struct quoting *q;

	if (!results || !quoting_is_possible(t))
		return false;
	q = arena_new(t->arena, struct quoting);
	if (!q)
		return false;
	*q = (struct quoting){ .turn = t };
	for (size_t i = 0; i < json_object_array_length(results) && i < MAX_RECORDS; i++)
		take_record(q, json_object_array_get_idx(results, i));
	if (q->n > e->max_batch)
		q->n = e->max_batch;
	q->vectors = q->n ? arena_array(t->arena, float, q->n * e->dims) : NULL;
	if (!q->vectors)
		return false;
	flow_begin(&q->flow, parent->loop, parent, "quoting", FIRST(quoting_embed), quoting_ended);
	flow_set_deadline(&q->flow, EMBED_MS);
	return true;
}

static void quoting_embed(struct flow *f)
{
	struct quoting *q = container_of(f, struct quoting, flow);
	struct embedder *e = q->turn->env->embedder;

	e->ops->embed(e, EMBED_PASSAGE, q->texts, q->n, q->vectors, THEN(f, quoting_choose));
}

static float cosine(const float *a, const float *b, unsigned dims)
{
	float sum = 0;

	for (unsigned i = 0; i < dims; i++)
		sum += a[i] * b[i];
	return sum;
}

static void quoting_choose(struct flow *f)
{
	struct quoting *q = container_of(f, struct quoting, flow);
	struct turn *t = q->turn;
	unsigned dims = t->env->embedder->dims;

	for (size_t i = 0; i < q->n;) {
		struct json_object *record = q->records[i];
		const char *best = NULL;
		float most = LEAST_COSINE;

		for (; i < q->n && q->records[i] == record; i++) {
			float near = cosine(t->meaning.vector, q->vectors + i * dims, dims);

			if (near < most)
				continue;
			most = near;
			best = q->texts[i];
		}
		facts_set_text(record, "telling", best, TELLING_MAX_CHARS);
	}
	flow_done(f);
}
