/*
 * topic.c - see topic.h.
 */
#include "agent/topic.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "search/words.h"

static size_t count_words(const char *terms)
{
	size_t len = strlen(terms), i = 0, n = 0, from, to;

	while (word_next(terms, len, &i, &from, &to))
		n++;
	return n;
}

const char *topic_words(const char *question, const char *terms, struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };
	size_t len = strlen(question), i = 0, from, to, n = 0;
	const char *words;

	text_init(&out, 16 * 1024);
	while (word_next(question, len, &i, &from, &to)) {
		char *folded _cleanup_free_ = utf8_fold(question + from, to - from);

		if (!folded || !word_in(folded, terms))
			continue;
		text_append(&out, n++ ? " " : "");
		text_append_n(&out, question + from, to - from);
	}
	words = n == count_words(terms) ? arena_strdup(arena, out.data) : NULL;
	return words ? words : terms;
}

bool topic_is_of_many(const char *question)
{
	static const char many[] =
		"talks sessions workshops presentations lectures demos panels keynotes tutorials "
		"stands booths exhibitors companies speakers people vortrage aussteller stande "
		"firmen "
		"sprecher conferences exposes ateliers exposants intervenants charlas ponencias "
		"sesiones talleres expositores ponentes all every alle tous toutes todas todos any "
		"anything something which";
	size_t len = strlen(question), i = 0, from, to;

	while (word_next(question, len, &i, &from, &to)) {
		char *folded _cleanup_free_ = utf8_fold(question + from, to - from);

		if (folded && word_in(folded, many))
			return true;
	}
	return false;
}
