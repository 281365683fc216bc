/*
 * info.c - pages as sets of word stems, and concepts that bridge what people say and what pages write.
 */
#include "search/info_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/map.h"
#include "base/text.h"
#include "base/utf8.h"
#include "search/page_texts.h"

#define MAX_BYTES (64u << 20)
#define MAX_ASKED 600 /* bytes of a question: what is practical is short */

/* One word of a page: a list by page, newest first. */
struct posting {
	unsigned page;
	bool in_title;
	struct posting *next;
};

struct info_index {
	struct arena *arena;
	const struct conference *conference;
	const struct info_page *help;
	struct info_passages *passages;
	struct map *stems;	      /* stem -> struct posting */
	const char **titles, **texts; /* folded, blanks between words and at both ends */
	/* per page and concept: 0 no, 1 in its text, 2 in its key or title */
	unsigned char (*about)[INFO_MAX_CONCEPTS];
};

const struct info_concept info_concepts[] = {
#define CONCEPT(asked, written, questions) { asked, written },
#include "search/info_concepts.def"
#undef CONCEPT
};
const size_t info_n_concepts = ARRAY_SIZE(info_concepts);

static size_t without(const char *word, size_t len, const char *end)
{
	size_t size = strlen(end);

	return len >= size + 3 && memcmp(word + len - size, end, size) == 0 ? len - size : len;
}

void info_stem(const char *word, char out[static INFO_MAX_STEM + 1])
{
	static const char *const ends[] = { "ing", "ed", "es", "en" };
	size_t len = strlen(word), whole;

	len = len > INFO_MAX_STEM ? utf8_prefix(word, len, INFO_MAX_STEM) : len;
	whole = len;
	for (size_t i = 0; i < ARRAY_SIZE(ends) && len == whole; i++)
		len = without(word, whole, ends[i]);
	if (len == whole) {
		len = without(word, whole, "s");
		len = len < whole ? without(word, len, "ing") : len; /* "recordings" */
	}
	if (len > 3 && word[len - 1] == 'e')
		len--;
	memcpy(out, word, len);
	out[len] = '\0';
}

/*
 * Words with single blanks, one at each end, so that " word " is found whole: once with their hyphens ("wi-fi"), once without
 * ("two year old").
 */
static const char *spaced(struct arena *arena, const char *folded)
{
	_cleanup_text_ struct text out = { 0 };
	size_t len = strlen(folded), i = 0, from, to, before = 0;
	const char *copy;

	text_init(&out, len * 4 + 32);
	while (word_next(folded, len, &i, &from, &to)) {
		bool hyphen = out.len && from == before + 1 && folded[before] == '-';

		text_append_char(&out, hyphen ? '-' : ' ');
		text_append_n(&out, folded + from, to - from);
		before = to;
	}
	for (i = 0; strchr(folded, '-') && word_next(folded, len, &i, &from, &to);) {
		text_append_char(&out, ' ');
		text_append_n(&out, folded + from, to - from);
	}
	text_append_char(&out, ' ');
	copy = out.failed ? NULL : arena_strdup(arena, out.data);
	return copy;
}

/* Whether spaced text has one of the words or phrases of a list; titled: those that count in titles alone, too. */
static bool has_any(const char *text, const char *list, bool titled)
{
	while (*list) {
		size_t len = strcspn(list, " "), mark = *list == '^';
		char phrase[64];

		if (len > mark && len < sizeof phrase - 2 && (titled || !mark)) {
			phrase[0] = ' ';
			memcpy(phrase + 1, list + mark, len - mark);
			phrase[len - mark + 1] = ' ';
			phrase[len - mark + 2] = '\0';
			for (char *p = phrase; *p; p++)
				*p = *p == '_' ? ' ' : *p;
			if (strstr(text, phrase))
				return true;
		}
		list += len + (list[len] == ' ');
	}
	return false;
}

const char *info_words(const char *text, struct arena *arena)
{
	_cleanup_free_ char *folded = utf8_fold(text ? text : "", text ? strlen(text) : 0);

	for (char *c = folded; c && *c; c++)
		*c = *c == '_' ? ' ' : *c;
	return folded ? spaced(arena, folded) : NULL;
}

bool info_has_any(const char *words, const char *list)
{
	return has_any(words, list, false);
}

bool info_is_called(const char *words, const char *list)
{
	return has_any(words, list, true);
}

