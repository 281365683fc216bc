/*
 * followup.c - see followup.h.
 */
#include "agent/followup.h"

#include <string.h>
#include "agent/followup_words.h"
#include "agent/topic.h"
#include "base/text.h"
#include "base/utf8.h"

/* --- Rewriting ---------------------------------------------------------------------- */

static const char *const day_names[] = { "sunday",   "monday", "tuesday", "wednesday",
					 "thursday", "friday", "saturday" };

static const char *noun(unsigned entities)
{
	switch (entities) {
	case ENTITY_BIT(ENTITY_SESSION):
		return "sessions";
	case ENTITY_BIT(ENTITY_EXHIBITOR):
		return "exhibitors";
	case ENTITY_BIT(ENTITY_SPEAKER):
		return "speakers";
	default:
		return "";
	}
}

static void add_list(struct text *out, const char *before, const char *const *values)
{
	for (size_t i = 0; values && values[i]; i++)
		text_printf(out, " %s %s", i ? "or" : before, values[i]);
}

/* Of two understandings the newer one's parts, else the older one's, as one question. */
static const char *merge(const struct catalog *c, const struct understood *old,
			 const struct understood *new, bool new_topic, bool new_noun,
			 struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };
	const struct when *w = new->when.kind != WHEN_NONE ? &new->when : &old->when;
	unsigned entities = new_noun ? new->entities : old->entities;
	const struct index_filter *a = &new->filter, *b = &old->filter;

	text_init(&out, 8192);
	text_append(&out, noun(entities));
	text_printf(&out, " %s",
		    new_topic ? topic_words(new->question, new->terms, arena)
			      : topic_words(old->question, old->terms, arena));
	if (w->said && w->kind != WHEN_NONE)
		text_printf(&out, " %s", w->said);
	/* "and in the afternoon?": of the day we were at */
	if (w == &new->when && w->kind == WHEN_WINDOW && !w->explicit_day &&
	    old->when.explicit_day && old->when.from != TIME_UNKNOWN) {
		struct civil day;

		zone_civil(catalog_zone(c), old->when.from, &day);
		text_printf(&out, " on %s", day_names[day.weekday]);
	}
	add_list(&out, "in", a->places ? a->places : b->places);
	add_list(&out, "in track", a->tracks ? a->tracks : b->tracks);
	add_list(&out, "", a->types ? a->types : b->types);
	add_list(&out, "level", a->levels ? a->levels : b->levels);
	return arena_strndup(arena, out.data + strspn(out.data, " "),
			     out.len - strspn(out.data, " "));
}

/* "sessions rust on saturday after 16:50" */
static const char *at_other_time(const struct catalog *c, const struct understood *old,
				 const char *relation, int64_t unix_s, struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };
	struct civil t;

	text_init(&out, 8192);
	zone_civil(catalog_zone(c), unix_s, &t);
	text_printf(&out, "sessions %s on %s %s %02d:%02d",
		    old->n_names ? "" : topic_words(old->question, old->terms, arena),
		    day_names[t.weekday], relation, t.hour, t.minute);
	if (!old->n_names) {
		add_list(&out, "in", old->filter.places);
		add_list(&out, "in track", old->filter.tracks);
	}
	return arena_strdup(arena, out.data);
}

/* --- What is meant ------------------------------------------------------------------- */

static const struct record *focus_of(const struct previous *p)
{
	if (p->focus)
		return p->focus;
	return p->n_references == 1 ? p->references[0] : NULL;
}

/* "who is she?", "what does he do?": the one person the answer named, if it named one. */
static const struct record *person_of(const struct question *q, const struct previous *p)
{
	const struct record *person = NULL;
	size_t n = 0;

	if (!(q->u->asked == ASKED_WHO && question_has(q, WORDS_PERSON)) &&
	    !(q->u->asked != ASKED_WHEN && q->u->asked != ASKED_WHERE &&
	      question_has(q, WORDS_HE_SHE)))
		return NULL;
	for (size_t i = 0; i < p->n_references; i++) {
		if (p->references[i]->type != ENTITY_SPEAKER)
			continue;
		person = p->references[i];
		n++;
	}
	return n == 1 ? person : NULL;
}

/* "the last one", not "what is the last talk?" */
static bool means_ordinal(const struct question *q, const struct previous *p, struct arena *arena)
{
	struct understood rest = *q->u;
	struct question bare = { .folded = q->folded, .u = &rest };

	if (!question_ordinal(q) || !p->n_references || q->n > 8)
		return false;
	if (q->u->when.kind != WHEN_NONE && !question_has(q, WORDS_PRONOUN) && q->n > 3)
		return false;
	rest.terms = question_without_ordinals(q, arena);
	return rest.terms && question_is_bare(&bare, arena);
}

