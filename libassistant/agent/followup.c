/*
 * followup.c - see followup.h: what kind of follow-up a question is.
 */
#include "agent/followup_rules.h"

#include <string.h>
#include "agent/topic.h"
#include "base/text.h"
#include "base/utf8.h"
#include "search/words.h"
#include "tools/builtin.h"

static bool has_filter(const struct index_filter *f)
{
	return f->places || f->tracks || f->types || f->levels || f->languages;
}

static bool is_one_kind(unsigned entities)
{
	return entities == ENTITY_BIT(ENTITY_SESSION) || entities == ENTITY_BIT(ENTITY_EXHIBITOR) ||
	       entities == ENTITY_BIT(ENTITY_SPEAKER);
}

bool names_noun(const struct question *q)
{
	return question_has(q, WORDS_NOUN) && is_one_kind(q->u->entities);
}

bool take_record(struct resolving *r, const struct record *record)
{
	r->out->kind = FOLLOWUP_RECORD;
	r->out->record = record;
	return true;
}

static bool take_question(struct resolving *r, const char *question)
{
	r->out->kind = FOLLOWUP_QUESTION;
	r->out->question = question;
	return true;
}

/* Which of those that the last answer named? */
static bool ask_which(struct resolving *r)
{
	const struct record *list[PREVIOUS_MAX_REFERENCES];
	size_t n = choose_list(r->p, list);

	if (!n)
		return false;
	r->out->kind = FOLLOWUP_WHICH;
	for (size_t i = 0; i < n && i < 3; i++)
		r->out->choices[i] = list[i];
	return true;
}

bool take_merged(struct resolving *r, bool topic, bool noun)
{
	const struct merging how = { .topic = topic, .noun = noun };

	r->out->kind = FOLLOWUP_MERGED;
	followup_merge(r->c, r->base, r->q->u, &how, r->arena, &r->out->understood);
	return true;
}

/* --- Records ------------------------------------------------------------------------- */

/* "does her company have a stand?" */
static bool resolve_company(struct resolving *r)
{
	const struct record *person;

	if (!question_has(r->q, PHRASES_COMPANY))
		return false;
	person = choose_person(r->c, r->p);
	if (!person)
		return false;
	if (!person->company)
		return take_record(r, person);
	return take_question(r, arena_printf(r->arena, "where is the %s stand", person->company));
}

static const struct record *place_of_talk(const struct resolving *r)
{
	const struct record *session = choose_focus_of(r->p, ENTITY_SESSION);

	return session && session->location ? session : NULL;
}

static bool take_shifted(struct resolving *r, int64_t at, bool after, bool next, const char *place)
{
	struct understood base = *r->base;
	const char **places;

	if (place) {
		places = arena_array(r->arena, const char *, 2);
		places[0] = place;
		base = (struct understood){ .question = "",
					    .terms = "",
					    .asked = ASKED_ANY,
					    .filter = { .places = places } };
	}
	r->out->kind = FOLLOWUP_MERGED;
	r->out->relation = !next ? RELATION_NONE : after ? RELATION_AFTER : RELATION_BEFORE;
	followup_shift(r->c, &base, at, after, next, r->arena, &r->out->understood);
	r->out->leave_out = !next;
	return true;
}

/* "the one before": in the list; else in the same room. */
static bool resolve_step(struct resolving *r)
{
	int step = question_step(r->q);
	const struct record *focus = choose_focus(r->p);

	if (!step || !r->bare)
		return false;
	if (choose_neighbour(step, r->p, r->out))
		return true;
	if (!focus || focus->type != ENTITY_SESSION || focus->start == TIME_UNKNOWN)
		return false;
	return take_shifted(r, step > 0 && focus->end != TIME_UNKNOWN ? focus->end : focus->start,
			    step > 0, true, focus->location);
}

