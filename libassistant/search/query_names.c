/*
 * query_names.c - which of the gazetteer's matches the question means, and what of them are filters.
 *
 * A speaker called "many" is meant by "Is Many here?", "who is many" and "'many'", not by "how many talks".
 */
#include "search/query_read.h"

#include <string.h>
#include "base/utf8.h"

#define ACCEPTED 0.55f
#define SURE	 0.85f
/* Two words of a person's name, be they misspelt, are surer than one that others bear, too. */
#define BOTH_NAMES 0.88f

static const char *const name_before =
	"|is|about|meet|by|with|from|see|mr|ms|mrs|dr|prof|professor|find|does|and|named|called|"
	"hear|von|mit|uber|wer|ist|qui|est|de|avec|quien|es|con|will|when|where|did|has|";
static const char *const place_before =
	"|in|at|room|hall|saal|raum|im|am|to|inside|near|from|dans|salle|en|sala|building|"
	"into|stage|for|";
static const char *const place_after = "|room|hall|auditorium|building|saal|raum|stage|theatre|on|"
				       "at|today|tomorrow|now|next|after|"
				       "before|between|around|from|this|";
static const char *const track_words =
	"|track|tracks|devroom|devrooms|stream|strand|theme|reihe|piste|";

static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; len && (at = strstr(at, word)) != NULL; at += len) {
		if (at[-1] == '|' && at[len] == '|')
			return true;
	}
	return false;
}

static const char *word_at(const struct reading *r, size_t i)
{
	return i < r->n ? r->words[i].text : "";
}

bool reading_words_at(const struct reading *r, size_t from, size_t to, size_t *first, size_t *last)
{
	bool any = false;

	*first = *last = 0;
	for (size_t i = 0; i < r->n; i++) {
		if (r->words[i].to <= from || r->words[i].from >= to)
			continue;
		if (!any)
			*first = i;
		*last = i;
		any = true;
	}
	return any;
}

static bool quoted(const struct reading *r, const struct name_match *m)
{
	return m->from > 0 && r->folded[m->from - 1] == '\'' && r->folded[m->to] == '\'';
}

static bool whole_question(const struct reading *r, size_t first, size_t last)
{
	for (size_t i = 0; i < r->n; i++) {
		if ((i < first || i > last) && !r->words[i].stop)
			return false;
	}
	return true;
}

/* "who is many", "many's talk", "is Ray speaking". */
static bool asked_by_name(const struct reading *r, size_t first, size_t last)
{
	const char *before = first ? word_at(r, first - 1) : "", *after = word_at(r, last + 1);

	if (strcmp(before, "is") == 0 || strcmp(before, "about") == 0)
		return (first >= 2 && listed("|who|tell|wer|where|when|", word_at(r, first - 2))) ||
		       (first >= 2 && listed("|tell|more|", word_at(r, first - 2))) ||
		       (first >= 3 && listed("|tell|know|", word_at(r, first - 3)));
	return listed("|mr|ms|mrs|dr|prof|professor|named|called|", before) ||
	       listed("|speaks|speaking|presents|presenting|spricht|parle|habla|", after);
}

static bool in_conference_name(const struct reading *r, const char *word)
{
	const char *name = catalog_snapshot(r->c)->conference.name;
	_cleanup_free_ char *folded = name ? utf8_fold(name, strlen(name)) : NULL;

	return folded && word_in(word, folded);
}

/* A word of the name, give or take a letter or two. */
static bool fits_name(const char *word, const char *name)
{
	size_t len = strlen(name), i = 0, from, to;

	while (word_next(name, len, &i, &from, &to)) {
		if (word_distance(word, strlen(word), name + from, to - from, 2) <= 2)
			return true;
	}
	return false;
}

/* "Linus Torvalds" is no Linus of this conference: the word beside belongs to the name and does not fit. */
static bool of_another_name(const struct reading *r, const struct name_match *m, size_t i)
{
	_cleanup_free_ char *name = utf8_fold(m->record->name, strlen(m->record->name));
	const struct vocabulary *v = gazetteer_vocabulary(catalog_gazetteer(r->c));
	bool mononym;

	if (!name)
		return false;
	mononym = !strchr(name, ' '); /* "Ray Kurzweil" is none, "Hello Ray" may be */
	for (size_t k = i && !mononym ? i - 1 : i + 1; k < r->n && k <= i + 1; k++) {
		const struct word *w = &r->words[k];
		bool name_like = r->capitals ? w->capital && k : !vocabulary_find(v, w->text);

		if (k != i && !w->stop && w->text[1] && name_like && !fits_name(w->text, name) &&
		    !listed("|stand|booth|talk|talks|session|keynote|presentation|workshop|",
			    w->text))
			return true;
	}
	return false;
}

