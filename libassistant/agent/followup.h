/*
 * followup.h - questions that lean on the turn before: "and tomorrow?", "who speaks there?", "the
 * second one".
 *
 * What can be said as a question of its own is rewritten to one; what points at one record of the
 * last answer keeps its words and gets that record.
 */
#ifndef AGENT_FOLLOWUP_H
#define AGENT_FOLLOWUP_H

#include "agent/history.h"

enum followup_kind {
	FOLLOWUP_NONE,	   /* stands alone */
	FOLLOWUP_QUESTION, /* question: stands alone now */
	FOLLOWUP_RECORD,   /* about that record */
	FOLLOWUP_MORE,	   /* more of the last list: question is the one before */
	FOLLOWUP_WHICH,	   /* one of several was meant: choices */
	FOLLOWUP_BEYOND,   /* "the seventh": there were not that many */
	FOLLOWUP_UNKNOWN   /* leans on something, but there is nothing before */
};

struct followup {
	enum followup_kind kind;
	const char *question;
	const struct record *record;
	bool more;	  /* "tell me more" about the record */
	bool leave_out;	  /* what was named before is not wanted again */
	enum asked asked; /* what the turn before asked of its records */
	bool keeps_asked; /* what the turn before asked for (how many...) is asked again */
};

/* u: the question as it is understood by itself.  previous may be NULL.  Pure. */
void followup_resolve(const struct catalog *c, const char *question, const struct understood *u,
		      const struct previous *previous, int64_t now_unix_s, struct arena *arena,
		      struct followup *out);

#endif