/* "the last one", not "what is the last talk?" */
static bool means_ordinal(const struct resolving *r)
{
	const struct question *q = r->q;
	struct understood rest = *q->u;
	struct question bare = { .folded = q->folded, .u = &rest };

	if (!question_ordinal(q) || q->n > 9)
		return false;
	if (question_ordinal(q) < 0 && r->a && strcmp(attribute_name(r->a), "duration") == 0)
		return false; /* "how long does that last?" */
	if (q->u->when.kind != WHEN_NONE && q->u->when.kind != WHEN_FIRST &&
	    q->u->when.kind != WHEN_LAST && !question_has(q, WORDS_PRONOUN) && q->n > 3)
		return false;
	rest.terms = question_without_ordinals(q, r->arena);
	return rest.terms && question_is_bare(&bare, r->a, r->arena) &&
	       (question_has(q, WORDS_PRONOUN) || question_has(q, WORDS_ONE) || q->n <= 4 ||
		question_ends_in_ordinal(q));
}

/* Among what was listed; when only a number was said, of what it counted. */
static bool resolve_ordinal(struct resolving *r)
{
	int n = means_ordinal(r) ? question_ordinal(r->q) : 0;
	struct understood *u = &r->out->understood;

	if (!n)
		return false;
	if (r->p->n_references || r->old->asked != ASKED_COUNT_OF || n > 1)
		return choose_ordinal(n, r->p, r->out);
	take_merged(r, false, false);
	u->when.kind = n < 0 ? WHEN_LAST : WHEN_FIRST;
	u->asked = r->q->u->asked;
	return true;
}

/* "what is her talk about?": the one session of that person; NULL: none, or several. */
static const struct record *talk_of(const struct resolving *r, const struct record *person)
{
	const struct snapshot *s = catalog_snapshot(r->c);
	const struct record *talk = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *session = &s->records[ENTITY_SESSION][i];

		for (size_t k = 0; session->speaker_ids[k]; k++) {
			if (strcmp(session->speaker_ids[k], person->id) == 0) {
				talk = session;
				n++;
			}
		}
	}
	return n == 1 ? talk : NULL;
}

/* "who is she?", "what does he do?" */
static bool means_person(const struct question *q)
{
	return (q->u->asked == ASKED_WHO && question_has(q, WORDS_PERSON)) ||
	       (q->u->asked != ASKED_WHEN && q->u->asked != ASKED_WHERE &&
		question_has(q, WORDS_HE_SHE)) ||
	       (question_has(q, WORDS_PERSON) && question_has(q, WORDS_SPEAKS) &&
		q->u->asked != ASKED_WHEN && q->u->asked != ASKED_WHERE);
}

/* The only session that an answer about a person named. */
static const struct record *only_session(const struct previous *p)
{
	const struct record *list[PREVIOUS_MAX_REFERENCES];

	return choose_list(p, list) == 1 && list[0]->type == ENTITY_SESSION ? list[0] : NULL;
}

/* What the words point at; NULL: nothing, or one of several. */
static const struct record *pointed_at(const struct resolving *r)
{
	const struct record *record = choose_focus(r->p), *talk;
	enum entity kind;

	if (means_person(r->q) ||
	    (record && record->type != ENTITY_SPEAKER && question_has(r->q, WORDS_HE_SHE))) {
		const struct record *person = choose_person(r->c, r->p);

		if (person)
			record = person;
	} else if (question_points_at(r->q, &kind) && !(record && record->type == kind) &&
		   !(record && record->type == ENTITY_SPEAKER)) {
		const struct record *of_kind = choose_focus_of(r->p, kind);

		if (of_kind)
			return of_kind;
	}
	if (record && record->type == ENTITY_SPEAKER && question_has(r->q, WORDS_TALK) &&
	    !question_has(r->q, WORDS_ELSE)) {
		talk = talk_of(r, record);
		if (talk)
			return talk;
	}
	return record;
}

