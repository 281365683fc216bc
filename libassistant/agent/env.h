/*
 * env.h - everything a turn may reach.  There are no globals.  One env per loop; a turn is pinned to one at birth.
 */
#ifndef AGENT_ENV_H
#define AGENT_ENV_H

#include <stdint.h>

struct env_limits {
	int turn_ms;	      /* a whole turn; 60,000 */
	int tool_ms;	      /* one tool call; 5,000 */
	int question_max;     /* code points; 2,000 */
	int answer_max_bytes; /* 64 KiB */
	int history_messages; /* 10 */
	int reflect_rounds;   /* 2 */
	int understand_ms;    /* for a model to say what a question means; 4,000 */
	int max_turns;	      /* live turns; beyond: EUNAVAILABLE with retry_after */
};

struct env {
	struct loop *loop;
	struct clock *clock;
	struct log *log;
	struct metrics *metrics;
	struct store *store;
	struct index *index;
	struct embedder *embedder; /* NULL: search goes by words alone */
	struct llm *llm;	   /* the answer's */
	struct llm *composer;	   /* always there: the last link */
	struct cache *cache;
	struct relay *relay; /* NULL: nobody else hears of our replies */
	struct catalogs *catalogs;
	struct registry *registry;
	struct graph *graph;
	struct writer *writer;
	struct lane *tool_lane; /* programs' own tools and nodes */
	struct env_limits limits;
	const char *default_conference; /* NULL: none set */
};

#endif
