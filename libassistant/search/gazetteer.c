/*
 * gazetteer.c - holds phrases and finds them in questions.
 */
#include "search/gazetteer_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "search/info.h"
#include "search/language.h"
#include "search/words.h"

#define MAX_BYTES     (256u << 20)
#define MAX_PHRASES   200000
#define MAX_RUN	      6	  /* words written together */
#define MAX_COMPACT   128 /* bytes */
#define MAX_CORRECTED 32  /* words of a question whose corrections are looked for */
#define MIN_COVERAGE  0.55f

/* --- holding ------------------------------------------------------------- */

void gazetteer_destroy(struct gazetteer *g)
{
	if (!g)
		return;
	vocabulary_destroy(g->vocabulary);
	map_destroy(g->compact, NULL);
	arena_destroy(g->arena);
}

const struct vocabulary *gazetteer_vocabulary(const struct gazetteer *g)
{
	return g->vocabulary;
}

static bool is_person(const struct phrase *p)
{
	return p->kind == NAME_RECORD && p->record->type == ENTITY_SPEAKER;
}

/* A single letter, except where it is all there is ("C", "K.3"). */
static bool is_initial(const char *word)
{
	return word[0] && !word[1] && !(word[0] >= '0' && word[0] <= '9');
}

static bool same_target(const struct phrase *a, const struct phrase *b)
{
	return a->kind == b->kind && a->record == b->record &&
	       (a->value == b->value || (a->value && b->value && strcmp(a->value, b->value) == 0));
}

/* Links the new last phrase under its compact form; false: that target has it already. */
static int link_compact(struct gazetteer *g, const char *compact, bool *linked)
{
	uintptr_t first = (uintptr_t)map_get(g->compact, compact), at = first;
	struct phrase *p = &g->phrases[g->n - 1];

	*linked = false;
	for (; at; at = g->phrases[at - 1].next) {
		if (same_target(&g->phrases[at - 1], p))
			return 0;
	}
	*linked = true;
	p->next = (unsigned)first;
	return map_put(g->compact, compact, (void *)(uintptr_t)g->n, NULL);
}

static int add_words(struct gazetteer *g, struct phrase *p, const struct word *words, size_t n,
		     char compact[static MAX_COMPACT + 1])
{
	size_t len = 0;

	p->words = arena_array(g->arena, const struct vocabulary_word *, n + 1);
	if (!p->words)
		return ASSISTANT_ENOMEM;
	compact[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(words[i].text);
		struct vocabulary_word *w;

		if (is_person(p) && n > 1 && is_initial(words[i].text))
			continue;
		w = vocabulary_add(g->vocabulary, words[i].text);
		if (!w)
			return ASSISTANT_ENOMEM;
		p->words[p->n_words++] = w;
		if (len + size <= MAX_COMPACT)
			memcpy(compact + len, words[i].text, size + 1);
		len += size;
	}
	if (len > MAX_COMPACT) /* found by its words only */
		compact[0] = '\0';
	return 0;
}

int gazetteer_add(struct gazetteer *g, struct phrase model, const char *text)
{
	struct phrase *grown;
	struct word *words;
	char compact[MAX_COMPACT + 1];
	size_t n;
	bool linked = true;
	int r;

	if (g->n == MAX_PHRASES)
		return 0;
	words = words_split(text, g->arena, 64, &n);
	if (!words)
		return ASSISTANT_ENOMEM;
	r = add_words(g, &model, words, n, compact);
	if (r < 0 || !model.n_words)
		return r;
	grown = arena_grow(g->arena, g->phrases, g->n, &g->cap, sizeof *grown);
	if (!grown)
		return ASSISTANT_ENOMEM;
	g->phrases = grown;
	g->phrases[g->n++] = model;
	if (compact[0])
		r = link_compact(g, compact, &linked);
	if (!linked)
		g->n--;
	return r;
}

static int post_word(struct gazetteer *g, const struct vocabulary_word *word, unsigned phrase)
{
	struct vocabulary_word *w = vocabulary_add(g->vocabulary, word->text);
	unsigned *grown;

	if (w->n_phrases && w->phrases[w->n_phrases - 1] == phrase)
		return 0;
	grown = arena_grow(g->arena, w->phrases, w->n_phrases, &w->cap_phrases, sizeof *grown);
	if (!grown)
		return ASSISTANT_ENOMEM;
	w->phrases = grown;
	w->phrases[w->n_phrases++] = phrase;
	w->n_names++;
	return 0;
}