/* About one record of the last answer, or about several of which one must be chosen. */
static bool resolve_record(struct resolving *r)
{
	const struct record *record = pointed_at(r);

	if (record)
		return take_record(r, record);
	if (r->old->n_names || !r->p->n_references)
		/* all that were named, or what is no record, once more */
		return take_question(r, r->p->question);
	/* they are listed with their places; "when do they speak?": people with their sessions */
	if ((r->q->u->asked == ASKED_WHERE && r->p->references[0]->type == ENTITY_EXHIBITOR) ||
	    (question_has(r->q, WORDS_THEY) && r->p->references[0]->type == ENTITY_SPEAKER))
		return take_question(r, r->p->question);
	return r->p->n_references > 1 && ask_which(r);
}

/* "who else does water treatment?": of the kind that was spoken of, without that one */
static bool resolve_else(struct resolving *r)
{
	const struct record *focus = choose_focus(r->p);
	struct understood *u = &r->out->understood;

	if (!question_has(r->q, WORDS_ELSE) || r->bare || !focus ||
	    r->q->u->entities != ENTITY_ALL || r->q->u->n_names)
		return false;
	*u = *r->q->u;
	u->entities = u->filter.entities = ENTITY_BIT(focus->type);
	u->intent = focus->type == ENTITY_EXHIBITOR ? INTENT_EXHIBITOR_SEARCH
		    : focus->type == ENTITY_SPEAKER ? INTENT_SPEAKER_SEARCH
						    : INTENT_SESSION_SEARCH;
	r->out->kind = FOLLOWUP_MERGED;
	r->out->leave_out = true;
	return true;
}

/* Everything else the question says is of that record. */
static bool is_of(const struct resolving *r, const struct record *record)
{
	const char *const *words = words_of(question_without_times(r->q, r->arena), r->arena);

	for (size_t i = 0; words && words[i]; i++) {
		char *text _cleanup_free_ = NULL;

		if (question_word_is_small(words[i]) || attribute_has_word(r->a, words[i]))
			continue;
		text = record->json ? utf8_fold(record->json, record->json_len) : NULL;
		if (!text || !words_has(words[i], text))
			return false;
	}
	return true;
}

/* "how long is it?", "what should I bring?", "how much does one of their turbines cost?" */
static bool resolve_attribute(struct resolving *r)
{
	const struct record *record, *session;
	enum entity kind;
	bool points = question_has(r->q, WORDS_PRONOUN) || question_has(r->q, WORDS_POSSESSIVE) ||
		      question_points_at(r->q, &kind);

	if (!r->a || (!points && (!r->bare || question_has(r->q, WORDS_ANY))) ||
	    (names_noun(r->q) && !points))
		return false;
	if (r->q->u->n_names && r->q->u->names[0].similarity > 0.9f)
		return false;
	record = pointed_at(r);
	if (record && !attribute_fits(r->a, record->type)) {
		session = record->type == ENTITY_SPEAKER ? talk_of(r, record) : NULL;
		if (!session && record == r->p->focus)
			session = only_session(r->p);
		record = session ? session : choose_focus_of(r->p, ENTITY_SESSION);
	}
	if (record && attribute_fits(r->a, record->type) && is_of(r, record))
		return take_record(r, record);
	return !record && points && r->bare && r->p->n_references > 1 && ask_which(r);
}

/* --- Times and places ---------------------------------------------------------------- */

