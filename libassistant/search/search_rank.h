/*
 * search_rank.h - what search.c does between an engine's answer and its results; pure.
 */
#ifndef SEARCH_RANK_H
#define SEARCH_RANK_H

#include "search/search.h"

/* Constraints given up, in that order; bits. */
enum {
	GIVE_NOW = 1 << 0, /* nothing runs: what comes next */
	GIVE_TIME = 1 << 1,
	GIVE_LEVEL = 1 << 2,
	GIVE_LANGUAGE = 1 << 3,
	GIVE_TYPE = 1 << 4,
	GIVE_TRACK = 1 << 5,
	GIVE_PLACE = 1 << 6,
	GIVE_DAY = 1 << 7,
	GIVE_KIND = 1 << 8,  /* a stand was asked for, a talk is there */
	GIVE_WORDS = 1 << 9, /* nothing there is about them: what there is */
	GIVE_ALL = (1 << 8) - 1,
};

/* Candidates of one round: at most RANK_MAX. */
#define RANK_MAX 512
struct ranking {
	const struct search *s;
	struct scored *items;
	size_t n;
	uint16_t *
		places[ENTITY_COUNT]; /* of each record of the snapshot: behind its item; 0: none */
	bool relevant;		      /* something answers, rather than shares a word */
	bool fused;		      /* words and meanings */
	float evidence;		      /* the highest of any record; when fused */
	float best; /* the highest score of a record that is not named; when fused */
};

/* Anything beside the kinds of records: a time, a place, a track ... */
bool filter_is_set(const struct index_filter *f);

bool rank_begin(struct ranking *r, struct search *s);
/* r: begun, or zeroed. */
void rank_drop(struct ranking *r);
/* Engine's hits, in their order when listed. */
void rank_add_hits(struct ranking *r);
/* The nearest in meaning, fused with the words' hits; nothing to do without vectors. */
void rank_add_near(struct ranking *r);
/* The same by the reference formula alone. */
void rank_add_reference(struct ranking *r);
/* Records the question names, and the sessions of named speakers. */
void rank_add_names(struct ranking *r);
/* Speakers of what was found, when speakers are asked for. */
void rank_add_speakers(struct ranking *r);
/* Before that: of a first, last or next, who speaks then. */
void rank_narrow(struct ranking *r);
/* Exhibitors of a tier the question names: "gold sponsors". */
void rank_add_tiers(struct ranking *r);
/* Speakers by company and text, when they are asked for by where they come from. */
void rank_add_affiliates(struct ranking *r);
/* Exhibitors that the talks found speak of, when exhibitors are asked for. */
void rank_add_exhibitors(struct ranking *r);
/* A record found by what it belongs to: at least that score, whatever its words and meaning. */
void rank_tie(struct ranking *r, const struct record *record, float score);
/* What a record has so far; 0: it is not among the candidates. */
float rank_score(const struct ranking *r, const struct record *record);
/* Drops what is not wanted, orders by score or by time, applies now, next, first, last. */
void rank_order(struct ranking *r);
/* into s->results, at most rq.limit. */
void rank_finish(const struct ranking *r, struct search *s);

#endif