/* "J. Brandt": the letter before is that of a first name of that person. */
static bool has_initial(const struct reading *r, const struct name_match *m, size_t i)
{
	_cleanup_free_ char *name = NULL;
	char letter = i ? r->words[i - 1].text[0] : '\0';

	if (!letter || r->words[i - 1].text[1] || m->record->type != ENTITY_SPEAKER)
		return false;
	name = utf8_fold(m->record->name, strlen(m->record->name));
	return name && name[0] == letter && strchr(name, ' ');
}

/* "Alexnder Sander": the word beside is another of that name, misspelt; the match then covers both. */
static bool beside_own_name(const struct reading *r, struct name_match *m, size_t i)
{
	_cleanup_free_ char *name = NULL;
	size_t from, to, at;

	if (m->record->type != ENTITY_SPEAKER)
		return false;
	name = utf8_fold(m->record->name, strlen(m->record->name));
	for (size_t k = i ? i - 1 : i + 1; name && k < r->n && k <= i + 1; k += 2) {
		const struct word *w = &r->words[k];
		size_t len = strlen(w->text);
		unsigned max = word_tolerance(len);

		if (len < 4 || k == i)
			continue;
		for (at = 0; word_next(name, strlen(name), &at, &from, &to);) {
			bool same = strncmp(r->words[i].text, name + from, to - from) == 0 &&
				    !r->words[i].text[to - from];

			if (same || to - from < 4 ||
			    word_distance(w->text, len, name + from, to - from, max) > max)
				continue;
			m->from = m->from < w->from ? m->from : w->from;
			m->to = m->to > w->to ? m->to : w->to;
			m->n_words = 2;
			return true;
		}
	}
	return false;
}

/* One word that could be a plain one, too: its writing and its neighbours decide. */
static float judge_single(const struct reading *r, struct name_match *m, size_t i)
{
	const struct word *w = &r->words[i];
	bool capital = r->capitals && w->capital && (i > 0 || r->n <= 3);
	const char *after = word_at(r, i + 1);
	bool stand = m->record && m->record->type == ENTITY_EXHIBITOR &&
		     listed("|stand|booth|stall|team|people|folks|", after);

	if (in_conference_name(r, w->text))
		return 0.3f;
	if (has_initial(r, m, i) || beside_own_name(r, m, i))
		return BOTH_NAMES;
	if (m->record->type == ENTITY_SPEAKER && of_another_name(r, m, i))
		return 0.4f;
	if (quoted(r, m) || capital || asked_by_name(r, i, i) || stand)
		return m->similarity < SURE ? SURE : m->similarity;
	if (m->similarity >= SURE) /* a name by itself, and no plain word */
		return m->similarity;
	if (m->record && m->record->type == ENTITY_SPEAKER) {
		if (whole_question(r, i, i) && !w->stop)
			return m->similarity < ACCEPTED ? m->similarity : SURE;
		if (r->capitals || w->stop) /* others are written with capitals, this one is not */
			return 0.2f;
		return listed(name_before, i ? word_at(r, i - 1) : "") ? m->similarity : 0.4f;
	}
	return m->similarity;
}

static void mark(bool *flags, size_t first, size_t last)
{
	for (size_t i = first; i <= last; i++)
		flags[i] = true;
}

static bool negates(const char *word)
{
	return listed(
		"|without|instead|alternative|alternatives|except|excluding|unlike|ohne|statt|"
		"sans|sin|replace|replacing|leave|leaving|ditch|besides|",
		word);
}

/* "without Google", "instead of WhatsApp and Zoom", "alternatives to VMware". */
static void read_negations(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const char *w = word_at(r, i);
		size_t at = i + 1;

		if (!negates(w))
			continue;
		at += listed("|of|to|for|zu|de|a|from|", word_at(r, at));
		while (at < r->n && !r->words[at].stop && at < i + 5) {
			r->negated[at++] = true;
			at += listed("|and|or|und|et|y|", word_at(r, at)) && at + 1 < r->n;
		}
	}
}

/* Speakers' first names that several bear, when nobody is asked for by name, are words. */
static bool accept(const struct reading *r, struct name_match *m)
{
	size_t first, last;

	if (!reading_words_at(r, m->from, m->to, &first, &last))
		return false;
	for (size_t i = first; i <= last; i++) {
		if (r->negated[i])
			return false;
	}
	if (first == last)
		m->similarity = judge_single(r, m, first);
	else if (m->record->type == ENTITY_SPEAKER && m->similarity >= ACCEPTED &&
		 m->similarity < BOTH_NAMES)
		m->similarity = BOTH_NAMES;
	return m->similarity >= ACCEPTED;
}