static int64_t edge_of(const struct previous *p, const struct understood *old, bool later,
		       int64_t now)
{
	const struct record *focus = choose_focus(p);
	int64_t edge = TIME_UNKNOWN;

	if (focus && focus->type == ENTITY_SESSION && focus->start != TIME_UNKNOWN)
		return later && focus->end != TIME_UNKNOWN ? focus->end : focus->start;
	if (old->when.kind == WHEN_WINDOW && !old->n_names && !later &&
	    old->when.from != TIME_UNKNOWN &&
	    (old->when.to == TIME_UNKNOWN || old->when.to - old->when.from < 20 * 3600))
		return old->when.from;
	if (old->when.kind == WHEN_WINDOW && !old->n_names && later &&
	    old->when.to != TIME_UNKNOWN && old->when.to - old->when.from < 20 * 3600)
		return old->when.to;
	for (size_t i = 0; i < p->n_references; i++) {
		const struct record *r = p->references[i];

		if (r->type != ENTITY_SESSION || r->start == TIME_UNKNOWN)
			continue;
		if (edge == TIME_UNKNOWN || (later ? r->start > edge : r->start < edge))
			edge = r->start;
	}
	return edge == TIME_UNKNOWN ? now : edge;
}

/* Whether what comes next is wanted of the room spoken of, rather than of the whole programme. */
static const char *room_meant(const struct resolving *r, const struct record *focus)
{
	if (!focus || focus->type != ENTITY_SESSION)
		return NULL;
	if (question_has(r->q, PHRASES_PLACE) || r->old->filter.places)
		return focus->location;
	if (r->old->when.kind == WHEN_NOW || r->old->when.kind == WHEN_NEXT ||
	    r->old->when.kind == WHEN_FIRST || r->old->when.kind == WHEN_LAST)
		return NULL;
	return focus->location;
}

/* "after that", "anything earlier?" */
static bool resolve_time(struct resolving *r)
{
	bool after = question_has(r->q, PHRASES_AFTER), later = question_has(r->q, PHRASES_LATER);
	bool before = question_has(r->q, PHRASES_BEFORE);
	bool earlier = question_has(r->q, PHRASES_EARLIER);
	const struct record *focus = choose_focus(r->p);

	if (!r->bare || (!after && !later && !earlier && !before))
		return false;
	/* of a topic's sessions, one may be meant: "what's before it?" */
	if ((after || before) && !focus && r->old->terms[0] && r->p->n_references > 1 &&
	    r->p->references[0]->type == ENTITY_SESSION && ask_which(r))
		return true;
	if ((after || before) && focus && focus->type == ENTITY_SESSION)
		return take_shifted(r, edge_of(r->p, r->old, after, r->now), after, true,
				    room_meant(r, focus));
	return take_shifted(r, edge_of(r->p, r->old, after || later, r->now), after || later, false,
			    NULL);
}

/* "what is on next there?", "and tomorrow in the same room?": the place of what we spoke of */
static bool resolve_place(struct resolving *r)
{
	const struct record *at = place_of_talk(r);
	const struct record *focus = choose_focus(r->p);
	bool same = question_has(r->q, PHRASES_PLACE);
	struct understood *u = &r->out->understood;
	const char **places;

	if (!r->bare || r->q->u->when.kind == WHEN_NONE || !at ||
	    (!same && !(focus == at && question_has(r->q, WORDS_THERE))))
		return false;
	places = arena_array(r->arena, const char *, 2);
	places[0] = at->location;
	*u = *r->q->u;
	u->terms = "";
	u->filter.places = places;
	u->follow_up = false;
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
	u->intent = INTENT_SESSION_SEARCH;
	u->asked = ASKED_ANY;
	u->question = followup_question(u, r->arena);
	r->out->kind = FOLLOWUP_MERGED;
	return true;
}

/* --- Additions ----------------------------------------------------------------------- */

/* "and who speaks about floods?": people are looked for, whatever was listed */
static bool asks_for_people(const struct resolving *r)
{
	return !r->bare && r->q->u->asked == ASKED_WHO &&
	       r->q->u->entities == ENTITY_BIT(ENTITY_SPEAKER) && question_has(r->q, WORDS_ABOUT);
}

