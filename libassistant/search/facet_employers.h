/*
 * facet_employers.h - the organisations a speaker comes from, and what the conference's own texts say these are.
 *
 * A question may describe an organisation instead of naming it ("the particle physics lab"), and a name alone means little to a
 * model: "CERN, the world-leading particle physics laboratory", said in somebody else's abstract, means a lot.
 */
#ifndef SEARCH_FACET_EMPLOYERS_H
#define SEARCH_FACET_EMPLOYERS_H

#include "store/record.h"

#define EMPLOYERS_MAX 4

struct employer {
	const char *name;
	const char *is; /* "the world-leading particle physics laboratory"; NULL: nobody says it */
};

/* Read from the bio ("works at X") and from titles of the speaker's sessions ("Storage at X"), in this order; the company
 * field is not among them.  0 or ASSISTANT_ENOMEM; memory from arena. */
int speaker_employers(const struct snapshot *s, const struct record *speaker, struct arena *arena,
		      struct employer out[EMPLOYERS_MAX], size_t *n);
/* What an organisation is, where some text says so; *out is NULL otherwise.  0 or ASSISTANT_ENOMEM. */
int employer_is(const struct snapshot *s, const char *name, struct arena *arena, const char **out);

#endif
