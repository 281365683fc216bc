/*
 * qdrant_sample.c - see qdrant_sample.h.
 *
 *	each collection of vectors --> page of the sample's points --> next page ... --> next collection
 */
#include "index/qdrant_sample.h"
#include <stdlib.h>
#include <string.h>
#include "index/kernels.h"

#define ALL_UP_TO   512 /* records; of more, a sample of about */
#define SOME	    256u
#define PAGE_FLOATS 98304 /* of an answer: a megabyte of JSON */
#define MAX_POINTS  (ALL_UP_TO * FACETS_PER_ENTITY)
#define MAX_BYTES                                                                                  \
	((size_t)96 << 20) /* of vectors so large that more would be needed, Qdrant is asked */
#define BODY_MAX 4096

struct qdrant_sample {
	unsigned dims;
	size_t stride, n, cap, n_groups;
	float *vectors;
	uint32_t *rows, *group;
	float *cosine, *best, *query; /* while a mean is computed */
};

static flow_step sampling_page, sampling_read;

static struct qdrant_sampling *sampling_of(struct flow *f)
{
	return container_of(f, struct qdrant_sampling, flow);
}

unsigned qdrant_sample_draws(const struct qdrant_build *b)
{
	size_t n = b->words.n_records;

	return n <= ALL_UP_TO ? QDRANT_DRAWS : (unsigned)((SOME * QDRANT_DRAWS + n - 1) / n);
}

/* --- Reading ------------------------------------------------------------------------------ */

static char *page_body(const struct qdrant_sampling *s)
{
	const struct qdrant_build *b = s->build;
	unsigned draws = qdrant_sample_draws(b);
	struct text t;

	text_init(&t, BODY_MAX);
	text_append(&t, "{\"filter\":{\"must\":[{\"key\":\"conference_id\",\"match\":{\"value\":");
	qdrant_text_string(&t, b->conference_id);
	text_printf(&t, "}},{\"key\":\"build\",\"match\":{\"value\":\"%s\"}}", b->uuid);
	if (draws < QDRANT_DRAWS)
		text_printf(&t, ",{\"key\":\"draw\",\"range\":{\"lt\":%u}}", draws);
	text_printf(&t,
		    "]},\"limit\":%zu,\"with_payload\":[\"entity_id\"],\"with_vector\":[\"text\"]",
		    (size_t)PAGE_FLOATS / b->space.dims + 1);
	if (s->next_page)
		text_printf(&t, ",\"offset\":%s", s->next_page);
	text_append(&t, "}");
	return text_take(&t);
}

static void sampling_page(struct flow *f)
{
	struct qdrant_sampling *s = sampling_of(f);
	char name[QDRANT_NAME];

	while (s->set < SET_PASSAGES && !s->build->n_in[s->set])
		s->set++;
	if (s->set == SET_PASSAGES) {
		s->build->sample = TAKE_PTR(s->sample);
		flow_done(f);
		return;
	}
	qdrant_set_name(s->q, (enum qdrant_set)s->set, s->build->generation, name);
	qdrant_send(&s->call, s->q, f, "POST", page_body(s), "/collections/%s/points/scroll", name);
	flow_join(THEN(f, sampling_read));
}

static bool group_of(struct qdrant_sampling *s, const char *id, uint32_t *group)
{
	char key[1024];
	uintptr_t number;

	snprintf(key, sizeof(key), "%u %.1000s", s->set % ENTITY_COUNT, id);
	number = (uintptr_t)map_get(s->groups, key);
	if (!number) {
		number = ++s->sample->n_groups;
		if (map_put(s->groups, key, (void *)number, NULL) < 0)
			return false;
	}
	*group = (uint32_t)(number - 1);
	return true;
}

static bool grow(struct qdrant_sample *m)
{
	size_t cap = m->cap ? m->cap * 2 : 256;
	uint32_t *group;
	float *vectors;

	if (m->n < m->cap)
		return true;
	group = reallocarray(m->group, cap, sizeof(*group));
	if (group)
		m->group = group;
	vectors = reallocarray(m->vectors, cap, m->stride * sizeof(*vectors));
	if (vectors)
		m->vectors = vectors;
	if (group && vectors)
		m->cap = cap;
	return group && vectors;
}

