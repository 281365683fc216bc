/*
 * page_texts.h - the passages of an information page: what is compared with a question's meaning.
 *
 * A page may speak of trams, taxis and parking: as one text it would be near to none of them.
 */
#ifndef SEARCH_PAGE_TEXTS_H
#define SEARCH_PAGE_TEXTS_H

#include "base/arena.h"
#include "store/record.h"

#define PAGE_MAX_PASSAGES 60 /* what comes after them is left out */

/* Into out[PAGE_MAX_PASSAGES], in the page's order, each with the page's title in front; how many; at least one of a page with
 * text.  Pure.  0 also when there is no memory. */
size_t page_passages(const struct info_page *page, struct arena *arena, const char **out);

#endif
