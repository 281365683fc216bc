/*
 * when.h - time expressions of a question, resolved in the venue's zone from an injected now.
 * Deterministic: a model may point at an expression, it never computes a time.
 */
#ifndef SEARCH_WHEN_H
#define SEARCH_WHEN_H

#include "index/index.h"
#include "search/catalog.h"

enum when_kind {
	WHEN_NONE,
	WHEN_NOW,    /* running at now */
	WHEN_NEXT,   /* the next to start after now */
	WHEN_WINDOW, /* within [from, to), or within one of the windows */
	WHEN_FIRST,  /* the first of the window (or of the conference) */
	WHEN_LAST,
	WHEN_ENDING /* running at now, over before `to` */
};

/* Where in the folded question the time was said. */
struct when_span {
	size_t from, to;
};

#define WHEN_MAX_WINDOWS 16

struct when {
	enum when_kind kind;
	/* Unix seconds; TIME_UNKNOWN: open.  Of several windows from the first's start to the last's end. */
	int64_t from, to;
	bool overlap;	   /* sessions running within, not only starting within */
	bool explicit_day; /* the question named a day: relaxing must not leave it silently */
	bool outside; /* lies wholly before the first or after the last day of the conference */
	bool unclear; /* looks like a time, but cannot be resolved: ask back */
	/* "morning", "late_afternoon": the window is exactly that part of one day, in these words; NULL: not said so */
	const char *part;
	unsigned count; /* "the last two talks"; 0: not said */
	/* "Saturday morning or Sunday afternoon": two or more, by time, none touching another; n_windows 0: only
	 * [from, to). */
	const struct index_window *windows;
	size_t n_windows;
	const char *said; /* the words it came from, in arena */
	const char
		*meant; /* "Saturday 31 January, 14:00-18:00 (Europe/Brussels)": for the answer */
	size_t from_byte, to_byte; /* in the folded question, from the first to the last span */
	const struct when_span *spans;
	size_t n_spans;
	/* The names among them: "after Maps in your pocket" speaks of a time, not of that talk. */
	const struct when_span *names;
	size_t n_names;
};

/* folded_question as utf8_fold makes it.  Always succeeds: kind WHEN_NONE when there is no time in it. */
void when_parse(const struct catalog *c, const char *folded_question, int64_t now_unix_s,
		struct arena *arena, struct when *out);
/* The same, for who has matched the question's names already (catalog_match). */
void when_parse_named(const struct catalog *c, const char *folded_question,
		      const struct name_match *names, size_t n_names, int64_t now_unix_s,
		      struct arena *arena, struct when *out);

#endif
