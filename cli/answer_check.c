/*
 * answer_check.c - what is known of the conference; references, quotations, markup and language of an answer.
 * See answer_check.h.
 */
#include "answer_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "answer_check_impl.h"
#include "fold.h"
#include "json.h"
#include "venue_clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- Findings ------------------------------------------------------------------------- */

void check_find(struct reading *r, const char *what, const char *value, size_t len,
		const char *should, const struct segment *s)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "what", json_object_new_string(what));
	json_object_object_add(o, "value", json_object_new_string_len(value, (int)len));
	json_object_object_add(o, "should", json_object_new_string(should ? should : ""));
	json_object_object_add(
		o, "sentence",
		s ? json_object_new_string_len(s->line + s->begin, (int)(s->end - s->begin))
		  : json_object_new_string_len(value, (int)len));
	json_object_array_add(r->findings, o);
}

/* --- What is known -------------------------------------------------------------------- */

static void add_texts(FILE *out, struct json_object *o)
{
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value)
		{
			(void)key;
			add_texts(out, value);
		}
	} else if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			add_texts(out, json_object_array_get_idx(o, i));
	} else if (o) {
		fprintf(out, "%s\n", json_object_get_string(o));
	}
}

const char *known_text(struct known *k)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = k->text ? NULL : open_memstream(&text, &size);

	if (out) {
		add_texts(out, k->record->row);
		fprintf(out, "%s\n", k->record->name);
		fclose(out);
		k->text = fold_plain(text, true);
		free(text);
	}
	return k->text ? k->text : "";
}

static bool lists(const struct known *k, const char *key, const char *value)
{
	for (size_t i = 0; i < json_count(k->record->row, key); i++)
		if (!strcmp(json_object_get_string(json_at(k->record->row, key, i)), value))
			return true;
	return false;
}

bool known_linked(const struct known *a, const struct known *b)
{
	if (a->speaker)
		return b->session && known_linked(b, a);
	return a->session && b->speaker &&
	       (lists(a, "speaker_ids", b->record->id) || lists(b, "session_ids", a->record->id) ||
		lists(a, "speaker_names", b->record->name));
}

bool known_same_name(const struct known *a, const struct known *b)
{
	return a == b || (a->session == b->session && a->exhibitor == b->exhibitor &&
			  a->speaker == b->speaker && !strcmp(a->name, b->name));
}

static bool learn(struct known *k, const struct record *record)
{
	struct json_object *row = record->row;

	k->record = record;
	k->session = !strcmp(record->type, "session");
	k->speaker = !strcmp(record->type, "speaker");
	k->exhibitor = !strcmp(record->type, "exhibitor");
	k->page = !strcmp(record->type, "info");
	k->name = fold_plain(record->name, false);
	k->place = fold_plain(json_text(row, k->exhibitor ? "booth_number" : "location"), false);
	k->has_start = k->session && venue_clock_read(json_text(row, "start_time"), &k->start);
	k->has_end = k->session && venue_clock_read(json_text(row, "end_time"), &k->end);
	return k->name && k->place;
}

static void add_place(struct answer_check *c, const char *name, const char *of)
{
	char *folded = *name ? fold_plain(name, false) : NULL, *room = folded ? strdup(of) : NULL;

	for (size_t i = 0; room && i < c->n_places; i++) {
		if (!strcmp(c->places[i], folded) && !strcmp(c->place_of[i], room)) {
			free(folded);
			free(room);
			return;
		}
	}
	if (!room) {
		free(folded);
		return;
	}
	c->places[c->n_places] = folded;
	c->place_of[c->n_places++] = room;
}

