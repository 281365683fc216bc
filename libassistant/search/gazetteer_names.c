/*
 * gazetteer_names.c - the ways to say the names of records, tracks, types, companies and information pages.
 */
#include "search/gazetteer_build.h"

#include <string.h>
#include "base/map.h"
#include "base/utf8.h"
#include "search/words.h"

/* Ends of organisations' names that people leave out. */
static const char *const dropped_ends = "project projects community foundation stand booth gmbh "
					"inc ltd ag ev llc bv sa sas srl oy ab plc "
					"server team initiative association";

static char *fold(struct gazetteer *g, const char *text)
{
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));

	return folded ? arena_strdup(g->arena, folded) : NULL;
}

static size_t count_words(const char *folded, size_t *longest)
{
	size_t len = strlen(folded), i = 0, from, to, n = 0;

	*longest = 0;
	while (word_next(folded, len, &i, &from, &to)) {
		n++;
		*longest = to - from > *longest ? to - from : *longest;
	}
	return n;
}

/* Not "lessons learned" or "and other": a name has a word of its own, or several that mean something. */
static bool tells(const struct gazetteer *g, const char *folded)
{
	size_t len = strlen(folded), i = 0, from, to, meaning = 0, own = 0;

	while (word_next(folded, len, &i, &from, &to)) {
		char word[64];
		const struct vocabulary_word *w;

		if (to - from >= sizeof word)
			continue;
		memcpy(word, folded + from, to - from);
		word[to - from] = '\0';
		w = vocabulary_find(g->vocabulary, word);
		meaning += !word_is_stop(word);
		own += !w || !vocabulary_is_plain(w);
	}
	return (meaning >= 2 && own) || meaning >= 4 || (meaning == 1 && own);
}

/* Cuts in place at the separators; " - " and " and " as well as single marks.  Calls add for each part. */
static int add_parts(struct gazetteer *g, struct phrase model, char *text, const char *marks,
		     size_t min_words)
{
	size_t longest;
	int r = 0;

	for (char *at = strstr(text, " - "); at; at = strstr(at, " - "))
		at[1] = marks[0];
	if (strchr(marks, '&')) {
		for (char *at = strstr(text, " and "); at; at = strstr(at, " and "))
			memcpy(at, " & & ", 5);
	}
	for (char *rest = text, *part; r == 0 && (part = strsep(&rest, marks)) != NULL;) {
		size_t n = count_words(part, &longest);

		if (model.record && model.record->type == ENTITY_SESSION && !tells(g, part))
			continue;
		if (n >= min_words || (n == 1 && longest >= 4))
			r = gazetteer_add(g, model, part);
	}
	return r;
}

/* "Fedora Project" is "Fedora"; but "Linux Foundation" is not "Linux", which everybody writes about. */
static int add_without_end(struct gazetteer *g, struct phrase model, const char *folded)
{
	char *text = arena_strdup(g->arena, folded), *space;
	const struct vocabulary_word *w;

	if (!text)
		return ASSISTANT_ENOMEM;
	if (strncmp(text, "the ", 4) == 0)
		text += 4;
	space = strrchr(text, ' ');
	if (!space || !word_in(space + 1, dropped_ends))
		return text == folded ? 0 : gazetteer_add(g, model, text);
	*space = '\0';
	w = vocabulary_find(g->vocabulary, text);
	if (w && w->n_texts * 20 > vocabulary_texts(g->vocabulary))
		return 0;
	return gazetteer_add(g, model, text);
}

static int add_session(struct gazetteer *g, const struct record *s)
{
	struct phrase p = {
		.kind = NAME_RECORD, .record = s, .quality = QUALITY_WHOLE, .whole = true
	};
	char *title = fold(g, s->name);
	int r;

	if (!title)
		return ASSISTANT_ENOMEM;
	r = gazetteer_add(g, p, title);
	p.whole = false;
	p.quality = QUALITY_PART;
	return r < 0 ? r : add_parts(g, p, title, ":()|", 2);
}