static int post_words(struct info_index *x, const char *folded, unsigned page, bool in_title)
{
	size_t len = strlen(folded), i = 0, from, to;

	while (word_next(folded, len, &i, &from, &to)) {
		char word[INFO_MAX_STEM + 1], key[INFO_MAX_STEM + 1];
		struct posting *p, *first;

		if (to - from > INFO_MAX_STEM)
			continue;
		memcpy(word, folded + from, to - from);
		word[to - from] = '\0';
		info_stem(word, key);
		first = map_get(x->stems, key);
		if (first && first->page == page) {
			first->in_title |= in_title;
			continue;
		}
		p = arena_new(x->arena, struct posting);
		if (!p)
			return ASSISTANT_ENOMEM;
		*p = (struct posting){ page, in_title, first };
		if (map_put(x->stems, key, p, NULL) < 0)
			return ASSISTANT_ENOMEM;
	}
	return 0;
}

/* 3: the title is what visitors ask for, word for word; 2: what pages call it. */
static unsigned char title_of(const struct info_index *x, unsigned page, size_t k)
{
	return has_any(x->titles[page], info_concepts[k].asked, false) ? 3 : 2;
}

static int add_page(struct info_index *x, unsigned page)
{
	const struct info_page *p = &x->conference->info[page];
	const char *title = arena_printf(x->arena, "%s %s", p->key, p->title ? p->title : "");
	_cleanup_free_ char *folded_title = NULL, *folded = NULL;
	int r;

	if (!title)
		return ASSISTANT_ENOMEM;
	folded_title = utf8_fold(title, strlen(title));
	folded = utf8_fold(p->text ? p->text : "", p->text ? strlen(p->text) : 0);
	if (!folded_title || !folded)
		return ASSISTANT_ENOMEM;
	for (char *c = folded_title; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	x->titles[page] = spaced(x->arena, folded_title);
	x->texts[page] = spaced(x->arena, folded);
	if (!x->titles[page] || !x->texts[page])
		return ASSISTANT_ENOMEM;
	r = post_words(x, folded_title, page, true);
	if (r == 0)
		r = post_words(x, folded, page, false);
	for (size_t k = 0; k < ARRAY_SIZE(info_concepts); k++)
		x->about[page][k] = has_any(x->titles[page], info_concepts[k].written, true)
					    ? title_of(x, page, k)
				    : has_any(x->texts[page], info_concepts[k].written, false) ? 1
											       : 0;
	return r;
}

/* A desk to go to rather than an address to write to, a title rather than a heading. */
static int find_help(struct info_index *x)
{
	static const char *const lists[] = {
		"infodesk info_desk information_desk helpdesk help_desk information_point "
		"information_counter infostand infopunkt point_info punto_de_informacion",
		"contact contacts contact_us contact_details kontakt contacto help hilfe aide ayuda"
	};
	const size_t n = x->conference->n_info;

	for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
		for (size_t i = 0; i < n && !x->help; i++)
			if (has_any(x->titles[i], lists[k], true))
				x->help = &x->conference->info[i];
		for (size_t i = 0; i < n && !x->help; i++) {
			const char *lines = page_headings(&x->conference->info[i], x->arena);
			const char *words = lines ? info_words(lines, x->arena) : NULL;

			if (!words)
				return ASSISTANT_ENOMEM;
			if (has_any(words, lists[k], false))
				x->help = &x->conference->info[i];
		}
	}
	return 0;
}

const struct info_page *info_help_page(const struct info_index *x)
{
	return x->help;
}

int info_index_create(const struct conference *conference, struct info_index **out, struct fail *f)
{
	_Static_assert(ARRAY_SIZE(info_concepts) <= INFO_MAX_CONCEPTS, "room for every concept");
	struct arena *arena = arena_create(MAX_BYTES);
	struct info_index *x = arena ? arena_new(arena, struct info_index) : NULL;
	size_t n = conference->n_info;
	int r = ASSISTANT_ENOMEM;

	if (!x) {
		arena_destroy(arena);
		return FAIL(f, r, "out of memory");
	}
	x->arena = arena;
	x->conference = conference;
	x->stems = map_create(500000);
	x->titles = arena_array(arena, const char *, n + 1);
	x->texts = arena_array(arena, const char *, n + 1);
	x->about = arena_alloc(arena, (n + 1) * sizeof *x->about);
	if (x->stems && x->titles && x->texts && x->about)
		r = 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_page(x, (unsigned)i);
	if (r == 0)
		r = find_help(x);
	if (r == 0)
		r = info_passages_create(conference, arena, &x->passages);
	if (r < 0) {
		info_index_destroy(x);
		return FAIL(f, r, "no memory for the information pages of a conference");
	}
	*out = x;
	return 0;
}

