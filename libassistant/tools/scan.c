/*
 * scan.c - search without an index: every record of the snapshot is looked at, a slice per turn of
 * the loop.
 *
 * A fallback: exact filters, words at the starts of words, names count most.  Good enough to
 * answer by name, time and place while the index is down.
 */
#include "tools/builtin.h"

#include <string.h>
#include "base/utf8.h"

#define SLICE 64 /* records per turn of the loop: about 4 ms */

static flow_step scan_slice;

static bool equal_folded(const char *a, const char *b)
{
	char *fa _cleanup_free_ = a ? utf8_fold(a, strlen(a)) : NULL;
	char *fb _cleanup_free_ = b ? utf8_fold(b, strlen(b)) : NULL;

	return fa && fb && strcmp(fa, fb) == 0;
}

static bool any_of(const char *const *list, const char *value)
{
	if (!list)
		return true;
	for (size_t i = 0; list[i]; i++)
		if (equal_folded(list[i], value))
			return true;
	return false;
}

static bool any_id(const char *const *list, const char *const *ids)
{
	if (!list)
		return true;
	for (size_t i = 0; list[i]; i++)
		for (size_t k = 0; ids && ids[k]; k++)
			if (strcmp(list[i], ids[k]) == 0)
				return true;
	return false;
}

bool scan_passes(const struct index_filter *f, const struct record *r)
{
	const char *id[] = { r->id, NULL };
	bool session = r->type == ENTITY_SESSION, speaker = r->type == ENTITY_SPEAKER;

	if (f->entities && !(f->entities & ENTITY_BIT(r->type)))
		return false;
	if (f->ids && !any_id(f->ids, id))
		return false;
	if (!speaker && !any_of(f->places, session ? r->location : r->booth))
		return false;
	if (!speaker && !any_of(f->tracks, session ? r->track : r->category))
		return false;
	if (!session)
		return true;
	return index_filter_in_window(f, r->start, r->end) && any_of(f->types, r->session_type) &&
	       any_of(f->levels, r->level) && any_of(f->languages, r->language) &&
	       any_id(f->speaker_ids, r->speaker_ids);
}

static unsigned words_in_text(const struct scan *s, const char *text)
{
	char *folded _cleanup_free_ = text ? utf8_fold(text, strlen(text)) : NULL;

	return folded ? words_in(s->words, folded) : 0;
}

/* 0..1; a name says more than a topic, a topic more than a description. */
static float score_of(const struct scan *s, const struct record *r)
{
	size_t n = 0;
	float score;

	while (s->words[n])
		n++;
	if (!n)
		return 1;
	score = 0.6f * (float)words_in_text(s, r->name) +
		0.25f * (float)(words_in_text(s, r->track) + words_in_text(s, r->category) +
				words_in_text(s, r->company)) +
		0.25f * (float)words_in_text(s, r->description);
	for (size_t i = 0; r->speaker_names && r->speaker_names[i]; i++)
		score += 0.4f * (float)words_in_text(s, r->speaker_names[i]);
	score /= (float)n;
	return score > 1 ? 1 : score;
}

/* Keeps the list sorted and within the limit. */
static void keep(struct scan *s, const struct record *r, float score)
{
	size_t at = s->n_results;

	while (at > 0 && s->results[at - 1].score < score)
		at--;
	if (at == s->limit)
		return;
	if (s->n_results < s->limit)
		s->n_results++;
	memmove(s->results + at + 1, s->results + at,
		(s->n_results - at - 1) * sizeof(*s->results));
	s->results[at] = (struct result){ .record = r, .score = score };
}

void scan_begin(struct scan *s, const struct snapshot *snapshot, const struct index_filter *filter,
		const char *query, int limit, struct arena *arena, struct loop *loop,
		struct flow *parent, flow_step *on_end)
{
	*s = (struct scan){ .snapshot = snapshot,
			    .filter = *filter,
			    .arena = arena,
			    .limit = (size_t)limit,
			    .words = words_of(query, arena) };
	s->results = arena_array(arena, struct result, (size_t)limit + 1);
	flow_begin(&s->flow, loop, parent, "scan", FIRST(scan_slice), on_end);
}

static void scan_slice(struct flow *f)
{
	struct scan *s = container_of(f, struct scan, flow);

	if (!s->words || !s->results) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "This turn has no memory left."));
		return;
	}
	for (int i = 0; i < SLICE; i++) {
		const struct record *r;
		float score;

		while (s->entity < ENTITY_COUNT && s->next == s->snapshot->n[s->entity]) {
			s->entity++;
			s->next = 0;
		}
		if (s->entity == ENTITY_COUNT) {
			flow_done(f);
			return;
		}
		r = &s->snapshot->records[s->entity][s->next++];
		if (!scan_passes(&s->filter, r))
			continue;
		s->total++;
		score = score_of(s, r);
		if (score > 0)
			keep(s, r, score);
	}
	flow_sleep(THEN(f, scan_slice), 0);
}
