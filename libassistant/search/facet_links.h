/*
 * facet_links.h - what a conference says about an exhibitor elsewhere than in its record: sessions that name it.
 *
 * Many exhibitors are a name and a place.  A project's stand and the talks about the project belong together, and a
 * speaker may begin with "Linphone is a ...".
 */
#ifndef SEARCH_FACET_LINKS_H
#define SEARCH_FACET_LINKS_H

#include "store/record.h"

#define LINKS_MAX_TITLES 6

struct exhibitor_links {
	/* Whose title names it, then those whose abstract does, most often first. */
	const struct record *sessions[LINKS_MAX_TITLES];
	unsigned times[LINKS_MAX_TITLES];
	size_t n;
	const char *is; /* the sentence of an abstract that says what it is, or NULL */
};

/* 0 or ASSISTANT_ENOMEM; memory from arena or the snapshot. */
int exhibitor_links(const struct snapshot *s, const struct record *exhibitor, struct arena *arena,
		    struct exhibitor_links *out);

#endif
