/*
 * when.h - time expressions of a question, resolved in the venue's zone from an injected now.
 * Deterministic: a model may point at an expression, it never computes a time.
 */
#ifndef SEARCH_WHEN_H
#define SEARCH_WHEN_H

#include "search/catalog.h"

enum when_kind {
	WHEN_NONE,
	WHEN_NOW,    /* running at now */
	WHEN_NEXT,   /* the next to start after now */
	WHEN_WINDOW, /* within [from, to) */
	WHEN_FIRST,  /* the first of the window (or of the conference) */
	WHEN_LAST,
	WHEN_ENDING /* running at now, over before `to` */
};

/* Where in the folded question the time was said. */
struct when_span {
	size_t from, to;
};

struct when {
	enum when_kind kind;
	int64_t from, to;  /* unix seconds; TIME_UNKNOWN: open */
	bool overlap;	   /* sessions running within, not only starting within */
	bool explicit_day; /* the question named a day: relaxing must not leave it silently */
	bool outside;	  /* lies wholly before the first or after the last day of the conference */
	bool unclear;	  /* looks like a time, but cannot be resolved: ask back */
	const char *said; /* the words it came from, in arena */
	const char
		*meant; /* "Saturday 31 January, 14:00-18:00 (Europe/Brussels)": for the answer */
	size_t from_byte, to_byte; /* in the folded question, from the first to the last span */
	const struct when_span *spans;
	size_t n_spans;
};

/* folded_question as utf8_fold makes it.  Always succeeds: kind WHEN_NONE when there is no time in it. */
void when_parse(const struct catalog *c, const char *folded_question, int64_t now_unix_s,
		struct arena *arena, struct when *out);

#endif
