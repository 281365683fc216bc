/*
 * search_rank.c - hits and names become an order.
 */
#include "search/search_rank.h"

#include <stdlib.h>
#include <math.h>
#include <string.h>
#include "base/json.h"
#include "base/utf8.h"
#include "search/gazetteer.h"
#include "search/words.h"

static const struct snapshot *snapshot_of(const struct ranking *r)
{
	return catalog_snapshot(r->s->rq.catalog);
}

bool rank_begin(struct ranking *r, struct search *s)
{
	bool whole;

	*r = (struct ranking){ .s = s, .items = calloc(RANK_MAX, sizeof(*r->items)) };
	whole = r->items != NULL;
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		r->places[e] = arena_array(s->arena, uint16_t, snapshot_of(r)->n[e] + 1);
		whole = whole && r->places[e];
	}
	return whole;
}

void rank_drop(struct ranking *r)
{
	free(r->items);
}

static uint16_t *place_of(const struct ranking *r, const struct record *record)
{
	return &r->places[record->type][record - snapshot_of(r)->records[record->type]];
}

static bool has_entry(const struct ranking *r, const struct record *record)
{
	return *place_of(r, record) > 0;
}

/* The record's entry, made when new; NULL: full. */
static struct scored *entry(struct ranking *r, const struct record *record)
{
	uint16_t *place = place_of(r, record);

	if (*place)
		return &r->items[*place - 1];
	if (r->n == RANK_MAX)
		return NULL;
	r->items[r->n++] = (struct scored){ .record = record };
	*place = (uint16_t)r->n;
	return &r->items[r->n - 1];
}

/* After items moved or went. */
static void number_places(struct ranking *r)
{
	for (unsigned e = 0; e < ENTITY_COUNT; e++)
		memset(r->places[e], 0, snapshot_of(r)->n[e] * sizeof *r->places[e]);
	for (size_t i = 0; i < r->n; i++)
		*place_of(r, r->items[i].record) = (uint16_t)(i + 1);
}

float rank_score(const struct ranking *r, const struct record *record)
{
	uint16_t place = *place_of(r, record);

	return place ? r->items[place - 1].score : 0;
}

static void raise_score(struct scored *e, float score)
{
	if (e && score > e->score)
		e->score = score;
}

void rank_tie(struct ranking *r, const struct record *record, float score)
{
	struct scored *e = entry(r, record);

	if (e)
		e->tied = fmaxf(e->tied, score);
	raise_score(e, score);
}

/*
 * When nothing says which kind is meant, talks are what most questions are about.  Speakers are near whatever they speak about:
 * with meanings, they would stand between their own talks.
 */
static float kind_weight(const struct ranking *r, enum entity type, bool fused)
{
	static const float weights[2][ENTITY_COUNT] = {
		{ [ENTITY_SESSION] = 1.0f, [ENTITY_EXHIBITOR] = 0.85f, [ENTITY_SPEAKER] = 0.7f },
		{ [ENTITY_SESSION] = 1.0f, [ENTITY_EXHIBITOR] = 0.85f, [ENTITY_SPEAKER] = 0.5f },
	};

	if (r->s->wanted == ENTITY_ALL && r->s->rq.understood->visit && type == ENTITY_EXHIBITOR)
		return 1.0f;
	return r->s->wanted == ENTITY_ALL ? weights[fused][type] : 1.0f;
}

static bool asks_any_kind(const struct search *s)
{
	return s->rq.any_kind || (s->rq.understood->entities == ENTITY_ALL && !s->rq.entities);
}

/* A facility or a service on site, which nobody may have put into the data. */
static bool is_strict(const struct search *s)
{
	return s->rq.understood->practical && asks_any_kind(s) && !s->rq.raw;
}

void rank_add_hits(struct ranking *r)
{
	const struct search *s = r->s;
	float best = s->hits.n ? s->hits.hits[0].score : 0;
	size_t first = 0;

	r->relevant =
		s->listing ? s->hits.n > 0
			   : s->hits.n && score_relevant(&s->terms, &s->hits.hits[0], is_strict(s));
	/* Of the last, the end of the list matters. */
	if (s->rq.understood->when.kind == WHEN_LAST && s->listing && s->hits.n > RANK_MAX)
		first = s->hits.n - RANK_MAX;
	for (size_t i = first; i < s->hits.n; i++) {
		const struct index_hit *hit = &s->hits.hits[i];
		const struct record *record = snapshot_find(snapshot_of(r), hit->type, hit->id);
		struct scored *e = record ? entry(r, record) : NULL;

		if (!e)
			continue;
		e->hit = hit;
		e->lexical = s->listing ? 0.5f
					: score_lexical(&s->terms, hit, best) *
						  kind_weight(r, hit->type, false);
		raise_score(e, e->lexical);
	}
}