static void choose_ordinal(const struct question *q, const struct previous *p, struct followup *out)
{
	int n = question_ordinal(q);

	if (n < 0)
		n = (int)p->n_references;
	if ((size_t)n > p->n_references) {
		out->kind = FOLLOWUP_BEYOND;
		return;
	}
	out->kind = FOLLOWUP_RECORD;
	out->record = p->references[n - 1];
	out->keeps_asked = p->asked_back;
}

static int64_t edge_of(const struct previous *p, const struct understood *old, bool later,
		       int64_t now)
{
	const struct record *focus = focus_of(p);
	int64_t edge = TIME_UNKNOWN;

	if (focus && focus->type == ENTITY_SESSION && focus->start != TIME_UNKNOWN)
		return later && focus->end != TIME_UNKNOWN ? focus->end : focus->start;
	if (old->when.kind == WHEN_WINDOW && !old->n_names) {
		int64_t t = later ? old->when.to : old->when.from;

		if (t != TIME_UNKNOWN && old->when.to - old->when.from < 20 * 3600)
			return t;
	}
	for (size_t i = 0; i < p->n_references; i++) {
		const struct record *r = p->references[i];

		if (r->type != ENTITY_SESSION || r->start == TIME_UNKNOWN)
			continue;
		if (edge == TIME_UNKNOWN || (later ? r->start > edge : r->start < edge))
			edge = r->start;
	}
	return edge == TIME_UNKNOWN ? now : edge;
}

static bool resolve_time(const struct catalog *c, const struct question *q,
			 const struct previous *p, const struct understood *old, int64_t now,
			 struct arena *arena, struct followup *out)
{
	const struct record *focus = focus_of(p);
	bool after = question_has(q, PHRASES_AFTER), later = question_has(q, PHRASES_LATER);
	bool earlier = question_has(q, PHRASES_EARLIER);

	if (!after && !later && !earlier)
		return false;
	/* "after that": in the room we spoke of */
	if (after && focus && focus->type == ENTITY_SESSION && focus->end != TIME_UNKNOWN) {
		const char *text =
			at_other_time(c, &(struct understood){ .question = "", .terms = "" },
				      "after", focus->end, arena);

		out->question = focus->location
					? arena_printf(arena, "%s in %s", text, focus->location)
					: text;
	} else {
		out->question = at_other_time(c, old, earlier ? "before" : "after",
					      edge_of(p, old, !earlier, now), arena);
		out->leave_out = true;
	}
	out->kind = FOLLOWUP_QUESTION;
	return true;
}

/* "what is on next there?": the place of what we spoke of */
static bool resolve_there(const struct question *q, const struct previous *p, struct arena *arena,
			  struct followup *out)
{
	const struct record *focus = focus_of(p);

	if (!focus || focus->type != ENTITY_SESSION || !focus->location ||
	    q->u->when.kind == WHEN_NONE || !question_has(q, WORDS_THERE))
		return false;
	out->kind = FOLLOWUP_QUESTION;
	out->question = arena_printf(arena, "sessions %s in %s", q->u->when.said, focus->location);
	return true;
}

static bool same_entities(unsigned entities)
{
	return noun(entities)[0] != '\0';
}

static bool has_filter(const struct index_filter *f)
{
	return f->places || f->tracks || f->types || f->levels || f->languages;
}

static bool names_noun(const struct question *q)
{
	return question_has(q, WORDS_NOUN) && same_entities(q->u->entities);
}

/* "what is her talk about?": the one session of that person; NULL: none, or several. */
static const struct record *talk_of(const struct catalog *c, const struct question *q,
				    const struct record *person)
{
	const struct snapshot *s = catalog_snapshot(c);
	const struct record *talk = NULL;
	size_t n = 0;

	if (!person || person->type != ENTITY_SPEAKER || !question_has(q, WORDS_TALK))
		return NULL;
	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &s->records[ENTITY_SESSION][i];

		for (size_t k = 0; r->speaker_ids[k]; k++) {
			if (strcmp(r->speaker_ids[k], person->id) == 0) {
				talk = r;
				n++;
			}
		}
	}
	return n == 1 ? talk : NULL;
}

