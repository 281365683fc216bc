/*
 * adjust_names.c - what a question's name binds it to (adjust.h): the sessions of a speaker, the stand of somebody.  What is
 * merely near in meaning takes the place of neither.
 */
#include <string.h>
#include "agent/adjust.h"
#include "agent/understand.h"
#include "base/utf8.h"
#include "search/catalog.h"
#include "search/gazetteer.h"
#include "search/vocabulary.h"
#include "search/words.h"
#include "tools/builtin.h"

#define SURELY_NAMED 0.85f

/* --- A speaker's sessions ------------------------------------------------------------------- */

/* Does another speaker bear the name that the first one is called by? */
static bool bears(const struct turn *t, size_t i)
{
	const struct understood *u = &t->understood;

	return i < u->n_names && u->names[i].record->type == ENTITY_SPEAKER &&
	       u->names[i].similarity >= u->names[0].similarity &&
	       u->names[i].from == u->names[0].from && u->names[i].to == u->names[0].to;
}

/* "And on Friday?": the person of the last question, whose name is all that stands for it. */
static bool is_asked_again(const struct turn *t)
{
	return t->followed && t->understood.n_names == 1 && t->understood.names[0].similarity >= 1;
}

/* The first of those who bear the name; NULL: none is surely meant. */
static const struct record *named_speaker(const struct turn *t)
{
	const struct understood *u = &t->understood;
	const struct record *first = u->n_names ? u->names[0].record : NULL;

	if (t->focus || t->clarify.about || t->attribute || !first ||
	    first->type != ENTITY_SPEAKER ||
	    (u->named ? u->named != first : !bears(t, 1) && !is_asked_again(t)) ||
	    u->names[0].similarity < SURELY_NAMED || u->intent == INTENT_GENERAL_INFO ||
	    u->asked == ASKED_WHO || u->asked == ASKED_COUNT_OF ||
	    u->entities == ENTITY_BIT(ENTITY_EXHIBITOR))
		return NULL;
	return first;
}

/* The terms without the words of the name. */
static const char *beside_name(struct turn *t, const struct record *r)
{
	const char *const *words = words_of(t->understood.terms, t->arena);
	char *name _cleanup_free_ = utf8_fold(r->name, strlen(r->name));
	const char *left = "";

	for (size_t i = 0; name && words && words[i] && left; i++)
		if (!words_has(words[i], name))
			left = arena_printf(t->arena, "%s%s%s", left, left[0] ? " " : "", words[i]);
	return left ? left : "";
}

static bool is_limited(const struct index_filter *f)
{
	return f->places || f->tracks || f->types || f->levels || f->languages;
}

/* A search among the sessions of that person, or of all who bear the name. */
static void search_sessions_of(struct turn *t, const struct record *person, const char *terms)
{
	struct understood *u = &t->understood;
	const char **ids = arena_array(t->arena, const char *, u->n_names + 1);

	if (!ids)
		return;
	for (size_t i = 0; i == 0 || bears(t, i); i++)
		ids[i] = u->names[i].record->id;
	u->filter.speaker_ids = ids;
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
	u->intent = INTENT_SESSION_SEARCH;
	u->specificity = VAGUE;
	u->terms = u->meaning = terms;
	u->names = NULL;
	u->n_names = 0;
	u->named = NULL;
	t->person = person;
}

/* "Where is N speaking on Sunday?": N's sessions then, or that there are none, and when there are. */
static void take_sessions_of(struct turn *t, const struct asked_words *q)
{
	static const char speaks[] =
		"speak speaks speaking talk talks talking present presents presenting presentation "
		"presentations session sessions give gives giving spricht vortrag vortrage redet "
		"parle intervient habla charla charlas";
	const struct record *person = named_speaker(t);
	const struct when when = t->understood.when;
	const char *rest = person ? beside_name(t, person) : "";
	bool said =
		asked_has_word(q, speaks) || t->understood.entities == ENTITY_BIT(ENTITY_SESSION);
	bool timed = when.kind == WHEN_WINDOW || when.kind == WHEN_NOW;

	if (!person || (!said && (rest[0] || when.kind == WHEN_NONE)))
		return;
	if (rest[0] || bears(t, 1) || is_limited(&t->understood.filter) ||
	    (!timed && when.kind != WHEN_NONE)) {
		search_sessions_of(t, person, rest);
		return;
	}
	t->only = when;
	understand_focus(t, person);
	if (t->understood.asked != ASKED_WHERE)
		t->understood.asked = ASKED_WHEN;
}