static enum doubt doubt_of(const struct search *s)
{
	enum intent intent = s->rq.understood->intent;

	if (is_strict(s) || s->rq.understood->of_kinds || s->given_up & GIVE_KIND)
		return DOUBT_MUCH;
	if (s->rq.understood->need && s->terms.known >= 0.5f)
		return DOUBT_LEAST;
	/* "Wer spricht über Wärmepumpen?": a word that nobody here uses finds people by meaning alone. */
	if (intent == INTENT_SPEAKER_SEARCH && !s->rq.understood->affiliation && s->terms.n == 1 &&
	    !(s->terms.known > 0))
		return DOUBT_MUCH;
	if (intent == INTENT_SPEAKER_SEARCH || s->rq.understood->visit ||
	    intent == INTENT_EXHIBITOR_SEARCH || filter_is_set(&s->rq.understood->filter))
		return DOUBT_LITTLE;
	return DOUBT_SOME;
}

/* --- meanings --------------------------------------------------------------- */

static void take_near(struct ranking *r)
{
	const struct search *s = r->s;
	const struct understood *u = s->rq.understood;
	const struct score_focus focus = { u->intent, !u->affiliation ? ORIGIN_NONE
						      : u->origin     ? ORIGIN_AND_TOPIC
								      : ORIGIN_ALONE };

	for (size_t i = 0; i < s->near.n; i++) {
		const struct dense_hit *hit = &s->near.hits[i];
		const struct record *record =
			snapshot_find_at(snapshot_of(r), hit->type, hit->id, hit->row);
		struct scored *e;

		e = record ? entry(r, record) : NULL;
		if (!e)
			continue;
		e->near = hit;
		e->meaning = score_meaning(&focus, hit, s->meaning->mean);
	}
}

/* Among how many the nearest is: a question for any kind of record is one among all, though they are searched kind by kind. */
static size_t compared(const struct search *s)
{
	size_t all = s->meaning->all.total;

	return asks_any_kind(s) && !filter_is_set(&s->filter) && all > s->near.total
		       ? all
		       : s->near.total;
}

void rank_add_near(struct ranking *r)
{
	const struct search *s = r->s;
	float best_hit = s->hits.n ? s->hits.hits[0].score : 0, best = 0;

	if (!s->near.n)
		return;
	r->fused = true;
	take_near(r);
	for (size_t i = 0; i < r->n; i++)
		best = r->items[i].meaning > best ? r->items[i].meaning : best;
	for (size_t i = 0; i < r->n; i++) {
		struct scored *e = &r->items[i];

		e->evidence = score_evidence(&s->terms, e->hit, e->meaning);
		r->evidence = fmaxf(r->evidence, e->evidence);
		e->lexical = e->hit ? score_lexical(&s->terms, e->hit, best_hit) : 0;
		e->score = score_fused(&s->terms, e->lexical, e->meaning, best) *
			   kind_weight(r, e->record->type, true);
	}
	r->relevant = score_evident(&s->terms, r->evidence, compared(s), doubt_of(s));
}

struct facet_point {
	size_t hit;
	float cosine;
};

static int by_cosine(const void *pa, const void *pb)
{
	const struct facet_point *a = pa, *b = pb;

	if (a->cosine != b->cosine)
		return a->cosine > b->cosine ? -1 : 1;
	return a->hit < b->hit ? -1 : a->hit > b->hit;
}

/* All facet points of the answer, nearest first; NULL: no memory. */
static struct facet_point *facet_points(const struct search *s, size_t *n)
{
	struct facet_point *points =
		arena_array(s->arena, struct facet_point, s->near.n * FACETS_PER_ENTITY + 1);

	*n = 0;
	for (size_t i = 0; points && i < s->near.n; i++) {
		for (unsigned f = FACET_MASTER + 1; f < FACET_COUNT; f++) {
			if (s->near.hits[i].cosine[f] > COSINE_NONE)
				points[(*n)++] =
					(struct facet_point){ i, s->near.hits[i].cosine[f] };
		}
	}
	if (points)
		qsort(points, *n, sizeof *points, by_cosine);
	return points;
}