/* About one record of the last answer, or about several of which one must be chosen. */
static void resolve_record(const struct catalog *c, const struct question *q,
			   const struct previous *p, const struct understood *old,
			   struct followup *out)
{
	const struct record *person = person_of(q, p), *talk;

	out->record = person ? person : focus_of(p);
	talk = talk_of(c, q, out->record);
	if (talk)
		out->record = talk;
	if (!out->record && (old->n_names || !p->n_references)) {
		out->kind =
			FOLLOWUP_QUESTION; /* all that were named, or what is no record, once more */
		out->question = p->question;
		return;
	}
	out->kind = out->record		  ? FOLLOWUP_RECORD
		    : p->n_references > 1 ? FOLLOWUP_WHICH
					  : FOLLOWUP_NONE;
}

/* "and tomorrow?", "what about exhibitors?", "Sunday", when that was asked back */
static void resolve_addition(const struct catalog *c, const struct question *q,
			     const struct previous *p, const struct understood *old,
			     struct arena *arena, struct followup *out)
{
	bool bare = question_is_bare(q, arena), noun = names_noun(q);
	bool limited = q->u->when.kind != WHEN_NONE || has_filter(&q->u->filter);

	if (bare && !limited && !noun) {
		if (focus_of(p) || old->n_names || !p->n_references) /* "and where?" */
			resolve_record(c, q, p, old, out);
		return;
	}
	if (!bare && !p->asked_back && q->u->n_names && q->u->names[0].similarity > 0.9f)
		return; /* "and who is Ada Lovelace?" stands alone */
	if (!bare && !p->asked_back && q->u->intent == INTENT_GENERAL_INFO)
		return; /* so does "and where is lunch?" */
	out->kind = FOLLOWUP_QUESTION;
	out->keeps_asked = true;
	out->question = merge(c, old, q->u, !bare, noun, arena);
}

static void resolve(const struct catalog *c, const struct question *q, const struct previous *p,
		    int64_t now, struct arena *arena, struct followup *out)
{
	bool bare = question_is_bare(q, arena),
	     limited = q->u->when.kind != WHEN_NONE || has_filter(&q->u->filter);
	struct understood old;

	query_understand(c, p->question, now, arena, &old);
	out->asked = old.asked;
	if (means_ordinal(q, p, arena)) {
		choose_ordinal(q, p, out);
	} else if (bare && resolve_time(c, q, p, &old, now, arena, out)) {
		return;
	} else if (bare && resolve_there(q, p, arena, out)) {
		return;
	} else if (bare && question_has(q, WORDS_MORE)) {
		out->record = focus_of(p);
		out->kind = out->record ? FOLLOWUP_RECORD : FOLLOWUP_MORE;
		out->more = true;
		out->question = p->question;
	} else if (bare && !limited && !names_noun(q) && q->u->asked == ASKED_COUNT_OF) {
		out->kind = FOLLOWUP_QUESTION; /* "how many are there?" */
		out->question = p->question;
	} else if (question_is_joined(q) || question_is_time(q) ||
		   (p->asked_back && q->n <= 6 && !question_has(q, WORDS_QUESTION))) {
		resolve_addition(c, q, p, &old, arena, out);
	} else if (question_has(q, WORDS_POSSESSIVE) && q->n <= 6 && !q->u->n_names &&
		   focus_of(p)) {
		resolve_record(c, q, p, &old, out); /* "what is her background?" */
	} else if (bare && !limited && !(question_exists(q) && names_noun(q)) &&
		   !question_has(q, WORDS_ADVICE) &&
		   (question_has(q, WORDS_PRONOUN) || q->u->follow_up ||
		    q->u->asked != ASKED_ANY)) {
		resolve_record(c, q, p, &old, out);
	}
}

void followup_resolve(const struct catalog *c, const char *question, const struct understood *u,
		      const struct previous *previous, int64_t now_unix_s, struct arena *arena,
		      struct followup *out)
{
	char *folded _cleanup_free_ = utf8_fold(question, strlen(question));
	struct question q = { .folded = folded, .u = u };

	*out = (struct followup){ .kind = FOLLOWUP_NONE };
	if (!folded || u->intent == INTENT_SMALLTALK)
		return;
	question_cut(&q, arena);
	if (previous)
		resolve(c, &q, previous, now_unix_s, arena, out);
	else if (u->follow_up && u->intent == INTENT_CLARIFICATION && !has_filter(&u->filter) &&
		 !names_noun(&q))
		out->kind = FOLLOWUP_UNKNOWN;
	if (out->kind != FOLLOWUP_NONE && !out->question)
		out->question = arena_strdup(arena, question);
}