/* Rooms by all their names; rooms that only sessions name, by that. */
static bool learn_places(struct answer_check *c)
{
	struct json_object *conference = c->records->conference;
	size_t max = c->n;

	for (size_t i = 0; i < json_count(conference, "rooms"); i++)
		max += 2 + json_count(json_at(conference, "rooms", i), "aliases");
	c->places = calloc(max + 1, sizeof(*c->places));
	c->place_of = calloc(max + 1, sizeof(*c->place_of));
	if (!c->places || !c->place_of)
		return false;
	for (size_t i = 0; i < json_count(conference, "rooms"); i++) {
		struct json_object *room = json_at(conference, "rooms", i);
		char *name = fold_plain(json_object_is_type(room, json_type_string)
						? json_object_get_string(room)
						: json_text(room, "name"),
					false);

		if (!name)
			return false;
		add_place(c, name, name);
		add_place(c, json_text(room, "code"), name);
		for (size_t a = 0; a < json_count(room, "aliases"); a++)
			add_place(c, json_object_get_string(json_at(room, "aliases", a)), name);
		free(name);
	}
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].session)
			add_place(c, c->all[i].place, c->all[i].place);
	return true;
}

struct answer_check *answer_check_create(const struct records *records)
{
	struct answer_check *c = calloc(1, sizeof(*c));
	bool good = c != NULL;

	if (good)
		c->all = calloc(records->n + 1, sizeof(*c->all));
	good = good && c->all;
	if (good)
		c->records = records;
	for (size_t i = 0; good && i < records->n; i++)
		good = learn(&c->all[c->n++], &records->all[i]);
	if (good && learn_places(c))
		return c;
	answer_check_destroy(c);
	return NULL;
}

void answer_check_destroy(struct answer_check *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		free(c->all[i].name);
		free(c->all[i].text);
		free(c->all[i].place);
	}
	for (size_t i = 0; i < c->n_places; i++) {
		free(c->places[i]);
		free(c->place_of[i]);
	}
	free(c->places);
	free(c->place_of);
	free(c->all);
	free(c);
}

/* --- References ----------------------------------------------------------------------- */

static void check_reference(struct reading *r, struct json_object *reference)
{
	const char *type = json_text(reference, "type"), *id = json_text(reference, "id");
	const char *name = json_text(reference, "name");
	const struct record *record = records_find(r->check->records, type, id);

	for (size_t i = 0; record && i < r->check->n; i++)
		r->check->all[i].referenced |= r->check->all[i].record == record;
	if (!record)
		check_find(r, "reference", id, strlen(id), "a record of this conference", NULL);
	else if (strcmp(type, "info") != 0 && strcmp(record->name, name) != 0)
		check_find(r, "reference", name, strlen(name), record->name, NULL);
}

static void check_references(struct reading *r, struct json_object *reply)
{
	for (size_t i = 0; i < r->check->n; i++)
		r->check->all[i].referenced = false;
	for (size_t i = 0; i < json_count(reply, "references"); i++)
		check_reference(r, json_at(reply, "references", i));
}

/* --- Quotations ----------------------------------------------------------------------- */

static bool all_words_in(const char *quotation, const char *text)
{
	char word[100];

	while (*quotation) {
		size_t n = 0;

		while (*quotation && !fold_is_word(*quotation))
			quotation++;
		for (; fold_is_word(*quotation); quotation++)
			if (n < sizeof(word) - 1)
				word[n++] = *quotation;
		word[n] = '\0';
		if (n && !strstr(text, word))
			return false;
	}
	return true;
}

/* In a record, or in the visitor's own words. */
static bool is_said(struct reading *r, const char *quotation)
{
	struct json_object *conference = r->check->records->conference;
	bool said = all_words_in(quotation, r->question);

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < r->check->n && !said; i++) {
			struct known *k = &r->check->all[i];

			/* What is referenced first: reading all texts takes a while. */
			said = k->referenced == (pass == 0) && strstr(known_text(k), quotation);
		}
	if (!said && conference) {
		char *name = fold_plain(json_text(conference, "name"), true);

		said = name && strstr(name, quotation);
		free(name);
	}
	return said;
}

void cut_end(char *text)
{
	size_t n = strlen(text);

	while (n && strchr(" .!?\"", text[n - 1]))
		n--;
	if (n >= 3 && !memcmp(text + n - 3, "\xe2\x80\xa6", 3))
		n -= 3;
	text[n] = '\0';
}