static int by_similarity(const void *pa, const void *pb)
{
	const struct name_match *a = pa, *b = pb;

	if (a->similarity != b->similarity)
		return a->similarity > b->similarity ? -1 : 1;
	if (a->n_words != b->n_words)
		return a->n_words > b->n_words ? -1 : 1;
	return a->from < b->from ? -1 : a->from > b->from;
}

/* "What is Bradley Kuhn presenting?": not every Bradley. */
static bool inside_better(const struct name_match *kept, size_t n, const struct name_match *m)
{
	for (size_t i = 0; i < n; i++) {
		if (kept[i].from <= m->from && kept[i].to >= m->to &&
		    (kept[i].similarity > m->similarity + 0.04f || kept[i].n_words > m->n_words))
			return true;
	}
	return false;
}

/* "A port without smoke" is a title: what stands in it negates nothing. */
static void keep_titles(struct reading *r)
{
	for (size_t i = 0; i < r->n_matches; i++) {
		const struct name_match *m = &r->matches[i];
		size_t first, last;

		if (m->kind != NAME_RECORD || m->similarity < SURE || m->n_words < 2 ||
		    !reading_words_at(r, m->from, m->to, &first, &last))
			continue;
		for (size_t k = first; k < last; k++) {
			if (negates(word_at(r, k)))
				memset(r->negated + k, 0, (last - k + 1) * sizeof *r->negated);
		}
	}
}

void read_names(struct reading *r)
{
	struct understood *out = r->out;
	struct name_match *names;
	size_t n = 0;

	r->n_matches = catalog_match(r->c, r->folded, r->arena, &r->matches);
	names = arena_array(r->arena, struct name_match, r->n_matches + 1);
	if (!names)
		return;
	read_negations(r);
	keep_titles(r);
	for (size_t i = 0; i < r->n_matches; i++) {
		struct name_match m = r->matches[i];

		if (m.kind == NAME_RECORD && accept(r, &m))
			names[n++] = m;
	}
	qsort(names, n, sizeof *names, by_similarity);
	for (size_t i = 0; i < n; i++) {
		if (!inside_better(names, out->n_names, &names[i]))
			names[out->n_names++] = names[i];
	}
	out->names = names;
}

#define MOST_MISSPELT 2 /* letters of a word */

/* The word of the name that the visitor's unknown word must be; NULL: it is known, or like none of them. */
static const char *meant_by(const struct reading *r, const struct name_match *m, const char *word)
{
	const struct vocabulary *v = gazetteer_vocabulary(catalog_gazetteer(r->c));
	_cleanup_free_ char *name = utf8_fold(m->record->name, strlen(m->record->name));
	unsigned best = MOST_MISSPELT + 1;
	const char *meant = NULL;
	size_t len = name ? strlen(name) : 0, i = 0, from, to;

	if (!name || word_in(word, name) || vocabulary_find(v, word))
		return NULL;
	while (word_next(name, len, &i, &from, &to)) {
		unsigned d =
			word_distance(word, strlen(word), name + from, to - from, MOST_MISSPELT);

		if (d >= best || to - from < 4)
			continue;
		best = d;
		meant = arena_strndup(r->arena, name + from, to - from);
	}
	return meant;
}

static const char *meant_by_any(const struct reading *r, const char *word)
{
	const struct understood *u = r->out;
	const char *meant = NULL;

	for (size_t k = 0; word && k < u->n_names && !meant; k++)
		if (u->names[k].record->type == ENTITY_SPEAKER && u->names[k].similarity >= SURE &&
		    u->names[k].similarity < 1)
			meant = meant_by(r, &u->names[k], word);
	return meant;
}

const char *reading_spelt(const struct reading *r, const char *text)
{
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));
	size_t len = folded ? strlen(folded) : 0, i = 0, from, to, copied = 0;
	const char *out = NULL;

	while (word_next(folded ? folded : "", len, &i, &from, &to)) {
		const char *meant =
			meant_by_any(r, arena_strndup(r->arena, folded + from, to - from));

		if (!meant)
			continue;
		out = arena_printf(r->arena, "%s%.*s%s", out ? out : "", (int)(from - copied),
				   folded + copied, meant);
		copied = to;
	}
	return out ? arena_printf(r->arena, "%s%s", out, folded + copied) : text;
}

/* --- filters ------------------------------------------------------------- */