static int add_exhibitor(struct gazetteer *g, const struct record *e)
{
	struct phrase p = {
		.kind = NAME_RECORD, .record = e, .quality = QUALITY_WHOLE, .whole = true
	};
	char *name = fold(g, e->name);
	int r;

	if (!name)
		return ASSISTANT_ENOMEM;
	r = gazetteer_add(g, p, name);
	p.quality = QUALITY_PART;
	p.whole = false;
	if (r == 0)
		r = add_without_end(g, p, name);
	return r < 0 ? r : add_parts(g, p, name, "+&/,()", 1);
}

/* "Nguyen Huong" is Nguyen Thi Mai Huong. */
static int add_without_middle(struct gazetteer *g, struct phrase model, const char *first,
			      const char *last)
{
	char *text = arena_printf(g->arena, "%s %s", first, last);

	model.quality = QUALITY_PART;
	return text ? gazetteer_add(g, model, text) : ASSISTANT_ENOMEM;
}

/* Whole names; last and first names alone, less sure. */
static int add_speaker(struct gazetteer *g, const struct record *s)
{
	const char *last;
	struct phrase p = {
		.kind = NAME_RECORD, .record = s, .quality = QUALITY_WHOLE, .whole = true
	};
	char *name = fold(g, s->name);
	struct word *words;
	size_t n;
	int r;

	words = name ? words_split(name, g->arena, 32, &n) : NULL;
	if (!words)
		return ASSISTANT_ENOMEM;
	r = gazetteer_add(g, p, name);
	p.whole = false;
	if (r < 0 || n < 2)
		return r;
	if (n > 2)
		r = add_without_middle(g, p, words[0].text, words[n - 1].text);
	p.quality = QUALITY_SURNAME;
	if (r == 0 && strlen(words[n - 1].text) >= 3)
		r = gazetteer_add(g, p, words[n - 1].text);
	/* "Kekkonen-Salmi", "D'Angelo" */
	last = strrchr(name, ' ');
	if (r == 0 && last && strpbrk(last, "-'"))
		r = gazetteer_add(g, p, last + 1);
	p.quality = QUALITY_SHARED;
	for (size_t i = 0; r == 0 && i + 1 < n; i++) {
		if (strlen(words[i].text) >= 4 || (!i && strlen(words[i].text) >= 3))
			r = gazetteer_add(g, p, words[i].text);
	}
	return r;
}

/* A surname that several bear is no surer than a first name. */
static void share_surnames(struct gazetteer *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct phrase *p = &g->phrases[i];

		if (p->quality != QUALITY_SURNAME)
			continue;
		for (unsigned k = p->next; k; k = g->phrases[k - 1].next) {
			struct phrase *other = &g->phrases[k - 1];

			if (other->record && other->record->type == ENTITY_SPEAKER &&
			    other->quality == QUALITY_SURNAME && other->record != p->record) {
				other->quality = QUALITY_SHARED;
				p->quality = QUALITY_SHARED;
			}
		}
	}
}

struct values {
	struct map *seen;
	struct gazetteer *g;
};

/* A value of the data (a track, a type) once, with its parts. */
static int add_value(struct values *v, enum name_kind kind, const char *value, const char *marks)
{
	struct phrase p = { .kind = kind, .value = value, .quality = QUALITY_WHOLE, .whole = true };
	char *text;
	int r;

	if (!value || map_get(v->seen, value))
		return 0;
	r = map_put(v->seen, value, (void *)(uintptr_t)value, NULL);
	text = r == 0 ? fold(v->g, value) : NULL;
	if (!text)
		return ASSISTANT_ENOMEM;
	r = gazetteer_add(v->g, p, text);
	p.whole = false;
	p.quality = QUALITY_PART;
	if (r == 0 && kind == NAME_COMPANY)
		return add_without_end(v->g, p, text);
	if (r == 0 && marks)
		r = add_parts(v->g, p, text, marks, 1);
	return r;
}

