/*
 * adjust_counts.c - what is counted, and what records lack (adjust.h): a number of sessions, stands, people, rooms or tracks is of
 * the records, whatever a page says; "without a room" is of their fields, which no search looks at.
 */
#include <string.h>
#include "agent/adjust.h"
#include "search/words.h"

static bool is_one_kind(unsigned entities)
{
	return entities && !(entities & (entities - 1));
}

static enum intent intent_of(unsigned entities)
{
	return entities == ENTITY_BIT(ENTITY_EXHIBITOR) ? INTENT_EXHIBITOR_SEARCH
	       : entities == ENTITY_BIT(ENTITY_SPEAKER) ? INTENT_SPEAKER_SEARCH
							: INTENT_SESSION_SEARCH;
}

/* "How many speakers are there?", "how many sessions are there in the track X?": a page that is near in meaning has no say. */
static void take_own_counts(struct turn *t)
{
	struct understood *u = &t->understood;

	if (u->asked != ASKED_COUNT_OF || u->intent != INTENT_GENERAL_INFO ||
	    !is_one_kind(u->entities) || u->terms[0] || t->focus)
		return;
	u->intent = intent_of(u->entities);
	adjust_drop_pages(u);
}

/* --- rooms and tracks ------------------------------------------------------------------ */

/* "How many tracks are there?", "which rooms does the conference have?", and nothing else. */
static void take_rooms_and_tracks(struct turn *t, const struct asked_words *q)
{
	static const char rooms[] = "rooms raume sale salles salas";
	static const char tracks[] = "tracks devrooms parcours tematicas";
	static const char around[] = "how many number of which what list name show me all are is "
				     "there the different in at does "
				     "do have has conference event programme program schedule "
				     "total altogether wie viele welche gibt "
				     "es alle auf der die das hat konferenz combien de quelles "
				     "quels y a t il les la le cuantas "
				     "cuantos que hay en las los todas";
	struct understood *u = &t->understood;
	const char *counted = NULL;
	bool asks = false;

	if (t->focus || u->named || u->filter.places || u->when.kind != WHEN_NONE)
		return;
	for (size_t i = 0; i < q->n; i++) {
		const char *w = q->words[i].text;
		const char *kind = word_in(w, rooms)	? "rooms"
				   : word_in(w, tracks) ? "tracks"
							: NULL;

		if ((kind && counted) || (!kind && !word_in(w, around)))
			return;
		asks |= word_in(w,
				"many number which what list show wie welche combien quelles quels "
				"cuantas cuantos que");
		counted = kind ? kind : counted;
	}
	if (!counted || !asks)
		return;
	t->counted = counted;
	t->clarify.about = NULL;
	u->intent = INTENT_SESSION_SEARCH;
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
}

/* --- what is not there ------------------------------------------------------------------- */

static const struct lack {
	const char *name, *words;
} lacks[] = {
	{ "room", "room rooms location place raum ort salle lieu sala lugar" },
	{ "time", "time times date zeit uhrzeit termin horaire heure hora horario" },
	{ "speaker", "speaker speakers sprecher referenten vortragende intervenant intervenants "
		     "ponente ponentes" },
};

static bool has_it(const struct record *r, const struct lack *lack)
{
	if (lack == &lacks[0])
		return r->location && r->location[0];
	if (lack == &lacks[1])
		return r->start != TIME_UNKNOWN;
	return r->speaker_ids[0] || r->speaker_names[0];
}

/* "No room", "without a room"; the place of its last word, 0: neither. */
static size_t find_lack(const struct asked_words *q, const struct lack **out)
{
	static const char none[] = "no without missing lack lacks lacking kein keine keinen ohne "
				   "sans aucune aucun sin ninguna ningun";

	for (size_t i = 0; i + 1 < q->n; i++) {
		size_t at = i + 1 +
			    (i + 2 < q->n &&
			     word_in(q->words[i + 1].text, "a an any the de una un einen "
							   "eine"));

		if (!word_in(q->words[i].text, none))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(lacks); k++)
			if (word_in(q->words[at].text, lacks[k].words)) {
				*out = &lacks[k];
				return at;
			}
	}
	return 0;
}

/* "Which sessions have no room?" */
static void take_lacking(struct turn *t, const struct asked_words *q)
{
	static const char sessions[] = "session sessions talk talks event events workshop "
				       "workshops vortrage veranstaltungen conferences "
				       "sesiones charlas";
	struct understood *u = &t->understood;
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const struct lack *lack = NULL;
	const char **ids;
	size_t n = 0;

	if (!find_lack(q, &lack) || !asked_has_word(q, sessions) || t->focus || u->named ||
	    u->filter.places)
		return;
	ids = arena_array(t->arena, const char *, s->n[ENTITY_SESSION] + 1);
	for (size_t i = 0; ids && i < s->n[ENTITY_SESSION]; i++)
		if (!has_it(&s->records[ENTITY_SESSION][i], lack))
			ids[n++] = s->records[ENTITY_SESSION][i].id;
	t->lacking = lack->name;
	t->clarify.about = NULL;
	adjust_drop_pages(u);
	u->intent = INTENT_SESSION_SEARCH;
	u->asked = u->asked == ASKED_COUNT_OF && n ? ASKED_COUNT_OF : ASKED_ANY;
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
	u->terms = "";
	u->names = NULL;
	u->n_names = 0;
	u->filter.ids = ids;
	t->absent = n == 0;
}

void adjust_counts(struct turn *t, const struct asked_words *q)
{
	take_own_counts(t);
	take_rooms_and_tracks(t, q);
	take_lacking(t, q);
}
