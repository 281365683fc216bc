/*
 * followup_choose.c - which record of the last answers is meant (followup.h).
 */
#include <string.h>
#include "agent/followup.h"
#include "base/utf8.h"
#include "search/words.h"
#include "tools/builtin.h"

#define MAX_CANDIDATES 96
#define IN_NAME	       3
#define IN_ABOUT       2 /* people, place, track, kind */
#define IN_TEXT	       1

const struct record *choose_focus(const struct previous *p)
{
	if (p->focus)
		return p->focus;
	return p->n_references == 1 ? p->references[0] : NULL;
}

const struct record *choose_focus_of(const struct previous *p, enum entity type)
{
	for (; p; p = p->before) {
		const struct record *r = choose_focus(p);

		if (r && r->type == type)
			return r;
	}
	return NULL;
}

/* A list of people names their sessions too, a session in full its people: those are not what was
 * listed. */
size_t choose_list(const struct previous *p, const struct record **out)
{
	enum entity type;
	size_t n = 0;

	if (!p->n_references)
		return 0;
	type = p->focus && p->focus->type == ENTITY_SPEAKER ? ENTITY_SESSION
							    : p->references[0]->type;
	if (p->focus && p->focus->type != ENTITY_SPEAKER)
		return 0;
	for (size_t i = 0; i < p->n_references; i++) {
		const struct record *r = p->references[i];

		if (r == p->focus || (type == ENTITY_SPEAKER) != (r->type == ENTITY_SPEAKER) ||
		    (p->focus && r->type != type))
			continue;
		out[n++] = r;
	}
	return n;
}

/* The newest answer that listed several. */
static const struct previous *last_list(const struct previous *p, const struct record **list,
					size_t *n)
{
	for (; p; p = p->before) {
		*n = choose_list(p, list);
		if (*n > 1)
			return p;
	}
	return NULL;
}

size_t choose_last_list(const struct previous *p, const struct record **out)
{
	size_t n = 0;

	return last_list(p, out, &n) ? n : 0;
}

bool choose_ordinal(int n, const struct previous *p, struct followup *out)
{
	const struct record *list[PREVIOUS_MAX_REFERENCES];
	const struct previous *from;
	size_t n_list = 0;

	from = last_list(p, list, &n_list);
	if (!from) {
		n_list = p->n_references == 1;
		list[0] = n_list ? p->references[0] : NULL;
	}
	if (!n_list)
		return false;
	if (n < 0)
		n = (int)n_list;
	out->kind = (size_t)n > n_list ? FOLLOWUP_BEYOND : FOLLOWUP_RECORD;
	if (out->kind == FOLLOWUP_RECORD)
		out->record = list[n - 1];
	out->keeps_asked = p->asked_back;
	return true;
}

bool choose_neighbour(int step, const struct previous *p, struct followup *out)
{
	const struct record *list[PREVIOUS_MAX_REFERENCES], *focus = choose_focus(p);
	size_t n = 0;

	if (!focus)
		return false;
	for (const struct previous *at = p; (at = last_list(at, list, &n)); at = at->before) {
		for (size_t i = 0; i < n; i++) {
			if (list[i] != focus)
				continue;
			if ((step < 0 && i == 0) || (step > 0 && i + 1 == n))
				return false;
			out->kind = FOLLOWUP_RECORD;
			out->record = list[step < 0 ? i - 1 : i + 1];
			return true;
		}
	}
	return false;
}

/* --- By words --------------------------------------------------------------------------- */

static bool text_has(const char *word, const char *text)
{
	char *folded _cleanup_free_ = text ? utf8_fold(text, strlen(text)) : NULL;

	return folded && words_has(word, folded);
}

static bool any_has(const char *word, const char *const *texts)
{
	for (size_t i = 0; texts && texts[i]; i++)
		if (text_has(word, texts[i]))
			return true;
	return false;
}

/* "Dike engineer": what those do who give it. */
static bool people_have(const struct catalog *c, const char *word, const struct record *r)
{
	for (size_t i = 0; r->type == ENTITY_SESSION && r->speaker_ids[i]; i++) {
		const struct record *p =
			snapshot_find(catalog_snapshot(c), ENTITY_SPEAKER, r->speaker_ids[i]);

		if (p && (text_has(word, p->title) || text_has(word, p->company)))
			return true;
	}
	return false;
}

static unsigned word_fits(const struct catalog *c, const char *word, const struct record *r)
{
	if (text_has(word, r->name) || text_has(word, r->session_type))
		return IN_NAME;
	if (any_has(word, r->speaker_names) || any_has(word, r->tags) || text_has(word, r->title) ||
	    text_has(word, r->company) || text_has(word, r->category) || text_has(word, r->track) ||
	    text_has(word, r->location) || text_has(word, r->booth))
		return IN_ABOUT;
	return text_has(word, r->description) || people_have(c, word, r) ? IN_TEXT : 0;
}

static bool is_in(const char *const *places, const struct record *r)
{
	const char *at = r->type == ENTITY_EXHIBITOR ? r->booth : r->location;

	for (size_t i = 0; places && places[i]; i++)
		if (at && strcmp(at, places[i]) == 0)
			return true;
	return !places;
}

static bool is_then(const struct when *w, const struct record *r)
{
	if (w->kind != WHEN_WINDOW || w->from == TIME_UNKNOWN)
		return true;
	return r->type == ENTITY_SESSION && r->start != TIME_UNKNOWN && r->start >= w->from &&
	       (w->to == TIME_UNKNOWN || r->start < w->to);
}

