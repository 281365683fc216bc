/*
 * gazetteer.h - every name of a conference and how a visitor may write it.
 *
 *	level one: runs of 1 to 6 words of the question, written together, looked up literally ("open nebula", "UB2 252A",
 *		   "K3.201", a misspelt single word by its corrections)
 *	level two: names that share enough of their rarer words with a stretch of the question
 *
 * Immutable once made.  A question of 2,000 characters takes a bounded number of look-ups (WORDS_MAX words).
 */
#ifndef SEARCH_GAZETTEER_H
#define SEARCH_GAZETTEER_H

#include "search/catalog.h"
#include "search/vocabulary.h"

struct gazetteer;

#define GAZETTEER_MAX_MATCHES 64

int gazetteer_create(const struct snapshot *snapshot, struct gazetteer **out, struct fail *f);
void gazetteer_destroy(struct gazetteer *g);
const struct vocabulary *gazetteer_vocabulary(const struct gazetteer *g);
size_t gazetteer_match(const struct gazetteer *g, const char *folded_question, struct arena *arena,
		       struct name_match **out);
/* The locations and booths a NAME_PLACE value stands for: itself, or those of a building; NULL-terminated. */
const char *const *gazetteer_places(const struct gazetteer *g, const char *value);

/* Exhibitors that a session's title or description names: its talk tells what they are about.  NULL-terminated. */
const struct record *const *gazetteer_mentions(const struct gazetteer *g,
					       const struct record *session);

/* catalog.c's */
const struct gazetteer *catalog_gazetteer(const struct catalog *c);

#endif
