/*
 * stopwords.c - words of questions that say nothing about what is looked for, folded.
 */
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "index/tokens.h"

/* Sorted: looked up by bsearch. */
static const char *const words[] = {
#include "index/stopwords.def"
};

static const char *const weak_words[] = {
	"booth",	"booths",     "exhibitor", "exhibitors", "folks",    "people",	 "person",
	"presentation", "presenting", "room",	   "saturday",	 "session",  "sessions", "speak",
	"speaker",	"speakers",   "speaks",	   "stand",	 "stands",   "sunday",	 "talk",
	"talking",	"talks",      "today",	   "tomorrow",	 "workshop",
};

static int compare(const void *key, const void *word)
{
	return strcmp(key, *(const char *const *)word);
}

bool token_is_stop_word(const char *word)
{
	return bsearch(word, words, ARRAY_SIZE(words), sizeof(words[0]), compare) != NULL;
}

bool token_is_weak(const char *word)
{
	return bsearch(word, weak_words, ARRAY_SIZE(weak_words), sizeof(weak_words[0]), compare) !=
	       NULL;
}
