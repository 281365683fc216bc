/*
 * adjust.h - what the rules of adjust*.c share.
 */
#ifndef AGENT_ADJUST_H
#define AGENT_ADJUST_H

#include "agent/turn.h"

/* A question cut up for the rules. */
struct asked_words {
	const char *folded;
	struct word *words;
	size_t n;
};

/* Is one of the words in the list, which blanks separate? */
bool asked_has_word(const struct asked_words *q, const char *list);
/* No page answers: neither as a whole nor by a passage. */
void adjust_drop_pages(struct understood *u);
/* Rules on what kind of record is asked for: they change t->understood, or nothing. */
void adjust_kinds(struct turn *t, const struct asked_words *q);
/* Rules on whose sessions or whose stand is asked for; likewise. */
void adjust_names(struct turn *t, const struct asked_words *q);
/* Rules on what is counted and what records lack, likewise. */
void adjust_counts(struct turn *t, const struct asked_words *q);
/* Rules on rooms that are not there, and what comes next in one, likewise. */
void adjust_places(struct turn *t, const struct asked_words *q);

#endif
