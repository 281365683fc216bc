/*
 * followup_rules.h - what the rules of follow-ups share: followup.c's and followup_list.c's.
 */
#ifndef AGENT_FOLLOWUP_RULES_H
#define AGENT_FOLLOWUP_RULES_H

#include "agent/followup.h"

/* What every rule looks at. */
struct resolving {
	const struct catalog *c;
	const struct question *q;
	const struct attribute *a; /* asked for; NULL */
	const struct previous *p;
	const struct understood *old;  /* what the turn before understood */
	const struct understood *base; /* the same of the last turn that asked for itself */
	int64_t now;
	struct arena *arena;
	bool bare;     /* without a topic of its own */
	bool limited;  /* has a time, a place, a filter */
	bool corrects; /* "no, I meant ..." */
	struct followup *out;
};

/* Rules: true: it holds, and out says what is meant. */
bool take_record(struct resolving *r, const struct record *record);
/* The question before, with what this one says of its topic or its kind of record. */
bool take_merged(struct resolving *r, bool topic, bool noun);
/* One kind of record is asked for in so many words. */
bool names_noun(const struct question *q);

/* --- followup_list.c -------------------------------------------------------------------- */

/* "which of these is today?", "only workshops", "which of them are free?" */
bool resolve_pick(struct resolving *r);
/* "which is the longest?", "which one is earlier?" */
bool resolve_extreme(struct resolving *r);
/* "what's the first talk?", after a list of a track or a topic */
bool resolve_edge(struct resolving *r);
/* "is it today or tomorrow?" of one session */
bool resolve_its_time(struct resolving *r);
/* "when does she speak next?" */
bool resolve_person_then(struct resolving *r);
/* "what talks do they give?" after stands; "do they have a stand?" after talks on a topic */
bool resolve_other_kind(struct resolving *r);
/* "anything similar on Sunday?" */
bool resolve_similar(struct resolving *r);

#endif
