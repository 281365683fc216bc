/*
 * joint.h - one text out of several attempts at it: whole words leave, and an attempt that goes on where another broke off is
 * joined to it without a word repeated or missing.  Pure.
 *
 *	pieces --> hold the word that is not whole --> out
 *	break:     the half word goes; what follows is compared with the end of what left (and with its beginning: some begin anew),
 *	           and what repeats it is dropped
 *
 * Scripts without blanks have words of one character here.
 */
#ifndef GUARD_JOINT_H
#define GUARD_JOINT_H

#include <stdbool.h>
#include "base/text.h"

struct joint {
	struct text said; /* all that has left */
	struct text held;
	bool inside;	  /* what was said ends inside a word that was too long to be held */
	bool joining;	  /* held is the beginning of a continuation */
	bool parted;	  /* a blank stood behind what was said when it broke off: blank[] ... */
	bool whole_blank; /* ... and all of it */
	char blank[16];
};

void joint_init(struct joint *j, size_t max_bytes);
void joint_finish(struct joint *j);
/* Appends to out what may leave now. */
void joint_feed(struct joint *j, const char *text, size_t len, struct text *out);
/* The attempt failed: the next piece is another's that was asked to go on behind joint_said. */
void joint_break(struct joint *j);
/* The text is whole: what was held leaves.  A text of nothing but blanks is none. */
void joint_end(struct joint *j, struct text *out);

#endif
