/*
 * info_passages.c - how much of a question each passage of each information page has.
 *
 * A page may have all words of a question in places that have nothing to do with each other; what answers says them together.
 * Words count by how few passages have them, so that "lunch" and "ticket" decide where both are asked for.
 */
#include "search/info_build.h"

#include <math.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "search/page_texts.h"

/* What a word is worth where the passage has it, its page is called so, or either has another word of the same concept. */
#define SAID	       1.0f
#define CALLED	       0.7f
#define SAID_OTHERWISE 0.8f
#define SAID_VAGUELY   0.4f /* where another passage says the word itself */
#define CALLED_SO      0.6f
#define GENERIC	       0.25f
#define STRANGE	       1.5f

struct passage {
	const char *stems; /* between blanks, one at each end */
	unsigned page;
	unsigned char about[INFO_MAX_CONCEPTS], heads[INFO_MAX_CONCEPTS];
};

struct info_passages {
	struct passage *all; /* by page, then part */
	size_t n, n_pages;
	const char **keys, **titles; /* by page; titles as stems */
	unsigned char (*about)[INFO_MAX_CONCEPTS];
	size_t *first; /* of each page; one more at the end */
};

static const char *stems_of(const char *words, struct arena *arena)
{
	_cleanup_text_ struct text out = { 0 };
	size_t len = strlen(words), i = 0, from, to;

	text_init(&out, len * 2 + 8);
	text_append_char(&out, ' ');
	while (word_next(words, len, &i, &from, &to)) {
		char word[INFO_MAX_STEM + 1], key[INFO_MAX_STEM + 1];

		if (to - from > INFO_MAX_STEM)
			continue;
		memcpy(word, words + from, to - from);
		word[to - from] = '\0';
		info_stem(word, key);
		text_printf(&out, "%s ", key);
	}
	return out.failed ? NULL : arena_strdup(arena, out.data);
}

static void read_concepts(const char *words, bool (*has)(const char *words, const char *list),
			  unsigned char about[static INFO_MAX_CONCEPTS])
{
	for (size_t k = 0; k < info_n_concepts; k++)
		about[k] = has(words, info_concepts[k].written);
}

static int add_page(struct info_passages *p, const struct info_page *page, unsigned number,
		    struct arena *arena)
{
	const char *texts[PAGE_MAX_PASSAGES], *heads[PAGE_MAX_PASSAGES];
	const char *title = arena_printf(arena, "%s %s", page->key, page->title);
	const char *words = title ? info_words(title, arena) : NULL;
	size_t n = page->text ? page_passages(page, arena, texts) : 0;

	n = n && page_heads(page, arena, heads) == n ? n : 0;
	p->keys[number] = page->key;
	p->titles[number] = words ? stems_of(words, arena) : NULL;
	if (!p->titles[number])
		return ASSISTANT_ENOMEM;
	read_concepts(words, info_is_called, p->about[number]);
	for (size_t i = 0; i < n; i++) {
		struct passage *passage = &p->all[p->n++];

		/* page_passages puts the title in front */
		words = info_words(texts[i] + strlen(page->title) + 1, arena);
		passage->page = number;
		passage->stems = words ? stems_of(words, arena) : NULL;
		if (!passage->stems)
			return ASSISTANT_ENOMEM;
		read_concepts(words, info_has_any, passage->about);
		words = info_words(heads[i], arena);
		if (!words)
			return ASSISTANT_ENOMEM;
		read_concepts(words, info_is_called, passage->heads);
	}
	return 0;
}

int info_passages_create(const struct conference *c, struct arena *arena,
			 struct info_passages **out)
{
	struct info_passages *p = arena_new(arena, struct info_passages);
	int r = 0;

	if (!p)
		return ASSISTANT_ENOMEM;
	p->n_pages = c->n_info;
	p->all = arena_array(arena, struct passage, c->n_info * PAGE_MAX_PASSAGES + 1);
	p->titles = arena_array(arena, const char *, c->n_info + 1);
	p->keys = arena_array(arena, const char *, c->n_info + 1);
	p->about = arena_alloc(arena, (c->n_info + 1) * sizeof *p->about);
	p->first = arena_array(arena, size_t, c->n_info + 1);
	if (!p->all || !p->titles || !p->keys || !p->about || !p->first)
		return ASSISTANT_ENOMEM;
	for (size_t i = 0; r == 0 && i < c->n_info; i++) {
		p->first[i] = p->n;
		r = add_page(p, &c->info[i], (unsigned)i, arena);
	}
	p->first[c->n_info] = p->n;
	*out = p;
	return r;
}

/* --- asking --------------------------------------------------------------- */