/* After a page: the same question, at another time; or another practical matter. */
static bool resolve_after_page(struct resolving *r)
{
	struct understood again;
	struct question old = { .u = &again };
	char *folded _cleanup_free_ = utf8_fold(r->p->question, strlen(r->p->question));

	if (!folded || r->old->intent != INTENT_GENERAL_INFO || names_noun(r->q) ||
	    (r->limited && r->q->u->when.kind == WHEN_NONE))
		return false;
	if (!r->bare) {
		if (r->limited || r->q->n > 6)
			return false;
		return take_question(
			r, arena_printf(r->arena, "is there a %s at the venue",
					topic_words(r->q->u->question, r->q->u->terms, r->arena)));
	}
	query_understand(r->c, r->p->question, r->now, r->arena, &again);
	old.folded = folded;
	question_cut(&old, r->arena);
	return take_question(r,
			     arena_printf(r->arena, "%s %s", question_without_times(&old, r->arena),
					  r->q->u->when.said ? r->q->u->when.said : ""));
}

/* "and GNOME?", after talks about something: a name in place of the topic */
static bool is_fragment(const struct resolving *r)
{
	return r->q->n <= 4 && !question_has(r->q, WORDS_QUESTION) && r->q->u->named &&
	       r->q->u->named->type == ENTITY_EXHIBITOR && r->base->terms[0] &&
	       r->base->entities == ENTITY_BIT(ENTITY_SESSION);
}

/* "and tomorrow?", "what about exhibitors?", "Sunday", when that was asked back */
static bool resolve_addition(struct resolving *r)
{
	const struct previous *p = r->p;
	enum entity kind;
	bool noun =
		names_noun(r->q) && !(question_points_at(r->q, &kind) && choose_focus_of(p, kind));

	noun |= asks_for_people(r);

	if (r->bare && !r->limited && !noun)
		return resolve_record(r); /* "and where?" */
	if (!r->bare && !p->asked_back && r->q->u->n_names && r->q->u->names[0].similarity > 0.9f &&
	    !r->corrects && !is_fragment(r))
		return false; /* "and who is Ada Lovelace?" stands alone */
	if (!r->bare && !p->asked_back && r->q->u->intent == INTENT_GENERAL_INFO)
		return false; /* so does "and where is lunch?" */
	if (resolve_after_page(r))
		return true;
	if (r->old->intent == INTENT_GENERAL_INFO || r->old->intent == INTENT_SMALLTALK ||
	    r->old->intent == INTENT_OUT_OF_SCOPE)
		return false;
	r->out->keeps_asked = true;
	return take_merged(r, !r->bare, noun);
}

static bool is_addition(const struct resolving *r)
{
	return r->corrects || question_is_joined(r->q) || question_is_time(r->q) ||
	       (r->p->asked_back && r->q->n <= 6 && !question_has(r->q, WORDS_QUESTION));
}

static bool resolve_more(struct resolving *r)
{
	if (!r->bare || r->limited || !question_has(r->q, WORDS_MORE))
		return false;
	r->out->record = pointed_at(r);
	r->out->kind = r->out->record ? FOLLOWUP_RECORD : FOLLOWUP_MORE;
	r->out->more = true;
	r->out->question = r->p->question;
	return true;
}

/* By what describes it: only when the question points ("the pump one", "and the quiz?"). */
static bool resolve_described(struct resolving *r)
{
	bool points = question_has(r->q, WORDS_ONE) || question_has(r->q, WORDS_OTHER);

	if (!points && asks_for_people(r))
		return false;
	if (!points && !(question_is_joined(r->q) && r->q->n <= 9) &&
	    !(question_has(r->q, WORDS_PRONOUN) && !question_has(r->q, WORDS_ANY)))
		return false;
	if (!choose_described(r->c, r->q, r->a, r->p, r->arena, r->out))
		return false;
	r->out->more = question_has(r->q, WORDS_MORE);
	return true;
}

static bool points_at_record(const struct resolving *r)
{
	enum entity kind;

	return r->bare && !r->limited && !(question_exists(r->q) && names_noun(r->q)) &&
	       !question_has(r->q, WORDS_ADVICE) &&
	       (question_has(r->q, WORDS_PRONOUN) || r->q->u->follow_up ||
		question_points_at(r->q, &kind) || r->q->u->asked != ASKED_ANY);
}