#define MAX_VALUES 512

static void add_value(struct reading *r, const char *const **list, const char *value)
{
	const char **grown;
	size_t n = 0;

	while (*list && (*list)[n]) {
		if (strcmp((*list)[n++], value) == 0)
			return;
	}
	if (n == MAX_VALUES)
		return;
	grown = arena_array(r->arena, const char *, n + 2);
	if (!grown)
		return;
	if (n)
		memcpy(grown, *list, n * sizeof *grown);
	grown[n] = value;
	*list = grown;
}

static bool has_digit(const char *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			return true;
	}
	return false;
}

static bool part_of_name(const struct reading *r, const struct name_match *m)
{
	for (size_t i = 0; i < r->out->n_names; i++) {
		const struct name_match *name = &r->out->names[i];

		if (name->similarity >= SURE && name->n_words > m->n_words &&
		    name->from <= m->from && name->to >= m->to)
			return true;
	}
	return false;
}

/* "Where is the ...": behind word i - 1, articles left out. */
static bool is_asked_where(const struct reading *r, size_t i)
{
	return i >= 2 && listed("|is|s|are|ist|est|esta|se|find|finde|", word_at(r, i - 1)) &&
	       (listed("|where|wo|ou|donde|", word_at(r, i - 2)) ||
		listed("|i|we|ich|wir|", word_at(r, i - 2)));
}

/* A code, or a name where one speaks of places. */
static bool is_place(const struct reading *r, const struct name_match *m, size_t first, size_t last)
{
	const char *before = first ? word_at(r, first - 1) : "", *after = word_at(r, last + 1);

	if (part_of_name(r, m))
		return false;
	if (has_digit(r->folded, m->from, m->to) || m->n_words > 1 || quoted(r, m))
		return true;
	if (first >= 2 &&
	    listed("|the|der|dem|den|die|das|la|le|el|", before)) { /* "in the Elbe" */
		before = word_at(r, first - 2);
		if (is_asked_where(r, first - 1))
			return true;
	} else if (is_asked_where(r, first)) {
		return true;
	}
	if (listed("|about|on|uber|sur|sobre|along|across|of|over|beside|into|love|like|is|what|"
		   "das|",
		   before))
		return listed(place_after, after) && !r->words[last + 1].stop;
	if (r->capitals && r->words[first].capital && first)
		return true;
	return (listed(place_before, before) && !r->words[first].stop) ||
	       listed(place_after, after) || whole_question(r, first, last);
}

static void read_place(struct reading *r, const struct name_match *m)
{
	const char *const *members = gazetteer_places(catalog_gazetteer(r->c), m->value);
	size_t first, last;

	if (!reading_words_at(r, m->from, m->to, &first, &last) || !is_place(r, m, first, last))
		return;
	for (size_t i = 0; members[i]; i++)
		add_value(r, &r->out->filter.places, members[i]);
	mark(r->used, first, last);
	if (first &&
	    listed("|room|hall|saal|raum|salle|sala|building|booth|stand|", word_at(r, first - 1)))
		r->used[first - 1] = true;
	if (listed("|room|hall|saal|raum|auditorium|building|stage|", word_at(r, last + 1)))
		r->used[last + 1] = true;
}

/* A track only where one is spoken of ("the Rust devroom"): else its name is a topic, treated elsewhere, too. */
static void read_track(struct reading *r, const struct name_match *m)
{
	size_t first, last;

	if (!reading_words_at(r, m->from, m->to, &first, &last) || m->similarity < 0.9f)
		return;
	/* "go talks": a name that could not be searched for */
	if (first == last && r->words[first].stop &&
	    listed("|talks|talk|sessions|lectures|presentations|", word_at(r, last + 1)))
		r->used[last + 1] = true;
	else if (listed(track_words, word_at(r, last + 1)))
		r->used[last + 1] = true;
	else if (first && listed(track_words, word_at(r, first - 1)))
		r->used[first - 1] = true;
	else
		return;
	add_value(r, &r->out->filter.tracks, m->value);
	mark(r->used, first, last);
}

/* Most talks are of the commonest type, and people call all of them so. */
static bool everyday_type(const struct reading *r, const char *value)
{
	const struct snapshot *s = catalog_snapshot(r->c);
	size_t n = 0;

	if (strcmp(value, "talk") == 0 || strcmp(value, "session") == 0 ||
	    strcmp(value, "devroom") == 0 || strcmp(value, "presentation") == 0 ||
	    strcmp(value, "break") == 0)
		return true;
	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const char *type = s->records[ENTITY_SESSION][i].session_type;

		n += type && strcmp(type, value) == 0;
	}
	return n * 2 > s->n[ENTITY_SESSION];
}