struct candidate {
	const struct record *record;
	unsigned age; /* 0: of the last answer */
};

static size_t candidates(const struct previous *p, struct candidate *out)
{
	size_t n = 0;

	for (unsigned age = 0; p; p = p->before, age++) {
		for (size_t i = 0; i < p->n_references && n < MAX_CANDIDATES; i++) {
			bool known = false;

			for (size_t k = 0; k < n; k++)
				known |= out[k].record == p->references[i];
			if (!known)
				out[n++] = (struct candidate){ p->references[i], age };
		}
	}
	return n;
}

/* Was it named by the very last answer, and is another one wanted? */
static bool is_the_same(const struct question *q, const struct previous *p, const struct record *r)
{
	if (!question_has(q, WORDS_OTHER))
		return false;
	for (size_t i = 0; i < p->n_references; i++)
		if (p->references[i] == r)
			return true;
	return false;
}

struct best {
	unsigned score, age;
	const struct record *records[3];
	size_t n;
};

/* Of equals those that were named last. */
static void weigh(const struct catalog *catalog, const struct candidate *c,
		  const char *const *words, unsigned least, bool places, struct best *best)
{
	unsigned score = places ? IN_ABOUT : 0;

	for (size_t i = 0; words[i]; i++) {
		unsigned fits = word_fits(catalog, words[i], c->record);

		if (fits < least)
			return;
		score += fits;
	}
	if (!score || score < best->score || (score == best->score && c->age > best->age))
		return;
	if (score > best->score)
		*best = (struct best){ .score = score, .age = c->age };
	if (best->n < ARRAY_SIZE(best->records))
		best->records[best->n++] = c->record;
}

/* What describes it: no small words, nothing of what is asked of it, and no time or place. */
static const char *const *descriptors(const struct question *q, const struct attribute *a,
				      struct arena *arena)
{
	const char *const *all = words_of(question_without_times(q, arena), arena);
	const char **words = arena_array(arena, const char *, FOLLOWUP_MAX_WORDS + 1);
	size_t n = 0;

	for (size_t i = 0; words && all && all[i] && n < FOLLOWUP_MAX_WORDS; i++)
		if (!question_word_is_small(all[i]) && !(a && attribute_has_word(a, all[i])))
			words[n++] = all[i];
	return words;
}

/* All of them, to choose from. */
static bool take_several(const struct question *q, const struct best *best, struct arena *arena,
			 struct followup *out)
{
	struct understood *u = &out->understood;
	const char **ids = arena_array(arena, const char *, ARRAY_SIZE(best->records) + 1);

	*u = (struct understood){ .question = q->u->question,
				  .terms = "",
				  .specificity = VAGUE,
				  .intent = INTENT_SESSION_SEARCH,
				  .asked = q->u->asked,
				  .filter = { .ids = ids } };
	for (size_t i = 0; ids && i < best->n; i++) {
		ids[i] = best->records[i]->id;
		u->entities |= ENTITY_BIT(best->records[i]->type);
	}
	u->filter.entities = u->entities;
	out->kind = FOLLOWUP_MERGED;
	return ids != NULL;
}

/* "who gives it?" asks of a session, although it names people. */
static bool is_asked_for(const struct question *q, const struct record *r)
{
	unsigned entities = q->u->entities;

	if (entities & ENTITY_BIT(ENTITY_SPEAKER))
		entities |= ENTITY_BIT(ENTITY_SESSION);
	return entities & ENTITY_BIT(r->type);
}

bool choose_described(const struct catalog *c, const struct question *q, const struct attribute *a,
		      const struct previous *p, struct arena *arena, struct followup *out)
{
	struct candidate all[MAX_CANDIDATES];
	const char *const *words = descriptors(q, a, arena);
	const char *const *places = q->u->filter.places;
	bool any = question_has(q, WORDS_ONE) || question_has(q, WORDS_OTHER);
	unsigned least = any ? IN_TEXT : IN_NAME;
	struct best best = { .score = 0 };
	size_t n = candidates(p, all);

	if (!words || (!words[0] && !places))
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_asked_for(q, all[i].record) && is_in(places, all[i].record) &&
		    is_then(&q->u->when, all[i].record) && !is_the_same(q, p, all[i].record))
			weigh(c, &all[i], words, least, places != NULL, &best);
	if (!best.n)
		return false;
	if (best.n > 1)
		return take_several(q, &best, arena, out);
	out->kind = FOLLOWUP_RECORD;
	out->record = best.records[0];
	return true;
}

/* --- Persons ----------------------------------------------------------------------------- */

static const struct record *speaker_of(const struct catalog *c, const struct record *session)
{
	if (!session || session->type != ENTITY_SESSION || !session->speaker_ids[0] ||
	    session->speaker_ids[1])
		return NULL;
	return snapshot_find(catalog_snapshot(c), ENTITY_SPEAKER, session->speaker_ids[0]);
}

static const struct record *only_person(const struct previous *p)
{
	const struct record *person = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->n_references; i++) {
		if (p->references[i]->type == ENTITY_SPEAKER) {
			person = p->references[i];
			n++;
		}
	}
	return n == 1 ? person : NULL;
}

const struct record *choose_person(const struct catalog *c, const struct previous *p)
{
	for (; p; p = p->before) {
		const struct record *focus = choose_focus(p), *person;

		if (focus && focus->type == ENTITY_SPEAKER)
			return focus;
		person = only_person(p);
		if (!person)
			person = speaker_of(c, focus);
		if (person)
			return person;
	}
	return NULL;
}