void rank_add_reference(struct ranking *r)
{
	const struct search *s = r->s;
	size_t n, nearest = (size_t)s->rq.limit * 5;
	struct facet_point *points = facet_points(s, &n);

	n = n < nearest ? n : nearest;
	for (size_t i = 0; points && i < n; i++) {
		const struct dense_hit *hit = &s->near.hits[points[i].hit];
		const struct record *record = snapshot_find(snapshot_of(r), hit->type, hit->id);
		struct scored *e = record && !has_entry(r, record) ? entry(r, record) : NULL;
		float cosines[FACET_COUNT];
		size_t matched = 0;

		if (!e)
			continue;
		for (size_t k = i; k < n; k++) {
			if (points[k].hit == points[i].hit)
				cosines[matched++] = points[k].cosine;
		}
		e->near = hit;
		e->score = score_reference(cosines, matched);
	}
	r->relevant = r->n > 0;
}

/* --- names ------------------------------------------------------------------- */

static void add_sessions_of(struct ranking *r, const struct record *speaker, float score)
{
	for (size_t i = 0; speaker->session_ids && speaker->session_ids[i]; i++) {
		const struct record *session =
			snapshot_find(snapshot_of(r), ENTITY_SESSION, speaker->session_ids[i]);

		if (session && index_filter_in_window(&r->s->filter, session->start, session->end))
			raise_score(entry(r, session), score);
	}
}

/* "Who is she?" is about her, "what does she present?" about her talks. */
static bool sessions_first(const struct understood *u)
{
	return u->asked == ASKED_WHAT || u->asked == ASKED_WHEN || u->asked == ASKED_WHERE ||
	       u->entities == ENTITY_BIT(ENTITY_SESSION);
}

void rank_add_names(struct ranking *r)
{
	const struct understood *u = r->s->rq.understood;

	for (size_t i = 0; i < u->n_names && i < 16; i++) {
		const struct name_match *m = &u->names[i];
		struct scored *e;

		if (m->kind != NAME_RECORD || (m->similarity < 0.75f && i))
			continue;
		if (m->record->type == ENTITY_SESSION &&
		    !index_filter_in_window(&r->s->filter, m->record->start, m->record->end))
			continue;
		e = entry(r, m->record);
		if (!e)
			continue;
		e->name = score_name(m->similarity);
		/* Of two who bear the name, the one the other words fit. */
		raise_score(e, e->name + (1 - e->name) * 0.5f * e->lexical);
		r->relevant = true;
		if (m->record->type == ENTITY_SPEAKER)
			add_sessions_of(r, m->record,
					sessions_first(u) ? e->name + 0.001f : e->name * 0.95f);
	}
}

/*
 * What a record tells about those tied to it.  Where they were compared by meaning themselves, only its words: what it is near to
 * is in their own texts, too.
 */
static float told_by(const struct ranking *r, const struct scored *e)
{
	bool themselves = r->fused && r->s->filter.entities != ENTITY_BIT(ENTITY_SESSION);

	/* where somebody comes from is in no talk's words */
	if (themselves && r->s->rq.understood->affiliation && !(e->name > 0))
		return 0;
	return themselves && !(e->name > 0) ? score_lexical_share(&r->s->terms, e->lexical)
					    : e->score;
}

void rank_add_speakers(struct ranking *r)
{
	size_t n = r->n;

	if (!(r->s->wanted & ENTITY_BIT(ENTITY_SPEAKER)) ||
	    r->s->wanted & ENTITY_BIT(ENTITY_SESSION))
		return;
	for (size_t i = 0; i < n; i++) {
		const struct record *session = r->items[i].record;
		/* A list keeps its order: who speaks first comes first. */
		float score =
			told_by(r, &r->items[i]) * 0.8f - (r->s->listing ? 0.0005f * (float)i : 0);

		if (session->type != ENTITY_SESSION)
			continue;
		for (size_t k = 0; session->speaker_ids && session->speaker_ids[k]; k++) {
			const struct record *speaker = snapshot_find(snapshot_of(r), ENTITY_SPEAKER,
								     session->speaker_ids[k]);
			struct scored *e = speaker ? entry(r, speaker) : NULL;

			/* Who says so and speaks of it, too, is more of an expert. */
			if (e && e->score > 0 && e->score < score)
				e->score = score;
			else if (e && e->score > 0)
				e->score =
					e->score + 0.15f * score < 1 ? e->score + 0.15f * score : 1;
			else if (e)
				e->score = score;
			if (e)
				e->evidence = fmaxf(e->evidence, r->items[i].evidence);
		}
	}
}

