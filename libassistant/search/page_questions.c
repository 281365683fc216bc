/*
 * page_questions.c - see page_questions.h.
 */
#include "search/page_questions.h"

#include <string.h>
#include "search/info.h"
#include "search/page_texts.h"

#define FEW 3 /* pages that speak of a matter without being called after it */

static const struct {
	const char *written, *questions;
} concepts[] = {
#define CONCEPT(asked, written, questions) { written, questions },
#include "search/info_concepts.def"
#undef CONCEPT
};

enum { SAYS_NOTHING, SPEAKS_OF_IT, HEADS_WITH_IT, IS_CALLED_SO };

struct page_words {
	const char *title, *headings, *text;
};

static int read_words(const struct info_page *page, struct arena *arena, struct page_words *out)
{
	const char *title = arena_printf(arena, "%s %s", page->key, page->title);
	const char *headings = page_headings(page, arena);

	if (!title || !headings)
		return ASSISTANT_ENOMEM;
	out->title = info_words(title, arena);
	out->headings = info_words(headings, arena);
	out->text = info_words(page->text, arena);
	return out->title && out->headings && out->text ? 0 : ASSISTANT_ENOMEM;
}

static int says(const struct page_words *page, const char *written)
{
	return info_is_called(page->title, written)	 ? IS_CALLED_SO
	       : info_is_called(page->headings, written) ? HEADS_WITH_IT
	       : info_has_any(page->text, written)	 ? SPEAKS_OF_IT
							 : SAYS_NOTHING;
}

static int add_questions(const struct info_page *page, const char *questions, struct arena *arena,
			 unsigned *number, struct page_questions *out)
{
	for (const char *q = questions; *q; q += strcspn(q, "|"), q += *q == '|') {
		const char *text = arena_strndup(arena, q, strcspn(q, "|"));

		if (!text)
			return ASSISTANT_ENOMEM;
		if (*number == PAGE_MAX_QUESTIONS)
			return 0;
		out->all[out->n++] =
			(struct page_question){ .page = page, .text = text, .number = *number };
		++*number;
	}
	return 0;
}

/* How strongly the best page says it; n: how many do so. */
static int strongest(const struct page_words *pages, size_t n_pages, const char *written, size_t *n)
{
	int best = SAYS_NOTHING;

	*n = 0;
	for (size_t i = 0; i < n_pages; i++) {
		int here = says(&pages[i], written);

		if (here > best)
			*n = 0;
		best = here > best ? here : best;
		*n += here == best;
	}
	return best == SPEAKS_OF_IT && *n > FEW ? SAYS_NOTHING : best;
}

int page_questions(const struct conference *c, struct arena *arena, struct page_questions *out)
{
	struct page_words *pages = arena_array(arena, struct page_words, c->n_info + 1);
	unsigned *numbers = arena_array(arena, unsigned, c->n_info + 1);
	size_t max = c->n_info * PAGE_MAX_QUESTIONS + 1;
	struct page_questions made = { arena_array(arena, struct page_question, max), 0 };
	int r = pages && numbers && made.all ? 0 : ASSISTANT_ENOMEM;

	for (size_t i = 0; r == 0 && i < c->n_info; i++)
		r = read_words(&c->info[i], arena, &pages[i]);
	for (size_t k = 0; r == 0 && k < ARRAY_SIZE(concepts); k++) {
		size_t n;
		int best = strongest(pages, c->n_info, concepts[k].written, &n);

		for (size_t i = 0; r == 0 && best > SAYS_NOTHING && i < c->n_info; i++) {
			if (says(&pages[i], concepts[k].written) == best)
				r = add_questions(&c->info[i], concepts[k].questions, arena,
						  &numbers[i], &made);
		}
	}
	if (r == 0)
		*out = made;
	return r;
}
