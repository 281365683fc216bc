/*
 * followup_merge.c - the question before with something else in it (followup.h).
 */
#include <string.h>
#include "agent/followup.h"
#include "agent/topic.h"
#include "base/text.h"

static const char *const day_names[] = { "sunday",   "monday", "tuesday", "wednesday",
					 "thursday", "friday", "saturday" };

#define LEAST_PART_S (2 * 3600)

/* --- As words ------------------------------------------------------------------------ */

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

const char *followup_question(const struct understood *u, struct arena *arena)
{
	const struct index_filter *f = &u->filter;
	struct text out _cleanup_text_ = { 0 };

	text_init(&out, 16 << 10);
	text_append(&out, noun(u->entities));
	text_printf(&out, " %s", topic_words(u->question, u->terms, arena));
	if (u->when.kind != WHEN_NONE && u->when.said)
		text_printf(&out, " %s", u->when.said);
	add_list(&out, "in", f->places);
	add_list(&out, "in track", f->tracks);
	add_list(&out, "", f->types);
	add_list(&out, "level", f->levels);
	add_list(&out, "in", f->languages);
	return arena_strndup(arena, out.data + strspn(out.data, " "),
			     out.len - strspn(out.data, " "));
}

/* --- Times --------------------------------------------------------------------------- */

static bool is_window(const struct when *w)
{
	return w->kind == WHEN_WINDOW && w->from != TIME_UNKNOWN;
}

/* One day, from its beginning to its end. */
static bool is_whole_day(const struct zone *z, const struct when *w)
{
	return is_window(w) && w->from == zone_day_start(z, w->from, 0) &&
	       w->to == zone_day_start(z, w->from, 1);
}

/* Hours of one day: neither all of it nor a moment. */
static bool is_part_of_day(const struct zone *z, const struct when *w)
{
	int64_t next = is_window(w) ? zone_day_start(z, w->from, 1) : 0;

	return is_window(w) && !is_whole_day(z, w) &&
	       (w->to == TIME_UNKNOWN ||
		(w->to <= next + 6 * 3600 && w->to - w->from >= LEAST_PART_S));
}

/* The clock time of `at` on the day of `day`. */
static int64_t on_day(const struct zone *z, int64_t at, int64_t day)
{
	struct civil t, d;

	zone_civil(z, at, &t);
	zone_civil(z, day, &d);
	return zone_unix(z, d.year, d.month, d.day, t.hour, t.minute, t.second);
}

/* `part`, on the day on which `day` begins. */
static void move_part(const struct zone *z, const struct when *part, int64_t day, struct when *out)
{
	*out = *part;
	out->from = on_day(z, part->from, day);
	out->explicit_day = true;
	out->outside = false;
	if (part->to == TIME_UNKNOWN)
		return;
	out->to = on_day(z, part->to, day);
	if (out->to <= out->from) /* it ends at midnight, or behind it */
		out->to = on_day(z, part->to, zone_day_start(z, day, 1));
}

static const char *day_name(const struct zone *z, int64_t at)
{
	struct civil t;

	zone_civil(z, at, &t);
	return day_names[t.weekday];
}

static void merge_when(const struct zone *z, const struct when *old, const struct when *new,
		       struct arena *arena, struct when *out)
{
	*out = new->kind == WHEN_NONE ? *old : *new;
	if (new->kind == WHEN_NONE || !is_window(old))
		return;
	if (is_whole_day(z, new) && is_part_of_day(z, old)) {
		/* "and on Saturday?", after the afternoon of another day */
		move_part(z, old, new->from, out);
		out->outside = new->outside;
		out->said = arena_printf(arena, "%s", new->said ? new->said : "");
	} else if (is_part_of_day(z, new) && !new->explicit_day && old->explicit_day) {
		/* "and in the afternoon?": of the day we were at */
		move_part(z, new, old->from, out);
		out->said = arena_printf(arena, "%s on %s", new->said ? new->said : "",
					 day_name(z, out->from));
	}
}

static void set_window(struct understood *u)
{
	u->filter.has_window = u->when.kind != WHEN_NONE &&
			       (u->when.from != TIME_UNKNOWN || u->when.to != TIME_UNKNOWN);
	u->filter.from = u->when.from;
	u->filter.to = u->when.to;
	u->filter.overlap = u->when.overlap;
}

/* --- Questions ------------------------------------------------------------------------ */

static enum intent intent_for(const struct understood *u, enum intent otherwise)
{
	switch (u->entities) {
	case ENTITY_BIT(ENTITY_SESSION):
		return INTENT_SESSION_SEARCH;
	case ENTITY_BIT(ENTITY_EXHIBITOR):
		return INTENT_EXHIBITOR_SEARCH;
	case ENTITY_BIT(ENTITY_SPEAKER):
		return INTENT_SPEAKER_SEARCH;
	default:
		return otherwise == INTENT_RECOMMENDATION ? otherwise : INTENT_SESSION_SEARCH;
	}
}

#define NEWER(list)                                                                                \
	if (new->filter.list)                                                                      \
	out->filter.list = new->filter.list

void followup_merge(const struct catalog *c, const struct understood *old,
		    const struct understood *new, const struct merging *how, struct arena *arena,
		    struct understood *out)
{
	bool other_kind = how->noun && new->entities != old->entities;
	bool topic = how->topic || (new->filter.tracks && old->filter.tracks);

	*out = *old;
	out->follow_up = false;
	out->clarify = NULL;
	if (how->noun) {
		out->entities = new->entities;
		out->filter.types = NULL;
	}
	if (other_kind)
		out->filter.levels = out->filter.languages = NULL;
	if (topic) {
		out->terms = new->terms;
		out->names = new->names;
		out->n_names = new->n_names;
		out->question = new->question;
		out->specificity = new->specificity;
	}
	NEWER(places);
	NEWER(tracks);
	NEWER(types);
	NEWER(levels);
	NEWER(languages);
	NEWER(speaker_ids);
	if (out->entities != ENTITY_BIT(ENTITY_EXHIBITOR) &&
	    out->entities != ENTITY_BIT(ENTITY_SPEAKER))
		merge_when(catalog_zone(c), &old->when, &new->when, arena, &out->when);
	else
		out->when = new->when;
	set_window(out);
	if (new->asked != ASKED_ANY)
		out->asked = new->asked;
	out->intent = intent_for(out, old->intent);
	out->filter.entities = out->entities;
	out->question = followup_question(out, arena);
}

void followup_shift(const struct catalog *c, const struct understood *old, int64_t at, bool after,
		    bool next, struct arena *arena, struct understood *out)
{
	const struct zone *z = catalog_zone(c);
	struct civil t;

	zone_civil(z, at, &t);
	*out = *old;
	out->follow_up = false;
	out->clarify = NULL;
	out->entities = out->filter.entities = ENTITY_BIT(ENTITY_SESSION);
	out->intent = INTENT_SESSION_SEARCH;
	out->asked = ASKED_ANY;
	if (old->n_names) {
		out->names = NULL;
		out->n_names = 0;
		out->terms = "";
	}
	out->when = (struct when){
		.kind = !next	? WHEN_WINDOW
			: after ? WHEN_FIRST
				: WHEN_LAST,
		.from = after ? at : zone_day_start(z, at, 0),
		.to = after ? zone_day_start(z, at, 1) : at,
		.explicit_day = true,
		.said = arena_printf(arena, "on %s %s %02d:%02d", day_names[t.weekday],
				     after ? "after" : "before", t.hour, t.minute),
	};
	out->specificity = VAGUE;
	set_window(out);
	out->question = followup_question(out, arena);
}
