/*
 * followup.h - questions that lean on the turns before: "and tomorrow?", "who speaks there?", "the
 * second one", "the one about dikes".
 *
 *	followup.c          what kind of follow-up it is
 *	followup_list.c     what was listed or spoken of as a whole
 *	followup_choose.c   which record of the last answers is meant
 *	followup_merge.c    the last question with something else in it
 *	followup_words.c    the small words
 *
 * What can be said as a question of its own becomes one; what points at one record of the last
 * answers keeps its words and gets that record.
 */
#ifndef AGENT_FOLLOWUP_H
#define AGENT_FOLLOWUP_H

#include "agent/attribute.h"
#include "agent/followup_words.h"
#include "agent/history.h"

enum followup_kind {
	FOLLOWUP_NONE,	   /* stands alone */
	FOLLOWUP_QUESTION, /* question: stands alone now */
	FOLLOWUP_MERGED,   /* understood: the last question, with what is new */
	FOLLOWUP_RECORD,   /* about that record */
	FOLLOWUP_MORE,	   /* more of the last list: the question before */
	FOLLOWUP_WHICH,	   /* one of several was meant: choices */
	FOLLOWUP_BEYOND,   /* "the seventh": there were not that many */
	FOLLOWUP_UNKNOWN   /* leans on something, but there is nothing before */
};

enum relation { RELATION_NONE, RELATION_AFTER, RELATION_BEFORE };

struct followup {
	enum followup_kind kind;
	const char *question;
	struct understood understood;
	const struct record *record;
	const struct record *choices[4]; /* NULL-terminated */
	bool more;			 /* "tell me more" about the record */
	bool besides;			 /* what else of the record than what was spoken of */
	bool leave_out;			 /* what was named before is not wanted again */
	const char *talks_of; /* by name: the exhibitors whose sessions are wanted; NULL */
	enum asked asked;     /* what the turn before asked of its records */
	const struct attribute *attribute; /* the same; NULL */
	bool keeps_asked;	/* what the turn before asked for (how many...) is asked again */
	enum relation relation; /* understood is what comes after, or came before, what was named */
};

/* The words of a question without what only links it to the talk: "ok, so", "no, I meant".
 * *corrects: the last question was said wrongly. */
const char *followup_core(const char *question, struct arena *arena, bool *corrects);
/* Of two questions in one message the first; *rest is the other, NULL when there is none or when it
 * leans on the first. */
const char *followup_split(const char *question, struct arena *arena, const char **rest);
/* Nothing but thanks: "thanks, that helps!" */
bool followup_thanks(const char *question);

/* u: the question as it is understood by itself; a: what it asks of one record, NULL.  previous may
 * be NULL.  Pure. */
void followup_resolve(const struct catalog *c, const char *question, const struct understood *u,
		      const struct attribute *a, bool corrects, const struct previous *previous,
		      int64_t now_unix_s, struct arena *arena, struct followup *out);

/* --- followup_choose.c ------------------------------------------------------------------ */

/* What a turn was about: its one record, or the only one it named; NULL. */
const struct record *choose_focus(const struct previous *p);
/* The newest record of that kind that a turn was about; NULL. */
const struct record *choose_focus_of(const struct previous *p, enum entity type);
/* The newest list of several, of this answer or one before. */
size_t choose_last_list(const struct previous *p, const struct record **out);
/* What the answer listed, without the record it was about; at most PREVIOUS_MAX_REFERENCES. */
size_t choose_list(const struct previous *p, const struct record **out);
/* "the second one": FOLLOWUP_RECORD or FOLLOWUP_BEYOND; false: nothing was listed. */
bool choose_ordinal(int n, const struct previous *p, struct followup *out);
/* "the one before": beside the record spoken of, in the list it came from; false: no such list. */
bool choose_neighbour(int step, const struct previous *p, struct followup *out);
/* "the one about dikes", "and the quiz?": by its words among what the last answers named.
 * FOLLOWUP_RECORD, or FOLLOWUP_MERGED: those that fit as well as each other; false: none fits. */
bool choose_described(const struct catalog *c, const struct question *q, const struct attribute *a,
		      const struct previous *p, struct arena *arena, struct followup *out);
/* "she": the person last spoken of; NULL: none, or one of several. */
const struct record *choose_person(const struct catalog *c, const struct previous *p);

/* --- followup_merge.c ------------------------------------------------------------------- */

struct merging {
	bool topic, noun; /* the new question has a topic, a kind of record of its own */
};
/* old, with what new says instead.  out->question reads as a question of its own. */
void followup_merge(const struct catalog *c, const struct understood *old,
		    const struct understood *new, const struct merging *how, struct arena *arena,
		    struct understood *out);
/* The same question on the day of `at`, before or after it.  next: only what comes next. */
void followup_shift(const struct catalog *c, const struct understood *old, int64_t at, bool after,
		    bool next, struct arena *arena, struct understood *out);
/* A question as words, of what was understood. */
const char *followup_question(const struct understood *u, struct arena *arena);

#endif
