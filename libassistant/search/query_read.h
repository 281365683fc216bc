/*
 * query_read.h - a question while it is being understood: its words, what of it names something, what is left.
 *
 *	read_names   names accepted or doubted by how they are written
 *	read_time    names masked, the rest parsed by when.c
 *	read_filters rooms, tracks, types, levels, languages
 *	read_cues    "talk", "stand", "who", "where", "can I"
 *	read_intent  what of all that is asked for
 */
#ifndef SEARCH_QUERY_READ_H
#define SEARCH_QUERY_READ_H

#include "search/gazetteer.h"
#include "search/info.h"
#include "search/query.h"
#include "search/words.h"

enum {
	CUE_SESSION = 1 << 0,
	CUE_EXHIBITOR = 1 << 1,
	CUE_SPEAKER = 1 << 2,
	CUE_WHO = 1 << 3,
	CUE_WHEN = 1 << 4,
	CUE_WHERE = 1 << 5,
	CUE_WHAT = 1 << 6,
	CUE_COUNT = 1 << 7,
	CUE_RECOMMEND = 1 << 8,
	CUE_PRACTICAL = 1 << 9,
	CUE_FROM_COMPANY = 1 << 10, /* "anybody from X", "who works at X" */
	CUE_VISIT = 1 << 11,	    /* "who should I visit", "who sells" */
	CUE_SPEAKS =
		1
		<< 12, /* a verb of speaking: who does is a speaker, what is spoken of a session */
	CUE_ORGANISATION =
		1 << 14, /* "companies", before it is known whether exhibitors are meant */
	CUE_FACILITY =
		1 << 15, /* "where is the", "is there a", "can I": of things one may find on site */
	CUE_SOMEBODY = 1 << 16, /* "is anybody talking about X?" asks for a talk */
	CUE_ABOUT = 1 << 13,	/* "about", "on": a topic follows */
	CUE_HELP = 1 << 17, /* "who has a solution?": somebody is sought, at a stand or elsewhere */
};

struct reading {
	const struct catalog *c;
	struct arena *arena;
	const char *question, *folded;
	const char *spaced; /* folded words, each between blanks: for phrases */
	struct word *words;
	size_t n;
	bool capitals;	/* the question's capitals mean something */
	bool *used;	/* said a time, a filter, an entity: not searched for */
	bool *filtered; /* of those, what said a time or a filter */
	bool *negated;	/* "without Google" */
	unsigned cues;
	struct name_match *matches;
	size_t n_matches;
	struct info_found info;
	struct understood *out;
};

void read_names(struct reading *r);
void read_time(struct reading *r, int64_t now_unix_s);
void read_filters(struct reading *r);
void read_cues(struct reading *r);
void read_intent(struct reading *r);

/*
 * query_event.c's: the session that a question for the opening or the closing and nothing else is about, or NULL.  When no
 * session is called so, the question becomes one for the first or the last of the programme.
 */
const struct record *reading_event(struct reading *r);
void reading_take_event(struct reading *r, const struct record *event);

/* Words i..j that bytes from..to cover; false: none. */
bool reading_words_at(const struct reading *r, size_t from, size_t to, size_t *first, size_t *last);
/* Whether the spaced question has one of the phrases of a list separated by '|'. */
bool reading_has(const struct reading *r, const char *phrases);

/* query_terms.c's.  Of lists: words between '|', one at each end, too. */
bool word_listed(const char *list, const char *word);
bool reading_in_name(const struct reading *r,
		     size_t i);		   /* word i is part of a name that is surely meant */
bool reading_is_generic(const char *word); /* a word that says nothing beside a time or place */
bool reading_is_empty(const char *word);   /* a word that says nothing about a topic */
size_t reading_content(const struct reading *r); /* how many words are neither used nor empty */
const char *reading_terms(struct reading *r);	 /* the words to search for */
/* The same with people's names as the programme spells them: "pottering" finds nothing of Lennart Poettering. */
const char *reading_spelt(const struct reading *r, const char *text);
/* "who from CERN talks about storage?": "cern"; NULL where nothing else is said */
const char *reading_origin(const struct reading *r);
const char *reading_meaning(const struct reading *r); /* the sentence to embed */

/* catalog.c's */
const struct info_index *catalog_info(const struct catalog *c);

#endif