/* A point without its vector is passed over, as it is where Qdrant is asked. */
static bool take_point(struct qdrant_sampling *s, struct json_object *point)
{
	struct json_object *text = json_get_array(json_get_object(point, "vector"), "text");
	const char *id = json_text(json_get_object(point, "payload"), "entity_id");
	struct qdrant_sample *m = s->sample;
	float *v;

	if (!text || json_object_array_length(text) != m->dims || !*id)
		return true;
	if (m->n == MAX_POINTS || !grow(m) || !group_of(s, id, &m->group[m->n]))
		return false;
	v = m->vectors + m->n++ * m->stride;
	memset(v, 0, m->stride * sizeof(*v));
	for (unsigned i = 0; i < m->dims; i++)
		v[i] = (float)json_object_get_double(json_object_array_get_idx(text, i));
	return true;
}

static bool take_page(struct qdrant_sampling *s)
{
	struct json_object *points = json_get_array(s->call.result, "points");
	struct json_object *next = json_get(s->call.result, "next_page_offset");

	free(TAKE_PTR(s->next_page));
	for (size_t i = 0; points && i < json_object_array_length(points); i++) {
		if (!take_point(s, json_object_array_get_idx(points, i)))
			return false;
	}
	if (next)
		s->next_page = json_dump(next);
	else
		s->set++;
	return true;
}

static void sampling_read(struct flow *f)
{
	struct qdrant_sampling *s = sampling_of(f);
	int r = qdrant_failed(f, &s->call, 1);

	if (r == 0 && !take_page(s))
		r = FAIL(&f->fail, ASSISTANT_ETOOLARGE, "the sample is larger than expected");
	if (r < 0)
		flow_fail(f, r);
	else
		sampling_page(f);
}

static bool make_room(struct qdrant_sample *m)
{
	m->rows = calloc(m->n + 1, sizeof(*m->rows));
	m->cosine = calloc(m->n + 1, sizeof(*m->cosine));
	m->best = calloc(m->n_groups + 1, sizeof(*m->best));
	m->query = calloc(m->stride, sizeof(*m->query));
	if (!m->rows || !m->cosine || !m->best || !m->query)
		return false;
	for (size_t i = 0; i < m->n; i++)
		m->rows[i] = (uint32_t)i;
	return true;
}

static void sampling_ended(struct flow *f)
{
	struct qdrant_sampling *s = sampling_of(f);

	s->code = f->status;
	if (s->build->sample && !make_room(s->build->sample))
		qdrant_sample_free(TAKE_PTR(s->build->sample));
	qdrant_sample_free(TAKE_PTR(s->sample));
	map_destroy(TAKE_PTR(s->groups), NULL);
	free(TAKE_PTR(s->next_page));
	qdrant_call_finish(&s->call);
}

void qdrant_sampling_begin(struct qdrant_sampling *s, struct qdrant *q, struct qdrant_build *b,
			   struct flow *parent)
{
	*s = (struct qdrant_sampling){ .q = q, .build = b };
	if (!b->n_points || (size_t)MAX_POINTS * b->space.dims * sizeof(float) > MAX_BYTES)
		return;
	s->sample = calloc(1, sizeof(*s->sample));
	s->groups = map_create(MAX_POINTS);
	if (!s->sample || !s->groups) {
		map_destroy(TAKE_PTR(s->groups), NULL);
		qdrant_sample_free(TAKE_PTR(s->sample));
		return;
	}
	s->sample->dims = b->space.dims;
	s->sample->stride = kernel_stride(b->space.dims);
	flow_begin(&s->flow, q->loop, parent, "sample", FIRST(sampling_page), sampling_ended);
}

/* --- Using --------------------------------------------------------------------------------- */

float qdrant_sample_mean(const struct qdrant_sample *s, const float *vector)
{
	double sum = 0;

	memcpy(s->query, vector, s->dims * sizeof(*vector)); /* behind it, zeros stay */
	vector_kernels_best()->dots(s->query, s->vectors, s->stride, s->rows, s->n, s->cosine);
	for (size_t i = 0; i < s->n_groups; i++)
		s->best[i] = -1;
	for (size_t i = 0; i < s->n; i++) {
		if (s->cosine[i] > s->best[s->group[i]])
			s->best[s->group[i]] = s->cosine[i];
	}
	for (size_t i = 0; i < s->n_groups; i++)
		sum += (double)s->best[i];
	return s->n_groups ? (float)(sum / (double)s->n_groups) : 0;
}

void qdrant_sample_free(struct qdrant_sample *s)
{
	if (!s)
		return;
	free(s->vectors);
	free(s->rows);
	free(s->group);
	free(s->cosine);
	free(s->best);
	free(s->query);
	free(s);
}
