/*
 * page_texts.h - the passages of an information page: what is compared with a question's meaning, and what is quoted then.
 *
 * A page may speak of trams, taxis and parking: as one text it would be near to none of them.  A passage never goes beyond the
 * section it begins in; tables of contents and credits of pictures are in none.
 */
#ifndef SEARCH_PAGE_TEXTS_H
#define SEARCH_PAGE_TEXTS_H

#include "base/arena.h"
#include "store/record.h"

#define PAGE_MAX_PASSAGES 60 /* what comes after them is left out */

/* Into out[PAGE_MAX_PASSAGES], in the page's order, each with the page's title in front; how many; at least one of a page with
 * text.  Pure.  0 also when there is no memory. */
size_t page_passages(const struct info_page *page, struct arena *arena, const char **out);
/* What each of these stands under, in the same order; "" where nothing is above it. */
size_t page_heads(const struct info_page *page, struct arena *arena, const char **out);
/* Passage number part as one reads it: below its heading, items of a list on lines of their own, what it announces ("...:") included.
 * NULL: there is none, or it says nothing. */
const char *page_quote(const struct info_page *page, size_t part, struct arena *arena);
/* Its headings, a line each; NULL: no memory. */
const char *page_headings(const struct info_page *page, struct arena *arena);
/* "Q: Is it free?" of a page of questions and answers. */
bool page_line_asks(const char *line, size_t len);
/* Bytes of that mark and the blanks behind it, which are not quoted; 0: there is none. */
size_t page_line_mark(const char *line, size_t len);
/* "© by Jim Linwood", below a picture. */
bool page_line_credits(const char *line, size_t len);

#endif
