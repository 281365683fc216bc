/*
 * info_build.h - what the files of the information pages share: concepts, and words as they are compared.
 */
#ifndef SEARCH_INFO_BUILD_H
#define SEARCH_INFO_BUILD_H

#include "search/info.h"

#define INFO_MAX_CONCEPTS 64
#define INFO_MAX_STEM	  40

/* What visitors say, and what pages write. */
struct info_concept {
	const char *asked, *written;
};
extern const struct info_concept info_concepts[];
extern const size_t info_n_concepts;

/* Light on purpose: "dogs" and "dog", "parking" and "park"; concepts do the rest. */
void info_stem(const char *word, char out[static INFO_MAX_STEM + 1]);

/* --- info_passages.c ------------------------------------------------------------ */

/* A content word of a question. */
struct info_asked {
	const char *text;
	bool strange; /* neither a page nor a record has it */
};
struct info_passages;

int info_passages_create(const struct conference *c, struct arena *arena,
			 struct info_passages **out);
/* concepts: those the question names.  Into out[number of pages], memory from arena; without memory out stays empty. */
void info_passages_ask(const struct info_passages *p, const struct info_asked *words, size_t n,
		       const bool concepts[static INFO_MAX_CONCEPTS], struct arena *arena,
		       struct info_share *out);

#endif