static float word_weight(const struct gazetteer *g, const struct vocabulary_word *w)
{
	float idf = logf(1.0f + (float)g->n / (float)(w->n_names ? w->n_names : 1));

	return word_is_stop(w->text) ? idf * 0.1f : idf;
}

/* Postings and weights, once all phrases are there. */
static int seal(struct gazetteer *g)
{
	int r;

	for (size_t i = 0; i < g->n; i++) {
		for (unsigned k = 0; k < g->phrases[i].n_words; k++) {
			r = post_word(g, g->phrases[i].words[k], (unsigned)i);
			if (r < 0)
				return r;
		}
	}
	for (size_t i = 0; i < g->n; i++) {
		for (unsigned k = 0; k < g->phrases[i].n_words; k++)
			g->phrases[i].weight += word_weight(g, g->phrases[i].words[k]);
	}
	return vocabulary_seal(g->vocabulary);
}

static int read_value(struct gazetteer *g, struct json_object *value)
{
	int r = 0;

	if (json_object_is_type(value, json_type_string))
		return vocabulary_read(g->vocabulary, json_object_get_string(value));
	for (size_t i = 0; json_object_is_type(value, json_type_array) &&
			   i < json_object_array_length(value) && r == 0;
	     i++)
		r = read_value(g, json_object_array_get_idx(value, i));
	return r;
}

/* Description and facet fields, which struct record keeps as JSON only. */
static int read_record(struct gazetteer *g, const struct record *record)
{
	const char *const *fields = record_facet_fields(record->type);
	_cleanup_json_ struct json_object *json = NULL;
	int r = record->description ? vocabulary_read(g->vocabulary, record->description) : 0;

	if (r < 0 || !record->json || json_parse(record->json, record->json_len, &json, NULL) < 0)
		return r;
	for (size_t i = 0; fields[i] && r == 0; i++)
		r = json_get(json, fields[i]) ? read_value(g, json_get(json, fields[i])) : 0;
	for (size_t i = 0; record->tags && record->tags[i] && r == 0; i++)
		r = vocabulary_read(g->vocabulary, record->tags[i]);
	return r == 0 && record->products ? vocabulary_read(g->vocabulary, record->products) : r;
}