static void check_quotation(struct reading *r, const char *text, size_t len)
{
	char *quotation = strndup(text, len), *at = quotation, *lower;
	size_t n;

	if (!quotation)
		return;
	at += strspn(at, " ");
	for (n = strlen(at); n && strchr(" .,;:!?", at[n - 1]); n--)
		at[n - 1] = '\0';
	lower = fold_plain(at, true);
	if (lower)
		cut_end(lower);
	if (lower && strlen(lower) > 2) {
		r->claims++;
		if (!is_said(r, lower))
			check_find(r, "quotation", text, len, "words of the data", NULL);
	}
	free(lower);
	free(quotation);
}

void check_quotations(struct reading *r, const char *line)
{
	const char *open = strchr(line, '"'), *close = open ? strchr(open + 1, '"') : NULL;

	for (; close; open = strchr(close + 1, '"'), close = open ? strchr(open + 1, '"') : NULL)
		check_quotation(r, open + 1, (size_t)(close - open - 1));
}

/* Whole, or as a list of what stands apart in the record: "Engineer, Kampung Air Collective". */
static bool record_says(struct known *k, char *words)
{
	const char *text = known_text(k);
	char *part, *rest = words;
	bool says = strstr(text, words) != NULL;

	if (says)
		return true;
	for (says = true; says && (part = strsep(&rest, ","));)
		says = strstr(text, part + strspn(part, " ")) != NULL;
	return says;
}

/* "**Name**: words" quotes the record's own words, sentence by sentence. */
static void check_description(struct reading *r, const char *text, size_t len)
{
	char *line = strndup(text, len), *folded = line ? fold_plain(line, true) : NULL;
	bool said = false;

	free(line);
	if (folded)
		cut_end(folded);
	if (folded && *folded) {
		r->claims++;
		for (size_t i = 0; i < r->check->n && !said; i++) {
			char *copy = r->check->all[i].referenced ? strdup(folded) : NULL;

			said = copy && record_says(&r->check->all[i], copy);
			free(copy);
		}
		if (!said)
			check_find(r, "quotation", text, len, "words of the record", NULL);
	}
	free(folded);
}

static void check_descriptions(struct reading *r, const char *text)
{
	for (const char *line = text; *line;
	     line += strcspn(line, "\n") + (strchr(line, '\n') != NULL)) {
		size_t len = strcspn(line, "\n");
		const char *colon = strncmp(line, "**", 2) ? NULL : memmem(line, len, "**: ", 4);
		const char *end = line + len;

		if (!colon || memmem(line + 2, (size_t)(colon - line - 2), "**", 2))
			continue;
		for (const char *from = colon + 4, *to; from < end; from = to) {
			to = memmem(from, (size_t)(end - from), ". ", 2);
			to = to ? to + 2 : end;
			check_description(r, from, (size_t)(to - from));
		}
	}
}

/* --- Markup and language ---------------------------------------------------------------- */

static void check_markup(struct reading *r, const char *text)
{
	static const char *const marks[] = { "[[", "{{", "<ref", "</", "](", "\\n", "{name}" };
	size_t stars = 0;

	for (size_t i = 0; i < COUNT(marks); i++) {
		const char *at = strstr(text, marks[i]);

		if (at)
			check_find(r, "markup", at, strnlen(at, 20), "words", NULL);
	}
	for (const char *at = text; (at = strstr(at, "**")); at += 2)
		stars++;
	if (stars % 2)
		check_find(r, "markup", "**", 2, "both ends of bold text", NULL);
}

#define LANGUAGES 4