/* --- A stand -------------------------------------------------------------------------------- */

/* Is word i of the question written like a name, or known as one?  Behind "about" it is a topic. */
static bool is_like_a_name(const struct turn *t, const struct asked_words *q, size_t i,
			   bool capitals)
{
	static const char topics[] = "about on regarding for with doing uber zu fur mit sur pour "
				     "avec sobre para con";
	const struct vocabulary *v = gazetteer_vocabulary(catalog_gazetteer(t->catalog));
	const struct vocabulary_word *known = vocabulary_find(v, q->words[i].text);

	if (i && word_in(q->words[i - 1].text, topics))
		return false;
	if (capitals && i)
		return q->words[i].capital;
	return !word_is_stop(q->words[i].text) && (!known || !vocabulary_is_plain(known));
}

/* Nothing is looked for but the stand of a name. */
static bool asks_for_stand(struct turn *t, const struct asked_words *q)
{
	const struct understood *u = &t->understood;
	const char *const *terms = words_of(u->terms, t->arena);
	bool capitals = words_capitals(q->words, q->n, u->question);

	if (t->focus || t->clarify.about || u->entities != ENTITY_BIT(ENTITY_EXHIBITOR) ||
	    u->intent != INTENT_EXHIBITOR_SEARCH || is_limited(&u->filter) || u->filter.ids ||
	    !terms || !terms[0] || !asked_has_word(q, "stand booth stall messestand puesto"))
		return false;
	for (size_t i = 0; i < u->n_names; i++)
		if (u->names[i].record->type == ENTITY_EXHIBITOR)
			return false;
	for (size_t k = 0; terms[k]; k++)
		for (size_t i = 0; i < q->n; i++)
			if (strcmp(q->words[i].text, terms[k]) == 0 &&
			    !is_like_a_name(t, q, i, capitals))
				return false;
	return true;
}

/* As it is: "firefox" is not in "Firefly". */
static bool has_word(const char *word, const char *folded)
{
	size_t len = strlen(folded), i = 0, from, to;

	while (word_next(folded, len, &i, &from, &to))
		if (strlen(word) == to - from && strncmp(word, folded + from, to - from) == 0)
			return true;
	return false;
}

static bool has_all(const char *const *words, const char *text)
{
	char *folded _cleanup_free_ = text ? utf8_fold(text, strlen(text)) : NULL;

	for (size_t i = 0; folded && words[i]; i++)
		if (!has_word(words[i], folded))
			return false;
	return folded != NULL;
}

static bool has_in_text(const struct record *r, const char *const *words)
{
	return has_all(words, r->description) || has_all(words, r->products) ||
	       has_all(words, r->category) || has_all(words, r->tier);
}

/* One company may be on the list as a sponsor and with its stand. */
static bool mentions(const struct snapshot *s, const struct record *r, const char *const *words)
{
	for (size_t i = 0; i < s->n[ENTITY_EXHIBITOR]; i++) {
		const struct record *other = &s->records[ENTITY_EXHIBITOR][i];

		if (strcasecmp(other->name, r->name) == 0 && has_in_text(other, words))
			return true;
	}
	return false;
}

/* Those of that name, or those whose own text has it; NULL: none. */
static const char *const *stands_of(struct turn *t, bool by_name)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const char *const *words = words_of(t->understood.terms, t->arena);
	const char **ids = arena_array(t->arena, const char *, s->n[ENTITY_EXHIBITOR] + 1);
	size_t n = 0;

	for (size_t i = 0; ids && words && i < s->n[ENTITY_EXHIBITOR]; i++) {
		const struct record *r = &s->records[ENTITY_EXHIBITOR][i];

		if (by_name ? has_all(words, r->name) : mentions(s, r, words))
			ids[n++] = r->id;
	}
	return n ? ids : NULL;
}

/* "Where is the stand of N?": N's, or that there is none, and whose own words mention N. */
static void take_stand_of(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;

	if (!asks_for_stand(t, q))
		return;
	u->filter.ids = stands_of(t, true);
	if (u->filter.ids)
		return;
	t->no_stand = true;
	u->filter.ids = stands_of(t, false);
	t->absent = !u->filter.ids;
}

void adjust_names(struct turn *t, const struct asked_words *q)
{
	take_sessions_of(t, q);
	take_stand_of(t, q);
}