/* Each exhibitor by its best talk; half a score, since a mention is not a description. */
void rank_add_exhibitors(struct ranking *r)
{
	const struct gazetteer *g = catalog_gazetteer(r->s->rq.catalog);
	size_t n = r->n;

	if (!(r->s->wanted & ENTITY_BIT(ENTITY_EXHIBITOR)) ||
	    r->s->wanted & ENTITY_BIT(ENTITY_SESSION) || r->s->listing)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct record *const *named;

		if (r->items[i].record->type != ENTITY_SESSION)
			continue;
		for (named = gazetteer_mentions(g, r->items[i].record); *named; named++) {
			struct scored *e = entry(r, *named);
			float score = 0.5f * told_by(r, &r->items[i]);

			if (!e || e->name > 0)
				continue;
			e->evidence = fmaxf(e->evidence, 0.8f * r->items[i].evidence);
			if (e->score > 0) /* by its own words, too, or by several talks */
				score = e->score + 0.2f * score;
			raise_score(e, score > 0.8f ? 0.8f : score);
		}
	}
}

/* --- order ----------------------------------------------------------------- */

static int by_score(const void *pa, const void *pb)
{
	const struct scored *a = pa, *b = pb;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	if (a->record->start != b->record->start)
		return a->record->start < b->record->start ? -1 : 1;
	return a->record < b->record ? -1 : a->record > b->record;
}

static int by_start(const void *pa, const void *pb)
{
	const struct scored *a = pa, *b = pb;

	if (a->record->start != b->record->start)
		return a->record->start < b->record->start ? -1 : 1;
	return by_score(pa, pb);
}

static void drop(struct ranking *r, bool (*keep)(const struct ranking *r, const struct scored *e))
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (keep(r, &r->items[i]))
			r->items[n++] = r->items[i];
	}
	r->n = n;
}

static bool is_wanted(const struct ranking *r, const struct scored *e)
{
	unsigned wanted = r->s->wanted;

	/* A named speaker belongs to her sessions, a named session to its speakers. */
	if (e->name > 0 && !r->s->rq.entities && e->record->type == ENTITY_SPEAKER)
		return wanted & (ENTITY_BIT(ENTITY_SPEAKER) | ENTITY_BIT(ENTITY_SESSION));
	if (e->name > 0 && !r->s->rq.entities && e->record->type == ENTITY_SESSION)
		return wanted & (ENTITY_BIT(ENTITY_SPEAKER) | ENTITY_BIT(ENTITY_SESSION));
	return wanted & ENTITY_BIT(e->record->type);
}

static bool is_session(const struct ranking *r, const struct scored *e)
{
	return e->record->type == ENTITY_SESSION && e->record->start != TIME_UNKNOWN;
}

/* In a search by words, what is hardly about them is neither first nor next. */
static bool is_close(const struct ranking *r, const struct scored *e)
{
	return e->score >= (r->fused ? 0.7f : 0.55f) * r->items[0].score;
}

/*
 * Everything is near a question to some degree; a list ends where that falls off.  People are told apart by talk and person, so
 * that theirs can end sooner; what is meant by a topic is often far below the nearest.
 */
static bool is_near(const struct ranking *r, const struct scored *e)
{
	float share = r->s->wanted == ENTITY_BIT(ENTITY_SPEAKER) ? 0.5f : 0.4f;
	float score = r->s->wanted == ENTITY_BIT(ENTITY_SPEAKER) ? 0.5f : 0;

	return e->name > 0 || e->tied > 0 ||
	       (e->evidence >= share * r->evidence && e->score >= score * r->best);
}

/* Beside the one record that was asked for, only what has much in common with the question. */
static bool is_related(const struct ranking *r, const struct scored *e)
{
	return e->name > 0 || e->tied > 0 || !(r->items[0].name > 0) ||
	       (r->fused ? e->lexical : e->score) >= 0.35f;
}

