/*
 * followup_list.c - see followup_rules.h: follow-ups about what was listed or spoken of as a whole: some of it, its first and
 * its longest, more like it, the talks of a stand and the stand of a topic.
 */
#include <string.h>
#include "agent/followup_rules.h"
#include "base/utf8.h"
#include "search/facet_links.h"
#include "search/words.h"

#define MAX_TALKS 24
#define OFTEN	  2 /* times that a talk names what it is about: once may be in passing */

static enum intent intent_of(enum entity type)
{
	return type == ENTITY_EXHIBITOR ? INTENT_EXHIBITOR_SEARCH
	       : type == ENTITY_SPEAKER ? INTENT_SPEAKER_SEARCH
					: INTENT_SESSION_SEARCH;
}

/* A search of its own for what the question says, among those ids. */
static bool take_among(struct resolving *r, const char *const *ids, enum entity type)
{
	static const char *const no_keys[] = { NULL };
	struct understood *u = &r->out->understood;

	*u = *r->q->u;
	u->entities = u->filter.entities = ENTITY_BIT(type);
	u->filter.ids = ids;
	u->intent = intent_of(type);
	u->follow_up = false;
	u->clarify = NULL;
	u->asked = ASKED_ANY;
	u->specificity = VAGUE;
	u->terms = r->bare ? "" : u->terms;
	u->meaning = r->bare ? "" : u->meaning;
	u->names = NULL;
	u->n_names = 0;
	u->named = NULL;
	u->info_keys = no_keys;
	u->info_cover = 0;
	r->out->kind = FOLLOWUP_MERGED;
	return ids != NULL;
}

static const char *const *ids_of(const struct resolving *r, const struct record *const *list,
				 size_t n)
{
	const char **ids = arena_array(r->arena, const char *, n + 1);

	for (size_t i = 0; ids && i < n; i++)
		ids[i] = list[i]->id;
	return ids;
}

/* --- Some of it --------------------------------------------------------------------------- */

static bool means_pick(const struct resolving *r)
{
	const struct question *q = r->q;

	return question_has(q, PHRASES_OF_THESE) || question_begins(q, BEGINS_ONLY) ||
	       (r->bare &&
		((question_begins(q, BEGINS_WHICH) && question_has(q, WORDS_ONE)) ||
		 question_begins(q, BEGINS_WHICH_IS) || question_begins(q, BEGINS_ARE_THEY)));
}

bool resolve_pick(struct resolving *r)
{
	const struct record *list[PREVIOUS_MAX_REFERENCES];
	size_t n = choose_list(r->p, list);
	bool before = n < 2 && (n = choose_last_list(r->p, list)) > 0;
	enum entity type = n ? list[0]->type : ENTITY_SESSION;
	bool noun = names_noun(r->q), named = r->old->n_names && r->old->names[0].similarity > 0.9f;

	if (!n || !means_pick(r) || question_ordinal(r->q))
		return false;
	if (!r->bare)
		return take_among(r, ids_of(r, list, n), type);
	if (!r->limited && !noun)
		return false;
	if (before || named || r->p->focus || r->p->among)
		return take_among(r, ids_of(r, list, n), type);
	return take_merged(r, false, noun);
}

/* --- The longest, the earliest ------------------------------------------------------------- */

static int64_t measure(const struct record *s, enum extreme which)
{
	int64_t length = s->end - s->start;

	switch (which) {
	case EXTREME_LONGEST:
		return -length;
	case EXTREME_SHORTEST:
		return length;
	case EXTREME_LATEST:
		return -s->start;
	default:
		return s->start;
	}
}

bool resolve_extreme(struct resolving *r)
{
	const struct record *list[PREVIOUS_MAX_REFERENCES], *best[PREVIOUS_MAX_REFERENCES];
	enum extreme which = question_extreme(r->q);
	size_t n = choose_list(r->p, list), n_best = 0;

	if (which == EXTREME_NONE || n < 2 || list[0]->type != ENTITY_SESSION || !r->bare)
		return false;
	for (size_t i = 0; i < n; i++) {
		int64_t than;

		if (list[i]->start == TIME_UNKNOWN || list[i]->end == TIME_UNKNOWN)
			continue;
		than = n_best ? measure(list[i], which) - measure(best[0], which) : -1;
		if (than < 0)
			n_best = 0;
		if (than <= 0)
			best[n_best++] = list[i];
	}
	if (n_best == 1)
		return take_record(r, best[0]);
	return n_best && take_among(r, ids_of(r, best, n_best), ENTITY_SESSION);
}

