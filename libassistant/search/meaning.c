/*
 * meaning.c - see meaning.h.
 *
 *	embed --> compare with everything: the nearest, the average --> with the information pages, if they are wanted
 */
#include "search/meaning.h"

#include <string.h>

#define EMBED_MS    2000 /* words need not wait longer for a meaning */
#define PAGES_LIMIT 8
#define LEAST_SEEN  8 /* fewer have no average to speak of */

static flow_step meaning_embed, meaning_compare, meaning_compared, meaning_pages, meaning_there;

static struct meaning *of(struct flow *f)
{
	return container_of(f, struct meaning, flow);
}

/* A model that is still being read, or that nobody asked for, leaves the answer to the words: nothing failed. */
static bool excused(const struct embedder *e, int status)
{
	return status == ASSISTANT_ECANCELED || e->by_default ||
	       (status == ASSISTANT_ETIMEOUT && e->ops->loading && e->ops->loading(e));
}

static void meaning_ended(struct flow *f)
{
	struct meaning *m = of(f);

	m->failed = f->status < 0 && !excused(m->embedder, f->status);
	m->ready = f->status >= 0 && m->all.total > 0;
	m->ended = true;
}

void meaning_begin(struct meaning *m, struct embedder *e, struct index *index,
		   const char *conference_id, uint64_t epoch, const char *text, bool with_pages,
		   struct arena *arena, struct flow *parent)
{
	*m = (struct meaning){ .embedder = e,
			       .index = index,
			       .conference_id = conference_id,
			       .epoch = epoch,
			       .text = text,
			       .with_pages = with_pages,
			       .arena = arena,
			       .space = { e->model, e->dims } };
	flow_begin(&m->flow, parent->loop, parent, "meaning", FIRST(meaning_embed), meaning_ended);
	flow_set_deadline(&m->flow, EMBED_MS);
}

static void meaning_embed(struct flow *f)
{
	struct meaning *m = of(f);

	m->vector = arena_array(m->arena, float, m->space.dims);
	if (!m->vector) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "This search has no memory left."));
		return;
	}
	m->embedder->ops->embed(m->embedder, EMBED_QUERY, &m->text, 1, m->vector,
				THEN(f, meaning_compare));
}

static void meaning_compare(struct flow *f)
{
	struct meaning *m = of(f);
	struct dense_query q = { .vector = m->vector,
				 .space = m->space,
				 .average = true,
				 .best = true,
				 .filter = { .epoch = m->epoch },
				 .limit = 1 };

	m->index->ops->dense(m->index, m->conference_id, &q, m->arena, &m->all,
			     THEN(f, meaning_compared));
}

static void meaning_compared(struct flow *f)
{
	struct meaning *m = of(f);

	m->mean = m->all.total >= LEAST_SEEN ? m->all.mean : 0;
	m->nearest = m->all.n ? m->all.hits[0].best : COSINE_NONE;
	if (m->with_pages)
		meaning_pages(f);
	else
		flow_done(f);
}

static void meaning_pages(struct flow *f)
{
	struct meaning *m = of(f);
	struct dense_query q = { .vector = m->vector,
				 .space = m->space,
				 .pages = true,
				 .filter = { .epoch = m->epoch },
				 .limit = PAGES_LIMIT };

	m->index->ops->dense(m->index, m->conference_id, &q, m->arena, &m->pages,
			     THEN(f, meaning_there));
}

static void meaning_there(struct flow *f)
{
	flow_done(f);
}

bool meaning_is_of(const struct meaning *m, const char *text, uint64_t epoch)
{
	return m && m->ended && m->epoch == epoch && strcmp(m->text, text) == 0;
}