static bool resolve_rest(struct resolving *r)
{
	if (r->bare && !r->limited && !names_noun(r->q) && r->q->u->asked == ASKED_COUNT_OF)
		return take_question(r, r->p->question); /* "how many are there?" */
	if (is_addition(r))
		return resolve_addition(r);
	if (question_has(r->q, WORDS_POSSESSIVE) && r->q->n <= 6 && !r->q->u->n_names &&
	    pointed_at(r))
		return resolve_record(r); /* "what is her background?" */
	return points_at_record(r) && resolve_record(r);
}

/* "that workshop": the format only says what was spoken of. */
static bool is_only_kind(const struct question *q, const struct previous *p)
{
	const struct index_filter *f = &q->u->filter;
	enum entity kind;

	return f->types && !f->places && !f->tracks && !f->levels && !f->languages &&
	       q->u->when.kind == WHEN_NONE && question_points_at(q, &kind) &&
	       choose_focus_of(p, kind);
}

/* "and in the afternoon?", when details of one were asked last, is of the list it came from. */
static const struct understood *base_of(const struct previous *p, const struct understood *old)
{
	for (const struct previous *at = p; at && at->leans; at = at->before)
		if (at->before && at->before->understood && !at->before->leans)
			return at->before->understood;
	return old;
}

/* The first rule that holds. */
static void resolve(struct resolving *r)
{
	bool done = resolve_company(r) || resolve_step(r) || resolve_other_kind(r) ||
		    resolve_pick(r) || resolve_extreme(r) || resolve_edge(r) ||
		    resolve_ordinal(r) || resolve_its_time(r) || resolve_person_then(r) ||
		    resolve_attribute(r) || resolve_time(r) || resolve_place(r) ||
		    resolve_similar(r) || resolve_more(r) || resolve_described(r) ||
		    resolve_else(r) || resolve_rest(r);

	if (!done)
		r->out->kind = FOLLOWUP_NONE;
}

void followup_resolve(const struct catalog *c, const char *question, const struct understood *u,
		      const struct attribute *a, bool corrects, const struct previous *previous,
		      int64_t now_unix_s, struct arena *arena, struct followup *out)
{
	char *folded _cleanup_free_ = utf8_fold(question, strlen(question));
	struct question q = { .folded = folded, .u = u };
	struct understood old;
	struct resolving r = { .c = c,
			       .q = &q,
			       .a = a,
			       .p = previous,
			       .now = now_unix_s,
			       .arena = arena,
			       .corrects = corrects,
			       .out = out };

	*out = (struct followup){ .kind = FOLLOWUP_NONE };
	if (!folded || u->intent == INTENT_SMALLTALK)
		return;
	question_cut(&q, arena);
	r.bare = question_is_bare(&q, a, arena);
	r.limited = u->when.kind != WHEN_NONE || has_filter(&u->filter);
	if (previous && is_only_kind(&q, previous))
		r.limited = false;
	if (previous) {
		if (!previous->understood)
			query_understand(c, previous->question, now_unix_s, arena, &old);
		r.old = previous->understood ? previous->understood : &old;
		r.base = base_of(previous, r.old);
		out->asked = r.old->asked;
		out->attribute = attribute_find(previous->attribute);
		resolve(&r);
	} else if (u->follow_up && u->intent == INTENT_CLARIFICATION && !has_filter(&u->filter) &&
		   !names_noun(&q)) {
		out->kind = FOLLOWUP_UNKNOWN;
	}
	out->besides = out->kind == FOLLOWUP_RECORD && question_has(&q, WORDS_ELSE);
	if (out->kind != FOLLOWUP_NONE && !out->question)
		out->question = arena_strdup(arena, question);
}
