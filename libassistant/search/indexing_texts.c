/*
 * indexing_texts.c - see indexing_texts.h.
 */
#include "search/indexing_texts.h"
#include <string.h>
#include "base/hash.h"
#include "base/text.h"
#include "search/facets.h"
#include "search/page_questions.h"
#include "search/page_texts.h"

#define TEXTS_MAX_BYTES ((size_t)512 << 20)
#define HASHED_MAX	8192 /* model, side and one text */

struct make {
	struct work work;
	struct snapshot *snapshot;
	char *model;
	struct indexing_texts made, *out;
	struct text hashed;
};

/* Model and side are part of it: the same words make another vector with another model, or as a question. */
static int hash_of(struct make *m, const char *text, uint8_t out[static POINT_HASH_SIZE])
{
	uint8_t digest[SHA256_SIZE];

	text_clear(&m->hashed);
	text_append(&m->hashed, m->model);
	text_append(&m->hashed, "\npassage\n");
	text_append(&m->hashed, text);
	if (m->hashed.failed)
		return ASSISTANT_ENOMEM;
	sha256(m->hashed.data, m->hashed.len, digest);
	memcpy(out, digest, POINT_HASH_SIZE);
	return 0;
}

static int add_point(struct make *m, const struct index_point *point, const char *said)
{
	struct indexing_texts *t = &m->made;
	struct index_point *p = &t->points[t->n_points++];
	struct indexing_text *text = &t->texts[t->n++];

	*p = *point;
	if (hash_of(m, said, p->hash) < 0)
		return ASSISTANT_ENOMEM;
	*text = (struct indexing_text){ .text = said, .len = strlen(said), .point = p };
	memcpy(text->hash, p->hash, POINT_HASH_SIZE);
	return 0;
}

static int add_record(struct make *m, const struct record *r)
{
	struct facet_text texts[FACETS_PER_ENTITY];
	size_t n = facet_texts(m->snapshot, r, m->made.arena, texts);
	int result = n > 0 ? 0 : ASSISTANT_ENOMEM;

	for (size_t i = 0; result == 0 && i < n; i++) {
		const struct index_point p = { .type = r->type,
					       .facet = texts[i].facet,
					       .id = r->id };

		result = add_point(m, &p, texts[i].text);
	}
	return result;
}

static int add_page(struct make *m, const struct info_page *page)
{
	const char *passages[PAGE_MAX_PASSAGES];
	size_t n = page_passages(page, m->made.arena, passages);
	int result = 0;

	for (unsigned i = 0; result == 0 && i < n; i++) {
		const struct index_point p = { .type = POINT_PAGE, .id = page->key, .part = i };

		result = add_point(m, &p, passages[i]);
	}
	return result;
}

static int add_questions(struct make *m)
{
	struct page_questions questions;
	int result = page_questions(&m->snapshot->conference, m->made.arena, &questions);

	for (size_t i = 0; result == 0 && i < questions.n; i++) {
		const struct page_question *q = &questions.all[i];
		const struct index_point p = { .type = POINT_PAGE,
					       .id = q->page->key,
					       .part = POINT_PART_ASKED + q->number };

		result = add_point(m, &p, q->text);
	}
	return result;
}

static int by_hash(const void *a, const void *b)
{
	const struct indexing_text *ta = a, *tb = b;
	int r = memcmp(ta->hash, tb->hash, POINT_HASH_SIZE);

	/* of equal ones the first point stays, so that runs are alike */
	return r ? r : ta->point < tb->point ? -1 : ta->point > tb->point;
}

static void keep_each_once(struct indexing_texts *t)
{
	size_t n = 0;

	qsort(t->texts, t->n, sizeof(*t->texts), by_hash);
	for (size_t i = 0; i < t->n; i++) {
		if (n == 0 || memcmp(t->texts[n - 1].hash, t->texts[i].hash, POINT_HASH_SIZE) != 0)
			t->texts[n++] = t->texts[i];
	}
	t->n = n;
}

static int make_run(struct work *w, struct fail *f)
{
	struct make *m = container_of(w, struct make, work);
	const struct snapshot *s = m->snapshot;
	struct indexing_texts *t = &m->made;
	size_t records = 0;
	size_t max = s->conference.n_info * (PAGE_MAX_PASSAGES + PAGE_MAX_QUESTIONS) + 1;

	for (int e = 0; e < ENTITY_COUNT; e++)
		records += s->n[e];
	max += records * FACETS_PER_ENTITY;
	t->arena = arena_create(TEXTS_MAX_BYTES);
	if (t->arena) {
		t->points = arena_array(t->arena, struct index_point, max);
		t->texts = arena_array(t->arena, struct indexing_text, max);
	}
	if (!t->arena || !t->points || !t->texts)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the texts of %zu records", records);
	for (int e = 0; e < ENTITY_COUNT; e++) {
		for (size_t i = 0; i < s->n[e]; i++) {
			if (work_cancelled(w))
				return FAIL(f, ASSISTANT_ECANCELED, "indexing was cancelled");
			if (add_record(m, &s->records[e][i]) < 0)
				return FAIL(f, ASSISTANT_ENOMEM, "no memory for the texts of %s %s",
					    entity_name((enum entity)e), s->records[e][i].id);
		}
	}
	for (size_t i = 0; i < s->conference.n_info; i++) {
		if (add_page(m, &s->conference.info[i]) < 0)
			return FAIL(f, ASSISTANT_ENOMEM, "no memory for the texts of page %s",
				    s->conference.info[i].key);
	}
	if (add_questions(m) < 0)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for what pages are asked for");
	keep_each_once(t);
	return 0;
}

static void make_deliver(struct wait *w)
{
	struct make *m = container_of(w, struct make, work.wait);

	*m->out = m->made;
	m->made = (struct indexing_texts){ NULL };
}

static void make_release(struct wait *w)
{
	struct make *m = container_of(w, struct make, work.wait);

	indexing_texts_finish(&m->made);
	text_finish(&m->hashed);
	snapshot_unref(m->snapshot);
	free(m->model);
	free(m);
}

void indexing_texts_make(struct lane *lane, struct snapshot *snapshot, const char *model,
			 struct indexing_texts *out, struct flow *f)
{
	struct make *m = calloc(1, sizeof(*m));

	if (m)
		m->model = strdup(model);
	if (!m || !m->model) {
		free(m);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	m->snapshot = snapshot_ref(snapshot);
	m->out = out;
	text_init(&m->hashed, HASHED_MAX);
	lane_run(lane, &m->work, make_run, make_deliver, make_release, f);
}

void indexing_texts_finish(struct indexing_texts *t)
{
	arena_destroy(t->arena);
	*t = (struct indexing_texts){ NULL };
}
