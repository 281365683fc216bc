/*
 * adjust.c - what else a question means that was understood by its words alone: the conference as a
 * whole, somebody who is not there, the beginning or end of a day, anger.
 *
 * Each rule is a function that changes turn->understood, or nothing.
 */
#include "agent/adjust.h"

#include <ctype.h>
#include <string.h>
#include "agent/followup.h"
#include "agent/nodes.h"
#include "agent/topic.h"
#include "agent/understand.h"
#include "agent/whereabouts.h"
#include "base/utf8.h"
#include "search/words.h"
#include "tools/builtin.h"

void adjust_drop_pages(struct understood *u)
{
	u->info_keys = NULL;
	u->info_parts = NULL;
	u->info_cover = 0;
}

bool asked_has_word(const struct asked_words *q, const char *list)
{
	for (size_t i = 0; i < q->n; i++)
		if (word_in(q->words[i].text, list))
			return true;
	return false;
}

/* All of the terms, and there may be none. */
static bool terms_are(const struct turn *t, const char *list)
{
	const char *const *words = words_of(t->understood.terms, t->arena);

	for (size_t i = 0; words && words[i]; i++)
		if (!word_in(words[i], list))
			return false;
	return true;
}

static void drop_names(struct understood *u)
{
	u->names = NULL;
	u->n_names = 0;
	u->named = NULL;
}

/* --- The conference ---------------------------------------------------------------------- */

#define STARTS                                                                                     \
	"start starts starting begin begins beginning open opens first beginnt anfang startet "    \
	"los "                                                                                     \
	"commence debut ouvre empieza comienza abre"
#define ENDS                                                                                       \
	"end ends ending finish finishes over close closes last endet ende aus schliesst finit "   \
	"fin "                                                                                     \
	"termine ferme termina acaba cierra"
#define DAYS "day days date dates programme program tag tage jour jours dia dias"

static const char starts[] = STARTS, ends[] = ENDS;
static const char edge_words[] = STARTS " " ENDS " " DAYS;

static bool names_conference(const struct conference *c, const char *folded)
{
	static const char words[] =
		"conference conferences konferenz conferencia event veranstaltung "
		"evenement evento tagung kongress congress";
	char *name _cleanup_free_ = utf8_fold(c->name, strlen(c->name));
	size_t len = strlen(folded), i = 0, from, to;

	while (name && word_next(folded, len, &i, &from, &to)) {
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)(to - from), folded + from);
		if (word_in(word, words) ||
		    (!isdigit((unsigned char)word[0]) && strlen(word) > 3 && word_in(word, name)))
			return true;
	}
	return false;
}

/* "When does it start?", "where is it?", "what is it?" of the conference as a whole. */
static bool is_about_conference(const struct turn *t)
{
	const struct understood *u = &t->understood;
	char *folded _cleanup_free_ = utf8_fold(u->question, strlen(u->question));

	return folded && !t->focus && !t->clarify.about && terms_are(t, edge_words) &&
	       !(u->n_names && u->names[0].similarity > 0.97f && u->names[0].n_words > 1) &&
	       u->entities == ENTITY_ALL && u->when.kind == WHEN_NONE && !u->filter.places &&
	       !u->filter.types && !u->filter.tracks &&
	       (u->asked == ASKED_WHEN || u->asked == ASKED_WHERE || u->asked == ASKED_WHAT) &&
	       names_conference(&catalog_snapshot(t->catalog)->conference, folded);
}

/* "When does it start tomorrow?": the first of that day, or the last. */
static void take_edge_of_day(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	bool first = asked_has_word(q, starts), last = asked_has_word(q, ends);

	if (u->asked != ASKED_WHEN || u->when.kind != WHEN_WINDOW || !u->when.explicit_day ||
	    first == last || t->focus || u->filter.types || !terms_are(t, edge_words))
		return;
	drop_names(u);
	u->terms = "";
	u->when.kind = first ? WHEN_FIRST : WHEN_LAST;
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
	u->intent = INTENT_SESSION_SEARCH;
}

/* The track's name is no topic beside the track: "what is in the Python devroom?" */
static void drop_track_topic(struct turn *t)
{
	struct understood *u = &t->understood;
	const char *track = u->filter.tracks && !u->filter.tracks[1] ? u->filter.tracks[0] : NULL;
	char *folded _cleanup_free_ = track ? utf8_fold(track, strlen(track)) : NULL;
	const char *const *words = words_of(u->terms, t->arena);

	if (!folded || t->focus || !u->terms[0])
		return;
	for (size_t i = 0; words && words[i]; i++)
		if (!words_has(words[i], folded))
			return;
	u->terms = "";
	u->names = NULL;
	u->n_names = 0;
}

