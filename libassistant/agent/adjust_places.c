/*
 * adjust_places.c - rooms (adjust.h): one that the conference does not have, and what comes next in one that it has.  No page
 * answers either.
 */
#include <ctype.h>
#include <string.h>
#include "agent/adjust.h"
#include "agent/topic.h"
#include "base/utf8.h"
#include "search/words.h"

#define MOST_OF_A_NAME 12 /* bytes of "UB2.252A" */

static const char kinds[] = "room hall building auditorium raum saal halle gebaude salle batiment "
			    "sala edificio pabellon";

/* Blanks separate them here: "z9.99" is one. */
struct place_said {
	const char *kind, *name; /* folded; in the arena */
	const char *whole;	 /* "Hall Q", as the question has it */
};

static const char *next_token(const char *p, size_t *n)
{
	p += strspn(p, " ?!,;:\"'()");
	*n = strcspn(p, " ?!,;:\"'()");
	return p;
}

static bool is_small_word(const char *w)
{
	return word_is_stop(w) ||
	       word_in(w, "on at in for now today tomorrow and or am um heute morgen jetzt et y");
}

/* "Z9.99", "Q": a number or a letter, and no word; behind "building" what is built may stand ("building AI tools"). */
static bool is_a_name(const char *name, size_t n, const char *rest)
{
	size_t letters = 0, digits = 0, m;
	char following[32];

	for (size_t i = 0; i < n; i++) {
		letters += isalpha((unsigned char)name[i]) != 0;
		digits += isdigit((unsigned char)name[i]) != 0;
		if ((unsigned char)name[i] & 0x80)
			return false;
	}
	rest = next_token(rest, &m);
	snprintf(following, sizeof(following), "%.*s", (int)m, rest);
	if (m && !is_small_word(following))
		return false;
	return n <= MOST_OF_A_NAME && ((digits && letters <= 3) || (letters == 1 && n == 1));
}

/* As the question has it: "Z9.99", not "z9.99". */
static const char *as_said(struct turn *t, const char *folded)
{
	const char *at = folded ? strcasestr(t->understood.question, folded) : NULL;

	return at ? arena_strndup(t->arena, at, strlen(folded))
		  : topic_words(t->understood.question, folded ? folded : "", t->arena);
}

/* The first place of a question that looks like one; false: none does. */
static bool find_place(struct turn *t, const char *folded, struct place_said *out)
{
	const char *p = folded;
	size_t n, m;

	for (p = next_token(p, &n); n; p = next_token(p + n, &n)) {
		const char *kind = arena_strndup(t->arena, p, n);
		const char *name = next_token(p + n, &m);
		size_t len = m;

		while (len && name[len - 1] == '.')
			len--;
		if (!kind || !len || !word_in(kind, kinds) || !is_a_name(name, len, name + m))
			continue;
		out->kind = kind;
		out->name = arena_strndup(t->arena, name, len);
		out->whole = as_said(t, arena_strndup(t->arena, p, (size_t)(name + len - p)));
		return out->name && out->whole;
	}
	return false;
}

/* As a word of the text, beside the other one where that is given. */
static bool speaks_of(const char *text, const struct place_said *said, bool with_kind)
{
	char *folded _cleanup_free_ = text ? utf8_fold(text, strlen(text)) : NULL;
	size_t n = strlen(said->name), k = strlen(said->kind);

	for (const char *at = folded; at && (at = strstr(at, said->name)); at++) {
		bool before = at - folded > (ptrdiff_t)k && at[-1] == ' ' &&
			      strncmp(at - k - 1, said->kind, k) == 0;
		bool after = at[n] == ' ' && strncmp(at + n + 1, said->kind, k) == 0;

		if ((at == folded || !isalnum((unsigned char)at[-1])) &&
		    !isalnum((unsigned char)at[n]) && (!with_kind || before || after))
			return true;
	}
	return false;
}

/* Does any record, page or declared room know it?  A letter alone is in many texts: there it stands beside its kind. */
static bool is_known(const struct turn *t, const struct place_said *said)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const struct conference *c = &s->conference;
	bool letter = strlen(said->name) == 1;

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++)
		if (speaks_of(s->records[ENTITY_SESSION][i].location, said, false))
			return true;
	for (size_t i = 0; i < s->n[ENTITY_EXHIBITOR]; i++)
		if (speaks_of(s->records[ENTITY_EXHIBITOR][i].booth, said, letter))
			return true;
	for (size_t i = 0; i < c->n_rooms; i++)
		if (speaks_of(c->rooms[i].name, said, false) ||
		    speaks_of(c->rooms[i].code, said, false))
			return true;
	for (size_t i = 0; i < c->n_info; i++)
		if (speaks_of(c->info[i].text, said, letter) ||
		    speaks_of(c->info[i].title, said, letter))
			return true;
	return c->json && memmem(c->json, c->json_len, said->name, strlen(said->name)) && !letter;
}

/* "What is on in Hall Q?": there is none; the topic of no talk is meant, and no page that speaks of a hall. */
static void take_absent_place(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	struct place_said said;

	if (u->filter.places || t->focus || u->named || t->rest ||
	    (u->n_names && u->names[0].similarity > 0.97f) || !find_place(t, q->folded, &said) ||
	    is_known(t, &said))
		return;
	t->no_place = said.whole;
	t->absent = true;
	t->clarify.about = NULL;
	u->intent = INTENT_SESSION_SEARCH;
}

/* "What comes next in Janson?": its programme says it, and be it that nothing does. */
static void take_next_in_room(struct turn *t)
{
	struct understood *u = &t->understood;

	if (!u->filter.places || u->terms[0] || t->focus || t->way || t->building ||
	    (u->when.kind != WHEN_NEXT && u->when.kind != WHEN_NOW))
		return;
	if (u->intent == INTENT_GENERAL_INFO)
		u->intent = INTENT_SESSION_SEARCH;
	adjust_drop_pages(u);
}

void adjust_places(struct turn *t, const struct asked_words *q)
{
	take_absent_place(t, q);
	take_next_in_room(t);
}
