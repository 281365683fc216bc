/*
 * search.h - one search, from an understood question to ranked records.
 *
 *	(list | lexical + dense) ---> fuse (score.c) ---> enough? ---> done
 *	        ^                                          |
 *	        +---------- relax one constraint ----------+
 */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include "index/index.h"
#include "search/meaning.h"
#include "search/query.h"
#include "search/score.h"

enum result_kind { RESULT_ENTITIES, RESULT_INFO, RESULT_NONE, RESULT_CLARIFY };
const char *result_kind_name(enum result_kind k);

enum scoring {
	SCORING_FULL,	 /* words, meanings and names */
	SCORING_LEXICAL, /* without meanings */
	SCORING_REFERENCE, /* facets by the formula of docs/retrieval.md, and nothing else: a baseline */
};
int scoring_from(const char *name, enum scoring *out); /* "full" "lexical" "reference"; or EINVAL */

struct result {
	const struct record *record; /* of the catalog's snapshot; NULL for information */
	const struct info_page *info;
	float score;		 /* 0..1 */
	struct json_object *why; /* owned by the search's results; NULL unless asked for */
};

struct search_request {
	struct catalog *catalog; /* borrowed: the caller keeps a reference until the end */
	const struct understood *understood;
	struct embedder *embedder; /* borrowed; NULL: words only */
	/* Of the question as a whole, borrowed until the end: when that is what is searched for, it is not made again.  NULL. */
	const struct meaning *meaning;
	enum scoring scoring;
	unsigned entities; /* 0: understood->entities */
	bool any_kind; /* of all kinds that the question may mean, each is searched by itself: a kind is no wish */
	int64_t now_unix_s;
	int limit;
	bool why;
	bool raw;      /* understood->question taken literally: no intent, no time, no relaxing */
	bool no_relax; /* the agent's reflect node relaxes by itself */
};

struct search {
	struct flow flow;
	struct search_request rq;
	struct index *index;
	struct arena *arena;
	/* results, valid while the arena and the catalog live */
	enum result_kind kind;
	struct result *results;
	size_t n_results;
	size_t total;		    /* that passed the filters */
	const char *const *relaxed; /* words for what was given up, NULL-terminated: "the day" */
	struct json_object
		*described; /* query_describe of what was searched; owned: search_finish */
	bool degraded;	    /* the embedder failed: words answered alone */
	/* search.c's */
	const struct meaning *meaning; /* the request's or own; NULL: none is asked for */
	struct meaning own;
	struct dense_hits near;
	struct index_hits hits;
	struct lexical_query lexical;
	struct index_filter filter; /* what remains of the question's after relaxing */
	struct score_terms terms;
	unsigned wanted;	  /* ENTITY_BIT()s to return */
	unsigned given_up, tried; /* constraints, as bits */
	bool listing;		  /* nothing to search for but filters */
};

/* The caller embeds or allocates s; on_end as for flows.  parent may be NULL. */
void search_begin(struct search *s, const struct search_request *rq, struct index *index,
		  struct arena *arena, struct loop *loop, struct flow *parent, flow_step *on_end);
void search_finish(struct search *s); /* drops what JSON it holds; after the end */

/* Explicit filters of GET /api/search and of tools: day, from, to, place, track, speaker, type, level, language.
 * EINVAL names the filter, the value, and what is accepted (places and tracks suggest the nearest; a day that is none of the
 * conference's, these). */
int search_apply_filters(const struct catalog *c, struct json_object *filters, int64_t now_unix_s,
			 struct arena *arena, struct understood *u, struct fail *f);
/* {"kind","results":[...],"understood","relaxed"}: owned. */
struct json_object *search_json(const struct search *s);
/* A reference's or result's JSON: {"type","id","name","score"} plus, for cards: start, end, location, track, booth. */
struct json_object *result_json(const struct result *r, const struct zone *z);

#endif