bool resolve_edge(struct resolving *r)
{
	const struct when *w = &r->q->u->when;
	const struct index_filter *f = &r->base->filter;
	bool of_something = f->tracks || f->places || f->types || r->base->terms[0];

	if (r->bare && r->q->u->asked == ASKED_WHEN && question_has(r->q, WORDS_PRONOUN) &&
	    question_edge(r->q) && f->tracks && !choose_focus(r->p)) {
		/* "when does it start tomorrow?": the track */
		take_merged(r, false, false);
		r->out->understood.when.kind = question_edge(r->q) > 0 ? WHEN_FIRST : WHEN_LAST;
		return true;
	}
	if ((w->kind != WHEN_FIRST && w->kind != WHEN_LAST) || w->explicit_day ||
	    w->from != TIME_UNKNOWN || !r->bare || r->q->n > 6 || !of_something ||
	    r->base->entities != ENTITY_BIT(ENTITY_SESSION) ||
	    (r->p->n_references < 2 && !f->tracks) || question_has(r->q, WORDS_WHOLE) ||
	    r->q->u->filter.types || r->q->u->filter.tracks)
		return false;
	take_merged(r, false, false);
	r->out->understood.when.kind = w->kind;
	if (r->base->when.kind == WHEN_WINDOW) {
		r->out->understood.when = r->base->when;
		r->out->understood.when.kind = w->kind;
		r->out->understood.filter.has_window = r->base->filter.has_window;
		r->out->understood.filter.from = r->base->filter.from;
		r->out->understood.filter.to = r->base->filter.to;
	}
	return true;
}

/* --- Times of one --------------------------------------------------------------------------- */

bool resolve_its_time(struct resolving *r)
{
	const struct record *focus = choose_focus(r->p);

	if (!focus || focus->type != ENTITY_SESSION || !r->bare || !r->q->u->when.n_spans ||
	    !question_begins(r->q, BEGINS_IS_IT) || r->q->u->filter.places)
		return false;
	r->out->asked = ASKED_WHEN;
	r->out->keeps_asked = true;
	r->out->attribute = NULL;
	return take_record(r, focus);
}

bool resolve_person_then(struct resolving *r)
{
	const struct record *person = choose_person(r->c, r->p);
	struct understood *u = &r->out->understood;
	const char **ids;

	if (!person || !r->bare || r->q->u->when.kind == WHEN_NONE ||
	    !question_has(r->q, WORDS_HE_SHE))
		return false;
	ids = arena_array(r->arena, const char *, 2);
	if (!ids || !take_among(r, ids, ENTITY_SESSION))
		return false;
	ids[0] = person->id;
	u->filter.ids = NULL;
	u->filter.speaker_ids = ids;
	return true;
}

/* --- Stands and talks ------------------------------------------------------------------------ */

struct talks {
	const char *ids[MAX_TALKS + 1];
	size_t n;
};

static void add_talk(struct talks *t, const char *id)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->ids[i], id) == 0)
			return;
	if (t->n < MAX_TALKS)
		t->ids[t->n++] = id;
}

static bool gives(const struct snapshot *s, const struct record *session, const char *company)
{
	for (size_t i = 0; session->speaker_ids[i]; i++) {
		const struct record *p = snapshot_find(s, ENTITY_SPEAKER, session->speaker_ids[i]);
		char *from _cleanup_free_ =
			p && p->company ? utf8_fold(p->company, strlen(p->company)) : NULL;

		if (from && strcmp(from, company) == 0)
			return true;
	}
	return false;
}