static void read_type(struct reading *r, const struct name_match *m)
{
	size_t first, last;

	if (!reading_words_at(r, m->from, m->to, &first, &last) || part_of_name(r, m) ||
	    everyday_type(r, m->value) ||
	    listed("|before|after|during|vor|nach|avant|apres|",
		   first ? word_at(r, first - 1) : ""))
		return;
	/* "roof panels", "a ski tour" */
	if (listed("|panel|panels|tour|tours|demo|demos|social|party|parties|visit|",
		   word_at(r, first)) &&
	    first && !r->words[first - 1].stop && !r->used[first - 1])
		return;
	/* "the opening keynote" before or after which something is: when.c's */
	for (size_t i = first; i <= last; i++) {
		if (r->used[i])
			return;
	}
	add_value(r, &r->out->filter.types, m->value);
	mark(r->used, first, last);
	r->cues |= CUE_SESSION;
}

static void read_level(struct reading *r)
{
	static const struct {
		const char *said, *level;
	} levels[] = {
		{ "|beginner|beginners|introductory|newcomers|newbies|newbie|novice|anfanger|"
		  "einsteiger|debutant|debutants|"
		  "principiantes|principiante|",
		  "beginner" },
		{ "|intermediate|", "intermediate" },
		{ "|advanced|fortgeschrittene|avance|avanzado|", "advanced" },
	};
	const struct snapshot *s = catalog_snapshot(r->c);

	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(levels); k++) {
			const char *found = NULL;

			if (r->used[i] || !listed(levels[k].said, word_at(r, i)))
				continue;
			for (size_t j = 0; !found && j < s->n[ENTITY_SESSION]; j++) {
				const char *level = s->records[ENTITY_SESSION][j].level;

				if (level && strncasecmp(level, levels[k].level, 5) == 0)
					found = level;
			}
			if (found) {
				add_value(r, &r->out->filter.levels, found);
				r->used[i] = true;
				r->cues |= CUE_SESSION;
			}
		}
	}
}

/* "not in English": in any other language there is. */
static void add_other_languages(struct reading *r, const char *code)
{
	const struct snapshot *s = catalog_snapshot(r->c);

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const char *language = s->records[ENTITY_SESSION][i].language;

		if (language && strcasecmp(language, code) != 0)
			add_value(r, &r->out->filter.languages, language);
	}
}

static void read_language(struct reading *r)
{
	static const struct {
		const char *said, *code;
	} languages[] = {
		{ "|english|englisch|anglais|ingles|", "en" },
		{ "|german|deutsch|allemand|aleman|", "de" },
		{ "|french|franzosisch|francais|frances|", "fr" },
		{ "|spanish|spanisch|espagnol|espanol|", "es" },
		{ "|italian|italienisch|italien|italiano|", "it" },
		{ "|portuguese|portugiesisch|portugais|portugues|", "pt" },
		{ "|dutch|niederlandisch|neerlandais|neerlandes|", "nl" },
		{ "|polish|polnisch|polonais|polaco|", "pl" },
		{ "|chinese|chinesisch|chinois|chino|", "zh" },
		{ "|japanese|japanisch|japonais|japones|", "ja" },
		{ "|ukrainian|ukrainisch|ukrainien|ucraniano|", "uk" },
	};

	for (size_t i = 1; i < r->n; i++) {
		bool in = listed("|in|auf|en|", word_at(r, i - 1));
		bool talks = listed(
			"|talk|talks|session|sessions|speaking|language|spoken|workshops|workshop|",
			word_at(r, i + 1));

		for (size_t k = 0; k < ARRAY_SIZE(languages); k++) {
			if ((!in && !talks) || !listed(languages[k].said, word_at(r, i)))
				continue;
			if (i >= 2 && listed("|not|nicht|pas|no|other|than|", word_at(r, i - 2)))
				add_other_languages(r, languages[k].code);
			else
				add_value(r, &r->out->filter.languages, languages[k].code);
			r->used[i] = true;
			r->used[i - 1] |= in;
			r->cues |= CUE_SESSION;
		}
	}
}

void read_filters(struct reading *r)
{
	for (size_t i = 0; i < r->n_matches; i++) {
		const struct name_match *m = &r->matches[i];

		if (m->kind == NAME_PLACE)
			read_place(r, m);
		else if (m->kind == NAME_TRACK)
			read_track(r, m);
		else if (m->kind == NAME_TYPE)
			read_type(r, m);
	}
	read_level(r);
	read_language(r);
}
