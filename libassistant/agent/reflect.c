/*
 * reflect.c - the node: is this enough?  If not, one constraint is given up and it is planned
 * again.
 *
 * The order is from what a visitor misses least to what was said most clearly.  Nothing is given up
 * silently: turn->relaxed goes into the facts.  Pure.
 */
#include <string.h>
#include "agent/nodes.h"

typedef bool relax_fn(struct turn *t, const char **value);

/* "Lightning talks at 3pm": the sessions of that name are at other times, and others are no answer. */
static bool misses_named(const struct turn *t)
{
	const struct understood *u = &t->understood;
	bool any = false;

	if (!u->filter.has_window || t->focus)
		return false;
	for (size_t k = 0; k < u->n_names; k++) {
		const struct name_match *m = &u->names[k];

		if (m->kind != NAME_RECORD || m->record->type != ENTITY_SESSION ||
		    m->similarity < 0.97f || m->n_words < 2)
			continue;
		any = true;
		for (size_t i = 0; i < t->n_calls; i++)
			for (size_t n = 0; n < t->calls[i]->n_results; n++)
				if (t->calls[i]->results[n].record == m->record)
					return false;
	}
	return any;
}

static bool found_anything(const struct turn *t)
{
	if (misses_named(t))
		return false;
	for (size_t i = 0; i < t->n_calls; i++)
		if (t->calls[i]->n_results || t->calls[i]->text)
			return true;
	return false;
}

/* Whether something is left that says what is wanted: giving up the last of it would list anything. */
static bool content_beside(const struct turn *t, const char *const *dropped)
{
	const struct understood *u = &t->understood;
	const struct index_filter *f = &u->filter;

	return u->terms[0] || u->n_names || (f->types && f->types != dropped) ||
	       (f->tracks && f->tracks != dropped) || (f->places && f->places != dropped) ||
	       (f->languages && f->languages != dropped) || (f->levels && f->levels != dropped) ||
	       (f->speaker_ids && f->speaker_ids != dropped);
}

static bool drop_list(const char *const **list, const char **value)
{
	if (!*list || !(*list)[0])
		return false;
	*value = (*list)[0];
	*list = NULL;
	return true;
}

static bool relax_level(struct turn *t, const char **value)
{
	return content_beside(t, t->understood.filter.levels) &&
	       drop_list(&t->understood.filter.levels, value);
}

static bool relax_language(struct turn *t, const char **value)
{
	return content_beside(t, t->understood.filter.languages) &&
	       drop_list(&t->understood.filter.languages, value);
}

static bool relax_type(struct turn *t, const char **value)
{
	return content_beside(t, t->understood.filter.types) &&
	       drop_list(&t->understood.filter.types, value);
}

static bool relax_track(struct turn *t, const char **value)
{
	return content_beside(t, t->understood.filter.tracks) &&
	       drop_list(&t->understood.filter.tracks, value);
}

/* Who names a room asks what is there: its programme is told instead, said to be about something else. */
static bool relax_place(struct turn *t, const char **value)
{
	return !query_may_list(&t->original) && content_beside(t, t->understood.filter.places) &&
	       drop_list(&t->understood.filter.places, value);
}

static bool relax_speaker(struct turn *t, const char **value)
{
	bool dropped = !t->person && drop_list(&t->understood.filter.speaker_ids, value);

	*value = NULL; /* an id says nothing to a visitor */
	return dropped && t->understood.terms[0];
}

static void set_window(struct turn *t, int64_t from, int64_t to)
{
	t->understood.when.from = from;
	t->understood.when.to = to;
	t->understood.filter.has_window = true;
	t->understood.filter.from = from;
	t->understood.filter.to = to;
	t->understood.when.n_windows = t->understood.filter.n_windows = 0;
	t->understood.when.overlap = t->understood.filter.overlap = false;
	t->understood.when.part = NULL;
}

static void drop_window(struct turn *t)
{
	t->understood.when =
		(struct when){ .kind = WHEN_NONE, .from = TIME_UNKNOWN, .to = TIME_UNKNOWN };
	t->understood.filter.has_window = t->understood.filter.overlap = false;
	t->understood.filter.n_windows = 0;
}

