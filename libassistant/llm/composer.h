/*
 * composer.h - the parts of the composer: from the facts of one turn to an answer's text.
 *
 *	composer.c           the llm: writes the text, delivers it in pieces
 *	composer_text.c      which kind of answer; everything that is not about records
 *	composer_attribute.c what was asked of one of them: how long, in which language
 *	composer_records.c   one session, one exhibitor, one speaker, in full
 *	composer_lists.c     several of them, grouped, and the limits of a search in words
 *
 * Every word about a record comes from its record, through quote.h; names leave as handles.
 */
#ifndef LLM_COMPOSER_H
#define LLM_COMPOSER_H

#include "llm/llm.h"
#include "llm/phrases.h"

struct composing {
	const struct llm_request *rq;
	struct json_object *facts;
	enum language l;
	struct text *out;
	bool zone_said;	    /* once is enough */
	bool for_beginners; /* what is being told is for beginners */
};

/* Pure.  The answer to rq as Markdown (bold, lists, paragraphs) with handles. */
void composer_write(const struct llm_request *rq, struct text *out);

/* --- composer_text.c ----------------------------------------------------- */

void composer_paragraph(struct composing *c); /* a blank line, unless at the start */
void composer_space(struct composing *c);     /* between two sentences */
const char *composer_conference(struct composing *c);
bool composer_now(struct composing *c, struct civil_time *now);
/* "before", "during" or "after" the conference. */
bool composer_phase(struct composing *c, const char *phase);
/* "from 31 January to 1 February 2026"; false: unknown. */
bool composer_dates(struct composing *c, struct text *out);

/* The pages of the facts: what they say, and where there is more. */
void composer_info(struct composing *c);
/* "German" for "de". */
void composer_language(struct composing *c, struct text *out, const char *code);

/* --- composer_attribute.c ---------------------------------------------------- */

/* What was asked of that record; false: nothing particular was. */
bool composer_attribute(struct composing *c, struct json_object *record);

/* --- composer_records.c ---------------------------------------------------- */

/* "**[[s1]]**" */
void composer_name(struct text *out, struct json_object *record);
/* "on Saturday 31 January, 16:00-16:50"; false: the record has no time. */
bool composer_when(struct composing *c, struct text *out, struct json_object *session);
/* "16:00-16:50"; false as above. */
bool composer_hours(struct composing *c, struct text *out, struct json_object *session);
/* "A, B and 2 more"; false: nobody is named. */
bool composer_people(struct composing *c, struct text *out, struct json_object *session,
		     size_t max);
/* The record in full, what was asked first. */
void composer_record(struct composing *c, struct json_object *record);

/* --- composer_lists.c ------------------------------------------------------ */

/* " on Saturday 31 January in Janson": what the search was limited to. */
void composer_limits(struct composing *c, struct text *out);
/* All results that are not in focus, with a lead. */
void composer_lists(struct composing *c);
/* Items of one type without a lead; sessions grouped by day when by_day.  Returns how many it
 * wrote. */
size_t composer_items(struct composing *c, struct json_object *records, const char *type,
		      size_t max, bool by_day);

#endif