/* Do the conference's own words have it: name, venue, rooms, pages? */
static bool is_of_conference(const struct conference *c, const char *word)
{
	char *own _cleanup_free_ = utf8_fold(c->json ? c->json : "", c->json ? c->json_len : 0);

	if (own && words_has(word, own))
		return true;
	for (size_t i = 0; i < c->n_info; i++) {
		char *page _cleanup_free_ = utf8_fold(c->info[i].text, strlen(c->info[i].text));

		if (page && words_has(word, page))
			return true;
	}
	return false;
}

/* "a good restaurant in Paris": a practical matter of a place that no page knows. */
static bool is_of_elsewhere(const struct turn *t)
{
	static const char before[] = "in near nach bei a en cerca de";
	const struct understood *u = &t->understood;
	char *folded _cleanup_free_ = utf8_fold(u->question, strlen(u->question));
	size_t n = 0;
	struct word *words = folded ? words_split(folded, t->arena, WORDS_MAX, &n) : NULL;

	if (!words || t->focus ||
	    (u->intent != INTENT_GENERAL_INFO && u->intent != INTENT_RECOMMENDATION) ||
	    !words_capitals(words, n, u->question))
		return false;
	for (size_t i = 1; i < n; i++)
		if (words[i].capital && word_in(words[i - 1].text, before) &&
		    u->language[0] != 'd' &&
		    !is_of_conference(&catalog_snapshot(t->catalog)->conference, words[i].text))
			return true;
	return false;
}

/* "Who organises it?": the page about the conference says so. */
static void take_organisers(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	const struct conference *c = &catalog_snapshot(t->catalog)->conference;
	const char **keys = arena_array(t->arena, const char *, 2);

	if (!keys || u->asked != ASKED_WHO || t->focus ||
	    !asked_has_word(
		    q, "organises organizes organised organized runs behind organisiert organise "
		       "organiza") ||
	    !(names_conference(c, q->folded) || asked_has_word(q, "this it das ca esto")))
		return;
	for (size_t i = 0; i < c->n_info && !keys[0]; i++)
		if (strcmp(c->info[i].key, "about") == 0)
			keys[0] = c->info[i].key;
	drop_names(u);
	u->intent = INTENT_GENERAL_INFO;
	u->info_keys = keys;
	u->info_cover = 1;
	u->question = arena_printf(t->arena, "%s organised run by", u->question);
}

/* --- People ------------------------------------------------------------------------------- */

static const char speaking[] =
	"speaking speak speaks talking present presenting coming there here attending "
	"spricht sprechen redet parle parler habla hablar";

static bool begins_with(const struct asked_words *q, const char *list)
{
	return q->n > 2 && word_in(q->words[0].text, list);
}

/* Words begun with a capital, two or more in a row behind the first word; 0: none. */
static size_t capitals(const struct asked_words *q, size_t *from)
{
	for (size_t i = 1; i < q->n; i++) {
		size_t n = 0;

		while (i + n < q->n && q->words[i + n].capital)
			n++;
		if (n >= 2) {
			*from = i;
			return n;
		}
	}
	return 0;
}

static bool is_a_name(const struct turn *t, const struct asked_words *q, size_t from, size_t n)
{
	const struct understood *u = &t->understood;

	for (size_t i = 0; i < u->n_names; i++)
		if (u->names[i].similarity >= 0.8f && u->names[i].from <= q->words[from].from &&
		    u->names[i].to >= q->words[from + n - 1].to)
			return true;
	return false;
}

/* "When does Linus Torvalds speak?": who is not there is said not to be, whoever has a name like that. */
static bool asks_for_talks_of(struct turn *t, const struct asked_words *q, const char *name)
{
	return (t->understood.asked == ASKED_WHEN || t->understood.asked == ASKED_WHERE) &&
	       asked_has_word(
		       q,
		       "speaking speak speaks presenting spricht redet parle intervient habla") &&
	       terms_are(t, name);
}

