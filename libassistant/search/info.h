/*
 * info.h - practical questions and the pages that answer them: by concept ("can I leave my suitcase" is about the
 * cloakroom) and by the words of the page itself.
 */
#ifndef SEARCH_INFO_H
#define SEARCH_INFO_H

#include "search/vocabulary.h"
#include "search/words.h"
#include "store/record.h"

struct info_index;

#define INFO_MAX_PAGES 4

/* How much of a question each passage of a page has, by number (page_texts.h): 0..1. */
struct info_share {
	const char *key;
	const float *of;
	const bool *headed; /* a practical matter that is asked for stands above it */
	size_t n, best;
};

struct info_found {
	const struct info_page *pages[INFO_MAX_PAGES]; /* best first */
	float scores[INFO_MAX_PAGES];		       /* about 0..2 */
	size_t n;
	bool concept;  /* a practical matter was named that the best page is about */
	bool in_title; /* its key or title says so */
	float cover; /* 0..1: share of the question's content that the best page or the concept knows */
	bool matter;  /* a practical matter is named, whether a page has it or not */
	bool strange; /* so is a word that neither a page nor a record has */
	const struct info_share *
		shares; /* of every page of the conference, one without key behind them; NULL: no memory */
	unsigned words;	 /* content words of the question */
	unsigned others; /* of those, known to the conference and no name of a concept */
};

int info_index_create(const struct conference *conference, struct info_index **out, struct fail *f);
void info_index_destroy(struct info_index *x);
/* The page that says whom to ask: called after an information desk or a contact, or with a heading of one; NULL: none is. */
const struct info_page *info_help_page(const struct info_index *x);
/* skip[i]: not content (times, places, names of entities).  arena: for out->shares. */
void info_find(const struct info_index *x, const struct vocabulary *v, const char *folded,
	       const struct word *words, size_t n, const bool *skip, struct arena *arena,
	       struct info_found *out);

/* The words of a text, folded, for info_has_any; NULL: no memory. */
const char *info_words(const char *text, struct arena *arena);
/* Whether they have one of a list of words or phrases: separated by blanks, in them '_' for a blank. */
bool info_has_any(const char *words, const char *list);
/* The same of a title or a heading, where words count, too, that a list marks as telling nothing in running text. */
bool info_is_called(const char *words, const char *list);
/* "venue", "place": words that nearly any page has; they tell little of what is asked. */
bool info_is_generic(const char *folded_word);
/* "coat", "parking": one asks with it for something practical, in any of our languages. */
bool info_is_practical(const char *folded_word);

#endif