void info_index_destroy(struct info_index *x)
{
	if (!x)
		return;
	map_destroy(x->stems, NULL);
	arena_destroy(x->arena);
}

/* --- asking -------------------------------------------------------------- */

#define MAX_CONTENT 48

struct content {
	const char *text;
	float weight;
	const struct posting *pages;
	bool by_concept;
};

struct asking {
	struct content content[MAX_CONTENT];
	size_t n;
	bool concepts[INFO_MAX_CONCEPTS];
	float *scores; /* per page */
};

static const char *const generic =
	"conference event venue place people person campus building "
	"somebody someone anybody tomorrow today use used "
	"bring need take tell possible allowed kann darf konferenz "
	"veranstaltung lieu congreso kosten cost much long "
	"time times does afterwards exactly open opening opens closes hours "
	"find near nearest area";

bool info_is_generic(const char *folded_word)
{
	return word_in(folded_word, generic);
}

bool info_is_practical(const char *folded_word)
{
	for (size_t k = 0; k < ARRAY_SIZE(info_concepts); k++)
		if (word_in(folded_word, info_concepts[k].asked))
			return true;
	return false;
}

#define STRANGE 2.0f /* weight of a word that the conference never uses */

static void read_content(const struct info_index *x, const struct vocabulary *v,
			 const struct word *words, size_t n, const bool *skip, struct asking *a)
{
	for (size_t i = 0; i < n && a->n < MAX_CONTENT; i++) {
		char key[INFO_MAX_STEM + 1];
		struct content *c = &a->content[a->n];

		if (words[i].stop || skip[i] || !words[i].text[1])
			continue;
		info_stem(words[i].text, key);
		c->text = words[i].text;
		c->pages = map_get(x->stems, key);
		c->by_concept = false;
		c->weight = info_is_generic(c->text) ? 0.25f : 1.0f;
		if (!c->pages && !vocabulary_find(v, c->text))
			c->weight = STRANGE;
		a->n++;
	}
}

#define LEAST_FUZZY 5 /* letters */

/* "pasword": a word that nothing here has, and that is nearly one of the concept's. */
static bool is_nearly(struct content *c, const char *list)
{
	size_t len = strlen(c->text);

	for (const char *p = list; *p; p += strcspn(p, " ") + (p[strcspn(p, " ")] == ' ')) {
		size_t n = strcspn(p, " ");

		if (n >= LEAST_FUZZY && !memchr(p, '_', n) && p[0] == c->text[0] &&
		    word_distance(c->text, len, p, n, 1) <= 1)
			return true;
	}
	return false;
}

static void read_misspelt(struct asking *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->content[i].weight < STRANGE || a->content[i].by_concept ||
		    strlen(a->content[i].text) < LEAST_FUZZY)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(info_concepts); k++) {
			if (!is_nearly(&a->content[i], info_concepts[k].asked))
				continue;
			a->concepts[k] = true;
			a->content[i].by_concept = true;
		}
	}
}

/* Concepts the question names, and the words that name them. */
static void read_concepts(const char *text, struct asking *a)
{
	for (size_t k = 0; k < ARRAY_SIZE(info_concepts); k++) {
		if (!has_any(text, info_concepts[k].asked, false))
			continue;
		a->concepts[k] = true;
		for (size_t i = 0; i < a->n; i++) {
			const char *list = info_concepts[k].asked;

			for (const char *at = list; (at = strstr(at, a->content[i].text)) != NULL;
			     at++) {
				size_t len = strlen(a->content[i].text);
				bool whole = (at == list || at[-1] == ' ' || at[-1] == '_') &&
					     (!at[len] || at[len] == ' ' || at[len] == '_');

				a->content[i].by_concept |= whole;
			}
		}
	}
}

