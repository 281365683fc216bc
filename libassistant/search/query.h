/*
 * query.h - a visitor's question, understood without a model: what is asked for, about which
 * records, when and where, and the words that are left to search for.
 */
#ifndef SEARCH_QUERY_H
#define SEARCH_QUERY_H

#include "index/index.h"
#include "search/catalog.h"
#include "search/info.h"
#include "search/when.h"

enum intent {
	INTENT_SESSION_SEARCH,
	INTENT_EXHIBITOR_SEARCH,
	INTENT_SPEAKER_SEARCH,
	INTENT_GENERAL_INFO,
	INTENT_RECOMMENDATION,
	INTENT_CLARIFICATION,
	INTENT_SMALLTALK,
	INTENT_OUT_OF_SCOPE
};
const char *intent_name(enum intent i); /* "session_search" */

enum specificity { SPECIFIC, VAGUE, BOTH };

/* What of a found record the visitor wants to know: steers the answer. */
enum asked { ASKED_ANY, ASKED_WHEN, ASKED_WHERE, ASKED_WHO, ASKED_WHAT, ASKED_COUNT_OF };

/* Whether a page says what is asked: surely, or it is merely the closest, worth quoting or just to be named. */
enum info_fit { INFO_SAYS_IT, INFO_NEAR_IT, INFO_FAR_FROM_IT };

struct understood {
	enum intent intent;
	enum intent
		otherwise; /* of a practical question: what else it may ask for; else the same */
	enum specificity specificity;
	enum asked asked;
	unsigned entities; /* ENTITY_BIT()s to look among */
	char language
		[8]; /* of the question: "en" "de" "fr" "es"; "en" when unsure; else its BCP 47 code */
	const char *question; /* as understood (after follow-up resolution) */
	const char
		*terms; /* what is left to search for, without names of time and place; may be "" */
	const char *meaning; /* what is left of the sentence, for the embedder; may be "" */
	struct when when;
	struct index_filter
		filter; /* places, tracks, types, levels, languages, speakers found in the question */
	struct name_match *names; /* records named, best first */
	size_t n_names;
	const char *const *info_keys; /* pages that may answer, best first; NULL-terminated */
	const int *
		info_parts; /* of each, the passage nearest in meaning where words do not say it, else -1; or NULL */
	const struct info_share
		*info_shares;	    /* of every page, one without key behind them; or NULL */
	enum info_fit info_fit;	    /* of the first page */
	bool info_matter;	    /* a practical matter is named, whether a page has it or not */
	bool info_strange;	    /* so is something that neither a page nor a record speaks of */
	bool follow_up;		    /* cannot be understood without the turn before */
	const char *clarify;	    /* the question to ask back, or NULL */
	const struct record *named; /* the one record the question is about, by its name; or NULL */
	bool practical; /* "can I", "where is the": asks for something one may find on site */
	bool how_to; /* asks how one goes about things there: "can I", "do I have to", "where is the" */
	bool personal;	  /* tells of the visitor: "my ear is bleeding", and asks for no topic */
	bool kind_said;	  /* a talk, a stand, a person is asked for in so many words */
	bool visit;	  /* somebody who can help is sought: at a stand, most likely */
	bool affiliation; /* people are asked for by where they come from: "who from X?" */
	const char *
		origin; /* with affiliation: the words of X alone, where others say what is spoken of; or NULL */
	bool of_kinds;	  /* about speakers or stands in general: "what do the speakers earn?" */
	bool need;	  /* tells of a need instead of asking: "our nurses get no rest" */
	bool definition;  /* "what is X?", and nothing else */
	bool info_titled; /* the first page is called after what is asked for */
	float info_cover; /* 0..1: how much of the question the first information page knows */
};

/* Pure: no I/O. */
void query_understand(const struct catalog *c, const char *question, int64_t now_unix_s,
		      struct arena *arena, struct understood *out);
/*
 * Whether a list of what the question's place, track, format or hours have is an answer where nothing there is about its words.
 * Of half a day it is none, nor for what one may find on site ("is there a sauna in building K?").
 */
bool query_may_list(const struct understood *u);
/* {"intent","specificity","entities","terms","when":{...},"filters":{...},"names":[...]}: owned. */
struct json_object *query_describe(const struct catalog *c, const struct understood *u);

#endif