static int read_texts(struct gazetteer *g)
{
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		for (size_t i = 0; i < g->snapshot->n[e]; i++) {
			int r = read_record(g, &g->snapshot->records[e][i]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int gazetteer_create(const struct snapshot *snapshot, struct gazetteer **out, struct fail *f)
{
	struct arena *arena = arena_create(MAX_BYTES);
	struct gazetteer *g = arena ? arena_new(arena, struct gazetteer) : NULL;
	int r = ASSISTANT_ENOMEM;

	if (!g) {
		arena_destroy(arena);
		return FAIL(f, r, "out of memory");
	}
	g->arena = arena;
	g->snapshot = snapshot;
	g->vocabulary = vocabulary_create(arena);
	g->compact = map_create(MAX_PHRASES * 2);
	if (g->vocabulary && g->compact)
		r = read_texts(g);
	if (r == 0)
		r = gazetteer_add_names(g);
	if (r == 0)
		r = gazetteer_add_places(g);
	if (r == 0)
		r = gazetteer_add_mentions(g);
	if (r == 0)
		r = seal(g);
	if (r < 0) {
		gazetteer_destroy(g);
		return FAIL(f, r, "no memory for the names of a conference");
	}
	*out = g;
	return 0;
}

const char *const *gazetteer_places(const struct gazetteer *g, const char *value)
{
	static const char *const none[] = { NULL };

	for (size_t i = 0; i < g->n_groups; i++) {
		if (strcmp(g->groups[i].value, value) == 0)
			return g->groups[i].members;
	}
	return none;
}

/* --- finding ------------------------------------------------------------- */

struct finder {
	const struct gazetteer *g;
	struct arena *arena;
	struct word *words;
	const struct vocabulary_word **entries; /* of words; NULL: not in this conference */
	size_t n;
	float *gained;	   /* per phrase: weight of its words seen */
	unsigned *touched; /* phrases with a gain */
	size_t n_touched;
	struct name_match *found;
	size_t n_found, cap_found;
};

/* One plain word is no name by itself; nor are two letters. */
static float doubt(const struct phrase *p, float similarity)
{
	const struct vocabulary_word *w = p->words[0];
	bool place = p->kind == NAME_PLACE || p->kind == NAME_TYPE || p->kind == NAME_TRACK;

	if (p->n_words > 1 || place)
		return similarity;
	if (word_is_stop(w->text))
		return similarity < 0.3f ? similarity : 0.3f;
	/* A nickname that texts also use as a word: "ray" */
	if (vocabulary_is_plain(w) || strlen(w->text) <= 2 || (is_person(p) && w->small))
		return similarity < 0.45f ? similarity : 0.45f;
	return similarity;
}

static void found(struct finder *f, const struct phrase *p, size_t first, size_t last,
		  float similarity)
{
	struct name_match *grown;

	if (f->n_found == 4096)
		return;
	grown = arena_grow(f->arena, f->found, f->n_found, &f->cap_found, sizeof *grown);
	if (!grown)
		return;
	f->found = grown;
	f->found[f->n_found++] = (struct name_match){
		.kind = p->kind,
		.record = p->record,
		.value = p->value,
		.from = f->words[first].from,
		.to = f->words[last].to,
		.similarity = doubt(p, similarity),
		.n_words = (unsigned)(last - first + 1),
	};
}

static void look_up(struct finder *f, const char *compact, size_t first, size_t last, bool people,
		    float factor)
{
	uintptr_t at = (uintptr_t)map_get(f->g->compact, compact);

	for (; at; at = f->g->phrases[at - 1].next) {
		const struct phrase *p = &f->g->phrases[at - 1];

		if (!people || is_person(p))
			found(f, p, first, last, p->quality * factor);
	}
}

/* Runs from that word on; without initials for people ("Bradley M. Kuhn"). */
static void find_runs(struct finder *f, size_t first)
{
	char run[MAX_COMPACT + 1], person[MAX_COMPACT + 1];
	size_t len = 0, person_len = 0;
	bool initials = false;

	for (size_t i = first; i < f->n && i < first + MAX_RUN; i++) {
		size_t size = strlen(f->words[i].text);
		bool initial = i > first && is_initial(f->words[i].text);

		if (len + size > MAX_COMPACT)
			return;
		memcpy(run + len, f->words[i].text, size + 1);
		len += size;
		look_up(f, run, first, i, false, 1.0f);
		initials |= initial;
		if (initial)
			continue;
		memcpy(person + person_len, f->words[i].text, size + 1);
		person_len += size;
		if (initials)
			look_up(f, person, first, i, true, 1.0f);
	}
}

static void gain(struct finder *f, const struct vocabulary_word *w, float factor)
{
	float weight = word_weight(f->g, w) * factor;

	for (size_t i = 0; i < w->n_phrases; i++) {
		unsigned p = w->phrases[i];

		if (!f->g->phrases[p].whole || f->g->phrases[p].n_words < 2)
			continue;
		if (f->gained[p] == 0.0f)
			f->touched[f->n_touched++] = p;
		f->gained[p] += weight;
	}
}

/* A word counts once; those that the conference has are compared by their entry. */
static bool seen_before(const struct finder *f, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (f->entries[i]
			    ? f->entries[k] == f->entries[i]
			    : !f->entries[k] && strcmp(f->words[k].text, f->words[i].text) == 0)
			return true;
	}
	return false;
}

static void find_corrected(struct finder *f, size_t i)
{
	struct correction corrections[VOCABULARY_MAX_CORRECTIONS];
	size_t n = vocabulary_correct(f->g->vocabulary, f->words[i].text, corrections);

	for (size_t k = 0; k < n; k++) {
		float factor = 1.0f - 0.15f * (float)corrections[k].distance;

		look_up(f, corrections[k].word->text, i, i, false, factor);
		gain(f, corrections[k].word, factor);
	}
}

/* Level one for each word's runs and corrections; collects level two's gains. */
static void find_words(struct finder *f)
{
	unsigned n_corrected = 0;

	for (size_t i = 0; i < f->n; i++) {
		f->entries[i] = vocabulary_find(f->g->vocabulary, f->words[i].text);
		find_runs(f, i);
		if (seen_before(f, i))
			continue;
		if (f->entries[i]) {
			gain(f, f->entries[i], 1.0f);
		} else if (!f->words[i].stop && n_corrected < MAX_CORRECTED &&
			   !info_is_practical(f->words[i].text)) { /* "coat": no Colt */
			n_corrected++;
			find_corrected(f, i);
		}
	}
}

/* How much of word w the question's word q is: 1, less when misspelt, 0. */
static float same_word(const char *q, const struct vocabulary_word *w)
{
	size_t a = strlen(q), b = strlen(w->text);
	unsigned max = word_tolerance(a < b ? a : b), d;

	if (strcmp(q, w->text) == 0)
		return 1.0f;
	if (!max || q[0] != w->text[0])
		return 0.0f;
	d = word_distance(q, a, w->text, b, max);
	return d <= max ? 1.0f - 0.15f * (float)d : 0.0f;
}

/*
 * The stretch of the question that holds most of the phrase's weight, at most a few words longer than the
 * phrase; its share is the similarity.
 */
static void align(struct finder *f, const struct phrase *p)
{
	size_t reach = p->n_words + (is_person(p) ? 1 : 3), best_first = 0, best_last = 0;
	bool begins;
	unsigned best_hits = 0;
	float best = 0.0f;

	for (size_t first = 0; first < f->n; first++) {
		float sum = 0.0f;
		size_t last = first;
		unsigned hits = 0;

		begins = false;
		for (unsigned k = 0; k < p->n_words && !begins; k++)
			begins = same_word(f->words[first].text, p->words[k]) > 0;
		if (f->words[first].stop || !begins)
			continue;
		for (unsigned k = 0; k < p->n_words; k++) {
			float most = 0.0f;

			for (size_t i = first; i < f->n && i < first + reach; i++) {
				float same = same_word(f->words[i].text, p->words[k]);

				if (same > most) {
					most = same;
					last = i > last ? i : last;
				}
			}
			sum += most * word_weight(f->g, p->words[k]);
			hits += most > 0.0f && !word_is_stop(p->words[k]->text);
		}
		if (sum > best) {
			best = sum;
			best_first = first;
			best_last = last;
			best_hits = hits;
		}
	}
	best /= p->weight;
	if (best >= MIN_COVERAGE && (best_hits >= 2 || best >= 0.95f))
		found(f, p, best_first, best_last, 0.9f * best * p->quality);
}

static void find_phrases(struct finder *f)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->n_touched && n < 256; i++) {
		const struct phrase *p = &f->g->phrases[f->touched[i]];

		if (f->gained[f->touched[i]] < MIN_COVERAGE * p->weight)
			continue;
		n++;
		align(f, p);
	}
}