/* Words that only one of them has and hardly a sentence lacks. */
static const char *const function_words[LANGUAGES][20] = {
	{ "the", "is", "and", "of", "at", "what", "where", "when", "which", "who", "are", "there",
	  "how", "i", "you", "these", "does", "can" },
	{ "der", "die", "das", "ist",	"und", "wo",	 "wann",    "wer",   "welche", "gibt",
	  "ich", "sie", "zu",  "nicht", "auf", "zeiten", "spricht", "diese", "im",     "um" },
	{ "le", "la", "les", "est", "et",   "où",  "quand",  "qui", "quelles", "une",
	  "du", "au", "des", "pas", "vous", "ces", "heures", "sur", "dans",    "je" },
	{ "el",	 "los", "las", "es",   "y",    "dónde", "cuándo", "quién", "qué",   "una",
	  "del", "hay", "en",  "está", "para", "estos", "horas",  "sobre", "puedo", "son" },
};

/* -1: not clear; at_least so many of its words must be there. */
static int language_of(const char *lower, size_t at_least)
{
	size_t counts[LANGUAGES] = { 0 };
	int best = 0;

	for (int l = 0; l < LANGUAGES; l++)
		for (size_t w = 0; w < 20 && function_words[l][w]; w++)
			for (const char *at = lower; (at = fold_find(at, function_words[l][w]));
			     at++)
				counts[l]++;
	for (int l = 1; l < LANGUAGES; l++)
		best = counts[l] > counts[best] ? l : best;
	for (int l = 0; l < LANGUAGES; l++)
		if (l != best && counts[l] * 2 > counts[best])
			return -1;
	return counts[best] >= at_least ? best : -1;
}

/* What the answer says itself: without names and without sentences of the data. */
static char *own_words(struct reading *r, const char *lower)
{
	char *own = strdup(lower);

	for (size_t i = 0; own && i < r->check->n; i++) {
		const struct known *k = &r->check->all[i];
		char *name = k->referenced ? fold_plain(k->record->name, true) : NULL;

		for (char *at = own; name && *name && (at = strstr(at, name)); at += strlen(name))
			memset(at, ' ', strlen(name));
		free(name);
	}
	for (char *from = own, *to; from && *from; from = to) {
		bool said = false;
		char was;

		to = strpbrk(from, ".\n");
		to = to ? to + 1 : from + strlen(from);
		was = to > from ? to[-1] : '\0';
		if (to - from < 25)
			continue;
		to[-1] = '\0';
		for (size_t i = 0; i < r->check->n && !said; i++)
			said = r->check->all[i].referenced &&
			       strstr(known_text(&r->check->all[i]), from + strspn(from, " -"));
		to[-1] = was;
		if (said)
			memset(from, ' ', (size_t)(to - from - 1));
	}
	return own;
}

static void check_language(struct reading *r, const char *question, const char *lower)
{
	static const char *const names[LANGUAGES] = { "English", "German", "French", "Spanish" };
	const char *last = strrchr(question, '\n');
	char *asked = fold_plain(last ? last + 1 : question, true), *own = own_words(r, lower);
	int wanted = asked ? language_of(asked, 2) : -1, is = own ? language_of(own, 3) : -1;

	if (wanted >= 0 && is >= 0 && wanted != is)
		check_find(r, "language", names[is], strlen(names[is]), names[wanted], NULL);
	free(asked);
	free(own);
}

/* --- All ------------------------------------------------------------------------------- */

struct json_object *answer_check_run(struct answer_check *c, const char *question, const char *now,
				     struct json_object *reply)
{
	const char *text = json_text(reply, "text");
	char *asked = fold_plain(question, true), *lower = fold_plain(text, true);
	struct reading r = { .check = c, .question = asked ? asked : "" };
	struct json_object *report = json_object_new_object();
	time_t clock = time(NULL);

	r.findings = json_object_new_array();
	if (!venue_clock_read(now, &r.now))
		localtime_r(&clock, &r.now);
	check_references(&r, reply);
	check_lines(&r, text);
	check_descriptions(&r, text);
	check_markup(&r, text);
	check_language(&r, question, lower ? lower : "");
	json_object_object_add(report, "claims", json_object_new_int64((int64_t)r.claims));
	json_object_object_add(report, "references",
			       json_object_new_int64((int64_t)json_count(reply, "references")));
	json_object_object_add(report, "findings", r.findings);
	free(asked);
	free(lower);
	return report;
}