struct sought {
	char stem[INFO_MAX_STEM +
		  3]; /* between blanks; "": of a concept that no word of its own names */
	bool concepts[INFO_MAX_CONCEPTS];
	float weight, otherwise; /* otherwise: what another word of the concept is worth */
};

static bool is_said(const struct passage *passage, const struct sought *w)
{
	return w->stem[0] && strstr(passage->stems, w->stem);
}

static float match(const struct info_passages *p, const struct passage *passage,
		   const struct sought *w)
{
	float best = 0;

	if (is_said(passage, w))
		return SAID;
	if (w->stem[0] && strstr(p->titles[passage->page], w->stem))
		best = CALLED;
	for (size_t k = 0; k < info_n_concepts; k++) {
		if (!w->concepts[k])
			continue;
		if (passage->about[k] && best < w->otherwise)
			best = w->otherwise;
		if (p->about[passage->page][k] && best < CALLED_SO)
			best = CALLED_SO;
	}
	return best;
}

/* By how few have it: the word itself, where any has it, else what is called otherwise. */
static float rarity(const struct info_passages *p, struct sought *w)
{
	float said = 0, otherwise = 0;

	for (size_t i = 0; i < p->n; i++) {
		said += is_said(&p->all[i], w);
		otherwise += match(p, &p->all[i], w) > 0;
	}
	w->otherwise = said > 0 ? SAID_VAGUELY : SAID_OTHERWISE;
	said = said > 0 ? said : otherwise;
	return said > 0 ? logf(1 + (float)p->n / said) / logf(1 + (float)p->n) : 1;
}

static void read_word(const struct info_passages *p, const struct info_asked *asked,
		      const bool concepts[static INFO_MAX_CONCEPTS], struct sought *w)
{
	char key[INFO_MAX_STEM + 1];

	info_stem(asked->text, key);
	snprintf(w->stem, sizeof w->stem, " %s ", key);
	for (size_t k = 0; k < info_n_concepts; k++)
		w->concepts[k] = concepts[k] && word_in(asked->text, info_concepts[k].asked);
	w->otherwise = SAID_OTHERWISE;
	w->weight = rarity(p, w) * (asked->strange ? STRANGE : 1) *
		    (info_is_generic(asked->text) ? GENERIC : 1);
}

/* "How do I get there?": a matter that is named by no word that counts. */
static size_t read_matters(const struct info_passages *p,
			   const bool concepts[static INFO_MAX_CONCEPTS], struct sought *all,
			   size_t n)
{
	size_t n_words = n;

	for (size_t k = 0; k < info_n_concepts; k++) {
		bool named = !concepts[k];

		for (size_t i = 0; i < n_words; i++)
			named |= all[i].concepts[k];
		if (named)
			continue;
		all[n] = (struct sought){ .otherwise = SAID_OTHERWISE };
		all[n].concepts[k] = true;
		all[n].weight = rarity(p, &all[n]);
		n++;
	}
	return n;
}

static bool is_headed(const struct info_passages *p, const struct passage *passage,
		      const bool concepts[static INFO_MAX_CONCEPTS])
{
	for (size_t k = 0; k < info_n_concepts; k++)
		if (concepts[k] && (passage->heads[k] || p->about[passage->page][k]))
			return true;
	return false;
}

void info_passages_ask(const struct info_passages *p, const struct info_asked *words, size_t n,
		       const bool concepts[static INFO_MAX_CONCEPTS], struct arena *arena,
		       struct info_share *out)
{
	struct sought *sought = arena_array(arena, struct sought, n + INFO_MAX_CONCEPTS);
	float *shares = arena_array(arena, float, p->n + 1), all = 0;
	bool *headed = arena_array(arena, bool, p->n + 1);

	if (!sought || !shares || !headed)
		return;
	for (size_t i = 0; i < n; i++)
		read_word(p, &words[i], concepts, &sought[i]);
	n = read_matters(p, concepts, sought, n);
	for (size_t i = 0; i < n; i++)
		all += sought[i].weight;
	for (size_t i = 0; all > 0 && i < p->n; i++) {
		headed[i] = is_headed(p, &p->all[i], concepts);
		for (size_t k = 0; k < n; k++)
			shares[i] += sought[k].weight * match(p, &p->all[i], &sought[k]) / all;
	}
	for (size_t page = 0; page < p->n_pages; page++) {
		struct info_share *s = &out[page];

		*s = (struct info_share){ .key = p->keys[page],
					  .of = shares + p->first[page],
					  .headed = headed + p->first[page],
					  .n = p->first[page + 1] - p->first[page] };
		for (size_t i = 1; i < s->n; i++)
			s->best = s->of[i] > s->of[s->best] ? i : s->best;
	}
}