/* Part of a day: the whole day; when no day was named, any. */
static bool relax_time(struct turn *t, const char **value)
{
	struct when *w = &t->understood.when;
	const struct zone *z = catalog_zone(t->catalog);
	int64_t day, next;

	if (w->kind != WHEN_WINDOW || w->from == TIME_UNKNOWN || w->to == TIME_UNKNOWN ||
	    t->fixed_time)
		return false;
	day = zone_day_start(z, w->from, 0);
	next = zone_day_start(z, w->to - 1, 1);
	if (w->from == day && w->to == next)
		return false;
	*value = w->said;
	if (w->explicit_day)
		set_window(t, day, next);
	else if (t->understood.terms[0])
		drop_window(t);
	else
		return false;
	return true;
}

/* Nothing runs: what comes next? */
static bool relax_now(struct turn *t, const char **value)
{
	struct when *w = &t->understood.when;

	if (w->kind != WHEN_NOW)
		return false;
	w->kind = WHEN_NEXT;
	w->overlap = t->understood.filter.overlap = false;
	set_window(t, t->now_unix_s, TIME_UNKNOWN);
	t->was_now = true;
	*value = NULL;
	return true;
}

/* A topic on a day it is not treated: other days, which the answer says.  Without a topic the day
 * is the question. */
static bool relax_day(struct turn *t, const char **value)
{
	struct when *w = &t->understood.when;

	if (w->kind != WHEN_WINDOW || w->outside || !content_beside(t, NULL) || t->fixed_time)
		return false;
	*value = w->said;
	drop_window(t);
	return true;
}

/* "The Wireshark talk" is not in the programme, but Wireshark has a stand. */
static bool relax_kind(struct turn *t, const char **value)
{
	struct understood *u = &t->understood;
	unsigned named = 0;

	for (size_t i = 0; i < u->n_names; i++)
		if (u->names[i].record && u->names[i].similarity > 0.9f)
			named |= ENTITY_BIT(u->names[i].record->type);
	if (!(named & ~u->entities))
		return false;
	*value = NULL;
	u->entities = named;
	return true;
}

static const struct {
	const char *what; /* NULL: said by the answer itself */
	relax_fn *relax;
} order[] = {
	{ NULL, relax_now },	      { "level", relax_level }, { "language", relax_language },
	{ "type", relax_type },	      { "kind", relax_kind },	{ "time", relax_time },
	{ "track", relax_track },     { "place", relax_place }, { "day", relax_day },
	{ "speaker", relax_speaker },
};

/* "on Saturday morning": with the day, its morning goes, and is not said twice. */
static void remember(struct turn *t, const char *what, const char *value)
{
	size_t kept = 0;

	for (size_t i = 0; strcmp(what, "day") == 0 && i < t->n_relaxed; i++)
		if (strcmp(t->relaxed[i].what, "time") != 0)
			t->relaxed[kept++] = t->relaxed[i];
	if (strcmp(what, "day") == 0)
		t->n_relaxed = kept;
	t->relaxed[t->n_relaxed++] = (struct relaxed){ what, value };
}

static bool relax_one(struct turn *t)
{
	if (t->n_relaxed == TURN_MAX_RELAXED || t->understood.when.outside)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		const char *value = NULL;

		if (!order[i].relax(t, &value))
			continue;
		if (order[i].what)
			remember(t, order[i].what, value);
		return true;
	}
	return false;
}

/* Nothing was found with less either: what the room or the hours have, said to be about something else. */
static bool list_instead(struct turn *t)
{
	const char *words = t->original.terms;

	if (!t->understood.terms[0] || !query_may_list(&t->original))
		return false;
	t->understood = t->original;
	t->understood.terms = t->understood.meaning = "";
	t->n_relaxed = 0;
	remember(t, "words", words);
	return true;
}

/* Exactly one place, or exactly that record, is a question of its own: "what is in room 5?" has no
 * other answer. */
static bool may_relax(const struct turn *t)
{
	return !t->focus && !t->more && !t->all_failed &&
	       t->understood.intent != INTENT_GENERAL_INFO && t->understood.asked != ASKED_COUNT_OF;
}

void node_reflect(struct flow *f)
{
	struct turn *t = node_turn(f);

	t->enough =
		found_anything(t) || !may_relax(t) ||
		((t->round >= t->env->limits.reflect_rounds || !relax_one(t)) && !list_instead(t));
	if (!t->enough)
		t->round++;
	flow_done(f);
}

bool turn_not_enough(const struct turn *t)
{
	return !t->enough;
}