static bool ends_in_time(const struct ranking *r, const struct scored *e)
{
	const struct when *w = &r->s->rq.understood->when;

	return e->record->start <= w->from && e->record->end != TIME_UNKNOWN &&
	       e->record->end <= w->to && e->record->end > w->from;
}

/* The first or last by start, as many as were asked for, and what begins together with the last of these. */
static void keep_together(struct ranking *r, bool last)
{
	size_t count = r->s->rq.understood->when.count, from = 0, to = r->n;

	if (!r->n)
		return;
	count = count ? count : 1;
	qsort(r->items, r->n, sizeof *r->items, by_start);
	if (count >= r->n)
		return;
	if (last) {
		for (from = r->n - count;
		     from && r->items[from - 1].record->start == r->items[from].record->start;)
			from--;
	} else {
		for (to = count;
		     to < r->n && r->items[to].record->start == r->items[to - 1].record->start;)
			to++;
	}
	memmove(r->items, r->items + from, (to - from) * sizeof *r->items);
	r->n = to - from;
}

/* The first n behind all others: stable, and bounded by RANK_MAX. */
static void put_last(struct ranking *r, size_t n)
{
	struct scored *copy = n && n < r->n ? arena_array(r->s->arena, struct scored, r->n) : NULL;

	if (!copy)
		return;
	memcpy(copy, r->items + n, (r->n - n) * sizeof *copy);
	memcpy(copy + r->n - n, r->items, n * sizeof *copy);
	memcpy(r->items, copy, r->n * sizeof *copy);
}

/* What is to come before what is over; at a moment, what just began before what runs for long; of a window, what begins in
 * it before what runs since earlier. */
static void order_list(struct ranking *r)
{
	const struct when *w = &r->s->rq.understood->when;
	size_t over = 0;

	if (!r->n || r->items[0].record->type != ENTITY_SESSION)
		return;
	qsort(r->items, r->n, sizeof *r->items, by_start);
	if (w->overlap && w->to - w->from <= 60) {
		for (size_t i = 0, k = r->n - 1; i < k; i++, k--) {
			struct scored swap = r->items[i];

			r->items[i] = r->items[k];
			r->items[k] = swap;
		}
		return;
	}
	while (over < r->n &&
	       (w->overlap ? r->items[over].record->start < w->from
			   : r->items[over].record->end != TIME_UNKNOWN &&
				     r->items[over].record->end <= r->s->rq.now_unix_s))
		over++;
	put_last(r, over);
}

/* Stands that are there on some days only ("Sunday only"): what they say against the day asked for. */
static bool is_there(const struct ranking *r, const struct scored *e)
{
	static const char *const days[] = { "sunday",	"monday", "tuesday", "wednesday",
					    "thursday", "friday", "saturday" };
	const struct when *w = &r->s->rq.understood->when;
	_cleanup_free_ char *said = NULL;
	bool names_day = false, names_this = false;
	struct civil c;

	if (e->record->type != ENTITY_EXHIBITOR || !w->explicit_day || w->from == TIME_UNKNOWN)
		return true;
	said = e->record->availability
		       ? utf8_fold(e->record->availability, strlen(e->record->availability))
		       : NULL;
	zone_civil(catalog_zone(r->s->rq.catalog), w->from, &c);
	for (int i = 0; said && i < 7; i++) {
		names_day |= strstr(said, days[i]) != NULL;
		names_this |= i == c.weekday && strstr(said, days[i]);
	}
	if (r->s->listing && strstr(r->s->rq.understood->question, "only"))
		return names_this;
	return !names_day || names_this;
}

static enum when_kind kind_of(const struct ranking *r)
{
	return r->s->given_up & GIVE_NOW ? WHEN_NEXT : r->s->rq.understood->when.kind;
}

void rank_narrow(struct ranking *r)
{
	enum when_kind kind = kind_of(r);

	if (r->s->wanted != ENTITY_BIT(ENTITY_SPEAKER) ||
	    (kind != WHEN_NEXT && kind != WHEN_FIRST && kind != WHEN_LAST))
		return;
	drop(r, is_session);
	qsort(r->items, r->n, sizeof *r->items, by_score);
	if (!r->s->listing && r->n)
		drop(r, is_close);
	keep_together(r, kind == WHEN_LAST);
	number_places(r);
}