/* What its people give; when none of them speaks, the sessions that name it. */
static void talks_of(const struct resolving *r, const struct record *exhibitor, struct talks *out)
{
	const struct snapshot *s = catalog_snapshot(r->c);
	char *company _cleanup_free_ = utf8_fold(exhibitor->name, strlen(exhibitor->name));
	struct exhibitor_links links;
	size_t before = out->n;
	bool often = false;

	for (size_t i = 0; company && i < s->n[ENTITY_SESSION]; i++)
		if (gives(s, &s->records[ENTITY_SESSION][i], company))
			add_talk(out, s->records[ENTITY_SESSION][i].id);
	if (out->n > before || exhibitor_links(s, exhibitor, r->arena, &links) < 0)
		return;
	for (size_t i = 0; i < links.n; i++) {
		often |= links.times[i] >= OFTEN;
		if (links.times[i] >= OFTEN || !often) /* the most often first */
			add_talk(out, links.sessions[i]->id);
	}
}

/* "talks by Carbopur": nothing that is known belongs to them, and words may find some. */
static bool take_named_talks(struct resolving *r, const struct record *exhibitor)
{
	static const char *const none[] = { NULL };

	if (!take_among(r, none, ENTITY_SESSION))
		return false;
	r->out->understood.filter.ids = NULL;
	r->out->talks_of = exhibitor->name;
	r->out->understood.terms = r->out->understood.meaning = exhibitor->name;
	r->out->understood.question = arena_printf(r->arena, "talks by %s", exhibitor->name);
	return true;
}

static bool resolve_talks(struct resolving *r)
{
	const struct record *list[PREVIOUS_MAX_REFERENCES], *focus = choose_focus(r->p);
	struct talks *talks = arena_new(r->arena, struct talks);
	size_t n = choose_list(r->p, list);

	if (focus) {
		list[0] = focus;
		n = 1;
	}
	if (!talks || !n || list[0]->type != ENTITY_EXHIBITOR)
		return false;
	for (size_t i = 0; i < n; i++)
		if (list[i]->type == ENTITY_EXHIBITOR)
			talks_of(r, list[i], talks);
	if (!talks->n)
		return take_named_talks(r, list[0]);
	take_among(r, talks->ids, ENTITY_SESSION);
	r->out->talks_of = n == 1 ? list[0]->name : NULL;
	r->out->understood.question = n == 1 ? arena_printf(r->arena, "talks of %s", list[0]->name)
					     : "talks of these exhibitors";
	return true;
}

static bool resolve_stands(struct resolving *r)
{
	struct understood *u = &r->out->understood;
	const struct record *person = choose_focus(r->p) ? choose_person(r->c, r->p) : NULL;

	if (person && person->company) {
		r->out->kind = FOLLOWUP_QUESTION;
		r->out->question = arena_printf(r->arena, "where is the %s stand", person->company);
		return true;
	}
	if (choose_focus(r->p) || r->base->entities != ENTITY_BIT(ENTITY_SESSION) ||
	    !r->base->terms[0] || r->limited)
		return false;
	take_merged(r, false, true);
	u->filter.tracks = u->filter.places = NULL;
	return true;
}

bool resolve_other_kind(struct resolving *r)
{
	unsigned entities = r->q->u->entities;

	if (!r->bare ||
	    !(question_has(r->q, WORDS_PRONOUN) || question_has(r->q, WORDS_POSSESSIVE) ||
	      question_has(r->q, WORDS_THEY)) ||
	    question_ordinal(r->q))
		return false;
	if (entities == ENTITY_BIT(ENTITY_EXHIBITOR) && question_has(r->q, WORDS_NOUN))
		return resolve_stands(r);
	return (entities == ENTITY_BIT(ENTITY_SESSION) || entities == ENTITY_BIT(ENTITY_SPEAKER)) &&
	       question_has(r->q, WORDS_NOUN) && resolve_talks(r);
}

/* --- More like it ------------------------------------------------------------------------------ */

bool resolve_similar(struct resolving *r)
{
	const struct record *focus = choose_focus(r->p);
	struct understood *u = &r->out->understood;

	if (!r->bare || !question_has(r->q, WORDS_SIMILAR) || r->old->intent == INTENT_GENERAL_INFO)
		return false;
	if (!focus || focus->type == ENTITY_SPEAKER) {
		r->out->leave_out = !r->limited;
		return r->base->terms[0] && take_merged(r, false, names_noun(r->q));
	}
	if (!take_among(r, arena_array(r->arena, const char *, 1), focus->type))
		return false;
	u->filter.ids = NULL;
	u->terms = u->meaning = focus->name;
	u->question = arena_printf(r->arena, "similar to %s", focus->name);
	r->out->leave_out = true;
	return true;
}