static void score_pages(const struct info_index *x, struct asking *a)
{
	size_t n = x->conference->n_info;

	for (size_t i = 0; i < a->n; i++) {
		float df = 0;

		for (const struct posting *p = a->content[i].pages; p; p = p->next)
			df++;
		for (const struct posting *p = a->content[i].pages; p; p = p->next)
			a->scores[p->page] += a->content[i].weight * (p->in_title ? 1.5f : 1.0f) *
					      logf(1.0f + (float)n / df) / logf(1.0f + (float)n);
	}
	for (size_t page = 0; page < n; page++) {
		float by_words = a->n ? a->scores[page] / (float)a->n : 0, by_concept = 0;

		for (size_t k = 0; k < ARRAY_SIZE(info_concepts); k++) {
			if (a->concepts[k] && x->about[page][k])
				by_concept += x->about[page][k] == 3   ? 1.1f
					      : x->about[page][k] == 2 ? 1.0f
								       : 0.35f;
		}
		a->scores[page] = by_words + (by_concept > 1.5f ? 1.5f : by_concept);
	}
}

static float cover_of(const struct info_index *x, const struct asking *a, unsigned page,
		      bool *concept, bool *in_title)
{
	float all = 0, covered = 0;

	*concept = *in_title = false;
	for (size_t k = 0; k < ARRAY_SIZE(info_concepts); k++) {
		*concept |= a->concepts[k] && x->about[page][k];
		*in_title |= a->concepts[k] && x->about[page][k] >= 2;
	}
	for (size_t i = 0; i < a->n; i++) {
		bool here = a->content[i].by_concept && *concept;

		for (const struct posting *p = a->content[i].pages; p && !here; p = p->next)
			here = p->page == page;
		all += a->content[i].weight;
		covered += here ? a->content[i].weight : 0;
	}
	return all > 0 ? covered / all : *concept ? 1.0f : 0.0f;
}

static void keep_best(const struct info_index *x, const float *scores, struct info_found *out)
{
	for (size_t page = 0; page < x->conference->n_info; page++) {
		size_t at = out->n;

		if (scores[page] <= 0.05f)
			continue;
		while (at && out->scores[at - 1] < scores[page])
			at--;
		if (at == INFO_MAX_PAGES)
			continue;
		out->n += out->n < INFO_MAX_PAGES;
		for (size_t k = out->n - 1; k > at; k--) {
			out->pages[k] = out->pages[k - 1];
			out->scores[k] = out->scores[k - 1];
		}
		out->pages[at] = &x->conference->info[page];
		out->scores[at] = scores[page];
	}
}

static const struct info_share *shares_of(const struct info_index *x, const struct asking *a,
					  struct arena *arena)
{
	struct info_share *shares =
		arena_array(arena, struct info_share, x->conference->n_info + 1);
	struct info_asked words[MAX_CONTENT];

	for (size_t i = 0; i < a->n; i++)
		words[i] = (struct info_asked){ a->content[i].text,
						a->content[i].weight >= STRANGE &&
							!a->content[i].by_concept };
	if (shares)
		info_passages_ask(x->passages, words, a->n, a->concepts, arena, shares);
	return shares;
}

void info_find(const struct info_index *x, const struct vocabulary *v, const char *folded,
	       const struct word *words, size_t n, const bool *skip, struct arena *keep,
	       struct info_found *out)
{
	_cleanup_arena_ struct arena *arena = arena_create(1u << 20);
	struct asking a = { .n = 0 };
	size_t len = strlen(folded);
	const char *begin =
		arena ? arena_strndup(arena, folded, utf8_prefix(folded, len, MAX_ASKED)) : NULL;
	const char *text = begin ? spaced(arena, begin) : NULL;

	*out = (struct info_found){ .n = 0 };
	a.scores = arena ? arena_array(arena, float, x->conference->n_info + 1) : NULL;
	if (!text || !a.scores)
		return;
	read_content(x, v, words, n, skip, &a);
	read_concepts(text, &a);
	read_misspelt(&a);
	score_pages(x, &a);
	keep_best(x, a.scores, out);
	out->words = (unsigned)a.n;
	for (size_t i = 0; i < a.n; i++)
		out->others += !a.content[i].by_concept && a.content[i].weight < STRANGE;
	for (size_t k = 0; k < info_n_concepts; k++)
		out->matter |= a.concepts[k];
	for (size_t i = 0; i < a.n; i++)
		out->strange |= a.content[i].weight >= STRANGE && !a.content[i].by_concept;
	out->shares = shares_of(x, &a, keep);
	if (out->n)
		out->cover = cover_of(x, &a, (unsigned)(out->pages[0] - x->conference->info),
				      &out->concept, &out->in_title);
}