void rank_add_tiers(struct ranking *r)
{
	const struct snapshot *s = snapshot_of(r);
	const char *terms = r->s->rq.understood->terms;

	if (r->s->wanted != ENTITY_BIT(ENTITY_EXHIBITOR) || r->s->listing)
		return;
	for (size_t i = 0; i < s->n[ENTITY_EXHIBITOR]; i++) {
		const struct record *e = &s->records[ENTITY_EXHIBITOR][i];
		_cleanup_free_ char *tier = e->tier ? utf8_fold(e->tier, strlen(e->tier)) : NULL;

		if (!tier || !word_in(tier, terms) || r->s->filter.places || r->s->filter.tracks)
			continue;
		rank_tie(r, e, 0.75f);
		r->relevant = true;
	}
}

void rank_order(struct ranking *r)
{
	enum when_kind kind = kind_of(r);
	bool timed = kind != WHEN_NONE && kind != WHEN_WINDOW &&
		     r->s->wanted & ENTITY_BIT(ENTITY_SESSION);

	drop(r, is_wanted);
	drop(r, is_there);
	if (r->fused) {
		r->evidence =
			0; /* of a stand, among stands: a talk's text says more than its name */
		r->best = 0;
		for (size_t i = 0; i < r->n; i++) {
			r->evidence = fmaxf(r->evidence, r->items[i].evidence);
			if (!(r->items[i].name > 0))
				r->best = fmaxf(r->best, r->items[i].score);
		}
		drop(r, is_near);
	}
	if (timed)
		drop(r, is_session);
	qsort(r->items, r->n, sizeof *r->items, by_score);
	if (timed && !r->s->listing && r->n)
		drop(r, is_close);
	if (r->s->rq.understood->named && !r->s->rq.raw)
		drop(r, is_related);
	switch (timed ? kind : WHEN_NONE) {
	case WHEN_ENDING:
		drop(r, ends_in_time);
		qsort(r->items, r->n, sizeof *r->items, by_start);
		return;
	case WHEN_NEXT:
	case WHEN_FIRST:
		keep_together(r, false);
		return;
	case WHEN_LAST:
		keep_together(r, true);
		return;
	default:
		if (r->s->listing)
			order_list(r);
	}
}

/* --- results ---------------------------------------------------------------- */

static void why_words(struct json_object *out, const struct scored *e)
{
	static const char *const fields[FIELD_COUNT] = { "name", "people", "place", "topic",
							 "text" };
	struct json_object *parts = json_object_new_object();

	json_set_score(out, "lexical", e->lexical);
	json_set_score(out, "bm25", e->hit->score);
	json_set_int(out, "words", e->hit->n_words);
	json_set_int(out, "of_words", e->hit->n_query_words);
	json_set_string(out, "corrected", e->hit->corrected);
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (e->hit->field[i] > 0)
			json_set_score(parts, fields[i], e->hit->field[i]);
	}
	json_set(out, "fields", parts);
}

static void why_meaning(struct json_object *out, const struct scored *e)
{
	struct json_object *cosines = json_object_new_object();

	json_set_score(out, "meaning", e->meaning);
	for (unsigned i = 0; i < FACET_COUNT; i++) {
		if (e->near->cosine[i] > COSINE_NONE)
			json_set_score(cosines, facet_key((enum facet)i), e->near->cosine[i]);
	}
	json_set(out, "cosines", cosines);
}

static struct json_object *why_json(const struct scored *e)
{
	struct json_object *out = json_object_new_object();

	if (e->name > 0)
		json_set_score(out, "name", e->name);
	if (e->tied > 0)
		json_set_score(out, "tied", e->tied);
	if (e->hit)
		why_words(out, e);
	if (e->near)
		why_meaning(out, e);
	return out;
}

void rank_finish(const struct ranking *r, struct search *s)
{
	size_t n = r->n < (size_t)s->rq.limit ? r->n : (size_t)s->rq.limit;

	s->results = arena_array(s->arena, struct result, n + 1);
	s->n_results = 0;
	for (size_t i = 0; s->results && i < n; i++) {
		s->results[s->n_results++] = (struct result){
			.record = r->items[i].record,
			.score = fminf(r->items[i].score, 1), /* what ranks is finer */
			.why = s->rq.why ? why_json(&r->items[i]) : NULL,
		};
	}
	/* An index lists more than fits the ranking: its count is the true one, when each hit is a result. */
	s->total = s->listing && r->n == s->hits.n && s->hits.total > r->n ? s->hits.total : r->n;
}
