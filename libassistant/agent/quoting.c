/*
 * quoting.c - see quoting.h.
 *
 *	sentences of the first few results --> the few that share most words --> embed, all at once --> the nearest of each, if near
 *
 * The reader waits for it: a sentence costs some milliseconds, so few are embedded, and one that is late is not quoted.
 */
#include "agent/quoting.h"

#include <string.h>
#include "agent/facts.h"
#include "agent/telling.h"
#include "base/utf8.h"
#include "tools/builtin.h"

#define MAX_RECORDS   6
#define MAX_OF_RECORD 2
#define MAX_SENTENCES 6
#define MAX_READ      12   /* of a record, to choose from */
#define EMBED_MS      100  /* an answer need not wait longer for a quotation */
#define LEAST_COSINE  0.3f /* less is no reason to list a record */

struct quoting {
	struct flow flow;
	struct turn *turn;
	const char *texts[MAX_SENTENCES];
	struct json_object
		*records[MAX_SENTENCES]; /* whose sentence it is; borrowed from the facts */
	size_t n, per_record;
	const char *const *words; /* of the question */
	float *vectors;
};

static flow_step quoting_embed, quoting_choose;

static void quoting_ended(struct flow *f)
{
}

static unsigned shared_words(const struct quoting *q, const char *text)
{
	char *folded _cleanup_free_ = utf8_fold(text, strlen(text));

	return folded && q->words ? words_in(q->words, folded) : 0;
}

/* Those first that share most words with the question, else in their order; how many are worth embedding. */
static size_t most_alike(const struct quoting *q, const char **texts, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const char *moving = texts[i];
		unsigned most = shared_words(q, moving);
		size_t at = i;

		for (; at > 0 && shared_words(q, texts[at - 1]) < most; at--)
			texts[at] = texts[at - 1];
		texts[at] = moving;
	}
	return n < q->per_record ? n : q->per_record;
}

static void take_record(struct quoting *q, struct json_object *o)
{
	struct turn *t = q->turn;
	const struct record *r = NULL;
	const char *texts[MAX_READ];
	enum entity type;
	size_t n;

	if (json_get_bool(o, "focus", false) || json_get_string(o, "telling") ||
	    entity_from(json_text(o, "type"), &type) < 0 || type == ENTITY_EXHIBITOR)
		return;
	r = snapshot_find(catalog_snapshot(t->catalog), type, json_text(o, "id"));
	if (!r || !facts_may_tell(t, r))
		return;
	n = telling_sentences(r->description, texts, ARRAY_SIZE(texts), t->arena);
	n = most_alike(q, texts, n);
	for (size_t i = 0; i < n && q->n < ARRAY_SIZE(q->texts); i++) {
		q->records[q->n] = o;
		q->texts[q->n++] = texts[i];
	}
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
	size_t n;

	if (!results || !quoting_is_possible(t))
		return false;
	q = arena_new(t->arena, struct quoting);
	if (!q)
		return false;
	n = json_object_array_length(results) < MAX_RECORDS ? json_object_array_length(results)
							    : MAX_RECORDS;
	*q = (struct quoting){ .turn = t,
			       .per_record = n * MAX_OF_RECORD <= MAX_SENTENCES ? MAX_OF_RECORD : 1,
			       .words = words_of(t->understood.terms, t->arena) };
	for (size_t i = 0; i < n; i++)
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