static int compare_matches(const void *pa, const void *pb)
{
	const struct name_match *a = pa, *b = pb;

	if (a->n_words != b->n_words)
		return a->n_words > b->n_words ? -1 : 1;
	if (a->similarity != b->similarity)
		return a->similarity > b->similarity ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return 0;
}

/* The same target twice, or a word of a longer sure name. */
static bool redundant(const struct name_match *kept, size_t n, const struct name_match *m)
{
	for (size_t i = 0; i < n; i++) {
		const struct name_match *k = &kept[i];
		bool same = k->kind == m->kind && k->record == m->record && k->value == m->value;

		if (same && k->similarity >= m->similarity)
			return true;
		if (k->from <= m->from && k->to >= m->to && k->n_words > m->n_words &&
		    k->similarity >= 0.85f &&
		    !(m->kind == NAME_RECORD && k->kind != NAME_RECORD && m->similarity >= 0.85f))
			return true;
	}
	return false;
}

size_t gazetteer_match(const struct gazetteer *g, const char *folded_question, struct arena *arena,
		       struct name_match **out)
{
	struct finder f = { .g = g, .arena = arena };
	size_t n = 0;

	*out = NULL;
	f.words = words_split(folded_question, arena, WORDS_MAX, &f.n);
	f.entries = arena_array(arena, const struct vocabulary_word *, WORDS_MAX + 1);
	f.gained = arena_array(arena, float, g->n + 1);
	f.touched = arena_array(arena, unsigned, g->n + 1);
	if (!f.words || !f.entries || !f.gained || !f.touched)
		return 0;
	words_mark_stops(f.words, f.n, language_of(folded_question));
	find_words(&f);
	find_phrases(&f);
	if (!f.n_found)
		return 0;
	qsort(f.found, f.n_found, sizeof *f.found, compare_matches);
	for (size_t i = 0; i < f.n_found && n < GAZETTEER_MAX_MATCHES; i++) {
		if (!redundant(f.found, n, &f.found[i]))
			f.found[n++] = f.found[i];
	}
	*out = f.found;
	return n;
}