/* "Is Linus Torvalds speaking?": yes, when; or there is nobody of that name. */
static void take_person(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	bool asks = begins_with(q, "is does will are ist spricht est es habla") &&
		    strcmp(q->words[1].text, "there") != 0 && asked_has_word(q, speaking);
	const struct record *named = u->n_names ? u->names[0].record : NULL;
	const char *name;
	size_t from, n;

	if (t->focus)
		return;
	if (asks && named && named->type == ENTITY_SPEAKER && u->names[0].similarity >= 0.9f) {
		t->only = u->when;
		understand_focus(t, named);
		t->understood.asked = ASKED_WHEN;
		return;
	}
	n = words_capitals(q->words, q->n, u->question) ? capitals(q, &from) : 0;
	if (!n || is_a_name(t, q, from, n))
		return;
	name = arena_strndup(t->arena, q->folded + q->words[from].from,
			     q->words[from + n - 1].to - q->words[from].from);
	if (!name || (!asks && !asks_for_talks_of(t, q, name)))
		return;
	u->terms = name;
	t->absent = true;
}

/* --- Words that are no topic -------------------------------------------------------------- */

static void drop_words(struct turn *t, const char *list)
{
	struct understood *u = &t->understood;
	const char *const *words = words_of(u->terms, t->arena);
	const char *left = "";

	for (size_t i = 0; words && words[i]; i++)
		if (!word_in(words[i], list))
			left = arena_printf(t->arena, "%s%s%s", left, left[0] ? " " : "", words[i]);
	if (left && left[0])
		u->terms = left;
}

static void drop_small(struct turn *t)
{
	if (t->understood.named || !t->understood.terms[0])
		return;
	drop_words(t, "two three four five deux trois zwei drei dos tres btw anyway");
}

/* "... for beginners", "I am new to Rust": of what is found, that which says it is for them. */
static void take_beginners(struct turn *t, const struct asked_words *q)
{
	static const char words[] =
		"beginner beginners newcomer newcomers novice novices newbie newbies introductory "
		"anfanger einsteiger neuling neulinge debutant debutants debutante debutantes "
		"principiante principiantes";
	static const char *const phrases[] = { "new to ",     "never used ", "getting started",
					       "get started", "neu in ",     "neu bei ",
					       "debute en ",  "nuevo en ",   "nueva en " };

	t->for_beginners = asked_has_word(q, words);
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++)
		t->for_beginners |= strstr(q->folded, phrases[i]) != NULL;
	t->for_beginners &= !t->focus && !t->understood.named && !t->understood.filter.levels;
	if (!t->for_beginners)
		return;
	drop_words(t, words);
	drop_words(t, "new neu nuevo nueva getting get started used never");
}

/* "My code has bugs, what now?" asks for advice; "what now?" alone for what is on. */
static void take_what_now(struct turn *t, const struct asked_words *q)
{
	static const char *const advice[] = { "what now",  "and now",	    "was nun",
					      "was jetzt", "et maintenant", "y ahora" };
	struct understood *u = &t->understood;

	if (u->when.kind != WHEN_NOW || !u->terms[0] || t->focus)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(advice); i++) {
		const char *at = strstr(q->folded, advice[i]);
		const char *rest = at ? at + strlen(advice[i]) : NULL;

		if (!at || rest[strspn(rest, " ?!.")])
			continue;
		u->when = (struct when){ .kind = WHEN_NONE };
		u->filter.has_window = u->filter.overlap = false;
		u->intent = INTENT_SESSION_SEARCH;
		u->need = true;
		return;
	}
}

/* "How do I become a speaker?": who speaks is not asked; a page may say how one applies. */
static void take_part(struct turn *t, const struct asked_words *q)
{
	static const char *const parts[] = { "become a speaker",
					     "be a speaker",
					     "submit a ",
					     "submit my ",
					     "submit an ",
					     "propose a ",
					     "give a talk",
					     "give my talk",
					     "give a lightning talk",
					     "apply to speak",
					     "apply as a speaker",
					     "apply for a ",
					     "call for papers",
					     "call for participation",
					     "sprecher werden",
					     "referent werden",
					     "referentin werden",
					     "vortrag einreichen",
					     "vortrag halten",
					     "devenir intervenant",
					     "devenir conferencier",
					     "proposer une ",
					     "soumettre une ",
					     "ser ponente",
					     "proponer una " };
	struct understood *u = &t->understood;
	bool asks =
		asked_has_word(q, "how can could may where wie kann wo comment puis como puedo i");

	if (!asks || t->focus || u->named)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!strstr(q->folded, parts[i]))
			continue;
		drop_names(u);
		u->intent = INTENT_GENERAL_INFO;
		u->asked = ASKED_ANY;
		u->entities = u->filter.entities = ENTITY_ALL;
		if (!u->info_keys || !u->info_keys[0])
			u->question = arena_printf(t->arena, "%s submit proposal CFP", u->question);
		return;
	}
}

