/*
 * when_placing.h - what the three steps of placing share: when_place.c (days and hours), when_edges.c (events of the
 * programme), when_windows.c (the windows, what is left of them, and what kind of question they make).
 */
#ifndef SEARCH_WHEN_PLACING_H
#define SEARCH_WHEN_PLACING_H

#include "search/when_parse.h"

struct placing {
	const struct catalog *c;
	const struct zone *zone;
	const struct record *sessions;
	size_t n;
	struct said *said;
	int64_t now;
	struct index_window windows[WHEN_MAX_WINDOWS];
	size_t n_windows;
	bool unplaced; /* speaks of an event that the programme does not have */
};

int64_t placing_day(const struct placing *p, int64_t unix_s);
/* An instant, as zone_unix has it; the start and the end of a window by the clock on the wall. */
int64_t unix_at(const struct placing *p, int64_t day, int minute);
int64_t unix_from(const struct placing *p, int64_t day, int minute);
int64_t unix_until(const struct placing *p, int64_t day, int minute);
int64_t session_end(const struct record *s);
bool in_conference(const struct said *s, int64_t day);
int64_t edge_clock(const struct placing *p, int64_t day, const struct edge *e, bool until);

void placing_add(struct placing *p, struct index_window w);
void place_clauses(struct placing *p);
/* A stretch with an event at one end or as its whole; *day is where to look, or (fixed false) what to find. */
bool place_edges(struct placing *p, int64_t *day, bool fixed, const struct time_said *t);

#endif
