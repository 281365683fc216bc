/*
 * followup_words.h - the small words by which a question leans on the one before, in English,
 * German, French and Spanish.
 */
#ifndef AGENT_FOLLOWUP_WORDS_H
#define AGENT_FOLLOWUP_WORDS_H

#include "search/query.h"

struct attribute;

#define FOLLOWUP_MAX_WORDS 40

/* A folded question cut into words. */
struct question {
	const char *folded;
	char *tokens[FOLLOWUP_MAX_WORDS];
	size_t at[FOLLOWUP_MAX_WORDS]; /* byte of the folded question */
	size_t n;
	const struct understood *u;
};

enum word_kind {
	WORDS_PRONOUN,	  /* it, that, there, she */
	WORDS_PERSON,	  /* he, she, they */
	WORDS_HE_SHE,	  /* he, she: never a thing */
	WORDS_ADVICE,	  /* should, recommend */
	WORDS_POSSESSIVE, /* his, her, its */
	WORDS_QUESTION,	  /* what, when, where */
	WORDS_THERE,	  /* there, the room */
	WORDS_TALK,	  /* talk, session: of a person */
	WORDS_NOUN,	  /* talks, speakers, exhibitors: what may be asked for */
	WORDS_MORE,	  /* more */
	WORDS_ONE,	  /* the one about dikes */
	WORDS_OTHER,	  /* the other one */
	WORDS_ELSE,	  /* what else */
	WORDS_SPEAKS,	  /* speaks, gives */
	WORDS_ANY,	  /* anything, any: not what was spoken of */
	WORDS_SIMILAR,	  /* similar, like this */
	WORDS_ABOUT,	  /* about: a topic follows */
	WORDS_THEY,	  /* they, them: several */
	WORDS_WHOLE,	  /* of the conference, of the day */
	PHRASES_OF_THESE, /* which of these */
	PHRASES_LATER,
	PHRASES_EARLIER,
	PHRASES_AFTER,	 /* after that */
	PHRASES_BEFORE,	 /* before that */
	PHRASES_PLACE,	 /* the same room */
	PHRASES_COMPANY, /* her company */
};

enum beginning {
	BEGINS_ONLY,	 /* only, just */
	BEGINS_WHICH,	 /* which */
	BEGINS_WHICH_IS, /* which are, welche sind */
	BEGINS_ARE_THEY, /* are these */
	BEGINS_IS_IT	 /* is it, is that */
};

enum extreme { EXTREME_NONE, EXTREME_LONGEST, EXTREME_SHORTEST, EXTREME_EARLIEST, EXTREME_LATEST };

void question_cut(struct question *q, struct arena *arena);
bool question_has(const struct question *q, enum word_kind kind);
/* "are there", "gibt es": its "there" points at nothing. */
bool question_exists(const struct question *q);
bool question_begins(const struct question *q, enum beginning how);
/* "which is the longest?", "which one is earlier?" */
enum extreme question_extreme(const struct question *q);
/* "when does it start?": 1; "end": -1; else 0. */
int question_edge(const struct question *q);
/* "what should I bring to the first?" */
bool question_ends_in_ordinal(const struct question *q);
/* "and", "what about" at its beginning. */
bool question_is_joined(const struct question *q);
/* Names no record and no topic: only asks (also for a, which may be NULL), points, or says a time or
 * a place. */
bool question_is_bare(const struct question *q, const struct attribute *a, struct arena *arena);
/* "that workshop", "the stand": of that kind; false: no such words. */
bool question_points_at(const struct question *q, enum entity *out);
/* "the one before": -1; "the next one": 1; else 0. */
int question_step(const struct question *q);
/* A word that describes nothing: small, pointing, asking, or any session's. */
bool question_word_is_small(const char *folded);
/* Only a time: "in the afternoon?", "Sunday?" */
bool question_is_time(const struct question *q);
/* "the second one": 2; the last: -1; none: 0. */
int question_ordinal(const struct question *q);
const char *question_without_ordinals(const struct question *q, struct arena *arena);
const char *question_without_times(const struct question *q, struct arena *arena);

#endif