/* "How do I get Google off my phone?" names something, and is about something else. */
static void take_topic_not_name(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	const char *const *words = words_of(u->terms, t->arena);
	size_t n = 0;

	while (words && words[n])
		n++;
	if (t->focus || !u->n_names || u->names[0].n_words > 1 || n < 3 || u->asked != ASKED_ANY ||
	    !(begins_with(q, "how i we my our wie ich wir mein comment je mon ma como mi") ||
	      u->need))
		return;
	drop_names(u);
}

#define MOST_OF_AN_AREA 2 /* letters: "K", "A1", "12" */

/* "How many exhibitors are in Hall D?": stands have booths, and none is called like that room. */
static void drop_room_of_stands(struct turn *t)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	struct index_filter *f = &t->understood.filter;

	for (size_t k = 0; f->places[k]; k++)
		for (size_t i = 0; i < s->n[ENTITY_EXHIBITOR]; i++) {
			const char *booth = s->records[ENTITY_EXHIBITOR][i].booth;

			if (booth && strcmp(booth, f->places[k]) == 0)
				return;
		}
	f->places = NULL;
}

/* "building K" or "K building", as the question has it; NULL: none.  small: of "building A" and "hall d", too, at the end. */
static const char *area_of(struct turn *t, const struct asked_words *q, bool small)
{
	static const char kinds[] =
		"building hall floor level area wing zone halle gebaude etage ebene batiment hall "
		"edificio planta pabellon";

	for (size_t i = 0; i < q->n; i++) {
		size_t next = i + 1 < q->n && strlen(q->words[i + 1].text) <= MOST_OF_AN_AREA &&
			      (!q->words[i + 1].stop || (small && i + 2 == q->n));
		size_t before = i > 0 && strlen(q->words[i - 1].text) <= MOST_OF_AN_AREA &&
				!q->words[i - 1].stop;

		if (!word_in(q->words[i].text, kinds) || (!next && !before))
			continue;
		return arena_strndup(t->arena, q->folded + q->words[i - !next].from,
				     q->words[i + next].to - q->words[i - !next].from);
	}
	return NULL;
}

/* The two words of an area, in either order, as whole words. */
static bool is_in_area(const char *booth, const char *area, struct arena *arena)
{
	char *folded _cleanup_free_ = utf8_fold(booth, strlen(booth));
	const char *space = strchr(area, ' ');
	const char *turned, *at;

	if (!folded || !space)
		return false;
	turned = arena_printf(arena, "%s %.*s", space + 1, (int)(space - area), area);
	for (size_t i = 0; i < 2; i++) {
		const char *words = i ? turned : area;
		size_t n = strlen(words);

		for (at = folded; (at = strstr(at, words)); at++)
			if ((at == folded || !isalnum((unsigned char)at[-1])) &&
			    !isalnum((unsigned char)at[n]))
				return true;
	}
	return false;
}

/* "Stands in building K": where each stand is says in which building. */
static void take_area_of_stands(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const char *area = area_of(t, q, false), **ids;
	size_t n = 0;

	if (!area || u->entities != ENTITY_BIT(ENTITY_EXHIBITOR) || t->focus || u->named)
		return;
	ids = arena_array(t->arena, const char *, s->n[ENTITY_EXHIBITOR] + 1);
	for (size_t i = 0; ids && i < s->n[ENTITY_EXHIBITOR]; i++) {
		const struct record *r = &s->records[ENTITY_EXHIBITOR][i];

		if (r->booth && is_in_area(r->booth, area, t->arena))
			ids[n++] = r->id;
	}
	if (!n)
		return;
	drop_words(t, area);
	if (terms_are(t, area))
		u->terms = "";
	drop_names(u);
	u->filter.ids = ids;
	u->filter.places = NULL;
	t->area = topic_words(u->question, area, t->arena);
}