/* Session types people say in other words, languages and numbers than the data. */
static const struct {
	const char *type, *said;
} type_words[] = {
	{ "workshop", "workshops atelier ateliers taller talleres tutorial tutorials" },
	{ "tutorial", "tutorials workshop workshops" },
	{ "keynote", "keynotes plenary plenaries" },
	{ "panel", "panels podium podiumsdiskussion diskussion" },
	{ "tour", "tours excursion excursions fuhrung fuhrungen exkursion visite visita" },
	{ "demo", "demos demonstration demonstrations vorfuhrung" },
	{ "social", "socials party parties" },
	{ "meetup", "meetups" },
	{ "poster", "posters" },
	{ "lightning talk", "lightning talks" },
	{ "maintrack", "main track" },
	{ "bof", "bofs birds" },
	{ "training", "trainings schulung" },
	{ "break", "breaks" },
	{ "ceremony", "ceremonies" },
};

static int add_type(struct values *v, const char *type)
{
	struct phrase p = { .kind = NAME_TYPE, .value = type, .quality = QUALITY_PART };
	bool known = !type || map_get(v->seen, type);
	int r = add_value(v, NAME_TYPE, type, NULL);
	char *folded = !known && r == 0 ? fold(v->g, type) : NULL;

	for (size_t i = 0; folded && r == 0 && i < ARRAY_SIZE(type_words); i++) {
		char *said, *rest;

		if (strcmp(folded, type_words[i].type) != 0)
			continue;
		if (strchr(folded, ' ') || strcmp(folded, "maintrack") == 0)
			return gazetteer_add(v->g, p, type_words[i].said);
		said = rest = arena_strdup(v->g->arena, type_words[i].said);
		for (char *w; rest && r == 0 && (w = strsep(&rest, " ")) != NULL;)
			r = gazetteer_add(v->g, p, w);
		if (!said)
			return ASSISTANT_ENOMEM;
	}
	return r;
}

static int add_values(struct gazetteer *g)
{
	struct map *seen[4] = { map_create(100000), map_create(100000), map_create(100000),
				map_create(100000) };
	struct values tracks = { seen[0], g }, types = { seen[1], g }, companies = { seen[2], g },
		      info = { seen[3], g };
	const struct snapshot *s = g->snapshot;
	int r = seen[0] && seen[1] && seen[2] && seen[3] ? 0 : ASSISTANT_ENOMEM;

	for (size_t i = 0; r == 0 && i < s->n[ENTITY_SESSION]; i++) {
		r = add_value(&tracks, NAME_TRACK, s->records[ENTITY_SESSION][i].track, ",&()");
		if (r == 0)
			r = add_type(&types, s->records[ENTITY_SESSION][i].session_type);
	}
	for (size_t i = 0; r == 0 && i < s->n[ENTITY_EXHIBITOR]; i++)
		r = add_value(&tracks, NAME_TRACK, s->records[ENTITY_EXHIBITOR][i].category, NULL);
	for (size_t i = 0; r == 0 && i < s->n[ENTITY_SPEAKER]; i++)
		r = add_value(&companies, NAME_COMPANY, s->records[ENTITY_SPEAKER][i].company,
			      NULL);
	for (size_t i = 0; r == 0 && i < s->conference.n_info; i++)
		r = add_value(&info, NAME_INFO, s->conference.info[i].key, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		map_destroy(seen[i], NULL);
	return r;
}

int gazetteer_add_names(struct gazetteer *g)
{
	static int (*const add[ENTITY_COUNT])(struct gazetteer *, const struct record *) = {
		[ENTITY_SESSION] = add_session,
		[ENTITY_EXHIBITOR] = add_exhibitor,
		[ENTITY_SPEAKER] = add_speaker,
	};
	int r = 0;

	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		for (size_t i = 0; r == 0 && i < g->snapshot->n[e]; i++)
			r = add[e](g, &g->snapshot->records[e][i]);
	}
	share_surnames(g);
	return r < 0 ? r : add_values(g);
}
