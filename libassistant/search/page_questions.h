/*
 * page_questions.h - what visitors ask of the matters that pages are about: embedded beside the pages' passages, since a question
 * is nearer to a question than to the sentence that answers it.
 */
#ifndef SEARCH_PAGE_QUESTIONS_H
#define SEARCH_PAGE_QUESTIONS_H

#include "base/arena.h"
#include "store/record.h"

#define PAGE_MAX_QUESTIONS 200

struct page_question {
	const struct info_page *page;
	const char *text;
	unsigned number; /* of the page's, from 0 */
};
struct page_questions {
	struct page_question *all;
	size_t n;
};

/* Of every page, in their order.  A page called after a matter answers for it; where none is, one with a heading that says it, else
 * one of few that speak of it.  Pure.  0 or ASSISTANT_ENOMEM. */
int page_questions(const struct conference *c, struct arena *arena, struct page_questions *out);

#endif
