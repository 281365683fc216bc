/*
 * adjust_kinds.c - what kind of record a question means (adjust.h): talks rather than people, a category of stands, a format that
 * the programme does not have.
 */
#include <string.h>
#include "agent/adjust.h"
#include "base/utf8.h"
#include "search/words.h"
#include "tools/builtin.h"

/* "What are the two talks and who gives them?": talks are asked for. */
static void take_talks_not_people(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;

	if (u->entities != ENTITY_BIT(ENTITY_SPEAKER) || u->n_names ||
	    !asked_has_word(
		    q, "talk talks session sessions presentation presentations workshop workshops "
		       "vortrage vortrag charlas conferences") ||
	    !asked_has_word(q, "them it they sie ihn eux las los"))
		return;
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
	u->intent = INTENT_SESSION_SEARCH;
	u->asked = ASKED_ANY;
}

/* "Talk about trains": asked for in so many words; no page of that name answers. */
static void take_kind_said(struct turn *t, const struct asked_words *q)
{
	static const char kinds[] =
		"talk talks session sessions workshop workshops lecture lectures "
		"presentation presentations vortrag vortrage conferences charla "
		"charlas ponencia ponencias";
	static const char of[] = "about on over regarding uber zu zum zur von sur sobre";
	struct understood *u = &t->understood;

	if (u->intent != INTENT_GENERAL_INFO || !u->terms[0] || t->focus || u->named)
		return;
	for (size_t i = 0; i + 2 < q->n; i++)
		if (word_in(q->words[i].text, kinds) && word_in(q->words[i + 1].text, of)) {
			u->intent = INTENT_SESSION_SEARCH;
			u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
			u->info_keys = NULL;
			return;
		}
}

/* "How many people attend?" counts nothing that we hold. */
static void take_other_counts(struct turn *t)
{
	struct understood *u = &t->understood;

	if (u->asked != ASKED_COUNT_OF || u->entities != ENTITY_ALL || t->focus || u->n_names ||
	    u->when.kind != WHEN_NONE || u->filter.places || u->filter.tracks || u->filter.types)
		return;
	u->intent = INTENT_GENERAL_INFO;
}

/* "Which sponsors are there?": a category of exhibitors. */
static void take_category(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const char **tracks;

	if (u->entities != ENTITY_BIT(ENTITY_EXHIBITOR) || u->terms[0] || u->filter.tracks ||
	    u->n_names)
		return;
	for (size_t i = 0; i < s->n[ENTITY_EXHIBITOR]; i++) {
		const char *category = s->records[ENTITY_EXHIBITOR][i].category;
		char *folded _cleanup_free_ =
			category ? utf8_fold(category, strlen(category)) : NULL;

		for (size_t k = 0; folded && folded[0] && k < q->n; k++) {
			const char *w = q->words[k].text;

			if (strncmp(w, folded, strlen(folded)) != 0 ||
			    strlen(w) > strlen(folded) + 2)
				continue;
			tracks = arena_array(t->arena, const char *, 2);
			tracks[0] = category;
			u->filter.tracks = tracks;
			return;
		}
	}
}

/* "Who gives the last keynote?", where nothing is called so: others are none. */
static void take_absent_format(struct turn *t)
{
	static const char formats[] =
		"keynote keynotes panel panels tutorial tutorials workshop workshops demo "
		"demos lecture lectures plenary";
	const struct understood *u = &t->understood;
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const char *const *words = words_of(u->terms, t->arena);

	if (t->focus || u->filter.types || !words || !words[0] || words[1] ||
	    !word_in(words[0], formats) || u->intent == INTENT_GENERAL_INFO)
		return;
	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &s->records[ENTITY_SESSION][i];
		char *title _cleanup_free_ = utf8_fold(r->name, strlen(r->name));

		if (title && words_has(words[0], title))
			return;
	}
	t->absent = true;
}

/* People have no times and rooms, what they speak at has: "who is speaking right now?" */
static void take_sessions_not_people(struct turn *t)
{
	struct understood *u = &t->understood;

	if (u->entities != ENTITY_BIT(ENTITY_SPEAKER) || u->terms[0] || u->n_names || t->focus ||
	    u->asked == ASKED_COUNT_OF || (u->when.kind == WHEN_NONE && !u->filter.places))
		return;
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
	u->intent = INTENT_SESSION_SEARCH;
	u->asked = ASKED_ANY;
}

void adjust_kinds(struct turn *t, const struct asked_words *q)
{
	take_absent_format(t);
	take_talks_not_people(t, q);
	take_sessions_not_people(t);
	take_other_counts(t);
	take_category(t, q);
	take_kind_said(t, q);
}