/* "Who is at C-07?": a place where only stands are. */
static void take_booth(struct turn *t)
{
	struct understood *u = &t->understood;
	const struct snapshot *s = catalog_snapshot(t->catalog);

	if (!u->filter.places || u->terms[0] || u->n_names || t->focus || t->way)
		return;
	if (u->entities == ENTITY_BIT(ENTITY_EXHIBITOR)) {
		drop_room_of_stands(t);
		return;
	}
	for (size_t k = 0; u->filter.places[k]; k++)
		for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
			const char *at = s->records[ENTITY_SESSION][i].location;

			if (at && strcmp(at, u->filter.places[k]) == 0)
				return;
		}
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_EXHIBITOR);
	u->intent = INTENT_EXHIBITOR_SEARCH;
	u->asked = ASKED_ANY;
}

static bool starts_with(const struct asked_words *q, const char *first, const char *second)
{
	return q->n > 2 && word_in(q->words[0].text, first) && word_in(q->words[1].text, second);
}

/* "Can I smoke?", "Can you book me a seat?": not what the programme is searched for. */
static void take_permission(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;

	if (t->focus || t->clarify.about)
		return;
	if ((starts_with(q, "can could will please", "you book buy order reserve call send") ||
	     starts_with(q, "kannst konnen", "du sie")) &&
	    asked_has_word(
		    q,
		    "book buy order reserve call send register pay print buchen kaufen bestellen "
		    "reservieren anrufen schicken")) {
		u->intent = INTENT_OUT_OF_SCOPE;
		return;
	}
	if (u->named || u->intent == INTENT_GENERAL_INFO ||
	    (u->n_names && u->names[0].similarity > 0.97f) ||
	    !(starts_with(q, "can may am must kann darf muss", "i we ich wir one man") ||
	      starts_with(q, "puis est", "je ce")) ||
	    asked_has_word(
		    q, "see attend visit watch hear learn find meet join go talk talks workshop "
		       "session "
		       "sessions sehen horen lernen treffen voir"))
		return;
	u->intent = INTENT_GENERAL_INFO;
	t->doubtful = true;
}

/* "Best talk?", "what should I not miss?": of what, only the visitor can say. */
static void take_interest(struct turn *t, const struct asked_words *q)
{
	static const char best[] =
		"best miss highlight highlights must cool favourite favorite top beste besten "
		"verpassen meilleur meilleure meilleures mejor mejores perder";
	const struct understood *u = &t->understood;
	const struct index_filter *f = &u->filter;

	if (asked_has_word(q, best) && terms_are(t, best) && !t->focus &&
	    u->when.kind == WHEN_NONE && !f->places && !f->tracks && !f->types && !f->levels &&
	    !f->languages && !(u->n_names && u->names[0].similarity > 0.97f))
		t->clarify.about = "interest";
}

/* Nothing but anger. */
static bool is_rude(const struct turn *t, const struct asked_words *q)
{
	static const char rude[] =
		"stupid useless idiot idiots fuck fucking shit crap dumb suck sucks hate terrible "
		"awful "
		"worst rubbish garbage bullshit moron bad off hell dumm blod bloed scheisse mist "
		"nutzlos idioten merde nul nulle inutile con mierda inutil tonto estupido horrible";
	bool any = false;

	for (size_t i = 0; i < q->n; i++) {
		bool is = word_in(q->words[i].text, rude);

		any |= is && strcmp(q->words[i].text, "off") != 0 &&
		       strcmp(q->words[i].text, "bad") != 0;
		if (!is && !q->words[i].stop &&
		    !word_in(q->words[i].text,
			     "bot assistant chatbot answer answers totally really so"))
			return false;
	}
	return any && !t->focus;
}

#define MOST_WORDS_OF_A_ROOM 4
#define MOST_WORDS_OF_A_WAY  10

static const char of_places[] = "building buildings room rooms hall halls floor floors map gebaude "
				"raum raume saal sale etage "
				"batiment salle salles edificio sala salas planta";

static bool is_way(const struct asked_words *q)
{
	return asked_has_word(
		q, "where find get reach way walk wo finde komme weg ou trouver aller donde "
		   "encontrar llegar");
}

/* Nothing but places is spoken of: "from K to the H building". */
static bool is_of_places(const struct turn *t)
{
	const char *const *words = words_of(t->understood.terms, t->arena);

	for (size_t i = 0; words && words[i]; i++)
		if (!word_in(words[i], of_places) && strlen(words[i]) > MOST_OF_AN_AREA)
			return false;
	return true;
}

/* "Where is building K?", "Which rooms are in it?": a place, not what is on in its rooms. */
static void take_building(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	const char *area = area_of(t, q, true);
	bool rooms = asked_has_word(q, "rooms halls raume sale salles salas"),
	     inside = q->n > 3 && word_in(q->words[0].text, "what was que") &&
		      asked_has_word(q, "in dans en") &&
		      !asked_has_word(
			      q, "on happening running next now los program programme schedule");

	if (!area || !u->filter.places || u->n_names || t->focus || u->when.kind != WHEN_NONE ||
	    !is_of_places(t) || u->filter.tracks || u->filter.types ||
	    u->entities == ENTITY_BIT(ENTITY_EXHIBITOR) ||
	    u->entities == ENTITY_BIT(ENTITY_SPEAKER))
		return;
	t->area = topic_words(u->question, area, t->arena);
	if (!rooms && !inside && !is_way(q))
		return;
	t->way = true;
	u->intent = INTENT_GENERAL_INFO;
	u->asked = is_way(q) && !rooms && !inside ? ASKED_WHERE : ASKED_WHAT;
	if (!whereabouts_page(t))
		t->building = t->area;
}

/* A room and nothing else: what is on there from now on. */
static void take_room(struct turn *t, const struct asked_words *q)
{
	struct understood *u = &t->understood;
	int64_t now = t->now_unix_s;

	bool way = is_way(q) ||
		   (asked_has_word(q, "which what welchem quel que") &&
		    asked_has_word(q, "building floor gebaude etage batiment edificio planta"));

	if (!u->filter.places || u->filter.places[1] || !terms_are(t, of_places) || u->n_names ||
	    t->focus || u->when.kind != WHEN_NONE ||
	    q->n > (way ? MOST_WORDS_OF_A_WAY : MOST_WORDS_OF_A_ROOM) || u->filter.tracks ||
	    u->filter.types || u->entities == ENTITY_BIT(ENTITY_EXHIBITOR) ||
	    asked_has_word(q, "all every alle tous"))
		return;
	t->way = u->asked == ASKED_WHERE || way;
	if (t->way && whereabouts_page(t))
		return;
	t->place_unknown = t->way;
	u->terms = "";
	u->intent = INTENT_SESSION_SEARCH;
	u->asked = ASKED_ANY;
	u->entities = u->filter.entities = ENTITY_BIT(ENTITY_SESSION);
	if (!turn_is_during(t))
		return;
	u->when = (struct when){ .kind = WHEN_WINDOW,
				 .from = now,
				 .to = zone_day_start(catalog_zone(t->catalog), now, 1),
				 .overlap = true,
				 .explicit_day = true,
				 .said = "" };
	u->filter.has_window = u->filter.overlap = true;
	u->filter.from = u->when.from;
	u->filter.to = u->when.to;
}

void understand_adjust(struct turn *t)
{
	char *folded _cleanup_free_ =
		utf8_fold(t->understood.question, strlen(t->understood.question));
	struct asked_words q = { .folded = folded };

	t->absent = t->angry = t->place_unknown = t->doubtful = t->for_beginners = false;
	t->way = t->no_stand = false;
	t->person = NULL;
	t->area = t->building = t->counted = t->lacking = t->no_place = NULL;
	t->only = (struct when){ .kind = WHEN_NONE };
	q.words = folded ? words_split(folded, t->arena, WORDS_MAX, &q.n) : NULL;
	if (!q.words)
		return;
	drop_track_topic(t);
	t->about_conference = is_about_conference(t);
	if (t->about_conference)
		return;
	if (is_of_elsewhere(t)) {
		t->understood.intent = INTENT_OUT_OF_SCOPE;
		return;
	}
	if (!t->clarify.about && is_rude(t, &q)) {
		t->understood.intent = INTENT_SMALLTALK;
		t->angry = true;
		return;
	}
	take_organisers(t, &q);
	take_edge_of_day(t, &q);
	take_person(t, &q);
	adjust_names(t, &q);
	take_beginners(t, &q);
	drop_small(t);
	adjust_kinds(t, &q);
	take_permission(t, &q);
	take_part(t, &q);
	take_what_now(t, &q);
	take_topic_not_name(t, &q);
	take_interest(t, &q);
	take_area_of_stands(t, &q);
	take_building(t, &q);
	take_booth(t);
	take_room(t, &q);
	adjust_counts(t, &q);
	adjust_places(t, &q);
}
